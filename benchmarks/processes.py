"""What a server's processes use: its own and those below it, as a launcher such as uvx or npx has (Linux, proc(5))."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final, NamedTuple

_PROC: Final = Path("/proc")
_TICKS: Final = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class Stat(NamedTuple):
    """A process's parent, and the processor time of its ended children, in seconds."""

    parent: int
    ended_children: float


def parse_stat(text: str) -> Stat:
    """Read a line of /proc/PID/stat. The name in parentheses may itself have spaces and parentheses."""
    fields = text.rpartition(")")[2].split()
    # Numbered from 1 in proc(5), where the state, the first of these, is the third.
    parent, cutime, cstime = fields[4 - 3], fields[16 - 3], fields[17 - 3]
    return Stat(int(parent), (int(cutime) + int(cstime)) / _TICKS)


def tree(root: int, parents: dict[int, int]) -> list[int]:
    """`root` and everything below it, by each process's parent."""
    found = [root]
    for process in found:
        found.extend(child for child, parent in parents.items() if parent == process)
    return found


def resident_bytes(root: int) -> int:
    """Resident memory of the tree (VmRSS, so that pages shared between processes count in each)."""
    return sum(_resident(process) for process in _living(root))


def processor_seconds(root: int) -> float:
    """Processor time of the tree so far, of all threads and of ended children."""
    return sum(
        # clock_getcpuclockid(3): exact to nanoseconds, where /proc counts hundredths.
        time.clock_gettime((~process << 3) | 2) + stat.ended_children
        for process, stat in _living(root).items()
    )


def _living(root: int) -> dict[int, Stat]:
    stats: dict[int, Stat] = {}
    for directory in _PROC.iterdir():
        if directory.name.isdecimal():
            try:
                stats[int(directory.name)] = parse_stat((directory / "stat").read_text(errors="replace"))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
    return {process: stats[process] for process in tree(root, {each: stat.parent for each, stat in stats.items()})}


def _resident(process: int) -> int:
    status = (_PROC / str(process) / "status").read_text(errors="replace")
    kibibytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(kibibytes) * 1024
