"""docs/tools.md: every tool with its arguments, and a call of it with the answer that the sandbox gave."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, Final

from mcp.types import Tool

from tests.support import Desk, Human
from tests.tools.examples import DOWNLOADS, EVERYTHING, example
from unthread_mcp.access import ToolDeclaration
from unthread_mcp.tools import TOOLS

INTRODUCTION: Final = """\
# The tools

`scripts/generate.py` writes this page: the arguments are those that clients are sent, and each example is a call on the
seeded sandbox with its answer, by a client whose user agrees to whatever the server asks. The number in a fence's
marker is new in each answer. A star marks the tools that are shown by default.
"""

_LINES_SHOWN: Final = 30
_END_SHOWN: Final = 6
_BEGINNING_SHOWN: Final = 9
"""Where lines from the middle are shown, too."""
_FILE_NAME: Final = re.compile(r"unthread-[0-9a-f]{16}\b")
_MARKER: Final = re.compile(r"(<<[^<>\n]*? )\d{9}(?=[:>])")


async def page() -> str:
    """The whole page."""
    desk = Desk(EVERYTHING)
    listed = {tool.name: tool for tool in await desk.server.list_tools()}
    desk.sandbox.close()
    parts = [INTRODUCTION]
    for toolset, tools in groupby(TOOLS, lambda tool: tool.toolset):
        parts.append(f"## {toolset.replace('_', ' ').capitalize()}\n")
        parts += [await _section(tool, listed[tool.name]) for tool in tools]
    return "\n".join(parts)


async def _section(tool: ToolDeclaration, listed: Tool) -> str:
    desk = Desk(EVERYTHING)
    human = Human()
    async with desk.agent(human=human) as agent:
        arguments = await example(tool.name, desk, agent)
        said = await agent.call(tool.name, **arguments)
    desk.sandbox.close()
    asked = [f"[the user is asked: {' '.join(question.split())}]" for question in human.asked]
    shown = [call(tool.name, arguments), *asked, *shortened(_same_every_time(said.text))]
    return "\n".join(
        [
            f"### {'★ ' if tool.shown else ''}`{tool.name}`\n",
            f"{listed.title} · access level {tool.level} · {_effect(listed)}\n",
            f"{listed.description}\n",
            *_arguments(listed.input_schema),
            "```text",
            *shown,
            "```\n",
        ]
    )


def _same_every_time(text: str) -> str:
    """An answer without where and under which name a file was written."""
    return _FILE_NAME.sub("unthread-0123456789abcdef", text.replace(DOWNLOADS, "/home/me/downloads"))


def _effect(listed: Tool) -> str:
    hints = listed.annotations
    if hints is None or hints.read_only_hint:
        return "reads"
    words = ["may overwrite or delete" if hints.destructive_hint else "adds"]
    return ", ".join([*words, *(["doing it twice changes nothing more"] if hints.idempotent_hint else [])])


def _arguments(schema: Mapping[str, Any]) -> Iterable[str]:
    properties: Mapping[str, Mapping[str, Any]] = schema["properties"]
    required = set(schema.get("required", ()))
    for name, each in properties.items():
        kind = _kind(each) + ("" if name in required else ", optional")
        said = each.get("description", "")
        yield f"- `{name}` ({kind}){': ' if said else ''}{said}"
    if properties:
        yield ""


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(f"`{value}`" for value in schema["enum"])
    kind = schema.get("type", "any value")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    bounds = [str(schema[key]) for key in ("minimum", "maximum") if key in schema]
    return f"{kind}{f' {chr(8211).join(bounds)}' if len(bounds) == 2 else ''}"


def call(tool: str, arguments: Mapping[str, Any], kind: str = "") -> str:
    """A call as it is shown in the documents."""
    given = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in arguments.items())
    return f"→ {kind}{tool}({given})"


def shortened(text: str, keeping: str = "") -> list[str]:
    """The lines of an answer, with markers that stay the same; of a long one the middle is left out, saying so.

    Lines in which the pattern `keeping` is found stay.
    """
    lines = _MARKER.sub(r"\g<1>000000000", text).replace("```", "'''").splitlines()
    if len(lines) <= _LINES_SHOWN:
        return lines
    beginning = _BEGINNING_SHOWN if keeping else _LINES_SHOWN - _END_SHOWN
    kept = [
        *range(beginning),
        *(n for n in range(beginning, len(lines) - _END_SHOWN) if keeping and re.search(keeping, lines[n])),
        *range(len(lines) - _END_SHOWN, len(lines)),
    ]
    shown: list[str] = []
    for before, place in zip([-1, *kept], kept, strict=False):
        if left_out := place - before - 1:
            shown.append(f"[… {left_out} line{'s' * (left_out > 1)} that this page leaves out …]")
        shown.append(lines[place])
    return shown
