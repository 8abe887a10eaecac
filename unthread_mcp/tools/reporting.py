"""Reports: one metric over a period, split by time and by up to four dimensions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Final, Literal

from pydantic import Field

from unthread_mcp.access import reads
from unthread_mcp.answers import as_object
from unthread_mcp.api.endpoints import TIME_SERIES
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.arguments import CustomerRef, Name, UserRef, When
from unthread_mcp.concurrency import together
from unthread_mcp.name_matching import CUSTOMERS, TAGS, USERS, may_be_id
from unthread_mcp.render import Answer
from unthread_mcp.report_view import NOBODY, WEIGHED_BY, Report, Whole, report_shown
from unthread_mcp.series import Place, Series, read_series
from unthread_mcp.threads import SOURCES, source_of
from unthread_mcp.times import parse_day, parse_first_day
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
_PERIODS: Final[tuple[Period, ...]] = ("day", "week", "month")

MAX_DAYS: Final = 731
_DAYS_BY_DAY: Final = 31
_DAYS_BY_WEEK: Final = 183
_FIRST_YEAR: Final = 2000
"""Nothing in Unthread is older. Python's calendar ends at the year 1, and the period before would reach beyond it."""
_KINDS: Final = {"assigneeId": USERS, "customerId": CUSTOMERS, "tagId": TAGS}


@dataclass(frozen=True, slots=True)
class _Question:
    """What one request asks for, beside the filters."""

    metric: str
    first: date
    last: date
    step: Period
    dimensions: tuple[str, ...] = ()

    @property
    def count(self) -> _Question | None:
        """What the means of the answer are weighed by; None if there is nothing to weigh.

        In one bucket that is split by one dimension, each mean stands for itself.
        """
        if self.metric not in WEIGHED_BY or (_is_one(self.step, self.first, self.last) and len(self.dimensions) < 2):
            return None
        return replace(self, metric=WEIGHED_BY[self.metric])


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
    if source:
        filters["sourceType"] = [*dict.fromkeys(_source(word) for word in source)]
    if customer:
        filters["customerId"] = (await workspace.names.customer(customer)).id
    if assignee:
        filters["assigneeId"] = (await workspace.names.user(assignee, deleted=True)).id
    if tag:
        filters["tagId"] = (await workspace.names.tag(tag)).id
    is_time = metric in WEIGHED_BY
    # Of means in rows no dates are shown, so that the fewest buckets are the nearest to the truth.
    step = by or (_coarsest_step(first, last) if is_time and names else _fitting_step(first, last))
    earlier_last = first - timedelta(days=1)
    earlier_first = earlier_last - (last - first)

    def whole(start_date: date, end_date: date) -> _Question:
        return _Question(metric, start_date, end_date, _coarsest_step(start_date, end_date) if is_time else step)

    shown = _Question(metric, first, last, step, tuple(names))
    now_whole, then_whole = whole(first, last), whole(earlier_first, earlier_last)
    asked = [shown, now_whole, *([then_whole] if compare else [])]
    # What is shown by date alone is not weighed: each mean stands for itself.
    counts = [each.count for each in (asked if names else asked[1:])]
    answers = await _answered(workspace, zone.key, filters, [*asked, *(each for each in counts if each)])
    current = answers[shown]
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
        counts=_counts(answers, shown),
        whole=Whole(now_whole.step, answers[now_whole], _counts(answers, now_whole)),
        before=Whole(then_whole.step, answers[then_whole], _counts(answers, then_whole)) if compare else None,
        before_first=earlier_first,
        before_last=earlier_last,
        all_rows=all_rows,
    )
    data: JsonObject = {"metric": metric, "start": first.isoformat(), "end": last.isoformat(), **current.raw}
    return Answer(report_shown(report), data)


async def _answered(
    workspace: Workspace, zone: str, filters: JsonObject, questions: Sequence[_Question]
) -> dict[_Question, Series]:
    """The answers to `questions`, each asked once and all at the same time."""

    async def ask(question: _Question) -> Series:
        body: JsonObject = {
            "startDate": question.first.isoformat(),
            "endDate": question.last.isoformat(),
            "metric": question.metric,
            "timezone": zone,
            "dateDimension": question.step,
        }
        if question.dimensions:
            body["dimensions"] = [*question.dimensions]
        if filters:
            body["filters"] = filters
        answer = as_object(await workspace.client.read(TIME_SERIES, {}, body=body))
        return read_series(answer, question.dimensions)

    def asking(question: _Question) -> Callable[[], Awaitable[Series]]:
        return lambda: ask(question)

    once = [*dict.fromkeys(questions)]
    return dict(zip(once, await together([asking(each) for each in once]), strict=True))


def _counts(answers: Mapping[_Question, Series], question: _Question) -> Mapping[Place, float]:
    count = question.count
    return answers[count].by_place() if count and count in answers else {}


async def _name(workspace: Workspace, dimensions: Sequence[str], series: Series) -> None:
    """Look up the names that the answer's `lookups` lacks, in one request a dimension."""
    for level, dimension in enumerate(dimensions):
        known = series.names[level].keys() | NOBODY
        nameless = [key for key in series.keys(level) if key not in known and may_be_id(key)]
        if nameless and dimension in _KINDS:
            series.names[level] |= await workspace.names.names_behind(_KINDS[dimension], nameless)


def _source(word: str) -> str:
    if found := source_of(word):
        return found
    known = ", ".join(each for each in SOURCES if source_of(each) == each)
    raise InvalidArgument(f"There is no source {one_line(word, 60)!r}.", f"Pass one of: {known}.")


def _check_period(first: date, last: date, today: date) -> None:
    if last < first:
        raise InvalidArgument("The report ends before it starts.", "Pass a start that is not after end.")
    if first > today:
        raise InvalidArgument("The report begins in the future.", "Pass a start up to today.")
    if first.year < _FIRST_YEAR:
        raise InvalidArgument("The report begins before there was an Unthread.", "Pass a later start.")
    if (last - first).days > MAX_DAYS:
        raise InvalidArgument("The period is longer than two years.", "Ask for a shorter one.")


def _is_one(step: Period, first: date, last: date) -> bool:
    """Whether the period lies in one day, week or month."""
    if step == "month":
        return (first.year, first.month) == (last.year, last.month)
    return first == last if step == "day" else first.isocalendar()[:2] == last.isocalendar()[:2]


def _coarsest_step(first: date, last: date) -> Period:
    """The step that makes the fewest buckets of a period.

    Buckets are taken to be cut where the period is: the reference calls its dates inclusive.
    """
    for step in _PERIODS:
        if _is_one(step, first, last):
            return step
    return "month"


def _fitting_step(first: date, last: date) -> Period:
    days = (last - first).days + 1
    return "day" if days <= _DAYS_BY_DAY else "week" if days <= _DAYS_BY_WEEK else "month"
