"""What is taken for quoted mail, and what is not."""

from __future__ import annotations

import pytest

from unthread_mcp.transcript.quoted_mail import EarlierText, own_words

_QUESTION = "Could you send me the order number and the size that you would like to have instead?"
_OUTLOOK = (
    "From: Tom <tom@x.example>\nSent: Monday, 9 March 2026 10:12\nTo: Ann <ann@y.example>\nSubject: RE: shoes\n\n"
)


def _earlier(*texts: str) -> EarlierText:
    earlier = EarlierText()
    for text in texts:
        earlier.add(text)
    return earlier


@pytest.mark.parametrize(
    "text",
    [
        "Hello again\n\nOn 3 March 2026 at 10:12 your colleague wrote:\nPlease wait until Friday.\n\nNow it is Monday.",
        "I asked on Monday, 9 March 2026 and your team wrote:\n\n> please wait until Friday\n\nIt is Monday now.",
        "Yes.\n\nAm 03.03.2026 um 10:12 schrieb Tom Becker:\n\nHallo Ann,\n\npasst Dienstag?",
        "New trip:\nFrom: Hamburg\nTo: Oslo\nDate: 3 April 2026\nSubject: two seats\n\nIs that possible?",
        "From: Hamburg\n\nTo: Oslo",
        "Look:\n\nFrom: tom@x.example\nTo: ann@y.example\nDate: 9 March 2026\n\nWhy did this one not arrive?",
        "From: me",
        "We need:\n\n> 4 people\n> 2 rooms",
        ">>> import this\n>>> print(1)\n1",
        "Forwarded message",
        "----\n\nA heading of dashes",
        "__________________________________\n\nA form with a rule",
        "This is what it says:\n\nRe: your order: shipped:\n\nWhen?",
        "On the 5th\n\nwe wrote:",
        "On Mon, 9 Mar 2026 at 10:12\nI went home, and then something happened that takes more than a line:\nnothing.",
        f"> {_QUESTION}\n> Tom",
        f"On Mon, 9 Mar 2026 at 10:12, Tom <tom@x.example> wrote:\n\n{_QUESTION}\n\nIt is 4711.",
        "Best regards,\nAnn Lee",
        "Ann",
        "On 9.3.2026 10:12 x@y.example " + "and so on " * 60 + "wrote:\n\nNothing at all.",
    ],
)
def test_what_may_be_the_authors_own_stays_whole(text: str) -> None:
    read = own_words(text, author="Ann Lee")
    assert read == (text, 0)


@pytest.mark.parametrize(
    "introduction",
    [
        "On Mon, 9 Mar 2026 at 10:12, Tom <tom@x.example> wrote:\n",
        "On Mon, Mar 9, 2026, 10:12 AM Tom of the Friendly Support Team <\ntom@x.example> wrote:\n",
        "Tom <tom@x.example> wrote:\n",
        "Am Mo., 9. März 2026 um 10:12 Uhr schrieb Tom <tom@x.example>:\n",
        "Le lun. 9 mars 2026 à 10:12, Tom <tom@x.example> a écrit :\n",
        "W dniu pon., 9 mar 2026 o 10:12 Tom (tom@x.example) napisał(a):\n",
        "9 Mart 2026 Pzt, 10:12 tarihinde Tom <tom@x.example> şunu yazdı:\n",
        "2026-03-09 10:12 GMT+01:00 Tom <tom@x.example>:\n",
        _OUTLOOK,
        "________________________________\n" + _OUTLOOK,
        "-----Original Message-----\nFrom: Tom\nSent: 9 March 2026 10:12\nSubject: shoes\n\n",
        "From: Tom Becker\nSent: Monday, 9 March 2026 10:12\nTo: Ann Lee\nSubject: RE: shoes\n\n",
        "From: Tom <tom@x.example>\n\nSent: Monday, 9 March 2026 10:12\n\nTo: Ann\n\nSubject: RE: shoes\n\n",
        "From: Tom <tom@x.example>\nSent: Monday, 9 March 2026\n 10:12\nTo: Ann\nSubject: RE: shoes\n\n",
        "*Von:* Tom <tom@x.example>\n*Gesendet:* Montag, 9. März 2026\n*An:* Ann\n*Betreff:* AW: Schuhe\n\n",
        "发件人： Tom <tom@x.example>\n发送时间： 2026年3月9日\n收件人： Ann\n主题： 鞋\n\n",
        "From: Tom <tom@x.example>\nDate: 9 March 2026\nCc: Zoe\nSubject: one\nFrom: again\n",
    ],
)
@pytest.mark.parametrize("mark", ["", "> "])
def test_below_an_introduction_that_mail_programs_write_the_rest_is_quoted(introduction: str, mark: str) -> None:
    quoted = "\n".join(mark + line for line in [_QUESTION, "", "Tom"])
    assert own_words(f"It is 4711.\n\n{introduction}{quoted}").text == "It is 4711."


def test_an_authors_line_that_begins_like_an_attribution_stays_above_one() -> None:
    text = f"On 10.03.2026 I paid.\nOn Mon, 9 Mar 2026 at 10:12, Tom <tom@x.example> wrote:\n> {_QUESTION}"
    assert own_words(text).text == "On 10.03.2026 I paid."


