"""What only real sockets can show: resets, cuts, drips, stale connections, proxies and TLS."""

from __future__ import annotations

import asyncio
import gzip
import logging
import ssl
from typing import TYPE_CHECKING

import anyio
import pytest
from misbehaving import KEY, Clock, Connect, RawServer, failure_of, http, reset

from unthread_mcp.api import endpoints
from unthread_mcp.api.client import Receipt, RetryPolicy, Upload
from unthread_mcp.api.errors import OutcomeUnknown, RequestRejected, Unavailable, UnreadableAnswer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

CREATE = endpoints.CREATE_MESSAGE
ID = {"conversation_id": "c-1"}
BODY = {"markdown": "Hello"}
CREATED = http(201, b'{"id": "m-1"}')

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


def answering(server: RawServer, *answers: bytes, then_close: bool = False):  # noqa: ANN201 - a Serve
    """Answer each request of a connection with the next answer, the last one for ever."""

    async def serve(reader: Reader, writer: Writer) -> None:
        while True:
            await server.receive(reader)
            writer.write(answers[min(len(server.requests), len(answers)) - 1])
            await writer.drain()
            if then_close:
                return

    return serve


async def test_calls_share_a_connection_and_carry_the_key(connect: Connect, server: RawServer) -> None:
    client = connect(base_url=await server.start(answering(server, http(200, b"[]"), CREATED)))
    assert await client.read(endpoints.GET_CONVERSATION, ID) == []
    assert await client.write(CREATE, ID, body=dict(BODY)) == Receipt({"id": "m-1"}, complete=True, status=201)
    assert server.connections == 1
    read, write = server.requests
    assert read.startswith(b"GET /api/conversations/c-1 HTTP/1.1\r\n")
    assert f"x-api-key: {KEY}".encode() in write.lower()
    assert write.endswith(b'\r\n\r\n{"markdown":"Hello"}')


@pytest.mark.parametrize("proxied", [True, False])
async def test_the_transport_libraries_log_neither_key_nor_headers_at_any_level(
    connect: Connect,
    server: RawServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    *,
    proxied: bool,
) -> None:
    url = await server.start(answering(server, http(200, b"[]", f"X-Echo: {KEY}")))
    if proxied:
        monkeypatch.setenv("HTTP_PROXY", url.removesuffix("/api"))
    client = connect(base_url=url)
    await client.read(endpoints.LIST_TAGS)
    assert not [record for record in caplog.records if record.name.startswith(("httpx", "httpcore", "h11"))]
    for name in ("httpx2", "httpcore2.http11", "h11"):
        caplog.set_level(logging.DEBUG, name)
    await client.write(CREATE, ID)
    logged = [record.getMessage() for record in caplog.records if record.name.startswith(("httpx", "httpcore", "h11"))]
    # Only httpx2's own client, which carries what goes through a proxy, has anything to log.
    assert bool(logged) == proxied
    assert KEY not in "".join(line for line in logged if "send_request" in line)
    # What is left is the answer's own header, which an operator who turns that logger on has asked for.
    caplog.clear()


async def test_a_compressed_answer_is_read(connect: Connect, server: RawServer) -> None:
    answer = http(200, gzip.compress(b'{"id": 1}'), "Content-Encoding: gzip")
    client = connect(base_url=await server.start(answering(server, answer)))
    assert await client.read(endpoints.LIST_TAGS) == {"id": 1}
    assert b"accept-encoding: gzip, deflate\r\n" in server.requests[0].lower()


async def test_a_small_answer_that_unfolds_into_a_huge_one_is_cut_off(connect: Connect, server: RawServer) -> None:
    bomb = http(200, gzip.compress(bytes(32 * 2**20)), "Content-Encoding: gzip")
    client = connect(base_url=await server.start(answering(server, bomb, http(200, b"[]"))), max_json_bytes=2**20)
    assert isinstance(await failure_of(client.read(endpoints.LIST_TAGS)), UnreadableAnswer)
    assert await client.read(endpoints.LIST_TAGS) == []


