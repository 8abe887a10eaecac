"""How long a server takes to go when it is told to, and what becomes of what it was doing."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from tests.faults.loopback import WRITING, Loopback, outcome_of
from tests.faults.processes import Rejected, ServerProcess
from tests.faults.upstream import Behaviour, Received
from tests.stdio.raw_client import MODERN, PATIENCE, request, served
from unthread_mcp.api.endpoints import CREATE_MESSAGE, LIST_TAGS
from unthread_mcp.stdio.runner import DRAIN_SECONDS

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM"),
]

IN_TIME = DRAIN_SECONDS + 2
"""Seconds from the word to go until the process is gone, whatever it was doing."""
AT_ONCE = 5.0
"""The same for one that has nothing to wait for; it takes 0.2 on a machine that does nothing else."""
ANSWERED_AFTER = 3.0

Ending = Callable[[ServerProcess], Awaitable[int]]

ENDINGS: dict[str, Ending] = {
    "SIGTERM": lambda server: server.end(signal.SIGTERM),
    "SIGINT": lambda server: server.end(signal.SIGINT),
    "the end of input": lambda server: server.close_input(),
}


@dataclass(slots=True)
class Ended:
    """One server that was told to go while it was at work."""

    status: int
    seconds: float
    """From the word to go until it was gone."""
    after_the_answer: float = 0.0
    """From the upstream's answer until it was gone."""
    again: str = ""
    """What the same call says in a new process."""


@dataclass(slots=True)
class Scene:
    """An upstream that answers each message as its text asks, and servers that are told to go meanwhile."""

    loopback: Loopback
    arrived: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    answered: dict[str, float] = field(default_factory=dict[str, float])
    conversations: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.loopback.upstream.plan = self._plan
        rows = self.loopback.sandbox.database.execute(
            "SELECT c.id FROM conversations c WHERE c.sourceType = 'email'"
            " AND (SELECT count(*) FROM messages m WHERE m.conversationId = c.id) BETWEEN 1 AND 10"
        )
        self.conversations = [row[0] for row in rows]

    def _plan(self, received: Received) -> Behaviour:
        if received.endpoint == LIST_TAGS:
            self.event("tags").set()
            return Behaviour(effect="never", cut=0, then="hang")
        if received.endpoint != CREATE_MESSAGE:
            return Behaviour()
        text: str = received.says["body"]["value"]
        self.event(text).set()
        if text.startswith("Never"):
            return Behaviour(effect="never", cut=0, then="hang")
        self.answered[text] = asyncio.get_running_loop().time() + ANSWERED_AFTER
        return Behaviour(wait=ANSWERED_AFTER)

    def event(self, text: str) -> asyncio.Event:
        return self.arrived.setdefault(text, asyncio.Event())

    async def under_way(self, text: str) -> None:
        await asyncio.wait_for(self.event(text).wait(), PATIENCE)

    def reply(self, text: str) -> dict[str, str]:
        """The arguments of a reply to a conversation that no other one of these is to."""
        conversation = self.conversations.pop()
        [as_of] = self.loopback.sandbox.database.execute(
            "SELECT max(ts) FROM messages WHERE conversationId = ?", [conversation]
        ).fetchone()
        return {"conversation": conversation, "as_of": as_of, "text": text}

    async def start(self) -> ServerProcess:
        return await ServerProcess.start(self.loopback, UNTHREAD_TOOLSETS=f"{WRITING},list_tags")

    async def told_to_go(self, how: str, text: str) -> Ended:
        """End a server while it sends; then call the same in a new one."""
        loop = asyncio.get_running_loop()
        server = await self.start()
        call = self.reply(text)
        server.ask("send_reply", **call)
        await self.under_way(text)
        began = loop.time()
        status = await ENDINGS[how](server)
        now = loop.time()
        fresh = await self.start()
        again = await fresh.call("send_reply", **call)
        await fresh.end()
        return Ended(status, now - began, now - self.answered.get(text, now), outcome_of(again))

    def sent(self, text: str) -> int:
        requests = self.loopback.upstream.ledger.sent_to(CREATE_MESSAGE)
        return sum(text.encode() in each.body for each in requests)

    async def cancelled(self, text: str) -> tuple[str, float]:
        """Cancel a send; what the same call says then, and after how many seconds."""
        loop = asyncio.get_running_loop()
        server = await self.start()
        call = self.reply(text)
        number, _ = server.ask("send_reply", **call)
        await self.under_way(text)
        began = loop.time()
        server.cancel(number)
        again = outcome_of(await server.call("send_reply", **call))
        took = loop.time() - began
        await server.end()
        return again, took

    async def told_to_go_within_a_read(self, how: str) -> Ended:
        """End a server while it waits for tags that never come."""
        loop = asyncio.get_running_loop()
        server = await self.start()
        _, answer = server.ask("list_tags")
        await self.under_way("tags")
        began = loop.time()
        status = await ENDINGS[how](server)
        with pytest.raises(Rejected, match="Connection closed"):
            await answer
        return Ended(status, loop.time() - began)

    async def told_to_go_unread(self) -> Ended:
        """End a server whose client has stopped reading."""

        def play() -> Ended:
            environment = {**self.loopback.environment, "UNTHREAD_TOOLSETS": "all"}
            with served("-m", "unthread_mcp", environment=environment, stderr=subprocess.DEVNULL) as client:
                client.send(request("first", "tools/list", MODERN))
                client.frame()
                client.send_until_stuck(request(number, "tools/list", MODERN) for number in range(5000))
                began = time.monotonic()
                client.process.send_signal(signal.SIGTERM)
                return Ended(client.wait(), time.monotonic() - began)

        return await asyncio.to_thread(play)


