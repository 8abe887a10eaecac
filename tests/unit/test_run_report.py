"""Reports: what is asked for, and what the numbers are said to be."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from workspace_stubs import Answer, Asked, StubClient, page, workspace_on

from unthread_mcp.api.endpoints import LIST_CUSTOMERS, LIST_TAGS, LIST_USERS, TIME_SERIES
from unthread_mcp.api.errors import InvalidArgument, RequestRejected
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.tokens import estimate_tokens
from unthread_mcp.tools.reporting import run_report

pytestmark = pytest.mark.anyio

WEEK = ["2026-11-16", "2026-11-17", "2026-11-18"]


def series(data: JsonObject, dates: list[str] | None = None, **lookups: JsonObject) -> JsonObject:
    return {"data": data, "dates": [*(dates or WEEK)], "lookups": {**lookups}}


def merged(data: Any) -> JsonObject:
    """What is nested by keys, summed by date: a report's answer without dimensions."""
    by_date: JsonObject = {}
    for key, inner in data.items():
        for day, value in (merged(inner) if isinstance(inner, dict) else {key: inner}).items():
            earlier = by_date.get(day, 0)
            by_date[day] = (
                value + earlier if isinstance(value, int | float) and isinstance(earlier, int | float) else value
            )
    return by_date


async def report(answer: JsonObject, before: JsonObject | None = None, **options: Any) -> list[str]:
    """The lines of a report for which the API answers with `answer`, and with `before` for the period before.

    Means are weighed by `counts`, which is nothing unless it is given.
    """
    start = options.setdefault("start", WEEK[0])
    options.setdefault("end", WEEK[-1])
    metric, counts = options.setdefault("metric", "totalCount"), options.pop("counts", series({}))

    def script(asked: Asked) -> Answer:
        if asked.body["metric"] != metric:
            return counts
        found = answer if asked.body["startDate"] == start else before or series({})
        whole = "dimensions" in options and "dimensions" not in asked.body
        return {**found, "data": merged(found["data"])} if whole else found

    options.setdefault("compare", before is not None)
    return (await run_report(workspace_on(StubClient(script)), **options)).text.splitlines()


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
    assert (body["startDate"], body["endDate"], body["timezone"]) == ("2026-11-15", "2026-11-21", "Pacific/Kiritimati")


async def test_the_last_seven_days_are_seven_with_today_and_follow_those_before() -> None:
    now, before = await bodies(start="7d")
    assert (now["startDate"], now["endDate"]) == ("2026-11-14", "2026-11-20")
    assert (before["startDate"], before["endDate"]) == ("2026-11-07", "2026-11-13")
    (earlier,) = await bodies(start="14d", end="7d", compare=False)
    assert (earlier["startDate"], earlier["endDate"]) == ("2026-11-07", "2026-11-13")


async def test_the_days_are_said_and_that_today_is_not_over() -> None:
    client = StubClient(lambda _: series({"2026-11-16": 1}))
    text = (await run_report(workspace_on(client), "totalCount", start="7d")).text
    assert text.startswith("totalCount 2026-11-14 to 2026-11-20 (7 days, today so far) by day, UTC: ")
    assert " in the 7 days before (11-07 to 11-13)" in text
    one = (await run_report(workspace_on(client), "totalCount", start="2026-11-16", end="2026-11-16")).text
    assert one.startswith("totalCount 2026-11-16 to 2026-11-16 (1 day) by day, UTC: ")
    assert one.splitlines()[1] == "total 1; +0% against 1 in 2026-11-15"


@pytest.mark.parametrize(
    ("start", "step"), [("2026-10-21", "day"), ("2026-10-20", "week"), ("2026-05-22", "week"), ("2026-05-20", "month")]
)
async def test_a_step_that_fits_the_period_is_chosen(start: str, step: str) -> None:
    (body,) = await bodies(start=start, compare=False)
    assert body["dateDimension"] == step


