"""Thousands of histories of sending, drawn by chance: how many messages end up there twice?

`python -m tests.faults.histories --histories 20000 --processes 500` prints the figures; `--write` puts them into
docs/safety.md. It ends with an error and the shortest history found if a promise is broken. `tests/faults/model.py`
says what a history is made of.
"""

# ruff: noqa: T201 - it prints what came of it
from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from benchmarks.client import ROOT
from benchmarks.report import made_with, table, write
from tests.api.misbehaving import KEY
from tests.faults.model import Played, Sending
from tests.faults.places import AsProcesses, InOneProcess
from tests.leaks import leaks

SAFETY_PAGE: Final = ROOT / "docs" / "safety.md"
STEPS: Final = {InOneProcess: 6, AsProcesses: 5}
"""Of a history at most, before all is called once more."""
OUTCOMES: Final = ("done", "already_done", "refused", "unknown")


def play(place: InOneProcess | AsProcesses, histories: int, *, drawn_by: int | None = None) -> Played:
    """Play that many histories, always the same ones without a seed. Raises `AssertionError` with a short one."""
    played = Played()

    def begin() -> Sending:
        return Sending(place, played)

    run_state_machine_as_test(
        begin if drawn_by is None else seed(drawn_by)(begin),  # type: ignore[arg-type] - it takes whatever makes one
        settings=settings(
            max_examples=histories,
            stateful_step_count=STEPS[type(place)],
            deadline=None,
            database=None,
            derandomize=drawn_by is None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )
    assert leaks(KEY, "\n".join(place.loopback.heard)) == []
    return played


def _played_by(kind: type[InOneProcess | AsProcesses], histories: int, drawn_by: int) -> Played:
    with tempfile.TemporaryDirectory() as directory, asyncio.Runner() as runner:
        place = kind(runner, Path(directory))
        played = play(place, histories, drawn_by=drawn_by)
        runner.run(place.close())
    return played


def main() -> int:
    """Play, and print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--histories", type=int, default=20_000, help="within one process")
    parser.add_argument("--processes", type=int, default=500, help="histories over processes, with signals")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the result into docs/safety.md, too")
    asked = parser.parse_args()
    found = {
        "in one process": _played_by(InOneProcess, asked.histories, asked.seed),
        "over processes": _played_by(AsProcesses, asked.processes, asked.seed),
    }
    said = table(
        ("played", "histories", "messages meant", "doubled", "calls", *(f"`{each}`" for each in OUTCOMES), "ends"),
        [
            (
                where,
                f"{played.histories:,}",
                f"{played.meant:,}",
                f"{played.doubled:,}",
                f"{played.outcomes.total():,}",
                *(f"{played.outcomes[each]:,}" for each in OUTCOMES),
                f"{played.ends:,}",
            )
            for where, played in found.items()
        ],
    )
    text = (
        f"`python -m tests.faults.histories --histories {asked.histories} --processes {asked.processes} "
        f"--seed {asked.seed}`, {made_with()}.\n\n{said}\n"
    )
    print(text)
    if asked.write:
        write("histories", text, SAFETY_PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
