"""A server at work for some seconds; `python -m tests.faults.soak` has it work for an hour."""

from __future__ import annotations

import sys

import pytest

from tests.faults.soak import RATE, report, soak
from tests.faults.work import SHARES

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="the process is looked at in /proc"),
    # Of a connection that arrives while the upstream goes away, asyncio (from 3.12) leaves the socket to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


async def test_at_rest_after_work_under_faults_a_server_holds_no_more_than_it_did_before() -> None:
    tally = await soak(2, seconds=30.0, calls=50, seed=7)
    assert tally.broken == []
    assert tally.calls >= 2 * 50 + len(SHARES)
    assert len({(each.tasks, each.descriptors) for each in tally.quiet}) == 1
    assert tally.dealt.total() >= tally.requests * RATE / 3, "faults were dealt out"
    assert "promises broken: 0" in report(tally, 1, 7)
