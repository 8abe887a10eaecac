"""A client that writes bytes and reads lines, and waits for nothing longer than `PATIENCE`."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping
    from contextlib import AbstractContextManager

Frame = dict[str, Any]

PATIENCE: Final = 60.0
"""Seconds; only a test that fails waits for so long, or a machine that is very busy."""

WORKBENCH: Final = Path(__file__).parent / "servers" / "workbench.py"

MODERN: Final[Frame] = {
    "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
}
HANDSHAKE: Final[Frame] = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"elicitation": {}},
    "clientInfo": {"name": "raw", "version": "1"},
}


def request(request_id: Any, method: str, params: Frame | None = None) -> bytes:
    """One request, as a line."""
    return _line({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params or {}})


def notification(method: str, params: Frame | None = None) -> bytes:
    """One notification, as a line."""
    return _line({"jsonrpc": "2.0", "method": method, "params": params or {}})


def response(request_id: Any, result: Frame) -> bytes:
    """The answer to a request of the server's, as a line."""
    return _line({"jsonrpc": "2.0", "id": request_id, "result": result})


def call(request_id: Any, tool: str, arguments: Frame | None = None, meta: Frame | None = None) -> bytes:
    """A tool call in the modern era, as a line."""
    params: Frame = {"name": tool, "arguments": arguments or {}, "_meta": {**MODERN["_meta"], **(meta or {})}}
    return request(request_id, "tools/call", params)


def legacy_call(request_id: Any, tool: str, arguments: Frame | None = None) -> bytes:
    """A tool call in the handshake era, as a line."""
    return request(request_id, "tools/call", {"name": tool, "arguments": arguments or {}})


def handshake(request_id: Any = "hello") -> bytes:
    """What opens a connection of the handshake era, as two lines."""
    return request(request_id, "initialize", HANDSHAKE) + notification("notifications/initialized")


def text_of(frame: Frame) -> str:
    """The text of a tool's answer."""
    return frame["result"]["content"][0]["text"]


def _line(message: Frame) -> bytes:
    return json.dumps(message).encode() + b"\n"


class Lines:
    """Lines from a descriptor, each within `PATIENCE`."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._buffer = b""
        self.ended = False

    def next(self) -> bytes:
        """The next line without its newline; what is left, or nothing, at the end."""
        deadline = time.monotonic() + PATIENCE
        while b"\n" not in self._buffer and not self.ended:
            if not select.select([self._fd], [], [], max(0, deadline - time.monotonic()))[0]:
                message = f"nothing came within {PATIENCE:g} s after {self._buffer[:200]!r}"
                raise TimeoutError(message)
            try:
                chunk = os.read(self._fd, 1 << 20)
            except OSError:  # a pseudo-terminal whose other side closed
                chunk = b""
            self.ended = not chunk
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def rest(self) -> list[bytes]:
        """All that still comes, until the end."""
        lines: list[bytes] = []
        while not self.ended or self._buffer:
            if line := self.next():
                lines.append(line)
        return lines


class RawClient:
    """A server in a process of its own, spoken to in bytes."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: int, stdout: int) -> None:
        self.process = process
        self._stdin = stdin
        self._rest = b""
        self.lines = Lines(stdout)
        self._stderr = Lines(process.stderr.fileno()) if process.stderr else None

    @property
    def stderr(self) -> Lines:
        """What it says on standard error, unless that goes elsewhere."""
        assert self._stderr
        return self._stderr

    def send(self, *frames: bytes) -> None:
        """Write frames, all at once."""
        data = memoryview(b"".join(frames))
        while data:
            data = data[os.write(self._stdin, data) :]

    def frame(self) -> Frame:
        """The next frame."""
        return json.loads(self.lines.next())

    def frames(self, number: int) -> dict[Any, Frame]:
        """That many frames, by id."""
        return {frame.get("id"): frame for frame in (self.frame() for _ in range(number))}

    def remaining_frames(self) -> dict[Any, Frame]:
        """All frames until the server closes its output, by id."""
        return {frame.get("id"): frame for frame in map(json.loads, self.lines.rest())}

    def await_stderr(self, text: str) -> None:
        """Read standard error up to a line that has `text` in it."""
        while text not in (line := self.stderr.next().decode()):
            assert not self.stderr.ended, f"the server ended before it said {text!r}; its last words: {line}"

    def send_until_stuck(self, frames: Iterable[bytes], *, seconds: float = 1.0) -> int:
        """Write frames until the server has taken nothing for some seconds; how many went out whole.

        `send_the_rest` goes on within the one that did not.
        """
        os.set_blocking(self._stdin, False)
        for number, frame in enumerate(frames):
            data = memoryview(frame)
            while data:
                if not select.select([], [self._stdin], [], seconds)[1]:
                    self._rest = bytes(data)
                    return number
                data = data[os.write(self._stdin, data) :]
        message = "the server took everything"
        raise AssertionError(message)

    def send_the_rest(self) -> None:
        """Write what is left of the frame at which the server got stuck, as soon as it is taken."""
        os.set_blocking(self._stdin, True)
        self.send(self._rest)

    def resident_megabytes(self) -> float:
        """The memory that the server takes now."""
        shown = subprocess.run(["ps", "-o", "rss=", "-p", str(self.process.pid)], capture_output=True, check=True)
        return int(shown.stdout) / 1024

    def close_output(self) -> None:
        """Read nothing any more, and let the server see it."""
        assert self.process.stdout
        self.process.stdout.close()

    def close_input(self) -> None:
        """Let the server see the end of its input."""
        os.close(self._stdin)
        self._stdin = -1

    def wait(self) -> int:
        """The exit status."""
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """End the server, whatever it is doing."""
        if self._stdin >= 0:
            self.close_input()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)


@contextmanager
def served(
    *command: str,
    environment: Mapping[str, str] | None = None,
    stdin: int | IO[bytes] = subprocess.PIPE,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.PIPE,
) -> Generator[RawClient]:
    """A Python program as a server over pipes, unless other files are given for its side."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        [sys.executable, *command],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env={**inherited, **(environment or {})},
        bufsize=0,
    ) as process:
        write_end = os.dup(process.stdin.fileno()) if process.stdin else os.open(os.devnull, os.O_WRONLY)
        read_end = process.stdout.fileno() if process.stdout else os.open(os.devnull, os.O_RDONLY)
        if process.stdin:
            process.stdin.close()
        client = RawClient(process, write_end, read_end)
        try:
            yield client
        finally:
            client.close()


def workbench(
    *arguments: str,
    drain: float = 15.0,
    stdin: int | IO[bytes] = subprocess.PIPE,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.PIPE,
) -> AbstractContextManager[RawClient]:
    """The workbench server, whose tools do what a transport has to live with."""
    return served(str(WORKBENCH), str(drain), *arguments, stdin=stdin, stdout=stdout, stderr=stderr)
