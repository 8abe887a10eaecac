"""Several reads at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import anyio

_A = TypeVar("_A")
_B = TypeVar("_B")


async def both(first: Callable[[], Awaitable[_A]], second: Callable[[], Awaitable[_B]]) -> tuple[_A, _B]:
    """Run two reads at once. If one fails, the other is cancelled and its error is raised as it is."""
    results: dict[int, Any] = {}

    async def run(index: int, operation: Callable[[], Awaitable[Any]]) -> None:
        results[index] = await operation()

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(run, 0, first)
            group.start_soon(run, 1, second)
    except BaseExceptionGroup as failures:
        raise _first(failures) from None
    return results[0], results[1]


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    failure: BaseException = failures.exceptions[0]
    # What is in a group of base exceptions is a base exception, or a group of them.
    return (
        _first(cast("BaseExceptionGroup[BaseException]", failure))
        if isinstance(failure, BaseExceptionGroup)
        else failure
    )
