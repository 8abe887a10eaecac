"""A minimal MCP client over a server's standard streams: pipes and JSON lines, no SDK.

It blocks, has no threads of its own but a watchdog, and parses answers after the clock
has stopped, so that a measured time is the server's and the pipes'.
"""

from __future__ import annotations

import json
import os
import signal
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

from benchmarks import processes

if sys.platform == "linux":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from types import TracebackType

ROOT: Final = Path(__file__).resolve().parent.parent
PROTOCOL_VERSION: Final = "2025-11-25"
"""The newest revision with a handshake: what most hosts speak over stdio today."""

_PATIENCE_SECONDS: Final = 120.0
"""How long any one measurement may take before its server is ended."""

_SHOWN_STDERR: Final = 2000
_NARROW_PIPE: Final = 2**14
"""What a pipe holds at least where it can't be told (macOS)."""
_WIDE_PIPE: Final = 2**20
"""What an ordinary user may ask for (Linux, /proc/sys/fs/pipe-max-size)."""


class ServerError(Exception):
    """A server ended, answered with an error, or took longer than a measurement may."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a server is started: its name in the tables, its command line, and its own environment."""

    name: str
    command: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict[str, str])

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


Work = tuple[Call, ...]
"""What an agent sends at once to get one thing done: one call, or several where a server has a tool for each part."""


@dataclass(frozen=True, slots=True)
class Burst:
    """The same work many times with a set number in flight: how often a second, and how many answers were errors."""

    count: int
    seconds: float
    errors: int

    @property
    def per_second(self) -> float:
        """Times a second, those with errors included."""
        return self.count / self.seconds


class Server:
    """A running server, from launch to end, as a context manager."""

    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        self._last_id = 0
        self.launched_at = time.perf_counter()
        self._process = subprocess.Popen(
            launch.command,
            cwd=ROOT,
            env=launch.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            start_new_session=True,  # so that it can be ended with what its launcher has started
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin = self._process.stdin
        self._stdout = self._process.stdout
        self._room = _widen(self._stdin.fileno())

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

    def answer(self, work: Work) -> str:
        """The text of all the answers to a piece of work, in the order of its calls."""
        return "\n".join(self.text(call) for call in work)

    def time_work(self, work: Work, count: int) -> list[float]:
        """Seconds from sending a piece of work to its last answer, `count` times one after the other."""
        seconds: list[float] = []
        answers: list[bytes] = []
        with self._watched():
            for _ in range(count):
                frames = self._frames(work)
                before = time.perf_counter()
                self._send(frames)
                answers.extend(self._read() for _ in work)
                seconds.append(time.perf_counter() - before)
        self._check(answers, errors_allowed=0)
        return seconds

    def burst(self, work: Work, count: int, in_flight: int) -> Burst:
        """`count` times the same work, `in_flight` of them always waiting.

        The requests in flight have to fit into the pipe, since this client writes and reads in one thread.
        """
        waiting_to_go = deque(self._frames(work) for _ in range(count))
        if sum(map(len, list(waiting_to_go)[:in_flight])) > self._room:
            raise ValueError("requests in flight don't fit into a pipe")
        answers: list[bytes] = []
        with self._watched():
            before = time.perf_counter()
            self._send(b"".join(waiting_to_go.popleft() for _ in range(min(in_flight, count))))
            for _ in range(count):
                answers.extend(self._read() for _ in work)
                if waiting_to_go:
                    self._send(waiting_to_go.popleft())
            seconds = time.perf_counter() - before
        return Burst(count, seconds, self._check(answers, errors_allowed=len(answers)))

    def resident_bytes(self) -> int:
        """The resident memory of its processes."""
        return processes.resident_bytes(self._process.pid)

    def processor_seconds(self) -> float:
        """The processor time of its processes so far."""
        return processes.processor_seconds(self._process.pid)

    def _frames(self, work: Work) -> bytes:
        return b"".join(call.frame(self._next_id()) for call in work)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _send(self, frames: bytes) -> None:
        # A server that has ended answers nothing, and `_read` reports what it said instead.
        with suppress(BrokenPipeError):
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

    def _kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)

    @contextmanager
    def _watched(self) -> Generator[None]:
        watchdog = threading.Timer(_PATIENCE_SECONDS, self._kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()


def _widen(pipe: int) -> int:
    """Let a pipe hold what is in flight at most (Linux, fcntl(2)); how many bytes it holds."""
    if sys.platform != "linux":
        return _NARROW_PIPE
    try:
        return fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _WIDE_PIPE)
    except OSError:  # beyond what the machine allows an ordinary user
        return fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)


def _frame(request_id: int, method: str, params: dict[str, Any]) -> bytes:
    request = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
    return json.dumps(request, separators=(",", ":")).encode() + b"\n"
