"""Starting conversations: in Slack, by e-mail, or among the team."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from unthread_mcp.access import sends
from unthread_mcp.answers import as_object, id_of, text_of
from unthread_mcp.api.endpoints import (
    CREATE_CONVERSATION,
    GET_CONVERSATION,
    GET_CUSTOMER,
    ID_PATTERN,
    LIST_CONVERSATIONS,
    UPDATE_CONVERSATION,
)
from unthread_mcp.api.errors import InvalidArgument, NotPermitted, RequestRejected, UnthreadError
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.arguments import (
    PRIORITY_NUMBERS,
    Attachments,
    CustomerRef,
    Name,
    Priority,
    Status,
    UserRef,
)
from unthread_mcp.attachments import Attachment, chosen_uploads, described
from unthread_mcp.conversation_state import merged_fields
from unthread_mcp.fields import CONVERSATION, EVERYTHING, pick, trim
from unthread_mcp.gate import Gate
from unthread_mcp.names import Named
from unthread_mcp.natural_keys import NaturalKey
from unthread_mcp.outgoing import canonical, exact, prepare
from unthread_mcp.questions import laid_out
from unthread_mcp.render import Answer, compact, name_of, number_of, priority_of
from unthread_mcp.tools.slack_channels import customer_in, is_the_teams_own, require_channel
from unthread_mcp.untrusted import Fence, one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import Written, change, create, creation

Kind = Literal["slack", "email", "triage"]
OwnId = Annotated[str, Field(min_length=1, max_length=64)]
"""An id in the body; its form is checked here without being published, since a pattern costs 20 tokens."""
_ADDRESS: Final = r"([^@\s<>,;\"']{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+)"
_ADDRESSED: Final = re.compile(rf'\s*(?:{_ADDRESS}|"?([^"<>,;@]*?)"?\s*<{_ADDRESS}>)\s*')
"""One address, bare or behind a name."""


@dataclass(frozen=True, slots=True)
class _Person:
    """Whom a conversation is with, or in whose name it begins: as the reference's `onBehalfOf`, and in words."""

    body: JsonObject
    words: str


@sends("Start a conversation")
async def create_conversation(
    workspace: Workspace,
    gate: Gate,
    type: Kind,  # noqa: A002 - the reference's word
    text: Annotated[str, Field(description="Slack's markdown", min_length=1)],
    title: Annotated[str | None, Field(max_length=200)] = None,
    customer: CustomerRef | None = None,
    channel_id: Annotated[OwnId | None, Field(description="In Slack; else a direct message")] = None,
    triage_channel_id: OwnId | None = None,
    email_inbox_id: OwnId | None = None,
    on_behalf_of: Annotated[UserRef | None, Field(description="Whom an e-mail is with")] = None,
    assignee: UserRef | None = None,
    priority: Priority | None = None,
    status: Status = "open",
    ticket_type: Name | None = None,
    fields: Annotated[dict[str, Any] | None, Field(description="By label")] = None,
    notes: Annotated[str | None, Field(description="Internal", max_length=20_000)] = None,
    project_id: OwnId | None = None,
    exclude_from_analytics: bool | None = None,
    attachments: Attachments | None = None,
    select: Annotated[list[str] | None, Field(min_length=1, max_length=60)] = None,
) -> Answer:
    """Start a conversation: with customers in Slack or by e-mail, or among the team (type triage).

    email needs email_inbox_id and on_behalf_of, triage a triage_channel_id.
    """
    chosen = CONVERSATION.check(select) if select else ()
    text, title = prepare(text), " ".join(prepare(title).split()) if title else None
    notes = prepare(notes) if notes else None
    ids = {
        "channel_id": channel_id,
        "triage_channel_id": triage_channel_id,
        "email_inbox_id": email_inbox_id,
        "project_id": project_id,
    }
    _require_what_the_type_needs(type, ids, on_behalf_of)
    if fields and not ticket_type:
        raise InvalidArgument("fields are those of a ticket type, and none was passed.", "Pass ticket_type too.")
    if on_behalf_of and type != "email":
        workspace.require_on_behalf_of()
    files = await chosen_uploads(workspace.settings.upload_dir, attachments)

    of = await workspace.names.customer(customer) if customer else None
    person = await _person(workspace, on_behalf_of) if on_behalf_of else None
    if type == "slack" and not channel_id and not person:
        raise await _nobody_named(workspace, of)
    await _require_recipient_allowed(workspace, type, of, channel_id, person)
    holder = await _holder(workspace, channel_id, of) if channel_id else None
    known = await is_the_teams_own(workspace, triage_channel_id, "triage_channel_id") if triage_channel_id else False
    if triage_channel_id and not known:
        workspace.require_no_limit("nothing shows that this channel is the team's own")
    for_the_team = type == "triage" and known
    kind = await workspace.names.ticket_type(ticket_type) if ticket_type else None
    merged = await merged_fields(workspace, {"ticketTypeId": kind.id}, kind, fields) if kind and fields else None
    held_by = await workspace.names.colleague(assignee) if assignee else None
    given: JsonObject = {
        "assignedToUserId": held_by.id if held_by else None,
        "customerId": of.id if of else None,
        "channelId": channel_id,
        "projectId": project_id,
        "priority": PRIORITY_NUMBERS[priority] if priority else None,
        "triageChannelId": triage_channel_id,
        "notes": notes,
        "title": title,
        "excludeAnalytics": exclude_from_analytics,
        "emailInboxId": email_inbox_id,
        "ticketTypeId": kind.id if kind else None,
        "onBehalfOf": person.body if person else None,
    }
    body: JsonObject = {"type": type, "markdown": text, "status": status}
    body |= {name: value for name, value in given.items() if value is not None}
    place = _place(type, channel_id, holder, triage_channel_id, person)

    async def approve() -> None:
        if for_the_team:
            return
        named = {"Of": of, "Assigned to": held_by, "Ticket type": kind}
        facts = [(said, each.name) for said, each in named.items() if each]
        if triage_channel_id and not known:
            facts.append(("Nothing shows that the team alone reads the channel", triage_channel_id))
        asked = f"Start a conversation {place}?"
        await gate.pass_through(laid_out(asked, [*facts, *_facts(body, fields, files)], [text]))

    wanted = () if chosen == EVERYTHING else ("id", "friendlyId", *(chosen or CONVERSATION.brief))
    created = await create(
        workspace,
        CREATE_CONVERSATION,
        body,
        what="conversation",
        key=NaturalKey(LIST_CONVERSATIONS, *(("title", title) if title else ("initialMessage.text", text))),
        intended=_intended(type, body, person, exact),
        select=tuple(dict.fromkeys(wanted)),
        files=files,
        also=[creation(workspace, "conversation alike", _intended(type, body, person, canonical))],
        approve=approve,
    )
    whole = await _with_number(workspace, created)
    lines = [f"conversation {number_of(whole)} {place}.{created.note}"]
    if type == "email":
        lines[0] += " It is posted; the API doesn't confirm that it was mailed."
    if merged:
        lines += [await _fields_set(workspace, id_of(whole), merged.after), *merged.remarks]
    data = trim(whole, chosen) if chosen else whole
    if chosen:
        lines.append(Fence().wrap(compact(data)))
    return Answer("\n".join(lines), data, created.outcome)


