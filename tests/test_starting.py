"""Starting: what is imported before the tools are listed, and what makes ready for the first call."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from unthread_mcp.server import build_server
from unthread_mcp.settings import Settings

_LISTED = """
import sys
launched = set(sys.modules)  # whatever measures coverage has imported some already
import anyio
from unthread_mcp.cli import main
from unthread_mcp.server import build_server
from unthread_mcp.settings import Settings

server = build_server(Settings(sandbox=":memory:"))
assert anyio.run(server.list_tools)
before = set(sys.modules) - launched
server.prepare()
print(*before)
print(*set(sys.modules) - launched)
"""
CALLS_ALONE = (
    "unthread_mcp.api.connections",
    "unthread_mcp.completions",
    "unthread_mcp.conversation_view",
    "unthread_mcp.delivery",
    "unthread_mcp.offer",
    "unthread_mcp.outgoing",
    "unthread_mcp.render",
    "unthread_mcp.resources",
    "unthread_mcp.sandbox",
    "unthread_mcp.tools",
    "unthread_mcp.transcript",
)
"""What no launch should wait for."""


def test_to_list_the_tools_none_of_their_code_is_imported_and_then_it_is_made_ready() -> None:
    done = subprocess.run([sys.executable, "-c", _LISTED], capture_output=True, text=True, timeout=60, check=True)
    before, after = (set(line.split()) for line in done.stdout.splitlines())
    assert before.isdisjoint((*CALLS_ALONE, "argparse", "difflib", "selectolax", "sqlite3"))
    # The sandbox has no use for connections to the network.
    assert after >= {*CALLS_ALONE} - {"unthread_mcp.api.connections"}


def test_a_server_that_nobody_calls_yet_has_ready_what_calls_need(tmp_path: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "unthread_mcp"]
    state = {"UNTHREAD_STATE_FILE": str(tmp_path / "state.sqlite3")}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **state}
    ) as process:
        assert process.stdin
        assert process.stderr
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        try:
            imported = (line.split(b"|")[-1].strip() for line in process.stderr)
            assert b"unthread_mcp.api.connections" in imported
        finally:
            watchdog.cancel()
        process.stdin.close()
        process.stderr.read()
    assert process.returncode == 0


@pytest.mark.anyio
async def test_what_cannot_be_made_ready_is_said_to_the_call(tmp_path: Path) -> None:
    (tmp_path / "sandbox").mkdir()
    server = build_server(Settings(sandbox=str(tmp_path / "sandbox")))
    server.prepare()
    result = await server.call_tool("list_tags", {})
    assert "sandbox" in str(result)
    assert getattr(result, "is_error", False)
