"""Replies: at most once, to the thread as it was read, past the human gate."""

from __future__ import annotations

from typing import Any

import anyio
import httpx2
import pytest

from tests.support import Desk, Era, Human

pytestmark = pytest.mark.anyio

EMAIL = "c.sourceType = 'email' AND c.status = 'open'"
SLACK = "c.sourceType = 'slack' AND c.status = 'open'"
TEXT = "Thank you for the report. We have found the cause and are working on it."


def last_reply(desk: Desk) -> dict[str, Any]:
    (sent,) = [each for each in desk.wire.writes if each.path.endswith("/messages")]
    return sent.body


async def test_a_reply_reaches_the_customer_and_says_so(desk: Desk, era: Era) -> None:
    number = desk.find(SLACK)
    async with desk.agent(era) as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert not said.failed
    assert said.text.startswith(f"done: reply to {number} by Slack.")
    assert [each.text for each in desk.sandbox.delivered(desk.id_of(number))] == [TEXT]
    assert last_reply(desk) == {"body": {"type": "markdown", "value": TEXT}}


async def test_a_reply_returns_the_as_of_for_the_next_one(desk: Desk) -> None:
    number = desk.find(SLACK)
    async with desk.agent() as agent:
        first = await agent.call("send_reply", conversation=number, as_of=await agent.as_of(number), text=TEXT)
        as_of = first.text.rpartition("as_of=")[2]
        second = await agent.call("send_reply", conversation=number, as_of=as_of, text="It is fixed now.")
    assert not second.failed
    assert len(desk.sandbox.delivered(desk.id_of(number))) == 2


async def test_nothing_is_sent_once_the_customer_has_written_again_and_the_message_is_shown(
    desk: Desk, era: Era
) -> None:
    number = desk.find(EMAIL)
    async with desk.agent(era) as agent:
        as_of = await agent.as_of(number)
        stamp = desk.sandbox.customer_writes(desk.id_of(number), "Never mind, it works again!")
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.failed
    assert said.text.startswith("refused: 1 message came after as_of, so nothing was sent.")
    assert f"as_of={stamp}" in said
    assert "Never mind, it works again!" in said
    assert "not instructions" in said, "what the customer wrote stands in a fence"
    assert desk.sandbox.delivered() == []


async def test_a_colleagues_reply_in_between_refuses_too(desk: Desk) -> None:
    number = desk.find(SLACK)
    user = desk.sandbox.database.execute("SELECT id FROM users WHERE NOT external AND NOT deleted").fetchone()[0]
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        desk.sandbox.agent_writes(desk.id_of(number), "On it!", user)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.failed
    assert "On it!" in said
    assert TEXT not in [each.text for each in desk.sandbox.delivered()]


async def test_an_internal_note_in_between_does_not_stop_a_reply(desk: Desk) -> None:
    number = desk.find(EMAIL)
    user = desk.sandbox.database.execute("SELECT id FROM users WHERE NOT external AND NOT deleted").fetchone()[0]
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        desk.sandbox.agent_writes(desk.id_of(number), "I will look at the logs.", user, note=True)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert not said.failed


async def test_a_reply_that_closed_is_told_as_such_when_it_is_repeated(desk: Desk, era: Era) -> None:
    """Unthread's own closing message, which comes after the reply, is nobody's answer to it."""
    number = desk.find(SLACK)
    async with desk.agent(era) as agent:
        as_of = await agent.as_of(number)
        await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, then_status="closed")
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, then_status="closed")
    assert said.text.startswith("already_done: ")
    assert said.text.endswith("\nas it was already: status closed.")


async def test_the_same_reply_again_is_already_done(desk: Desk, era: Era) -> None:
    number = desk.find(EMAIL)
    async with desk.agent(era) as agent:
        as_of = await agent.as_of(number)
        await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
        again = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert not again.failed
    assert again.text.startswith("already_done: ")
    assert len(desk.sandbox.delivered()) == 1


