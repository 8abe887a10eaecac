"""Lists: one page, asked for and shown by the reference's conventions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from workspace_stubs import StubClient, page, workspace_on

from unthread_mcp.api.endpoints import LIST_ARTICLES, LIST_CONVERSATIONS, LIST_MESSAGES
from unthread_mcp.api.errors import InvalidArgument, RequestRejected
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.cursors import read_cursor
from unthread_mcp.fields import ARTICLE, CONVERSATION, MESSAGE, Vocabulary
from unthread_mcp.listing import Listed, Query, list_matching, list_page

pytestmark = pytest.mark.anyio


def query(**options: Any) -> Query:
    return Query(LIST_ARTICLES, ARTICLE, options.pop("arguments", {}), **options)


async def listed(*rows: JsonObject, total: int | None = None, following: str | None = None, **options: Any) -> Listed:
    client = StubClient(lambda _: page(*rows, total=total, following=following))
    return await list_page(workspace_on(client), query(**options))


async def asked_by(the_query: Query) -> Any:
    client = StubClient()
    await list_page(workspace_on(client), the_query)
    (asked,) = client.asked
    assert asked.endpoint is the_query.endpoint
    assert asked.ids == the_query.ids
    return asked.body


async def test_the_brief_set_is_asked_for_and_the_order_ends_in_the_id() -> None:
    assert await asked_by(query()) == {
        "order": ["createdAt", "id"],
        "descending": True,
        "limit": 25,
        "select": ["id", "title", "url", "status", "userGroupIds", "updatedAt", "createdAt"],
    }


async def test_everything_that_was_asked_for_is_sent() -> None:
    body = await asked_by(
        Query(
            LIST_MESSAGES,
            MESSAGE,
            {},
            ids={"conversation_id": "c-1"},
            select=["text", " ts", "text"],
            where=[{"field": "text", "operator": "contains", "value": "x"}],
            order=("ts", "id"),
            descending=False,
            limit=7,
            cursor="upstream",
            extra={"includeIntake": False},
            local_fields=["botId"],
        )
    )
    assert body == {
        "order": ["ts", "id"],
        "descending": False,
        "limit": 7,
        "includeIntake": False,
        "select": ["text", "ts", "id", "botId"],
        "where": [{"field": "text", "operator": "contains", "value": "x"}],
        "cursor": "upstream",
    }


async def test_everything_means_that_no_selection_is_sent() -> None:
    assert "select" not in await asked_by(query(select=["*"]))
    assert "select" not in await asked_by(query(sends_select=False))


async def test_an_object_without_ids_is_ordered_by_what_it_has() -> None:
    bare = Vocabulary("line", frozenset({"ts"}), frozenset(), ("ts",))
    assert (await asked_by(Query(LIST_ARTICLES, bare, {}, order=("ts",))))["order"] == ["ts"]


async def test_an_unknown_field_is_refused_before_anything_is_sent() -> None:
    client = StubClient()
    with pytest.raises(InvalidArgument, match=r"Did you mean title\?"):
        await list_page(workspace_on(client), query(select=["titel"]))
    assert client.asked == []


async def test_rows_are_trimmed_to_what_was_selected() -> None:
    rows: list[JsonObject] = [{"id": "a-1", "title": "T", "content": "long", "createdAt": "2026"}]
    assert (await listed(*rows, select=["title"])).rows == [{"title": "T"}]
    assert (await listed(*rows)).rows == [{"id": "a-1", "title": "T"}]
    assert (await listed(*rows, select=["*"])).rows == rows


@pytest.mark.parametrize(
    ("count", "total", "options", "heading"),
    [
        (2, 2, {}, "2 articles, newest first"),
        (1, 1, {}, "1 article, newest first"),
        (2, 1688, {}, "2 of 1,688 articles, newest first"),
        (1, 2, {}, "1 of 2 articles, newest first"),
        (0, 0, {}, "No articles found."),
        (0, 0, {"cursor": "x"}, "No more articles found."),
        (0, 9, {"following": "n"}, "No articles found so far, newest first."),
    ],
)
async def test_the_heading_says_how_many_of_how_many(
    count: int, total: int, options: dict[str, Any], heading: str
) -> None:
    rows: list[JsonObject] = [{"id": str(number)} for number in range(count)]
    found = await listed(*rows, total=total, **options)
    assert found.heading("article", "newest first") == heading


async def test_without_a_count_from_the_api_only_what_is_here_is_counted() -> None:
    client = StubClient(lambda _: {"data": [{"id": "1"}, {"id": "2"}]})
    assert (await list_page(workspace_on(client), query())).heading("article") == "2 articles"


async def test_without_a_count_a_page_with_more_behind_it_says_that_it_is_not_all() -> None:
    client = StubClient(lambda _: {"data": [{"id": "1"}, {"id": "2"}], "cursors": {"hasNext": True, "next": "n"}})
    first = await list_page(workspace_on(client), query())
    following = await list_page(workspace_on(client), query(cursor="n"))
    assert first.heading("article", "newest first") == "first 2 articles, newest first; more follow"
    assert following.heading("article") == "next 2 articles; more follow"
    first.surely_more = False
    assert first.heading("article") == "first 2 articles; more may follow"


async def test_an_empty_page_with_more_behind_it_says_so_without_a_remark_too() -> None:
    assert (await listed(following="n")).heading("article") == "No articles found so far."


async def test_the_footer_holds_the_cursor_that_goes_on_with_the_same_query() -> None:
    found = await listed(
        {"id": "1"},
        following="upstream",
        arguments={"text": "a b", "status": None, "since": "7d"},
        absolute={"since": "2026-11-13"},
    )
    assert found.footer == "more: cursor=upstream~text=a+b&since=2026-11-13"
    assert read_cursor(found.footer.removeprefix("more: cursor="), {}) == {
        "text": "a b",
        "since": "2026-11-13",
        "cursor": "upstream",
    }
    last = await listed({"id": "1"})
    assert (last.footer, last.cursor) == ("", None)


def _books(pages: dict[str | None, tuple[list[JsonObject], str | None]]) -> StubClient:
    """Answers with the rows that stand behind a cursor, as many as are asked for."""

    def answered(asked: Any) -> JsonObject:
        rows, following = pages[asked.body.get("cursor")]
        limit = asked.body["limit"]
        if limit < len(rows):
            rows, following = rows[:limit], f"after-{rows[limit - 1]['id']}"
        return page(*rows, following=following)

    return StubClient(answered)


async def _wanted(rows: Sequence[JsonObject]) -> Sequence[JsonObject]:
    return [row for row in rows if row.get("title") == "wanted"]


def _rows(letters: str) -> list[JsonObject]:
    """A row a letter, of which the capitals are wanted."""
    return [{"id": each, "title": "wanted" if each.isupper() else "other"} for each in letters]


async def test_rows_picked_here_are_as_many_as_wanted_and_the_cursor_goes_on_behind_the_last() -> None:
    client = _books({None: (_rows("aBc"), "2"), "2": (_rows("deFgHi"), "3")})
    found = await list_matching(workspace_on(client), query(limit=2), _wanted, most_pages=5)
    assert [row["id"] for row in found.page.rows] == ["B", "F"]
    assert [(asked.body.get("cursor"), asked.body["limit"]) for asked in client.asked] == [
        (None, 100),
        ("2", 100),
        ("2", 3),
    ]
    assert (found.page.next, found.looked_through, found.surely_more) == ("after-F", 6, True)


async def test_the_looking_ends_after_the_most_pages_and_with_the_last_one() -> None:
    client = _books({None: (_rows("ab"), "2"), "2": (_rows("Cd"), "3"), "3": (_rows("e"), None)})
    bounded = await list_matching(workspace_on(client), query(limit=9), _wanted, most_pages=2)
    rest = await list_matching(workspace_on(client), query(limit=9, cursor="3"), _wanted, most_pages=2)
    assert ([row["id"] for row in bounded.page.rows], bounded.page.next, bounded.surely_more) == (["C"], "3", False)
    assert bounded.heading("article") == "first 1 article; more may follow"
    assert ([*rest.page.rows], rest.page.next, rest.looked_through) == ([], None, 1)
    assert rest.heading("article") == "No more articles found."


async def test_what_has_become_wanted_when_a_page_is_read_again_is_neither_lost_nor_too_much() -> None:
    readings = [_rows("aBcDe"), _rows("ABcD")[:2], _rows("A")]
    client = StubClient(lambda asked: page(*readings.pop(0), following=f"after-{asked.body['limit']}"))
    found = await list_matching(workspace_on(client), query(limit=1), _wanted, most_pages=5)
    assert [row["id"] for row in found.page.rows] == ["A"]
    assert [asked.body["limit"] for asked in client.asked] == [100, 2, 1]
    assert found.page.next == "after-1"


async def test_an_answer_is_a_heading_a_legend_lines_and_the_way_on() -> None:
    found = await listed({"id": "1"}, {"id": "2"}, total=9, following="up")
    answer = found.answer("article", ["one", "two"], remark="newest first", legend="id · title")
    assert answer.text == "2 of 9 articles, newest first\nid · title\none\ntwo\nmore: cursor=up~"
    assert callable(answer.data)
    assert answer.data() == {"data": [{"id": "1"}, {"id": "2"}], "totalCount": 9, "cursor": "up~"}
    assert (await listed()).answer("article", [], legend="id · title").text == "No articles found."


async def test_chosen_fields_are_shown_in_their_order_inside_a_fence() -> None:
    found = await listed({"id": "1", "title": "<<end 1>>\nx"}, select=["title", "id"])
    lines = found.selected("article", remark="newest first").text.splitlines()
    assert lines[:2] == ["1 article, newest first", "columns title, id, one JSON array a row:"]
    assert lines[2].startswith("<<quoted text")
    assert lines[3] == '["((end 1>>\\nx","1"]'
    assert len(lines) == 5
    assert found.chosen
    assert not (await listed({"id": "1"})).chosen
    assert (await listed(select=["id"])).selected("article").text == "No articles found."


async def test_a_refused_listing_names_what_was_sent() -> None:
    client = StubClient(lambda _: RequestRejected("Unthread refused the request (400).", "Change it.", status=400))
    with pytest.raises(RequestRejected) as refusal:
        await list_page(
            workspace_on(client),
            query(where=[{"field": "title", "operator": "contains", "value": "secret"}], cursor="x"),
        )
    assert str(refusal.value) == (
        "Unthread refused the request (400). Sent were the filters title contains and the order createdAt, id, "
        "with a cursor that may be outdated. Leave out or change one and try again."
    )
    assert refusal.value.status == 400
    with pytest.raises(RequestRejected, match=r"Sent were the order createdAt, id\. Leave out"):
        await list_page(workspace_on(client), query())


async def test_conversations_are_asked_for_with_the_columns_that_order_them() -> None:
    body = await asked_by(
        Query(LIST_CONVERSATIONS, CONVERSATION, {}, order=("priority",), local_fields=["assignedToUserId"])
    )
    assert body["order"] == ["priority", "id"]
    assert body["select"][-2:] == ["id", "assignedToUserId"]
