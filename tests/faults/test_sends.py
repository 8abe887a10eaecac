"""Sends under faults, a few hundred of them; `python -m tests.faults.sends` makes ten thousand."""

from __future__ import annotations

import pytest

from tests.faults.mix import MIX
from tests.faults.sends import MOST_UNKNOWN, make, report

pytestmark = [
    pytest.mark.anyio,
    # Of a connection that arrives while the upstream goes away, asyncio (from 3.12) leaves the socket to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.mark.parametrize(("sends", "rate"), [(200, 0.1), (50, 0.6)])
async def test_under_faults_nothing_is_sent_twice_and_nothing_is_said_to_be_done_that_was_not(
    sends: int, rate: float
) -> None:
    tally = await make(sends, rate=rate, seed=3, each=10, at_once=10)
    assert (tally.sends, sum(tally.outcomes.values())) == (sends, sends)
    assert [*tally.doubled, *tally.not_there, *tally.there_all_the_same] == []
    assert sum(tally.dealt.values()) > tally.requests * rate / 2, "faults were dealt out"
    assert set(tally.outcomes) <= {"done", "refused", "unknown"}
    if rate == 0.1:
        # Twice the bound: of so few, chance alone makes more than that of ten thousand.
        assert tally.share_unknown <= 2 * MOST_UNKNOWN, report(tally, rate, 3)


def test_the_mix_is_of_a_hundred_faults() -> None:
    assert sum(fault.share for fault in MIX) == 100
    assert len({fault.name for fault in MIX}) == len(MIX)
