"""Ticket type fields by label: checked against the type's definition, written by id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from unthread_mcp.answers import text_of
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.nearest import did_you_mean
from unthread_mcp.outgoing import prepare
from unthread_mcp.untrusted import one_line


def definitions(ticket_type: JsonObject) -> dict[str, JsonObject]:
    """A ticket type's fields by label. The reference's object says `label`, its example of creating one `name`."""
    fields = ticket_type.get("fields")
    known = [each for each in fields if isinstance(each, dict)] if isinstance(fields, list) else []
    return {label_of(each): each for each in known if text_of(each, "id")}


def label_of(field: JsonObject) -> str:
    """A field's label as one short line."""
    return one_line(text_of(field, "label") or text_of(field, "name"), 60)


def written_fields(ticket_type: JsonObject, values: Mapping[str, Any]) -> JsonObject:
    """`values` by label as the map id -> value that Unthread stores.

    Null empties a field. The reference types every value as a string; several options are
    joined as a JSON array (inferred), a checkbox is `true` or `false`. Raises
    `InvalidArgument` naming the nearest label or the options.
    """
    known = definitions(ticket_type)
    folded = {label.casefold(): label for label in known} | {
        text_of(each, "id"): label for label, each in known.items()
    }
    written: JsonObject = {}
    for name, value in values.items():
        label = folded.get(name.strip().casefold()) or folded.get(name.strip())
        if label is None:
            hint = did_you_mean(name, known) or f"It has: {', '.join(known) or 'none'}."
            raise InvalidArgument(f"The ticket type has no field {name[:60]!r}.", hint)
        written[text_of(known[label], "id")] = _written(label, known[label], value)
    return written


def _written(label: str, field: JsonObject, value: Any) -> JsonValue:
    kind = text_of(field, "type")
    if value is None:
        return None
    if kind == "checkbox":
        if isinstance(value, bool) or str(value).lower() in {"true", "false"}:
            return str(value).lower()
        raise InvalidArgument(f"{label} is a checkbox.", "Pass true or false.")
    options = field.get("options")
    known = {str(each).casefold(): str(each) for each in options} if isinstance(options, list) else {}
    if kind == "multi-select":
        chosen = cast("list[Any]", value) if isinstance(value, list) else [value]
        return json.dumps([_option(label, known, each) for each in chosen], ensure_ascii=False)
    if isinstance(value, dict | list):
        raise InvalidArgument(f"{label} takes one value.", "Pass a text.")
    return _option(label, known, value) if kind == "single-select" else prepare(str(value))


def _option(label: str, known: Mapping[str, str], value: Any) -> str:
    if found := known.get(str(value).strip().casefold()):
        return found
    raise InvalidArgument(f"{label} has no option {str(value)[:60]!r}.", f"It takes: {', '.join(known.values())}.")