def _require_what_the_type_needs(kind: Kind, ids: Mapping[str, str | None], person: str | None) -> None:
    """Raise `InvalidArgument` for what the reference requires of a type, and for what another type alone uses."""
    for name, value in ids.items():
        if value and not ID_PATTERN.fullmatch(value):
            raise InvalidArgument(f"{name} is {value[:40]!r}, which is no id.", "Pass the id, not a name.")
    for name in ("channel_id", "triage_channel_id"):
        require_channel(ids[name], name)
    if kind == "triage" and not ids["triage_channel_id"]:
        raise InvalidArgument(
            "A triage conversation needs triage_channel_id.",
            "Pass the Slack channel's id; conversations of the same team show theirs in triageMessages.channelId.",
        )
    if kind == "email" and not ids["email_inbox_id"]:
        raise InvalidArgument("An e-mail conversation needs email_inbox_id.", "Ask the user for the inbox's id.")
    if kind == "email" and not person:
        raise InvalidArgument(
            "An e-mail conversation needs on_behalf_of, the person whom it is with.", "Pass their e-mail address."
        )
    for name, needed in (("channel_id", "slack"), ("email_inbox_id", "email")):
        if ids[name] and kind != needed:
            raise InvalidArgument(f"{name} is for type {needed}, not {kind}.", "Leave it out, or pass the other type.")


async def _person(workspace: Workspace, said: str) -> _Person:
    """An address as it stands (`Name <address>`, too), else somebody known by name or id."""
    if "@" not in said:
        found = await workspace.names.user(said, external=True)
        name = found.name if found.name != found.id else await workspace.names.name_of_user(found.id)
        return _Person({"id": found.id, "name": name}, name)
    match = _ADDRESSED.fullmatch(prepare(said))
    if not match:
        raise InvalidArgument(f"on_behalf_of is {said[:60]!r}, which is no address.", "Pass one like ada@example.com.")
    address, name = match[1] or match[3], one_line(match[2] or "", 80)
    if not name:
        return _Person({"email": address}, f"<{address}>")
    return _Person({"email": address, "name": name}, f"{name} <{address}>")


_WHERE: Final = {
    "slack": ("type", "channelId", "onBehalfOf"),
    "email": ("type", "emailInboxId", "onBehalfOf", "title"),
    "triage": ("type", "triageChannelId", "customerId"),
}
"""What tells a conversation from others that begin with the same words: by where it is, with whom, or about whom."""


