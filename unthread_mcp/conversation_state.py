"""How a conversation stands before and after a change: what the agent had seen, what is written, what others changed.

Unthread has no condition that a write could carry, so what stands in between is found by
reading immediately before the write and comparing what comes back with what was expected. The
moment between the two stays: a value that somebody else sets in it and that the write holds,
too, can't be told from ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from unthread_mcp.answers import as_object, id_of, text_of
from unthread_mcp.api.endpoints import GET_TICKET_TYPE
from unthread_mcp.api.errors import Conflict, InvalidArgument, UnthreadError
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.arguments import UNASSIGNED
from unthread_mcp.field_conditions import conditions_in_words, shows
from unthread_mcp.fields import pick
from unthread_mcp.names import Named
from unthread_mcp.nearest import did_you_mean
from unthread_mcp.render import VALUE_LENGTH, compact, name_of, priority_of
from unthread_mcp.ticket_fields import fields_of, found_fields, label_of, with_user_ids, written_fields
from unthread_mcp.untrusted import Fence, one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import is_same

MAPS: Final = ("ticketTypeFields", "metadata")
"""What is read, merged and written whole: the reference doesn't say whether a write replaces a map or adds to it,
and the whole is right under both readings."""
CLEARABLE: Final = {
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
"""What an update can empty, and how Unthread calls it."""
_NOBODY: Final = frozenset({UNASSIGNED, "nobody", "none", "-", ""})
_SEEN: Final = {
    "status": ("status",),
    "assignee": ("assignedToUser.name", "assignedToUser.email", "assignedToUserId"),
    "title": ("title",),
    "customer": ("customer.name", "customerId"),
    "ticket_type": ("ticketType.name", "ticketTypeId"),
    "notes": ("notes",),
}
"""By argument, where its value may stand in a conversation; what an agent saw may be any of them."""
_VALUE: Final = 80


@dataclass(slots=True)
class Merge:
    """A map with changes merged in, and how its keys are called."""

    before: JsonObject
    after: JsonObject
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    remarks: Sequence[str] = ()
    """What whoever looks at the conversation would find odd about `after`."""
    public: Sequence[tuple[str, JsonValue]] = ()
    """What was filled in that customers may see, each with its label."""


async def merged_fields(
    workspace: Workspace, current: JsonObject, ticket_type: Named | None, given: Mapping[str, Any]
) -> Merge:
    """The whole map of ticket type fields with `given`, by label, merged in. Raises `InvalidArgument`."""
    type_id = ticket_type.id if ticket_type else id_of(current, "ticketTypeId")
    if not type_id:
        raise InvalidArgument("The conversation has no ticket type, so it has no fields.", "Pass ticket_type too.")
    definition = as_object(await workspace.client.read(GET_TICKET_TYPE, {"ticket_type_id": type_id}))
    written = written_fields(definition, await with_user_ids(definition, given, workspace.names.colleague))
    before = _map(current, "ticketTypeFields")
    labels = {text_of(each, "id"): label_of(each) for each in fields_of(definition)}
    kept = before
    if type_id != text_of(current, "ticketTypeId"):
        # The old type's fields mean nothing in the new one.
        kept = {name: value for name, value in before.items() if name in labels}
    after = {**kept, **written}
    # The reference has `public` without a word about it; taken to mean that customers may see the field's values.
    public = [
        (label_of(each), value)
        for each in fields_of(definition)
        if each.get("public") is not False and (value := written.get(text_of(each, "id")))
    ]
    seen = ", ".join(label for label, _ in public)
    remarks = [*_remarks(definition, written, after), *([f"customers may see: {seen}"] if seen else [])]
    return Merge(kept, after, labels, remarks, public)


def _remarks(ticket_type: JsonObject, written: JsonObject, after: JsonObject) -> list[str]:
    """Written fields that don't show as the others stand, and required ones that show and are empty."""
    fields = fields_of(ticket_type)
    said = [
        f"{label_of(each)} is set, but shows only if {conditions_in_words(each, fields)}"
        for each in fields
        if written.get(text_of(each, "id")) and shows(each, after) is False
    ]
    empty = [
        label_of(each)
        for each in fields
        if each.get("required") is True and not after.get(text_of(each, "id")) and shows(each, after)
    ]
    return [*said, *([f"required and still empty: {', '.join(empty)}"] if empty else [])]


