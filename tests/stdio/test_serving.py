"""A server over descriptors of this process: what a client sees of it, and how it ends."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from mcp.server import MCPServer
from mcp.types import (
    CONNECTION_CLOSED,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    UNSUPPORTED_PROTOCOL_VERSION,
)
from mcp.types.version import MODERN_PROTOCOL_VERSIONS
from raw_client import (
    HANDSHAKE,
    MODERN,
    PATIENCE,
    Frame,
    call,
    handshake,
    legacy_call,
    notification,
    request,
    text_of,
)

from unthread_mcp.stdio import StdioServer, serve_stdio

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

pytestmark = pytest.mark.anyio


class Peer:
    """The client's ends of two pipes, or of a socket for both."""

    def __init__(self, read_end: int, write_end: int) -> None:
        self._read_end = read_end
        self._write_end = write_end
        self._buffer = b""
        os.set_blocking(read_end, False)
        os.set_blocking(write_end, False)

    async def send(self, *frames: bytes) -> None:
        data = memoryview(b"".join(frames))
        with anyio.fail_after(PATIENCE):
            while data:
                with suppress(BlockingIOError):
                    data = data[os.write(self._write_end, data) :]
                    continue
                await anyio.wait_writable(self._write_end)

    async def frame(self) -> Frame:
        with anyio.fail_after(PATIENCE):
            while b"\n" not in self._buffer:
                with suppress(BlockingIOError):
                    chunk = os.read(self._read_end, 1 << 20)
                    assert chunk, "the server has closed its output"
                    self._buffer += chunk
                    continue
                await anyio.wait_readable(self._read_end)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)

    async def ask(self, *frames: bytes) -> Frame:
        await self.send(*frames)
        return await self.frame()

    def close_input(self) -> None:
        os.close(self._write_end)
        self._write_end = -1

    def close_output(self) -> None:
        os.close(self._read_end)
        self._read_end = -1

    def close(self) -> None:
        for end in {self._read_end, self._write_end} - {-1}:
            os.close(end)


class Workshop:
    """A server whose one slow tool waits for the test, and what became of it."""

    def __init__(self) -> None:
        self.begun = anyio.Event()
        self.go_on = anyio.Event()
        self.outcomes: list[str] = []
        self.cleanup: Callable[[], Any] = anyio.lowlevel.checkpoint
        self.server: MCPServer[None] = MCPServer("workshop", version="1", lifespan=self._lifespan)
        self.server.add_tool(self.echo, structured_output=False)
        self.server.add_tool(self.work, structured_output=False)
        self.server.add_tool(self.work_to_the_end, structured_output=False)

    @asynccontextmanager
    async def _lifespan(self, _server: MCPServer[None]) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await self.cleanup()
            self.outcomes.append("cleaned up")

    async def echo(self, text: str) -> str:
        """Say it."""
        return text

    async def work(self) -> str:
        """Work until the test says so."""
        self.begun.set()
        try:
            await self.go_on.wait()
        except anyio.get_cancelled_exc_class():
            self.outcomes.append("cancelled")
            raise
        return "worked"

    async def work_to_the_end(self) -> str:
        """Don't let anybody stop it."""
        self.begun.set()
        with anyio.CancelScope(shield=True):
            await self.go_on.wait()
        self.outcomes.append("finished")
        return "worked"


