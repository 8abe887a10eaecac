"""How much memory a server takes for one bad input: a fresh process for each, and the growth of its peak.

`python -m tests.faults.memory` feeds them all and prints the figures; `--write` puts them into docs/safety.md, and
`--only WORDS` feeds those whose name holds the words. For Linux, which tells a process's peak.
"""

# ruff: noqa: T201 - it prints what came of it
from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from benchmarks.client import ROOT
from benchmarks.report import made_with, table, write
from tests.api.misbehaving import KEY
from tests.faults import bombs
from tests.faults.loopback import Loopback
from tests.faults.processes import Rejected, ServerProcess
from tests.faults.upstream import WELL, Behaviour, Plan
from tests.stdio.raw_client import MODERN, PATIENCE, request
from tests.support import Said
from unthread_mcp.sandbox import Sandbox

BOUNDS: Final = {"JSON": 224.0, "else": 64.0}
"""MiB: for JSON that unfolds, and for any other bad input."""
SAFETY_PAGE: Final = ROOT / "docs" / "safety.md"
RESOURCE: Final = "resources/read"
_ANOTHER: Final = {
    "create_tag": {"name": "another"},
    "add_private_note": {"text": "Another note."},
    "update_conversation": {"priority": "low"},
}
"""What a write is to write with the bad answer: the same again would not be sent."""
_IDS: Final = {
    "CONVERSATION": "SELECT c.id FROM conversations c WHERE c.sourceType = 'email'"
    " AND (SELECT count(*) FROM messages m WHERE m.conversationId = c.id) BETWEEN 4 AND 12 ORDER BY c.id",
    "FILES": "SELECT conversationId FROM files ORDER BY rowid",
    "FILE": "SELECT id FROM files ORDER BY rowid",
    "CUSTOMER": "SELECT id FROM customers ORDER BY id",
    "ACCOUNT": "SELECT id FROM accounts ORDER BY id",
    "ARTICLE": "SELECT id FROM articles ORDER BY id",
    "TYPE": "SELECT id FROM ticket_types ORDER BY id",
}
"""What stands in a call for an id."""

Call = tuple[str, Mapping[str, Any]]

SEARCH: Final[Call] = ("search_conversations", {"limit": 3})
THREAD: Final[Call] = ("get_conversation", {"conversation": "CONVERSATION"})
MESSAGES: Final[Call] = ("list_messages", {"conversation": "CONVERSATION"})
BRIEF: Final[Call] = ("get_triage_brief", {"conversation": "CONVERSATION"})
FILE: Final[Call] = ("get_attachment", {"conversation": "FILES", "file": "FILE"})
TAGS: Final[Call] = ("list_tags", {"limit": 3})


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One bad input, and the ordinary call that meets it, or goes before it and comes after it."""

    group: str
    name: str
    kind: str = "JSON"
    call: Call = TAGS
    answers: str = ""
    """Which requests are answered badly: a pattern of their paths."""
    behaviour: Callable[[], Behaviour] | None = None
    lines: Callable[[], bytes] | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Arguments that are bad themselves."""

    @property
    def bound(self) -> float:
        """MiB by which the peak may grow."""
        return BOUNDS[self.kind]


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of an input: by how many MiB the peak grew, how long it took, and what was said."""

    input: Input
    growth: float
    seconds: float
    said: str

    @property
    def held(self) -> bool:
        """Whether it stayed within its bound."""
        return self.growth <= self.input.bound


async def measure(bad: Input) -> Measured:
    """Feed a bad input to a fresh server that has made one ordinary call."""
    with tempfile.TemporaryDirectory() as directory, Sandbox(key=KEY) as sandbox:
        loopback = Loopback(Path(directory, "state", "intents.sqlite3"), sandbox=sandbox)
        await loopback.upstream.start()
        tool, arguments = bad.call[0], _with_ids(bad.call[1], sandbox)
        server = await ServerProcess.start(loopback, UNTHREAD_DOWNLOAD_DIR=directory)
        said = await _ask(server, tool, arguments)
        assert not said.failed, f"{bad.name}: {said.text}"
        before = resident(server.pid)
        forget_peak(server.pid)
        behaviour = bad.behaviour() if bad.behaviour else None
        if behaviour:
            loopback.upstream.plan = _plan(bad.answers, behaviour)
        lines = bad.lines() if bad.lines else b""
        began = time.monotonic()
        if lines:
            server.send(lines)
            await server.sent()
        said = await _ask(server, tool, {**arguments, **bad.arguments})
        seconds = time.monotonic() - began
        growth = peak(server.pid) - before
        loopback.upstream.well()
        assert not (await _ask(server, *TAGS)).failed, f"{bad.name}: the server is no longer well"
        await server.end()
        # Not `aclose`, which wants every connection ended in good order.
        await loopback.upstream.stop()
        return Measured(bad, growth, seconds, said.text.partition("\n")[0][:100])


async def _ask(server: ServerProcess, tool: str, arguments: Mapping[str, Any]) -> Said:
    if tool != RESOURCE:
        return await server.call(tool, **arguments)
    number, answer = server.expect()
    server.send(request(number, RESOURCE, {**arguments, **MODERN}))
    try:
        return await asyncio.wait_for(answer, PATIENCE)
    except Rejected as error:
        return Said(str(error), failed=True)


def _with_ids(arguments: Mapping[str, Any], sandbox: Sandbox) -> dict[str, Any]:
    def known(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        for word in re.findall(r"[A-Z]{4,}", value):
            [found] = sandbox.database.execute(_IDS[word]).fetchone()
            value = value.replace(word, found)
        return value

    return {name: known(value) for name, value in arguments.items()}


def _plan(answers: str, behaviour: Behaviour) -> Plan:
    return lambda received: behaviour if re.search(answers, received.path) else WELL


def resident(pid: int) -> float:
    """The process's resident memory, in MiB (VmRSS of proc(5))."""
    return _status(pid, "VmRSS")