def merged_metadata(current: JsonObject, given: Mapping[str, str]) -> Merge:
    """The whole of the metadata with `given` merged in."""
    before = _map(current, "metadata")
    return Merge(before, {**before, **given})


def changed_by_others(merge: Merge, shown: JsonObject) -> list[str]:
    """What of a map stands there now and was neither read before the write nor written, by label."""
    said: list[str] = []
    for name in dict.fromkeys([*merge.after, *shown]):
        expected, found = merge.after.get(name), shown.get(name)
        if _plain(expected) != _plain(found):
            label = merge.labels.get(name) or one_line(name, 60)
            said.append(f"{label} is now {_quoted(found)}, not {_quoted(expected)}")
    return said


async def require_seen(workspace: Workspace, current: JsonObject, expected: Mapping[str, Any]) -> None:
    """Raise `Conflict`, with what is there, if a value is no longer the one that the agent saw.

    `expected` is by argument (`priority`, `assignee`) or by the label of a ticket type field.
    Raises `InvalidArgument` for a name that is neither.
    """
    others: list[str] = []
    for name, value in expected.items():
        found = await _values_of(workspace, current, name)
        if _folded(value) not in {_folded(each) for each in found}:
            others.append(f"{one_line(name, 60)}: {one_line(found[0], VALUE_LENGTH) or '-'}")
    if others:
        names = ", ".join(each.partition(":")[0] for each in others)
        raise Conflict(
            f"Since you looked, this changed: {names}. Nothing was written.",
            "If your change still fits what is there now, call again with it in expected.",
            shown=Fence().wrap("\n".join(others)),
        )


async def _values_of(workspace: Workspace, current: JsonObject, name: str) -> list[str]:
    """What stands in the conversation under the name of an argument or a field's label, in the words that mean it."""
    if name == "priority":
        number = current.get("priority")
        return [priority_of(number), *([] if number is None else [str(number)])]
    if name in _SEEN:
        said = [each for path in _SEEN[name] if isinstance(each := pick(current, path), str)]
        if name == "assignee" and len(said) == 1:
            said.insert(0, await workspace.names.name_of_user(said[0]))
        # Titles are shown cut, on one line.
        return [*said, *(one_line(each, length) for each in said for length in (_VALUE, 2 * _VALUE))] or [""]
    type_id = id_of(current, "ticketTypeId")
    definition = await workspace.names.ticket_type_definition(type_id) if type_id else {}
    fields = found_fields(fields_of(definition), name)
    if len(fields) != 1:
        known = ["priority", *_SEEN, *(label_of(each) for each in fields_of(definition))]
        raise InvalidArgument(
            f"expected names {one_line(name, 60)!r}, which is nothing that can be compared.",
            did_you_mean(name, known) or f"It takes: {', '.join(known)}.",
        )
    value = _map(current, "ticketTypeFields").get(text_of(fields[0], "id"))
    return [value if isinstance(value, str) else "" if value is None else compact(value)]


def _folded(value: Any) -> str:
    """A value as it is compared: letter case and blanks at the ends don't count, nor how emptiness is said."""
    if isinstance(value, list):
        value = compact(cast("list[JsonValue]", value))
    text = "" if value is None else str(value).strip().casefold().removesuffix(".0")
    return "" if text in _NOBODY else text


def differing(current: JsonObject, body: JsonObject) -> JsonObject:
    """What of `body` the conversation doesn't show already. What can't be seen counts as differing."""
    return {
        name: value
        for name, value in body.items()
        if name not in current
        or not (
            current[name] is not None
            if name == "lockedAt" and value is not None  # locked is locked, since whenever
            else is_same(current[name], value)
        )
    }


def in_words(workspace: Workspace, before: JsonObject, after: JsonObject, body: JsonObject) -> str:
    """What became of each field of `body`, with what it was before; what the receipt lacks, as it was written."""
    shown = {**body, **after}
    return ", ".join(
        _field_in_words(workspace, before, shown, name, value) for name, value in body.items() if name not in MAPS
    )


