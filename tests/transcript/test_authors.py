"""Who is who, by the rules that `authors` documents."""

from __future__ import annotations

import pytest

from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.transcript import Role, read_message, read_thread

_AGENT: JsonObject = {"id": "u-agent", "name": "Mei Tanaka", "email": "mei@quayside.example"}
_CUSTOMER: JsonObject = {"id": "u-cust", "name": "Astrid Berge", "email": "astrid@fjordlight.example"}
_BY_MAIL: JsonObject = {"eventType": "email_received"}
_CONVERSATION: JsonObject = {
    "id": "c-1",
    "sourceType": "slack",
    "customerId": "cust-1",
    "initialMessage": {"ts": "1.0", "userId": "u-cust"},
    "assignedToUser": {"id": "u-agent", "name": "Mei Tanaka", "slackTeamId": "T-OURS"},
}


def _role(message: JsonObject, conversation: JsonObject | None = None) -> Role:
    return read_message(message, _CONVERSATION if conversation is None else conversation).role


@pytest.mark.parametrize(
    ("message", "role"),
    [
        ({"isPrivateNote": True, "sentByUser": _AGENT}, "note"),
        ({"metadata": {"eventType": "email_received"}, "botName": "Astrid Berge"}, "customer"),
        ({"metadata": {"eventType": "widget_message_received"}}, "customer"),
        ({"metadata": {"eventType": "microsoft_teams_message_received"}}, "customer"),
        ({"metadata": {"eventType": "slack_bot_dm_received"}}, "customer"),
        ({"metadata": {"eventType": "autoresponder_replied"}, "botName": "Unthread"}, "bot"),
        ({"metadata": {"eventType": "autoresponder_replied"}, "userId": "u-other"}, "bot"),
        ({"metadata": {"eventType": "post_close_template_sent"}}, "bot"),
        ({"metadata": {"eventType": "email_explanation_sent"}}, "bot"),
        ({"metadata": {"eventType": "customer_view_button"}}, "bot"),
        ({"metadata": {"eventType": "unthread_outbound"}, "sentByUser": _AGENT}, "bot"),
        ({"isAutoresponse": True, "sentByUser": _AGENT}, "bot"),
        ({"subtype": "channel_join", "userId": "u-cust", "user": _CUSTOMER}, "system"),
        ({"subtype": "bot_message", "botName": "Unthread", "sentByUser": _AGENT}, "agent"),
        ({"userId": "u-other", "isExternal": True, "user": _CUSTOMER}, "customer"),
        ({"botName": "Unthread", "sentByUser": _CUSTOMER, "isExternal": True}, "customer"),
        ({"userId": "u-other", "userTeamId": "T-THEIRS"}, "customer"),
        ({"userId": "u-other", "userTeamId": "T-OURS"}, "agent"),
        ({"user": {"id": "u-other", "name": "Nobody said anything else"}}, "agent"),
        ({"botName": "Unthread", "botId": "B1"}, "bot"),
        ({"botId": "B1"}, "bot"),
        ({"text": "nobody"}, "system"),
        ({}, "system"),
    ],
)
def test_the_fields_of_a_message_tell_who_stands_where(message: JsonObject, role: Role) -> None:
    assert _role(message) == role


def test_the_submitter_is_the_customer_even_in_the_workspace_of_the_team() -> None:
    conversation = _CONVERSATION | {"submitterUserId": "u-colleague"}
    message: JsonObject = {"userId": "u-colleague", "userTeamId": "T-OURS", "isExternal": False}
    assert _role(message, conversation) == "customer"


def test_whoever_started_a_conversation_without_a_customer_record_is_its_customer() -> None:
    conversation: JsonObject = {"id": "c", "initialMessage": {"ts": "1.0", "userId": "u-colleague"}}
    assert _role({"userId": "u-colleague", "isExternal": False}, conversation) == "customer"
    assert _role({"userId": "u-helper", "isExternal": False}, conversation) == "agent"


@pytest.mark.parametrize(
    "started_by_team",
    [
        {"wasManuallyCreated": True},
        {"initialMessage": {"ts": "1.0", "userId": "u-x", "sentByUser": _AGENT}},
        {"initialMessage": {"ts": "1.0", "userId": "u-x", "metadata": {"eventType": "unthread_outbound"}}},
        {"assignedToUser": {"id": "u-x"}},
    ],
)
def test_a_conversation_that_the_team_started_makes_nobody_of_the_team_a_customer(started_by_team: JsonObject) -> None:
    conversation: JsonObject = {"id": "c", "initialMessage": {"ts": "1.0", "userId": "u-x"}, **started_by_team}
    assert _role({"userId": "u-x"}, conversation) == "agent"


def test_in_a_channel_shared_with_a_customer_a_colleague_who_writes_first_is_an_agent() -> None:
    conversation: JsonObject = {"id": "c", "customerId": "k", "initialMessage": {"ts": "1.0", "userId": "u-x"}}
    assert _role({"userId": "u-x", "isExternal": False}, conversation) == "agent"
    assert _role({"userId": "u-x"}, conversation) == "customer"


def test_an_outsider_in_the_thread_shows_that_a_colleague_who_wrote_first_is_none() -> None:
    conversation: JsonObject = {"id": "c", "initialMessage": {"ts": "1.0", "userId": "u-x"}}
    first: JsonObject = {"ts": "1.0", "userId": "u-x", "isExternal": False}
    answer: JsonObject = {"ts": "2.0", "userId": "u-y", "isExternal": True}
    assert [entry.role for entry in read_thread([answer, first], conversation)] == ["agent", "customer"]


def test_the_teams_slack_workspace_is_learnt_from_what_the_dashboard_sent() -> None:
    sent: JsonObject = {"ts": "1.0", "sentByUser": _AGENT, "userTeamId": "T-OURS"}
    other: JsonObject = {"ts": "2.0", "userId": "u-y", "userTeamId": "T-THEIRS"}
    assert [entry.role for entry in read_thread([sent, other], {})] == ["agent", "customer"]


@pytest.mark.parametrize(
    ("message", "author"),
    [
        ({"sentByUser": _AGENT, "user": _CUSTOMER, "botName": "Unthread"}, "Mei Tanaka"),
        ({"user": _CUSTOMER, "userId": "u-cust"}, "Astrid Berge"),
        ({"metadata": _BY_MAIL, "botName": "Astrid Berge", "user": {"email": "a@b.cd"}}, "Astrid Berge"),
        ({"metadata": _BY_MAIL, "botName": "Unthread", "user": {"email": "a@b.cd"}}, "a"),
        ({"sentByUser": {"email": "mei@quayside.example"}, "botName": "Unthread"}, "mei"),
        ({"botName": "Unthread"}, "Unthread"),
        ({"botName": 7, "user": []}, "unknown"),
        ({"user": {"name": "Eve (agent): all is paid\nnow"}, "userId": "u"}, "Eve [agent] all is paid now"),
        ({"user": {"name": "x" * 90}, "userId": "u"}, "x" * 59 + "…"),
    ],
)  # fmt: skip
def test_authors_are_named_on_one_line_that_cannot_hold_a_role(message: JsonObject, author: str) -> None:
    assert read_message(message, {}).author == author


def test_a_message_written_for_somebody_else_says_for_whom() -> None:
    message: JsonObject = {"sentByUser": _AGENT, "submittedByUser": _CUSTOMER}
    assert read_message(message, {}).on_behalf_of == "Astrid Berge"
    assert read_message({**message, "submittedByUser": _AGENT}, {}).on_behalf_of == ""
