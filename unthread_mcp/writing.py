"""Writes other than messages: done once, and looked up when nobody said what became of them.

A create is remembered before its first byte leaves and never sent again while it is
unresolved. A change sets a state, so it may be repeated by the agent, but not by us.
Both run to their end even if the call is cancelled.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from unthread_mcp.answers import as_object, as_page, text_of
from unthread_mcp.api.client import Receipt
from unthread_mcp.api.endpoints import GET_CONVERSATION, UPDATE_CONVERSATION, Endpoint
from unthread_mcp.api.errors import OutcomeUnknown, UnthreadError
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.api.uninterrupted import uninterrupted
from unthread_mcp.intents import Begun, Intent, Resolved
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


@dataclass(frozen=True, slots=True)
class NaturalKey:
    """How something that may have been created is looked for: `field` of the rows of `endpoint` equal to `value`."""

    endpoint: Endpoint
    field: str
    value: str


async def create(workspace: Workspace, endpoint: Endpoint, body: JsonObject, *, what: str, key: NaturalKey) -> Written:
    """Create something once. The same body within ten minutes counts as the same intent.

    Raises `OutcomeUnknown`, with the candidates that stand under the natural key, if it may
    have happened: none of them is claimed to be it.
    """
    intent = Intent(what, workspace.identity, None, json.dumps(body, sort_keys=True, ensure_ascii=False))

    async def send() -> Written:
        begun = workspace.intents.begin(intent)
        if isinstance(begun, Resolved):
            return Written(
                "already_done", {**begun.receipt}, f" The same {what} was created a moment ago; nothing was sent."
            )
        if not isinstance(begun, Begun):
            raise await _maybe_created(workspace, what, key)
        try:
            receipt = await workspace.client.write(endpoint, {}, body=body)
        except OutcomeUnknown:
            workspace.intents.settle(begun.token, "unknown", {})
            raise await _maybe_created(workspace, what, key) from None
        except UnthreadError:
            workspace.intents.forget(begun.token)
            raise
        except BaseException:
            # Cancelled at the end of the grace period, or a bug: what left is not known to have failed.
            workspace.intents.settle(begun.token, "unknown", {})
            raise
        created = _body_of(receipt)
        workspace.intents.settle(begun.token, "done", {"id": text_of(created, "id")})
        return Written("done", created, _incomplete(receipt))

    return await uninterrupted(send)


async def change(
    workspace: Workspace,
    endpoint: Endpoint,
    ids: dict[str, str],
    body: JsonObject,
    *,
    read_back: Endpoint,
    select: Sequence[str] = (),
) -> Written:
    """Set a state. If nobody says what became of it, it is read back and compared.

    Raises `OutcomeUnknown` if reading does not show it.
    """

    async def send() -> Written:
        try:
            receipt = await workspace.client.write(endpoint, ids, body=body, select=select)
        except OutcomeUnknown as unknown:
            return await _shown(workspace, read_back, ids, body, unknown)
        return Written("done", _body_of(receipt), _incomplete(receipt))

    return await uninterrupted(send)


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


async def _shown(
    workspace: Workspace, read_back: Endpoint, ids: dict[str, str], body: JsonObject, unknown: OutcomeUnknown
) -> Written:
    try:
        found = as_object(await workspace.client.read(read_back, ids))
    except UnthreadError:
        raise unknown from None
    if any(
        name in NOT_SURELY_RETURNED or name not in found or not _same(found[name], value)
        for name, value in body.items()
    ):
        raise unknown
    return Written("done", found, " The answer got lost, but reading it back shows the change.")


def _same(shown: JsonValue, written: JsonValue) -> bool:
    """Whether what is shown is what was written; a moment may be written in several ways."""
    moment = read_time(written)
    return shown == written or (moment is not None and read_time(shown) == moment)


async def _maybe_created(workspace: Workspace, what: str, key: NaturalKey) -> OutcomeUnknown:
    """The refusal for something that may exist by now, with what stands under its natural key."""
    remedy = f"Don't create it again; look whether the {what} is there."
    where: list[JsonValue] = [{"field": key.field, "operator": "==", "value": key.value}]
    body: JsonObject = {"select": ["id", key.field, "createdAt"], "where": where, "limit": 5}
    try:
        rows = as_page(await workspace.client.read(key.endpoint, {}, body=body)).rows
    except UnthreadError:
        rows = []
    if rows:
        found = "; ".join(f"{text_of(row, 'id')} ({workspace.date(row.get('createdAt'), clock=True)})" for row in rows)
        remedy += f" With the same {key.field} there are: {one_line(found, 300)}."
    return OutcomeUnknown(f"It is not known whether the {what} was created.", remedy)


def _body_of(receipt: Receipt) -> JsonObject:
    return receipt.body if isinstance(receipt.body, dict) else {}


def _incomplete(receipt: Receipt) -> str:
    return "" if receipt.complete else " Unthread confirmed it, but its receipt was incomplete."
