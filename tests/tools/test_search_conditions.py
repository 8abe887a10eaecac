"""`where` in a search: names and shown words for what the API compares with, and refusals for what it never is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import Desk

pytestmark = pytest.mark.anyio


def numbers(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if line.startswith("#") and line[1:2].isdigit()]


def condition(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("field", "name", "argument"),
    [
        ("assignedToUserId", "Mei Tanaka", "assignee"),
        ("customerId", "Norrvik Energi", "customer"),
        ("ticketTypeId", "Bug report", "ticket_type"),
        ("tags.id", "Bug", "tag"),
    ],
)
async def test_a_condition_on_an_id_takes_a_name_as_the_arguments_do(
    desk: Desk, field: str, name: str, argument: str
) -> None:
    async with desk.agent() as agent:
        flat = await agent.call("search_conversations", **{argument: name}, limit=100)
        same = await agent.call("search_conversations", where=[condition(field, "==", name)], limit=100)
        within = await agent.call("search_conversations", where=[condition(field, "in", [name])], limit=100)
        others = await agent.call("search_conversations", where=[condition(field, "!=", name)], limit=100)
        unknown = await agent.call("search_conversations", where=[condition(field, "==", "Qqqq")])
    assert numbers(same.text) == numbers(within.text) == numbers(flat.text) != []
    assert numbers(others.text)
    assert not set(numbers(others.text)) & set(numbers(flat.text))
    assert unknown.failed
    assert "is called 'Qqqq'" in unknown


async def test_a_condition_on_who_asked_takes_a_customers_person(desk: Desk) -> None:
    name, identity = desk.sandbox.database.execute(
        "SELECT u.name, u.id FROM conversations c JOIN users u ON u.id = c.submitterUserId WHERE u.external"
        " AND (SELECT count(*) FROM users o WHERE o.name = u.name) = 1 GROUP BY u.id ORDER BY u.id"
    ).fetchone()
    async with desk.agent() as agent:
        await agent.call("search_conversations", where=[condition("submitterUserId", "==", name)])
    # Whether the API takes this field in a condition is not known; the sandbox doesn't.
    assert desk.wire.sent[-1].body["where"] == [condition("submitterUserId", "==", identity)]


@pytest.mark.parametrize(
    ("said", "meant"), [("chat", "widget"), ("in-app chat", "widget"), ("e-mail", "email"), ("Slack", "slack")]
)
async def test_a_channel_may_be_called_as_it_is_shown(desk: Desk, said: str, meant: str) -> None:
    async with desk.agent() as agent:
        shown = await agent.call("search_conversations", where=[condition("sourceType", "==", said)], limit=100)
        several = await agent.call("search_conversations", where=[condition("sourceType", "in", [said])], limit=100)
        plain = await agent.call("search_conversations", where=[condition("sourceType", "==", meant)], limit=100)
    assert numbers(shown.text) == numbers(several.text) == numbers(plain.text) != []


async def test_a_channel_that_is_not_known_can_be_asked_for_with_contains(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call("search_conversations", where=[condition("sourceType", "contains", "portal")])
    assert said.text == "No conversations found."
    assert desk.wire.sent[-1].body["where"] == [condition("sourceType", "contains", "portal")]


async def test_a_status_in_where_may_be_written_in_other_letters(desk: Desk) -> None:
    async with desk.agent() as agent:
        await agent.call("search_conversations", where=[condition("status", "in", ["On hold", "OPEN"])])
    assert desk.wire.sent[-1].body["where"] == [condition("status", "in", ["on_hold", "open"])]


@pytest.mark.parametrize(("said", "sent"), [(True, "true"), ("False", "false"), ("true", "true")])
async def test_true_and_false_are_sent_as_the_texts_that_the_reference_allows(desk: Desk, said: Any, sent: str) -> None:
    async with desk.agent() as agent:
        answer = await agent.call("search_conversations", where=[condition("wasManuallyCreated", "==", said)])
    assert not answer.failed, answer.text
    assert desk.wire.sent[-1].body["where"] == [condition("wasManuallyCreated", "==", sent)]


async def test_a_time_in_where_is_taken_as_created_after_takes_it_and_stays_where_it_was(desk: Desk) -> None:
    sent = condition("createdAt", ">", "2026-09-21T10:00:00.000Z")
    async with desk.agent() as agent:
        flat = await agent.call("search_conversations", created_after="60d", limit=5)
        said = await agent.call("search_conversations", where=[condition("createdAt", ">", "60d")], limit=5)
        first = desk.wire.sent[-1].body["where"]
        desk.clock.forward(days=50)
        await agent.call("search_conversations", cursor=said.text.rpartition("cursor=")[2])
    assert numbers(said.text) == numbers(flat.text) != []
    assert first == desk.wire.sent[-1].body["where"] == [sent]


async def test_a_date_in_where_begins_in_the_operators_time_zone() -> None:
    desk = Desk({"UNTHREAD_TIMEZONE": "America/New_York"})
    async with desk.agent() as agent:
        await agent.call("search_conversations", where=[condition("closedAt", "<", "2026-11-01")])
    assert desk.wire.sent[-1].body["where"] == [condition("closedAt", "<", "2026-11-01T04:00:00.000Z")]
    desk.sandbox.close()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            condition("status", "==", "pending"),
            "where compares status with 'pending', which it never is. It takes: open, in_progress, on_hold, closed.",
        ),
        (
            condition("status", "in", ["open", "done"]),
            "where compares status with 'done', which it never is. It takes: open, in_progress, on_hold, closed.",
        ),
        (
            condition("priority", "==", "urgent"),
            "where compares priority with 'urgent', which it never is. It takes: low, medium, high, critical.",
        ),
        (
            condition("priority", "==", 4),
            "where compares priority with '4', which it never is. It takes: low, medium, high, critical.",
        ),
        (
            condition("sourceType", "==", "slak"),
            "'slak', which it never is. It takes: email, widget, slack, microsoft_teams, triage; the operator contains",
        ),
        (
            condition("excludeAnalytics", "==", "yes"),
            "where compares excludeAnalytics with 'yes', which it never is. It takes: true, false.",
        ),
        (condition("createdAt", ">", "last week"), "createdAt in where is 'last week', which is no time."),
        (condition("closedAt", "==", None), "it can't ask for null; assignee=unassigned finds those of nobody."),
        (condition("assignedToUserId", "==", "null"), "assignee=unassigned"),
        (condition("tags", "==", "Bug"), "Did you mean tags.name? A tag's name goes into the argument tag, too."),
        (condition("assignee", "==", "Mei Tanaka"), "Did you mean assignedToUserId?"),
        (condition("qqqqqqq", "==", "x"), "Read unthread://fields/conversation for the names."),
    ],
)
async def test_what_could_find_nothing_is_refused_before_it_is_asked_for(
    desk: Desk, given: dict[str, Any], words: str
) -> None:
    async with desk.agent() as agent:
        desk.wire.clear()
        said = await agent.call("search_conversations", where=[given])
    assert said.failed
    assert words in said
    assert desk.wire.sent == []