def _field_in_words(workspace: Workspace, before: JsonObject, after: JsonObject, name: str, value: JsonValue) -> str:
    match name:
        case "priority":
            said, was = f"priority {priority_of(after.get(name))}", priority_of(before.get(name))
        case "assignedToUserId":
            said = f"assignee {_named(after, 'assignedToUser.name', value) if value else 'nobody'}"
            was = name_of(before, "assignedToUser.name")
        case "customerId":
            said = f"customer {_named(after, 'customer.name', value) if value else 'none'}"
            was = name_of(before, "customer.name")
        case "wakeUpAt":
            said = f"snoozed until {workspace.date(after.get(name), clock=True)}" if value else "snooze ended"
            was = workspace.date(before.get(name), clock=True)
        case "status" | "title":
            said = f"{name} {one_line(text_of(after, name), _VALUE) or '-'}"
            was = one_line(text_of(before, name), _VALUE) or "-"
        case _:
            said, was = f"{argument_of(name)} {'emptied' if value is None else 'set'}", "-"
    return said + (f" (was {was})" if was != "-" else "")


def argument_of(field: str) -> str:
    """What the tool calls one of Unthread's fields."""
    names = {"ticketTypeFields": "fields", "excludeAnalytics": "exclude_from_analytics", "lockedAt": "locked"}
    return names.get(field) or next((name for name, known in CLEARABLE.items() if known == field), field)


def _named(after: JsonObject, path: str, identity: JsonValue) -> str:
    """The name at `path`; where the receipt lacks it, the id that was written."""
    return name if (name := name_of(after, path)) != "-" else one_line(str(identity), 64)


def not_as_written(after: JsonObject, body: JsonObject) -> list[str]:
    """The fields that the conversation shows otherwise than they were written: somebody or something was faster."""
    return [
        name for name, value in body.items() if name not in MAPS and name in after and not is_same(after[name], value)
    ]


def replaced_notes(before: JsonObject, body: JsonObject) -> str:
    """What stood in the notes that `body` replaces or empties, fenced; empty where nothing did."""
    if "notes" in body and "notes" not in before:
        return "\nWhat stood in the notes before is not known."
    old = text_of(before, "notes").strip()
    if "notes" not in body or not old or old == body["notes"]:
        return ""
    cut = f"\n[cut here: {len(old) - VALUE_LENGTH:,} characters more]" if len(old) > VALUE_LENGTH else ""
    return f"\nThe notes before:\n{Fence().wrap(old[:VALUE_LENGTH] + cut)}"


async def read_map(workspace: Workspace, identity: str, receipt: JsonObject, name: str) -> JsonObject | None:
    """A map of the conversation after the write, read again if the receipt lacks it; None if nobody says."""
    shown = receipt.get(name)
    if not isinstance(shown, dict):
        try:
            shown = (await workspace.conversation(identity)).get(name)
        except UnthreadError:
            # The write is done: not knowing how it looks now doesn't make it fail.
            return None
    return shown if isinstance(shown, dict) else None


def _map(conversation: JsonObject, name: str) -> JsonObject:
    value = conversation.get(name)
    return value if isinstance(value, dict) else {}


def _plain(value: JsonValue) -> str:
    """A field's value as text: numbers may come back as strings, and emptiness in three ways."""
    if isinstance(value, bool | dict | list):
        return compact(value)
    return "" if value is None else str(value)


def _quoted(value: JsonValue) -> str:
    return f"'{one_line(_plain(value), _VALUE)}'" if _plain(value) else "empty"


def emptied_fields(clear: Sequence[str], clearable: Mapping[str, str]) -> list[str]:
    """The fields that `clear` names, in Unthread's words. Raises `InvalidArgument` with the nearest."""
    for each in clear:
        if each not in clearable:
            hint = did_you_mean(each, clearable) or f"It can empty: {', '.join(clearable)}."
            raise InvalidArgument(f"clear can't empty {each[:40]!r}.", hint)
    return [clearable[each] for each in clear]
