"""The tools, one module per domain, in the order in which they are listed."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Final

from unthread_mcp.access import ToolDeclaration, tool_of
from unthread_mcp.tools import (
    accounts,
    attachments,
    automations,
    bulk_reads,
    bulk_updates,
    collaboration,
    conversations,
    customer_settings,
    customers,
    knowledge_base,
    messages,
    new_conversations,
    outbounds,
    people,
    reporting,
    tags,
    ticket_types,
    triage,
    updates,
    webhooks,
)

_TOOLSETS: Final[dict[str, tuple[ModuleType, ...]]] = {
    "conversations": (conversations, triage, updates, bulk_updates, messages, new_conversations, attachments),
    "collaboration": (collaboration,),
    "knowledge_base": (knowledge_base,),
    "reporting": (reporting, bulk_reads),
    "people": (people, customers, customer_settings, accounts),
    "workspace": (tags, ticket_types, outbounds, webhooks, automations),
}


def _declared(module: ModuleType, toolset: str) -> list[ToolDeclaration]:
    found = (tool_of(value) for value in vars(module).values())
    return [replace(tool, toolset=toolset) for tool in found if tool and tool.function.__module__ == module.__name__]


TOOLS: Final = tuple(
    tool for toolset, modules in _TOOLSETS.items() for module in modules for tool in _declared(module, toolset)
)
"""Every tool there is."""
