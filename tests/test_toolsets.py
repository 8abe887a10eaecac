"""Toolsets: which tools are shown for which wishes and access levels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unthread_mcp.access import Level, ToolDeclaration, changes, reads, sends, tool_of
from unthread_mcp.toolsets import choose, parse_toolsets, unknown_names


@reads("Look")
async def look() -> None: ...


@reads("Look closer", shown=False)
async def look_closer() -> None: ...


@changes("Tidy", level="triage")
async def tidy() -> None: ...


@sends("Write")
async def write() -> None: ...


def _declared(function: object, toolset: str) -> ToolDeclaration:
    tool = tool_of(function)
    assert tool is not None
    return replace(tool, toolset=toolset)


@changes("Paint", level="triage", needs="A_BRUSH")
async def paint() -> None: ...


TOOLS = [
    _declared(look, "seeing"),
    _declared(look_closer, "seeing"),
    _declared(tidy, "doing"),
    _declared(write, "doing"),
]


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("default", ["look", "tidy", "write"]),
        ("all", ["look", "look_closer", "tidy", "write"]),
        ("seeing", ["look", "look_closer"]),
        ("write,look", ["look", "write"]),
        ("default,look_closer", ["look", "look_closer", "tidy", "write"]),
        ("-tidy", ["look", "write"]),
        ("all,-doing", ["look", "look_closer"]),
        ("default,-default", []),
        ("tidy,-doing", []),
    ],
)
def test_tools_are_shown_as_wished_in_their_declared_order(wanted: str, shown: list[str]) -> None:
    assert [tool.name for tool in choose(parse_toolsets(wanted), "admin", TOOLS)] == shown


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("read", ["look", "look_closer"]),
        ("triage", ["look", "look_closer", "tidy"]),
        ("reply", ["look", "look_closer", "tidy", "write"]),
        ("admin", ["look", "look_closer", "tidy", "write"]),
    ],
)
def test_no_wish_shows_a_tool_above_the_access_level(level: Level, shown: list[str]) -> None:
    assert [tool.name for tool in choose({"all", "write", "tidy"}, level, TOOLS)] == shown


def test_a_name_that_means_nothing_is_found_with_its_sign() -> None:
    wanted = parse_toolsets("default, seeing ,TIDY,-write,-nobody,what")
    assert unknown_names(wanted, TOOLS) == ["-nobody", "what"]


def test_a_list_without_names_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^is empty\. Use default, all, or names"):
        parse_toolsets(" , ")


def test_a_tool_that_needs_an_option_is_shown_where_it_is_set() -> None:
    tools = [*TOOLS, _declared(paint, "doing")]
    for wanted in ({"all"}, {"default"}, {"paint"}):
        assert "paint" not in [tool.name for tool in choose(wanted, "admin", tools)]
        assert "paint" in [tool.name for tool in choose(wanted, "admin", tools, {"A_BRUSH"})]
    assert [tool.name for tool in choose({"paint"}, "read", tools, {"A_BRUSH"})] == []
