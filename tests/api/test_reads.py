"""What a read does with each answer, fault and limit."""

from __future__ import annotations

import json

import anyio
import httpx2
import pytest
from misbehaving import JSON, KEY, Chunks, Clock, Connect, Script, failure_of, ok

from unthread_mcp.api import endpoints
from unthread_mcp.api.client import RetryPolicy
from unthread_mcp.api.errors import (
    AccessDenied,
    ApiError,
    InvalidArgument,
    KeyRefused,
    NotFound,
    RateLimited,
    RequestRejected,
    Unavailable,
    UnreadableAnswer,
    UnthreadError,
)

pytestmark = pytest.mark.anyio

ID = {"conversation_id": "c-1"}


async def test_a_list_is_asked_for_by_post_with_the_bare_key(connect: Connect) -> None:
    script = Script(ok({"data": []}))
    answer = await connect(transport=script).read(endpoints.LIST_CONVERSATIONS, body={"limit": 5, "title": "ü"})
    assert answer == {"data": []}
    [request] = script.requests
    assert request.method == "POST"
    assert str(request.url) == "https://api.unthread.test/api/conversations/list"
    assert request.headers["x-api-key"] == KEY
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-encoding"] == "gzip, deflate"
    assert request.headers["user-agent"].startswith("unthread-mcp/")
    assert request.content == '{"limit":5,"title":"ü"}'.encode()


async def test_an_object_is_asked_for_without_a_body(connect: Connect) -> None:
    script = Script(ok({"id": "c-1"}))
    client = connect(transport=script, base_url="https://api.unthread.test/api/")
    assert await client.read(endpoints.GET_CONVERSATION, ID, query={"a b": "c,d&"}) == {"id": "c-1"}
    [request] = script.requests
    assert str(request.url) == "https://api.unthread.test/api/conversations/c-1?a+b=c,d%26"
    assert request.content == b""
    assert "content-type" not in request.headers


async def test_an_empty_object_is_still_a_body(connect: Connect) -> None:
    script = Script(ok({}))
    await connect(transport=script).read(endpoints.LIST_TAGS, body={})
    assert script.requests[0].content == b"{}"


async def test_answers_are_cleaned_and_what_was_removed_is_counted(connect: Connect) -> None:
    script = Script(httpx2.Response(200, content=b'{"title": "a\\ud800b\\u202ec"}', headers=JSON))
    client = connect(transport=script)
    answer = await client.read(endpoints.GET_CONVERSATION, ID)
    assert isinstance(answer, dict)
    json.dumps(answer, ensure_ascii=False).encode()
    assert "\u202e" not in str(answer["title"])
    assert client.characters_removed == 2


async def test_a_transport_may_be_made_when_it_is_first_needed(connect: Connect) -> None:
    made: list[Script] = []

    def make() -> httpx2.AsyncBaseTransport:
        made.append(Script(ok({})))
        return made[0]

    client = connect(transport=make)
    assert not made
    await client.read(endpoints.LIST_TAGS)
    await client.read(endpoints.LIST_TAGS)
    assert len(made) == 1
    assert len(made[0].requests) == 2


async def test_the_client_can_be_prepared_before_the_first_call_in_a_thread(connect: Connect) -> None:
    client = connect(transport=Script(ok({"id": 1})))
    await anyio.to_thread.run_sync(client.prepare)
    assert await client.read(endpoints.LIST_TAGS) == {"id": 1}


async def test_a_closed_client_refuses(connect: Connect) -> None:
    script = Script(ok({}))
    client = connect(transport=script)
    await client.read(endpoints.LIST_TAGS)
    await client.aclose()
    await client.aclose()
    assert isinstance(await failure_of(client.read(endpoints.LIST_TAGS)), Unavailable)
    assert len(script.requests) == 1


async def test_a_call_that_waited_while_the_client_was_closed_is_refused(connect: Connect) -> None:
    crowd = Crowd()
    client = connect(transport=crowd, max_in_flight=1)
    errors: list[UnthreadError] = []

    async def waiting() -> None:
        errors.append(await failure_of(client.write(endpoints.CREATE_MESSAGE, ID)))

    async with anyio.create_task_group() as calls:
        calls.start_soon(client.read, endpoints.LIST_TAGS)
        await crowd.entered.wait()
        calls.start_soon(waiting)
        await anyio.lowlevel.checkpoint()
        await client.aclose()
        crowd.free.set()
    assert [type(error) for error in errors] == [Unavailable]
    assert "closed" in errors[0].what


