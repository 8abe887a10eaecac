"""What customers and accounts have in common: who supports them, by which steps, and at which addresses they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import Field

from unthread_mcp.answers import id_of, text_of
from unthread_mcp.api.endpoints import ID_PATTERN
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.conversation_state import emptied_fields
from unthread_mcp.fields import pick
from unthread_mcp.nearest import did_you_mean
from unthread_mcp.outgoing import prepare, prepare_blocks
from unthread_mcp.render import compact
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import is_same

TEAM: Final = "team:"
Supporter = Annotated[str, Field(description="User, or team:ID", min_length=1, max_length=200)]
Steps = Annotated[
    list[dict[str, Any]],
    Field(description="type (assignment, escalation, reminder, triage), minutes, assignee", max_length=50),
]
Addresses = Annotated[list[str], Field(max_length=500)]

_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]")
_MAILBOX = re.compile(r"[^\s@<>(),;:\"]{1,64}")

_STEP: Final[Mapping[str, type | tuple[type, ...]]] = {
    "type": str,
    "assigneeId": str,
    "assigneeType": str,
    "minutes": (int, float),
    "shouldCycleThroughTeamMembers": bool,
    "maxCycles": (int, float),
    "cycleMinutes": (int, float),
}
"""The reference's `SupportStep`."""
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "type": ("assignment", "escalation", "reminder", "triage"),
    "assigneeType": ("user", "team"),
}


def name_to_write(name: str | None) -> str | None:
    """A name as it may be written. Raises `InvalidArgument` for an empty one: these objects have to have one."""
    return None if name is None else prepare(name).strip()


async def supporters(workspace: Workspace, primary: str | None, secondary: str | None) -> JsonObject:
    """Who supports, as Unthread takes it: an id and whether it is a user's or a team's."""
    body: JsonObject = {}
    for which, value in (("primary", primary), ("secondary", secondary)):
        if value is not None:
            kind, identity = await _supporter(workspace, value)
            body |= {f"{which}SupportAssigneeId": identity, f"{which}SupportAssigneeType": kind}
    return body


async def _supporter(workspace: Workspace, value: str) -> tuple[str, str]:
    text = value.strip()
    if not text.lower().startswith(TEAM):
        return "user", (await workspace.names.colleague(text)).id
    identity = text[len(TEAM) :].strip()
    if not ID_PATTERN.fullmatch(identity):
        raise InvalidArgument(
            f"{one_line(text, 60)!r} names no team by its id.", "Pass team: and the id; Unthread's API lists no teams."
        )
    return "team", identity


async def steps_to_write(workspace: Workspace, steps: Sequence[Mapping[str, Any]], *, exact: bool) -> list[JsonValue]:
    """Support steps in Unthread's own words, with the assignee by name or id.

    With `exact`, only what the reference's `SupportStep` has: it types those of accounts as anything.
    """
    written: list[JsonValue] = []
    for number, step in enumerate(steps, start=1):
        plain = {name: value for name, value in step.items() if value is not None}
        if (assignee := plain.pop("assignee", None)) is not None:
            if "assigneeId" in plain or not isinstance(assignee, str):
                raise InvalidArgument(f"Support step {number} names its assignee twice, or not by a text.", "Name one.")
            plain["assigneeType"], plain["assigneeId"] = await _supporter(workspace, assignee)
        if exact:
            _check_step(number, plain)
        written.append(prepare_blocks(plain))
    return written


def _check_step(number: int, step: Mapping[str, Any]) -> None:
    where = f"Support step {number}"
    for name, value in step.items():
        if name not in _STEP:
            known = ("assignee", *_STEP)
            hint = did_you_mean(name, known) or f"It takes: {', '.join(known)}."
            raise InvalidArgument(f"{where} has no {name[:40]!r}.", hint)
        if not isinstance(value, _STEP[name]) or (isinstance(value, bool) and _STEP[name] is not bool):
            raise InvalidArgument(f"{where} has a {name} of the wrong type.", "Correct it and call again.")
        if name in _CHOICES and value not in _CHOICES[name]:
            raise InvalidArgument(f"{where} has an unknown {name}.", f"It takes: {', '.join(_CHOICES[name])}.")
        if isinstance(value, int | float) and value < 0:
            raise InvalidArgument(f"{where} has a {name} below zero.", "Correct it and call again.")
    if "type" not in step or "minutes" not in step:
        raise InvalidArgument(f"{where} lacks its type or its minutes.", "Pass both.")
    if ("assigneeId" in step) != ("assigneeType" in step):
        raise InvalidArgument(f"{where} has but half of an assignee.", "Pass assignee: a user, or team:ID.")