async def test_a_refused_connection_is_tried_three_times_and_nothing_was_sent(
    connect: Connect, server: RawServer, clock: Clock
) -> None:
    url = await server.start(answering(server, CREATED))
    await server.stop()
    error = await failure_of(connect(base_url=url).write(CREATE, ID))
    assert isinstance(error, Unavailable)
    assert "refused" in error.what
    assert len(clock.slept) == 2


async def test_each_attempt_is_judged_by_itself(connect: Connect, server: RawServer) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await server.receive(reader)
        server.take_no_more()
        writer.write(http(429, b"", "Connection: close"))

    error = await failure_of(connect(base_url=await server.start(serve)).write(CREATE, ID))
    assert isinstance(error, Unavailable)
    assert "nothing was changed" in error.what
    assert len(server.requests) == 1


@pytest.mark.parametrize("orderly", [True, False])
async def test_a_connection_that_ends_without_an_answer(connect: Connect, server: RawServer, *, orderly: bool) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await server.receive(reader)
        if not orderly:
            reset(writer)

    client = connect(base_url=await server.start(serve))
    assert isinstance(await failure_of(client.write(CREATE, ID, body=dict(BODY))), OutcomeUnknown)
    assert len(server.requests) == 1
    assert isinstance(await failure_of(client.read(endpoints.LIST_TAGS)), Unavailable)
    assert len(server.requests) == 1 + 3


async def test_a_connection_that_is_reset_before_the_request_was_read(connect: Connect, server: RawServer) -> None:
    async def serve(_: Reader, writer: Writer) -> None:
        reset(writer)

    client = connect(base_url=await server.start(serve))
    error = await failure_of(client.write(CREATE, ID, body=dict(BODY)))
    # Whether the reset came before or after the first byte of ours is a matter of luck; both are told as they are.
    assert isinstance(error, OutcomeUnknown | Unavailable)


async def test_an_answer_to_a_write_that_is_cut_at_any_byte(connect: Connect, server: RawServer) -> None:
    head = CREATED.index(b"\r\n\r\n") + 4
    length = 0

    async def serve(reader: Reader, writer: Writer) -> None:
        await server.receive(reader)
        writer.write(CREATED[:length])
        await writer.drain()

    client = connect(base_url=await server.start(serve))
    for length in range(0, len(CREATED) + 1, 3):
        call = client.write(CREATE, ID, body=dict(BODY))
        if length < head:
            assert isinstance(await failure_of(call), OutcomeUnknown)
        else:
            assert await call == Receipt(None, complete=False, status=201)
    length = len(CREATED)
    assert await client.write(CREATE, ID) == Receipt({"id": "m-1"}, complete=True, status=201)


async def test_an_answer_to_a_read_that_was_cut_is_asked_for_again(connect: Connect, server: RawServer) -> None:
    cut = http(200, b'{"id": 1}')[:-3]
    client = connect(base_url=await server.start(answering(server, cut, http(200, b'{"id": 2}'), then_close=True)))
    assert await client.read(endpoints.LIST_TAGS) == {"id": 2}


async def test_a_chunked_answer_that_was_cut_is_asked_for_again(connect: Connect, server: RawServer) -> None:
    cut = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n2\r\n[]\r\n"
    client = connect(base_url=await server.start(answering(server, cut, http(200, b"[1]"), then_close=True)))
    assert await client.read(endpoints.LIST_TAGS) == [1]


async def test_an_answer_that_drips_does_not_outlive_the_deadline(connect: Connect, server: RawServer) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await server.receive(reader)
        writer.write(http(200, b"[" + b" " * 10_000 + b"]")[:-10_000])
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.005)

    client = connect(base_url=await server.start(serve), deadline=0.2)
    client.prepare()
    with anyio.fail_after(10):
        assert isinstance(await failure_of(client.read(endpoints.LIST_TAGS)), Unavailable)
        assert await client.write(CREATE, ID) == Receipt(None, complete=False, status=200)


async def test_an_endless_answer_is_left_at_the_cap(connect: Connect, server: RawServer) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await server.receive(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" " * 1000)
            await writer.drain()
            await asyncio.sleep(0)

    client = connect(base_url=await server.start(serve), max_json_bytes=10_000)
    with anyio.fail_after(10):
        assert isinstance(await failure_of(client.read(endpoints.LIST_TAGS)), UnreadableAnswer)
        assert await client.write(CREATE, ID) == Receipt(None, complete=False, status=200)


