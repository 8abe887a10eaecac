"""Two servers, the same words, and a thread that one of them read before the other wrote."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults.loopback import PATIENCE, Loopback, outcome_of
from tests.faults.upstream import Behaviour, for_endpoints
from unthread_mcp.api.endpoints import CREATE_MESSAGE, LIST_MESSAGES
from unthread_mcp.server import UnthreadServer

pytestmark = pytest.mark.anyio

TEXT = "Your refund is on its way."


async def as_of(loopback: Loopback, server: UnthreadServer, conversation: str) -> str:
    said = await loopback.call(server, "get_conversation", conversation=conversation)
    return said.text.partition("as_of=")[2].split()[0]


@pytest.mark.parametrize(
    ("tool", "first", "second"),
    [
        ("add_private_note", "none", "newest"),
        ("add_private_note", "newest", "none"),
        ("send_reply", "newest", "older"),
        ("send_reply", "older", "newest"),
    ],
)
async def test_what_one_wrote_after_the_other_read_is_written_once_whatever_as_of_they_pass(
    loopback: Loopback, tool: str, first: str, second: str
) -> None:
    one, other = loopback.new_server(), loopback.new_server()
    [conversation] = loopback.sandbox.database.execute(
        "SELECT id FROM conversations WHERE sourceType = 'email' AND status = 'open' ORDER BY friendlyId"
    ).fetchone()
    older = await as_of(loopback, one, conversation)
    loopback.clock.forward(seconds=1)
    await loopback.call(one, "add_private_note", conversation=conversation, text="Looking at it.")
    given = {"none": {}, "older": {"as_of": older}, "newest": {"as_of": await as_of(loopback, one, conversation)}}
    for server in (one, other):  # what a first call looks up is known
        await loopback.call(server, "get_conversation", conversation=conversation)
    loopback.upstream.ledger.clear()
    go = asyncio.Event()
    loopback.upstream.plan = for_endpoints(LIST_MESSAGES, does=[Behaviour(until=go)])
    slow = asyncio.create_task(loopback.call(other, tool, conversation=conversation, text=TEXT, **given[second]))
    async with asyncio.timeout(PATIENCE):
        while not loopback.upstream.ledger.sent_to(LIST_MESSAGES):  # noqa: ASYNC110 - the upstream has no event for it
            await asyncio.sleep(0.01)
    quick = await loopback.call(one, tool, conversation=conversation, text=TEXT, **given[first])
    go.set()
    assert [outcome_of(quick), outcome_of(await slow)] == ["done", "already_done"]
    assert len(loopback.upstream.ledger.sent_to(CREATE_MESSAGE)) == 1
