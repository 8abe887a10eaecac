"""Replies and notes where it gets difficult: other names for the same thing, changes meanwhile, odd answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import anyio
import httpx2
import pytest

from tests.support import Desk, Era, Human
from unthread_mcp.server import build_server
from unthread_mcp.settings import read_settings

pytestmark = pytest.mark.anyio

EMAIL = "c.sourceType = 'email' AND c.status = 'open'"
TRIAGED = "c.sourceType = 'slack' AND EXISTS (SELECT 1 FROM triage_messages t WHERE t.conversationId = c.id)"
TEXT = "We have found the cause and are working on it."
SECRET = "the outage was caused by our vendor missing their patch window again"


def agent_id(desk: Desk) -> str:
    return desk.sandbox.database.execute("SELECT id FROM users WHERE NOT external AND NOT deleted").fetchone()[0]


def without_effect(request: httpx2.Request) -> httpx2.Response | None:
    if request.method == "POST" and request.url.path.endswith("/messages"):
        raise httpx2.ReadTimeout("no answer", request=request)
    return None


async def test_a_triage_note_is_one_whatever_as_of_and_blanks_come_with_it(desk: Desk) -> None:
    number = desk.find(TRIAGED)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        said = [
            await agent.call("add_private_note", conversation=number, text=TEXT),
            await agent.call("add_private_note", conversation=number, text=TEXT, as_of=as_of),
            await agent.call("add_private_note", conversation=number, text=f"{TEXT} "),
        ]
    assert [each.text.partition(":")[0] for each in said] == ["done", "already_done", "already_done"]
    assert desk.sandbox.triage_replies(desk.id_of(number)).count(TEXT) == 1


async def test_an_unknown_reply_stays_unknown_when_the_thread_moves_on(desk: Desk, era: Era) -> None:
    number = desk.find(EMAIL)
    async with desk.agent(era) as agent:
        as_of = await agent.as_of(number)
        desk.wire.before = without_effect
        first = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
        desk.wire.before = lambda _: None
        desk.sandbox.agent_writes(desk.id_of(number), "Anybody on this?", agent_id(desk), note=True)
        again = await agent.call("send_reply", conversation=number, as_of=await agent.as_of(number), text=TEXT)
    assert first.text.startswith("unknown: ")
    assert again.text.startswith("unknown: ")
    assert desk.sandbox.delivered() == []


async def test_an_unknown_reply_is_settled_once_the_thread_shows_it(desk: Desk) -> None:
    number = desk.find(EMAIL)
    hidden = True

    def late(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.url.path.endswith("/messages"):
            raise httpx2.ReadError("reset", request=request)
        if hidden and request.url.path.endswith("/messages/list"):
            page = answer.json()
            rows = [row for row in page["data"] if row["text"] != TEXT]
            return httpx2.Response(200, json={**page, "data": rows})
        return answer

    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        desk.wire.after = late
        first = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
        hidden = False
        again = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert first.text.startswith("unknown: ")
    assert again.text.startswith("already_done: ")
    assert len(desk.sandbox.delivered()) == 1


def written(desk: Desk) -> int:
    return desk.sandbox.database.execute("SELECT count(*) FROM messages WHERE text = ?", [TEXT]).fetchone()[0]


def shown_after(desk: Desk, seconds: float) -> None:
    """Answers to messages get lost, and what was written shows in the thread after some time."""
    wrote: list[float] = []

    def late(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.url.path.endswith("/messages"):
            wrote.append(desk.clock.now.timestamp())
            raise httpx2.ReadError("reset", request=request)
        if request.url.path.endswith("/messages/list") and wrote and desk.clock.now.timestamp() < wrote[0] + seconds:
            page = answer.json()
            return httpx2.Response(200, json={**page, "data": [row for row in page["data"] if row["text"] != TEXT]})
        return answer

    desk.wire.after = late


@pytest.mark.parametrize("tool", ["send_reply", "add_private_note"])
async def test_a_message_that_shows_two_seconds_late_is_found_by_a_second_look(desk: Desk, era: Era, tool: str) -> None:
    number = desk.find(EMAIL)
    async with desk.agent(era) as agent:
        as_of = await agent.as_of(number)
        shown_after(desk, 2)
        said = await agent.call(tool, conversation=number, as_of=as_of, text=TEXT)
    assert said.text.startswith("done: ")
    assert "The answer got lost, but the message stands in the thread." in said
    assert written(desk) == 1


async def test_one_that_shows_later_is_unknown_and_not_waited_for(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        began = desk.clock.now
        shown_after(desk, 3)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.text.startswith("unknown: ")
    assert desk.clock.now - began == timedelta(seconds=2)
    assert written(desk) == 1


@pytest.mark.parametrize("why", ["a triage thread", "blocks alone", "the thread can't be read"])
async def test_where_looking_again_could_not_show_it_nobody_waits(desk: Desk, why: str) -> None:
    number = desk.find(TRIAGED if why == "a triage thread" else EMAIL)
    call: dict[str, Any] = {"conversation": number, "text": TEXT}
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        began = desk.clock.now

        def lost(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
            if not request.url.path.endswith("/messages"):
                return answer
            if why == "the thread can't be read":
                desk.wire.before = lambda _: httpx2.Response(403)
            raise httpx2.ReadError("reset", request=request)

        desk.wire.after = lost
        if why == "blocks alone":
            call = {
                "conversation": number,
                "as_of": as_of,
                "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": TEXT}}],
            }
        said = await agent.call("send_reply" if why == "blocks alone" else "add_private_note", **call)
    assert said.text.startswith("unknown: ")
    assert desk.clock.now == began


async def test_a_call_that_is_cancelled_between_the_two_looks_still_finds_it(desk: Desk) -> None:
    number = desk.find(EMAIL)
    waiting, go_on = anyio.Event(), anyio.Event()

    async def sleep(seconds: float) -> None:
        waiting.set()
        await go_on.wait()
        desk.clock.forward(seconds=seconds)

    settings = read_settings({"UNTHREAD_SANDBOX": "1", "UNTHREAD_CONFIRM": "never"})
    server = build_server(settings, transport=desk.wire, now=desk.clock, sleep=sleep)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
    shown_after(desk, 2)
    arguments = {"conversation": number, "as_of": as_of, "text": TEXT}
    async with anyio.create_task_group() as calls:
        calls.start_soon(server.call_tool, "send_reply", arguments)
        with anyio.fail_after(5):
            await waiting.wait()
        calls.cancel_scope.cancel()
        go_on.set()
    async with desk.agent(server=server) as agent:
        desk.wire.after = lambda _, answer: answer
        again = await agent.call("send_reply", **arguments)
    assert again.text.startswith("already_done: ")
    assert written(desk) == 1


async def test_legacy_sends_nothing_to_somebody_else_than_the_human_saw() -> None:
    desk = Desk()
    number = desk.find(f"{EMAIL} AND c.customerId IS NOT NULL")
    other = desk.sandbox.database.execute(
        "SELECT id FROM customers WHERE id <> (SELECT customerId FROM conversations WHERE id = ?)", [desk.id_of(number)]
    ).fetchone()[0]

    def move() -> None:
        desk.sandbox.database.execute(
            "UPDATE conversations SET customerId = ? WHERE id = ?", [other, desk.id_of(number)]
        )

    async with desk.agent("legacy", human=Human("approve", meanwhile=move)) as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.text.startswith("refused: The conversation changed while the human was asked")
    assert desk.sandbox.delivered() == []
    desk.sandbox.close()


async def test_a_note_written_while_the_human_thinks_is_looked_through_as_well(desk: Desk) -> None:
    number = desk.find(EMAIL)

    def leak() -> None:
        desk.sandbox.agent_writes(desk.id_of(number), SECRET, agent_id(desk), note=True)

    async with desk.agent("legacy", human=Human("approve", meanwhile=leak)) as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=f"Sadly {SECRET}.")
    assert said.failed
    assert desk.sandbox.delivered() == []


async def test_a_name_can_not_forge_the_question(desk: Desk, era: Era) -> None:
    number, human = desk.find(EMAIL), Human("decline")
    forged = "Ann\n\nIt says:\n\nHello Ann, all is well.\n\n(end of preview)" + "\n" * 40
    identity = desk.id_of(number)
    desk.sandbox.database.execute(
        "UPDATE users SET name = ? WHERE id = (SELECT submitterUserId FROM conversations WHERE id = ?)",
        [forged, identity],
    )
    desk.sandbox.database.execute("UPDATE conversations SET title = ? WHERE id = ?", [forged, identity])
    async with desk.agent(era, human=human) as agent:
        as_of = await agent.as_of(number)
        await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    facts, _, says = human.asked[0].partition("\n\nIt says:\n\n")
    assert says == f"> {TEXT}", "what is ours stands where it always stands"
    assert [each.partition(":")[0] for each in facts.splitlines()] == [
        "Send this reply?",
        "To",
        "Conversation",
        "Title",
    ]


async def test_the_words_of_blocks_are_looked_through_too(desk: Desk) -> None:
    number = desk.find(EMAIL)
    desk.sandbox.agent_writes(desk.id_of(number), SECRET, agent_id(desk), note=True)
    block = {"type": "section", "text": {"type": "mrkdwn", "text": f"Sadly {SECRET}."}}
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text="Hello.", blocks=[block])
    assert said.text.startswith("refused: The reply repeats an internal note")


async def test_an_old_note_of_a_long_thread_is_looked_through_too() -> None:
    desk = Desk({"UNTHREAD_CONFIRM": "never"})
    number = desk.find(EMAIL)
    desk.sandbox.agent_writes(desk.id_of(number), SECRET, agent_id(desk), note=True)
    for count in range(105):
        desk.clock.forward(minutes=1)
        desk.sandbox.customer_writes(desk.id_of(number), f"Any news? {count}")
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=f"Sadly {SECRET}.")
    assert said.text.startswith("refused: The reply repeats an internal note")
    desk.sandbox.close()


async def test_under_always_a_reply_that_was_there_closes_nothing_unasked(era: Era) -> None:
    desk, human = Desk({"UNTHREAD_CONFIRM": "always"}), Human("approve")
    number = desk.find(EMAIL)
    async with desk.agent(era, human=human) as agent:
        as_of = await agent.as_of(number)
        await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
        human.answer = "decline"
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, then_status="closed")
        human.answer = "approve"
        approved = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, then_status="closed")
    assert "The status was not surely set to closed" in said
    assert "Close this conversation?" in human.asked[1]
    assert "done: status closed." in approved
    desk.sandbox.close()


async def test_what_came_after_our_reply_stops_its_follow_up(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
        desk.clock.forward(minutes=1)
        desk.sandbox.customer_writes(desk.id_of(number), "Still broken!")
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, then_status="closed")
    assert said.text.startswith("already_done: ")
    assert "1 message came after the reply." in said
    status = desk.sandbox.database.execute("SELECT status FROM conversations WHERE id = ?", [desk.id_of(number)])
    assert status.fetchone()[0] != "closed"


async def test_equal_text_with_blocks_beside_it_is_another_message(desk: Desk) -> None:
    number = desk.find(EMAIL)
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "See the guide."}}
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        first = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
        again = first.text.rpartition("as_of=")[2]
        said = await agent.call("send_reply", conversation=number, as_of=again, text=TEXT, blocks=[block])
        repeated = await agent.call("send_reply", conversation=number, as_of=again, text=TEXT, blocks=[block])
    assert said.text.startswith("done: ")
    assert repeated.text.startswith("already_done: ")


@pytest.mark.parametrize("text", ["&nbsp;", "<br>", " \n "])
async def test_nothing_blank_is_sent(desk: Desk, text: str) -> None:
    number = desk.find(EMAIL)
    block = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=text)
        blocks = await agent.call("send_reply", conversation=number, as_of=as_of, blocks=[block])
    assert said.text.startswith("refused: ")
    assert blocks.text.startswith("refused: ")
    assert desk.wire.writes == []


def changed(desk: Desk, change: Callable[[list[Any]], list[Any]]) -> None:
    def after(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if not request.url.path.endswith("/messages/list"):
            return answer
        page = answer.json()
        return httpx2.Response(200, json={**page, "data": change(page["data"])})

    desk.wire.after = after


async def test_a_message_with_the_very_stamp_of_as_of_is_not_overlooked(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        twin = {"id": "twin", "ts": as_of, "text": "Wait, stop!", "isExternal": True}
        changed(desk, lambda rows: [twin, *rows])
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
        fresh = await agent.as_of(number)
    assert said.failed
    assert fresh.startswith(f"{as_of}/")
    assert desk.sandbox.delivered() == []


async def test_stamps_that_are_numbers_or_no_numbers_are_understood(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        newer = {"id": "n", "ts": 1_900_000_000.5, "text": "One more thing.", "isExternal": True}
        odd = {"id": "o", "ts": "NaN", "timestamp": "2020-01-01T00:00:00Z", "text": "Old."}
        changed(desk, lambda rows: [newer, *rows, odd])
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.text.startswith("refused: 1 message came after as_of")
    assert "One more thing." in said
    assert "as_of=1900000000.500000" in said


async def test_a_note_that_comes_back_as_public_is_said_loudly(desk: Desk) -> None:
    def public(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.url.path.endswith("/messages"):
            return httpx2.Response(200, json={**answer.json(), "isPrivateNote": False})
        return answer

    desk.wire.after = public
    async with desk.agent() as agent:
        said = await agent.call("add_private_note", conversation=desk.find(EMAIL), text=TEXT)
    assert "Unthread shows as public" in said


async def test_a_person_given_by_id_is_named_to_the_human() -> None:
    desk, human = Desk({"UNTHREAD_ON_BEHALF_OF": "1"}), Human()
    number = desk.find(EMAIL)
    identity, name = desk.sandbox.database.execute(
        "SELECT id, name FROM users WHERE NOT external AND NOT deleted"
    ).fetchone()
    async with desk.agent(human=human) as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, on_behalf_of=identity)
    assert not said.failed, said.text
    assert f"In the name of: {name}" in human.asked[0]
    desk.sandbox.close()
