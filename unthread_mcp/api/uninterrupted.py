"""Letting an operation end although its caller is cancelled, so that what it did to the world gets recorded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.lowlevel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


async def uninterrupted(operation: Callable[[], Awaitable[T]], *, grace: float = 15.0) -> T:
    """Run `operation` so that cancelling the caller does not cut it off.

    When the caller is cancelled (by a scope, a task group, or `asyncio.Task.cancel`), the operation has `grace` seconds
    to end. If it has not by then, it is cancelled itself, so that it can record in an ``except`` block that its outcome
    is unknown; an operation that carries on all the same is cancelled again every `grace` seconds. Only when it has
    ended does the caller's cancellation go on, and no task is left behind. Even the end of the event loop, which
    cancels every task, waits for it. A caller that is cancelled already does not begin it.

    The operation runs in a task of its own: it sees the caller's context variables, but cannot set them.
    """
    await anyio.lowlevel.checkpoint()
    task = _Operation(_begin(operation), loop=asyncio.get_running_loop())
    try:
        await asyncio.wait((task,))
    except asyncio.CancelledError:
        await _let_end(task, grace)
        raise
    return task.result()


class _Operation(asyncio.Task[Any]):
    def cancel(self, msg: Any | None = None) -> bool:
        """Cancel the task, unless it is the end of the loop that asks.

        `asyncio.Runner.close` cancels all tasks while the loop stands still, and then runs it until they have ended.
        The caller's task is among them, so the grace holds there, too.
        """
        return self.get_loop().is_running() and super().cancel(msg)


async def _begin(operation: Callable[[], Awaitable[T]]) -> T:
    return await operation()


async def _let_end(task: asyncio.Task[Any], grace: float) -> None:
    loop = asyncio.get_running_loop()
    with anyio.CancelScope(shield=True):
        until = loop.time() + grace
        while not task.done():
            if loop.time() >= until:
                task.cancel()
                until = loop.time() + grace
            try:
                await asyncio.wait((task,), timeout=until - loop.time())
            except asyncio.CancelledError:
                # Cancelled once more, past the shield: the grace stands, and the first cancellation goes on after it.
                continue
    if not task.cancelled():
        # Its result has no taker; looking at its exception says that we know.
        task.exception()
