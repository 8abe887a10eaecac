"""What reading saves on the sandbox's mail threads; tools/test_mail_answers.py is about answers as a whole."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.mail_threads import mail_threads
from tests.support import TODAY
from unthread_mcp.tokens import estimate_tokens
from unthread_mcp.transcript import line_format, read_thread, render_thread

pytestmark = pytest.mark.anyio

_LONGEST = 25_000  # characters: the one message of the seed that is a log, and all of it the customer's own


def _shown(conversation: dict[str, Any], messages: list[dict[str, Any]]) -> int:
    """Tokens of the thread as an answer shows it: with times, names and roles."""
    write = line_format(zone=UTC, now=datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC))
    return estimate_tokens(render_thread(read_thread(messages, conversation), format_line=write))


async def test_the_seeds_mail_threads_cost_sixty_percent_fewer_tokens_than_the_text_that_the_api_returns() -> None:
    """A mail comes with its `text` and the same as `htmlContent`, and who passes on a message passes on both.

    Times, names and roles count against us, and the longest message, which nothing can be taken from.
    """
    threads = await mail_threads()
    raw = sum(
        estimate_tokens(message["text"] or "") + estimate_tokens(message["htmlContent"] or "")
        for _, messages in threads
        for message in messages
    )
    assert len(threads) > 40
    assert sum(_shown(*thread) for thread in threads) <= 0.4 * raw


async def test_of_their_plain_text_alone_sixty_percent_go_too() -> None:
    """Text against text, and without the log. Who wrote each message and when, which the text lacks, takes back a third
    of it: what is the authors' own and must stay is 37 % of the text, in messages of 27 tokens on average."""
    threads = [
        (conversation, messages)
        for conversation, messages in await mail_threads()
        if all(len(message["text"] or "") < _LONGEST // 2 for message in messages)
    ]
    raw = sum(estimate_tokens(message["text"] or "") for _, messages in threads for message in messages)
    read = sum(estimate_tokens(entry.text) for thread in threads for entry in read_thread(thread[1], thread[0]))
    assert read <= 0.4 * raw
    assert sum(_shown(*thread) for thread in threads) <= 0.57 * raw
