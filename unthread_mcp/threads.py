"""A conversation as it stands: itself and its newest messages, and what follows from them.

What the reference leaves open about threads is decided here, once: who a channel reaches,
what orders messages, which of them a customer sees, and which are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from unthread_mcp.answers import Page, as_page, text_of
from unthread_mcp.api.endpoints import LIST_MESSAGES
from unthread_mcp.api.errors import InvalidArgument, UnreadableAnswer
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.concurrency import both
from unthread_mcp.fields import pick
from unthread_mcp.schemas import plain_word
from unthread_mcp.times import read_time
from unthread_mcp.transcript.authors import short_name
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace

Channel = Literal["e-mail", "chat", "Slack", "Microsoft Teams", "triage", "unknown"]

PAGE: Final = 100
MAX_PAGES: Final = 20
"""Pages of messages read at most: 2,000 messages."""

SOURCES: Final[dict[str, Channel]] = {
    "email": "e-mail",
    "widget": "chat",
    "in_app_chat": "chat",
    "chat": "chat",
    "slack": "Slack",
    "microsoft_teams": "Microsoft Teams",
    "triage": "triage",
}
"""What answers call each `sourceType`.

The field is observed, not documented; the reference's reporting example has `slack`, `email` and `widget`.
"""
_NO_ADDRESS: Final = str.maketrans({"@": "(at)", ",": ";"})
LONGEST_ADDRESS: Final = 254
"""RFC 3696, erratum 1690."""
_SOURCE_WORDS: Final = {"chat": "widget", "in_app_chat": "widget", "e_mail": "email", "mail": "email"}
"""What a source is called beside its value. Several are called a chat; the reference has one of them."""
_BY_EVENT: Final[dict[str, Channel]] = {
    "email_received": "e-mail",
    "email_explanation_sent": "e-mail",
    "widget_message_received": "chat",
    "microsoft_teams_message_received": "Microsoft Teams",
    "slack_bot_dm_received": "Slack",
}
PRIVATE_NOTE_CHANNELS: Final = frozenset({"e-mail", "chat"})
"""Where the reference says that `isPrivateNote` applies. Elsewhere it is taken to be ignored: a
note sent so would be public."""


def channel_of(conversation: JsonObject) -> Channel:
    """The channel that a conversation runs on: by `sourceType`, else by its first message's event."""
    source = text_of(conversation, "sourceType").lower()
    if source:
        return SOURCES.get(source, "unknown")
    event = pick(conversation, "initialMessage.metadata.eventType")
    return _BY_EVENT.get(event, "unknown") if isinstance(event, str) else "unknown"


def source_of(word: str) -> str | None:
    """The `sourceType` that `word` means, whichever word of it answers show; None if none is known."""
    said = plain_word(word)
    source = _SOURCE_WORDS.get(said, said)
    return source if source in SOURCES else None


def triage_thread(conversation: JsonObject) -> str | None:
    """The stamp of the conversation's triage thread, private on every channel; None if it has none."""
    triage = conversation.get("triageMessages")
    for message in triage if isinstance(triage, list) else []:
        if isinstance(message, dict) and (stamp := text_of(message, "ts")):
            return stamp
    return None


def notes_remark(conversation: JsonObject) -> str:
    """What is to be said of notes that the thread doesn't show, or that can't be written; empty where it shows them."""
    if channel_of(conversation) in PRIVATE_NOTE_CHANNELS:
        return ""
    if triage_thread(conversation):
        return "Notes in its triage thread can't be read here; look in Slack."
    return "No triage thread: no private notes here."


def position(message: JsonObject) -> Decimal:
    """Where a message stands in time: seconds since 1970, from its `ts`, else its `timestamp`."""
    try:
        stamp = Decimal(stamp_of(message) or "-")
    except InvalidOperation:
        stamp = Decimal("NaN")
    if stamp.is_finite():
        return stamp
    moment = read_time(message.get("timestamp"))
    return Decimal(str(moment.timestamp())) if moment else Decimal(0)


def stamp_of(message: JsonObject) -> str:
    """A message's `ts`; one that came as a number in the form that Slack writes."""
    stamp = message.get("ts")
    return f"{stamp:.6f}" if isinstance(stamp, int | float) and not isinstance(stamp, bool) else text_of(message, "ts")


def is_private(message: JsonObject) -> bool:
    """Whether only the team sees a message of the thread."""
    return message.get("isPrivateNote") is True


