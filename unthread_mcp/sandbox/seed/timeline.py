"""When things happened: working days before today, and the pace of a conversation."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from unthread_mcp.sandbox.times import WORK_ENDS, WORK_STARTS

if TYPE_CHECKING:
    from .casting import Scene
    from .dice import Dice

_SATURDAY: Final = 5
_LAST_CALL: Final = timedelta(minutes=4)
"""Nothing happens in the last minutes before today begins."""

_AGENT_MINUTES: Final = {9: (2, 14), 7: (4, 45)}
"""How long the team takes to answer, by priority; others wait longer."""


def working_days_before(today: date, count: int) -> list[date]:
    """The last `count` weekdays before `today`, latest first."""
    days: list[date] = []
    day = today
    while len(days) < count:
        day -= timedelta(days=1)
        if day.weekday() < _SATURDAY:
            days.append(day)
    return days


def horizon(today: date) -> datetime:
    """The moment before which everything in the seed happened."""
    return datetime.combine(today, time(), UTC)


def began(scene: Scene, today: date, days: list[date]) -> datetime:
    """When the scene's first message was written."""
    if scene.hours is not None:
        return horizon(today) - timedelta(hours=scene.hours)
    return datetime.combine(days[scene.working_days], time(), UTC) + timedelta(seconds=scene.second)


def pace(dice: Dice, scene: Scene, start: datetime, end: datetime) -> list[datetime]:
    """The time of each line, and last when the conversation was closed if it was.

    The dice fall the same way whatever the date; what would reach beyond `end` is pressed together.
    """
    at, times = start, [start]
    quick = scene.channel in ("widget", "triage") or len(scene.lines) > 20
    for line in scene.lines[1:]:
        minutes = _minutes(dice, scene, line, quick=quick)
        at += timedelta(minutes=minutes, seconds=dice.whole(1, 59), microseconds=dice.whole(0, 999_999))
        if line.startswith("< ") and scene.hours is None:
            at = _at_work(at)
        times.append(at)
    times.append(at + timedelta(minutes=dice.whole(4, 900), seconds=dice.whole(0, 59)))
    latest = end - _LAST_CALL
    if times[-1] <= latest:
        return times
    squeeze = (latest - start) / (times[-1] - start)
    return [start + (moment - start) * squeeze for moment in times]


def _minutes(dice: Dice, scene: Scene, line: str, *, quick: bool) -> int:
    if quick:
        return dice.whole(0, 6) if len(scene.lines) <= 60 else dice.whole(1, 40)
    if line.startswith("< "):
        return dice.whole(*_AGENT_MINUTES.get(scene.story.priority or 0, (8, 200)))
    if line.startswith("# "):
        return dice.whole(1, 15)
    minutes, next_day = dice.whole(3, 300), dice.chance(0.2)
    if scene.hours is not None:
        # It is urgent, and the evening is short.
        return 4 + minutes // 8
    return minutes + (24 * 60 if next_day else 0)


def _at_work(at: datetime) -> datetime:
    """The same moment if somebody works then, else as many minutes into the next working day."""
    if at.timetz() >= WORK_ENDS:
        at = datetime.combine(at.date() + timedelta(days=1), WORK_STARTS) + timedelta(minutes=at.minute)
    elif at.timetz() < WORK_STARTS:
        at = datetime.combine(at.date(), WORK_STARTS) + timedelta(minutes=at.minute)
    while at.weekday() >= _SATURDAY:
        at += timedelta(days=1)
    return at
