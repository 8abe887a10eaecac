"""When a ticket type's field shows: its conditions checked, written as the reference prints them, and in words.

The reference knows simple conditions, one or several joined by `and` or by `or`. Agents may
write one in short, `{"field", "operator", "value"}`, and name fields by their labels.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from unthread_mcp.answers import text_of
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.nearest import did_you_mean
from unthread_mcp.ticket_fields import label_of, the_field
from unthread_mcp.untrusted import one_line

OPERATORS: Final = (
    "equals",
    "notEquals",
    "greaterThan",
    "lessThan",
    "greaterThanOrEquals",
    "lessThanOrEquals",
    "contains",
    "notContains",
    "in",
    "notIn",
)
WITH_OPTIONS: Final = frozenset({"single-select", "multi-select"})
"""Types of fields that take options."""
_OF_WHOLE_OPTIONS: Final = frozenset({"equals", "notEquals", "in", "notIn"})
"""Operators that compare whole options; the others may hold a part of one."""
_TELLING: Final = frozenset({"equals", "notEquals", "contains", "notContains"})
"""Operators whose outcome is plain for options."""
_FROM_FIELD: Final = re.compile(r"""conversation\.ticketTypeFields\[(['"]?)([^\]]+?)\1\]""")
"""The reference's way to refer to a field's value in a condition."""


def written_conditions(field: JsonObject, conditions: JsonObject, fields: Sequence[JsonObject]) -> JsonObject:
    """Conditions as the reference prints them, from that form or the short one."""
    inner = conditions
    if "simple" in conditions or "type" in conditions:
        if conditions.get("type", "simple") != "simple" or set(conditions) - {"type", "simple"}:
            raise _not_understood(field)
        inner = conditions.get("simple")
        if not isinstance(inner, dict):
            raise _not_understood(field)
    for joint in ("and", "or"):
        if joint in inner:
            several = inner[joint]
            if len(inner) > 1 or not isinstance(several, list) or not several:
                raise _not_understood(field)
            comparisons: list[JsonValue] = [_comparison(field, each, fields) for each in several]
            return {"type": "simple", "simple": {joint: comparisons}}
    return {"type": "simple", "simple": _comparison(field, inner, fields)}


def _not_understood(field: JsonObject) -> InvalidArgument:
    return InvalidArgument(
        f"The conditions of {label_of(field)} are not of a form that Unthread takes.",
        'Pass {"field": "Severity", "operator": "equals", "value": "Blocker"}, or several under "and" or "or".',
    )


def _comparison(field: JsonObject, given: JsonValue, fields: Sequence[JsonObject]) -> JsonObject:
    if not isinstance(given, dict):
        raise _not_understood(field)
    if "field" in given:
        if set(given) - {"field", "operator", "value"} or "value" not in given:
            raise _not_understood(field)
        given = {
            "leftValueFrom": _reference_to(the_field(fields, str(given["field"]))),
            "operator": given.get("operator", "equals"),
            "rightValue": given["value"],
        }
    if set(given) - {"leftValue", "leftValueFrom", "operator", "rightValue", "rightValueFrom"}:
        raise _not_understood(field)
    operator = one_known("operator", given.get("operator"), OPERATORS)
    left, left_field = _side(field, given, "left", fields)
    right, right_field = _side(field, given, "right", fields)
    named = left_field or right_field
    if named is None:
        raise InvalidArgument(f"A condition of {label_of(field)} names no field.", "Name the field that it depends on.")
    if named is field:
        raise InvalidArgument(f"A condition of {label_of(field)} names that field itself.", "Name another one.")
    if not (left_field and right_field):
        value = given["rightValue"] if left_field else given["leftValue"]
        _require_option(named, operator, value)
    return {**left, "operator": operator, **right}


def _side(
    field: JsonObject, given: JsonObject, side: str, fields: Sequence[JsonObject]
) -> tuple[JsonObject, JsonObject | None]:
    """One side of a comparison as it is written, and the field that it reads."""
    value, source = f"{side}Value", f"{side}ValueFrom"
    if (value in given) == (source in given):
        raise _not_understood(field)
    if value in given:
        return {value: given[value]}, None
    reference = _FROM_FIELD.fullmatch(text_of(given, source).strip())
    if not reference:
        raise _not_understood(field)
    named = the_field(fields, reference[2])
    return {source: _reference_to(named)}, named


def _reference_to(field: JsonObject) -> str:
    return f"conversation.ticketTypeFields['{text_of(field, 'id')}']"


def _require_option(named: JsonObject, operator: str, value: JsonValue) -> None:
    """Raise `InvalidArgument` for a value that the field it is compared with can never have."""
    options = named.get("options")
    if not isinstance(options, list) or text_of(named, "type") not in WITH_OPTIONS:
        return
    if operator not in _OF_WHOLE_OPTIONS:
        return
    known = [each for each in options if isinstance(each, str)]
    for each in value if isinstance(value, list) else [value]:
        if each not in known:
            hint = did_you_mean(str(each), known) or f"It takes: {', '.join(known[:20])}."
            raise InvalidArgument(f"{label_of(named)} has no option {str(each)[:60]!r} for a condition.", hint)


def one_known(key: str, value: Any, known: Sequence[str]) -> str:
    """`value`, if it is one of `known`. Raises `InvalidArgument`."""
    if value not in known:
        # The nearest in spelling ("user-select" for "select") is seldom the one that is meant.
        raise InvalidArgument(f"{str(value)[:60]!r} is no {key} of a field.", f"Use one of: {', '.join(known)}.")
    return str(value)


def is_met_by(fields: Sequence[JsonObject], comparison: JsonObject) -> bool:
    """Whether the field and option that a comparison names are there."""
    sides = [_FROM_FIELD.fullmatch(text_of(comparison, name)) for name in ("leftValueFrom", "rightValueFrom")]
    for reference in sides:
        if not reference:
            continue
        named = [each for each in fields if text_of(each, "id") == reference[2]]
        if not named:
            return False
        try:
            value = comparison.get("rightValue", comparison.get("leftValue"))
            if not all(sides):
                _require_option(named[0], text_of(comparison, "operator"), value)
        except InvalidArgument:
            return False
    return True


def conditions_in_words(field: JsonObject, fields: Sequence[JsonObject]) -> str:
    """When the field shows, in words; empty if always."""
    simple = _simple(field)
    joint = next((each for each in ("and", "or") if each in simple), "and")
    return in_words(comparisons_of(field), fields, joint)


def shows(field: JsonObject, values: Mapping[str, JsonValue]) -> bool | None:
    """Whether the field shows beside `values` (by field id); None where that can't be told for sure."""
    comparisons = comparisons_of(field)
    if not comparisons:
        return None if field.get("conditions") or field.get("conditionals") else True
    held = [_holds(each, values) for each in comparisons]
    decisive = "or" in _simple(field)  # what one comparison alone decides
    if decisive in held:
        return decisive
    return None if None in held else not decisive


def _holds(comparison: JsonObject, values: Mapping[str, JsonValue]) -> bool | None:
    reference = _FROM_FIELD.fullmatch(text_of(comparison, "leftValueFrom"))
    wanted, operator = comparison.get("rightValue"), text_of(comparison, "operator")
    if not reference or not isinstance(wanted, str) or operator not in _TELLING:
        return None
    has = _values(values.get(reference[2]))
    if operator in {"equals", "notEquals"} and len(has) > 1:
        return None
    return (wanted in has) is (operator in {"equals", "contains"})


def _values(value: JsonValue) -> list[JsonValue]:
    """A field's values: several are kept as a JSON array in a string."""
    if isinstance(value, str) and value.startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            return [value]
    return [] if value in (None, "") else [value]


def comparisons_of(field: JsonObject) -> list[JsonObject]:
    """The comparisons on which it depends whether the field shows."""
    simple = _simple(field)
    for joint in ("and", "or"):
        if isinstance(several := simple.get(joint), list):
            return [each for each in several if isinstance(each, dict)]
    return [simple] if simple else []


def _simple(field: JsonObject) -> JsonObject:
    # One client was seen to read `conditionals` where the reference has `conditions`.
    conditions = field.get("conditions") or field.get("conditionals")
    simple = conditions.get("simple") if isinstance(conditions, dict) else None
    return simple if isinstance(simple, dict) else {}


def in_words(comparisons: Sequence[JsonObject], fields: Sequence[JsonObject], joint: str = "and") -> str:
    """Comparisons as `Severity equals Blocker`, joined by `joint`."""
    labels = {text_of(each, "id"): label_of(each) for each in fields}

    def side(comparison: JsonObject, name: str) -> JsonValue:
        source = text_of(comparison, f"{name}ValueFrom")
        reference = _FROM_FIELD.fullmatch(source)
        return labels.get(reference[2], source) if reference else source or comparison.get(f"{name}Value")

    said = (f"{side(each, 'left')} {text_of(each, 'operator')} {side(each, 'right')}" for each in comparisons)
    return f" {joint} ".join(one_line(each, 100) for each in said)
