"""Changing a conversation: status, priority, assignee, ticket type and its fields, tags."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from unthread_mcp.access import changes, permits
from unthread_mcp.api.endpoints import TAG_CONVERSATIONS, UNTAG_CONVERSATIONS
from unthread_mcp.api.errors import InvalidArgument, NotPermitted
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.arguments import (
    PRIORITY_NUMBERS,
    UNASSIGNED,
    AsOf,
    Clear,
    ConversationRef,
    CustomerRef,
    Name,
    Priority,
    Status,
    TagNames,
    UserRef,
    When,
)
from unthread_mcp.conversation_changes import IntendedChange, tag_links
from unthread_mcp.conversation_state import CLEARABLE, argument_of, emptied_fields
from unthread_mcp.gate import Gate
from unthread_mcp.outgoing import prepare
from unthread_mcp.render import Answer, compact
from unthread_mcp.times import iso, parse_coming_time, parse_time
from unthread_mcp.tools.messages import closing_question
from unthread_mcp.workspace import Workspace


@changes("Update a conversation", level="triage")
async def update_conversation(
    workspace: Workspace,
    gate: Gate,
    conversation: ConversationRef,
    status: Status | None = None,
    priority: Priority | None = None,
    assignee: UserRef | None = None,
    title: Annotated[str | None, Field(max_length=200)] = None,
    notes: Annotated[str | None, Field(description="Overwrites the notes field", max_length=20_000)] = None,
    snooze_until: Annotated[When | None, Field(description="Date-time, or 24h, 7d from now")] = None,
    snoozed_at: When | None = None,
    customer: CustomerRef | None = None,
    ticket_type: Name | None = None,
    fields: Annotated[dict[str, Any] | None, Field(description="Ticket type fields by label")] = None,
    metadata: dict[str, str] | None = None,
    submitter: UserRef | None = None,
    locked: bool | None = None,
    exclude_from_analytics: bool | None = None,
    add_tags: TagNames | None = None,
    remove_tags: TagNames | None = None,
    clear: Clear | None = None,
    as_of: AsOf | None = None,
    expected: Annotated[
        dict[str, Any] | None, Field(description="Values you saw, by argument or field label", max_length=40)
    ] = None,
) -> Answer:
    """Change what is passed of a conversation; the rest stays.

    status closed may send the customer a closing message or survey. Nothing is changed if
    somebody has written since as_of, or changed an expected value. clear empties: assignee,
    priority, title, notes, snooze, customer, ticket_type, submitter, lock.
    """
    _require_words(title=title, notes=notes)
    if submitter and workspace.restricts_customers:
        raise NotPermitted(
            "The operator allows writing only for certain customers, and a submitter may be anybody.",
            "Leave submitter out.",
        )
    unassigned = assignee is not None and assignee.strip().lower() == UNASSIGNED
    emptied = emptied_fields([*(clear or ()), *(["assignee"] if unassigned else ())], CLEARABLE)
    identity = await workspace.numbers.identify(conversation)
    plain: dict[str, JsonValue] = {
        "status": status,
        "priority": PRIORITY_NUMBERS[priority] if priority else None,
        "title": prepare(title) if title else None,
        "notes": prepare(notes) if notes else None,
        "wakeUpAt": _moment(workspace, snooze_until, "snooze_until", parse_coming_time),
        "snoozedAt": _moment(workspace, snoozed_at, "snoozed_at", parse_time),
        "excludeAnalytics": exclude_from_analytics,
    }
    named = {
        "assignedToUserId": await workspace.names.colleague(assignee) if assignee and not unassigned else None,
        "customerId": await workspace.names.customer(customer) if customer else None,
        "ticketTypeId": await workspace.names.ticket_type(ticket_type) if ticket_type else None,
        "submitterUserId": await workspace.names.user(submitter, external=True) if submitter else None,
    }
    given: JsonObject = {name: value for name, value in plain.items() if value is not None}
    given |= {name: value.id for name, value in named.items() if value is not None}
    if locked is not None:
        given |= {"lockedAt": iso(workspace.now()) if locked else None}
    if both := sorted(set(given) & set(emptied)):
        raise InvalidArgument(f"{both[0]} is both set and cleared.", "Do one of the two.")
    body: JsonObject = {**dict.fromkeys(emptied), **given}
    links = await tag_links(workspace, add_tags, remove_tags)
    if not (body or links or fields or metadata):
        raise InvalidArgument("Nothing to change was passed.", "Pass what is to change, or name fields in clear.")
    if status == "closed":
        _require_reply_level(workspace)
    if "customerId" in body:
        # No conversation is moved to others, and neither is one of others changed: see below.
        workspace.require_allowed(body["customerId"])

    intended = IntendedChange(
        identity, body, fields or {}, metadata or {}, named["ticketTypeId"], links, as_of, expected or {}
    )
    await intended.require_words_of_its_own(workspace)
    question: Callable[[JsonObject], str] | None = None
    asked = ""
    if status == "closed" and gate.asks:
        current = await intended.look(workspace)
        # A wrong label is refused before anybody is asked.
        await intended.merges(workspace, current)
        said: dict[str, Any] = {
            "priority": priority,
            "title": plain["title"],
            "notes": plain["notes"],
            "left out of analytics": exclude_from_analytics,
            **{argument_of(name).replace("_", " "): value.name for name, value in named.items() if value},
            "snoozed until": snooze_until,
            "snoozed at": snoozed_at,
            "locked": locked,
            "fields": compact(fields) if fields else None,
            "metadata": compact({**metadata}) if metadata else None,
            "tags added": ", ".join(tag.name for endpoint, tag in links if endpoint is TAG_CONVERSATIONS),
            "tags removed": ", ".join(tag.name for endpoint, tag in links if endpoint is UNTAG_CONVERSATIONS),
            "emptied": ", ".join(sorted(argument_of(name).replace("_", " ") for name in emptied)),
        }
        also = [(f"Also changed: {name}", _in_words(value)) for name, value in said.items() if value not in (None, "")]
        question = partial(closing_question, also=also)
        if current.get("status") != "closed":
            asked = question(current)
            await gate.pass_through(asked)
    async with workspace.writing_to(identity):
        return await intended.carry_out(workspace, question, asked)


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _require_words(**texts: str | None) -> None:
    for name, text in texts.items():
        if text is not None and not text.strip():
            raise InvalidArgument(f"{name} is empty.", f'To empty it, pass clear: ["{name}"].')


def _moment(workspace: Workspace, text: str | None, argument: str, parse: Callable[..., datetime]) -> str | None:
    if text is None:
        return None
    return iso(parse(text, argument, zone=workspace.settings.timezone, now=workspace.now()))


def _require_reply_level(workspace: Workspace) -> None:
    if not permits(workspace.settings.access, "reply"):
        raise NotPermitted(
            "Closing may send the customer a message or survey, and this server may not write to customers.",
            "Nothing was changed. Leave closing to a person.",
        )