async def test_filters_and_dimensions_go_by_name_and_keep_their_order() -> None:
    body, whole = await bodies(
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
    del body["dimensions"]
    assert whole == body


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-11-10", "2026-11-01", "The report ends before it starts. Pass a start that is not after end."),
        ("2024-01-01", "2026-11-01", "The period is longer than two years. Ask for a shorter one."),
        ("0001-01-01", "0001-01-02", "The report begins before there was an Unthread. Pass a later start."),
        ("2026-11-21", "2026-11-30", "The report begins in the future. Pass a start up to today."),
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
        (
            "totalCount 2026-11-16 to 2026-11-18 (3 days) by day, UTC: conversations created in the period; "
            "those excluded from analytics aren't in it."
        ),
        "total 10; +25% against 8 in the 3 days before (11-13 to 11-15)",
        "▆▁█ 11-16 to 11-18",
        "11-16 4; 11-18 6",
        "no data in 1 of 3 days: 11-17",
    ]


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (series({}), "total 10; no data in the 3 days before (11-13 to 11-15)"),
        (series({"2026-11-13": 0}), "total 10; 0 in the 3 days before (11-13 to 11-15)"),
        (series({"2026-11-13": 20}), "total 10; -50% against 20 in the 3 days before (11-13 to 11-15)"),
        (series({"2026-11-13": 10}), "total 10; +0% against 10 in the 3 days before (11-13 to 11-15)"),
    ],
)
async def test_the_change_against_the_period_before_is_said(before: JsonObject, said: str) -> None:
    assert (await report(series({"2026-11-16": 10}), before))[1] == said


async def test_working_time_is_in_hours_since_a_day_of_it_is_none() -> None:
    lines = await report(
        series({"2026-11-16": 87792}), series({"2026-11-13": 200000}), metric="resolutionTimeWorkingMean"
    )
    assert lines[1:4] == [
        (
            "mean 87792 s (24 h 23 min of working time); "
            "-56% against 200000 s (55 h 33 min) in the 3 days before (11-13 to 11-15)"
        ),
        "█▁▁ 11-16 to 11-18",
        "11-16 87792 s (24 h 23 min)",
    ]


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (
            "resolutionTimeMean",
            "mean 20 s (20 s), 2 months weighed by conversations resolved; -50% against 40 s (40 s)",
        ),
        (
            "responseTimeMean",
            "mean about 20 s (20 s), 2 months weighed by conversations created, answered or not; 40 s (40 s)",
        ),
    ],
)
async def test_several_means_are_weighed_and_those_weighed_by_other_things_too_are_called_so(
    metric: str, said: str
) -> None:
    means, counts = series({"2026-10-01": 10, "2026-11-01": 50}), series({"2026-10-01": 3, "2026-11-01": 1})
    before, dates = series({"2026-10-01": 40}), {"start": "2026-10-26", "end": "2026-11-08", "by": "month"}
    lines = await report(means, before, metric=metric, counts=counts, **dates)
    assert lines[1].startswith(f"{said} in the 14 days before ")
    assert ("%" in lines[1]) == (metric == "resolutionTimeMean")


async def test_times_are_in_seconds_and_in_words_and_their_mean_is_called_unweighted() -> None:
    lines = await report(
        series({"2026-11-16": 3600, "2026-11-18": 7380.4}), series({"2026-11-13": 1800}), metric="responseTimeMean"
    )
    assert lines[1:] == [
        (
            "mean of 2 weeks, unweighted: 5490 s (1 h 31 min); 1800 s (30 min) in the 3 days before (11-13 to 11-15), "
            "too rough for a percentage"
        ),
        "▄▁█ 11-16 to 11-18",
        "11-16 3600 s (1 h); 11-18 7380 s (2 h 3 min)",
        "no data in 1 of 3 days: 11-17",
    ]


async def test_without_data_that_is_what_is_said() -> None:
    for metric, word in (
        ("totalCount", "total"),
        ("resolutionTimeMean", "mean"),
    ):
        lines = await report(series({}), metric=metric)
        assert lines[1] == f"{word}: no data"
        assert lines[-1] == "no data in 3 of 3 days: 11-16 to 11-18"


async def test_dates_of_another_year_carry_it() -> None:
    months = ["2025-11-01", "2025-12-01", "2026-01-01", "2026-11-01"]
    data: JsonObject = {"2025-11-01": 1, "2026-01-01": 2, "2026-11-01": 3}
    lines = await report(series(data, months), start="2025-11-01", end="2026-11-20", by="month")
    assert lines[2].endswith(" 2025-11-01 to 11-01")
    assert lines[3:] == [
        "2025-11-01 1; 01-01 2; 11-01 3",
        "last month not whole",
        "no data in 1 of 4 months: 2025-12-01",
    ]


