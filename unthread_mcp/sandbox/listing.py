"""The conventions that all lists share: select, order, where, limit, descending, cursor.

A cursor is base64 of the JSON `[isNext, [values of the order fields of a row at the page's edge]]`,
as the reference's own example decodes. Unthread publishes the pagination library behind its lists;
what it leads to is kept: `next` and `previous` stand on every page that has rows, the last one too;
paging backwards, `hasNext` is always true; rows that tie in all order fields are lost at a page's edge.
"""

# ruff: noqa: S608 - table and column names come from this package, and values are always bound
from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .calls import Call, JsonValue, bad_request, not_found
from .checks import Check, anything, boolean, list_of, record, text
from .filters import Filter
from .objects import READER
from .shapes import Related, Scalar, Shape, column, known, tree_of
from .store import Row, SqlValue

LARGEST_PAGE: Final = 100
"""The reference: "The limit per page is 100"."""

DEFAULT_PAGE: Final = 25
"""A guess: the reference does not say how many rows come without `limit`."""

LONGEST_LIST: Final = 200
"""A guess: more fields or conditions than anybody needs. SQLite's own limits lie beyond."""

_ROW: Final = "it"


def _limit(name: str, value: JsonValue) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LARGEST_PAGE:
        raise bad_request(f'"{name}" must be a whole number from 1 to {LARGEST_PAGE}')
    return value


_LIST_REQUEST: Final[dict[str, Check]] = {
    "select": list_of(text, most=LONGEST_LIST),
    "order": list_of(text, most=LONGEST_LIST),
    "where": list_of(anything, most=LONGEST_LIST),
    "limit": _limit,
    "descending": boolean,
    "cursor": text,
}


@dataclass(frozen=True, slots=True)
class _Key:
    """One order field: its SQL, and whether it can be null."""

    sql: str
    nullable: bool

    def columns(self) -> list[str]:
        """What rows are sorted by: null stands after every value, and before all of them descending."""
        return [f"({self.sql} IS NULL)", f"COALESCE({self.sql}, '')"] if self.nullable else [self.sql]

    def values(self, value: SqlValue) -> list[SqlValue]:
        if not self.nullable:
            return [value]
        return [1, ""] if value is None else [0, value]


def one(call: Call, shape: Shape, row_id: str) -> str:
    """A row as JSON: what `?select=` asks for, else everything. Refuses a row that does not exist."""
    columns = READER.select(shape, _ROW, call.select or shape.brief)
    found = call.store.one(f"SELECT {columns} FROM {shape.table} {_ROW} WHERE {_ROW}.id = ?", row_id)
    if found is None:
        raise not_found(shape.name.capitalize())
    return str(found[0])


def every(call: Call, shape: Shape, column_name: str, value: str, *, order: str) -> str:
    """All rows with that value in a column, as a bare JSON array."""
    columns = READER.select(shape, _ROW, shape.brief)
    sql = f"SELECT {columns} FROM {shape.table} {_ROW} WHERE {_ROW}.{column_name} = ? ORDER BY {order}"
    return f"[{','.join(str(row[0]) for row in call.store.all(sql, [value]))}]"


def page(
    call: Call,
    shape: Shape,
    *,
    order: Sequence[str] = ("id",),
    descending: bool = False,
    also: Mapping[str, Check] | None = None,
    scope: Callable[[Filter, dict[str, Any]], None] | None = None,
) -> str:
    """The answer to a list request: one page as JSON.

    `order` and `descending` hold where the request has no order, `also` are properties that only
    this list knows, and `scope` adds the endpoint's own conditions. That rows come ordered by id
    without `order` follows from the cursors in the reference's example.
    """
    body = call.body if call.body is not None else {}
    request = record(body, {**_LIST_REQUEST, **(also or {})})
    given = Filter(READER, shape, _ROW)
    if scope:
        scope(given, request)
    for condition in request.get("where", []):
        given.where(condition)
    keys = [_key(shape, path) for path in request.get("order") or order]
    falls = request.get("descending", descending if not request.get("order") else False)
    limit = request.get("limit", DEFAULT_PAGE)
    forwards, edge = _cursor(request["cursor"], len(keys)) if "cursor" in request else (True, None)

    source = f"FROM {shape.table} {_ROW} WHERE {given.sql}"
    (total,) = call.store.require(f"SELECT count(*) {source}", *given.values)
    sorting = [sql for key in keys for sql in key.columns()]
    backwards = falls == forwards
    after = ""
    edge_values: list[SqlValue] = []
    if edge is not None:
        edge_values = [part for key, value in zip(keys, edge, strict=True) for part in key.values(value)]
        after = f" AND ({', '.join(sorting)}) {'<' if backwards else '>'} ({', '.join('?' * len(sorting))})"
    rows = call.store.all(
        f"SELECT {READER.select(shape, _ROW, request.get('select') or shape.brief)},"
        f" {', '.join(key.sql for key in keys)} {source}{after}"
        f" ORDER BY {', '.join(f'{sql} DESC' if backwards else sql for sql in sorting)} LIMIT ?",
        [*given.values, *edge_values, limit + 1],
    )
    more, rows = len(rows) > limit, rows[:limit]
    if not forwards:
        rows.reverse()
    has_next, has_previous = (more, edge is not None) if forwards else (True, more)
    return (
        f'{{"data":[{",".join(str(row[0]) for row in rows)}],"totalCount":{total},'
        f'"cursors":{_cursors(rows, has_next=has_next, has_previous=has_previous)}}}'
    )


def _key(shape: Shape, path: str) -> _Key:
    """The order field at `path`, through objects but not through arrays."""
    tree_of([path])
    row, sql, nullable, current = _ROW, "{}", False, shape
    *through, last = path.split(".")
    for name in through:
        field = known(current, name)
        if not isinstance(field, Related) or field.many:
            raise bad_request(f'Cannot order by "{path}"')
        current, row, source, on = READER.join(field, row, name)
        sql, nullable = sql.format(f"(SELECT {{}} FROM {source} WHERE {on})"), True
    field = known(current, last)
    if not isinstance(field, Scalar):
        raise bad_request(f'Cannot order by "{path}"')
    return _Key(sql.format(column(last, field, row)), nullable or not field.never_null)


def _cursors(rows: Sequence[Row], *, has_next: bool, has_previous: bool) -> str:
    cursors: dict[str, JsonValue] = {"hasNext": has_next, "hasPrevious": has_previous}
    if rows:
        cursors |= {"next": _encode(True, rows[-1][1:]), "previous": _encode(False, rows[0][1:])}
    return json.dumps(cursors, separators=(",", ":"))


def _encode(is_next: bool, values: Row) -> str:
    return base64.b64encode(json.dumps([is_next, values], separators=(",", ":")).encode()).decode()


def _cursor(cursor: str, size: int) -> tuple[bool, list[SqlValue]]:
    """The direction and the order values of a cursor, refused unless it fits the request's order."""
    try:
        match json.loads(base64.b64decode(cursor, validate=True)):
            case [bool(is_next), [*values]]:
                if len(values) == size and all(isinstance(value, (str, int, float, type(None))) for value in values):
                    return is_next, values
            case _:
                pass
    except (binascii.Error, ValueError):
        pass
    raise bad_request("Invalid cursor")
