"""Serving from the first frame to the last: what ends it, and how long the end may take."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import signal
import sys
import threading
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import anyio
from mcp.server.runner import serve_dual_era_loop

from unthread_mcp.api.uninterrupted import end_announced
from unthread_mcp.stdio.channel import Channel
from unthread_mcp.stdio.descriptors import check_standard_streams, reserved
from unthread_mcp.stdio.pipes import PipeSink, PipeSource, is_pollable, unblocked
from unthread_mcp.stdio.probes import ProbeAnswering
from unthread_mcp.stdio.threads import ThreadSink, ThreadSource

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from mcp.server import MCPServer

    from unthread_mcp.stdio.bytestreams import ByteSink, ByteSource, OnData, OnProgress

logger = logging.getLogger(__name__)

DRAIN_SECONDS: Final = 15.0
"""How long requests at work may go on after the end of input, and after any end those that hold out against a cancel:
as long as a write on the wire may take. So a write that begins after the end of input may hold out for twice as long;
one that was on the wire then goes with the rest."""

_CLEANUP_SECONDS: Final = 1.0
"""How long after that the server's own clean-up may still take."""

_FORCE_SECONDS: Final = 1.75
"""How long after that the process is left by force: early enough for it to be gone within two seconds."""

_STOP_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGBREAK")
"""SIGBREAK is what Windows sends where there is no SIGTERM."""


class StdioServer:
    """One server for one client on one pair of descriptors, until the client's input ends or `stop` is called."""

    def __init__(
        self,
        server: MCPServer[Any],
        *,
        drain_seconds: float = DRAIN_SECONDS,
        stdin: int = 0,
        stdout: int = 1,
        threads: bool | None = None,
        on_ending: Callable[[float], None] | None = None,
    ) -> None:
        """Prepare, on the event loop that is to serve; nothing is opened yet.

        `threads`: whether threads move the bytes; None means only where the event loop can't wait for a descriptor.
        `on_ending` is told, once the end has begun, after how many seconds `serve` is overdue.
        """
        self._server = server
        self._drain_seconds = drain_seconds
        self._stdin = stdin
        self._stdout = stdout
        self._threads = threads
        self._on_ending = on_ending
        self._scope = anyio.CancelScope()
        self._flush_until = math.inf
        self._loop = asyncio.get_running_loop()
        self._channel: Channel | None = None

    def stop(self) -> None:
        """Cancel what is at work and end. May be called at any time from anywhere, also from a signal handler."""
        with suppress(RuntimeError):  # the loop is closed: it is over already
            self._loop.call_soon_threadsafe(self._stop)

    async def serve(self) -> None:
        """Serve the client, once. Raises `OSError` if a descriptor is closed."""
        with ExitStack() as stack:
            wire_in, wire_out = stack.enter_context(reserved(self._stdin, self._stdout))
            announce_end = stack.enter_context(end_announced())
            channel = Channel(
                partial(self._open_source, wire_in, stack),
                partial(self._open_sink, wire_out, stack),
                on_end=partial(self._drain, stack, announce_end),
            )
            stack.callback(channel.close)
            self._channel = channel
            with self._scope:
                await self._converse(channel)
            if self._scope.cancelled_caught:
                logger.error("The server took too long to end and was cut off.")

    async def _converse(self, channel: Channel) -> None:
        # The one place that knows a private name of the SDK's; tests/stdio/test_sdk_clients.py watches over it.
        low = self._server._lowlevel_server  # pyright: ignore[reportPrivateUsage]
        async with low.lifespan(low) as state:
            serve = partial(
                serve_dual_era_loop, low, lifespan_state=state, init_options=low.create_initialization_options()
            )
            await serve(ProbeAnswering(channel, serve), channel)
        with anyio.CancelScope(deadline=self._flush_until) as flushing:
            await channel.flush()
        if flushing.cancelled_caught:
            logger.warning("The client has not read all that it was sent.")

    def _drain(self, stack: ExitStack, announce_end: Callable[[], None]) -> None:
        """End with the client: what is at work may finish, and is cancelled after a while."""
        announce_end()
        stack.callback(self._loop.call_later(self._drain_seconds, self._stop).cancel)
        self._end_within(2 * self._drain_seconds, flush_within=self._drain_seconds)

    def _stop(self) -> None:
        self._end_within(self._drain_seconds, flush_within=self._drain_seconds)
        if self._channel:
            self._channel.stop()

    def _end_within(self, seconds: float, *, flush_within: float) -> None:
        now = self._loop.time()
        self._flush_until = min(self._flush_until, now + flush_within)
        self._scope.deadline = min(self._scope.deadline, now + seconds + _CLEANUP_SECONDS)
        if self._on_ending:
            self._on_ending(seconds + _FORCE_SECONDS)

    def _open_source(self, fd: int, stack: ExitStack, on_data: OnData) -> ByteSource:
        if self._needs_threads(fd):
            return ThreadSource(fd, on_data)
        stack.enter_context(unblocked(fd))
        return PipeSource(fd, on_data)

    def _open_sink(self, fd: int, stack: ExitStack, on_progress: OnProgress) -> ByteSink:
        if self._needs_threads(fd):
            return ThreadSink(fd, on_progress)
        return PipeSink(fd, on_progress, blocking=not stack.enter_context(unblocked(fd)))

    def _needs_threads(self, fd: int) -> bool:
        if self._threads is None:
            return sys.platform == "win32" or not is_pollable(fd)
        return self._threads