async def test_told_to_go_while_nobody_answers_it_goes_in_time_and_the_outcome_of_a_send_stays_unknown(
    loopback: Loopback,
) -> None:
    scene = Scene(loopback)
    texts = {how: f"Never answered before {how}." for how in ENDINGS}
    cancelled_text = "Never answered before it is cancelled."
    # Side by side, since each waits for its fifteen seconds.
    came, (again, seconds), reading, unread = await asyncio.gather(
        asyncio.gather(*(scene.told_to_go(how, text) for how, text in texts.items())),
        scene.cancelled(cancelled_text),
        scene.told_to_go_within_a_read("the end of input"),
        scene.told_to_go_unread(),
    )
    ended = dict(zip(texts, came, strict=True))
    assert {how: (each.status, each.again) for how, each in ended.items()} == dict.fromkeys(ENDINGS, (0, "unknown"))
    assert [how for how, each in ended.items() if each.seconds > IN_TIME] == []
    assert (again, seconds < IN_TIME) == ("unknown", True)
    assert (reading.status, reading.seconds < IN_TIME) == (0, True)
    assert (unread.status, unread.seconds < IN_TIME) == (0, True)
    assert [scene.sent(text) for text in (*texts.values(), cancelled_text)] == [1] * 4


async def test_told_to_go_within_a_send_that_is_answered_it_goes_right_after_the_answer_and_the_send_is_done(
    loopback: Loopback,
) -> None:
    scene = Scene(loopback)
    texts = {how: f"Answered late, after {how}." for how in ENDINGS}
    came = await asyncio.gather(*(scene.told_to_go(how, text) for how, text in texts.items()))
    ended = dict(zip(texts, came, strict=True))
    assert {how: (each.status, each.again) for how, each in ended.items()} == dict.fromkeys(
        ENDINGS, (0, "already_done")
    )
    assert [how for how, each in ended.items() if not 0 < each.after_the_answer < AT_ONCE] == []
    assert [scene.sent(text) for text in texts.values()] == [1] * 3


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT"])
async def test_told_to_go_within_a_read_it_goes_at_once(loopback: Loopback, how: str) -> None:
    ended = await Scene(loopback).told_to_go_within_a_read(how)
    assert (ended.status, ended.seconds < AT_ONCE) == (0, True)
