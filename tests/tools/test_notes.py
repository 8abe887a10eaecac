"""Notes: for the team alone, on every channel."""

from __future__ import annotations

import httpx2
import pytest

from tests.support import Desk, Era, Human

pytestmark = pytest.mark.anyio

TEXT = "Asked the data team to look at the connector logs."
TRIAGED = "EXISTS (SELECT 1 FROM triage_messages t WHERE t.conversationId = c.id)"


@pytest.mark.parametrize("source", ["email", "widget"])
async def test_on_mail_and_chat_a_note_is_private(desk: Desk, era: Era, source: str) -> None:
    number = desk.find(f"c.sourceType = '{source}' AND c.status = 'open'")
    async with desk.agent(era) as agent:
        said = await agent.call("add_private_note", conversation=number, text=TEXT)
        read = await agent.call("get_conversation", conversation=number)
    assert said.text.startswith(f"done: note on {number} as a private note.")
    assert desk.sandbox.delivered() == []
    assert TEXT in read
    (sent,) = desk.wire.writes
    assert sent.body == {"body": {"type": "markdown", "value": TEXT}, "isPrivateNote": True}


async def test_a_note_on_a_slack_conversation_never_reaches_the_customer(desk: Desk, era: Era) -> None:
    number = desk.find(f"c.sourceType = 'slack' AND {TRIAGED}")
    async with desk.agent(era) as agent:
        said = await agent.call("add_private_note", conversation=number, text=TEXT)
    assert said.text.startswith("done: ")
    assert "triage thread, which can't be read back" in said
    assert desk.sandbox.delivered() == []
    assert desk.sandbox.triage_replies(desk.id_of(number))[-1] == TEXT
    (sent,) = desk.wire.writes
    assert "isPrivateNote" not in sent.body
    assert sent.body["triageThreadTs"]


async def test_a_slack_conversation_without_a_triage_thread_takes_no_note(desk: Desk, era: Era) -> None:
    number = desk.find(f"c.sourceType = 'slack' AND NOT {TRIAGED}")
    async with desk.agent(era) as agent:
        said = await agent.call("add_private_note", conversation=number, text=TEXT)
    assert said.text.startswith("refused: This conversation is on Slack and has no triage thread")
    assert desk.wire.writes == []
    assert desk.sandbox.delivered() == []


