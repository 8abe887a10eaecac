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
from typing import Final, Literal

from unthread_mcp.answers import text_of
from unthread_mcp.api.endpoints import CREATE_MESSAGE
from unthread_mcp.api.errors import Conflict, InvalidArgument, OutcomeUnknown, UnthreadError
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.api.uninterrupted import uninterrupted
from unthread_mcp.attachments import Attachment
from unthread_mcp.fields import pick
from unthread_mcp.gate import Gate
from unthread_mcp.intents import Begun, Intent, Resolved, Unresolved
from unthread_mcp.outgoing import canonical, repeated_words
from unthread_mcp.render import Outcome
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
    extra_texts: Sequence[str] = ()
    """What the blocks say."""
    files: Sequence[Attachment] = ()
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


async def deliver(workspace: Workspace, gate: Gate, draft: Draft, *, show: Show) -> Delivery:
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
    question = draft.question(thread, warning)
    await gate.pass_through(question)
    async with workspace.writing_to(draft.conversation_id):
        thread, there = await _look(workspace, draft, show)
        if there:
            return there
        if draft.question(thread, _warning(draft, thread, gate)) != question:
            raise Conflict(
                "The conversation changed while the human was asked, so that their yes was to something else.",
                "Nothing was sent. Call again, and they are asked anew.",
            )
        return await _send(workspace, draft, thread)


async def _look(workspace: Workspace, draft: Draft, show: Show) -> tuple[Thread, Delivery | None]:
    """The thread as it stands, and the delivery if the message is there already."""
    # All notes of the thread are wanted for a reply, so that none of their words slip out.
    thread = await read_thread(workspace, draft.conversation_id, back_to=draft.as_of, whole=draft.reaches_customer)
    workspace.require_allowed(thread.conversation.get("customerId"))
    # With blocks, equal text alone doesn't prove that it is the same message: then only the memory tells.
    if not draft.extra and (found := _ours_in(draft, thread, _candidates(workspace, draft, thread))):
        _found(workspace, draft, found)
        return thread, Delivery("already_done", thread, name_of_message(found), _ALREADY)
    remembered = workspace.intents.look(_intent(draft)) or _look_anywhere(workspace, draft, thread)
    if isinstance(remembered, Resolved):
        return thread, Delivery("already_done", thread, remembered.receipt.get("ts") or None, _ALREADY)
    if remembered is not None:
        raise _unresolved(draft)
    if draft.as_of is not None:
        require_fresh(thread, draft.as_of, draft.what, "nothing was sent", show)
    return thread, None


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
    """What is known of the same text in this conversation, whatever `as_of` it was sent with.

    One whose fate is unknown stays so: a newer `as_of` doesn't make it another message. It is
    settled if the thread shows it by now. Where a message can't be read back, one that was
    done a moment ago counts as this one.
    """
    known = workspace.intents.look(_anywhere(draft))
    if isinstance(known, Unresolved):
        since = Decimal(str(known.since - _CLOCKS_APART.total_seconds()))
        if found := _ours_in(draft, thread, [each for each in thread.messages if position(each) >= since]):
            workspace.intents.resolve(_anywhere(draft), {"ts": name_of_message(found)})
            return None
        return known
    return known if not draft.shows_in_thread(thread) else None


def _found(workspace: Workspace, draft: Draft, message: JsonObject) -> None:
    """Remember that the message stands in the thread."""
    for intent in (_intent(draft), _anywhere(draft)):
        workspace.intents.resolve(intent, {"ts": name_of_message(message)})


async def _send(workspace: Workspace, draft: Draft, thread: Thread) -> Delivery:
    return await uninterrupted(lambda: _send_once(workspace, draft, thread))


async def _send_once(workspace: Workspace, draft: Draft, thread: Thread) -> Delivery:
    body = draft.body(thread)
    begun = workspace.intents.begin(_intent(draft))
    if isinstance(begun, Resolved):
        return Delivery("already_done", thread, begun.receipt.get("ts") or None, _ALREADY)
    if not isinstance(begun, Begun):
        raise _unresolved(draft)
    anywhere = workspace.intents.begin(_anywhere(draft), repeat=draft.shows_in_thread(thread))
    if not isinstance(anywhere, Begun):
        workspace.intents.forget(begun.token)
        if isinstance(anywhere, Resolved):
            return Delivery("already_done", thread, anywhere.receipt.get("ts") or None, _ALREADY)
        raise _unresolved(draft)
    tokens = (begun.token, anywhere.token)
    try:
        receipt = await workspace.client.write(
            CREATE_MESSAGE,
            {"conversation_id": draft.conversation_id},
            body=body,
            files=[each.upload for each in draft.files],
        )
    except OutcomeUnknown as unknown:
        _settle(workspace, tokens, "unknown")
        return await _read_back(workspace, draft, unknown)
    except UnthreadError:
        for token in tokens:
            workspace.intents.forget(token)
        raise
    except BaseException:
        # Cancelled at the end of the grace period, or a bug: the message may be out.
        _settle(workspace, tokens, "unknown")
        raise
    sent = receipt.body if isinstance(receipt.body, dict) else {}
    name = name_of_message(sent) if draft.shows_in_thread(thread) else ""
    _settle(workspace, tokens, "done", name)
    note = "" if receipt.complete else " Unthread confirmed it, but its receipt was incomplete."
    return Delivery("done", thread, name or None, note, sent)


