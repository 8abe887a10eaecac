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
from urllib.parse import parse_qsl, quote

from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonValue

MAX_QUERY: Final = 160
"""Characters of query that a cursor carries; beyond that, a digest. With Unthread's part this
keeps a cursor of the search tool under 120 tokens."""

Arguments = dict[str, JsonValue]


def write_cursor(
    upstream: str, arguments: Mapping[str, JsonValue], absolute: Mapping[str, JsonValue] | None = None
) -> str:
    """The cursor for the page after this one, carrying `arguments` (absent ones as None).

    `absolute` replaces those that mean something else later, such as `7d` ago.
    """
    given = {name: value for name, value in arguments.items() if value not in (None, [])}
    carried = {**given, **{name: value for name, value in (absolute or {}).items() if value is not None}}
    query = "&".join(
        f"{name}={quote(_plain(each), safe=' :,/@.')}".replace(" ", "+")
        for name, value in carried.items()
        for each in (value if isinstance(value, list) else [value])
    )
    if len(query) > MAX_QUERY:
        query = f"!{_digest(given)}"
    return f"{upstream}~{query}"


def read_cursor(cursor: str, arguments: Arguments) -> Arguments:
    """`arguments` (without the cursor) joined with what `cursor` carries; `cursor` is then Unthread's own.

    Raises `InvalidArgument` for a cursor that isn't ours, or that belongs to other arguments.
    """
    upstream, mark, query = cursor.strip().rpartition("~")
    if not mark or not upstream:
        raise InvalidArgument(
            "cursor is not one of this server's.", "Pass the cursor of the previous answer unchanged."
        )
    given = {name: value for name, value in arguments.items() if value not in (None, [])}
    if query.startswith("!"):
        if _digest(given) != query[1:]:
            raise InvalidArgument(
                "cursor belongs to a query that is too long to be carried in it.",
                "Repeat the arguments of the first page beside it, unchanged.",
            )
        return {**given, "cursor": upstream}
    carried: Arguments = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        before = carried.get(name)
        carried[name] = text if name not in carried else [*(before if isinstance(before, list) else [before]), text]
    for name, value in given.items():
        if _same(carried.get(name), value):
            continue
        raise InvalidArgument(
            f"cursor belongs to a query with another {name}.",
            "Pass the cursor alone to go on, or leave it out to search anew.",
        )
    return {**carried, "cursor": upstream}


def _plain(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _same(carried: JsonValue, given: JsonValue) -> bool:
    def as_list(value: JsonValue) -> list[str]:
        return [_plain(each) for each in (value if isinstance(value, list) else [value])]

    return carried is not None and as_list(carried) == as_list(given)


def _digest(arguments: Mapping[str, JsonValue]) -> str:
    text = json.dumps(arguments, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
