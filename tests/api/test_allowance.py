"""What the answers to one call may take of memory together."""

from __future__ import annotations

import json

import httpx2
import pytest

from tests.api.misbehaving import JSON, Connect, Script, failure_of, ok
from unthread_mcp.api.allowance import MOST, current_allowance, own_allowance, unfolded_size
from unthread_mcp.api.endpoints import CREATE_TAG, LIST_TAGS
from unthread_mcp.api.json_types import JsonValue

pytestmark = pytest.mark.anyio

MEBIBYTE = 2**20
BOMBS = {
    "empty lists": b"[" + b"[]," * MEBIBYTE + b"[]]",
    "lists in lists": b"[" + (b"[" * 90 + b"]" * 90 + b",") * 10_000 + b"[]]",
    "objects": b"[" + b'{"":0},' * MEBIBYTE + b"{}]",
    "short strings": b"[" + b'"aa",' * MEBIBYTE + b'""]',
    "names": b"{" + b",".join(b'"%x":0' % number for number in range(MEBIBYTE * 3 // 4)) + b"}",
}


@pytest.mark.parametrize("name", BOMBS)
async def test_what_would_unfold_to_too_much_is_refused_before_it_is_read(name: str, connect: Connect) -> None:
    assert len(BOMBS[name]) < 8 * MEBIBYTE
    client = connect(transport=Script(httpx2.Response(200, content=BOMBS[name], headers=JSON)))
    error = await failure_of(client.read(LIST_TAGS))
    assert error.what == "Unthread's answer would have taken too much memory."


async def test_a_write_that_is_answered_with_too_much_was_done(connect: Connect) -> None:
    client = connect(transport=Script(httpx2.Response(201, content=BOMBS["objects"], headers=JSON)))
    receipt = await client.write(CREATE_TAG, body={"name": "x"})
    assert (receipt.body, receipt.complete) == (None, False)


async def test_the_answers_to_one_call_share_an_allowance(connect: Connect) -> None:
    text: JsonValue = {"text": "a" * (6 * MEBIBYTE)}
    client = connect(transport=Script(ok(text)))
    with own_allowance():
        for _ in range(MOST // (6 * MEBIBYTE)):
            assert await client.read(LIST_TAGS) == text
        error = await failure_of(client.read(LIST_TAGS))
    assert error.what == "Unthread's answer would have taken too much memory."
    assert await client.read(LIST_TAGS) == text, "outside of it, each answer has its own"


async def test_what_was_refused_takes_nothing(connect: Connect) -> None:
    client = connect(transport=Script(httpx2.Response(200, content=BOMBS["objects"], headers=JSON)))
    with own_allowance():
        for _ in range(20):
            await failure_of(client.read(LIST_TAGS))
        assert current_allowance().take(MOST)


async def test_small_answers_take_nothing_however_many(connect: Connect) -> None:
    client = connect(transport=Script(ok({"text": "a" * 60_000})))
    with own_allowance():
        for _ in range(10):
            await client.read(LIST_TAGS)
        assert current_allowance().take(MOST)


@pytest.mark.parametrize(("character", "width"), [("a", 1), ("é", 2), ("€", 2), ("😀", 4)])
@pytest.mark.parametrize("escaped", [False, True])
def test_one_wide_character_makes_all_of_its_string_wide(character: str, width: int, escaped: bool) -> None:
    content = json.dumps("a" * MEBIBYTE + character, ensure_ascii=escaped).encode()
    assert unfolded_size(content) // len(content) == width
