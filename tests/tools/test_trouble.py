"""Upstream trouble: two sentences, never a traceback, never the key, and the server lives on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from tests.support import Desk, Era
from unthread_mcp.api.client import Receipt, UnthreadClient
from unthread_mcp.api.json_types import JsonValue
from unthread_mcp.server import SANDBOX_KEY, SANDBOX_URL, UnthreadServer, build_server
from unthread_mcp.settings import read_settings

pytestmark = pytest.mark.anyio

Trouble = Callable[[httpx2.Request], httpx2.Response]


def answering(status: int, **parts: object) -> Trouble:
    return lambda _: httpx2.Response(status, **parts)  # type: ignore[arg-type]


def raising(error: type[httpx2.TransportError]) -> Trouble:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise error(f"with {SANDBOX_KEY} in it", request=request)

    return fail


JSON = {"content-type": "application/json"}
TROUBLES = {
    "refused": raising(httpx2.ConnectError),
    "timeout": raising(httpx2.ReadTimeout),
    "reset": raising(httpx2.ReadError),
    "401": answering(401, json={"errors": [{"title": "Unauthorized"}]}),
    "403": answering(403, text="no"),
    "404": answering(404, json={"errors": [{"title": "Not found."}]}),
    "400 as not found": answering(400, json={"errors": [{"status": 400, "title": "Conversation not found", "id": 7}]}),
    "422": answering(422, json={"errors": [{"title": "Wrong"}]}),
    "429": answering(429, headers={"retry-after": "3600"}),
    "500": answering(500, text="<html>oops</html>"),
    "501": answering(501),
    "503": answering(503, headers={"retry-after": "3600"}),
    "redirect": answering(302, headers={"location": "https://elsewhere.example/"}),
    "html": answering(200, html="<html>a login page</html>"),
    "broken json": answering(200, content=b'{"data": [', headers=JSON),
    "not utf-8": answering(200, content=b'{"data": "\xff"}', headers=JSON),
    "deep": answering(200, content=b"[" * 200_000 + b"]" * 200_000, headers=JSON),
    "huge": answering(200, content=b'"' + b"x" * 9_000_000 + b'"', headers=JSON),
    "huge number": answering(200, content=b'{"data": ' + b"9" * 10_000 + b"}", headers=JSON),
    "nothing": answering(200, headers=JSON),
    "another shape": answering(200, json=[1, 2]),
    "a scalar": answering(200, json="surprise"),
}


def impatient() -> Desk:
    """A desk whose client doesn't wait between retries; the client's own tests look at the waiting."""
    desk = Desk()
    client = UnthreadClient(base_url=SANDBOX_URL, key=SANDBOX_KEY, transport=desk.wire, sleep=_at_once)
    desk.server = UnthreadServer(replace(desk.server.workspace, client=client))
    return desk


async def _at_once(_: float) -> None:
    return None


@pytest.mark.parametrize("name", TROUBLES)
async def test_trouble_with_a_read_is_told_in_two_sentences(era: Era, name: str) -> None:
    desk = impatient()
    async with desk.agent(era) as agent:
        number = desk.find("c.sourceType = 'email'")
        await agent.call("get_conversation", conversation=number)
        desk.wire.before = TROUBLES[name]
        said = await agent.call("get_conversation", conversation=number)
        desk.wire.before = lambda _: None
        alive = await agent.call("get_conversation", conversation=number)
    assert said.failed
    assert said.text.count("\n") == 0
    assert 40 < len(said.text) < 500
    assert said.text.rstrip().endswith((".", "?"))
    assert SANDBOX_KEY not in said.text
    assert "Traceback" not in said.text
    assert "inside this server" not in said.text, "it is trouble of Unthread's, not a bug of ours"
    assert not alive.failed
    desk.sandbox.close()


@pytest.mark.parametrize("name", TROUBLES)
async def test_trouble_with_a_write_is_refused_or_unknown_and_never_doubled(name: str) -> None:
    desk = impatient()
    trouble = TROUBLES[name]

    def on_messages(request: httpx2.Request) -> httpx2.Response | None:
        return trouble(request) if request.url.path.endswith("/messages") else None

    async with desk.agent() as agent:
        number = desk.find("c.sourceType = 'email' AND c.status = 'open'")
        as_of = await agent.as_of(number)
        desk.wire.before = on_messages
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text="We are on it.")
        tries = len([each for each in desk.wire.writes if each.path.endswith("/messages")])
        desk.wire.before = lambda _: None
        again = await agent.call("send_reply", conversation=number, as_of=as_of, text="We are on it.")
    outcome = said.text.partition(":")[0]
    assert outcome in {"refused", "unknown", "done"}
    assert SANDBOX_KEY not in said.text
    if outcome == "unknown":
        assert tries <= 1
        assert again.text.startswith("unknown: ")
        assert desk.sandbox.delivered() == []
    desk.sandbox.close()


async def test_starting_needs_neither_network_nor_key_and_the_first_call_says_what_is_missing(era: Era) -> None:
    server = build_server(read_settings({}))
    desk = Desk()
    async with desk.agent(era, server=server) as agent:
        listed = (await agent.client.list_tools()).tools
        said = await agent.call("list_tags")
    assert listed
    assert said.failed
    assert "UNTHREAD_API_KEY" in said
    desk.sandbox.close()


async def test_a_placeholder_for_a_key_is_named(era: Era) -> None:
    server = build_server(read_settings({"UNTHREAD_API_KEY": "${user_config.api_key}"}))
    desk = Desk()
    async with desk.agent(era, server=server) as agent:
        said = await agent.call("list_tags")
    assert "${user_config.api_key}" in said
    desk.sandbox.close()


class Broken(UnthreadClient):
    """A client with a bug in its reading."""

    async def read(self, *_: object, **__: object) -> JsonValue:
        raise RuntimeError("a secret detail")


async def test_a_bug_of_ours_stays_in_the_log(desk: Desk, era: Era, caplog: pytest.LogCaptureFixture) -> None:
    client = Broken(base_url=SANDBOX_URL, key=SANDBOX_KEY)
    server = UnthreadServer(replace(desk.server.workspace, client=client))
    async with desk.agent(era, server=server) as agent:
        read = await agent.call("list_tags")
        wrote = await agent.call("update_conversation", conversation="0476bfd0", assignee="x")
    assert read.text.startswith("Something went wrong inside this server.")
    assert wrote.text.startswith("refused: Something went wrong inside this server."), "no write had begun"
    assert "a secret detail" not in read.text + wrote.text
    assert "a secret detail" in caplog.text


class HalfBroken(UnthreadClient):
    """A client with a bug behind its writing."""

    async def write(self, *arguments: Any, **named: Any) -> Receipt:
        await super().write(*arguments, **named)
        raise RuntimeError("a secret detail")


async def test_a_bug_after_a_write_began_leaves_its_outcome_unknown(desk: Desk, era: Era) -> None:
    client = HalfBroken(base_url=SANDBOX_URL, key=SANDBOX_KEY, transport=desk.wire)
    server = UnthreadServer(replace(desk.server.workspace, client=client))
    async with desk.agent(era, server=server) as agent:
        said = await agent.call("update_conversation", conversation=desk.find("c.status = 'open'"), priority="low")
    assert said.text.startswith("unknown: Something went wrong inside this server")


@pytest.mark.parametrize("answers", ["text", "both"])
@pytest.mark.parametrize(
    "odd",
    [
        b'{"id": "x", "friendlyId": "' + b"9" * 5_000 + b'"}',
        b'{"id": "x", "friendlyId": ' + b"9" * 4_000 + b"}",
        b'{"id": "x", "friendlyId": 1097, "tags": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"id": "x", "friendlyId": 1097, "tags": ' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"id": "x", "friendlyId": 1097, "status": {"a": 1}, "priority": {"a": 1}}',
    ],
    ids=["digits", "large", "deep", "less deep", "types"],
)
async def test_no_odd_receipt_turns_a_done_write_into_an_error(desk: Desk, era: Era, answers: str, odd: bytes) -> None:
    def strange(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        return httpx2.Response(200, content=odd, headers=JSON) if request.method == "PATCH" else answer

    async with desk.agent(era, server=desk.new_server(UNTHREAD_ANSWERS=answers)) as agent:
        number = desk.find("c.status = 'open'")
        desk.wire.after = strange
        said = await agent.call("update_conversation", conversation=number, priority="low", status="on_hold")
        desk.wire.after = lambda _, answer: answer
        alive = await agent.call("get_conversation", conversation=number)
    assert not said.failed, said.text
    assert said.text.startswith("done: ")
    assert not alive.failed
