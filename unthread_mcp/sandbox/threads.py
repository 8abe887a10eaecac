"""Threads and their conversations' state: posting, delivery to customers, closing and reopening."""

# ruff: noqa: S608 - table and column names come from this package, and values are always bound
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, cast

from .authors import Author, Channel, Person, message_row, system
from .calls import JsonValue, not_found
from .markup import slack_text, without_send_marker
from .store import SqlValue, Store
from .times import from_slack_ts, iso, measure, whole_seconds, working_seconds

Via = Literal["api", "agent", "system", "customer"]
"""Through what a message came. What a customer wrote is not delivered to customers."""

POST_CLOSE_TEXT: Final = (
    "This conversation has been closed. If there is anything else, just reply here and we will pick it up again."
)


@dataclass(frozen=True, slots=True)
class Thread:
    """What posting into a conversation needs to know of it."""

    id: str
    channel: Channel
    channel_id: str | None
    status: str
    created: datetime
    first_ts: str | None
    recipient: str | None


def thread(store: Store, conversation_id: str) -> Thread:
    """The conversation's thread, or a refusal if there is no such conversation."""
    row = store.one(
        "SELECT c.sourceType, c.channelId, c.status, c.createdAt, m.ts, u.email"
        " FROM conversations c LEFT JOIN messages m ON m.id = c.initialMessageId"
        " LEFT JOIN users u ON u.id = c.submitterUserId WHERE c.id = ?",
        conversation_id,
    )
    if row is None:
        raise not_found("Conversation")
    channel, channel_id, status, created, first_ts, email = cast(
        "tuple[str, str | None, str, str, str | None, str | None]", row
    )
    return Thread(
        conversation_id,
        cast("Channel", channel),
        channel_id,
        status,
        datetime.fromisoformat(created),
        first_ts,
        channel_id if channel == "slack" else email,
    )


def person(store: Store, user_id: str) -> Person:
    """The user, or a refusal."""
    found = find_person(store, "id", user_id)
    if found is None:
        raise not_found("User")
    return found


def find_person(store: Store, column: Literal["id", "email"], value: str) -> Person | None:
    """The user of that id or address; of several with one address, the support team's own first."""
    row = store.one(
        f"SELECT id, name, email, slackTeamId, external FROM users WHERE {column} = ? ORDER BY external, id", value
    )
    if row is None:
        return None
    user_id, name, email, team, external = row
    return Person(str(user_id), str(name), cast("str | None", email), cast("str | None", team), bool(external))


def post(
    store: Store,
    into: Thread,
    author: Author,
    text: str,
    *,
    via: Via,
    html: str | None = None,
    files: list[JsonValue] | None = None,
    blocks: list[JsonValue] | None = None,
) -> str:
    """Add a message that the customer can see, or a private note; returns its id.

    What the support side says in public is recorded in `delivered`.
    """
    ts = store.new_ts(into.id)
    kept = slack_text(text) if into.channel in ("slack", "triage") else without_send_marker(text)
    row = message_row(
        message_id=store.new_id("message"),
        conversation_id=into.id,
        at=from_slack_ts(ts),
        ts=ts,
        thread_ts=into.first_ts,
        channel=into.channel,
        channel_id=into.channel_id,
        author=author,
        text=kept,
        html=html,
        files=files,
        blocks=blocks,
    )
    store.insert("messages", row)
    changes: dict[str, SqlValue] = {"latestMessageId": row["id"], "lastActivityAt": row["timestamp"]}
    if into.first_ts is None:
        changes["initialMessageId"] = row["id"]
    if author.counts:
        changes |= _measured(store, into)
    _touch(store, into.id, changes)
    if row["visible"] and not (author.external and author.user_id):
        delivery = {"conversationId": into.id, "messageId": row["id"], "ts": ts, "channel": into.channel}
        store.insert(
            "delivered", delivery | {"recipient": into.recipient, "via": via, "text": kept, "at": store.stamp()}
        )
    return str(row["id"])


def post_triage(
    store: Store,
    into: Thread,
    author: Author,
    text: str,
    *,
    channel_id: str | None,
    thread_ts: str | None,
    via: Via = "api",
    files: list[JsonValue] | None = None,
    blocks: list[JsonValue] | None = None,
) -> str:
    """Add a message to a triage thread, or open one if `thread_ts` is None; returns its id.

    No customer sees it, unless the channel that is used for triage is a customer's own.
    """
    ts = store.new_ts(into.id)
    row = message_row(
        message_id=store.new_id("message"),
        conversation_id=into.id,
        at=from_slack_ts(ts),
        ts=ts,
        thread_ts=thread_ts,
        channel="triage",
        channel_id=channel_id,
        author=author,
        text=slack_text(text),
        files=files,
        blocks=blocks,
    )
    store.insert("triage_messages", row)
    _touch(store, into.id, {})
    if store.one("SELECT 1 FROM customers WHERE slackChannelId = ?", channel_id):
        delivery = {"conversationId": into.id, "messageId": row["id"], "ts": ts, "channel": "slack"}
        store.insert(
            "delivered",
            delivery | {"recipient": channel_id, "via": via, "text": str(row["text"]), "at": store.stamp()},
        )
    return str(row["id"])


def triage_channel(store: Store, conversation_id: str, thread_ts: str) -> str | None:
    """The channel of the triage thread that starts with `thread_ts`, or a refusal."""
    row = store.one(
        "SELECT channelId FROM triage_messages WHERE conversationId = ? AND ts = ? AND threadTs IS NULL",
        conversation_id,
        thread_ts,
    )
    if row is None:
        raise not_found("Triage thread")
    return cast("str | None", row[0])


def set_status(store: Store, into: Thread, status: str) -> dict[str, SqlValue]:
    """The columns that a new status changes. Closing a Slack conversation tells the customer."""
    if status == into.status:
        return {}
    now = store.now()
    changes: dict[str, SqlValue] = {"status": status, "statusUpdatedAt": iso(now)}
    if status == "closed":
        changes |= {
            "closedAt": iso(now),
            "resolutionTime": whole_seconds(into.created, now),
            "resolutionTimeWorking": working_seconds(into.created, now),
        }
        if into.channel == "slack":
            post(store, into, system("post_close_template_sent"), POST_CLOSE_TEXT, via="system")
    elif into.status == "closed":
        changes |= {"closedAt": None, "resolutionTime": None, "resolutionTimeWorking": None}
    return changes


def reopen(store: Store, into: Thread) -> None:
    """A customer who writes again opens a closed conversation."""
    if into.status == "closed":
        _touch(store, into.id, set_status(store, into, "open"))


def _measured(store: Store, into: Thread) -> dict[str, SqlValue]:
    turns = store.all(
        "SELECT timestamp, isExternal FROM messages WHERE conversationId = ? AND visible AND NOT isAutoresponse"
        " AND (isExternal OR metadata IS NULL) ORDER BY ts",
        [into.id],
    )
    measures = measure(
        into.created,
        ((datetime.fromisoformat(str(at)), "customer" if external else "support") for at, external in turns),
    )
    return {
        "responseTime": measures.response,
        "responseTimeWorking": measures.response_working,
        "waitingOnAgentTime": measures.waiting_on_agent,
        "waitingOnCustomerTime": measures.waiting_on_customer,
    }


def _touch(store: Store, conversation_id: str, changes: dict[str, SqlValue]) -> None:
    store.update("conversations", conversation_id, changes | {"updatedAt": store.stamp()})