def is_ours(message: JsonObject) -> bool:
    """Whether a message was posted through the API by a service account: the Unthread bot with no person behind it.

    Events of Unthread's own (auto-responders, post-close messages) carry an event type.
    """
    if isinstance(message.get("sentByUser"), dict) or isinstance(message.get("user"), dict):
        return False
    return bool(message.get("botId") or message.get("botName")) and not pick(message, "metadata.eventType")


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation and its messages, newest first."""

    conversation: JsonObject
    messages: list[JsonObject]
    complete: bool
    """Whether `messages` go back to the first one."""
    total: int | None = None
    """How many messages there are, where the API says."""

    @property
    def channel(self) -> Channel:
        """The channel that it runs on."""
        return channel_of(self.conversation)

    @property
    def as_of(self) -> str | None:
        """The name of the newest message, to be passed with a reply; None in an empty thread."""
        return self._name(self.messages[0]) if self.messages else None

    def _name(self, message: JsonObject) -> str:
        """What names a message among the others: with its id where several have the same `ts`."""
        name = name_of_message(message)
        alone = sum(name_of_message(each) == name for each in self.messages) == 1
        return name if alone else f"{name}/{text_of(message, 'id')}"

    def after(self, as_of: str) -> list[JsonObject]:
        """The messages after the one that `as_of` names, newest first.

        Raises `InvalidArgument` if it names none of this thread.
        """
        for index, message in enumerate(self.messages):
            # The name by `ts` alone is enough for the look, which is cheap; `_name` is the last word.
            if name_of_message(message) == as_of.partition("/")[0] and self._name(message) == as_of:
                # Others with the same `ts` may be newer: nothing tells.
                same = [each for each in self.messages[index + 1 :] if position(each) == position(message)]
                return [*self.messages[:index], *same]
        raise InvalidArgument(
            "as_of names no message of this conversation.",
            "Read it with get_conversation and pass the as_of shown there.",
        )


def name_of_message(message: JsonObject) -> str:
    """What names a message in its thread: its `ts`, else its id."""
    return stamp_of(message) or text_of(message, "id")


async def read_thread(
    workspace: Workspace, conversation_id: str, *, back_to: str | None = None, whole: bool = False
) -> Thread:
    """The conversation and its newest messages, read at once: one round trip.

    Read on while `back_to` names no message seen yet, or to the end with `whole`. No
    `select` is sent for messages: whether one is an internal note is told by a field that
    the reference doesn't name, and to ask for it might be refused.
    """
    conversation, page = await both(
        lambda: workspace.conversation(conversation_id), lambda: _page(workspace, conversation_id, None)
    )
    wanted_name = back_to.partition("/")[0] if back_to else None
    messages = list(page.rows)
    # If a page doesn't come newest first, only the whole thread shows which message is the newest.
    sorted_by_api = _newest_first(messages)
    for _ in range(MAX_PAGES):
        missing = wanted_name is not None and wanted_name not in map(name_of_message, messages)
        wanted = whole or not sorted_by_api or missing
        if page.next is None or not wanted:
            break
        page = await _page(workspace, conversation_id, page.next)
        messages += page.rows
    if page.next is not None and not sorted_by_api:
        raise UnreadableAnswer(
            "Unthread gave the messages in another order than asked for, and the thread is too long to be sorted here.",
            "Answer this conversation in Unthread itself.",
        )
    messages.sort(key=position, reverse=True)
    return Thread(conversation, messages, page.next is None, page.total)


async def _page(workspace: Workspace, conversation_id: str, cursor: str | None) -> Page:
    body: JsonObject = {"order": ["ts"], "descending": True, "limit": PAGE}
    if cursor:
        body["cursor"] = cursor
    return as_page(await workspace.client.read(LIST_MESSAGES, {"conversation_id": conversation_id}, body=body))


def _newest_first(messages: Sequence[JsonObject]) -> bool:
    positions = [position(each) for each in messages]
    return positions == sorted(positions, reverse=True)


def recipient_of(conversation: JsonObject) -> str:
    """Who a reply reaches, as far as the conversation tells: the customer and the person who wrote.

    Each name on one short line without signs that end it or make it an address: the human reads them beside what is
    ours. An address is shown whole.
    """
    customer, name, address = (
        found if isinstance(found := pick(conversation, path), str) and found.strip() else ""
        for path in ("customer.name", "submitterUser.name", "submitterUser.email")
    )
    names = [short_name(each).translate(_NO_ADDRESS) for each in (customer, name)]
    return ", ".join(each for each in (*names, one_line(address, LONGEST_ADDRESS)) if each) or "the customer"
