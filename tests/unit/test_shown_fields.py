"""Whether a ticket type's field shows beside other values, as far as that can be told."""

from __future__ import annotations

import pytest

from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.field_conditions import shows


def comparison(operator: str, value: JsonValue, field: str = "areas") -> JsonObject:
    return {"leftValueFrom": f"conversation.ticketTypeFields['{field}']", "operator": operator, "rightValue": value}


def conditioned(**simple: JsonValue) -> JsonObject:
    return {"id": "browser", "conditions": {"type": "simple", "simple": {**simple}}}


VALUES: JsonObject = {"areas": '["API", "Alerts"]', "severity": "Minor", "empty": "", "odd": "[not JSON"}


@pytest.mark.parametrize(
    ("operator", "value", "field", "expected"),
    [
        ("contains", "API", "areas", True),
        ("contains", "Exports", "areas", False),
        ("notContains", "Exports", "areas", True),
        ("equals", "Minor", "severity", True),
        ("equals", "Major", "severity", False),
        ("notEquals", "Major", "severity", True),
        ("equals", "Major", "empty", False),
        ("equals", "Major", "missing", False),
        ("equals", "[not JSON", "odd", True),
        ("equals", "API", "areas", None),
        ("greaterThan", "3", "severity", None),
        ("equals", 3, "severity", None),
    ],
)
def test_one_comparison_is_told_where_it_is_plain(
    operator: str, value: JsonValue, field: str, expected: bool | None
) -> None:
    assert shows(conditioned(**comparison(operator, value, field)), VALUES) is expected


YES, NO, OPEN = comparison("contains", "API"), comparison("contains", "Exports"), comparison("lessThan", "1")


@pytest.mark.parametrize(
    ("joint", "comparisons", "expected"),
    [
        ("and", [YES, YES], True),
        ("and", [YES, NO], False),
        ("and", [NO, OPEN], False),
        ("and", [YES, OPEN], None),
        ("or", [NO, YES], True),
        ("or", [NO, NO], False),
        ("or", [YES, OPEN], True),
        ("or", [NO, OPEN], None),
    ],
)
def test_several_are_joined(joint: str, comparisons: list[JsonValue], expected: bool | None) -> None:
    assert shows(conditioned(**{joint: comparisons}), VALUES) is expected


def test_without_conditions_it_shows_and_of_others_nothing_is_told() -> None:
    assert shows({"id": "browser"}, VALUES) is True
    assert shows({"id": "browser", "conditions": {"type": "complex"}}, VALUES) is None
