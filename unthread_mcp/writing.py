"""Writes other than messages: done once, and looked up when nobody said what became of them.

A create is remembered before its first byte leaves and never sent again while it is
unresolved. A change sets a state, so it may be repeated by the agent, but not by us; so may
a deletion. All run to their end even if the call is cancelled.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from unthread_mcp.answers import as_object, text_of
from unthread_mcp.api.client import Receipt
from unthread_mcp.api.endpoints import GET_CONVERSATION, UPDATE_CONVERSATION, Endpoint
from unthread_mcp.api.errors import (
    Conflict,
    DeliveryFailed,
    NotFound,
    OutcomeUnknown,
    UnknownName,
    UnthreadError,
)
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.api.uninterrupted import uninterrupted
from unthread_mcp.attachments import Attachment
from unthread_mcp.gate import Gate
from unthread_mcp.intents import Begun, Intent, Resolved, Unresolved
from unthread_mcp.name_matching import Named
from unthread_mcp.natural_keys import NaturalKey, maybe_created, require_free
from unthread_mcp.render import Outcome
from unthread_mcp.times import read_time
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace

NOT_SURELY_RETURNED = frozenset({"notes", "submitterUserId", "excludeAnalytics"})
"""Fields of a conversation that no answer of the API surely shows: reading back proves nothing of them."""


@dataclass(frozen=True, slots=True)
class Written:
    """A write that happened. `note` says what is odd about its receipt, with a leading space, or is empty."""

    outcome: Outcome
    body: JsonObject = field(default_factory=dict[str, JsonValue])
    note: str = ""


async def _nobody() -> None:
    """Ask nobody."""


async def create(
    workspace: Workspace,
    endpoint: Endpoint,
    body: JsonObject,
    *,
    what: str,
    key: NaturalKey | None,
    ids: Mapping[str, str] | None = None,
    unique: bool = False,
    intended: JsonValue = None,
    select: Sequence[str] = (),
    files: Sequence[Attachment] = (),
    also: Sequence[Intent] = (),
    verify: Callable[[JsonObject], None] = lambda _: None,
    approve: Callable[[], Awaitable[None]] = _nobody,
) -> Written:
    """Create something once. The same body and files within ten minutes count as the same intent.

    `ids` stand in the path of `endpoint`; without a `key`, nothing lists what may have been
    created. `intended` stands for the body where the same call may come to another body a moment later, `also` for
    what else it does, as `once` has it. `verify` raises `DeliveryFailed` where the receipt says so. `approve` is
    awaited unless it was created before or may have been, and raises if it may not be.
    With `unique`, nothing is created if something stands under the natural key already. Raises
    `OutcomeUnknown`, with the candidates that stand there, if it may have happened: none of
    them is claimed to be it.
    """
    intent = creation(workspace, what, body if intended is None else intended, ids=ids, files=files)

    async def send() -> Written:
        if unique and key:
            await require_free(workspace, what, key)
        uploads = [each.upload for each in files]
        receipt = await workspace.client.write(endpoint, dict(ids or {}), body=body, select=select, files=uploads)
        verify({**body, **_body_of(receipt)})
        return Written("done", _body_of(receipt), _incomplete(receipt))

    def done_before(receipt: Mapping[str, str]) -> Written:
        return Written("already_done", {**receipt}, f" The same {what} was created a moment ago; nothing was sent.")

    # The same at the same moment waits for what becomes of the first, instead of finding it unresolved.
    async with workspace.writing_to(repr(intent)):
        known = workspace.intents.look(intent)
        deleted = isinstance(known, Resolved) and _was_deleted(workspace, what, known.receipt.get("id", ""))
        if isinstance(known, Resolved) and not deleted:
            return done_before(known.receipt)
        if not isinstance(known, Unresolved):
            await approve()
        return await once(
            workspace,
            intent,
            send,
            done_before=None if deleted else done_before,
            unresolved=lambda: maybe_created(workspace, what, key),
            also=also,
        )


def creation(
    workspace: Workspace,
    what: str,
    intended: JsonValue,
    *,
    ids: Mapping[str, str] | None = None,
    files: Sequence[Attachment] = (),
) -> Intent:
    """The intent under which `create` remembers a creation."""
    same = json.dumps(intended, sort_keys=True, ensure_ascii=False)
    place = " ".join([workspace.identity, *(ids or {}).values()])
    return Intent(what, place, None, same, tuple(each.digest for each in files))


async def once(
    workspace: Workspace,
    intent: Intent,
    send: Callable[[], Awaitable[Written]],
    *,
    unresolved: Callable[[], Awaitable[OutcomeUnknown]],
    done_before: Callable[[Mapping[str, str]], Written] | None = None,
    also: Sequence[Intent] = (),
) -> Written:
    """Do what `intent` names unless it was done before or may have been.

    Without `done_before`, what was surely done may be done again; so may what `also` names: what else is done with
    it, and must not be in doubt. Raises what `unresolved` makes if it may have happened, now or before.
    """

    async def remembered() -> Written:
        begun = workspace.intents.begin(*([intent] if done_before else []), again=[intent, *also])
        if isinstance(begun, Resolved) and done_before:
            return done_before(begun.receipt)
        if not isinstance(begun, Begun):
            raise await unresolved()
        try:
            written = await send()
        except OutcomeUnknown as unknown:
            workspace.intents.settle(begun.token, "unknown", {})
            if isinstance(unknown, DeliveryFailed):
                raise
            raise await unresolved() from None
        except UnthreadError:
            workspace.intents.forget(begun.token)
            raise
        except BaseException:
            # Cancelled at the end of the grace period, or a bug: what left is not known to have failed.
            workspace.intents.settle(begun.token, "unknown", {})
            raise
        workspace.intents.settle(begun.token, "done", {"id": text_of(written.body, "id")})
        return written

    return await uninterrupted(remembered)


async def change(
    workspace: Workspace,
    endpoint: Endpoint,
    ids: dict[str, str],
    body: JsonObject,
    *,
    read_back: Endpoint | Callable[[], Awaitable[JsonObject]],
    select: Sequence[str] = (),
    shows: Callable[[JsonObject], bool] | None = None,
) -> Written:
    """Set a state. If nobody says what became of it, it is read back and compared, by `shows` if that is given.

    Raises `OutcomeUnknown` if reading does not show it.
    """

    async def send() -> Written:
        try:
            receipt = await workspace.client.write(endpoint, ids, body=body, select=select)
        except OutcomeUnknown as unknown:
            try:
                if isinstance(read_back, Endpoint):
                    found = as_object(await workspace.client.read(read_back, ids))
                else:
                    found = await read_back()
            except UnthreadError:
                raise unknown from None
            if not (shows(found) if shows else _shows(found, body)):
                raise unknown from None
            return Written("done", found, " The answer got lost, but reading it back shows the change.")
        return Written("done", _body_of(receipt), _incomplete(receipt))

    return await uninterrupted(send)


async def delete(
    workspace: Workspace,
    gate: Gate,
    endpoint: Endpoint,
    *,
    what: str,
    asked: str,
    identify: Callable[[str], Awaitable[Named]],
    read: Callable[[str], Awaitable[JsonObject]],
    question: Callable[[JsonObject], str],
    allow: Callable[[JsonObject], None] = lambda _: None,
) -> Written:
    """Delete what the agent called `asked`, once the human has agreed. What is returned holds the object as it was.

    `identify` looks up what was asked for, `read` gives the object of an id; they raise `UnknownName` and `NotFound`
    where there is none. `allow` raises if it may not be deleted. `question` is what the human is asked about it; a yes
    is to these words, and `Conflict` is raised if they have become others since.

    It is `already_done` only if we deleted it under the same name a moment ago, or if it stood there and was gone when
    it was to be deleted: an id that was never seen may be a slip. Raises `OutcomeUnknown` if it may be gone.
    """
    try:
        named = await identify(asked)
        if asked.strip() not in {named.id, named.name} and _was_deleted(workspace, what, asked):
            other = f"{one_line(named.name, 80)!r} ({one_line(named.id, 64)}) is another one, and stands"
            return Written("already_done", note=f" It was deleted a moment ago; {other}.")
        identity = named.id
        found = await read(identity)
    except (UnknownName, NotFound):
        if _was_deleted(workspace, what, asked):
            return Written("already_done", note=" It was deleted a moment ago.")
        raise
    allow(found)
    await gate.pass_through(question(found))

    async def send() -> Written:
        written = Written("done", found)
        if _was_deleted(workspace, what, identity) and await _is_gone(read, identity):
            return Written("already_done", found, " It was deleted a moment ago.")
        try:
            if gate.asks:
                now = await read(identity)
                require_as_asked(what, so=question(now) == question(found))
            receipt = await workspace.client.write(endpoint, dict.fromkeys(endpoint.placeholders, identity))
            written = Written("done", found, _incomplete(receipt))
        except NotFound:
            # An unknown route is "not found", too: only if the object is gone, somebody else was faster.
            if not await _is_gone(read, identity):
                raise
            written = Written("already_done", found, " Somebody else had deleted it.")
        except OutcomeUnknown:
            if not await _is_gone(read, identity):
                raise
            written = Written("done", found, " The answer got lost, but it is gone.")
        finally:
            workspace.names.forget(identity)
        for called in (asked, identity):
            workspace.intents.resolve(_deletion(workspace, what, called), {"id": identity})
        return written

    async with workspace.writing_to(identity):
        return await uninterrupted(send)


def require_as_asked(what: str, *, so: bool) -> None:
    """Raise `Conflict` unless it stands `so` as when the human was asked about it."""
    if not so:
        raise Conflict(
            f"The {what} changed while the human was asked, so that their yes was to something else.",
            "Nothing was changed. Call again, and the human is asked about what is there now.",
        )


async def set_status(workspace: Workspace, conversation_id: str, status: str) -> Written:
    """Set a conversation's status."""
    ids: dict[str, str] = {"conversation_id": conversation_id}
    return await change(
        workspace, UPDATE_CONVERSATION, ids, {"status": status}, read_back=GET_CONVERSATION, select=("id", "status")
    )