def _intended(kind: Kind, body: JsonObject, person: _Person | None, reduced: Callable[[str], str]) -> JsonObject:
    """What makes it this conversation and no other: its words, as `reduced`, where they go and to whom.

    With another priority or other blanks it would be read twice all the same, and an address reaches the same mailbox
    in capitals and behind another name.
    """
    text = text_of(body, "markdown")
    same: JsonObject = {name: body.get(name) for name in _WHERE[kind]}
    address = text_of(person.body, "email") if person else ""
    if address:
        same["onBehalfOf"] = {"email": address.lower()}
    return {**same, "markdown": reduced(text) or text}


async def _nobody_named(workspace: Workspace, customer: Named | None) -> InvalidArgument:
    """The refusal of a Slack conversation that nobody could be told the recipient of."""
    channel = ""
    if customer:
        whole = as_object(await workspace.client.read(GET_CUSTOMER, {"customer_id": customer.id}))
        if channel_id := id_of(whole, "slackChannelId"):
            channel = f" {customer.name}'s channel is {channel_id} ({name_of(whole, 'slackChannel.name')})."
    direct = ", or on_behalf_of for a direct message" if workspace.settings.on_behalf_of else ""
    return InvalidArgument(
        "Nobody could say who receives this Slack conversation.", f"Pass channel_id{direct}.{channel}"
    )


async def _require_recipient_allowed(
    workspace: Workspace, kind: Kind, customer: Named | None, channel_id: str | None, person: _Person | None
) -> None:
    """Raise `NotPermitted` unless what is sent reaches a customer whom the operator allows, and nobody else."""
    if not workspace.restricts_customers or (kind == "triage" and not customer):
        return
    workspace.require_allowed(customer.id if customer else None)
    if kind == "triage" or not customer:
        return
    whole = as_object(await workspace.client.read(GET_CUSTOMER, {"customer_id": customer.id}))
    if kind == "slack":
        theirs = bool(channel_id) and channel_id == whole.get("slackChannelId")
    else:
        domain = str(person.body.get("email", "")).rpartition("@")[2].lower() if person else ""
        domains = pick(whole, "emailDomains")
        known = {each.lower() for each in domains if isinstance(each, str)} if isinstance(domains, list) else set[str]()
        theirs = bool(domain) and domain in known
    if not theirs:
        raise NotPermitted(
            f"The operator allows writing only for certain customers, and this would not surely reach {customer.name}.",
            "Pass the customer's own Slack channel, or an address of one of their e-mail domains.",
        )


async def _holder(workspace: Workspace, channel_id: str, customer: Named | None) -> Named | None:
    """The customer who reads a Slack channel, as far as Unthread says.

    Raises `InvalidArgument` if it is another one than `customer`: they would read what is meant for that one.
    """
    try:
        found = await customer_in(workspace, channel_id)
    except RequestRejected:
        return None
    if found and customer and found.id != customer.id:
        raise InvalidArgument(
            f"channel_id is the channel of the customer {found.name}, not of {customer.name}.",
            "Pass the channel of the customer whom it is for; without channel_id, you are told it.",
        )
    return found


def _place(
    kind: Kind, channel_id: str | None, holder: Named | None, triage_channel_id: str | None, person: _Person | None
) -> str:
    name = f" in the name of {person.words}" if person else ""
    match kind:
        case "email":
            return f"by e-mail with {person.words if person else '-'}"
        case "slack":
            channel = f"in the Slack channel {channel_id}" + (f" of {holder.name}" if holder else "")
            return (channel if channel_id else "as a direct message in Slack") + name
        case "triage":
            return f"for the team in {triage_channel_id}{name}"


def _facts(body: JsonObject, fields: dict[str, Any] | None, files: Sequence[Attachment]) -> list[tuple[str, str]]:
    said = {
        "Title": body.get("title"),
        "Status": body["status"],
        "Priority": priority_of(body["priority"]) if "priority" in body else None,
        "Fields": compact(fields) if fields else None,
        "Also triaged in": body.get("triageChannelId"),
        "Internal notes": body.get("notes"),
        "With the files": described(files) or None,
    }
    return [(name, str(value)) for name, value in said.items() if value is not None]


async def _with_number(workspace: Workspace, created: Written) -> JsonObject:
    """The created conversation with its number, which not every receipt has. Nothing fails for want of it."""
    if created.body.get("friendlyId") is None and (identity := id_of(created.body)):
        with suppress(UnthreadError):
            return {**await workspace.conversation(identity), **created.body}
    workspace.numbers.remember(created.body)
    return created.body


async def _fields_set(workspace: Workspace, identity: str, values: JsonObject) -> str:
    """Set the ticket type's fields, which a new conversation can't begin with. The conversation is there anyway."""
    try:
        if not identity:
            raise InvalidArgument("Unthread did not say its id.", "")
        written = await change(
            workspace,
            UPDATE_CONVERSATION,
            {"conversation_id": identity},
            {"ticketTypeFields": values},
            read_back=GET_CONVERSATION,
            select=("id", "ticketTypeFields"),
        )
    except UnthreadError as error:
        why = one_line(str(error), 300)
        return f"Its fields were not surely set: {why} The conversation is there; set them with update_conversation."
    return f"{written.outcome}: fields set.{written.note}"
