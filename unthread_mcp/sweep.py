"""Reading thousands of conversations: several pages at once, each handed on and forgotten.

A cursor only leads from one page to the next, so a list is read page after page. Conditions
on `createdAt` cut it into parts that don't depend on each other: those are read side by side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import anyio

from unthread_mcp.answers import Page, as_page
from unthread_mcp.api.allowance import own_allowance
from unthread_mcp.api.endpoints import LIST_CONVERSATIONS
from unthread_mcp.api.errors import Unavailable, UnreadableAnswer
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.concurrency import both, together
from unthread_mcp.progress import Progress
from unthread_mcp.times import iso, read_time
from unthread_mcp.workspace import Workspace

PAGE: Final = 100
PARTS: Final = 4
"""Pages read at once: a quarter of what the client lets through, so that other calls get their turn."""
_WORTH_A_PART: Final = 3 * PAGE
MOST: Final = 50_000
"""Conversations read at most: 500 requests."""
TIME: Final = timedelta(seconds=45)
"""Clients give a call 60 seconds unless told otherwise (the default of MCP's TypeScript SDK)."""
_OVERLAP: Final = timedelta(seconds=1)
"""By how much a part begins early: the reference has no `>=`, and how finely the API compares times is not said."""

Take = Callable[[int, Sequence[JsonObject]], None]
"""Takes the number of a part, counted from the oldest, and its next rows, oldest first."""


@dataclass(frozen=True, slots=True)
class _Part:
    where: list[JsonObject]
    since: datetime | None
    """Rows before it belong to the part before, which has them, too."""


async def sweep(
    workspace: Workspace,
    where: Sequence[JsonObject],
    select: Sequence[str],
    take: Take,
    progress: Progress,
    *,
    within: timedelta = TIME,
) -> None:
    """Hand every conversation that `where` means to `take`, trimmed upstream to `select`.

    Raises `Unavailable` if they are more than `MOST` or take longer than `within`, and what a
    request raises that fails: then what was taken is not everything. Cancelled, it stops
    within a page.
    """
    oldest, newest = await both(
        lambda: _page(workspace, _body(where, ("id", "createdAt"), limit=1)),
        lambda: _page(workspace, {**_body(where, ("id", "createdAt"), limit=1), "descending": True}),
    )
    total = oldest.total
    if total is not None and total > MOST:
        raise Unavailable(
            f"{total:,} conversations are meant, and at most {MOST:,} are read at once.",
            "Narrow it, for instance with created_after and created_before.",
        )
    parts = _parts(where, _created(oldest), _created(newest), total or 0)
    done = 0

    async def read(number: int, part: _Part) -> None:
        nonlocal done
        body = _body(part.where, [*dict.fromkeys([*select, "id", "createdAt"])], limit=PAGE)
        seen = 0
        while True:
            came, taken, following = await hand_on(number, part, body)
            seen += came
            done += taken
            if total:
                await progress.tell(min(done, total), total, "conversations read")
            if following is None:
                return
            if not came or following == body.get("cursor") or seen > MOST:
                raise UnreadableAnswer(
                    "Unthread's pages don't come to an end.", "Narrow it with created_after and created_before."
                )
            body = {**body, "cursor": following}

    async def hand_on(number: int, part: _Part, body: JsonObject) -> tuple[int, int, str | None]:
        # In a function of its own, so that nothing holds a page while the next one comes.
        with own_allowance():
            page = await _page(workspace, body)
        rows = [row for row in page.rows if not _before(row, part.since)]
        take(number, rows)
        return len(page.rows), len(rows), page.next

    with anyio.move_on_after(within.total_seconds()) as limit:
        await together([partial(read, number, part) for number, part in enumerate(parts)])
    if limit.cancelled_caught:
        raise Unavailable(
            f"Reading them took longer than {within.total_seconds():.0f} s; {done:,} were read.",
            "Narrow it with created_after and created_before, and call again for the rest.",
        )


def _parts(
    where: Sequence[JsonObject], oldest: datetime | None, newest: datetime | None, total: int
) -> Sequence[_Part]:
    """`where` cut at equal times, so that each conversation is in exactly one part once early rows are left out."""
    count = min(PARTS, math.ceil(total / _WORTH_A_PART))
    if oldest is None or newest is None or newest <= oldest or count < 2:
        return [_Part([*where], None)]
    cuts = [oldest + (newest - oldest) * number / count for number in range(1, count)]
    parts: list[_Part] = []
    for since, until in zip([None, *cuts], [*cuts, None], strict=True):
        bounds: list[JsonObject] = []
        if since:
            bounds.append({"field": "createdAt", "operator": ">", "value": iso(since - _OVERLAP)})
        if until:
            bounds.append({"field": "createdAt", "operator": "<", "value": iso(until)})
        parts.append(_Part([*where, *bounds], read_time(iso(since)) if since else None))
    return parts


def _before(row: JsonObject, since: datetime | None) -> bool:
    created = read_time(row.get("createdAt"))
    return since is not None and created is not None and created < since


def _created(page: Page) -> datetime | None:
    return read_time(page.rows[0].get("createdAt")) if page.rows else None


def _body(where: Sequence[JsonObject], select: Sequence[str], *, limit: int) -> JsonObject:
    conditions: list[JsonValue] = [*where]
    body: JsonObject = {
        "select": [*select],
        "order": ["createdAt", "id"],
        "descending": False,
        "limit": limit,
    }
    return {**body, "where": conditions} if conditions else body


async def _page(workspace: Workspace, body: JsonObject) -> Page:
    return as_page(await workspace.client.read(LIST_CONVERSATIONS, {}, body=body))