@pytest.mark.parametrize("key", [None, "", "kéy", "two\nlines", "\ud800"])
async def test_without_a_key_that_can_be_sent_there_is_no_request(connect: Connect, key: str | None) -> None:
    script = Script(ok({}))
    error = await failure_of(connect(transport=script, key=key).read(endpoints.LIST_TAGS))
    assert isinstance(error, KeyRefused)
    assert not key or key not in str(error)
    assert not script.requests


@pytest.mark.parametrize(
    ("problem", "what", "remedy"),
    [
        ("", "No API key is set.", "UNTHREAD_API_KEY"),
        ("UNTHREAD_API_KEY_FILE names no file.", "UNTHREAD_API_KEY_FILE names no file.", "UNTHREAD_API_KEY"),
        ("It holds a placeholder. Put the key there.", "It holds a placeholder.", "Put the key there."),
    ],
)
async def test_why_there_is_no_key_is_said_and_what_to_do(
    connect: Connect, problem: str, what: str, remedy: str
) -> None:
    client = connect(transport=Script(ok({})), key=None, key_problem=problem)
    error = await failure_of(client.read(endpoints.LIST_TAGS))
    assert error.what == what
    assert remedy in error.remedy


async def test_an_endpoint_that_writes_cannot_be_read(connect: Connect) -> None:
    script = Script(ok({}))
    with pytest.raises(ValueError, match="creates"):
        await connect(transport=script).read(endpoints.CREATE_MESSAGE, ID)
    assert not script.requests


@pytest.mark.parametrize("body", [{"text": "half \ud83d"}, {"n": float("nan")}, {"n": float("inf")}])
async def test_a_body_that_json_cannot_say_is_refused_before_anything_is_sent(
    connect: Connect, body: dict[str, str | float]
) -> None:
    script = Script(ok({}))
    error = await failure_of(connect(transport=script).read(endpoints.LIST_TAGS, body=dict(body)))
    assert isinstance(error, InvalidArgument)
    assert not script.requests


REFUSALS = [
    (300, Unavailable),
    (302, Unavailable),
    (400, RequestRejected),
    (401, KeyRefused),
    (403, AccessDenied),
    (404, NotFound),
    (408, RequestRejected),
    (409, RequestRejected),
    (418, RequestRejected),
    (429, RateLimited),
    (500, Unavailable),
    (501, Unavailable),
    (503, Unavailable),
    (600, Unavailable),
]


@pytest.mark.parametrize(("status", "kind"), REFUSALS)
async def test_a_refusal_has_a_class_of_its_own_and_its_status(
    connect: Connect, status: int, kind: type[ApiError]
) -> None:
    client = connect(transport=Script(httpx2.Response(status, headers={"location": "https://elsewhere.test/"})))
    error = await failure_of(client.read(endpoints.GET_CONVERSATION, ID))
    assert type(error) is kind
    assert isinstance(error, ApiError)
    assert error.status == status


@pytest.mark.parametrize("title", ["Conversation not found", "Not found.", "USER NOT FOUND"])
async def test_a_400_that_says_not_found_is_one(connect: Connect, title: str) -> None:
    body = {"errors": [{"status": 400, "title": title, "id": 23449693}]}
    client = connect(transport=Script(httpx2.Response(400, json=body)))
    error = await failure_of(client.read(endpoints.GET_CONVERSATION, ID))
    assert isinstance(error, NotFound)
    assert "23449693" in error.what


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(connect: Connect, status: int) -> None:
    script = Script(httpx2.Response(status, headers={"location": "https://elsewhere.test/take-the-key"}))
    error = await failure_of(connect(transport=script).read(endpoints.GET_CONVERSATION, ID))
    assert "redirect" in error.what
    assert len(script.requests) == 1


