"""One request on the wire: how far it got, and what came back."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, cast

from unthread_mcp.api.decoding import BodyBuffer

if TYPE_CHECKING:
    import httpx2

Cause = Literal[
    "queue",
    "name",
    "refused",
    "connect time-out",
    "certificate",
    "tls",
    "proxy",
    "unreachable",
    "silence",
    "deadline",
    "broken",
]
"""Why no answer came. The last three can happen after the request has left."""

MAX_REFUSAL_BYTES: Final = 64 * 1024
"""How much of the body of an answer other than a 2xx is read: its first error's title is all we want."""


class Http(NamedTuple):
    """Whatever carries requests to Unthread. `send` raises as httpx2's transports do, and does not read the body."""

    send: Callable[[httpx2.Request], Awaitable[httpx2.Response]]
    aclose: Callable[[], Awaitable[None]]


class Answer(NamedTuple):
    """A status line came; `body` holds what came behind it, and whether that is all."""

    status: int
    headers: httpx2.Headers
    body: BodyBuffer
    from_storage: bool = False
    """Whether it came from the address that Unthread redirected a download to."""

    @property
    def is_success(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status < 300


class NoAnswer(NamedTuple):
    """No status line came. `sent` says whether the first byte of the request may have left this machine."""

    cause: Cause
    sent: bool
    from_storage: bool = False


class Exchange:
    """One attempt. It can tell at any moment, even after it was cancelled, how far it got.

    Whether the first byte has left is known exactly on our own transport, which reports its steps (`traced`); of any
    other one it is assumed as soon as the transport has the request, unless the type of its exception says otherwise.
    For a write, the status alone is worth keeping when the body is cut (`keeps_cut`).
    """

    def __init__(self, *, traced: bool, keeps_cut: bool) -> None:
        self.sent = False
        self._traced = traced
        self._keeps_cut = keeps_cut
        self._started = False
        self._answer: Answer | None = None
        self._from_storage = False

    async def run(
        self, http: Http, request: httpx2.Request, limit: int, *, from_storage: bool = False
    ) -> Answer | NoAnswer:
        """Send `request` and read its answer, at most `limit` bytes of it.

        Every fault of the connection is returned, not raised; a body that did not come whole has a `flaw`.
        """
        import httpx2  # noqa: PLC0415 - see UnthreadClient.prepare

        self._started, self._answer, self._from_storage = True, None, from_storage
        if self._traced:
            request.extensions["trace"] = self._trace
        else:
            self.sent = True
        try:
            response = await http.send(request)
            self.sent = True
            try:
                self._answer = self._head(response, limit)
                await _read_body(response, self._answer.body)
            finally:
                await response.aclose()
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
            if not self._traced and isinstance(
                error,
                httpx2.ConnectError
                | httpx2.ConnectTimeout
                | httpx2.PoolTimeout
                | httpx2.ProxyError
                | httpx2.UnsupportedProtocol,
            ):
                self.sent = False
            # A fault of the closing alone changes nothing about an answer that has been read.
            return self.so_far(cause_of(error))
        return self.so_far("broken")

    def so_far(self, cause: Cause) -> Answer | NoAnswer:
        """What has come of this attempt, if it ends now because of `cause`."""
        if not self._started:
            return NoAnswer("queue", sent=False)
        answer = self._answer
        if answer and (self._keeps_cut or not answer.is_success or answer.body.flaw != "cut"):
            return answer
        return NoAnswer(cause, self.sent, self._from_storage)

    def _head(self, response: httpx2.Response, limit: int) -> Answer:
        if not response.is_success:
            limit = min(limit, MAX_REFUSAL_BYTES)
        body = BodyBuffer(response.headers.get("content-encoding", ""), limit)
        body.expect(response.headers.get("content-length", ""))
        return Answer(response.status_code, response.headers, body, self._from_storage)

    async def _trace(self, event: str, info: dict[str, Any]) -> None:
        # Emitted before the request line is written, on a fresh and on a reused connection alike; see "trace" under
        # https://www.encode.io/httpcore/extensions/. A proxy's CONNECT is traced by the same name and is not ours.
        if event == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
            self.sent = True


async def _read_body(response: httpx2.Response, body: BodyBuffer) -> None:
    chunks = aiter(response.stream)  # pyright: ignore[reportArgumentType, reportUnknownVariableType]
    try:
        if body.wants_more:
            async for chunk in chunks:
                body.feed(chunk)
                if not body.wants_more:
                    break
            else:
                body.end()
    finally:
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()


def cause_of(error: BaseException) -> Cause:
    """What a transport's exception means, told from its type and from what it was raised from."""
    import httpx2  # noqa: PLC0415 - see UnthreadClient.prepare

    if isinstance(error, httpx2.ProxyError):
        return "proxy"
    if isinstance(error, httpx2.PoolTimeout):
        return "queue"
    if isinstance(error, httpx2.ConnectTimeout):
        return "connect time-out"
    if isinstance(error, httpx2.TimeoutException):
        return "silence"
    if isinstance(error, httpx2.ConnectError | httpx2.UnsupportedProtocol):
        for origin in _origins(error):
            for kind, cause in _CONNECT_CAUSES:
                if isinstance(origin, kind):
                    return cause
        return "unreachable"
    return "broken"


_CONNECT_CAUSES: Final[tuple[tuple[type[BaseException], Cause], ...]] = (
    (ssl.SSLCertVerificationError, "certificate"),
    (ssl.SSLError, "tls"),
    (socket.gaierror, "name"),
    (ConnectionRefusedError, "refused"),
)


def _origins(error: BaseException) -> Iterator[BaseException]:
    """What `error` was raised from, and what that was raised from; of a group (several addresses), the first."""
    # The transports wrap three times; eight keeps a chain that bites its tail from going round for ever.
    for _ in range(8):
        if isinstance(error, BaseExceptionGroup):
            origin = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
        else:
            origin = error.__cause__ or error.__context__
        if origin is None:
            return
        yield origin
        error = origin
