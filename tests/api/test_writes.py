"""What became of a write: done, refused, or unknown; and that none is ever sent twice."""

from __future__ import annotations

import json
from email import message_from_bytes
from email.policy import HTTP
from typing import TYPE_CHECKING

import anyio
import httpx2
import pytest
from misbehaving import JSON, KEY, Chunks, Clock, Connect, Script, failure_of, ok

from unthread_mcp.api import endpoints
from unthread_mcp.api.calls import Call
from unthread_mcp.api.client import Receipt, UnthreadClient, Upload
from unthread_mcp.api.errors import (
    ApiError,
    InvalidArgument,
    KeyRefused,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
    UnthreadError,
)
from unthread_mcp.api.uninterrupted import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import Message

    from unthread_mcp.api.endpoints import Endpoint

pytestmark = pytest.mark.anyio

CREATE = endpoints.CREATE_MESSAGE
CHANGE = endpoints.UPDATE_CONVERSATION
DELETE = endpoints.DELETE_CUSTOMER
IDS = {CREATE: {"conversation_id": "c-1"}, CHANGE: {"conversation_id": "c-1"}, DELETE: {"customer_id": "k-1"}}
WRITES = pytest.mark.parametrize("endpoint", [CREATE, CHANGE, DELETE], ids=lambda endpoint: endpoint.effect)


async def write(client: UnthreadClient, endpoint: Endpoint = CREATE) -> Receipt:
    return await client.write(endpoint, IDS[endpoint], body={"markdown": "Hello"})


@WRITES
async def test_a_write_that_is_answered_is_done(connect: Connect, endpoint: Endpoint) -> None:
    script = Script(httpx2.Response(201, json={"id": "m-1"}))
    assert await write(connect(transport=script), endpoint) == Receipt({"id": "m-1"}, complete=True, status=201)
    [request] = script.requests
    assert request.method == endpoint.method
    assert request.content == b'{"markdown":"Hello"}'
    assert request.headers["x-api-key"] == KEY


async def test_select_names_the_fields_of_the_receipt(connect: Connect) -> None:
    script = Script(ok({}))
    await connect(transport=script).write(
        CHANGE, IDS[CHANGE], body={"status": "open"}, select=["id", "customer.name", "tags.name"]
    )
    assert str(script.requests[0].url).endswith("/conversations/c-1?select=id,customer.name,tags.name")


async def test_links_are_sent_as_a_bare_array(connect: Connect) -> None:
    script = Script(ok({}))
    await connect(transport=script).write(endpoints.TAG_CONVERSATIONS, {"tag_id": "t-1"}, body=["c-1", "c-2"])
    assert script.requests[0].content == b'["c-1","c-2"]'


async def test_a_receipt_is_cleaned(connect: Connect) -> None:
    client = connect(transport=Script(ok({"title": "a\u202eb"})))
    receipt = await write(client)
    assert "\u202e" not in json.dumps(receipt.body, ensure_ascii=False)
    assert client.characters_removed == 1


@pytest.mark.parametrize("endpoint", [CHANGE, DELETE, endpoints.ADD_FOLLOWER, endpoints.TAG_CONVERSATIONS])
@pytest.mark.parametrize("answer", [(204, b"", {}), (200, b"", JSON), (200, b"OK", {"content-type": "text/plain"})])
async def test_an_empty_answer_to_a_change_or_deletion_is_a_success(
    connect: Connect, endpoint: Endpoint, answer: tuple[int, bytes, dict[str, str]]
) -> None:
    status, content, headers = answer
    client = connect(transport=Script(httpx2.Response(status, content=content, headers=headers)))
    receipt = await client.write(endpoint, dict.fromkeys(endpoint.placeholders, "x"))
    assert receipt == Receipt(None, complete=True, status=status)


@pytest.mark.parametrize("answer", [(204, b"", {}), (200, b"", JSON), (200, b"OK", {"content-type": "text/plain"})])
async def test_an_empty_answer_to_a_creation_says_nothing(
    connect: Connect, answer: tuple[int, bytes, dict[str, str]]
) -> None:
    status, content, headers = answer
    script = Script(httpx2.Response(status, content=content, headers=headers))
    assert isinstance(await failure_of(write(connect(transport=script))), OutcomeUnknown)
    assert len(script.requests) == 1


