"""Bytes over pipes, sockets and terminals, on the event loop alone."""

from __future__ import annotations

import os
import pty
import select
import socket
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest
from raw_client import PATIENCE

from unthread_mcp.stdio.bytestreams import READ_BYTES
from unthread_mcp.stdio.pipes import PipeSink, PipeSource, is_pollable, unblocked

if TYPE_CHECKING:
    from collections.abc import Generator

pytestmark = pytest.mark.anyio


class Pipe:
    """Both ends of a pipe."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        self._open = {self.read_end, self.write_end}

    def close(self, *ends: int) -> None:
        for end in ends or tuple(self._open):
            self._open.discard(end)
            os.close(end)

    def fill(self) -> int:
        """Put in as many bytes as it takes."""
        os.set_blocking(self.write_end, False)
        filled = 0
        try:
            while True:
                filled += os.write(self.write_end, b"." * 65536)
        except BlockingIOError:
            os.set_blocking(self.write_end, True)
        return filled


@pytest.fixture
def pipe() -> Generator[Pipe]:
    with closing(Pipe()) as pipe:
        yield pipe


class Listener:
    """Collects what a source gives; pauses it after so many chunks."""

    def __init__(self) -> None:
        self.data = b""
        self.ended = anyio.Event()
        self.arrived = anyio.Event()

    def take(self, chunk: bytes) -> None:
        assert not self.ended.is_set(), "the end comes once"
        self.data += chunk
        self.arrived.set()
        if not chunk:
            self.ended.set()

    async def until(self, event: anyio.Event) -> None:
        with anyio.fail_after(PATIENCE):
            await event.wait()


class Progress:
    """Waits for a sink to get on."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def made(self) -> None:
        self._event.set()
        self._event = anyio.Event()

    async def until_written(self, sink: PipeSink) -> None:
        with anyio.fail_after(PATIENCE):
            while sink.backlog and not sink.broken:
                await self._event.wait()


def read_all(fd: int) -> bytes:
    """What is in the pipe now."""
    os.set_blocking(fd, False)
    data = b""
    try:
        while chunk := os.read(fd, 1 << 20):
            data += chunk
    except BlockingIOError:
        pass
    return data


# Which descriptors


def test_pipes_sockets_and_terminals_can_be_waited_for_and_files_can_not(pipe: Pipe, tmp_path: Path) -> None:
    leader, terminal = pty.openpty()
    ours, theirs = socket.socketpair()
    with ours, theirs, (tmp_path / "file").open("wb") as file, Path(os.devnull).open("rb") as null:
        assert [is_pollable(fd) for fd in (pipe.read_end, pipe.write_end, ours.fileno(), terminal)] == [True] * 4
        assert [is_pollable(fd) for fd in (file.fileno(), null.fileno())] == [False] * 2
    os.close(leader)
    os.close(terminal)


@pytest.mark.parametrize("before", [True, False])
def test_a_pipes_mode_is_put_back(pipe: Pipe, *, before: bool) -> None:
    os.set_blocking(pipe.write_end, before)
    with unblocked(pipe.write_end) as is_unblocked:
        assert is_unblocked
        assert not os.get_blocking(pipe.write_end)
    assert os.get_blocking(pipe.write_end) == before


def test_one_socket_for_both_directions_gets_its_mode_back() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with ExitStack() as stack:
            stack.enter_context(unblocked(ours.fileno()))
            stack.enter_context(unblocked(ours.fileno()))
        assert os.get_blocking(ours.fileno())


def test_the_mode_of_a_terminal_is_everybodys_and_left_alone() -> None:
    leader, terminal = pty.openpty()
    with unblocked(terminal) as is_unblocked:
        assert not is_unblocked
        assert os.get_blocking(terminal)
    os.close(leader)
    os.close(terminal)


# Reading


async def test_a_source_gives_what_comes_while_it_flows(pipe: Pipe) -> None:
    listener = Listener()
    source = PipeSource(pipe.read_end, listener.take)
    os.write(pipe.write_end, b"first")
    await anyio.lowlevel.checkpoint()
    assert listener.data == b""
    source.resume()
    source.resume()
    await listener.until(listener.arrived)
    assert listener.data == b"first"
    source.pause()
    source.pause()
    os.write(pipe.write_end, b"second")
    for _ in range(5):
        await anyio.lowlevel.checkpoint()
    assert listener.data == b"first"
    source.resume()
    pipe.close(pipe.write_end)
    await listener.until(listener.ended)
    for _ in range(5):
        await anyio.lowlevel.checkpoint()
    assert listener.data == b"firstsecond"
    source.close()


async def test_a_source_reads_no_more_than_a_chunk_at_once(pipe: Pipe) -> None:
    sizes: list[int] = []
    done = anyio.Event()
    filled = pipe.fill()

    def take(chunk: bytes) -> None:
        sizes.append(len(chunk))
        if sum(sizes) == filled:
            done.set()

    source = PipeSource(pipe.read_end, take)
    source.resume()
    with anyio.fail_after(PATIENCE):
        await done.wait()
    source.close()
    assert max(sizes) <= READ_BYTES


