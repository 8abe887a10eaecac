"""Ticket type fields by label: checked against the type's definition, written by id."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, cast

from unthread_mcp.answers import text_of
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.name_matching import Named
from unthread_mcp.nearest import did_you_mean
from unthread_mcp.outgoing import prepare
from unthread_mcp.untrusted import one_line

_OPTIONS_NAMED: Final = 20
_OF_USERS: Final = frozenset({"user-select", "multi-user-select"})


def fields_of(ticket_type: JsonObject) -> list[JsonObject]:
    """A ticket type's fields, as far as they have an id."""
    fields = ticket_type.get("fields")
    known = [each for each in fields if isinstance(each, dict)] if isinstance(fields, list) else []
    return [each for each in known if text_of(each, "id")]


def label_of(field: JsonObject) -> str:
    """A field's label as one short line. The reference's object says `label`, its example of creating one `name`."""
    return one_line(whole_label(field), 60)


def written_fields(ticket_type: JsonObject, values: Mapping[str, Any]) -> JsonObject:
    """`values` by label (or id) as the map id -> value that Unthread stores.

    Null empties a field: it becomes an empty string (inferred). The reference types every
    value as a string; several options or people are joined as a JSON array (inferred), a
    checkbox is `true` or `false`. Raises `InvalidArgument` naming the nearest label or option.
    """
    known = fields_of(ticket_type)
    written: JsonObject = {}
    for name, value in values.items():
        found = the_field(known, name)
        identity = text_of(found, "id")
        if identity in written:
            raise InvalidArgument(f"The field {label_of(found)!r} is given twice.", "Pass it once.")
        written[identity] = _written(found, value)
    return written


def the_field(fields: Sequence[JsonObject], name: str) -> JsonObject:
    """The one field that `name` means: an id or a label. Raises `InvalidArgument` naming the nearest label."""
    found = found_fields(fields, name)
    if not found:
        labels = [label_of(each) for each in fields]
        hint = did_you_mean(name, labels) or f"It has: {', '.join(labels) or 'none'}."
        raise InvalidArgument(f"The ticket type has no field {name[:60]!r}.", hint)
    if len(found) > 1:
        ids = ", ".join(one_line(text_of(each, "id"), 64) for each in found)
        raise InvalidArgument(
            f"Several fields are called {label_of(found[0])!r}.", f"Pass the id of one of them: {ids}."
        )
    return found[0]


async def with_user_ids(
    ticket_type: JsonObject, values: Mapping[str, Any], find: Callable[[str], Awaitable[Named]]
) -> dict[str, Any]:
    """`values` with the ids of people in the place of their names, in the fields that hold people."""
    known = fields_of(ticket_type)

    async def identified(value: Any) -> Any:
        if isinstance(value, list):
            return [await identified(each) for each in cast("list[Any]", value)]
        return (await find(value)).id if isinstance(value, str) else value

    return {
        name: await identified(value)
        if any(text_of(each, "type") in _OF_USERS for each in found_fields(known, name))
        else value
        for name, value in values.items()
    }


def whole_label(field: JsonObject) -> str:
    """A field's label, all of it."""
    return text_of(field, "label") or text_of(field, "name")


def found_fields(known: Sequence[JsonObject], name: str) -> list[JsonObject]:
    """The fields that `name` means: an id, a label, or a label as our lists show it."""
    wanted = name.strip()
    return [each for each in known if text_of(each, "id") == wanted] or [
        each for each in known if wanted.casefold() in {whole_label(each).casefold(), label_of(each).casefold()} - {""}
    ]


def _written(field: JsonObject, value: Any) -> JsonValue:
    label, kind = label_of(field), text_of(field, "type")
    if value is None:
        # The reference types every value as a string, and leaving the key out empties nothing where a write adds.
        return ""
    if kind == "checkbox":
        word = str(value).strip().lower()
        if word not in {"true", "false"}:
            raise InvalidArgument(f"{label} is a checkbox.", "Pass true or false.")
        return word
    if kind in {"multi-select", "multi-user-select"}:
        several = cast("list[Any]", value) if isinstance(value, list) else [value]
        if any(isinstance(each, dict | list) for each in several):
            raise InvalidArgument(f"{label} takes a list of texts.", "Pass one text for each.")
        return json.dumps([_chosen(field, each) for each in several], ensure_ascii=False)
    if isinstance(value, dict | list):
        raise InvalidArgument(f"{label} takes one value.", "Pass a text.")
    return _chosen(field, value)


def _chosen(field: JsonObject, value: Any) -> str:
    """`value` as one of the field's options; as it is where the definition names none."""
    options = field.get("options")
    known = [str(each) for each in options] if isinstance(options, list) else []
    if not known or text_of(field, "type") not in {"single-select", "multi-select"}:
        return prepare(str(value))
    said = str(value).strip()
    found = [each for each in known if each == said] or [each for each in known if each.casefold() == said.casefold()]
    if len(found) == 1:
        return found[0]
    shown = [one_line(each, 60) for each in known]
    more = f" and {len(shown) - _OPTIONS_NAMED} more" if len(shown) > _OPTIONS_NAMED else ""
    raise InvalidArgument(
        f"{label_of(field)} has no option {said[:60]!r}.",
        did_you_mean(said, shown) or f"It takes: {', '.join(shown[:_OPTIONS_NAMED])}{more}.",
    )
