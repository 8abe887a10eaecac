"""One connection that speaks HTTP/1.1: asyncio moves the bytes, h11 says what they mean."""

from __future__ import annotations

import asyncio
import select
from typing import TYPE_CHECKING, Any, Final, cast

import h11
import httpx2

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_LARGEST_HEAD: Final = 100 * 1024
"""Bytes that an answer's head, or the head of a chunk, may have."""

_UNREAD: Final = 256 * 1024
"""Bytes that wait here to be read before the other side has to wait."""

_PIECE: Final = 64 * 1024
"""Bytes that are handed to the operating system at a time."""

_EVENTS_IN_A_ROW: Final = 500
"""Chunks and interim answers after which other calls get their turn: what waits here to be read may hold 50,000 of a
byte each, which take a second (measured: 16 µs each)."""


class Connection(asyncio.Protocol):
    """One request at a time: `send` it, read its `body`, `finish`, and then the next one if `finish` says so.

    What goes wrong is raised as httpx2's transports raise it. Nothing here waits once the connection has ended, and
    `close` never waits.
    """

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
        self._transport: asyncio.Transport
        self._waiter: asyncio.Future[None] | None = None
        self._unread = 0
        self._events = 0
        self._writing_paused = False
        self._failure: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport, which asyncio made."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep what came, and have the other side wait while it is not read."""
        self._http.receive_data(data)
        self._unread += len(data)
        if self._unread > _UNREAD:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Take note that the other side has ended: for some answers that is how they end."""
        self._http.receive_data(b"")
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember why. Without an end from the other side before it, no answer is whole because of it."""
        self._failure = exc or ConnectionAbortedError("closed on this side")
        self._wake()

    def pause_writing(self) -> None:
        """Wait with writing: the operating system takes no more."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """Go on writing."""
        self._writing_paused = False
        self._wake()

    def is_usable(self) -> bool:
        """Whether nothing has come since the last answer: not the end, and nothing that nobody asked for.

        The operating system is asked, too, since the event loop may not have heard yet.
        """
        quiet = self._http.trailing_data == (b"", False)
        return quiet and not self._transport.is_closing() and not _is_readable(self._transport)

    async def send(self, request: httpx2.Request) -> h11.Response:
        """Send `request` and return the head of its answer.

        Its extensions are those of httpx2's own transport: `timeout`, of which ``read`` and ``write`` are heeded, and
        `trace`, which is told when the first byte is about to leave, and of nothing else.
        """
        timeouts = request.extensions.get("timeout", {})
        await self._write_request(request, timeouts.get("write"))
        while True:
            event = await self._next_event(timeouts.get("read"))
            if isinstance(event, h11.Response):
                return event

    async def body(self, seconds: float | None) -> AsyncGenerator[bytes]:
        """What follows the head of an answer, waiting so many `seconds` for each chunk."""
        while isinstance(event := await self._next_event(seconds), h11.Data):
            yield event.data

    def finish(self) -> bool:
        """End an exchange, wherever it stands; returns whether another one can follow. Else the connection closes."""
        http = self._http
        if http.our_state is http.their_state is h11.DONE:
            http.start_next_cycle()
            self._go_on_reading()
            return True
        self.close()
        return False

    def close(self) -> None:
        """Close the connection at once, without a word to the other side."""
        self._transport.abort()

    async def _write_request(self, request: httpx2.Request, seconds: float | None) -> None:
        http = self._http
        try:
            head = http.send(
                h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
            )
        except h11.LocalProtocolError as error:
            raise httpx2.LocalProtocolError(str(error)) from error
        if self._transport.is_closing():
            raise httpx2.WriteError("The connection ended before the request left.")
        trace = request.extensions.get("trace")
        if trace is not None:
            await trace("http11.send_request_headers.started", {"request": request})
        # Head and body leave together: each call of the operating system costs as much as making the request.
        pieces, size = [head], 0
        async for chunk in cast("httpx2.AsyncByteStream", request.stream):
            for start in range(0, len(chunk), _PIECE):
                piece = http.send(h11.Data(data=chunk[start : start + _PIECE]))
                pieces.append(piece)
                size += len(piece)
                if size >= _PIECE:
                    await self._write(b"".join(pieces), seconds)
                    pieces, size = [], 0
        pieces.append(http.send(h11.EndOfMessage()))
        await self._write(b"".join(pieces), seconds)

    async def _write(self, data: bytes, seconds: float | None) -> None:
        # A server may refuse a request and close before it has read the whole of it. What it said is still to be read.
        if not self._transport.is_closing():
            self._transport.write(data)
        while self._writing_paused and not self._transport.is_closing():
            await self._wait(seconds, httpx2.WriteTimeout)

    async def _next_event(self, seconds: float | None) -> h11.Event | type[h11.PAUSED]:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise httpx2.RemoteProtocolError(str(error)) from error
            if event is not h11.NEED_DATA:
                self._events += 1
                if self._events % _EVENTS_IN_A_ROW == 0:
                    await asyncio.sleep(0)
                return cast("h11.Event | type[h11.PAUSED]", event)
            if self._failure is not None:
                raise httpx2.ReadError(str(self._failure)) from self._failure
            self._go_on_reading()
            await self._wait(seconds, httpx2.ReadTimeout)

    def _go_on_reading(self) -> None:
        if self._unread > _UNREAD:
            self._transport.resume_reading()
        self._unread = 0

    async def _wait(self, seconds: float | None, late: type[httpx2.TimeoutException]) -> None:
        """Until bytes have come, or can be written again, or the connection has ended."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = None if seconds is None else loop.call_later(seconds, _give_up, self._waiter)
        try:
            await self._waiter
        except TimeoutError:
            raise late(f"Nothing for {seconds} seconds.") from None
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _give_up(waiter: asyncio.Future[Any]) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())


def _is_readable(transport: asyncio.Transport) -> bool:
    descriptor: int = transport.get_extra_info("socket").fileno()
    if not hasattr(select, "poll"):
        return bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
