"""Replies and notes: written once, to the thread as the agent saw it, past the human gate.

The order: read the thread; our same text after `as_of` is `already_done`; anything that a
customer sees since then refuses; ask the human; read and check again under the
conversation's lock; remember the intent; send; record what became of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Final

from unthread_mcp.answers import text_of
from unthread_mcp.api.endpoints import CREATE_MESSAGE
from unthread_mcp.api.errors import Conflict, InvalidArgument, OutcomeUnknown, UnthreadError
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.api.uninterrupted import uninterrupted
from unthread_mcp.fields import pick
from unthread_mcp.gate import Gate
from unthread_mcp.intents import Begun, Intent, Resolved
from unthread_mcp.outgoing import canonical, repeated_words
from unthread_mcp.render import Outcome
from unthread_mcp.threads import Thread, is_ours, is_private, name_of_message, position, read_thread
from unthread_mcp.workspace import Workspace

SAME_INTENT: Final = timedelta(minutes=10)
"""Without `as_of`, the same text within this time counts as the same intent."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be written."""

    what: str
    """`reply` or `note`."""
    conversation_id: str
    text: str
    """What is compared with the thread; empty for a message that has no text to match."""
    body: Callable[[Thread], JsonObject]
    """The request's body, once the channel is known. Raises `UnthreadError` where the channel forbids it."""
    question: Callable[[Thread, str], str]
    """What the human is asked; the second argument is a warning to show, or empty."""
    as_of: str | None = None
    reaches_customer: bool = False
    shows_in_thread: Callable[[Thread], bool] = lambda _: True
    """Whether the message can be read back from the thread."""
    extra: Sequence[JsonValue] = ()
    """Blocks beside the text: part of what is intended, though not compared with the thread."""
    author: str = ""
    """The name, e-mail or id of the person on whose behalf it is written; empty for our own bot."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that is there."""

    outcome: Outcome
    thread: Thread
    as_of: str | None
    """The name of our message where it is known and stands in the thread."""
    note: str = ""
    receipt: JsonObject = field(default_factory=dict[str, JsonValue])


async def deliver(
    workspace: Workspace, gate: Gate, draft: Draft, *, show: Callable[[Thread, Sequence[JsonObject]], str]
) -> Delivery:
    """Write `draft` at most once.

    `show` renders messages that came in between, fenced. Raises `Conflict` if the thread
    moved on, `NotPermitted` from the gate, `OutcomeUnknown` if it may have been written.
    """
    async with workspace.writing_to(draft.conversation_id):
        thread, there = await _look(workspace, draft, show)
        if there:
            return there
        warning = _warning(draft, thread, gate)
        draft.body(thread)
        if not (draft.reaches_customer and gate.asks):
            return await _send(workspace, draft, thread)
    # The human's time holds no lock and counts against no deadline.
    await gate.pass_through(draft.question(thread, warning))
    async with workspace.writing_to(draft.conversation_id):
        thread, there = await _look(workspace, draft, show)
        return there or await _send(workspace, draft, thread)


async def _look(
    workspace: Workspace, draft: Draft, show: Callable[[Thread, Sequence[JsonObject]], str]
) -> tuple[Thread, Delivery | None]:
    """The thread as it stands, and the delivery if the message is there already."""
    thread = await read_thread(workspace, draft.conversation_id, back_to=draft.as_of)
    workspace.require_allowed(thread.conversation.get("customerId"))
    if found := _ours_in(workspace, draft, thread):
        workspace.intents.resolve(_intent(draft), {"ts": name_of_message(found)})
        return thread, Delivery("already_done", thread, name_of_message(found), _ALREADY)
    remembered = workspace.intents.look(_intent(draft))
    if isinstance(remembered, Resolved):
        return thread, Delivery("already_done", thread, remembered.receipt.get("ts") or None, _ALREADY)
    if remembered is not None:
        raise _unresolved(draft)
    if draft.as_of is not None:
        newer = [each for each in thread.after(draft.as_of) if not is_private(each)]
        if newer:
            raise Conflict(
                f"{len(newer)} message{'s' if len(newer) > 1 else ''} came after as_of, so nothing was sent.",
                f"Read {'them' if len(newer) > 1 else 'it'} below; "
                f"if the {draft.what} still fits, pass as_of={thread.as_of}.",
                shown=show(thread, newer),
            )
    return thread, None


