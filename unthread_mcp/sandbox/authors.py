"""Who wrote a message, in the fields that tell it on each channel; and a message as a row.

These shapes are what clients of the API were seen to rely on: an external user's `isExternal`,
the dashboard's bot with `sentByUser`, `metadata.eventType` for mail, chat and the bot's own messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from .calls import JsonValue
from .encoding import dumps
from .store import SqlValue
from .times import Side, iso

Channel = Literal["slack", "email", "widget", "triage"]
"""A conversation's `sourceType`. The first three stand in the reference; "triage" is a guess."""

BOT_ID: Final = "B0UNTHREAD"
BOT_NAME: Final = "Unthread"

_RECEIVED: Final[dict[str, str]] = {"email": "email_received", "widget": "widget_message_received"}


@dataclass(frozen=True, slots=True)
class Person:
    """What a message says of a user."""

    id: str
    name: str
    email: str | None
    slack_team_id: str | None
    external: bool

    def sent_by(self) -> dict[str, JsonValue]:
        """The person as a message's `sentByUser`."""
        return {"id": self.id, "name": self.name, "email": self.email}


@dataclass(frozen=True, slots=True)
class Author:
    """The author fields of a message."""

    side: Side
    user_id: str | None = None
    user_team_id: str | None = None
    bot_id: str | None = BOT_ID
    bot_name: str | None = BOT_NAME
    sent_by: dict[str, JsonValue] | None = None
    external: bool = False
    event_type: str | None = None
    private: bool = False
    autoresponse: bool = False

    @property
    def counts(self) -> bool:
        """Whether a message of this author is a turn in the conversation: notes and autoresponses answer nobody."""
        return not (self.private or self.autoresponse or (self.event_type and self.side == "support"))


def customer(person: Person, channel: Channel) -> Author:
    """Someone on the customer's side, writing in Slack, by mail or in the chat."""
    event = _RECEIVED.get(channel)
    if event:
        return Author("customer", user_id=person.id, bot_name=person.name, external=True, event_type=event)
    return Author(
        "customer", user_id=person.id, user_team_id=person.slack_team_id, bot_id=None, bot_name=None, external=True
    )


def agent(person: Person, channel: Channel, *, private: bool = False) -> Author:
    """One of the support team: in Slack as themselves, elsewhere through the dashboard."""
    if channel in _RECEIVED:
        return Author("support", sent_by=person.sent_by(), private=private)
    return Author("support", user_id=person.id, user_team_id=person.slack_team_id, bot_id=None, bot_name=None)


def api(on_behalf_of: dict[str, JsonValue] | None, *, external: bool, private: bool, autoresponse: bool) -> Author:
    """A message made through the API, as the Unthread bot or on behalf of someone."""
    return Author(
        "customer" if external else "support",
        sent_by=on_behalf_of,
        external=external,
        private=private,
        autoresponse=autoresponse,
    )


def system(event_type: str) -> Author:
    """Unthread itself: an autoresponder, a post-close message."""
    return Author("support", event_type=event_type, autoresponse=event_type == "autoresponder_replied")


def message_row(
    *,
    message_id: str,
    conversation_id: str,
    at: datetime,
    ts: str,
    thread_ts: str | None,
    channel: Channel,
    channel_id: str | None,
    author: Author,
    text: str,
    html: str | None = None,
    files: list[JsonValue] | None = None,
    blocks: list[JsonValue] | None = None,
) -> dict[str, SqlValue]:
    """A message as it stands in `messages` and `triage_messages`."""
    return {
        "id": message_id,
        "conversationId": conversation_id,
        "ts": ts,
        "threadTs": thread_ts,
        "channelId": channel_id,
        "timestamp": iso(at),
        "text": text,
        "htmlContent": html,
        "userId": author.user_id,
        "userTeamId": author.user_team_id,
        "botId": author.bot_id,
        "botName": author.bot_name,
        "sentByUser": None if author.sent_by is None else dumps(author.sent_by),
        "subtype": "bot_message" if author.bot_id else None,
        "isPrivateNote": int(author.private),
        "isAutoresponse": int(author.autoresponse),
        "isExternal": int(author.external),
        "metadata": None if author.event_type is None else dumps({"eventType": author.event_type}),
        "files": None if not files else dumps(files),
        "blocks": None if not blocks else dumps(blocks),
        "sourceType": channel,
        "visible": int(not author.private and channel != "triage"),
    }
