"""A minimal MCP client over a server's standard streams: pipes and JSON lines, no SDK.

It blocks, has no threads of its own but a watchdog, and parses answers after the clock
has stopped, so that a measured time is the server's and the pipes'.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from types import TracebackType

ROOT: Final = Path(__file__).resolve().parent.parent
PROTOCOL_VERSION: Final = "2025-11-25"
"""The newest revision with a handshake: what most hosts speak over stdio today."""

_PATIENCE_SECONDS: Final = 120.0
"""How long any one measurement may take before its server is ended."""

_SHOWN_STDERR: Final = 2000


class ServerError(Exception):
    """A server ended, answered with an error, or took longer than a measurement may."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a server is started: its name in the tables, `python -m module`, and its own environment."""

    name: str
    module: str
    env: dict[str, str] = field(default_factory=dict[str, str])
    arguments: tuple[str, ...] = ()

    def command(self) -> list[str]:
        """The command line, on the interpreter that runs the bench."""
        return [sys.executable, "-m", self.module, *self.arguments]

    def environment(self) -> dict[str, str]:
        """This process's environment without settings of ours, and the launch's own."""
        # Whoever measures may keep Python from writing bytecode; an installed package has it, as the peers' SDK does.
        left_out = ("UNTHREAD_", "PYTHONDONTWRITEBYTECODE")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        return {**inherited, **self.env}


@dataclass(frozen=True, slots=True)
class Call:
    """One `tools/call`, to be sent many times."""

    tool: str
    arguments: dict[str, Any]

    def frame(self, request_id: int) -> bytes:
        """The request as a line."""
        return _frame(request_id, "tools/call", {"name": self.tool, "arguments": self.arguments})


@dataclass(frozen=True, slots=True)
class Burst:
    """Many calls with a set number in flight: how many answers a second, and how many were errors."""

    calls: int
    seconds: float
    errors: int

    @property
    def per_second(self) -> float:
        """Answers a second, errors included."""
        return self.calls / self.seconds


class Server:
    """A running server, from launch to end, as a context manager."""

    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        self._last_id = 0
        self.launched_at = time.perf_counter()
        self._process = subprocess.Popen(
            launch.command(),
            cwd=ROOT,
            env=launch.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin = self._process.stdin
        self._stdout = self._process.stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the server by closing its input, and wait for it."""
        # It may have ended before us; whoever waited for its answer has reported that.
        with suppress(BrokenPipeError):
            self._stdin.close()
        with self._watched():
            self._process.wait()
        self._stdout.close()
        self._stderr.close()

    def start(self) -> list[dict[str, Any]]:
        """Shake hands and list the tools; the tools as answered."""
        client = {"name": "benchmark", "version": "1.0.0"}
        self.request("initialize", {"protocolVersion": PROTOCOL_VERSION, "capabilities": {}, "clientInfo": client})
        self._send(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
        return self.request("tools/list", {})["tools"]

    def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The result of one request; `ServerError` for an error."""
        with self._watched():
            self._send(_frame(self._next_id(), method, params))
            answer: dict[str, Any] = json.loads(self._read())
        if "result" not in answer:
            raise ServerError(f"{self.launch.name} answered {method} with {answer}")
        return answer["result"]

    def text(self, call: Call) -> str:
        """The text of one call's answer; `ServerError` if it is an error."""
        result = self.request("tools/call", {"name": call.tool, "arguments": call.arguments})
        text = "".join(block.get("text", "") for block in result["content"])
        if result.get("isError"):
            raise ServerError(f"{self.launch.name} answered {call.tool} with an error: {text[:500]}")
        return text

    def time_calls(self, call: Call, count: int) -> list[float]:
        """Seconds from sending a call to its whole answer, for `count` calls one after the other."""
        seconds: list[float] = []
        answers: list[bytes] = []
        with self._watched():
            for _ in range(count):
                frame = call.frame(self._next_id())
                before = time.perf_counter()
                self._send(frame)
                answers.append(self._read())
                seconds.append(time.perf_counter() - before)
        self._check(answers, errors_allowed=0)
        return seconds

    def burst(self, call: Call, count: int, in_flight: int) -> Burst:
        """`count` calls with `in_flight` of them always waiting.

        The requests in flight have to fit into a pipe (64 KiB on Linux), since this client
        writes and reads in one thread.
        """
        waiting_to_go = deque(call.frame(self._next_id()) for _ in range(count))
        if sum(map(len, list(waiting_to_go)[:in_flight])) > 65536:
            raise ValueError("requests in flight don't fit into a pipe")
        answers: list[bytes] = []
        with self._watched():
            before = time.perf_counter()
            self._send(b"".join(waiting_to_go.popleft() for _ in range(min(in_flight, count))))
            for _ in range(count):
                answers.append(self._read())
                if waiting_to_go:
                    self._send(waiting_to_go.popleft())
            seconds = time.perf_counter() - before
        return Burst(count, seconds, self._check(answers, errors_allowed=count))

    def resident_bytes(self) -> int:
        """The process's resident memory (Linux: VmRSS of proc(5))."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        kibibytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(kibibytes) * 1024

    def processor_seconds(self) -> float:
        """Processor time used so far by all threads, ended ones too (Linux: clock_getcpuclockid(3))."""
        return time.clock_gettime((~self._process.pid << 3) | 2)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _send(self, frames: bytes) -> None:
        self._stdin.write(frames)
        self._stdin.flush()

    def _read(self) -> bytes:
        line = self._stdout.readline()
        if not line:
            self._stderr.seek(0)
            said = self._stderr.read().decode(errors="replace")[-_SHOWN_STDERR:]
            raise ServerError(f"{self.launch.name} ended without answering. It said: {said}")
        return line

    def _check(self, answers: Sequence[bytes], *, errors_allowed: int) -> int:
        """How many of the last `len(answers)` requests were errors; each must have one answer."""
        parsed: list[dict[str, Any]] = [json.loads(answer) for answer in answers]
        expected = range(self._last_id - len(answers) + 1, self._last_id + 1)
        if sorted(answer.get("id", 0) for answer in parsed) != list(expected):
            raise ServerError(f"{self.launch.name} sent something else than one answer per request")
        failed = [answer for answer in parsed if "result" not in answer or answer["result"].get("isError")]
        if len(failed) > errors_allowed:
            raise ServerError(f"{self.launch.name} answered with an error: {failed[0]}")
        return len(failed)

    @contextmanager
    def _watched(self) -> Generator[None]:
        watchdog = threading.Timer(_PATIENCE_SECONDS, self._process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()


def _frame(request_id: int, method: str, params: dict[str, Any]) -> bytes:
    request = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
    return json.dumps(request, separators=(",", ":")).encode() + b"\n"
