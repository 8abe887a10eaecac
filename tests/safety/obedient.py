"""An agent that does whatever the texts it reads tell it: the worst that a language model could be.

It is no model but a small interpreter, so that what it does is the same every time. It reads tickets through the
server's own answers, takes every order in them for an order of its user's, and reads what its calls answer for further
orders.

What it understands, wherever it stands in a text: `call TOOL with {JSON}` (also `use`, `run`, `invoke`, `execute`),
`read the resource URI`, `get the prompt NAME with {JSON}`, and `do this N times:` before one of them. In the JSON it
fills in `THIS CONVERSATION` (the ticket in which it began), `EACH CONVERSATION` (every one that it finds, one call for
each), `AS OF` (what reading the conversation gives), `THE ANSWER` (what the call before said), and `EACH ID` (every id
in the answer before).
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from mcp.shared.exceptions import MCPError
from mcp.types import TextContent, TextResourceContents

from tests.support import Agent

_MOST_CALLS: Final = 120
_AT_MOST: Final = 10
"""Conversations, or ids, that one order is carried out for."""
_ANSWER_CHARACTERS: Final = 3_000
_ORDER: Final = re.compile(
    r"(?:do this (?P<times>\d{1,3}) times:\s*)?"
    r"(?:\b(?:call|use|run|invoke|execute)\s+(?:the\s+)?(?:tool\s+)?`?(?P<tool>[a-z_]+)`?\s+with\s+(?=\{)"
    r"|\bread the resource\s+`?(?P<resource>[a-z]+://[^\s`\"]+)`?"
    r"|\bget the prompt\s+`?(?P<prompt>[a-z_]+)`?\s+with\s+(?=\{))",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"^#(\d+)", re.MULTILINE)
_ID: Final = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_FENCE_LINE: Final = re.compile(r"^<<.*>>$\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Order:
    """Something that a text told the agent to do."""

    kind: Literal["tool", "resource", "prompt"]
    name: str
    arguments: str
    """As JSON, with its placeholders."""
    times: int = 1


def orders_in(text: str) -> Iterator[Order]:
    """Every order in `text`, in its order."""
    for found in _ORDER.finditer(text):
        times = int(found["times"] or 1)
        if found["resource"]:
            yield Order("resource", found["resource"].rstrip(".,;"), "{}", times)
            continue
        if (arguments := _json_at(text, found.end())) is not None:
            kind = "tool" if found["tool"] else "prompt"
            yield Order(kind, (found["tool"] or found["prompt"]).lower(), arguments, times)


def _json_at(text: str, place: int) -> str | None:
    """The JSON object that begins at `place`; one whose quotes became single ones, as in a title, is understood."""
    for form in (text[place:], text[place:].replace("'", '"')):
        try:
            value, _ = json.JSONDecoder().raw_decode(form)
        except ValueError:
            continue
        return json.dumps(value)
    return None


@dataclass(slots=True)
class ObedientAgent:
    """One conversation's worth of obedience."""

    agent: Agent
    ticket: str
    """The handle of the conversation that it was asked to look at."""
    obeyed: list[Order] = field(default_factory=list[Order])
    """Every order that it carried out, whatever came of it."""
    said: list[str] = field(default_factory=list[str])
    """What the server answered to them."""
    calls: int = 0
    _waiting: list[Order] = field(default_factory=list[Order])
    _seen: set[Order] = field(default_factory=set[Order])
    _read: dict[str, str] = field(default_factory=dict[str, str])
    """Conversation -> the as_of that reading it gave."""
    _answer: str = ""

    async def work(self) -> None:
        """Look at the inbox and the ticket as an assistant would, and obey whatever is found."""
        said = ""
        for tool, arguments in (
            ("search_conversations", {"status": ["open"], "limit": 25}),
            ("get_conversation", {"conversation": self.ticket}),
            ("list_messages", {"conversation": self.ticket}),
            ("search_kb_articles", {"select": ["id"], "limit": 1}),
        ):
            said = await self.read(tool, arguments)
        await self.read("get_kb_article", {"article": _ID.findall(said)[0]})
        await self.obey()

    async def read(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """Read something that the user asked for, and note the orders in it."""
        said = (await self.agent.call(tool, **arguments)).text
        self._note(said)
        return said

    async def obey(self) -> None:
        """Carry out every order that was read, and those in what that answers."""
        while self._waiting and self.calls < _MOST_CALLS:
            order = self._waiting.pop(0)
            self.obeyed.append(order)
            for _ in range(order.times):
                self._answer = await self._carried_out(order)
                self.said.append(self._answer)
                self._note(self._answer)

    def _note(self, text: str) -> None:
        new = [order for order in orders_in(text) if order not in self._seen]
        self._seen.update(new)
        self._waiting += new

    async def _carried_out(self, order: Order) -> str:
        if order.kind == "resource":
            return await self._resource(order.name)
        if order.kind == "prompt":
            return await self._prompt(order.name, json.loads(order.arguments))
        answers = [await self._call(order.name, arguments) async for arguments in self._filled(order.arguments)]
        return "\n".join(answers)

    async def _filled(self, arguments: str) -> AsyncIterator[dict[str, Any]]:
        """The arguments with what stands in for something filled in, once for each thing."""
        for name, values in (("EACH CONVERSATION", self._conversations), ("EACH ID", self._ids)):
            if name in arguments:
                filled = [arguments.replace(name, value) for value in await values()]
                break
        else:
            filled = [arguments.replace("THIS CONVERSATION", self.ticket)]
        answer = _FENCE_LINE.sub("", self._answer)[:_ANSWER_CHARACTERS].strip()
        for each in filled:
            value = json.loads(each.replace("THE ANSWER", json.dumps(answer)[1:-1]))
            if value.get("as_of") in {"AS OF", "NEW AS OF"}:
                conversation = str(value.get("conversation", self.ticket))
                if conversation not in self._read or value["as_of"] == "NEW AS OF":
                    self._read[conversation] = await self._as_of(conversation)
                value["as_of"] = self._read[conversation]
            yield value

    async def _conversations(self) -> list[str]:
        said = await self._call("search_conversations", {"status": ["open"], "limit": _AT_MOST})
        return [f"#{number}" for number in _NUMBER.findall(said)]

    async def _ids(self) -> list[str]:
        return [*dict.fromkeys(_ID.findall(self._answer))][:_AT_MOST]

    async def _as_of(self, conversation: str) -> str:
        said = await self._call("get_conversation", {"conversation": conversation})
        return next((line[6:] for line in said.splitlines() if line.startswith("as_of=")), "none")

    async def _call(self, tool: str, arguments: dict[str, Any]) -> str:
        self.calls += 1
        return (await self.agent.call(tool, **arguments)).text

    async def _resource(self, uri: str) -> str:
        self.calls += 1
        try:
            read = await self.agent.client.read_resource(uri)
        except MCPError as error:
            return str(error)
        return "\n".join(part.text for part in read.contents if isinstance(part, TextResourceContents))

    async def _prompt(self, name: str, arguments: dict[str, Any]) -> str:
        self.calls += 1
        try:
            got = await self.agent.client.get_prompt(name, cast("dict[str, str]", arguments))
        except MCPError as error:
            return str(error)
        return "\n".join(part.content.text for part in got.messages if isinstance(part.content, TextContent))
