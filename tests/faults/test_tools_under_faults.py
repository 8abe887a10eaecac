"""Each kind of tool that writes, under every fault: its first word against the ledger, and the same call again."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.loopback import outcome_of
from tests.faults.mix import MIX
from tests.faults.upstream import WELL, Behaviour, Received, for_endpoints
from unthread_mcp.api import endpoints
from unthread_mcp.api.endpoints import Endpoint
from unthread_mcp.api.json_types import JsonObject, JsonValue

if TYPE_CHECKING:
    from tests.faults.loopback import Loopback
    from unthread_mcp.sandbox import Sandbox

pytestmark = [
    pytest.mark.anyio,
    # Of a connection that arrives while the upstream goes away, asyncio (from 3.12) leaves the socket to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@dataclass(frozen=True)
class Tool:
    """A call of a tool that nobody has made before, the request that does it, and how the workspace shows it."""

    name: str
    endpoint: Endpoint
    arguments: Callable[[Sandbox, int], dict[str, Any]]
    there: str
    """SQL that counts how often it was done; `?` is the number of the call."""
    once: bool = False
    """Whether the same call again must do nothing."""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the server is told beside the rest."""
    kind: str = ""
    """What tells it from another call of the same tool."""


def conversation(sandbox: Sandbox, number: int) -> str:
    sql = "SELECT id FROM conversations WHERE sourceType = 'email' AND status <> 'closed' ORDER BY friendlyId"
    rows = sandbox.database.execute(sql).fetchall()
    return rows[number % len(rows)][0]


def thread(sandbox: Sandbox, number: int) -> dict[str, Any]:
    identity = conversation(sandbox, number)
    [as_of] = sandbox.database.execute("SELECT max(ts) FROM messages WHERE conversationId = ?", [identity]).fetchone()
    return {"conversation": identity, "as_of": as_of, "text": f"We have found cause {number} and are working on it."}


def unused_tag(sandbox: Sandbox, number: int) -> str:
    identity = f"{TAG}{number:04}"
    sandbox.database.execute("INSERT INTO tags (id, name) VALUES (?, ?)", [identity, f"Just made {number}"])
    return identity


def group(sandbox: Sandbox, number: int) -> str:
    sandbox.database.execute("INSERT INTO user_groups (id, name) VALUES (?, ?)", [f"group-{number}", f"G {number}"])
    return f"group-{number}"


TAG = "7a90c0de-0000-4000-8000-00000000"
MESSAGES = "messages WHERE text = 'We have found cause ' || ? || ' and are working on it.'"
TOOLS = [
    Tool("send_reply", endpoints.CREATE_MESSAGE, thread, MESSAGES, once=True),
    Tool("add_private_note", endpoints.CREATE_MESSAGE, thread, MESSAGES, once=True),
    Tool(
        "send_reply",
        endpoints.CREATE_MESSAGE,
        lambda sandbox, number: {**thread(sandbox, number), "attachments": ["mix.py"]},
        f"{MESSAGES} AND files IS NOT NULL",
        once=True,
        settings={"UNTHREAD_UPLOAD_DIR": str(Path(__file__).parent)},
        kind="with a file",
    ),
    Tool(
        "create_conversation",
        endpoints.CREATE_CONVERSATION,
        lambda _, number: {"type": "triage", "triage_channel_id": "C0DUTYDESK", "text": f"Just begun {number}"},
        "messages WHERE text = 'Just begun ' || ?",
        once=True,
    ),
    Tool(
        "create_outbound",
        endpoints.CREATE_OUTBOUND,
        lambda _, number: {
            "subject": f"News {number}",
            "text": f"Just announced {number}",
            "send_as": "Hannah Okafor",
            "customers": ["Vela Biotech"],
            "send": True,
        },
        "delivered WHERE text = 'Just announced ' || ?",
        once=True,
    ),
    Tool(
        "create_kb_article",
        endpoints.CREATE_ARTICLE,
        lambda _, number: {"title": f"Just written {number}", "content": "How it is done."},
        "articles WHERE title = 'Just written ' || ?",
        once=True,
    ),
    Tool(
        "update_conversation",
        endpoints.UPDATE_CONVERSATION,
        lambda sandbox, number: {"conversation": conversation(sandbox, number), "title": f"Just named {number}"},
        "conversations WHERE title = 'Just named ' || ?",
    ),
    Tool(
        "tag_conversations",
        endpoints.TAG_CONVERSATIONS,
        lambda sandbox, number: {
            "conversations": [conversation(sandbox, number)],
            "add": [unused_tag(sandbox, number)],
        },
        f"conversation_tags WHERE tagId = printf('{TAG}%04d', ?)",
    ),
    Tool(
        "update_conversations",
        endpoints.TAG_CONVERSATIONS,
        lambda sandbox, number: {
            "conversations": [conversation(sandbox, number)],
            "add_tags": [unused_tag(sandbox, number)],
        },
        f"conversation_tags WHERE tagId = printf('{TAG}%04d', ?)",
    ),
    Tool(
        "add_follower",
        endpoints.ADD_FOLLOWER,
        lambda sandbox, number: {"conversation": conversation(sandbox, number), "group": group(sandbox, number)},
        "followers WHERE entityId = 'group-' || ?",
    ),
    Tool(
        "delete_tag",
        endpoints.DELETE_TAG,
        lambda sandbox, number: {"tag": unused_tag(sandbox, number)},
        f"(SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM tags WHERE id = printf('{TAG}%04d', ?)))",
    ),
]
EACH_TOOL = pytest.mark.parametrize("tool", TOOLS, ids=[f"{tool.name} {tool.kind}".strip() for tool in TOOLS])

