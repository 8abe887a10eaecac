"""The nine operators, on plain, dotted and nested fields."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.conftest import Api, Clock
from unthread_mcp.sandbox import Sandbox

pytestmark = pytest.mark.anyio


async def everything(api: Api) -> list[Any]:
    select = ["id", "title", "status", "priority", "friendlyId", "createdAt", "closedAt", "tags.name", "tags.id"]
    select += ["customer.name", "customer.id", "assignedToUser.name", "sourceType", "wasManuallyCreated", "metadata"]
    first = await api.listed("/conversations", select=select, limit=100)
    return first["data"] + await api.rows("/conversations", select=select, limit=100, cursor=first["cursors"]["next"])


def customer(row: Any) -> str | None:
    return row["customer"] and row["customer"]["name"]


def tags(row: Any) -> set[str]:
    return {tag["name"] for tag in row["tags"]}


CONDITIONS: list[tuple[str, str, Any, Callable[[Any], bool]]] = [
    ("status", "==", "open", lambda row: row["status"] == "open"),
    ("status", "!=", "closed", lambda row: row["status"] != "closed"),
    ("status", "in", ["open", "on_hold"], lambda row: row["status"] in {"open", "on_hold"}),
    ("status", "notIn", ["open", "closed"], lambda row: row["status"] not in {"open", "closed"}),
    ("status", "in", [], lambda row: False),
    ("status", "notIn", [], lambda row: True),
    ("status", "==", "resolved", lambda row: False),
    ("friendlyId", "==", 1042, lambda row: row["friendlyId"] == 1042),
    ("friendlyId", "==", "1042", lambda row: row["friendlyId"] == 1042),
    ("friendlyId", "<", 1010, lambda row: row["friendlyId"] < 1010),
    ("friendlyId", "in", ["1001", "1150"], lambda row: row["friendlyId"] in {1001, 1150}),
    ("priority", ">", 5, lambda row: (row["priority"] or 0) > 5),
    ("priority", "!=", 9, lambda row: row["priority"] not in {9, None}),
    ("priority", "notIn", ["9"], lambda row: row["priority"] not in {9, None}),
    ("createdAt", ">", "2025-03-10", lambda row: row["createdAt"] >= "2025-03-10"),
    ("createdAt", "<", "2025-03-10T12:00:00+02:00", lambda row: row["createdAt"] < "2025-03-10T10:00:00.000Z"),
    ("closedAt", ">", "2025-01-01", lambda row: (row["closedAt"] or "") > "2025-01-01"),
    ("wasManuallyCreated", "==", "true", lambda row: row["wasManuallyCreated"]),
    ("wasManuallyCreated", "notIn", ["true"], lambda row: not row["wasManuallyCreated"]),
    ("title", "contains", "CERTIFICATE", lambda row: "certificate" in (row["title"] or "").lower()),
    ("title", "notContains", "the", lambda row: row["title"] is not None and "the" not in row["title"].lower()),
    ("title", "contains", "ВІДВАНТАЖЕННЯ", lambda row: "відвантаження" in (row["title"] or "")),
    ("title", "contains", "НЕ оновлюються", lambda row: "Не оновлюються" in (row["title"] or "")),
    ("title", "contains", "🚀", lambda row: "🚀" in (row["title"] or "")),
    ("title", "like", "%429%", lambda row: "429" in (row["title"] or "")),
    ("title", "like", "S%", lambda row: (row["title"] or "").startswith("S")),
    ("title", "like", "s%", lambda row: (row["title"] or "").startswith("s")),
    ("title", "like", "_ar% declined", lambda row: row["title"] == "Card declined"),
    ("tags.name", "==", "Billing", lambda row: "Billing" in tags(row)),
    ("tags.name", "!=", "Billing", lambda row: "Billing" not in tags(row)),
    ("tags.name", "in", ["SSO", "API"], lambda row: bool(tags(row) & {"SSO", "API"})),
    ("tags.name", "notIn", ["SSO", "API"], lambda row: not tags(row) & {"SSO", "API"}),
    ("tags.name", "contains", "bil", lambda row: "Billing" in tags(row)),
    ("tags.name", "notContains", "bil", lambda row: "Billing" not in tags(row)),
    ("customer.name", "==", "Tallow & Finch", lambda row: customer(row) == "Tallow & Finch"),
    ("customer.name", "contains", "petrichor", lambda row: "Petrichor" in (customer(row) or "")),
    ("customer.name", "!=", "Vela Biotech", lambda row: customer(row) not in {None, "Vela Biotech"}),
    (
        "assignedToUser.name",
        "like",
        "Jonas %",
        lambda row: row["assignedToUser"] and "Jonas" in row["assignedToUser"]["name"],
    ),
    ("metadata.plan", "==", "enterprise", lambda row: row["metadata"].get("plan") == "enterprise"),
    ("metadata.nope", "!=", "x", lambda row: False),
]


@pytest.mark.parametrize("number", range(len(CONDITIONS)))
async def test_a_condition_finds_what_it_says_and_no_more(api: Api, number: int) -> None:
    field, operator, value, expected = CONDITIONS[number]
    found = await api.where("/conversations", field, operator, value)
    wanted = {row["id"] for row in await everything(api) if expected(row)}
    assert found["totalCount"] == len(wanted)
    assert {row["id"] for row in found["data"]} <= wanted
    assert len(found["data"]) == min(100, len(wanted))


async def test_conditions_are_all_of_them(api: Api) -> None:
    where = [
        {"field": "status", "operator": "==", "value": "open"},
        {"field": "tags.name", "operator": "==", "value": "SSO"},
        {"field": "priority", "operator": "==", "value": 9},
    ]
    rows = [
        row for row in await everything(api) if row["status"] == "open" and row["priority"] == 9 and "SSO" in tags(row)
    ]
    assert await api.ids("/conversations", where=where) == [row["id"] for row in rows] != []


@pytest.mark.parametrize(
    ("condition", "title"),
    [
        ({"field": "nope", "operator": "==", "value": 1}, '"nope" is not a field of conversation'),
        ({"field": "customer.nope", "operator": "==", "value": 1}, '"nope" is not a field of customer'),
        ({"field": "customer", "operator": "==", "value": "x"}, '"customer" is an object: name one of its fields'),
        ({"field": "metadata", "operator": "==", "value": "x"}, '"metadata" is an object: name one of its fields'),
        (
            {("field"): ("metadata.a.b"), ("operator"): ("=="), ("value"): ("x")},
            ('"metadata.a.b" is an object: name one of its fields'),
        ),
        ({"field": "title.x", "operator": "==", "value": "x"}, '"title.x" is not a field of conversation'),
        (
            {("field"): ("latestMessage.metadata.x"), ("operator"): ("=="), ("value"): ("x")},
            ('"latestMessage.metadata.x" is not a field of conversation'),
        ),
        (
            {("field"): ("title"), ("operator"): ("="), ("value"): ("x")},
            ('"operator" must be one of [==, !=, >, <, in, notIn, contains, notContains, like]'),
        ),
        (
            {("field"): ("title"), ("operator"): None, ("value"): ("x")},
            ('"operator" must be one of [==, !=, >, <, in, notIn, contains, notContains, like]'),
        ),
        (
            {("field"): ("title"), ("operator"): ("=="), ("value"): None},
            ('"value" must be a string or a number for operator "=="'),
        ),
        (
            {("field"): ("title"), ("operator"): ("=="), ("value"): True},
            ('"value" must be a string or a number for operator "=="'),
        ),
        (
            {("field"): ("title"), ("operator"): ("=="), ("value"): [("x")]},
            ('"value" must be a string or a number for operator "=="'),
        ),
        ({"field": "title", "operator": "==", "value": {}}, '"value" must be a string or a number for operator "=="'),
        ({"field": "title", "operator": "in", "value": "x"}, '"value" must be an array of strings for operator "in"'),
        ({"field": "title", "operator": "in", "value": [1]}, '"value[0]" must be a string'),
        ({"field": "title", "operator": "like", "value": 1}, '"value" must be a string'),
        (
            {("field"): ("title"), ("operator"): ("like"), ("value"): ("é") * 10_001},
            ('"value" must be at most 10000 characters for operator "like"'),
        ),
        ({"field": "priority", "operator": "contains", "value": "x"}, 'Operator "contains" needs a text field'),
        ({"field": "createdAt", "operator": "like", "value": "x"}, 'Operator "like" needs a text field'),
        ({"field": "priority", "operator": "==", "value": "high"}, '"value" must be a number for this field'),
        ({"field": "createdAt", "operator": ">", "value": "yesterday"}, '"value" must be a valid date'),
        ({"field": "createdAt", "operator": ">", "value": 1700000000}, '"value" must be a string'),
        (
            {("field"): ("createdAt"), ("operator"): (">"), ("value"): ("0001-01-01T00:00:00+23:59")},
            ('"value" must be a valid date'),
        ),
        (
            {("field"): ("wasManuallyCreated"), ("operator"): ("=="), ("value"): ("yes")},
            ('"value" must be "true" or "false" for this field'),
        ),
        ({"field": "wasManuallyCreated", "operator": ">", "value": "false"}, 'Operator ">" cannot compare booleans'),
        ({"field": "title", "operator": "=="}, 'Each "where" condition must have "field", "operator" and "value"'),
        (
            {("field"): ("title"), ("operator"): ("=="), ("value"): ("x"), ("or"): 1},
            ('Each "where" condition must have "field", "operator" and "value"'),
        ),
        ("title", 'Each "where" condition must have "field", "operator" and "value"'),
        ({"field": 1, "operator": "==", "value": "x"}, '"field" must be a string'),
    ],
)
async def test_a_bad_condition_is_refused_by_name(api: Api, condition: Any, title: str) -> None:
    assert await api.refused("POST", "/conversations/list", {"where": [condition]}) == title


async def test_an_array_of_strings_contains_whole_strings(api: Api) -> None:
    async def names(operator: str, value: Any) -> set[str]:
        where = [{"field": "emailDomains", "operator": operator, "value": value}]
        return {row["name"] for row in await api.rows("/customers", select=["name"], where=where, limit=100)}

    domain = "petrichorlabs.example"
    assert await names("contains", domain) == await names("==", domain) == {"Petrichor Labs"}
    assert await names("in", [domain, "lumenyard.example"]) == {"Petrichor Labs", "Lumen Yard"}
    assert await names("contains", "petrichor") == set()
    assert await names("like", "petrichor%") == {"Petrichor Labs", "Petrichor Logistics"}
    assert "Petrichor Labs" not in await names("notContains", domain)
    assert len(await names("notIn", [domain])) == 25


async def test_fields_inside_json_arrays_can_be_asked_for(api: Api) -> None:
    found = await api.where("/ticket-types", "fields.label", "==", "Invoice number")
    assert found["totalCount"] == 1
    found = await api.where("/ticket-types", "fields.required", "==", "true")
    assert found["totalCount"] == 3


async def test_files_and_followers_can_be_asked_for(sandbox: Sandbox, api: Api) -> None:
    found = await api.where("/conversations", "files.name", "==", "firefox.png")
    assert [row["id"] for row in found["data"]] == [sandbox.landmark("many-files")]
    assert (await api.where("/conversations", "followers.userId", "==", "x"))["totalCount"] == 0


async def test_special_characters_of_patterns_stand_for_themselves_in_contains(sandbox: Sandbox, api: Api) -> None:
    titles = {"100%_done": "100%_done", "[brackets]*?": "[brackets]*?"}
    for number, title in enumerate(titles):
        await api.ok("PATCH", f"/conversations/{sandbox.conversation_id(1001 + number)}", {"title": title})
    assert (await api.where("/conversations", "title", "contains", "0%_d"))["totalCount"] == 1
    assert (await api.where("/conversations", "title", "like", r"100\%\_d%"))["totalCount"] == 1
    assert (await api.where("/conversations", "title", "like", "[brackets]*?"))["totalCount"] == 1
    assert (await api.where("/conversations", "title", "like", "[b%"))["totalCount"] == 1
    assert (await api.where("/conversations", "title", "contains", "]*?"))["totalCount"] == 1


async def test_very_long_values_find_nothing_and_break_nothing(api: Api) -> None:
    for operator, value in (("like", "*é" * 5_000), ("contains", "a%_" * 50_000), ("contains", "é" * 50_000)):
        assert (await api.where("/conversations", "title", operator, value))["totalCount"] == 0
    many = [str(number) for number in range(50_000)]
    assert (await api.where("/conversations", "friendlyId", "in", many))["totalCount"] == 150


async def test_numbers_in_maps_are_found_like_strings(sandbox: Sandbox, api: Api, clock: Clock) -> None:
    clock.now += timedelta(minutes=1)
    field = "12345678-1234-1234-1234-123456789abc"
    await api.ok("PATCH", f"/conversations/{sandbox.landmark('angry')}", {"ticketTypeFields": {field: 3}})
    for value in (3, "3"):
        assert (await api.where("/conversations", f"ticketTypeFields.{field}", "==", value))["totalCount"] == 1
