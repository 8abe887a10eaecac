"""The shapes in which Unthread answers, read leniently.

What the reference leaves open is decided here, once: a list may be a bare array or an
envelope; an object may be anything that turns out to be one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from unthread_mcp.api.endpoints import ID_PATTERN
from unthread_mcp.api.errors import UnreadableAnswer
from unthread_mcp.api.json_types import JsonObject, JsonValue

_CURSOR: Final = re.compile(r"[!-~]{1,2000}")
"""An opaque text, but one that stands on one line of an answer."""
_LONGEST_NUMBER: Final = 12
"""Digits of a conversation's number; Python refuses to read or write thousands of them."""
_MOST_ROWS: Final = 10**12
"""From here on, a total is no count of anything."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: `total` counts all rows of the query, or None where the API didn't say."""

    rows: list[JsonObject]
    total: int | None
    next: str | None
    """Unthread's cursor for the next page; None on the last one."""


def as_object(value: JsonValue) -> JsonObject:
    """`value` if it is an object. Raises `UnreadableAnswer` otherwise."""
    if isinstance(value, dict):
        return value
    raise UnreadableAnswer(
        "Unthread answered with something other than the object that was asked for.",
        "Try again later; if it stays so, tell the operator.",
    )


def as_page(value: JsonValue) -> Page:
    """A list answer.

    `hasNext` decides whether there is a next page, not the presence of `next`: the
    reference's pagination gives a `next` even on the last one.
    """
    envelope: JsonObject = {"data": value, "totalCount": len(value)} if isinstance(value, list) else as_object(value)
    data, total, cursors = envelope.get("data"), envelope.get("totalCount"), envelope.get("cursors")
    rows = [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []
    if not isinstance(data, list) or (data and not rows):
        raise UnreadableAnswer(
            "Unthread answered with something other than the list that was asked for.",
            "Try again later; if it stays so, tell the operator.",
        )
    following = cursors.get("next") if isinstance(cursors, dict) and cursors.get("hasNext") is True else None
    if isinstance(following, str) and following and not _CURSOR.fullmatch(following):
        raise UnreadableAnswer(
            "Unthread answered with a cursor that can't be passed on.", "Ask for fewer rows, with filters."
        )
    return Page(
        rows,
        total if isinstance(total, int) and not isinstance(total, bool) and 0 <= total < _MOST_ROWS else None,
        following if isinstance(following, str) and following else None,
    )


def text_of(value: JsonObject, name: str) -> str:
    """The string at `name`, or an empty one."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def id_of(value: JsonObject, name: str = "id") -> str:
    """The id at `name` if it is one that may enter a path, or an empty string."""
    found = text_of(value, name)
    return found if ID_PATTERN.fullmatch(found) else ""


def friendly_number(value: JsonValue) -> int | None:
    """A conversation's number; the reference types it as a number, some clients as a string."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_LONGEST_NUMBER:
        return value
    return None
