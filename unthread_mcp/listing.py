"""Listing with the reference's conventions: one page, trimmed, and the cursor to the next.

`select` is sent, so that a page stays small on the wire (but where what must be known of a
row has no documented name), and always applied to the answer as well. The order always ends
in `id`: without a unique last key, rows with equal keys can be skipped between pages.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from unthread_mcp.answers import Page, as_page
from unthread_mcp.api.endpoints import Endpoint
from unthread_mcp.api.errors import RequestRejected
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.cursors import write_cursor
from unthread_mcp.fields import EVERYTHING, Vocabulary, trim
from unthread_mcp.render import Answer, compose, selected_rows
from unthread_mcp.untrusted import Fence
from unthread_mcp.workspace import Workspace

LARGEST_PAGE: Final = 100
"""The reference: "The limit per page is 100"."""


@dataclass(slots=True)
class Query:
    """What to list. `arguments` are the tool's own, for the cursor, those at their defaults as None."""

    endpoint: Endpoint
    vocabulary: Vocabulary
    arguments: Mapping[str, JsonValue]
    ids: Mapping[str, str] = field(default_factory=dict[str, str])
    select: Sequence[str] | None = None
    where: Sequence[JsonObject] = ()
    order: Sequence[str] = ("createdAt",)
    descending: bool = True
    limit: int = 25
    cursor: str | None = None
    extra: JsonObject = field(default_factory=dict[str, JsonValue])
    """Further properties of the body, such as `includeExternalUsers`."""
    absolute: JsonObject = field(default_factory=dict[str, JsonValue])
    """Arguments as they must stand in the cursor, where they mean something else later."""
    sends_select: bool = True
    local_fields: Sequence[str] = ()
    """Fields that are selected for a filter applied here, beside those to be shown."""


@dataclass(slots=True)
class Listed:
    """A page, with what is needed to show it."""

    query: Query
    page: Page
    select: tuple[str, ...]
    chosen: bool
    """Whether the caller chose the fields."""
    looked_through: int = 0
    """Of how many rows those were picked here; 0 where the API was asked for just them."""
    among: int | None = None
    """How many there are to be looked through in all, where the API says."""
    surely_more: bool = True
    """With a cursor: whether it is known that it leads to more."""

    @property
    def rows(self) -> list[JsonObject]:
        """The rows, trimmed to the selected fields."""
        return [trim(row, self.select) for row in self.page.rows]

    @property
    def cursor(self) -> str | None:
        """Our cursor for the next page; None on the last one."""
        if self.page.next is None:
            return None
        return write_cursor(self.page.next, self.query.arguments, self.query.absolute)

    def heading(self, noun: str, remark: str = "") -> str:
        """`25 of 688 conversations, remark`."""
        count, total = len(self.page.rows), self.page.total
        if not count:
            # With pages left, an empty one says how far the looking went.
            so_far = f" so far{', ' + remark if remark else ''}" if self.page.next else ""
            return f"No {'more ' if self.query.cursor else ''}{noun}s found{so_far}."
        counted, follow = f"{count}", ""
        if total is not None and total > count:
            counted = f"{count} of {total:,}"
        elif total is None and self.page.next:
            # A bare number would read as that of all.
            counted = f"{'next' if self.query.cursor else 'first'} {count}"
            follow = "; more follow" if self.surely_more else "; more may follow"
        is_one = count == 1 and (total is None or total <= 1)
        return f"{counted} {noun}{'' if is_one else 's'}{', ' + remark if remark else ''}{follow}"

    @property
    def footer(self) -> str:
        """How to go on, if there is more."""
        cursor = self.cursor
        return f"more: cursor={cursor}" if cursor else ""

    def data(self) -> JsonObject:
        """The page for programs."""
        return {"data": [*self.rows], "totalCount": self.page.total, "cursor": self.cursor}

    def answer(self, noun: str, lines: Sequence[str], *, remark: str = "", legend: str = "") -> Answer:
        """The page as an answer, one of `lines` a row."""
        head = [self.heading(noun, remark)]
        if lines and legend:
            head.append(legend)
        return Answer(compose(head, lines, [self.footer]), self.data)

    def selected(self, noun: str, *, remark: str = "") -> Answer:
        """The page as an answer with just the fields that the caller chose, inside a fence."""
        legend, lines = selected_rows(self.page.rows, self.select)
        head = [self.heading(noun, remark), legend if lines else ""]
        return Answer(compose(head, lines, [self.footer], fence=Fence()), self.data)


