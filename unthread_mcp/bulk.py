"""One change to many conversations: gently, each with its own outcome, and with a way to go on where it stopped.

Nothing is bulk that reaches a customer, so neither messages nor closing pass through here: a
slip that is made a hundred times at once should be one that can be taken back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

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
from unthread_mcp.outcomes import State, Target, answer, reason
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
        found = await self._workspace.numbers.identify_all(self._references)
        known: dict[str, Target] = {}
        for reference, identity in zip(self._references, found, strict=True):
            handle = _handle(reference)
            if isinstance(identity, UnthreadError):
                if all(each.handle != handle for each in self.targets):
                    refused = Target(handle, barred=True)
                    refused.note("refused", reason(identity))
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
                target.note("refused", reason(error))
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
                self._workspace.numbers.remember(target.row)
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
                    target.note("unknown", reason(error))
                except FOR_ALL as error:
                    self._stop(error)
                    target.note("left")
                except UnthreadError as error:
                    target.note("refused", reason(error))
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
        groups = [asked] if asked else []
        sent = 0
        while groups:
            group = groups.pop()
            if sent >= LINK_REQUESTS:
                self._stopped = self._stopped or "Too many of them are refused to tell which in one call."
            if self._stops():
                for target in group:
                    target.note("left")
                continue
            sent += 1
            try:
                await link(self._workspace, endpoint, tag.id, [each.id for each in group])
            except OutcomeUnknown as error:
                self._stop(error)
                await self._settle(group, tag, error, adds=adds)
            except FOR_ALL as error:
                self._stop(error)
                for target in group:
                    target.note("left")
            except UnthreadError as error:
                if len(group) > 1:
                    half = len(group) // 2
                    groups += [group[half:], group[:half]]
                    continue
                group[0].note("refused", f"{failed}: {reason(error)}")
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
                target.note("unknown", f"tag {tag.name!r}: {reason(error)}")

    def _stops(self) -> bool:
        if not self._stopped and self._workspace.now() >= self._until:
            self._stopped = f"{TIME.seconds} seconds were over, and clients don't wait much longer."
        return bool(self._stopped)

    def _stop(self, error: UnthreadError) -> None:
        if not self._stopped:
            self._stopped = str(error) if isinstance(error, FOR_ALL) else "An outcome is unknown: look at that first."

    async def _tell(self, parts: int) -> None:
        self._told += parts
        await self._progress.tell(self._told, self._steps * len(self.targets), "changes")

    def answer(self, what: str) -> Answer:
        """The outcome of every conversation, see `outcomes.answer`."""
        return answer(self.targets, what, self._stopped)


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
FOR_ALL: Final = (RateLimited, KeyRefused, Unavailable)
"""What stands against one request here stands against the next, too."""


def _is_tagged(row: JsonObject | None, tag: Named) -> bool | None:
    """Whether the conversation has the tag; None where that is not known."""
    tags = pick(row, "tags.id") if row is not None and isinstance(row.get("tags"), list) else None
    return tag.id in tags if isinstance(tags, list) else None


def _handle(reference: str) -> str:
    """How a conversation was given, in the form in which lists show it."""
    text = reference.strip()
    return f"#{text.lstrip('# ')}" if text.lstrip("# ").isdecimal() else one_line(text, 80)
