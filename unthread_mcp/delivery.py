"""Replies and notes: written once, to the thread as the agent saw it, past the human gate.

The order: read the thread; our same text after `as_of` is `already_done`; anything that a
customer sees since then refuses; ask the human; read and check again under the
conversation's lock; remember the intent; send; record what became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from unthread_mcp.answers import text_of
from unthread_mcp.api.allowance import own_allowance
from unthread_mcp.api.endpoints import CREATE_MESSAGE
from unthread_mcp.api.errors import (
    AnswerTooLarge,
    Conflict,
    InvalidArgument,
    OutcomeUnknown,
    UnreadableAnswer,
    UnthreadError,
)
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.api.uninterrupted import uninterrupted
from unthread_mcp.gate import Gate
from unthread_mcp.intents import Begun, Resolved, Unresolved
from unthread_mcp.message_drafts import Draft, found_in, outline, shows_files, texts_of_message
from unthread_mcp.render import Outcome
from unthread_mcp.repeated_words import repeated_words
from unthread_mcp.threads import Thread, is_ours, is_private, name_of_message, position, read_thread
from unthread_mcp.workspace import Workspace

SAME_INTENT: Final = timedelta(minutes=10)
"""Without `as_of`, the same text within this time counts as the same intent."""
_CLOCKS_APART: Final = timedelta(minutes=5)
"""How far Unthread's clock may be from ours; a guess."""
SECOND_LOOK: Final = 2.0
"""Seconds until a message that doesn't stand in the thread yet is looked for once more. What the API shows, and when,
is not documented; a longer wait would only make hosts give up on the call."""

Show = Callable[[Thread, Sequence[JsonObject]], str]
"""Renders messages of a thread, fenced."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that is there."""

    outcome: Outcome
    thread: Thread
    as_of: str | None
    """The name of our message where it is known and stands in the thread."""
    note: str = ""
    receipt: JsonObject = field(default_factory=dict[str, JsonValue])


@dataclass(frozen=True, slots=True)
class _Seen:
    """A thread in which the message is not yet, its messages in outline, and what the human is to be asked."""

    thread: Thread
    question: str


async def deliver(workspace: Workspace, gate: Gate, draft: Draft, *, show: Show) -> Delivery:
    """Write `draft` at most once.

    `show` renders messages that came in between, fenced. Raises `Conflict` if the thread
    moved on, `NotPermitted` from the gate, `OutcomeUnknown` if it may have been written.
    """
    async with workspace.writing_to(draft.conversation_id):
        seen = await _look(workspace, gate, draft, show)
        if isinstance(seen, Delivery):
            return seen
        if not (draft.reaches_customer and gate.asks):
            return await _send(workspace, draft, seen.thread)
    # The human's time holds no lock and counts against no deadline.
    question = seen.question
    del seen
    await gate.pass_through(question)
    async with workspace.writing_to(draft.conversation_id):
        seen = await _look(workspace, gate, draft, show)
        if isinstance(seen, Delivery):
            return seen
        if seen.question != question:
            raise Conflict(
                "The conversation changed while the human was asked, so that their yes was to something else.",
                "Nothing was sent. Call again, and they are asked anew.",
            )
        return await _send(workspace, draft, seen.thread)


async def _look(workspace: Workspace, gate: Gate, draft: Draft, show: Show) -> _Seen | Delivery:
    """The thread as it stands, or the delivery if the message is there already."""
    thread = await _read(workspace, draft)
    workspace.require_allowed(thread.conversation.get("customerId"))
    remembered = workspace.intents.look(draft.intent)
    try:
        candidates = _candidates(workspace, draft, thread)
    except InvalidArgument:
        # The message that as_of named may be gone since this was sent.
        if remembered is None:
            raise
        return _known(draft, thread, remembered)
    # With blocks, equal text alone doesn't prove that it is the same message: then only the memory tells.
    if not draft.extra:
        found = found_in(candidates, draft, thread, "surely")
        if not found and isinstance(remembered, Unresolved) and draft.reaches_customer:
            # A reply was the first after its as_of, so one alike there is the one whose fate nobody told.
            found = found_in(candidates, draft, thread, "alike")
        if found:
            _found(workspace, draft, found)
            return Delivery("already_done", thread, name_of_message(found), _ALREADY)
    remembered = remembered or _look_anywhere(workspace, draft, thread)
    if remembered is not None:
        return _known(draft, thread, remembered)
    if not draft.extra and (found := found_in(candidates, draft, thread, "maybe")):
        raise Conflict(
            f"A {draft.what} that may be this one stands there already: only its emoji can't be compared.",
            f"Nothing was sent. Read it below; if it is another one, pass as_of={thread.as_of}.",
            shown=show(thread, [found]),
        )
    if draft.as_of is not None:
        require_fresh(thread, draft.as_of, draft.what, "nothing was sent", show)
    warning = _warning(draft, thread, gate)
    draft.body(thread)
    return _Seen(replace(thread, messages=[outline(each) for each in thread.messages]), draft.question(thread, warning))


