"""Bytes over whatever can only be waited for in a thread: regular files, `/dev/null`, and everything on Windows.

The threads are daemons and hold no lock while they wait, so the process can end while they do.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from unthread_mcp.stdio.bytestreams import READ_BYTES, OnData, OnProgress

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


class _LoopThread:
    """A daemon thread that reports to the event loop that started it."""

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=run, name=name, daemon=True).start()

    def report(self, function: Callable[..., None], *arguments: Any) -> bool:
        """Have the event loop call `function`; False if it is closed, so that nobody listens any more."""
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            return False
        return True


class ThreadSource:
    """A `ByteSource` whose reads, one at a time, each wait for the event loop to have taken the one before."""

    def __init__(self, fd: int, on_data: OnData) -> None:
        self._fd = os.dup(fd)  # the thread's own, which nobody closes and reuses while it waits in a read
        self._on_data = on_data
        self._flowing = False
        self._reading = False
        self._requests: SimpleQueue[bool] = SimpleQueue()
        self._thread = _LoopThread("stdin", self._run)

    def resume(self) -> None:
        """Let bytes come."""
        self._flowing = True
        self._request()

    def pause(self) -> None:
        """Let no more come than what is being read."""
        self._flowing = False

    def close(self) -> None:
        """Stop, after the read under way."""
        self._flowing = False
        self._requests.put(False)

    def _request(self) -> None:
        if not self._reading:
            self._reading = True
            self._requests.put(True)

    def _run(self) -> None:
        while self._requests.get():
            try:
                data = os.read(self._fd, READ_BYTES)
            except OSError as error:
                logger.info("Standard input ended: %s", error)
                data = b""
            if not self._thread.report(self._take, data) or not data:
                break
        os.close(self._fd)

    def _take(self, data: bytes) -> None:
        self._reading = False
        self._on_data(data)
        if self._flowing:
            self._request()


class ThreadSink:
    """A `ByteSink` whose thread writes all that has gathered while it wrote the last."""

    def __init__(self, fd: int, on_progress: OnProgress) -> None:
        self._fd = os.dup(fd)
        self._on_progress = on_progress
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = _LoopThread("stdout", self._run)
        self.backlog = 0
        self.broken = False

    def write(self, data: bytes) -> None:
        """Write `data` in its turn."""
        if not self.broken:
            self.backlog += len(data)
            self._queue.put(data)

    def close(self) -> None:
        """Stop, after what was given."""
        self._queue.put(None)

    def _run(self) -> None:
        closed = False
        while not closed:
            frames = [self._queue.get()]
            while not self._queue.empty():
                frames.append(self._queue.get())
            closed = None in frames
            rest = memoryview(b"".join(frame for frame in frames if frame is not None))
            try:
                while rest:
                    written = os.write(self._fd, rest)
                    rest = rest[written:]
                    self._thread.report(self._progress, written)
            except OSError as error:
                logger.info("Standard output is gone: %s", error)
                self._thread.report(self._break)
                break
        os.close(self._fd)

    def _progress(self, written: int) -> None:
        self.backlog -= written
        self._on_progress()

    def _break(self) -> None:
        self.broken = True
        self.backlog = 0
        self._on_progress()
