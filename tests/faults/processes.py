"""Servers as processes of their own, spoken to from one event loop, which can be signalled and killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import Any, Final, Self

from tests.faults.loopback import Loopback
from tests.stdio.raw_client import PATIENCE, call, notification
from tests.support import Said

_INHERITED: Final = ("PATH", "HOME", "PYTHONPATH", "SYSTEMROOT", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


class Gone(Exception):  # noqa: N818 - it says what the process is
    """The process ended before it answered."""


class ServerProcess:
    """`python -m unthread_mcp` over pipes."""

    def __init__(self, process: asyncio.subprocess.Process, loopback: Loopback) -> None:
        self._process = process
        self._loopback = loopback
        self._answers: dict[int, asyncio.Future[Said]] = {}
        self._reading = [asyncio.create_task(self._read_answers()), asyncio.create_task(self._read_errors())]

    @classmethod
    async def start(cls, loopback: Loopback) -> Self:
        """A server on the upstream of `loopback`."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "unthread_mcp"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**{name: os.environ[name] for name in _INHERITED if name in os.environ}, **loopback.environment},
            limit=2**22,
        )
        return cls(process, loopback)

    def ask(self, tool: str, /, **arguments: Any) -> tuple[int, asyncio.Future[Said]]:
        """Call a tool without waiting for the answer, which raises `Gone` if there is none."""
        number = len(self._answers) + 1
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        # Whoever kills the process may have no use for what it didn't say.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        assert self._process.stdin
        self._process.stdin.write(call(number, tool, arguments))
        return number, answer

    async def call(self, tool: str, /, **arguments: Any) -> Said:
        """Call a tool."""
        return await asyncio.wait_for(self.ask(tool, **arguments)[1], PATIENCE)

    def cancel(self, number: int) -> None:
        """Tell it that nobody waits for that answer any more."""
        assert self._process.stdin
        self._process.stdin.write(notification("notifications/cancelled", {"requestId": number}))

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it by a signal; its exit status."""
        if self._process.returncode is None:
            self._process.send_signal(number)
        status = await asyncio.wait_for(self._process.wait(), PATIENCE)
        await asyncio.wait(self._reading)
        assert self._process.stdin
        self._process.stdin.close()
        return status

    async def _read_answers(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            self._loopback.heard.append(line.decode())
            frame = json.loads(line)
            waiting = self._answers.get(frame.get("id"))
            if waiting is None or waiting.done():
                continue
            result = frame.get("result")
            if result is None:
                waiting.set_exception(Gone(str(frame)))
            else:
                waiting.set_result(Said(result["content"][0]["text"], bool(result.get("isError"))))
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(Gone("the process has ended"))

    async def _read_errors(self) -> None:
        assert self._process.stderr
        async for line in self._process.stderr:
            self._loopback.heard.append(line.decode(errors="replace"))
