"""Times as Unthread and Slack write them, and how long people took, also by working hours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final, Literal

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

WORK_STARTS: Final = time(9, tzinfo=UTC)
WORK_ENDS: Final = time(17, tzinfo=UTC)
_SATURDAY: Final = 5

Side = Literal["customer", "support"]


def iso(at: datetime) -> str:
    """`2025-03-04T10:12:33.124Z`, the form in the API's answers."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def slack_ts(at: datetime) -> str:
    """Slack's message timestamp: seconds since 1970 with six decimals. It orders as text until 2286."""
    since = at - EPOCH
    return f"{since.days * 86_400 + since.seconds:010d}.{since.microseconds:06d}"


def from_slack_ts(ts: str) -> datetime:
    """The moment that a message timestamp stands for."""
    seconds, micros = ts.split(".")
    return EPOCH + timedelta(seconds=int(seconds), microseconds=int(micros))


def whole_seconds(start: datetime, end: datetime) -> int:
    """Seconds from `start` to `end`, rounded down."""
    return (end - start) // timedelta(seconds=1)


def working_seconds(start: datetime, end: datetime) -> int:
    """Seconds of 9:00 to 17:00 UTC, Monday to Friday, that lie between `start` and `end`."""
    total = timedelta()
    day = start.date()
    while day <= end.date():
        if day.weekday() < _SATURDAY:
            overlap = min(end, datetime.combine(day, WORK_ENDS)) - max(start, datetime.combine(day, WORK_STARTS))
            total += max(overlap, timedelta())
        day += timedelta(days=1)
    return total // timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Measures:
    """How long each side took; seconds, None while nobody from the support side has answered."""

    response: int | None
    response_working: int | None
    waiting_on_agent: int
    waiting_on_customer: int


def measure(created: datetime, turns: Iterable[tuple[datetime, Side]]) -> Measures:
    """Measure a thread by its public messages of people and of the API, in order.

    Autoresponses and notes are left out by the caller: they answer nobody.
    """
    first: datetime | None = None
    last: Side | None = None
    since = created
    waiting: dict[Side, int] = {"customer": 0, "support": 0}
    for at, side in turns:
        if side == last:
            continue
        if last is not None:
            waiting[side] += whole_seconds(since, at)
        if (last, side) == ("customer", "support") and first is None:
            first = at
        last, since = side, at
    return Measures(
        response=None if first is None else whole_seconds(created, first),
        response_working=None if first is None else working_seconds(created, first),
        waiting_on_agent=waiting["support"],
        waiting_on_customer=waiting["customer"],
    )
