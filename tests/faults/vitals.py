"""What a server's process takes while it works: memory, descriptors, threads, tasks (Linux: proc(5))."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

_WARM_UP = 0.1
"""The share of the samples before which caches still fill."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """One look at the process."""

    calls: int
    """Made so far."""
    memory: float
    """Resident, in MiB."""
    held: float
    """Of it in use, in MiB: what is not free for something else."""
    descriptors: int
    threads: int
    tasks: int


class Patient:
    """A `watched` server's process, looked at from outside."""

    def __init__(self, pid: int, tasks_file: Path) -> None:
        self._process = Path("/proc", str(pid))
        self._tasks_file = tasks_file

    def look(self, calls: int) -> Vitals:
        """How it is now."""
        status = dict(line.split(":", 1) for line in (self._process / "status").read_text().splitlines())
        memory = int(status["VmRSS"].split()[0]) / 1024
        descriptors = len(os.listdir(self._process / "fd"))  # noqa: PTH208 - only the number
        _, tasks, in_use = self._beat()
        return Vitals(calls, memory, in_use / 2**20, descriptors, int(status["Threads"]), tasks)

    async def next_beat(self) -> None:
        """Wait until it has written down its tasks anew: twice, for it may be about to."""
        before = self._beat()[0]
        while self._beat()[0] < before + 2:  # noqa: ASYNC110 - the other side is a file
            await asyncio.sleep(0.05)

    def _beat(self) -> tuple[int, int, int]:
        written = self._tasks_file.read_text().split() if self._tasks_file.exists() else []
        return (int(written[0]), int(written[1]), int(written[2])) if len(written) == 3 else (0, 0, 0)


def after_warm_up(samples: list[Vitals]) -> list[Vitals]:
    """The samples that count."""
    return samples[int(len(samples) * _WARM_UP) :]
