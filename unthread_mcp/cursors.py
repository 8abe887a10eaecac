"""Cursors that carry their query, so that a page can't be continued with another one.

Unthread's own cursor is opaque and wants the same query beside it. Ours is Unthread's, a
`~`, and the arguments that differ from the defaults as a query string: readable words cost
an agent a third of what base64 does. A query too long for that is replaced by its digest;
the call must then repeat the arguments, and they are checked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonValue
from unthread_mcp.tokens import estimate_tokens

MAX_TOKENS: Final = 120
"""Of a cursor that carries its query. Unthread's part alone has 66 with a date and an id in it (o200k)."""

_RESERVED: Final = frozenset('%&+=~"\\')

Arguments = dict[str, JsonValue]


def write_cursor(
    upstream: str, arguments: Mapping[str, JsonValue], absolute: Mapping[str, JsonValue] | None = None
) -> str:
    """The cursor for the page after this one, carrying `arguments` (absent ones as None).

    `absolute` replaces those that mean something else later, such as `7d` ago.
    """
    given = _present(arguments)
    replaced = _present(absolute or {})
    cursor = f"{upstream}~{_query({**given, **replaced})}"
    if estimate_tokens(cursor) <= MAX_TOKENS:
        return cursor
    # What the query turned into can't be told from the arguments, so it travels all the same.
    return "&".join([f"{upstream}~!{_digest(given)}", *([_query(replaced)] if replaced else [])])


def read_cursor(
    cursor: str, arguments: Mapping[str, JsonValue], defaults: Mapping[str, JsonValue] | None = None
) -> Arguments:
    """`arguments` (without the cursor) joined with what `cursor` carries; `cursor` is then Unthread's own.

    An argument at its default is the same as an absent one. Raises `InvalidArgument` for a
    cursor that isn't ours, or that belongs to other arguments.
    """
    upstream, mark, query = cursor.strip().rpartition("~")
    if not mark or not upstream:
        raise InvalidArgument(
            "cursor is not one of this server's.", "Pass the cursor of the previous answer unchanged."
        )
    given, usual = _present(arguments), defaults or {}
    if query.startswith("!"):
        digest, _, replaced = query[1:].partition("&")
        if _digest({name: value for name, value in given.items() if value != usual.get(name)}) != digest:
            raise InvalidArgument(
                "cursor belongs to a query that is too long to be carried in it.",
                "Repeat the arguments of the first page beside it, unchanged.",
            )
        return {**given, **_carried(replaced), "cursor": upstream}
    carried = _carried(query)
    for name, value in given.items():
        if not _same(carried.get(name, usual.get(name)), value):
            raise InvalidArgument(
                f"cursor belongs to a query with another {name}.",
                "Pass the cursor alone to go on, or leave it out to search anew.",
            )
    return {**carried, "cursor": upstream}


def _present(arguments: Mapping[str, JsonValue]) -> Arguments:
    return {name: value for name, value in arguments.items() if value not in (None, [])}


def _query(arguments: Arguments) -> str:
    return "&".join(
        f"{name}={_quoted(_plain(each))}"
        for name, value in arguments.items()
        for each in (value if isinstance(value, list) else [value])
    )


def _carried(query: str) -> Arguments:
    carried: dict[str, list[JsonValue]] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        carried.setdefault(name, []).append(text)
    return {name: values if len(values) > 1 else values[0] for name, values in carried.items()}


def _quoted(text: str) -> str:
    """`text` for a query string, its letters in whatever script left readable: they cost a third of their codes."""
    return "".join(
        each if each.isprintable() and each not in _RESERVED else "".join(f"%{byte:02X}" for byte in each.encode())
        for each in text
    ).replace(" ", "+")


def _plain(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _same(carried: JsonValue, given: JsonValue) -> bool:
    def as_list(value: JsonValue) -> list[str]:
        return [_plain(each) for each in (value if isinstance(value, list) else [value])]

    return carried is not None and as_list(carried) == as_list(given)


def _digest(arguments: Mapping[str, JsonValue]) -> str:
    text = json.dumps(arguments, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