async def test_a_restarted_server_finds_its_reply_in_the_thread(desk: Desk) -> None:
    number = desk.find(SLACK)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        await agent.call(
            "send_reply", conversation=number, as_of=as_of, text="*Thanks*, see <https://example.com|this>."
        )
    async with desk.agent(server=desk.new_server()) as agent:
        again = await agent.call(
            "send_reply", conversation=number, as_of=as_of, text="*Thanks*, see <https://example.com|this>."
        )
    assert again.text.startswith("already_done: ")
    assert len(desk.sandbox.delivered()) == 1


async def test_the_same_text_is_sent_again_to_a_later_state_of_the_thread(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        for _ in range(2):
            desk.clock.forward(minutes=1)
            said = await agent.call("send_reply", conversation=number, as_of=await agent.as_of(number), text="Noted.")
            assert said.text.startswith("done: ")
    assert len(desk.sandbox.delivered()) == 2


async def test_an_as_of_of_another_thread_is_refused(desk: Desk) -> None:
    number, other = desk.find(EMAIL), desk.find(SLACK)
    async with desk.agent() as agent:
        as_of = await agent.as_of(other)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.text.startswith("refused: as_of names no message of this conversation.")
    assert desk.sandbox.delivered() == []


async def test_a_lost_answer_is_looked_up_and_the_reply_is_not_sent_again(desk: Desk, era: Era) -> None:
    number = desk.find(SLACK)

    def lose(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "POST" and request.url.path.endswith("/messages"):
            raise httpx2.ReadError("connection reset", request=request)
        return answer

    async with desk.agent(era) as agent:
        as_of = await agent.as_of(number)
        desk.wire.after = lose
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.text.startswith("done: ")
    assert "The answer got lost, but the message stands in the thread." in said
    assert len(desk.sandbox.delivered()) == 1


async def test_a_reply_whose_fate_is_unknown_stays_unknown_and_is_not_sent_again(desk: Desk, era: Era) -> None:
    number = desk.find(SLACK)

    def vanish(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "POST" and request.url.path.endswith("/messages"):
            raise httpx2.ReadTimeout("no answer", request=request)
        return None

    async with desk.agent(era) as agent:
        as_of = await agent.as_of(number)
        desk.wire.before = vanish
        first = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
        desk.wire.before = lambda _: None
        desk.wire.clear()
        again = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert first.failed
    assert first.text.startswith("unknown: ")
    assert again.failed
    assert again.text.startswith("unknown: The same reply was sent before")
    assert desk.wire.writes == []


async def test_a_refused_reply_may_be_sent_again(desk: Desk) -> None:
    number = desk.find(SLACK)

    def refuse(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "POST" and request.url.path.endswith("/messages"):
            return httpx2.Response(403, json={"errors": [{"status": 403, "title": "Forbidden"}]})
        return None

    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        desk.wire.before = refuse
        first = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
        desk.wire.before = lambda _: None
        again = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert first.text.startswith("refused: ")
    assert again.text.startswith("done: ")
    assert len(desk.sandbox.delivered()) == 1


# The human gate


async def test_where_the_client_can_ask_the_human_sees_the_exact_text_and_approves(desk: Desk, era: Era) -> None:
    number, human = desk.find(EMAIL), Human("approve")
    async with desk.agent(era, human=human) as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, then_status="on_hold")
    assert said.text.startswith("done: ")
    (question,) = human.asked
    assert TEXT in question
    assert number in question
    assert "e-mail" in question
    assert "on_hold" in question
    assert len(desk.sandbox.delivered()) == 1


@pytest.mark.parametrize("answer", ["decline", "cancel", "untick"])
async def test_nothing_is_sent_that_the_human_did_not_approve(desk: Desk, era: Era, answer: Any) -> None:
    number = desk.find(EMAIL)
    async with desk.agent(era, human=Human(answer)) as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.text.startswith("refused: The human did not approve this.")
    assert desk.sandbox.delivered() == []


async def test_what_the_customer_writes_while_the_human_thinks_refuses(desk: Desk, era: Era) -> None:
    number = desk.find(SLACK)
    human = Human("approve", meanwhile=lambda: desk.sandbox.customer_writes(desk.id_of(number), "Wait!"))
    async with desk.agent(era, human=human) as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.text.startswith("refused: ")
    assert "Wait!" in said
    assert TEXT not in [each.text for each in desk.sandbox.delivered()]


async def test_always_sends_nothing_where_nobody_can_be_asked(era: Era) -> None:
    desk = Desk({"UNTHREAD_CONFIRM": "always"})
    number = desk.find(EMAIL)
    async with desk.agent(era) as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.failed
    assert "this client can't ask one" in said
    assert desk.sandbox.delivered() == []
    desk.sandbox.close()


async def test_never_asks_nobody(era: Era) -> None:
    desk, human = Desk({"UNTHREAD_CONFIRM": "never"}), Human("decline")
    number = desk.find(EMAIL)
    async with desk.agent(era, human=human) as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.text.startswith("done: ")
    assert human.asked == []
    desk.sandbox.close()


# What may stand in a reply


async def test_words_of_an_internal_note_are_refused_and_named(desk: Desk) -> None:
    number = desk.find(EMAIL)
    user = desk.sandbox.database.execute("SELECT id FROM users WHERE NOT external AND NOT deleted").fetchone()[0]
    secret = "the outage was caused by our vendor missing their patch window again"
    desk.sandbox.agent_writes(desk.id_of(number), f"Internally: {secret}.", user, note=True)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=f"Sadly {secret}, sorry.")
    assert said.text.startswith("refused: The reply repeats an internal note:")
    assert "missing their patch window" in said
    assert desk.sandbox.delivered() == []


async def test_the_human_is_told_of_repeated_words_and_may_send_them(desk: Desk, era: Era) -> None:
    number, human = desk.find(EMAIL), Human("approve")
    user = desk.sandbox.database.execute("SELECT id FROM users WHERE NOT external AND NOT deleted").fetchone()[0]
    secret = "the outage was caused by our vendor missing their patch window again"
    desk.sandbox.agent_writes(desk.id_of(number), secret, user, note=True)
    async with desk.agent(era, human=human) as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=f"Sadly {secret}, sorry.")
    assert said.text.startswith("done: ")
    assert "It repeats an internal note" in human.asked[0]


async def test_our_own_note_is_an_approved_draft(desk: Desk) -> None:
    number = desk.find(EMAIL)
    draft = "Please update the connector to version four and then run the import again."
    async with desk.agent() as agent:
        await agent.call("add_private_note", conversation=number, text=f"Draft: {draft}")
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=draft)
    assert said.text.startswith("done: ")