FAULTS = [
    httpx2.ConnectError("x"),
    httpx2.ConnectTimeout("x"),
    httpx2.PoolTimeout("x"),
    httpx2.ProxyError("x"),
    httpx2.ReadTimeout("x"),
    httpx2.WriteTimeout("x"),
    httpx2.ReadError("x"),
    httpx2.WriteError("x"),
    httpx2.RemoteProtocolError("x"),
    httpx2.LocalProtocolError("x"),
    httpx2.UnsupportedProtocol("x"),
    httpx2.StreamClosed(),
    OSError("x"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
async def test_a_read_gets_over_two_faults_of_the_connection(connect: Connect, clock: Clock, fault: Exception) -> None:
    script = Script(fault, fault, ok({"id": 1}))
    assert await connect(transport=script).read(endpoints.LIST_TAGS) == {"id": 1}
    assert clock.slept == [0.5, 1.0]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
async def test_a_read_gives_up_after_three_attempts(connect: Connect, fault: Exception) -> None:
    script = Script(fault)
    assert isinstance(await failure_of(connect(transport=script).read(endpoints.LIST_TAGS)), Unavailable)
    assert len(script.requests) == 3


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 599])
async def test_a_read_gets_over_statuses_that_pass(connect: Connect, status: int) -> None:
    script = Script(httpx2.Response(status), httpx2.Response(status), ok({"id": 1}))
    assert await connect(transport=script).read(endpoints.LIST_TAGS) == {"id": 1}
    assert len(script.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 425, 501])
async def test_a_read_is_not_repeated_where_that_cannot_help(connect: Connect, status: int) -> None:
    script = Script(httpx2.Response(status))
    await failure_of(connect(transport=script).read(endpoints.LIST_TAGS))
    assert len(script.requests) == 1


async def test_a_body_that_breaks_off_is_asked_for_again(connect: Connect) -> None:
    script = Script(
        lambda: httpx2.Response(200, headers=JSON, stream=Chunks(b'{"id"', httpx2.ReadError("reset"))), ok({"id": 1})
    )
    assert await connect(transport=script).read(endpoints.LIST_TAGS) == {"id": 1}


async def test_an_end_of_the_compressed_data_that_never_came_is_asked_for_again(connect: Connect) -> None:
    headers = {**JSON, "content-encoding": "gzip"}
    script = Script(
        lambda: httpx2.Response(200, headers=headers, stream=Chunks(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03")),
        ok({"id": 1}),
    )
    assert await connect(transport=script).read(endpoints.LIST_TAGS) == {"id": 1}


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_waited_for_where_it_fits_the_deadline(
    connect: Connect, clock: Clock, status: int
) -> None:
    script = Script(httpx2.Response(status, headers={"retry-after": "7"}), ok({"id": 1}))
    assert await connect(transport=script).read(endpoints.LIST_TAGS) == {"id": 1}
    assert clock.slept == [7.5]


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, Unavailable)])
async def test_retry_after_that_does_not_fit_is_told_at_once(
    connect: Connect, clock: Clock, status: int, kind: type[ApiError]
) -> None:
    script = Script(httpx2.Response(status, headers={"retry-after": "40"}))
    error = await failure_of(connect(transport=script, deadline=30.0).read(endpoints.LIST_TAGS))
    assert isinstance(error, kind)
    assert "40 seconds" in error.remedy
    assert clock.slept == []


async def test_time_that_has_passed_counts_against_the_wait(connect: Connect, clock: Clock) -> None:
    busy = httpx2.Response(503, headers={"retry-after": "16"})
    script = Script(busy)
    await failure_of(connect(transport=script, deadline=30.0).read(endpoints.LIST_TAGS))
    assert clock.slept == [16.5]


async def test_in_an_outage_retries_stay_under_a_fifth_of_the_calls(connect: Connect) -> None:
    script = Script(httpx2.Response(503))
    client = connect(transport=script)
    for _ in range(100):
        await failure_of(client.read(endpoints.LIST_TAGS))
    assert len(script.requests) == 100 + 23


async def test_how_often_is_up_to_the_policy(connect: Connect) -> None:
    script = Script(httpx2.Response(503))
    await failure_of(connect(transport=script, retry=RetryPolicy(attempts=1)).read(endpoints.LIST_TAGS))
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"", JSON),
        (b"<html>Sign in</html>", {"content-type": "text/html"}),
        (b"OK", {"content-type": "text/plain"}),
        (b'{"id": 1', JSON),
        (b'{"id": 1} trailing', JSON),
        (b'{"id": NaN}', JSON),
        (b'{"id": "\xff"}', JSON),
        (b"[" * 200_000, JSON),
        (b"9" * 5000, JSON),
        (b'{"id": "%s"}' % (b"x" * 2000), JSON),
        (b'{"id": 1}', {**JSON, "content-encoding": "br"}),
    ],
)
async def test_what_cannot_be_read_is_said_and_not_asked_for_again(
    connect: Connect, content: bytes, headers: dict[str, str]
) -> None:
    pieces = [content[start : start + 500] for start in range(0, len(content), 500)]
    script = Script(lambda: httpx2.Response(200, headers=headers, stream=Chunks(*pieces)))
    limit = 10**6 if content.startswith((b"[", b"9")) else 1000
    client = connect(transport=script, max_json_bytes=limit)
    assert isinstance(await failure_of(client.read(endpoints.LIST_TAGS)), UnreadableAnswer)
    assert len(script.requests) == 1


