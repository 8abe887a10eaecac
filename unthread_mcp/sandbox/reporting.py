"""Reporting: metrics of conversations over time, split by dimensions.

Documented: the request, the nesting, the dates, the metrics' names and units. Guessed: counts and
response times are dated by when a conversation was created, resolutions by when it was closed;
conversations excluded from analytics are left out; a missing customer or assignee stands under "null".
"""

# ruff: noqa: S608 - table and column names come from this package, and values are always bound
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from unthread_mcp.api.endpoints import TIME_SERIES

from .calls import Call, JsonValue, answers, bad_request
from .checks import Check, list_of, nested, one_of, record, text
from .encoding import dumps
from .store import SqlValue, Store
from .times import iso

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_EARLIEST: Final = date(2000, 1, 1)
_LATEST: Final = date(2100, 1, 1)


@dataclass(frozen=True, slots=True)
class _Metric:
    """When a conversation counts, and the column whose mean is asked for; none for a count."""

    dated_by: str
    mean_of: str | None = None


@dataclass(slots=True)
class _Sum:
    """How many conversations, and the sum of what was measured of them."""

    count: int = 0
    total: int = 0

    def add(self, count: int, total: int) -> None:
        self.count += count
        self.total += total

    @property
    def mean(self) -> float:
        return round(self.total / self.count, 2)


METRICS: Final = {
    "totalCount": _Metric("createdAt"),
    "responseTimeMean": _Metric("createdAt", "responseTime"),
    "responseTimeWorkingMean": _Metric("createdAt", "responseTimeWorking"),
    "resolutionTimeMean": _Metric("closedAt", "resolutionTime"),
    "resolutionTimeWorkingMean": _Metric("closedAt", "resolutionTimeWorking"),
    "conversationsResolved": _Metric("closedAt"),
}
DIMENSIONS: Final = {
    "assigneeId": "c.assignedToUserId",
    "customerId": "c.customerId",
    "tagId": "t.tagId",
    "sourceType": "c.sourceType",
}
_NAMED_IN: Final = {"assigneeId": "users", "customerId": "customers", "tagId": "tags"}


def _day(name: str, value: JsonValue) -> date:
    try:
        if _DAY.fullmatch(text(name, value)) and _EARLIEST <= (day := date.fromisoformat(text(name, value))) <= _LATEST:
            return day
    except ValueError:
        pass
    raise bad_request(f'"{name}" must be a date like 2022-12-31')


def _zone(name: str, value: JsonValue) -> ZoneInfo:
    try:
        return ZoneInfo(text(name, value))
    # Besides an unknown name (KeyError), odd ones end as directories, or as paths outside the data.
    except (KeyError, ValueError, OSError):
        raise bad_request(f'"{name}" must be a time zone name') from None


def _one_or_several(name: str, value: JsonValue) -> list[str]:
    return list_of(text)(name, value) if isinstance(value, list) else [text(name, value)]


_REQUEST: Final[dict[str, Check]] = {
    "timezone": _zone,
    "startDate": _day,
    "endDate": _day,
    "metric": one_of(*METRICS),
    "dateDimension": one_of("day", "week", "month"),
    "dimensions": list_of(one_of(*DIMENSIONS)),
    "filters": nested(dict.fromkeys(DIMENSIONS, _one_or_several)),
}


