"""Updates: only what is passed changes, by names, and each part has its outcome."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import httpx2
import pytest

from tests.support import Desk, Era, Human, Wire
from unthread_mcp.untrusted import one_line

pytestmark = pytest.mark.anyio

EMAIL = "c.sourceType = 'email' AND c.status = 'open'"


def stored(desk: Desk, number: str, column: str) -> Any:
    row = desk.sandbox.database.execute(
        f"SELECT {column} FROM conversations WHERE id = ?", [desk.id_of(number)]
    ).fetchone()
    return row[0]


def patch(desk: Desk) -> dict[str, Any]:
    (sent,) = [each for each in desk.wire.writes if each.method == "PATCH"]
    return sent.body


async def test_only_what_is_passed_is_sent(desk: Desk, era: Era) -> None:
    number = desk.find(EMAIL)
    async with desk.agent(era) as agent:
        said = await agent.call("update_conversation", conversation=number, priority="critical", status="on_hold")
    assert said.text == f"done: {number}: status on_hold (was open), priority critical"
    assert patch(desk) == {"status": "on_hold", "priority": 9}
    assert (stored(desk, number, "status"), stored(desk, number, "priority")) == ("on_hold", 9)


async def test_people_customers_and_ticket_types_go_by_name(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        said = await agent.call(
            "update_conversation",
            conversation=number,
            assignee="mei.tanaka@quayside.example",
            customer="Vela Biotech",
            ticket_type="bug report",
            title="Wrong totals",
        )
    assert not said.failed, said.text
    assert "assignee Mei Tanaka" in said
    assert "customer Vela Biotech" in said
    assert "title Wrong totals" in said


async def test_a_name_that_fits_several_or_none_is_refused_with_candidates(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        near = await agent.call("update_conversation", conversation=number, assignee="Jonas")
        none = await agent.call("update_conversation", conversation=number, customer="Zzz")
    assert "Jonas Weber" in near
    assert "Jonas Lindqvist" in near
    assert none.text == "refused: No customer is called 'Zzz'. search_customers lists the customers."
    assert desk.wire.writes == []


async def test_clear_empties_and_absent_leaves(desk: Desk) -> None:
    number = desk.find(f"{EMAIL} AND c.assignedToUserId IS NOT NULL AND c.priority IS NOT NULL")
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=number, clear=["assignee", "priority"])
    assert not said.failed, said.text
    assert patch(desk) == {"assignedToUserId": None, "priority": None}
    assert stored(desk, number, "assignedToUserId") is None
    assert "assignee nobody" in said


async def test_what_can_not_be_cleared_is_refused(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        wrong = await agent.call("update_conversation", conversation=number, clear=["asignee"])
        both = await agent.call("update_conversation", conversation=number, clear=["priority"], priority="low")
        nothing = await agent.call("update_conversation", conversation=number)
    assert wrong.text == "refused: clear can't empty 'asignee'. Did you mean assignee?"
    assert both.text == "refused: priority is both set and cleared. Do one of the two."
    assert nothing.text.startswith("refused: Nothing to change was passed.")
    assert desk.wire.writes == []


async def test_snooze_lock_metadata_notes_and_analytics(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        said = await agent.call(
            "update_conversation",
            conversation=number,
            snooze_until="2026-12-01T09:00",
            locked=True,
            metadata={"crm": "42"},
            notes="Call them on Monday.",
            exclude_from_analytics=True,
        )
        unlocked = await agent.call("update_conversation", conversation=number, locked=False)
    assert not said.failed, said.text
    assert "snoozed until 12-01 09:00" in said
    assert stored(desk, number, "wakeUpAt").startswith("2026-12-01T09:00")
    assert stored(desk, number, "notes") == "Call them on Monday."
    assert json.loads(stored(desk, number, "metadata")) == {"crm": "42"}
    assert not unlocked.failed
    assert stored(desk, number, "lockedAt") is None


async def test_a_wrong_time_is_refused(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=desk.find(EMAIL), snooze_until="tomorrow")
    assert said.text.startswith("refused: snooze_until is 'tomorrow', which is no time.")


async def test_tags_are_linked_beside_the_update_each_with_its_outcome(desk: Desk) -> None:
    number = desk.find(EMAIL)

    def refuse_tags(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(403, json={}) if request.url.path.endswith("create-links") else None

    async with desk.agent() as agent:
        desk.wire.before = refuse_tags
        said = await agent.call("update_conversation", conversation=number, priority="low", add_tags=["Bug"])
    assert said.text.startswith(f"done: {number}: priority low\nrefused: not tagged 'Bug'.")


async def test_a_failed_tag_that_is_all_there_was_to_do_is_an_error(desk: Desk) -> None:
    def refuse_tags(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(403, json={}) if request.url.path.endswith("create-links") else None

    async with desk.agent() as agent:
        desk.wire.before = refuse_tags
        said = await agent.call("update_conversation", conversation=desk.find(EMAIL), add_tags=["Bug"])
    assert said.failed
    assert said.text.startswith("refused: ")


async def test_fields_are_merged_by_label_with_options_checked(desk: Desk) -> None:
    number = desk.find("c.ticketTypeId = (SELECT id FROM ticket_types WHERE name = 'Bug report') AND c.status = 'open'")
    before = json.loads(stored(desk, number, "ticketTypeFields"))
    async with desk.agent() as agent:
        said = await agent.call(
            "update_conversation", conversation=number, fields={"severity": "minor", "Reproduced by us": True}
        )
        wrong_option = await agent.call("update_conversation", conversation=number, fields={"Severity": "huge"})
        wrong_label = await agent.call("update_conversation", conversation=number, fields={"Severty": "Minor"})
    assert not said.failed, said.text
    after = json.loads(stored(desk, number, "ticketTypeFields"))
    assert set(before) <= set(after), "fields that were not passed are still there"
    assert "Minor" in after.values()
    assert "true" in after.values()
    assert wrong_option.text == "refused: Severity has no option 'huge'. It takes: Blocker, Major, Minor."
    assert wrong_label.text == "refused: The ticket type has no field 'Severty'. Did you mean Severity?"


async def test_null_empties_a_field_and_leaves_the_others(desk: Desk) -> None:
    number = desk.find(BUG_REPORT)
    severity = field_ids(desk)["Severity"]
    before = json.loads(stored(desk, number, "ticketTypeFields"))
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=number, fields={"Severity": None})
        read = await agent.call("get_conversation", conversation=number)
    assert said.text == f"done: {number}: fields set\nrequired and still empty: Severity"
    assert json.loads(stored(desk, number, "ticketTypeFields")) == before | {severity: ""}
    assert "Severity: " not in read


async def test_a_field_that_does_not_show_and_one_that_is_missing_are_told(desk: Desk) -> None:
    number = desk.find("c.ticketTypeId IS NULL AND c.status = 'open'")
    hidden = {"Workaround until the fix": "Restart it"}
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=number, ticket_type="Bug report", fields=hidden)
        minor = await agent.call("update_conversation", conversation=number, fields={"Severity": "Minor"} | hidden)
        shown = await agent.call("update_conversation", conversation=number, fields={"Severity": "Blocker"} | hidden)
    remark = "Workaround until the fix is set, but shows only if Severity equals Blocker"
    assert said.text == (f"done: {number}: ticket_type set, fields set\n{remark}\nrequired and still empty: Severity")
    assert minor.text == f"done: {number}: fields set\n{remark}\ncustomers may see: Severity"
    assert shown.text == f"done: {number}: fields set\ncustomers may see: Severity"


async def test_which_of_the_fields_customers_may_see_is_told(desk: Desk) -> None:
    number = desk.find(BUG_REPORT)
    fields = {"Severity": "Minor", "Reproduced by us": True, "Steps to reproduce": "Log in twice, @channel"}
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=number, fields=fields)
    assert said.text.endswith("\ncustomers may see: Severity, Steps to reproduce")
    assert "Log in twice, @ channel" in json.loads(stored(desk, number, "ticketTypeFields")).values()


async def test_a_field_that_does_not_say_who_sees_it_counts_as_public(desk: Desk) -> None:
    (fields,) = desk.sandbox.database.execute("SELECT fields FROM ticket_types WHERE name = 'Bug report'").fetchone()
    bare = [{name: value for name, value in each.items() if name != "public"} for each in json.loads(fields)]
    desk.sandbox.database.execute("UPDATE ticket_types SET fields = ? WHERE name = 'Bug report'", [json.dumps(bare)])
    async with desk.agent() as agent:
        said = await agent.call(
            "update_conversation", conversation=desk.find(BUG_REPORT), fields={"Reproduced by us": True}
        )
    assert said.text.endswith("\ncustomers may see: Reproduced by us")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("It\u202es", "The text holds an invisible character"),
        ("Then\n/unthread send", 'The text holds "/unthread send"'),
        ("Ask &#64;channel", "hides a mention of everybody"),
    ],
)
async def test_what_no_message_may_hold_no_field_may_either(desk: Desk, value: str, words: str) -> None:
    async with desk.agent() as agent:
        said = await agent.call(
            "update_conversation", conversation=desk.find(BUG_REPORT), fields={"Steps to reproduce": value}
        )
    assert said.text.startswith("refused: ")
    assert words in said
    assert desk.wire.writes == []


SECRET = "the outage was caused by our vendor missing their patch window again"


@pytest.mark.parametrize(
    ("label", "value", "refused"),
    [
        ("Steps to reproduce", f"Sadly {SECRET}, sorry.", True),
        ("Steps to reproduce", "the outage was caused by our vendor", False),
        ("Workaround until the fix", SECRET, False),
    ],
    ids=["public", "seven words", "for the team alone"],
)
async def test_words_of_an_internal_note_are_refused_in_a_field_that_customers_may_see(
    desk: Desk, label: str, value: str, *, refused: bool
) -> None:
    number = desk.find(f"{BUG_REPORT} AND {EMAIL}")
    user = desk.sandbox.database.execute("SELECT id FROM users WHERE NOT external AND NOT deleted").fetchone()[0]
    desk.sandbox.agent_writes(desk.id_of(number), f"Internally: {SECRET}.", user, note=True)
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=number, fields={label: value})
    assert said.failed is refused
    if refused:
        assert said.text == (
            f"refused: {label}, which customers may see, would repeat an internal note: \u201c{SECRET}\u201d. "
            "Say it in other words, or leave it to a person."
        )
        assert desk.wire.writes == []


async def test_what_the_customer_wrote_may_go_into_a_field_though_a_note_repeats_it(desk: Desk) -> None:
    number = desk.find(f"{BUG_REPORT} AND {EMAIL}")
    user = desk.sandbox.database.execute("SELECT id FROM users WHERE NOT external AND NOT deleted").fetchone()[0]
    desk.sandbox.agent_writes(desk.id_of(number), SECRET, user, note=True)
    desk.sandbox.customer_writes(desk.id_of(number), SECRET)
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=number, fields={"Steps to reproduce": SECRET})
    assert not said.failed, said.text


async def test_a_short_value_costs_no_look_at_the_notes(desk: Desk) -> None:
    async with desk.agent() as agent:
        await agent.call("update_conversation", conversation=desk.find(BUG_REPORT), fields={"Severity": "Minor"})
    assert not any("/messages" in each.path for each in desk.wire.sent)


async def test_fields_need_a_ticket_type(desk: Desk) -> None:
    number = desk.find("c.ticketTypeId IS NULL AND c.status = 'open'")
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=number, fields={"Severity": "Minor"})
    assert said.text.startswith("refused: The conversation has no ticket type")


# Closing


async def test_closing_needs_the_reply_level_and_reaches_no_customer_below_it(era: Era) -> None:
    desk = Desk({"UNTHREAD_ACCESS": "triage"})
    number = desk.find("c.sourceType = 'slack' AND c.status = 'open'")
    async with desk.agent(era) as agent:
        said = await agent.call("update_conversation", conversation=number, status="closed")
    assert said.text.startswith("refused: Closing may send the customer a message or survey")
    assert desk.sandbox.delivered() == []
    assert stored(desk, number, "status") == "open"
    desk.sandbox.close()


async def test_closing_says_that_it_may_reach_the_customer(desk: Desk) -> None:
    number = desk.find("c.sourceType = 'slack' AND c.status = 'open'")
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=number, status="closed")
    assert "may send the customer a closing message or survey" in said
    assert len(desk.sandbox.delivered()) == 1, "the sandbox posts a closing message, so that this can fail"


@pytest.mark.parametrize("mode", ["auto", "always"])
@pytest.mark.parametrize("answer", ["approve", "decline"])
async def test_a_human_who_can_be_asked_is_asked_before_closing(era: Era, answer: Any, mode: str) -> None:
    desk, human = Desk({"UNTHREAD_CONFIRM": mode}), Human(answer)
    number = desk.find("c.sourceType = 'slack' AND c.status = 'open'")
    async with desk.agent(era, human=human) as agent:
        said = await agent.call("update_conversation", conversation=number, status="closed")
        other = await agent.call("update_conversation", conversation=number, priority="low")
    assert said.failed == (answer == "decline")
    assert len(human.asked) == 1
    assert len(desk.sandbox.delivered()) == (1 if answer == "approve" else 0)
    assert not other.failed
    desk.sandbox.close()


# When the answer is lost


async def test_a_lost_answer_is_settled_by_reading_back(desk: Desk) -> None:
    number = desk.find(EMAIL)

    def lose(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "PATCH":
            raise httpx2.ReadError("reset", request=request)
        return answer

    async with desk.agent() as agent:
        desk.wire.after = lose
        done = await agent.call("update_conversation", conversation=number, priority="critical")
        unknown = await agent.call("update_conversation", conversation=number, notes="Nobody returns these.")
    assert done.text.startswith("done: ")
    assert "reading it back shows the change" in done
    assert unknown.failed
    assert unknown.text.startswith("unknown: ")
    assert len([each for each in desk.wire.writes if each.method == "PATCH"]) == 0, "a lost answer is not recorded"


async def test_a_change_that_never_arrived_stays_unknown(desk: Desk) -> None:
    def vanish(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "PATCH":
            raise httpx2.ReadTimeout("nothing", request=request)
        return None

    number = desk.find(f"{EMAIL} AND c.priority IS NOT 9")
    async with desk.agent() as agent:
        desk.wire.before = vanish
        said = await agent.call("update_conversation", conversation=number, priority="critical")
    assert said.text.startswith("unknown: ")


async def test_no_conversation_may_be_moved_to_a_customer_who_is_not_allowed() -> None:
    desk = Desk()
    number = desk.find(f"{EMAIL} AND c.customerId IS NOT NULL")
    own = stored(desk, number, "customerId")
    other = desk.sandbox.database.execute("SELECT id FROM customers WHERE id <> ?", [own]).fetchone()[0]
    async with desk.agent(server=desk.new_server(UNTHREAD_ALLOWED_CUSTOMERS=own)) as agent:
        moved = await agent.call("update_conversation", conversation=number, customer=other)
        cleared = await agent.call("update_conversation", conversation=number, clear=["customer"])
        changed = await agent.call("update_conversation", conversation=number, priority="low")
    assert moved.failed
    assert cleared.failed
    assert not changed.failed
    desk.sandbox.close()


async def test_no_conversation_of_a_customer_who_is_not_allowed_is_changed(desk: Desk) -> None:
    number = desk.find(f"{EMAIL} AND c.customerId IS NOT NULL")
    other = desk.sandbox.database.execute(
        "SELECT id FROM customers WHERE id <> ?", [stored(desk, number, "customerId")]
    ).fetchone()[0]
    async with desk.agent(server=desk.new_server(UNTHREAD_ALLOWED_CUSTOMERS=other)) as agent:
        said = await agent.call("update_conversation", conversation=number, priority="low")
        moved = await agent.call("update_conversation", conversation=number, customer=other)
    for each in (said, moved):
        assert each.text.startswith("refused: The operator allows writing only for certain customers")
    assert desk.wire.writes == []


# Several parts


async def test_where_every_part_fails_the_call_does_and_tells_them_all(desk: Desk) -> None:
    number = desk.find(EMAIL)
    statuses = {"Bug": 403, "SSO": 403}

    def fail(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(statuses.popitem()[1], json={}) if "links" in request.url.path else None

    async with desk.agent() as agent:
        desk.wire.before = fail
        refused = await agent.call("update_conversation", conversation=number, add_tags=["Bug", "SSO"])
        statuses |= {"Bug": 403, "SSO": 502}
        unknown = await agent.call("update_conversation", conversation=number, add_tags=["Bug", "SSO"])
    assert refused.failed
    assert refused.text.startswith("refused: refused: not tagged 'Bug'.")
    assert "refused: not tagged 'SSO'." in refused
    assert unknown.failed
    assert unknown.text.startswith("unknown: ")
    assert "refused: not tagged 'SSO'." in unknown


async def test_a_lost_update_does_not_lose_its_tags(desk: Desk) -> None:
    number = desk.find(EMAIL)

    def lose(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(502) if request.method == "PATCH" else None

    async with desk.agent() as agent:
        desk.wire.before = lose
        said = await agent.call("update_conversation", conversation=number, notes="x", add_tags=["Bug"])
    assert said.failed
    assert said.text.startswith("unknown: unknown: whether notes changed.")
    assert "tagged 'Bug'" in said
    assert any(each.path.endswith("create-links") for each in desk.wire.writes)


async def test_a_refused_update_says_that_its_tags_were_not_tried(desk: Desk) -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(403, json={}) if request.method == "PATCH" else None

    async with desk.agent() as agent:
        desk.wire.before = refuse
        said = await agent.call("update_conversation", conversation=desk.find(EMAIL), title="x", add_tags=["Bug"])
    assert said.text.startswith("refused: ")
    assert said.text.endswith("The tags were not changed either.")
    assert [each.method for each in desk.wire.writes] == ["PATCH"]


class Patient(Wire):
    """A wire on which a change waits a while for a second reader of the conversation, to let them overtake it."""

    def __init__(self, behind: httpx2.AsyncBaseTransport) -> None:
        super().__init__(behind)
        self.readers = 0
        self.several = anyio.Event()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET" and "/conversations/" in request.url.path:
            self.readers += 1
            if self.readers == 2:
                self.several.set()
        if request.method == "PATCH":
            with anyio.move_on_after(0.2):
                await self.several.wait()
        return await super().handle_async_request(request)


async def test_fields_written_at_the_same_time_lose_nothing() -> None:
    desk = Desk()
    desk.wire = wire = Patient(desk.sandbox.transport)
    desk.server = desk.new_server()
    number = desk.find("c.ticketTypeId = (SELECT id FROM ticket_types WHERE name = 'Bug report') AND c.status = 'open'")
    async with desk.agent() as agent, anyio.create_task_group() as several:
        for fields in ({"Severity": "Blocker"}, {"Workaround until the fix": "restart"}):
            several.start_soon(partial(agent.call, "update_conversation", conversation=number, fields=fields))
    first, second = (each.body["ticketTypeFields"].items() for each in wire.writes)
    assert len([each for each in second if each not in first]) == 1, "the second one holds what the first one wrote"
    desk.sandbox.close()


async def test_another_ticket_type_takes_none_of_the_old_ones_fields_along(desk: Desk) -> None:
    number = desk.find("c.ticketTypeId = (SELECT id FROM ticket_types WHERE name = 'Bug report') AND c.status = 'open'")
    database = desk.sandbox.database
    name, fields = database.execute("SELECT name, fields FROM ticket_types WHERE name <> 'Bug report'").fetchone()
    field = json.loads(fields)[0]
    value = (field.get("options") or ["x"])[0]
    async with desk.agent() as agent:
        said = await agent.call(
            "update_conversation", conversation=number, ticket_type=name, fields={field["label"]: value}
        )
    assert not said.failed, said.text
    assert patch(desk)["ticketTypeFields"] == {field["id"]: value}


# What somebody else changes


BUG_REPORT = "c.ticketTypeId = (SELECT id FROM ticket_types WHERE name = 'Bug report') AND c.status = 'open'"


def changing(desk: Desk, change: Callable[[Any], Any], method: str = "GET") -> None:
    """Let `change` have what the conversation is answered with."""

    def after(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method != method or not re.fullmatch(r"/api/conversations/[^/]+", request.url.path):
            return answer
        return httpx2.Response(200, json=change(json.loads(answer.content)))

    desk.wire.after = after


def field_ids(desk: Desk) -> dict[str, str]:
    (text,) = desk.sandbox.database.execute("SELECT fields FROM ticket_types WHERE name = 'Bug report'").fetchone()
    return {each["label"]: each["id"] for each in json.loads(text)}


@pytest.mark.parametrize("receipt_tells", [True, False])
async def test_another_field_that_changed_meanwhile_is_told_by_its_label(desk: Desk, receipt_tells: bool) -> None:
    number = desk.find(BUG_REPORT)
    other = field_ids(desk)["Workaround until the fix"]

    def before(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "PATCH":
            # What a workspace that merges would show: a colleague's change of another field beside ours.
            changing(desk, with_others, "PATCH" if receipt_tells else "GET")
        return None

    def with_others(conversation: Any) -> Any:
        return {**conversation, "ticketTypeFields": {**conversation["ticketTypeFields"], other: "9.9"}}

    def without_fields(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "PATCH":
            whole = json.loads(answer.content)
            desk.wire.before = lambda _: None
            changing(desk, with_others)
            return httpx2.Response(200, json={name: whole[name] for name in whole if name != "ticketTypeFields"})
        return answer

    async with desk.agent() as agent:
        if receipt_tells:
            desk.wire.before = before
        else:
            desk.wire.after = without_fields
        said = await agent.call("update_conversation", conversation=number, fields={"Severity": "Minor"})
    assert said.text.startswith(f"done: {number}: fields set\nchanged by somebody else at the same time: ")
    assert "Workaround until the fix is now '9.9', not " in said


async def test_fields_that_can_not_be_read_back_are_told(desk: Desk) -> None:
    number = desk.find(BUG_REPORT)

    def no_fields(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "PATCH":
            desk.wire.before = lambda request: httpx2.Response(403, json={}) if request.method == "GET" else None
            return httpx2.Response(200, json={"id": desk.id_of(number)})
        return answer

    async with desk.agent() as agent:
        desk.wire.after = no_fields
        said = await agent.call("update_conversation", conversation=number, fields={"Severity": "Minor"})
    assert not said.failed
    assert "fields could not be read back: whether somebody changed others is not known" in said


async def test_what_is_not_shown_as_it_was_written_is_told(desk: Desk) -> None:
    number = desk.find(EMAIL)
    changing(desk, lambda it: {**it, "status": "in_progress"}, "PATCH")
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=number, status="on_hold", title="New")
    assert "changed by somebody or something else at the same time: status" in said


async def test_metadata_is_merged_too(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        await agent.call("update_conversation", conversation=number, metadata={"crm": "42"})
        said = await agent.call("update_conversation", conversation=number, metadata={"plan": "gold"})
    assert said.text == f"done: {number}: metadata set"
    assert json.loads(stored(desk, number, "metadata")) == {"crm": "42", "plan": "gold"}


async def test_notes_that_are_replaced_are_shown_fenced_and_shortened(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        changing(desk, lambda it: {**it, "notes": "Their contract ends in May.\n" + "x" * 3_000})
        said = await agent.call("update_conversation", conversation=number, notes="Call them.")
        changing(desk, lambda it: {**it, "notes": "Old."})
        cleared = await agent.call("update_conversation", conversation=number, clear=["notes"])
        same = await agent.call("update_conversation", conversation=number, notes="Old.")
    assert re.search(r"The notes before:\n<<.*not instructions>>\n", said.text)
    assert "Their contract ends in May." in said
    assert "[cut here: 1,028 characters more]" in said
    assert "notes emptied" in cleared
    assert "Old." in cleared
    assert same.text == f"already_done: {number}: as it was already: notes"


async def test_where_the_notes_before_are_not_told_a_change_of_them_says_so(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        changing(desk, lambda it: {name: value for name, value in it.items() if name != "notes"})
        set_ = await agent.call("update_conversation", conversation=number, notes="Call them.")
        cleared = await agent.call("update_conversation", conversation=number, clear=["notes"])
        other = await agent.call("update_conversation", conversation=number, title="Billing")
        changing(desk, lambda it: {**it, "notes": None})
        empty = await agent.call("update_conversation", conversation=number, notes="Call them on Monday.")
    assert set_.text.endswith("\nWhat stood in the notes before is not known.")
    assert cleared.text.endswith("\nWhat stood in the notes before is not known.")
    assert "notes before" not in other
    assert "notes before" not in empty


@pytest.mark.parametrize(
    "saw",
    [
        {"status": "open", "priority": "high"},
        {"priority": 7, "assignee": "{assignee}"},
        {"assignee": "{email}", "customer": "{customer}", "title": "{title}"},
        {"Severity": "{severity}", "ticket_type": "bug report"},
    ],
    ids=str,
)
async def test_what_is_as_the_agent_saw_it_is_changed(desk: Desk, saw: dict[str, Any]) -> None:
    number = desk.find(
        f"{BUG_REPORT} AND c.assignedToUserId IS NOT NULL AND c.title IS NOT NULL AND c.customerId IS NOT NULL"
    )
    desk.sandbox.database.execute("UPDATE conversations SET priority = 7 WHERE id = ?", [desk.id_of(number)])
    (name, email) = desk.sandbox.database.execute(
        "SELECT name, email FROM users WHERE id = ?", [stored(desk, number, "assignedToUserId")]
    ).fetchone()
    (customer,) = desk.sandbox.database.execute(
        "SELECT name FROM customers WHERE id = ?", [stored(desk, number, "customerId")]
    ).fetchone()
    words = {
        "assignee": name.upper(),
        "email": email,
        "customer": customer,
        "title": stored(desk, number, "title"),
        "severity": json.loads(stored(desk, number, "ticketTypeFields")).get(field_ids(desk)["Severity"], ""),
    }
    expected = {key: value.format(**words) if isinstance(value, str) else value for key, value in saw.items()}
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=number, priority="low", expected=expected)
    assert said.text == f"done: {number}: priority low (was high)"


async def test_a_title_may_be_expected_as_it_is_shown_cut_on_one_line(desk: Desk) -> None:
    number = desk.find(EMAIL)
    title = "The totals of the\nsecond report are wrong " * 4
    async with desk.agent() as agent:
        await agent.call("update_conversation", conversation=number, title=title)
        for length in (80, 160):
            shown = one_line(title, length)
            said = await agent.call(
                "update_conversation", conversation=number, notes=f"{length}", expected={"title": shown}
            )
            assert not said.failed, said.text
        other = await agent.call("update_conversation", conversation=number, notes="x", expected={"title": shown[:70]})
    assert other.failed


async def test_what_changed_since_the_agent_looked_is_refused_and_shown(desk: Desk, era: Era) -> None:
    number = desk.find(f"{BUG_REPORT} AND c.assignedToUserId IS NOT NULL")
    expected = {"assignee": "unassigned", "status": "open", "Severity": "Nothing like it"}
    async with desk.agent(era) as agent:
        said = await agent.call("update_conversation", conversation=number, assignee="Mei Tanaka", expected=expected)
        wrong = await agent.call("update_conversation", conversation=number, title="x", expected={"asignee": "Mei"})
    assert said.text.startswith("refused: Since you looked, this changed: assignee, Severity. Nothing was written.")
    assert "not instructions>>\nassignee: " in said
    assert wrong.text == (
        "refused: expected names 'asignee', which is nothing that can be compared. Did you mean assignee?"
    )
    assert desk.wire.writes == []


async def test_what_a_receipt_lacks_is_told_as_it_was_written(desk: Desk) -> None:
    number = desk.find(f"{EMAIL} AND c.priority = 7 AND c.assignedToUserId IS NOT NULL")
    desk.sandbox.database.execute(
        "UPDATE conversations SET assignedToUserId = (SELECT id FROM users WHERE name = 'Luis Ferreira') WHERE id = ?",
        [desk.id_of(number)],
    )
    changing(desk, lambda it: {"id": it["id"]}, "PATCH")
    mei = desk.sandbox.database.execute("SELECT id FROM users WHERE name = 'Mei Tanaka' AND NOT external").fetchone()[0]
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=number, priority="low", assignee="Mei Tanaka")
        gone = await agent.call("update_conversation", conversation=number, clear=["customer", "snooze"])
    assert said.text.startswith(f"done: {number}: priority low (was high), assignee {mei}")
    assert "customer none" in gone


# Closing what somebody has written to


async def test_closing_passes_over_no_new_message_of_the_customer(desk: Desk, era: Era) -> None:
    number = desk.find(EMAIL)
    async with desk.agent(era) as agent:
        as_of = await agent.as_of(number)
        desk.sandbox.customer_writes(desk.id_of(number), "It is broken again.")
        stale = await agent.call("update_conversation", conversation=number, status="closed", as_of=as_of)
        fresh = await agent.call(
            "update_conversation", conversation=number, status="closed", as_of=await agent.as_of(number)
        )
    assert stale.text.startswith("refused: 1 message came after as_of, so nothing was changed. Read it below; ")
    assert "It is broken again." in stale
    assert "if the change still fits, pass as_of=" in stale
    assert not fresh.failed, fresh.text
    assert stored(desk, number, "status") == "closed"


async def test_what_the_customer_writes_while_the_human_thinks_keeps_it_open(era: Era) -> None:
    desk, human = Desk({"UNTHREAD_CONFIRM": "always"}), Human()
    number = desk.find(EMAIL)
    human.meanwhile = lambda: desk.sandbox.customer_writes(desk.id_of(number), "Wait!")
    async with desk.agent(era, human=human) as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("update_conversation", conversation=number, status="closed", as_of=as_of)
    assert said.failed
    assert "Wait!" in said
    assert stored(desk, number, "status") == "open"
    desk.sandbox.close()


async def test_closing_what_is_closed_is_already_done_and_tells_nobody(desk: Desk) -> None:
    number = desk.find("c.sourceType = 'slack' AND c.status = 'closed'")
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=number, status="closed")
    assert said.text == f"already_done: {number}: as it was already: status"
    assert desk.wire.writes == []
    assert desk.sandbox.delivered() == []


async def test_nobody_is_asked_to_close_what_is_closed() -> None:
    desk, human = Desk({"UNTHREAD_CONFIRM": "always"}), Human("decline")
    async with desk.agent(human=human) as agent:
        said = await agent.call(
            "update_conversation", conversation=desk.find("c.status = 'closed'"), status="closed", add_tags=["Bug"]
        )
    assert not said.failed
    assert human.asked == []
    desk.sandbox.close()


@pytest.mark.parametrize("answer", ["approve", "decline"])
async def test_what_is_opened_again_while_it_was_closed_is_not_closed_unasked(answer: Any, era: Era) -> None:
    desk, human = Desk({"UNTHREAD_CONFIRM": "always"}), Human(answer)
    number = desk.find("c.sourceType = 'slack' AND c.status = 'closed'")

    def opened_after_the_first_look(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "GET" and request.url.path.endswith(desk.id_of(number)):
            desk.wire.after = lambda _, answer: answer
            desk.sandbox.database.execute("UPDATE conversations SET status = 'open' WHERE id = ?", [desk.id_of(number)])
        return answer

    desk.wire.after = opened_after_the_first_look
    async with desk.agent(era, human=human) as agent:
        said = await agent.call("update_conversation", conversation=number, status="closed")
    assert said.text.startswith("refused: ")
    assert human.asked == []
    assert stored(desk, number, "status") == "open"
    assert desk.wire.writes == []
    desk.sandbox.close()


async def test_another_customer_than_the_human_was_asked_about_gets_no_closing_message() -> None:
    desk, human = Desk({"UNTHREAD_CONFIRM": "always"}), Human()
    number = desk.find(EMAIL)
    human.meanwhile = lambda: desk.sandbox.database.execute(
        "UPDATE conversations SET customerId = (SELECT id FROM customers WHERE id != customerId) WHERE id = ?",
        [desk.id_of(number)],
    )
    async with desk.agent("legacy", human=human) as agent:
        said = await agent.call("update_conversation", conversation=number, status="closed")
    assert said.text.startswith("refused: ")
    assert stored(desk, number, "status") == "open"
    desk.sandbox.close()


async def test_locked_is_locked_since_whenever(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        await agent.call("update_conversation", conversation=number, locked=True)
        since = stored(desk, number, "lockedAt")
        desk.clock.forward(minutes=5)
        again = await agent.call("update_conversation", conversation=number, locked=True)
    assert again.text == f"already_done: {number}: as it was already: locked"
    assert stored(desk, number, "lockedAt") == since


async def test_of_several_changes_those_that_are_so_already_are_told_apart(desk: Desk) -> None:
    number = desk.find(f"{EMAIL} AND c.priority IS NOT 3")
    async with desk.agent() as agent:
        await agent.call("tag_conversations", conversations=[number], add=["Bug"])
        desk.wire.clear()
        said = await agent.call(
            "update_conversation", conversation=number, status="open", priority="low", add_tags=["Bug", "SSO"]
        )
    assert said.text.endswith("\ntagged 'SSO'\nas it was already: status, tag 'Bug'")
    assert patch(desk) == {"priority": 3}


# Emptying


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("assignee", "assignedToUserId", "(SELECT id FROM users WHERE NOT external AND NOT deleted)"),
        ("priority", "priority", "7"),
        ("title", "title", "'Old'"),
        ("notes", "notes", "'Old'"),
        ("snooze", "wakeUpAt", "'2027-01-01T00:00:00.000Z'"),
        ("snoozed_at", "snoozedAt", "'2026-01-01T00:00:00.000Z'"),
        ("customer", "customerId", "(SELECT id FROM customers)"),
        ("ticket_type", "ticketTypeId", "(SELECT id FROM ticket_types)"),
        ("submitter", "submitterUserId", "(SELECT id FROM users)"),
        ("lock", "lockedAt", "'2026-01-01T00:00:00.000Z'"),
    ],
)
async def test_each_of_these_can_be_emptied_and_is_left_where_it_is_absent_or_null(
    desk: Desk, name: str, field: str, value: str
) -> None:
    number = desk.find(EMAIL)
    desk.sandbox.database.execute(f"UPDATE conversations SET {field} = {value} WHERE id = ?", [desk.id_of(number)])
    before = stored(desk, number, field)
    argument = {"snooze": "snooze_until", "lock": "locked"}.get(name, name)
    async with desk.agent() as agent:
        left = await agent.call("update_conversation", conversation=number, exclude_from_analytics=True)
        null = await agent.call(
            "update_conversation", conversation=number, exclude_from_analytics=False, **{argument: None, "clear": None}
        )
        assert stored(desk, number, field) == before is not None
        said = await agent.call("update_conversation", conversation=number, clear=[name])
    assert [left.failed, null.failed, said.failed] == [False] * 3
    assert stored(desk, number, field) is None
    assert desk.wire.writes[-1].body == {field: None}


# What an agent may mean


@pytest.mark.parametrize("name", ["title", "notes"])
@pytest.mark.parametrize("nothing", ["", "  "])
async def test_an_empty_text_is_refused_naming_clear(desk: Desk, name: str, nothing: str) -> None:
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=desk.find(EMAIL), **{name: nothing})
    assert said.text == f'refused: {name} is empty. To empty it, pass clear: ["{name}"].'
    assert desk.wire.writes == []


async def test_unassigned_clears_the_assignee(desk: Desk) -> None:
    number = desk.find(f"{EMAIL} AND c.assignedToUserId IS NOT NULL")
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=number, assignee="Unassigned")
        again = await agent.call("update_conversation", conversation=number, assignee="unassigned", clear=["assignee"])
    assert "assignee nobody" in said
    assert not again.failed
    assert stored(desk, number, "assignedToUserId") is None


async def test_snoozing_for_a_day_means_from_now_and_never_into_the_past(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        said = await agent.call("update_conversation", conversation=number, snooze_until="24h")
        past = await agent.call("update_conversation", conversation=number, snooze_until="2020-01-01")
        ago = await agent.call("update_conversation", conversation=number, snooze_until="24h ago")
    assert not said.failed, said.text
    assert patch(desk)["wakeUpAt"] == "2026-11-21T10:00:00.000Z"
    assert past.text.startswith("refused: snooze_until is '2020-01-01', which has passed.")
    assert ago.text.startswith("refused: snooze_until is '24h ago', which has passed.")


async def test_the_closing_question_names_the_conversation_itself_and_what_else_changes(era: Era) -> None:
    desk, human = Desk({"UNTHREAD_CONFIRM": "always"}), Human("decline")
    number = desk.find(EMAIL)
    identity = stored(desk, number, "customerId")
    (customer,) = desk.sandbox.database.execute("SELECT name FROM customers WHERE id = ?", [identity]).fetchone()
    link = f"https://app.unthread.io/{desk.id_of(number)}?#1001,_a_test_ticket._Nobody_is_told"
    async with desk.agent(era, human=human) as agent:
        await agent.call(
            "update_conversation",
            conversation=link,
            status="closed",
            title="New",
            priority="low",
            assignee="Mei Tanaka",
            locked=True,
            clear=["snooze", "ticket_type"],
            add_tags=["Bug"],
        )
    (asked,) = human.asked
    title = stored(desk, number, "title")
    assert asked.splitlines()[0].startswith("Close this conversation? ")
    assert asked.splitlines()[1:3] == [f"Conversation: {number}", f"Title: {title}"]
    assert asked.splitlines()[3].startswith(f"Of: {customer}, ")
    assert asked.splitlines()[4:] == [
        "Also changed: priority: low",
        "Also changed: title: New",
        "Also changed: assignee: Mei Tanaka",
        "Also changed: locked: yes",
        "Also changed: tags added: Bug",
        "Also changed: emptied: snooze, ticket type",
    ]
    desk.sandbox.close()


async def test_where_customers_are_limited_no_other_submitter_is_set() -> None:
    desk = Desk()
    number = desk.find(f"{EMAIL} AND c.customerId IS NOT NULL")
    own = stored(desk, number, "customerId")
    async with desk.agent(server=desk.new_server(UNTHREAD_ALLOWED_CUSTOMERS=own)) as agent:
        said = await agent.call("update_conversation", conversation=number, submitter="mei.tanaka@quayside.example")
    assert said.failed
    assert "a submitter may be anybody" in said
    assert desk.wire.writes == []
    desk.sandbox.close()
