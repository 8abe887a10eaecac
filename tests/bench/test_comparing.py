"""Ratios come from paired rounds, and what is to our disadvantage is said."""

from __future__ import annotations

import pytest

from benchmarks.comparing import Race, ratio, spread


def race(*, more_is_better: bool = False, **rounds: list[list[float]]) -> Race:
    return Race("a call", "ours", more_is_better=more_is_better, rounds=rounds)


def test_a_round_in_which_the_machine_was_slow_for_all_leaves_the_ratio_as_it_is() -> None:
    ours, theirs = [[1.0], [1.0], [50.0]], [[2.0], [2.0], [100.0]]
    assert ratio(ours, theirs) == pytest.approx(0.5)
    assert spread(ours, theirs) == "0.50–0.50"


def test_a_round_counts_by_its_median() -> None:
    assert ratio([[1.0, 1.0, 99.0]], [[2.0, 2.0, 2.0]]) == pytest.approx(0.5)


def test_one_round_has_no_quartiles() -> None:
    assert spread([[1.0]], [[2.0]]) == "–"


def test_a_server_that_was_in_fewer_rounds_is_compared_in_those() -> None:
    assert race(ours=[[1.0], [9.0]], theirs=[[2.0]]).ratio("theirs") == pytest.approx(0.5)


def test_our_own_row_has_no_ratio() -> None:
    measured = race(ours=[[1.0]], theirs=[[4.0]])
    assert measured.cells("ours") == ("–", "–")
    assert measured.cells("theirs") == ("0.25", "–")


def test_small_shares_have_a_third_digit() -> None:
    assert race(ours=[[1.0]], theirs=[[97.0]]).cells("theirs") == ("0.010", "–")


def test_where_ours_did_not_start_nothing_is_compared() -> None:
    measured = race(theirs=[[4.0]])
    assert measured.cells("theirs") == ("–", "–")
    assert measured.lost() == []


def test_a_loss_is_said_of_each_server_that_does_better() -> None:
    assert race(ours=[[3.0]], slower=[[4.0]], faster=[[2.0]]).lost() == ["We lose at a call: 1.50 × faster."]


def test_of_a_speed_less_is_a_loss() -> None:
    said = race(more_is_better=True, ours=[[3.0]], slower=[[2.0]], faster=[[4.0]]).lost()
    assert said == ["We lose at a call: 0.75 × faster."]
