"""An answer as compact text.

Every answer is said once and is complete in its text. `data` is the same answer for
programs and goes out only if the operator wishes (`UNTHREAD_ANSWERS=both`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from unthread_mcp.answers import friendly_number, text_of
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.fields import pick, trim
from unthread_mcp.tokens import estimate_tokens
from unthread_mcp.untrusted import Fence, grapheme_end, one_line

Outcome = Literal["done", "already_done"]

MAX_BYTES: Final = 48_000
"""An answer's size in UTF-8. Claude Code moves text over 50,000 characters into a file."""
MAX_TOKENS: Final = 25_000
"""An answer's size in tokens (o200k, estimated). Claude Code refuses more than that from a tool."""
_FOR_REMARKS: Final = 400
"""Bytes, and more than enough tokens, for the fence and for what is said of what was left out."""
_LEAST_PIECE: Final = 200
"""Characters below which a piece of a row is not worth showing."""
_NAMES_SHOWN: Final = 30
_NAMES_TOKENS: Final = 200
"""Of a list of names in a line: thirty usual ones have half of that."""
SEPARATOR: Final = " · "
NAME_LENGTH: Final = 40
_LONGEST_NAME: Final = 200
TITLE_LENGTH: Final = 80
VALUE_LENGTH: Final = 2_000
"""How much of one string a listing shows; single objects show all of it."""

PRIORITIES: Final = {3: "low", 5: "medium", 7: "high", 9: "critical"}


@dataclass(frozen=True, slots=True)
class FileContent:
    """The bytes of a file, for those who can show more than text."""

    content: bytes
    media_type: str
    uri: str
    """Where it can be read as a resource."""
    is_picture: bool = False
    """Whether it surely is a picture of its media type."""


@dataclass(slots=True)
class Answer:
    """What a tool answers: text for the model, and the same as data."""

    text: str
    data: JsonObject | Callable[[], JsonObject] = field(default_factory=dict[str, JsonValue])
    """Or what makes it, where making it is work: it goes out only if the operator wants it."""
    outcome: Outcome | None = None
    """Set by writes: what became of it."""
    file: FileContent | None = None
    """What stands beside the text."""


def compose(head: Iterable[str], rows: Sequence[str], tail: Iterable[str], *, fence: Fence | None = None) -> str:
    """Head lines, rows (fenced, if a fence is given) and tail lines as one text within `MAX_BYTES` and `MAX_TOKENS`.

    Rows that don't fit are left out from the end, and the text says how many. One that
    wouldn't fit alone is cut, and the text says by how much.
    """
    before, after = [line for line in head if line], [line for line in tail if line]
    room = _Room([*before, *after], rows)
    kept = [*rows] if room.takes_all else list[str]()
    for row in rows[len(kept) :]:
        if room.takes(row):
            kept.append(row)
            continue
        if room.never_takes(row) and (piece := room.piece_of(row)):
            kept.append(piece)
            missing = f"{len(row) - len(piece):,} of {len(row):,} characters are missing"
            after.insert(0, f"[Cut here: {missing}. Ask for fewer fields, or open it in Unthread.]")
        break
    body = "\n".join(kept)
    if body and fence:
        body = fence.wrap(body)
    if len(kept) < len(rows):
        left = f"{len(rows) - len(kept)} of {len(rows)} rows did not fit"
        after.insert(0, f"[{left}. Ask for fewer, or for fewer fields.]")
    return "\n".join([*before, *([body] if body else []), *after])


