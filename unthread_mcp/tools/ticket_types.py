"""Ticket types: their fields, options, and the conditions under which a field shows."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from unthread_mcp.access import changes, creates, deletes, reads
from unthread_mcp.answers import as_object, text_of
from unthread_mcp.api.endpoints import (
    CREATE_TICKET_TYPE,
    DELETE_TICKET_TYPE,
    GET_TICKET_TYPE,
    LIST_TICKET_TYPES,
    UPDATE_TICKET_TYPE,
)
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.arguments import Cursor, Id, Limit, Name, Select, Text
from unthread_mcp.field_conditions import conditions_in_words
from unthread_mcp.field_definitions import merged_fields
from unthread_mcp.fields import TICKET_TYPE
from unthread_mcp.gate import Gate
from unthread_mcp.listing import by_name, list_page
from unthread_mcp.natural_keys import NaturalKey, require_free
from unthread_mcp.outgoing import prepare
from unthread_mcp.questions import laid_out, of_deletion
from unthread_mcp.render import NAME_LENGTH, Answer, compose, name_of, selected_object, whole_name
from unthread_mcp.ticket_fields import label_of, whole_label
from unthread_mcp.untrusted import Fence, one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import change, create, delete, require_as_asked

TicketTypeRef = Annotated[Name, Field(description="Name or id")]
Description = Annotated[str, Field(max_length=2_000)]
Fields = Annotated[
    list[dict[str, Any]],
    Field(description="Each: label, type, required, public, description, options, conditions", max_length=200),
]


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
    query = by_name(LIST_TICKET_TYPES, TICKET_TYPE, text=text, select=select, limit=limit, cursor=cursor)
    listed = await list_page(workspace, query)
    if listed.chosen:
        return listed.selected("ticket type")
    lines: list[str] = []
    for row in listed.rows:
        description = one_line(text_of(row, "description"), 120)
        lines.append(name_of(row) + (f": {description}" if description else ""))
        fields = _fields(row)
        lines += [f"  {_field_described(each, fields)}" for each in fields]
    return listed.answer("ticket type", lines)


@reads("Get a ticket type", shown=False)
async def get_ticket_type(workspace: Workspace, ticket_type: TicketTypeRef, select: Select | None = None) -> Answer:
    """Read one ticket type whole: its fields with ids, options, descriptions, and when each shows."""
    chosen = TICKET_TYPE.check(select) if select else None
    found = await _ticket_type(workspace, (await workspace.names.ticket_type(ticket_type)).id)
    if chosen:
        return selected_object(found, chosen)
    fields = _fields(found)
    lines = [text for text in [text_of(found, "description")] if text]
    for field in fields:
        described = one_line(text_of(field, "description"), 200)
        seen = ", for the team alone" if field.get("public") is False else ""
        lines.append(f"{_field_described(field, fields)}{seen}, id {one_line(text_of(field, 'id'), 64)}")
        lines += [f"  {described}"] if described else []
    return Answer(compose([_handle(found)], lines, [], fence=Fence()), found)


@creates("Create a ticket type", level="admin", shown=False)
async def create_ticket_type(
    workspace: Workspace,
    gate: Gate,
    name: Name,
    description: Description | None = None,
    fields: Fields | None = None,
    project_id: Id | None = None,
) -> Answer:
    """Add a ticket type with its fields.

    Types of fields: short-answer, long-answer, single-select, multi-select, checkbox, user-select,
    multi-user-select. conditions say when a field shows: {"field": label, "operator": "equals",
    "value": option}, or several in {"and": [...]} or {"or": [...]}.
    """
    name = prepare(name).strip()
    body: JsonObject = {"name": name}
    if description:
        body["description"] = prepare(description)
    if project_id:
        body["projectId"] = project_id
    if fields:
        body["fields"] = [*merged_fields(fields, [], scope=f"{workspace.identity} {name}")]
        if asked := _question(f"Create the ticket type {name!r}?", {}, body):
            await gate.pass_through(asked)
    created = await create(
        workspace,
        CREATE_TICKET_TYPE,
        body,
        what="ticket type",
        key=NaturalKey(LIST_TICKET_TYPES, "name", name),
        unique=True,
    )
    workspace.names.forget(name)
    identity = one_line(text_of(created.body, "id"), 64) or "its id was not returned"
    said = f"ticket type {one_line(name, 80)!r} ({identity}) with {_count(len(fields or []))}"
    return Answer(f"{said}.{created.note}", {**created.body}, created.outcome)


@changes("Update a ticket type", level="admin", shown=False)
async def update_ticket_type(
    workspace: Workspace,
    gate: Gate,
    ticket_type: TicketTypeRef,
    name: Name | None = None,
    description: Description | None = None,
    fields: Annotated[list[dict[str, Any]] | None, Field(max_length=200)] = None,
    remove_fields: Annotated[list[Name] | None, Field(max_length=200)] = None,
) -> Answer:
    """Change a ticket type, or add, change and remove its fields; what isn't passed stays.

    Fields are written as in create_ticket_type and found by label or id (pass both to rename one);
    null takes options or conditions away. Values of a removed field may be lost.
    """
    body: JsonObject = {}
    if name is not None:
        body["name"] = prepare(name).strip()
    if description is not None:
        body["description"] = prepare(description) if description.strip() else ""
    if not (body or fields or remove_fields):
        raise InvalidArgument("Nothing to change was passed.", "Pass name, description, fields or remove_fields.")
    workspace.require_no_limit("a ticket type is that of the conversations of all")
    found = await workspace.names.ticket_type(ticket_type)
    if name is not None:
        key = NaturalKey(LIST_TICKET_TYPES, "name", text_of(body, "name"))
        await require_free(workspace, "ticket type", key, but=found.id)

    async def look() -> tuple[JsonObject, str]:
        """The ticket type as it stands, and what the human is to be asked; completes the body."""
        before = await _ticket_type(workspace, found.id)
        if fields or remove_fields:
            # The reference doesn't say whether a write replaces the fields or adds to them; the
            # whole is right under both readings.
            merged = merged_fields(fields or [], _fields(before), remove=remove_fields or [], scope=found.id)
            body["fields"] = [*merged]
        return before, _question(f"Change {_handle(before)}?", before, body)

    asked = ""
    if gate.asks and (fields or remove_fields) and (asked := (await look())[1]):
        await gate.pass_through(asked)
    async with workspace.writing_to(found.id):
        before, question = await look()
        require_as_asked("ticket type", so=question == asked or not gate.asks)
        if all(before.get(key) == value for key, value in body.items()):
            return Answer(f"{_handle(before)} is so already.", before, "already_done")
        try:
            changed = await change(
                workspace, UPDATE_TICKET_TYPE, {"ticket_type_id": found.id}, body, read_back=GET_TICKET_TYPE
            )
        finally:
            workspace.names.forget(found.id, text_of(body, "name"))
    said = f"{_handle({**before, **body})}: changed {', '.join(body)}"
    if surprise := _surprise(before, body, changed.body):
        said += f". {surprise}"
    return Answer(f"{said}.{changed.note}", changed.body, changed.outcome)


@deletes("Delete a ticket type")
async def delete_ticket_type(workspace: Workspace, gate: Gate, ticket_type: TicketTypeRef) -> Answer:
    """Remove a ticket type with its fields; conversations of this type are left without one. It can't be taken back."""
    workspace.require_no_limit("a ticket type goes from the conversations of all")

    def question(found: JsonObject) -> str:
        lost = "Its fields go with it, and conversations of this type are left without one."
        return of_deletion(f"ticket type {whole_name(found)!r}", found, lost=lost)

    gone = await delete(
        workspace,
        gate,
        DELETE_TICKET_TYPE,
        what="ticket type",
        asked=ticket_type,
        identify=workspace.names.ticket_type,
        read=lambda identity: _ticket_type(workspace, identity),
        question=question,
    )
    handle = f"{_handle(gone.body)} is deleted" if gone.body else f"ticket type {one_line(ticket_type, 80)!r}"
    return Answer(f"{handle}.{gone.note}", gone.body, gone.outcome)


