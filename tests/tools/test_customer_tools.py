"""Customers: read, made, changed, deleted; nothing lost, and no customer told anything without a human's yes."""

from __future__ import annotations

import inspect
import json
from functools import partial
from typing import Any, Literal

import anyio
import httpx2
import pytest

from tests.support import Desk, Era, Human
from tests.tools.reach import EVERYTHING
from unthread_mcp.tools.customer_settings import CLEARABLE, update_customer

pytestmark = pytest.mark.anyio
SETTINGS = EVERYTHING


def customer_id(desk: Desk, name: str) -> str:
    return desk.sandbox.database.execute("SELECT id FROM customers WHERE name = ?", [name]).fetchone()[0]


def stored(desk: Desk, name: str, column: str) -> Any:
    sql = f"SELECT {column} FROM customers WHERE name = ?"
    return desk.sandbox.database.execute(sql, [name]).fetchone()[0]


def user_id(desk: Desk, name: str) -> str:
    return desk.sandbox.database.execute("SELECT id FROM users WHERE name = ?", [name]).fetchone()[0]


def lose(path: str) -> Any:
    """Lose the answers to requests whose method or path ends so."""

    def after(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if f"{request.method} {request.url.path}".endswith(path) or request.method == path:
            raise httpx2.ReadError("reset", request=request)
        return answer

    return after


# Creating


async def test_a_customer_is_created_once_with_a_channel_and_tags(desk: Desk, era: Era) -> None:
    new = {
        "name": " Juniper Freight ",
        "email_domains": ["Juniper.example", "@juniper.example"],
        "tags": ["Trial"],
        "create_channel": True,
        "is_private": True,
        "channel_topic": "Freight",
    }
    async with desk.agent(era) as agent:
        said = await agent.call("create_customer", **new)
        again = await agent.call("create_customer", **new)
    identity = customer_id(desk, "Juniper Freight")
    assert said.text == f"done: customer 'Juniper Freight' ({identity}), Slack channel juniper-freight."
    assert again.text.startswith("already_done: ")
    tag = desk.sandbox.database.execute("SELECT id FROM tags WHERE name = 'Trial'").fetchone()[0]
    assert [each.body for each in desk.wire.writes] == [
        {
            "name": "Juniper Freight",
            "emailDomains": ["juniper.example"],
            "createChannel": True,
            "isPrivate": True,
            "channelTopic": "Freight",
            "tagIds": [tag],
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"channel_topic": "x"}, "is_private, channel_topic and invite are about a new channel."),
        ({"create_channel": True, "slack_channel_id": "C1"}, "A channel is both given and to be made."),
        ({"email_domains": ["https://x.example"]}, "email_domains holds 'https://x.example'."),
        ({"email_domains": ["a@x.example"]}, "Pass a domain such as example.com."),
        ({"email_domains": ["localhost"]}, "email_domains holds 'localhost'."),
        ({"tags": ["Trials"]}, "No tag is called 'Trials'. Similar: Trial"),
        ({"create_channel": True, "channel_topic": "x" * 251}, "channel_topic is not acceptable"),
        ({"create_channel": True, "invite": ["Nils Niemand"]}, "No user is called 'Nils Niemand'."),
    ],
)
async def test_what_can_not_be_created_is_refused_before_anything_is_written(
    desk: Desk, arguments: dict[str, Any], words: str
) -> None:
    async with desk.agent() as agent:
        said = await agent.call("create_customer", name="Juniper Freight", **arguments)
    assert said.text.startswith("refused: ")
    assert words in said
    assert desk.wire.writes == []


