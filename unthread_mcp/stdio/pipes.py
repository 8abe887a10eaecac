"""Bytes over pipes, sockets and terminals, on the event loop alone: handing them to a thread costs more than a call."""

from __future__ import annotations

import asyncio
import logging
import os
import select
import stat
from collections import deque
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Final

from unthread_mcp.stdio.bytestreams import READ_BYTES, OnData, OnProgress

if TYPE_CHECKING:
    from collections.abc import Generator

logger = logging.getLogger(__name__)

_BUFFERS_AT_ONCE: Final = 256
"""How many frames go into one write; any system takes 1,024 (IOV_MAX), and 16 is the least that POSIX allows."""


def is_pollable(fd: int) -> bool:
    """Whether an event loop can wait for `fd`: not so for regular files and `/dev/null` (epoll_ctl(2), EPERM)."""
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(fd)


@contextmanager
def unblocked(fd: int) -> Generator[bool]:
    """`fd` in non-blocking mode, put back at the end; yields whether it is.

    The mode belongs to everyone who holds the same open file. So a terminal, which the shell and standard error use
    too, and a pipe that standard error goes to as well are left alone: there, another's `print` would fail.
    """
    if os.isatty(fd) or os.path.sameopenfile(fd, 2):
        yield False
        return
    before = os.get_blocking(fd)
    os.set_blocking(fd, False)
    try:
        yield True
    finally:
        os.set_blocking(fd, before)


class PipeSource:
    """A `ByteSource` over a descriptor that can be waited for, in either mode: it is only read when it is ready."""

    def __init__(self, fd: int, on_data: OnData) -> None:
        self._fd = fd
        self._on_data = on_data
        self._loop = asyncio.get_running_loop()
        self._flowing = False

    def resume(self) -> None:
        """Let bytes come."""
        if not self._flowing:
            self._flowing = True
            self._loop.add_reader(self._fd, self._read)

    def pause(self) -> None:
        """Let no more come."""
        if self._flowing:
            self._flowing = False
            self._loop.remove_reader(self._fd)

    close = pause

    def _read(self) -> None:
        try:
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:  # somebody else was faster
            return
        except OSError as error:  # a terminal that hung up, a reset socket: as good as the end
            logger.info("Standard input ended: %s", error)
            data = b""
        if not data:
            self.pause()
        self._on_data(data)


class PipeSink:
    """A `ByteSink` over a descriptor that can be waited for.

    The frames of one turn of the event loop go out together: a tenth less work under load, and a single one no later.
    A blocking descriptor is written to only when it is ready, `PIPE_BUF` bytes at a time, which then don't block
    (Python's documentation of `select.PIPE_BUF`).
    """

    def __init__(self, fd: int, on_progress: OnProgress, *, blocking: bool) -> None:
        self._fd = fd
        self._on_progress = on_progress
        self._blocking = blocking
        self._loop = asyncio.get_running_loop()
        self._queue: deque[bytes | memoryview] = deque()
        self._waiting = False
        self._gathering: asyncio.Handle | None = None
        self.backlog = 0
        self.broken = False

    def write(self, data: bytes) -> None:
        """Write `data` at the end of this turn of the event loop, or once the other side takes more."""
        if self.broken or not data:
            return
        self._queue.append(data)
        self.backlog += len(data)
        if self._waiting or self._gathering:
            return
        if self._blocking:
            self._wait()
        else:
            self._gathering = self._loop.call_soon(self._write)

    def close(self) -> None:
        """Stop, dropping what is not written."""
        self._queue.clear()
        self.backlog = 0
        if self._gathering:
            self._gathering.cancel()
            self._gathering = None
        if self._waiting:
            self._wait_no_longer()

    def _wait(self) -> None:
        self._waiting = True
        self._loop.add_writer(self._fd, self._write)

    def _wait_no_longer(self) -> None:
        self._waiting = False
        self._loop.remove_writer(self._fd)

    def _write(self) -> None:
        self._gathering = None
        try:
            if self._blocking:
                written = os.write(self._fd, memoryview(self._queue[0])[: select.PIPE_BUF])
            elif len(self._queue) == 1:
                written = os.write(self._fd, self._queue[0])
            else:
                written = os.writev(self._fd, list(islice(self._queue, _BUFFERS_AT_ONCE)))
        except BlockingIOError:
            written = 0
        except OSError as error:
            logger.info("Standard output is gone: %s", error)
            self.broken = True
            self.close()
            self._on_progress()
            return
        self.backlog -= written
        while written and written >= len(self._queue[0]):
            written -= len(self._queue.popleft())
        if written:
            self._queue[0] = memoryview(self._queue[0])[written:]
        if self._queue and not self._waiting:
            self._wait()
        elif self._waiting and not self._queue:
            self._wait_no_longer()
        self._on_progress()
