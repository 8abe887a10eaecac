"""One change to many conversations: gently, each with its own outcome, and with a way to go on where it stopped.

Nothing is bulk that reaches a customer, so neither messages nor closing pass through here: a
slip that is made a hundred times at once should be one that can be taken back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

import anyio

from unthread_mcp.answers import as_page, id_of
from unthread_mcp.api.endpoints import LIST_CONVERSATIONS, TAG_CONVERSATIONS, Endpoint
from unthread_mcp.api.errors import (
    ApiError,
    KeyRefused,
    NotFound,
    NotPermitted,
    OutcomeUnknown,
    RateLimited,
    RequestRejected,
    Unavailable,
    UnreadableAnswer,
    UnthreadError,
)
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.fields import pick
from unthread_mcp.names import Named
from unthread_mcp.progress import Progress
from unthread_mcp.render import Answer, number_of
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import link

AT_ONCE: Final = 4
"""Requests at once: a quarter of what the client lets through, so that other calls get their turn. Unthread
publishes no limit."""
TIME: Final = timedelta(seconds=45)
"""After this, nothing more is begun: clients give a call 60 seconds unless told otherwise (the default of MCP's
TypeScript SDK), and an answer that nobody waits for any more helps nobody."""
LINK_REQUESTS: Final = 30
"""Requests for one tag at most: two in a hundred that are refused are found with 26."""
_REASON: Final = 200
"""Characters of a reason for one conversation; a hundred of them have to fit an answer."""

State = Literal["done", "already_done", "refused", "unknown", "left"]


@dataclass(slots=True)
class Target:
    """One conversation, and what became of it, part by part."""

    handle: str
    id: str = ""
    row: JsonObject | None = None
    """How it stood when the call began; None where it couldn't be read."""
    barred: bool = False
    """Whether it is none that may be changed."""
    parts: list[tuple[State, str]] = field(default_factory=list[tuple[State, str]])

    def note(self, state: State, said: str = "") -> None:
        """What became of one part, with what is to be said of it."""
        self.parts.append((state, said))

    @property
    def state(self) -> State | Literal["partly"]:
        """What became of all parts together."""
        states = {state for state, _ in self.parts}
        if "unknown" in states:
            return "unknown"
        if "left" in states:
            return "left"
        if states == {"refused"}:
            return "refused"
        if "refused" in states:
            return "partly"
        return "already_done" if states == {"already_done"} else "done"

    @property
    def said(self) -> str:
        """What is to be said of its parts."""
        return "; ".join(dict.fromkeys(said for _, said in self.parts if said))


_WORDS: Final = {
    "done": "done",
    "already_done": "already_done",
    "partly": "done in part",
    "refused": "refused",
    "unknown": "unknown",
    "left": "not done yet",
}
"""Of each state, in the order in which they are told."""


