"""The two ends that the SDK's serving loop reads messages from and writes messages to."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final, Self

import anyio
from mcp.shared.dispatcher import as_request_id, coerce_request_id
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp.types import (
    CONNECTION_CLOSED,
    INVALID_REQUEST,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
)

from unthread_mcp.stdio.framing import FrameError, Line, LineSplitter, decode, encode, error_answer
from unthread_mcp.stdio.in_flight import InFlight

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from unthread_mcp.stdio.bytestreams import ByteSink, ByteSource, OnData, OnProgress

logger = logging.getLogger(__name__)

MAX_BACKLOG_BYTES: Final = 16 * 1024 * 1024
"""So many bytes that the client has not read make both its requests and whoever writes to it wait."""


class MessageStream:
    """What the SDK's stream protocols ask for beside messages; here a stream outlives the loop that it is given to."""

    async def aclose(self) -> None:
        """Do nothing."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()


class IncomingStream(MessageStream, ABC):
    """A `ReadStream` of the SDK's, once `receive` is there."""

    @abstractmethod
    async def receive(self) -> SessionMessage | Exception:
        """The next message. Raises `anyio.EndOfStream` after the last one."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None


class Channel(IncomingStream):
    """A client's messages and what it is sent, bounded in both directions; the SDK's read and write stream in one.

    Reading ends at once after `stop`; after the client's end of input it ends when all requests are answered, because
    the SDK cancels what is at work as soon as reading ends. What can't be read is answered here.
    """

    def __init__(
        self,
        make_source: Callable[[OnData], ByteSource],
        make_sink: Callable[[OnProgress], ByteSink],
        *,
        on_end: Callable[[], None],
    ) -> None:
        """`on_end` is called once, when the client's input has ended or nobody reads its output any more."""
        self._on_end = on_end
        self._splitter = LineSplitter()
        self._lines: deque[Line] = deque()
        self._in_flight = InFlight()
        self._asked: set[RequestId] = set()
        self._ended = False
        self._stopped = False
        self._changed = asyncio.Event()
        self._progress_is_awaited = False
        self._source = make_source(self._take_bytes)
        self._sink = make_sink(self._progressed)

    async def receive(self) -> SessionMessage:
        """The next message that could be read. Raises `anyio.EndOfStream` after the last one."""
        while not self._stopped:
            if self._lines and not self._is_congested():
                if message := self._read(self._lines.popleft()):
                    return message
                await asyncio.sleep(0)  # so that a flood of refused lines leaves time for the answers to go out
            elif self._lines:
                await self._progress()
            elif not self._ended:
                self._source.resume()
                self._changed.clear()
                await self._changed.wait()
            elif self._asked:
                text = "The client closed its input before it answered."
                return SessionMessage(error_answer(self._asked.pop(), CONNECTION_CLOSED, text))
            elif not self._in_flight.idle:
                await self._progress()
            else:
                break
        raise anyio.EndOfStream

    async def send(self, item: SessionMessage) -> None:
        """Write a message; returns at once unless the client has left too much unread.

        A message is out as soon as this begins: cancelling it does not take the message back.

        Raises `anyio.BrokenResourceError` if nobody reads the client's end any more, `ValueError` for a request that
        has no JSON form.
        """
        message = item.message
        data = encode(message)
        self._follow(message)
        self._sink.write(data)
        while self._sink.backlog > MAX_BACKLOG_BYTES and not self._stopped:
            await self._progress()
        if self._sink.broken:
            raise anyio.BrokenResourceError

    async def settled(self, request_id: RequestId) -> None:
        """Return when the request has been answered, or never will be."""
        while request_id in self._in_flight and not self._stopped:
            await self._progress()

    def stop(self) -> None:
        """End reading now, whatever is at work."""
        self._stopped = True
        self._changed.set()

    async def flush(self) -> None:
        """Return when everything is written, or nobody reads any more."""
        while self._sink.backlog:
            await self._progress()

    def close(self) -> None:
        """Let go of the descriptors."""
        self._source.close()
        self._sink.close()

    def _read(self, line: Line) -> SessionMessage | None:
        """The message in `line`; None if it was refused."""
        try:
            message = decode(line)
        except FrameError as error:
            if error.answers_us:
                self._follow_answer(error.answer.id)
                return SessionMessage(error.answer)
            self._sink.write(encode(error.answer))
            return None
        if not isinstance(message, JSONRPCRequest):
            if not isinstance(message, JSONRPCNotification):
                self._follow_answer(message.id)
            return SessionMessage(message)
        if message.id in self._in_flight:
            text = "A request with this id is still at work; it goes on. Use an id of its own for each request."
            self._sink.write(encode(error_answer(message.id, INVALID_REQUEST, text)))
            return None
        self._in_flight.add(message, len(line))
        return SessionMessage(message, ServerMessageMetadata(on_request_unanswered=partial(self._settle, message.id)))

    def _follow(self, message: JSONRPCMessage) -> None:
        """Keep account of what the server sends: which requests are answered, and what it asks the client."""
        match message:
            case JSONRPCRequest():
                self._asked.add(coerce_request_id(message.id))
            case JSONRPCNotification(method="notifications/cancelled", params={"requestId": withdrawn}):
                self._follow_answer(as_request_id(withdrawn))
            case JSONRPCResponse(id=answered) | JSONRPCError(id=str() | int() as answered):
                self._settle_now(answered)
            case _:
                pass

    def _follow_answer(self, request_id: RequestId | None) -> None:
        if request_id is not None:
            self._asked.discard(coerce_request_id(request_id))

    async def _settle(self, request_id: RequestId) -> None:
        self._settle_now(request_id)

    def _settle_now(self, request_id: RequestId) -> None:
        self._in_flight.settle(request_id)
        self._progressed()

    def _is_congested(self) -> bool:
        # Where the client has been asked something, its answer is among what would wait.
        return self._sink.backlog > MAX_BACKLOG_BYTES or (self._in_flight.full and not self._asked)

    def _take_bytes(self, data: bytes) -> None:
        if not data:
            self._lines.extend(self._splitter.finish())
            self._end()
            return
        if self._lines:  # the reader has fallen behind
            self._source.pause()
        self._lines.extend(self._splitter.feed(data))
        self._changed.set()

    def _progressed(self) -> None:
        if self._sink.broken and not self._ended:
            self._lines.clear()
            self._end()
        if self._progress_is_awaited:
            self._progress_is_awaited = False
            self._changed.set()

    async def _progress(self) -> None:
        """Return when something was answered or written, or on `stop`."""
        self._progress_is_awaited = True
        self._changed.clear()
        await self._changed.wait()

    def _end(self) -> None:
        self._ended = True
        self._source.close()
        self._changed.set()
        self._on_end()
