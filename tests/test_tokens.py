"""The estimate stays near the true count, and above it: on texts that were counted with o200k's own ranks."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unthread_mcp.tokens import estimate_tokens

_COUNTED: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("token_counts.toml").read_text("utf-8"))["text"]


@pytest.mark.parametrize("counted", _COUNTED, ids=lambda counted: counted["about"])
def test_an_estimate_is_at_most_three_percent_below_the_truth_and_twenty_above(counted: dict[str, Any]) -> None:
    ratio = estimate_tokens(counted["words"]) / counted["tokens"]
    assert 0.97 <= ratio <= 1.20


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("a", 1),
        (" ", 1),
        ("\n\n", 1),
        ("1234567", 3),
        ("Hello, world!", 4),
        ("don't", 2),
        ("----------", 2),
        ("#1234", 3),
        ("|---|---:|---:|---:|", 12),
        ("ქართული", 14),
        ("ΑΘΗΝΑ", 3),
        ("\u00aa", 1),
    ],
)
def test_short_texts_and_rare_scripts_are_counted_within_a_token_or_two(text: str, tokens: int) -> None:
    assert abs(estimate_tokens(text) - tokens) <= 2


def test_ids_cost_more_than_words_of_their_length() -> None:
    assert estimate_tokens("xq7Zk2vB9dWp") > 2 * estimate_tokens("conversation")


@given(st.text(), st.text())
@settings(deadline=None)
def test_any_text_has_an_estimate_and_more_text_costs_about_more(text: str, more: str) -> None:
    whole, part = estimate_tokens(text + more), estimate_tokens(text)
    assert whole >= 0
    # A word that is cut in two can cost a little more than the whole.
    assert whole >= 0.5 * part - 3