FAULTS = {fault.name: fault.does for fault in MIX} | {
    "it happens later": Behaviour(effect="later", cut=0, then="reset"),
    "cut within the head": Behaviour(cut=9, then="reset"),
    "redirect": Behaviour(effect="never", status=307, headers=("Location: http://127.0.0.1:9/",)),
    "409, it happened": Behaviour(status=409),
    "408": Behaviour(effect="never", status=408),
    "too large a success": Behaviour(body=b'"' + bytes(9 * 2**20).replace(b"\0", b"x") + b'"'),
    "a bomb": Behaviour(body=gzip.compress(bytes(2**26)), headers=("Content-Encoding: gzip",)),
    "no HTTP": Behaviour(raw=b"SSH-2.0-OpenSSH_9.6\r\n", then="close"),
    "word in between": Behaviour(raw=b"HTTP/1.1 103 Early\r\n\r\n" * 3, then="close"),
}


def there(loopback: Loopback, tool: Tool, number: int) -> int:
    return loopback.sandbox.database.execute(f"SELECT count(*) FROM {tool.there}", [number]).fetchone()[0]


@EACH_TOOL
async def test_what_a_tool_says_of_a_write_is_so_and_the_same_call_again_does_it_once_at_most(
    loopback: Loopback, tool: Tool
) -> None:
    upstream = loopback.upstream
    patient, hasty = (
        loopback.new_server(client=each, UNTHREAD_TOOLSETS=tool.name, **tool.settings)
        for each in (None, {"deadline": 1, "file_deadline": 1})
    )
    for number, (fault, does) in enumerate(FAULTS.items()):
        loopback.clock.forward(minutes=1)
        arguments = tool.arguments(loopback.sandbox, number)
        upstream.ledger.clear()
        upstream.plan = for_endpoints(tool.endpoint, does=[does] * (3 if fault == "429" else 1))
        said = await loopback.call(hasty if does.then == "hang" else patient, tool.name, **arguments)
        outcome, sent = outcome_of(said), len(upstream.ledger.sent_to(tool.endpoint))
        assert outcome in {"done", "refused", "unknown"}, (fault, said.text)
        assert "inside this server" not in said.text, (fault, said.text)
        assert 1 <= sent <= (3 if fault == "429" else 1), (fault, said.text)
        assert outcome != "unknown" or re.search("Do(?:n't| not) (?:call|create|send) ", said.text), (fault, said.text)
        if outcome != "unknown":
            assert there(loopback, tool, number) == int(outcome == "done"), (fault, said.text)
        upstream.well()
        await upstream.be_there()
        await upstream.settle()
        upstream.reveal()
        was_there = there(loopback, tool, number)
        again = await loopback.call(hasty, tool.name, **arguments)
        assert "inside this server" not in again.text, (fault, again.text)
        assert there(loopback, tool, number) <= 1, (fault, again.text)
        if tool.once and (was_there or outcome == "unknown"):
            assert len(upstream.ledger.sent_to(tool.endpoint)) == sent, (fault, again.text)
            assert outcome_of(again) in {"already_done", "unknown"}, (fault, again.text)