def _selected(query: Query) -> tuple[tuple[str, ...], bool]:
    """The fields to show, and whether the caller chose them."""
    select = query.vocabulary.check(query.select) if query.select else query.vocabulary.brief
    return select, query.select is not None


async def list_page(workspace: Workspace, query: Query) -> Listed:
    """One page of `query`. Raises `InvalidArgument` for names that the object doesn't have."""
    select, chosen = _selected(query)
    order = [*query.order, *([] if "id" in query.order or "id" not in query.vocabulary.names else ["id"])]
    body: JsonObject = {"order": [*order], "descending": query.descending, "limit": query.limit, **query.extra}
    if query.sends_select and select != EVERYTHING:
        # The engine behind the list endpoints wants the order's columns selected.
        body["select"] = [*dict.fromkeys([*select, *order, *query.local_fields])]
    if query.where:
        body["where"] = [*query.where]
    if query.cursor:
        body["cursor"] = query.cursor
    try:
        page = as_page(await workspace.client.read(query.endpoint, dict(query.ids), body=body))
    except RequestRejected as refusal:
        raise _explained(refusal, query, order) from None
    return Listed(query, page, select, chosen)


async def list_matching(
    workspace: Workspace,
    query: Query,
    matching: Callable[[Sequence[JsonObject]], Awaitable[Sequence[JsonObject]]],
    *,
    most_pages: int,
) -> Listed:
    """As many rows as `query.limit` says for which `matching` holds, where the API can't be asked for them.

    `matching` gets the rows of a page and gives those that are meant, in their order. At most `most_pages` pages are
    looked through. A page that holds more than are wanted is read again up to the last one wanted, so that its cursor
    goes on right behind that: one counted off here would skip what has moved in between.
    """
    rows: list[JsonObject] = []
    looked_through, among, is_more, start = 0, None, False, query.cursor
    for _ in range(most_pages):
        wanted = query.limit - len(rows)
        listed = await list_page(workspace, replace(query, cursor=start, limit=LARGEST_PAGE))
        found = await matching(listed.page.rows)
        while len(found) > wanted:
            is_more = True
            last = next(index for index, row in enumerate(listed.page.rows) if row is found[wanted - 1])
            listed = await list_page(workspace, replace(query, cursor=start, limit=last + 1))
            found = await matching(listed.page.rows)
        rows += found
        looked_through += len(listed.page.rows)
        start, among = listed.page.next, listed.page.total
        if start is None or len(rows) >= query.limit:
            break
    page, (select, chosen) = Page(rows, None, start), _selected(query)
    return Listed(query, page, select, chosen, looked_through, among, is_more)


def by_name(
    endpoint: Endpoint,
    vocabulary: Vocabulary,
    *,
    text: str | None,
    select: Sequence[str] | None,
    limit: int,
    cursor: str | None,
    usual: int = 25,
    arguments: Mapping[str, JsonValue] | None = None,
    where: Sequence[JsonObject] = (),
) -> Query:
    """What has a name, ordered by it: what contains `text`, if that is given.

    `arguments` and `where` are what the tool has beside these, and `usual` is its default for `limit`.
    """
    named: list[JsonObject] = [{"field": "name", "operator": "contains", "value": text}] if text else []
    return Query(
        endpoint,
        vocabulary,
        {
            "text": text,
            **(arguments or {}),
            "select": [*select] if select else None,
            "limit": limit if limit != usual else None,
        },
        select=select,
        where=[*named, *where],
        order=("name",),
        descending=False,
        limit=limit,
        cursor=cursor,
    )


def _explained(refusal: RequestRejected, query: Query, order: Sequence[str]) -> RequestRejected:
    """A refused listing, naming what was asked for: a filter is never dropped in silence."""
    filters = ", ".join(f"{each['field']} {each['operator']}" for each in query.where)
    sent = f"Sent were {f'the filters {filters} and ' if filters else ''}the order {', '.join(order)}"
    cursor = ", with a cursor that may be outdated" if query.cursor else ""
    return RequestRejected(
        refusal.what, f"{sent}{cursor}. Leave out or change one and try again.", status=refusal.status
    )
