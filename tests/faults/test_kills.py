"""A few servers killed within a send; `python -m tests.faults.kills` kills five hundred."""

from __future__ import annotations

import sys

import pytest

from tests.faults.kills import kill

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL"),
]


async def test_a_server_killed_within_a_send_and_started_again_sends_nothing_twice() -> None:
    tally = await kill(8, seed=5)
    assert (tally.kills, tally.doubled, tally.not_there, tally.leaked) == (8, [], [], False)