@answers(TIME_SERIES)
def time_series(call: Call) -> str:
    """One metric over time."""
    request = record(call.body, _REQUEST, "startDate", "endDate", "metric")
    start, end = request["startDate"], request["endDate"]
    if start > end:
        raise bad_request('"startDate" must not be after "endDate"')
    unit: str = request.get("dateDimension", "day")
    dimensions: list[str] = list(dict.fromkeys(request.get("dimensions", [])))
    metric = METRICS[request["metric"]]
    zone: ZoneInfo = request.get("timezone") or ZoneInfo("UTC")

    groups: dict[tuple[str, ...], _Sum] = {}
    filters: dict[str, list[str]] = request.get("filters", {})

    @cache
    def period(quarter: str) -> str:
        return _period(datetime.fromisoformat(f"{quarter}Z").astimezone(zone).date(), unit).isoformat()

    for quarter, count, total, *keys in _sums(call.store, metric, dimensions, filters, start, end, zone):
        path = (*("null" if key is None else str(key) for key in keys), period(quarter))
        groups.setdefault(path, _Sum()).add(count, total)
    data: dict[str, JsonValue] = {}
    for path in sorted(groups):
        node = data
        for key in path[:-1]:
            node = cast("dict[str, JsonValue]", node.setdefault(key, {}))
        node[path[-1]] = groups[path].mean if metric.mean_of else groups[path].count
    dates: list[JsonValue] = [first.isoformat() for first in _periods(start, end, unit)]
    return dumps({"lookups": _lookups(call.store, dimensions, groups), "dates": dates, "data": data})


def _sums(
    store: Store,
    metric: _Metric,
    dimensions: list[str],
    filters: dict[str, list[str]],
    start: date,
    end: date,
    zone: ZoneInfo,
) -> list[tuple[Any, ...]]:
    """For each quarter of an hour and each key: how many conversations count, the sum of what is measured, the keys.

    Days begin on a quarter of an hour of UTC in every time zone of this century.
    """
    split_by_tag = "tagId" in dimensions
    conditions = [f"c.{metric.dated_by} >= ?", f"c.{metric.dated_by} < ?", "NOT c.excludeAnalytics"]
    values: list[SqlValue] = [_midnight(start, zone), _midnight(end + timedelta(days=1), zone)]
    if metric.mean_of:
        conditions.append(f"c.{metric.mean_of} IS NOT NULL")
    for name, wanted in filters.items():
        condition = f"{DIMENSIONS[name]} IN (SELECT value FROM json_each(?))"
        if name == "tagId" and not split_by_tag:
            # Without a split by tag, a conversation with two of the tags counts once.
            condition = f"EXISTS (SELECT 1 FROM conversation_tags t WHERE t.conversationId = c.id AND {condition})"
        conditions.append(condition)
        values.append(dumps(cast("list[JsonValue]", wanted)))
    quarter = "substr({0}, 1, 14) || printf('%02d', substr({0}, 15, 2) / 15 * 15)".format(f"c.{metric.dated_by}")
    columns = [quarter, "count(*)", f"sum(c.{metric.mean_of})" if metric.mean_of else "0"]
    keys = [DIMENSIONS[name] for name in dimensions]
    return store.all(
        f"SELECT {', '.join([*columns, *keys])} FROM conversations c"
        f"{' LEFT JOIN conversation_tags t ON t.conversationId = c.id' if split_by_tag else ''}"
        f" WHERE {' AND '.join(conditions)} GROUP BY {', '.join([quarter, *keys])}",
        values,
    )


def _midnight(day: date, zone: ZoneInfo) -> str:
    return iso(datetime.combine(day, time(), tzinfo=zone).astimezone(UTC))


def _period(day: date, unit: str) -> date:
    """The first day of the period: itself, its week's Monday, or its month's first."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def _periods(start: date, end: date, unit: str) -> Iterator[date]:
    period = _period(start, unit)
    while period <= end:
        yield period
        period = _period(period + timedelta(days={"day": 1, "week": 7, "month": 31}[unit]), unit)


def _lookups(store: Store, dimensions: list[str], groups: dict[tuple[str, ...], _Sum]) -> dict[str, JsonValue]:
    """Names for the keys. Source types have none: the reference's example shows an empty array, `sourceTypes`."""
    lookups: dict[str, JsonValue] = {}
    for depth, dimension in enumerate(dimensions):
        if dimension == "sourceType":
            lookups["sourceTypes"] = []
            continue
        keys: list[JsonValue] = [*sorted({path[depth] for path in groups})]
        rows = store.all(
            f"SELECT id, name FROM {_NAMED_IN[dimension]} WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
            [dumps(keys)],
        )
        lookups[dimension] = {str(key): name for key, name in rows if not isinstance(name, bytes)}
    return lookups
