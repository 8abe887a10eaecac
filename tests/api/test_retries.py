"""When and how often a request is sent again."""

from __future__ import annotations

import pytest

from unthread_mcp.api.retries import RetryBudget, RetryPolicy, retry_after

NOON = 1_700_000_000.0
IN_A_MINUTE = "Tue, 14 Nov 2023 22:14:20 GMT"


def test_the_delay_doubles_up_to_a_cap_and_is_anything_below_it() -> None:
    policy = RetryPolicy(first_delay=0.5, longest_delay=3.0)
    assert [policy.delay(failures, 1.0) for failures in (1, 2, 3, 4, 50)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    assert policy.delay(2, 0.0) == 0.0
    assert policy.delay(2, 0.25) == 0.25


def test_retries_stay_under_a_fifth_of_the_calls_but_for_a_few_to_start_with() -> None:
    budget = RetryBudget()
    retries = 0
    for _ in range(1000):
        budget.earn()
        retries += budget.spend()
    assert retries == 203


def test_the_budget_saves_no_more_than_ten() -> None:
    budget = RetryBudget()
    for _ in range(1000):
        budget.earn()
    assert [budget.spend() for _ in range(11)] == [True] * 10 + [False]


def test_five_calls_earn_one_retry() -> None:
    budget = RetryBudget()
    while budget.spend():
        pass
    for _ in range(4):
        budget.earn()
    assert not budget.spend()
    budget.earn()
    assert [budget.spend(), budget.spend()] == [True, False]


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("0", 0.0),
        ("17", 17.0),
        (" 17 ", 17.0),
        (IN_A_MINUTE, 60.0),
        ("Tue, 14 Nov 2023 22:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 5000, None),
        ("Tue, 99 Nov 2023 22:14:20 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(asked: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": asked}, NOON) == seconds


def test_a_retry_after_date_is_taken_against_the_answers_own_clock() -> None:
    headers = {"retry-after": IN_A_MINUTE, "date": "Tue, 14 Nov 2023 22:14:10 GMT"}
    assert retry_after(headers, NOON + 5000) == 10.0


def test_an_answer_without_retry_after_asks_for_nothing() -> None:
    assert retry_after({}, NOON) is None
