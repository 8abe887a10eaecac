"""What a script takes from one answer for its next call."""

from __future__ import annotations

import re


def found(pattern: str, answer: str) -> str:
    """The first group of `pattern` in `answer`. Raises `RuntimeError` where it isn't: the script is out of date."""
    match = re.search(pattern, answer)
    if match is None:
        raise RuntimeError(f"the script expected {pattern!r} in this answer: {answer}")
    return match[1]


def as_of_in(answer: str) -> str:
    """The as_of that an answer gives."""
    return found(r"as_of=([\w.]*\w)", answer)
