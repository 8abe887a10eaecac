"""What an answer may cost, held on the seeded workspace and on the worst conversations in it."""

from __future__ import annotations

import re

import pytest

from tests.support import Desk, Said
from unthread_mcp.tokens import estimate_tokens

pytestmark = pytest.mark.anyio

USUAL = 10_000
"""Tokens of an answer unless more was asked for."""
MOST = 25_000
MOST_BYTES = 48_000
_THREAD = 4_000
_WORST = {
    "250 messages": "longest-thread",
    "25,000 characters": "longest-message",
    "right to left": "arabic",
    "many files": "many-files",
    "emoji": "emoji",
    "no text": "empty-text",
    "quoted mail": "quoted-mail",
    "wide letters": "japanese",
    "a long chat": "long-chat",
}
_THIS_YEARS_DATE = re.compile(r"\b2026-\d\d-\d\d")


def _number(desk: Desk, landmark: str) -> str:
    return desk.find("c.title IS NULL AND c.status = 'open'") if landmark == "no title" else desk.number(landmark)


def _fits(said: Said, tokens: int) -> bool:
    return not said.failed and estimate_tokens(said.text) < tokens and len(said.text.encode()) <= MOST_BYTES


@pytest.mark.parametrize("landmark", [*_WORST.values(), "no title"], ids=[*_WORST, "no title"])
async def test_the_worst_conversations_stay_within_what_an_answer_may_cost(desk: Desk, landmark: str) -> None:
    number = _number(desk, landmark)
    async with desk.agent() as agent:
        said = await agent.call("get_conversation", conversation=number)
        listed = await agent.call("list_messages", conversation=number)
        brief = await agent.call("get_triage_brief", conversation=number)
        whole = await agent.call("get_conversation", conversation=number, max_tokens=20_000)
        page = await agent.call("list_messages", conversation=number, limit=100)
        every = await agent.call("get_conversation", conversation=number, select=["*"])
        raw = await agent.call("list_messages", conversation=number, limit=100, select=["*"])
    assert _fits(said, USUAL if landmark == "longest-message" else _THREAD)
    assert _fits(listed, USUAL)
    assert _fits(brief, 3_000)
    assert all(_fits(each, MOST) for each in (whole, page, every, raw))


@pytest.mark.parametrize("landmark", [*_WORST.values(), "no title"], ids=[*_WORST, "no title"])
async def test_no_answer_about_them_holds_indented_json_or_this_years_dates_in_full(desk: Desk, landmark: str) -> None:
    number = _number(desk, landmark)
    async with desk.agent() as agent:
        said = await agent.call("get_conversation", conversation=number)
        every = await agent.call("get_conversation", conversation=number, select=["*"])
    assert not [line for line in every.text.splitlines() if re.match(r'\s+["{}\[\]]', line)]
    facts = said.text.partition("<<quoted text")[0]
    assert not _THIS_YEARS_DATE.search(facts)
    assert len(facts.splitlines()) <= 6


async def test_a_conversation_of_up_to_24_messages_costs_at_most_2000_tokens(desk: Desk) -> None:
    count = "(SELECT count(*) FROM messages m WHERE m.conversationId = c.id AND length(m.text) < 12000)"
    sql = f"SELECT friendlyId FROM conversations c WHERE {count} BETWEEN 1 AND 24"
    handles = [f"#{row[0]}" for row in desk.sandbox.database.execute(sql)]
    assert len(handles) > 140
    async with desk.agent() as agent:
        costs = {
            handle: estimate_tokens((await agent.call("get_conversation", conversation=handle)).text)
            for handle in handles
            if handle != desk.number("longest-message")
        }
        for landmark in ("longest-thread", "long-chat"):
            said = await agent.call("list_messages", conversation=desk.number(landmark), limit=24)
            costs[landmark] = estimate_tokens(said.text)
    assert {handle: cost for handle, cost in costs.items() if cost > 2_000} == {}


@pytest.mark.parametrize("descending", [True, False])
async def test_any_100_conversations_cost_at_most_4000_tokens(desk: Desk, *, descending: bool) -> None:
    async with desk.agent() as agent:
        said = await agent.call("search_conversations", limit=100, order_by="createdAt", descending=descending)
    assert said.text.count("\n#") >= 99
    assert _fits(said, _THREAD)