async def _send(workspace: Workspace, draft: Draft, thread: Thread) -> Delivery:
    return await uninterrupted(lambda: _send_once(workspace, draft, thread))


async def _send_once(workspace: Workspace, draft: Draft, thread: Thread) -> Delivery:
    body = draft.body(thread)
    begun = workspace.intents.begin(_intent(draft))
    if isinstance(begun, Resolved):
        return Delivery("already_done", thread, begun.receipt.get("ts") or None, _ALREADY)
    if not isinstance(begun, Begun):
        raise _unresolved(draft)
    try:
        receipt = await workspace.client.write(CREATE_MESSAGE, {"conversation_id": draft.conversation_id}, body=body)
    except OutcomeUnknown as unknown:
        workspace.intents.settle(begun.token, "unknown", {})
        return await _read_back(workspace, draft, unknown)
    except UnthreadError:
        workspace.intents.forget(begun.token)
        raise
    except BaseException:
        # Cancelled at the end of the grace period, or a bug: the message may be out.
        workspace.intents.settle(begun.token, "unknown", {})
        raise
    sent = receipt.body if isinstance(receipt.body, dict) else {}
    name = name_of_message(sent) if draft.shows_in_thread(thread) else ""
    workspace.intents.settle(begun.token, "done", {"ts": name})
    note = "" if receipt.complete else " Unthread confirmed it, but its receipt was incomplete."
    return Delivery("done", thread, name or None, note, sent)


async def _read_back(workspace: Workspace, draft: Draft, unknown: OutcomeUnknown) -> Delivery:
    """Look for the message whose fate nobody told. Finding it proves it; not finding it proves nothing."""
    try:
        thread = await read_thread(workspace, draft.conversation_id, back_to=draft.as_of)
    except UnthreadError:
        raise unknown from None
    found = _ours_in(workspace, draft, thread)
    if not found:
        raise unknown
    workspace.intents.resolve(_intent(draft), {"ts": name_of_message(found)})
    return Delivery(
        "done", thread, name_of_message(found), " The answer got lost, but the message stands in the thread.", found
    )


def _ours_in(workspace: Workspace, draft: Draft, thread: Thread) -> JsonObject | None:
    """Our same text in the thread: after `as_of`, or within ten minutes where none was given."""
    if not draft.text or not draft.shows_in_thread(thread):
        return None
    if draft.as_of is not None:
        candidates = thread.after(draft.as_of)
    else:
        since = Decimal(str((workspace.now() - SAME_INTENT).timestamp()))
        candidates = [each for each in thread.messages if position(each) >= since]
    wanted = canonical(draft.text)
    if not wanted:
        return None
    for message in candidates:
        written = {canonical(text_of(message, name)) for name in ("text", "htmlContent") if text_of(message, name)}
        same_kind = is_private(message) != draft.reaches_customer
        if same_kind and wanted in written and _written_by(draft, message):
            return message
    return None


def _written_by(draft: Draft, message: JsonObject) -> bool:
    if not draft.author:
        return is_ours(message)
    people = [pick(message, f"{who}.{what}") for who in ("sentByUser", "user") for what in ("id", "name", "email")]
    return draft.author in people or is_ours(message)


def _warning(draft: Draft, thread: Thread, gate: Gate) -> str:
    """What of the internal notes the draft repeats. Raises `InvalidArgument` where nobody is asked about it.

    Notes by our own account are drafts that a person approved; words that stand in messages
    that the customer sees are no secret.
    """
    if not draft.reaches_customer or not draft.text:
        return ""
    notes = [text_of(each, "text") for each in thread.messages if is_private(each) and not is_ours(each)]
    visible = [text_of(each, "text") for each in thread.messages if not is_private(each)]
    words = repeated_words(draft.text, notes, visible)
    if not words:
        return ""
    if not gate.asks:
        raise InvalidArgument(
            f"The {draft.what} repeats an internal note: “{words}”.",
            "Say it in other words, or ask the user to send it.",
        )
    return f"It repeats an internal note: “{words}”."


def _intent(draft: Draft) -> Intent:
    text = draft.text if not draft.extra else json.dumps([draft.text, *draft.extra], sort_keys=True)
    return Intent(draft.what, draft.conversation_id, draft.as_of, text)


def _unresolved(draft: Draft) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"The same {draft.what} was sent before, and it is not known whether it arrived.",
        "Don't call again; look at the conversation, or ask a person to look in Unthread.",
    )


_ALREADY: Final = " The same text was there already; nothing was sent."
