"""Counting and exporting conversations by the thousand."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Annotated, Any, Final, Literal, TypeAlias

import anyio.to_thread
from pydantic import BeforeValidator, Field

from unthread_mcp.access import reads
from unthread_mcp.answers import as_page, text_of
from unthread_mcp.api.endpoints import LIST_CONVERSATIONS
from unthread_mcp.api.errors import NotPermitted
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.arguments import PRIORITY_NUMBERS, CustomerRef, Name, Priority, Select, Status, UserRef, When, Where
from unthread_mcp.attachments import new_download
from unthread_mcp.concurrency import together
from unthread_mcp.conversation_filters import ConversationFilters, resolved
from unthread_mcp.fields import CONVERSATION, pick, trim
from unthread_mcp.progress import Progress
from unthread_mcp.render import NAME_LENGTH, SEPARATOR, Answer, compose, without_nulls
from unthread_mcp.sizes import write_size
from unthread_mcp.sweep import sweep
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace


def _column(value: Any) -> Any:
    """What reports and fields call the channel."""
    return "channel" if value in ("source", "sourceType") else value


Column = Annotated[
    Literal["status", "priority", "customer", "assignee", "tag", "ticket_type", "channel"], BeforeValidator(_column)
]
Format = Literal["csv", "jsonl"]
CreatedAfter = Annotated[When, Field(description="Date, date-time, or 24h, 7d, 4w ago")]

_ROWS_SHOWN: Final = 30
_PIECE: Final = 2**20
_FIELDS: Final[dict[str, str]] = {
    "customer": "customer.name",
    "assignee": "assignedToUser.name",
    "tag": "tags.name",
    "ticket_type": "ticketType.name",
    "channel": "sourceType",
}
_IDS: Final[dict[str, str]] = {
    "customer": "customerId",
    "assignee": "assignedToUserId",
    "tag": "tags.id",
    "ticket_type": "ticketTypeId",
}
_Value: TypeAlias = tuple[str, str]
"""What conversations are counted under: an id, empty for what has none, and a name; several may go by one."""
_NONE: Final[_Value] = ("", "-")
_STATUSES: Final = ("open", "in_progress", "on_hold", "closed")
_EXPORTED: Final = ("id", *CONVERSATION.brief, "createdAt", "closedAt", "responseTime", "resolutionTime")
_FORMULA: Final = re.compile("(?:^|(?<=[;\t\r\n])) *(?=[=+@\uff1d\uff0b\uff0d\uff20-])")
"""Where a spreadsheet takes what follows for a formula (OWASP, "CSV Injection"): at the beginning of a cell, and where
one begins that takes semicolons or tabs for what parts cells, as many do by their language, quotes or not."""


@reads("Count conversations", shown=False)
async def count_conversations(
    workspace: Workspace,
    progress: Progress,
    by: Annotated[Column | None, Field(description="Split by; only the total if left out")] = None,
    status: list[Status] | None = None,
    customer: CustomerRef | None = None,
    assignee: Annotated[UserRef | None, Field(description="Name, e-mail, id or unassigned")] = None,
    tag: Name | None = None,
    ticket_type: Name | None = None,
    priority: Priority | None = None,
    created_after: CreatedAfter | None = None,
    created_before: When | None = None,
) -> Answer:
    """Count conversations, thousands too: in all, or by status, priority, customer, assignee, tag and the like."""
    moments = {"created_after": created_after, "created_before": created_before}
    filters = ConversationFilters(status, customer, assignee, tag, ticket_type, priority, moments)
    found, _ = await resolved(workspace, filters)
    if not filters.unassigned and (by is None or by in {"status", "priority"}):
        counted = await _asked(workspace, found, by)
        if counted is not None:
            return _counts(by, *counted)
    counts: Counter[_Value] = Counter()
    total = 0

    def take(_: int, rows: Sequence[JsonObject]) -> None:
        nonlocal total
        for row in rows:
            if not filters.unassigned or row.get("assignedToUserId") is None:
                total += 1
                counts.update(_values(row, by))

    await sweep(workspace, found, _selected(by), take, progress)
    return _counts(by, total, counts)


async def _asked(
    workspace: Workspace, where: Sequence[JsonObject], by: Column | None
) -> tuple[int, Counter[_Value]] | None:
    """The counts as `totalCount` tells them, a request for each value; None if the API doesn't tell."""
    values: dict[str, JsonValue] = {}
    if by == "status":
        values = {each: each for each in _STATUSES}
    elif by == "priority":
        values = {**PRIORITY_NUMBERS}

    async def count(more: Sequence[JsonObject]) -> int | None:
        conditions: list[JsonValue] = [*where, *more]
        body: JsonObject = {"select": ["id"], "order": ["id"], "descending": False, "limit": 1}
        body |= {"where": conditions} if conditions else {}
        return as_page(await workspace.client.read(LIST_CONVERSATIONS, {}, body=body)).total

    def counting(value: JsonValue) -> Callable[[], Any]:
        return lambda: count([{"field": by, "operator": "==", "value": value}])

    totals = await together([lambda: count([]), *(counting(value) for value in values.values())])
    told = [each for each in totals if each is not None]
    if len(told) < len(totals):
        return None
    counts = Counter({("", value): count for value, count in zip(values, told[1:], strict=True)})
    if values and (others := told[0] - counts.total()) > 0:
        counts[_NONE] = others
    return told[0], counts


def _selected(by: Column | None) -> list[str]:
    return ["id", "assignedToUserId", *([_FIELDS.get(by, by)] if by else []), *([_IDS[by]] if by in _IDS else [])]


