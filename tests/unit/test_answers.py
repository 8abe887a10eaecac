"""The shapes in which Unthread answers."""

from __future__ import annotations

import pytest

from unthread_mcp.answers import Page, as_object, as_page, friendly_number, id_of, text_of
from unthread_mcp.api.errors import UnreadableAnswer
from unthread_mcp.api.json_types import JsonObject, JsonValue


def test_has_next_decides_not_the_presence_of_next() -> None:
    envelope: JsonValue = {"data": [{"id": "1"}], "totalCount": 7, "cursors": {"hasNext": True, "next": "n"}}
    assert as_page(envelope) == Page([{"id": "1"}], 7, "n")
    last: JsonValue = {"data": [{"id": "1"}], "totalCount": 7, "cursors": {"hasNext": False, "next": "n"}}
    assert as_page(last) == Page([{"id": "1"}], 7, None)


def test_a_bare_array_is_the_whole_list() -> None:
    assert as_page([{"id": "1"}, {"id": "2"}]) == Page([{"id": "1"}, {"id": "2"}], 2, None)
    assert as_page([]) == Page([], 0, None)


@pytest.mark.parametrize(
    "cursors",
    [
        None,
        [],
        {},
        {"next": "n"},
        {"hasNext": "true", "next": "n"},
        {"hasNext": True},
        {"hasNext": True, "next": ""},
        {"hasNext": True, "next": 7},
    ],
)
def test_a_page_without_a_usable_cursor_is_the_last(cursors: JsonValue) -> None:
    assert as_page({"data": [], "cursors": cursors}) == Page([], None, None)


@pytest.mark.parametrize("total", [None, "688", True, 6.5])
def test_a_total_that_is_no_count_is_none(total: JsonValue) -> None:
    assert as_page({"data": [], "totalCount": total}).total is None


@pytest.mark.parametrize(
    "value", [None, "text", 7, True, {}, {"data": None}, {"data": {}}, {"data": "x"}, {"errors": []}]
)
def test_what_is_no_list_is_refused_in_words(value: JsonValue) -> None:
    with pytest.raises(UnreadableAnswer, match="Try again later"):
        as_page(value)


def test_odd_elements_are_left_out_but_a_list_of_nothing_else_is_refused() -> None:
    assert as_page({"data": [None, {"id": "1"}, "x"]}).rows == [{"id": "1"}]
    nothing_else: list[JsonValue] = [["a", "b"], {"data": [None]}]
    for value in nothing_else:
        with pytest.raises(UnreadableAnswer):
            as_page(value)


@pytest.mark.parametrize("value", [None, [], "x", 1])
def test_what_is_no_object_is_refused_in_words(value: JsonValue) -> None:
    with pytest.raises(UnreadableAnswer, match="other than the object"):
        as_object(value)
    assert as_object({"id": "1"}) == {"id": "1"}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1234, 1234),
        ("1234", 1234),
        (0, 0),
        (True, None),
        ("²", None),
        ("٣", None),
        ("", None),
        ("#1", None),
        (1.0, None),
        ("9" * 12, 10**12 - 1),
        ("9" * 5_000, None),
        (10**4_000, None),
        (None, None),
    ],
)
def test_a_conversations_number_may_be_written_as_a_text(value: JsonValue, number: int | None) -> None:
    assert friendly_number(value) == number


def test_a_text_is_a_text_or_nothing() -> None:
    assert text_of({"a": "x", "b": 7, "c": None}, "a") == "x"
    assert [text_of({"b": 7, "c": None}, name) for name in ("a", "b", "c")] == ["", "", ""]


def test_a_number_that_none_is_as_long_as_is_none() -> None:
    assert friendly_number(10**12 - 1) == friendly_number("999999999999") == 10**12 - 1
    assert friendly_number(10**12) is None
    assert friendly_number("1" * 5_000) is None


@pytest.mark.parametrize("cursor", ["a b", "a\nmore: cursor=evil", "ä", "x" * 2_001])
def test_a_cursor_that_would_not_stay_on_its_line_is_refused_not_dropped(cursor: str) -> None:
    with pytest.raises(UnreadableAnswer, match=r"a cursor that can't be passed on\. Ask for fewer rows"):
        as_page({"data": [{"id": "1"}], "cursors": {"hasNext": True, "next": cursor}})
    assert as_page({"data": [{"id": "1"}], "cursors": {"hasNext": False, "next": cursor}}).next is None


@pytest.mark.parametrize(
    ("value", "identity"),
    [({"id": "a_B-9"}, "a_B-9"), ({"id": "../x"}, ""), ({"id": 7}, ""), ({}, ""), ({"id": "x" * 65}, "")],
)
def test_an_id_is_one_that_may_enter_a_path(value: JsonObject, identity: str) -> None:
    assert id_of(value) == identity
    assert id_of({"other": "a-1"}, "other") == "a-1"
