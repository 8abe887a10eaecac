"""The server as hosts start it, which beside its work writes down how many tasks it has and how much memory is in use.

`python -m tests.faults.watched FILE` writes into FILE, every `EVERY` seconds: a number that grows, how many tasks there
are, and how many bytes glibc has given out, which is all that is in use with `PYTHONMALLOC=malloc`. Every `TRIM_EVERY`
of these it has the C library give back to the system what is free: of a heap with holes it would keep some twenty to
forty MiB, by chance. asyncio asks a policy of ours for the event loop and gets its usual one, with a timer on it: no
task, no thread, and nothing of the server's is touched.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from itertools import count
from pathlib import Path
from typing import Final

EVERY: Final = 0.2
TRIM_EVERY: Final = 10


class _Told(ctypes.Structure):
    """What glibc tells of its memory: mallinfo(3)."""

    _names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = tuple((name, ctypes.c_size_t) for name in _names.split())


class Watching(asyncio.DefaultEventLoopPolicy):
    """The usual event loops, whose tasks are counted."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("wb", buffering=0)
        self._beats = count(1)
        self._library = ctypes.CDLL(None)

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """See `asyncio.AbstractEventLoopPolicy`."""
        loop = super().new_event_loop()
        loop.call_soon(self._write_down, loop)
        return loop

    def _write_down(self, loop: asyncio.AbstractEventLoop) -> None:
        beat = next(self._beats)
        if beat % TRIM_EVERY == 0:
            self._give_back()
        line = f"{beat:12d} {len(asyncio.all_tasks(loop)):12d} {self._in_use():16d}\n"
        os.pwrite(self._file.fileno(), line.encode(), 0)
        loop.call_later(EVERY, self._write_down, loop)

    def _in_use(self) -> int:
        if not hasattr(self._library, "mallinfo2"):  # glibc's own, from 2.33
            return 0
        told = self._library.mallinfo2
        told.restype = _Told
        now = told()
        return now.uordblks + now.hblkhd

    def _give_back(self) -> None:
        if hasattr(self._library, "malloc_trim"):  # glibc's own
            self._library.malloc_trim(0)


if __name__ == "__main__":
    # Up to Python 3.15. anyio.run takes no loop from outside, and the policy is where it gets one.
    asyncio.set_event_loop_policy(Watching(Path(sys.argv[1])))  # pyright: ignore[reportDeprecated]

    from unthread_mcp.cli import main

    sys.exit(main([]))