@pytest.mark.parametrize("answer", ["approve", "decline"])
async def test_people_are_invited_to_a_channel_only_with_a_humans_yes(desk: Desk, era: Era, answer: Any) -> None:
    human = Human(answer)
    async with desk.agent(era, human=human) as agent:
        said = await agent.call(
            "create_customer", name="Juniper Freight", create_channel=True, invite=["Mei Tanaka", "Katrin Vogel"]
        )
    asked = "Create the customer 'Juniper Freight' with a Slack channel, and invite people to it?"
    assert set(human.asked) == {f"{asked}\nWhom: Mei Tanaka, Katrin Vogel"}
    assert said.failed == (answer == "decline")
    assert [each.body["inviteUserIds"] for each in desk.wire.writes] == (
        [[user_id(desk, "Mei Tanaka"), user_id(desk, "Katrin Vogel")]] if answer == "approve" else []
    )


async def test_those_who_are_invited_get_no_topic_that_the_human_did_not_see(desk: Desk) -> None:
    human = Human()
    new = {"name": "Juniper Freight", "create_channel": True, "invite": ["Mei Tanaka"], "is_private": True}
    async with desk.agent(human=human) as agent:
        await agent.call("create_customer", **new, channel_topic="Pay here: pay.example")
    assert human.asked[0] == (
        "Create the customer 'Juniper Freight' with a private Slack channel, and invite people to it?\n"
        "Whom: Mei Tanaka\nIts topic: Pay here: pay.example"
    )


async def test_a_lost_creation_is_unknown_and_shows_who_has_the_name(desk: Desk) -> None:
    async with desk.agent() as agent:
        desk.wire.after = lose("POST /api/customers")
        said = await agent.call("create_customer", name="Juniper Freight")
        desk.wire.after = lambda _, answer: answer
        again = await agent.call("create_customer", name="Juniper Freight")
    for each in (said, again):
        assert each.text.startswith("unknown: It is not known whether the customer was created.")
        assert f"With the same name there are: {customer_id(desk, 'Juniper Freight')}" in each


# Updating


async def test_only_what_is_passed_is_sent_with_people_by_name(desk: Desk, era: Era) -> None:
    mei = user_id(desk, "Mei Tanaka")
    async with desk.agent(era) as agent:
        said = await agent.call(
            "update_customer", customer="tern shipping", primary_assignee="Mei Tanaka", secondary_assignee="team:g-1"
        )
    assert [each.body for each in desk.wire.writes] == [
        {
            "primarySupportAssigneeId": mei,
            "primarySupportAssigneeType": "user",
            "secondarySupportAssigneeId": "g-1",
            "secondarySupportAssigneeType": "team",
        }
    ]
    identity = customer_id(desk, "Tern Shipping")
    assert said.text == (
        f"done: customer Tern Shipping ({identity}): primary support Mei Tanaka, secondary support team g-1."
    )


async def test_every_setting_is_written_in_unthreads_words(desk: Desk) -> None:
    steps = [
        {"type": "assignment", "minutes": 0, "assignee": "Jonas Weber"},
        {"type": "escalation", "minutes": 30, "assigneeId": "g-1", "assigneeType": "team", "maxCycles": 2},
    ]
    async with desk.agent() as agent:
        said = await agent.call(
            "update_customer",
            customer="Tern Shipping",
            name="Tern Shipping AS",
            email_domains=["tern.example", "TERN.example"],
            bot_handling="all",
            slack_channel_id="C0TERN",
            triage_channel_id="C0TRIAGE01",
            automated_ticketing=False,
            support_steps=steps,
        )
    assert not said.failed, said.text
    assert desk.wire.writes[0].body == {
        "name": "Tern Shipping AS",
        "emailDomains": ["tern.example"],
        "botHandling": "all",
        "slackChannelId": "C0TERN",
        "defaultTriageChannelId": "C0TRIAGE01",
        "disableAutomatedTicketing": True,
        "supportSteps": [
            {"type": "assignment", "minutes": 0, "assigneeType": "user", "assigneeId": user_id(desk, "Jonas Weber")},
            steps[1],
        ],
    }
    assert said.text.startswith("done: customer Tern Shipping AS (")
    assert "shows something else" not in said


