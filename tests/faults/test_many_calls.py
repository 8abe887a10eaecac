"""Two thousand calls at once over one pipe, and reads that are cancelled: every place at the upstream is given back."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections import Counter
from dataclasses import replace

import pytest

from tests.faults.loopback import Loopback
from tests.faults.processes import ServerProcess
from tests.faults.upstream import Behaviour, Received, for_endpoints
from tests.stdio.raw_client import MODERN, PATIENCE, call, handshake, legacy_call, notification, request
from tests.support import Said
from unthread_mcp.api.endpoints import LIST_TAGS

pytestmark = pytest.mark.anyio

CALLS = 2000
PLACES = 16
BUG = b'{"data": [{"id": "t1", "name": "Bug"}], "totalCount": 1}'


def after(seconds: float) -> Behaviour:
    """Tags, without the sandbox, which would take longer to find them."""
    return Behaviour(effect="never", status=200, body=BUG, wait=seconds)


async def start(loopback: Loopback) -> ServerProcess:
    """A server that has answered a call, so that it has imported all that it needs for one."""
    server = await ServerProcess.start(loopback, UNTHREAD_TOOLSETS="list_tags")
    assert "Bug" in await server.call("list_tags")
    loopback.heard.clear()
    loopback.upstream.ledger.clear()
    loopback.upstream.most_under_way = 0
    return server


def answered(loopback: Loopback) -> Counter[int]:
    """How often each id was answered."""
    frames = [json.loads(line) for line in loopback.heard if line.startswith("{")]
    return Counter(frame["id"] for frame in frames)


def resident_megabytes(server: ServerProcess) -> float:
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(server.pid)], capture_output=True, check=True)
    return int(shown.stdout) / 1024


@pytest.mark.parametrize("latency", [0.0, 0.05], ids=["at once", "after 50 ms"])
async def test_of_two_thousand_calls_at_once_each_is_answered_once(loopback: Loopback, latency: float) -> None:
    loopback.upstream.plan = for_endpoints(LIST_TAGS, does=after(0))
    server = await start(loopback)
    loopback.upstream.plan = for_endpoints(LIST_TAGS, does=after(latency))
    before = resident_megabytes(server)
    asked = dict(server.ask("list_tags") for _ in range(CALLS))
    async with asyncio.timeout(PATIENCE * 3):
        said = await asyncio.gather(*asked.values())
    grown = resident_megabytes(server) - before
    assert {each.text for each in said} == {said[0].text}
    assert answered(loopback) == dict.fromkeys(asked, 1)
    assert len(loopback.upstream.ledger.requests) == CALLS
    assert loopback.upstream.most_under_way <= PLACES
    assert grown < 96
    assert await server.end() == 0


async def test_of_two_thousand_calls_of_which_half_are_cancelled_each_other_one_is_answered_once(
    loopback: Loopback,
) -> None:
    loopback.upstream.plan = for_endpoints(LIST_TAGS, does=after(0))
    server = await start(loopback)
    may_answer = asyncio.Event()
    loopback.upstream.plan = for_endpoints(LIST_TAGS, does=replace(after(0), until=may_answer))
    kept: dict[int, asyncio.Future[Said]] = {}
    cancelled: list[int] = []
    # In small blocks: what is at work at once stays below what the server takes before it lets the rest wait.
    for _ in range(CALLS // 20):
        block = [server.ask("list_tags") for _ in range(20)]
        for number, _ in block[::2]:
            server.cancel(number)
            cancelled.append(number)
        kept.update(block[1::2])
    number, listed = server.expect()
    server.send(request(number, "tools/list", MODERN))
    await asyncio.wait_for(listed, PATIENCE)  # so the server has read all that came before
    may_answer.set()
    async with asyncio.timeout(PATIENCE * 3):
        await asyncio.gather(*kept.values())
    loopback.upstream.well()
    assert "Bug" in await server.call("list_tags")
    times = answered(loopback)
    assert {number: times[number] for number in kept} == dict.fromkeys(kept, 1)
    assert not [number for number in cancelled if times[number]], "nobody waits for these"
    assert await server.end() == 0


@pytest.mark.parametrize("era", ["2026-07-28", "with a handshake"])
@pytest.mark.parametrize("cut", [0, -5], ids=["before its answer", "within its answer"])
async def test_a_cancelled_read_gives_its_connection_back_within_a_second(
    loopback: Loopback, era: str, cut: int
) -> None:
    under_way = asyncio.Event()

    def plan(received: Received) -> Behaviour:
        if len(loopback.upstream.ledger.sent_to(LIST_TAGS)) == PLACES:
            under_way.set()
        return Behaviour(effect="never", status=200, body=BUG, cut=cut, then="hang")

    server = await ServerProcess.start(loopback, UNTHREAD_TOOLSETS="list_tags")
    make = call
    if era != "2026-07-28":
        server.send(handshake())
        make = legacy_call
    loopback.upstream.plan = plan
    waiting = [server.expect() for _ in range(PLACES + 1)]
    server.send(b"".join(make(number, "list_tags") for number, _ in waiting))
    await asyncio.wait_for(under_way.wait(), PATIENCE)

    loop = asyncio.get_running_loop()
    began = loop.time()
    # The last one waits for a place.
    server.send(b"".join(notification("notifications/cancelled", {"requestId": number}) for number, _ in waiting))
    assert await loopback.upstream.raw.all_closed()
    closed = loop.time() - began
    loopback.upstream.well()
    number, answer = server.expect()
    server.send(make(number, "list_tags"))
    said = await asyncio.wait_for(answer, PATIENCE)
    took = loop.time() - began
    assert "Bug" in said
    assert (closed < 1, took < 1) == (True, True)
    assert not [number for number, _ in waiting if number in answered(loopback)]
    assert await server.end() == 0