async def _read_back(workspace: Workspace, draft: Draft, unknown: OutcomeUnknown) -> Delivery:
    """Look for the message whose fate nobody told. Finding it proves it; not finding it proves nothing."""
    found = await _look_back(workspace, draft, unknown)
    if not found:
        await workspace.sleep(SECOND_LOOK)
        found = await _look_back(workspace, draft, unknown)
    if not found:
        raise unknown
    thread, message = found
    _found(workspace, draft, message)
    note = " The answer got lost, but the message stands in the thread."
    if not _shows_files(draft, message):
        note += " Its files are not shown there: ask a person to look in Unthread before you send them again."
    return Delivery("done", thread, name_of_message(message), note, message)


async def _look_back(workspace: Workspace, draft: Draft, unknown: OutcomeUnknown) -> tuple[Thread, JsonObject] | None:
    """The thread and our message in it, if it stands there. Raises `unknown` where looking shows nothing, ever."""
    try:
        thread = await read_thread(workspace, draft.conversation_id, back_to=draft.as_of)
    except UnthreadError:
        raise unknown from None
    if not _can_be_found(draft, thread):
        raise unknown
    candidates = _candidates(workspace, draft, thread)
    found = _ours_in(draft, thread, candidates) or _ours_in(draft, thread, candidates, with_files=False)
    return (thread, found) if found else None


def _settle(workspace: Workspace, tokens: Sequence[str], outcome: Literal["done", "unknown"], name: str = "") -> None:
    for token in tokens:
        workspace.intents.settle(token, outcome, {"ts": name} if outcome == "done" else {})


def _candidates(workspace: Workspace, draft: Draft, thread: Thread) -> list[JsonObject]:
    """The messages among which ours would be: after `as_of`, or of the last ten minutes where none was given."""
    if draft.as_of is not None:
        return thread.after(draft.as_of)
    since = Decimal(str((workspace.now() - SAME_INTENT).timestamp()))
    return [each for each in thread.messages if position(each) >= since]


def _ours_in(
    draft: Draft, thread: Thread, candidates: Sequence[JsonObject], *, with_files: bool = True
) -> JsonObject | None:
    """Our same text, with the same files, among `candidates`."""
    if not _can_be_found(draft, thread):
        return None
    wanted = canonical(draft.text)
    for message in candidates:
        written = {canonical(text) for text in _texts(message)}
        same_kind = is_private(message) != draft.reaches_customer
        if not (same_kind and wanted in written and _written_by(draft, message)):
            continue
        if _shows_files(draft, message) or not with_files:
            return message
    return None


def _can_be_found(draft: Draft, thread: Thread) -> bool:
    """Whether the message has a text to match and stands where it can be read."""
    return draft.shows_in_thread(thread) and bool(canonical(draft.text))


def _shows_files(draft: Draft, message: JsonObject) -> bool:
    """Whether a message shows the draft's files by name and size; always, if it has none.

    The reference doesn't promise `files` of a message. Where they aren't shown, equal text is no
    proof of them, and what was sent is only remembered.
    """
    files = message.get("files")
    known = [each for each in files if isinstance(each, dict)] if isinstance(files, list) else []
    shown = [(text_of(each, "name"), each.get("size")) for each in known]
    return all((each.upload.name, len(each.upload.content)) in shown for each in draft.files)


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
    if not draft.reaches_customer:
        return ""
    notes = [text for each in thread.messages if is_private(each) and not is_ours(each) for text in _texts(each)]
    visible = [text for each in thread.messages if not is_private(each) for text in _texts(each)]
    written = "\n".join(text for text in (draft.text, *draft.extra_texts) if text)
    words = repeated_words(written, notes, visible)
    if not words:
        return ""
    if not gate.asks:
        raise InvalidArgument(
            f"The {draft.what} repeats an internal note: “{words}”.",
            "Say it in other words, or ask the user to send it.",
        )
    return f"It repeats an internal note: “{words}”."


def _texts(message: JsonObject) -> list[str]:
    return [text for name in ("text", "htmlContent") if (text := text_of(message, name))]


def _anywhere(draft: Draft) -> Intent:
    """The intent without its `as_of`: the same words in the same conversation."""
    text = canonical(draft.text) or draft.text
    extra = json.dumps([*draft.extra], sort_keys=True) if draft.extra else ""
    return Intent(f"{draft.what} anywhere", draft.conversation_id, None, f"{text}\n{extra}", _digests(draft))


def _intent(draft: Draft) -> Intent:
    text = draft.text if not draft.extra else json.dumps([draft.text, *draft.extra], sort_keys=True)
    return Intent(draft.what, draft.conversation_id, draft.as_of, text, _digests(draft))


def _digests(draft: Draft) -> tuple[str, ...]:
    return tuple(each.digest for each in draft.files)


def _unresolved(draft: Draft) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"The same {draft.what} was sent before, and it is not known whether it arrived.",
        "Don't call again; look at the conversation, or ask a person to look in Unthread.",
    )


_ALREADY: Final = " The same text was there already; nothing was sent."
