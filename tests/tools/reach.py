"""Which tool reaches which endpoint, seen on the wire by calling each tool with its examples."""

from __future__ import annotations

from typing import Any, Final

from tests.support import Desk, Sent
from tests.tools.examples import EVERYTHING, example, further
from unthread_mcp.access import ToolDeclaration
from unthread_mcp.tools import TOOLS

_LOOKED_UP_BY: Final = {"id", "name", "email", "friendlyId", "key"}


async def reached_by(tool: ToolDeclaration) -> tuple[list[str], list[str]]:
    """The symbols of the endpoints that a tool's examples reach, in order, and what it answered to them.

    Looking up whom or what a name means doesn't count: every tool that takes names does it.
    """
    desk = Desk(EVERYTHING)
    answers: list[str] = []
    try:
        async with desk.agent() as agent:
            calls: list[dict[str, Any]] = [await example(tool.name, desk, agent), *further(tool.name, desk)]
            desk.wire.clear()
            for arguments in calls:
                said = await agent.call(tool.name, **arguments)
                answers.append(f"failed: {said.text}" if said.failed else said.text)
        return list(dict.fromkeys(each.endpoint for each in desk.wire.sent if not _is_look_up(each))), answers
    finally:
        desk.sandbox.close()


async def reach() -> dict[str, list[str]]:
    """The tools that reach each endpoint, by its symbol."""
    found: dict[str, list[str]] = {}
    for tool in TOOLS:
        endpoints, _ = await reached_by(tool)
        for each in endpoints:
            found.setdefault(each, []).append(tool.name)
    return found


def _is_look_up(sent: Sent) -> bool:
    where: Any = sent.body.get("where") if sent.path.endswith("/list") else None
    return bool(where) and len(where) == 1 and where[0]["field"] in _LOOKED_UP_BY