class Bulk:
    """One call's changes to many conversations. Steps run one after another, and each leaves a part on every target."""

    def __init__(self, workspace: Workspace, progress: Progress, references: Sequence[str], *, steps: int) -> None:
        self._workspace = workspace
        self._progress = progress
        self._references = references
        self._steps = steps
        self._told = 0
        self._until = workspace.now() + TIME
        self._stopped = ""
        self.targets: list[Target] = []

    async def find(self) -> None:
        """Turn the references into targets, each with how it stands now; repetitions are dropped.

        How they stand is read with one request. It tells what is there already, so that calling
        again is cheap and sets off no automation; where it can't be read, everything is written.
        Raises `ApiError` if nobody can be asked at all.
        """
        found = await self._workspace.names.conversations(self._references)
        known: dict[str, Target] = {}
        for reference, identity in zip(self._references, found, strict=True):
            handle = _handle(reference)
            if isinstance(identity, UnthreadError):
                if all(each.handle != handle for each in self.targets):
                    refused = Target(handle, barred=True)
                    refused.note("refused", _reason(identity))
                    self.targets.append(refused)
            elif identity not in known:
                known[identity] = Target(handle, identity)
                self.targets.append(known[identity])
        await self._read(list(known.values()))
        for target in known.values():
            try:
                if target.row is None:
                    await self._workspace.require_allowed_conversation(target.id)
                else:
                    self._workspace.require_allowed(target.row.get("customerId"))
            except (NotPermitted, NotFound) as error:
                target.barred = True
                target.note("refused", _reason(error))
        self._told = sum(each.barred for each in self.targets) * self._steps

    async def _read(self, targets: Sequence[Target]) -> None:
        """How the targets stand now, as far as they can be read."""
        if not targets:
            return
        ids: list[JsonValue] = [each.id for each in targets]
        body: JsonObject = {
            "select": [*_SELECTED],
            "order": ["id"],
            "where": [{"field": "id", "operator": "in", "value": ids}],
            "limit": 100,
        }
        try:
            rows = as_page(await self._workspace.client.read(LIST_CONVERSATIONS, {}, body=body)).rows
        except (RequestRejected, NotFound, UnreadableAnswer):
            # The reference doesn't say which fields a condition may name.
            rows = []
        by_id = {id_of(row): row for row in rows}
        for target in targets:
            target.row = by_id.get(target.id)
            if target.row:
                self._workspace.names.remember(target.row)
                target.handle = number_of(target.row)

    @property
    def open(self) -> list[Target]:
        """The targets that go on: a part that is refused keeps no other part from being done."""
        return [each for each in self.targets if not each.barred and each.state not in {"unknown", "left"}]

    async def each(self, perform: Callable[[Target], Awaitable[tuple[State, str]]]) -> None:
        """Have `perform` change one target after another, `AT_ONCE` of them at a time.

        A rate limit, an outage, an `unknown` and the end of the time stop it between two
        conversations, and what is not begun is left. So does a cancellation: what is on the wire
        then comes to its end, and the same call again finds it done.
        """
        waiting = iter(self.open)

        async def work() -> None:
            for target in waiting:
                if self._stops():
                    target.note("left")
                    continue
                try:
                    target.note(*await perform(target))
                except OutcomeUnknown as error:
                    self._stop(error)
                    target.note("unknown", _reason(error))
                except _FOR_ALL as error:
                    self._stop(error)
                    target.note("left")
                except UnthreadError as error:
                    target.note("refused", _reason(error))
                await self._tell(1)

        async with anyio.create_task_group() as workers:
            for _ in range(AT_ONCE):
                workers.start_soon(work)

    async def link(self, endpoint: Endpoint, tag: Named) -> None:
        """Link a tag with the targets, or unlink it.

        The endpoint takes a bare array of ids and says one word for all of them. Refused as a
        whole, it doesn't say for which (one unknown id is enough), so it is asked again with
        halves, down to single ones: a refused write did not happen, and one that may have
        happened is never asked again. Linking twice is linking once.
        """
        adds = endpoint is TAG_CONVERSATIONS
        failed = f"tag {tag.name!r} not {'added' if adds else 'removed'}"
        asked: list[Target] = []
        for target in self.open:
            if _is_tagged(target.row, tag) is adds:
                target.note("already_done")
                await self._tell(1)
            else:
                asked.append(target)
        groups, requests = [asked] if asked else [], 0
        while groups:
            group = groups.pop()
            if requests == LINK_REQUESTS:
                self._stopped = self._stopped or "Too many of them are refused to tell which in one call."
            if self._stops():
                for target in group:
                    target.note("left")
                continue
            requests += 1
            try:
                await link(self._workspace, endpoint, tag.id, [each.id for each in group])
            except OutcomeUnknown as error:
                self._stop(error)
                await self._settle(group, tag, error, adds=adds)
            except _FOR_ALL as error:
                self._stop(error)
                for target in group:
                    target.note("left")
            except UnthreadError as error:
                if len(group) > 1:
                    half = len(group) // 2
                    groups += [group[half:], group[:half]]
                    continue
                group[0].note("refused", f"{failed}: {_reason(error)}")
            else:
                for target in group:
                    target.note("done")
            await self._tell(len(group))

    async def _settle(self, group: Sequence[Target], tag: Named, error: OutcomeUnknown, *, adds: bool) -> None:
        """Look what became of links whose answer got lost. Seeing one proves it, not seeing it proves nothing."""
        try:
            await self._read(group)
        except ApiError:
            for target in group:
                target.row = None
        for target in group:
            if _is_tagged(target.row, tag) is adds:
                target.note("done")
            else:
                target.note("unknown", f"tag {tag.name!r}: {_reason(error)}")

    def _stops(self) -> bool:
        if not self._stopped and self._workspace.now() >= self._until:
            self._stopped = f"{TIME.seconds} seconds were over, and clients don't wait much longer."
        return bool(self._stopped)

    def _stop(self, error: UnthreadError) -> None:
        if not self._stopped:
            self._stopped = str(error) if isinstance(error, _FOR_ALL) else "An outcome is unknown: look at that first."

    async def _tell(self, parts: int) -> None:
        self._told += parts
        await self._progress.tell(self._told, self._steps * len(self.targets), "changes")

    def answer(self, what: str) -> Answer:
        """The outcome of every conversation, equal ones together.

        Raises `OutcomeUnknown` with the same if one may have been changed, and `UnthreadError` if
        none was, though it should have been.
        """
        states = [each.state for each in self.targets]
        changed = sum(state in {"done", "partly"} for state in states)
        there = states.count("already_done")
        text = "\n".join([f"{changed + there} of {len(states)} conversations: {what}.", *self._groups()])
        if "unknown" in states:
            raise OutcomeUnknown(text, "")
        if not changed and there < len(states):
            raise UnthreadError(text, "")
        outcomes: list[JsonValue] = [
            {"conversation": each.handle, "id": each.id, "outcome": _WORDS[each.state], "why": each.said}
            for each in self.targets
        ]
        return Answer(text, {"outcomes": outcomes}, "done" if changed else "already_done")

    def _groups(self) -> list[str]:
        lines: list[str] = []
        for state, word in _WORDS.items():
            groups: dict[str, list[str]] = {}
            for target in self.targets:
                if target.state == state:
                    groups.setdefault("" if state == "left" else target.said, []).append(target.handle)
            for said, handles in groups.items():
                why = f"{self._stopped} Call again with just these." if state == "left" else said
                lines.append(f"{word}: {', '.join(handles)}" + (f". {why}" if why else ""))
        return lines


_SELECTED: Final = (
    "id",
    "friendlyId",
    "status",
    "priority",
    "assignedToUserId",
    "customerId",
    "wakeUpAt",
    "tags.id",
)
_FOR_ALL: Final = (RateLimited, KeyRefused, Unavailable)
"""What stands against one request here stands against the next, too."""


def _is_tagged(row: JsonObject | None, tag: Named) -> bool | None:
    """Whether the conversation has the tag; None where that is not known."""
    tags = pick(row, "tags.id") if row is not None and isinstance(row.get("tags"), list) else None
    return tag.id in tags if isinstance(tags, list) else None


def _handle(reference: str) -> str:
    """How a conversation was given, in the form in which lists show it."""
    text = reference.strip()
    return f"#{text.lstrip('# ')}" if text.lstrip("# ").isdecimal() else one_line(text, 80)


def _reason(error: UnthreadError) -> str:
    return one_line(str(error), _REASON)
