"""Points in time and lengths of time: what an agent may write, and what it reads.

Unthread writes ISO date-times in UTC (`2023-04-15T14:32:21Z`), Slack-style message stamps
(`1675183719.124879`, seconds since 1970) and durations in seconds.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from unthread_mcp.api.errors import InvalidArgument

_AGO = re.compile(r"(\d{1,5})\s*([hdw])(?:\s+ago)?", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_WRITTEN = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def parse_time(text: str, argument: str, *, zone: tzinfo, now: datetime) -> datetime:
    """The moment that `text` means, in UTC.

    `24h`, `7d` and `4w` are that long before `now`; a date is its first moment and a
    date-time without offset is read in `zone`. Raises `InvalidArgument` otherwise.
    """
    value = text.strip()
    if ago := _AGO.fullmatch(value):
        return (now - int(ago[1]) * _UNITS[ago[2].lower()]).astimezone(UTC)
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidArgument(
            f"{argument} is {text[:40]!r}, which is no time.",
            "Use a date (2026-11-22), a date-time (2026-11-22T09:00), or 24h, 7d, 4w for that long ago.",
        ) from None


def parse_period(text: str, argument: str, *, zone: tzinfo, now: datetime) -> date:
    """The day that `text` means in `zone`: a date, or so long ago. Raises `InvalidArgument`."""
    if _DATE.fullmatch(text.strip()):
        try:
            return date.fromisoformat(text.strip())
        except ValueError:
            pass
    return parse_time(text, argument, zone=zone, now=now).astimezone(zone).date()


def iso(moment: datetime) -> str:
    """`moment` as Unthread writes it: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_time(value: object) -> datetime | None:
    """A moment that Unthread wrote, in UTC; None if it is none."""
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def write_time(value: object, *, zone: tzinfo, now: datetime, clock: bool = False) -> str:
    """A moment of Unthread's in few tokens: `11-20`, or `2025-11-20` if it isn't this year's; `-` for none.

    With `clock`, the time of day follows, but for midnight.
    """
    moment = read_time(value)
    if moment is None:
        return "-"
    local = moment.astimezone(zone)
    day = local.strftime("%m-%d" if local.year == now.astimezone(zone).year else "%Y-%m-%d")
    return day + local.strftime(" %H:%M") if clock and local.time() != time() else day


def write_duration(seconds: float) -> str:
    """A length of time in its two largest units: `2 d 4 h`, `35 min`, `0 s`."""
    left, parts = round(abs(seconds)), list[str]()
    for size, unit in _WRITTEN:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return ("-" if seconds <= -0.5 else "") + (" ".join(parts[:2]) or "0 s")