async def test_bytes_that_another_reader_took_are_not_waited_for(pipe: Pipe) -> None:
    listener = Listener()
    with unblocked(pipe.read_end):
        other_end = os.dup(pipe.read_end)
        sources = [PipeSource(fd, listener.take) for fd in (pipe.read_end, other_end)]
        for source in sources:
            source.resume()
        for text in (b"one", b"two"):
            listener.arrived = anyio.Event()
            os.write(pipe.write_end, text)
            await listener.until(listener.arrived)
        for source in sources:
            source.close()
        os.close(other_end)
    assert listener.data == b"onetwo"
    assert not listener.ended.is_set()


async def test_a_terminal_that_hangs_up_is_the_end() -> None:
    leader, terminal = pty.openpty()
    listener = Listener()
    source = PipeSource(leader, listener.take)
    source.resume()
    os.close(terminal)
    await listener.until(listener.ended)
    source.close()
    os.close(leader)


# Writing


@pytest.mark.parametrize("blocking", [True, False])
async def test_what_is_written_arrives_in_order_however_slowly_it_is_read(pipe: Pipe, *, blocking: bool) -> None:
    os.set_blocking(pipe.write_end, blocking)
    progress = Progress()
    sink = PipeSink(pipe.write_end, progress.made, blocking=blocking)
    frames = [f"{number}:".encode() * (number % 7000) for number in range(0, 60_000, 997)]
    for frame in frames:
        sink.write(frame)
    assert sink.backlog > 0
    received = b""
    with anyio.fail_after(PATIENCE):
        while len(received) < len(b"".join(frames)):
            await anyio.wait_readable(pipe.read_end)
            received += os.read(pipe.read_end, 10_000)
    await progress.until_written(sink)
    sink.close()
    assert received == b"".join(frames)


async def test_frames_of_the_same_turn_go_out_together_at_its_end(pipe: Pipe) -> None:
    with unblocked(pipe.write_end):
        sink = PipeSink(pipe.write_end, lambda: None, blocking=False)
        sink.write(b"")
        for number in range(5):
            sink.write(b"%d\n" % number)
        assert read_all(pipe.read_end) == b""
        await anyio.lowlevel.checkpoint()
        assert read_all(pipe.read_end) == b"0\n1\n2\n3\n4\n"
        assert sink.backlog == 0
        sink.close()


async def test_a_full_pipe_blocks_nobody(pipe: Pipe) -> None:
    filled = pipe.fill()
    progress = Progress()
    with unblocked(pipe.write_end):
        sink = PipeSink(pipe.write_end, progress.made, blocking=False)
        sink.write(b"waits\n")
        await anyio.lowlevel.checkpoint()
        assert sink.backlog == 6
        assert read_all(pipe.read_end) == b"." * filled
        await progress.until_written(sink)
        assert read_all(pipe.read_end) == b"waits\n"
        sink.close()


async def test_a_blocking_pipe_is_written_to_only_as_far_as_it_takes(pipe: Pipe) -> None:
    progress = Progress()
    sink = PipeSink(pipe.write_end, progress.made, blocking=True)
    sink.write(b"x" * (1 << 20))
    assert select.select([pipe.read_end], [], [], 0)[0] == [], "not before it is ready"
    taken = 0
    for _ in range(200):
        await anyio.lowlevel.checkpoint()
    assert 0 < sink.backlog < 1 << 20
    while taken < 1 << 20:
        taken += len(os.read(pipe.read_end, 1 << 16))
        await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
    await progress.until_written(sink)
    sink.close()


@pytest.mark.parametrize("blocking", [True, False])
async def test_a_reader_that_is_gone_breaks_the_sink_for_good(pipe: Pipe, *, blocking: bool) -> None:
    os.set_blocking(pipe.write_end, blocking)
    progress = Progress()
    sink = PipeSink(pipe.write_end, progress.made, blocking=blocking)
    pipe.close(pipe.read_end)
    sink.write(b"lost")
    await progress.until_written(sink)
    assert (sink.broken, sink.backlog) == (True, 0)
    sink.write(b"lost, too")
    assert sink.backlog == 0
    await anyio.lowlevel.checkpoint()
    sink.close()


async def test_a_closed_sink_writes_no_more(pipe: Pipe) -> None:
    with unblocked(pipe.write_end):
        sink = PipeSink(pipe.write_end, lambda: None, blocking=False)
        sink.write(b"one")
        await anyio.lowlevel.checkpoint()
        sink.write(b"two")
        sink.close()
        await anyio.lowlevel.checkpoint()
        assert read_all(pipe.read_end) == b"one"
    filled = pipe.fill()
    with unblocked(pipe.write_end):
        sink = PipeSink(pipe.write_end, lambda: None, blocking=False)
        sink.write(b"three")
        await anyio.lowlevel.checkpoint()
        sink.close()
        assert len(read_all(pipe.read_end)) == filled
        await anyio.lowlevel.checkpoint()
        assert read_all(pipe.read_end) == b""
