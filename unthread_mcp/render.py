"""An answer as compact text.

Every answer is said once and is complete in its text. `data` is the same answer for
programs and goes out only if the operator wishes (`UNTHREAD_ANSWERS=both`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.fields import pick
from unthread_mcp.untrusted import Fence, one_line

Outcome = Literal["done", "already_done"]

MAX_BYTES: Final = 48_000
"""An answer's size in UTF-8. Claude Code moves text over 50,000 characters into a file."""
SEPARATOR: Final = " · "
NAME_LENGTH: Final = 40
TITLE_LENGTH: Final = 80
VALUE_LENGTH: Final = 2_000
"""How much of one string a listing shows; single objects show all of it."""

PRIORITIES: Final = {3: "low", 5: "medium", 7: "high", 9: "critical"}


@dataclass(slots=True)
class Answer:
    """What a tool answers: text for the model, and the same as data."""

    text: str
    data: JsonObject = field(default_factory=dict[str, JsonValue])
    outcome: Outcome | None = None
    """Set by writes: what became of it."""


def compose(head: Iterable[str], rows: Sequence[str], tail: Iterable[str], *, fence: Fence | None = None) -> str:
    """Head lines, rows (fenced, if a fence is given) and tail lines as one text within `MAX_BYTES`.

    Rows that don't fit are left out from the end, and the text says how many.
    """
    before, after = [line for line in head if line], [line for line in tail if line]
    room = MAX_BYTES - sum(len(line.encode()) + 1 for line in before + after) - 400
    kept, used = 0, 0
    for row in rows:
        used += len(row.encode()) + 1
        if used > room:
            break
        kept += 1
    body = "\n".join(rows[:kept])
    if body and fence:
        body = fence.wrap(body)
    if kept < len(rows):
        after.insert(0, f"[{len(rows) - kept} of {len(rows)} rows did not fit. Ask for fewer, or for fewer fields.]")
    return "\n".join([*before, *([body] if body else []), *after])


def name_of(value: JsonValue, path: str = "name") -> str:
    """The name at `path`, as one short line; `-` if there is none."""
    found = pick(value, path)
    return one_line(found, NAME_LENGTH) if isinstance(found, str) and found.strip() else "-"


def names_of(value: JsonValue, path: str) -> str:
    """The names at `path` through an array, separated by commas; `-` if there are none."""
    found = pick(value, path)
    names = [one_line(each, NAME_LENGTH) for each in found if isinstance(each, str)] if isinstance(found, list) else []
    return ", ".join(names) or "-"


def priority_of(value: JsonValue) -> str:
    """A priority in words (3 low, 5 medium, 7 high, 9 critical), `-` for none."""
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if isinstance(value, int):
        return PRIORITIES.get(value, str(value))
    return "-"


def number_of(conversation: JsonObject) -> str:
    """A conversation's handle: `#1234`, or its id where the API gave no number."""
    number = conversation.get("friendlyId")
    if isinstance(number, int) or (isinstance(number, str) and number.isdigit()):
        return f"#{number}"
    identity = conversation.get("id")
    return identity if isinstance(identity, str) else "?"


def compact(value: JsonValue) -> str:
    """`value` as one line of JSON, without nulls."""
    return json.dumps(without_nulls(value), ensure_ascii=False, separators=(",", ":"))


def without_nulls(value: JsonValue) -> JsonValue:
    """`value` with the nulls left out of its objects."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    return value


def selected_rows(rows: Sequence[JsonObject], select: Sequence[str]) -> tuple[str, list[str]]:
    """A heading and one line a row with just the selected fields, in their order.

    Each line is a JSON array, so that no value can be taken for a separator; strings over
    `VALUE_LENGTH` are cut and say by how much.
    """
    if tuple(select) == ("*",):
        return "one JSON object a row:", [compact(_shortened(row)) for row in rows]
    lines = [compact([_shortened(pick(row, path)) for path in select]) for row in rows]
    return f"columns {', '.join(select)}, one JSON array a row:", lines


def _shortened(value: JsonValue) -> JsonValue:
    if isinstance(value, str) and len(value) > VALUE_LENGTH:
        return f"{value[:VALUE_LENGTH]}… [{len(value) - VALUE_LENGTH:,} characters more]"
    if isinstance(value, dict):
        return {key: _shortened(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shortened(each) for each in value]
    return value
