"""What the API answers to those who only read. Each test here is a guess or a statement of docs/sandbox.md."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest

from tests.live.conftest import Api

pytestmark = pytest.mark.anyio

LISTS = ["/conversations", "/customers", "/users", "/tags", "/ticket-types", "/accounts", "/knowledge-base/articles"]
NOWHERE = "00000000-0000-4000-8000-000000000000"


def named(row: Any) -> dict[str, Any]:
    """What `row` holds and is not null."""
    return {name: value for name, value in row.items() if value is not None}


async def test_a_key_that_is_none_is_refused_with_401(api: Api) -> None:
    reply = await api.send("POST", "/tags/list", {"limit": 1}, headers={"X-Api-Key": "no-such-key"})
    assert reply.status == 401


async def test_an_unknown_route_is_a_404_that_says_not_found(api: Api) -> None:
    reply = await api.send("GET", "/there-is-no-such-thing")
    assert reply.status == 404
    assert reply.body["errors"][0]["title"] == "Not found."


@pytest.mark.parametrize("path", ["/conversations", "/customers", "/tags", "/users", "/knowledge-base/articles"])
async def test_what_does_not_exist_is_a_400_that_says_so(api: Api, path: str) -> None:
    reply = await api.send("GET", f"{path}/{NOWHERE}")
    assert reply.status == 400
    (error,) = reply.body["errors"]
    assert error["status"] == 400
    assert isinstance(error["id"], int)
    assert error["title"].endswith("not found")


async def test_changing_a_conversation_that_does_not_exist_is_a_400(api: Api) -> None:
    reply = await api.send("PATCH", f"/conversations/{uuid4()}", {"priority": 3})
    assert (reply.status, reply.body["errors"][0]["title"]) == (400, "Conversation not found")


@pytest.mark.parametrize("path", LISTS)
async def test_every_list_answers_by_the_conventions(api: Api, path: str) -> None:
    page = await api.page(path, select=["id"], limit=2, order=["id"], descending=True)
    assert {"data", "totalCount", "cursors"} <= page.keys()
    assert len(page["data"]) == min(2, page["totalCount"])
    assert page["cursors"]["hasNext"] == (page["totalCount"] > 2)
    assert page["cursors"]["hasPrevious"] is False


async def test_collaborator_types_and_outbounds_are_lists_too(api: Api) -> None:
    for path in ("/collaborator-types", "/outbounds"):
        assert isinstance(await api.rows(path, limit=1), list)


async def test_just_the_selected_fields_come(api: Api) -> None:
    for row in await api.rows("/conversations", select=["id", "customer.name"], limit=3):
        assert row.keys() == {"id", "customer"}
        assert row["customer"] is None or row["customer"].keys() == {"name"}


async def test_an_unknown_field_is_a_400_wherever_it_stands(api: Api) -> None:
    condition = {"field": "nonsense", "operator": "==", "value": "x"}
    for body in ({"select": ["nonsense"]}, {"order": ["nonsense"]}, {"where": [condition]}):
        assert (await api.send("POST", "/conversations/list", body)).status == 400, body


async def test_an_unknown_property_is_a_400(api: Api) -> None:
    assert (await api.send("POST", "/tags/list", {"nonsense": 1})).status == 400


@pytest.mark.parametrize("field", ["notes", "submitterUserId", "excludeAnalytics"])
async def test_what_is_only_written_cannot_be_selected(api: Api, field: str) -> None:
    assert (await api.send("POST", "/conversations/list", {"select": ["id", field], "limit": 1})).status == 400


async def test_without_a_limit_25_rows_come(api: Api) -> None:
    page = await api.page("/conversations", select=["id"])
    assert len(page["data"]) == min(25, page["totalCount"])


async def test_a_limit_above_100_is_a_400(api: Api) -> None:
    assert (await api.send("POST", "/conversations/list", {"limit": 101})).status == 400


async def test_reading_one_ignores_select(api: Api) -> None:
    row = await api.some("/conversations", "id", select=["id"])
    whole = await api.ok("GET", f"/conversations/{row['id']}")
    assert (await api.ok("GET", f"/conversations/{row['id']}", select="id")).keys() == whole.keys()


async def test_a_conversation_says_what_clients_were_seen_to_read(api: Api) -> None:
    row = await api.some("/conversations", "id", select=["id"])
    whole = await api.ok("GET", f"/conversations/{row['id']}")
    assert {"sourceType", "friendlyId", "lastActivityAt", "triageMessages", "assignedToUser", "ticketType"} <= set(
        whole
    )
    assert whole["assignedToUserId"] is None or isinstance(whole["assignedToUserId"], str)
    assert isinstance(whole["friendlyId"], int)


async def test_both_cursors_stand_on_every_page_and_only_has_next_tells_the_last(api: Api) -> None:
    query: dict[str, Any] = {"select": ["id", "createdAt"], "order": ["createdAt", "id"], "limit": 2}
    first = await api.page("/conversations", **query)
    if not first["cursors"]["hasNext"]:
        pytest.skip("there are too few conversations for a second page")
    second = await api.page("/conversations", **query, cursor=first["cursors"]["next"])
    assert not {row["id"] for row in first["data"]} & {row["id"] for row in second["data"]}
    assert second["totalCount"] == first["totalCount"]
    assert second["cursors"]["hasPrevious"] is True
    back = await api.page("/conversations", **query, cursor=second["cursors"]["previous"])
    assert [row["id"] for row in back["data"]] == [row["id"] for row in first["data"]]
    assert back["cursors"]["hasNext"] is True
    last = await api.page("/conversations", **{**query, "descending": True, "limit": 1})
    end = await api.page("/conversations", **{**query, "limit": 1}, cursor=last["cursors"]["previous"])
    assert end["data"] == [] or end["cursors"]["next"]


async def test_a_cursor_that_is_none_is_a_400(api: Api) -> None:
    assert (await api.send("POST", "/tags/list", {"cursor": "bm9uc2Vuc2U="})).status == 400


async def test_null_stands_last_and_first_descending(api: Api) -> None:
    for descending in (False, True):
        rows = await api.rows(
            "/conversations", select=["id", "closedAt"], order=["closedAt", "id"], descending=descending, limit=100
        )
        empty = [row["closedAt"] is None for row in rows]
        assert empty == sorted(empty, reverse=descending)


async def test_a_conversation_is_found_by_its_number(api: Api) -> None:
    row = await api.some("/conversations", "friendlyId", select=["id", "friendlyId"])
    for operator, value in (
        ("==", row["friendlyId"]),
        ("==", str(row["friendlyId"])),
        ("in", [str(row["friendlyId"])]),
    ):
        where = [{"field": "friendlyId", "operator": operator, "value": value}]
        assert [each["id"] for each in await api.rows("/conversations", select=["id"], where=where)] == [row["id"]]


async def test_contains_ignores_letter_case_and_like_does_not(api: Api) -> None:
    titles = [row["title"] for row in await api.rows("/conversations", select=["title"], limit=100) if row["title"]]
    words = [word for title in titles for word in re.findall(r"[A-Za-z]{5,}", title) if word.swapcase() not in title]
    if not words:
        pytest.skip("no title has a word of five letters")
    other = words[0].swapcase()

    async def found(operator: str, value: str) -> int:
        where = [{"field": "title", "operator": operator, "value": value}]
        return (await api.page("/conversations", select=["id"], where=where, limit=1))["totalCount"]

    assert await found("contains", other) == await found("contains", words[0]) > 0
    assert await found("like", f"%{words[0]}%") > 0
    assert await found("like", f"%{other}%") < await found("contains", other)


async def test_null_cannot_be_compared_with_and_matches_nothing(api: Api) -> None:
    where = [{"field": "assignedToUserId", "operator": "==", "value": None}]
    assert (await api.send("POST", "/conversations/list", {"where": where})).status == 400
    other = [{"field": "assignedToUserId", "operator": "!=", "value": NOWHERE}]
    rows = await api.rows("/conversations", select=["assignedToUserId"], where=other, limit=100)
    assert all(row["assignedToUserId"] for row in rows)


async def test_a_negated_condition_on_tags_means_that_no_tag_is_so_the_untagged_included(api: Api) -> None:
    tagged = await api.some("/conversations", "tags", select=["id", "tags.id"], order=["createdAt", "id"])
    tag_id = tagged["tags"][0]["id"]

    async def count(operator: str) -> int:
        where = [{"field": "tags.id", "operator": operator, "value": tag_id}]
        return (await api.page("/conversations", select=["id"], where=where, limit=1))["totalCount"]

    everything = (await api.page("/conversations", select=["id"], limit=1))["totalCount"]
    assert await count("==") + await count("!=") == everything


async def test_messages_come_newest_first_unless_an_order_is_given(api: Api) -> None:
    row = await api.some("/conversations", "id", select=["id"])
    messages = await api.rows(f"/conversations/{row['id']}/messages", limit=100)
    moments = [message["ts"] for message in messages]
    assert moments == sorted(moments, reverse=True)
    assert len(set(moments)) == len(moments)


async def test_users_from_outside_come_on_demand_and_so_do_those_who_left(api: Api) -> None:
    team = (await api.page("/users", select=["id"], limit=1))["totalCount"]
    assert (await api.page("/users", select=["id"], limit=1, includeExternalUsers=True))["totalCount"] >= team
    assert "deleted" in await api.some("/users", "id", order=["name", "id"])


async def test_approval_requests_come_as_a_bare_array(api: Api) -> None:
    row = await api.some("/conversations", "id", select=["id"])
    assert isinstance(await api.ok("GET", f"/conversations/{row['id']}/approval-requests"), list)


async def test_webhooks_come_as_a_bare_array(api: Api) -> None:
    assert isinstance(await api.ok("GET", "/webhook-subscriptions"), list)


async def test_the_knowledge_base_answers_with_a_text_and_its_articles(api: Api) -> None:
    said = await api.ok("POST", "/knowledge-base/query", {"query": "How do I reset my password?"})
    assert isinstance(said["answer"], str)
    for article in said["articles"]:
        assert {"id", "title", "url", "excerpt"} <= article.keys()


async def test_a_report_has_every_period_among_its_dates_and_names_for_its_keys(api: Api) -> None:
    body = {"startDate": "2026-10-01", "endDate": "2026-10-31", "metric": "totalCount", "dateDimension": "week"}
    said = await api.ok("POST", "/reporting/time-series", {**body, "dimensions": ["customerId"]})
    assert said["dates"] == ["2026-09-28", "2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26"]
    named_keys = named(said["lookups"].get("customerId", {}))
    assert set(said["data"]) - {"null"} <= set(named_keys)
