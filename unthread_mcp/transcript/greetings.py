"""The greeting above a mail's words: a line of its own that says whom it is for, and nothing else."""

from __future__ import annotations

from typing import Final

from unthread_mcp.transcript import mail_wording as wording

_LONGEST: Final = 60

Lines = list[str]


def without_greeting(lines: Lines) -> Lines:
    """`lines` without a greeting at their head, if words follow it.

    A greeting stays where the line holds more than the formula, at most three names and those addressed ("Hi, it
    broke"), and names count as names only before the sign that ends a greeting ("Hello World" may be a title).
    """
    first = next((place for place, line in enumerate(lines) if line.strip()), len(lines))
    if first == len(lines) or not _is_greeting(lines[first].strip()):
        return lines
    following = lines[first + 1 :]
    return following if any(line.strip() for line in following) else lines


def _is_greeting(line: str) -> bool:
    if len(line) > _LONGEST:
        return False
    greeting = wording.GREETING_LINE.fullmatch(line.casefold())
    if greeting is None:
        return False
    names = line[len(line) - len(greeting["rest"]) :] if greeting["rest"] else ""
    return not names or wording.GREETED_NAMES.fullmatch(names) is not None
