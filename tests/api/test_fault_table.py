"""The fault table, row by row as SAFETY.md tells it."""

from __future__ import annotations

from typing import get_args

import pytest

from unthread_mcp.api.endpoints import Effect
from unthread_mcp.api.faults import BodyKind, Verdict, judge_silence, judge_status, judge_success

WRITES: list[Effect] = ["changes", "deletes", "creates"]
EFFECTS: list[Effect] = ["reads", *WRITES]
NOT_A_SUCCESS = [status for status in range(100, 1000) if not 200 <= status < 300]


def test_the_table_covers_every_effect_there_is() -> None:
    assert set(EFFECTS) == set(get_args(Effect))


@pytest.mark.parametrize("effect", EFFECTS)
def test_what_fails_before_a_byte_left_did_not_happen_and_may_be_tried_again(effect: Effect) -> None:
    assert judge_silence(effect, sent=False) == Verdict("refused", again=True)


@pytest.mark.parametrize("effect", WRITES)
def test_a_write_that_left_and_was_not_answered_is_unknown_and_never_sent_again(effect: Effect) -> None:
    assert judge_silence(effect, sent=True) == Verdict("unknown", again=False)


def test_a_read_that_was_not_answered_may_be_tried_again() -> None:
    assert judge_silence("reads", sent=True) == Verdict("refused", again=True)


@pytest.mark.parametrize("effect", WRITES)
def test_what_a_status_says_about_a_write(effect: Effect) -> None:
    refused = {status for status in NOT_A_SUCCESS if judge_status(effect, status).outcome == "refused"}
    unknown = {status for status in NOT_A_SUCCESS if judge_status(effect, status).outcome == "unknown"}
    again = {status for status in NOT_A_SUCCESS if judge_status(effect, status).again}
    assert refused == {301, 307, 308} | set(range(400, 500)) - {408, 409, 425}
    assert unknown == set(NOT_A_SUCCESS) - refused
    assert again == {429}


def test_a_read_is_tried_again_after_429_and_5xx_but_501() -> None:
    assert all(judge_status("reads", status).outcome == "refused" for status in NOT_A_SUCCESS)
    again = {status for status in NOT_A_SUCCESS if judge_status("reads", status).again}
    assert again == {429} | set(range(500, 1000)) - {501}


@pytest.mark.parametrize("body", get_args(BodyKind))
@pytest.mark.parametrize("effect", EFFECTS)
def test_what_the_body_of_a_2xx_says(effect: Effect, body: BodyKind) -> None:
    if effect == "reads":
        expected = "done" if body == "json" else "refused"
    elif body in ("json", "broken json"):
        expected = "done"
    elif body in ("empty", "text"):
        expected = "unknown" if effect == "creates" else "done"
    else:
        expected = "unknown"
    assert judge_success(effect, body) == Verdict(expected, again=False)