def test_marked_lines_that_the_thread_holds_are_quoted_even_without_an_introduction() -> None:
    text = f"> {_QUESTION}\n\nIt is 4711."
    assert own_words(f"It is 4711.\n\n> {_QUESTION}").text == f"It is 4711.\n\n> {_QUESTION}"
    assert own_words(f"It is 4711.\n\n> {_QUESTION}", earlier=_earlier(_QUESTION)).text == "It is 4711."
    assert own_words(text, earlier=_earlier(_QUESTION)).text == text


def test_marked_lines_that_the_thread_does_not_hold_are_shown_in_brief() -> None:
    newsletter = "\n".join(f"> Twenty percent off everything that is blue, part {n}." for n in range(30))
    text = f"I want this.\n\nOn Mon, 9 Mar 2026 at 10:12, Shop <shop@x.example> wrote:\n{newsletter}"
    read = own_words(text, earlier=EarlierText()).text
    assert read.startswith("I want this.\n\n> Twenty percent")
    assert read.endswith("…")
    assert len(read) < 430
    short = own_words("Yes.\n\nOn Mon, 9 Mar 2026 at 10:12, A <a@x.example> wrote:\n> Blue?\n>", earlier=_earlier())
    assert short.text == "Yes.\n\n> Blue?"
    unbroken = own_words(
        "Look.\n\nOn Mon, 9 Mar 2026 at 10:12, A <a@x.example> wrote:\n> " + "x" * 900, earlier=_earlier()
    )
    assert len(unbroken.text) < 430


def test_a_short_quote_before_an_answer_is_kept_and_a_long_one_by_its_end() -> None:
    head = "On Mon, 9 Mar 2026 at 10:12, Tom <tom@x.example> wrote:\n"
    long = "> It is a long story. " + "It goes on and on. " * 20 + "Which size?\n"
    assert own_words(f"{head}> Which size?\n\n42").text == "> Which size?\n\n42"
    read = own_words(f"{head}{long}\n42").text
    assert read.startswith("> … It goes on")
    assert read.endswith("Which size?\n\n42")
    assert len(read) < 200
    no_sentence = own_words(head + "> " + "word " * 100 + "\n\n42").text
    assert no_sentence.startswith("> … word word")
    assert own_words(head + "> " + "x" * 400 + "\n\n42").text.startswith("> … xxx")
    assert own_words(f"{head}> Best regards\n>\n\n42").text == "42"
    assert own_words(f"{head}>\n>> deeper\n\n42").text == "42"


@pytest.mark.parametrize("mark", ["", "> "])
def test_a_forwarded_mail_is_kept_for_it_is_what_the_author_writes_about(mark: str) -> None:
    below = "On Sun, 8 Mar 2026 at 9:00, Z <z@x.example> wrote:\nold"
    forwarded = f"---------- Forwarded message ---------\n{_OUTLOOK}{_QUESTION}\n\n{below}"
    text = "\n".join(mark + line for line in forwarded.split("\n"))
    for own in ("", "What is this?\n\n"):
        read = own_words(own + text).text
        assert _QUESTION in read
        assert "Subject: RE: shoes" in read
        assert "old" not in read.split("\n")
    marked = "\n".join(f"> {line}" for line in f"{_OUTLOOK}{_QUESTION}".split("\n"))
    assert _QUESTION in own_words(f"See:\n\nBegin forwarded message:\n\n{marked}").text


@pytest.mark.parametrize(
    "hint", ["Please see my answers below.", "Antworten in rot.", "réponses en bleu", "回答は以下に"]
)
def test_a_mail_that_says_where_its_answers_stand_keeps_the_newest_mail_below(hint: str) -> None:
    text = f"{hint}\n\n{_OUTLOOK}{_QUESTION}\nIt is 4711.\n\n{_OUTLOOK}an older one"
    read = own_words(text).text
    assert "It is 4711." in read
    assert "an older one" not in read


def test_below_a_header_block_marked_lines_are_an_older_mails() -> None:
    text = f"see below\n\n{_OUTLOOK}new\n> old\n>\nnewer"
    assert own_words(text).text.endswith("new\nnewer")
    assert own_words(f"see below\n\n{_OUTLOOK}").text.endswith("Subject: RE: shoes")


def test_a_text_that_changes_between_marked_and_own_lines_hundreds_of_times_is_no_mail() -> None:
    text = "On Mon, 9 Mar 2026 at 10:12, Tom <tom@x.example> wrote:\n" + "> a\nb\n" * 400
    assert own_words(text).left_out == 0


def test_characters_left_out_are_counted_without_blanks_and_marks() -> None:
    assert own_words("Hi.\n\nBest regards,\nAnn Lee", author="Ann Lee").left_out == len("Bestregards,AnnLee")
    assert own_words("See:\n\nBegin forwarded message:\n\n> " + _OUTLOOK.replace("\n", "\n> ") + "x").left_out == 0


def test_earlier_text_knows_what_it_holds() -> None:
    earlier = _earlier("Hello *Ann*,\nplease try it once more tomorrow, and tell us what it says.")
    assert earlier.has(["> please try it once", "more tomorrow, and tell us what it says."])
    assert earlier.has(["Hello Ann"])
    assert not earlier.has(["something else altogether, which nobody has said so far"])
    assert not earlier.has(["", "---"])
    assert not EarlierText().has(["anything"])
