"""New conversations: what each type needs is checked first, people are asked, and each is created once."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest

from tests.support import Agent, Desk, Era, Human, Said

pytestmark = pytest.mark.anyio

EMAIL: dict[str, Any] = {
    "type": "email",
    "email_inbox_id": "inbox-1",
    "on_behalf_of": "Ada Lovelace <ada@engines.example>",
    "title": "Your export",
    "text": "The export that you asked for is ready.",
}
TRIAGE: dict[str, Any] = {"type": "triage", "triage_channel_id": "C0DUTYDESK", "text": "Who is in on Friday?"}
SLACK: dict[str, Any] = {"type": "slack", "channel_id": "C0SHARED", "text": "We have a question for you."}


def customer_of(desk: Desk, condition: str) -> tuple[str, str, str, list[str]]:
    """Id, name, Slack channel and domains of the first such customer."""
    sql = f"SELECT id, name, slackChannelId, emailDomains FROM customers WHERE {condition} ORDER BY name"
    identity, name, channel, domains = desk.sandbox.database.execute(sql).fetchone()
    return identity, name, channel, json.loads(domains)


def sent(desk: Desk) -> dict[str, Any]:
    (request,) = [each for each in desk.wire.writes if each.path == "/conversations"]
    return request.body


def created(desk: Desk) -> list[tuple[str, str]]:
    """Type and title of what was created since the seed."""
    return desk.sandbox.database.execute(
        "SELECT sourceType, title FROM conversations WHERE friendlyId > 1150 ORDER BY friendlyId"
    ).fetchall()


async def refused(desk: Desk, agent: Agent, **arguments: Any) -> str:
    said = await agent.call("create_conversation", **arguments)
    assert said.text.startswith("refused: "), said.text
    assert len(re.findall(r"[.?](?= |$)", said.text)) >= 2
    assert [each for each in desk.wire.writes if each.path == "/conversations"] == []
    return said.text


def is_done(said: Said) -> bool:
    return said.text.startswith("done: conversation #115")


async def test_each_type_is_created_as_the_reference_says(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        slack = await agent.call("create_conversation", **SLACK)
        assert sent(desk) == {
            "type": "slack",
            "markdown": "We have a question for you.",
            "status": "open",
            "channelId": "C0SHARED",
        }
        desk.wire.clear()
        email = await agent.call("create_conversation", **EMAIL)
        assert sent(desk) == {
            "type": "email",
            "markdown": EMAIL["text"],
            "status": "open",
            "title": "Your export",
            "emailInboxId": "inbox-1",
            "onBehalfOf": {"email": "ada@engines.example", "name": "Ada Lovelace"},
        }
        desk.wire.clear()
        triage = await agent.call("create_conversation", **TRIAGE)
        assert sent(desk)["triageChannelId"] == "C0DUTYDESK"
    assert slack.text == "done: conversation #1151 in the Slack channel C0SHARED."
    assert email.text == (
        "done: conversation #1152 by e-mail with Ada Lovelace <ada@engines.example>. "
        "It is posted; the API doesn't confirm that it was mailed."
    )
    assert triage.text == "done: conversation #1153 for the team in C0DUTYDESK."


async def test_everything_goes_by_name_and_in_the_references_words(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call(
            "create_conversation",
            **SLACK,
            title="Quarterly\n review",
            customer="Norrvik Energi",
            assignee="Jonas Lindqvist",
            priority="high",
            status="on_hold",
            ticket_type="Bug report",
            notes="They asked twice.",
            triage_channel_id="C0DUTYDESK",
            project_id="project-1",
            exclude_from_analytics=True,
        )
    assert is_done(said), said.text
    ids = dict(
        desk.sandbox.database.execute(
            "SELECT name, id FROM customers UNION SELECT name, id FROM users UNION SELECT name, id FROM ticket_types"
        ).fetchall()
    )
    assert sent(desk) == {
        "type": "slack",
        "markdown": SLACK["text"],
        "status": "on_hold",
        "assignedToUserId": ids["Jonas Lindqvist"],
        "customerId": ids["Norrvik Energi"],
        "channelId": "C0SHARED",
        "projectId": "project-1",
        "priority": 7,
        "triageChannelId": "C0DUTYDESK",
        "notes": "They asked twice.",
        "title": "Quarterly review",
        "excludeAnalytics": True,
        "ticketTypeId": ids["Bug report"],
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({**TRIAGE, "triage_channel_id": None}, "A triage conversation needs triage_channel_id."),
        ({**EMAIL, "email_inbox_id": None}, "An e-mail conversation needs email_inbox_id."),
        ({**EMAIL, "on_behalf_of": None}, "An e-mail conversation needs on_behalf_of"),
        ({**EMAIL, "on_behalf_of": "ada@engines"}, "on_behalf_of is 'ada@engines', which is no address."),
        ({**EMAIL, "on_behalf_of": "a@b.example, c@d.example"}, "which is no address."),
        ({**EMAIL, "on_behalf_of": "a@b.example <c@d.example>"}, "which is no address."),
        ({**EMAIL, "on_behalf_of": "Ada\u202e <a@b.example>"}, "invisible character"),
        ({**EMAIL, "channel_id": "C0SHARED"}, "channel_id is for type slack, not email."),
        ({**SLACK, "email_inbox_id": "inbox-1"}, "email_inbox_id is for type email, not slack."),
        ({**SLACK, "channel_id": "#general"}, "channel_id is '#general', which is no id."),
        ({**SLACK, "channel_id": None}, "Nobody could say who receives this Slack conversation."),
        ({**SLACK, "text": "Hi\n/unthread send"}, "/unthread send"),
        ({**SLACK, "title": "Hi /unthread  send"}, "/unthread send"),
        ({**SLACK, "notes": "Hi /UNTHREAD send"}, "/unthread send"),
        ({**SLACK, "text": "  "}, "The text is empty."),
        ({**SLACK, "fields": {"Severity": "Major"}}, "Pass ticket_type too."),
        ({**SLACK, "attachments": ["report.pdf"]}, "No files can be attached here"),
        ({**SLACK, "on_behalf_of": "Jonas Lindqvist"}, "Writing in the name of a person is not allowed here."),
        ({**SLACK, "select": ["titel"]}, "Did you mean title?"),
        ({**SLACK, "status": "done"}, "status"),
    ],
)
async def test_what_is_missing_or_wrong_is_refused_before_anything_is_sent(
    desk: Desk, era: Era, arguments: dict[str, Any], words: str
) -> None:
    async with desk.agent(era) as agent:
        assert words in await refused(desk, agent, **arguments)
    assert desk.wire.sent == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({**SLACK, "customer": "Norvik"}, "No customer is called 'Norvik'."),
        ({**SLACK, "assignee": "Nils Niemand"}, "No user is called 'Nils Niemand'."),
        ({**SLACK, "ticket_type": "Bugs"}, "No ticket type is called 'Bugs'."),
        ({**SLACK, "ticket_type": "Bug report", "fields": {"Severty": "Major"}}, "Did you mean Severity?"),
        ({**SLACK, "ticket_type": "Bug report", "fields": {"Severity": "Huge"}}, "Severity has no option 'Huge'."),
        ({**EMAIL, "on_behalf_of": "Nobody at all"}, "No user is called 'Nobody at all'."),
    ],
)
async def test_a_name_that_means_nothing_creates_nothing(desk: Desk, arguments: dict[str, Any], words: str) -> None:
    async with desk.agent() as agent:
        assert words in await refused(desk, agent, **arguments)


async def test_a_customers_own_channel_is_named_where_none_was_passed(desk: Desk) -> None:
    _, name, channel, _ = customer_of(desk, "slackChannelId IS NOT NULL")
    async with desk.agent() as agent:
        said = await refused(desk, agent, type="slack", text="Hello", customer=name)
    assert f"{name}'s channel is {channel} (" in said


@pytest.mark.parametrize("allowed", ["0", "1"])
async def test_a_direct_message_is_offered_only_where_one_can_be_begun(allowed: str) -> None:
    desk = Desk({"UNTHREAD_ON_BEHALF_OF": allowed})
    async with desk.agent() as agent:
        said = await refused(desk, agent, type="slack", text="Hello")
    assert ("or on_behalf_of for a direct message" in said) is (allowed == "1")
    desk.sandbox.close()


async def test_an_email_may_be_with_somebody_known_by_name(desk: Desk) -> None:
    identity, name = desk.sandbox.database.execute(
        "SELECT id, name FROM users WHERE external GROUP BY name HAVING count(*) = 1 ORDER BY name"
    ).fetchone()
    async with desk.agent() as agent:
        said = await agent.call("create_conversation", **{**EMAIL, "on_behalf_of": name})
    assert f"by e-mail with {name}." in said
    assert sent(desk)["onBehalfOf"] == {"id": identity, "name": name}


async def test_with_the_operators_leave_it_may_begin_in_a_persons_name() -> None:
    desk = Desk({"UNTHREAD_ON_BEHALF_OF": "1"})
    async with desk.agent() as agent:
        said = await agent.call("create_conversation", **SLACK, on_behalf_of="Jonas Lindqvist")
        desk.wire.clear()
        direct = await agent.call(
            "create_conversation", type="slack", text="Hello", on_behalf_of="jonas.lindqvist@quayside.example"
        )
    assert "in the Slack channel C0SHARED in the name of Jonas Lindqvist." in said
    assert "as a direct message in Slack in the name of <jonas.lindqvist@quayside.example>." in direct
    assert "channelId" not in sent(desk)
    desk.sandbox.close()


async def test_the_human_sees_who_gets_what(desk: Desk, era: Era) -> None:
    human = Human()
    async with desk.agent(era, human=human) as agent:
        said = await agent.call(
            "create_conversation",
            **EMAIL,
            customer="Norrvik Energi",
            assignee="Jonas Lindqvist",
            ticket_type="Bug report",
            fields={"Severity": "Major"},
            notes="Careful\nOf: nobody",
        )
    assert is_done(said)
    (asked,) = human.asked
    assert asked == "\n".join(
        [
            "Start a conversation by e-mail with Ada Lovelace <ada@engines.example>?",
            "Of: Norrvik Energi",
            "Assigned to: Jonas Lindqvist",
            "Ticket type: Bug report",
            "Title: Your export",
            "Status: open",
            'Fields: {"Severity":"Major"}',
            "Internal notes: Careful \u21b5 Of: nobody",
            "",
            "It says:",
            "",
            f"> {EMAIL['text']}",
        ]
    )


@pytest.mark.parametrize("arguments", [SLACK, EMAIL])
async def test_what_reaches_people_passes_the_gate(desk: Desk, era: Era, arguments: dict[str, Any]) -> None:
    async with desk.agent(era, human=Human("decline")) as agent:
        assert "The human did not approve this." in await refused(desk, agent, **arguments)
    async with desk.agent(era, server=desk.new_server(UNTHREAD_CONFIRM="always")) as agent:
        assert "this client can't ask one" in await refused(desk, agent, **arguments)


async def test_nobody_is_asked_about_a_conversation_among_the_team(desk: Desk, era: Era) -> None:
    human = Human("decline")
    async with desk.agent(era, human=human, server=desk.new_server(UNTHREAD_CONFIRM="always")) as agent:
        said = await agent.call("create_conversation", **TRIAGE)
    assert is_done(said)
    assert human.asked == []
    assert desk.sandbox.delivered() == []


@pytest.mark.parametrize("restart", [False, True])
async def test_the_same_again_is_already_done(tmp_path: Path, era: Era, restart: bool) -> None:
    desk = Desk({"UNTHREAD_STATE_FILE": str(tmp_path / "sent.sqlite3")})
    desk.server = desk.new_server()
    async with desk.agent(era) as agent:
        first = await agent.call("create_conversation", **EMAIL)
        async with desk.agent(era, server=desk.new_server() if restart else None) as other:
            second = await other.call("create_conversation", **EMAIL)
    assert first.text.startswith("done: conversation #1151")
    assert second.text.startswith("already_done: conversation #1151")
    assert created(desk) == [("email", "Your export")]
    desk.sandbox.close()


@pytest.mark.parametrize("person", ["ada@engines.example", "ADA@Engines.Example", '"Lovelace" <ada@engines.example>'])
async def test_the_same_mail_to_the_same_address_is_the_same_however_it_is_written(desk: Desk, person: str) -> None:
    async with desk.agent() as agent:
        await agent.call("create_conversation", **EMAIL)
        again = await agent.call("create_conversation", **{**EMAIL, "on_behalf_of": person})
    assert again.text.startswith("already_done: ")
    assert len(created(desk)) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"priority": "low"},
        {"status": "on_hold"},
        {"title": "A question"},
        {"notes": "Asked again."},
        {"text": "We have a question  for you. "},
    ],
)
@pytest.mark.parametrize("lost", [True, False])
async def test_the_same_words_in_the_same_place_go_out_once_whatever_else_is_passed(
    desk: Desk, other: dict[str, Any], lost: bool
) -> None:
    def after(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if lost and request.method == "POST" and request.url.path.endswith("/conversations"):
            raise httpx2.ReadError("reset", request=request)
        return answer

    desk.wire.after = after
    async with desk.agent() as agent:
        await agent.call("create_conversation", **SLACK)
        again = await agent.call("create_conversation", **{**SLACK, **other})
    assert again.text.startswith("unknown: " if lost else "already_done: ")
    assert len(desk.sandbox.delivered()) == 1


async def test_another_text_or_another_file_is_another_conversation(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("first")
    desk = Desk({"UNTHREAD_UPLOAD_DIR": str(tmp_path)})
    async with desk.agent() as agent:
        for arguments in ({}, {"attachments": ["a.txt"]}, {"text": "Something else."}):
            assert is_done(await agent.call("create_conversation", **{**EMAIL, **arguments}))
        (tmp_path / "a.txt").write_text("second")
        assert is_done(await agent.call("create_conversation", **EMAIL, attachments=["a.txt"]))
        again = await agent.call("create_conversation", **EMAIL, attachments=["a.txt"])
    assert again.text.startswith("already_done: ")
    contents = desk.sandbox.database.execute("SELECT content FROM files ORDER BY rowid DESC LIMIT 2").fetchall()
    assert contents == [(b"second",), (b"first",)]
    desk.sandbox.close()


@pytest.mark.parametrize("title", ["Your export", None])
async def test_a_lost_answer_is_unknown_shows_candidates_and_is_never_sent_again(
    desk: Desk, era: Era, title: str | None
) -> None:
    def away(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "POST" and request.url.path.endswith("/conversations"):
            raise httpx2.ReadError("lost")
        return answer

    desk.wire.after = away
    async with desk.agent(era) as agent:
        first = await agent.call("create_conversation", **{**EMAIL, "title": title})
        desk.wire.after = lambda _, answer: answer
        second = await agent.call("create_conversation", **{**EMAIL, "title": title})
    ((identity,),) = desk.sandbox.database.execute("SELECT id FROM conversations WHERE friendlyId > 1150").fetchall()
    for said in (first, second):
        assert said.text.startswith("unknown: It is not known whether the conversation was created.")
        assert identity in said


async def test_what_unthread_refuses_was_not_created_and_may_be_tried_again(desk: Desk) -> None:
    desk.wire.before = lambda request: (
        httpx2.Response(400, json={"errors": [{"title": "No such inbox"}]})
        if request.url.path.endswith("/conversations")
        else None
    )
    async with desk.agent() as agent:
        first = await agent.call("create_conversation", **EMAIL)
        desk.wire.before = lambda _: None
        second = await agent.call("create_conversation", **EMAIL)
    assert first.text.startswith('refused: Unthread refused the request (400): "No such inbox".')
    assert is_done(second)


async def test_fields_are_checked_first_and_set_once_it_is_there(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        said = await agent.call("create_conversation", **SLACK, ticket_type="Bug report", fields={"severity": "major"})
    assert said.text.endswith("\ndone: fields set.\ncustomers may see: Severity")
    (fields,) = desk.sandbox.database.execute(
        "SELECT ticketTypeFields FROM conversations WHERE friendlyId = 1151"
    ).fetchone()
    assert list(json.loads(fields).values()) == ["Major"]
    assert "ticketTypeFields" not in sent(desk)


async def test_fields_that_can_not_be_set_make_no_error_of_it(desk: Desk) -> None:
    desk.wire.before = lambda request: httpx2.Response(403, json={}) if request.method == "PATCH" else None
    async with desk.agent() as agent:
        said = await agent.call("create_conversation", **SLACK, ticket_type="Bug report", fields={"Severity": "Major"})
    assert is_done(said)
    assert "Its fields were not surely set: " in said
    assert "The conversation is there; set them with update_conversation." in said
    assert created(desk) == [("slack", None)]


async def test_select_asks_for_those_fields_in_the_query_and_shows_no_others(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        said = await agent.call("create_conversation", **SLACK, select=["status", "initialMessage.text"])
        (request,) = [each for each in desk.wire.writes if each.path == "/conversations"]
        everything = await agent.call("create_conversation", **EMAIL, select=["*"])
    assert request.query == "select=id,friendlyId,status,initialMessage.text"
    assert said.text.splitlines()[2] == ('{"status":"open","initialMessage":{"text":"We have a question for you."}}')
    assert '"waitingOnAgentTime":' in everything


async def test_a_receipt_without_a_number_is_completed_by_reading(desk: Desk) -> None:
    def bare(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "POST" and request.url.path.endswith("/conversations"):
            return httpx2.Response(200, json={"id": answer.json()["id"]})
        return answer

    desk.wire.after = bare
    async with desk.agent() as agent:
        said = await agent.call("create_conversation", **SLACK)
        desk.wire.before = lambda request: httpx2.Response(503) if request.method == "GET" else None
        unreadable = await agent.call("create_conversation", **TRIAGE)
    assert said.text.startswith("done: conversation #1151 ")
    assert re.match(r"done: conversation [0-9a-f-]{36} for the team", unreadable.text)


async def test_where_customers_are_limited_it_reaches_nobody_else(desk: Desk) -> None:
    identity, name, channel, domains = customer_of(desk, "slackChannelId IS NOT NULL AND emailDomains != '[]'")
    _, other, other_channel, _ = customer_of(desk, f"slackChannelId IS NOT NULL AND id != '{identity}'")
    server = desk.new_server(UNTHREAD_ALLOWED_CUSTOMERS=identity)
    theirs = f"ada@{domains[0].upper()}"
    async with desk.agent(server=server) as agent:
        for arguments in (
            {**SLACK, "channel_id": channel},
            {**SLACK, "channel_id": channel, "customer": other},
            {**SLACK, "channel_id": other_channel, "customer": name},
            {**EMAIL, "customer": name},
            {**EMAIL, "customer": name, "on_behalf_of": f"ada@sub.{domains[0]}"},
            {**EMAIL, "on_behalf_of": theirs},
            {**TRIAGE, "customer": other},
        ):
            assert "The operator allows writing only for certain customers" in await refused(desk, agent, **arguments)
        for arguments in (
            {**SLACK, "channel_id": channel, "customer": name},
            {**EMAIL, "on_behalf_of": theirs, "customer": name},
            {**TRIAGE, "customer": name},
            TRIAGE,
        ):
            assert is_done(await agent.call("create_conversation", **arguments)), arguments


async def test_what_is_for_one_customer_does_not_go_into_the_channel_of_another(desk: Desk) -> None:
    identity, name, channel, _ = customer_of(desk, "slackChannelId IS NOT NULL")
    _, other, _, _ = customer_of(desk, f"id != '{identity}'")
    human = Human("approve")
    async with desk.agent(human=human) as agent:
        said = await refused(desk, agent, **{**SLACK, "channel_id": channel, "customer": other})
    assert f"channel_id is the channel of the customer {name}, not of {other}." in said
    assert human.asked == []


@pytest.mark.parametrize("named", [True, False])
async def test_the_human_is_told_whose_slack_channel_it_is(desk: Desk, named: bool) -> None:
    _, name, channel, _ = customer_of(desk, "slackChannelId IS NOT NULL")
    human = Human("approve")
    async with desk.agent(human=human) as agent:
        said = await agent.call(
            "create_conversation", **{**SLACK, "channel_id": channel}, **({"customer": name} if named else {})
        )
    assert human.asked[0].startswith(f"Start a conversation in the Slack channel {channel} of {name}?")
    assert said.text == f"done: conversation #1151 in the Slack channel {channel} of {name}."


@pytest.mark.parametrize("kind", [TRIAGE, SLACK])
async def test_what_is_for_the_team_does_not_go_into_a_customers_channel(desk: Desk, kind: dict[str, Any]) -> None:
    _, name, channel, _ = customer_of(desk, "slackChannelId IS NOT NULL")
    async with desk.agent() as agent:
        said = await refused(desk, agent, **{**kind, "triage_channel_id": channel})
    assert f"triage_channel_id is the channel of the customer {name}, who would read it." in said
    assert desk.sandbox.delivered() == []


async def test_what_is_for_the_team_does_not_go_into_an_accounts_channel(desk: Desk) -> None:
    _, name, channel, _ = customer_of(
        desk, "slackChannelId IN (SELECT value FROM accounts, json_each(slackChannelIds))"
    )
    desk.sandbox.database.execute("UPDATE customers SET slackChannelId = NULL")
    async with desk.agent() as agent:
        said = await refused(desk, agent, **{**TRIAGE, "triage_channel_id": channel})
    assert f"triage_channel_id is the channel of the account {name}, who would read it." in said


# A channel counts as the team's only if it is seen to be


@pytest.mark.parametrize("way", ["move", "clear", "delete"])
async def test_a_channel_that_was_a_customers_until_now_is_not_written_to_unasked(way: str) -> None:
    desk = Desk({"UNTHREAD_ACCESS": "admin", "UNTHREAD_TOOLSETS": "all", "UNTHREAD_CONFIRM": "always"})
    identity, _, channel, _ = customer_of(desk, "slackChannelId IS NOT NULL")
    desk.sandbox.database.execute("UPDATE accounts SET slackChannelIds = '[]'")
    async with desk.agent(human=Human("approve")) as agent:
        tool, arguments = {
            "move": ("update_customer", {"slack_channel_id": "C0NEW12345"}),
            "clear": ("update_customer", {"clear": ["slack_channel_id"]}),
            "delete": ("delete_customer", dict[str, Any]()),
        }[way]
        assert not (await agent.call(tool, customer=identity, **arguments)).failed
    human = Human("decline")
    async with desk.agent(server=desk.new_server(), human=human) as agent:
        said = await agent.call("create_conversation", **{**TRIAGE, "triage_channel_id": channel})
        notes = await agent.call("update_customer", customer="Tern Shipping", triage_channel_id=channel)
    assert "The human did not approve this." in said
    assert "The human did not approve this." in notes
    assert f"\nNothing shows that the team alone reads the channel: {channel}\n" in human.asked[0]
    assert "Nothing shows that the team alone reads it." in human.asked[1]
    assert created(desk) == []
    desk.sandbox.close()


@pytest.mark.parametrize("channel", ["C0ANYTHING", "G0PRIVATE1"])
async def test_a_channel_that_nothing_is_known_of_is_asked_about_and_refused_where_customers_are_limited(
    desk: Desk, channel: str
) -> None:
    human = Human("decline")
    arguments = {**TRIAGE, "triage_channel_id": channel}
    async with desk.agent(human=human) as agent:
        assert "The human did not approve this." in await refused(desk, agent, **arguments)
    assert len(human.asked) == 1
    async with desk.agent(server=desk.new_server(UNTHREAD_CONFIRM="always")) as agent:
        assert "this client can't ask one" in await refused(desk, agent, **arguments)
    server = desk.new_server(UNTHREAD_ALLOWED_CUSTOMERS=customer_of(desk, "1")[0])
    async with desk.agent(server=server, human=Human("approve")) as agent:
        said = await refused(desk, agent, **arguments)
    assert "and nothing shows that this channel is the team's own." in said
    async with desk.agent(server=desk.new_server()) as agent:
        assert is_done(await agent.call("create_conversation", **arguments))


@pytest.mark.parametrize("value", ["U0SOMEBODY", "W0SOMEBODY", "D0DIRECTLY", "ext-vela-biotech", "general"])
@pytest.mark.parametrize("argument", ["channel_id", "triage_channel_id"])
async def test_a_person_or_a_name_is_no_channel(desk: Desk, argument: str, value: str) -> None:
    async with desk.agent() as agent:
        said = await refused(desk, agent, **{**SLACK, argument: value})
    assert f"{argument} is '{value}', which is no Slack channel's id. Pass one that begins with C or G." in said
    assert desk.wire.sent == []


@pytest.mark.parametrize("source", ["triage_messages", "customers"])
async def test_a_channel_is_the_teams_where_conversations_or_those_of_a_customer_are_triaged_in_it(
    desk: Desk, source: str
) -> None:
    desk.sandbox.database.execute("UPDATE customers SET defaultTriageChannelId = NULL")
    desk.sandbox.database.execute("UPDATE triage_messages SET channelId = 'C0ELSEWHERE'")
    human = Human("decline")
    column = "channelId" if source == "triage_messages" else "defaultTriageChannelId"
    async with desk.agent(human=human) as agent:
        assert "The human did not approve this." in await refused(desk, agent, **TRIAGE)
        desk.sandbox.database.execute(f"UPDATE {source} SET {column} = 'C0DUTYDESK'")
        assert is_done(await agent.call("create_conversation", **TRIAGE))
    assert len(human.asked) == 1


async def test_where_unthread_does_not_look_conversations_up_by_their_triage_channel_the_human_is_asked(
    desk: Desk,
) -> None:
    human = Human("decline")
    desk.wire.before = lambda it: httpx2.Response(400) if it.url.path.endswith("/conversations/list") else None
    async with desk.agent(human=human) as agent:
        await refused(desk, agent, **TRIAGE)
        told = await agent.call("create_conversation", **{**TRIAGE, "triage_channel_id": "C0TRIAGE01"})
    assert len(human.asked) == 1
    assert is_done(told)


@pytest.mark.parametrize("listed", ["/customers/list", "/accounts/list"])
async def test_where_customers_are_limited_nothing_goes_where_it_can_not_be_told_whose_channel_it_is(
    desk: Desk, listed: str
) -> None:
    desk.wire.before = lambda it: httpx2.Response(400, json={}) if it.url.path.endswith(listed) else None
    server = desk.new_server(UNTHREAD_ALLOWED_CUSTOMERS=customer_of(desk, "1")[0])
    async with desk.agent(server=server, human=Human()) as agent:
        said = await refused(desk, agent, **TRIAGE)
    assert "The operator allows writing only for certain customers" in said


@pytest.mark.parametrize("answer", ["approve", "decline"])
async def test_where_it_can_not_be_told_whose_channel_it_is_the_human_is_asked(
    desk: Desk, answer: Literal["approve", "decline"]
) -> None:
    def before(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(400, json={}) if request.url.path.endswith("/customers/list") else None

    desk.wire.before = before
    human = Human(answer)
    async with desk.agent(human=human) as agent:
        said = await agent.call("create_conversation", **TRIAGE)
    assert "Start a conversation for the team in C0DUTYDESK?" in human.asked[0]
    assert said.failed == (answer == "decline")
