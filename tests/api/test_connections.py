"""Connections: each kept for the next request while that is safe, and closed at once where it isn't."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from misbehaving import Connect, RawServer, Serve, failure_of, http, reset

from unthread_mcp.api import endpoints
from unthread_mcp.api.connections import Connections
from unthread_mcp.api.errors import Unavailable
from unthread_mcp.api.exchange import cause_of
from unthread_mcp.api.http1 import Connection

pytestmark = pytest.mark.anyio

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
MIB = 2**20


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    transport = Connections(limit=2, keep_alive=4.0)
    yield transport
    await transport.aclose()


def get(url: str, **timeouts: float | None) -> httpx2.Request:
    return httpx2.Request("GET", url, extensions={"timeout": timeouts})


async def body_of(connections: Connections, request: httpx2.Request) -> bytes:
    response = await connections.handle_async_request(request)
    try:
        return b"".join([bytes(chunk) async for chunk in chunks_of(response)])
    finally:
        await response.aclose()


def chunks_of(response: httpx2.Response) -> AsyncIterator[bytes]:
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    return aiter(response.stream)


def answering(server: RawServer, answer: bytes) -> Serve:
    async def serve(reader: Reader, writer: Writer) -> None:
        while True:
            await server.receive(reader)
            writer.write(answer)

    return serve


async def silent(reader: Reader, _: Writer) -> None:
    await reader.read()


async def until(condition: Callable[[], bool]) -> None:
    """Give the event loop its turns until `condition` holds."""
    with anyio.fail_after(10):
        while not condition():
            await turns(1)


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def connection_to(url: str) -> tuple[asyncio.Transport, Connection]:
    return await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port_of(url))


async def test_requests_one_after_another_share_a_connection(connections: Connections, server: RawServer) -> None:
    url = await server.start(answering(server, http(200, b"[]")))
    assert [await body_of(connections, get(url)) for _ in range(3)] == [b"[]"] * 3
    assert (server.connections, len(server.requests)) == (1, 3)


async def test_a_connection_serves_no_other_origin(connections: Connections, server: RawServer) -> None:
    other = RawServer()
    urls = [await each.start(answering(each, http(200, b"[]"))) for each in (server, other)]
    for url in urls * 2:
        assert await body_of(connections, get(url)) == b"[]"
    assert (server.connections, other.connections) == (1, 1)
    await connections.aclose()
    await other.stop()


async def test_beyond_the_limit_the_connection_that_was_idle_longest_is_closed(server: RawServer) -> None:
    connections, other = Connections(limit=1, keep_alive=4.0), RawServer()
    urls = [await each.start(answering(each, http(200, b"[]"))) for each in (server, other)]
    for url in urls:
        await body_of(connections, get(url))
    assert await server.all_closed(1.0)
    await connections.aclose()
    await other.stop()


async def test_requests_that_failed_take_no_place(connections: Connections, server: RawServer) -> None:
    async def break_off(reader: Reader, _: Writer) -> None:
        await server.receive(reader)

    url, others = await server.start(break_off), [RawServer(), RawServer()]
    for _ in range(2):
        with pytest.raises(httpx2.RemoteProtocolError):
            await connections.handle_async_request(get(url))
    urls = [await each.start(answering(each, http(200, b"[]"))) for each in others]
    for url in urls * 2:
        await body_of(connections, get(url))
    assert [each.connections for each in others] == [1, 1]
    await connections.aclose()
    for each in others:
        await each.stop()


async def test_an_idle_connection_whose_end_the_event_loop_has_not_heard_of_is_not_used(
    connections: Connections,
) -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        for _ in range(2):
            request = asyncio.create_task(body_of(connections, get(url)))
            with anyio.fail_after(10):
                accepted, _ = await loop.sock_accept(listener)
            assert await loop.sock_recv(accepted, 65_536)
            await loop.sock_sendall(accepted, http(200, b"[]"))
            assert await request == b"[]"
            # The next request is made before the loop looks at its sockets again.
            accepted.close()


@pytest.mark.parametrize("together", [True, False])
async def test_what_nobody_asked_for_is_not_taken_for_the_next_answer(
    connections: Connections, server: RawServer, *, together: bool
) -> None:
    more, written = asyncio.Event(), asyncio.Event()

    async def serve(reader: Reader, writer: Writer) -> None:
        await server.receive(reader)
        writer.write(http(200, b"[1]") + http(200, b"[2]") * together)
        if not together:
            await more.wait()
            writer.write(http(200, b"[2]"))
        written.set()
        await reader.read()

    url = await server.start(serve)
    assert await body_of(connections, get(url)) == b"[1]"
    more.set()
    await written.wait()
    await turns(20)
    assert await body_of(connections, get(url)) == b"[1]"
    assert server.connections == 2


async def test_an_idle_connection_is_closed_when_its_time_is_over(server: RawServer) -> None:
    connections = Connections(limit=4, keep_alive=0.02)
    url = await server.start(answering(server, http(200, b"[]")))
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(body_of, connections, get(url))
    assert server.connections == 3
    assert await server.all_closed()
    # And again, once all were closed.
    await body_of(connections, get(url))
    assert await server.all_closed()
    await connections.aclose()


async def test_a_connection_whose_time_is_over_is_not_used_even_if_it_was_not_closed_yet(server: RawServer) -> None:
    connections = Connections(limit=4, keep_alive=0.0)
    url = await server.start(answering(server, http(200, b"[]")))
    for number in range(1, 4):
        await body_of(connections, get(url))
        assert server.connections == number
    assert await server.all_closed()
    await connections.aclose()


async def test_an_idle_connection_that_was_reset_is_not_used(connections: Connections, server: RawServer) -> None:
    idle = asyncio.Event()

    async def serve(reader: Reader, writer: Writer) -> None:
        await server.receive(reader)
        writer.write(http(200, b"[]"))
        await idle.wait()
        reset(writer)

    url = await server.start(serve)
    for number in range(1, 3):
        assert await body_of(connections, get(url)) == b"[]"
        idle.set()
        await server.all_closed()
        await turns(20)
        idle.clear()
        assert server.connections == number


async def test_an_answer_that_was_not_read_to_its_end_closes_its_connection(
    connections: Connections, server: RawServer
) -> None:
    url = await server.start(answering(server, http(200, bytes(3 * MIB))))
    response = await connections.handle_async_request(get(url))
    assert await anext(chunks_of(response))
    await response.aclose()
    await response.aclose()
    assert await server.all_closed()
    assert await body_of(connections, get(url)) == bytes(3 * MIB)
    assert server.connections == 2


async def test_a_server_that_says_it_closes_is_believed(connections: Connections, server: RawServer) -> None:
    url = await server.start(answering(server, http(200, b"[]", "Connection: close")))
    for _ in range(2):
        await body_of(connections, get(url))
    assert server.connections == 2
    assert await server.all_closed()


async def test_interim_answers_are_passed_over(connections: Connections, server: RawServer) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    url = await server.start(answering(server, interim + http(200, b"[]")))
    assert await body_of(connections, get(url)) == b"[]"


async def test_an_answer_in_very_many_chunks_leaves_turns_to_others(
    connections: Connections, server: RawServer
) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    url = await server.start(answering(server, head + b"1\r\n \r\n" * 20_000 + b"0\r\n\r\n"))
    taken, during = 0, list[int]()

    async def others() -> None:
        nonlocal taken
        while True:
            taken += 1
            await turns(1)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(others)
        response = await connections.handle_async_request(get(url))
        during += [taken async for _ in chunks_of(response)]
        await response.aclose()
        tasks.cancel_scope.cancel()
    assert len(during) == 20_000
    assert max(Counter(during).values()) <= 1_000


async def test_an_answer_that_ends_with_its_connection(connections: Connections, server: RawServer) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await server.receive(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n[")
        await writer.drain()
        writer.write(b"]")

    url = await server.start(serve)
    assert await body_of(connections, get(url)) == b"[]"


async def test_an_answer_that_would_end_with_its_connection_is_not_whole_after_a_reset(
    connections: Connections, server: RawServer
) -> None:
    half_read = asyncio.Event()

    async def serve(reader: Reader, writer: Writer) -> None:
        await server.receive(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n[")
        await half_read.wait()
        reset(writer)

    response = await connections.handle_async_request(get(await server.start(serve)))
    chunks = chunks_of(response)
    assert await anext(chunks) == b"["
    half_read.set()
    with pytest.raises(httpx2.ReadError):
        await anext(chunks)
    await response.aclose()


async def test_a_cancelled_request_closes_its_connection_and_the_next_one_works(
    connections: Connections, server: RawServer
) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await server.receive(reader)
        if server.connections == 2:
            writer.write(http(200, b"[]"))
        await reader.read()

    url = await server.start(serve)
    async with anyio.create_task_group() as group:
        group.start_soon(connections.handle_async_request, get(url))
        await until(lambda: len(server.requests) == 1)
        group.cancel_scope.cancel()
    assert await server.all_closed(1.0)
    assert await body_of(connections, get(url)) == b"[]"


async def test_cancelled_in_the_middle_of_an_answer(connections: Connections, server: RawServer) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await server.receive(reader)
        writer.write(http(200, b"[]")[:-1])
        await reader.read()

    response = await connections.handle_async_request(get(await server.start(serve)))
    async with anyio.create_task_group() as group:

        async def read() -> None:
            try:
                async for _ in chunks_of(response):
                    group.cancel_scope.cancel()
            finally:
                await response.aclose()

        group.start_soon(read)
    assert await server.all_closed(1.0)


async def test_closing_ends_requests_in_flight_and_what_they_got_is_not_whole(
    connections: Connections, server: RawServer
) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await server.receive(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n[]")
        await reader.read()

    response = await connections.handle_async_request(get(await server.start(serve)))
    chunks = chunks_of(response)
    assert await anext(chunks) == b"[]"
    await connections.aclose()
    with pytest.raises(httpx2.ReadError):
        await anext(chunks)
    await response.aclose()
    assert await server.all_closed(1.0)


async def test_closing_while_a_connection_is_made_leaves_none_behind(
    connections: Connections, server: RawServer, names: Names
) -> None:
    url = await server.start(silent)
    names.hold = asyncio.Event()
    names.stand_for(("127.0.0.1", port_of(url)))
    request = asyncio.create_task(connections.handle_async_request(get("http://unthread.test/")))
    await until(lambda: names.asked > 0)
    await connections.aclose()
    names.hold.set()
    with pytest.raises(httpx2.ConnectError):
        await request
    assert await server.all_closed(1.0)


async def test_an_upload_to_a_slow_reader_waits_instead_of_filling_the_memory(server: RawServer) -> None:
    may_read = asyncio.Event()

    async def serve(reader: Reader, writer: Writer) -> None:
        await may_read.wait()
        await reader.readuntil(b"\r\n\r\n")
        left = int(request.headers["content-length"])
        while left:
            left -= len(await reader.read(MIB))
        writer.write(http(201, b"{}"))
        await reader.read()

    url = await server.start(serve)
    request = httpx2.Request("POST", url, files=[("file", ("big.bin", bytes(20 * MIB))) for _ in range(2)])
    transport, connection = await connection_to(url)
    async with anyio.create_task_group() as group:
        group.start_soon(connection.send, request)
        await until(lambda: transport.get_write_buffer_size() > 0)
        await turns(20)
        # What is to be sent is in the caller's hands already; a copy of it would be the waste.
        assert 0 < transport.get_write_buffer_size() <= 256 * 1024
        may_read.set()
    assert [chunk async for chunk in connection.body(None)] == [b"{}"]
    assert connection.finish()
    connection.close()


async def test_an_upload_ends_when_the_server_breaks_off(
    connections: Connections, server: RawServer, caplog: pytest.LogCaptureFixture
) -> None:
    paused = asyncio.Event()

    async def serve(_: Reader, writer: Writer) -> None:
        await paused.wait()
        reset(writer)

    url = await server.start(serve)
    request = httpx2.Request("POST", url, files=[("file", ("big.bin", bytes(20 * MIB)))])
    transport, connection = await connection_to(url)
    sending = asyncio.create_task(connection.send(request))
    await until(lambda: transport.get_write_buffer_size() > 0)
    await turns(20)
    paused.set()
    with anyio.fail_after(5), pytest.raises(httpx2.ReadError):
        await sending
    # asyncio complains of what is written to a connection that is gone.
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


async def test_an_answer_that_comes_in_the_moment_of_the_time_out_counts(caplog: pytest.LogCaptureFixture) -> None:
    near, far = socket.socketpair()
    near.setblocking(False)
    _, connection = await asyncio.get_running_loop().create_connection(Connection, sock=near)
    with far:
        far.sendall(http(204))
        head = await connection.send(get("http://unthread.test/", read=0.0))
    assert head.status_code == 204
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    connection.close()


async def test_a_large_answer_to_a_slow_reader_waits_at_the_server(server: RawServer) -> None:
    sent = 0

    async def serve(reader: Reader, writer: Writer) -> None:
        nonlocal sent
        while True:
            await server.receive(reader)
            writer.write(http(200, bytes(32 * MIB))[: -32 * MIB])
            sent = 0
            while sent < 32:
                writer.write(bytes(MIB))
                await writer.drain()
                sent += 1

    url = await server.start(serve)
    transport, connection = await connection_to(url)
    for _ in range(2):
        await connection.send(get(url))
        await until(lambda: not transport.is_reading())
        await turns(100)
        # Some megabytes are with the operating system.
        assert sent < 24
        assert sum([len(chunk) async for chunk in connection.body(None)]) == 32 * MIB
        assert connection.finish()
        assert transport.is_reading()
    connection.close()


async def test_a_server_that_takes_nothing_is_waited_for_as_long_as_a_write_may_take(
    connections: Connections, server: RawServer
) -> None:
    async def serve(_: Reader, __: Writer) -> None:
        await asyncio.Event().wait()

    url, files = await server.start(serve), [("file", ("big.bin", bytes(20 * MIB)))]
    request = httpx2.Request("POST", url, files=files, extensions={"timeout": {"write": 0.02}})
    with pytest.raises(httpx2.WriteTimeout) as caught:
        await connections.handle_async_request(request)
    assert cause_of(caught.value) == "silence"


async def test_a_silent_server_is_waited_for_as_long_as_a_read_may_take(
    connections: Connections, server: RawServer
) -> None:
    with pytest.raises(httpx2.ReadTimeout) as caught:
        await connections.handle_async_request(get(await server.start(silent), read=0.02))
    assert cause_of(caught.value) == "silence"
    assert await server.all_closed(1.0)


async def test_of_a_connection_that_has_ended_it_is_certain_that_nothing_was_sent(server: RawServer) -> None:
    async def serve(_: Reader, writer: Writer) -> None:
        reset(writer)

    transport, connection = await connection_to(await server.start(serve))
    await until(transport.is_closing)
    told: list[str] = []

    async def trace(event: str, _: dict[str, Any]) -> None:
        told.append(event)

    request = httpx2.Request("POST", "http://127.0.0.1/", content=b"{}", extensions={"trace": trace})
    with pytest.raises(httpx2.WriteError):
        await connection.send(request)
    assert told == []


async def test_the_trace_is_told_before_the_first_byte_leaves(connections: Connections, server: RawServer) -> None:
    url = await server.start(silent)

    async def trace(event: str, info: dict[str, Any]) -> None:
        assert (event, info["request"].method) == ("http11.send_request_headers.started", "GET")
        raise PermissionError

    request = httpx2.Request("GET", url, extensions={"trace": trace})
    with pytest.raises(PermissionError):
        await connections.handle_async_request(request)
    assert await server.all_closed(1.0)
    assert not server.requests


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "/tags", "http:///tags"])
async def test_another_scheme_than_http_and_https_is_not_for_us(connections: Connections, url: str) -> None:
    with pytest.raises(httpx2.UnsupportedProtocol):
        await connections.handle_async_request(get(url))


async def test_a_header_that_cannot_be_sent_is_refused_before_a_byte_leaves(
    connections: Connections, server: RawServer
) -> None:
    request = httpx2.Request("GET", await server.start(silent), headers={"X-Bad": "a\nb"})
    with pytest.raises(httpx2.LocalProtocolError):
        await connections.handle_async_request(request)
    assert await server.all_closed(1.0)


# Names, addresses and TLS


class Names:
    """What the host of a test's URL stands for, in place of a name server."""

    def __init__(self) -> None:
        self.addresses: list[tuple[str, int]] = []
        self.hold: asyncio.Event | None = None
        self.asked = 0

    def stand_for(self, *addresses: tuple[str, int]) -> None:
        self.addresses = [*addresses]

    async def look_up(self, *_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        self.asked += 1
        if self.hold:
            await self.hold.wait()
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address) for address in self.addresses]


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    resolver = Names()
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolver.look_up)
    return resolver