def _values(row: JsonObject, by: Column | None) -> list[_Value]:
    """What a conversation counts under: for tags, each of them."""
    if by is None:
        return []
    if by == "tag":
        tags = row.get("tags")
        several = tags if isinstance(tags, list) else []
        found = [(text_of(tag, "id"), tag.get("name")) for tag in several if isinstance(tag, dict)]
    else:
        found = [(text_of(row, _IDS.get(by, "")), pick(row, _FIELDS.get(by, by)))]
    named = [(identity, str(name)) for identity, name in found if name is not None and str(name).strip()]
    return [(identity, one_line(name, NAME_LENGTH)) for identity, name in named] or [_NONE]


def _counts(by: Column | None, total: int, by_value: Counter[_Value]) -> Answer:
    namesakes = Counter(name for _, name in by_value)
    counts = {
        f"{name} ({one_line(identity, 64) or 'no id'})" if namesakes[name] > 1 else name: count
        for (identity, name), count in by_value.items()
    }
    head = f"{total:,} conversation{'' if total == 1 else 's'}"
    data: JsonObject = {"total": total, "counts": {**counts}}
    if by is None:
        return Answer(head, data)
    rows = [(name, count) for name, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])) if count]
    lines = [f"{name}{SEPARATOR}{count:,} ({count / max(1, total):.0%})" for name, count in rows[:_ROWS_SHOWN]]
    tail: list[str] = []
    if rest := rows[_ROWS_SHOWN:]:
        tail.append(f"and {len(rest):,} more, together {sum(count for _, count in rest):,}")
    if by == "tag" and by_value.total() > total:
        tail.append("One with several tags counts under each of them.")
    return Answer(compose([f"{head} by {by.replace('_', ' ')}"], lines, tail), data)


@reads("Export conversations", shown=False)
async def export_conversations(
    workspace: Workspace,
    progress: Progress,
    format: Format = "csv",  # noqa: A002 - what agents look for
    select: Select | None = None,
    status: list[Status] | None = None,
    customer: CustomerRef | None = None,
    assignee: Annotated[UserRef | None, Field(description="Name, e-mail, id or unassigned")] = None,
    tag: Name | None = None,
    ticket_type: Name | None = None,
    priority: Priority | None = None,
    created_after: CreatedAfter | None = None,
    created_before: When | None = None,
    where: Where | None = None,
) -> Answer:
    """Write conversations, oldest first, into a file in the operator's download directory, thousands too.

    A file is for people and programs; to look at some yourself, use search_conversations.
    """
    directory = workspace.settings.download_dir
    if directory is None:
        raise NotPermitted(
            "Nothing can be exported here, because the operator named no directory for files.",
            "Use search_conversations; only the operator can change it, with UNTHREAD_DOWNLOAD_DIR.",
        )
    chosen = CONVERSATION.check(select) if select else _EXPORTED
    if chosen == ("*",):
        chosen = tuple(sorted(CONVERSATION.documented))
    moments = {"created_after": created_after, "created_before": created_before}
    filters = ConversationFilters(status, customer, assignee, tag, ticket_type, priority, moments, where)
    found, _ = await resolved(workspace, filters)
    with ExitStack() as files:
        export = _Export(files, chosen, format, unassigned=filters.unassigned)
        await sweep(workspace, found, [*chosen, "assignedToUserId"], export.take, progress)
        path = await anyio.to_thread.run_sync(export.join, directory)
    count = f"{export.written:,} conversation{'' if export.written == 1 else 's'}"
    said = f"{count} written to {path} ({write_size(path.stat().st_size)}), with {', '.join(chosen)}."
    return Answer(said, {"path": str(path), "rows": export.written})


class _Export:
    """Rows on their way into a file. Each part has a temporary file of its own, since several are read at once."""

    def __init__(self, files: ExitStack, select: Sequence[str], kind: Format, *, unassigned: bool) -> None:
        self.written = 0
        self._files = files
        self._select = select
        self._kind: Format = kind
        self._unassigned = unassigned
        self._parts: dict[int, IO[str]] = {}

    def take(self, number: int, rows: Sequence[JsonObject]) -> None:
        """Write some rows of a part."""
        if number not in self._parts:
            part = TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115 - closed with the stack
            self._parts[number] = self._files.enter_context(part)
        kept = [row for row in rows if not self._unassigned or row.get("assignedToUserId") is None]
        self.written += len(kept)
        self._parts[number].write(_lines(kept, self._select, self._kind))

    def join(self, directory: Path) -> Path:
        """The parts one after the other, in a new file of the directory. Blocks while it writes."""
        with new_download(directory, f"conversations.{self._kind}") as (path, file):
            if self._kind == "csv":
                file.write(_csv([self._select]).encode())
            for _, part in sorted(self._parts.items()):
                part.seek(0)
                while piece := part.read(_PIECE):
                    file.write(piece.encode())
        return path


def _lines(rows: Sequence[JsonObject], select: Sequence[str], kind: Format) -> str:
    if kind == "csv":
        return _csv([[_cell(pick(row, name)) for name in select] for row in rows])
    objects = (without_nulls(trim(row, select)) for row in rows)
    return "".join(json.dumps(each, ensure_ascii=False, separators=(",", ":")) + "\n" for each in objects)


def _csv(rows: Sequence[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def _cell(value: JsonValue) -> str:
    """A value as a spreadsheet shows it, never as a formula; several with semicolons between."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = "; ".join(str(each) for each in value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _FORMULA.sub(r"'\g<0>", text)
