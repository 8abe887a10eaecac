"""What makes a reply, a note or a new conversation the same as one before, and what is said of one in doubt."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.support import Desk, Human

pytestmark = pytest.mark.anyio

EMAIL = "c.sourceType = 'email' AND c.status = 'open'"
SLACK = "c.sourceType = 'slack' AND c.status = 'open'"
TRIAGED = f"{SLACK} AND EXISTS (SELECT 1 FROM triage_messages t WHERE t.conversationId = c.id)"
TEXT = "We have found the cause and will fix it on Monday."


def written(desk: Desk, text: str = TEXT) -> int:
    return desk.sandbox.database.execute("SELECT count(*) FROM messages WHERE text = ?", [text]).fetchone()[0]


def section(text: str, form: str = "mrkdwn") -> dict[str, Any]:
    return {"type": "section", "text": {"type": form, "text": text}}


def unanswered(request: httpx2.Request) -> httpx2.Response | None:
    """Nobody says what became of a message, and it never shows."""
    if request.method == "POST" and request.url.path.endswith("/messages"):
        raise httpx2.ReadTimeout("no answer", request=request)
    return None


def shown_with(desk: Desk, unicode: str, name: str) -> None:
    """The thread shows an emoji by its name, as Slack does."""

    def after(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if not request.url.path.endswith("/messages/list"):
            return answer
        page = answer.json()
        rows = [{**row, "text": (row["text"] or "").replace(unicode, name)} for row in page["data"]]
        return httpx2.Response(200, json={**page, "data": rows})

    desk.wire.after = after


# The same words with another as_of, or none


def shown_late(desk: Desk) -> None:
    """No thread shows yet what is written from here."""

    def after(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if not request.url.path.endswith("/messages/list"):
            return answer
        page = answer.json()
        return httpx2.Response(200, json={**page, "data": [row for row in page["data"] if row["text"] != TEXT]})

    desk.wire.after = after


@pytest.mark.parametrize("first", [True, False])
async def test_a_note_with_and_without_as_of_is_one_though_the_thread_does_not_show_it_yet(
    desk: Desk, first: bool
) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        shown_late(desk)
        said = [
            await agent.call("add_private_note", conversation=number, text=TEXT, **({"as_of": as_of} if named else {}))
            for named in (first, not first)
        ]
    assert [each.text.partition(":")[0] for each in said] == ["done", "already_done"]
    assert written(desk) == 1


async def test_a_reply_after_an_older_message_and_after_a_newer_note_is_one_though_the_thread_does_not_show_it_yet(
    desk: Desk,
) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        before = await agent.as_of(number)
        note = await agent.call("add_private_note", conversation=number, text="Looking at it.")
        shown_late(desk)
        said = [
            await agent.call("send_reply", conversation=number, text=TEXT, as_of=as_of)
            for as_of in (before, note.text.partition("as_of=")[2].split()[0])
        ]
    assert [each.text.partition(":")[0] for each in said] == ["done", "already_done"]
    assert written(desk) == 1


async def test_the_same_reply_to_a_newer_message_is_another_one(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        first = await agent.call("send_reply", conversation=number, text=TEXT, as_of=await agent.as_of(number))
        desk.clock.forward(seconds=5)
        desk.sandbox.customer_writes(desk.id_of(number), "And the other one?")
        again = await agent.call("send_reply", conversation=number, text=TEXT, as_of=await agent.as_of(number))
    assert [each.text.partition(":")[0] for each in (first, again)] == ["done", "done"]
    assert written(desk) == 2


# Once it has left, nothing says that it was refused


@pytest.mark.parametrize("what", ["deleted", "ours has its stamp"])
async def test_a_reply_whose_as_of_is_gone_by_the_time_it_is_looked_up_is_found_all_the_same(
    desk: Desk, what: str
) -> None:
    number = desk.find(SLACK)
    identity, database = desk.id_of(number), desk.sandbox.database

    def after(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if not (request.method == "POST" and request.url.path.endswith("/messages")):
            return answer
        if what == "deleted":
            database.execute("DELETE FROM messages WHERE conversationId = ? AND ts = ?", [identity, as_of])
        else:
            database.execute("UPDATE messages SET ts = ? WHERE text = ?", [as_of, TEXT])
        raise httpx2.ReadError("reset", request=request)

    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        desk.wire.after = after
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
        again = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
    assert said.text.startswith("done: ")
    assert "The answer got lost, but the message stands in the thread." in said
    assert again.text.startswith("already_done: ")
    assert written(desk) == 1


async def test_one_that_is_not_found_and_whose_as_of_is_gone_stays_unknown(desk: Desk) -> None:
    number = desk.find(SLACK)

    def before(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "POST" and request.url.path.endswith("/messages"):
            desk.sandbox.database.execute("DELETE FROM messages WHERE ts = ?", [as_of])
        return unanswered(request)

    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        desk.wire.before = before
        said = [await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT) for _ in range(2)]
    assert [each.text.partition(":")[0] for each in said] == ["unknown", "unknown"]
    assert desk.wire.writes == []


async def test_a_reply_in_doubt_that_shows_by_now_is_already_done_also_with_a_newer_as_of(desk: Desk) -> None:
    number = desk.find(EMAIL)
    hidden = True

    def after(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.url.path.endswith("/messages"):
            raise httpx2.ReadError("reset", request=request)
        if hidden and request.url.path.endswith("/messages/list"):
            page = answer.json()
            return httpx2.Response(200, json={**page, "data": [row for row in page["data"] if row["text"] != TEXT]})
        return answer

    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        desk.wire.after = after
        said = [await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)]
        hidden = False
        newer = await agent.as_of(number)
        said += [await agent.call("send_reply", conversation=number, as_of=newer, text=TEXT) for _ in range(2)]
        desk.wire.after = lambda _, answer: answer
        desk.clock.forward(minutes=1)
        desk.sandbox.customer_writes(desk.id_of(number), "And now?")
        said.append(
            await agent.call("send_reply", conversation=number, as_of=await agent.as_of(number), text=TEXT),
        )
    assert [each.text.partition(":")[0] for each in said] == ["unknown", "already_done", "already_done", "done"]
    assert written(desk) == 2


# Opposites


OPPOSITES = [
    ("Identity verified: ✅", "Identity verified: ❌"),
    ("1. is the cause", "2. is the cause"),
    ("It is now here.", "It is nowhere."),
    ("Set a_b", "Set ab"),
    ("Use [this](https://x.example/a)", "Use [that](https://x.example/a)"),
]


@pytest.mark.parametrize(("one", "other"), OPPOSITES)
@pytest.mark.parametrize("where", [EMAIL, TRIAGED])
async def test_a_note_that_says_something_else_is_another_note(desk: Desk, one: str, other: str, where: str) -> None:
    number = desk.find(where)
    async with desk.agent() as agent:
        said = [await agent.call("add_private_note", conversation=number, text=text) for text in (one, other, other)]
    assert [each.text.partition(":")[0] for each in said] == ["done", "done", "already_done"]
    assert len(desk.wire.writes) == 2


@pytest.mark.parametrize(("one", "other"), [("Approved 👍", "Approved 👎"), *OPPOSITES])
async def test_a_reply_that_says_something_else_is_not_taken_for_sent(desk: Desk, one: str, other: str) -> None:
    number = desk.find(SLACK)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        first = await agent.call("send_reply", conversation=number, as_of=as_of, text=one)
        second = await agent.call("send_reply", conversation=number, as_of=as_of, text=other)
        third = await agent.call("send_reply", conversation=number, as_of=await agent.as_of(number), text=other)
    assert first.text.startswith("done: ")
    assert second.text.startswith("refused: 1 message came after as_of")
    assert third.text.startswith("done: ")


@pytest.mark.parametrize(("one", "other"), OPPOSITES)
async def test_a_conversation_that_says_something_else_is_another_one(one: str, other: str) -> None:
    desk = Desk({"UNTHREAD_CONFIRM": "never", "UNTHREAD_TOOLSETS": "all"})
    channel = {"type": "triage", "triage_channel_id": "C0DUTY"}
    async with desk.agent() as agent:
        said = [await agent.call("create_conversation", **channel, text=text) for text in (one, other, f" {other}\n")]
    assert [each.text.partition(":")[0] for each in said] == ["done", "done", "already_done"]
    desk.sandbox.close()


@pytest.mark.parametrize("tool", ["send_reply", "add_private_note"])
async def test_while_one_is_in_doubt_another_that_may_show_like_it_is_not_sent(desk: Desk, tool: str) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        desk.wire.before = unanswered
        first = await agent.call(tool, conversation=number, as_of=as_of, text="Approved 👍")
        desk.wire.before = lambda _: None
        second = await agent.call(tool, conversation=number, as_of=as_of, text="Approved :+1:")
        other = await agent.call(tool, conversation=number, as_of=as_of, text="Approved it is.")
    assert [each.text.partition(":")[0] for each in (first, second, other)] == ["unknown", "unknown", "done"]


async def test_while_a_conversation_is_in_doubt_another_that_may_be_it_is_not_created() -> None:
    desk = Desk({"UNTHREAD_CONFIRM": "never", "UNTHREAD_TOOLSETS": "all"})
    channel = {"type": "triage", "triage_channel_id": "C0DUTY"}

    def lost(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "POST" and request.url.path.endswith("/conversations"):
            raise httpx2.ReadTimeout("no answer", request=request)
        return None

    async with desk.agent() as agent:
        desk.wire.before = lost
        first = await agent.call("create_conversation", **channel, text="Look at **this**.")
        desk.wire.before = lambda _: None
        second = await agent.call("create_conversation", **channel, text="Look at this.")
    assert [each.text.partition(":")[0] for each in (first, second)] == ["unknown", "unknown"]
    desk.sandbox.close()


async def test_where_the_thread_names_emoji_the_agent_is_shown_what_can_not_be_told_apart(desk: Desk) -> None:
    number = desk.find(EMAIL)
    shown_with(desk, "✅", ":white_check_mark:")
    async with desk.agent() as agent:
        await agent.call("add_private_note", conversation=number, text="Identity verified: ✅")
    async with desk.agent(server=desk.new_server()) as agent:
        said = await agent.call("add_private_note", conversation=number, text="Identity verified: ❌")
        name = said.text.partition("as_of=")[2].split(".\n")[0].split()[0]
        again = await agent.call("add_private_note", conversation=number, text="Identity verified: ❌", as_of=name)
    assert said.text.startswith("refused: A note that may be this one stands there already")
    assert ":white_check_mark:" in said
    assert again.text.startswith("done: "), again.text


async def test_a_lost_answer_is_settled_though_the_thread_names_emoji(desk: Desk) -> None:
    number = desk.find(SLACK)
    shown_with(desk, "👍", ":+1:")
    shows = desk.wire.after

    def after(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.url.path.endswith("/messages"):
            raise httpx2.ReadError("reset", request=request)
        return shows(request, answer)

    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        desk.wire.after = after
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text="Approved 👍")
    assert said.text.startswith("done: ")


async def test_a_reply_in_doubt_is_settled_by_the_same_call_though_the_thread_names_emoji(desk: Desk) -> None:
    number = desk.find(SLACK)
    shown_with(desk, "👍", ":+1:")
    shows = desk.wire.after

    def after(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.url.path.endswith("/messages"):
            desk.wire.before = lambda _: httpx2.Response(403)
            raise httpx2.ReadError("reset", request=request)
        return shows(request, answer)

    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        desk.wire.after = after
        first = await agent.call("send_reply", conversation=number, as_of=as_of, text="Approved 👍")
        desk.wire.before = lambda _: None
        again = await agent.call("send_reply", conversation=number, as_of=as_of, text="Approved 👍")
    assert [each.text.partition(":")[0] for each in (first, again)] == ["unknown", "already_done"]


# Other shapes of the same words


@pytest.mark.parametrize(
    "shape",
    [
        {"blocks": [section(TEXT)]},
        {"blocks": [section(TEXT, "plaintext")]},
        {"text": TEXT[:20], "blocks": [section(TEXT[20:])]},
        {"text": f"<p>{TEXT}</p>", "format": "html"},
        {"text": TEXT, "survey_id": "survey-7"},
    ],
)
async def test_the_words_of_a_reply_in_doubt_are_not_sent_in_another_shape(desk: Desk, shape: dict[str, Any]) -> None:
    number = desk.find(SLACK)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        desk.wire.before = unanswered
        first = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT)
        desk.wire.before = lambda _: None
        again = await agent.call("send_reply", conversation=number, as_of=as_of, **shape)
    assert [each.text.partition(":")[0] for each in (first, again)] == ["unknown", "unknown"]
    assert desk.wire.writes == []


# Long threads


def filled(desk: Desk, number: str, rows: int, size: int) -> None:
    """It reads as so many messages of about `size` bytes; an emoji makes them take four times as much memory."""
    identity = desk.id_of(number)
    html = "<p>\U0001f600 See below.</p>" * (size // 22)
    messages = [
        {
            "id": f"m{row}",
            "ts": f"{1_795_000_000 - row * 60}.000000",
            "conversationId": identity,
            "text": f"Number {row}.",
            "htmlContent": html,
            "userId": "U1",
            "user": {"id": "U1", "name": "Ada"},
            "isPrivateNote": False,
        }
        for row in range(rows)
    ]

    def before(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "POST" and request.url.path.endswith("/messages/list"):
            page = {"data": messages, "totalCount": rows, "cursors": {"hasNext": False}}
            return httpx2.Response(200, json=page)
        return None

    desk.wire.before = before


async def test_a_reply_to_a_long_thread_has_memory_for_both_looks(desk: Desk) -> None:
    number, human = desk.find(EMAIL), Human()
    filled(desk, number, 100, 75_000)
    async with desk.agent("legacy", human=human) as agent:
        said = await agent.call("send_reply", conversation=number, as_of="1795000000.000000", text=TEXT)
    assert said.text.startswith("done: "), said.text
    assert len(human.asked) == 1


async def test_a_thread_too_long_for_one_look_is_refused_without_a_limit_that_there_is_not(desk: Desk) -> None:
    number, human = desk.find(EMAIL), Human()
    filled(desk, number, 100, 180_000)
    async with desk.agent("legacy", human=human) as agent:
        said = await agent.call("send_reply", conversation=number, as_of="1795000000.000000", text=TEXT)
    assert said.text.startswith("refused: ")
    assert "The conversation is too long to be read here, so nothing was sent." in said
    assert "limit" not in said
    assert desk.wire.writes == []
    assert human.asked == []
