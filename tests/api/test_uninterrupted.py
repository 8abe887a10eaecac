"""An operation that a cancelled caller started ends all the same, or is told to record that it could not."""

from __future__ import annotations

import asyncio
import contextlib
import time

import anyio
import pytest

from unthread_mcp.api.uninterrupted import end_announced, uninterrupted

pytestmark = pytest.mark.anyio


class Operation:
    """Says when it began, goes on when it is let, and remembers how it ended."""

    def __init__(self) -> None:
        self.began = anyio.Event()
        self.may_end = anyio.Event()
        self.outcome = "nothing"

    async def __call__(self) -> str:
        self.began.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.outcome = "unknown"
            raise
        # What comes after the first wait is not cut off either.
        await asyncio.sleep(0)
        self.outcome = "done"
        return "receipt"


@contextlib.contextmanager
def no_task_left_behind():  # noqa: ANN201 - a context manager's type says nothing here
    before = asyncio.all_tasks()
    yield
    assert asyncio.all_tasks() == before


async def test_its_result_is_returned() -> None:
    operation = Operation()
    operation.may_end.set()
    with no_task_left_behind():
        assert await uninterrupted(operation) == "receipt"


async def test_its_exception_is_raised() -> None:
    async def fails() -> None:
        raise ValueError("no")

    with no_task_left_behind(), pytest.raises(ValueError, match="no"):
        await uninterrupted(fails)


async def test_a_cancelled_scope_waits_for_it_and_then_the_cancellation_goes_on() -> None:
    operation = Operation()
    went_on = False
    with no_task_left_behind():
        async with anyio.create_task_group() as group:

            async def call() -> None:
                nonlocal went_on
                await uninterrupted(operation)
                went_on = True

            group.start_soon(call)
            await operation.began.wait()
            group.cancel_scope.cancel()
            with anyio.CancelScope(shield=True):
                for _ in range(5):
                    await asyncio.sleep(0)
                    assert operation.outcome == "nothing"
            operation.may_end.set()
    assert operation.outcome == "done"
    assert not went_on


async def test_a_deadline_of_the_caller_waits_for_it() -> None:
    operation = Operation()
    with no_task_left_behind(), anyio.move_on_after(0.01) as scope:
        asyncio.get_running_loop().call_later(0.05, operation.may_end.set)
        await uninterrupted(operation)
    assert scope.cancelled_caught
    assert operation.outcome == "done"


async def test_a_caller_in_a_cancelled_scope_does_not_begin_it() -> None:
    operation = Operation()
    with no_task_left_behind(), anyio.CancelScope() as scope:
        scope.cancel()
        await uninterrupted(operation)
    assert scope.cancelled_caught
    assert not operation.began.is_set()


async def test_a_task_that_is_cancelled_before_it_could_begin_does_not_begin_it() -> None:
    operation = Operation()

    async def caller() -> None:
        me = asyncio.current_task()
        assert me is not None
        me.cancel()
        await uninterrupted(operation)

    with no_task_left_behind():
        task = asyncio.create_task(caller())
        await asyncio.wait([task])
    assert task.cancelled()
    assert not operation.began.is_set()


async def test_a_cancelled_task_waits_for_it_however_often_it_is_cancelled() -> None:
    operation = Operation()
    with no_task_left_behind():
        task = asyncio.create_task(uninterrupted(operation))
        await operation.began.wait()
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert not task.done()
        operation.may_end.set()
        await asyncio.wait([task])
    assert task.cancelled()
    assert operation.outcome == "done"


async def test_after_the_grace_it_is_cancelled_and_can_record_that() -> None:
    operation = Operation()
    with no_task_left_behind(), anyio.move_on_after(0.01) as scope:
        await uninterrupted(operation, grace=0.03)
    assert scope.cancelled_caught
    assert operation.outcome == "unknown"


async def test_waiting_for_it_does_not_keep_the_processor_busy() -> None:
    before = time.process_time()
    with anyio.move_on_after(0.01):
        await uninterrupted(Operation(), grace=0.2)
    assert time.process_time() - before < 0.05


@pytest.mark.parametrize(("announced", "outcome"), [("while it is under way", "unknown"), ("before it", "done")])
async def test_what_is_under_way_when_the_end_is_announced_has_its_grace_from_then(
    announced: str, outcome: str
) -> None:
    operation = Operation()
    grace = 0.2
    with no_task_left_behind(), end_announced() as announce:
        if announced == "before it":
            announce()
            await asyncio.sleep(grace)
        task = asyncio.create_task(uninterrupted(operation, grace=grace))
        await operation.began.wait()
        if announced == "while it is under way":
            announce()
            await asyncio.sleep(grace)
        task.cancel()
        await asyncio.sleep(grace / 10)
        operation.may_end.set()
        await asyncio.wait([task])
    assert task.cancelled()
    assert operation.outcome == outcome


async def test_recording_may_take_its_time() -> None:
    recorded: list[str] = []

    async def operation() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            await asyncio.sleep(0.01)
            recorded.append("unknown")

    with no_task_left_behind(), anyio.move_on_after(0.01):
        await uninterrupted(operation, grace=0.05)
    assert recorded == ["unknown"]


async def test_an_operation_that_carries_on_is_cancelled_again() -> None:
    cancellations: list[int] = []

    async def operation() -> None:
        for number in (1, 2):
            with contextlib.suppress(asyncio.CancelledError):
                await anyio.sleep_forever()
            cancellations.append(number)

    with no_task_left_behind(), anyio.move_on_after(0.01):
        await uninterrupted(operation, grace=0.02)
    assert cancellations == [1, 2]


async def test_an_exception_of_an_operation_whose_caller_is_gone_is_not_left_lying_about() -> None:
    operation = Operation()
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    async def fails() -> None:
        await operation()
        raise ValueError("no")

    with anyio.move_on_after(0.01) as scope:
        asyncio.get_running_loop().call_later(0.03, operation.may_end.set)
        await uninterrupted(fails)
    assert scope.cancelled_caught
    await asyncio.sleep(0)
    assert complaints == []


async def test_deadlines_within_it_work_as_ever() -> None:
    async def operation() -> str:
        with anyio.move_on_after(0.01) as scope:
            await anyio.sleep_forever()
        assert scope.cancelled_caught
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.01):
                await anyio.sleep_forever()
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep_forever)
            group.cancel_scope.cancel()
        return "receipt"

    with no_task_left_behind():
        assert await uninterrupted(operation) == "receipt"


def test_the_end_of_the_loop_waits_for_it() -> None:
    outcomes: list[str] = []

    async def operation() -> None:
        await asyncio.sleep(0.02)
        outcomes.append("done")

    async def main() -> asyncio.Task[None]:
        caller = asyncio.create_task(uninterrupted(operation))
        await asyncio.sleep(0)
        return caller

    caller = asyncio.run(main())
    assert outcomes == ["done"]
    assert caller.cancelled()


def test_the_end_of_the_loop_waits_no_longer_than_the_grace() -> None:
    async def main() -> tuple[Operation, asyncio.Task[str]]:
        operation = Operation()
        caller = asyncio.create_task(uninterrupted(operation, grace=0.02))
        await operation.began.wait()
        return operation, caller

    operation, caller = asyncio.run(main())
    assert operation.outcome == "unknown"
    assert caller.cancelled()
