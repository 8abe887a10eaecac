"""The fake upstream's report is nested as it was asked for, and the same every time."""

from __future__ import annotations

from typing import Any, cast

from benchmarks.canned_reports import CUSTOMERS, DAYS, QUESTION, SOURCES, time_series


def test_a_report_has_every_customer_source_and_day() -> None:
    answer = cast("dict[str, Any]", time_series(QUESTION))
    assert len(answer["dates"]) == DAYS
    assert list(answer["lookups"]["customerId"].values()) == list(CUSTOMERS)
    assert list(answer["data"]) == list(answer["lookups"]["customerId"])
    assert all(list(by_source) == list(SOURCES) for by_source in answer["data"].values())
    assert all(list(by_day) == answer["dates"] for each in answer["data"].values() for by_day in each.values())


def test_without_dimensions_it_is_by_day_alone() -> None:
    answer = cast("dict[str, Any]", time_series({"startDate": "2025-09-01", "endDate": "2025-09-02"}))
    assert list(answer["data"]) == ["2025-09-01", "2025-09-02"]


def test_the_same_question_has_the_same_answer() -> None:
    assert time_series(QUESTION) == time_series(QUESTION)
