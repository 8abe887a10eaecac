"""What an hour of work asks of a server: calls of every tool, resources, cancelled calls, nonsense; drawn by chance."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any, Final, Self

from tests.stdio.raw_client import MODERN, call, request
from tests.support import Desk
from tests.tools.examples import EVERYTHING, article_id, example, file_id
from unthread_mcp.sandbox import Sandbox
from unthread_mcp.stdio.framing import MAX_LINE_BYTES
from unthread_mcp.tools import TOOLS

SHARES: Final = {
    "read": 50,
    "long thread or large answer": 10,
    "resource, prompt, list or completion": 8,
    "reply, note or article": 5,
    "other write": 9,
    "wrong arguments": 8,
    "cancelled": 6,
    "broken frame": 3.5,
    "frame of more than 4 MiB": 0.5,
}
"""Of a hundred requests, how many are of this kind."""

_LONGEST_WAIT: Final = 0.1
"""Seconds after which a call is cancelled at the latest."""
_LANDMARKS: Final = (
    "longest-thread",
    "long-chat",
    "longest-message",
    "many-files",
    "html-mail",
    "quoted-mail",
    "arabic",
)
_BROKEN: Final = (
    b"nonsense\n",
    b"{\n",
    b'{"jsonrpc":"2.0","method":"\\ud83d"}\n',
    b'[{"jsonrpc":"2.0","id":7,"method":"ping"}]\n',
    b"\xff\xfe\x00{}\n",
)
_QUESTIONS: Final = (
    "SSO",
    "invoice",
    "export is slow",
    "Ça va — 你好 🙂",
    "webhook",
    "no such words anywhere",
    "API key",
)
_METRICS: Final = ("totalCount", "conversationsResolved", "responseTimeMean", "resolutionTimeMean", "no such metric")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its kind, its line once it has an id, and what is expected of it."""

    kind: str
    line: Callable[[int], bytes]
    is_nameless: bool = False
    """Whether the answer can't tell the id."""
    cancel_after: float | None = None
    """Seconds."""
    text: str = ""
    """Of what shall be there once at most; empty for anything else."""


def _tool(kind: str, name: str, arguments: dict[str, Any], **more: Any) -> Asked:
    return Asked(kind, lambda number: call(number, name, arguments), **more)


