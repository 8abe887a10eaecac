"""Ticket types and their custom fields."""

from __future__ import annotations

from typing import Any, Final

from unthread_mcp.api.endpoints import (
    CREATE_TICKET_TYPE,
    DELETE_TICKET_TYPE,
    GET_TICKET_TYPE,
    LIST_TICKET_TYPES,
    UPDATE_TICKET_TYPE,
)

from .calls import Call, JsonValue, answers, bad_request, not_found
from .checks import Check, anything, boolean, filled, list_of, nested, one_of, record, text
from .encoding import dumps
from .listing import one, page
from .objects import TICKET_TYPE
from .store import SqlValue, Store

FIELD_TYPES: Final = (
    "short-answer",
    "long-answer",
    "multi-select",
    "single-select",
    "checkbox",
    "user-select",
    "multi-user-select",
)
_OPERATORS: Final = (
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


_CONDITION: Final = nested(
    {
        "leftValue": anything,
        "leftValueFrom": text,
        "operator": one_of(*_OPERATORS),
        "rightValue": anything,
        "rightValueFrom": text,
    },
    "operator",
)


def _conditions(name: str, value: JsonValue) -> JsonValue:
    """One condition, or several under `and` or `or`."""
    match value:
        case {"and": several} | {"or": several} if len(value) == 1:
            list_of(_CONDITION)(name, several)
        case _:
            _CONDITION(name, value)
    return value


_FIELD: Final = nested(
    {
        "id": filled,
        # The object has `label`; the reference's create example says `name` for the same.
        "label": filled,
        "name": filled,
        "type": one_of(*FIELD_TYPES),
        "required": boolean,
        "public": boolean,
        "description": text,
        "options": list_of(text),
        "conditions": nested({"type": one_of("simple"), "simple": _conditions}, "type", "simple"),
    },
    "type",
)
_TICKET_TYPE: Final[dict[str, Check]] = {
    "name": filled,
    "description": text,
    "projectId": filled,
    "fields": list_of(_FIELD),
}


@answers(GET_TICKET_TYPE)
def get_ticket_type(call: Call) -> str:
    """One ticket type with its fields."""
    return one(call, TICKET_TYPE, call.ids["ticket_type_id"])


@answers(LIST_TICKET_TYPES)
def list_ticket_types(call: Call) -> str:
    """Ticket types, by the list conventions."""
    return page(call, TICKET_TYPE)


@answers(CREATE_TICKET_TYPE)
def create_ticket_type(call: Call) -> str:
    """A new ticket type; fields without an id get one."""
    request = record(call.body, _TICKET_TYPE, "name")
    ticket_type_id, now = call.store.new_id("ticket type"), call.store.stamp()
    defaults: dict[str, SqlValue] = {"id": ticket_type_id, "fields": "[]", "createdAt": now, "updatedAt": now}
    call.store.insert("ticket_types", defaults | _columns(call.store, request))
    return one(call, TICKET_TYPE, ticket_type_id)


@answers(UPDATE_TICKET_TYPE)
def update_ticket_type(call: Call) -> str:
    """Changes what is given; `fields` replaces all of them."""
    ticket_type_id = _existing(call)
    changes = _columns(call.store, record(call.body, _TICKET_TYPE))
    call.store.update("ticket_types", ticket_type_id, changes | {"updatedAt": call.store.stamp()})
    return one(call, TICKET_TYPE, ticket_type_id)


@answers(DELETE_TICKET_TYPE)
def delete_ticket_type(call: Call) -> str:
    """Its conversations stay, without a type. Clients were seen to parse this answer, unlike other deletions'."""
    ticket_type_id = _existing(call)
    call.store.delete("ticket_types", ticket_type_id)
    return dumps({"id": ticket_type_id})


def _existing(call: Call) -> str:
    if not call.store.exists("ticket_types", call.ids["ticket_type_id"]):
        raise not_found("Ticket type")
    return call.ids["ticket_type_id"]


def _columns(store: Store, request: dict[str, Any]) -> dict[str, SqlValue]:
    if "fields" in request:
        return request | {"fields": dumps([_field(store, field) for field in request["fields"]])}
    return request


def _field(store: Store, given: dict[str, Any]) -> dict[str, JsonValue]:
    label = given.pop("name", None)
    label = given.pop("label", label)
    if label is None:
        raise bad_request('Each field must have a "label"')
    defaults: dict[str, JsonValue] = {"required": False, "public": False, "description": ""}
    field_id = given.pop("id", None) or store.new_id("ticket type field")
    return {"id": field_id, "label": label, **defaults, **given}
