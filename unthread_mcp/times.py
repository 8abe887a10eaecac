"""Points in time and lengths of time: what an agent may write, and what it reads.

Unthread writes ISO date-times in UTC (`2023-04-15T14:32:21Z`), Slack-style message stamps
(`1675183719.124879`, seconds since 1970) and durations in seconds.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from unthread_mcp.api.errors import InvalidArgument

_AGO = re.compile(r"(\d{1,5})\s*([hdw])(?:\s+ago)?", re.IGNORECASE)
_LENGTH = re.compile(r"(\d{1,5})\s*([hdw])", re.IGNORECASE)
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?:[Tt ].*)?")
"""Python would take more, and take milliseconds since 1970 for a year of long ago."""
_LONGEST_TIME = 64
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_WRITTEN = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def parse_time(text: str, argument: str, *, zone: tzinfo, now: datetime) -> datetime:
    """The moment that `text` means, in UTC.

    `24h`, `7d` and `4w` are that long before `now`; a date is its first moment and a
    date-time without offset is read in `zone`. Raises `InvalidArgument` otherwise.
    """
    value = text.strip()
    if ago := _AGO.fullmatch(value):
        return now.astimezone(UTC) - int(ago[1]) * _UNITS[ago[2].lower()]
    if not _DATE_TIME.fullmatch(value):
        raise _no_time(text, argument)
    try:
        moment = datetime.fromisoformat(value)
        return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _no_time(text, argument) from None


def parse_coming_time(text: str, argument: str, *, zone: tzinfo, now: datetime) -> datetime:
    """The same for a moment to come, which `24h`, `7d` and `4w` are that long from now.

    Raises `InvalidArgument` for one that has passed.
    """
    value = text.strip()
    if ahead := _LENGTH.fullmatch(value):
        return now.astimezone(UTC) + int(ahead[1]) * _UNITS[ahead[2].lower()]
    try:
        moment = parse_time(text, argument, zone=zone, now=now)
    except InvalidArgument:
        raise _no_time(text, argument, "from now") from None
    if moment <= now:
        raise InvalidArgument(f"{argument} is {value[:40]!r}, which has passed.", "Pass a moment to come, or 24h, 7d.")
    return moment


def parse_day(text: str, argument: str, *, zone: tzinfo, now: datetime) -> date:
    """The day that `text` means in `zone`: a date, or so long ago. Raises `InvalidArgument`."""
    try:
        return parse_time(text, argument, zone=zone, now=now).astimezone(zone).date()
    except OverflowError:
        raise _no_time(text, argument) from None


def parse_first_day(text: str, argument: str, *, zone: tzinfo, now: datetime) -> date:
    """The same for the day with which a period begins: of the last seven days (`7d`), today is the seventh."""
    ago = _AGO.fullmatch(text.strip())
    if not ago or ago[2].lower() == "h" or not int(ago[1]):
        return parse_day(text, argument, zone=zone, now=now)
    try:
        return now.astimezone(zone).date() - int(ago[1]) * _UNITS[ago[2].lower()] + timedelta(days=1)
    except OverflowError:
        raise _no_time(text, argument) from None


def _no_time(text: str, argument: str, counted: str = "for that long ago") -> InvalidArgument:
    return InvalidArgument(
        f"{argument} is {text[:40]!r}, which is no time.",
        f"Use a date (2026-11-22), a date-time (2026-11-22T09:00), or 24h, 7d, 4w {counted}.",
    )


def iso(moment: datetime) -> str:
    """`moment` as Unthread writes it: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_time(value: object) -> datetime | None:
    """A moment that Unthread wrote, in UTC; None if it is none."""
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def write_time(value: object, *, zone: tzinfo, now: datetime, clock: bool = False) -> str:
    """A moment of Unthread's in few tokens: `11-20`, or `2025-11-20` if it isn't this year's; `-` for none.

    With `clock`, the time of day follows, but for midnight.
    """
    if not isinstance(value, str) or len(value) > _LONGEST_TIME:
        return "-"
    return _written(value, zone, _year(now, zone), clock)


@lru_cache(maxsize=1)
def _year(now: datetime, zone: tzinfo) -> int:
    return now.astimezone(zone).year


@lru_cache(maxsize=512)
def _written(value: str, zone: tzinfo, this_year: int, clock: bool) -> str:
    moment = read_time(value)
    if moment is None:
        return "-"
    try:
        local = moment.astimezone(zone)
    except OverflowError:
        # The year 1 or 9999, which some systems write for "never".
        local = moment
    day = local.date().isoformat().removeprefix(f"{this_year}-")
    return day + local.strftime(" %H:%M") if clock and local.time() != time() else day


def write_duration(seconds: float, *, days: bool = True) -> str:
    """A length of time in its two largest units: `2 d 4 h`, `35 min`, `0 s`.

    Working time takes no `days`: one of 24 hours would be read as a day, and is three or so.
    """
    left, parts = round(abs(seconds)), list[str]()
    sign = "-" if left and seconds < 0 else ""
    for size, unit in _WRITTEN if days else _WRITTEN[1:]:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return sign + (" ".join(parts[:2]) or "0 s")
