"""Refusals that suggest what was meant."""

from __future__ import annotations

import pytest

from unthread_mcp.nearest import did_you_mean, nearest

KNOWN = ("customer.name", "friendlyId", "createdAt", "updatedAt", "status")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("friendly_id", "friendlyId"),
        ("created-at", "createdAt"),
        ("customer", "customer.name"),
        ("CREATED AT", "createdAt"),
        ("statsu", "status"),
    ],
)
def test_spelling_and_style_of_writing_do_not_matter(word: str, meant: str) -> None:
    assert nearest(word, KNOWN) == [meant]
    assert did_you_mean(word, KNOWN) == f"Did you mean {meant}?"


@pytest.mark.parametrize("word", ["", "xyz", "q" * 100_000, "\x00", "日本"])
def test_nothing_is_suggested_where_nothing_is_near(word: str) -> None:
    assert nearest(word, KNOWN) == []
    assert did_you_mean(word, KNOWN) == ""
    assert did_you_mean(word, []) == ""


def test_letters_of_every_alphabet_count() -> None:
    labels = ["中国1", "日本1", "Größe", "Срочность"]
    assert did_you_mean("日本 1", labels) == "Did you mean 日本1?"
    assert did_you_mean("GRÖSSE", labels) == "Did you mean Größe?"
    assert did_you_mean("срочност", labels) == "Did you mean Срочность?"


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("query", ["question", "user"], "question"),
        ("query", ["user"], ""),
        ("sort", ["order_by", "status"], "order_by"),
        ("close_conversation", ["get_conversation", "update_conversation"], "update_conversation"),
        ("close_conversation", ["get_conversation", "list_messages"], ""),
        ("tags", ["tag", "tags.name"], "tag"),
        ("Tags", ["tags.id", "tags.name"], "tags.name"),
        ("assigned_to_user_id", ["assignedToUser.id", "assignedToUserId"], "assignedToUserId"),
        ("acc", ["access"], "access"),
        ("ac", ["access"], ""),
    ],
)
def test_what_others_call_it_is_meant_before_what_is_spelled_nearly_so(word: str, known: list[str], meant: str) -> None:
    assert did_you_mean(word, known) == (f"Did you mean {meant}?" if meant else "")
    assert did_you_mean(word, reversed(known)) == (f"Did you mean {meant}?" if meant else "")


def test_several_come_nearest_first() -> None:
    assert nearest("createdat", ["updatedAt", "createdAt"], most=2) == ["createdAt", "updatedAt"]
