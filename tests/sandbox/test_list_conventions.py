"""The list conventions: select, order, limit, descending, cursor, totalCount."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.sandbox.conftest import Api
from unthread_mcp.sandbox import Sandbox

pytestmark = pytest.mark.anyio

EVERYTHING = 150


def cursor(*value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def decoded(text: str) -> Any:
    return json.loads(base64.b64decode(text))


class TestSelect:
    async def test_dotted_names_go_through_objects_and_arrays_and_nothing_else_comes(
        self, sandbox: Sandbox, api: Api
    ) -> None:
        where = [{"field": "id", "operator": "==", "value": sandbox.landmark("html-mail")}]
        select = ["tags.name", "title", "customer.name", "initialMessage.user.email", "customer.tags.id", "tags.id"]
        (row,) = await api.rows("/conversations", select=select, where=where)
        assert list(row) == ["tags", "title", "customer", "initialMessage"]
        assert [list(tag) for tag in row["tags"]] == [["name", "id"]]
        assert row["tags"][0]["name"] == "Bug"
        assert row["customer"] == {"name": "Meridian Dental Group", "tags": []}
        assert row["initialMessage"] == {"user": {"email": "robert.achebe@meridiandental.example"}}

    async def test_a_whole_object_swallows_its_parts_whatever_comes_first(self, api: Api) -> None:
        for select in (["customer", "customer.name"], ["customer.name", "customer"]):
            (row,) = await api.rows("/conversations", select=select, limit=1)
            assert {"id", "name", "tags", "emailDomains", "slackChannel"} <= set(row["customer"])

    async def test_keys_of_maps_are_selected_by_name_and_missing_ones_are_null(
        self, sandbox: Sandbox, api: Api
    ) -> None:
        where = [{"field": "id", "operator": "==", "value": sandbox.landmark("angry")}]
        (row,) = await api.rows("/conversations", select=["metadata.plan", "metadata.nope"], where=where)
        assert row == {"metadata": {"plan": "enterprise", "nope": None}}

    async def test_members_of_json_objects_keep_their_type(self, api: Api) -> None:
        where = [{"field": "name", "operator": "==", "value": "Albatros Reisen"}]
        select = [
            "autoresponder.enabled",
            "autoresponder.condition",
            "disableAutomatedTicketing",
            "externalCrmMetadata.id",
        ]
        (row,) = await api.rows("/customers", select=select, where=where)
        assert row == {
            "autoresponder": {"enabled": True, "condition": "always"},
            "disableAutomatedTicketing": False,
            "externalCrmMetadata": None,
        }

    async def test_elements_of_json_arrays_can_be_selected(self, api: Api) -> None:
        rows = await api.rows("/ticket-types", select=["name", "fields.label", "fields.required"])
        labels = {row["name"]: [field["label"] for field in row["fields"]] for row in rows}
        assert labels["Access request"] == ["Requested role", "Approved by", "Account manager"]
        assert {field["required"] for row in rows for field in row["fields"]} == {True, False}

    async def test_without_select_everything_around_an_object_comes(self, sandbox: Sandbox, api: Api) -> None:
        where = [{"field": "id", "operator": "==", "value": sandbox.landmark("angry")}]
        (listed,) = await api.rows("/conversations", where=where)
        assert listed == await api.ok("GET", f"/conversations/{sandbox.landmark('angry')}")
        assert listed["initialMessage"]["user"]["name"] == "Paula Jennings"
        (root,) = listed["triageMessages"]
        assert (root["channelId"], root["threadTs"]) == ("C0TRIAGE02", None)
        assert listed["customer"]["tags"][0]["name"] == "At risk"
        assert not {"notes", "submitterUserId", "excludeAnalytics"} & set(listed)

    async def test_an_empty_select_is_none(self, api: Api) -> None:
        (row,) = await api.rows("/tags", select=[], limit=1)
        assert set(row) == {"id", "name"}

    @pytest.mark.parametrize(
        ("field", "title"),
        [
            ("nope", '"nope" is not a field of conversation'),
            ("notes", '"notes" is not a field of conversation'),
            ("customer.nope", '"customer.nope" is not a field of customer'),
            ("title.length", '"title.length" is not a field of conversation'),
            ("ticketTypeFields.a.b", '"ticketTypeFields.a" is not a field'),
            ("initialMessage.metadata.nope", '"initialMessage.metadata.nope" is not a field'),
            ("metadata.it's", '"it\'s" is not a field name'),
            (
                "initialMessage.conversation.customer.tags.name",
                '"initialMessage.conversation.customer.tags.name" goes too deep',
            ),
        ],
    )
    async def test_an_unknown_field_is_refused(self, api: Api, field: str, title: str) -> None:
        assert await api.refused("POST", "/conversations/list", {"select": [field]}) == title

    async def test_create_and_update_take_a_comma_separated_query_parameter(self, sandbox: Sandbox, api: Api) -> None:
        url = f"/conversations/{sandbox.landmark('angry')}"
        row = await api.ok("PATCH", url, {"priority": 7}, select="id,priority,tags.name,initialMessage.ts")
        assert list(row) == ["id", "priority", "tags", "initialMessage"]
        assert list(row["initialMessage"]) == ["ts"]
        assert await api.ok("POST", "/tags", {"name": "New"}, select="name") == {"name": "New"}

    async def test_get_by_id_ignores_select(self, sandbox: Sandbox, api: Api) -> None:
        row = await api.ok("GET", f"/conversations/{sandbox.landmark('angry')}", None, select="id")
        assert len(row) > 30

    async def test_as_many_fields_and_conditions_as_a_list_takes(self, api: Api) -> None:
        select = [f"metadata.key{number}" for number in range(200)]
        where = [{"field": "tags.name", "operator": "!=", "value": f"tag {number}"} for number in range(200)]
        (row,) = await api.rows("/conversations", select=select, where=where, limit=1, order=["createdAt", "id"])
        assert len(row["metadata"]) == 200


class TestOrder:
    async def test_rows_come_by_id_unless_told_otherwise(self, api: Api) -> None:
        ids = await api.ids("/conversations", limit=100)
        assert ids == sorted(ids)

    async def test_descending_holds_for_every_key(self, api: Api) -> None:
        rows = await api.rows(
            "/conversations", select=["status", "id"], order=["status", "id"], descending=True, limit=100
        )
        keys = [(row["status"], row["id"]) for row in rows]
        assert keys == sorted(keys, reverse=True)
        assert await api.ids("/conversations", descending=True, limit=3) == sorted(
            await api.ids("/conversations", descending=True, limit=3), reverse=True
        )

    async def test_null_stands_last_ascending_and_first_descending(self, api: Api) -> None:
        order = ["priority", "id"]
        rising = [row["priority"] for row in await all_rows(api, order=order, select=["id", "priority"])]
        falling = [
            row["priority"] for row in await all_rows(api, order=order, select=["id", "priority"], descending=True)
        ]
        assert (rising[0], rising[-1]) == (3, None)
        assert (falling[0], falling[-1]) == (None, 3)
        assert len(rising) == EVERYTHING

    async def test_order_goes_through_objects(self, api: Api) -> None:
        rows = await all_rows(api, order=["customer.name", "id"], select=["customer.name", "id"])
        names = [row["customer"] and row["customer"]["name"] for row in rows]
        known = [name for name in names if name is not None]
        assert known == sorted(known)
        assert names == known + [None] * (len(names) - len(known))

    @pytest.mark.parametrize("field", ["tags.name", "tags", "customer", "metadata", "metadata.plan", "nope", "title.x"])
    async def test_what_has_no_single_value_orders_nothing(self, api: Api, field: str) -> None:
        title = await api.refused("POST", "/conversations/list", {"order": [field]})
        assert field.split(".", maxsplit=1)[0] in title


async def all_rows(api: Api, path: str = "/conversations", **body: Any) -> list[Any]:
    """Every page, forwards."""
    rows: list[Any] = []
    page = await api.listed(path, limit=37, **body)
    for _ in range(20):
        rows += page["data"]
        if not page["cursors"]["hasNext"]:
            return rows
        page = await api.listed(path, limit=37, cursor=page["cursors"]["next"], **body)
    raise AssertionError("the last page never came")


class TestPages:
    async def test_limit_is_a_whole_number_from_1_to_100(self, api: Api) -> None:
        assert len(await api.rows("/conversations")) == 25
        assert len(await api.rows("/conversations", limit=100)) == 100
        for limit in (0, 101, -1, 2.5, "10", True, None):
            title = await api.refused("POST", "/conversations/list", {"limit": limit})
            assert title == '"limit" must be a whole number from 1 to 100'

    @pytest.mark.parametrize("order", [["id"], ["createdAt", "id"], ["priority", "id"], ["closedAt", "status", "id"]])
    @pytest.mark.parametrize("descending", [False, True])
    async def test_paging_there_and_back_meets_every_row_once(
        self, api: Api, order: list[str], descending: bool
    ) -> None:
        query = {"order": order, "descending": descending, "select": ["id"], "limit": 41}
        page = await api.listed("/conversations", **query)
        there = [page["data"]]
        while page["cursors"]["hasNext"]:
            page = await api.listed("/conversations", cursor=page["cursors"]["next"], **query)
            assert page["cursors"]["hasPrevious"]
            assert page["totalCount"] == EVERYTHING
            there.append(page["data"])
            assert len(there) < 10
        assert [len(rows) for rows in there] == [41, 41, 41, 27]
        assert len({row["id"] for rows in there for row in rows}) == EVERYTHING

        back: list[Any] = []
        for _ in range(3):
            page = await api.listed("/conversations", cursor=page["cursors"]["previous"], **query)
            assert page["cursors"]["hasNext"], "paging backwards it is always true"
            back.insert(0, page["data"])
        assert back == there[:3]
        assert not page["cursors"]["hasPrevious"]

    async def test_next_and_previous_stand_on_the_last_and_first_page_too(self, bare: Api) -> None:
        await bare.ok("POST", "/tags", {"name": "One"})
        page = await bare.listed("/tags")
        assert page["cursors"].keys() == {"hasNext", "hasPrevious", "next", "previous"}
        assert (page["cursors"]["hasNext"], page["cursors"]["hasPrevious"]) == (False, False)
        beyond = await bare.listed("/tags", cursor=page["cursors"]["next"])
        assert beyond == {"data": [], "totalCount": 1, "cursors": {"hasNext": False, "hasPrevious": True}}
        before = await bare.listed("/tags", cursor=page["cursors"]["previous"])
        assert before == {"data": [], "totalCount": 1, "cursors": {"hasNext": True, "hasPrevious": False}}

    async def test_a_cursor_is_base64_of_the_direction_and_the_order_values_of_the_edge(self, api: Api) -> None:
        order = ["priority", "createdAt", "id"]
        page = await api.listed("/conversations", order=order, select=order, limit=2)
        first, last = ([row[name] for name in order] for row in page["data"])
        assert decoded(page["cursors"]["next"]) == [True, last]
        assert decoded(page["cursors"]["previous"]) == [False, first]

    async def test_the_cursor_of_the_references_example_is_taken(self, api: Api) -> None:
        page = await api.listed(
            "/conversations", limit=3, cursor="W3RydWUsWyIwNTU4MTc5Zi1kYTJkLTQxZjItOTZlYy1iZGY2YzkzZGQ1MjIiXV0="
        )
        assert all(row["id"] > "0558179f-da2d-41f2-96ec-bdf6c93dd522" for row in page["data"])

    async def test_ties_at_a_pages_edge_are_lost_when_the_order_is_not_unique(self, api: Api) -> None:
        query = {"order": ["status"], "select": ["id"], "limit": 10}
        page = await api.listed("/conversations", **query)
        after = await api.listed("/conversations", cursor=page["cursors"]["next"], **query)
        statuses = await api.rows("/conversations", select=["status"], order=["status"], limit=10)
        assert {row["status"] for row in statuses} == {"closed"}
        assert after["totalCount"] == EVERYTHING
        rest = await api.rows("/conversations", cursor=page["cursors"]["next"], order=["status"], select=["status"])
        assert "closed" not in {row["status"] for row in rest}

    @pytest.mark.parametrize(
        "bad",
        [
            "",
            "nonsense!",
            "bm9uc2Vuc2U=",
            cursor(True, []),
            cursor(True, ["a", "b"]),
            cursor("yes", ["a"]),
            cursor(True, [["a"]]),
            cursor(True, "a"),
            cursor(True),
            base64.b64encode(b"{}").decode(),
            base64.b64encode(b"\xff\xfe").decode(),
        ],
    )
    async def test_a_cursor_that_is_none_is_refused(self, api: Api, bad: str) -> None:
        assert await api.refused("POST", "/conversations/list", {"cursor": bad}) == "Invalid cursor"

    @pytest.mark.parametrize(
        ("body", "title"),
        [
            ({"select": "id"}, '"select" must be an array'),
            ({"select": [1]}, '"select[0]" must be a string'),
            ({"order": "id"}, '"order" must be an array'),
            ({"descending": "yes"}, '"descending" must be a boolean'),
            ({"select": ["id"] * 201}, '"select" must have at most 200 entries'),
            ({"where": ["x"] * 201}, '"where" must have at most 200 entries'),
            ({"cursor": 1}, '"cursor" must be a string'),
            ({"page": 2}, '"page" is not allowed'),
            ({"includeExternalUsers": True}, '"includeExternalUsers" is not allowed'),
        ],
    )
    async def test_a_list_request_is_checked(self, api: Api, body: Any, title: str) -> None:
        assert await api.refused("POST", "/conversations/list", body) == title