async def test_a_fault_of_the_transports_own_code_is_not_disguised(connect: Connect) -> None:
    script = Script(KeyError("a bug"))
    with pytest.raises(KeyError, match="a bug"):
        await connect(transport=script).read(endpoints.LIST_TAGS)


class Crowd(httpx2.AsyncBaseTransport):
    """Holds every request until it is told to let them go, and counts how many it holds."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self.entered = anyio.Event()
        self.full = anyio.Event()
        self.free = anyio.Event()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.inside += 1
        self.entered.set()
        self.most = max(self.most, self.inside)
        if self.inside == 16:
            self.full.set()
        await self.free.wait()
        self.inside -= 1
        return ok({"path": request.url.path})


async def test_of_256_calls_at_once_sixteen_are_under_way(connect: Connect) -> None:
    crowd = Crowd()
    client = connect(transport=crowd)
    answers: list[object] = []

    async def one() -> None:
        answers.append(await client.read(endpoints.LIST_TAGS))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as calls:
            for _ in range(256):
                calls.start_soon(one)
            await crowd.full.wait()
            await anyio.lowlevel.checkpoint()
            assert crowd.inside == 16
            crowd.free.set()
    assert crowd.most == 16
    assert len(answers) == 256


async def test_waiting_in_our_own_queue_counts_against_the_deadline(connect: Connect) -> None:
    crowd = Crowd()
    client = connect(transport=crowd, max_in_flight=1, deadline=0.02, file_deadline=60.0)
    async with anyio.create_task_group() as calls:
        calls.start_soon(client.download, endpoints.DOWNLOAD_FILE, {**ID, "file_id": "F1"})
        await crowd.entered.wait()
        error = await failure_of(client.read(endpoints.LIST_TAGS))
        assert isinstance(error, Unavailable)
        assert error.what == "Too many calls at once: this one waited 0.02 seconds and was not sent."
        calls.cancel_scope.cancel()
    assert crowd.most == 1


async def test_a_deadline_is_told_in_seconds(connect: Connect) -> None:
    error = await failure_of(connect(transport=Crowd(), deadline=0.02).read(endpoints.LIST_TAGS))
    assert error.what == "Unthread did not answer within 0.02 seconds."


async def test_a_cancelled_call_gives_its_slot_back(connect: Connect) -> None:
    crowd = Crowd()
    client = connect(transport=crowd, max_in_flight=1)
    with anyio.move_on_after(0.01):
        await client.read(endpoints.LIST_TAGS)
    crowd.free.set()
    assert await client.read(endpoints.LIST_TAGS) == {"path": "/api/tags/list"}


async def test_a_retry_does_not_hold_a_slot_while_it_waits(connect: Connect) -> None:
    seen: list[str] = []
    other_done = anyio.Event()

    async def sleep(_: float) -> None:
        await other_done.wait()

    script = Script(httpx2.Response(503), ok("second"), ok("third"))
    client = connect(transport=script, max_in_flight=1, sleep=sleep)

    async def first() -> None:
        await client.read(endpoints.LIST_TAGS)
        seen.append("first")

    async def second() -> None:
        await client.read(endpoints.LIST_TAGS)
        seen.append("second")
        other_done.set()

    with anyio.fail_after(10):
        async with anyio.create_task_group() as calls:
            calls.start_soon(first)
            calls.start_soon(second)
    assert seen == ["second", "first"]


async def test_settings_of_the_environment_that_cannot_be_used_are_said(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "carrier-pigeon://user:password@loft.test")
    error = await failure_of(connect().read(endpoints.LIST_TAGS))
    assert isinstance(error, Unavailable)
    assert "HTTPS_PROXY" in error.remedy
    assert "password" not in str(error)


async def test_a_trust_store_that_is_not_there_is_said(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent/certificates.pem")
    error = await failure_of(connect().read(endpoints.LIST_TAGS))
    assert "SSL_CERT_FILE" in error.remedy
