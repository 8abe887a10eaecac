"""A thread page by page, each message in full; those of one role or person alone where that is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from unthread_mcp.answers import Page
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.concurrency import both
from unthread_mcp.listing import Listed, Query, list_page
from unthread_mcp.mentions import names_of_mentioned
from unthread_mcp.render import Answer, compose
from unthread_mcp.transcript import Entry, in_order, line_format, read_thread
from unthread_mcp.untrusted import Fence, one_line
from unthread_mcp.workspace import Workspace

MESSAGE_LENGTH: Final = 20_000
"""Characters of one message in a listing."""
_MOST_PAGES: Final = 5
"""Pages looked through for the messages of somebody: the API can't be asked who wrote what."""


async def messages_listed(workspace: Workspace, query: Query, conversation_id: str, by: str | None) -> Answer:
    """A page of messages in the order of time; those by `by` alone, from as many pages as it takes to find one."""
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
    lines = [line for _, line in written]
    if by is None:
        return Answer(
            compose([listed.heading("message", "oldest of this page first")], lines, [listed.footer], fence=Fence()),
            listed.data,
        )
    total = listed.page.total
    shown = replace(listed, page=Page([message for message, _ in written], total, listed.page.next))
    of = f" of {total:,}" if total is not None and total > looked_through else ""
    found = f"{len(written) or 'None'} by {one_line(by, 40)!r} among {looked_through}{of} messages looked through"
    older = "; older ones follow with the cursor" if listed.page.next else ""
    return Answer(
        compose([f"{found}, oldest first{older}"], lines, [shown.footer], fence=Fence()),
        shown.data,
    )


async def _written(
    workspace: Workspace, listed: Listed, conversation: JsonObject, by: str | None
) -> list[tuple[JsonObject, str]]:
    """The messages of a page by `by`, oldest first, each with its lines."""
    messages = in_order(listed.page.rows)
    names = await names_of_mentioned(workspace, messages, conversation)
    write = line_format(zone=workspace.settings.timezone, now=workspace.now())
    entries = read_thread(messages, conversation, names)
    return [
        (message, _shortened(write(entry)))
        for message, entry in zip(messages, entries, strict=True)
        if by is None or _is_by(entry, by)
    ]


def _is_by(entry: Entry, by: str) -> bool:
    wanted = by.strip().casefold()
    return wanted == entry.role or wanted in entry.author.casefold()


def _shortened(line: str) -> str:
    if len(line) <= MESSAGE_LENGTH:
        return line
    return f"{line[:MESSAGE_LENGTH]}\n  [cut here: {len(line) - MESSAGE_LENGTH:,} characters more]"
