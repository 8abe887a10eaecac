"""Ticket types' fields as they are defined: checked, and merged into those that are there.

A field is written as the reference prints it. Agents may name a field by its label wherever
the reference has an id.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from unthread_mcp.answers import text_of
from unthread_mcp.api.endpoints import ID_PATTERN
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.field_conditions import (
    WITH_OPTIONS,
    comparisons_of,
    in_words,
    is_met_by,
    one_known,
    written_conditions,
)
from unthread_mcp.nearest import did_you_mean
from unthread_mcp.outgoing import prepare
from unthread_mcp.ticket_fields import found_fields, label_of, the_field, whole_label

FIELD_TYPES: Final = (
    "short-answer",
    "long-answer",
    "multi-select",
    "single-select",
    "checkbox",
    "user-select",
    "multi-user-select",
)
MOST_FIELDS: Final = 200
"""A bound of ours; nobody says what Unthread takes."""
_KEYS: Final = ("id", "label", "type", "required", "public", "description", "options", "conditions")
_NAMESPACE: Final = uuid.UUID("0d5b6f0e-6f53-5a0b-9c26-4f6c1f0f5a11")


def merged_fields(
    given: Sequence[Mapping[str, Any]], before: Sequence[JsonObject], *, remove: Sequence[str] = (), scope: str
) -> list[JsonObject]:
    """All the fields of a ticket type once `given` are added or changed, and those in `remove` taken away.

    A field is found by its id, else by its label; what is not passed of it stays. A new one gets
    an id that only depends on `scope` and its label, so that the same call is the same request.
    What isn't given is kept as it is, whatever it holds. Raises `InvalidArgument`.
    """
    fields: list[JsonObject] = [{**each} for each in before]
    for name in remove:
        fields.remove(the_field(fields, name))
    touched: list[tuple[JsonObject, Mapping[str, Any]]] = []
    for each in given:
        found = _place(fields, each)
        if any(found is other for other, _ in touched):
            raise InvalidArgument(f"The field {label_of(found)!r} is given twice.", "Pass it once.")
        # A label by which a field was found is no new one: it may be in other letter case.
        named = {"label", "name"} if "id" not in each and whole_label(found) else set[str]()
        changes = {key: value for key, value in each.items() if key not in named}
        _change(found, changes)
        touched.append((found, changes))
    if len(fields) > MOST_FIELDS:
        raise InvalidArgument(f"There are {len(fields)} fields, more than {MOST_FIELDS}.", "Pass fewer.")
    for field in fields:
        if not text_of(field, "id"):
            field["id"] = _new_id(fields, scope, whole_label(field))
    for field, changes in touched:
        _check(field, changes, fields)
        if "conditions" in changes and isinstance(conditions := field.get("conditions"), dict):
            field["conditions"] = written_conditions(field, conditions, fields)
    conditioned = [field for field, changes in touched if "conditions" in changes]
    _require_still_met([each for each in fields if not any(each is other for other in conditioned)], fields, before)
    # The reference's own example begins with the id.
    return [{"id": each["id"], **each} for each in fields]


def _place(fields: list[JsonObject], given: Mapping[str, Any]) -> JsonObject:
    """The field that `given` means, added if it is new."""
    label = given.get("label", given.get("name"))
    identity = given.get("id")
    if identity is not None:
        if not isinstance(identity, str) or not ID_PATTERN.fullmatch(identity):
            raise InvalidArgument(f"{str(identity)[:60]!r} is no id of a field.", "Leave id out for a new field.")
        if found := [each for each in fields if text_of(each, "id") == identity]:
            return found[0]
    elif isinstance(label, str) and found_fields(fields, label):
        return the_field(fields, label)
    if identity is not None and label is None:
        raise InvalidArgument(f"No field has the id {identity}.", "Pass the label and type of a new field.")
    if not isinstance(label, str) or not label.strip():
        raise InvalidArgument("A field has no label.", "Pass label and type of each new field.")
    if "type" not in given:
        hint = did_you_mean(label, [label_of(each) for each in fields]) or f"Types are: {', '.join(FIELD_TYPES)}."
        raise InvalidArgument(f"There is no field {label[:60]!r}, and a new one needs a type.", hint)
    new: JsonObject = {**({"id": identity} if identity else {}), "label": "", "required": False}
    fields.append(new)
    return new


def _change(field: JsonObject, given: Mapping[str, Any]) -> None:
    """Put what is given into `field`. None takes a description, options or conditions away."""
    for key, value in given.items():
        match key:
            case "id":
                pass
            case "label" | "name":
                # The reference's object says label, its example of creating one name.
                field["label" if "label" in field else key] = _words(key, value)
            case "description":
                field[key] = _words(key, value) if value else ""
            case "type":
                field[key] = one_known(key, value, FIELD_TYPES)
            case "required" | "public":
                if not isinstance(value, bool):
                    raise InvalidArgument(f"{key} of a field is true or false.", "Correct it and call again.")
                field[key] = value
            case "options" | "conditions":
                if value is None:
                    field.pop(key, None)
                else:
                    field[key] = _options(value) if key == "options" else _object(key, value)
            case _:
                hint = did_you_mean(key, _KEYS) or f"It has: {', '.join(_KEYS)}."
                raise InvalidArgument(f"A field has no {key[:60]!r}.", hint)


def _words(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidArgument(f"{key} of a field is a text.", "Correct it and call again.")
    return prepare(value).strip()


def _object(key: str, value: Any) -> JsonObject:
    if not isinstance(value, dict):
        raise InvalidArgument(f"{key} of a field are an object.", 'Such as {"field": "Severity", "value": "Blocker"}.')
    return cast("JsonObject", value)


def _options(value: Any) -> list[JsonValue]:
    options: list[JsonValue] = []
    for each in cast("list[Any]", value) if isinstance(value, list) else [value]:
        option = _words("each option", each)
        if option in options:
            raise InvalidArgument(f"The option {option[:60]!r} is given twice.", "Pass it once.")
        options.append(option)
    return options


def _check(field: JsonObject, changes: Mapping[str, Any], fields: Sequence[JsonObject]) -> None:
    """Raise `InvalidArgument` if `changes` made something of the field that can't be."""
    label, kind = label_of(field), text_of(field, "type")
    same = [each for each in fields if whole_label(each).casefold() == whole_label(field).casefold()]
    if len(same) > 1 and changes.keys() & {"label", "name"}:
        raise InvalidArgument(f"Two fields would be called {label!r}.", "Give them different labels.")
    if not changes.keys() & {"type", "options"}:
        return
    if field.get("options") and kind not in WITH_OPTIONS:
        raise InvalidArgument(
            f"{label} is of type {kind}, which takes no options.", f"Only {' and '.join(sorted(WITH_OPTIONS))} do."
        )
    if kind in WITH_OPTIONS and not field.get("options"):
        raise InvalidArgument(f"{label} has no options to choose from.", "Pass options.")


def _new_id(fields: Sequence[JsonObject], scope: str, label: str) -> str:
    """An id for a new field. The reference's example has clients give UUIDs, which conditions then refer to."""
    taken = {text_of(each, "id") for each in fields}
    names = (f"{scope} {label} {number}" for number in range(len(fields) + 1))
    return next(each for name in names if (each := str(uuid.uuid5(_NAMESPACE, name))) not in taken)


def _require_still_met(kept: Sequence[JsonObject], fields: Sequence[JsonObject], before: Sequence[JsonObject]) -> None:
    """Raise `InvalidArgument` if one of `kept`, whose conditions stay as they are, depends on what is gone now."""
    for field in kept:
        for comparison in comparisons_of(field):
            was, now = is_met_by(before, comparison), is_met_by(fields, comparison)
            if was and not now:
                what = in_words([comparison], before)
                raise InvalidArgument(
                    f"The field {label_of(field)!r} shows only if {what}, which would be gone.",
                    "Change or take away its conditions in the same call.",
                )
