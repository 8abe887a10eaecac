"""A report's total is the same fact however the report is split, and what isn't one says so."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product

import pytest

from tests.support import TODAY, Desk
from unthread_mcp.report_view import COUNTED, DIMENSION_WORDS, WEIGHED_BY

pytestmark = pytest.mark.anyio

STEPS = (None, "day", "week", "month")
SPLITS: tuple[list[str], ...] = ([], ["sourceType"], ["assigneeId"], ["tagId"], ["tagId", "customerId"])
_COLUMNS = {
    "responseTimeMean": ("responseTime", "createdAt"),
    "responseTimeWorkingMean": ("responseTimeWorking", "createdAt"),
    "resolutionTimeMean": ("resolutionTime", "closedAt"),
    "resolutionTimeWorkingMean": ("resolutionTimeWorking", "closedAt"),
}


def _truth(desk: Desk, metric: str, days: int, ago: int = 0, more: str = "") -> float | None:
    """The mean over the conversations of `days` days that end `ago` days before today."""
    column, dated_by = _COLUMNS[metric]
    last = TODAY - timedelta(days=ago)
    sql = f"SELECT avg({column}) FROM conversations c WHERE NOT excludeAnalytics AND {dated_by} >= ? AND {dated_by} < ?"
    values = ((last - timedelta(days=days - 1)).isoformat(), (last + timedelta(days=1)).isoformat())
    return desk.sandbox.database.execute(sql + more, values).fetchone()[0]


@pytest.mark.parametrize("metric", COUNTED)
async def test_the_total_is_the_same_whatever_the_report_is_split_by(desk: Desk, metric: str) -> None:
    assert {*DIMENSION_WORDS} == {name for split in SPLITS for name in split}
    async with desk.agent() as agent:
        for start in ("7d", "30d", "90d"):
            totals: set[str] = set()
            for by, split in product(STEPS, SPLITS):
                said = await agent.call(
                    "run_report", metric=metric, start=start, dimensions=split, **({"by": by} if by else {})
                )
                totals.add(said.text.splitlines()[1])
            assert len(totals) == 1, (start, totals)


@pytest.mark.parametrize("metric", WEIGHED_BY)
@pytest.mark.parametrize("days", [1, 7, 14, 30, 60, 90])
async def test_a_mean_that_is_given_as_a_fact_is_the_mean_of_the_conversations(
    desk: Desk, metric: str, days: int
) -> None:
    async with desk.agent() as agent:
        said = (await agent.call("run_report", metric=metric, start=f"{days}d")).text.splitlines()[1]
    now, then = _truth(desk, metric, days), _truth(desk, metric, days, ago=days)
    value = re.match(r"mean (about )?(\d+) s", said)
    if now is None:
        assert said == "mean: no data"
        return
    assert value
    if value[1] is None:
        assert int(value[2]) == round(now)
    else:
        assert "weighed by conversations created, answered or not" in said
        assert "%" not in said
    if change := re.search(r"([+-]\d+)% against (\d+) s", said):
        assert then
        assert int(change[2]) == round(then)
        assert int(change[1]) == pytest.approx(100 * (now - then) / then, abs=1)
    assert days == 1 or metric.startswith("response") or change


async def test_the_means_of_rows_are_those_of_their_conversations(desk: Desk) -> None:
    async with desk.agent() as agent:
        for by in ("day", "week", "month"):
            said = await agent.call(
                "run_report", metric="resolutionTimeMean", start="30d", by=by, dimensions=["sourceType"]
            )
            assert "\nsource · mean\n" in said.text
            for source in ("email", "slack", "widget"):
                truth = _truth(desk, "resolutionTimeMean", 30, more=f" AND sourceType = '{source}'")
                assert truth is not None
                assert f"\n{source} · {truth:.0f} s (" in said.text
        said = await agent.call(
            "run_report", metric="responseTimeMean", start="30d", by="day", dimensions=["sourceType"]
        )
        assert "\nsource · mean, about\n" in said.text


@pytest.mark.parametrize("metric", ["totalCount", "conversationsResolved"])
async def test_a_report_says_what_it_leaves_out_that_a_count_has(desk: Desk, metric: str) -> None:
    async with desk.agent() as agent:
        said = await agent.call("run_report", metric=metric)
    assert "those excluded from analytics aren't in it" in said.text.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "requests"),
    [
        ({"metric": "totalCount"}, 2),
        ({"metric": "totalCount", "dimensions": ["tagId"]}, 3),
        ({"metric": "totalCount", "dimensions": ["tagId"], "compare": False}, 2),
        ({"metric": "responseTimeMean", "start": "7d"}, 3),
        ({"metric": "responseTimeMean", "start": "7d", "by": "month", "compare": False}, 1),
        ({"metric": "responseTimeMean", "start": "30d"}, 5),
        ({"metric": "resolutionTimeMean", "start": "7d", "dimensions": ["customerId"]}, 3),
        ({"metric": "resolutionTimeMean", "start": "30d", "by": "day", "dimensions": ["customerId"]}, 6),
    ],
)
async def test_a_report_takes_few_requests(desk: Desk, arguments: dict[str, object], requests: int) -> None:
    async with desk.agent() as agent:
        assert not (await agent.call("run_report", **arguments)).failed
    assert len([each for each in desk.wire.sent if each.path.endswith("/time-series")]) == requests
