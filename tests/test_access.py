"""Access levels and effects: what a decorator says of a tool."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from unthread_mcp.access import LEVELS, Level, changes, creates, deletes, permits, reads, sends, tool_of

Tool = Callable[[], Awaitable[None]]


async def plain() -> None: ...


def test_a_decorator_leaves_the_function_as_it_is() -> None:
    async def look() -> None: ...

    assert reads("Look")(look) is look


def test_a_function_without_a_decorator_is_no_tool() -> None:
    assert tool_of(plain) is None


@pytest.mark.parametrize(
    ("decorate", "level", "shown", "read_only", "destructive", "idempotent"),
    [
        (reads("Tool"), "read", True, True, False, True),
        (changes("Tool", level="triage"), "triage", True, False, True, True),
        (creates("Tool", level="reply"), "reply", True, False, False, False),
        (deletes("Tool"), "admin", False, False, True, True),
        (sends("Tool"), "reply", True, False, True, False),
    ],
)
def test_an_effect_says_the_annotations_and_the_usual_level(
    decorate: Callable[[Tool], Tool], level: Level, shown: bool, read_only: bool, destructive: bool, idempotent: bool
) -> None:
    async def tool() -> None: ...

    declaration = tool_of(decorate(tool))
    assert declaration is not None
    assert (declaration.name, declaration.title, declaration.level, declaration.shown) == ("tool", "Tool", level, shown)
    assert declaration.hints == {
        "read_only_hint": read_only,
        "destructive_hint": destructive,
        "idempotent_hint": idempotent,
        "open_world_hint": True,
    }


def test_each_level_includes_those_before_it_and_no_other() -> None:
    for granted in LEVELS:
        assert [permits(granted, needed) for needed in LEVELS] == [
            LEVELS.index(needed) <= LEVELS.index(granted) for needed in LEVELS
        ]
    assert LEVELS == ("read", "triage", "reply", "admin")
