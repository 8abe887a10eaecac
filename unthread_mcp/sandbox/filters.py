"""`where`: the nine operators over any field that a shape names, as SQL conditions.

Documented are the operators and the types of `value`. Guessed, and listed in docs/sandbox.md:
null matches no condition, the negated ones included, as in SQL; an array matches a condition
if any of its elements does, and a negated one if none does; `contains` ignores case, `like`
does not (PostgreSQL's own rule); `contains` on an array of strings means that it holds that very string.
"""

# ruff: noqa: S608 - table and column names come from this package, and values are always bound
from __future__ import annotations

import json
from typing import Final

from .calls import JsonValue, bad_request
from .checks import list_of, text, time
from .shapes import (
    Document,
    Field,
    Kind,
    Opaque,
    Reader,
    Related,
    Scalar,
    Shape,
    Strings,
    checked_key,
    column,
    known,
    member,
)
from .store import SqlValue

_COMPARISONS: Final = {"==": "=", "!=": "<>", ">": ">", "<": "<"}
_POSITIVE: Final = {"!=": "==", "notIn": "in", "notContains": "contains"}
OPERATORS: Final = (*_COMPARISONS, "in", "notIn", "contains", "notContains", "like")
LONGEST_PATTERN: Final = 10_000
"""SQLite refuses patterns of more than 50,000 bytes, and escaping can make three bytes of one."""

_BOOLEANS: Final[dict[JsonValue, int]] = {"true": 1, "false": 0}


class Filter:
    """Collects conditions on one shape; `sql` and `values` say them all, joined by AND."""

    def __init__(self, reader: Reader, shape: Shape, row: str) -> None:
        self._reader = reader
        self._shape = shape
        self._row = row
        self._conditions: list[str] = []
        self.values: list[SqlValue] = []

    @property
    def sql(self) -> str:
        """All conditions, or one that always holds."""
        return " AND ".join(self._conditions) or "1"

    def add(self, condition: str, *values: SqlValue) -> None:
        """A condition of the endpoint's own."""
        self._conditions.append(condition)
        self.values += values

    def where(self, condition: JsonValue) -> None:
        """One entry of the request's `where`."""
        if not isinstance(condition, dict) or set(condition) != {"field", "operator", "value"}:
            raise bad_request('Each "where" condition must have "field", "operator" and "value"')
        path, operator, value = text("field", condition["field"]), condition["operator"], condition["value"]
        if not isinstance(operator, str) or operator not in OPERATORS:
            raise bad_request(f'"operator" must be one of [{", ".join(OPERATORS)}]')
        if (operator in ("in", "notIn")) != isinstance(value, list) or isinstance(value, (bool, dict, type(None))):
            kind = "an array of strings" if operator in ("in", "notIn") else "a string or a number"
            raise bad_request(f'"value" must be {kind} for operator "{operator}"')
        self._conditions.append(self._compile(self._shape, self._row, path.split("."), operator, value, path))

    def _compile(self, shape: Shape, row: str, path: list[str], operator: str, value: JsonValue, whole: str) -> str:
        name, *rest = path
        field = known(shape, name)
        if isinstance(field, Related) and rest:
            negated = field.many and operator in _POSITIVE
            other, it, source, on = self._reader.join(field, row, name)
            inner = self._compile(other, it, rest, _POSITIVE[operator] if negated else operator, value, whole)
            return f"{'NOT ' if negated else ''}EXISTS (SELECT 1 FROM {source} WHERE {on} AND {inner})"
        if isinstance(field, Document) and len(rest) == 1:
            if field.keys is not None and rest[0] not in field.keys:
                raise bad_request(f'"{whole}" is not a field of {self._shape.name}')
            return self._compare(_member_text(column(name, field, row), rest[0]), "text", operator, value)
        if isinstance(field, Scalar) and not rest:
            return self._compare(column(name, field, row), field.kind, operator, value)
        if isinstance(field, Strings) and not rest:
            return self._any_string(column(name, field, row), operator, value)
        raise _unfilterable(field, whole, self._shape)

    def _any_string(self, sql: str, operator: str, value: JsonValue) -> str:
        positive = _POSITIVE.get(operator, operator)
        element = self._compare("element.value", "text", "==" if positive == "contains" else positive, value)
        return (
            f"{'NOT ' if operator in _POSITIVE else ''}EXISTS (SELECT 1 FROM json_each({sql}) element WHERE {element})"
        )

    def _compare(self, sql: str, kind: Kind, operator: str, value: JsonValue) -> str:
        if operator in ("contains", "notContains", "like"):
            if kind != "text":
                raise bad_request(f'Operator "{operator}" needs a text field')
            if operator == "like":
                self.values.append(_glob(text("value", value)))
                return f"{sql} GLOB ?"
            return f"{'NOT ' if operator == 'notContains' else ''}{self._contains(sql, str(value))}"
        if operator in ("in", "notIn"):
            # One parameter whatever the number of values, which SQLite limits.
            values = [_typed(kind, item) for item in list_of(text)("value", value)]
            self.values.append(json.dumps(values))
            return f"{sql} {'NOT ' if operator == 'notIn' else ''}IN (SELECT value FROM json_each(?))"
        if kind == "boolean" and operator in ("<", ">"):
            raise bad_request(f'Operator "{operator}" cannot compare booleans')
        self.values.append(_typed(kind, value))
        return f"{sql} {_COMPARISONS[operator]} ?"

    def _contains(self, sql: str, needle: str) -> str:
        """Whether the needle stands in a text, whatever the case; SQLite knows no case beyond ASCII."""
        if needle.isascii():
            self.values.append(needle.lower())
            return f"(instr(lower({sql}), ?) > 0)"
        self.values.append(needle.casefold())
        return f"folded_contains({sql}, ?)"


def _typed(kind: Kind, value: JsonValue) -> SqlValue:
    """The value as the column holds it."""
    if kind == "time":
        return time("value", value)
    if kind == "number":
        if isinstance(value, (int, float)):
            return value
        try:
            return int(text("value", value))
        except ValueError:
            raise bad_request('"value" must be a number for this field') from None
    if kind == "boolean":
        if value not in _BOOLEANS:
            raise bad_request('"value" must be "true" or "false" for this field')
        return _BOOLEANS[value]
    return str(value)


def _member_text(sql: str, key: str) -> str:
    """A member of a JSON object as text, so that 3 and "3" are found alike."""
    return f"CAST({member(sql, checked_key(key))[0]} AS TEXT)"


def _glob(pattern: str) -> str:
    r"""A LIKE pattern (`%`, `_`, `\` before either) as SQLite's case-sensitive GLOB."""
    if len(pattern) > LONGEST_PATTERN:
        raise bad_request(f'"value" must be at most {LONGEST_PATTERN} characters for operator "like"')
    parts: list[str] = []
    escaped = False
    for char in pattern:
        if char == "\\" and not escaped:
            escaped = True
            continue
        if char in "%_" and not escaped:
            parts.append("*" if char == "%" else "?")
        else:
            parts.append(f"[{char}]" if char in "*?[" else char)
        escaped = False
    return "".join(parts)


def _unfilterable(field: Field, path: str, shape: Shape) -> Exception:
    if isinstance(field, (Related, Document, Opaque)):
        return bad_request(f'"{path}" is an object: name one of its fields')
    return bad_request(f'"{path}" is not a field of {shape.name}')