class Work:
    """Requests by chance."""

    def __init__(self, sandbox: Sandbox, random: Random, desk: Desk, examples: dict[str, dict[str, Any]]) -> None:
        self._sandbox = sandbox
        self._random = random
        self._examples = examples
        self._numbers = count(1)
        self._desk = desk
        effects = {tool.name: tool.effect for tool in TOOLS}
        self._reads = [name for name in examples if effects[name] == "reads"]
        # These two are what `_message` makes, with texts of their own.
        self._writes = [
            name for name in examples if effects[name] != "reads" and name not in {"send_reply", "add_private_note"}
        ]
        self._conversations = self._rows("SELECT id FROM conversations ORDER BY id")
        self._threads = self._rows(
            "SELECT c.id FROM conversations c WHERE c.sourceType IN ('email', 'slack')"
            " AND (SELECT count(*) FROM messages m WHERE m.conversationId = c.id) BETWEEN 1 AND 30"
        )

    @classmethod
    async def at(cls, sandbox: Sandbox, random: Random) -> Self:
        """The work there is in a workspace. The examples are made at a desk on a copy of it."""
        copy = Sandbox(seeded=False)
        sandbox.database.backup(copy.database)
        desk = Desk(EVERYTHING, sandbox=copy)
        async with desk.agent() as agent:
            return cls(sandbox, random, desk, {tool.name: await example(tool.name, desk, agent) for tool in TOOLS})

    def draw(self) -> Asked:
        """The next request."""
        [kind] = self._random.choices([*SHARES], [*SHARES.values()])
        return self.of(kind)

    def of(self, kind: str) -> Asked:
        """A request of that kind."""
        match kind:
            case "read":
                return self._read(kind)
            case "long thread or large answer":
                return self._large(kind)
            case "resource, prompt, list or completion":
                return Asked(kind, self._other_request())
            case "reply, note or article":
                return self._message(kind)
            case "other write":
                return self._write(kind)
            case "wrong arguments":
                return self._wrong(kind)
            case "cancelled":
                wait = self._random.uniform(0, _LONGEST_WAIT)
                return self._message(kind, wait) if self._random.random() < 0.3 else self._read(kind, wait)
            case "broken frame":
                line = self._random.choice(_BROKEN)
                return Asked(kind, lambda _: line, is_nameless=True)
            case _:
                text = "x" * MAX_LINE_BYTES
                return Asked(kind, lambda number: call(number, "search_conversations", {"text": text}))

    def _read(self, kind: str, cancel_after: float | None = None) -> Asked:
        name = self._random.choice(self._reads)
        arguments = dict(self._examples[name])
        if "conversation" in arguments and name != "get_attachment":
            arguments["conversation"] = self._random.choice(self._conversations)
        for asked in ("query", "question", "text"):
            if asked in arguments:
                arguments[asked] = self._random.choice(_QUESTIONS)
        if name == "search_conversations" and self._random.random() < 0.7:
            arguments = {"text": self._random.choice(_QUESTIONS), "limit": self._random.choice([1, 10, 50])}
        if name == "run_report":
            arguments["metric"] = self._random.choice(_METRICS)
        return _tool(kind, name, arguments, cancel_after=cancel_after)

    def _large(self, kind: str) -> Asked:
        conversation = self._desk.number(self._random.choice(_LANDMARKS))
        name, arguments = self._random.choice([
            ("get_conversation", {"conversation": conversation, "max_tokens": 20_000}),
            ("get_conversation", {"conversation": conversation}),
            ("list_messages", {"conversation": conversation, "limit": 100, "select": ["*"]}),
            ("get_triage_brief", {"conversation": conversation}),
            ("search_conversations", {"limit": 100, "select": ["*"]}),
            ("export_conversations", {"format": "json"}),
            ("get_attachment", self._examples["get_attachment"]),
        ])  # fmt: skip
        return _tool(kind, name, arguments)

    def _other_request(self) -> Callable[[int], bytes]:
        number, many_files = (
            self._desk.number("longest-thread").lstrip("#"),
            self._desk.number("many-files").lstrip("#"),
        )
        resources = (
            "conversations",
            f"conversations/{number}",
            f"conversations/{number}/messages",
            f"conversations/{many_files}/files/{file_id(self._desk)}",
            "customers/Norrvik%20Energi",
            f"knowledge-base/articles/{article_id(self._desk)}",
            "fields/conversation",
            "nothing",
        )
        uri = f"unthread://{self._random.choice(resources)}"
        template = {"type": "ref/resource", "uri": "unthread://customers/{id}"}
        requests: list[tuple[str, dict[str, Any]]] = [
            *[("resources/read", {"uri": uri})] * 5,
            ("resources/list", {}),
            ("resources/templates/list", {}),
            ("prompts/list", {}),
            ("prompts/get", {"name": "triage_inbox"}),
            ("completion/complete", {"ref": template, "argument": {"name": "id", "value": "No"}}),
            ("tools/list", {}),
            ("server/discover", {}),
        ]
        method, params = self._random.choice(requests)
        return lambda request_id: request(request_id, method, {**params, **MODERN})

    def _message(self, kind: str, cancel_after: float | None = None) -> Asked:
        """A reply, a note or an article whose text nobody has written before."""
        text = f"We have found cause {next(self._numbers)} and are working on it."
        if self._random.random() < 0.1:
            return _tool(
                kind,
                "create_kb_article",
                {"title": text, "content": "How it is done."},
                text=text,
                cancel_after=cancel_after,
            )
        thread = self._random.choice(self._threads)
        [as_of] = self._rows("SELECT max(ts) FROM messages WHERE conversationId = ?", thread)
        name = "send_reply" if self._random.random() < 0.7 else "add_private_note"
        arguments = {"conversation": thread, "as_of": as_of, "text": text}
        return _tool(kind, name, arguments, text=text, cancel_after=cancel_after)

    def _write(self, kind: str) -> Asked:
        """A call of any other tool that writes, with new names for what it makes."""
        name = self._random.choice(self._writes)
        arguments = dict(self._examples[name])
        for named in ("name", "title", "subject"):
            if named in arguments:
                arguments[named] += f" {next(self._numbers)}"
        if "url" in arguments:
            arguments["url"] += f"/{next(self._numbers)}"
        if "conversation" in arguments:
            arguments["conversation"] = self._random.choice(self._threads)
        return _tool(kind, name, arguments)

    def _wrong(self, kind: str) -> Asked:
        name = self._random.choice([*self._examples])
        right = self._examples[name]
        arguments: dict[str, Any] = self._random.choice([
            {**right, "surprise": True},
            {name: {"a": 1} for name in right} or {"limit": "many"},
            {**right, "conversation": "no such thing", "limit": -1},
            {**right, "x" * 300: json.dumps(right) * 20},
        ])  # fmt: skip
        return _tool(kind, self._random.choice([name, name, name, name[:-2]]), arguments)

    def _rows(self, sql: str, *values: object) -> list[Any]:
        return [row[0] for row in self._sandbox.database.execute(sql, values).fetchall()]