async def _read(workspace: Workspace, draft: Draft) -> Thread:
    # All notes of the thread are wanted for a reply, so that none of their words slip out. Of one look only outlines
    # are kept, so that the next may take as much memory.
    with own_allowance():
        try:
            return await read_thread(
                workspace, draft.conversation_id, back_to=draft.as_of, whole=draft.reaches_customer
            )
        except AnswerTooLarge as error:
            raise UnreadableAnswer(
                f"The conversation is too long to be read here, so nothing was sent. {error.what}",
                "Let a person answer it in Unthread.",
                status=error.status,
            ) from None


def _known(draft: Draft, thread: Thread, remembered: Unresolved | Resolved) -> Delivery:
    """What is remembered, as an answer; raises `OutcomeUnknown` if it is in doubt."""
    if isinstance(remembered, Resolved):
        return Delivery("already_done", thread, remembered.receipt.get("ts") or None, _ALREADY)
    raise _unresolved(draft)


def require_fresh(thread: Thread, as_of: str, what: str, so: str, show: Show) -> None:
    """Raise `Conflict`, with the messages, if anything that a customer sees stands after `as_of`."""
    newer = [each for each in thread.after(as_of) if not is_private(each)]
    if newer:
        raise Conflict(
            f"{len(newer)} message{'s' if len(newer) > 1 else ''} came after as_of, so {so}.",
            f"Read {'them' if len(newer) > 1 else 'it'} below; if the {what} still fits, pass as_of={thread.as_of}.",
            shown=show(thread, newer),
        )


def _look_anywhere(workspace: Workspace, draft: Draft, thread: Thread) -> Unresolved | Resolved | None:
    """What is known of the same or alike words in this conversation, whatever `as_of` they were sent with.

    What is in doubt stays so: a newer `as_of` doesn't make it another message. It is settled, and was done, once the
    thread shows it. One that was done a moment ago counts as this one unless it stands before this one's `as_of`: the
    thread may not show it yet.
    """
    same = workspace.intents.look(draft.anywhere)
    if isinstance(same, Unresolved):
        candidates = [each for each in thread.messages if _is_since(each, same)]
        if not draft.extra and (found := found_in(candidates, draft, thread, "surely")):
            _found(workspace, draft, found)
            return Resolved({"ts": name_of_message(found)})
        return same
    alike = workspace.intents.look(draft.alike)
    if isinstance(alike, Unresolved):
        return alike
    return None if same and _is_another(draft, thread, same.receipt) else same


def _is_another(draft: Draft, thread: Thread, receipt: Mapping[str, str]) -> bool:
    """Whether what was done with the same words is an earlier message than the draft, by where it stands.

    Where a message can be read back but its receipt didn't say where it stands, the thread alone tells.
    """
    if draft.as_of is None or not draft.shows_in_thread(thread):
        return False
    try:
        return Decimal(receipt.get("ts") or "-Infinity") <= Decimal(draft.as_of.partition("/")[0])
    except InvalidOperation:
        return False


def _is_since(message: JsonObject, doubt: Unresolved) -> bool:
    return position(message) >= Decimal(str(doubt.since - _CLOCKS_APART.total_seconds()))


def _found(workspace: Workspace, draft: Draft, message: JsonObject) -> None:
    """Remember that the message stands in the thread, which ends the doubt about one that was sent since."""
    receipt = {"ts": name_of_message(message)}
    workspace.intents.resolve(draft.intent, receipt)
    doubt = workspace.intents.look(draft.anywhere)
    if isinstance(doubt, Unresolved) and _is_since(message, doubt):
        workspace.intents.resolve(draft.anywhere, receipt)
        workspace.intents.resolve(draft.alike, receipt)


async def _send(workspace: Workspace, draft: Draft, thread: Thread) -> Delivery:
    return await uninterrupted(lambda: _send_once(workspace, draft, thread))