async def serve_stdio(
    server: MCPServer[Any], *, drain_seconds: float = DRAIN_SECONDS, stdin: int = 0, stdout: int = 1
) -> None:
    """Serve `server` over two descriptors until the client's input ends and its requests are answered.

    Requests that take longer than `drain_seconds` after that are cancelled. Raises `OSError` if a descriptor is closed.
    """
    await StdioServer(server, drain_seconds=drain_seconds, stdin=stdin, stdout=stdout).serve()


def run_stdio(server: MCPServer[Any], *, drain_seconds: float = DRAIN_SECONDS, threads: bool | None = None) -> int:
    """Serve `server` over the process's standard streams; returns the exit status.

    SIGINT and SIGTERM cancel what is at work, and the process ends in good order: within `drain_seconds` and two more,
    at once if nothing is at work. A second signal ends it on the spot with status 128 + its number. Only for the main
    thread. Raises `OSError` if standard input or output is closed.
    """

    async def serve(leave_after: Callable[[float], None]) -> None:
        stdio = StdioServer(server, drain_seconds=drain_seconds, threads=threads, on_ending=leave_after)
        with stop_signals(stdio.stop):
            await stdio.serve()

    check_standard_streams()
    with last_resort() as leave_after:  # around the event loop, whose own end waits for its threads
        anyio.run(serve, leave_after)
    return 0


@contextmanager
def stop_signals(stop: Callable[[], None], leave: Callable[[int], object] = os._exit) -> Generator[None]:
    """Let the first stop signal call `stop`, another one `leave(128 + its number)`; within the running event loop.

    The handlers are Python's own, not the loop's: they exist on Windows too, and run even while the loop is busy.
    """
    loop = asyncio.get_running_loop()
    signalled = False

    def handle(number: int, _frame: object) -> None:
        nonlocal signalled
        if signalled:
            leave(128 + number)
        signalled = True
        stop()

    with ExitStack() as stack:
        for name in _STOP_SIGNALS:
            if number := getattr(signal, name, None):
                stack.callback(signal.signal, number, signal.getsignal(number) or signal.SIG_DFL)
                # The system may hand a signal to any thread, and Python's handler then waits for the main one to wake
                # up. The loop's handler does nothing but wake it; on Windows it wakes by itself.
                with suppress(NotImplementedError):
                    loop.add_signal_handler(number, lambda: None)
                    stack.callback(loop.remove_signal_handler, number)
                signal.signal(number, handle)
        yield


@contextmanager
def last_resort(leave: Callable[[int], object] = os._exit) -> Generator[Callable[[float], None]]:
    """Yield a function that asks for `leave(0)` after so many seconds, unless the block has ended by then.

    Nothing less helps against a thread that is stuck, in a name look-up for example: the event loop's end waits for it.
    """

    def give_up() -> None:
        logger.error("The server is stuck and is left by force.")
        logging.shutdown()
        leave(0)

    with ExitStack() as stack:

        def leave_after(seconds: float) -> None:
            timer = threading.Timer(seconds, give_up)
            timer.daemon = True
            timer.start()
            stack.callback(timer.cancel)

        yield leave_after
