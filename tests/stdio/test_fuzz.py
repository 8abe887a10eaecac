"""Broken frames by the thousand. Set UNTHREAD_FUZZ_SECONDS to go on for longer, UNTHREAD_FUZZ_SEED to repeat a run."""

from __future__ import annotations

import json
import os
import random
import time
from typing import TYPE_CHECKING, Final

import pytest
from mcp.types import JSONRPCMessage, jsonrpc_message_adapter
from raw_client import MODERN, RawClient, call, handshake, legacy_call, notification, request, text_of, workbench

from unthread_mcp.stdio.framing import FrameError, Line, OverlongLine, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS: Final = float(os.environ.get("UNTHREAD_FUZZ_SECONDS", "0.8"))
SEED: Final = int(os.environ.get("UNTHREAD_FUZZ_SEED", time.time_ns()))

CORPUS: Final = (
    call(1, "echo", {"text": "some text \U0001f642"}),
    call("two", "print_nothing", {"deep": [{"a": [1, 2.5, None, True]}]}),
    legacy_call(3, "echo", {"text": "x"}),
    handshake(4),
    request(5, "server/discover", MODERN),
    request(6, "tools/list", MODERN),
    notification("notifications/cancelled", {"requestId": 1}),
    b'{"jsonrpc":"2.0","id":7,"result":{"action":"accept"}}\n',
    b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}\n',
)
SCRAPS: Final = (
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\\ud800",
    b'"id":1,',
    b'"id":null,',
    b'"method":"server/discover",',
    b"{",
    b"}" * 3,
    b"[" * 300,
    b'"',
    b"\\",
    b"-1e999",
    b"NaN",
    b"9" * 5000,
    b" " * 70_000,
    b'"io.modelcontextprotocol/protocolVersion":"1999-01-01",',
)


def flip(frame: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(frame))
    return frame[:at] + bytes([frame[at] ^ 1 << chance.randrange(8)]) + frame[at + 1 :]


def cut_out(frame: bytes, chance: random.Random) -> bytes:
    begin, end = sorted(chance.choices(range(len(frame)), k=2))
    return frame[:begin] + frame[end:]


def cut_off(frame: bytes, chance: random.Random) -> bytes:
    return frame[: chance.randrange(len(frame))]


def insert(frame: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(frame))
    return frame[:at] + chance.choice(SCRAPS) + frame[at:]


def splice(frame: bytes, chance: random.Random) -> bytes:
    other = chance.choice(CORPUS)
    return frame[: chance.randrange(len(frame))] + other[chance.randrange(len(other)) :]


MUTATIONS: Final[tuple[Callable[[bytes, random.Random], bytes], ...]] = (flip, cut_out, cut_off, insert, splice)


def mutant(chance: random.Random) -> bytes:
    frame = chance.choice(CORPUS)
    for _ in range(chance.randint(1, 3)):
        frame = chance.choice(MUTATIONS)(frame, chance) or b"\n"
    return frame


def message_or_answer(line: Line) -> JSONRPCMessage:
    try:
        return decode(line)
    except FrameError as error:
        return error.answer


def test_any_line_is_a_message_or_an_error_that_can_be_answered() -> None:
    chance = random.Random(SEED)
    deadline = time.monotonic() + SECONDS / 2
    while time.monotonic() < deadline:
        line = mutant(chance).rstrip(b"\n")
        try:
            for shape in (line, OverlongLine(line[:1024], line[-1024:])):
                assert json.loads(encode(message_or_answer(shape)))["jsonrpc"] == "2.0"
        except Exception as error:
            error.add_note(f"UNTHREAD_FUZZ_SEED={SEED}, {line!r}")
            raise


def answers_before(client: RawClient, canary: str) -> None:
    """Read up to the canary's answer; all that comes before must be JSON-RPC."""
    while True:
        line = client.lines.next()
        assert line, "the server has ended"
        jsonrpc_message_adapter.validate_json(line, by_name=False)
        frame = json.loads(line)
        if frame.get("id") == canary:
            assert text_of(frame) == canary
            return


@pytest.mark.parametrize("way", [(), ("threads",)], ids=["pipes", "threads"])
def test_no_broken_frame_keeps_the_next_good_one_from_its_answer(way: tuple[str, ...]) -> None:
    chance = random.Random(SEED)
    with workbench(*way) as client:
        client.send(call("first", "echo", {"text": "first"}))
        answers_before(client, "first")
        deadline = time.monotonic() + SECONDS
        number = 0
        while time.monotonic() < deadline:
            number += 1
            mutants = [mutant(chance) for _ in range(chance.randint(1, 4))]
            canary = f"canary {number}"
            try:
                client.send(*mutants, b"\n", call(canary, "echo", {"text": canary}))
                answers_before(client, canary)
            except BaseException as error:
                error.add_note(f"UNTHREAD_FUZZ_SEED={SEED}, after {number} rounds, with {mutants!r}")
                raise
        client.close_input()
        client.remaining_frames()
        assert client.wait() == 0
