"""Broken frames for a minute. Set UNTHREAD_TEST_FUZZ_SECONDS for another time, UNTHREAD_TEST_FUZZ_SEED to repeat a run.

`python -m tests.stdio.fuzzing` does the same for ten minutes and prints what came of it.
"""

from __future__ import annotations

import json
import os
import random
import time
from typing import TYPE_CHECKING, Final

import pytest

from tests.stdio.expected_answers import Account, read
from tests.stdio.fuzzing import SERVERS, fuzz
from tests.stdio.mutations import Frames
from unthread_mcp.stdio.framing import FrameError, Line, OverlongLine, decode, encode

if TYPE_CHECKING:
    from mcp.types import JSONRPCMessage

SECONDS: Final = float(os.environ.get("UNTHREAD_TEST_FUZZ_SECONDS", "60"))
SEED: Final = int(os.environ.get("UNTHREAD_TEST_FUZZ_SEED", time.time_ns() % 10**6))


def message_or_answer(line: Line) -> JSONRPCMessage:
    try:
        return decode(line)
    except FrameError as error:
        return error.answer


def test_any_line_is_a_message_or_an_error_that_can_be_answered() -> None:
    frames = Frames(random.Random(SEED), modern=True)
    deadline = time.monotonic() + SECONDS / 20
    while time.monotonic() < deadline:
        for line in frames.some().splitlines():
            try:
                for shape in (line, OverlongLine(line[:1024], line[-1024:])):
                    assert json.loads(encode(message_or_answer(shape)))["jsonrpc"] == "2.0"
            except Exception as error:
                error.add_note(f"UNTHREAD_TEST_FUZZ_SEED={SEED}, {line!r}")
                raise


@pytest.mark.parametrize("server", SERVERS)
def test_of_broken_frames_each_request_is_answered_once_and_the_next_good_one_well(server: str) -> None:
    tally = fuzz(server, seed=SEED, seconds=SECONDS / len(SERVERS))
    assert (tally.status, tally.crashes) == (0, 0), f"UNTHREAD_TEST_FUZZ_SEED={SEED}"
    assert tally.rounds > SECONDS
    assert tally.at_most - tally.at_first < 64


# What the answers are held against


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (b'{"jsonrpc":"2.0","id":1,"method":"a"}', "answered"),
        (b'{"jsonrpc":"2.0","id":1,"method":7}', "answered"),
        (b'{"jsonrpc":"2.0","id":null,"method":"a"}', "refused"),
        (b'{"jsonrpc":"2.0","method":"a"}', "silent"),
        (b'{"jsonrpc":"2.0","method":"a","params":[]}', "refused"),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', "either"),
        (b'[{"jsonrpc":"2.0","id":1,"method":"a"}]', "refused"),
        (b'{"jsonrpc":"2.0","id":1,"method":"a"', "refused"),
        (b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"a":"\xff"}}', "refused"),
        (b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"a":' + b"[" * 300 + b"]" * 300 + b"}}", "either"),
        (b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"a":1e999}}', "either"),
    ],
)
def test_what_has_to_become_of_a_line(line: bytes, verdict: str) -> None:
    assert read(line).verdict == verdict


def test_an_answer_too_few_or_too_many_is_found() -> None:
    account = Account()
    account.sent(b'{"jsonrpc":"2.0","id":1,"method":"a"}\n\n{"jsonrpc":"2.0","id":"x","method":"a"}\n')
    account.answered(1)
    with pytest.raises(AssertionError, match="not answered"):
        account.settle()
    account.answered("x")
    account.settle()
    account.answered("x")
    with pytest.raises(AssertionError, match="1 answers"):
        account.settle()


def test_what_is_cancelled_may_stay_unanswered() -> None:
    account = Account()
    account.sent(b'{"jsonrpc":"2.0","id":"7","method":"a"}\n')
    account.sent(b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}\n')
    account.settle()
    account.answered("7")
    account.settle()
