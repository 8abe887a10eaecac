"""The records that a process keeps beside its file."""

from __future__ import annotations

import sys
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from unthread_mcp.intents_file import Record, State
from unthread_mcp.intents_memory import Records

TIMES = st.floats(allow_nan=False, allow_infinity=False)
RECORDS = st.builds(
    Record,
    token=st.text(max_size=16),
    state=st.sampled_from(get_args(State)),
    started=TIMES,
    changed=TIMES,
    receipt=st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=3),
)
CHANGES = st.lists(st.tuples(st.sampled_from((b"a", b"b", b"c", b"d")), st.none() | RECORDS))


@given(CHANGES, TIMES)
def test_records_are_what_was_set_last_in_that_order(changes: list[tuple[bytes, Record | None]], time: float) -> None:
    expected: dict[bytes, Record] = {}
    records = Records()
    for key, record in changes:
        before = expected.pop(key, None)
        if record:
            expected[key] = record
            records[key] = record
        else:
            assert records.pop(key) == before
    assert [(key, records.get(key)) for key in records.keys()] == [*expected.items()]  # noqa: SIM118 - no mapping
    assert len(records) == len(expected)
    assert records.get(b"e") is None
    assert records.done_before(time) == [
        key for key, record in expected.items() if record.state == "done" and record.changed < time
    ]


def test_a_record_weighs_no_more_than_its_text() -> None:
    receipt = {"id": "1700000000.000100", "at": "2026-05-04T10:00:00Z", "ts": "1700000000.000100"}
    records = Records()
    records[b"k" * 32] = Record("0123456789abcdef", "done", 1_700_000_000.0, 1_700_000_001.0, receipt)
    [packed] = records._packed.values()  # pyright: ignore[reportPrivateUsage]
    assert type(packed) is bytes
    assert sys.getsizeof(packed) < 200
