"""A desk whose server reaches its workspace over real sockets, with an upstream that can misbehave in between."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from mcp.server.mcpserver import Context
from mcp.types import CallToolResult, TextContent

from tests.api.misbehaving import KEY
from tests.faults.upstream import Upstream
from tests.support import TODAY, Clock, Said, seeded
from unthread_mcp.api.client import UnthreadClient
from unthread_mcp.sandbox import Sandbox
from unthread_mcp.server import UnthreadServer, build_workspace
from unthread_mcp.settings import read_settings

WRITING: Final = "send_reply,add_private_note,update_conversation"
"""All the tools that are needed where messages are sent; making the others takes most of a server's start."""

PATIENCE: Final = 30.0
"""Seconds that an answer may take; only tests that hang on purpose come near theirs."""


async def at_once(_: float) -> None:
    """Wait between two attempts, but for no time."""
    await asyncio.sleep(0)


class _Unheard(Context[None, Any]):
    """A call that no client made, and so none is told how far it has come."""

    def __init__(self, server: UnthreadServer) -> None:
        super().__init__(mcp_server=server)

    async def report_progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Tell nobody."""


class Loopback:
    """The sandbox behind a misbehaving upstream, servers that speak to it, and all that they said."""

    def __init__(self, state_file: Path | None = None, *, sandbox: Sandbox | None = None, tools: str = "all") -> None:
        """Prepare. `sandbox` is one on another clock than the one here, which stands still; `tools` are shown."""
        self.clock = Clock(datetime(TODAY.year, TODAY.month, TODAY.day, 10, tzinfo=UTC))
        self.sandbox = sandbox or seeded(self.clock, key=KEY)
        self.upstream = Upstream(self.sandbox)
        self.heard: list[str] = []
        """Whatever a server answered."""
        self.state_file = state_file
        self._tools = tools
        self._servers: list[UnthreadServer] = []

    def client(self, *, deadline: float = PATIENCE, **options: Any) -> UnthreadClient:
        """A client of the upstream that waits between attempts for no time."""
        settings: dict[str, Any] = {
            "base_url": self.upstream.url,
            "key": KEY,
            "deadline": deadline,
            "sleep": at_once,
            "chance": lambda: 0.0,
        }
        client = UnthreadClient(**(settings | options))
        client.prepare()  # what is imported and loaded for the first call counts against no deadline here
        return client

    @property
    def environment(self) -> dict[str, str]:
        """What a server is told."""
        return {
            "UNTHREAD_API_KEY": KEY,
            "UNTHREAD_API_URL": self.upstream.url,
            "UNTHREAD_STATE_FILE": str(self.state_file or "off"),
            "UNTHREAD_CONFIRM": "never",
            "UNTHREAD_ACCESS": "admin",
            "UNTHREAD_TOOLSETS": self._tools,
        }

    def new_server(
        self,
        *,
        client: UnthreadClient | Mapping[str, Any] | None = None,
        sleep: Callable[[float], Awaitable[None]] = at_once,
        **environment: str,
    ) -> UnthreadServer:
        """A server, as after a restart: nothing is shared with earlier ones but the file of intents.

        `client` is its client, or holds options for a new one: how long things take. `sleep` is how it waits.
        """
        settings = read_settings({**self.environment, **environment})
        # It speaks to the network as a user's server does, only sooner.
        made = client if isinstance(client, UnthreadClient) else self.client(**(client or {}))
        server = UnthreadServer(replace(build_workspace(settings, now=self.clock, sleep=sleep), client=made))
        self._servers.append(server)
        return server

    async def end(self, server: UnthreadServer) -> None:
        """Close a server."""
        self._servers.remove(server)
        await server.workspace.close()

    async def call(self, server: UnthreadServer, tool: str, /, **arguments: Any) -> Said:
        """Call a tool."""
        result = await server.call_tool(tool, arguments, _Unheard(server))
        assert isinstance(result, CallToolResult)
        text = "\n".join(part.text for part in result.content if isinstance(part, TextContent))
        self.heard.append(text)
        return Said(text, result.is_error is True)

    async def aclose(self) -> None:
        """Close the servers, see that they leave no connection behind, and be gone."""
        for server in [*self._servers]:
            await self.end(server)
        closed = await self.upstream.raw.all_closed()
        await self.upstream.stop()
        self.sandbox.close()
        if not closed:
            raise AssertionError("a connection was left open")


def outcome_of(said: Said) -> str:
    """The first word of what a writing tool says."""
    return said.text.partition(":")[0]


@asynccontextmanager
async def nothing_left() -> AsyncGenerator[None]:
    """See that no task and no descriptor is left of what happens within."""
    tasks, descriptors = asyncio.all_tasks(), open_descriptors()
    yield
    # anyio's plugin has each phase of a test awaited by a task of its own.
    left = [task for task in asyncio.all_tasks() - tasks if "_call_in_runner_task" not in repr(task)]
    if left:
        await asyncio.wait(left, timeout=1)
    if unfinished := [task for task in left if not task.done()]:
        raise AssertionError(f"tasks were left: {unfinished}")
    if (now := open_descriptors()) > descriptors:
        raise AssertionError(f"{now - descriptors} descriptors were left open")


def open_descriptors() -> int:
    """How many files and sockets this process has open; 0 where the system doesn't tell."""
    for directory in ("/proc/self/fd", "/dev/fd"):
        if os.path.isdir(directory):  # noqa: PTH112 - one call less in a loop of thousands
            return len(os.listdir(directory))  # noqa: PTH208 - see above
    return 0
