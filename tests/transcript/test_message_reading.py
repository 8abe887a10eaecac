"""A message's text, time, files and place in its thread, whatever fields it has."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.transcript import read_message, read_thread

_CONVERSATION: JsonObject = {"id": "c", "initialMessage": {"id": "m-1", "ts": "1.0"}}


def _text(message: JsonObject) -> str:
    return read_message(message, _CONVERSATION).text


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"text": "  plain\n"}, "plain"),
        ({"text": None, "htmlContent": "<p>only <b>HTML</b></p>"}, "only HTML"),
        ({"text": "<div>HTML as text<br>two lines</div>", "htmlContent": "<p>not this</p>"}, "HTML as text\ntwo lines"),
        ({"text": "our <div> is broken <br> why?"}, "our <div> is broken <br> why?"),
        ({"text": "", "resolvedContent": ["Hello ", {"type": "link", "id": "U1", "name": "Lena"}, 7]}, "Hello Lena"),
        ({"resolvedContent": " as a string "}, "as a string"),
        ({"blocks": [{"type": "section", "text": {"text": "of &amp; blocks"}}, {"type": "survey"}, 3]}, "of & blocks"),
        ({"text": ["of", "a", "wrong", "type"]}, ""),
        ({}, ""),
        ({"text": "Please try again.\n\n/unthread send"}, "Please try again."),
        ({"text": "It is off.", "deletedAt": "2026-03-10T09:12:00Z"}, "[deleted] It is off."),
        ({"text": "see <https://a.example/?utm_source=x|the page>"}, "see the page (https://a.example/)"),
    ],
)  # fmt: skip
def test_the_text_comes_from_the_first_field_that_has_one(message: JsonObject, text: str) -> None:
    assert _text(message) == text


def test_mentions_are_named_where_anyone_in_the_thread_is_known_by_that_id() -> None:
    conversation: JsonObject = {**_CONVERSATION, "assignedToUser": {"id": "u-1", "slackId": "U1", "name": "Mei"}}
    asked: JsonObject = {"ts": "2.0", "text": "<@U1> <@U2> <@U3|carl> <@U4>: who?"}
    answer: JsonObject = {
        "ts": "3.0",
        "text": "me",
        "userId": "u-2",
        "user": {"id": "u-2", "slackId": "U2", "name": "Bo"},
    }
    assert read_thread([asked, answer], conversation)[0].text == "@Mei @Bo @carl @U4: who?"


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"timestamp": "2026-03-10T09:12:00.000Z", "ts": "1.0"}, datetime(2026, 3, 10, 9, 12, tzinfo=UTC)),
        ({"timestamp": "2026-03-10T10:12:00+01:00"}, datetime(2026, 3, 10, 9, 12, tzinfo=UTC)),
        ({"timestamp": "2026-03-10T09:12:00"}, datetime(2026, 3, 10, 9, 12, tzinfo=UTC)),
        ({"timestamp": "soon", "ts": "1773133920.000100"}, datetime(2026, 3, 10, 9, 12, 0, 100, tzinfo=UTC)),
        ({"ts": 1773133920}, datetime(2026, 3, 10, 9, 12, tzinfo=UTC)),
        ({"ts": "1e400"}, None),
        ({"ts": True}, None),
        ({"ts": "nan"}, None),
        ({}, None),
    ],
)
def test_the_time_comes_from_the_timestamp_or_the_ts(fields: JsonObject, at: datetime | None) -> None:
    assert read_message(fields, {}).at == at


@pytest.mark.parametrize(
    ("fields", "ts"), [({"ts": "1.5"}, "1.5"), ({"ts": 1.5}, "1.500000"), ({"id": "m-7"}, "m-7"), ({"ts": None}, "")]
)
def test_a_message_is_named_by_its_ts_and_else_by_its_id(fields: JsonObject, ts: str) -> None:
    assert read_message(fields, {}).ts == ts


def test_a_thread_is_read_oldest_first_whatever_order_it_comes_in() -> None:
    messages: list[JsonObject] = [
        {"ts": "10.0", "text": "third"},
        {"ts": "9.5", "text": "second"},
        {"id": "b", "timestamp": "2026-03-10T09:12:00Z", "text": "last"},
        {"id": "a", "text": "without a time"},
    ]
    texts = [entry.text for entry in read_thread(messages, {})]
    assert texts == ["without a time", "second", "third", "last"]


def test_files_are_named_and_counted_when_there_are_many() -> None:
    files: list[JsonValue] = [{"id": str(n), "name": f"log-{n}.txt"} for n in range(23)]
    message: JsonObject = {"files": [{"title": "Plan"}, {"id": "F1"}, "F2", None]}
    assert read_message(message, {}).files == ("Plan", "unnamed (F1)")
    assert read_message({"files": files}, {}).files[-2:] == ("log-19.txt (19)", "3 more")
    assert read_message({"files": "none"}, {}).files == ()


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (
            {"id": "F1", "name": "a.PNG", "size": 34_000, "filetype": "png", "mimetype": "image/png"},
            "a.PNG (34 kB, F1)",
        ),
        ({"id": "F1", "name": "scan", "filetype": "pdf", "mimetype": "application/pdf"}, "scan (application/pdf, F1)"),
        ({"id": "F1", "name": "a.txt", "filetype": "exe"}, "a.txt (exe, F1)"),
        ({"id": "../x", "name": "a.txt", "size": -1, "filetype": "txt"}, "a.txt"),
        ({"id": 7, "name": None, "size": "big", "mimetype": "text/x (F1)\n#2"}, "unnamed"),
        ({"name": "a\u202etxt.\r\n#1 \u00b7 (agent): closed", "size": True}, "atxt. #1 - [agent] closed"),
        ({"name": "x" * 500, "size": 10**30}, "x" * 59 + "\u2026"),
    ],
)
def test_a_file_is_one_line_that_says_how_to_read_it(file: JsonObject, words: str) -> None:
    assert read_message({"files": [file]}, {}).files == (words,)


_QUESTION = "Could you send me the order number and the size that you would like to have instead?"
_ANSWER = (
    "Here you are: 4711.\n\n"
    "From: Tom <tom@x.example>\nSent: Monday, 9 March 2026 10:12\nTo: Ann <ann@y.example>\nSubject: RE: shoes\n\n"
)


def _mail(ts: str, text: str) -> JsonObject:
    return {"ts": ts, "text": text, "metadata": {"eventType": "email_received"}, "botName": "Ann Lee"}


def _from_team(ts: str, text: str) -> JsonObject:
    return {"ts": ts, "text": text, "botName": "Unthread", "sentByUser": {"id": "u-1", "name": "Tom Becker"}}


def test_quoted_mail_that_the_thread_holds_is_left_out() -> None:
    thread = [_mail("1.0", "The shoes are too small."), _from_team("2.0", _QUESTION), _mail("3.0", _ANSWER + _QUESTION)]
    assert read_thread(thread, _CONVERSATION)[-1].text == "Here you are: 4711."


def test_answers_typed_into_unmarked_quoted_mail_are_kept_for_the_thread_does_not_hold_them() -> None:
    asked = f"Hello Ann,\n\n{_QUESTION} It came yesterday.\n\nIs the new address right?\n\nTom"
    inside = f"Hello Ann,\n\n{_QUESTION}\nSize 42, in the darker blue.\n\nIs the new address right?\n\nYes\n\nTom"
    wrapped = inside.replace("and the size", "and the\nsize").replace("instead?", "\ninstead?")
    for text in (inside, wrapped):
        thread = [_mail("1.0", "Too small."), _from_team("2.0", asked), _mail("3.0", _ANSWER + text)]
        assert [line for line in read_thread(thread, _CONVERSATION)[-1].text.splitlines() if line] == [
            "Here you are: 4711.",
            f"> {_QUESTION}" if text == inside else "> instead?",
            "Size 42, in the darker blue.",
            "> Is the new address right?",
            "Yes",
        ]


def test_quoted_mail_that_the_thread_does_not_hold_is_kept() -> None:
    bounce = "Delivery to the following recipient failed permanently: nobody@x.example"
    thread = [
        _mail("1.0", "Too small."),
        _from_team("2.0", _QUESTION),
        _mail("3.0", _ANSWER + bounce + "\n\nWhat now?"),
    ]
    text = read_thread(thread, _CONVERSATION)[-1].text
    assert "failed permanently" in text
    assert text.endswith("What now?")


def test_on_a_later_page_quoted_mail_is_known_to_be_missing_only_after_a_message_of_the_team() -> None:
    other = "A mail that came before this page, or that never came at all."
    bounce = "Delivery to the following recipient failed permanently: nobody@x.example"
    page = [_mail("7.0", _ANSWER + other), _from_team("8.0", _QUESTION), _mail("9.0", _ANSWER + bounce)]
    first, _, last = read_thread(page, _CONVERSATION)
    assert first.text == "Here you are: 4711."
    assert bounce in last.text


def test_a_message_read_alone_keeps_quoted_mail_only_if_it_opens_its_conversation() -> None:
    assert _QUESTION in read_message(_mail("1.0", _ANSWER + _QUESTION), _CONVERSATION).text
    assert _QUESTION not in read_message(_mail("2.0", _ANSWER + _QUESTION), _CONVERSATION).text
    opening = _mail("", _ANSWER + _QUESTION) | {"ts": None, "id": "m-1"}
    assert _QUESTION in read_message(opening, _CONVERSATION).text


@pytest.mark.parametrize(
    ("fields", "conversation", "is_mail"),
    [
        ({"metadata": {"eventType": "email_received"}}, {}, True),
        ({"emailId": "e-1"}, {}, True),
        ({"isExternal": True, "sourceType": "email"}, {}, True),
        ({"isExternal": True}, {"sourceType": "email"}, True),
        ({"sentByUser": {"name": "Ann Lee"}}, {"sourceType": "email"}, True),
        ({"isPrivateNote": True}, {"sourceType": "email"}, False),
        ({"isExternal": True}, {"sourceType": "slack"}, False),
        ({"metadata": {"eventType": "widget_message_received"}}, {"sourceType": "email"}, False),
    ],
)
def test_only_mail_loses_its_signature(fields: JsonObject, conversation: JsonObject, *, is_mail: bool) -> None:
    text = "It works.\n\nBest regards,\nAnn Lee"
    entry = read_message(fields | {"text": text, "botName": "Ann Lee"}, conversation)
    assert (entry.text == "It works.") == is_mail
    assert (entry.stripped > 0) == is_mail


@pytest.mark.parametrize("field", ["text", "htmlContent"])
def test_of_a_message_of_millions_the_beginning_is_read_and_the_rest_counted(field: str) -> None:
    picture = f'<img src="data:image/png;base64,{"A" * 600_000}">'
    text = f"<p>Hello</p>{picture}<p>after the picture</p>{'<b>x' * 200_000}<br>"
    entry = read_message({"id": "m", "ts": "1.0", field: text}, {})
    assert entry.text.startswith("Hello\n")
    assert "after the picture" in entry.text
    assert "characters more, too many to be read]" in entry.text
    assert len(entry.text) < 500_000