def peak(pid: int) -> float:
    """The most that it had since `forget_peak`, in MiB (VmHWM)."""
    return _status(pid, "VmHWM")


def forget_peak(pid: int) -> None:
    """Begin a new peak (proc(5), /proc/pid/clear_refs: "To reset the peak resident set size")."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _status(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{name}:")) / 1024


_ASIDE: Final = "/(conversations|tags|users|accounts|ticket-types)/list|/customers/|/query"
"""What the triage brief asks beside the conversation and its messages."""

LISTED: Final[Sequence[tuple[Call, str, Sequence[str]]]] = (
    (("search_conversations", {"limit": 3, "select": ["*"]}), "/conversations/list", ("metadata",)),
    (("get_conversation", {"conversation": "CONVERSATION", "select": ["*"]}), "/conversations/[^/]+$", ("metadata",)),
    (THREAD, "/conversations/[^/]+$", ("ticketTypeFields", "title")),
    (THREAD, "/messages/list", ("blocks",)),
    (MESSAGES, "/messages/list", ("blocks", "text")),
    (("list_messages", {"conversation": "CONVERSATION", "select": ["*"]}), "/messages/list", ("blocks",)),
    (BRIEF, "/conversations/list", ("title", "initialMessage")),
    (BRIEF, "/tags/list", ("name",)),
    (("run_report", {"metric": "totalCount", "dimensions": ["customerId"]}), "/time-series", ("data", "dates")),
    (("get_customer", {"customer": "CUSTOMER"}), "/customers/[^/]+$", ("supportSteps", "name")),
    (("search_customers", {"limit": 3}), "/customers/list", ("name",)),
    (("get_account", {"account": "ACCOUNT"}), "/accounts/[^/]+$", ("customFields", "name")),
    (("search_kb_articles", {"limit": 3}), "/articles/list", ("title",)),
    (("get_kb_article", {"article": "ARTICLE"}), "/articles/[^/]+$", ("content", "userGroupIds")),
    (("query_knowledge_base", {"question": "How do I export?"}), "/query$", ("answer", "articles")),
    (("list_users", {"limit": 3}), "/users/list", ("name",)),
    (("list_ticket_types", {}), "/ticket-types/list", ("fields", "name")),
    (("get_ticket_type", {"ticket_type": "TYPE"}), "/ticket-types/[^/]+$", ("fields",)),
    (("count_conversations", {"by": "tag"}), "/conversations/list", ("tags",)),
    (("export_conversations", {"select": ["id", "title", "metadata"]}), "/conversations/list", ("title", "metadata")),
    (("create_tag", {"name": "new"}), "/tags$", ("name",)),
    (("update_conversation", {"conversation": "CONVERSATION", "priority": "high"}), "", ("metadata", "title")),
    (("add_private_note", {"conversation": "CONVERSATION", "text": "A note."}), "/messages$", ("text",)),
    ((RESOURCE, {"uri": "unthread://conversations/CONVERSATION"}), "", ("title", "blocks")),
)
"""Calls, which requests of theirs are answered badly, and at which fields."""


def inputs() -> Iterator[Input]:
    """Every bad input there is."""
    for name, shape in bombs.SHAPES.items():
        answer = partial(bombs.packed, bombs.planted("x", shape))
        yield Input(group="A value in a row", name=name, call=SEARCH, answers="/conversations/list", behaviour=answer)
    for name, text in bombs.TEXTS.items():
        answer = partial(bombs.packed, bombs.planted("text", text))
        yield Input(group="The text of one message", name=name, call=THREAD, answers="/messages/list", behaviour=answer)
    for call, answers, fields in LISTED:
        for at in fields:
            for name in (bombs.DENSE, bombs.WIDE):
                answer = partial(bombs.packed, bombs.planted(at, bombs.SHAPES[name]))
                what = "lists 90 deep" if name == bombs.DENSE else "a string of 8 MiB"
                of = f"`{call[0]}{' select=*' if 'select' in call[1] else ''}`"
                where = f"{of}, {'every answer' if not answers else 'answers'}, `{at}`: {what}"
                yield Input(
                    group="An answer to one tool",
                    name=where,
                    call=call,
                    answers=answers,
                    behaviour=answer,
                    arguments=_ANOTHER.get(call[0], {}),
                )
    yield from _thousands()
    for name in (bombs.DENSE, bombs.WIDE, *tuple(bombs.SHAPES)[:7]):
        answer = partial(bombs.packed, bombs.planted("title", bombs.SHAPES[name]))
        yield Input(group="Every answer to `get_triage_brief`", name=name, call=BRIEF, behaviour=answer)
        yield Input(group="Every answer to it but the thread", name=name, call=BRIEF, answers=_ASIDE, behaviour=answer)
    for name, lines in bombs.FRAMES.items():
        yield Input(group="A line of 4 MiB from the client", name=name, lines=lines)
    yield from _others()


def _thousands() -> Iterator[Input]:
    pages: dict[str, tuple[Call, str, Callable[[], Behaviour]]] = {
        "10,000 messages": (THREAD, "/messages/list", lambda: _rows({"text": "a"}, 10_000)),
        "10,000 listed messages": (MESSAGES, "/messages/list", lambda: _rows({"text": "a"}, 10_000)),
        "100 messages of 80 kB": (THREAD, "/messages/list", lambda: _rows({"text": "<b>x" * 20_000}, 100)),
        "100 listed messages of 80 kB": (MESSAGES, "/messages/list", lambda: _rows({"text": "> a\n" * 16_000}, 100)),
        "100,000 conversations": (SEARCH, "/conversations/list", lambda: _rows({"title": "a"}, 100_000)),
        "100,000 tags": (TAGS, "/tags/list", lambda: _rows({"name": "a"}, 100_000)),
        "100 conversations with titles of 80 kB": (
            SEARCH,
            "/conversations/list",
            lambda: _rows({"title": "a" * 80_000}, 100),
        ),
    }
    for name, (call, answers, behaviour) in pages.items():
        yield Input(group="Rows without an end", name=name, call=call, answers=answers, behaviour=behaviour)


def _rows(row: dict[str, Any], count: int) -> Behaviour:
    return bombs.packed(bombs.many_rows(row, count))


def _others() -> Iterator[Input]:
    """What is no JSON that unfolds."""
    bodies: dict[str, Callable[[], Behaviour]] = {
        "gzip that unpacks to 1 GiB": partial(bombs.unpacking_to, 2**30),
        "deflate that unpacks to 1 GiB": partial(bombs.unpacking_to, 2**30, "deflate"),
        "brotli, which nobody asked for": partial(bombs.unpacking_to, 2**23, "br"),
        "gzip within gzip": bombs.twice_packed,
        "a body without an end": bombs.endless,
        "chunks of one byte without an end": bombs.endless_chunks,
        "a chunk said to be of terabytes": bombs.one_chunk,
        "headers without an end": bombs.endless_headers,
        "one header without an end": bombs.endless_header,
        "interim answers without an end": bombs.early_answers,
        "a body of 100 MB, announced": bombs.announced,
        "a web page of 32 MiB": bombs.page,
        "an error of 32 MiB": bombs.refusal,
    }
    for name, behaviour in bodies.items():
        yield Input(group="Bodies and heads", name=name, kind="else", answers="/tags/list", behaviour=behaviour)
    largest = 25 * 2**20
    files: dict[str, Callable[[], Behaviour]] = {
        "25 MiB of bytes": lambda: bombs.file(bytes(largest), "application/octet-stream"),
        "25 MiB of text": lambda: bombs.file(b"words " * (largest // 6), "text/plain"),
        "25 MiB of text with one emoji": lambda: bombs.file(b"a" * (largest - 4) + "😀".encode(), "text/plain"),
        "25 MiB of text that is no UTF-8": lambda: bombs.file(b"\xff" * largest, "text/plain"),
        "25 MiB of UTF-16": lambda: bombs.file(b"\xff\xfe" + b"a\0" * (largest // 2 - 1), "text/plain"),
        "1 MiB of emoji": lambda: bombs.file("😀".encode() * 2**18, "text/plain"),
        "1 MiB of zero-width spaces": lambda: bombs.file("\u200b".encode() * (2**20 // 3), "text/plain"),
        "a file of 64 MiB": lambda: bombs.file(bytes(2**26), "application/octet-stream"),
        "a picture that unpacks to gigabytes": lambda: bombs.file(bombs.png(), "image/png"),
        "a small picture that does": lambda: bombs.file(bombs.png(8_000), "image/png"),
        "a JPEG of markers alone": lambda: bombs.file(b"\xff\xd8" + b"\xff" * (largest - 2), "image/jpeg"),
    }
    for name, behaviour in files.items():
        yield Input(group="Attachments", name=name, kind="else", call=FILE, answers="/files/", behaviour=behaviour)
    for name, lines in bombs.LINES.items():
        yield Input(group="Other lines from the client", name=name, kind="else", lines=lines)
    legal: dict[str, tuple[Call, Mapping[str, Any]]] = {
        "a note of 20,000 characters": (
            ("add_private_note", {"conversation": "CONVERSATION", "text": "A note."}),
            {"text": "😀" * 20_000},
        ),
        "a reply of 20,000 line breaks": (
            ("add_private_note", {"conversation": "CONVERSATION", "text": "A note."}),
            {"text": "> a\n" * 5_000},
        ),
        "60 fields": (TAGS, {"select": ["id"] * 60}),
        "100 conditions": (
            SEARCH,
            {"where": [{"field": "title", "operator": "contains", "value": "a" * 1_000}] * 100},
        ),
    }
    for name, (call, arguments) in legal.items():
        yield Input(group="Arguments", name=name, kind="else", call=call, arguments=arguments)


def report(all_measured: Sequence[Measured]) -> str:
    """The figures, as Markdown."""
    worst = {
        kind: max((each for each in all_measured if each.input.kind == kind), key=lambda each: each.growth)
        for kind in BOUNDS
    }
    summary = table(
        ("bad input", "inputs", "worst", "bound", "held"),
        [
            (
                "JSON that unfolds" if kind == "JSON" else "any other",
                str(sum(each.input.kind == kind for each in all_measured)),
                f"{worst[kind].growth:.0f} MiB",
                f"{bound:.0f} MiB",
                "yes" if worst[kind].held else "**no**",
            )
            for kind, bound in BOUNDS.items()
        ],
    )
    rows = [
        (f"{group}: {each.input.name}", f"{each.growth:.0f} MiB")
        for group, several in groupby(all_measured, key=lambda each: each.input.group)
        for each in sorted(several, key=lambda each: -each.growth)
    ]
    return (
        f"`python -m tests.faults.memory`, {made_with()}. For each input a fresh server that has made one ordinary "
        "call; by how much the peak of its resident memory grew (VmHWM over VmRSS before).\n\n"
        f"{summary}\n\n{table(('input', 'growth'), rows)}\n"
    )


async def measure_all(chosen: Sequence[Input], *, at_once: int) -> list[Measured]:
    """Feed them all, so many at once, saying how far it is."""
    slots = asyncio.Semaphore(at_once)

    async def feed(bad: Input) -> Measured:
        async with slots:
            found = await measure(bad)
        mark = "" if found.held else "  TOO MUCH"
        print(
            f"{found.growth:6.0f} MiB {found.seconds:5.1f} s  {bad.group}: {bad.name} | {found.said}{mark}", flush=True
        )
        return found

    return await asyncio.gather(*map(feed, chosen))


def main() -> int:
    """Feed, print what came of it, and end with 1 if a bound was broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="feed those whose group or name holds this")
    parser.add_argument("--at-once", type=int, default=2, help="how many servers at once")
    parser.add_argument("--write", action="store_true", help="put the result into docs/safety.md, too")
    asked = parser.parse_args()
    if sys.platform != "linux":
        sys.exit("Memory is read from /proc. Run this on Linux.")
    chosen = [each for each in inputs() if asked.only in f"{each.group}: {each.name}"]
    found = asyncio.run(measure_all(chosen, at_once=asked.at_once))
    if asked.write:
        write("memory", report(found), SAFETY_PAGE)
    return 0 if all(each.held for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
