"""Letting an operation end although its caller is cancelled, so that what it did to the world gets recorded."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio
import anyio.lowlevel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

T = TypeVar("T")


@dataclass(slots=True)
class _End:
    """Since when the end of all that is called within it has been known, on the event loop's clock."""

    known_since: float | None = None


_end: Final[ContextVar[_End]] = ContextVar("_end")


@dataclass(slots=True)
class _Caller:
    """Whoever waits for an operation, and for what that is a part of."""

    part_of: _Caller | None
    waits: bool = True


_caller: Final[ContextVar[_Caller | None]] = ContextVar("_caller", default=None)


def is_wanted() -> bool:
    """Whether all who wait for the operation at work still do. If not, it should end without beginning more."""
    caller = _caller.get()
    while caller is not None:
        if not caller.waits:
            return False
        caller = caller.part_of
    return True


@contextmanager
def end_announced() -> Generator[Callable[[], None]]:
    """Yield a function that announces the end of what is called within the block, and cancels nothing.

    An operation that is under way then has its grace from that moment, whenever its caller is cancelled after it.
    """
    end = _End()

    def announce() -> None:
        end.known_since = asyncio.get_running_loop().time()

    token = _end.set(end)
    try:
        yield announce
    finally:
        _end.reset(token)


async def uninterrupted(operation: Callable[[], Awaitable[T]], *, grace: float = 15.0) -> T:
    """Run `operation` so that cancelling the caller does not cut it off.

    When the caller is cancelled (by a scope, a task group, or `asyncio.Task.cancel`), the operation has `grace` seconds
    to end. If it has not by then, it is cancelled itself, so that it can record in an ``except`` block that its outcome
    is unknown; an operation that carries on all the same is cancelled again every `grace` seconds. Only when it has
    ended does the caller's cancellation go on, and no task is left behind. Even the end of the event loop, which
    cancels every task, waits for it. A caller that is cancelled already does not begin it. Where the end was announced
    while the operation was under way (`end_announced`), the grace counts from there.

    The operation runs in a task of its own: it sees the caller's context variables, but cannot set them.
    """
    await anyio.lowlevel.checkpoint()
    loop = asyncio.get_running_loop()
    began = loop.time()
    caller = _Caller(_caller.get())
    task = _Operation(_begin(operation, caller), loop=loop)
    try:
        await asyncio.wait((task,))
    except asyncio.CancelledError:
        caller.waits = False
        await _let_end(task, grace, _grace_begins(began, loop.time()))
        raise
    try:
        return task.result()
    finally:
        # The traceback of its error would hold this frame, which holds the task, which holds the error, and with it
        # all that was read.
        del task


class _Operation(asyncio.Task[Any]):
    def cancel(self, msg: Any | None = None) -> bool:
        """Cancel the task, unless it is the end of the loop that asks.

        `asyncio.Runner.close` cancels all tasks while the loop stands still, and then runs it until they have ended.
        The caller's task is among them, so the grace holds there, too.
        """
        return self.get_loop().is_running() and super().cancel(msg)


async def _begin(operation: Callable[[], Awaitable[T]], caller: _Caller) -> T:
    _caller.set(caller)
    return await operation()


def _grace_begins(began: float, cancelled: float) -> float:
    end = _end.get(None)
    return cancelled if end is None or end.known_since is None else min(max(began, end.known_since), cancelled)


async def _let_end(task: asyncio.Task[Any], grace: float, since: float) -> None:
    loop = asyncio.get_running_loop()
    with anyio.CancelScope(shield=True):
        until = since + grace
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
