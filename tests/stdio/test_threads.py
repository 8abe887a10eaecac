"""Bytes over files, moved by threads."""

from __future__ import annotations

import asyncio
import os
import resource
import threading
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from raw_client import PATIENCE

from unthread_mcp.stdio.threads import ThreadSink, ThreadSource

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

pytestmark = pytest.mark.anyio


@pytest.fixture
def pipe() -> Generator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


class Listener:
    """Collects what a source gives."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self._event = anyio.Event()

    def take(self, chunk: bytes) -> None:
        self.chunks.append(chunk)
        self._event.set()
        self._event = anyio.Event()

    async def until_chunks(self, number: int) -> None:
        with anyio.fail_after(PATIENCE):
            while len(self.chunks) < number:
                await self._event.wait()


async def until_gone(*names: str) -> None:
    """Wait for the threads with these names to have ended."""
    for thread in threading.enumerate():
        if thread.name in names:
            await anyio.to_thread.run_sync(thread.join, PATIENCE)
            assert not thread.is_alive()


async def test_a_file_is_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "frames").write_bytes(b"x" * 100_000)
    listener = Listener()
    with (tmp_path / "frames").open("rb") as file:
        source = ThreadSource(file.fileno(), listener.take)
        source.resume()
        await listener.until_chunks(3)
    source.close()
    await until_gone("stdin")
    assert [len(chunk) for chunk in listener.chunks] == [65536, 100_000 - 65536, 0]


async def test_a_paused_source_reads_on_only_when_resumed(pipe: tuple[int, int]) -> None:
    listener = Listener()
    source = ThreadSource(pipe[0], listener.take)
    source.resume()
    source.resume()
    source.pause()
    os.write(pipe[1], b"the read under way")
    await listener.until_chunks(1)
    os.write(pipe[1], b"later")
    for _ in range(5):
        await anyio.lowlevel.checkpoint()
    assert listener.chunks == [b"the read under way"]
    source.resume()
    await listener.until_chunks(2)
    source.close()
    os.write(pipe[1], b"frees the thread")
    await until_gone("stdin")


async def test_a_source_that_fails_has_ended(tmp_path: Path) -> None:
    listener = Listener()
    with (tmp_path / "file").open("wb") as file:
        source = ThreadSource(file.fileno(), listener.take)
        source.resume()
        await listener.until_chunks(1)
    source.close()
    await until_gone("stdin")
    assert listener.chunks == [b""]


async def test_a_read_that_outlasts_the_event_loop_does_not_hold_the_process(pipe: tuple[int, int]) -> None:
    async def begin() -> None:
        ThreadSource(pipe[0], lambda _chunk: None).resume()

    await anyio.to_thread.run_sync(asyncio.run, begin())
    assert [thread.daemon for thread in threading.enumerate() if thread.name == "stdin"] == [True]
    os.write(pipe[1], b"nobody listens")
    await until_gone("stdin")


async def test_what_is_written_arrives_in_order(tmp_path: Path) -> None:
    written = anyio.Event()
    with (tmp_path / "out").open("wb") as file:
        sink = ThreadSink(file.fileno(), lambda: written.set() if not sink.backlog else None)
        for number in range(1000):
            sink.write(b"%d\n" % number)
        assert sink.backlog > 0
        with anyio.fail_after(PATIENCE):
            await written.wait()
        sink.close()
        await until_gone("stdout")
    assert (tmp_path / "out").read_bytes() == b"".join(b"%d\n" % number for number in range(1000))


async def test_a_full_pipe_blocks_only_the_thread(pipe: tuple[int, int]) -> None:
    size = 1 << 20
    sink = ThreadSink(pipe[1], lambda: None)
    sink.write(b"x" * size)
    sink.close()
    received = 0
    with anyio.fail_after(PATIENCE):
        while received < size:
            await anyio.wait_readable(pipe[0])
            received += len(os.read(pipe[0], 1 << 16))
    await until_gone("stdout")


async def test_a_file_that_takes_only_a_part_is_given_the_rest(tmp_path: Path) -> None:
    limit = 8 << 20
    broken = anyio.Event()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with (tmp_path / "out").open("wb") as file:
        sink = ThreadSink(file.fileno(), lambda: broken.set() if sink.broken else None)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            sink.write(b"x" * (limit + 1))
            with anyio.fail_after(PATIENCE):
                await broken.wait()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (tmp_path / "out").stat().st_size == limit
    await until_gone("stdout")


async def test_a_reader_that_is_gone_breaks_the_sink_for_good() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    broken = anyio.Event()
    sink = ThreadSink(write_end, broken.set)
    sink.write(b"lost")
    with anyio.fail_after(PATIENCE):
        await broken.wait()
    assert (sink.broken, sink.backlog) == (True, 0)
    sink.write(b"lost, too")
    assert sink.backlog == 0
    await until_gone("stdout")
    os.close(write_end)
