"""Users: who they are, whether they are still there, and whom a name means."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import Desk, Era
from tests.tools.reach import EVERYTHING

pytestmark = pytest.mark.anyio


def user_id(desk: Desk, name: str) -> str:
    return desk.sandbox.database.execute("SELECT id FROM users WHERE name = ? ORDER BY external", [name]).fetchone()[0]


async def test_a_person_of_the_team_or_a_customers(era: Era) -> None:
    desk = Desk(EVERYTHING)
    async with desk.agent(era) as agent:
        ours = await agent.call("get_user", user="mei tanaka")
        theirs = await agent.call("get_user", user="katrin.vogel@albatros-reisen.example")
        chosen = await agent.call("get_user", user="Mei Tanaka", select=["email", "title"])
    assert ours.text.startswith(f"Mei Tanaka (user {user_id(desk, 'Mei Tanaka')})\n")
    assert "e-mail: mei.tanaka@quayside.example" in ours
    assert "Slack team: Quayside" in ours
    assert "title: Solutions Engineer" in ours
    assert "deleted" not in ours
    assert "title: Controllerin" in theirs
    assert '{"email":"mei.tanaka@quayside.example","title":"Solutions Engineer"}' in chosen
    desk.sandbox.close()


async def test_somebody_who_is_away_and_who_stands_in() -> None:
    desk = Desk(EVERYTHING)
    desk.sandbox.database.execute(
        "UPDATE users SET awayUntil = '2026-11-30T09:00:00.000Z', backupUserId = ? WHERE name = 'Mei Tanaka'",
        [user_id(desk, "Jonas Weber")],
    )
    async with desk.agent() as agent:
        said = await agent.call("get_user", user="Mei Tanaka")
    assert "away until: 11-30 09:00" in said
    assert "stands in: Jonas Weber" in said
    desk.sandbox.close()


async def test_who_is_gone_is_listed_as_such_read_by_id_and_assigned_nothing() -> None:
    desk = Desk(EVERYTHING)
    identity = user_id(desk, "Carla Brandt")
    number = desk.find("c.status = 'open'")
    async with desk.agent() as agent:
        listed = await agent.call("list_users", text="Brandt")
        read = await agent.call("get_user", user=identity)
        assigned = await agent.call("update_conversation", conversation=number, assignee="Carla Brandt")
    assert listed.text.splitlines()[-1] == "Carla Brandt · carla.brandt@quayside.example · deleted"
    assert "deleted: nothing can be assigned to them" in read
    assert assigned.text == (
        "refused: No user is called 'Carla Brandt' any more: Carla Brandt <carla.brandt@quayside.example> "
        f"({identity}, of Quayside, deleted). list_users lists the users."
    )
    assert desk.wire.writes == []
    desk.sandbox.close()


async def test_one_address_of_two_people_is_refused_with_what_tells_them_apart() -> None:
    desk = Desk(EVERYTHING)
    address = "aisha.rahman@quayside.example"
    async with desk.agent() as agent:
        both = await agent.call("get_user", user=address)
        ours = await agent.call("list_users", text=address)
    assert both.text.startswith(f"Several users are called '{address}'. Pass the id of one of them: ")
    assert "of Quayside)" in both
    assert "of Kestrel Insurance)" in both
    assert ours.text.startswith("1 user\n")
    desk.sandbox.close()


async def test_a_customers_person_is_nobody_to_assign_to(desk: Desk) -> None:
    number = desk.find("c.status = 'open'")
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=number, assignee="Katrin Vogel")
    assert said.text == (
        "refused: No user is called 'Katrin Vogel'. list_users lists the users; customers' people can't be meant here."
    )
    assert desk.wire.writes == []


PERSON = "SELECT id FROM users WHERE external ORDER BY id"
TEXT = {"text": "Hello", "type": "triage", "triage_channel_id": "C0DUTYDESK"}


@pytest.mark.parametrize(
    ("tool", "argument", "others"),
    [
        ("update_conversation", "assignee", {"conversation": "#1142"}),
        ("update_conversations", "assignee", {"conversations": ["#1142"]}),
        ("create_conversation", "assignee", TEXT),
        ("create_outbound", "send_as", {"subject": "S", "text": "T", "customers": ["Vela Biotech"]}),
        ("update_customer", "primary_assignee", {"customer": "Vela Biotech"}),
        ("request_approval", "approver", {"conversation": "#1142", "title": "Refund"}),
    ],
)
async def test_an_id_is_no_way_around_who_is_of_the_team_and_still_there(
    tool: str, argument: str, others: dict[str, Any]
) -> None:
    desk = Desk(EVERYTHING)
    (person,) = desk.sandbox.database.execute(PERSON).fetchone()
    (gone,) = desk.sandbox.database.execute("SELECT id FROM users WHERE name = 'Carla Brandt'").fetchone()
    async with desk.agent() as agent:
        outsider = await agent.call(tool, **others, **{argument: person})
        deleted = await agent.call(tool, **others, **{argument: gone})
    assert outsider.text == f"refused: {person} is nobody of the team. list_users lists the users."
    assert deleted.text.startswith(f"refused: No user is called '{gone}' any more: Carla Brandt <")
    assert desk.wire.writes == []
    desk.sandbox.close()


@pytest.mark.parametrize("named", ["Carla Brandt", "carla.brandt@quayside.example"])
async def test_what_somebody_who_left_has_done_is_still_reported(desk: Desk, named: str) -> None:
    async with desk.agent() as agent:
        said = await agent.call("run_report", metric="totalCount", start="90d", assignee=named)
    assert not said.failed, said.text
    assert desk.wire.sent[-1].body["filters"]["assigneeId"] == user_id(desk, "Carla Brandt")


async def test_where_customers_people_may_be_meant_the_refusal_says_how_to_find_them(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=desk.find("c.status = 'open'"), submitter="Qqqq")
    assert said.text == (
        "refused: No user is called 'Qqqq'. list_users lists the users, with include_external customers' people too."
    )


@pytest.mark.parametrize("tool", ["search_conversations", "update_conversation"])
async def test_me_is_nobody_to_an_api_key(desk: Desk, tool: str) -> None:
    number = {"conversation": desk.find("c.status = 'open'")} if tool == "update_conversation" else {}
    async with desk.agent() as agent:
        said = await agent.call(tool, assignee="me", **number)
    assert said.failed
    assert said.text.removeprefix("refused: ") == (
        "There is no 'me' for an API key, which belongs to no person. Pass the person's name or e-mail address."
    )
    assert not [each for each in desk.wire.sent if each.path == "/users/list"]


async def test_who_leaves_meanwhile_is_not_found_once_names_are_forgotten(desk: Desk) -> None:
    number = desk.find("c.status = 'open'")
    async with desk.agent() as agent:
        first = await agent.call("update_conversation", conversation=number, assignee="Mei Tanaka")
        desk.sandbox.user_leaves(user_id(desk, "Mei Tanaka"))
        desk.clock.forward(minutes=6)
        second = await agent.call("update_conversation", conversation=number, assignee="Mei Tanaka")
    assert not first.failed
    assert "any more: Mei Tanaka" in second