async def _send_once(workspace: Workspace, draft: Draft, thread: Thread) -> Delivery:
    body = draft.body(thread)
    shown = draft.shows_in_thread(thread)
    begun = workspace.intents.begin(
        draft.intent,
        draft.anywhere,
        again=[draft.alike],
        another=lambda receipt: _is_another(draft, thread, receipt),
    )
    if not isinstance(begun, Begun):
        return _known(draft, thread, begun)
    try:
        receipt = await workspace.client.write(
            CREATE_MESSAGE,
            {"conversation_id": draft.conversation_id},
            body=body,
            files=[each.upload for each in draft.files],
        )
    except OutcomeUnknown as unknown:
        workspace.intents.settle(begun.token, "unknown", {})
        return await _read_back(workspace, draft, thread, unknown)
    except UnthreadError:
        workspace.intents.forget(begun.token)
        raise
    except BaseException:
        # Cancelled at the end of the grace period, or a bug: the message may be out.
        workspace.intents.settle(begun.token, "unknown", {})
        raise
    sent = receipt.body if isinstance(receipt.body, dict) else {}
    name = name_of_message(sent) if shown else ""
    workspace.intents.settle(begun.token, "done", {"ts": name})
    note = "" if receipt.complete else " Unthread confirmed it, but its receipt was incomplete."
    return Delivery("done", thread, name or None, note, sent)


async def _read_back(workspace: Workspace, draft: Draft, before: Thread, unknown: OutcomeUnknown) -> Delivery:
    """Look for the message whose fate nobody told. Finding it proves it; not finding it proves nothing."""
    found = await _look_back(workspace, draft, before, unknown)
    if not found:
        await workspace.sleep(SECOND_LOOK)
        found = await _look_back(workspace, draft, before, unknown)
    if not found:
        raise unknown
    thread, message = found
    _found(workspace, draft, message)
    note = " The answer got lost, but the message stands in the thread."
    if not shows_files(draft, message):
        note += " Its files are not shown there: ask a person to look in Unthread before you send them again."
    return Delivery("done", thread, name_of_message(message), note, message)


async def _look_back(
    workspace: Workspace, draft: Draft, before: Thread, unknown: OutcomeUnknown
) -> tuple[Thread, JsonObject] | None:
    """The thread and our message in it, if it stands there. Raises `unknown` where looking shows nothing, ever.

    Nothing else may be raised: the message has left.
    """
    try:
        with own_allowance():
            thread = await read_thread(workspace, draft.conversation_id, back_to=draft.as_of)
    except UnthreadError:
        raise unknown from None
    if not draft.can_be_found(thread):
        raise unknown
    came = _came_after(workspace, draft, before, thread)
    found = found_in(came, draft, thread, "alike") or found_in(came, draft, thread, "alike", with_files=False)
    return (thread, found) if found else None


def _came_after(workspace: Workspace, draft: Draft, before: Thread, thread: Thread) -> list[JsonObject]:
    """The messages that were not there `before`, the message that `as_of` names being there still or not."""
    known = {_identity(each) for each in before.messages}
    name = draft.as_of.partition("/")[0] if draft.as_of else None
    since = next((position(each) for each in before.messages if name_of_message(each) == name), _moments_ago(workspace))
    return [each for each in thread.messages if position(each) >= since and _identity(each) not in known]


def _identity(message: JsonObject) -> tuple[str, str]:
    return name_of_message(message), text_of(message, "id")


def _candidates(workspace: Workspace, draft: Draft, thread: Thread) -> list[JsonObject]:
    """The messages among which ours would be: after `as_of`, or of the last ten minutes where none was given."""
    if draft.as_of is not None:
        return thread.after(draft.as_of)
    return [each for each in thread.messages if position(each) >= _moments_ago(workspace)]


def _moments_ago(workspace: Workspace) -> Decimal:
    return Decimal(str((workspace.now() - SAME_INTENT).timestamp()))


def _warning(draft: Draft, thread: Thread, gate: Gate) -> str:
    """What of the internal notes the draft repeats. Raises `InvalidArgument` where nobody is asked about it."""
    if not draft.reaches_customer:
        return ""
    words = repeated_note(thread, "\n".join(text for text in (draft.text, *draft.extra_texts) if text))
    if not words:
        return ""
    if not gate.asks:
        raise InvalidArgument(
            f"The {draft.what} repeats an internal note: “{words}”.",
            "Say it in other words, or ask the user to send it.",
        )
    return f"It repeats an internal note: “{words}”."


def repeated_note(thread: Thread, written: str) -> str | None:
    """The first eight words or more that `written` repeats of the thread's internal notes; see `repeated_words`.

    Notes by our own account are drafts that a person approved; words that stand in messages
    that the customer sees are no secret.
    """
    notes = [
        text for each in thread.messages if is_private(each) and not is_ours(each) for text in texts_of_message(each)
    ]
    visible = [text for each in thread.messages if not is_private(each) for text in texts_of_message(each)]
    return repeated_words(written, notes, visible)


def _unresolved(draft: Draft) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"The same {draft.what} was sent before, and it is not known whether it arrived.",
        "Don't call again; look at the conversation, or ask a person to look in Unthread.",
    )


_ALREADY: Final = " The same text was there already; nothing was sent."
