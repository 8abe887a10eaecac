"""The arguments that tools share."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from unthread_mcp.arguments import IN_CONTENT, IN_MESSAGE, PRIORITY_NUMBERS, Condition, Id, Priority, Words


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (3, "low"),
        ("5", "medium"),
        (7, "high"),
        (9.0, "critical"),
        ("High", "high"),
        (" LOW ", "low"),
        ("critical", "critical"),
    ],
)
def test_a_priority_is_its_number_or_its_word(value: Any, word: str) -> None:
    assert TypeAdapter[str](Priority).validate_python(value) == word


@pytest.mark.parametrize("value", [4, "urgent", True, None, [], "7.5", 3.5, ""])
def test_what_is_no_priority_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[str](Priority).validate_python(value)


def test_words_and_numbers_of_priorities_belong_together() -> None:
    for word, number in PRIORITY_NUMBERS.items():
        assert TypeAdapter[str](Priority).validate_python(number) == word


@pytest.mark.parametrize("value", ["text", 7, 7.5, ["a", "b"], []])
def test_a_condition_compares_with_a_text_a_number_or_a_list_of_texts(value: Any) -> None:
    condition = TypeAdapter(Condition).validate_python({"field": "a", "operator": "==", "value": value})
    assert condition == Condition("a", "==", value)


def test_a_condition_compares_with_true_and_false_as_texts() -> None:
    assert TypeAdapter(Condition).validate_python({"field": "a", "operator": "==", "value": True}).value == "true"


def test_a_condition_can_not_ask_for_null() -> None:
    with pytest.raises(ValidationError, match="can't ask for null; assignee=unassigned finds those of nobody"):
        TypeAdapter(Condition).validate_python({"field": "a", "operator": "==", "value": None})


@pytest.mark.parametrize("value", [{}, [None], [["a"]], [True]])
def test_a_condition_compares_with_nothing_else(value: Any) -> None:
    with pytest.raises(ValidationError, match="a text, a number or a list of texts"):
        TypeAdapter(Condition).validate_python({"field": "a", "operator": "==", "value": value})


@pytest.mark.parametrize("value", ["..", "a/b", "", "x" * 65, "a b", "ä", "a\n"])
def test_what_may_not_enter_a_path_is_no_id(value: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[str](Id).validate_python(value)


@pytest.mark.parametrize("mark", ["", IN_MESSAGE, IN_CONTENT])
def test_the_mark_of_a_search_that_went_on_takes_no_room_from_its_words(mark: str) -> None:
    assert TypeAdapter[str](Words).validate_python(mark + "x" * 200) == mark + "x" * 200
    with pytest.raises(ValidationError, match="it should have at most 200 characters"):
        TypeAdapter[str](Words).validate_python(mark + "x" * 201)
