"""How much memory it takes to read ten thousand conversations: a fresh process, its upstream in this one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.api.misbehaving import KEY
from tests.faults.loopback import Loopback
from tests.faults.memory import forget_peak, peak, resident
from tests.faults.processes import ServerProcess
from tests.large_workspace import enlarge
from unthread_mcp.sandbox import Sandbox

ROWS: Final = 10_000
BOUND: Final = 20.0
"""MiB above idle."""
_TOOLS: Final = "count_conversations,export_conversations"
_MADE: Final = {"created_after": "2025-12-31T23:59:59Z", "created_before": "2026-02-04T17:17:30Z"}
"""The large workspace has a conversation every five minutes from 2026 on: these are the first ten thousand."""
CALLS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "count by tag": ("count_conversations", {"by": "tag"}),
    "count by customer": ("count_conversations", {"by": "customer"}),
    "export as CSV": ("export_conversations", {"format": "csv"}),
    "export of all that is documented, as JSON lines": ("export_conversations", {"format": "jsonl", "select": ["*"]}),
}


class Growth(NamedTuple):
    """Memory in MiB, idle and at the most above it, and what the tool said."""

    idle: float
    above: float
    said: str


async def grown_by(*names: str) -> dict[str, Growth]:
    """What some of `CALLS` over ten thousand rows take, each in a fresh process after the same call over a day's."""
    with tempfile.TemporaryDirectory() as directory, Sandbox(key=KEY) as sandbox:
        enlarge(sandbox)
        loopback = Loopback(Path(directory, "state", "intents.sqlite3"), sandbox=sandbox, tools=_TOOLS)
        await loopback.upstream.start()
        grown = {name: await _grown(loopback, directory, *CALLS[name]) for name in names}
        await loopback.aclose()
    return grown


async def _grown(loopback: Loopback, directory: str, tool: str, arguments: dict[str, Any]) -> Growth:
    server = await ServerProcess.start(loopback, UNTHREAD_DOWNLOAD_DIR=directory)
    small = await server.call(tool, **arguments, **{**_MADE, "created_before": "2026-01-02T00:00:00Z"})
    assert not small.failed, small.text
    idle = resident(server.pid)
    forget_peak(server.pid)
    said = await server.call(tool, **arguments, **_MADE)
    above = peak(server.pid) - idle
    await server.end()
    return Growth(idle, above, said.text.partition("\n")[0])
