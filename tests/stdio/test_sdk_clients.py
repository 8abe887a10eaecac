"""The SDK's own client on the other end of the pipes, and what of the SDK the transport leans on."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Literal

import anyio
import pytest
from mcp.client import Client, ClientRequestContext
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.server import MCPServer
from mcp.server.lowlevel import Server
from mcp.server.runner import serve_dual_era_loop
from mcp.types import ElicitRequestParams, ElicitResult, TextContent
from raw_client import MODERN, PATIENCE, WORKBENCH, request

if TYPE_CHECKING:
    from mcp.types import CallToolResult

pytestmark = pytest.mark.anyio


def workbench(way: list[str]) -> StdioServerParameters:
    return StdioServerParameters(command=sys.executable, args=[str(WORKBENCH), "15", *way])


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


@pytest.mark.parametrize(
    ("mode", "way"), [("auto", []), ("legacy", []), ("2026-07-28", []), ("auto", ["threads"]), ("legacy", ["threads"])]
)
async def test_the_sdks_client_is_served(mode: Literal["auto", "legacy"], way: list[str]) -> None:
    with anyio.fail_after(PATIENCE):
        async with Client(stdio_client(workbench(way), errlog=sys.__stderr__ or sys.stderr), mode=mode) as client:
            assert "echo" in {tool.name for tool in (await client.list_tools()).tools}
            results: list[str] = []

            async def echo(number: int) -> None:
                results.append(text_of(await client.call_tool("echo", {"text": f"{number} ü🙂", "times": 3})))

            async with anyio.create_task_group() as tasks:
                for number in range(50):
                    tasks.start_soon(echo, number)
            assert sorted(results) == sorted(f"{number} ü🙂" * 3 for number in range(50))


async def test_the_sdks_client_can_be_asked() -> None:
    async def answer(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        assert (context.request_id, params.message) == (1, "Go on?")
        return ElicitResult(action="accept", content={"ok": True})

    with anyio.fail_after(PATIENCE):
        transport = stdio_client(workbench([]), errlog=sys.__stderr__ or sys.stderr)
        async with Client(transport, mode="legacy", elicitation_callback=answer) as client:
            assert text_of(await client.call_tool("ask")) == "accept"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_giving_up_a_call_cancels_it_and_the_connection_goes_on(mode: Literal["auto", "legacy"]) -> None:
    with anyio.fail_after(PATIENCE):
        async with Client(stdio_client(workbench([]), errlog=sys.__stderr__ or sys.stderr), mode=mode) as client:
            with anyio.move_on_after(0.2) as given_up:
                await client.call_tool("linger", {"seconds": 600})
            assert given_up.cancelled_caught
            assert text_of(await client.call_tool("echo", {"text": "on"})) == "on"


# What would break with another SDK


def test_the_sdk_still_has_what_the_transport_takes_from_it() -> None:
    low = MCPServer("any")._lowlevel_server  # pyright: ignore[reportPrivateUsage]  # that name is what is tested
    assert isinstance(low, Server)
    assert callable(low.lifespan)
    assert low.create_initialization_options().capabilities.tools
    parameters = inspect.signature(serve_dual_era_loop).parameters
    assert list(parameters)[:3] == ["server", "read_stream", "write_stream"]
    assert {"lifespan_state", "init_options"} <= set(parameters)


def test_one_module_alone_touches_what_the_sdk_keeps_private() -> None:
    package = WORKBENCH.parents[3] / "unthread_mcp"
    found = subprocess.run(
        ["grep", "-rl", "--include=*.py", "_lowlevel_server", str(package)], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == [str(package / "stdio" / "runner.py")]


def test_where_there_is_nothing_but_threads_nothing_else_is_needed() -> None:
    script = """
import os, select, sys
from mcp.server import MCPServer
for name in ("fcntl", "termios", "pty", "tty", "resource", "pwd"):
    sys.modules[name] = None
del os.writev, os.get_blocking, os.set_blocking, select.poll, select.PIPE_BUF
from unthread_mcp.stdio import run_stdio
sys.exit(run_stdio(MCPServer("bare"), threads=True))
"""
    finished = subprocess.run(
        [sys.executable, "-c", script],
        input=request(1, "tools/list", MODERN),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, b"")
    assert json.loads(finished.stdout)["result"]["tools"] == []
