"""The tools, one module per domain, in the order in which they are listed."""

from __future__ import annotations

from types import ModuleType
from typing import Final

from unthread_mcp.access import ToolDeclaration, tool_of
from unthread_mcp.tools import people, workspace


def _declared(module: ModuleType) -> list[ToolDeclaration]:
    found = (tool_of(value) for value in vars(module).values())
    return [tool for tool in found if tool and tool.function.__module__ == module.__name__]


TOOLS: Final = tuple(tool for module in (people, workspace) for tool in _declared(module))
"""Every tool there is."""
