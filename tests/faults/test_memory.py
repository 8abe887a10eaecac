"""The inputs that take the most memory; `python -m tests.faults.memory` feeds them all."""

from __future__ import annotations

import sys

import pytest

from tests.faults.many_rows import BOUND, grown_by
from tests.faults.memory import inputs, measure

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's peak"),
]

INPUTS = {f"{each.group}: {each.name}": each for each in inputs()}
WORST = (
    "A value in a row: lists 90 deep, one after the other",
    "A value in a row: one string of letters with one emoji",
    "The text of one message: `<b>x`, never closed",
    "The text of one message: `>`",
    "The text of one message: right-to-left marks",
    "An answer to one tool: `search_conversations select=*`, answers, `metadata`: lists 90 deep",
    "Every answer to it but the thread: one string of letters with one emoji",
    "A line of 4 MiB from the client: lists 90 deep, one after the other",
    "Bodies and heads: gzip that unpacks to 1 GiB",
    "Bodies and heads: headers without an end",
    "Attachments: 25 MiB of text with one emoji",
    "Other lines from the client: a JSON string that is no UTF-8",
)


@pytest.mark.parametrize("name", WORST)
async def test_no_bad_input_takes_more_memory_than_its_bound(name: str) -> None:
    measured = await measure(INPUTS[name])
    assert measured.growth <= measured.input.bound, measured.said


async def test_ten_thousand_conversations_are_counted_and_exported_in_little_memory() -> None:
    for grown in (await grown_by("count by customer", "export as CSV")).values():
        assert grown.said.startswith("10,000 conversations ")
        assert grown.above <= BOUND
