"""The tools as a table, for `unthread-mcp tools` and the README, which shows what this makes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from unthread_mcp.access import ToolDeclaration
from unthread_mcp.server import build_server
from unthread_mcp.settings import Settings
from unthread_mcp.tools import TOOLS
from unthread_mcp.toolsets import choose


def first_sentence(tool: ToolDeclaration) -> str:
    """What a tool is for."""
    text = " ".join((tool.function.__doc__ or "").split())
    return text.partition(". ")[0].rstrip(".")


def markdown_table(tools: Sequence[ToolDeclaration]) -> str:
    """The tools as a Markdown table, those shown by default with a star."""
    rows = [
        f"| {'★ ' if tool.shown else ''}`{tool.name}` | {tool.toolset} | {tool.level} | {first_sentence(tool)} |"
        for tool in tools
    ]
    return "\n".join(["| tool | toolset | level | what it does |", "| --- | --- | --- | --- |", *rows])


def print_tools(settings: Settings, *, as_json: bool) -> int:
    """Print the tools that these settings show. Returns the exit status."""
    shown = choose(settings.toolsets, settings.access, TOOLS, settings.options)
    if as_json:
        import anyio  # noqa: PLC0415 - the table needs no event loop

        listed = anyio.run(build_server(settings).list_tools)
        print(
            json.dumps(
                [tool.model_dump(by_alias=True, exclude_none=True) for tool in listed], ensure_ascii=False, indent=1
            )
        )
        return 0
    name_width = max((len(tool.name) for tool in shown), default=0)
    toolset_width = max((len(tool.toolset) for tool in shown), default=0)
    for tool in shown:
        print(f"{tool.name:<{name_width}}  {tool.level:<6}  {tool.toolset:<{toolset_width}}  {first_sentence(tool)}")
    print(f"{len(shown)} of {len(TOOLS)} tools, at access level {settings.access}.")
    return 0
