"""What a thread is made of once it is read: entries, gaps, and JSON taken apart without ever failing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from unthread_mcp.api.json_types import JsonObject, JsonValue

Role = Literal["customer", "agent", "bot", "note", "system"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One message, read."""

    ts: str
    """Slack's message id, "1700000000.123456"; empty if the message had none."""
    at: datetime | None
    """When it was written, with a time zone; None if neither `timestamp` nor `ts` says."""
    author: str
    """One line of at most 60 characters; text from outside."""
    role: Role
    text: str
    """Plain text from outside; may have many lines."""
    stripped: int = 0
    """Characters (blanks aside) of quoted mail, greetings, signatures and footers that `text` lacks."""
    files: tuple[str, ...] = ()
    """The files that came with it, each with its name, size and id; text from outside."""
    on_behalf_of: str = ""
    """Name of the person for whom `author` wrote it; empty if for nobody else."""
    shortened: int = 0
    """Characters that `fit` left out of the middle of `text`."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages left out in one place."""

    count: int
    first_ts: str
    last_ts: str
    by_role: Mapping[Role, int] = field(default_factory=dict[Role, int])
    before: datetime | None = None
    """When what follows them was written; None if nothing does."""


def text_at(value: JsonValue, *path: str) -> str:
    """The string at `path`, stripped; empty if anything on the way is missing or of another type."""
    for name in path:
        if not isinstance(value, dict):
            return ""
        value = value.get(name)
    return value.strip() if isinstance(value, str) else ""


def flag_at(value: JsonObject, name: str) -> bool | None:
    """The boolean `name`, or None."""
    flag = value.get(name)
    return flag if isinstance(flag, bool) else None


def objects_at(value: JsonObject, name: str) -> Iterator[JsonObject]:
    """The objects in the array `name`; nothing else in it."""
    items = value.get(name)
    if isinstance(items, list):
        yield from (item for item in items if isinstance(item, dict))
