"""The tools, one module per domain, in the order in which they are listed."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Final

from unthread_mcp.access import ToolDeclaration, tool_of
from unthread_mcp.tools import conversations, knowledge_base, messages, people, reporting, tags, ticket_types, updates

_TOOLSETS: Final[dict[str, tuple[ModuleType, ...]]] = {
    "conversations": (conversations, updates, messages),
    "knowledge_base": (knowledge_base,),
    "reporting": (reporting,),
    "people": (people,),
    "workspace": (tags, ticket_types),
}


def _declared(module: ModuleType, toolset: str) -> list[ToolDeclaration]:
    found = (tool_of(value) for value in vars(module).values())
    return [replace(tool, toolset=toolset) for tool in found if tool and tool.function.__module__ == module.__name__]


TOOLS: Final = tuple(
    tool for toolset, modules in _TOOLSETS.items() for module in modules for tool in _declared(module, toolset)
)
"""Every tool there is."""