@pytest.mark.parametrize(
    ("start", "end", "step", "said"),
    [
        ("2026-11-02", "2026-11-15", "week", ""),
        ("2026-11-03", "2026-11-15", "week", "first week not whole"),
        ("2026-11-03", "2026-11-16", "week", "first and last week not whole"),
        ("2026-09-01", "2026-10-31", "month", ""),
        ("2026-09-02", "2026-10-31", "month", "first month not whole"),
        ("2026-11-03", "2026-11-16", "day", ""),
    ],
)
async def test_weeks_and_months_that_the_period_cuts_are_named(start: str, end: str, step: str, said: str) -> None:
    lines = await report(series({start: 1}, [start]), start=start, end=end, by=step)
    assert lines[3:] == ([said] if said else [])


async def test_one_date_needs_no_drawing() -> None:
    lines = await report(series({"2026-11-16": 2}, ["2026-11-16"]), end="2026-11-16")
    assert lines[1:] == ["total 2", "11-16 2"]


async def test_one_dimension_gives_rows_by_name_the_highest_first() -> None:
    data: JsonObject = {"cu-1": {"2026-11-16": 2, "2026-11-17": 3}, "cu-2": {"2026-11-18": 9.5}, "null": {WEEK[0]: 1}}
    lines = await report(series(data, customerId={"cu-1": "Ac\nme", "cu-2": "Globex"}), dimensions=["customerId"])
    assert lines[3:] == ["customer · total", "Globex · 9.50", "Ac me · 5", "(no customer) · 1"]


async def test_two_dimensions_give_a_matrix() -> None:
    data: JsonObject = {
        "cu-1": {"slack": {"2026-11-16": 2}, "email": {"2026-11-17": 3}},
        "cu-2": {"slack": {"2026-11-18": 9}},
    }
    lookups: JsonObject = {"cu-1": "Acme", "cu-2": "Globex"}
    lines = await report(series(data, customerId=lookups), dimensions=["customerId", "sourceType"])
    assert lines[3:] == [
        "customer · slack · email · total",
        "Globex · 9 · - · 9",
        "Acme · 2 · 3 · 5",
    ]


async def test_where_only_the_outer_keys_are_few_they_stand_side_by_side() -> None:
    customers: JsonObject = {f"cu-{number}": {"2026-11-16": number} for number in range(1, 10)}
    data: JsonObject = {"slack": customers, "email": {"cu-1": {"2026-11-17": 70}}}
    lines = await report(series(data), dimensions=["sourceType", "customerId"])
    assert lines[3:6] == ["customer · email · slack · total", "cu-1 · 70 · 1 · 71", "cu-9 · - · 9 · 9"]


async def test_three_dimensions_and_many_keys_give_rows() -> None:
    data: JsonObject = {"u-1": {"slack": {f"t-{n}": {"2026-11-16": n} for n in range(1, 10)}}}
    lines = await report(series(data), dimensions=["assigneeId", "sourceType", "tagId"])
    assert lines[3:5] == ["assignee · source · tag · total", "u-1 · slack · t-9 · 9"]
    few: JsonObject = {"u-1": {"t-1": {"slack": {"2026-11-16": 2}, "email": {"2026-11-16": 1}}}}
    lines = await report(series(few), dimensions=["assigneeId", "tagId", "sourceType"])
    assert lines[3:5] == ["assignee · tag · slack · email · total", "u-1 · t-1 · 2 · 1 · 3"]


async def test_two_of_the_same_name_stay_two() -> None:
    data: JsonObject = {"cu-1": {"2026-11-16": 2}, "cu-2": {"2026-11-16": 1}}
    lines = await report(series(data, customerId={"cu-1": "Acme", "cu-2": "Acme"}), dimensions=["customerId"])
    assert lines[-3:-1] == ["Acme (cu-1) · 2", "Acme (cu-2) · 1"]


