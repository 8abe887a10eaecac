"""The time series that the reporting endpoint answers with, read leniently.

The answer nests one level per dimension and then one per date. Its keys aren't always
among its `dates` (the reference's own example has a day in a weekly series), empty dates
are left out, and `lookups` may have other keys or an array: names are a help, never relied on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from unthread_mcp.api.json_types import JsonObject, JsonValue

_LARGEST: Final = 2**53
"""No count or number of seconds is larger; JSON's numbers can be, beyond what floats hold."""


Place = tuple[tuple[str, ...], str]
"""Where a value stands: the row's keys and the date."""
Weighing = Literal["exact", "weighed", "unweighted"]


@dataclass(frozen=True, slots=True)
class Row:
    """One combination of dimension keys, as Unthread writes them, and its values by date."""

    keys: tuple[str, ...]
    values: dict[str, float]


@dataclass(slots=True)
class Series:
    """A report's numbers."""

    dates: list[str]
    rows: list[Row]
    raw: JsonObject
    names: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """For each dimension, the names of its keys as far as they are known."""
    strays: list[str] = field(default_factory=list[str])
    """Date keys that `dates` doesn't have; their values count in the rows."""
    unread: list[str] = field(default_factory=list[str])
    """Places whose value is no number."""

    @property
    def dated(self) -> set[str]:
        """The dates that have data."""
        return {day for row in self.rows for day in row.values}

    def per_date(self) -> dict[str, float]:
        """Values by date, summed over the rows."""
        summed: dict[str, float] = {}
        for row in self.rows:
            for day, value in row.values.items():
                summed[day] = summed.get(day, 0) + value
        return summed

    def by_place(self) -> dict[Place, float]:
        """Values by place."""
        return {(row.keys, day): value for row in self.rows for day, value in row.values.items()}

    def keys(self, depth: int) -> list[str]:
        """The different keys of the dimension at `depth`, in the order of the answer."""
        return [*dict.fromkeys(row.keys[depth] for row in self.rows)]


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of one or several means."""

    value: float
    weighing: Weighing
    """`exact` if there was only one, `unweighted` if any of several lacks the count that it should be weighed by."""
    parts: int


def sum_of(rows: Sequence[Row]) -> float | None:
    """The sum over the rows' dates; None without data."""
    values = [value for row in rows for value in row.values.values()]
    return sum(values) if values else None


def mean_of(rows: Sequence[Row], counts: Mapping[Place, float]) -> Mean | None:
    """The mean of the rows' means, weighed by what `counts` has in the same places; None without data."""
    means = [((row.keys, day), value) for row in rows for day, value in row.values.items()]
    if not means:
        return None
    if len(means) == 1:
        return Mean(means[0][1], "exact", 1)
    weights = [counts.get(place, 0) for place, _ in means]
    weighing: Weighing = "weighed" if min(weights) > 0 else "unweighted"
    if weighing == "unweighted":
        weights = [1.0] * len(means)
    weighed = sum(value * weight for (_, value), weight in zip(means, weights, strict=True))
    return Mean(weighed / sum(weights), weighing, len(means))


def read_series(answer: JsonObject, dimensions: Sequence[str]) -> Series:
    """The series in `answer`, whose data nests by `dimensions` in this order and then by date."""
    dates = answer.get("dates")
    series = Series([str(day) for day in dates] if isinstance(dates, list) else [], [], answer)
    lookups = answer.get("lookups")
    series.names = [_lookup(lookups, dimension) for dimension in dimensions]
    _descend(answer.get("data"), len(dimensions), (), series)
    series.dates = series.dates or sorted(series.dated)
    series.strays = sorted(series.dated - set(series.dates))
    return series


def _lookup(lookups: JsonValue, dimension: str) -> dict[str, str]:
    found = lookups.get(dimension) if isinstance(lookups, dict) else None
    return (
        {key: name for key, name in found.items() if isinstance(name, str) and name} if isinstance(found, dict) else {}
    )


def _descend(data: JsonValue, levels: int, keys: tuple[str, ...], series: Series) -> None:
    if not isinstance(data, dict):
        if data not in (None, []):
            series.unread.append("/".join(keys) or "data")
        return
    if levels:
        for key, inner in data.items():
            _descend(inner, levels - 1, (*keys, key), series)
        return
    values: dict[str, float] = {}
    for day, value in data.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LARGEST:
            series.unread.append("/".join((*keys, day)))
        else:
            values[day] = value
    if values:
        series.rows.append(Row(keys, values))
