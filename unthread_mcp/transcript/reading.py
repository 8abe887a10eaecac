"""Messages as Unthread returns them -> entries that an agent can afford to read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.times import read_time
from unthread_mcp.transcript.authors import People, author_of, on_behalf_of, read_people, role_of
from unthread_mcp.transcript.earlier_text import EarlierText
from unthread_mcp.transcript.entries import Entry, Role, objects_at, text_at
from unthread_mcp.transcript.files import file_words
from unthread_mcp.transcript.html_text import SIGNATURE_LINE, html_to_text, looks_like_html
from unthread_mcp.transcript.links import shorten_links
from unthread_mcp.transcript.slack_markup import slack_to_text

# Added by clients so that Unthread mails what is posted to an e-mail conversation; it is no part of the message.
_SEND_MARKER = re.compile(r"\s*/unthread send\s*\Z")
_MOST_FILES: Final = 20
_LONGEST: Final = 500_000
"""Characters of a message that are read, markup included: Gmail's own readers stop at 102 kB of HTML. Taking one apart
takes up to a hundred times its size in memory."""
_EMBEDDED = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/=\s]{100,}")
"""A picture within HTML: what follows it is worth more."""


def in_order(messages: Sequence[JsonObject]) -> list[JsonObject]:
    """`messages`, oldest first."""
    return sorted(messages, key=_sort_key)


def read_thread(
    messages: Sequence[JsonObject], conversation: JsonObject, names: Mapping[str, str] | None = None
) -> list[Entry]:
    """Read all `messages`, oldest first whatever their order, knowing names and quotes from one another.

    `names` are those of users whom the messages mention and don't name, by Slack's id.

    Quoted mail is kept where the thread doesn't hold it. If `messages` is a later page of the thread, that can be told
    only once a message of the team's stands in it, since that is what customers quote. Never raises.
    """
    people = read_people(conversation, messages, names)
    ordered = in_order(messages)
    earlier = EarlierText()
    is_known = bool(ordered) and _is_first(ordered[0], conversation)
    entries: list[Entry] = []
    for message in ordered:
        entry, raw = _read(message, conversation, people, earlier if is_known else None)
        earlier.add(raw)
        is_known = is_known or entry.role in ("agent", "bot")
        entries.append(entry)
    return entries


def read_message(message: JsonObject, conversation: JsonObject, names: Mapping[str, str] | None = None) -> Entry:
    """Read one message by itself. Never raises: missing, null and mistyped fields degrade one by one."""
    earlier = EarlierText() if _is_first(message, conversation) else None
    return _read(message, conversation, read_people(conversation, [message], names), earlier)[0]


def _read(
    message: JsonObject, conversation: JsonObject, people: People, earlier: EarlierText | None
) -> tuple[Entry, str]:
    """One message as an entry, and its whole text."""
    role = role_of(message, conversation, people)
    author = author_of(message, role)
    raw, unread = _whole_text(message, people.names)
    text, stripped = raw, 0
    if _is_mail(message, conversation, role):
        # Compiling what mail programs write in twenty languages takes 35 ms, which a start need not wait for.
        from unthread_mcp.transcript.quoted_mail import own_words  # noqa: PLC0415

        text, stripped = own_words(raw, author=author, earlier=earlier)
    text = _SEND_MARKER.sub("", text.replace(SIGNATURE_LINE, "")).strip("\n").rstrip()
    if unread:
        text = f"{text}\n[{unread:,} characters more, too many to be read]"
    if text_at(message, "deletedAt"):
        text = f"[deleted] {text}"
    entry = Entry(
        ts=_ts(message),
        at=_at(message),
        author=author,
        role=role,
        text=shorten_links(text),
        stripped=stripped,
        files=_files(message),
        on_behalf_of=on_behalf_of(message, author),
    )
    return entry, raw


def _whole_text(message: JsonObject, names: Mapping[str, str]) -> tuple[str, int]:
    """The message's text without markup: from `text`, else the HTML, else the resolved content, else the blocks.

    And how many characters of that are too many to be read.
    """
    whole = text_at(message, "text")
    is_html = looks_like_html(whole)
    if not whole:
        whole = text_at(message, "htmlContent")
        is_html = bool(whole)
    whole = whole or _resolved_text(message.get("resolvedContent")) or _block_text(message)
    if len(whole) > _LONGEST:
        whole = _EMBEDDED.sub("data:", whole)
    read = whole[:_LONGEST]
    return html_to_text(read) if is_html else slack_to_text(read, names), len(whole) - len(read)


def _resolved_text(content: JsonValue) -> str:
    """`resolvedContent`: strings, and objects with the name of whom or what a mention links to."""
    if isinstance(content, str):
        return content.strip()
    parts = content if isinstance(content, list) else []
    return "".join(part if isinstance(part, str) else text_at(part, "name") for part in parts).strip()


def _block_text(message: JsonObject) -> str:
    """The texts of Slack's section blocks, for messages made of blocks alone."""
    texts = (text_at(block, "text", "text") for block in objects_at(message, "blocks"))
    return "\n".join(filter(None, texts))


def _is_mail(message: JsonObject, conversation: JsonObject, role: Role) -> bool:
    """Whether the message came by e-mail, so that it may carry quoted mail and a signature.

    In Slack and chat, a ">" and a "Thanks," are the author's own.
    """
    if text_at(message, "metadata", "eventType") == "email_received" or text_at(message, "emailId"):
        return True
    source = text_at(message, "sourceType") or text_at(conversation, "sourceType")
    return source == "email" and role in ("customer", "agent") and not text_at(message, "metadata", "eventType")


def _is_first(message: JsonObject, conversation: JsonObject) -> bool:
    first = conversation.get("initialMessage")
    ts = _ts(message)
    return bool(ts) and (ts == text_at(first, "ts") or text_at(message, "id") == (text_at(first, "id") or ts))


def _ts(message: JsonObject) -> str:
    """The message's `ts`; where it has none its `id`."""
    ts = message.get("ts")
    if isinstance(ts, (int, float)) and not isinstance(ts, bool):
        return f"{ts:.6f}"
    return text_at(message, "ts") or text_at(message, "id")


def _at(message: JsonObject) -> datetime | None:
    """When the message was written: `timestamp` (ISO 8601), else `ts` (seconds since 1970)."""
    at = read_time(message.get("timestamp"))
    if at is not None:
        return at
    try:
        return datetime.fromtimestamp(float(_ts(message)), UTC)
    except (ValueError, OverflowError, OSError):  # not a number, or no time that the platform knows
        return None


def _sort_key(message: JsonObject) -> tuple[float, str]:
    at = _at(message)
    try:
        return float(_ts(message)), ""
    except ValueError:
        return (at.timestamp() if at else 0.0), _ts(message)


def _files(message: JsonObject) -> tuple[str, ...]:
    files = [file_words(file) for file in objects_at(message, "files")]
    more = len(files) - _MOST_FILES
    return (*files[:_MOST_FILES], f"{more} more") if more > 0 else tuple(files)
