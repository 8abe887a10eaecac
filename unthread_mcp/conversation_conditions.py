"""The caller's own conditions on conversations, from names and shown words to what the API compares with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, Literal, get_args

from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.arguments import PRIORITY_NUMBERS, Condition, Status
from unthread_mcp.fields import CONVERSATION
from unthread_mcp.nearest import did_you_mean
from unthread_mcp.schemas import plain_word
from unthread_mcp.threads import SOURCES, source_of
from unthread_mcp.times import iso, parse_time
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace

_EXACT: Final = frozenset({"==", "!=", "in", "notIn"})
_STATUSES: Final = get_args(Status)
_BOOLEANS: Final = frozenset({"wasManuallyCreated", "excludeAnalytics"})
_TIMES: Final = frozenset(
    {
        "createdAt",
        "updatedAt",
        "closedAt",
        "statusUpdatedAt",
        "wakeUpAt",
        "snoozedAt",
        "lockedAt",
        "lastActivityAt",
    }
)
_IDS: Final[dict[str, Literal["colleague", "person", "customer", "ticket type", "tag"]]] = {
    "assignedToUserId": "colleague",
    "followers.userId": "colleague",
    "collaborators.userId": "colleague",
    "submitterUserId": "person",
    "customerId": "customer",
    "customer.id": "customer",
    "ticketTypeId": "ticket type",
    "ticketType.id": "ticket type",
    "tags.id": "tag",
}
"""Whose id a field holds."""
_ARGUMENTS: Final = {
    "tags": "A tag's name goes into the argument tag, too.",
    "customer": "A customer's name goes into the argument customer, too.",
    "assignedToUser": "A person's name goes into the argument assignee, too.",
    "ticketType": "A ticket type's name goes into the argument ticket_type, too.",
}


async def as_compared(workspace: Workspace, where: Sequence[Condition] | None) -> tuple[list[JsonObject], JsonValue]:
    """The conditions as the API takes them; and `where` as it has to stand in a cursor, if it means another time later.

    At most two requests a name. Raises `InvalidArgument` for a field that there isn't, and for a value that such a
    field never has: it would find nothing in silence.
    """
    lasting: list[JsonValue] = []
    checked: list[tuple[Condition, JsonValue]] = []
    passes = False
    for condition in where or ():
        plain = _checked(condition)
        value = _each(condition.value, lambda one, condition=condition: _compared(workspace, condition, one))
        checked.append((condition, value))
        # A date is the same one later; so long ago has no hyphen.
        is_ago = condition.field in _TIMES and isinstance(condition.value, str) and "-" not in condition.value
        passes = passes or is_ago
        lasting.append({**plain, "value": value} if is_ago else plain)
    sent: list[JsonObject] = []
    for condition, value in checked:
        if condition.field in _IDS and condition.operator in _EXACT:
            ids: list[JsonValue] = [await _id(workspace, condition.field, said) for said in _texts(value)]
            compared = ids if isinstance(value, list) else ids[0]
        else:
            compared = value
        sent.append({"field": condition.field, "operator": condition.operator, "value": compared})
    return sent, lasting if passes else None


def _checked(condition: Condition) -> JsonObject:
    """The condition in JSON: of a known field, and with a list where the operator takes one."""
    name, operator, value = condition.field, condition.operator, condition.value
    if name not in CONVERSATION.names and name.partition(".")[0] not in CONVERSATION.open_maps:
        hint = did_you_mean(name, CONVERSATION.names) or "Read unthread://fields/conversation for the names."
        known = f"{hint} {_ARGUMENTS.get(name, '')}".strip()
        raise InvalidArgument(f"where names the field {name[:60]!r}, which no conversation has.", known)
    takes_list = operator in {"in", "notIn"}
    if takes_list != isinstance(value, list):
        raise InvalidArgument(
            f"The operator {operator} takes {'a list' if takes_list else 'one value, no list'}.",
            "Correct the value in where." if takes_list else "Use in or notIn for a list.",
        )
    return {"field": name, "operator": operator, "value": [*value] if isinstance(value, list) else value}


def _each(value: str | float | list[str], change: Callable[[str | float], JsonValue]) -> JsonValue:
    # The reference's lists are of strings, also where the field is a number.
    return [str(change(each)) for each in value] if isinstance(value, list) else change(value)


def _texts(value: JsonValue) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _compared(workspace: Workspace, condition: Condition, value: str | float) -> JsonValue:
    """One value as the API compares with it, but for names."""
    name, is_exact, said = condition.field, condition.operator in _EXACT, str(value)
    if name == "priority":
        return _priority(said, is_exact=is_exact)
    if name in _TIMES and (is_exact or condition.operator in {">", "<"}):
        moment = parse_time(said, f"{name} in where", zone=workspace.settings.timezone, now=workspace.now())
        return iso(moment)
    if is_exact and name == "status":
        return _one_of(name, said, _STATUSES)
    if is_exact and name in _BOOLEANS:
        # The reference has texts and numbers to compare with.
        return _one_of(name, said, ("true", "false"))
    if is_exact and name == "sourceType":
        return _source(said)
    return value


async def _id(workspace: Workspace, name: str, said: str) -> str:
    """The id that a name stands for."""
    names = workspace.names
    match _IDS[name]:
        case "colleague":
            found = await names.user(said, deleted=True)
        case "person":
            found = await names.user(said, external=True, deleted=True)
        case "customer":
            found = await names.customer(said)
        case "ticket type":
            found = await names.ticket_type(said)
        case "tag":
            found = await names.tag(said)
    return found.id


def _one_of(name: str, said: str, known: Sequence[str]) -> str:
    word = plain_word(said)
    if word not in known:
        raise _never(name, said, f"It takes: {', '.join(known)}.")
    return word


def _priority(said: str, *, is_exact: bool) -> JsonValue:
    """A priority's number; one that lies between two of them is only good to compare with."""
    numbers = {**PRIORITY_NUMBERS}
    word = plain_word(said)
    if word in numbers:
        return numbers[word]
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or (is_exact and number not in numbers.values()):
        raise _never("priority", said, f"It takes: {', '.join(numbers)}.")
    return int(number) if number.is_integer() else number


def _source(said: str) -> str:
    """A channel by any word for it. Others may exist: `contains` asks for any."""
    if source := source_of(said):
        return source
    known = ", ".join(each for each in SOURCES if source_of(each) == each)
    raise _never("sourceType", said, f"It takes: {known}; the operator contains takes others, too.")


def _never(name: str, said: str, remedy: str) -> InvalidArgument:
    return InvalidArgument(f"where compares {name} with {one_line(said, 60)!r}, which it never is.", remedy)
