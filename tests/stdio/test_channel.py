"""What the SDK gets to read, and when its reading ends, over bytes that the test moves itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import pytest
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp.types import (
    CONNECTION_CLOSED,
    INVALID_REQUEST,
    PARSE_ERROR,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)
from raw_client import PATIENCE, Frame, notification, request, response

from unthread_mcp.stdio.channel import MAX_BACKLOG_BYTES, Channel
from unthread_mcp.stdio.in_flight import MAX_REQUESTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from unthread_mcp.stdio.bytestreams import OnData, OnProgress

pytestmark = pytest.mark.anyio


class Source:
    """A source whose bytes the test gives to `on_data`."""

    def __init__(self, on_data: OnData) -> None:
        self.on_data = on_data
        self.flowing = False
        self.closed = False

    def resume(self) -> None:
        self.flowing = True

    def pause(self) -> None:
        self.flowing = False

    def close(self) -> None:
        self.closed = True


class Sink:
    """A sink that takes everything and counts as written what the test lets it."""

    def __init__(self, on_progress: OnProgress) -> None:
        self.on_progress = on_progress
        self.written = b""
        self.backlog = 0
        self.holds = False
        self.broken = False
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written += data
        if self.holds:
            self.backlog += len(data)

    def close(self) -> None:
        self.closed = True

    def let_go(self) -> None:
        self.backlog = 0
        self.on_progress()

    def break_off(self) -> None:
        self.broken = True
        self.backlog = 0
        self.on_progress()

    def frames(self) -> list[Frame]:
        frames = [json.loads(line) for line in self.written.splitlines()]
        self.written = b""
        return frames


class Desk:
    """A channel and both its ends."""

    def __init__(self) -> None:
        self.ends = 0
        self.channel = Channel(self._make_source, self._make_sink, on_end=self._end)

    def _make_source(self, on_data: OnData) -> Source:
        self.source = Source(on_data)
        return self.source

    def _make_sink(self, on_progress: OnProgress) -> Sink:
        self.sink = Sink(on_progress)
        return self.sink

    def _end(self) -> None:
        self.ends += 1

    def give(self, *data: bytes) -> None:
        for chunk in data:
            self.source.on_data(chunk)

    def end_input(self) -> None:
        self.source.on_data(b"")

    async def receive(self) -> JSONRPCMessage:
        with anyio.fail_after(PATIENCE):
            return (await self.channel.receive()).message

    async def answer(self, request_id: int | str, result: dict[str, Any] | None = None) -> None:
        await self.send(JSONRPCResponse(jsonrpc="2.0", id=request_id, result=result or {}))

    async def send(self, message: JSONRPCMessage) -> None:
        with anyio.fail_after(PATIENCE):
            await self.channel.send(SessionMessage(message))

    async def ends_now(self) -> bool:
        with anyio.fail_after(PATIENCE), pytest.raises(anyio.EndOfStream):
            await self.channel.receive()
        return True


@pytest.fixture
async def desk() -> Desk:
    return Desk()


class Background:
    """One call that is left waiting, and whether it has come back."""

    def __init__(self) -> None:
        self.result: Any = None
        self.done = False

    async def run(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.result = await function(*arguments)
        self.done = True


async def settle_down() -> None:
    """Give every task that can go on the time to do so."""
    for _ in range(10):
        await anyio.lowlevel.checkpoint()


# Reading


async def test_messages_come_in_order_and_the_source_flows_only_while_one_is_awaited(desk: Desk) -> None:
    assert not desk.source.flowing
    waiting = Background()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waiting.run, desk.receive)
        await settle_down()
        assert desk.source.flowing
        desk.give(request(1, "a")[:10], request(1, "a")[10:] + request(2, "b"))
    assert waiting.result.id == 1
    desk.give(request(3, "c"))
    assert not desk.source.flowing, "the reader is behind"
    desk.give(request(4, "d"))  # was already on its way
    for number in (2, 3, 4):
        message = await desk.receive()
        assert isinstance(message, JSONRPCRequest)
        assert message.id == number
    assert desk.channel.__aiter__() is desk.channel


async def test_an_unreadable_line_is_answered_and_the_next_one_is_read(desk: Desk) -> None:
    desk.give(b"nonsense\n", notification("a"))
    assert isinstance(await desk.receive(), JSONRPCNotification)
    (refusal,) = desk.sink.frames()
    assert (refusal["id"], refusal["error"]["code"]) == (None, PARSE_ERROR)


async def test_an_id_at_work_is_refused_until_it_is_answered(desk: Desk) -> None:
    desk.give(request(1, "a"), request(1, "b"), request("1", "c"))
    desk.end_input()
    first = await desk.receive()
    assert isinstance(first, JSONRPCRequest)
    assert first.method == "a"
    async with anyio.create_task_group() as tasks:
        waiting = Background()
        tasks.start_soon(waiting.run, desk.ends_now)
        await settle_down()
        assert [(frame["id"], frame["error"]["code"]) for frame in desk.sink.frames()] == [
            (1, INVALID_REQUEST),
            ("1", INVALID_REQUEST),
        ]
        assert not waiting.done, "the first goes on"
        await desk.answer(1)


async def test_an_id_may_be_used_again_once_it_is_answered_or_given_up(desk: Desk) -> None:
    desk.give(request(1, "a"))
    await desk.receive()
    await desk.send(JSONRPCError(jsonrpc="2.0", id=1, error={"code": 1, "message": "no"}))  # pyright: ignore[reportArgumentType]  # pydantic makes the object
    desk.give(request(1, "b"))
    with anyio.fail_after(PATIENCE):
        item = await desk.channel.receive()
    assert isinstance(item.metadata, ServerMessageMetadata)
    assert item.metadata.on_request_unanswered
    await item.metadata.on_request_unanswered()  # as the SDK does for a request that the client cancelled
    desk.give(request(1, "c"))
    assert isinstance(await desk.receive(), JSONRPCRequest)
    assert [frame["error"]["code"] for frame in desk.sink.frames()] == [1]


async def test_an_unreadable_answer_reaches_whoever_asked(desk: Desk) -> None:
    await desk.send(JSONRPCRequest(jsonrpc="2.0", id=5, method="elicitation/create"))
    desk.sink.frames()
    desk.give(b'{"jsonrpc":"2.0","id":5,"result":"\\ud800"}\n')
    message = await desk.receive()
    assert isinstance(message, JSONRPCError)
    assert (message.id, message.error.code, desk.sink.written) == (5, PARSE_ERROR, b"")


async def test_so_many_requests_at_work_make_the_next_wait(desk: Desk) -> None:
    desk.give(b"".join(request(number, "a") for number in range(MAX_REQUESTS + 1)))
    for _ in range(MAX_REQUESTS):
        await desk.receive()
    waiting = Background()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waiting.run, desk.receive)
        await settle_down()
        assert not waiting.done
        await desk.answer(17)
    assert waiting.result.id == MAX_REQUESTS


async def test_while_the_client_is_asked_something_its_answer_is_not_made_to_wait(desk: Desk) -> None:
    desk.give(b"".join(request(number, "a") for number in range(MAX_REQUESTS)))
    for _ in range(MAX_REQUESTS):
        await desk.receive()
    await desk.send(JSONRPCRequest(jsonrpc="2.0", id=1, method="elicitation/create"))
    desk.give(response(1, {"action": "accept"}))
    assert isinstance(await desk.receive(), JSONRPCResponse)


async def test_a_withdrawn_question_is_no_longer_open(desk: Desk) -> None:
    await desk.send(JSONRPCRequest(jsonrpc="2.0", id=1, method="elicitation/create"))
    await desk.send(
        JSONRPCNotification(jsonrpc="2.0", method="notifications/cancelled", params={"requestId": 1, "reason": "late"})
    )
    await desk.send(JSONRPCNotification(jsonrpc="2.0", method="notifications/cancelled", params={"requestId": None}))
    desk.end_input()
    assert await desk.ends_now()


# Writing


async def test_whoever_writes_waits_once_the_client_leaves_too_much_unread(desk: Desk) -> None:
    desk.sink.holds = True
    await desk.answer(1, {"text": "x" * (MAX_BACKLOG_BYTES - 1000)})
    waiting = Background()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waiting.run, desk.answer, 2, {"text": "x" * 1000})
        await settle_down()
        assert not waiting.done
        desk.sink.let_go()


async def test_requests_wait_once_the_client_leaves_too_much_unread(desk: Desk) -> None:
    desk.sink.backlog = MAX_BACKLOG_BYTES + 1
    desk.give(request(1, "a"))
    waiting = Background()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waiting.run, desk.receive)
        await settle_down()
        assert not waiting.done
        desk.sink.let_go()
    assert waiting.result.id == 1


async def test_a_cancelled_write_has_been_made(desk: Desk) -> None:
    desk.sink.holds = True
    desk.sink.backlog = MAX_BACKLOG_BYTES
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(desk.answer, 1)
        await settle_down()
        tasks.cancel_scope.cancel()
    assert [frame["id"] for frame in desk.sink.frames()] == [1]


async def test_nobody_waits_for_the_client_after_a_stop(desk: Desk) -> None:
    desk.sink.backlog = MAX_BACKLOG_BYTES + 1
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(desk.answer, 1)
        await settle_down()
        desk.channel.stop()


async def test_a_flush_waits_for_the_last_byte(desk: Desk) -> None:
    desk.sink.backlog = 1
    waiting = Background()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waiting.run, desk.channel.flush)
        await settle_down()
        desk.sink.on_progress()
        await settle_down()
        assert not waiting.done
        desk.sink.let_go()


async def test_closing_lets_go_of_both_ends(desk: Desk) -> None:
    desk.channel.close()
    assert (desk.source.closed, desk.sink.closed) == (True, True)


# The end


async def test_reading_ends_with_the_input_if_nothing_is_at_work(desk: Desk) -> None:
    desk.give(notification("a"), b'{"jsonrpc":"2.0","method":"last, without a newline"}')
    desk.end_input()
    assert [await desk.receive(), await desk.receive()]
    assert await desk.ends_now()
    assert (desk.ends, desk.source.closed) == (1, True)


async def test_reading_ends_only_when_all_is_answered(desk: Desk) -> None:
    desk.give(request(1, "a"), request(2, "subscriptions/listen"))
    desk.end_input()
    await desk.receive()
    await desk.receive()
    waiting = Background()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waiting.run, desk.ends_now)
        await settle_down()
        assert (waiting.done, desk.ends) == (False, 1)
        await desk.answer(1)


async def test_at_the_end_of_input_an_open_question_fails(desk: Desk) -> None:
    desk.give(request(1, "a"))
    await desk.receive()
    await desk.send(JSONRPCRequest(jsonrpc="2.0", id=8, method="elicitation/create"))
    desk.end_input()
    message = await desk.receive()
    assert isinstance(message, JSONRPCError)
    assert (message.id, message.error.code) == (8, CONNECTION_CLOSED)
    await desk.send(JSONRPCRequest(jsonrpc="2.0", id=9, method="elicitation/create"))
    message = await desk.receive()
    assert isinstance(message, JSONRPCError)
    assert message.id == 9, "so does one that is asked later"


async def test_a_stop_ends_reading_whatever_is_at_work_or_unread(desk: Desk) -> None:
    desk.give(request(1, "a"), request(2, "b"))
    await desk.receive()
    desk.channel.stop()
    assert await desk.ends_now()
    assert desk.ends == 0, "that was not the client's doing"


async def test_a_stop_reaches_a_reader_that_waits(desk: Desk) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(desk.ends_now)
        await settle_down()
        desk.channel.stop()


async def test_if_nobody_reads_the_answers_reading_ends_when_all_is_settled(desk: Desk) -> None:
    desk.give(request(1, "a"), request(2, "never begun"))
    await desk.receive()
    desk.sink.break_off()
    desk.sink.on_progress()
    assert (desk.ends, desk.source.closed) == (1, True)
    with pytest.raises(anyio.BrokenResourceError):
        await desk.answer(1)
    assert await desk.ends_now()


async def test_a_flood_of_refused_lines_leaves_time_for_others(desk: Desk) -> None:
    desk.give(b"nonsense\n" * 100 + notification("a"))
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(count_turns)
        await desk.receive()
        tasks.cancel_scope.cancel()
    assert turns >= 100