@WRITES
@pytest.mark.parametrize(
    "body",
    [
        Chunks(b'{"id": "m-1", "te'),
        Chunks(b'{"id": "m-1"', httpx2.ReadError("reset")),
        Chunks(httpx2.RemoteProtocolError("peer closed connection")),
        Chunks(b'"' + b"x" * 2000 + b'"'),
        Chunks(b"[" * 900 + b"]"),
        Chunks(b"\xff"),
    ],
)
async def test_json_that_did_not_come_whole_still_says_that_it_was_done(
    connect: Connect, endpoint: Endpoint, body: Chunks
) -> None:
    script = Script(httpx2.Response(200, headers=JSON, stream=body))
    receipt = await write(connect(transport=script, max_json_bytes=1000), endpoint)
    assert receipt == Receipt(None, complete=False, status=200)
    assert len(script.requests) == 1


async def test_a_fault_of_closing_the_connection_does_not_undo_an_answer(connect: Connect) -> None:
    class Stuck(Chunks):
        async def aclose(self) -> None:
            raise httpx2.CloseError("x")

    script = Script(httpx2.Response(200, headers=JSON, stream=Stuck(b'{"id": 1}')))
    assert await write(connect(transport=script)) == Receipt({"id": 1}, complete=True, status=200)


@WRITES
async def test_json_in_an_encoding_that_we_do_not_read_was_done(connect: Connect, endpoint: Endpoint) -> None:
    headers = {**JSON, "content-encoding": "br"}
    client = connect(transport=Script(httpx2.Response(200, headers=headers, stream=Chunks(b"?"))))
    assert await write(client, endpoint) == Receipt(None, complete=False, status=200)


@WRITES
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-type": "text/html"}, Chunks(b"<html>Sign in</html>")),
        (JSON, Chunks(b"<html>Sign in</html>")),
        ({}, Chunks(b"O", httpx2.ReadError("reset"))),
        ({}, Chunks(httpx2.ReadError("reset"))),
    ],
)
async def test_a_2xx_that_is_not_the_apis_leaves_a_write_unknown(
    connect: Connect, endpoint: Endpoint, headers: dict[str, str], body: Chunks
) -> None:
    script = Script(httpx2.Response(200, headers=headers, stream=body))
    assert isinstance(await failure_of(write(connect(transport=script), endpoint)), OutcomeUnknown)
    assert len(script.requests) == 1


@WRITES
@pytest.mark.parametrize("status", [301, 307, 308, 400, 401, 403, 404, 413, 422, 499])
async def test_a_refused_write_did_not_happen(connect: Connect, endpoint: Endpoint, status: int) -> None:
    script = Script(httpx2.Response(status, headers={"location": "https://elsewhere.test/"}))
    assert isinstance(await failure_of(write(connect(transport=script), endpoint)), ApiError)
    assert len(script.requests) == 1


@WRITES
@pytest.mark.parametrize("status", [302, 303, 408, 409, 425, 500, 501, 502, 503, 504])
async def test_a_status_that_does_not_say_leaves_a_write_unknown(
    connect: Connect, endpoint: Endpoint, status: int
) -> None:
    headers = {"location": "https://elsewhere.test/", "retry-after": "1"}
    script = Script(httpx2.Response(status, headers=headers))
    error = await failure_of(write(connect(transport=script), endpoint))
    assert isinstance(error, OutcomeUnknown)
    assert "Do not call again" in error.remedy
    assert len(script.requests) == 1


BEFORE = [
    httpx2.ConnectError("x"),
    httpx2.ConnectTimeout("x"),
    httpx2.PoolTimeout("x"),
    httpx2.ProxyError("x"),
    httpx2.UnsupportedProtocol("x"),
]
AFTER = [
    httpx2.ReadTimeout("x"),
    httpx2.WriteTimeout("x"),
    httpx2.ReadError("x"),
    httpx2.WriteError("x"),
    httpx2.RemoteProtocolError("x"),
    httpx2.LocalProtocolError("x"),
    OSError("x"),
]


@WRITES
@pytest.mark.parametrize("fault", BEFORE, ids=lambda fault: type(fault).__name__)
async def test_what_fails_before_a_byte_left_is_sent_again(
    connect: Connect, endpoint: Endpoint, fault: Exception
) -> None:
    script = Script(fault, fault, ok({"id": "m-1"}))
    assert (await write(connect(transport=script), endpoint)).body == {"id": "m-1"}
    assert len(script.requests) == 3


@WRITES
@pytest.mark.parametrize("fault", BEFORE, ids=lambda fault: type(fault).__name__)
async def test_what_never_leaves_is_refused(connect: Connect, endpoint: Endpoint, fault: Exception) -> None:
    script = Script(fault)
    assert isinstance(await failure_of(write(connect(transport=script), endpoint)), Unavailable)
    assert len(script.requests) == 3


