"""Thousands of histories of sending, drawn by chance: at most one effect per intent, and what is said is so.

`UNTHREAD_TEST_HISTORIES` says how many to play, for a long run by hand.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.api.misbehaving import KEY
from tests.faults.model import Sending
from tests.faults.places import AsProcesses, InOneProcess
from tests.leaks import leaks

HISTORIES = int(os.environ.get("UNTHREAD_TEST_HISTORIES", "0"))


def play(place: InOneProcess | AsProcesses, histories: int, steps: int) -> None:
    def begin() -> Sending:
        return Sending(place)

    run_state_machine_as_test(
        begin,  # type: ignore[arg-type] - it takes whatever makes a machine
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=not HISTORIES,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )


def test_in_one_process_each_intent_has_at_most_one_effect_whatever_happens(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        place = InOneProcess(runner, tmp_path)
        play(place, HISTORIES or 2_000, steps=6)
        runner.run(place.close())
        assert leaks(KEY, "\n".join(place.loopback.heard)) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither SIGTERM nor SIGKILL")
def test_of_processes_that_are_signalled_and_killed_each_intent_has_at_most_one_effect(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        place = AsProcesses(runner, tmp_path)
        play(place, HISTORIES // 40 or 25, steps=5)
        runner.run(place.close())
        assert place.signals
        assert leaks(KEY, "\n".join(place.loopback.heard)) == []