async def test_a_server_that_says_nothing(connect: Connect, server: RawServer) -> None:
    async def serve(reader: Reader, _: Writer) -> None:
        await server.receive(reader)
        await reader.read()

    url = await server.start(serve)
    client = connect(base_url=url, deadline=0.2)
    client.prepare()
    with anyio.fail_after(10):
        assert isinstance(await failure_of(client.write(CREATE, ID)), OutcomeUnknown)
        assert isinstance(await failure_of(client.read(endpoints.LIST_TAGS)), Unavailable)
    assert len(server.requests) == 2


async def test_a_read_does_not_wait_for_a_silent_server_until_its_deadline(connect: Connect, server: RawServer) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await server.receive(reader)
        if len(server.requests) == 3:
            writer.write(http(200, b"[]"))
        await reader.read()

    client = connect(base_url=await server.start(serve), retry=RetryPolicy(silence_timeout=0.03))
    with anyio.fail_after(10):
        assert await client.read(endpoints.LIST_TAGS) == []


async def test_a_write_goes_out_on_a_new_connection_if_the_idle_one_was_closed(
    connect: Connect, server: RawServer
) -> None:
    closed = asyncio.Event()

    async def serve(reader: Reader, writer: Writer) -> None:
        await server.receive(reader)
        writer.write(CREATED)
        writer.close()
        await writer.wait_closed()
        closed.set()

    client = connect(base_url=await server.start(serve))
    for number in range(1, 4):
        assert (await client.write(CREATE, ID, body=dict(BODY))).complete
        await closed.wait()
        closed.clear()
        assert (server.connections, len(server.requests)) == (number, number)


async def test_a_write_that_crosses_with_the_closing_of_its_connection_is_not_sent_again(
    connect: Connect, server: RawServer
) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await server.receive(reader)
        writer.write(CREATED)
        await server.receive(reader)

    client = connect(base_url=await server.start(serve))
    assert (await client.write(CREATE, ID)).complete
    assert isinstance(await failure_of(client.write(CREATE, ID)), OutcomeUnknown)
    assert (server.connections, len(server.requests)) == (1, 2)


async def test_a_server_that_does_not_take_the_whole_request(connect: Connect, server: RawServer) -> None:
    async def serve(_: Reader, __: Writer) -> None:
        # A stream reader stops taking bytes off the socket once twice its limit is waiting in it.
        await asyncio.Event().wait()

    client = connect(base_url=await server.start(serve), file_deadline=0.3)
    client.prepare()
    upload = Upload("big.bin", bytes(20 * 2**20))
    with anyio.fail_after(10):
        assert isinstance(await failure_of(client.write(CREATE, ID, files=[upload])), OutcomeUnknown)


async def test_a_refusal_in_the_middle_of_an_upload_is_heard(connect: Connect, server: RawServer) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http(413, b'{"errors": [{"title": "Too large"}]}', "Connection: close"))
        while await reader.read(2**16):
            pass

    client = connect(base_url=await server.start(serve))
    error = await failure_of(client.write(CREATE, ID, files=[Upload("big.bin", bytes(2 * 2**20))]))
    assert isinstance(error, RequestRejected)
    assert "Too large" in error.what


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x15\x03\x01\x00\x02\x02\x16" * 20,
        f"HTTP/1.1 200 OK\r\nX-Echo\x00: {KEY}\r\n\r\n".encode(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
    ],
)
async def test_what_is_not_http_is_a_broken_connection(connect: Connect, server: RawServer, answer: bytes) -> None:
    client = connect(base_url=await server.start(answering(server, answer, then_close=True)))
    assert isinstance(await failure_of(client.read(endpoints.LIST_TAGS)), Unavailable)
    assert isinstance(await failure_of(client.write(CREATE, ID)), OutcomeUnknown)


async def test_a_page_of_a_portal_is_not_unthread(connect: Connect, server: RawServer) -> None:
    page = http(200, b"<html>Please sign in</html>", content_type="text/html")
    client = connect(base_url=await server.start(answering(server, page)))
    assert isinstance(await failure_of(client.read(endpoints.LIST_TAGS)), UnreadableAnswer)
    assert isinstance(await failure_of(client.write(CREATE, ID)), OutcomeUnknown)


