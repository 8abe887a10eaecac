"""What the fake upstream answers to a report: 20 customers × 3 sources × every day of the period."""

from __future__ import annotations

import hashlib
import uuid
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from unthread_mcp.api.json_types import JsonObject

FIRST: Final = date(2025, 9, 1)
DAYS: Final = 30
CUSTOMERS: Final = tuple(
    f"{first} {second}"
    for first in ("Acme", "Blue", "Cobalt", "Delta", "Étoile")
    for second in ("Logistics", "Bank", "Robotics", "Energy")
)
SOURCES: Final = ("slack", "email", "widget")
DIMENSIONS: Final = ("customerId", "sourceType")
QUESTION: Final[JsonObject] = {
    "metric": "totalCount",
    "dateDimension": "day",
    "startDate": FIRST.isoformat(),
    "endDate": (FIRST + timedelta(days=DAYS - 1)).isoformat(),
    "dimensions": [*DIMENSIONS],
}
"""The report that is asked for, as the API takes it."""

_IDS: Final = {str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://example.com/customer/{name}")): name for name in CUSTOMERS}


def time_series(asked: JsonObject) -> JsonObject:
    """The answer: nested by the dimensions asked for, then by date, and with the customers' names."""
    first, last = (date.fromisoformat(str(asked[name])) for name in ("startDate", "endDate"))
    days = [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
    dimensions = asked.get("dimensions", [])
    keys = {"customerId": tuple(_IDS), "sourceType": SOURCES}
    levels = [keys[str(name)] for name in dimensions] if isinstance(dimensions, list) else []
    return {
        "lookups": {"customerId": {**_IDS}, "sourceTypes": []},
        "dates": [*days],
        "data": _nested(levels, days, ()),
    }


def _nested(levels: list[tuple[str, ...]], days: list[str], keys: tuple[str, ...]) -> JsonObject:
    if levels:
        return {key: _nested(levels[1:], days, (*keys, key)) for key in levels[0]}
    return {day: _count((*keys, day)) for day in days}


def _count(cell: tuple[str, ...]) -> int:
    """A number from 1 to 40 that looks like chance and is the same every time."""
    return 1 + hashlib.sha256("/".join(cell).encode()).digest()[0] % 40