@WRITES
@pytest.mark.parametrize("fault", AFTER, ids=lambda fault: type(fault).__name__)
async def test_what_fails_after_the_first_byte_is_unknown_and_never_sent_again(
    connect: Connect, endpoint: Endpoint, fault: Exception
) -> None:
    script = Script(fault, ok({"id": "m-1"}))
    assert isinstance(await failure_of(write(connect(transport=script), endpoint)), OutcomeUnknown)
    assert len(script.requests) == 1


async def test_a_bug_after_the_first_byte_leaves_a_write_unknown_and_shows_itself(connect: Connect) -> None:
    script = Script(KeyError("a bug"), ok({}))
    error = await failure_of(write(connect(transport=script)))
    assert isinstance(error, OutcomeUnknown)
    assert isinstance(error.__cause__, KeyError)
    assert len(script.requests) == 1


async def test_a_bug_before_the_first_byte_shows_itself(connect: Connect) -> None:
    client = connect(transport=Script(ok({})), base_url="https://api.unthread.test:port")
    with pytest.raises(httpx2.InvalidURL):
        await write(client)


async def test_429_is_waited_for_and_sent_again(connect: Connect, clock: Clock) -> None:
    script = Script(httpx2.Response(429, headers={"retry-after": "3"}), ok({"id": "m-1"}))
    assert (await write(connect(transport=script))).body == {"id": "m-1"}
    assert clock.slept == [3.5]


async def test_429_for_longer_than_the_deadline_is_a_refusal(connect: Connect, clock: Clock) -> None:
    script = Script(httpx2.Response(429, headers={"retry-after": "60"}))
    error = await failure_of(write(connect(transport=script)))
    assert isinstance(error, RateLimited)
    assert "60 seconds" in error.remedy
    assert clock.slept == []


async def test_neither_the_client_nor_a_call_shows_the_key_when_printed(connect: Connect) -> None:
    headers = [(b"X-Api-Key", KEY.encode())]
    call = Call(CREATE, "https://api.unthread.test", headers, b"", (), 1.0, 1, {})
    assert KEY not in f"{call!r}{call}{connect()!r}"


async def test_without_a_key_nothing_is_written(connect: Connect) -> None:
    script = Script(ok({}))
    assert isinstance(await failure_of(write(connect(transport=script, key=None))), KeyRefused)
    assert not script.requests


async def test_an_endpoint_that_reads_cannot_be_written(connect: Connect) -> None:
    with pytest.raises(ValueError, match="reads"):
        await connect(transport=Script(ok({}))).write(endpoints.LIST_TAGS)


class Stuck(httpx2.AsyncBaseTransport):
    """Never answers, or answers a head and never a body."""

    def __init__(self, response: httpx2.Response | None = None) -> None:
        self.response = response
        self.entered = anyio.Event()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.entered.set()
        if self.response is None:
            await anyio.sleep_forever()
            raise AssertionError
        return self.response


class NeverEnding(httpx2.AsyncByteStream):
    async def __aiter__(self):  # noqa: ANN204 - an async generator's type says nothing here
        yield b'{"id":'
        await anyio.sleep_forever()


async def test_a_deadline_after_the_first_byte_leaves_a_write_unknown(connect: Connect) -> None:
    error = await failure_of(write(connect(transport=Stuck(), deadline=0.02)))
    assert isinstance(error, OutcomeUnknown)
    assert "0.02 seconds" in error.what


async def test_a_deadline_within_the_json_of_a_success_still_says_that_it_was_done(connect: Connect) -> None:
    stuck = Stuck(httpx2.Response(200, headers=JSON, stream=NeverEnding()))
    assert await write(connect(transport=stuck, deadline=0.02)) == Receipt(None, complete=False, status=200)


async def test_a_deadline_within_a_refusal_is_still_a_refusal(connect: Connect) -> None:
    stuck = Stuck(httpx2.Response(422, headers=JSON, stream=NeverEnding()))
    error = await failure_of(write(connect(transport=stuck, deadline=0.02)))
    assert isinstance(error, ApiError)
    assert error.status == 422


async def test_a_deadline_in_our_own_queue_sends_nothing(connect: Connect) -> None:
    stuck = Stuck()
    client = connect(transport=stuck, max_in_flight=1, deadline=0.02, file_deadline=60.0)
    async with anyio.create_task_group() as calls:
        calls.start_soon(client.download, endpoints.DOWNLOAD_FILE, {"conversation_id": "c-1", "file_id": "F1"})
        await stuck.entered.wait()
        stuck.entered = anyio.Event()
        error = await failure_of(write(client))
        assert isinstance(error, Unavailable)
        assert "was not sent" in error.what
        calls.cancel_scope.cancel()
    assert not stuck.entered.is_set()


