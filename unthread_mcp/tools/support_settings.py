"""What customers and accounts have in common: who supports them, by which steps, and at which addresses they are."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
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
from unthread_mcp.render import Answer, compact, some_of
from unthread_mcp.threads import LONGEST_ADDRESS
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import Written, is_same

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


@dataclass(frozen=True, slots=True)
class Support:
    """Who supports a customer or account and by which steps, in the words of a call; None is what it doesn't name."""

    primary: str | None
    secondary: str | None
    steps: Sequence[Mapping[str, Any]] | None

    @property
    def fields(self) -> set[str]:
        """The fields that `to_write` will hold, of each assignee's two the id."""
        named = {
            "primarySupportAssigneeId": self.primary,
            "secondarySupportAssigneeId": self.secondary,
            "supportSteps": self.steps,
        }
        return {field for field, value in named.items() if value is not None}

    async def to_write(self, workspace: Workspace, *, exact: bool) -> JsonObject:
        """All of it as Unthread takes it: for each assignee an id and whether it is a user's or a team's.

        With `exact`, steps have only what the reference's `SupportStep` has: it types those of accounts as anything.
        """
        body: JsonObject = {}
        for which, value in (("primary", self.primary), ("secondary", self.secondary)):
            if value is not None:
                kind, identity = await _supporter(workspace, value)
                body |= {f"{which}SupportAssigneeId": identity, f"{which}SupportAssigneeType": kind}
        if self.steps is not None:
            body["supportSteps"] = await _steps_to_write(workspace, self.steps, exact=exact)
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


async def _steps_to_write(workspace: Workspace, steps: Sequence[Mapping[str, Any]], *, exact: bool) -> list[JsonValue]:
    """Support steps in Unthread's own words, with the assignee by name or id."""
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


def with_cleared(
    body: JsonObject,
    clear: Sequence[str] | None,
    clearable: Mapping[str, str],
    *,
    lists: frozenset[str],
    later: Collection[str],
) -> JsonObject:
    """`body` and what `clear` empties: null, or an empty list for those that are never null; a type goes with its id.

    `later` are the fields that the call sets as well, once what they need is looked up. Raises `InvalidArgument` for
    a name that can't be cleared, for one that is also set, and if nothing is to change at all.
    """
    if not (body or later or clear):
        raise InvalidArgument("Nothing to change was passed.", "Pass what is to change, or name fields in clear.")
    whole = {**body}
    for name, field in zip(clear or (), emptied_fields(clear or (), clearable), strict=True):
        if field in body or field in later:
            raise InvalidArgument(f"{name} is both set and cleared.", "Do one of the two.")
        whole[field] = [] if field in lists else None
        if field.endswith("SupportAssigneeId"):
            whole[f"{field.removesuffix('Id')}Type"] = None
    return whole


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


async def changed_answer(
    workspace: Workspace, handle: str, before: JsonObject, written: Written, body: JsonObject, *, also: str = ""
) -> Answer:
    """The answer to a change: whose it is, what was written, `also`, and what others changed meanwhile."""
    said = f"{handle}: {await _written(workspace, before, written.body, body)}."
    said += also + _changed_meanwhile(before, written.body, body)
    return Answer(said + written.note, written.body, written.outcome)


async def _written(workspace: Workspace, before: JsonObject, changed: JsonObject, body: JsonObject) -> str:
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


def _changed_meanwhile(before: JsonObject, changed: JsonObject, body: JsonObject) -> str:
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


def whose(found: JsonObject, field: str) -> list[tuple[str, str]]:
    """By which addresses a human knows a customer or account that they are asked about."""
    addresses = found.get(field)
    known = [each for each in addresses if isinstance(each, str)] if isinstance(addresses, list) else []
    return [("Who writes from", some_of(known, LONGEST_ADDRESS))] if known else []


def identity_of(created: JsonObject) -> str:
    """The id of what was made, as words for an answer."""
    return id_of(created) or "its id was not returned"
