"""Ten thousand customers and fifty thousand conversations cost no more requests, and about as many bytes, as a few."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.large_workspace import ACCOUNTS, CONVERSATIONS, CUSTOMERS, USERS, company, enlarge, person
from tests.support import Desk, Sent
from tests.tools.reach import EVERYTHING

pytestmark = pytest.mark.anyio

ONE_PAGE = 10_000
"""Bytes that the names and ids of a hundred customers fit."""


@pytest.fixture(scope="module")
def large() -> Iterator[Desk]:
    desk = Desk(EVERYTHING)
    enlarge(desk.sandbox)
    yield desk
    desk.sandbox.close()


async def calls(desk: Desk, tool: str, **arguments: Any) -> tuple[str, list[Sent]]:
    """What a server that remembers nothing answers, and what it asked for."""
    desk.wire.clear()
    async with desk.agent(server=desk.new_server()) as agent:
        said = await agent.call(tool, **arguments)
    return said.text, list(desk.wire.sent)


def where(sent: Sent) -> tuple[str, str]:
    (condition,) = sent.body["where"]
    return condition["field"], condition["operator"]


def test_the_large_workspace_is_as_large_as_it_says(large: Desk) -> None:
    for table, count in (("customers", CUSTOMERS), ("conversations", CONVERSATIONS), ("accounts", ACCOUNTS)):
        (found,) = large.sandbox.database.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert found > count
    assert len({company(index) for index in range(CUSTOMERS)}) == CUSTOMERS
    assert len({person(index) for index in range(USERS)}) == USERS


@pytest.mark.parametrize(
    ("name", "asked", "words"),
    [
        (company(4_711), ["=="], f"{company(4_711)} (customer cu-04711)"),
        (company(4_711).lower(), ["==", "contains"], f"{company(4_711)} (customer cu-04711)"),
        ("POLDER SYSTEMS", ["==", "contains"], "Polder Systems (customer "),
        ("Polder Systms", ["==", "contains"], "No customer is called 'Polder Systms'. Similar: Polder Systems ("),
        ("Poldr Systems", ["==", "contains"], "No customer is called 'Poldr Systems'. Similar: Polder Systems ("),
        ("Polder", ["==", "contains"], "No customer is called 'Polder'. Similar: Polder Systems ("),
        ("Systems", ["==", "contains"], "No customer is called 'Systems' in just these letters. Similar among many: "),
        ("Nobody At All", ["==", "contains"], "No customer is called 'Nobody At All'. search_customers lists"),
    ],
)
async def test_a_customers_name_costs_at_most_two_requests_and_two_pages(
    large: Desk, name: str, asked: list[str], words: str
) -> None:
    text, sent = await calls(large, "get_customer", customer=name)
    assert text.startswith(words)
    lookups = [each for each in sent if each.path == "/customers/list"]
    assert [where(each) for each in lookups] == [("name", operator) for operator in asked]
    assert all(each.body["limit"] <= 100 for each in lookups)
    assert sum(each.answered for each in lookups) < ONE_PAGE
    assert len(sent) <= len(asked) + 1


@pytest.mark.parametrize(
    ("tool", "argument", "name"),
    [
        ("get_account", "account", company(300).upper()),
        ("get_user", "user", "jonas lindqvist"),
        ("get_user", "user", person(400).upper()),
        ("get_user", "user", f"{person(777).replace(' ', '.')}@Many.example"),
        ("get_tag", "tag", "escalated"),
        ("get_ticket_type", "ticket_type", "bug report"),
    ],
)
async def test_every_kind_of_name_costs_at_most_two_requests(large: Desk, tool: str, argument: str, name: str) -> None:
    text, sent = await calls(large, tool, **{argument: name})
    assert text.casefold().startswith(name.casefold()[:3]) or "(" in text.splitlines()[0], text
    assert not text.startswith("No "), text
    assert [where(each)[1] for each in sent if each.path.endswith("/list")] == ["==", "contains"]


async def test_a_number_among_fifty_thousand_costs_one_request(large: Desk) -> None:
    text, sent = await calls(large, "get_conversation", conversation="#104711")
    assert text.startswith("#104711")
    assert [where(each) for each in sent if each.path == "/conversations/list"] == [("friendlyId", "==")]


async def test_a_hundred_customers_by_name_are_looked_up_at_once(large: Desk) -> None:
    names = [company(97 * index) for index in range(100)]
    text, sent = await calls(large, "tag_customers", customers=names, add=["Escalated"])
    assert text.startswith("done: 100 of 100 customers: 'Escalated' added.\n")
    assert [each.path for each in sent if each.path.startswith("/customers")] == ["/customers/list"]
    assert len([each for each in sent if each.path.startswith("/tags/") and each.path != "/tags/list"]) == 1


SEARCHES: dict[str, tuple[str, dict[str, Any]]] = {
    "conversations": ("search_conversations", {}),
    "open conversations": ("search_conversations", {"status": ["open"]}),
    "a customer's conversations": ("search_conversations", {"customer": "Polder Systems"}),
    "somebody's conversations": ("search_conversations", {"assignee": "Mei Tanaka"}),
    "conversations in words": ("search_conversations", {"text": "the"}),
    "customers": ("search_customers", {}),
    "customers in words": ("search_customers", {"text": "petrichor"}),
    "customers of a tag": ("search_customers", {"tag": "Enterprise"}),
    "accounts": ("search_accounts", {"limit": 5}),
    "users": ("list_users", {"limit": 5}),
    "tags": ("list_tags", {}),
}


@pytest.mark.parametrize("name", SEARCHES)
async def test_a_page_costs_the_same_requests_and_about_the_same_bytes_as_on_the_small_workspace(
    large: Desk, name: str
) -> None:
    tool, arguments = SEARCHES[name]
    small = Desk(EVERYTHING)
    _, few = await calls(small, tool, **arguments)
    small.sandbox.close()
    _, many = await calls(large, tool, **arguments)
    assert [str(each) for each in many] == [str(each) for each in few]
    assert sum(each.answered for each in many) < 1.25 * sum(each.answered for each in few) + 500


async def test_no_page_asks_for_the_whole_and_each_costs_one_request(large: Desk) -> None:
    async with large.agent() as agent:
        said = await agent.call("search_customers", limit=100)
        for page in range(2, 5):
            large.wire.clear()
            said = await agent.call("search_customers", cursor=said.text.rpartition("cursor=")[2])
            assert "100 of 10,026 customers" in said, page
            (sent,) = large.wire.sent
            assert sent.body["limit"] == 100
            assert sent.answered < 2 * ONE_PAGE


@pytest.mark.parametrize(
    ("table", "column", "index"),
    [
        ("customers", "name", "customers_by_name"),
        ("accounts", "name", "accounts_by_name"),
        ("users", "name", "users_by_name"),
        ("users", "email", "users_by_email"),
        ("conversations", "friendlyId", "sqlite_autoindex"),
        ("conversations", "customerId", "conversations_by_customer"),
    ],
)
def test_what_is_looked_up_exactly_is_found_by_an_index(large: Desk, table: str, column: str, index: str) -> None:
    plan = large.sandbox.database.execute(f"EXPLAIN QUERY PLAN SELECT * FROM {table} it WHERE it.{column} = ?", ["x"])
    ((*_, said),) = plan.fetchall()
    assert index in said
