"""The connections to Unthread: each used by one request at a time, and kept for a while for the next one.

httpx2's own pool looks at every connection and every waiting request with each request, takes a lock and a scope of
cancellation for every step, and is wrapped by its client twice: together that cost more than everything else that is
done with an answer. What a request needs beside HTTP itself, which is h11's business, is little, since how many are in
flight is limited elsewhere.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Final, NamedTuple

import anyio
import httpx2

from unthread_mcp.api.http1 import Connection
from unthread_mcp.api.sockets import connected

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator

_PORTS: Final = {"http": 80, "https": 443}


class _Origin(NamedTuple):
    scheme: str
    host: bytes
    port: int


class _Idle(NamedTuple):
    origin: _Origin
    connection: Connection
    until: float


class Connections(httpx2.AsyncBaseTransport):
    """A transport straight to the servers that requests name, without proxies.

    At most `limit` connections are kept open beside those in use, each for `keep_alive` seconds. TLS is as httpx2 has
    it: the system's trust store, or the one that SSL_CERT_FILE or SSL_CERT_DIR names.

    Raises `OSError` if that one cannot be read.
    """

    def __init__(self, *, limit: int, keep_alive: float) -> None:
        self._limit = limit
        self._keep_alive = keep_alive
        self._tls = httpx2.create_ssl_context()
        self._tls.set_alpn_protocols(["http/1.1"])
        self._busy: set[Connection] = set()
        self._idle: list[_Idle] = []  # in the order in which they became so
        self._expiry: asyncio.TimerHandle | None = None
        self._closed = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send `request`; its answer has to be closed. What goes wrong is raised as httpx2's own transport does."""
        timeouts = request.extensions.get("timeout", {})
        origin = _origin_of(request.url)
        connection = self._take(origin) or await self._connect(origin, timeouts.get("connect"))
        self._busy.add(connection)
        try:
            head = await connection.send(request)
        except BaseException:
            self._busy.discard(connection)
            connection.close()
            raise
        return httpx2.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=_Body(self, origin, connection, timeouts.get("read")),
        )

    async def aclose(self) -> None:
        """Close every connection, those in use included."""
        self._closed = True
        if self._expiry is not None:
            self._expiry.cancel()
        for connection in (*self._busy, *(idle.connection for idle in self._idle)):
            connection.close()
        self._idle.clear()
        # The event loop closes the sockets on its next round.
        await asyncio.sleep(0)

    def give_back(self, origin: _Origin, connection: Connection) -> None:
        """Keep a connection whose answer has been read; close it if something is left of its answer."""
        self._busy.discard(connection)
        if connection.finish():
            loop = asyncio.get_running_loop()
            self._idle.append(_Idle(origin, connection, loop.time() + self._keep_alive))
            if self._expiry is None:
                self._expiry = loop.call_later(self._keep_alive, self._close_expired)

    def _take(self, origin: _Origin) -> Connection | None:
        """The connection that became idle last, if one can be used for sure."""
        now = asyncio.get_running_loop().time()
        for place in reversed(range(len(self._idle))):
            if self._idle[place].origin == origin:
                idle = self._idle.pop(place)
                if now < idle.until and idle.connection.is_usable():
                    return idle.connection
                idle.connection.close()
        return None

    async def _connect(self, origin: _Origin, seconds: float | None) -> Connection:
        if self._idle and len(self._idle) + len(self._busy) >= self._limit:
            self._idle.pop(0).connection.close()
        try:
            with anyio.fail_after(seconds):
                connection = await self._begin(origin, await connected(origin.host, origin.port))
        except TimeoutError as error:
            raise httpx2.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpx2.ConnectError(str(error)) from error
        if self._closed:
            connection.close()
            raise httpx2.ConnectError("The connections were closed meanwhile.")
        return connection

    async def _begin(self, origin: _Origin, sock: socket.socket) -> Connection:
        loop = asyncio.get_running_loop()
        if origin.scheme == "http":
            return (await loop.create_connection(Connection, sock=sock))[1]
        name = origin.host.decode("ascii")
        try:
            return (await loop.create_connection(Connection, sock=sock, ssl=self._tls, server_hostname=name))[1]
        except ConnectionError as error:
            raise ssl.SSLEOFError("The connection ended within the handshake.") from error

    def _close_expired(self) -> None:
        loop = asyncio.get_running_loop()
        while self._idle and self._idle[0].until <= loop.time():
            self._idle.pop(0).connection.close()
        self._expiry = loop.call_at(self._idle[0].until, self._close_expired) if self._idle else None


class _Body(httpx2.AsyncByteStream):
    def __init__(self, home: Connections, origin: _Origin, connection: Connection, seconds: float | None) -> None:
        self._home = home
        self._origin = origin
        self._connection = connection
        self._seconds = seconds
        self._closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._connection.body(self._seconds)

    async def aclose(self) -> None:
        """Give the connection back, once."""
        if not self._closed:
            self._closed = True
            self._home.give_back(self._origin, self._connection)


def _origin_of(url: httpx2.URL) -> _Origin:
    if url.scheme not in _PORTS or not url.host:
        raise httpx2.UnsupportedProtocol("The address begins with neither http:// nor https://.")
    return _Origin(url.scheme, url.raw_host, url.port or _PORTS[url.scheme])
