"""What reading saves on the sandbox's mail threads: every e-mail conversation of the seed, whole."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from tests.support import TODAY, Desk
from unthread_mcp.server import SANDBOX_KEY
from unthread_mcp.tokens import estimate_tokens
from unthread_mcp.transcript import line_format, read_thread, render_thread

pytestmark = pytest.mark.anyio

_LONGEST = 25_000  # characters: the one message of the seed that is a log, and all of it the customer's own


async def _threads() -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each e-mail conversation of the seed with its messages, as the API returns them."""
    desk = Desk()
    try:
        async with httpx2.AsyncClient(
            transport=desk.sandbox.transport, base_url="https://api.unthread.io/api", headers={"X-API-KEY": SANDBOX_KEY}
        ) as api:
            mails = [{"field": "sourceType", "operator": "==", "value": "email"}]
            listed = (await api.post("/conversations/list", json={"where": mails, "limit": 100})).json()
            assert not listed["cursors"]["hasNext"]
            threads: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
            for row in listed["data"]:
                found = (await api.get(f"/conversations/{row['id']}")).json()
                page = (await api.post(f"/conversations/{row['id']}/messages/list", json={"limit": 100})).json()
                assert not page["cursors"]["hasNext"]
                threads.append((found, page["data"]))
            return threads
    finally:
        desk.sandbox.close()


def _shown(conversation: dict[str, Any], messages: list[dict[str, Any]]) -> int:
    """Tokens of the thread as an answer shows it: with times, names and roles."""
    write = line_format(zone=UTC, now=datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC))
    return estimate_tokens(render_thread(read_thread(messages, conversation), format_line=write))


async def test_the_seeds_mail_threads_cost_sixty_percent_fewer_tokens_than_the_text_that_the_api_returns() -> None:
    """A mail comes with its `text` and the same as `htmlContent`, and who passes on a message passes on both.

    Times, names and roles count against us, and the longest message, which nothing can be taken from.
    """
    threads = await _threads()
    raw = sum(
        estimate_tokens(message["text"] or "") + estimate_tokens(message["htmlContent"] or "")
        for _, messages in threads
        for message in messages
    )
    assert len(threads) > 40
    assert sum(_shown(*thread) for thread in threads) <= 0.4 * raw


async def test_of_their_plain_text_alone_sixty_percent_go_too() -> None:
    """Text against text, and without the log; the lines' times, names and roles take back a third of it."""
    threads = [
        (conversation, messages)
        for conversation, messages in await _threads()
        if all(len(message["text"] or "") < _LONGEST // 2 for message in messages)
    ]
    raw = sum(estimate_tokens(message["text"] or "") for _, messages in threads for message in messages)
    read = sum(estimate_tokens(entry.text) for thread in threads for entry in read_thread(thread[1], thread[0]))
    assert read <= 0.4 * raw
    assert sum(_shown(*thread) for thread in threads) <= 0.6 * raw
