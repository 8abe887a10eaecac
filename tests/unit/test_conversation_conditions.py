"""Conditions of the caller's own, before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from workspace_stubs import StubClient, workspace_on

from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.arguments import Condition
from unthread_mcp.conversation_conditions import as_compared

pytestmark = pytest.mark.anyio


async def sent(where: Sequence[Condition] | None) -> list[JsonObject]:
    client = StubClient()
    found, _ = await as_compared(workspace_on(client), where)
    assert client.asked == []
    return found


@pytest.mark.parametrize(("said", "numbers"), [(4, 4), ("medium", 5), ("7.0", 7), (6.5, 6.5), (" HIGH ", 7), ("9", 9)])
async def test_a_priority_between_two_is_good_to_compare_with(said: str | float, numbers: float) -> None:
    (condition,) = await sent([Condition("priority", ">", said)])
    assert condition["value"] == numbers


@pytest.mark.parametrize("said", ["nan", "inf", "", "urgent", "1e999"])
async def test_what_is_no_number_is_no_priority(said: str) -> None:
    with pytest.raises(InvalidArgument, match="compares priority with"):
        await sent([Condition("priority", "<", said)])


async def test_conditions_of_the_callers_own_are_checked() -> None:
    given = [
        Condition("priority", ">", 5),
        Condition("customer.name", "in", ["a", "b"]),
        Condition("metadata.plan", "==", "pro"),
        Condition("ticketTypeFields.x", "like", "%a%"),
    ]
    assert await sent(given) == [
        {"field": "priority", "operator": ">", "value": 5},
        {"field": "customer.name", "operator": "in", "value": ["a", "b"]},
        {"field": "metadata.plan", "operator": "==", "value": "pro"},
        {"field": "ticketTypeFields.x", "operator": "like", "value": "%a%"},
    ]
    assert await sent(None) == []


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Condition("tags", "==", "x"), r"'tags', which no conversation has\. Did you mean tags\."),
        (Condition("qqqqqqq", "==", "x"), r"Read unthread://fields/conversation"),
        (Condition("\x00" * 99, "==", "x"), r"Read unthread://fields/conversation"),
        (Condition("status", "in", "open"), r"The operator in takes a list\. Correct the value in where\."),
        (
            Condition("status", "==", ["open"]),
            r"The operator == takes one value, no list\. Use in or notIn for a list\.",
        ),
    ],
)
async def test_wrong_conditions_are_refused(condition: Condition, said: str) -> None:
    with pytest.raises(InvalidArgument, match=said) as refusal:
        await sent([condition])
    assert len(str(refusal.value)) < 400
