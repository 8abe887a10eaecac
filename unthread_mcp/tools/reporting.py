"""Reports: one metric over a period, split by time and by up to four dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Final, Literal

from pydantic import Field

from unthread_mcp.access import reads
from unthread_mcp.answers import as_object
from unthread_mcp.api.endpoints import TIME_SERIES
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.arguments import CustomerRef, Name, UserRef, When
from unthread_mcp.concurrency import both
from unthread_mcp.name_matching import CUSTOMERS, TAGS, USERS, may_be_id
from unthread_mcp.render import Answer
from unthread_mcp.report_view import NOBODY, Report, report_shown
from unthread_mcp.series import Series, read_series
from unthread_mcp.times import parse_day, parse_first_day
from unthread_mcp.workspace import Workspace

Metric = Literal[
    "totalCount",
    "conversationsResolved",
    "responseTimeMean",
    "responseTimeWorkingMean",
    "resolutionTimeMean",
    "resolutionTimeWorkingMean",
]
Dimension = Literal["assigneeId", "customerId", "tagId", "sourceType"]
Period = Literal["day", "week", "month"]

MAX_DAYS: Final = 731
_DAYS_BY_DAY: Final = 31
_DAYS_BY_WEEK: Final = 183
_FIRST_YEAR: Final = 2000
"""Nothing in Unthread is older. Python's calendar ends at the year 1, and the period before would reach beyond it."""
_KINDS: Final = {"assigneeId": USERS, "customerId": CUSTOMERS, "tagId": TAGS}


@reads("Run a report")
async def run_report(
    workspace: Workspace,
    metric: Metric,
    start: Annotated[When, Field(description="First day, or 30d, 4w with today")] = "30d",
    end: Annotated[When | None, Field(description="Last day; today if left out")] = None,
    by: Period | None = None,
    dimensions: Annotated[list[Dimension] | None, Field(description="Split by, outermost first", max_length=4)] = None,
    customer: CustomerRef | None = None,
    assignee: UserRef | None = None,
    tag: Name | None = None,
    source: Annotated[list[Name] | None, Field(description="slack, email, widget, …", max_length=20)] = None,
    compare: Annotated[bool, Field(description="Beside the period before")] = True,
    all_rows: bool = False,
) -> Answer:
    """Report a metric over a period, with names for ids, totals and the change against the period before.

    Times are in seconds, with words beside them.
    """
    zone, now = workspace.settings.timezone, workspace.now()
    today = now.astimezone(zone).date()
    first = parse_first_day(start, "start", zone=zone, now=now)
    last = parse_day(end, "end", zone=zone, now=now) if end else today
    _check_period(first, last, today)
    names: list[str] = [*dict.fromkeys(dimensions or ())]
    filters: JsonObject = {}
    if customer:
        filters["customerId"] = (await workspace.names.customer(customer)).id
    if assignee:
        filters["assigneeId"] = (await workspace.names.user(assignee)).id
    if tag:
        filters["tagId"] = (await workspace.names.tag(tag)).id
    if source:
        filters["sourceType"] = [*source]
    step = by or _fitting_step(first, last)

    async def fetch(start_date: date, end_date: date, split: Sequence[str]) -> Series:
        body: JsonObject = {
            "startDate": start_date.isoformat(),
            "endDate": end_date.isoformat(),
            "metric": metric,
            "timezone": zone.key,
            "dateDimension": step,
        }
        if split:
            body["dimensions"] = [*split]
        if filters:
            body["filters"] = filters
        return read_series(as_object(await workspace.client.read(TIME_SERIES, {}, body=body)), split)

    before: Series | None = None
    earlier_last = first - timedelta(days=1)
    earlier_first = earlier_last - (last - first)
    if compare:
        current, before = await both(
            lambda: fetch(first, last, names), lambda: fetch(earlier_first, earlier_last, names)
        )
    else:
        current = await fetch(first, last, names)
    await _name(workspace, names, current)
    report = Report(
        metric=metric,
        step=step,
        first=first,
        last=last,
        today=today,
        zone=zone.key,
        dimensions=names,
        current=current,
        before=before,
        before_first=earlier_first,
        before_last=earlier_last,
        all_rows=all_rows,
    )
    data: JsonObject = {"metric": metric, "start": first.isoformat(), "end": last.isoformat(), **current.raw}
    return Answer(report_shown(report), data)


async def _name(workspace: Workspace, dimensions: Sequence[str], series: Series) -> None:
    """Look up the names that the answer's `lookups` lacks, in one request a dimension."""
    for level, dimension in enumerate(dimensions):
        known = series.names[level].keys() | NOBODY
        nameless = [key for key in series.keys(level) if key not in known and may_be_id(key)]
        if nameless and dimension in _KINDS:
            series.names[level] |= await workspace.names.names_behind(_KINDS[dimension], nameless)


def _check_period(first: date, last: date, today: date) -> None:
    if last < first:
        raise InvalidArgument("The report ends before it starts.", "Pass a start that is not after end.")
    if first > today:
        raise InvalidArgument("The report begins in the future.", "Pass a start up to today.")
    if first.year < _FIRST_YEAR:
        raise InvalidArgument("The report begins before there was an Unthread.", "Pass a later start.")
    if (last - first).days > MAX_DAYS:
        raise InvalidArgument("The period is longer than two years.", "Ask for a shorter one.")


def _fitting_step(first: date, last: date) -> Period:
    days = (last - first).days + 1
    return "day" if days <= _DAYS_BY_DAY else "week" if days <= _DAYS_BY_WEEK else "month"
