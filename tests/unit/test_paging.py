"""From one page to the next, as a client calls the tools: the cursor alone is enough, and what is repeated must fit."""

from __future__ import annotations

from typing import Any, cast

import pytest
from mcp.types import CallToolResult, TextContent
from workspace_stubs import Asked, StubClient, page, workspace_on

from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.offer import OfferedTool
from unthread_mcp.tools import TOOLS

pytestmark = pytest.mark.anyio

ROW: JsonObject = {"id": "c-1", "friendlyId": 7, "title": "T", "updatedAt": "2026-11-20T09:00:00Z"}


class Client:
    """Calls one tool on a workspace whose every page has a next one."""

    def __init__(self, name: str = "search_conversations") -> None:
        self.stub = StubClient(
            lambda asked: page(ROW, total=90, following="up" if "cursor" not in asked.body else "up2")
        )
        (declaration,) = [tool for tool in TOOLS if tool.name == name]
        self.tool = OfferedTool(declaration, workspace_on(self.stub))

    async def call(self, **arguments: Any) -> str:
        result = await self.tool.call(arguments, cast("Any", None))
        assert isinstance(result, CallToolResult)
        (content,) = result.content
        assert isinstance(content, TextContent)
        return content.text

    async def cursor(self, **arguments: Any) -> str:
        return (await self.call(**arguments)).partition("more: cursor=")[2]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [asked.body for asked in self.stub.asked]


CONDITION = {"field": "closedAt", "operator": ">", "value": "2026-11-01"}
QUERIES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "one status": {"status": ["open"]},
    "several": {"status": ["open", "on_hold"], "priority": "high", "limit": 50, "descending": False},
    "other words for the same": {"status": "open", "priority": 7, "limit": "50", "descending": "false"},
    "hostile text": {"text": '~&=%+"\\ !'},
    "a time ago": {"updated_after": "7d"},
    "a condition": {"where": [CONDITION]},
    "a condition as JSON": {"where": '{"field": "closedAt", "operator": ">", "value": "2026-11-01"}'},
    "a number in a condition": {"where": [{"field": "priority", "operator": ">", "value": 5}]},
    "fields": {"select": ["id", "title"], "order_by": "createdAt"},
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
async def test_the_cursor_alone_asks_for_the_same_from_there_on(query: dict[str, Any]) -> None:
    client = Client()
    cursor = await client.cursor(**query)
    further = await client.cursor(cursor=cursor)
    first, second = client.bodies
    assert second == {**first, "cursor": "up"}
    assert further == cursor.replace("up~", "up2~", 1)


LONG: dict[str, dict[str, Any]] = {
    "long texts": {
        "customer": "0476bfd0-0c3f-4dfb-b462-d75a4a6908e1",
        "text": "請求書が届かない、" * 22,
        "updated_after": "7d",
    },
    "conditions": {
        "where": [CONDITION, {**CONDITION, "operator": "<"}, {**CONDITION, "operator": "!="}],
        "priority": 7,
    },
}


@pytest.mark.parametrize("query", LONG.values(), ids=LONG.keys())
async def test_a_query_too_long_for_the_cursor_is_repeated_beside_it(query: dict[str, Any]) -> None:
    client = Client()
    cursor = await client.cursor(**query)
    assert cursor.startswith("up~!")
    assert "too long to be carried" in await client.call(cursor=cursor)
    assert "too long to be carried" in await client.call(cursor=cursor, **{**query, "priority": "low"})
    assert len(client.bodies) == 1
    await client.call(cursor=cursor, **query)
    first, second = client.bodies
    assert second == {**first, "cursor": "up"}


@pytest.mark.parametrize("text", ["login", "x" * 200])
async def test_a_search_that_went_on_to_the_first_messages_goes_on_there(text: str) -> None:
    def answer(asked: Asked) -> JsonObject:
        in_titles = any(field == "title" for field, _, _ in asked.where)
        return page() if in_titles else page(ROW, total=90, following="W3RydWUsWyIyMDI2LTExLTE1" * 4)

    client = Client()
    client.stub.answer = answer
    query = {"text": text, "customer": "0476bfd0-0c3f-4dfb-b462-d75a4a6908e1"}
    cursor = await client.cursor(**query)
    await client.call(cursor=cursor, **(query if "~!" in cursor else {}))
    titles, second, third = client.bodies
    assert third == {**second, "cursor": "W3RydWUsWyIyMDI2LTExLTE1" * 4}
    assert titles["where"][-1]["field"] == "title"
    assert third["where"][-1] == {"field": "initialMessage.text", "operator": "contains", "value": text}


@pytest.mark.parametrize(
    "repeated",
    [
        {"status": ["open"], "priority": "high"},
        {"status": "open", "priority": 7},
        {"priority": "7", "limit": 25, "descending": True, "order_by": "updatedAt", "customer": None},
    ],
)
async def test_what_is_repeated_beside_the_cursor_may_be_written_in_another_way(repeated: dict[str, Any]) -> None:
    client = Client()
    cursor = await client.cursor(status=["open"], priority="high")
    await client.call(cursor=cursor, **repeated)
    first, second = client.bodies
    assert second == {**first, "cursor": "up"}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"status": ["closed"]}, "cursor belongs to a query with another status."),
        ({"descending": False}, "cursor belongs to a query with another descending."),
        ({"limit": 50}, "cursor belongs to a query with another limit."),
        ({"limit": 0}, "limit is not acceptable"),
        ({"stauts": "open"}, "search_conversations has no argument 'stauts'. Did you mean status?"),
    ],
)
async def test_another_query_beside_the_cursor_is_refused(other: dict[str, Any], said: str) -> None:
    client = Client()
    cursor = await client.cursor(status=["open"])
    assert (await client.call(cursor=cursor, **other)).startswith(said)
    assert len(client.bodies) == 1


@pytest.mark.parametrize("cursor", ["", "up", 123, "~", True])
async def test_what_is_no_cursor_of_ours_never_reaches_the_network(cursor: object) -> None:
    client = Client()
    assert "cursor is not" in await client.call(cursor=cursor)
    assert client.bodies == []


async def test_a_tool_without_pages_takes_no_cursor() -> None:
    assert "has no argument 'cursor'" in await Client("get_customer").call(customer="x", cursor="up~")


async def test_a_required_argument_travels_in_the_cursor_too() -> None:
    client = Client("list_messages")
    client.stub.answer = lambda asked: (
        page({"ts": "1.0", "text": "x"}, total=90, following="up")
        if asked.endpoint.path.endswith("list")
        else {"id": "c-1"}
    )
    cursor = (await client.call(conversation="c-1", text="x", select=["ts"])).partition("more: cursor=")[2]
    await client.call(cursor=cursor)
    lists = [asked for asked in client.stub.asked if asked.endpoint.path.endswith("list")]
    assert [asked.ids for asked in lists] == [{"conversation_id": "c-1"}] * 2
    assert lists[1].body == {**lists[0].body, "cursor": "up"}
