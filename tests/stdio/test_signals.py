"""What the runner does with signals, and with a process that does not end."""

from __future__ import annotations

import signal
import threading

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from raw_client import PATIENCE

from unthread_mcp.stdio.runner import last_resort, stop_signals

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_first_signal_stops_and_the_next_one_leaves(number: signal.Signals) -> None:
    done: list[str] = []
    with stop_signals(lambda: done.append("stop"), lambda status: done.append(f"leave {status}")):
        signal.raise_signal(number)
        assert done == ["stop"]
        signal.raise_signal(signal.SIGTERM)
    assert done[:2] == ["stop", f"leave {128 + signal.SIGTERM}"]


async def test_a_signal_wakes_the_event_loop_whichever_thread_it_hits() -> None:
    stopped = anyio.Event()
    loop_sleeps, done = threading.Event(), threading.Event()

    def hit_this_thread() -> None:
        loop_sleeps.wait(PATIENCE)
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        done.wait(2 * PATIENCE)  # its return would wake the loop, too

    began = anyio.current_time()
    with stop_signals(stopped.set):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, hit_this_thread)
            await anyio.lowlevel.checkpoint()
            loop_sleeps.set()
            try:
                with anyio.fail_after(PATIENCE):
                    await stopped.wait()
            finally:
                done.set()
        assert anyio.current_time() - began < PATIENCE / 2, "not only when something else wakes it"


async def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stop_signals(lambda: None):
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_process_that_does_not_end_in_time_is_left(caplog: pytest.LogCaptureFixture) -> None:
    left = threading.Event()
    statuses: list[int] = []

    def leave(status: int) -> None:
        statuses.append(status)
        left.set()

    with last_resort(leave) as leave_after:
        leave_after(600)
        leave_after(0)
        assert left.wait(PATIENCE)
    assert statuses == [0]
    assert "stuck" in caplog.text


def test_a_process_that_ends_in_time_is_not(caplog: pytest.LogCaptureFixture) -> None:
    before = threading.enumerate()
    with last_resort(lambda _status: None) as leave_after:
        leave_after(600)
        (timer,) = [thread for thread in threading.enumerate() if thread not in before]
        assert timer.daemon
    timer.join(PATIENCE)
    assert not timer.is_alive()
    assert not caplog.text
