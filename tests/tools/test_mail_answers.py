"""What answers about mail threads cost as a whole: the seed's, and the longer ones that real mail makes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.mail_threads import mail_threads
from tests.support import Desk
from unthread_mcp.tokens import estimate_tokens

pytestmark = pytest.mark.anyio


async def test_an_answer_costs_seventy_percent_less_than_the_messages_as_the_api_returns_them(desk: Desk) -> None:
    """The whole answer, with the facts of the conversation, against the JSON of its messages alone; the log counts."""
    threads = await mail_threads()
    raw = sum(estimate_tokens(json.dumps({"data": messages}, ensure_ascii=False)) for _, messages in threads)
    async with desk.agent() as agent:
        said = [await agent.call("get_conversation", conversation=f"#{each['friendlyId']}") for each, _ in threads]
    assert not any(each.failed for each in said)
    assert sum(estimate_tokens(each.text) for each in said) <= 0.3 * raw


def _mail_thread(desk: Desk, mails: int) -> tuple[str, int]:
    """A seeded mail conversation that goes on to `mails` mails of its customer, each above all mails before it, as mail
    programs send them; and the tokens of their texts."""
    number, identity = "#1131", desk.id_of("#1131")
    sql = "SELECT text FROM messages WHERE conversationId = ?"
    below: str = desk.sandbox.database.execute(sql, [identity]).fetchone()[0]
    for n in range(1, mails):
        own = f"Deal {700 + n} is still open in Quayside, and it was closed on Thursday like the other {n}. Any news?"
        at = datetime(2026, 11, 16, 17, tzinfo=UTC) + timedelta(hours=n)
        quoted = "\n".join(f"> {line}".rstrip() for line in below.splitlines())
        header = (
            f"On {at:%d}.{at:%m}.{at:%Y} at {at:%H:%M}, Robert Achebe <robert.achebe@meridiandental.example> wrote:"
        )
        below = f"{own}\n\nBest regards,\nRobert Achebe\nOperations Lead\nMeridian Dental Group\n\n{header}\n{quoted}"
        desk.sandbox.customer_writes(identity, below)
    return number, sum(estimate_tokens(row[0]) for row in desk.sandbox.database.execute(sql, [identity]))


@pytest.mark.parametrize("mails", [4, 12, 60])
async def test_of_four_mails_above_one_another_or_more_sixty_percent_go_the_facts_of_the_answer_counted_in(
    desk: Desk, mails: int
) -> None:
    number, raw = _mail_thread(desk, mails)
    async with desk.agent() as agent:
        said = await agent.call("get_conversation", conversation=number)
    assert "Deal 701 is still open" in said
    assert f"Deal {699 + mails} is still open" in said
    assert estimate_tokens(said.text) <= 0.4 * raw


async def test_of_a_thread_beyond_the_budget_the_middle_is_collapsed(desk: Desk) -> None:
    number, raw = _mail_thread(desk, 60)
    colleague = desk.sandbox.database.execute("SELECT id FROM users WHERE name = 'Aisha Rahman'").fetchone()[0]
    desk.sandbox.agent_writes(desk.id_of(number), "Known: the Salesforce session ended.", colleague, note=True)
    async with desk.agent() as agent:
        said = await agent.call("get_conversation", conversation=number, max_tokens=1_500)
    assert estimate_tokens(said.text) <= min(1_500, 0.05 * raw)
    assert " messages left out: " in said
    assert "; list_messages with before=2026-" in said
    assert "Deal 759 is still open in Quayside, and it was closed on Thursday like the other 59. Any news?" in said
    assert "(note): Known: the Salesforce session ended." in said
