"""Greetings above a mail's words go; whatever says more than a greeting stays."""

from __future__ import annotations

import pytest

from unthread_mcp.transcript.quoted_mail import own_words

_WORDS = "The export stops at row 500,000."


@pytest.mark.parametrize(
    "greeting",
    [
        "Hi,",
        "Hello",
        "Hi team,",
        "Dear support team,",
        "Hi Anna,",
        "Dear Ms. O'Neill-Krause,",
        "Dear Sir or Madam,",
        "Hallo zusammen,",
        "Sehr geehrte Damen und Herren,",
        "Sehr geehrte Frau Dr. Koch,",
        "Bonjour Claire,",
        "Chère Élodie,",
        "Hola equipo,",
        "Cześć Łukasz,",
        "Здравствуйте, коллеги,",
        "Здравствуйте Анна,",
        "您好，",
    ],
)
def test_a_greeting_on_a_line_of_its_own_goes(greeting: str) -> None:
    read = own_words(f"{greeting}\n\n{_WORDS}")
    assert read.text == _WORDS
    assert read.left_out == len("".join(greeting.split()))


@pytest.mark.parametrize(
    "line",
    [
        "Hi, it broke",
        "Hello World",
        "Hello everybody!",
        "Hi Anna, Tom,",
        "Dear Anna Maria von Krause,",
        "Hi order 4711,",
        "Hello from the warehouse,",
        "Dear customers of ours,",
        "Guten Tag, Rechnung:",
        "Hi Anna, thanks for the quick answer,",
        "Hello " + "A" * 70 + ",",
    ],
)
def test_a_first_line_that_may_say_more_stays(line: str) -> None:
    assert own_words(f"{line}\n\n{_WORDS}").text == f"{line}\n\n{_WORDS}"


def test_a_greeting_stays_where_nothing_else_was_written() -> None:
    assert own_words("Hello,\n").text == "Hello,"
    assert own_words("Hello,\n\nBest regards,\nAnna", author="Anna").text == "Hello,"


def test_a_greeting_below_quoted_lines_goes_too() -> None:
    quoted = "On Mon, 9 Mar 2026 at 10:12, Tom <tom@x.example> wrote:\n> Which one?\n\nHi Tom,\n\nThe blue one."
    assert own_words(quoted).text == "> Which one?\n\nThe blue one."
