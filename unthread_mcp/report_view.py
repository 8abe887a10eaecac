"""How a report is shown: what it counts and its change first, then a matrix of names, then what is odd about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from unthread_mcp.render import NAME_LENGTH, SEPARATOR, compose
from unthread_mcp.series import Row, Series, value_of
from unthread_mcp.times import write_duration
from unthread_mcp.untrusted import one_line

TOP_ROWS: Final = 10
_MOST_COLUMNS: Final = 8
"""Keys of the innermost dimension that stand side by side; more of them become rows."""
_SPARKS: Final = "▁▂▃▄▅▆▇█"
_MOST_SPARKS: Final = 732
_SOME: Final = 5
NOBODY: Final = frozenset({"", "null", "undefined"})
"""Keys of what has no customer, assignee or tag; inferred, the reference shows none."""
COUNTED: Final[dict[str, str]] = {
    "totalCount": "conversations created in the period",
    "conversationsResolved": "conversations resolved in the period, whenever they were created",
    "responseTimeMean": "mean time to the first response; conversations without one are left out",
    "responseTimeWorkingMean": "mean working time to the first response; conversations without one are left out",
    "resolutionTimeMean": "mean time to resolution; unresolved conversations are left out",
    "resolutionTimeWorkingMean": "mean working time to resolution; unresolved conversations are left out",
}
"""What a metric counts. The reference names the metrics but doesn't define them: inferred."""
DIMENSION_WORDS: Final = {
    "assigneeId": "assignee",
    "customerId": "customer",
    "tagId": "tag",
    "sourceType": "source",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What was asked for, and what came of it."""

    metric: str
    step: str
    first: date
    last: date
    today: date
    zone: str
    dimensions: Sequence[str]
    current: Series
    before: Series | None
    before_first: date
    before_last: date
    all_rows: bool = False

    @property
    def is_time(self) -> bool:
        """Whether the values are means of seconds, and not counts."""
        return self.metric.endswith("Mean")

    @property
    def days(self) -> int:
        """How many days the report covers, the first and the last among them."""
        return (self.last - self.first).days + 1


def report_shown(report: Report) -> str:
    """The whole answer."""
    series = report.current
    days = _days(report.days) + (", today so far" if report.first <= report.today <= report.last else "")
    counted = COUNTED[report.metric]
    head = [
        f"{report.metric} {report.first} to {report.last} ({days}) by {report.step}, {report.zone}: {counted}.",
        _total(report),
        _drawn(report),
    ]
    empty = [day for day in series.dates if day not in series.dated]
    tail = [
        _partial(report),
        f"no data in {len(empty)} of {len(series.dates)} {report.step}s: {_runs(empty, series.dates, report)}"
        if empty
        else "",
        f"counted too, though outside the dates: {_some(series.strays, report)}" if series.strays else "",
        f"skipped, not understood: {_some(series.unread, report)}" if series.unread else "",
    ]
    return compose(head, _matrix(report) if report.dimensions else _periods(report), tail)


def _partial(report: Report) -> str:
    """Which weeks or months are not whole, since the period begins or ends inside: they look like a fall."""
    following = report.last + timedelta(days=1)
    if report.step == "week":
        inside = (report.first.weekday() != 0, following.weekday() != 0)
    else:
        inside = (report.first.day != 1, following.day != 1)
    if report.step == "day" or not any(inside):
        return ""
    which = "first and last" if all(inside) else "first" if inside[0] else "last"
    return f"{which} {report.step} not whole"


def _days(count: int) -> str:
    return f"{count} day{'s' if count > 1 else ''}"


def _total(report: Report) -> str:
    """The total and its change; for means the mean of the periods: the API gives no weights, and it is said."""
    by_tag = "tagId" in report.dimensions
    if report.is_time:
        each = "; a conversation counts for each of its tags" if by_tag else ""
        rows = " and rows" if report.dimensions else ""
        word = f"mean of the periods{rows} (unweighted: the API gives no counts{each})"
    else:
        word = "total (a conversation counts once for each of its tags)" if by_tag else "total"
    value = report.current.value(is_time=report.is_time)
    if value is None:
        return f"{word}: no data"
    said = f"{word} {_value(value, report)}"
    if report.before is None:
        return said
    then = report.before.value(is_time=report.is_time)
    earlier = f"the {_days(report.days)} before ({_day(report.before_first, report)} to "
    earlier = f"{earlier}{_day(report.before_last, report)})" if report.days > 1 else f"{report.before_last}"
    if not then:
        return f"{said}; {'no data' if then is None else _value(then, report)} in {earlier}"
    return f"{said}; {(value - then) / then:+.0%} against {_value(then, report)} in {earlier}"


def _drawn(report: Report) -> str:
    """The course of the total, a sign a period; means of several rows have none."""
    series = report.current
    if not 1 < len(series.dates) <= _MOST_SPARKS or (report.is_time and report.dimensions):
        return ""
    per_date = series.per_date()
    values = [per_date.get(day, 0) for day in series.dates]
    top = max(values)
    drawn = "".join(_SPARKS[min(7, int(8 * value / top))] if top and value > 0 else _SPARKS[0] for value in values)
    return f"{drawn} {_day(series.dates[0], report)} to {_day(series.dates[-1], report)}"


def _periods(report: Report) -> list[str]:
    per_date = report.current.per_date()
    dates = [day for day in report.current.dates if day in per_date]
    shown = [f"{_day(day, report)} {_value(per_date[day], report)}" for day in dates]
    return ["; ".join(shown)] if shown else []


def _matrix(report: Report) -> list[str]:
    """A line for each combination of keys, those of the innermost dimension side by side where they are few.

    Of two dimensions, the outer one is laid out so where only its keys are few. The highest first, and what is below
    the tenth summed (for means: counted).
    """
    series, last = report.current, len(report.dimensions) - 1
    across = next((level for level in ((1, 0) if last == 1 else (last,)) if _is_across(series, level, last)), None)
    down = [level for level in range(last + 1) if level != across]
    labels = [_labels(series, level, name) for level, name in enumerate(report.dimensions)]
    columns = [] if across is None else _grouped(series.rows, [across], report)
    lines = _grouped(series.rows, down, report)
    if not lines:
        return []

    def cells(rows: Sequence[Row]) -> list[str]:
        several = [[row for row in rows if row.keys[across or 0] == keys[0]] for keys, _ in columns]
        return [_cell(each, report) for each in (*several, rows)]

    heads = [DIMENSION_WORDS.get(report.dimensions[level], report.dimensions[level]) for level in down]
    heads += [labels[across][keys[0]] for keys, _ in columns] if across is not None else []
    said = [[*heads, "mean" if report.is_time else "total"]]
    shown = len(lines) if report.all_rows else TOP_ROWS
    for keys, rows in lines[:shown]:
        said.append([*(labels[level][key] for level, key in zip(down, keys, strict=True)), *cells(rows)])
    text = [SEPARATOR.join(each) for each in said]
    if rest := lines[shown:]:
        word = f"{len(rest):,} more row{'s' if len(rest) > 1 else ''}"
        summed = [] if report.is_time else cells([row for _, rows in rest for row in rows])
        text.append(f"{SEPARATOR.join([word, *summed])}; all_rows shows them")
    return text


def _is_across(series: Series, level: int, last: int) -> bool:
    return last > 0 and len(series.keys(level)) <= _MOST_COLUMNS


def _grouped(rows: Sequence[Row], levels: Sequence[int], report: Report) -> list[tuple[tuple[str, ...], list[Row]]]:
    """The rows that have the same keys at `levels`, the group of the highest value first."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.keys[level] for level in levels), []).append(row)
    return sorted(groups.items(), key=lambda group: -(value_of(group[1], is_time=report.is_time) or 0))


def _labels(series: Series, level: int, dimension: str) -> dict[str, str]:
    """A name for each key, with the key beside it where several have the same."""
    names = series.names[level]
    word = DIMENSION_WORDS.get(dimension, dimension)
    shown = {
        key: f"(no {word})" if key in NOBODY else one_line(names.get(key) or key, NAME_LENGTH)
        for key in series.keys(level)
    }
    often = Counter(shown.values())
    return {key: name if often[name] == 1 else f"{name} ({one_line(key, 64)})" for key, name in shown.items()}


def _cell(rows: Sequence[Row], report: Report) -> str:
    value = value_of(rows, is_time=report.is_time)
    return "-" if value is None else _value(value, report)


def _value(value: float, report: Report) -> str:
    number = f"{value:.0f}" if report.is_time or value == int(value) else f"{value:.2f}"
    return f"{number} s ({write_duration(value)})" if report.is_time else number


def _day(day: str | date, report: Report) -> str:
    """A date as upstream wrote it, without the year if it is this one."""
    return one_line(str(day).removeprefix(f"{report.today.year}-"), NAME_LENGTH)


def _runs(days: Sequence[str], dates: Sequence[str], report: Report) -> str:
    """Days that follow one another in `dates` as `first to last`."""
    place = {day: number for number, day in enumerate(dates)}
    runs = [[days[0]]]
    for earlier, later in pairwise(days):
        if place[later] == place[earlier] + 1:
            runs[-1].append(later)
        else:
            runs.append([later])
    said = [_day(run[0], report) + (f" to {_day(run[-1], report)}" if len(run) > 1 else "") for run in runs]
    left = sum(len(run) for run in runs[_SOME:])
    return ", ".join(said[:_SOME]) + (f" and {left} more" if left else "")


def _some(items: Sequence[str], report: Report) -> str:
    shown = [_day(each, report) for each in items[:_SOME]]
    return ", ".join(shown) + (f" and {len(items) - _SOME} more" if len(items) > _SOME else "")