class Served:
    """A server at work, its client, and the moments of its end."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.ending = anyio.Event()
        self.overdue_after: list[float] = []
        self.ended = anyio.Event()
        self.stdio: StdioServer

    def note_ending(self, seconds: float) -> None:
        self.overdue_after.append(seconds)
        self.ending.set()

    async def run(self) -> None:
        await self.stdio.serve()
        self.ended.set()

    async def until(self, event: anyio.Event) -> None:
        with anyio.fail_after(PATIENCE):
            await event.wait()


@asynccontextmanager
async def serving(
    server: MCPServer[Any], *, drain: float = 15.0, threads: bool | None = None
) -> AsyncGenerator[Served]:
    from_client, to_server = os.pipe()
    from_server, to_client = os.pipe()
    served = Served(Peer(from_server, to_server))
    served.stdio = StdioServer(
        server, drain_seconds=drain, stdin=from_client, stdout=to_client, threads=threads, on_ending=served.note_ending
    )
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(served.run)
            yield served
            served.stdio.stop()
            await served.until(served.ended)
    finally:
        served.peer.close()
        os.close(from_client)
        os.close(to_client)


@pytest.fixture
async def workshop() -> Workshop:
    return Workshop()


# Both eras, and probes


def probe(request_id: int, version: str = "2026-07-28") -> bytes:
    meta = {**MODERN["_meta"], "io.modelcontextprotocol/protocolVersion": version}
    return request(request_id, "server/discover", {"_meta": meta})


@pytest.mark.parametrize("threads", [False, True])
@pytest.mark.parametrize("probes", [0, 1, 3])
async def test_any_number_of_probes_leaves_the_era_open(workshop: Workshop, probes: int, *, threads: bool) -> None:
    async with serving(workshop.server, threads=threads) as served:
        for number in range(probes):
            answer = await served.peer.ask(probe(number))
            assert answer["id"] == number
            assert answer["result"]["supportedVersions"] == list(MODERN_PROTOCOL_VERSIONS)
            assert "tools" in answer["result"]["capabilities"]
        opened = await served.peer.ask(handshake(100))
        assert opened["result"]["protocolVersion"] == HANDSHAKE["protocolVersion"]
        assert text_of(await served.peer.ask(legacy_call(101, "echo", {"text": "old"}))) == "old"
        assert (await served.peer.ask(probe(102)))["result"]["supportedVersions"], "even then"


async def test_after_a_probe_a_client_may_stay_modern(workshop: Workshop) -> None:
    async with serving(workshop.server) as served:
        await served.peer.ask(probe(1))
        assert text_of(await served.peer.ask(call(2, "echo", {"text": "new"}))) == "new"
        assert (await served.peer.ask(probe(3)))["id"] == 3


async def test_probes_and_handshakes_may_be_pipelined(workshop: Workshop) -> None:
    async with serving(workshop.server) as served:
        await served.peer.send(probe(1), handshake(2), probe(3), legacy_call(4, "echo", {"text": "x"}))
        answers = [await served.peer.frame() for _ in range(4)]
        assert sorted(answer["id"] for answer in answers) == [1, 2, 3, 4]
        assert all("result" in answer for answer in answers)


async def test_a_probe_that_takes_its_time_is_answered() -> None:
    async def take_time(ctx: ServerRequestContext[Any], call_next: CallNext) -> HandlerResult:
        await anyio.sleep(0.05)
        return await call_next(ctx)

    async with serving(MCPServer("slow", middleware=[take_time])) as served:
        assert "result" in await served.peer.ask(probe(1))


async def test_a_probe_for_an_unknown_version_hears_which_ones_there_are(workshop: Workshop) -> None:
    async with serving(workshop.server) as served:
        error = (await served.peer.ask(probe(1, "2099-01-01")))["error"]
        assert error["code"] == UNSUPPORTED_PROTOCOL_VERSION
        assert error["data"] == {"supported": list(MODERN_PROTOCOL_VERSIONS), "requested": "2099-01-01"}
        assert "result" in await served.peer.ask(handshake(2))


async def test_a_probe_without_its_envelope_is_unknown_and_decides_nothing(workshop: Workshop) -> None:
    async with serving(workshop.server) as served:
        assert (await served.peer.ask(request(1, "server/discover")))["error"]["code"] == METHOD_NOT_FOUND
        assert text_of(await served.peer.ask(call(2, "echo", {"text": "new"}))) == "new"


async def test_a_handshake_is_told_that_the_lists_never_change(workshop: Workshop) -> None:
    async with serving(workshop.server) as served:
        capabilities = (await served.peer.ask(handshake()))["result"]["capabilities"]
        assert {name: options["listChanged"] for name, options in capabilities.items()} == {
            "tools": False,
            "resources": False,
            "prompts": False,
        }


# Requests at work


async def test_an_id_at_work_is_refused_and_the_first_goes_on(workshop: Workshop) -> None:
    async with serving(workshop.server) as served:
        refused = await served.peer.ask(call(1, "work"), call(1, "echo", {"text": "x"}))
        assert (refused["id"], refused["error"]["code"]) == (1, INVALID_REQUEST)
        workshop.go_on.set()
        assert text_of(await served.peer.frame()) == "worked"
        assert text_of(await served.peer.ask(call(1, "echo", {"text": "free again"}))) == "free again"


async def test_a_cancelled_request_is_not_answered_and_its_id_is_free_again(workshop: Workshop) -> None:
    async with serving(workshop.server) as served:
        await served.peer.send(call(1, "work"))
        await served.until(workshop.begun)
        await served.peer.send(notification("notifications/cancelled", {"requestId": 1}))
        # The SDK settles the cancelled request in a task of its own, so the id may be taken a moment longer.
        answer = await served.peer.ask(call(2, "echo", {"text": "x"}))
        assert answer["id"] == 2
        assert text_of(await served.peer.ask(call(1, "echo", {"text": "again"}))) == "again"
        assert workshop.outcomes == ["cancelled"]


# The end of input


async def test_at_the_end_of_input_what_is_at_work_is_finished_and_answered(workshop: Workshop) -> None:
    async with serving(workshop.server) as served:
        await served.peer.send(call(1, "work"))
        await served.until(workshop.begun)
        served.peer.close_input()
        await served.until(served.ending)
        await anyio.lowlevel.checkpoint()
        workshop.go_on.set()
        assert text_of(await served.peer.frame()) == "worked"
        await served.until(served.ended)
    assert workshop.outcomes == ["cleaned up"]


async def test_what_takes_longer_than_the_drain_is_cancelled_and_answered(workshop: Workshop) -> None:
    async with serving(workshop.server, drain=0.05) as served:
        await served.peer.send(call(1, "work"))
        await served.until(workshop.begun)
        served.peer.close_input()
        answer = await served.peer.frame()
        assert (answer["id"], answer["error"]["code"]) == (1, CONNECTION_CLOSED)
        await served.until(served.ended)
    assert workshop.outcomes == ["cancelled", "cleaned up"]
    assert served.overdue_after[:2] == pytest.approx([2 * 0.05 + 1.75, 0.05 + 1.75])


async def test_a_client_that_reads_no_answers_any_more_has_left(workshop: Workshop) -> None:
    async with serving(workshop.server) as served:
        served.peer.close_output()
        await served.peer.send(call(1, "echo", {"text": "x"}))
        await served.until(served.ended)


async def test_a_socket_for_both_directions_is_served_and_left_as_it_was(workshop: Workshop) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        peer = Peer(ours.fileno(), ours.fileno())
        fd = theirs.fileno()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(serve_stdio, workshop.server, stdin=fd, stdout=fd))
            assert text_of(await peer.ask(call(1, "echo", {"text": "x"}))) == "x"
            assert not os.get_blocking(fd)
            ours.shutdown(socket.SHUT_WR)
        assert os.get_blocking(fd)


async def test_files_are_served_too(workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(call(1, "echo", {"text": "x"}) + b"\n" + call(2, "echo", {"text": "y"}).rstrip())
    with (tmp_path / "in").open("rb") as frames, (tmp_path / "out").open("wb") as answers:
        with anyio.fail_after(PATIENCE):
            await serve_stdio(workshop.server, stdin=frames.fileno(), stdout=answers.fileno())
    lines = (tmp_path / "out").read_text().splitlines()
    assert [text_of(json.loads(line)) for line in lines] == ["x", "y"]


async def test_a_closed_descriptor_is_said_at_once(workshop: Workshop) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with pytest.raises(OSError, match="Bad file descriptor"):
        await serve_stdio(workshop.server, stdin=read_end, stdout=write_end)
    os.close(write_end)


def open_descriptors() -> set[str]:
    return {path.name for path in Path("/dev/fd").iterdir()}


async def test_no_descriptor_is_left_open(workshop: Workshop) -> None:
    async def serve_once() -> set[str]:
        async with serving(workshop.server) as served:
            served.peer.close_input()
            await served.until(served.ended)
        return open_descriptors()

    await serve_once()
    assert await serve_once() == await serve_once()


# A stop


async def test_a_stop_cancels_what_is_at_work_and_cleans_up(workshop: Workshop) -> None:
    async with serving(workshop.server) as served:
        await served.peer.send(call(1, "work"))
        await served.until(workshop.begun)
        served.stdio.stop()
        answer = await served.peer.frame()
        assert (answer["id"], answer["error"]["code"]) == (1, CONNECTION_CLOSED)
        await served.until(served.ended)
    assert workshop.outcomes == ["cancelled", "cleaned up"]
    assert served.overdue_after[0] == 15.0 + 1.75


async def test_a_stop_waits_for_what_must_be_finished(workshop: Workshop) -> None:
    async with serving(workshop.server) as served:
        await served.peer.send(call(1, "work_to_the_end"))
        await served.until(workshop.begun)
        served.stdio.stop()
        await served.until(served.ending)
        assert not served.ended.is_set()
        workshop.go_on.set()
        await served.until(served.ended)
    assert workshop.outcomes == ["finished", "cleaned up"]


async def test_a_stop_may_come_from_any_thread_at_any_time(workshop: Workshop) -> None:
    async with serving(workshop.server) as served:
        await anyio.to_thread.run_sync(served.stdio.stop)
        await served.until(served.ended)
        served.stdio.stop()


async def test_a_stop_of_what_was_never_served_does_nothing(workshop: Workshop) -> None:
    StdioServer(workshop.server).stop()
    await anyio.lowlevel.checkpoint()


def test_a_stop_after_the_event_loop_is_over_does_nothing() -> None:
    async def make() -> StdioServer:
        return StdioServer(Workshop().server)

    anyio.run(make).stop()


async def test_a_stop_before_the_first_frame_still_cleans_up(workshop: Workshop) -> None:
    async with serving(workshop.server) as served:
        served.stdio.stop()
        await served.until(served.ended)
    assert workshop.outcomes == ["cleaned up"]


async def test_a_clean_up_that_hangs_is_cut_off(workshop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    workshop.cleanup = anyio.sleep_forever
    async with serving(workshop.server, drain=0) as served:
        served.stdio.stop()
        await served.until(served.ended)
    assert "took too long" in caplog.text


@pytest.mark.parametrize("threads", [False, True])
async def test_a_client_that_does_not_read_cannot_hold_the_server(
    workshop: Workshop, caplog: pytest.LogCaptureFixture, *, threads: bool
) -> None:
    threads_before = threading.active_count()
    with caplog.at_level(logging.WARNING):
        async with serving(workshop.server, drain=0.05, threads=threads) as served:
            await served.peer.send(*(call(number, "echo", {"text": "x" * 100_000}) for number in range(10)))
            served.stdio.stop()
            await served.until(served.ended)
    assert threading.active_count() - threads_before <= 2 * threads
    assert threads or "has not read all" in caplog.text
