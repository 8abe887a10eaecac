"""How a report is shown: what it counts and its change first, then a matrix of names, then what is odd about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from unthread_mcp.render import NAME_LENGTH, SEPARATOR, compose
from unthread_mcp.series import Mean, Place, Row, Series, mean_of, sum_of
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
WEIGHED_BY: Final = {
    "responseTimeMean": "totalCount",
    "responseTimeWorkingMean": "totalCount",
    "resolutionTimeMean": "conversationsResolved",
    "resolutionTimeWorkingMean": "conversationsResolved",
}
"""The count that a metric's means are weighed by, since the API gives none beside them.

Of resolutions it counts the same conversations. Of first responses it counts those without one, too: what it weighs is
an estimate. Inferred from the metrics' names.
"""
_COUNT_WORDS: Final = {"totalCount": "created, answered or not", "conversationsResolved": "resolved"}
DIMENSION_WORDS: Final = {
    "assigneeId": "assignee",
    "customerId": "customer",
    "tagId": "tag",
    "sourceType": "source",
}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole period without dimensions, from which its total is taken: it is the same however a report is split."""

    step: str
    series: Series
    counts: Mapping[Place, float]
    """What means are weighed by; nothing for counts, or where one bucket holds the period."""


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
    counts: Mapping[Place, float]
    """What the means of `current` are weighed by where they are summed up in rows."""
    whole: Whole
    before: Whole | None
    before_first: date
    before_last: date
    all_rows: bool = False

    @property
    def is_time(self) -> bool:
        """Whether the values are means of seconds, and not counts."""
        return self.metric.endswith("Mean")

    @property
    def is_working_time(self) -> bool:
        """Whether its seconds are of working hours alone."""
        return self.metric.endswith("WorkingMean")

    @property
    def days(self) -> int:
        """How many days the report covers, the first and the last among them."""
        return (self.last - self.first).days + 1


def report_shown(report: Report) -> str:
    """The whole answer."""
    series = report.current
    days = _days(report.days) + (", today so far" if report.first <= report.today <= report.last else "")
    counted = f"{COUNTED[report.metric]}; those excluded from analytics aren't in it"
    head = [
        f"{report.metric} {report.first} to {report.last} ({days}) by {report.step}, {report.zone}: {counted}.",
        _total(report),
        _drawn(report),
    ]
    empty = [day for day in series.dates if day not in series.dated]
    strays, unread = ([*dict.fromkeys(each)] for each in _oddities(series, report.whole.series))
    tail = [
        "rows: a conversation counts once for each of its tags" if "tagId" in report.dimensions else "",
        _partial(report),
        f"no data in {len(empty)} of {len(series.dates)} {report.step}s: {_runs(empty, series.dates, report)}"
        if empty
        else "",
        f"counted too, though outside the dates: {_some(strays, report)}" if strays else "",
        f"skipped, not understood: {_some(unread, report)}" if unread else "",
    ]
    return compose(head, _matrix(report) if report.dimensions else _periods(report), tail)


def _oddities(*series: Series) -> tuple[list[str], list[str]]:
    return [odd for each in series for odd in each.strays], [odd for each in series for odd in each.unread]


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
    """The total and its change. A mean that isn't exact says what it is, and no percentage is taken of it."""
    mean = _whole_mean(report, report.whole)
    if mean is None:
        return f"{'mean' if report.is_time else 'total'}: no data"
    said = _whole_words(mean, report, report.whole.step)
    if report.before is None:
        return said
    earlier = f"the {_days(report.days)} before ({_day(report.before_first, report)} to "
    earlier = f"{earlier}{_day(report.before_last, report)})" if report.days > 1 else f"{report.before_last}"
    then = _whole_mean(report, report.before)
    if then is None:
        return f"{said}; no data in {earlier}"
    value = f"{_hedge(then, report)}{_value(then.value, report)}"
    if _hedge(mean, report) or _hedge(then, report):
        return f"{said}; {value} in {earlier}, too rough for a percentage"
    if not then.value:
        return f"{said}; {value} in {earlier}"
    return f"{said}; {(mean.value - then.value) / then.value:+.0%} against {value} in {earlier}"


def _whole_mean(report: Report, whole: Whole) -> Mean | None:
    """A period's one number, which for counts is exact however many were summed."""
    if report.is_time:
        return mean_of(whole.series.rows, whole.counts)
    total = sum_of(whole.series.rows)
    return None if total is None else Mean(total, "exact", 1)


def _whole_words(mean: Mean, report: Report, step: str) -> str:
    value = _value(mean.value, report, whole=True)
    if not report.is_time:
        return f"total {value}"
    if mean.weighing == "unweighted":
        return f"mean of {mean.parts} {step}s, unweighted: {value}"
    weighed = f"{mean.parts} {step}s weighed by conversations {_COUNT_WORDS[WEIGHED_BY[report.metric]]}"
    return f"mean {_hedge(mean, report)}{value}" + (f", {weighed}" if mean.weighing == "weighed" else "")


def _hedge(mean: Mean, report: Report) -> str:
    """What stands before a number that is no fact: it was weighed by nothing, or by other things as well."""
    if mean.weighing == "weighed" and WEIGHED_BY[report.metric] == "totalCount":
        return "about "
    return "unweighted " if mean.weighing == "unweighted" else ""


def _drawn(report: Report) -> str:
    """The course of the total, a sign a period; means of several rows have none."""
    series = report.current if report.is_time else report.whole.series
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
    said = [[*heads, _row_word(lines, report) if report.is_time else "total"]]
    shown = len(lines) if report.all_rows else TOP_ROWS
    for keys, rows in lines[:shown]:
        said.append([*(labels[level][key] for level, key in zip(down, keys, strict=True)), *cells(rows)])
    text = [SEPARATOR.join(each) for each in said]
    if rest := lines[shown:]:
        word = f"{len(rest):,} more row{'s' if len(rest) > 1 else ''}"
        summed = [] if report.is_time else cells([row for _, rows in rest for row in rows])
        text.append(f"{SEPARATOR.join([word, *summed])}; all_rows shows them")
    return text


def _row_word(lines: Sequence[tuple[tuple[str, ...], Sequence[Row]]], report: Report) -> str:
    """What the means of rows are, by the least sure of them."""
    means = [mean for _, rows in lines if (mean := mean_of(rows, report.counts))]
    hedges = sorted({_hedge(each, report) for each in means} - {""})
    return f"mean, {hedges[-1].strip()}" if hedges else "mean"


def _is_across(series: Series, level: int, last: int) -> bool:
    return last > 0 and len(series.keys(level)) <= _MOST_COLUMNS


def _grouped(rows: Sequence[Row], levels: Sequence[int], report: Report) -> list[tuple[tuple[str, ...], list[Row]]]:
    """The rows that have the same keys at `levels`, the group of the highest value first."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.keys[level] for level in levels), []).append(row)
    return sorted(groups.items(), key=lambda group: -(_row_value(group[1], report) or 0))


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
    value = _row_value(rows, report)
    return "-" if value is None else _value(value, report)


def _row_value(rows: Sequence[Row], report: Report) -> float | None:
    if not report.is_time:
        return sum_of(rows)
    mean = mean_of(rows, report.counts)
    return mean.value if mean else None


def _value(value: float, report: Report, *, whole: bool = False) -> str:
    """A number; of working time in hours, said to be of it with the `whole`."""
    if not report.is_time:
        return f"{value:.0f}" if value == int(value) else f"{value:.2f}"
    words = write_duration(value, days=not report.is_working_time)
    return f"{value:.0f} s ({words}{' of working time' if whole and report.is_working_time else ''})"


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
