"""Each kind of tool that writes, under every fault: its first word against the ledger, and the same call again."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.loopback import outcome_of
from tests.faults.mix import MIX
from tests.faults.upstream import WELL, Behaviour, for_endpoints
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


def conversation(sandbox: Sandbox, number: int) -> str:
    sql = "SELECT id FROM conversations WHERE sourceType = 'email' AND status <> 'closed' ORDER BY friendlyId"
    rows = sandbox.database.execute(sql).fetchall()
    return rows[number % len(rows)][0]


def thread(sandbox: Sandbox, number: int) -> dict[str, Any]:
    identity = conversation(sandbox, number)
    [as_of] = sandbox.database.execute("SELECT max(ts) FROM messages WHERE conversationId = ?", [identity]).fetchone()
    return {"conversation": identity, "as_of": as_of, "text": f"We have found cause {number} and are working on it."}


def unused_tag(sandbox: Sandbox, number: int) -> str:
    sandbox.database.execute("INSERT INTO tags (id, name) VALUES (?, ?)", [f"tag-{number}", f"Just made {number}"])
    return f"tag-{number}"


MESSAGES = "messages WHERE text = 'We have found cause ' || ? || ' and are working on it.'"
TOOLS = [
    Tool("send_reply", endpoints.CREATE_MESSAGE, thread, MESSAGES, once=True),
    Tool("add_private_note", endpoints.CREATE_MESSAGE, thread, MESSAGES, once=True),
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
        "conversation_tags WHERE tagId = 'tag-' || ?",
    ),
    Tool(
        "delete_tag",
        endpoints.DELETE_TAG,
        lambda sandbox, number: {"tag": unused_tag(sandbox, number)},
        "(SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM tags WHERE id = 'tag-' || ?))",
    ),
]
EACH_TOOL = pytest.mark.parametrize("tool", TOOLS, ids=[tool.name for tool in TOOLS])

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
    patient, hasty = (loopback.new_server(client=each, UNTHREAD_TOOLSETS=tool.name) for each in (None, {"deadline": 1}))
    for number, (fault, does) in enumerate(FAULTS.items()):
        loopback.clock.forward(minutes=1)
        arguments = tool.arguments(loopback.sandbox, number)
        upstream.ledger.clear()
        upstream.plan = for_endpoints(tool.endpoint, does=[does] * (3 if fault == "429" else 1))
        said = await loopback.call(hasty if does.then == "hang" else patient, tool.name, **arguments)
        outcome, sent = outcome_of(said), len(upstream.ledger.sent_to(tool.endpoint))
        assert outcome in {"done", "refused", "unknown"}, (fault, said.text)
        assert "inside this server" not in said.text, (fault, said.text)
        assert sent <= (3 if fault == "429" else 1), (fault, said.text)
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
        server = loopback.new_server(client=client, UNTHREAD_TOOLSETS=tool.name)
        said = await loopback.call(server, tool.name, **arguments)
        done = outcome_of(said) == "done"
        assert outcome_of(said) in {"done", "already_done", "refused", "unknown"}, (shape, said.text)
        assert "inside this server" not in said.text, (shape, said.text)
        assert len(upstream.ledger.sent_to(tool.endpoint)) == there(loopback, tool, number) == int(done), (
            shape,
            said.text,
        )