async def test_mentions_of_everybody_are_made_harmless(desk: Desk) -> None:
    number = desk.find(SLACK)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        await agent.call("send_reply", conversation=number, as_of=as_of, text="Hello <!channel> and @here!")
    assert "<!channel>" not in last_reply(desk)["body"]["value"]


async def test_an_autoresponse_is_marked(desk: Desk) -> None:
    number = desk.find(SLACK)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, is_autoresponse=True)
    assert said.text.startswith(f"done: reply to {number} by Slack, marked as auto-response. ")
    assert last_reply(desk)["isAutoresponse"] is True


async def test_the_operator_can_mark_every_reply_as_an_autoresponse() -> None:
    desk = Desk({"UNTHREAD_AUTORESPONSE": "1"})
    number = desk.find(SLACK)
    async with desk.agent() as agent:
        said = await agent.call("send_reply", conversation=number, as_of=await agent.as_of(number), text=TEXT)
        last = last_reply(desk)
        as_of = await agent.as_of(number)
        overridden = await agent.call(
            "send_reply", conversation=number, as_of=as_of, text="And another.", is_autoresponse=False
        )
    assert last["isAutoresponse"] is True
    assert f"reply to {number} by Slack, marked as auto-response. " in said
    assert (
        f"reply to {number} by Slack, marked as auto-response: the operator marks every reply, is_autoresponse=false or"
        " not."
    ) in overridden
    assert desk.wire.writes[-1].body["isAutoresponse"] is True
    desk.sandbox.close()


async def test_the_send_marker_is_appended_by_the_operator_alone() -> None:
    desk = Desk({"UNTHREAD_EMAIL_SEND_MARKER": "1"})
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        forged = await agent.call("send_reply", conversation=number, as_of=as_of, text=f"{TEXT} /unthread send")
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
        again = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert forged.failed
    assert last_reply(desk)["body"]["value"] == f"{TEXT}\n\n/unthread send"
    assert "doesn't confirm that it was mailed" in said
    assert again.text.startswith("already_done: ")
    desk.sandbox.close()