class _Room:
    """What is left of an answer's size for its rows. Tokens are only counted where bytes alone don't settle it."""

    def __init__(self, others: Sequence[str], rows: Sequence[str]) -> None:
        # No token is shorter than a byte.
        self.takes_all = sum(len(line.encode()) + 1 for line in (*others, *rows)) <= MAX_TOKENS - _FOR_REMARKS
        self._counts = not self.takes_all
        used, cost = self._size("\n".join(others))
        self._whole = self._left = (MAX_BYTES - _FOR_REMARKS - used, MAX_TOKENS - _FOR_REMARKS - cost)

    def takes(self, row: str) -> bool:
        """Whether `row` fits; then it is counted in."""
        size, cost = self._size(row)
        left = (self._left[0] - size, self._left[1] - cost)
        if min(left) < 0:
            return False
        self._left = left
        return True

    def never_takes(self, row: str) -> bool:
        """Whether `row` would not even fit alone."""
        size, cost = self._size(row)
        return size > self._whole[0] or cost > self._whole[1]

    def piece_of(self, row: str) -> str:
        """As much of the beginning of `row` as fits; nothing if that isn't worth showing."""
        size, cost = self._left
        piece = row.encode()[: max(0, size)].decode(errors="ignore") if cost > 0 else ""
        while piece and (needed := self._size(piece)[1]) > cost:
            piece = piece[: int(len(piece) * cost / needed)]
        return row[: grapheme_end(row, len(piece))] if len(piece) >= _LEAST_PIECE else ""

    def _size(self, text: str) -> tuple[int, int]:
        return len(text.encode()) + 1, estimate_tokens(text) + 1 if self._counts else 0


def name_of(value: JsonValue, path: str = "name") -> str:
    """The name at `path`, as one short line; `-` if there is none."""
    found = pick(value, path)
    return (one_line(found, NAME_LENGTH) if isinstance(found, str) else "") or "-"


def whole_name(found: JsonObject) -> str:
    """A name for a human to recognise, cut only where nobody reads on."""
    return one_line(text_of(found, "name"), _LONGEST_NAME)


def names_of(value: JsonValue, path: str) -> str:
    """The names at `path` through an array, separated by commas; `-` if there are none."""
    found = pick(value, path)
    return some_of([each for each in found if isinstance(each, str)] if isinstance(found, list) else []) or "-"


def some_of(texts: Sequence[str], limit: int = NAME_LENGTH) -> str:
    """Short texts on one line, separated by commas; of many, the first ones and how many more there are."""
    first = [line for each in texts[:_NAMES_SHOWN] if (line := one_line(each, limit))]
    shown = as_many_as_fit(first, _NAMES_TOKENS)
    left = max(0, len(texts) - _NAMES_SHOWN) + len(first) - len(shown)
    return ", ".join(shown) + (f" and {left:,} more" if left else "")


def as_many_as_fit(texts: Sequence[str], tokens: int) -> Sequence[str]:
    """As many of `texts`, from the first on, as cost so many tokens with a separator each; the first one always."""
    for count, text in enumerate(texts):
        tokens -= estimate_tokens(text) + 1
        if tokens < 0 and count:
            return texts[:count]
    return texts


def priority_of(value: JsonValue) -> str:
    """A priority in words (3 low, 5 medium, 7 high, 9 critical), another as it is, `-` for none."""
    if isinstance(value, str):
        word = one_line(value, NAME_LENGTH)
        return PRIORITIES.get(int(word), word) if word.isdecimal() else word or "-"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return PRIORITIES.get(int(value), str(value)) if value == int(value) else str(value)
    return "-"


def number_of(conversation: JsonObject) -> str:
    """A conversation's handle: `#1234`, or its id where the API gave no number."""
    number = friendly_number(conversation.get("friendlyId"))
    return f"#{number}" if number is not None else one_line(text_of(conversation, "id"), 64) or "?"


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


def selected_object(value: JsonObject, select: Sequence[str]) -> Answer:
    """One object with just the selected fields, inside a fence."""
    trimmed = trim(value, select)
    return Answer(compose([], [compact(trimmed)], [], fence=Fence()), trimmed)


def _shortened(value: JsonValue) -> JsonValue:
    if isinstance(value, str) and len(value) > VALUE_LENGTH:
        return f"{value[:VALUE_LENGTH]}… [{len(value) - VALUE_LENGTH:,} characters more]"
    if isinstance(value, dict):
        return {key: _shortened(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shortened(each) for each in value]
    return value
