"""The time series that the reporting endpoint answers with, read leniently.

The answer nests one level per dimension and then one per date. Its keys aren't always
among its `dates` (the reference's own example has a day in a weekly series), empty dates
are left out, and `lookups` may have other keys or an array: names are a help, never relied on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from unthread_mcp.api.json_types import JsonObject, JsonValue

_LARGEST: Final = 2**53
"""No count or number of seconds is larger; JSON's numbers can be, beyond what floats hold."""


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

    def keys(self, depth: int) -> list[str]:
        """The different keys of the dimension at `depth`, in the order of the answer."""
        return [*dict.fromkeys(row.keys[depth] for row in self.rows)]

    def value(self, *, is_time: bool) -> float | None:
        """`value_of` all rows."""
        return value_of(self.rows, is_time=is_time)


def value_of(rows: Sequence[Row], *, is_time: bool) -> float | None:
    """The sum over the rows' dates, or for times the unweighted mean of their values; None without data."""
    values = [value for row in rows for value in row.values.values()]
    if not values:
        return None
    return sum(values) / len(values) if is_time else sum(values)


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
