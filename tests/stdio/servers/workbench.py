"""A server whose tools do what a transport has to live with. Arguments: drain seconds, then `threads` to force them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
from pydantic import BaseModel

BaseModel.model_config["defer_build"] = True  # as the command line does, to start sooner

from mcp.server import MCPServer  # noqa: E402
from mcp.server.mcpserver import Context  # noqa: E402  # the SDK reads the tools' annotations
from mcp.types import CallToolResult, TextContent  # noqa: E402

from unthread_mcp.stdio import run_stdio  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


def say(text: str) -> None:
    """Tell the test, on standard error, how far the server is."""
    if sys.stderr:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


@asynccontextmanager
async def lifespan(_server: MCPServer[None]) -> AsyncGenerator[None]:
    say("started")
    try:
        yield
    finally:
        await anyio.lowlevel.checkpoint()  # a clean-up that was itself cancelled would not get past this
        say("cleaned up")


server = MCPServer("workbench", version="1", log_level="WARNING", lifespan=lifespan)


@server.tool(structured_output=False)
async def echo(text: str, times: int = 1) -> str:
    """Answer with the text, as often as asked."""
    return text * times


@server.tool(structured_output=False)
async def linger(seconds: float) -> str:
    """Answer after some time, as a request to the network would."""
    say("lingering")
    await anyio.sleep(seconds)
    return "lingered"


@server.tool(structured_output=False)
async def write(path: str, seconds: float) -> str:
    """Write a file in two halves; a cancel lets the second half follow the first."""
    target = anyio.Path(path)
    await target.write_text("half")
    say("writing")
    with anyio.CancelScope(shield=True):
        await anyio.sleep(seconds)
        await target.write_text("whole")
    return "written"


@server.tool(structured_output=False)
def print_stray(text: str) -> str:
    """Write to standard output in every way that a library could, and try to read standard input."""
    sys.stdout.write(f"flushed {text}\n")
    sys.stdout.flush()
    os.write(1, f"written {text}\n".encode())
    subprocess.run([sys.executable, "-c", f"print('child {text}')"], check=True)
    sys.stdout.write(f"buffered {text}\n")
    return repr(sys.stdin.read())


@server.tool(structured_output=False)
async def half_a_character() -> CallToolResult:
    """Answer with a lone surrogate, which has no UTF-8 form."""
    return CallToolResult(content=[TextContent(type="text", text="\ud83d")])


@server.tool(structured_output=False)
def occupy_a_thread() -> str:
    """Never return, and don't let anybody cancel it."""
    say("occupying")
    threading.Event().wait()
    return "never"


class Consent(BaseModel):
    """What the client is asked for."""

    ok: bool


@server.tool(structured_output=False)
async def ask(ctx: Context[Any]) -> str:
    """Ask the client a question, as only the handshake era can."""
    answer = await ctx.elicit("Go on?", Consent)
    return answer.action


@server.tool(structured_output=False)
async def chatter(ctx: Context[Any], lines: int, size: int) -> str:
    """Send many notifications before the answer."""
    for line in range(lines):
        await ctx.report_progress(line, lines, "x" * size)
    return "enough"


if __name__ == "__main__":
    sys.exit(run_stdio(server, drain_seconds=float(sys.argv[1]), threads=True if "threads" in sys.argv[2:] else None))
