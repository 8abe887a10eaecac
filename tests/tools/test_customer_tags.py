"""Tagging many customers: a request a tag, and an outcome for each customer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.support import Desk, Era
from tests.tools.reach import EVERYTHING

pytestmark = pytest.mark.anyio
SETTINGS = EVERYTHING


def customer_id(desk: Desk, name: str) -> str:
    return desk.sandbox.database.execute("SELECT id FROM customers WHERE name = ?", [name]).fetchone()[0]


def tagged(desk: Desk, tag: str) -> set[str]:
    sql = (
        "SELECT c.name FROM customer_tags l JOIN customers c ON c.id = l.customerId JOIN tags t ON t.id = l.tagId"
        " WHERE t.name = ?"
    )
    return {name for (name,) in desk.sandbox.database.execute(sql, [tag])}


def answering(*statuses: int) -> Callable[[httpx2.Request], httpx2.Response | None]:
    """Answer links with these in turn; zero lets one through."""
    waiting = iter(statuses)

    def before(request: httpx2.Request) -> httpx2.Response | None:
        status = next(waiting) if "-links" in request.url.path else 0
        return httpx2.Response(status, json={"errors": [{"status": status, "title": "No"}]}) if status else None

    return before


async def test_a_tag_is_not_both_added_and_removed(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call(
            "tag_customers", customers=["Tern Shipping"], add=["Bug", "Escalated"], remove=["Escalated"]
        )
    assert said.text == "refused: The tag 'Escalated' is both added and removed. Do one of the two."
    assert desk.wire.writes == []


async def test_several_customers_are_tagged_with_one_request_a_tag(desk: Desk, era: Era) -> None:
    names = ["Tern Shipping", "Vela Biotech", "Tern Shipping"]
    async with desk.agent(era) as agent:
        said = await agent.call("tag_customers", customers=names, add=["Escalated"], remove=["At risk"])
    assert said.text == (
        "done: 2 of 2 customers: 'Escalated' added, 'At risk' removed.\ndone: Tern Shipping, Vela Biotech"
    )
    ids = [customer_id(desk, "Tern Shipping"), customer_id(desk, "Vela Biotech")]
    assert [each.body for each in desk.wire.writes] == [ids, ids], "bare arrays, as the reference wants"
    assert [each.path.rpartition("/")[2] for each in desk.wire.writes] == ["create-links", "delete-links"]
    assert tagged(desk, "Escalated") == set(names)
    assert "Tern Shipping" not in tagged(desk, "At risk")
    looked_up = [each for each in desk.wire.sent if each.path == "/customers/list"]
    assert len(looked_up) == 1, "exact names are looked up at once"


async def test_a_customer_named_in_two_ways_is_one(desk: Desk) -> None:
    both = ["Tern Shipping", customer_id(desk, "Tern Shipping")]
    async with desk.agent() as agent:
        said = await agent.call("tag_customers", customers=both, add=["Escalated"])
    assert said.text == "done: 1 of 1 customers: 'Escalated' added.\ndone: Tern Shipping"
    assert [each.body for each in desk.wire.writes] == [both[1:]]


async def test_who_is_not_found_is_refused_and_the_others_are_tagged(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call("tag_customers", customers=["Tern Shiping", "Vela Biotech"], add=["Escalated"])
    assert said.text.startswith("done: 1 of 2 customers: 'Escalated' added.\n")
    assert "refused: Tern Shiping. No customer is called 'Tern Shiping'. Similar: Tern Shipping" in said
    assert "done: Vela Biotech" in said
    assert tagged(desk, "Escalated") == {"Vela Biotech"}


async def test_one_that_is_gone_is_found_out_and_keeps_nobody_else_from_it(desk: Desk) -> None:
    gone = "00000000-0000-4000-8000-000000000000"
    names = ["Tern Shipping", "Vela Biotech", gone, "Norrvik Energi", "Polder Systems"]
    async with desk.agent() as agent:
        said = await agent.call("tag_customers", customers=names, add=["Escalated"])
    assert said.text.startswith("done: 4 of 5 customers: 'Escalated' added.\n")
    assert f"refused: {gone}. 'Escalated': Unthread found no such object" in said
    assert tagged(desk, "Escalated") == {*names} - {gone}
    assert len(desk.wire.writes) <= 7


async def test_one_tag_that_is_refused_leaves_the_other_done(desk: Desk) -> None:
    async with desk.agent() as agent:
        desk.wire.before = answering(0, 403)
        said = await agent.call("tag_customers", customers=["Tern Shipping"], add=["Escalated"], remove=["At risk"])
    assert said.text.startswith("done: ")
    assert "\ndone in part: Tern Shipping. 'At risk': Unthread does not let this server's key do this" in said


async def test_where_nobody_is_tagged_the_call_fails(desk: Desk) -> None:
    async with desk.agent() as agent:
        desk.wire.before = answering(403)
        said = await agent.call("tag_customers", customers=["Tern Shipping"], add=["Escalated"])
    assert said.failed
    assert said.text.startswith("refused: 0 of 1 customers: 'Escalated' added.\nrefused: Tern Shipping. ")


async def test_a_lost_answer_is_unknown_for_all_whom_it_was_about_and_not_asked_again(desk: Desk) -> None:
    async with desk.agent() as agent:
        desk.wire.before = answering(502, 0)
        said = await agent.call("tag_customers", customers=["Tern Shipping", "Vela Biotech"], add=["Escalated"])
    assert said.failed
    assert said.text.startswith("unknown: 0 of 2 customers: 'Escalated' added.\n")
    assert "\nunknown: Tern Shipping, Vela Biotech. 'Escalated': " in said
    assert len(desk.wire.writes) == 1


async def test_where_most_are_gone_it_stops_after_thirty_requests_and_names_who_is_left(desk: Desk) -> None:
    gone = [f"00000000-0000-4000-8000-{number:012}" for number in range(100)]
    async with desk.agent() as agent:
        said = await agent.call("tag_customers", customers=gone, add=["Escalated"], remove=["At risk"])
    assert said.failed
    assert len(desk.wire.writes) == 30
    assert "Too many of them are refused to tell which in one call." in said
    assert all(each in said for each in gone)


async def test_what_stands_against_all_stops_it_and_names_who_is_left(desk: Desk) -> None:
    async with desk.agent() as agent:
        desk.wire.before = answering(401, 401)
        said = await agent.call("tag_customers", customers=["Tern Shipping"], add=["Escalated"], remove=["At risk"])
    assert said.failed
    assert "Tern Shipping" in said
    assert len(desk.wire.writes) == 1


async def test_an_unknown_outcome_stops_it(desk: Desk) -> None:
    async with desk.agent() as agent:
        desk.wire.before = answering(502, 0)
        said = await agent.call("tag_customers", customers=["Tern Shipping"], add=["Escalated"], remove=["At risk"])
    assert said.text.startswith("unknown: ")
    assert len(desk.wire.writes) == 1


async def test_after_45_seconds_nothing_more_is_begun(desk: Desk) -> None:
    def slow(request: httpx2.Request) -> None:
        desk.clock.forward(seconds=50)

    async with desk.agent() as agent:
        desk.wire.before = slow
        said = await agent.call("tag_customers", customers=["Tern Shipping"], add=["Escalated"], remove=["At risk"])
    assert "45 seconds were over" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "No tag was passed. Pass add or remove."),
        ({"add": ["Escalate"]}, "No tag is called 'Escalate'. Similar: Escalated"),
    ],
)
async def test_tagging_needs_a_tag(desk: Desk, arguments: dict[str, Any], words: str) -> None:
    async with desk.agent() as agent:
        said = await agent.call("tag_customers", customers=["Tern Shipping"], **arguments)
    assert said.text.startswith(f"refused: {words}")
    assert desk.wire.writes == []


async def test_those_who_may_not_be_written_to_are_refused_on_their_own() -> None:
    desk = Desk(EVERYTHING)
    allowed = customer_id(desk, "Vela Biotech")
    async with desk.agent(server=desk.new_server(UNTHREAD_ALLOWED_CUSTOMERS=allowed)) as agent:
        said = await agent.call("tag_customers", customers=["Tern Shipping", "Vela Biotech"], add=["Escalated"])
    assert "refused: Tern Shipping. The operator allows writing only for certain customers" in said
    assert tagged(desk, "Escalated") == {"Vela Biotech"}
    desk.sandbox.close()


async def test_equal_outcomes_stand_together(desk: Desk) -> None:
    names = [name for (name,) in desk.sandbox.database.execute("SELECT name FROM customers")]
    async with desk.agent() as agent:
        said = await agent.call("tag_customers", customers=names, add=["Escalated"])
    count = len(names)
    assert said.text == f"done: {count} of {count} customers: 'Escalated' added.\ndone: {', '.join(names)}"
