"""Histories of sending, drawn by chance; `tests/faults/histories.py` plays more of them by hand."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.faults.histories import play
from tests.faults.places import AsProcesses, InOneProcess


def test_in_one_process_each_intent_has_at_most_one_effect_whatever_happens(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        place = InOneProcess(runner, tmp_path)
        played = play(place, 2_000)
        runner.run(place.close())
    assert played.histories >= 2_000


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither SIGTERM nor SIGKILL")
def test_of_processes_that_are_signalled_and_killed_each_intent_has_at_most_one_effect(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        place = AsProcesses(runner, tmp_path)
        played = play(place, 25)
        runner.run(place.close())
    assert played.histories >= 25
    assert place.signals
