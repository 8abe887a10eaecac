"""Replies and notes, clause by clause: whose words are whose, what a person sees, and what is remembered."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest
from mcp.client import ClientRequestContext
from mcp.types import ElicitRequestFormParams, ElicitRequestURLParams, ElicitResult

from tests.support import Desk, Era, Human, Wire
from unthread_mcp.api.client import Receipt, UnthreadClient
from unthread_mcp.server import SANDBOX_KEY, SANDBOX_URL, UnthreadServer

pytestmark = pytest.mark.anyio

EMAIL = "c.sourceType = 'email' AND c.status = 'open'"
SLACK = "c.sourceType = 'slack' AND c.status = 'open'"
TRIAGED = f"{SLACK} AND EXISTS (SELECT 1 FROM triage_messages t WHERE t.conversationId = c.id)"
TEXT = "We have found the cause and are working on it."


def colleague(desk: Desk) -> str:
    return desk.sandbox.database.execute("SELECT id FROM users WHERE NOT external AND NOT deleted").fetchone()[0]


# Whose words they are


@pytest.mark.parametrize("who", ["colleague", "customer"])
async def test_the_same_words_of_somebody_else_are_not_taken_for_ours(desk: Desk, who: str) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        if who == "colleague":
            desk.sandbox.agent_writes(desk.id_of(number), TEXT, colleague(desk))
        else:
            desk.sandbox.customer_writes(desk.id_of(number), TEXT)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.text.startswith("refused: 1 message came after as_of")
    assert desk.wire.writes == []


async def test_a_lost_reply_is_not_found_in_the_same_words_of_a_colleague(desk: Desk) -> None:
    number = desk.find(EMAIL)

    def overtaken(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "POST" and request.url.path.endswith("/messages"):
            desk.sandbox.agent_writes(desk.id_of(number), TEXT, colleague(desk))
            raise httpx2.ReadTimeout("no answer", request=request)
        return None

    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        desk.wire.before = overtaken
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.text.startswith("unknown: ")


async def test_a_note_of_the_same_words_is_no_reply(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        await agent.call("add_private_note", conversation=number, text=TEXT)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.text.startswith("done: ")
    assert [each.text for each in desk.sandbox.delivered()] == [TEXT]


async def test_a_reply_in_a_persons_name_is_found_in_the_thread_after_a_restart() -> None:
    desk = Desk({"UNTHREAD_ON_BEHALF_OF": "1"})
    number = desk.find(SLACK)
    arguments = {"conversation": number, "text": TEXT, "on_behalf_of": colleague(desk)}
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        await agent.call("send_reply", **arguments, as_of=as_of)
    async with desk.agent(server=desk.new_server()) as agent:
        again = await agent.call("send_reply", **arguments, as_of=as_of)
    assert again.text.startswith("already_done: ")
    assert len(desk.sandbox.delivered()) == 1
    desk.sandbox.close()


# What is remembered


class CutOff(UnthreadClient):
    """A client whose writes are cancelled once they have left, as at the end of the grace that a signal leaves them."""

    async def write(self, *arguments: Any, **named: Any) -> Receipt:
        await super().write(*arguments, **named)
        raise asyncio.CancelledError


@pytest.mark.parametrize("tool", ["send_reply", "add_private_note"])
async def test_a_message_that_is_cut_off_stays_unknown_and_is_not_sent_again(tool: str) -> None:
    desk = Desk({"UNTHREAD_CONFIRM": "never"})
    number = desk.find(TRIAGED)
    client = CutOff(base_url=SANDBOX_URL, key=SANDBOX_KEY, transport=desk.wire)
    server = UnthreadServer(replace(desk.server.workspace, client=client))
    arguments = {"conversation": number, "text": TEXT}
    async with desk.agent() as agent:
        arguments["as_of"] = await agent.as_of(number)
        with pytest.raises(asyncio.CancelledError):
            await server.call_tool(tool, arguments)
        # As long as the thread doesn't show it, what is remembered is all there is.
        desk.wire.after = lambda request, answer: _without(TEXT, request, answer)
        again = await agent.call(tool, **arguments)
    assert again.text.startswith("unknown: ")
    assert len(desk.wire.writes) == 1
    desk.sandbox.close()


def _without(text: str, request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
    if not request.url.path.endswith("/messages/list"):
        return answer
    page = answer.json()
    return httpx2.Response(200, json={**page, "data": [each for each in page["data"] if each["text"] != text]})


class Stopped(UnthreadClient):
    """A client that sends nothing, and lets a look at what is remembered be had first."""

    look: Callable[[], object]

    async def write(self, *_: Any, **__: Any) -> Receipt:
        self.look()
        raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("send_reply", {"text": TEXT}),
        ("add_private_note", {"text": TEXT}),
        ("create_kb_article", {"title": "New", "content": TEXT}),
        ("create_conversation", {"type": "triage", "triage_channel_id": "C0DUTYDESK", "text": TEXT}),
    ],
)
async def test_it_stands_in_the_file_before_a_byte_leaves(tool: str, arguments: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "intents.sqlite3"
    desk = Desk({"UNTHREAD_CONFIRM": "never", "UNTHREAD_STATE_FILE": str(file), "UNTHREAD_TOOLSETS": "all"})
    number = desk.find(EMAIL)
    client = Stopped(base_url=SANDBOX_URL, key=SANDBOX_KEY, transport=desk.wire)
    seen: list[int] = []

    def look() -> None:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
            seen.append(database.execute("SELECT count(*) FROM intents WHERE state = 'begun'").fetchone()[0])
        database.close()

    client.look = look
    server = UnthreadServer(replace(desk.server.workspace, client=client))
    async with desk.agent() as agent:
        if tool in {"send_reply", "add_private_note"}:
            arguments = {**arguments, "conversation": number, "as_of": await agent.as_of(number)}
        with pytest.raises(asyncio.CancelledError):
            await server.call_tool(tool, arguments)
    assert seen
    assert seen[0] >= 1
    desk.server.workspace.intents.close()
    desk.sandbox.close()


# What a person sees


async def test_the_human_sees_to_whom_it_goes_and_all_that_goes_along(era: Era) -> None:
    desk, human = Desk({"UNTHREAD_ON_BEHALF_OF": "1"}), Human()
    number = desk.find(f"{EMAIL} AND c.customerId IS NOT NULL")
    customer, person, address = desk.sandbox.database.execute(
        "SELECT customers.name, users.name, users.email FROM conversations c"
        " JOIN customers ON customers.id = c.customerId JOIN users ON users.id = c.submitterUserId WHERE c.id = ?",
        [desk.id_of(number)],
    ).fetchone()
    author, name = desk.sandbox.database.execute(
        "SELECT id, name FROM users WHERE NOT external AND NOT deleted"
    ).fetchone()
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "*And* one thing more."}}
    async with desk.agent(era, human=human) as agent:
        said = await agent.call(
            "send_reply",
            conversation=number,
            as_of=await agent.as_of(number),
            text=TEXT,
            blocks=[block],
            survey_id="survey-7",
            is_autoresponse=True,
            on_behalf_of=author,
            then_status="closed",
        )
    assert said.text.startswith("done: "), said.text
    (question,) = human.asked
    for shown in (
        TEXT,
        "*And* one thing more.",
        customer,
        person,
        address,
        "survey-7",
        name,
        "auto-response",
        "closed",
    ):
        assert shown in question
    desk.sandbox.close()


async def test_what_is_there_already_is_not_asked_about(era: Era) -> None:
    desk, human = Desk(), Human()
    number = desk.find(EMAIL)
    async with desk.agent(era, human=human) as agent:
        as_of = await agent.as_of(number)
        await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
        again = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert again.text.startswith("already_done: ")
    assert len(human.asked) == 1
    desk.sandbox.close()


@dataclass
class Busy:
    """A person who does something else before they say yes."""

    meanwhile: Callable[[], Awaitable[object]]

    async def __call__(
        self, context: ClientRequestContext, params: ElicitRequestFormParams | ElicitRequestURLParams
    ) -> ElicitResult:
        with anyio.fail_after(20):
            await self.meanwhile()
        return ElicitResult(action="accept", content={"approve": True})


async def test_while_the_human_thinks_others_may_write_to_the_conversation(desk: Desk, era: Era) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as other:

        async def note() -> None:
            said = await other.call("add_private_note", conversation=number, text="Asked for a look at it.")
            assert said.text.startswith("done: ")

        async with desk.agent(era, human=Busy(note)) as agent:  # type: ignore[arg-type] - a human of another kind
            as_of = await agent.as_of(number)
            said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.text.startswith("done: ")


# Where it goes


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"sourceType": "microsoft_teams"}, "on Microsoft Teams and has no triage thread"),
        ({"sourceType": "something_new"}, "on an unknown channel and has no triage thread"),
        ({"sourceType": None, "initialMessage": {"metadata": {"eventType": "slack_bot_dm_received"}}}, "on Slack and"),
        (
            {"sourceType": None, "initialMessage": {"metadata": {"eventType": "microsoft_teams_message_received"}}},
            "on Microsoft Teams and",
        ),
        ({"sourceType": None, "initialMessage": {"metadata": {"eventType": "new_event"}}}, "on an unknown channel and"),
    ],
)
async def test_where_private_notes_are_not_documented_to_be_private_none_is_sent_as_one(
    desk: Desk, told: dict[str, Any], words: str
) -> None:
    number = desk.find(EMAIL)

    def elsewhere(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        return (
            httpx2.Response(200, json={**answer.json(), "triageMessages": [], **told})
            if request.method == "GET"
            else answer
        )

    desk.wire.after = elsewhere
    async with desk.agent() as agent:
        said = await agent.call("add_private_note", conversation=number, text=TEXT)
    assert said.text.startswith("refused: ")
    assert words in said
    assert desk.wire.writes == []


@pytest.mark.parametrize("tool", ["add_private_note", "send_reply"])
async def test_no_argument_makes_a_reply_of_a_note_nor_a_note_of_a_reply(desk: Desk, tool: str) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        arguments = {"conversation": number, "text": TEXT, "as_of": await agent.as_of(number)}
        for name in ("private", "is_private", "isPrivateNote", "visibility", "public", "internal", "type", "note"):
            for value in (True, False, "public", "private"):
                said = await agent.call(tool, **arguments, **{name: value})
                assert f"has no argument '{name}'" in said
        assert desk.wire.writes == []
        await agent.call(tool, **arguments)
    assert [each.text for each in desk.sandbox.delivered()] == ([TEXT] if tool == "send_reply" else [])


@pytest.mark.parametrize(("setting", "where"), [("0", EMAIL), ("1", SLACK)])
async def test_the_send_marker_goes_nowhere_else(setting: str, where: str) -> None:
    desk = Desk({"UNTHREAD_EMAIL_SEND_MARKER": setting})
    number = desk.find(where)
    async with desk.agent() as agent:
        await agent.call("send_reply", conversation=number, as_of=await agent.as_of(number), text=TEXT)
    (sent,) = desk.wire.writes
    assert sent.body["body"]["value"] == TEXT
    desk.sandbox.close()


async def test_words_that_the_customer_has_seen_are_no_secret(desk: Desk) -> None:
    number = desk.find(EMAIL)
    words = "please restart the connector before you run the import again today"
    desk.sandbox.agent_writes(desk.id_of(number), words, colleague(desk), note=True)
    desk.sandbox.agent_writes(desk.id_of(number), words, colleague(desk))
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=f"Again: {words}.")
    assert said.text.startswith("done: ")


# What it costs


class Counting(httpx2.AsyncBaseTransport):
    """Counts how many requests are under way at once."""

    def __init__(self, behind: httpx2.AsyncBaseTransport) -> None:
        self._behind = behind
        self._inside = 0
        self.most = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self._inside += 1
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        self.most = max(self.most, self._inside)
        self._inside -= 1
        return await self._behind.handle_async_request(request)


async def test_the_conversation_and_its_messages_are_read_at_once(desk: Desk) -> None:
    counting = Counting(desk.sandbox.transport)
    desk.wire = Wire(counting)
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
    async with desk.agent(server=desk.new_server()) as agent:
        said = await agent.call("send_reply", conversation=desk.id_of(number), as_of=as_of, text=TEXT)
    assert said.text.startswith("done: ")
    assert [each.method for each in desk.wire.sent] == ["GET", "POST", "POST"]
    assert counting.most == 2
