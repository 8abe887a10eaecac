"""Transports and a server that misbehave on purpose, and what else the tests of the API layer share."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.leaks import leaks
from unthread_mcp.api.client import UnthreadClient
from unthread_mcp.api.errors import UnthreadError

if TYPE_CHECKING:
    import ssl

KEY = "canary-key-c0ffee"
JSON = {"content-type": "application/json"}

Connect = Callable[..., UnthreadClient]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Clock:
    """Time that passes only by sleeping."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list[float])

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Script(httpx2.AsyncBaseTransport):
    """Answers each request with the next thing on its list, the last one for ever, and keeps the requests."""

    def __init__(self, *steps: httpx2.Response | Exception | Callable[[], httpx2.Response]) -> None:
        self.steps = steps
        self.requests: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        self.requests.append(request)
        step = self.steps[min(len(self.requests), len(self.steps)) - 1]
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, httpx2.Response) else step()


class Chunks(httpx2.AsyncByteStream):
    """A body in pieces, which may end in an exception."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


def ok(value: object) -> httpx2.Response:
    return httpx2.Response(200, json=value)


async def failure_of(operation: Awaitable[object]) -> UnthreadError:
    """The error that `operation` must end in. The key is nowhere in it, nor in what would be printed of it."""
    with pytest.raises(UnthreadError) as caught:
        await operation
    error = caught.value
    printed = "".join(traceback.format_exception(error))
    assert leaks(KEY, f"{error}{error!r}{error.args}{error.shown}{printed}") == []
    assert error.what.endswith((".", '"'))
    assert error.remedy.endswith(".")
    return error


class RawServer:
    """A server on the loopback that does with each connection, and with its n-th request, what a test says."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._server: asyncio.Server | None = None

    async def start(self, serve: Serve, tls: ssl.SSLContext | None = None, *, port: int = 0) -> str:
        """Listen on a free port, or on that one; returns a base URL."""

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            task = asyncio.current_task()
            assert task
            self._open[task] = writer
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await serve(reader, writer)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
            del self._open[task]

        self._server = await asyncio.start_server(accept, "127.0.0.1", port, ssl=tls)
        port = self._server.sockets[0].getsockname()[1]
        return f"http{'s' if tls else ''}://127.0.0.1:{port}/api"

    async def receive(self, reader: asyncio.StreamReader) -> bytes:
        """One whole request, head and body."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        request = head + await reader.readexactly(length)
        self.requests.append(request)
        return request

    def take_no_more(self) -> None:
        """Refuse further connections."""
        if self._server is not None:
            self._server.close()

    async def all_closed(self, seconds: float = 10.0) -> bool:
        """Whether every connection comes to its end within some seconds, without being cut off."""
        return not self._open or not (await asyncio.wait([*self._open], timeout=seconds))[1]

    async def stop(self) -> None:
        self.take_no_more()
        tasks = [*self._open]
        for writer in self._open.values():
            # Not an orderly end: over TLS that would wait for a client that is closed after this server.
            writer.transport.abort()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset instead of an orderly end."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def http(status: int, body: bytes = b"", *headers: str, content_type: str = "application/json") -> bytes:
    """An HTTP/1.1 answer as it stands on the wire."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    return "\r\n".join([*lines, "", ""]).encode() + body
