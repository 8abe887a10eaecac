"""`unthread-mcp tools`: the tools as a person and as a program reads them."""

from __future__ import annotations

import json

import pytest

from unthread_mcp.access import ToolDeclaration, reads, tool_of
from unthread_mcp.settings import read_settings
from unthread_mcp.tools import TOOLS
from unthread_mcp.tools_table import first_sentence, markdown_table, print_tools


@reads("Look")
async def look() -> None:
    """Look at
    something. Then go on.
    """


@reads("Listen", shown=False)
async def listen() -> None:
    """Listen."""


def _declared(function: object) -> ToolDeclaration:
    tool = tool_of(function)
    assert tool is not None
    return tool


def test_the_first_sentence_of_a_tool_is_said_without_its_full_stop() -> None:
    assert first_sentence(_declared(look)) == "Look at something"
    assert first_sentence(_declared(listen)) == "Listen"


def test_the_markdown_table_has_a_star_for_tools_that_are_shown_by_default() -> None:
    assert markdown_table([_declared(look), _declared(listen)]).splitlines()[2:] == [
        "| ★ `look` |  | read | Look at something |",
        "| `listen` |  | read | Listen |",
    ]


def test_the_markdown_table_has_a_row_for_every_tool() -> None:
    head, rule, *rows = markdown_table(TOOLS).splitlines()
    assert head == "| tool | toolset | level | what it does |"
    assert rule == "| --- | --- | --- | --- |"
    for tool, row in zip(TOOLS, rows, strict=True):
        assert f"`{tool.name}` | {tool.toolset} | {tool.level} | " in row
        assert row.count(" | ") == 3


def test_the_printed_tools_are_those_that_the_settings_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_tools(read_settings({"UNTHREAD_ACCESS": "read", "UNTHREAD_TOOLSETS": "workspace"}), as_json=False) == 0
    *rows, summary = capsys.readouterr().out.splitlines()
    assert [row.split()[:3] for row in rows] == [
        [tool.name, tool.level, tool.toolset] for tool in TOOLS if tool.toolset == "workspace" and tool.level == "read"
    ]
    assert summary == f"{len(rows)} of {len(TOOLS)} tools, at access level read."


def test_no_tools_are_printed_as_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_tools(read_settings({"UNTHREAD_TOOLSETS": "default,-all"}), as_json=False) == 0
    assert capsys.readouterr().out == f"0 of {len(TOOLS)} tools, at access level reply.\n"


def test_as_json_the_tools_are_what_clients_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_tools(read_settings({"UNTHREAD_TOOLSETS": "list_tags"}), as_json=True) == 0
    (tool,) = json.loads(capsys.readouterr().out)
    assert tool["name"] == "list_tags"
    assert tool["annotations"]["readOnlyHint"] is True
    assert tool["inputSchema"]["additionalProperties"] is False
    assert "outputSchema" not in tool