async def _ticket_type(workspace: Workspace, identity: str) -> JsonObject:
    return as_object(await workspace.client.read(GET_TICKET_TYPE, {"ticket_type_id": identity}))


def _question(asked: str, before: JsonObject, body: JsonObject) -> str:
    """What the human is asked about the public fields that are new or other than before, and about those that go.

    Empty if there are none.

    The reference has `public` without a word about it; taken to mean that customers see the field, as in forms, unless
    it says that it is not public.
    """
    known = [each for each in _fields(before) if each.get("public") is not False]
    shown = [each for each in _fields(body) if each.get("public") is not False and each not in known]
    kept = {text_of(each, "id") for each in _fields(body)}
    gone = [each for each in _fields(before) if "fields" in body and text_of(each, "id") not in kept]
    facts = [
        *((f"Customers see the field {whole_label(each)!r}", _seen(each, _fields(body))) for each in shown),
        *(("Removed for good, with its values in all conversations", repr(whole_label(each))) for each in gone),
    ]
    return laid_out(asked, facts) if facts else ""


def _seen(field: JsonObject, fields: list[JsonObject]) -> str:
    """A field as customers see it, nothing of it cut."""
    options = field.get("options")
    choices = ", ".join(map(str, options)) if isinstance(options, list) else ""
    facts = {
        "options": choices,
        "shown if": conditions_in_words(field, fields),
        "described as": text_of(field, "description"),
    }
    return "; ".join([_kind(field), *(f"{name}: {said}" for name, said in facts.items() if said)])


