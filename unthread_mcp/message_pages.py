"""A thread page by page, each message in full; those of one role or person alone where that is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from unthread_mcp.answers import Page
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.concurrency import both
from unthread_mcp.cursors import write_cursor
from unthread_mcp.listing import Listed, Query, list_page
from unthread_mcp.mentions import names_of_mentioned
from unthread_mcp.render import Answer, compact, compose
from unthread_mcp.threads import name_of_message
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
_MOST_PAGES: Final = 5
"""Pages looked through for the messages of somebody: the API can't be asked who wrote what."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A message as it is listed."""

    message: JsonObject
    lines: str
    rest: str = ""
    """Where the rest of it is, if it is cut."""


async def messages_listed(workspace: Workspace, query: Query, conversation_id: str, by: str | None) -> Answer:
    """A page of messages in the order of time; those by `by` alone, from as many pages as it takes to find one.

    With the cursor to the rest of a message: the next piece of that one.
    """
    if query.cursor and (rest := _REST.fullmatch(query.cursor)):
        return await _rest_of_message(workspace, query, conversation_id, rest[2], int(rest[1]))
    # Who wrote what can't be told from the messages alone.
    listed, conversation = await both(
        lambda: list_page(workspace, query), lambda: workspace.conversation(conversation_id)
    )
    looked_through = len(listed.page.rows)
    written = await _written(workspace, listed, conversation, by)
    for _ in range(_MOST_PAGES - 1):
        if written or listed.page.next is None:
            break
        listed = await list_page(workspace, replace(query, cursor=listed.page.next))
        looked_through += len(listed.page.rows)
        written = await _written(workspace, listed, conversation, by)
    if by is None:
        shown, heading = listed, listed.heading("message", "oldest of this page first")
    else:
        total = listed.page.total
        shown = replace(listed, page=Page([each.message for each in written], total, listed.page.next))
        of = f" of {total:,}" if total is not None and total > looked_through else ""
        found = f"{len(written) or 'None'} by {one_line(by, 40)!r} among {looked_through}{of} messages looked through"
        heading = f"{found}, oldest first{'; older ones follow with the cursor' if listed.page.next else ''}"
    rests = [each.rest for each in written if each.rest][:_RESTS_NAMED]
    lines = each_date_once(each.lines for each in written)
    return Answer(compose([heading], lines, [*rests, shown.footer], fence=Fence()), shown.data)


async def _written(
    workspace: Workspace, listed: Listed, conversation: JsonObject, by: str | None
) -> Sequence[_Written]:
    """The messages of a page by `by`, oldest first, each with its lines."""
    messages = in_order(listed.page.rows)
    names = await names_of_mentioned(workspace, messages, conversation)
    write = _format(workspace)
    found: list[_Written] = []
    for message, entry in zip(messages, read_thread(messages, conversation, names), strict=True):
        if by is not None and not _is_by(entry, by):
            continue
        lines = write(entry)
        if (end := _piece_end(lines, 0)) == len(lines):
            found.append(_Written(message, lines))
            continue
        lines = await _alone(workspace, message, conversation)
        end = _piece_end(lines, 0)
        found.append(_Written(message, lines[:end], _rest_said(listed.query, message, lines, end)))
    return found


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