async def test_hours_are_written_and_minutes_read_and_the_answer_says_so(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call("update_customer", customer="Tern Shipping", reply_timeout_hours=1.5)
        read = await agent.call("get_customer", customer="Tern Shipping")
    assert desk.wire.writes[0].body == {"replyTimeoutHours": 1.5}
    assert said.text.endswith("replyTimeoutHours 1.5. Unthread shows the reply time-out as 90 min.")
    assert "reply within: 90 min" in read


async def test_hours_that_come_out_as_other_minutes_are_told(desk: Desk) -> None:
    def minutes_for_hours(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "PATCH":
            return httpx2.Response(200, json={**json.loads(answer.content), "replyTimeoutMinutes": 2})
        return answer

    async with desk.agent() as agent:
        desk.wire.after = minutes_for_hours
        said = await agent.call("update_customer", customer="Tern Shipping", reply_timeout_hours=2)
    assert said.text.endswith("Unthread shows the reply time-out as 2 min, where 120 were meant: correct it there.")


async def test_clear_empties_each_in_its_own_way(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call(
            "update_customer",
            customer="Vela Biotech",
            clear=["primary_assignee", "email_domains", "reply_timeout_hours", "support_steps", "triage_channel_id"],
        )
    assert desk.wire.writes[0].body == {
        "primarySupportAssigneeId": None,
        "primarySupportAssigneeType": None,
        "emailDomains": [],
        "replyTimeoutHours": None,
        "supportSteps": None,
        "defaultTriageChannelId": None,
    }
    assert (
        "primary support -, emailDomains emptied (before: ['velabiotech.example']), replyTimeoutHours emptied" in said
    )
    assert stored(desk, "Vela Biotech", "replyTimeoutMinutes") is None


def test_clear_takes_the_name_of_any_argument_but_name_and_what_is_on_or_off() -> None:
    others = {"workspace", "gate", "customer", "name", "automated_ticketing", "clear"}
    parts = {"autoresponder_when", "autoresponder_message"}
    assert set(CLEARABLE) == set(inspect.signature(update_customer).parameters) - others - parts


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "Nothing to change was passed."),
        ({"clear": ["autoresponer"]}, "clear can't empty 'autoresponer'. Did you mean autoresponder?"),
        ({"clear": ["name"]}, "clear can't empty 'name'."),
        (
            {"clear": ["primary_assignee"], "primary_assignee": "Mei Tanaka"},
            "primary_assignee is both set and cleared.",
        ),
        ({"clear": ["support_steps"], "support_steps": []}, "support_steps is both set and cleared."),
        ({"clear": ["autoresponder"], "autoresponder": False}, "autoresponder is both set and cleared."),
        ({"name": "  "}, "The text is empty."),
        ({"primary_assignee": "team:../x"}, "names no team by its id."),
        ({"primary_assignee": "me"}, "There is no 'me' for an API key"),
        ({"reply_timeout_hours": -1}, "reply_timeout_hours is not acceptable"),
        ({"reply_timeout_hours": 1.7e308}, "reply_timeout_hours is not acceptable"),
        ({"support_steps": [{"type": "assignment"}]}, "Support step 1 lacks its type or its minutes."),
        ({"support_steps": [{"type": "assign", "minutes": 1}]}, "Support step 1 has an unknown type."),
        ({"support_steps": [{"type": "triage", "minutes": "x"}]}, "Support step 1 has a minutes of the wrong type."),
        ({"support_steps": [{"type": "triage", "minutes": True}]}, "Support step 1 has a minutes of the wrong type."),
        ({"support_steps": [{"type": "triage", "minutes": -5}]}, "Support step 1 has a minutes below zero."),
        ({"support_steps": [{"type": "triage", "minutes": 1, "minute": 2}]}, "Did you mean minutes?"),
        ({"support_steps": [{"type": "triage", "minutes": 1, "assigneeId": "x"}]}, "but half of an assignee."),
        (
            {"support_steps": [{"type": "triage", "minutes": 1, "assigneeId": "x", "assignee": "Mei Tanaka"}]},
            "Support step 1 names its assignee twice",
        ),
    ],
)
async def test_what_can_not_be_changed_is_refused_before_anything_is_written(
    desk: Desk, arguments: dict[str, Any], words: str
) -> None:
    async with desk.agent() as agent:
        said = await agent.call("update_customer", customer="Vela Biotech", **arguments)
    assert said.text.startswith("refused: ")
    assert words in said
    assert desk.wire.writes == []


