"""A thread page by page, each message in full; those of one role or person alone where that is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.concurrency import both
from unthread_mcp.cursors import write_cursor
from unthread_mcp.listing import Listed, Query, list_matching, list_page
from unthread_mcp.mentions import names_of_mentioned
from unthread_mcp.render import Answer, compact, compose
from unthread_mcp.threads import name_of_message, notes_remark
from unthread_mcp.tokens import estimate_tokens
from unthread_mcp.transcript import Entry, FormatPart, each_date_once, in_order, line_format, read_message, read_thread
from unthread_mcp.untrusted import Fence, grapheme_end, one_line
from unthread_mcp.workspace import Workspace

MESSAGE_LENGTH: Final = 20_000
"""Characters of one message in a listing; the rest of it follows with a cursor of its own."""
_PIECE_BYTES: Final = 40_000
_PIECE_TOKENS: Final = 20_000
"""In wide letters and odd ones, fewer characters of one message fill an answer."""
_LAST_LINE: Final = 2_000
"""Characters of a piece that are left to the next one, if it then ends where a line does."""
_RESTS_NAMED: Final = 3
"""No answer has room for more messages of that length."""
_REST: Final = re.compile(r"rest:(\d{1,9}):(.{1,200})")
"""The cursor to the rest of a message: from which character, and the message's name."""
_ROLES: Final = ("customer", "agent", "bot", "note")
_ROLE_WORDS: Final = {
    "customers": "customer",
    "agents": "agent",
    "bots": "bot",
    "notes": "note",
    "internal": "note",
    "internal note": "note",
    "internal notes": "note",
    "private": "note",
}
_MOST_PAGES: Final = 5
"""Pages looked through for the messages of somebody: the API can't be asked who wrote what."""


async def messages_listed(workspace: Workspace, query: Query, conversation_id: str, by: str | None) -> Answer:
    """A page of messages in the order of time; those by `by` alone, from as many pages as it takes to find them.

    With the cursor to the rest of a message: the next piece of that one.
    """
    if query.cursor and (rest := _REST.fullmatch(query.cursor)):
        return await _rest_of_message(workspace, query, conversation_id, rest[2], int(rest[1]))
    if by is not None:
        return await _messages_by(workspace, query, conversation_id, by)
    # Who wrote what can't be told from the messages alone.
    listed, conversation = await both(
        lambda: list_page(workspace, query), lambda: workspace.conversation(conversation_id)
    )
    read = await _read(workspace, listed.page.rows, conversation)
    return await _answer(workspace, listed, conversation, read, listed.heading("message", "oldest of this page first"))


async def _messages_by(workspace: Workspace, query: Query, conversation_id: str, by: str) -> Answer:
    wanted = by.strip().casefold()
    by = _ROLE_WORDS.get(wanted, wanted if wanted in _ROLES else by)
    conversation = await workspace.conversation(conversation_id)
    found: dict[int, tuple[JsonObject, Entry]] = {}

    async def theirs(rows: Sequence[JsonObject]) -> Sequence[JsonObject]:
        read = {id(message): (message, entry) for message, entry in await _read(workspace, rows, conversation)}
        kept = [row for row in rows if _is_by(read[id(row)][1], by)]
        found.update((id(row), read[id(row)]) for row in kept)
        return kept

    listed = await list_matching(workspace, query, theirs, most_pages=_MOST_PAGES)
    of = f" of {listed.among:,}" if listed.among is not None and listed.among > listed.looked_through else ""
    as_name = " (read as a name)" if by not in _ROLES and not listed.page.rows else ""
    said = f"{len(listed.page.rows) or 'None'} by {one_line(by, 40)!r}{as_name}"
    heading = f"{said} among {listed.looked_through:,}{of} messages looked through, oldest first"
    if listed.page.next:
        stopped = "" if len(listed.page.rows) >= query.limit else f", no more than {_MOST_PAGES} pages at a time"
        heading += f"{stopped}; older ones follow with the cursor"
    if by == "note" and (remark := notes_remark(conversation)):
        heading += f"\n{remark}"
    read = [found[id(row)] for row in in_order(listed.page.rows)]
    return await _answer(workspace, listed, conversation, read, heading)


