"""The server as hosts start it, which beside its work writes down how many tasks it has.

`python -m tests.faults.watched FILE` writes into FILE, every `EVERY` seconds: a number that grows, and how many tasks
there are. asyncio asks a policy of ours for the event loop and gets its usual one, with a timer on it: no task, no
thread, and nothing of the server's is touched.
"""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import count
from pathlib import Path
from typing import Final

EVERY: Final = 0.2


class Watching(asyncio.DefaultEventLoopPolicy):
    """The usual event loops, whose tasks are counted."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("wb", buffering=0)
        self._beats = count(1)

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """See `asyncio.AbstractEventLoopPolicy`."""
        loop = super().new_event_loop()
        loop.call_soon(self._write_down, loop)
        return loop

    def _write_down(self, loop: asyncio.AbstractEventLoop) -> None:
        line = f"{next(self._beats):12d} {len(asyncio.all_tasks(loop)):12d}\n"
        os.pwrite(self._file.fileno(), line.encode(), 0)
        loop.call_later(EVERY, self._write_down, loop)


if __name__ == "__main__":
    # Up to Python 3.15. anyio.run takes no loop from outside, and the policy is where it gets one.
    asyncio.set_event_loop_policy(Watching(Path(sys.argv[1])))  # pyright: ignore[reportDeprecated]

    from unthread_mcp.cli import main

    sys.exit(main([]))