async def link(workspace: Workspace, endpoint: Endpoint, tag_id: str, ids: Sequence[str]) -> None:
    """Link a tag to objects, or unlink it. The reference takes a bare array of ids."""
    body: JsonValue = [*ids]
    await uninterrupted(lambda: workspace.client.write(endpoint, {"tag_id": tag_id}, body=body))


def _deletion(workspace: Workspace, what: str, called: str) -> Intent:
    return Intent(f"deletion of {what}", workspace.identity, None, called.strip())


def _was_deleted(workspace: Workspace, what: str, called: str) -> bool:
    """Whether we deleted what goes by this name or id within the last ten minutes."""
    return isinstance(workspace.intents.look(_deletion(workspace, what, called)), Resolved)


async def _is_gone(read: Callable[[str], Awaitable[JsonObject]], identity: str) -> bool:
    """Whether reading says that there is no such object; False where reading doesn't tell."""
    try:
        await read(identity)
    except NotFound:
        return True
    except UnthreadError:
        return False
    return False


def _shows(found: JsonObject, body: JsonObject) -> bool:
    """Whether everything that was written is there."""
    return not any(
        name in NOT_SURELY_RETURNED or name not in found or not is_same(found[name], value)
        for name, value in body.items()
    )


def is_same(shown: JsonValue, written: JsonValue) -> bool:
    """Whether what is shown is what was written; a moment may be written in several ways."""
    moment = read_time(written)
    return shown == written or (moment is not None and read_time(shown) == moment)


def _body_of(receipt: Receipt) -> JsonObject:
    return receipt.body if isinstance(receipt.body, dict) else {}


def _incomplete(receipt: Receipt) -> str:
    return "" if receipt.complete else " Unthread confirmed it, but its receipt was incomplete."
