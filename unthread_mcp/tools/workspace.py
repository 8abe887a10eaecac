"""Tags and ticket types: what a workspace sorts its conversations by."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from unthread_mcp.access import reads
from unthread_mcp.answers import text_of
from unthread_mcp.api.endpoints import LIST_TAGS, LIST_TICKET_TYPES
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.arguments import Cursor, Limit, Select, Text
from unthread_mcp.fields import TAG, TICKET_TYPE
from unthread_mcp.listing import Query, list_page
from unthread_mcp.render import NAME_LENGTH, Answer, name_of
from unthread_mcp.ticket_fields import label_of
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace


@reads("List tags")
async def list_tags(
    workspace: Workspace,
    text: Annotated[Text | None, Field(description="Part of the name")] = None,
    select: Select | None = None,
    limit: Limit = 100,
    cursor: Cursor | None = None,
) -> Answer:
    """List the tags that conversations and customers can carry."""
    query = Query(
        LIST_TAGS,
        TAG,
        {"text": text, "select": [*select] if select else None, "limit": limit if limit != 100 else None},
        select=select,
        where=name_contains(text),
        order=("name",),
        descending=False,
        limit=limit,
        cursor=cursor,
    )
    listed = await list_page(workspace, query)
    if listed.chosen:
        return listed.selected("tag")
    names = ", ".join(name for row in listed.rows if (name := name_of(row)) != "-")
    return listed.answer("tag", [names] if names else [])


@reads("List ticket types")
async def list_ticket_types(
    workspace: Workspace,
    text: Annotated[Text | None, Field(description="Part of the name")] = None,
    select: Select | None = None,
    limit: Limit = 25,
    cursor: Cursor | None = None,
) -> Answer:
    """List ticket types with their fields: label, type, options, whether required and when they show.

    update_conversation takes field labels and options as they stand here.
    """
    query = Query(
        LIST_TICKET_TYPES,
        TICKET_TYPE,
        {"text": text, "select": [*select] if select else None, "limit": limit if limit != 25 else None},
        select=select,
        where=name_contains(text),
        order=("name",),
        descending=False,
        limit=limit,
        cursor=cursor,
    )
    listed = await list_page(workspace, query)
    if listed.chosen:
        return listed.selected("ticket type")
    return listed.answer("ticket type", [line for row in listed.rows for line in _described(row)])


def name_contains(text: str | None) -> list[JsonObject]:
    """The condition that the name contains `text`, if it is given."""
    return [{"field": "name", "operator": "contains", "value": text}] if text else []


def _described(ticket_type: JsonObject) -> list[str]:
    description = one_line(text_of(ticket_type, "description"), 120)
    lines = [name_of(ticket_type) + (f": {description}" if description else "")]
    fields = ticket_type.get("fields")
    known = [each for each in fields if isinstance(each, dict)] if isinstance(fields, list) else []
    labels = {text_of(each, "id"): label_of(each) for each in known}
    return lines + [f"  {_field_described(each, labels)}" for each in known]


def _field_described(field: JsonObject, labels: dict[str, str]) -> str:
    options = field.get("options")
    choices = (
        ", ".join(one_line(each, NAME_LENGTH) for each in options if isinstance(each, str))
        if isinstance(options, list)
        else ""
    )
    parts = [one_line(text_of(field, "type"), 40) or "?", *(["required"] if field.get("required") is True else [])]
    shown = _condition_described(field.get("conditions"), labels)
    return (
        f"{label_of(field)} ({', '.join(parts)})"
        + (f": {choices}" if choices else "")
        + (f" [if {shown}]" if shown else "")
    )


def _condition_described(conditions: JsonValue, labels: dict[str, str]) -> str:
    """When a field shows, in words; the reference knows simple conditions, joined by and or by or."""
    simple = conditions.get("simple") if isinstance(conditions, dict) else None
    if not isinstance(simple, dict):
        return ""
    for joint in ("and", "or"):
        if isinstance(several := simple.get(joint), list):
            return f" {joint} ".join(_comparison(each, labels) for each in several if isinstance(each, dict))
    return _comparison(simple, labels)


def _comparison(condition: JsonObject, labels: dict[str, str]) -> str:
    left = text_of(condition, "leftValueFrom")
    named = next(
        (label for identity, label in labels.items() if identity and identity in left),
        left or condition.get("leftValue"),
    )
    right = condition.get("rightValue", condition.get("rightValueFrom"))
    return one_line(f"{named} {text_of(condition, 'operator')} {right}", 100)