def _surprise(before: JsonObject, body: JsonObject, changed: JsonObject) -> str:
    """What the receipt shows that we did not write: somebody else changed it between our read and our write."""
    others = [
        name
        for name in ("name", "description", "projectId")
        if name in changed and name in before and name not in body and changed[name] != before[name]
    ]
    if "fields" in body and "fields" in changed:
        written, shown = body["fields"], _fields(changed)
        assert isinstance(written, list)
        expected = {text_of(each, "id"): each for each in written if isinstance(each, dict)}
        for field in shown:
            known = expected.pop(text_of(field, "id"), None)
            if known is None or any(field.get(name, value) != value for name, value in known.items()):
                others.append(f"the field {label_of(field)!r}")
        others += [f"the missing field {label_of(each)!r}" for each in expected.values()]
    elif "fields" in changed and _fields(changed) != _fields(before):
        others.append("its fields")
    if not others:
        return ""
    return (
        f"Unthread shows more changes than these: {', '.join(others)}. Somebody else may be changing it; read it again"
    )


def _fields(ticket_type: JsonObject) -> list[JsonObject]:
    fields = ticket_type.get("fields")
    return [each for each in fields if isinstance(each, dict)] if isinstance(fields, list) else []


def _handle(ticket_type: JsonObject) -> str:
    return f"ticket type {one_line(text_of(ticket_type, 'name'), 80)!r} ({one_line(text_of(ticket_type, 'id'), 64)})"


def _count(fields: int) -> str:
    return f"{fields or 'no'} field{'' if fields == 1 else 's'}"


def _kind(field: JsonObject) -> str:
    return (one_line(text_of(field, "type"), 40) or "?") + (", required" if field.get("required") is True else "")


def _field_described(field: JsonObject, fields: list[JsonObject]) -> str:
    options: JsonValue = field.get("options")
    choices = (
        ", ".join(one_line(each, NAME_LENGTH) for each in options if isinstance(each, str))
        if isinstance(options, list)
        else ""
    )
    shown = conditions_in_words(field, fields)
    return (
        f"{label_of(field)} ({_kind(field)})"
        + (f": {choices}" if choices else "")
        + (f" [if {shown}]" if shown else "")
    )
