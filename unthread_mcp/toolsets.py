"""Which tools are shown: `default`, `all`, toolsets and tools by name, `-name` to leave out.

Static, from the operator's configuration: the 2026-07-28 revision of MCP forbids a tool
list that varies by connection or as a side effect of calls.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Protocol, TypeVar

from unthread_mcp.access import Level, permits


class Choosable(Protocol):
    """What choosing needs to know of a tool; `ToolDeclaration` says what it means."""

    @property
    def name(self) -> str: ...  # noqa: D102 - see the class
    @property
    def toolset(self) -> str: ...  # noqa: D102 - see the class
    @property
    def level(self) -> Level: ...  # noqa: D102 - see the class
    @property
    def shown(self) -> bool: ...  # noqa: D102 - see the class
    @property
    def needs(self) -> str: ...  # noqa: D102 - see the class


_Tool = TypeVar("_Tool", bound=Choosable)


def parse_toolsets(text: str) -> frozenset[str]:
    """A comma list as a set of names; `-name` keeps its sign. Names are checked by `choose`."""
    names = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    if not names:
        raise ValueError("is empty. Use default, all, or names separated by commas.")
    return names


def unknown_names(wanted: Iterable[str], tools: Sequence[Choosable]) -> list[str]:
    """The names in `wanted` that are neither a toolset nor a tool."""
    known = {"default", "all"} | {tool.toolset for tool in tools} | {tool.name for tool in tools}
    return sorted(name for name in wanted if name.removeprefix("-") not in known)


def choose(wanted: Iterable[str], level: Level, tools: Sequence[_Tool], options: Container[str] = ()) -> list[_Tool]:
    """The tools to show, in their declared order.

    Only exclusions given (`-name` alone) start from the default set. A tool above `level`
    is never shown, whatever is wanted, nor one that needs an option that is not among `options`.
    """
    plus = {name for name in wanted if not name.startswith("-")} or {"default"}
    minus = {name[1:] for name in wanted if name.startswith("-")}

    def named(tool: Choosable, names: set[str]) -> bool:
        return bool(names & {tool.name, tool.toolset, "all"}) or ("default" in names and tool.shown)

    possible = [tool for tool in tools if permits(level, tool.level) and (not tool.needs or tool.needs in options)]
    return [tool for tool in possible if named(tool, plus) and not named(tool, minus)]