def addresses_to_write(values: Sequence[str], argument: str, *, mail: bool) -> list[JsonValue]:
    """Domains, and with `mail` also e-mail addresses, in small letters and each once. Raises `InvalidArgument`."""
    written: dict[str, None] = {}
    for value in values:
        mailbox, _, domain = value.strip().lower().rpartition("@")
        fits = len(domain) <= 253 and _DOMAIN.fullmatch(domain) and (not mailbox or _MAILBOX.fullmatch(mailbox))
        if not fits or (mailbox and not mail):
            wanted = "a domain such as example.com" + (" or an e-mail address" if mail else "")
            raise InvalidArgument(f"{argument} holds {one_line(value, 60)!r}.", f"Pass {wanted}.")
        written[f"{mailbox}@{domain}" if mailbox else domain] = None
    return [*written]


def emptying(
    clear: Sequence[str], clearable: Mapping[str, str], lists: frozenset[str], given: JsonObject
) -> JsonObject:
    """What `clear` writes: null, or an empty list for those that are never null; a type goes with its id.

    Raises `InvalidArgument` for a name that can't be cleared, and for one that is also given.
    """
    body: JsonObject = {}
    for name, field in zip(clear, emptied_fields(clear, clearable), strict=True):
        if field in given:
            raise InvalidArgument(f"{name} is both set and cleared.", "Do one of the two.")
        body[field] = [] if field in lists else None
        if field.endswith("SupportAssigneeId"):
            body[f"{field.removesuffix('Id')}Type"] = None
    return body


async def supporter_of(workspace: Workspace, value: JsonObject, which: str) -> str:
    """Who supports a customer or account, by name where it is known; `-` for nobody."""
    field = f"{which}SupportAssignee"
    identity, kind = text_of(value, f"{field}Id"), text_of(value, f"{field}Type")
    if not identity:
        return "-"
    named = pick(value, f"{field}.name")
    name = one_line(named, 60) if isinstance(named, str) else ""
    if kind == "team":
        return f"team {name} ({one_line(identity, 64)})" if name else f"team {one_line(identity, 64)}"
    return name or await workspace.names.name_of_user(identity)


async def said_of(workspace: Workspace, before: JsonObject, changed: JsonObject, body: JsonObject) -> str:
    """What was written, as the receipt shows it where it does, and what lists held before: they are replaced."""
    shown = {**body, **{name: changed[name] for name in body if name in changed}}
    said: list[str] = []
    for name in body:
        value, old = shown[name], before.get(name)
        was = f" (before: {_said(old)})" if isinstance(old, list) and old and old != value else ""
        if name.endswith("SupportAssigneeType"):
            continue
        if name.endswith("SupportAssigneeId"):
            which = name.removesuffix("SupportAssigneeId")
            said.append(f"{which} support {await supporter_of(workspace, {**changed, **shown}, which)}")
        elif value in (None, [], ""):
            said.append(f"{name} emptied{was}")
        else:
            said.append(f"{name} {_said(value)}{was}")
    return ", ".join(said)


def _said(value: JsonValue) -> str:
    return one_line(value if isinstance(value, str) else compact(value), 300)


def changed_meanwhile(before: JsonObject, changed: JsonObject, body: JsonObject) -> str:
    """A sentence on what the receipt shows that we did not write, or nothing; with a leading space."""
    ours = {"updatedAt", "updatedBy", *body, *(each for name in body for each in _FOLLOWING.get(name, ()))}
    others = [name for name in changed if name in before and name not in ours and _differ(changed[name], before[name])]
    others += [name for name in body if name in changed and _differ(changed[name], body[name])]
    if not others:
        return ""
    names = one_line(", ".join(sorted(others)), 200)
    return f" Unthread shows something else than was written or there before in: {names}. Read it again."


def _differ(shown: JsonValue, other: JsonValue) -> bool:
    """Whether two values differ in more than the order of a list, which nobody promises."""
    if isinstance(shown, list) and isinstance(other, list):
        return sorted(map(compact, shown)) != sorted(map(compact, other))
    return not is_same(shown, other)


_FOLLOWING: Final[Mapping[str, tuple[str, ...]]] = {
    "primarySupportAssigneeId": ("primarySupportAssignee",),
    "secondarySupportAssigneeId": ("secondarySupportAssignee",),
    "replyTimeoutHours": ("replyTimeoutMinutes",),
    "slackChannelId": ("slackChannel", "slackTeamId"),
    "slackChannelIds": ("slackChannels",),
    "slackTeamIds": ("slackTeams",),
}
"""What follows from what is written."""


def identity_of(created: JsonObject) -> str:
    """The id of what was made, as words for an answer."""
    return id_of(created) or "its id was not returned"
