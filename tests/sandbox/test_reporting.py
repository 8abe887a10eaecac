"""The reporting time series: the reference's format, and numbers that can be counted by hand."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.sandbox.conftest import Api, Clock
from unthread_mcp.sandbox import Sandbox

pytestmark = pytest.mark.anyio


async def report(api: Api, metric: str = "totalCount", **body: Any) -> Any:
    return await api.ok(
        "POST",
        "/reporting/time-series",
        {"startDate": "2024-11-01", "endDate": "2025-03-18", "metric": metric, **body},
    )


async def make(api: Api, clock: Clock, at: datetime, **more: Any) -> str:
    clock.now = at
    made = await api.ok("POST", "/conversations", {"type": "slack", "markdown": "x", "status": "open", **more})
    return made["id"]


def leaves(data: Any) -> list[float]:
    if isinstance(data, int):
        return [data]
    return [leaf for value in data.values() for leaf in leaves(value)]


async def test_every_conversation_is_counted_on_its_day(sandbox: Sandbox, api: Api) -> None:
    days = Counter(
        created[:10]
        for (created,) in sandbox.database.execute("SELECT createdAt FROM conversations WHERE NOT excludeAnalytics")
    )
    answer = await report(api)
    assert answer["data"] == days
    assert answer["lookups"] == {}
    assert answer["dates"][0] == "2024-11-01"
    assert answer["dates"][-1] == "2025-03-18"
    assert len(answer["dates"]) == 138
    assert list(answer["data"]) == sorted(answer["data"])


async def test_empty_days_are_dates_without_data(bare: Api, clock: Clock) -> None:
    await make(bare, clock, datetime(2025, 3, 5, 12, tzinfo=UTC))
    answer = await report(bare, startDate="2025-03-04", endDate="2025-03-06")
    assert answer == {"lookups": {}, "dates": ["2025-03-04", "2025-03-05", "2025-03-06"], "data": {"2025-03-05": 1}}


async def test_weeks_start_on_monday_and_months_on_the_first(bare: Api, clock: Clock) -> None:
    for day in (1, 2, 3, 9, 10, 31):
        await make(bare, clock, datetime(2025, 3, day, 12, tzinfo=UTC))
    weeks = await report(bare, startDate="2025-03-01", endDate="2025-04-01", dateDimension="week")
    assert weeks["dates"] == ["2025-02-24", "2025-03-03", "2025-03-10", "2025-03-17", "2025-03-24", "2025-03-31"]
    assert weeks["data"] == {"2025-02-24": 2, "2025-03-03": 2, "2025-03-10": 1, "2025-03-31": 1}
    months = await report(bare, startDate="2025-01-31", endDate="2025-03-02", dateDimension="month")
    assert months["dates"] == ["2025-01-01", "2025-02-01", "2025-03-01"]
    assert months["data"] == {"2025-03-01": 2}, "only days in the period count"


async def test_both_ends_belong_to_the_period_in_its_time_zone(bare: Api, clock: Clock) -> None:
    zone = ZoneInfo("America/New_York")
    for at in ("2025-03-08T23:59:59", "2025-03-09T00:00:00", "2025-03-09T23:59:59", "2025-03-10T00:00:00"):
        await make(bare, clock, datetime.fromisoformat(at).replace(tzinfo=zone))
    day = await report(bare, startDate="2025-03-09", endDate="2025-03-09", timezone="America/New_York")
    assert day["data"] == {"2025-03-09": 2}, "a day of 23 hours, as the clocks go forward"
    utc = await report(bare, startDate="2025-03-09", endDate="2025-03-09")
    assert utc["data"] == {"2025-03-09": 2}
    assert (await report(bare, startDate="2025-03-10", endDate="2025-03-10"))["data"] == {"2025-03-10": 2}


async def test_days_may_begin_at_a_quarter_of_an_hour(bare: Api, clock: Clock) -> None:
    for minute in (0, 14, 15, 44):  # midnight in Kathmandu is 18:15 UTC
        await make(bare, clock, datetime(2025, 3, 4, 18, minute, tzinfo=UTC))
    answer = await report(bare, startDate="2025-03-04", endDate="2025-03-05", timezone="Asia/Kathmandu")
    assert answer["data"] == {"2025-03-04": 2, "2025-03-05": 2}


async def test_dimensions_nest_in_their_order_with_the_date_last_and_names_beside(sandbox: Sandbox, api: Api) -> None:
    answer = await report(api, dimensions=["customerId", "sourceType"], dateDimension="month")
    names = answer["lookups"].pop("customerId")
    assert answer["lookups"] == {"sourceTypes": []}
    assert set(names) == set(answer["data"]) - {"null"}
    assert "Vela Biotech" in names.values()
    customer = next(key for key, name in names.items() if name == "Vela Biotech")
    assert set(answer["data"][customer]) <= {"slack", "email", "widget"}
    assert sum(leaves(answer["data"])) == sum((await report(api))["data"].values())
    counted = sandbox.database.execute(
        "SELECT count(*) FROM conversations WHERE customerId = ? AND sourceType = 'slack'", [customer]
    ).fetchone()[0]
    assert sum(answer["data"][customer]["slack"].values()) == counted
    other = await report(api, dimensions=["sourceType", "customerId", "sourceType"], dateDimension="month")
    assert other["data"]["slack"][customer] == answer["data"][customer]["slack"]


async def test_what_has_no_customer_or_assignee_stands_under_null(api: Api) -> None:
    answer = await report(api, dimensions=["assigneeId"])
    assert "null" in answer["data"]
    assert "null" not in answer["lookups"]["assigneeId"]
    assert "Priya Nair" in answer["lookups"]["assigneeId"].values()


async def test_a_conversation_counts_under_each_of_its_tags_and_once_without_that_split(
    sandbox: Sandbox, api: Api
) -> None:
    answer = await report(api, dimensions=["tagId"], dateDimension="month")
    tags = dict(
        sandbox.database.execute(
            "SELECT tagId, count(*) FROM conversation_tags JOIN conversations c ON c.id = conversationId "
            "WHERE NOT c.excludeAnalytics GROUP BY 1"
        ).fetchall()
    )
    assert {tag: sum(leaves(data)) for tag, data in answer["data"].items()} == tags
    sync, bug = (_id(answer, "tagId", name) for name in ("Data sync", "Bug"))
    both = await report(api, filters={"tagId": [sync, bug]})
    count = sandbox.database.execute(
        (
            "SELECT count(DISTINCT conversationId) FROM conversation_tags JOIN conversations c ON c.id = "
            "conversationId WHERE NOT c.excludeAnalytics AND tagId IN (?, ?)"
        ),
        [sync, bug],
    ).fetchone()[0]
    assert sum(both["data"].values()) == count < tags[sync] + tags[bug]
    only = await report(api, dimensions=["tagId"], filters={"tagId": sync})
    assert set(only["data"]) == {sync}


def _id(answer: Any, dimension: str, name: str) -> str:
    return next(key for key, value in answer["lookups"][dimension].items() if value == name)


async def test_filters_take_one_or_several_and_all_of_them_hold(sandbox: Sandbox, api: Api) -> None:
    def count(sql: str) -> int:
        return sandbox.database.execute(
            f"SELECT count(*) FROM conversations WHERE NOT excludeAnalytics AND {sql}"
        ).fetchone()[0]

    async def total(**filters: Any) -> float:
        return sum((await report(api, filters=filters))["data"].values())

    assert await total(sourceType="email") == count("sourceType = 'email'")
    assert await total(sourceType=["email", "widget"]) == count("sourceType IN ('email', 'widget')")
    (mei,) = await api.ids("/users", where=[{"field": "name", "operator": "==", "value": "Mei Tanaka"}])
    assert await total(sourceType="slack", assigneeId=[mei]) == count(
        f"sourceType = 'slack' AND assignedToUserId = '{mei}'"
    )
    assert await total(customerId="nope") == 0
    assert await total(customerId=[]) == 0


class TestMetrics:
    async def test_means_are_of_what_was_measured(self, bare: Api, empty: Sandbox, clock: Clock) -> None:
        start = datetime(2025, 3, 7, 16, 0, tzinfo=UTC)  # a Friday
        mail = {"type": "email", "emailInboxId": "i", "onBehalfOf": {"email": "a@b.example"}}
        first, second = await make(bare, clock, start, **mail), await make(bare, clock, start, **mail)
        await make(bare, clock, start, **mail)
        clock.now = start + timedelta(minutes=10)
        await bare.ok("POST", f"/conversations/{first}/messages", {"markdown": "Hi"})
        clock.now = datetime(2025, 3, 10, 10, 0, tzinfo=UTC)  # the Monday after
        await bare.ok("POST", f"/conversations/{second}/messages", {"markdown": "Hi"})
        await bare.ok("PATCH", f"/conversations/{second}", {"status": "closed"})
        clock.forward(hours=1)
        await bare.ok("PATCH", f"/conversations/{first}", {"status": "closed"})

        async def value(metric: str) -> Any:
            return (await report(bare, metric))["data"]

        weekend = 66 * 3600
        assert await value("totalCount") == {"2025-03-07": 3}
        assert await value("responseTimeMean") == {"2025-03-07": (600 + weekend) / 2}
        assert await value("responseTimeWorkingMean") == {"2025-03-07": (600 + 2 * 3600) / 2}
        assert await value("conversationsResolved") == {"2025-03-10": 2}
        assert await value("resolutionTimeMean") == {"2025-03-10": weekend + 1800}
        assert await value("resolutionTimeWorkingMean") == {"2025-03-10": 2.5 * 3600}

    async def test_means_have_two_decimals(self, bare: Api, empty: Sandbox, clock: Clock) -> None:
        for seconds in (1, 1, 2):
            await make(bare, clock, datetime(2025, 3, 7, tzinfo=UTC))
            empty.database.execute("UPDATE conversations SET responseTime = ? WHERE responseTime IS NULL", [seconds])
        assert (await report(bare, "responseTimeMean"))["data"] == {"2025-03-07": 1.33}

    async def test_what_is_excluded_from_analytics_is_not_counted(self, bare: Api, clock: Clock) -> None:
        await make(bare, clock, datetime(2025, 3, 7, tzinfo=UTC), excludeAnalytics=True)
        for metric in ("totalCount", "responseTimeMean", "conversationsResolved"):
            assert (await report(bare, metric))["data"] == {}


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ({}, '"startDate" is required'),
        ({"startDate": "2025-01-01", "endDate": "2025-01-02"}, '"metric" is required'),
        (
            {("startDate"): ("2025-01-02"), ("endDate"): ("2025-01-01"), ("metric"): ("totalCount")},
            ('"startDate" must not be after "endDate"'),
        ),
        ({"startDate": "20250101"}, '"startDate" must be a date like 2022-12-31'),
        ({"startDate": "2025-02-30"}, '"startDate" must be a date like 2022-12-31'),
        ({"startDate": "1999-12-31"}, '"startDate" must be a date like 2022-12-31'),
        ({"endDate": "9999-12-31"}, '"endDate" must be a date like 2022-12-31'),
        ({"startDate": 1}, '"startDate" must be a string'),
        ({"metric": "responseTimeMedian"}, '"metric" must be one of'),
        ({"dateDimension": "year"}, '"dateDimension" must be one of'),
        ({"dimensions": ["userId"]}, '"dimensions[0]" must be one of'),
        ({"dimensions": "tagId"}, '"dimensions" must be an array'),
        ({"filters": {"status": "open"}}, '"filters.status" is not allowed'),
        ({"filters": {"tagId": 1}}, '"filters.tagId" must be a string'),
        ({"filters": {"tagId": [None]}}, '"filters.tagId[0]" must be a string'),
        ({"timezone": "Mars/Olympus"}, '"timezone" must be a time zone name'),
        ({"timezone": "../etc/passwd"}, '"timezone" must be a time zone name'),
        ({"timezone": "America"}, '"timezone" must be a time zone name'),
        ({"timezone": ""}, '"timezone" must be a time zone name'),
        ({"groupBy": "day"}, '"groupBy" is not allowed'),
    ],
)
async def test_a_bad_request_is_refused_by_name(api: Api, body: Any, title: str) -> None:
    if title.endswith("is required") or "after" in title:
        refused = await api.refused("POST", "/reporting/time-series", body)
    else:
        good = {"startDate": "2025-01-01", "endDate": "2025-02-01", "metric": "totalCount"}
        refused = await api.refused("POST", "/reporting/time-series", good | body)
    assert refused.startswith(title)
