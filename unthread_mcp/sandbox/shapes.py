"""How an object's fields stand in SQL: what `select`, `order` and `where` can name, and how each is read.

A `Shape` names a table and its fields. In every SQL template `{row}` is the alias of the
row at hand and `{it}` that of the related row. Values come out as JSON text, put together
in SQL, so that a page is read with one statement and only what was selected is read.
"""

# ruff: noqa: S608 - table and column names come from this package, and values are always bound
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from .calls import bad_request

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["text", "time", "number", "boolean"]
Tree: TypeAlias = "dict[str, Tree]"
"""Selected fields; an empty tree selects the field whole."""

_KEY: Final = re.compile(r"[\w-]{1,64}")
_DEEPEST: Final = 4
"""A message's conversation's customer's tag's name would be one deeper: nobody needs it, and it ends the recursion."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value in a column, or in any SQL expression."""

    kind: Kind = "text"
    sql: str = ""
    never_null: bool = False


@dataclass(frozen=True, slots=True)
class Strings:
    """A JSON array of strings in a column."""


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON object in a column, of the given keys or of any."""

    keys: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Opaque:
    """JSON in a column that is returned whole and never looked into."""


@dataclass(frozen=True, slots=True)
class Related:
    """Another object, or with `many` an array of them, found by `on` in `source`."""

    shape: str
    source: str
    on: str
    many: bool = False
    order: str = ""
    brief: tuple[str, ...] = ()
    """What comes when the object is selected whole; empty: what its own shape says."""
    whole: str = ""
    """A column that already holds the array as JSON."""


Field = Scalar | Strings | Document | Opaque | Related


@dataclass(frozen=True, slots=True)
class Shape:
    """An object: its name in messages, its table, its fields, and what an answer holds without `select`."""

    name: str
    table: str
    fields: Mapping[str, Field]
    brief: tuple[str, ...]


class Shapes(dict[str, Shape]):
    """Every shape by name, so that they can point at one another."""

    def of(self, field: Related) -> Shape:
        """The shape that the field points at."""
        return self[field.shape]


def column(name: str, field: Scalar | Strings | Document | Opaque, row: str) -> str:
    """The SQL that reads a field of the row."""
    return field.sql.format(row=row) if isinstance(field, Scalar) and field.sql else f"{row}.{name}"


def member(column_sql: str, key: str) -> tuple[str, str]:
    """SQL for a member of a JSON object: its value, and its JSON type."""
    return f"""json_extract({column_sql}, '$."{key}"')""", f"""json_type({column_sql}, '$."{key}"')"""


def checked_key(key: str) -> str:
    """A key that may stand in a JSON path."""
    if not _KEY.fullmatch(key):
        raise bad_request(f'"{key}" is not a field name')
    return key


def tree_of(paths: Iterable[str]) -> Tree:
    """Dotted paths as a tree, in the order given; a whole object swallows its own parts."""
    root: Tree = {}
    whole: set[tuple[str, ...]] = set()
    for path in paths:
        parts = tuple(path.split("."))
        if len(parts) > _DEEPEST:
            raise bad_request(f'"{path}" goes too deep')
        node = root
        for depth, part in enumerate(parts, start=1):
            node = node.setdefault(part, {})
            if parts[:depth] in whole:
                break
        else:
            whole.add(parts)
            node.clear()
    return root


class Reader:
    """Turns field paths into SQL over one set of shapes."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        # Putting the SQL together takes longer than most queries, and most requests select the same.
        self._selected = lru_cache(maxsize=256)(self._select)

    def select(self, shape: Shape, row: str, paths: Sequence[str]) -> str:
        """An expression that gives the row as a JSON object of the selected fields."""
        return self._selected(shape.name, row, tuple(paths))

    def _select(self, shape: str, row: str, paths: tuple[str, ...]) -> str:
        return self._object(self._shapes[shape], row, tree_of(paths), "")

    def _object(self, shape: Shape, row: str, tree: Tree, prefix: str) -> str:
        return _object((name, self._value(shape, row, name, below, prefix)) for name, below in tree.items())

    def _value(self, shape: Shape, row: str, name: str, below: Tree, prefix: str) -> str:
        field = known(shape, name, prefix)
        if isinstance(field, Related):
            return self._related(field, row, name, below, f"{prefix}{name}.")
        sql = column(name, field, row)
        if isinstance(field, Document) and below:
            return _document(field, sql, below, f"{prefix}{name}.")
        if below:
            raise unknown_field(shape, f"{prefix}{name}.{next(iter(below))}")
        if not isinstance(field, Scalar):
            return f"COALESCE({sql}, 'null')"
        if field.kind == "boolean":
            return f"CASE {sql} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END"
        return f"json_quote({sql})"

    def _related(self, field: Related, row: str, name: str, below: Tree, prefix: str) -> str:
        if field.whole and not below:
            return f"COALESCE({field.whole.format(row=row)}, '[]')"
        shape, it, source, on = self.join(field, row, name)
        item = self._object(shape, it, below or tree_of(field.brief or shape.brief), prefix)
        if not field.many:
            return f"COALESCE((SELECT {item} FROM {source} WHERE {on}), 'null')"
        order = f" ORDER BY {field.order.format(it=it)}" if field.order else ""
        rows = f"SELECT {item} AS item FROM {source} WHERE {on}{order}"
        return f"'[' || (SELECT COALESCE(group_concat(item, ','), '') FROM ({rows})) || ']'"

    def join(self, field: Related, row: str, name: str) -> tuple[Shape, str, str, str]:
        """The related object's shape, alias, source and condition."""
        it = f"{row}_{name}"
        return self._shapes.of(field), it, field.source.format(row=row, it=it), field.on.format(row=row, it=it)


def known(shape: Shape, name: str, prefix: str = "") -> Field:
    """The field of that name, or a refusal."""
    field = shape.fields.get(name)
    if field is None:
        raise unknown_field(shape, f"{prefix}{name}")
    return field


def unknown_field(shape: Shape, path: str) -> Exception:
    """The refusal of a field that the object does not have."""
    return bad_request(f'"{path}" is not a field of {shape.name}')


def _document(field: Document, sql: str, below: Tree, prefix: str) -> str:
    members: list[tuple[str, str]] = []
    for key, deeper in below.items():
        if deeper or (field.keys is not None and key not in field.keys):
            raise bad_request(f'"{prefix}{key}" is not a field')
        value, kind = member(sql, checked_key(key))
        members.append(
            (key, f"CASE {kind} WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE json_quote({value}) END")
        )
    return f"CASE WHEN {sql} IS NULL THEN 'null' ELSE {_object(members)} END"


def _object(members: Iterable[tuple[str, str]]) -> str:
    """SQL that puts a JSON object together; json_object() would stop at 63 members."""
    parts = [f"""'{"," if index else "{"}"{name}":' || {value}""" for index, (name, value) in enumerate(members)]
    return " || ".join([*parts, "'}'"])