async def test_a_cancelled_write_ends_in_the_cancellation(connect: Connect) -> None:
    stuck = Stuck()
    client = connect(transport=stuck)
    with anyio.move_on_after(0.02) as scope:
        await write(client)
    assert scope.cancelled_caught


@pytest.mark.parametrize("within", [False, True])
async def test_a_write_that_is_cancelled_while_it_waits_to_be_tried_again_is_not(
    connect: Connect, *, within: bool
) -> None:
    script = Script(httpx2.Response(429, headers={"retry-after": "3"}), ok({"id": "m-1"}))
    raised: list[Exception] = []
    scope = anyio.CancelScope()

    async def cancelled_meanwhile(_: float) -> None:
        scope.cancel()
        with anyio.CancelScope(shield=True):
            await anyio.wait_all_tasks_blocked()

    async def writing() -> None:
        try:
            await write(connect(transport=script, sleep=cancelled_meanwhile))
        except UnthreadError as error:
            raised.append(error)

    with scope:
        await uninterrupted((lambda: uninterrupted(writing)) if within else writing)
    assert scope.cancelled_caught
    assert len(script.requests) == 1
    assert [type(each) for each in raised] == [Unavailable]
    assert "was not sent" in str(raised[0])


PNG = Upload("logo.png", b"\x89PNG\r\n\x00\xff", "image/png")


def parts_of(request: httpx2.Request) -> Sequence[Message]:
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    form = message_from_bytes(head + request.content, policy=HTTP)
    assert form.is_multipart()
    return list(form.walk())[1:]


async def test_files_go_beside_the_payload_in_a_form(connect: Connect) -> None:
    script = Script(ok({"id": "m-1"}))
    client = connect(transport=script)
    await client.write(CREATE, IDS[CREATE], body={"markdown": "Grüße"}, files=[PNG, Upload("a.bin", b"")])
    [request] = script.requests
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert int(request.headers["content-length"]) == len(request.content)
    payload, logo, empty = parts_of(request)
    assert payload["content-disposition"] == 'form-data; name="json"'
    assert payload.get_payload(decode=True) == '{"markdown":"Grüße"}'.encode()
    assert logo["content-disposition"] == 'form-data; name="attachments"; filename="logo.png"'
    assert logo["content-type"] == "image/png"
    assert logo.get_payload(decode=True) == PNG.content
    assert empty["content-type"] == "application/octet-stream"
    assert empty.get_payload(decode=True) == b""


async def test_a_file_without_a_text_has_an_empty_payload_beside_it(connect: Connect) -> None:
    script = Script(ok({}))
    await connect(transport=script).write(CREATE, IDS[CREATE], files=[PNG])
    assert parts_of(script.requests[0])[0].get_payload(decode=True) == b"{}"


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ('a"; name="json', "a%22; name=%22json"),
        ("a\r\nX-Evil: 1\r\n\r\n", "a%0D%0AX-Evil: 1%0D%0A%0D%0A"),
        ("Größe 報告.png", "Größe 報告.png"),
    ],
)
async def test_a_files_name_cannot_break_out_of_its_place(connect: Connect, name: str, encoded: str) -> None:
    script = Script(ok({}))
    await connect(transport=script).write(CREATE, IDS[CREATE], files=[Upload(name, b"x")])
    lines = script.requests[0].content.split(b"\r\n")
    assert f'Content-Disposition: form-data; name="attachments"; filename="{encoded}"'.encode() in lines
    assert not any(line.startswith(b"X-Evil") for line in lines)


async def test_each_form_has_a_boundary_of_its_own(connect: Connect) -> None:
    script = Script(httpx2.Response(429), ok({}))
    await connect(transport=script).write(CREATE, IDS[CREATE], files=[PNG])
    first, second = script.requests
    assert first.headers["content-type"] != second.headers["content-type"]
    assert parts_of(first)[1].get_payload(decode=True) == parts_of(second)[1].get_payload(decode=True)


@pytest.mark.parametrize(
    "upload",
    [Upload("", b"x"), Upload("half\ud83d", b"x"), Upload("a", b"x", "image/png\r\nX: y"), Upload("a", b"x", "png")],
)
async def test_a_file_that_a_form_cannot_carry_is_refused_before_anything_is_sent(
    connect: Connect, upload: Upload
) -> None:
    script = Script(ok({}))
    error = await failure_of(connect(transport=script).write(CREATE, IDS[CREATE], files=[upload]))
    assert isinstance(error, InvalidArgument)
    assert not script.requests


async def test_files_have_a_deadline_of_their_own(connect: Connect) -> None:
    client = connect(transport=Stuck(), deadline=60.0, file_deadline=0.02)
    error = await failure_of(client.write(CREATE, IDS[CREATE], files=[PNG]))
    assert "0.02 seconds" in error.what
