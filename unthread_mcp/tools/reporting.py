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
from unthread_mcp.render import NAME_LENGTH, SEPARATOR, Answer, compose
from unthread_mcp.series import Series, read_series
from unthread_mcp.times import parse_period, write_duration
from unthread_mcp.untrusted import one_line
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
TOP_ROWS: Final = 10
_DAYS_BY_DAY: Final = 31
_DAYS_BY_WEEK: Final = 183
_FIRST_YEAR: Final = 2000
"""Nothing in Unthread is older. Python's calendar ends at the year 1, and the period before would reach beyond it."""
_SPARKS: Final = "▁▂▃▄▅▆▇█"
_LEFT_OUT: Final[dict[str, str]] = {
    "totalCount": "conversations created in the period",
    "conversationsResolved": "conversations resolved in the period, whenever they were created",
    "responseTimeMean": "mean time to the first response; conversations without one are left out",
    "responseTimeWorkingMean": "mean working time to the first response; conversations without one are left out",
    "resolutionTimeMean": "mean time to resolution; unresolved conversations are left out",
    "resolutionTimeWorkingMean": "mean working time to resolution; unresolved conversations are left out",
}
"""What a metric counts. The reference names the metrics but doesn't define them: inferred."""


@reads("Run a report")
async def run_report(
    workspace: Workspace,
    metric: Metric,
    start: Annotated[When, Field(description="First day, or 30d, 4w ago")] = "30d",
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
    first = parse_period(start, "start", zone=zone, now=now)
    last = parse_period(end, "end", zone=zone, now=now) if end else now.astimezone(zone).date()
    _check_period(first, last)
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
    if compare:
        length = last - first
        earlier_last = first - timedelta(days=1)
        current, before = await both(
            lambda: fetch(first, last, names), lambda: fetch(earlier_last - length, earlier_last, names)
        )
    else:
        current = await fetch(first, last, names)
    text = _report(
        metric,
        step,
        names,
        first,
        last,
        current,
        before,
        zone_name=zone.key,
        year=now.astimezone(zone).year,
        most=1_000 if all_rows else TOP_ROWS,
    )
    return Answer(text, {"metric": metric, "start": first.isoformat(), "end": last.isoformat(), **current.raw})


def _check_period(first: date, last: date) -> None:
    if last < first:
        raise InvalidArgument("The report ends before it starts.", "Pass a start that is not after end.")
    if first.year < _FIRST_YEAR:
        raise InvalidArgument("The report begins before there was an Unthread.", "Pass a later start.")
    if (last - first).days > MAX_DAYS:
        raise InvalidArgument("The period is longer than two years.", "Ask for a shorter one.")


def _fitting_step(first: date, last: date) -> Period:
    days = (last - first).days + 1
    return "day" if days <= _DAYS_BY_DAY else "week" if days <= _DAYS_BY_WEEK else "month"


def _report(
    metric: str,
    step: str,
    names: Sequence[str],
    first: date,
    last: date,
    current: Series,
    before: Series | None,
    *,
    zone_name: str,
    year: int,
    most: int,
) -> str:
    is_time = metric.endswith("Mean")
    said = f"{metric} {first} to {last} by {step} ({zone_name}): {_LEFT_OUT[metric]}."
    empty = [day for day in current.dates if day not in current.dated]
    head = [said, _total(current, before, is_time=is_time)]
    per_day = current.per_date()
    if 1 < len(current.dates) <= MAX_DAYS + 1 and not is_time:
        drawn = _spark([per_day.get(day, 0) for day in current.dates])
        head.append(f"{drawn} {_day(current.dates[0], year)} to {_day(current.dates[-1], year)}")
    lines = _rows(names, current, is_time=is_time, most=most) if names else _periods(current, year, is_time=is_time)
    tail = [
        f"no data in {len(empty)} of {len(current.dates)} {step}s: {_some(empty, year)}" if empty else "",
        f"counted too, though outside the dates: {_some(current.strays, year)}" if current.strays else "",
        f"skipped, not understood: {_some(current.unread, year)}" if current.unread else "",
        "a conversation with several tags counts once for each" if "tagId" in names else "",
    ]
    return compose(head, lines, tail)


def _total(current: Series, before: Series | None, *, is_time: bool) -> str:
    """The total, or for means the mean of the periods: the API gives no weights, and it is said."""
    now_value = current.mean() if is_time else current.total()
    word = "mean of the periods (unweighted: the API gives no counts)" if is_time else "total"
    if now_value is None:
        return f"{word}: no data"
    text = f"{word} {_value(now_value, is_time=is_time)}"
    if before is None:
        return text
    then = before.mean() if is_time else before.total()
    if not then:
        return f"{text}; the period before had {'no data' if then is None else _value(then, is_time=is_time)}"
    return f"{text}; {(now_value - then) / then:+.0%} against {_value(then, is_time=is_time)} in the period before"


def _value(value: float, *, is_time: bool) -> str:
    number = f"{value:.0f}" if is_time or value == int(value) else f"{value:.2f}"
    return f"{number} s ({write_duration(value)})" if is_time else number


def _day(day: str, year: int) -> str:
    """A date as upstream wrote it, without the year if it is this one."""
    return one_line(day.removeprefix(f"{year}-"), NAME_LENGTH)


def _periods(series: Series, year: int, *, is_time: bool) -> list[str]:
    per_date = series.per_date()
    shown = [f"{_day(day, year)} {_value(per_date[day], is_time=is_time)}" for day in series.dates if day in per_date]
    return ["; ".join(shown)] if shown else []


def _rows(names: Sequence[str], series: Series, *, is_time: bool, most: int) -> list[str]:
    """One line a combination of keys, the highest first; the rest summed (or, for means, counted)."""
    ranked = sorted(series.rows, key=lambda row: row.value(is_time=is_time), reverse=True)
    lines = [SEPARATOR.join([*names, "mean" if is_time else "total"])]
    lines += [
        SEPARATOR.join(
            [*(one_line(key, NAME_LENGTH) for key in row.keys), _value(row.value(is_time=is_time), is_time=is_time)]
        )
        for row in ranked[:most]
    ]
    rest = ranked[most:]
    if rest:
        summed = "" if is_time else f", together {_value(sum(row.value(is_time=False) for row in rest), is_time=False)}"
        plural = "s" if len(rest) > 1 else ""
        lines.append(f"and {len(rest)} more row{plural}{summed}; all_rows shows them")
    return lines


def _spark(values: Sequence[float]) -> str:
    top = max(values, default=0)
    return "".join(_SPARKS[min(7, int(8 * value / top))] if top and value > 0 else _SPARKS[0] for value in values)


def _some(items: Sequence[str], year: int) -> str:
    shown = [_day(each, year) for each in items[:5]]
    return ", ".join(shown) + (f" and {len(items) - 5} more" if len(items) > 5 else "")
