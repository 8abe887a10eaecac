"""Changing conversations: status, priority, assignee, ticket type and its fields, tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from unthread_mcp.access import changes, permits
from unthread_mcp.answers import as_object, id_of, text_of
from unthread_mcp.api.endpoints import (
    GET_CONVERSATION,
    GET_TICKET_TYPE,
    TAG_CONVERSATIONS,
    UNTAG_CONVERSATIONS,
    UPDATE_CONVERSATION,
    Endpoint,
)
from unthread_mcp.api.errors import InvalidArgument, NotPermitted, OutcomeUnknown, UnthreadError
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.arguments import (
    PRIORITY_NUMBERS,
    UNASSIGNED,
    Clear,
    ConversationRef,
    Conversations,
    CustomerRef,
    Name,
    Priority,
    Status,
    UserRef,
    When,
)
from unthread_mcp.fields import CONVERSATION
from unthread_mcp.gate import Gate
from unthread_mcp.names import Named
from unthread_mcp.nearest import did_you_mean
from unthread_mcp.outgoing import prepare
from unthread_mcp.render import Answer, compact, name_of, number_of, priority_of
from unthread_mcp.ticket_fields import fields_of, with_user_ids, written_fields
from unthread_mcp.times import iso, parse_coming_time, parse_time
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import NOT_SURELY_RETURNED, change, link

TagNames = Annotated[list[Name], Field(description="Names or ids", max_length=20)]

_CLEARABLE = {
    "assignee": "assignedToUserId",
    "priority": "priority",
    "title": "title",
    "notes": "notes",
    "snooze": "wakeUpAt",
    "snoozed_at": "snoozedAt",
    "customer": "customerId",
    "ticket_type": "ticketTypeId",
    "submitter": "submitterUserId",
    "lock": "lockedAt",
}


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
) -> Answer:
    """Change what is passed of a conversation; the rest stays.

    status closed may send the customer a closing message or survey. clear empties:
    assignee, priority, title, notes, snooze, customer, ticket_type, submitter, lock.
    """
    _require_words(title=title, notes=notes)
    if submitter and workspace.restricts_customers:
        raise NotPermitted(
            "The operator allows writing only for certain customers, and a submitter may be anybody.",
            "Leave submitter out.",
        )
    unassigned = assignee is not None and assignee.strip().lower() == UNASSIGNED
    emptied = _emptied([*(clear or ()), *(["assignee"] if unassigned else ())])
    identity = await workspace.names.conversation(conversation)
    body: JsonObject = dict.fromkeys(emptied)
    plain: dict[str, JsonValue] = {
        "status": status,
        "priority": PRIORITY_NUMBERS[priority] if priority else None,
        "title": prepare(title) if title else None,
        "notes": prepare(notes) if notes else None,
        "wakeUpAt": _moment(workspace, snooze_until, "snooze_until", parse_coming_time),
        "snoozedAt": _moment(workspace, snoozed_at, "snoozed_at", parse_time),
        "excludeAnalytics": exclude_from_analytics,
        "metadata": {**metadata} if metadata is not None else None,
    }
    named = {
        "assignedToUserId": await workspace.names.user(assignee) if assignee and not unassigned else None,
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
    body |= given
    tags = [(TAG_CONVERSATIONS, await workspace.names.tag(each)) for each in add_tags or ()]
    untags = [(UNTAG_CONVERSATIONS, await workspace.names.tag(each)) for each in remove_tags or ()]
    if not (body or tags or untags or fields):
        raise InvalidArgument("Nothing to change was passed.", "Pass what is to change, or name fields in clear.")
    if status == "closed":
        _require_reply_level(workspace)
    await _require_customers_allowed(workspace, identity, body)
    if status == "closed" and workspace.settings.confirm == "always":
        if fields:
            # A wrong label is refused before anybody is asked.
            await _fields(workspace, identity, named["ticketTypeId"], fields)
        said: dict[str, Any] = {
            **{name: value for name, value in plain.items() if name not in {"status", "wakeUpAt", "snoozedAt"}},
            **{name: value.name for name, value in named.items() if value},
            "wakeUpAt": snooze_until,
            "snoozedAt": snoozed_at,
            "locked": locked,
            "fields": compact(fields) if fields else None,
            "tags added": ", ".join(tag.name for _, tag in tags),
            "tags removed": ", ".join(tag.name for _, tag in untags),
            "emptied": ", ".join(sorted(emptied)),
        }
        await gate.pass_through(_closing_question(await workspace.conversation(identity), said))

    async with workspace.writing_to(identity):
        if fields:
            body["ticketTypeFields"] = await _fields(workspace, identity, named["ticketTypeId"], fields)
        changed, outcomes = await _written(workspace, identity, body, [*tags, *untags])
    workspace.names.remember(changed)
    if status == "closed":
        outcomes.append("Unthread may send the customer a closing message or survey.")
    handle = number_of(changed) if changed else one_line(conversation, 80)
    return Answer(f"{handle}: " + "\n".join(outcomes), {"conversation": changed, "outcomes": [*outcomes]}, "done")


async def _written(
    workspace: Workspace, identity: str, body: JsonObject, links: Sequence[tuple[Endpoint, Named]]
) -> tuple[JsonObject, list[str]]:
    """What the conversation was changed to, and what became of each part.

    Raises what a refused change or parts that all failed come to, and `OutcomeUnknown` for a change that may have
    happened.
    """
    outcomes: list[str] = []
    failures: list[UnthreadError] = []
    changed: JsonObject = {}
    if body:
        try:
            written = await change(
                workspace,
                UPDATE_CONVERSATION,
                {"conversation_id": identity},
                body,
                read_back=GET_CONVERSATION,
                select=("id", *CONVERSATION.brief, *(name for name in body if name not in NOT_SURELY_RETURNED)),
            )
            changed = written.body
            outcomes.append(_state(workspace, changed, body) + written.note)
        except OutcomeUnknown as error:
            failures.append(error)
            outcomes.append(f"unknown: whether {', '.join(body)} changed. {one_line(str(error), 300)}")
        except UnthreadError as error:
            if links:
                raise UnthreadError(error.what, f"{error.remedy} The tags were not changed either.") from None
            raise
    lost = bool(failures)
    for endpoint, tag in links:
        verb = "tagged" if endpoint is TAG_CONVERSATIONS else "untagged"
        try:
            await link(workspace, endpoint, tag.id, [identity])
            outcomes.append(f"{verb} {tag.name!r}")
        except UnthreadError as error:
            failures.append(error)
            missed = f"unknown: whether it was {verb}" if isinstance(error, OutcomeUnknown) else f"refused: not {verb}"
            outcomes.append(f"{missed} {tag.name!r}. {one_line(str(error), 300)}")
    if lost or len(failures) == len(outcomes):
        raise _failed(failures, outcomes)
    return changed, outcomes


def _failed(failures: Sequence[UnthreadError], outcomes: Sequence[str]) -> UnthreadError:
    """The refusal of a call whose parts failed, with all outcomes; unknown if one of them may have happened."""
    if len(outcomes) == 1:
        return failures[0]
    unknown = any(isinstance(each, OutcomeUnknown) for each in failures)
    return (OutcomeUnknown if unknown else UnthreadError)("; ".join(outcomes), "")


def _closing_question(conversation: JsonObject, others: Mapping[str, Any]) -> str:
    """What a human is asked before a conversation is closed: which one and whose it is, then what else changes."""
    asked = (
        f"Close conversation {number_of(conversation)} of customer {name_of(conversation, 'customer.name')}? "
        "The customer may receive a closing message or survey."
    )
    lines = [f"{name}: {value}" for name, value in others.items() if value not in (None, "")]
    return "\n".join([asked, *(["", "Also changed:", *lines] if lines else [])])


def _require_words(**texts: str | None) -> None:
    for name, text in texts.items():
        if text is not None and not text.strip():
            raise InvalidArgument(f"{name} is empty.", f'To empty it, pass clear: ["{name}"].')


def _emptied(clear: Sequence[str]) -> list[str]:
    names: list[str] = []
    for each in clear:
        if each not in _CLEARABLE:
            hint = did_you_mean(each, _CLEARABLE) or f"It can empty: {', '.join(_CLEARABLE)}."
            raise InvalidArgument(f"clear can't empty {each[:40]!r}.", hint)
        names.append(_CLEARABLE[each])
    return names


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


async def _require_customers_allowed(workspace: Workspace, identity: str, body: JsonObject) -> None:
    """Neither conversations of others, nor moving one to others."""
    await workspace.require_allowed_conversation(identity)
    if "customerId" in body:
        workspace.require_allowed(body["customerId"])


async def _fields(workspace: Workspace, identity: str, ticket_type: Named | None, fields: dict[str, Any]) -> JsonValue:
    """The whole map of ticket type fields with `fields` merged in.

    The reference doesn't say whether a write replaces the map or adds to it; sending the
    whole is right under both readings. To be called where other writes wait, lest one undo another.
    """
    current = await workspace.conversation(identity)
    type_id = ticket_type.id if ticket_type else id_of(current, "ticketTypeId")
    if not type_id:
        raise InvalidArgument("The conversation has no ticket type, so it has no fields.", "Pass ticket_type too.")
    definition = as_object(await workspace.client.read(GET_TICKET_TYPE, {"ticket_type_id": type_id}))
    written = written_fields(definition, await with_user_ids(definition, fields, workspace.names.user))
    before = current.get("ticketTypeFields")
    kept = before if isinstance(before, dict) else {}
    if type_id != text_of(current, "ticketTypeId"):
        # The old type's fields mean nothing in the new one.
        known = {text_of(field, "id") for field in fields_of(definition)}
        kept = {name: value for name, value in kept.items() if name in known}
    return {**kept, **written}


def _state(workspace: Workspace, changed: JsonObject, body: JsonObject) -> str:
    """What the conversation looks like now, as far as the receipt tells."""
    if not changed:
        return f"changed {', '.join(body)}"
    said: list[str] = []
    for name in body:
        match name:
            case "priority":
                said.append(f"priority {priority_of(changed.get('priority'))}")
            case "assignedToUserId":
                said.append(f"assignee {name_of(changed, 'assignedToUser.name') if body[name] else 'nobody'}")
            case "customerId":
                said.append(f"customer {name_of(changed, 'customer.name')}")
            case "wakeUpAt":
                said.append(f"snoozed until {workspace.date(changed.get('wakeUpAt'), clock=True)}")
            case "status" | "title":
                said.append(f"{name} {one_line(text_of(changed, name), 80) or '-'}")
            case _:
                said.append(f"{name} {'emptied' if body[name] is None else 'set'}")
    return ", ".join(said)


@changes("Tag conversations", level="triage")
async def tag_conversations(
    workspace: Workspace,
    conversations: Conversations,
    add: TagNames | None = None,
    remove: TagNames | None = None,
) -> Answer:
    """Add tags to, or remove them from, up to 100 conversations at once."""
    if not add and not remove:
        raise InvalidArgument("No tag was passed.", "Pass add or remove.")
    links = [(TAG_CONVERSATIONS, await workspace.names.tag(each), "added to") for each in add or ()]
    links += [(UNTAG_CONVERSATIONS, await workspace.names.tag(each), "removed from") for each in remove or ()]
    identities = await workspace.names.conversations(conversations)
    if workspace.restricts_customers:
        for identity in identities:
            await workspace.require_allowed_conversation(identity)
    outcomes: list[str] = []
    failures: list[UnthreadError] = []
    for endpoint, tag, verb in links:
        try:
            await link(workspace, endpoint, tag.id, identities)
            outcomes.append(f"{tag.name!r} {verb} {len(identities)} conversation{'s' if len(identities) > 1 else ''}")
        except UnthreadError as error:
            failures.append(error)
            word = "unknown" if isinstance(error, OutcomeUnknown) else "refused"
            outcomes.append(f"{word}: {tag.name!r} {verb} them. {one_line(str(error), 300)}")
    if len(failures) == len(links):
        raise _failed(failures, outcomes)
    return Answer("; ".join(outcomes) + ".", {"outcomes": [*outcomes], "conversations": [*identities]}, "done")
