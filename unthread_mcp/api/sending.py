"""Sending a call: a slot, the attempts, the waiting between them, and one deadline over all of it."""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.request import getproxies

import anyio

from unthread_mcp import __version__
from unthread_mcp.api import refusals
from unthread_mcp.api.errors import Unavailable
from unthread_mcp.api.exchange import Answer, Exchange, Http, NoAnswer
from unthread_mcp.api.faults import judge_silence, judge_status
from unthread_mcp.api.retries import RetryBudget, RetryPolicy, retry_after
from unthread_mcp.api.uninterrupted import is_wanted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx2

    from unthread_mcp.api.calls import Call

    Transport = httpx2.AsyncBaseTransport | Callable[[], httpx2.AsyncBaseTransport]

KEEP_ALIVE: Final = 4.0
"""Seconds that an idle connection is kept. Node's HTTP server closes one after 5 (`server.keepAliveTimeout`), and a
write that crosses with such a closing has an unknown outcome; so ours ends first. One that the other side has already
closed is never used: whether the idle socket is readable is asked before a request is sent over it."""

USER_AGENT: Final = (b"User-Agent", f"unthread-mcp/{__version__}".encode())

_STORAGE_HEADERS: Final = [(b"Accept", b"*/*"), (b"Accept-Encoding", b"identity"), USER_AGENT]


class Sender:
    """Sends calls, at most `max_in_flight` at a time. The HTTP library is imported with the first one."""

    def __init__(
        self,
        *,
        transport: Transport | None,
        max_in_flight: int,
        retry: RetryPolicy,
        monotonic: Callable[[], float],
        wall_clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        chance: Callable[[], float],
    ) -> None:
        self._transport = transport
        self._max_in_flight = max_in_flight
        self._retry = retry
        self._monotonic = monotonic
        self._wall_clock = wall_clock
        self._sleep = sleep
        self._chance = chance
        self._budget = RetryBudget()
        self._slots = anyio.Semaphore(max_in_flight, fast_acquire=True)
        self._http: Http | None = None
        self._opening = threading.Lock()
        self._closed = False

    async def send(self, call: Call) -> Answer | NoAnswer:
        """What came of `call`, after as many attempts as its effect, the policy, the budget and its deadline allow.

        Raises `Unavailable` if the HTTP client cannot be set up, or is closed.
        """
        self._budget.earn()
        started = self._monotonic()
        failures = 0
        exchange = self._exchange(call)
        with anyio.move_on_after(call.deadline):
            while True:
                async with self._slots:
                    if call.is_write and not is_wanted():
                        # Cancelled while it waited, for its turn or to be tried again: nothing of it is on the wire.
                        return exchange.so_far("deadline")
                    # Opened for each attempt: the client may have been closed while this call waited.
                    came = await self._attempt(self.open(), call, exchange)
                failures += 1
                delay = self._delay_before_another(call, came, failures, started)
                if delay is None:
                    return came
                await self._sleep(delay)
                exchange = self._exchange(call)
        return exchange.so_far("deadline")

    def wait_asked(self, answer: Answer) -> float | None:
        """Seconds that `answer` asks to wait before calling again, if it does."""
        return retry_after(answer.headers, self._wall_clock())

    def open(self) -> Http:
        """The shared HTTP client, made when it is first needed. May be called from a thread."""
        if self._http is not None:
            return self._http
        with self._opening:
            if self._closed:
                raise Unavailable("This server has closed its connections to Unthread.", "Start it again.")
            if self._http is None:
                self._http = self._make()
            return self._http

    async def aclose(self) -> None:
        """Close every connection. Calls after this are refused."""
        with self._opening:
            self._closed = True
            http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    def _exchange(self, call: Call) -> Exchange:
        # Only our own transport tells when the first byte leaves, and only a write needs to know.
        return Exchange(traced=self._transport is None and call.is_write, keeps_cut=call.is_write)

    async def _attempt(self, http: Http, call: Call, exchange: Exchange) -> Answer | NoAnswer:
        try:
            came = await exchange.run(http, call.request(), call.limit)
            if call.follows_redirect and isinstance(came, Answer) and (target := _storage_address(call, came)):
                import httpx2  # noqa: PLC0415 - already imported by open()

                request = httpx2.Request("GET", target, headers=_STORAGE_HEADERS, extensions={"timeout": call.timeouts})
                came = await exchange.run(http, request, call.limit, from_storage=True)
        except Exception as error:
            # Not a fault of the connection, which would have been returned, but a bug. Whoever asked must still not
            # think that a write did not happen.
            if call.is_write and exchange.sent:
                raise refusals.outcome_unknown(call, NoAnswer("broken", sent=True), "") from error
            raise
        return came

    def _delay_before_another(self, call: Call, came: Answer | NoAnswer, failures: int, started: float) -> float | None:
        """Seconds to wait before the next attempt, or None if `came` is the end of it."""
        effect = call.endpoint.effect
        wait = 0.0
        if isinstance(came, NoAnswer):
            again = judge_silence(effect, sent=came.sent).again
        elif came.is_success:
            return None
        else:
            again = judge_status(effect, came.status).again
            wait = self.wait_asked(came) or 0.0
        if not again or failures >= self._retry.attempts:
            return None
        # The jitter comes on top of what was asked, or all who were asked the same would come back together.
        delay = wait + self._retry.delay(failures, self._chance())
        remaining = call.deadline - (self._monotonic() - started)
        return delay if delay < remaining and self._budget.spend() else None

    def _make(self) -> Http:
        import httpx2  # noqa: PLC0415 - 20 ms that starting the server need not take

        from unthread_mcp.api.connections import Connections  # noqa: PLC0415 - it imports httpx2

        # They log every URL (at INFO) and the headers of every answer (at DEBUG).
        for name in ("httpx2", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)
        try:
            if self._transport is None and not _names_proxies():
                direct = Connections(limit=self._max_in_flight, keep_alive=KEEP_ALIVE)
                return Http(direct.handle_async_request, direct.aclose)
            client = httpx2.AsyncClient(
                transport=self._transport() if callable(self._transport) else self._transport,
                limits=httpx2.Limits(
                    max_connections=self._max_in_flight,
                    max_keepalive_connections=self._max_in_flight,
                    keepalive_expiry=KEEP_ALIVE,
                ),
                timeout=None,
            )
        except (ImportError, ValueError, OSError, httpx2.InvalidURL):
            # Not chained: a proxy's address may hold its password.
            raise Unavailable(
                "The proxy or certificate settings of this server cannot be used.",
                "Check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR, "
                "and start it again.",
            ) from None
        return Http(partial(client.send, stream=True, auth=None), client.aclose)


def _names_proxies() -> bool:
    """Whether the environment, or the system's settings, name proxies where httpx2 looks for them."""
    proxies = getproxies()
    return any(proxies.get(scheme) for scheme in ("http", "https", "all"))


def _storage_address(call: Call, answer: Answer) -> httpx2.URL | None:
    """Where a download's answer redirects to, if it may be followed: any host, but https and without a user's name."""
    import httpx2  # noqa: PLC0415 - already imported by Sender.open

    location = answer.headers.get("location")
    if answer.status not in {301, 302, 303, 307, 308} or not location:
        return None
    try:
        target = httpx2.URL(call.url).join(location)
    except httpx2.InvalidURL:
        return None
    return target if target.scheme == "https" and target.host and not target.userinfo else None