def port_of(url: str) -> int:
    port = httpx2.URL(url).port
    assert port
    return port


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


async def test_a_name_that_leads_nowhere(connections: Connections, names: Names) -> None:
    with pytest.raises(httpx2.ConnectError) as caught:
        await connections.handle_async_request(get("http://unthread.test/"))
    assert cause_of(caught.value) == "name"


@pytest.mark.parametrize("addresses", [1, 2])
async def test_addresses_that_all_refuse(
    connections: Connections, names: Names, closed_port: int, addresses: int
) -> None:
    names.stand_for(*[("127.0.0.1", closed_port)] * addresses)
    with pytest.raises(httpx2.ConnectError) as caught:
        await connections.handle_async_request(get("http://unthread.test/"))
    assert cause_of(caught.value) == "refused"


async def test_the_next_address_is_tried_when_one_refuses(
    connections: Connections, names: Names, closed_port: int, server: RawServer
) -> None:
    url = await server.start(answering(server, http(200, b"[]")))
    names.stand_for(("127.0.0.1", closed_port), ("127.0.0.1", port_of(url)))
    assert await body_of(connections, get("http://unthread.test/")) == b"[]"
    assert b"\r\nhost: unthread.test\r\n" in server.requests[0].lower()


@pytest.fixture
async def mute_port() -> AsyncIterator[int]:
    """A port where nobody takes up connections, and no more can queue."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        queue = [socket.socket() for _ in range(4)]
        for each in queue:
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for each in queue:
            each.close()


async def test_the_next_address_is_tried_beside_one_that_says_nothing(
    connections: Connections, names: Names, mute_port: int, server: RawServer
) -> None:
    url = await server.start(answering(server, http(200, b"[]")))
    names.stand_for(("127.0.0.1", mute_port), ("127.0.0.1", port_of(url)))
    assert await body_of(connections, get("http://unthread.test/", connect=5.0)) == b"[]"


async def test_the_time_for_connecting_is_one_for_name_address_and_tls(
    connections: Connections, names: Names, server: RawServer
) -> None:
    names.hold = asyncio.Event()
    with pytest.raises(httpx2.ConnectTimeout) as caught:
        await connections.handle_async_request(get("http://unthread.test/", connect=0.02))
    assert cause_of(caught.value) == "connect time-out"
    url = (await server.start(silent)).replace("http:", "https:")
    names.hold = None
    names.stand_for(("127.0.0.1", port_of(url)))
    with pytest.raises(httpx2.ConnectTimeout):
        await connections.handle_async_request(get(url, connect=0.05))
    assert server.connections == 1
    assert await server.all_closed(1.0)


async def test_cancelled_within_the_handshake(connections: Connections, server: RawServer) -> None:
    url = (await server.start(silent)).replace("http:", "https:")
    async with anyio.create_task_group() as group:
        group.start_soon(connections.handle_async_request, get(url))
        await until(lambda: server.connections == 1)
        group.cancel_scope.cancel()
    assert await server.all_closed(1.0)


@pytest.mark.parametrize("orderly", [True, False])
async def test_a_server_that_ends_the_handshake(connections: Connections, server: RawServer, *, orderly: bool) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await reader.read(10)
        if not orderly:
            reset(writer)

    url = (await server.start(serve)).replace("http:", "https:")
    with pytest.raises(httpx2.ConnectError) as caught:
        await connections.handle_async_request(get(url))
    assert cause_of(caught.value) == "tls"


def speaking_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


async def test_over_tls_the_server_is_told_the_name_that_is_wanted_and_the_connection_is_kept(
    server: RawServer, names: Names, certify: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = certify("unthread.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    told: list[str | None] = []
    context = speaking_tls(certificate)
    context.sni_callback = lambda _, name, __: told.append(name)
    context.set_alpn_protocols(["h2", "http/1.1"])

    async def serve(reader: Reader, writer: Writer) -> None:
        told.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await answering(server, http(200, bytes(MIB)))(reader, writer)

    url = await server.start(serve, context)
    names.stand_for(("127.0.0.1", port_of(url)))
    connections = Connections(limit=4, keep_alive=4.0)
    for _ in range(3):
        assert await body_of(connections, get("https://unthread.test/")) == bytes(MIB)
    assert told == ["unthread.test", "http/1.1"]
    await connections.aclose()
    assert await server.all_closed(1.0)


async def test_a_certificate_for_another_name_is_refused_before_a_byte_left(
    server: RawServer, certify: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = certify("elsewhere.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    url = await server.start(answering(server, http(200, b"[]")), speaking_tls(certificate))
    connections = Connections(limit=4, keep_alive=4.0)
    with pytest.raises(httpx2.ConnectError) as caught:
        await connections.handle_async_request(get(url))
    assert cause_of(caught.value) == "certificate"
    assert not server.requests
    await connections.aclose()


async def test_over_tls_an_idle_connection_that_the_server_closed_is_not_used(
    server: RawServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    closed = asyncio.Event()

    async def serve(reader: Reader, writer: Writer) -> None:
        await server.receive(reader)
        writer.write(http(200, b"[]"))
        writer.close()
        closed.set()

    url = await server.start(serve, speaking_tls(certificate))
    connections = Connections(limit=4, keep_alive=4.0)
    for number in range(1, 4):
        assert await body_of(connections, get(url)) == b"[]"
        await closed.wait()
        closed.clear()
        assert server.connections == number
    await connections.aclose()


# Which transport carries a call


async def test_where_the_environment_names_a_proxy_requests_go_through_it(
    connect: Connect, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = await server.start(answering(server, http(200, b"[]")))
    monkeypatch.setenv("HTTP_PROXY", proxy.removesuffix("/api"))
    assert await connect(base_url="http://unthread.test/api").read(endpoints.LIST_TAGS) == []
    assert server.requests[0].startswith(b"POST http://unthread.test/api/tags/list HTTP/1.1\r\n")


async def test_where_a_proxy_is_not_for_this_host_requests_go_straight_to_it(
    connect: Connect, server: RawServer, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    url = await server.start(answering(server, http(200, b"[]")))
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed_port}")
    assert isinstance(await failure_of(connect(base_url=url).read(endpoints.LIST_TAGS)), Unavailable)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert await connect(base_url=url).read(endpoints.LIST_TAGS) == []


async def test_a_trust_store_that_cannot_be_read_is_said_and_nothing_is_sent(
    connect: Connect, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/at/all.pem")
    url = await server.start(answering(server, http(200, b"[]")))
    error = await failure_of(connect(base_url=url).read(endpoints.LIST_TAGS))
    assert "SSL_CERT_FILE" in error.remedy
    assert server.connections == 0
