"""The server as a process of its own: its standard streams, its signals, its exit status."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
import tty
from typing import TYPE_CHECKING

import pytest
from mcp.types import INTERNAL_ERROR, INVALID_REQUEST, PARSE_ERROR
from raw_client import (
    PATIENCE,
    WORKBENCH,
    Lines,
    RawClient,
    call,
    handshake,
    legacy_call,
    response,
    text_of,
    workbench,
)

from unthread_mcp.stdio.framing import MAX_LINE_BYTES

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

WAYS = pytest.mark.parametrize("way", [(), ("threads",)], ids=["pipes", "threads"])


@pytest.fixture(scope="module", params=[(), ("threads",)], ids=["pipes", "threads"])
def lasting(request: pytest.FixtureRequest) -> Generator[RawClient]:
    """One server for all the tests that leave it alive; whoever uses it leaves nothing unread."""
    with workbench(*request.param) as client:
        client.await_stderr("started")
        yield client
        client.close_input()
        assert client.wait() == 0


def is_alive(client: RawClient) -> bool:
    """Whether the server still answers, and with nothing else before."""
    client.send(call("alive?", "echo", {"text": "alive"}))
    return text_of(client.frame()) == "alive"


# Frames


@pytest.mark.parametrize(
    ("line", "code", "request_id"),
    [
        (b"nonsense\n", PARSE_ERROR, None),
        (b'{"jsonrpc":"2.0","id":5,"method":"\xff\xff"}\r\n', PARSE_ERROR, 5),
        (b'{"jsonrpc":"2.0","id":6,"method":"\\ud83d"}\n', PARSE_ERROR, 6),
        (b'[{"jsonrpc":"2.0","id":7,"method":"ping"}]\n', INVALID_REQUEST, None),
        (b'{"jsonrpc":"2.0","id":8,"method":7}\n', INVALID_REQUEST, 8),
        (call(9, "echo", {"text": "x" * MAX_LINE_BYTES}), INVALID_REQUEST, 9),
        (call(10, "half_a_character"), INTERNAL_ERROR, 10),
    ],
    ids=["no JSON", "no UTF-8", "lone surrogate", "batch", "no message", "too long", "unwritable answer"],
)
def test_whatever_comes_is_answered_and_the_server_lives_on(
    lasting: RawClient, line: bytes, code: int, request_id: int | None
) -> None:
    lasting.send(b"\r\n\n", line)
    answer = lasting.frame()
    assert (answer["error"]["code"], answer["id"]) == (code, request_id)
    assert is_alive(lasting)


def test_the_longest_line_is_read_and_a_long_answer_arrives_whole(lasting: RawClient) -> None:
    envelope = len(call(1, "echo", {"text": ""})) - 1
    text = "x" * (MAX_LINE_BYTES - envelope)
    lasting.send(call(1, "echo", {"text": text}))
    assert text_of(lasting.frame()) == text


def test_two_thousand_calls_at_once_are_all_answered(lasting: RawClient) -> None:
    lasting.send(*(call(number, "echo", {"text": str(number)}) for number in range(2000)))
    answers = lasting.frames(2000)
    assert {number: text_of(answer) for number, answer in answers.items()} == {n: str(n) for n in range(2000)}


def test_256_calls_at_work_at_once_are_all_answered(lasting: RawClient) -> None:
    lasting.send(*(call(number, "linger", {"seconds": 0.1}) for number in range(256)))
    assert {text_of(answer) for answer in lasting.frames(256).values()} == {"lingered"}


def test_notifications_keep_their_order_and_come_before_the_answer(lasting: RawClient) -> None:
    lasting.send(call(1, "chatter", {"lines": 300, "size": 2000}, {"progressToken": "p"}))
    frames = [lasting.frame() for _ in range(301)]
    assert [frame["params"]["progress"] for frame in frames[:-1]] == list(range(300))
    assert text_of(frames[-1]) == "enough"


@WAYS
def test_nothing_but_frames_reaches_the_client(way: tuple[str, ...]) -> None:
    with workbench(*way) as client:
        assert is_alive(client)
        client.send(call(1, "print_stray", {"text": "noise"}))
        assert text_of(client.frame()) == "''", "standard input is empty for a tool"
        assert is_alive(client)
        client.close_input()
        assert client.lines.rest() == []
        assert client.wait() == 0
        noise = b"\n".join(client.stderr.rest()).decode()
        assert all(f"{how} noise" in noise for how in ("flushed", "written", "child", "buffered"))


# The end of input


@WAYS
def test_what_was_asked_before_the_input_ended_is_answered(way: tuple[str, ...]) -> None:
    with workbench(*way) as client:
        client.send(
            handshake(), legacy_call(1, "linger", {"seconds": 0.2}), legacy_call(2, "echo", {"text": "no newline"})[:-1]
        )
        client.close_input()
        answers = client.remaining_frames()
        assert (text_of(answers[1]), text_of(answers[2])) == ("lingered", "no newline")
        assert client.wait() == 0
        client.await_stderr("cleaned up")


def test_a_question_that_the_client_can_no_longer_answer_fails_at_once() -> None:
    with workbench() as client:
        client.send(handshake(), legacy_call(1, "ask"))
        assert client.frame()["id"] == "hello"
        assert client.frame()["method"] == "elicitation/create"
        client.close_input()
        assert client.remaining_frames()[1]["error"]["message"]
        assert client.wait() == 0


def test_a_question_is_answered() -> None:
    with workbench() as client:
        client.send(handshake(), legacy_call(1, "ask"))
        client.frame()
        question = client.frame()
        client.send(response(question["id"], {"action": "accept", "content": {"ok": True}}))
        assert text_of(client.frame()) == "accept"


def test_files_and_the_null_device_are_served(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(call(1, "echo", {"text": "from a file"}) * 2)
    with (
        (tmp_path / "in").open("rb") as frames,
        (tmp_path / "out").open("wb") as answers,
        workbench(stdin=frames, stdout=answers) as client,
    ):
        assert client.wait() == 0
    assert (tmp_path / "out").read_text().count("from a file") == 1, "its id is taken the second time"
    assert '"code":-32600' in (tmp_path / "out").read_text()
    with workbench(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as client:
        assert client.wait() == 0
        client.await_stderr("cleaned up")


def test_sockets_are_served_as_pipes_are() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, workbench(stdin=theirs.fileno(), stdout=theirs.fileno()) as client:
        theirs.close()
        ours.sendall(call(1, "echo", {"text": "x" * 300_000}))
        assert len(text_of(json.loads(Lines(ours.fileno()).next()))) == 300_000
        ours.shutdown(socket.SHUT_WR)
        assert client.wait() == 0


def test_a_terminal_is_served_and_left_as_it_was() -> None:
    leader, terminal = pty.openpty()
    tty.setraw(terminal)
    with workbench(stdin=terminal, stdout=terminal) as client:
        client.await_stderr("started")
        os.write(leader, call(1, "echo", {"text": "x" * 2000}))
        assert len(text_of(json.loads(Lines(leader).next()))) == 2000
        assert os.get_blocking(terminal)
        client.process.send_signal(signal.SIGTERM)
        assert client.wait() == 0
    os.close(leader)
    os.close(terminal)


def test_a_client_that_reads_both_outputs_as_one_gets_all_of_both() -> None:
    read_end, write_end = os.pipe()
    with subprocess.Popen(
        [sys.executable, str(WORKBENCH), "15"], stdin=subprocess.PIPE, stdout=write_end, stderr=write_end
    ) as process:
        os.close(write_end)
        assert process.stdin
        process.stdin.write(call(1, "echo", {"text": "#" * 300_000}))
        process.stdin.close()
        assert b"".join(Lines(read_end).rest()).count(b"#") == 300_000, "and the log may stand in between"
        assert process.wait(PATIENCE) == 0
    os.close(read_end)


@pytest.mark.parametrize(
    ("closed", "status"), [("<&-", 1), (">&-", 1), ("2>&-", 0)], ids=["no input", "no output", "no standard error"]
)
def test_a_closed_standard_stream_is_an_error_unless_only_the_log_goes_there(closed: str, status: int) -> None:
    finished = subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {closed}', sys.executable, str(WORKBENCH), "15"],
        input=call(1, "print_stray", {"text": "x"}),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert finished.returncode == status
    if status:
        assert b"Bad file descriptor" in finished.stderr
        assert finished.stdout == b""
    else:
        assert [text_of(json.loads(line)) for line in finished.stdout.splitlines()] == ["''"]


# Signals


@pytest.mark.parametrize(("number", "way"), [(signal.SIGINT, ()), (signal.SIGTERM, ()), (signal.SIGTERM, ("threads",))])
def test_a_signal_ends_an_idle_server_at_once_and_in_good_order(number: signal.Signals, way: tuple[str, ...]) -> None:
    with workbench(*way) as client:
        client.await_stderr("started")
        assert is_alive(client)
        began = time.monotonic()
        client.process.send_signal(number)
        assert client.wait() == 0
        assert time.monotonic() - began < 12, "not the fifteen seconds of the drain"
        client.await_stderr("cleaned up")


def test_a_signal_lets_a_write_be_finished_and_cancels_the_rest(tmp_path: Path) -> None:
    target = tmp_path / "written"
    with workbench() as client:
        client.send(call(1, "linger", {"seconds": 60}), call(2, "write", {"path": str(target), "seconds": 0.3}))
        client.await_stderr("writing")
        client.process.send_signal(signal.SIGTERM)
        assert client.wait() == 0
        assert target.read_text() == "whole"
        client.await_stderr("cleaned up")
        assert "error" in client.remaining_frames()[1]


@pytest.mark.parametrize(("number", "way"), [(signal.SIGINT, ()), (signal.SIGTERM, ("threads",))])
def test_a_second_signal_ends_it_on_the_spot(number: signal.Signals, way: tuple[str, ...], tmp_path: Path) -> None:
    with workbench(*way) as client:
        client.send(call(1, "write", {"path": str(tmp_path / "written"), "seconds": 60}))
        client.await_stderr("writing")
        client.send(call(2, "linger", {"seconds": 60}))
        client.await_stderr("lingering")
        client.process.send_signal(number)
        assert client.frame()["id"] == 2, "the first signal has been heard"
        client.process.send_signal(number)
        assert client.wait() == 128 + number


def test_a_stuck_thread_cannot_hold_the_process() -> None:
    with workbench(drain=0.1) as client:
        client.send(call(1, "occupy_a_thread"))
        client.await_stderr("occupying")
        client.process.send_signal(signal.SIGTERM)
        assert client.wait() == 0
        client.await_stderr("stuck")


@WAYS
def test_a_client_that_stops_reading_costs_no_memory_without_end_and_holds_nobody(way: tuple[str, ...]) -> None:
    with workbench(*way, drain=0.2) as client:
        client.await_stderr("started")
        text = "x" * 500_000
        sent = client.send_until_stuck(call(number, "echo", {"text": text, "times": 4}) for number in range(1000))
        assert 0 < sent < 200
        assert client.resident_megabytes() < 400
        client.process.send_signal(signal.SIGTERM)
        assert client.wait() == 0


def test_a_client_that_is_gone_ends_the_server() -> None:
    with workbench() as client:
        client.await_stderr("started")
        client.close_output()
        client.send(call(1, "echo", {"text": "x"}))
        assert client.wait() == 0