async def test_what_somebody_else_changed_between_read_and_write_is_told(desk: Desk) -> None:
    def meanwhile(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "PATCH":
            desk.sandbox.database.execute("UPDATE customers SET botHandling = 'all' WHERE name = 'Tern Shipping'")
        return None

    async with desk.agent() as agent:
        desk.wire.before = meanwhile
        said = await agent.call("update_customer", customer="Tern Shipping", email_domains=["tern.example"])
    assert said.text.startswith("done: ")
    assert "something else than was written or there before in: botHandling. Read it again." in said
    assert stored(desk, "Tern Shipping", "botHandling") == "all"


async def test_a_list_in_another_order_is_no_other_list(desk: Desk) -> None:
    sql = "INSERT INTO customer_tags SELECT c.id, t.id FROM customers c, tags t WHERE c.name = ? AND t.name = 'Bug'"
    desk.sandbox.database.execute(sql, ["Tern Shipping"])

    def turned(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method != "PATCH":
            return answer
        changed = json.loads(answer.content)
        return httpx2.Response(200, json={**changed, "tags": changed["tags"][::-1]})

    async with desk.agent() as agent:
        desk.wire.after = turned
        said = await agent.call("update_customer", customer="Tern Shipping", bot_handling="all")
    assert said.text.endswith("botHandling all.")


async def test_a_customer_that_comes_without_its_id_is_known_by_it_all_the_same(desk: Desk) -> None:
    def without_id(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method != "GET":
            return answer
        found = json.loads(answer.content)
        del found["id"]
        return httpx2.Response(200, json=found)

    identity = customer_id(desk, "Oakhurst University")
    async with desk.agent() as agent:
        desk.wire.after = without_id
        said = await agent.call("delete_customer", customer="Oakhurst University")
    assert said.text == f"done: customer Oakhurst University ({identity}) is deleted."


async def test_a_lost_change_is_settled_by_reading_back_in_minutes(desk: Desk) -> None:
    async with desk.agent() as agent:
        desk.wire.after = lose("PATCH")
        said = await agent.call("update_customer", customer="Tern Shipping", reply_timeout_hours=3, bot_handling="all")
    assert said.text.startswith("done: ")
    assert "reading it back shows the change" in said


async def test_a_change_that_never_arrived_stays_unknown(desk: Desk) -> None:
    def vanish(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "PATCH":
            raise httpx2.ReadTimeout("nothing", request=request)
        return None

    async with desk.agent() as agent:
        desk.wire.before = vanish
        said = await agent.call("update_customer", customer="Tern Shipping", reply_timeout_hours=3)
    assert said.text.startswith("unknown: ")


async def test_a_new_name_is_known_at_once_and_the_old_one_no_more(desk: Desk) -> None:
    async with desk.agent() as agent:
        await agent.call("get_customer", customer="Tern Shipping")
        await agent.call("update_customer", customer="Tern Shipping", name="Arctic Tern")
        new = await agent.call("get_customer", customer="Arctic Tern")
        old = await agent.call("get_customer", customer="Tern Shipping")
    assert new.text.startswith("Arctic Tern (customer ")
    assert old.text == "No customer is called 'Tern Shipping'. search_customers lists the customers."


# The auto-responder


@pytest.mark.parametrize("answer", ["approve", "decline"])
async def test_what_customers_are_told_passes_a_human(desk: Desk, era: Era, answer: Any) -> None:
    human = Human(answer)
    before = json.loads(stored(desk, "Albatros Reisen", "autoresponder"))
    async with desk.agent(era, human=human) as agent:
        said = await agent.call(
            "update_customer", customer="Albatros Reisen", autoresponder_message="Closed until Monday, @channel."
        )
        quiet = await agent.call("update_customer", customer="Albatros Reisen", bot_handling="all")
    asked = "Change the auto-responder of customer Albatros Reisen?\nIt will be: on\nWhen: always\n\nIt says:\n\n> "
    assert set(human.asked) == {asked + "Closed until Monday, @ channel."}
    assert said.failed == (answer == "decline")
    assert not quiet.failed
    after = json.loads(stored(desk, "Albatros Reisen", "autoresponder"))
    assert after == ({**before, "message": "Closed until Monday, @ channel."} if answer == "approve" else before)


@pytest.mark.parametrize("arguments", [{"autoresponder": False}, {"clear": ["autoresponder"]}])
async def test_taking_it_away_passes_a_human_too(desk: Desk, arguments: dict[str, Any]) -> None:
    human = Human("decline")
    async with desk.agent(human=human) as agent:
        said = await agent.call("update_customer", customer="Albatros Reisen", **arguments)
    assert said.text.startswith("refused: The human did not approve this.")
    assert len(human.asked) == 1
    assert desk.wire.writes == []


async def test_without_a_human_to_ask_always_changes_none() -> None:
    desk = Desk({**EVERYTHING, "UNTHREAD_CONFIRM": "always"})
    async with desk.agent() as agent:
        said = await agent.call("update_customer", customer="Albatros Reisen", autoresponder=False)
        other = await agent.call("update_customer", customer="Albatros Reisen", bot_handling="off")
    assert said.text.startswith("refused: This server does this only once a human has agreed")
    assert not other.failed
    assert [each.body for each in desk.wire.writes] == [{"botHandling": "off"}]
    desk.sandbox.close()


async def test_a_first_auto_responder_needs_all_its_parts(desk: Desk) -> None:
    async with desk.agent() as agent:
        partly = await agent.call("update_customer", customer="Tern Shipping", autoresponder_message="Hello.")
        whole = await agent.call(
            "update_customer", customer="Tern Shipping", autoresponder_message="Hello.", autoresponder_when="always"
        )
    assert partly.text.endswith("Pass autoresponder_when too.")
    assert desk.wire.writes[0].body == {"autoresponder": {"enabled": True, "message": "Hello.", "condition": "always"}}
    assert not whole.failed


async def test_an_auto_responder_that_changed_while_the_human_was_asked_is_left_alone(desk: Desk) -> None:
    human = Human()
    other = json.dumps({"enabled": True, "condition": "always", "message": "Somebody else's words."})
    human.meanwhile = lambda: desk.sandbox.database.execute(
        "UPDATE customers SET autoresponder = ? WHERE name = 'Albatros Reisen'", [other]
    )
    async with desk.agent("legacy", human=human) as agent:
        said = await agent.call("update_customer", customer="Albatros Reisen", autoresponder_message="Mine.")
    assert said.text.startswith("refused: Somebody else changed the auto-responder while the human was asked")
    assert desk.wire.writes == []


async def test_two_changes_of_an_auto_responder_at_once_both_stay(desk: Desk) -> None:
    async with desk.agent() as agent, anyio.create_task_group() as calls:
        for part in ({"autoresponder_message": "Back on Monday."}, {"autoresponder_when": "outside-working-hours"}):
            calls.start_soon(partial(agent.call, "update_customer", customer="Albatros Reisen", **part))
    after = json.loads(stored(desk, "Albatros Reisen", "autoresponder"))
    assert (after["message"], after["condition"]) == ("Back on Monday.", "outside-working-hours")


# Where their conversations are triaged


async def test_notes_are_sent_to_no_channel_of_a_customer(desk: Desk) -> None:
    sql = "SELECT name, slackChannelId FROM customers WHERE slackChannelId IS NOT NULL ORDER BY name"
    name, channel = desk.sandbox.database.execute(sql).fetchone()
    async with desk.agent() as agent:
        said = await agent.call("update_customer", customer="Vela Biotech", triage_channel_id=channel)
        own = await agent.call("update_customer", customer="Vela Biotech", triage_channel_id="C0DUTYDESK")
    assert said.text.startswith(f"refused: triage_channel_id is the channel of the customer {name}, who would read it.")
    assert own.text.startswith("done: ")
    assert len(desk.wire.writes) == 1


async def test_where_it_can_not_be_told_whose_channel_it_is_the_human_is_asked(desk: Desk) -> None:
    human = Human("decline")
    desk.wire.before = lambda it: httpx2.Response(400, json={}) if it.url.path.endswith("/accounts/list") else None
    async with desk.agent(human=human) as agent:
        said = await agent.call("update_customer", customer="Vela Biotech", triage_channel_id="C0DUTYDESK")
    assert human.asked[0].startswith(
        "Triage the conversations of customer Vela Biotech in the Slack channel C0DUTYDESK?"
    )
    assert said.failed
    assert desk.wire.writes == []


# Their Slack channel


@pytest.mark.parametrize("answer", ["approve", "decline"])
@pytest.mark.parametrize("given", [{"slack_channel_id": "C0NEW12345"}, {"clear": ["slack_channel_id"]}])
async def test_a_customers_channel_is_changed_or_taken_away_only_with_a_humans_yes(
    desk: Desk, era: Era, given: dict[str, Any], answer: Literal["approve", "decline"]
) -> None:
    human = Human(answer)
    old = stored(desk, "Vela Biotech", "slackChannelId")
    async with desk.agent(era, human=human) as agent:
        said = await agent.call("update_customer", customer="Vela Biotech", **given)
        await agent.call("update_customer", customer="Vela Biotech", bot_handling="all")
    assert set(human.asked) == {
        f"Take the Slack channel {old} (ext-vela) away from customer Vela Biotech?"
        if "clear" in given
        else "Send what is for customer Vela Biotech into the Slack channel C0NEW12345 from now on?"
        f"\nInstead of: {old} (ext-vela)"
    }
    assert said.failed == (answer == "decline")
    after = stored(desk, "Vela Biotech", "slackChannelId")
    assert after == (old if answer == "decline" else given.get("slack_channel_id"))


async def test_a_channel_that_stays_as_it_is_is_not_asked_about(desk: Desk) -> None:
    human = Human("decline")
    old = stored(desk, "Vela Biotech", "slackChannelId")
    async with desk.agent(human=human) as agent:
        same = await agent.call("update_customer", customer="Vela Biotech", slack_channel_id=old)
        none = await agent.call("update_customer", customer="Oakhurst University", clear=["slack_channel_id"])
    assert not same.failed
    assert not none.failed
    assert human.asked == []


async def test_a_channel_that_changed_while_the_human_was_asked_is_left_alone(desk: Desk) -> None:
    human = Human()
    human.meanwhile = lambda: desk.sandbox.database.execute(
        "UPDATE customers SET slackChannelId = 'C0ELSEWHERE' WHERE name = 'Vela Biotech'"
    )
    async with desk.agent("legacy", human=human) as agent:
        said = await agent.call("update_customer", customer="Vela Biotech", slack_channel_id="C0NEW12345")
    assert said.text.startswith("refused: Somebody else changed the Slack channel while the human was asked")
    assert desk.wire.writes == []


async def test_the_channel_of_one_customer_becomes_no_others(desk: Desk) -> None:
    channel, holder = stored(desk, "Vela Biotech", "slackChannelId"), customer_id(desk, "Vela Biotech")
    human = Human()
    async with desk.agent(human=human) as agent:
        changed = await agent.call("update_customer", customer="Tern Shipping", slack_channel_id=channel)
        created = await agent.call("create_customer", name="Juniper Freight", slack_channel_id=channel)
    for said in (changed, created):
        assert said.text.startswith(
            f"refused: slack_channel_id: {channel} is the channel of the customer Vela Biotech ({holder})."
        )
    assert human.asked == []
    assert desk.wire.writes == []


async def test_a_new_customers_channel_passes_a_human_once(desk: Desk) -> None:
    human = Human()
    new = {"name": "Juniper Freight", "slack_channel_id": "C0JUNIPER1"}
    async with desk.agent("legacy", human=human) as agent:
        said = await agent.call("create_customer", **new)
        again = await agent.call("create_customer", **new)
    assert human.asked == [
        "Create the customer 'Juniper Freight', and send what is for them into the Slack channel C0JUNIPER1?"
    ]
    assert said.text.startswith("done: ")
    assert again.text.startswith("already_done: ")


@pytest.mark.parametrize("argument", ["slack_channel_id", "triage_channel_id"])
async def test_a_person_is_no_channel_of_a_customer(desk: Desk, argument: str) -> None:
    async with desk.agent() as agent:
        said = await agent.call("update_customer", customer="Tern Shipping", **{argument: "U0SOMEBODY"})
    assert said.text.startswith(f"refused: {argument} is 'U0SOMEBODY', which is no Slack channel's id.")
    assert desk.wire.sent == []


async def test_where_customers_are_not_looked_up_by_their_channel_the_human_decides(desk: Desk) -> None:
    channel = stored(desk, "Vela Biotech", "slackChannelId")
    human = Human("decline")
    identity = customer_id(desk, "Tern Shipping")
    desk.wire.before = lambda it: httpx2.Response(400) if it.url.path.endswith("/customers/list") else None
    async with desk.agent(human=human) as agent:
        said = await agent.call("update_customer", customer=identity, slack_channel_id=channel)
    assert said.text.startswith("refused: The human did not approve this.")
    assert len(human.asked) == 1


# Deleting


async def test_a_deletion_names_whom_it_deleted_and_deletes_once(desk: Desk, era: Era) -> None:
    identity = customer_id(desk, "Oakhurst University")
    async with desk.agent(era) as agent:
        said = await agent.call("delete_customer", customer="oakhurst university")
        again = await agent.call("delete_customer", customer="oakhurst university")
        unknown = await agent.call("delete_customer", customer="00000000-0000-4000-8000-000000000000")
    assert said.text == f"done: customer Oakhurst University ({identity}) is deleted."
    assert again.text.startswith("already_done: customer 'oakhurst university' is deleted.")
    assert unknown.text.startswith("refused: Unthread found no such object")
    assert [str(each) for each in desk.wire.writes] == [f"DELETE /customers/{identity}"]


async def test_a_name_of_several_deletes_nobody(desk: Desk) -> None:
    desk.sandbox.database.execute("UPDATE customers SET name = 'Twin' WHERE name IN ('Vela Biotech', 'Tern Shipping')")
    async with desk.agent() as agent:
        said = await agent.call("delete_customer", customer="Twin")
        near = await agent.call("delete_customer", customer="Petrichor")
    assert said.text.startswith("refused: Several customers are called 'Twin'. Pass the id of one of them: ")
    assert near.text.startswith("refused: No customer is called 'Petrichor'. Similar: Petrichor Labs")
    assert desk.wire.writes == []


async def test_whom_somebody_else_deleted_first_is_already_gone(desk: Desk) -> None:
    def first(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "DELETE":
            desk.sandbox.database.execute("DELETE FROM customers WHERE name = 'Oakhurst University'")
        return None

    async with desk.agent() as agent:
        desk.wire.before = first
        said = await agent.call("delete_customer", customer="Oakhurst University")
    assert said.text.startswith("already_done: customer Oakhurst University (")
    assert said.text.endswith("Somebody else had deleted it.")


async def test_a_deletion_whose_answer_got_lost_is_looked_up(desk: Desk) -> None:
    async with desk.agent() as agent:
        desk.wire.after = lose("DELETE")
        gone = await agent.call("delete_customer", customer="Oakhurst University")
        desk.wire.before = _never_arrives
        there = await agent.call("delete_customer", customer="Tern Shipping")
    assert gone.text.startswith("done: customer Oakhurst University (")
    assert there.text.startswith("unknown: ")


def _never_arrives(request: httpx2.Request) -> httpx2.Response | None:
    if request.method == "DELETE":
        raise httpx2.ReadTimeout("nothing", request=request)
    return None


# Whom may be written to


async def test_nothing_is_written_to_customers_who_are_not_allowed() -> None:
    desk = Desk(EVERYTHING)
    vela = customer_id(desk, "Vela Biotech")
    async with desk.agent(server=desk.new_server(UNTHREAD_ALLOWED_CUSTOMERS=vela)) as agent:
        refused = [
            await agent.call("create_customer", name="Juniper Freight"),
            await agent.call("update_customer", customer="Tern Shipping", bot_handling="all"),
            await agent.call("delete_customer", customer="Tern Shipping"),
            await agent.call("tag_customers", customers=["Tern Shipping"], add=["Bug"]),
            await agent.call("create_account", name="Juniper Freight"),
            await agent.call("update_account", account="Tern Shipping", crm_id="1"),
            await agent.call("delete_account", account="Tern Shipping"),
        ]
        assert desk.wire.writes == []
        allowed = await agent.call("update_customer", customer="Vela Biotech", bot_handling="all")
    for said in refused:
        assert said.text.startswith("refused: ")
        assert "The operator allows writing only for certain customers" in said
    assert not allowed.failed
    desk.sandbox.close()


@pytest.mark.parametrize("arguments", [{"slack_channel_id": "C0OTHERS"}, {"email_domains": ["others.example"]}])
async def test_where_customers_are_limited_none_is_given_the_place_of_another(arguments: dict[str, Any]) -> None:
    desk = Desk(EVERYTHING)
    server = desk.new_server(UNTHREAD_ALLOWED_CUSTOMERS=customer_id(desk, "Vela Biotech"))
    async with desk.agent(server=server) as agent:
        said = await agent.call("update_customer", customer="Vela Biotech", **arguments)
    assert said.text.startswith("refused: The operator allows writing only for certain customers")
    assert desk.wire.writes == []
    desk.sandbox.close()


async def test_a_namesake_is_told_and_keeps_nobody_from_it(desk: Desk, era: Era) -> None:
    [identity] = desk.sandbox.database.execute("SELECT id FROM customers WHERE name = 'Vela Biotech'").fetchone()
    async with desk.agent(era) as agent:
        said = await agent.call("create_customer", name="Vela Biotech")
        again = await agent.call("create_customer", name="Vela Biotech")
        other = await agent.call("create_customer", name="Juniper Freight")
    assert said.text.startswith("done: ")
    assert said.text.endswith(f" Another customer of this name was there before: {identity}.")
    assert again.text.startswith("already_done: ")
    assert "was there before" not in again
    assert "was there before" not in other


async def test_where_namesakes_can_not_be_looked_for_it_is_created_all_the_same(desk: Desk) -> None:
    async with desk.agent() as agent:
        desk.wire.before = lambda request: httpx2.Response(403) if request.url.path.endswith("/list") else None
        said = await agent.call("create_customer", name="Vela Biotech")
    assert said.text.startswith("done: ")