@EACH_TOOL
async def test_a_cancelled_call_ends_what_is_on_the_wire_and_remembers_it(loopback: Loopback, tool: Tool) -> None:
    upstream = loopback.upstream
    server = loopback.new_server(UNTHREAD_TOOLSETS=tool.name, **tool.settings)
    arguments = tool.arguments(loopback.sandbox, 1)
    arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def plan(received: Received) -> Behaviour:
        if received.endpoint == tool.endpoint and not arrived.done():
            arrived.set_result(None)
        return Behaviour(works=0.05) if received.endpoint == tool.endpoint else WELL

    upstream.plan = plan
    call = asyncio.create_task(loopback.call(server, tool.name, **arguments))
    await asyncio.wait([call, arrived], return_when=asyncio.FIRST_COMPLETED)
    call.cancel()
    await asyncio.wait([call])
    assert call.cancelled(), call.result().text
    assert there(loopback, tool, 1) == 1, "it has come to its end by now"
    again = await loopback.call(server, tool.name, **arguments)
    if tool.once:
        assert outcome_of(again) == "already_done", again.text
        assert len(upstream.ledger.sent_to(tool.endpoint)) == 1


def _mangled(change: Callable[[JsonObject], JsonObject]) -> Callable[[bytes], bytes]:
    """Every object of an answer changed, in its lists, too."""

    def changed(value: JsonValue) -> JsonValue:
        if isinstance(value, list):
            return [changed(each) for each in value]
        return change({name: changed(each) for name, each in value.items()}) if isinstance(value, dict) else value

    return lambda body: json.dumps(changed(json.loads(body))).encode()


def nested(each: JsonObject) -> JsonObject:
    return {name: [value] if isinstance(value, dict) else value for name, value in each.items()}


SHAPES: dict[str, Callable[[JsonObject], JsonObject]] = {
    "numbers for words": lambda each: {k: 7 if isinstance(v, str) else v for k, v in each.items()},
    "words for numbers": lambda each: {k: "seven" if isinstance(v, int) else v for k, v in each.items()},
    "lists for objects": nested,
    "nothing for words": lambda each: {k: None if isinstance(v, str) else v for k, v in each.items()},
    "half the fields": lambda each: {k: each[k] for k in sorted(each)[::2]},
    "the other half": lambda each: {k: each[k] for k in sorted(each)[1::2]},
    "more fields": lambda each: {**each, "new": {"a": [1, {"b": None}]}, "isNew": "yes"},
    "nothing at all": lambda _: {},
}


@EACH_TOOL
async def test_no_shape_of_any_answer_makes_a_tool_say_what_is_not_so(loopback: Loopback, tool: Tool) -> None:
    upstream = loopback.upstream
    client = loopback.client()
    for number, (shape, change) in enumerate(SHAPES.items()):
        arguments = tool.arguments(loopback.sandbox, number)
        mangled = Behaviour(body=_mangled(change))
        upstream.ledger.clear()
        upstream.plan = lambda received, does=mangled: does if received.method != "DELETE" else WELL
        # A server of its own for each: what one has understood, another need not.
        server = loopback.new_server(client=client, UNTHREAD_TOOLSETS=tool.name, **tool.settings)
        said = await loopback.call(server, tool.name, **arguments)
        done = outcome_of(said) == "done"
        assert outcome_of(said) in {"done", "already_done", "refused", "unknown"}, (shape, said.text)
        assert "inside this server" not in said.text, (shape, said.text)
        assert len(upstream.ledger.sent_to(tool.endpoint)) == there(loopback, tool, number) == int(done), (
            shape,
            said.text,
        )
