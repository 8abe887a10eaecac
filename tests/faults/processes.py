"""Servers as processes of their own, spoken to from one event loop, which can be signalled and killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import deque
from itertools import count
from typing import Any, Final, Self

from benchmarks.client import ROOT
from tests.faults.loopback import Loopback
from tests.stdio.raw_client import PATIENCE, call, notification
from tests.support import Said

_INHERITED: Final = ("PATH", "HOME", "PYTHONPATH", "SYSTEMROOT", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


class Gone(Exception):  # noqa: N818 - it says what the process is
    """The process ended before it answered."""


class Rejected(Exception):  # noqa: N818 - it says what became of the request
    """The answer is an error of the protocol's."""


class ServerProcess:
    """`python -m unthread_mcp` over pipes."""

    def __init__(self, process: asyncio.subprocess.Process, loopback: Loopback) -> None:
        self._process = process
        self._loopback = loopback
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Future[Said]] = {}
        """What is waited for, by id."""
        self._nameless: deque[asyncio.Future[Said]] = deque()
        """The same where the server can't tell the id."""
        self.has_answered = False
        """Whether it has said anything yet; before that it may still be starting, without handlers of signals."""
        self._reading = [asyncio.create_task(self._read_answers()), asyncio.create_task(self._read_errors())]

    @classmethod
    async def start(cls, loopback: Loopback, *command: str, **environment: str) -> Self:
        """A server on the upstream of `loopback`. `command` is another module that starts it, and its arguments."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *(command or ("unthread_mcp",))),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={
                **{name: os.environ[name] for name in _INHERITED if name in os.environ},
                **loopback.environment,
                **environment,
            },
            limit=2**22,
        )
        return cls(process, loopback)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def expect(self, *, nameless: bool = False) -> tuple[int, asyncio.Future[Said]]:
        """An id for a request, and the answer to come: `Rejected` for an error, `Gone` if there is none.

        `nameless` is the answer to something that has no id, or none that can be read.
        """
        number = next(self._numbers)
        answer = asyncio.get_running_loop().create_future()
        # Whoever kills the process may have no use for what it didn't say.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        if nameless:
            self._nameless.append(answer)
        else:
            self._answers[number] = answer
        return number, answer

    def send(self, frame: bytes) -> None:
        """Send bytes, whatever they are."""
        assert self._process.stdin
        self._process.stdin.write(frame)

    async def sent(self) -> None:
        """Wait until the server has taken most of what was sent."""
        assert self._process.stdin
        await self._process.stdin.drain()

    def ask(self, tool: str, /, **arguments: Any) -> tuple[int, asyncio.Future[Said]]:
        """Call a tool without waiting for the answer, which raises `Gone` if there is none."""
        number, answer = self.expect()
        self.send(call(number, tool, arguments))
        return number, answer

    async def call(self, tool: str, /, **arguments: Any) -> Said:
        """Call a tool."""
        return await asyncio.wait_for(self.ask(tool, **arguments)[1], PATIENCE)

    def cancel(self, number: int) -> None:
        """Tell it that nobody waits for that answer any more."""
        self.send(notification("notifications/cancelled", {"requestId": number}))

    async def close_input(self) -> int:
        """End it by the end of its input; its exit status."""
        assert self._process.stdin
        self._process.stdin.close()
        return await self._gone()

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it by a signal; its exit status."""
        if self._process.returncode is None:
            self._process.send_signal(number)
        status = await self._gone()
        assert self._process.stdin
        self._process.stdin.close()
        return status

    async def _gone(self) -> int:
        status = await asyncio.wait_for(self._process.wait(), PATIENCE)
        await asyncio.wait(self._reading)
        return status

    async def _read_answers(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            self.has_answered = True
            self._loopback.heard.append(line.decode())
            frame = json.loads(line)
            waiting = self._waiting_for(frame)
            if waiting is None or waiting.done():
                continue
            if "error" in frame:
                waiting.set_exception(Rejected(str(frame)))
            else:
                waiting.set_result(_said(frame["result"]))
        for waiting in (*self._answers.values(), *self._nameless):
            if not waiting.done():
                waiting.set_exception(Gone("the process has ended"))

    def _waiting_for(self, frame: dict[str, Any]) -> asyncio.Future[Said] | None:
        if "method" in frame:
            return None
        if frame.get("id") is None:
            return self._nameless.popleft() if self._nameless else None
        return self._answers.pop(frame["id"], None)

    async def _read_errors(self) -> None:
        assert self._process.stderr
        async for line in self._process.stderr:
            self._loopback.heard.append(line.decode(errors="replace"))


def _said(result: dict[str, Any]) -> Said:
    """What a tool said, or the whole result of another request."""
    if "content" not in result:
        return Said(json.dumps(result), failed=False)
    return Said("\n".join(part.get("text", "") for part in result["content"]), bool(result.get("isError")))