async def test_names_that_the_answer_lacks_are_looked_up_in_one_request_a_dimension() -> None:
    anna, gone = "9YQjOSTFXeOPF8xNURF1", "9YQjOSTFXeOPF8xNURF2"
    data: JsonObject = {
        anna: {"slack": {"2026-11-16": 3}},
        gone: {"slack": {"2026-11-16": 2}},
        "null": {"slack": {"2026-11-16": 1}},
    }

    def answer(asked: Asked) -> Answer:
        known = page({"id": anna, "name": "Anna"}, {"id": "other", "name": "Ben"})
        return known if asked.endpoint is LIST_USERS else series(data)

    client = StubClient(answer)
    lines = (
        await run_report(
            workspace_on(client),
            "totalCount",
            start=WEEK[0],
            end=WEEK[-1],
            dimensions=["assigneeId", "sourceType"],
            compare=False,
        )
    ).text.splitlines()
    assert lines[4:7] == ["Anna · 3 · 3", f"{gone} · 2 · 2", "(no assignee) · 1 · 1"]
    assert [asked.where for asked in client.asked if asked.endpoint is LIST_USERS] == [[("id", "in", [anna, gone])]]


async def test_a_report_by_tag_says_under_its_rows_that_a_conversation_may_count_several_times() -> None:
    data: JsonObject = {"t-1": {"2026-11-16": 2}, "t-2": {"2026-11-16": 1}}
    lines = await report(series(data), dimensions=["tagId"])
    assert lines[-2] == "rows: a conversation counts once for each of its tags"
    data = {"t-1": {"2026-11-16": 2, "2026-11-17": 1}}
    lines = await report(series(data), dimensions=["tagId"], metric="responseTimeMean")
    assert "rows: a conversation counts once for each of its tags" in lines
    assert "tag · mean, unweighted" in lines


async def test_only_the_first_ten_rows_are_shown_unless_all_are_asked_for() -> None:
    data: JsonObject = {f"t-{number:02}": {"2026-11-16": number + 1} for number in range(14)}
    lines = await report(series(data), dimensions=["tagId"])
    assert lines[-3] == "4 more rows · 10; all_rows shows them"
    assert not any("all_rows" in line for line in await report(series(data), dimensions=["tagId"], all_rows=True))
    times = await report(series(data), dimensions=["tagId"], metric="responseTimeMean")
    assert "4 more rows; all_rows shows them" in times


async def test_twenty_customers_from_three_sources_over_thirty_days_cost_1200_tokens_at_most() -> None:
    first = date(2026, 10, 22)
    days = [(first + timedelta(days=number)).isoformat() for number in range(30)]
    names = {f"9YQjOSTFXeOPF8xN{number:04}": f"Meridian Dental Group {number}" for number in range(20)}
    for metric in ("totalCount", "resolutionTimeMean"):
        size = 1 if metric == "totalCount" else 5_003
        sources = ("slack", "email", "widget")
        data: JsonObject = {
            key: {source: {day: size * (1 + place % 7) for place, day in enumerate(days)} for source in sources}
            for key in names
        }
        raw = series(data, days, customerId={**names})
        assert estimate_tokens(json.dumps(raw, separators=(",", ":"))) > 10_000
        lines = await report(
            raw, raw, metric=metric, start=days[0], end=days[-1], dimensions=["customerId", "sourceType"]
        )
        assert estimate_tokens("\n".join(lines)) <= 1_200


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


async def test_what_is_odd_about_the_whole_is_said_beside_what_is_odd_about_its_days() -> None:
    def script(asked: Asked) -> Answer:
        by_day = asked.body["dateDimension"] == "day"
        return series({"2026-11-16": 1, "x": "much"} if by_day else {"2026-11-16": "many", "x": "much"})

    said = (await run_report(workspace_on(StubClient(script)), "responseTimeMean", start=WEEK[0], end=WEEK[-1])).text
    assert said.splitlines()[-1] == "skipped, not understood: x, 11-16"


async def test_an_answer_without_dates_still_shows_its_numbers() -> None:
    lines = await report({"data": {"2026-11-16": 1, "2026-11-17": 2}})
    assert lines[1:] == ["total 3", "▅█ 11-16 to 11-17", "11-16 1; 11-17 2"]


async def test_days_without_data_that_follow_one_another_are_said_as_one() -> None:
    days = [f"2026-11-{number:02}" for number in range(1, 20)]
    lines = await report(series(dict.fromkeys(days[1::3], 1), days), start="2026-11-01", end="2026-11-19")
    assert lines[-1] == (
        "no data in 13 of 19 days: 11-01, 11-03 to 11-04, 11-06 to 11-07, 11-09 to 11-10, 11-12 to 11-13 and 4 more"
    )


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