async def _read(
    workspace: Workspace, rows: Sequence[JsonObject], conversation: JsonObject
) -> list[tuple[JsonObject, Entry]]:
    """The messages of a page as they read beside one another, oldest first."""
    messages = in_order(rows)
    names = await names_of_mentioned(workspace, messages, conversation)
    return [*zip(messages, read_thread(messages, conversation, names), strict=True)]


async def _answer(
    workspace: Workspace,
    listed: Listed,
    conversation: JsonObject,
    read: Sequence[tuple[JsonObject, Entry]],
    heading: str,
) -> Answer:
    written: list[str] = []
    rests: list[str] = []
    write = _format(workspace)
    for message, entry in read:
        lines = write(entry)
        if _piece_end(lines, 0) < len(lines):
            whole = await _alone(workspace, message, conversation)
            end = _piece_end(whole, 0)
            lines, rest = whole[:end], _rest_said(listed.query, message, whole, end)
            rests += [rest] if rest else []
        written.append(lines)
    text = compose([heading], each_date_once(written), [*rests[:_RESTS_NAMED], listed.footer], fence=Fence())
    return Answer(text, listed.data)


def _format(workspace: Workspace) -> FormatPart:
    return line_format(zone=workspace.settings.timezone, now=workspace.now())


async def _alone(workspace: Workspace, message: JsonObject, conversation: JsonObject) -> str:
    """A message's lines as they are whatever stands around it, so that pieces of them fit together."""
    names = await names_of_mentioned(workspace, [message], conversation)
    return _format(workspace)(read_message(message, conversation, names))


def _piece_end(lines: str, start: int) -> int:
    """Where the piece of `lines` from `start` ends: all of it, or what one answer takes."""
    end = min(len(lines), start + MESSAGE_LENGTH)
    while (size := len(lines[start:end].encode())) > _PIECE_BYTES:
        end = start + int((end - start) * _PIECE_BYTES / size)
    while (cost := estimate_tokens(lines[start:end])) > _PIECE_TOKENS:
        end = start + int((end - start) * _PIECE_TOKENS / cost)
    if end == len(lines):
        return end
    line_end = lines.rfind("\n", max(start, end - _LAST_LINE), end)
    return line_end if line_end > start else max(start + 1, grapheme_end(lines, end))


def _rest_said(query: Query, message: JsonObject, lines: str, end: int) -> str:
    """Where the rest of a message is; empty if there is none."""
    if end >= len(lines):
        return ""
    name = one_line(name_of_message(message), 200)
    cursor = write_cursor(f"rest:{end}:{name}", {"conversation": query.arguments["conversation"]})
    return f"{len(lines) - end:,} characters more of {_header_of(lines)}: cursor={cursor}"


def _header_of(lines: str) -> str:
    """When a message was written and by whom."""
    return one_line(lines.partition("): ")[0], 120) + ")"


async def _rest_of_message(workspace: Workspace, query: Query, conversation_id: str, name: str, start: int) -> Answer:
    def by(field: str) -> Query:
        same: JsonObject = {"field": field, "operator": "==", "value": name}
        return replace(query, where=[same], cursor=None)

    field = "ts" if name.replace(".", "").isdecimal() else "id"
    listed, conversation = await both(
        lambda: list_page(workspace, by(field)), lambda: workspace.conversation(conversation_id)
    )
    # Of several at the very same moment, it is the long one that was cut.
    found = sorted(
        (each for each in listed.page.rows if name_of_message(each) == name), key=lambda each: -len(compact(each))
    )
    lines = await _alone(workspace, found[0], conversation) if found else ""
    if start >= len(lines):
        raise InvalidArgument("cursor leads to a message that has changed or is gone.", "List the messages again.")
    end = _piece_end(lines, start)
    heading = f"characters {start + 1:,} to {end:,} of {len(lines):,} of {_header_of(lines)}"
    rest = _rest_said(query, found[0], lines, end)
    return Answer(compose([heading], [lines[start:end]], [rest], fence=Fence()), listed.data)


def _is_by(entry: Entry, by: str) -> bool:
    wanted = by.strip().casefold()
    return wanted == entry.role or wanted in entry.author.casefold()
