"""A thread as lines of text: `MM-DD HH:MM name (role): text`, without the date where the line above has the same.

All of it is text from outside, names included, so the caller puts one fence around the whole: that is cheaper than one
a message. Inside, no message can imitate another: a line that begins at the margin is always a header or a gap, for
the further lines of a message are indented, and names hold neither parentheses nor colons.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from unthread_mcp.transcript.entries import Entry, Gap, Role
from unthread_mcp.transcript.fitting import FormatPart, Part

_INDENT: Final = " "
"""One blank: the word behind it takes it into its token, where two cost a token a line."""
_DATE: Final = re.compile(r"(?:\d{4,}-)?\d\d-\d\d (?=\d\d:\d\d )")
"""How the line of an entry begins that has a time; lines of gaps begin with a bracket."""
_ROLE_NAMES: Final[dict[Role, tuple[str, str]]] = {
    "customer": ("customer", "customer"),
    "agent": ("agent", "agent"),
    "bot": ("bot", "bot"),
    "note": ("internal note", "internal notes"),
    "system": ("system", "system"),
}


def line_format(*, zone: tzinfo, now: datetime, gap_tool: str = "") -> FormatPart:
    """How entries and gaps are written: times in `zone`, the year unless it is that of `now`.

    `gap_tool` is the tool that shows what is left out; it is said from which moment backwards (UTC).

    To be handed to `fit`, which counts with it, and to `render_thread`: what one of them has written is not made again
    for the other, so it keeps the parts for as long as it lives.
    """
    this_year = now.astimezone(zone).year
    written: dict[int, tuple[Part, str]] = {}

    def write(part: Part) -> str:
        known = written.get(id(part))
        if known is None:
            lines = _gap_line(part, gap_tool) if isinstance(part, Gap) else _entry_lines(part, zone, this_year)
            # The part is kept with it, or another one could come to stand in its place in memory.
            known = written[id(part)] = (part, lines)
        return known[1]

    return write


def render_thread(parts: Sequence[Part], *, format_line: FormatPart) -> str:
    """The parts of a thread, oldest first, as lines; empty for none. Everything in it is text from outside.

    It costs no more than its parts one by one, which is what `fit` counts.
    """
    return "\n".join(each_date_once(map(format_line, parts)))


def each_date_once(lines: Iterable[str]) -> list[str]:
    """`lines`, each without its date where the one right above has the same: 4 of its tokens."""
    shown: list[str] = []
    above = ""
    for line in lines:
        found = _DATE.match(line)
        date = found[0] if found else ""
        shown.append(line[len(date) :] if date == above else line)
        above = date
    return shown


def _entry_lines(entry: Entry, zone: tzinfo, this_year: int) -> str:
    behalf = f" for {entry.on_behalf_of}" if entry.on_behalf_of else ""
    body = entry.text or ("" if entry.files else "[no text]")
    if entry.files:
        body = f"{body} [files: {', '.join(entry.files)}]".lstrip()
    # Every character that some reader takes for a line end: each of them could make a line look like a header.
    lines = [line.rstrip() for line in body.splitlines()]
    text = f"\n{_INDENT}".join(line for line in lines if line)
    return f"{_time(entry.at, zone, this_year)} {entry.author}{behalf} ({entry.role}): {text}"


def _time(at: datetime | None, zone: tzinfo, this_year: int) -> str:
    if at is None:
        return "(no time)"
    try:
        local = at.astimezone(zone)
    except OverflowError:  # the first or the last day that there is
        local = at
    stamp = local.isoformat(" ", "minutes")
    return stamp[5:16] if local.year == this_year else stamp[:16]


def _gap_line(gap: Gap, tool: str) -> str:
    counts = ", ".join(f"{n:,} {_ROLE_NAMES[role][n != 1]}" for role, n in gap.by_role.items() if n)
    messages = f"{gap.count:,} message{'s' if gap.count != 1 else ''}"
    before = _next_second(gap.before)
    shown_by = f"; {tool}{' with before=' + before if before else ''} shows them" if tool else ""
    return f"[{messages} left out{': ' + counts if counts else ''}{shown_by}]"


def _next_second(at: datetime | None) -> str:
    """The first whole second after `at`, in UTC: what lies before it misses nothing up to `at`. Empty for none."""
    if at is None:
        return ""
    try:
        following = at.astimezone(UTC).replace(microsecond=0, tzinfo=None) + timedelta(seconds=1)
    except OverflowError:  # the last moment that there is
        return ""
    return f"{following.isoformat()}Z"
