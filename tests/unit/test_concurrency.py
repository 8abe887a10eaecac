"""Two reads at once."""

from __future__ import annotations

import anyio
import pytest

from unthread_mcp.api.errors import InvalidArgument, NotFound
from unthread_mcp.concurrency import at_once, both

pytestmark = pytest.mark.anyio


async def test_both_run_at_once_and_their_results_keep_their_places() -> None:
    first_runs, second_runs = anyio.Event(), anyio.Event()

    async def first() -> str:
        first_runs.set()
        await second_runs.wait()
        return "first"

    async def second() -> int:
        second_runs.set()
        await first_runs.wait()
        return 2

    with anyio.fail_after(5):
        assert await both(first, second) == ("first", 2)


@pytest.mark.parametrize("fails_first", [True, False])
async def test_the_error_of_one_is_raised_as_it_is_and_the_other_is_cancelled(fails_first: bool) -> None:
    error, cancelled = NotFound("No.", "Look."), anyio.Event()

    async def fails() -> None:
        raise error

    async def waits() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.set()

    with pytest.raises(NotFound) as raised:
        await (both(fails, waits) if fails_first else both(waits, fails))
    assert raised.value is error
    assert raised.value.__cause__ is None
    assert cancelled.is_set()


async def test_if_both_fail_one_of_the_errors_is_raised() -> None:
    async def fails() -> None:
        raise InvalidArgument("No.", "Look.")

    with pytest.raises(InvalidArgument):
        await both(fails, fails)


async def test_errors_are_freed_from_groups_within_groups() -> None:
    async def nested() -> None:
        await both(fails, fails)

    async def grouped() -> None:
        raise ExceptionGroup("inner", [ExceptionGroup("innermost", [NotFound("No.", "Look.")])])

    async def fails() -> None:
        raise NotFound("No.", "Look.")

    for operation in (nested, grouped):
        with pytest.raises(NotFound):
            await both(operation, anyio.sleep_forever)


async def test_cancelling_the_caller_cancels_both() -> None:
    ended: list[str] = []

    async def waits() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("x")

    with anyio.move_on_after(0.01):
        await both(waits, waits)
    assert ended == ["x", "x"]


async def test_of_named_reads_at_once_one_that_fails_gives_its_error_and_the_others_go_on() -> None:
    error, failed = NotFound("No.", "Look."), anyio.Event()

    async def fails() -> str:
        failed.set()
        raise error

    async def goes_on() -> str:
        await failed.wait()
        return "here"

    with anyio.fail_after(5):
        assert await at_once({"a": goes_on, "b": fails}) == {"a": "here", "b": error}


async def test_a_bug_in_a_named_read_is_no_missing_part() -> None:
    async def broken() -> str:
        raise KeyError("a bug")

    with pytest.raises(ExceptionGroup, match="unhandled"):
        await at_once({"a": broken})
