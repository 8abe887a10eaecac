"""How much memory a count and an export of 10,000 conversations take above idle."""

from __future__ import annotations

import asyncio
import sys
from statistics import median

from benchmarks import report
from tests.faults.many_rows import BOUND, CALLS, ROWS, grown_by


def run(rounds: int) -> report.Section:
    """Make each call in a fresh process, so many times."""
    grown = [asyncio.run(grown_by(*CALLS)) for _ in range(rounds)]
    worst = max(each.above for of_round in grown for each in of_round.values())
    return report.Section(
        name="many_rows",
        title="Many rows",
        method=f"{ROWS:,} of the 50,000 conversations of a large workspace, in {rounds} fresh processes each: "
        "the peak of resident memory (VmHWM) above what it was after the same call over a day's rows.",
        header=("call", "idle", "above it at the peak"),
        rows=[
            (
                name,
                f"{median(of_round[name].idle for of_round in grown):.1f} MiB",
                f"{median(of_round[name].above for of_round in grown):.1f} MiB",
            )
            for name in CALLS
        ],
        bounds=[report.Bound(f"{ROWS:,} rows: at most {BOUND:g} MiB above idle, each time", worst, "at most", BOUND)],
    )


if __name__ == "__main__":
    asked = report.options(__doc__, rounds=3)
    if sys.platform != "linux":
        sys.exit("Memory is read from /proc. Run this bench on Linux.")
    report.finish(run(asked.rounds), asked)
