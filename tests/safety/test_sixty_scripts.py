"""What people write, in whatever script and with whatever emoji, goes through the whole server byte for byte."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import NamedTuple

import anyio
import pytest

from tests.safety.sentences import SENTENCES
from tests.support import Desk
from tests.test_cleaning import EMOJI, SCRIPTS
from unthread_mcp.api.cleaning import clean_text, find_hidden
from unthread_mcp.outgoing import canonical, prepare

TEXTS = {**SENTENCES, **SCRIPTS, **EMOJI}
# What is no line of a message: several lines, and blanks that a thread doesn't keep.
WRITTEN = {name: text for name, text in TEXTS.items() if name != "spaces"}
EVERY_TEXT = pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in WRITTEN.items()])


def test_there_are_sentences_in_more_than_fifty_scripts() -> None:
    assert len(SENTENCES) > 50
    for script, sentence in SENTENCES.items():
        letters = [unicodedata.name(each) for each in sentence if unicodedata.category(each) in {"Lu", "Ll", "Lo"}]
        letters = letters or [unicodedata.name(each) for each in sentence]
        assert sum(name.startswith(script) for name in letters) > 0.7 * len(letters), script


class Seen(NamedTuple):
    """What became of all the texts at once."""

    listed: str
    """As the thread shows them."""
    delivered: str
    """As the customer received them."""
    noted: str
    article: str


@cache
def _seen() -> Seen:
    return anyio.run(_written_and_read)


async def _written_and_read() -> Seen:
    desk = Desk({"UNTHREAD_TOOLSETS": "all"})
    number = desk.find("c.sourceType = 'email' AND c.status = 'open'")
    identity, everything = desk.id_of(number), "\n".join(WRITTEN.values())
    half = [*WRITTEN.values()]
    async with desk.agent() as agent:
        listed = ""
        for place in range(0, len(half), 40):
            desk.sandbox.customer_writes(identity, "\n".join(half[place : place + 40]))
            listed += (await agent.call("list_messages", conversation=number, limit=1)).text
        wrote = [
            await agent.call("send_reply", conversation=number, text=everything, as_of=await agent.as_of(number)),
            await agent.call("add_private_note", conversation=number, text=everything),
            await agent.call("create_kb_article", title="Every script", content=everything),
        ]
    assert [said.text[:5] for said in wrote] == ["done:"] * 3
    database = desk.sandbox.database
    (note,) = database.execute("SELECT text FROM messages WHERE isPrivateNote ORDER BY ts DESC").fetchone()
    (article,) = database.execute("SELECT content FROM articles WHERE title = 'Every script'").fetchone()
    seen = Seen(listed, desk.sandbox.delivered(identity)[-1].text, note, article)
    desk.sandbox.close()
    return seen


@EVERY_TEXT
def test_it_is_clean_and_stays_as_it_is(text: str) -> None:
    assert clean_text(text) == (text, 0)
    assert find_hidden(text) is None
    assert prepare(text) == text
    assert canonical(text)


@EVERY_TEXT
def test_what_a_customer_wrote_is_read_byte_for_byte(text: str) -> None:
    lines = [line.lstrip(" ") for line in _seen().listed.split("\n")]  # which are indented but for the first
    assert text in lines or any(line.endswith(f"(customer): {text}") for line in lines)


@EVERY_TEXT
def test_what_is_sent_noted_or_published_is_there_byte_for_byte(text: str) -> None:
    seen = _seen()
    for whole in (seen.delivered, seen.noted, seen.article):
        assert text in whole.split("\n")
