"""Where the model of sending plays: two servers on one workspace, in this process or as processes of their own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeVar

from tests.api.misbehaving import KEY
from tests.faults.loopback import WRITING, Loopback
from tests.faults.processes import Gone, ServerProcess
from tests.support import Said
from unthread_mcp.api.client import UnthreadClient
from unthread_mcp.sandbox import Sandbox
from unthread_mcp.server import UnthreadServer

T = TypeVar("T")

Which = Literal[0, 1]
End = Literal["in good order", "SIGTERM", "SIGKILL"]

EXAMPLES_PER_WORKSPACE: Final = 30
"""Before a new workspace is begun, so that each example has a conversation of its own."""

_CONVERSATIONS: Final = """
    SELECT c.id FROM conversations c WHERE c.sourceType IN ('email', 'slack') AND c.status = 'open'
    AND (c.sourceType = 'email' OR EXISTS (SELECT 1 FROM triage_messages t WHERE t.conversationId = c.id))
    AND (SELECT count(*) FROM messages m WHERE m.conversationId = c.id) BETWEEN 1 AND 12
    ORDER BY c.friendlyId
"""


class Place(Protocol):
    """Two servers on one workspace and one file of intents, which can be called, cancelled and started again."""

    loopback: Loopback

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """Do something on the event loop that all of this lives on."""
        ...

    async def conversation(self) -> str:
        """A conversation that nobody has written to yet; both servers are up."""
        ...

    async def call(self, which: Which, tool: str, arguments: dict[str, Any]) -> Said:
        """Call a tool."""
        ...

    async def cancelled(self, which: Which, tool: str, arguments: dict[str, Any], after: int) -> None:
        """Call a tool and take it back; the larger `after`, the later."""
        ...

    async def again(self, which: Which, end: End, tool: str, arguments: dict[str, Any], after: int) -> None:
        """End a server, while it is at a call if it is ended by a signal, and start another in its place."""
        ...


class InOneProcess:
    """Servers as objects of this process; a new one shares nothing with its predecessor but the file of intents."""

    def __init__(self, runner: asyncio.Runner, directory: Path) -> None:
        self._runner = runner
        self._directory = directory
        self._used = 0
        self._free: list[str] = []
        self._clients: list[UnthreadClient] = []
        self._servers: list[UnthreadServer] = []
        self.loopback: Loopback
        self.run(self._renew())

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """See `Place`."""
        return self._runner.run(doing)

    async def _renew(self) -> None:
        self._used += 1
        self.loopback = Loopback(self._directory / str(self._used) / "intents.sqlite3", tools=WRITING)
        await self.loopback.upstream.start()
        # Making a client takes thirty times as long as making a server: it loads the trust store.
        self._clients = [self.loopback.client() for _ in range(2)]
        self._servers = [self.loopback.new_server(client=client) for client in self._clients]
        rows = self.loopback.sandbox.database.execute(_CONVERSATIONS).fetchall()
        self._free = [row[0] for row in rows[:EXAMPLES_PER_WORKSPACE]]

    async def conversation(self) -> str:
        """See `Place`."""
        if not self._free:
            await self.close()
            await self._renew()
        return self._free.pop()

    async def call(self, which: Which, tool: str, arguments: dict[str, Any]) -> Said:
        """See `Place`."""
        return await self.loopback.call(self._servers[which], tool, **arguments)

    async def cancelled(self, which: Which, tool: str, arguments: dict[str, Any], after: int) -> None:
        """See `Place`."""
        task = asyncio.create_task(self.call(which, tool, arguments))
        for _ in range(after):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    async def again(self, which: Which, end: End, tool: str, arguments: dict[str, Any], after: int) -> None:
        """See `Place`: there are no signals within one process, so it is cancelled instead."""
        if end != "in good order":
            await self.cancelled(which, tool, arguments, after)
        # Its client goes on, which remembers nothing but connections.
        self._servers[which].workspace.intents.close()
        self._servers[which] = self.loopback.new_server(client=self._clients[which])

    async def close(self) -> None:
        """End the servers and the upstream."""
        await self.loopback.aclose()


class AsProcesses:
    """Servers as processes of their own, which are signalled and killed."""

    def __init__(self, runner: asyncio.Runner, directory: Path) -> None:
        self._runner = runner
        self._sandbox = Sandbox(key=KEY)
        self.loopback = Loopback(directory / "intents.sqlite3", sandbox=self._sandbox, tools=WRITING)
        self._servers: list[ServerProcess] = []
        self.signals = 0
        """How often a server was ended by a signal."""
        self.run(self._start())

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """See `Place`."""
        return self._runner.run(doing)

    async def _start(self) -> None:
        await self.loopback.upstream.start()
        self._servers = [await ServerProcess.start(self.loopback) for _ in range(2)]
        rows = self._sandbox.database.execute(_CONVERSATIONS).fetchall()
        self._free = [row[0] for row in rows]
        self._turn = 0

    async def conversation(self) -> str:
        """See `Place`; they come round again, as texts don't."""
        self._turn += 1
        return self._free[self._turn % len(self._free)]

    async def call(self, which: Which, tool: str, arguments: dict[str, Any]) -> Said:
        """See `Place`."""
        return await self._servers[which].call(tool, **arguments)

    async def cancelled(self, which: Which, tool: str, arguments: dict[str, Any], after: int) -> None:
        """See `Place`."""
        number, answer = self._servers[which].ask(tool, **arguments)
        await asyncio.wait([answer], timeout=after / 1000)
        self._servers[which].cancel(number)
        # What was cancelled is not answered; what answers after it shows that it has been dealt with.
        await self._servers[which].call("update_conversation")

    async def again(self, which: Which, end: End, tool: str, arguments: dict[str, Any], after: int) -> None:
        """See `Place`."""
        server = self._servers[which]
        if end != "in good order":
            _, answer = server.ask(tool, **arguments)
            await asyncio.wait([answer], timeout=after / 1000)
        self.signals += 1
        # Python itself takes a moment before it comes to us; until then a signal does what it does to any process.
        expected = {0} if server.has_answered else {0, -signal.SIGTERM}
        status = await server.end(signal.SIGKILL if end == "SIGKILL" else signal.SIGTERM)
        self._servers[which] = await ServerProcess.start(self.loopback)
        if status not in ({-signal.SIGKILL} if end == "SIGKILL" else expected):
            raise AssertionError(f"ended {end} with status {status}")

    async def close(self) -> None:
        """End the servers and the upstream."""
        for server in self._servers:
            await server.end()
        await self.loopback.aclose()


__all__ = ["AsProcesses", "End", "Gone", "InOneProcess", "Place", "Which"]
