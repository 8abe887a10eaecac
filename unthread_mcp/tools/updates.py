"""Changing a conversation: status, priority, assignee, ticket type and its fields, tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from unthread_mcp.access import changes, permits
from unthread_mcp.api.endpoints import (
    GET_CONVERSATION,
    TAG_CONVERSATIONS,
    UNTAG_CONVERSATIONS,
    UPDATE_CONVERSATION,
    Endpoint,
)
from unthread_mcp.api.errors import Conflict, InvalidArgument, NotPermitted, OutcomeUnknown, UnthreadError
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
from unthread_mcp.conversation_state import (
    CLEARABLE,
    MAPS,
    Merge,
    argument_of,
    changed_by_others,
    differing,
    emptied_fields,
    in_words,
    merged_fields,
    merged_metadata,
    not_as_written,
    read_map,
    replaced_notes,
    require_seen,
)
from unthread_mcp.conversation_view import messages_shown
from unthread_mcp.delivery import require_fresh
from unthread_mcp.fields import CONVERSATION, pick
from unthread_mcp.gate import Gate
from unthread_mcp.names import Named
from unthread_mcp.outgoing import prepare
from unthread_mcp.questions import laid_out
from unthread_mcp.render import Answer, compact, name_of, number_of
from unthread_mcp.threads import read_thread
from unthread_mcp.times import iso, parse_coming_time, parse_time
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import NOT_SURELY_RETURNED, change, link


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

    intended = _Intended(
        identity, body, fields or {}, metadata or {}, named["ticketTypeId"], links, as_of, expected or {}
    )
    question: Callable[[JsonObject], str] | None = None
    asked = ""
    if status == "closed" and gate.asks:
        current = await intended.look(workspace)
        # A wrong label is refused before anybody is asked.
        await intended.merges(workspace, current)
        said: dict[str, Any] = {
            **{name: value for name, value in plain.items() if name not in {"status", "wakeUpAt", "snoozedAt"}},
            **{name: value.name for name, value in named.items() if value},
            "wakeUpAt": snooze_until,
            "snoozedAt": snoozed_at,
            "locked": locked,
            "fields": compact(fields) if fields else None,
            "metadata": compact({**metadata}) if metadata else None,
            "tags added": ", ".join(tag.name for endpoint, tag in links if endpoint is TAG_CONVERSATIONS),
            "tags removed": ", ".join(tag.name for endpoint, tag in links if endpoint is UNTAG_CONVERSATIONS),
            "emptied": ", ".join(sorted(emptied)),
        }
        question = partial(_closing_question, others=said)
        if current.get("status") != "closed":
            asked = question(current)
            await gate.pass_through(asked)
    async with workspace.writing_to(identity):
        return await intended.carry_out(workspace, question, asked)


@dataclass(frozen=True, slots=True)
class _Intended:
    """What is to be changed of one conversation, and what must not have changed before."""

    conversation_id: str
    body: JsonObject
    fields: Mapping[str, Any]
    metadata: Mapping[str, str]
    ticket_type: Named | None
    links: Sequence[tuple[Endpoint, Named]]
    as_of: str | None
    expected: Mapping[str, Any]

    async def look(self, workspace: Workspace) -> JsonObject:
        """The conversation as it stands. Raises what forbids to change it so."""
        if self.as_of is None:
            current = await workspace.conversation(self.conversation_id)
        else:
            thread = await read_thread(workspace, self.conversation_id, back_to=self.as_of)
            require_fresh(thread, self.as_of, "change", "nothing was changed", messages_shown(workspace))
            current = thread.conversation
        workspace.require_allowed(current.get("customerId"))
        await require_seen(workspace, current, self.expected)
        return current

    async def merges(self, workspace: Workspace, current: JsonObject) -> dict[str, Merge]:
        """What is merged into the conversation's maps. Raises `InvalidArgument` for labels that there aren't."""
        merged: dict[str, Merge] = {}
        if self.fields:
            merged["ticketTypeFields"] = await merged_fields(workspace, current, self.ticket_type, self.fields)
        if self.metadata:
            merged["metadata"] = merged_metadata(current, self.metadata)
        return merged

    async def carry_out(self, workspace: Workspace, question: Callable[[JsonObject], str] | None, asked: str) -> Answer:
        """Change what isn't so already. To be called where other writes to the conversation wait.

        Where closing takes a `question`, what was `asked` has to be that of the conversation as it stands now, else
        `Conflict` is raised.
        """
        current = await self.look(workspace)
        merged = await self.merges(workspace, current)
        whole: JsonObject = {**self.body, **{name: merge.after for name, merge in merged.items()}}
        body = differing(current, whole)
        if body.get("status") == "closed" and question and question(current) != asked:
            raise Conflict(
                "The conversation changed meanwhile, and nobody was asked whether it may be closed as it is now.",
                "Nothing was changed. Call again, and the human is asked.",
            )
        tagged = pick(current, "tags.id")
        has = tagged if isinstance(tagged, list) else []
        links = [each for each in self.links if (each[1].id in has) is not (each[0] is TAG_CONVERSATIONS)]
        changed, outcomes = await _written(workspace, self.conversation_id, current, body, merged, links)
        workspace.numbers.remember(changed)
        same = [argument_of(name) for name in whole if name not in body]
        same += [f"tag {each[1].name!r}" for each in self.links if each not in links]
        if same:
            outcomes.append(f"as it was already: {', '.join(same)}")
        outcomes += [remark for each in merged.values() for remark in each.remarks]
        if body.get("status") == "closed":
            outcomes.append("Unthread may send the customer a closing message or survey.")
        return Answer(
            f"{number_of(current)}: " + "\n".join(outcomes) + replaced_notes(current, body),
            {"conversation": changed or current, "outcomes": [*outcomes]},
            "done" if body or links else "already_done",
        )


async def tag_links(
    workspace: Workspace, add: Sequence[str] | None, remove: Sequence[str] | None
) -> list[tuple[Endpoint, Named]]:
    """The tags to add and to remove, each with the endpoint that does it."""
    adding = [await workspace.names.tag(each) for each in add or ()]
    removing = [await workspace.names.tag(each) for each in remove or ()]
    if both := [tag for tag in adding if tag.id in {each.id for each in removing}]:
        raise InvalidArgument(f"The tag {both[0].name!r} is both added and removed.", "Do one of the two.")
    links = [(TAG_CONVERSATIONS, tag) for tag in adding] + [(UNTAG_CONVERSATIONS, tag) for tag in removing]
    return list(dict.fromkeys(links))


async def _written(
    workspace: Workspace,
    identity: str,
    current: JsonObject,
    body: JsonObject,
    merged: Mapping[str, Merge],
    links: Sequence[tuple[Endpoint, Named]],
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
            parts = [in_words(workspace, current, changed, body)]
            parts += [f"{argument_of(name)} set" for name in body if name in MAPS]
            outcomes.append(", ".join(part for part in parts if part) + written.note)
            outcomes += await _meanwhile(workspace, identity, changed, body, merged)
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
    if lost or (failures and len(failures) == len(outcomes)):
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
    return laid_out(
        asked, [(f"Also changed: {name}", str(value)) for name, value in others.items() if value not in (None, "")]
    )


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


async def _meanwhile(
    workspace: Workspace, identity: str, changed: JsonObject, body: JsonObject, merged: Mapping[str, Merge]
) -> list[str]:
    """What was changed by somebody else between our read and now, as far as it shows."""
    said: list[str] = []
    if others := not_as_written(changed, body):
        said.append(f"changed by somebody or something else at the same time: {', '.join(map(argument_of, others))}")
    for name, merge in merged.items():
        if name not in body:
            continue
        shown = await read_map(workspace, identity, changed, name)
        if shown is None:
            said.append(f"{argument_of(name)} could not be read back: whether somebody changed others is not known")
        elif differences := changed_by_others(merge, shown):
            said.append(f"changed by somebody else at the same time: {'; '.join(differences)}")
    return said
