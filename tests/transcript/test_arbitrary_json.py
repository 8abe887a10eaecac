"""Whatever Unthread sends, reading it never fails."""

from __future__ import annotations

from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.transcript import read_message, read_thread

_SCALARS = st.one_of(
    st.sampled_from(
        [None, True, False, 7, -1.5, 1e308, float("nan"), "", "Ann", "U1", "email", "email_received", "<p>x</p>"]
    ),
    st.sampled_from(["1773133920.000100", "2026-03-10T09:12:00Z", "9" * 400, "nan", "-1e300", "channel_join"]),
    st.text(max_size=12),
)
_VALUES = st.one_of(
    _SCALARS,
    st.lists(_SCALARS, max_size=2),
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("id", "name", "email", "slackId", "eventType", "text"), _SCALARS)
    ),
)
_FIELDS = (
    "id", "ts", "text", "timestamp", "userId", "userTeamId", "botId", "botName", "subtype", "isPrivateNote", "blocks",
    "isAutoresponse", "isExternal", "files", "htmlContent", "resolvedContent", "sourceType", "emailId", "deletedAt",
    "user", "sentByUser", "submittedByUser", "metadata", "customerId", "submitterUserId", "wasManuallyCreated",
    "initialMessage", "assignedToUser", "customer",
)  # fmt: skip
_OBJECTS = cast(
    "st.SearchStrategy[JsonObject]",
    st.dictionaries(st.sampled_from(_FIELDS), st.one_of(_VALUES, st.lists(_VALUES, max_size=2)), max_size=9),
)


@given(_OBJECTS, _OBJECTS)
@settings(max_examples=200, deadline=None)
def test_any_message_becomes_an_entry(message: JsonObject, conversation: JsonObject) -> None:
    entry = read_message(message, conversation)
    assert entry.author
    assert "\n" not in entry.author


@given(st.lists(_OBJECTS, max_size=3), _OBJECTS)
@settings(max_examples=60, deadline=None)
def test_any_thread_is_read_message_by_message(messages: list[JsonObject], conversation: JsonObject) -> None:
    assert len(read_thread(messages, conversation)) == len(messages)


_MAIL_WORDS = st.sampled_from(
    [
        *("> ", "\n", "\n\n", "words ", "see below ", "Ann Lee\n", "-- \n", "Thanks,\n", "Best regards\n", "PS: x "),
        *("From: a@b.cd\n", "Subject: x\n", "Sent: 9 March 2026 10:12\n", "To: c\n", "________________\n"),
        *("On Mon, 9 Mar 2026 at 10:12, A <a@b.cd> wrote:\n", "---------- Forwarded message ---------\n"),
        *("Tel: +49 30 123456\n", "Sent from my iPhone\n"),
    ]
)


@given(st.lists(_MAIL_WORDS, max_size=40).map("".join), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_mail_of_any_pieces_is_read_and_something_is_always_left(text: str, opening: bool) -> None:
    conversation: JsonObject = {"initialMessage": {"ts": "1.0" if opening else "0.5"}}
    message: JsonObject = {"ts": "1.0", "text": text, "metadata": {"eventType": "email_received"}, "botName": "Ann Lee"}
    entry = read_message(message, conversation)
    assert bool(entry.text) == bool(text.strip(" \n"))
    assert 0 <= entry.stripped <= len(text)
