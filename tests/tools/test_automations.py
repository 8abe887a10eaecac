"""Automations, and Slack user groups on the path that the operator gives."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.support import Desk, Era, Human
from unthread_mcp.sandbox.automations import SLACK_USER_GROUP

pytestmark = pytest.mark.anyio

ADMIN = {"UNTHREAD_TOOLSETS": "all", "UNTHREAD_ACCESS": "admin"}
STEP = {"type": "action", "data": {"text": "Hello"}}
GREET: dict[str, Any] = {"name": "Greet", "trigger_type": "event", "steps": [STEP]}
SETTINGS = ADMIN


async def test_an_automation_is_a_draft_unless_told_otherwise(desk: Desk, era: Era) -> None:
    async with desk.agent(era, human=Human("decline")) as agent:
        said = await agent.call(
            "create_automation",
            **GREET,
            trigger_data={"event": "conversation_created"},
            description="Says hello",
            conditions={"a": 1},
        )
    assert said.text.startswith("done: automation ")
    assert said.text.endswith(" 'Greet', draft.")
    (sent,) = desk.wire.writes
    assert sent.body == {
        "name": "Greet",
        "status": "draft",
        "trigger": {"type": "event", "data": {"event": "conversation_created"}},
        "steps": [STEP],
        "description": "Says hello",
        "conditions": {"a": 1},
    }


@pytest.mark.parametrize("answer", ["approve", "decline"])
async def test_a_human_is_asked_before_one_runs_by_itself(desk: Desk, era: Era, answer: Any) -> None:
    human = Human(answer)
    async with desk.agent(era, human=human) as agent:
        said = await agent.call("create_automation", **GREET, status="active")
    assert said.failed == (answer == "decline")
    (asked,) = human.asked
    assert asked.startswith("Create this automation and let it run?")
    assert '"Hello"' in asked
    assert len(desk.wire.writes) == (answer == "approve")


@pytest.mark.parametrize(
    "step", [{"type": "loop", "data": {}}, {"data": {}}, {"type": "action", "data": []}, {**STEP, "more": 1}], ids=str
)
async def test_a_step_of_another_form_is_refused(desk: Desk, step: Any) -> None:
    async with desk.agent() as agent:
        said = await agent.call("create_automation", **{**GREET, "steps": [step]})
    assert said.text.startswith("refused: A step is not of the form that Unthread takes.")
    assert desk.wire.sent == []


async def test_hidden_characters_in_a_step_are_refused(desk: Desk) -> None:
    step = {"type": "action", "data": {"text": "Hello\u202e"}}
    async with desk.agent() as agent:
        said = await agent.call("create_automation", **{**GREET, "steps": [step]})
    assert said.failed
    assert desk.wire.sent == []


async def test_an_automation_is_created_once(desk: Desk) -> None:
    async with desk.agent() as agent:
        await agent.call("create_automation", **GREET)
        again = await agent.call("create_automation", **GREET)
    assert again.text.startswith("already_done: ")
    assert len(desk.wire.writes) == 1


async def test_a_lost_creation_stays_unknown_since_nothing_lists_automations(desk: Desk) -> None:
    def lose(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        raise httpx2.ReadError("lost", request=request)

    async with desk.agent() as agent:
        desk.wire.after = lose
        lost = await agent.call("create_automation", **GREET)
        desk.wire.after = lambda _, answer: answer
        again = await agent.call("create_automation", **GREET)
    for said in (lost, again):
        assert said.text == (
            "unknown: It is not known whether the automation was created. "
            "Don't create it again; ask a person to look in Unthread, since nothing here lists it."
        )
    assert desk.wire.writes == [], "a lost answer is not recorded, and nothing was sent again"


async def test_where_customers_are_limited_nothing_is_automated(desk: Desk) -> None:
    async with desk.agent(server=desk.new_server(UNTHREAD_ALLOWED_CUSTOMERS="c-1")) as agent:
        said = await agent.call("create_automation", **GREET)
    assert "an automation may act on anybody's conversations" in said
    assert desk.wire.sent == []


# Slack user groups

HANDLE = {"email": "mei.tanaka@quayside.example", "slack_handle": "@mei"}


async def test_without_the_operators_path_it_is_neither_listed_nor_called(desk: Desk, era: Era) -> None:
    listed = [each.name for each in await desk.server.list_tools()]
    assert "update_slack_user_group" not in listed
    async with desk.agent(era) as agent:
        said = await agent.call("update_slack_user_group", **HANDLE)
    assert said.failed
    assert said.text == (
        "update_slack_user_group is not offered here. "
        "The operator has to set UNTHREAD_SLACK_USER_GROUP_ENDPOINT for it."
    )
    assert desk.wire.sent == []


async def test_it_is_sent_as_the_operator_says(era: Era) -> None:
    desk = Desk({**ADMIN, "UNTHREAD_SLACK_USER_GROUP_ENDPOINT": str(SLACK_USER_GROUP)})
    async with desk.agent(era) as agent:
        said = await agent.call("update_slack_user_group", **HANDLE)
        unknown = await agent.call("update_slack_user_group", email="nobody@quayside.example", slack_handle="x")
        no_place = await agent.call("update_slack_user_group", **HANDLE, group="S0123")
    assert said.text == "done: the Slack handle of mei.tanaka@quayside.example is set to mei."
    assert desk.wire.writes[0].body == {"email": "mei.tanaka@quayside.example", "slackHandle": "mei"}
    assert str(desk.wire.writes[0]) == str(SLACK_USER_GROUP)
    assert unknown.text.startswith("refused: Unthread found no such object")
    assert no_place.text == "refused: The operator's path has no id of a group in it. Leave group out."
    desk.sandbox.close()


async def test_a_path_with_an_id_in_it_needs_the_group() -> None:
    desk = Desk({**ADMIN, "UNTHREAD_SLACK_USER_GROUP_ENDPOINT": "PUT /slack-user-groups/{id}"})
    desk.wire.before = lambda request: httpx2.Response(200, json={}) if request.method == "PUT" else None
    async with desk.agent() as agent:
        missing = await agent.call("update_slack_user_group", **HANDLE)
        done = await agent.call("update_slack_user_group", **HANDLE, group="S0123")
    assert missing.text == "refused: The operator's path has an id of a group in it. Pass group."
    assert done.text.startswith("done: ")
    assert [str(each) for each in desk.wire.writes] == ["PUT /slack-user-groups/S0123"]
    desk.sandbox.close()


async def test_a_lost_answer_stays_unknown() -> None:
    desk = Desk({**ADMIN, "UNTHREAD_SLACK_USER_GROUP_ENDPOINT": str(SLACK_USER_GROUP)})
    desk.wire.before = lambda _: httpx2.Response(502)
    async with desk.agent() as agent:
        said = await agent.call("update_slack_user_group", **HANDLE)
    assert said.text.startswith("unknown: Unthread answered 502")
    desk.sandbox.close()


@pytest.mark.parametrize("wrong", [{"email": "mei"}, {"slack_handle": "me i"}, {"slack_handle": ""}])
async def test_what_is_no_address_or_handle_is_refused(wrong: dict[str, str]) -> None:
    desk = Desk({**ADMIN, "UNTHREAD_SLACK_USER_GROUP_ENDPOINT": str(SLACK_USER_GROUP)})
    async with desk.agent() as agent:
        said = await agent.call("update_slack_user_group", **{**HANDLE, **wrong})
    assert said.failed
    assert desk.wire.sent == []
    desk.sandbox.close()
