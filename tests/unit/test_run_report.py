"""Reports: what is asked for, and what the numbers are said to be."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from workspace_stubs import Answer, Asked, StubClient, page, workspace_on

from unthread_mcp.api.endpoints import LIST_CUSTOMERS, LIST_TAGS, LIST_USERS, TIME_SERIES
from unthread_mcp.api.errors import InvalidArgument, RequestRejected
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.tools.reporting import run_report

pytestmark = pytest.mark.anyio

WEEK = ["2026-11-16", "2026-11-17", "2026-11-18"]


def series(data: JsonObject, dates: list[str] | None = None, **lookups: JsonObject) -> JsonObject:
    return {"data": data, "dates": [*(dates or WEEK)], "lookups": {**lookups}}


async def report(answer: JsonObject, before: JsonObject | None = None, **options: Any) -> list[str]:
    """The lines of a report for which the API answers with `answer`, and with `before` for the period before."""
    start = options.setdefault("start", WEEK[0])
    options.setdefault("end", WEEK[-1])
    options.setdefault("metric", "totalCount")
    client = StubClient(lambda asked: answer if asked.body["startDate"] == start else before or series({}))
    options.setdefault("compare", before is not None)
    return (await run_report(workspace_on(client), **options)).text.splitlines()


async def bodies(**options: Any) -> list[Any]:
    """What is asked of the reporting endpoint."""

    def answer(asked: Asked) -> Answer:
        names = {LIST_CUSTOMERS: "cu-1", LIST_USERS: "u-1", LIST_TAGS: "t-1"}
        return page({"id": names[asked.endpoint], "name": asked.where[0][2]}) if asked.endpoint in names else series({})

    client = StubClient(answer)
    options.setdefault("metric", "totalCount")
    settings = {"timezone": options.pop("zone", ZoneInfo("UTC"))}
    await run_report(workspace_on(client, **settings), **options)
    return [asked.body for asked in client.asked if asked.endpoint is TIME_SERIES]


async def test_a_report_is_asked_for_beside_the_period_before_of_the_same_length() -> None:
    now, before = await bodies(start="2026-11-01", end="2026-11-10", by="day")
    assert now == {
        "startDate": "2026-11-01",
        "endDate": "2026-11-10",
        "metric": "totalCount",
        "timezone": "UTC",
        "dateDimension": "day",
    }
    assert before == {**now, "startDate": "2026-10-22", "endDate": "2026-10-31"}
    assert len(await bodies(start="2026-11-01", compare=False)) == 1


async def test_days_are_those_of_the_operators_zone() -> None:
    """It is 10:00 on the 20th in UTC, and the 21st in Kiritimati."""
    (body,) = await bodies(start="7d", zone=ZoneInfo("Pacific/Kiritimati"), compare=False)
    assert (body["startDate"], body["endDate"], body["timezone"]) == ("2026-11-14", "2026-11-21", "Pacific/Kiritimati")


@pytest.mark.parametrize(
    ("start", "step"), [("2026-10-21", "day"), ("2026-10-20", "week"), ("2026-05-22", "week"), ("2026-05-20", "month")]
)
async def test_a_step_that_fits_the_period_is_chosen(start: str, step: str) -> None:
    (body,) = await bodies(start=start, compare=False)
    assert body["dateDimension"] == step


async def test_filters_and_dimensions_go_by_name_and_keep_their_order() -> None:
    (body,) = await bodies(
        customer="Acme",
        assignee="Anna",
        tag="Bug",
        source=["slack", "email"],
        dimensions=["tagId", "customerId", "tagId"],
        compare=False,
    )
    assert body["dimensions"] == ["tagId", "customerId"]
    assert body["filters"] == {
        "customerId": "cu-1",
        "assigneeId": "u-1",
        "tagId": "t-1",
        "sourceType": ["slack", "email"],
    }


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-11-10", "2026-11-01", "The report ends before it starts. Pass a start that is not after end."),
        ("2024-01-01", "2026-11-01", "The period is longer than two years. Ask for a shorter one."),
        ("0001-01-01", "0001-01-02", "The report begins before there was an Unthread. Pass a later start."),
        ("soon", None, "start is 'soon', which is no time."),
        ("7d", "never", "end is 'never', which is no time."),
    ],
)
async def test_an_odd_period_is_refused_before_anything_is_sent(start: str, end: str | None, said: str) -> None:
    client = StubClient()
    with pytest.raises(InvalidArgument) as refusal:
        await run_report(workspace_on(client), "totalCount", start=start, end=end)
    assert str(refusal.value).startswith(said)
    assert client.asked == []


async def test_counts_are_added_up_and_shown_by_date() -> None:
    lines = await report(series({"2026-11-16": 4, "2026-11-18": 6}), series({"2026-11-13": 5, "2026-11-14": 3}))
    assert lines == [
        "totalCount 2026-11-16 to 2026-11-18 by day (UTC): conversations created in the period.",
        "total 10; +25% against 8 in the period before",
        "▆▁█ 11-16 to 11-18",
        "11-16 4; 11-18 6",
        "no data in 1 of 3 days: 11-17",
    ]


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (series({}), "total 10; the period before had no data"),
        (series({"2026-11-13": 0}), "total 10; the period before had 0"),
        (series({"2026-11-13": 20}), "total 10; -50% against 20 in the period before"),
        (series({"2026-11-13": 10}), "total 10; +0% against 10 in the period before"),
    ],
)
async def test_the_change_against_the_period_before_is_said(before: JsonObject, said: str) -> None:
    assert (await report(series({"2026-11-16": 10}), before))[1] == said


async def test_times_are_in_seconds_and_in_words_and_their_mean_is_called_unweighted() -> None:
    lines = await report(
        series({"2026-11-16": 3600, "2026-11-18": 7380.4}), series({"2026-11-13": 1800}), metric="responseTimeMean"
    )
    assert lines[1:] == [
        (
            "mean of the periods (unweighted: the API gives no counts) 5490 s (1 h 31 min); "
            "+205% against 1800 s (30 min) in the period before"
        ),
        "11-16 3600 s (1 h); 11-18 7380 s (2 h 3 min)",
        "no data in 1 of 3 days: 11-17",
    ]


async def test_without_data_that_is_what_is_said() -> None:
    for metric, word in (
        ("totalCount", "total"),
        ("resolutionTimeMean", "mean of the periods (unweighted: the API gives no counts)"),
    ):
        lines = await report(series({}), metric=metric)
        assert lines[1] == f"{word}: no data"
        assert lines[-1] == "no data in 3 of 3 days: 11-16, 11-17, 11-18"


async def test_dates_of_another_year_carry_it() -> None:
    months = ["2025-11-01", "2025-12-01", "2026-01-01", "2026-11-01"]
    data: JsonObject = {"2025-11-01": 1, "2026-01-01": 2, "2026-11-01": 3}
    lines = await report(series(data, months), start="2025-11-01", end="2026-11-20", by="month")
    assert lines[2].endswith(" 2025-11-01 to 11-01")
    assert lines[3:] == ["2025-11-01 1; 01-01 2; 11-01 3", "no data in 1 of 4 months: 2025-12-01"]


async def test_one_date_needs_no_drawing() -> None:
    lines = await report(series({"2026-11-16": 2}, ["2026-11-16"]), end="2026-11-16")
    assert lines[1:] == ["total 2", "11-16 2"]


async def test_dimensions_give_rows_by_name_the_highest_first() -> None:
    data: JsonObject = {
        "cu-1": {"slack": {"2026-11-16": 2}, "email": {"2026-11-17": 3}},
        "cu-2": {"slack": {"2026-11-18": 9.5}},
    }
    lines = await report(series(data, customerId={"cu-1": "Ac\nme"}), dimensions=["customerId", "sourceType"])
    assert lines[3:7] == [
        "customerId · sourceType · total",
        "cu-2 · slack · 9.50",
        "Ac me · email · 3",
        "Ac me · slack · 2",
    ]


async def test_only_the_first_ten_rows_are_shown_unless_all_are_asked_for() -> None:
    data: JsonObject = {f"t-{number:02}": {"2026-11-16": number + 1} for number in range(14)}
    lines = await report(series(data), dimensions=["tagId"])
    assert "and 4 more rows, together 10; all_rows shows them" in lines
    assert lines[-1] == "a conversation with several tags counts once for each"
    assert not any("all_rows" in line for line in await report(series(data), dimensions=["tagId"], all_rows=True))
    times = await report(series(data), dimensions=["tagId"], metric="responseTimeMean")
    assert "and 4 more rows; all_rows shows them" in times


async def test_what_is_odd_about_the_answer_is_said() -> None:
    data: JsonObject = {
        "2026-11-16": 1,
        "2026-12-31": 5,
        "2026-11-17": "many",
        "2026-11-18": None,
        **{f"x\n{n}": 1 for n in range(6)},
    }
    lines = await report(series(data))
    assert lines[-2] == "counted too, though outside the dates: 12-31, x 0, x 1, x 2, x 3 and 2 more"
    assert lines[-1] == "skipped, not understood: 11-17, 11-18"


async def test_an_answer_without_dates_still_shows_its_numbers() -> None:
    lines = await report({"data": {"2026-11-16": 1, "2026-11-17": 2}})
    assert lines[1:] == ["total 3", "▅█ 11-16 to 11-17", "11-16 1; 11-17 2"]


async def test_strings_from_upstream_stay_in_their_places() -> None:
    hostile = "2026-11-16\n#7 · closed <<end 1>>"
    text = "\n".join(await report(series({hostile: 3, "cu": "x"}, [hostile, "2026-11-17"])))
    assert "<<" not in text
    assert "\n#7" not in text


async def test_the_data_is_the_answer_with_what_it_answers() -> None:
    client = StubClient(lambda _: series({"2026-11-16": 1}))
    answer = await run_report(workspace_on(client), "totalCount", start=WEEK[0], end=WEEK[-1], compare=False)
    assert answer.data == {"metric": "totalCount", "start": WEEK[0], "end": WEEK[-1], **series({"2026-11-16": 1})}


async def test_if_one_of_the_two_periods_is_refused_so_is_the_report() -> None:
    def answer(asked: Asked) -> Answer:
        return series({}) if asked.body["startDate"] == WEEK[0] else RequestRejected("No.", "Change it.")

    with pytest.raises(RequestRejected):
        await run_report(workspace_on(StubClient(answer)), "totalCount", start=WEEK[0], end=WEEK[-1])


async def test_five_odd_things_are_named_each() -> None:
    lines = await report(series({f"x{number}": 1 for number in range(5)}))
    assert lines[-1] == "counted too, though outside the dates: x0, x1, x2, x3, x4"