async def test_a_redirect_leads_the_key_nowhere(connect: Connect, server: RawServer) -> None:
    other = RawServer()
    elsewhere = await other.start(answering(other, http(200, b"[]")))
    moved = http(302, b"", f"Location: {elsewhere}/tags/list")
    client = connect(base_url=await server.start(answering(server, moved)))
    await failure_of(client.read(endpoints.LIST_TAGS))
    await failure_of(client.write(CREATE, ID))
    assert (len(server.requests), other.connections) == (2, 0)
    await other.stop()


async def test_256_calls_at_once_over_sixteen_connections(connect: Connect, server: RawServer) -> None:
    client = connect(base_url=await server.start(answering(server, http(200, b"[]"))))
    answers: list[object] = []

    async def one() -> None:
        answers.append(await client.read(endpoints.LIST_TAGS))

    async with anyio.create_task_group() as calls:
        for _ in range(256):
            calls.start_soon(one)
    assert answers == [[]] * 256
    assert server.connections <= 16


async def test_a_proxy_that_refuses_to_connect(
    connect: Connect, server: RawServer, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    refusal = http(407, b"", f"X-Echo: {KEY}")
    monkeypatch.setenv("HTTPS_PROXY", (await server.start(answering(server, refusal))).removesuffix("/api"))
    error = await failure_of(connect().write(CREATE, ID, body=dict(BODY)))
    assert isinstance(error, Unavailable)
    assert "proxy" in error.what
    assert [request.split(b" ")[0] for request in server.requests] == [b"CONNECT"] * 3
    assert KEY.encode() not in b"".join(server.requests)
    assert len(clock.slept) == 2


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"nonsense\r\n\r\n"])
async def test_a_proxy_that_breaks_off_before_the_request_could_leave(
    connect: Connect, server: RawServer, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    serve = answering(server, answer, then_close=True)
    monkeypatch.setenv("HTTPS_PROXY", (await server.start(serve)).removesuffix("/api"))
    error = await failure_of(connect().write(CREATE, ID, body=dict(BODY)))
    assert isinstance(error, Unavailable)
    assert "nothing was changed" in error.what
    assert server.connections == 3


async def test_a_proxy_that_says_nothing(connect: Connect, server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def serve(reader: Reader, _: Writer) -> None:
        await reader.read()

    monkeypatch.setenv("HTTPS_PROXY", (await server.start(serve)).removesuffix("/api"))
    client = connect(deadline=0.2)
    client.prepare()
    error = await failure_of(client.write(CREATE, ID, body=dict(BODY)))
    assert isinstance(error, Unavailable)
    assert "nothing was changed" in error.what


async def test_a_server_that_does_not_speak_tls(connect: Connect, server: RawServer) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await reader.read(1)
        writer.write(http(400))

    url = (await server.start(serve)).replace("http:", "https:")
    error = await failure_of(connect(base_url=url).write(CREATE, ID))
    assert isinstance(error, Unavailable)
    assert "secure connection" in error.what
    assert server.connections == 3


async def test_a_certificate_that_nobody_vouches_for_is_refused_before_a_byte_left(
    connect: Connect, server: RawServer, certificate: Path
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    url = await server.start(answering(server, CREATED), context)
    error = await failure_of(connect(base_url=url).write(CREATE, ID))
    assert isinstance(error, Unavailable)
    assert "certificate" in error.what
    assert not server.requests


async def test_a_certificate_that_the_operator_trusts_is_accepted(
    connect: Connect, server: RawServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    client = connect(base_url=await server.start(answering(server, CREATED), context))
    assert (await client.write(CREATE, ID)).complete
    assert (await client.write(CREATE, ID)).complete
    assert server.connections == 1


async def test_a_write_over_tls_that_is_not_answered_is_unknown(
    connect: Connect, server: RawServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def serve(reader: Reader, _: Writer) -> None:
        await server.receive(reader)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    error = await failure_of(connect(base_url=await server.start(serve, context)).write(CREATE, ID))
    assert isinstance(error, OutcomeUnknown)
    assert len(server.requests) == 1