async def test_where_the_channel_is_not_told_a_note_is_not_sent_as_private(desk: Desk) -> None:
    number = desk.find(f"c.sourceType = 'email' AND NOT {TRIAGED}")

    def without_source(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "GET":
            conversation = answer.json()
            return httpx2.Response(200, json={**conversation, "sourceType": None, "initialMessage": {"metadata": None}})
        return answer

    desk.wire.after = without_source
    async with desk.agent() as agent:
        said = await agent.call("add_private_note", conversation=number, text=TEXT)
    assert said.text.startswith("refused: This conversation is on an unknown channel")
    assert desk.wire.writes == []


async def test_the_first_messages_event_tells_the_channel_where_the_source_is_missing(desk: Desk) -> None:
    number = desk.find("c.sourceType = 'email'")

    def without_source(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "GET":
            first = {"metadata": {"eventType": "email_received"}}
            return httpx2.Response(200, json={**answer.json(), "sourceType": None, "initialMessage": first})
        return answer

    desk.wire.after = without_source
    async with desk.agent() as agent:
        said = await agent.call("add_private_note", conversation=number, text=TEXT)
    assert said.text.startswith("done: ")
    assert desk.wire.writes[0].body["isPrivateNote"] is True


async def test_the_same_note_within_ten_minutes_is_already_done(desk: Desk, era: Era) -> None:
    number = desk.find("c.sourceType = 'email'")
    async with desk.agent(era) as agent:
        await agent.call("add_private_note", conversation=number, text=TEXT)
        again = await agent.call("add_private_note", conversation=number, text=TEXT)
        desk.clock.forward(minutes=11)
        later = await agent.call("add_private_note", conversation=number, text=TEXT)
    assert again.text.startswith("already_done: ")
    assert later.text.startswith("done: ")
    assert len(desk.wire.writes) == 2


async def test_the_same_note_in_a_triage_thread_is_remembered(desk: Desk) -> None:
    number = desk.find(f"c.sourceType = 'slack' AND {TRIAGED}")
    async with desk.agent() as agent:
        await agent.call("add_private_note", conversation=number, text=TEXT)
        again = await agent.call("add_private_note", conversation=number, text=TEXT)
    assert again.text.startswith("already_done: ")
    assert desk.sandbox.triage_replies(desk.id_of(number)).count(TEXT) == 1


async def test_with_as_of_a_note_to_a_thread_that_moved_on_is_refused(desk: Desk) -> None:
    number = desk.find("c.sourceType = 'email'")
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        desk.sandbox.customer_writes(desk.id_of(number), "It works now, thanks.")
        said = await agent.call("add_private_note", conversation=number, text=TEXT, as_of=as_of)
    assert said.text.startswith("refused: 1 message came after as_of")
    assert desk.wire.writes == []


async def test_nobody_is_asked_about_a_note(desk: Desk, era: Era) -> None:
    human = Human("decline")
    async with desk.agent(era, human=human) as agent:
        said = await agent.call("add_private_note", conversation=desk.find("c.sourceType = 'email'"), text=TEXT)
    assert said.text.startswith("done: ")
    assert human.asked == []


async def test_the_send_marker_is_refused_in_a_note(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call(
            "add_private_note", conversation=desk.find("c.sourceType = 'email'"), text="/Unthread  SEND"
        )
    assert said.text.startswith("refused: ")
    assert desk.wire.writes == []


async def test_a_lost_note_in_a_triage_thread_stays_unknown(desk: Desk) -> None:
    number = desk.find(f"c.sourceType = 'slack' AND {TRIAGED}")

    def lose(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.url.path.endswith("/messages"):
            raise httpx2.ReadError("reset", request=request)
        return answer

    async with desk.agent() as agent:
        desk.wire.after = lose
        said = await agent.call("add_private_note", conversation=number, text=TEXT)
        again = await agent.call("add_private_note", conversation=number, text=TEXT)
    assert said.text.startswith("unknown: ")
    assert again.text.startswith("unknown: ")
    assert desk.sandbox.triage_replies(desk.id_of(number)).count(TEXT) == 1


@pytest.mark.parametrize("tool", ["get_conversation", "get_triage_brief"])
@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (
            f"c.sourceType = 'slack' AND {TRIAGED}",
            "Notes in its triage thread can't be read here; look in Slack.",
        ),
        (f"c.sourceType = 'slack' AND NOT {TRIAGED}", "No triage thread: no private notes here."),
        ("c.sourceType = 'email'", ""),
    ],
    ids=["notes that can't be read", "no place for notes", "notes in the thread"],
)
async def test_where_notes_stand_that_the_thread_does_not_show_is_said(
    desk: Desk, tool: str, chosen: str, words: str
) -> None:
    async with desk.agent() as agent:
        said = await agent.call(tool, conversation=desk.find(chosen))
    below = said.text.rpartition("<<end ")[2] if tool == "get_conversation" else said.text
    assert words in below
    assert ("triage thread" in below) is bool(words)


async def test_the_refusal_of_a_note_does_not_lead_to_a_field_that_is_overwritten(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call(
            "add_private_note", conversation=desk.find(f"c.sourceType = 'slack' AND NOT {TRIAGED}"), text=TEXT
        )
    assert "notes field" not in said
    assert "update_conversation" not in said
    assert "give the note to the user" in said


async def test_asked_for_notes_the_messages_say_where_others_stand(desk: Desk) -> None:
    async with desk.agent() as agent:
        hidden = await agent.call(
            "list_messages", conversation=desk.find(f"c.sourceType = 'slack' AND {TRIAGED}"), by="note"
        )
        nowhere = await agent.call(
            "list_messages", conversation=desk.find(f"c.sourceType = 'slack' AND NOT {TRIAGED}"), by="notes"
        )
        shown = await agent.call("list_messages", conversation=desk.find("c.sourceType = 'email'"), by="note")
        customers = await agent.call(
            "list_messages", conversation=desk.find(f"c.sourceType = 'slack' AND {TRIAGED}"), by="customer"
        )
    assert "Notes in its triage thread can't be read here; look in Slack." in hidden
    assert "No triage thread: no private notes here." in nowhere
    assert "triage thread" not in shown.text + customers.text
