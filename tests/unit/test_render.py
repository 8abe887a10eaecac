"""Answers as compact text, complete or saying what is missing."""

from __future__ import annotations

import json

import pytest

from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.render import (
    MAX_BYTES,
    MAX_TOKENS,
    VALUE_LENGTH,
    compact,
    compose,
    name_of,
    names_of,
    number_of,
    priority_of,
    selected_object,
    selected_rows,
    without_nulls,
)
from unthread_mcp.tokens import estimate_tokens
from unthread_mcp.untrusted import Fence


def test_an_answer_is_its_head_its_rows_and_its_tail() -> None:
    assert compose(["head", ""], ["a", "b"], ["", "tail"]) == "head\na\nb\ntail"
    assert compose(["head"], [], []) == "head"
    assert compose([], ["a"], []) == "a"


def test_only_the_rows_stand_in_the_fence() -> None:
    text = compose(["head"], ["a", "b"], ["tail"], fence=Fence("123456789"))
    assert text.splitlines()[0] == "head"
    assert text.splitlines()[2:4] == ["a", "b"]
    assert text.splitlines()[1].startswith("<<quoted text")
    assert text.splitlines()[-1] == "tail"
    assert "<<" not in compose(["head"], [], ["tail"], fence=Fence())


def test_rows_that_do_not_fit_are_left_out_and_counted() -> None:
    rows = [f"{number} " + "ä" * 1_000 for number in range(60)]
    text = compose(["head"], rows, ["more: cursor=x"], fence=Fence())
    assert len(text.encode()) <= MAX_BYTES
    kept = sum(line[:2].strip().isdigit() for line in text.splitlines())
    assert f"[{60 - kept} of 60 rows did not fit. Ask for fewer, or for fewer fields.]" in text
    assert text.endswith("more: cursor=x")
    assert 20 <= kept < 60


@pytest.mark.parametrize("row", ["x" * 100_000, "ä🙂" * 30_000, "7f3a9c02-" * 9_000, "word " * 12_000])
def test_a_row_too_long_for_an_answer_is_cut_and_says_so(row: str) -> None:
    for fence in (None, Fence()):
        text = compose(["head"], ["short", row, "last"], ["tail"], fence=fence)
        assert len(text.encode()) <= MAX_BYTES
        assert estimate_tokens(text) <= MAX_TOKENS
        shown = max(text.splitlines(), key=len)
        assert row.startswith(shown)
        assert len(shown) > 5_000
        assert f"[Cut here: {len(row) - len(shown):,} of {len(row):,} characters are missing." in text
        assert "[1 of 3 rows did not fit." in text
        assert "short\n" in text


def test_a_long_head_leaves_no_room_and_that_is_said() -> None:
    text = compose(["h" * (MAX_BYTES - 300)], ["row"], [])
    assert "[1 of 1 rows did not fit." in text
    assert len(text.encode()) <= MAX_BYTES


def test_text_of_dear_tokens_is_cut_earlier_than_bytes_alone_would() -> None:
    rows = ["0476bfd0-0c3f-4dfb-b462-d75a4a6908e1"] * 1_200
    text = compose([], rows, [])
    assert estimate_tokens(text) <= MAX_TOKENS
    assert "rows did not fit" in text


@pytest.mark.parametrize(
    ("row", "handle"),
    [
        ({"friendlyId": 1234, "id": "c-1"}, "#1234"),
        ({"friendlyId": "1234", "id": "c-1"}, "#1234"),
        ({"friendlyId": None, "id": "c-1"}, "c-1"),
        ({"friendlyId": True, "id": "c-1"}, "c-1"),
        ({"friendlyId": "²", "id": "c-1"}, "c-1"),
        ({"friendlyId": "٣", "id": "c-1"}, "c-1"),
        ({"friendlyId": 1.5, "id": "c-1"}, "c-1"),
        ({"id": "c-1\n#7 · closed"}, "c-1 #7 - closed"),
        ({"id": 7}, "?"),
        ({}, "?"),
    ],
)
def test_a_conversation_goes_by_its_number_or_its_id(row: JsonObject, handle: str) -> None:
    assert number_of(row) == handle


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (3, "low"),
        (5, "medium"),
        ("7", "high"),
        (9, "critical"),
        (9.0, "critical"),
        (7.5, "7.5"),
        (4, "4"),
        ("4", "4"),
        (None, "-"),
        (True, "-"),
        ("", "-"),
        ("²", "²"),
        ("urgent\n#1", "urgent #1"),
        ([], "-"),
    ],
)
def test_a_priority_is_a_word_and_an_unknown_one_is_shown(value: JsonValue, word: str) -> None:
    assert priority_of(value) == word


def test_names_are_short_lines() -> None:
    assert name_of({"name": " Acme\nInc "}) == "Acme Inc"
    assert name_of({"customer": {"name": "x" * 99}}, "customer.name") == "x" * 39 + "…"
    nameless: list[JsonValue] = [{}, {"name": None}, {"name": " \n"}, {"name": 7}, {"name": "\u200b\x00"}, None]
    for value in nameless:
        assert name_of(value) == "-"


def test_names_through_an_array_are_separated_by_commas() -> None:
    assert (
        names_of({"tags": [{"name": "Bug"}, {"name": "Bil\nling"}, {"name": 7}, {"name": " "}]}, "tags.name")
        == "Bug, Bil ling"
    )
    assert names_of({"emailDomains": ["a.com", "b.com"]}, "emailDomains") == "a.com, b.com"
    nameless: list[JsonValue] = [{}, {"tags": []}, {"tags": [{}]}, {"tags": "Bug"}, {"tags": [{"name": ""}]}]
    for value in nameless:
        assert names_of(value, "tags.name") == "-"


def test_json_is_on_one_line_and_without_nulls() -> None:
    assert compact({"a": None, "b": [None, {"c": None, "d": "ä\n"}]}) == '{"b":[null,{"d":"ä\\n"}]}'
    assert without_nulls([{"a": None}, 1, "x"]) == [{}, 1, "x"]


def test_selected_rows_have_the_selected_columns_in_their_order() -> None:
    rows: list[JsonObject] = [{"id": "1", "tags": [{"name": "Bug"}], "title": None}, {"id": "2"}]
    legend, lines = selected_rows(rows, ["tags.name", "title", "id"])
    assert legend == "columns tags.name, title, id, one JSON array a row:"
    assert [json.loads(line) for line in lines] == [[["Bug"], None, "1"], [None, None, "2"]]


def test_everything_selected_is_one_object_a_row() -> None:
    rows: list[JsonObject] = [{"id": "1", "title": None}]
    assert selected_rows(rows, ["*"]) == ("one JSON object a row:", ['{"id":"1"}'])


def test_long_values_are_cut_and_say_by_how_much() -> None:
    rows: list[JsonObject] = [{"a": {"b": ["x" * (VALUE_LENGTH + 1_500)]}}]
    for select in (["a"], ["*"], ["a.b"]):
        (line,) = selected_rows(rows, select)[1]
        assert "x… [1,500 characters more]" in line
        assert len(line) < VALUE_LENGTH + 60


def test_one_object_with_chosen_fields_stands_in_a_fence_and_within_the_size_of_an_answer() -> None:
    answer = selected_object({"id": "a-1", "content": "x", "url": None}, ["content", "url"])
    assert answer.text.splitlines()[1] == '{"content":"x"}'
    assert answer.text.startswith("<<quoted text")
    assert answer.data == {"content": "x", "url": None}
    long = selected_object({"content": "word " * 40_000}, ["*"]).text
    assert len(long.encode()) <= MAX_BYTES
    assert "[Cut here: " in long