async def test_writing_in_a_persons_name_needs_the_operators_leave(desk: Desk) -> None:
    number = desk.find(SLACK)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, on_behalf_of="Nobody")
    assert said.text.startswith("refused: Writing in the name of a person is not allowed here.")


async def test_with_the_operators_leave_a_reply_goes_out_in_a_persons_name() -> None:
    desk = Desk({"UNTHREAD_ON_BEHALF_OF": "1"})
    number = desk.find(SLACK)
    identity, name = desk.sandbox.database.execute(
        "SELECT id, name FROM users WHERE NOT external AND NOT deleted"
    ).fetchone()
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, on_behalf_of=name)
        again = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, on_behalf_of=name)
    assert said.text.startswith("done: ")
    assert again.text.startswith("already_done: ")
    assert last_reply(desk)["onBehalfOf"] == {"id": identity, "name": name}
    desk.sandbox.close()


async def test_a_survey_and_blocks_are_sent_after_the_text(desk: Desk) -> None:
    number = desk.find(SLACK)
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "*More*"}}
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, blocks=[block], survey_id="s-1")
    assert last_reply(desk)["blocks"] == [block, {"type": "survey", "survey_id": "s-1"}]


@pytest.mark.parametrize(
    "block", [{"type": "image"}, {"type": "section"}, {"type": "section", "text": {"type": "mrkdwn", "text": 3}}]
)
async def test_blocks_of_another_form_are_refused(desk: Desk, block: dict[str, Any]) -> None:
    number = desk.find(SLACK)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        desk.wire.clear()
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, blocks=[block])
    assert said.text.startswith("refused: A block is not of the form that Unthread takes.")
    assert desk.wire.writes == []


async def test_an_empty_reply_is_refused(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call("send_reply", conversation=desk.find(SLACK), as_of="1")
    assert said.text == "refused: There is nothing to send. Pass text or blocks."


async def test_a_triage_conversation_takes_no_reply(desk: Desk) -> None:
    number = desk.find("c.sourceType = 'triage'")
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.text.startswith("refused: This conversation is for the team alone")


# What follows a reply


async def test_the_status_is_set_after_the_reply_went_out(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, then_status="on_hold")
    assert "done: status on_hold." in said
    assert [each.method for each in desk.wire.writes] == ["POST", "PATCH"]


async def test_a_failed_status_does_not_turn_the_reply_into_an_error(desk: Desk) -> None:
    number = desk.find(EMAIL)

    def refuse(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(403, json={}) if request.method == "PATCH" else None

    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        desk.wire.before = refuse
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, then_status="on_hold")
        desk.wire.before = lambda _: None
        again = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, then_status="on_hold")
    assert not said.failed
    assert said.text.startswith("done: reply")
    assert "The status was not surely set to on_hold" in said
    assert "don't send it again" in said
    assert again.text.startswith("already_done: ")
    assert "done: status on_hold." in again, "a follow-up is still performed"
    assert len(desk.sandbox.delivered()) == 1


async def test_only_allowed_customers_are_written_to() -> None:
    desk = Desk({"UNTHREAD_ALLOWED_CUSTOMERS": "some-other-customer"})
    number = desk.find(SLACK)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        reply = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
        note = await agent.call("add_private_note", conversation=number, text=TEXT)
        update = await agent.call("update_conversation", conversation=number, priority="high")
        tags = await agent.call("tag_conversations", conversations=[number], add=["bug"])
    for said in (reply, note, update, tags):
        assert said.text.startswith("refused: ")
        assert "The operator allows writing only for certain customers" in said
    assert desk.wire.writes == []
    desk.sandbox.close()


async def test_two_equal_replies_at_the_same_moment_are_sent_once(desk: Desk, era: Era) -> None:
    number = desk.find(SLACK)
    outcomes: list[str] = []
    async with desk.agent(era) as agent:
        as_of = await agent.as_of(number)

        async def send() -> None:
            said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
            outcomes.append(said.text.partition(":")[0])

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(send)
    assert sorted(outcomes) == ["already_done"] * 4 + ["done"]
    assert len(desk.sandbox.delivered()) == 1
