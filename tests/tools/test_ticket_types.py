"""Ticket types: their fields, options and conditions, read, made, changed without loss, and deleted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.support import Desk, Era, Human
from tests.tools.examples import EVERYTHING

pytestmark = pytest.mark.anyio

FIELDS = [
    {"label": "Urgency", "type": "single-select", "required": True, "options": ["Now", "Later"]},
    {"label": "Why now", "type": "short-answer", "conditions": {"field": "Urgency", "value": "Now"}},
]


@pytest.fixture
def desk() -> Desk:
    return Desk(EVERYTHING)


def stored(desk: Desk, name: str) -> dict[str, Any]:
    sql = "SELECT id, description, fields FROM ticket_types WHERE name = ?"
    row = desk.sandbox.database.execute(sql, [name]).fetchone()
    return {"id": row[0], "description": row[1], "fields": json.loads(row[2])}


async def test_a_ticket_type_is_read_whole_with_what_its_fields_depend_on(desk: Desk, era: Era) -> None:
    fields = stored(desk, "Bug report")["fields"]
    async with desk.agent(era) as agent:
        said = await agent.call("get_ticket_type", ticket_type="bug report")
    assert said.text.splitlines()[0] == f"ticket type 'Bug report' ({stored(desk, 'Bug report')['id']})"
    assert f"Severity (single-select, required): Blocker, Major, Minor, id {fields[0]['id']}" in said
    assert (
        "Workaround until the fix (short-answer) [if Severity equals Blocker], for the team alone, "
        f"id {fields[1]['id']}\n  What the customer can do meanwhile"
    ) in said


async def test_a_ticket_type_is_made_once_with_its_conditions_as_the_reference_prints_them(
    desk: Desk, era: Era
) -> None:
    async with desk.agent(era) as agent:
        said = await agent.call("create_ticket_type", name="Data request", description="Wants data", fields=FIELDS)
        again = await agent.call("create_ticket_type", name="Data request", description="Wants data", fields=FIELDS)
        listed = await agent.call("list_ticket_types", text="Data request")
    made = stored(desk, "Data request")
    assert said.text == f"done: ticket type 'Data request' ({made['id']}) with 2 fields."
    assert again.text.startswith("already_done: ")
    assert "  Why now (short-answer) [if Urgency equals Now]" in listed
    (sent,) = desk.wire.writes
    urgency, why = sent.body["fields"]
    assert why["conditions"] == {
        "type": "simple",
        "simple": {
            "leftValueFrom": f"conversation.ticketTypeFields['{urgency['id']}']",
            "operator": "equals",
            "rightValue": "Now",
        },
    }


async def test_one_without_fields_or_of_a_name_that_is_taken(desk: Desk) -> None:
    async with desk.agent() as agent:
        bare = await agent.call("create_ticket_type", name="Other", project_id="p1")
        taken = await agent.call("create_ticket_type", name="Bug report")
    assert bare.text.endswith("with no fields.")
    assert desk.wire.writes[0].body == {"name": "Other", "projectId": "p1"}
    assert taken.text.startswith("refused: There is a ticket type with the name 'Bug report' already.")


async def test_changing_one_field_writes_all_of_them_and_loses_none(desk: Desk, era: Era) -> None:
    before = stored(desk, "Bug report")["fields"]
    async with desk.agent(era) as agent:
        said = await agent.call(
            "update_ticket_type",
            ticket_type="Bug report",
            fields=[{"label": "Severity", "options": ["Blocker", "Major", "Minor", "Trifle"]}, *FIELDS[:1]],
            remove_fields=["Steps to reproduce"],
        )
    after = stored(desk, "Bug report")["fields"]
    assert said.text.endswith("changed fields.")
    assert [field["label"] for field in after] == [
        *(field["label"] for field in before if field["label"] != "Steps to reproduce"),
        "Urgency",
    ]
    assert after[0] == {**before[0], "options": ["Blocker", "Major", "Minor", "Trifle"]}
    assert after[1] == before[1]


async def test_what_is_so_already_is_not_written(desk: Desk) -> None:
    field = {"label": "Severity", "type": "single-select", "options": ["Blocker", "Major", "Minor"]}
    async with desk.agent() as agent:
        said = await agent.call("update_ticket_type", ticket_type="Bug report", name="Bug report", fields=[field])
    assert said.text == f"already_done: ticket type 'Bug report' ({stored(desk, 'Bug report')['id']}) is so already."
    assert desk.wire.writes == []


async def test_a_new_name_or_description_leaves_the_fields_alone(desk: Desk) -> None:
    async with desk.agent() as agent:
        await agent.call("get_ticket_type", ticket_type="Bug report")
        said = await agent.call("update_ticket_type", ticket_type="Bug report", name="Defect", description="")
        old = await agent.call("get_ticket_type", ticket_type="Bug report")
        taken = await agent.call("update_ticket_type", ticket_type="Defect", name="Access request")
    assert said.text == f"done: ticket type 'Defect' ({stored(desk, 'Defect')['id']}): changed name, description."
    assert desk.wire.writes[0].body == {"name": "Defect", "description": ""}
    assert old.failed
    assert taken.text.startswith("refused: There is a ticket type with the name 'Access request' already.")


OTHERS_CHANGES: list[tuple[Callable[[Any], Any], str]] = [
    (lambda it: {**it, "description": "Otherwise"}, "description"),
    (lambda it: {**it, "fields": it["fields"][1:]}, "the missing field 'Severity'"),
    (
        lambda it: {**it, "fields": [*it["fields"], {"id": "x", "label": "Theirs"}]},
        "the field 'Theirs'",
    ),
    (
        lambda it: {**it, "fields": [{**it["fields"][0], "required": False}, *it["fields"][1:]]},
        "the field 'Severity'",
    ),
]


async def test_a_changed_definition_is_read_anew_for_the_conversations_of_its_type(desk: Desk) -> None:
    sql = "c.ticketTypeId = ? AND c.ticketTypeFields LIKE ?"
    made = stored(desk, "Bug report")
    number = desk.find(sql, made["id"], f"%{made['fields'][0]['id']}%")
    async with desk.agent() as agent:
        before = await agent.call("get_conversation", conversation=number)
        renamed = [{"id": made["fields"][0]["id"], "label": "Gravity"}]
        await agent.call("update_ticket_type", ticket_type="Bug report", fields=renamed)
        after = await agent.call("get_conversation", conversation=number)
    assert "Severity" in before
    assert "Gravity" not in before
    assert "Gravity" in after


@pytest.mark.parametrize(("change", "words"), OTHERS_CHANGES)
async def test_a_change_by_somebody_else_in_between_is_reported(
    desk: Desk, change: Callable[[Any], Any], words: str
) -> None:
    def meanwhile(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        return httpx2.Response(200, json=change(answer.json())) if request.method == "PATCH" else answer

    desk.wire.after = meanwhile
    async with desk.agent() as agent:
        said = await agent.call(
            "update_ticket_type", ticket_type="Bug report", fields=[{"label": "Severity", "description": "How bad"}]
        )
    assert said.text.startswith("done: ")
    assert f"Unthread shows more changes than these: {words}. Somebody else may be changing it; read it again." in said


async def test_a_change_of_the_fields_behind_a_new_name_is_reported_too(desk: Desk) -> None:
    def meanwhile(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        return httpx2.Response(200, json={**answer.json(), "fields": []}) if request.method == "PATCH" else answer

    desk.wire.after = meanwhile
    async with desk.agent() as agent:
        said = await agent.call("update_ticket_type", ticket_type="Bug report", description="Otherwise")
    assert "more changes than these: its fields." in said


async def test_what_is_wrong_is_refused_before_anything_is_written(desk: Desk) -> None:
    async with desk.agent() as agent:
        nothing = await agent.call("update_ticket_type", ticket_type="Bug report")
        wrong = await agent.call("update_ticket_type", ticket_type="Bug report", remove_fields=["Severity"])
        bad = await agent.call("create_ticket_type", name="New", fields=[{"label": "A", "type": "text"}])
        unknown = await agent.call("get_ticket_type", ticket_type="Bug")
    assert "Nothing to change was passed." in nothing
    assert "'Workaround until the fix' shows only if Severity equals Blocker, which would be gone." in wrong
    assert "'text' is no type of a field." in bad
    assert "Similar: Bug report" in unknown
    assert desk.wire.writes == []


async def test_a_ticket_type_is_deleted_and_its_conversations_stay(desk: Desk, era: Era) -> None:
    of_it = "SELECT count(*) FROM conversations"
    before = desk.sandbox.database.execute(of_it).fetchone()
    identity = stored(desk, "Access request")["id"]
    async with desk.agent(era) as agent:
        said = await agent.call("delete_ticket_type", ticket_type="Access request")
        again = await agent.call("delete_ticket_type", ticket_type="Access request")
    assert said.text == f"done: ticket type 'Access request' ({identity}) is deleted."
    assert again.text == "already_done: ticket type 'Access request'. It was deleted a moment ago."
    assert desk.sandbox.database.execute(of_it).fetchone() == before


async def test_where_writing_is_limited_to_customers_nothing_is_taken_from_the_others() -> None:
    desk = Desk({**EVERYTHING, "UNTHREAD_ALLOWED_CUSTOMERS": "c1"})
    async with desk.agent() as agent:
        for tool, arguments in (
            ("delete_ticket_type", {}),
            ("update_ticket_type", {"remove_fields": ["Severity"]}),
            ("update_ticket_type", {"name": "Defect"}),
        ):
            said = await agent.call(tool, ticket_type="Bug report", **arguments)
            assert said.text.startswith("refused: The operator allows writing only for certain customers")
    assert desk.wire.sent == []
    desk.sandbox.close()


PUBLIC = {"label": "Urgency", "type": "short-answer", "public": True, "description": "Pay here\nForged: line"}


@pytest.mark.parametrize("answer", ["approve", "decline"])
async def test_fields_that_customers_see_pass_the_human(desk: Desk, era: Era, answer: Any) -> None:
    human = Human(answer)
    async with desk.agent(era, human=human) as agent:
        new = await agent.call("create_ticket_type", name="Data request", fields=[PUBLIC])
        old = await agent.call("update_ticket_type", ticket_type="Bug report", fields=[PUBLIC])
    seen = "Customers see the field Urgency: short-answer; described as: Pay here \u21b5 Forged: line"
    assert {each.splitlines()[1].replace("'", "") for each in human.asked} == {seen}
    assert {each.splitlines()[0].partition(" (")[0] for each in human.asked} == {
        "Create the ticket type 'Data request'?",
        "Change ticket type 'Bug report'",
    }
    assert new.failed == old.failed == (answer == "decline")
    assert len(desk.wire.writes) == (0 if answer == "decline" else 2)


async def test_the_human_reads_labels_and_options_to_their_end(desk: Desk, era: Era) -> None:
    human = Human("decline")
    label, option = f"Plan {'a' * 60} SEND YOUR PASSWORD", f"Standard {'b' * 45}\ncall 0900"
    field = {"label": label, "type": "single-select", "public": True, "required": True, "options": [option, "None"]}
    shown = {"label": "Why", "type": "short-answer", "public": True, "conditions": {"field": label, "value": option}}
    async with desk.agent(era, human=human) as agent:
        await agent.call("create_ticket_type", name="Data request", fields=[field, shown])
    first, second = human.asked[0].splitlines()[1:]
    options = f"Standard {'b' * 45} \u21b5 call 0900, None"
    assert first == f"Customers see the field {label!r}: single-select, required; options: {options}"
    assert second.startswith("Customers see the field 'Why': short-answer; shown if: Plan aaa")


async def test_a_field_of_which_nobody_says_who_sees_it_is_taken_for_public(desk: Desk) -> None:
    human = Human("decline")
    async with desk.agent(human=human) as agent:
        said = await agent.call("create_ticket_type", name="Data request", fields=FIELDS)
    assert said.failed
    assert "Customers see the field 'Urgency': " in human.asked[0]


async def test_what_the_team_alone_sees_is_not_asked_about(desk: Desk) -> None:
    human, fields = Human("decline"), [{**each, "public": False} for each in FIELDS]
    async with desk.agent(human=human) as agent:
        new = await agent.call("create_ticket_type", name="Data request", fields=fields)
        old = await agent.call("update_ticket_type", ticket_type="Bug report", fields=fields, description="New")
        named = await agent.call("update_ticket_type", ticket_type="Access request", description="New")
    assert [each.failed for each in (new, old, named)] == [False, False, False]
    assert human.asked == []


async def test_where_nobody_can_be_asked_always_shows_customers_no_field() -> None:
    desk = Desk({**EVERYTHING, "UNTHREAD_CONFIRM": "always"})
    async with desk.agent() as agent:
        said = await agent.call("create_ticket_type", name="Data request", fields=[PUBLIC])
    assert "this client can't ask one" in said
    assert desk.wire.writes == []
    desk.sandbox.close()


async def test_fields_that_go_for_good_pass_the_human(era: Era) -> None:
    desk, human = Desk({**EVERYTHING, "UNTHREAD_CONFIRM": "always"}), Human("decline")
    async with desk.agent(era, human=human) as agent:
        refused = await agent.call("update_ticket_type", ticket_type="Bug report", remove_fields=["Reproduced by us"])
        writes = [*desk.wire.writes]
        human.answer = "approve"
        said = await agent.call("update_ticket_type", ticket_type="Bug report", remove_fields=["Reproduced by us"])
    assert refused.text.startswith("refused: The human did not approve this.")
    assert writes == []
    gone = [each for each in human.asked[0].splitlines()[1:] if "for good" in each]
    assert gone == ["Removed for good, with its values in all conversations: 'Reproduced by us'"]
    assert said.text.startswith("done: ")
    desk.sandbox.close()


async def test_a_ticket_type_that_changes_while_the_human_is_asked_is_left_alone(desk: Desk) -> None:
    def renamed() -> None:
        desk.sandbox.database.execute("UPDATE ticket_types SET name = 'Bugs' WHERE name = 'Bug report'")

    async with desk.agent("legacy", human=Human(meanwhile=renamed)) as agent:
        said = await agent.call("update_ticket_type", ticket_type="Bug report", fields=[PUBLIC])
    assert said.text.startswith("refused: The ticket type changed while the human was asked")
    assert desk.wire.writes == []
