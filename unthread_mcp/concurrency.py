"""Several reads at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import anyio

from unthread_mcp.api.errors import UnthreadError

_A = TypeVar("_A")
_B = TypeVar("_B")


async def both(first: Callable[[], Awaitable[_A]], second: Callable[[], Awaitable[_B]]) -> tuple[_A, _B]:
    """Run two reads at once. If one fails, the other is cancelled and its error is raised as it is."""
    results: list[Any] = await together([first, second])
    return results[0], results[1]


async def together(operations: Sequence[Callable[[], Awaitable[_A]]]) -> list[_A]:
    """Run several at once. If one fails, the others are cancelled and its error is raised as it is."""
    results: dict[int, _A] = {}

    async def run(index: int, operation: Callable[[], Awaitable[_A]]) -> None:
        results[index] = await operation()

    try:
        async with anyio.create_task_group() as group:
            for index, operation in enumerate(operations):
                group.start_soon(run, index, operation)
    except BaseExceptionGroup as failures:
        failure = _first(failures)
    else:
        return [results[index] for index in range(len(operations))]
    # Raised out here it has the group for no context, which holds it, and is held by no frame of its own traceback:
    # the answer that it is about, however large, is let go with it, and not with some later garbage collection.
    try:
        raise failure
    finally:
        del failure


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    failure: BaseException = failures.exceptions[0]
    # What is in a group of base exceptions is a base exception, or a group of them.
    return (
        _first(cast("BaseExceptionGroup[BaseException]", failure))
        if isinstance(failure, BaseExceptionGroup)
        else failure
    )


async def at_once(operations: Mapping[str, Callable[[], Awaitable[_A]]]) -> dict[str, _A | UnthreadError]:
    """Run named reads at once. One that fails gives its error in place of a value; the others go on."""
    results: dict[str, _A | UnthreadError] = {}

    async def run(name: str, operation: Callable[[], Awaitable[_A]]) -> None:
        try:
            results[name] = await operation()
        except UnthreadError as error:
            # Its traceback would hold these results, which hold it.
            results[name] = error.with_traceback(None)

    async with anyio.create_task_group() as group:
        for name, operation in operations.items():
            group.start_soon(run, name, operation)
    return results
