"""Every phase of a request, byte for byte: cut off there, what is said of it against the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.misbehaving import http
from tests.faults.kinds import KINDS
from tests.faults.upstream import Behaviour, Ending, for_endpoints
from unthread_mcp.api import endpoints

if TYPE_CHECKING:
    from tests.faults.loopback import Loopback

pytestmark = [
    pytest.mark.anyio,
    # Of a connection that arrives while the upstream goes away, asyncio (from 3.12) leaves the socket to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

EACH_KIND = pytest.mark.parametrize("kind", KINDS)
EACH_CUT = pytest.mark.parametrize("ending", ["close", "reset"])
ANSWER = http(200, b'{"id": "0123456789"}', "X-Padding: some more to cut")
HEAD = ANSWER.index(b"\r\n\r\n") + 4


@EACH_KIND
async def test_what_cannot_connect_is_refused_and_left_nothing(loopback: Loopback, kind: str) -> None:
    write, client = KINDS[kind](loopback.sandbox, 1), loopback.client()
    loopback.upstream.leave()
    assert await write.send(client) == "refused"
    await loopback.upstream.come_back()
    assert (loopback.upstream.raw.connections, write.happened()) == (0, 0)
    assert await write.send(client) == "done"
    await client.aclose()


@EACH_CUT
@EACH_KIND
async def test_cut_off_within_the_request_it_is_never_sent_again_once_a_byte_has_left(
    loopback: Loopback, kind: str, ending: Ending
) -> None:
    upstream, client = loopback.upstream, loopback.client()
    whole = loopback.client()
    assert await KINDS[kind](loopback.sandbox, 999).send(whole) == "done"
    await whole.aclose()
    request = upstream.ledger.requests[-1]
    length = len(request.head) + 4 + len(request.body)
    upstream.ledger.clear()
    for taken in range(0, length, 1 if kind == "reply" else 9):
        write = KINDS[kind](loopback.sandbox, 1000 + taken)
        upstream.takes = (taken, ending)
        before = upstream.raw.connections
        outcome = await write.send(client)
        # Nobody can tell a connection that ends unread from one that ends before the first byte left.
        assert (taken, outcome) == (taken, "refused" if taken == 0 and outcome == "refused" else "unknown")
        if outcome == "unknown":
            assert upstream.raw.connections == before + 1
        assert (write.happened(), upstream.ledger.requests) == (0, [])
    await client.aclose()


@pytest.mark.parametrize("ending", ["close", "reset", "hang"])
@EACH_KIND
async def test_without_an_answer_it_is_unknown_whether_it_happened_or_not(
    loopback: Loopback, kind: str, ending: Ending
) -> None:
    upstream, client = loopback.upstream, loopback.client(deadline=0.2, file_deadline=0.2)
    for number, effect in enumerate(("now", "never", "later")):
        write = KINDS[kind](loopback.sandbox, number)
        upstream.plan = for_endpoints(write.endpoint, does=Behaviour(effect=effect, cut=0, then=ending))
        upstream.ledger.clear()
        assert (effect, await write.send(client)) == (effect, "unknown")
        assert len(upstream.ledger.requests) == 1
        assert (effect, write.happened()) == (effect, int(effect == "now"))
        await upstream.settle()
        assert (effect, write.happened()) == (effect, int(effect != "never"))
    await client.aclose()


@EACH_CUT
@EACH_KIND
async def test_cut_at_any_byte_of_its_answer_a_write_is_done_or_unknown_and_sent_once(
    loopback: Loopback, kind: str, ending: Ending
) -> None:
    upstream, client = loopback.upstream, loopback.client()
    for cut in range(len(ANSWER) + 1):
        write = KINDS[kind](loopback.sandbox, cut)
        upstream.plan = for_endpoints(write.endpoint, does=Behaviour(raw=ANSWER, cut=cut, then=ending))
        upstream.ledger.clear()
        outcome = await write.send(client)
        if ending == "close":
            assert (cut, outcome) == (cut, "done" if cut >= HEAD else "unknown")
        else:  # a reset may overtake what was sent before it
            assert outcome == "unknown" or cut >= HEAD
        assert (cut, len(upstream.ledger.requests), write.happened()) == (cut, 1, 1)
    await client.aclose()


@EACH_CUT
async def test_cut_at_any_byte_of_its_answer_a_read_is_asked_for_again(loopback: Loopback, ending: Ending) -> None:
    upstream, client = loopback.upstream, loopback.client()
    for cut in range(len(ANSWER) + 1):
        upstream.well()
        for _ in range(5):
            await client.read(endpoints.LIST_TAGS, body={"limit": 1})  # five calls earn an attempt more
        tag = KINDS["link"](loopback.sandbox, cut).ids["tag_id"]
        upstream.plan = for_endpoints(endpoints.GET_TAG, does=[Behaviour(raw=ANSWER, cut=cut, then=ending)])
        answer = await client.read(endpoints.GET_TAG, {"tag_id": tag})
        assert answer in ({"id": "0123456789"}, {"id": tag, "name": f"Tag {cut}"})
        assert answer == {"id": tag, "name": f"Tag {cut}"} or cut == len(ANSWER), "asked for again"
    await client.aclose()


@EACH_KIND
async def test_what_happens_after_the_answer_changes_nothing(loopback: Loopback, kind: str) -> None:
    upstream, client = loopback.upstream, loopback.client()
    for number, ending in enumerate(("close", "reset", "away", "keep")):
        write = KINDS[kind](loopback.sandbox, number)
        upstream.plan = for_endpoints(write.endpoint, does=Behaviour(then=ending, away_for=0))
        outcome = await write.send(client)
        await upstream.be_there()
        assert outcome == "done" or (ending == "reset" and outcome == "unknown"), "a reset may overtake the answer"
        assert write.happened() == 1
    await client.aclose()


@EACH_KIND
async def test_a_redirect_is_not_followed_by_any_write(loopback: Loopback, kind: str) -> None:
    upstream, client = loopback.upstream, loopback.client()
    for status in (301, 302, 303, 307, 308):
        write = KINDS[kind](loopback.sandbox, status)
        moved = Behaviour(effect="never", status=status, headers=(f"Location: {upstream.url}/elsewhere",))
        upstream.plan = for_endpoints(write.endpoint, does=moved)
        upstream.ledger.clear()
        await write.send(client)
        assert len(upstream.ledger.requests) == 1
    await client.aclose()
