"""Lines out of chunks, messages out of lines, and what is said about a line that is no message."""

from __future__ import annotations

import json
import logging
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    PARSE_ERROR,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)

from unthread_mcp.stdio.framing import MAX_LINE_BYTES, FrameError, LineSplitter, OverlongLine, decode, encode


def refusal(line: bytes | OverlongLine) -> FrameError:
    with pytest.raises(FrameError) as refused:
        decode(line)
    return refused.value


def overlong(line: bytes) -> OverlongLine:
    """What the splitter keeps of a line once `x` in it is so often repeated that it is too long."""
    splitter = LineSplitter()
    before, _, after = line.partition(b"x")
    (found,) = splitter.feed(before + b"x" * (MAX_LINE_BYTES + 1) + after + b"\n")
    assert isinstance(found, OverlongLine)
    return found


# Lines


def test_a_chunk_may_hold_many_lines_and_a_line_many_chunks() -> None:
    splitter = LineSplitter()
    assert [list(splitter.feed(chunk)) for chunk in (b"a\nb\nc", b"d", b"e\n")] == [[b"a", b"b"], [], [b"cde"]]


def test_blank_lines_are_nothing() -> None:
    assert list(LineSplitter().feed(b"\n \r\n\t\n\r\na\n")) == [b"a"]


def test_what_follows_the_last_newline_is_a_line_once_the_input_ends() -> None:
    splitter = LineSplitter()
    assert list(splitter.feed(b"a\nb")) == [b"a"]
    assert list(splitter.finish()) == [b"b"]
    assert list(splitter.finish()) == []


def test_a_line_at_the_limit_passes_and_one_byte_more_does_not() -> None:
    splitter = LineSplitter(10)
    assert list(splitter.feed(b"0123456789\n")) == [b"0123456789"]
    assert list(splitter.feed(b"0123456789a\n")) == [OverlongLine(b"0123456789a", b"0123456789a")]


def test_an_overlong_line_is_discarded_as_it_comes_and_the_next_line_is_read() -> None:
    splitter = LineSplitter(1 << 20)
    assert list(splitter.feed(b"begin")) == []
    for _ in range(64):
        assert list(splitter.feed(b"x" * (1 << 16))) == []
    (found, following) = splitter.feed(b"end\nnext\n")
    assert isinstance(found, OverlongLine)
    assert found.head.startswith(b"begin")
    assert found.tail.endswith(b"xend")
    assert len(found.head) + len(found.tail) < 4096
    assert following == b"next"


@given(
    st.lists(st.sampled_from([b"\n", b"\r\n", b" ", b"a", b"b" * 700, b"cd" * 400]), max_size=12).map(b"".join),
    st.lists(st.integers(0, 4000), max_size=6),
)
def test_how_bytes_are_cut_into_chunks_makes_no_difference(data: bytes, cuts: list[int]) -> None:
    whole = LineSplitter(1500)
    expected = [*whole.feed(data), *whole.finish()]
    pieces = LineSplitter(1500)
    bounds = [0, *sorted(cuts), len(data)]
    lines = [line for begin, end in pairwise(bounds) for line in pieces.feed(data[begin:end])]
    assert [*lines, *pieces.finish()] == expected


# Messages


@pytest.mark.parametrize(
    ("line", "model"),
    [
        (b'{"jsonrpc":"2.0","id":1,"method":"ping"}', JSONRPCRequest),
        (b'{"jsonrpc":"2.0","id":"a","method":"ping","params":{"a":[1,null]},"extra":1}\r', JSONRPCRequest),
        (b'{"jsonrpc":"2.0","method":"ping"}', JSONRPCNotification),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', JSONRPCResponse),
        (b'{"jsonrpc":"2.0","id":1,"result":{},"error":null}', JSONRPCResponse),
        (b'{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"no"}}', JSONRPCError),
    ],
)
def test_the_four_kinds_of_message_are_told_apart(line: bytes, model: type) -> None:
    assert type(decode(line)) is model


DEEP = b"[" * 300 + b"]" * 300


@pytest.mark.parametrize(
    ("line", "code", "request_id"),
    [
        pytest.param(b"nonsense", PARSE_ERROR, None, id="no JSON"),
        pytest.param(b"\xff\xfe", PARSE_ERROR, None, id="no UTF-8"),
        pytest.param(b"[" * 100_000, PARSE_ERROR, None, id="endlessly deep"),
        pytest.param(b'{"jsonrpc":"2.0","id":1,"method":"a","params":', PARSE_ERROR, 1, id="cut off"),
        pytest.param(b'{ "method" : "a" , "id" : "b" , "params":', PARSE_ERROR, "b", id="cut off, other order"),
        pytest.param(b'{"method":"a","params":{"id":9}', PARSE_ERROR, None, id="another object's id"),
        pytest.param(b'{"params":{"id":9},"id":1', PARSE_ERROR, None, id="cut off after an object"),
        pytest.param(b'{"jsonrpc":"2.0","id":1,"params":', PARSE_ERROR, None, id="perhaps no request"),
        pytest.param(b'{"jsonrpc":"2.0","id":01,"method":"a"}', PARSE_ERROR, None, id="id is no number"),
        pytest.param(b'{"jsonrpc":"2.0","id":"\xff","method":"a",', PARSE_ERROR, None, id="id is no text"),
        pytest.param(b'{"jsonrpc":"2.0","id":"\xff","method":"a"}', PARSE_ERROR, None, id="id is no text, whole"),
        pytest.param(b'{"jsonrpc":"2.0","id":"\\ud800","method":"a"}', PARSE_ERROR, None, id="id is half a character"),
        pytest.param(b'{"jsonrpc":"2.0","id":2,"method":"a"}}', PARSE_ERROR, 2, id="a brace too many"),
        pytest.param(b'{"jsonrpc":"2.0","id":3,"method":"\xff"}', PARSE_ERROR, 3, id="broken UTF-8"),
        pytest.param(b'{"params":{"a":"\\ud800"},"method":"a","id":4}', PARSE_ERROR, 4, id="lone surrogate"),
        pytest.param(b'{"params":{"a":' + DEEP + b'},"method":"a","id":5}', PARSE_ERROR, 5, id="deeper than is read"),
        pytest.param(b'{"params":{"a":NaN},"method":"a","id":6}', PARSE_ERROR, 6, id="not a number"),
        pytest.param(b'"\\ud800"', PARSE_ERROR, None, id="no object, lone surrogate"),
        pytest.param(b"[]", INVALID_REQUEST, None, id="empty batch"),
        pytest.param(b'[{"jsonrpc":"2.0","id":1,"method":"a"}]', INVALID_REQUEST, None, id="batch"),
        pytest.param(b"17", INVALID_REQUEST, None, id="number"),
        pytest.param(b"{}", INVALID_REQUEST, None, id="empty object"),
        pytest.param(b'{"jsonrpc":"1.0","id":7,"method":"a"}', INVALID_REQUEST, 7, id="other version"),
        pytest.param(b'{"id":8,"method":"a"}', INVALID_REQUEST, 8, id="no version"),
        pytest.param(b'{"jsonrpc":"2.0","id":9,"method":1}', INVALID_REQUEST, 9, id="method is no string"),
        pytest.param(b'{"jsonrpc":"2.0","id":"x","method":"a","params":[1]}', INVALID_REQUEST, "x", id="positional"),
        pytest.param(b'{"jsonrpc":"2.0","id":10,"method":7,"result":{}}', INVALID_REQUEST, 10, id="request and answer"),
        pytest.param(b'{"jsonrpc":"2.0","id":null,"method":"a"}', INVALID_REQUEST, None, id="null id"),
        pytest.param(b'{"jsonrpc":"2.0","id":true,"method":"a"}', INVALID_REQUEST, None, id="boolean id"),
        pytest.param(b'{"jsonrpc":"2.0","id":1.5,"method":"a"}', INVALID_REQUEST, None, id="fractional id"),
        pytest.param(b'{"jsonrpc":"2.0","id":{},"method":"a"}', INVALID_REQUEST, None, id="object as id"),
    ],
)
def test_a_line_that_is_no_message_is_answered_with_its_id_if_that_can_be_known(
    line: bytes, code: int, request_id: object
) -> None:
    refused = refusal(line)
    assert (refused.answer.error.code, refused.answer.id) == (code, request_id)
    assert not refused.answers_us
    assert refused.answer.error.message.count(". ") == 1, "what happened, and what to do"


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","id":3,"result":{"text":"\\ud800"}}',
        b'{"jsonrpc":"2.0","id":3,"result":"text"}',
        b'{"jsonrpc":"2.0","id":3,"error":"text"}',
        b'{"jsonrpc":"2.0","id":3,"result":{"text":"',
        overlong(b'{"jsonrpc":"2.0","id":3,"result":{"text":"x"}}'),
        overlong(b'{"result":{"text":"x"},"jsonrpc":"2.0","id":3}'),
    ],
)
def test_an_unreadable_answer_is_an_error_to_whoever_waits_for_it(line: bytes | OverlongLine) -> None:
    refused = refusal(line)
    assert refused.answers_us
    assert refused.answer.id == 3


@pytest.mark.parametrize(
    ("line", "request_id"),
    [
        (b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"a":"x"}}', 1),
        (b'{"method":"a","params":{"a":"x"},"jsonrpc":"2.0","id":2}', 2),
        (b'{"method":"a","params":{"a":"x"}, "id" : "three" , "jsonrpc":"2.0"} ', "three"),
        (b'{"method":"a","params":{"a":"x"},"jsonrpc":"2.0"}', None),
        (b'{"method":"a","params":{"a":"x,\\"id\\":4"}}', None),
        (b'{"params":{"a":"x"},"method":"a","id":5}', None),
        (b"x", None),
    ],
)
def test_an_overlong_request_is_refused_with_the_id_at_either_of_its_ends(line: bytes, request_id: object) -> None:
    refused = refusal(overlong(line))
    assert (refused.answer.error.code, refused.answer.id) == (INVALID_REQUEST, request_id)
    assert "4194304 bytes" in refused.answer.error.message


# Answers


def answer(request_id: Any, result: dict[str, Any]) -> JSONRPCResponse:
    return JSONRPCResponse(jsonrpc="2.0", id=request_id, result=result)


def test_a_message_is_one_line_of_compact_utf8_without_what_was_not_set() -> None:
    assert encode(answer(1, {"text": "zwei\nZeilen → ü"})) == (
        '{"jsonrpc":"2.0","id":1,"result":{"text":"zwei\\nZeilen → ü"}}\n'.encode()
    )
    assert encode(JSONRPCNotification(jsonrpc="2.0", method="a")) == b'{"jsonrpc":"2.0","method":"a"}\n'


@pytest.mark.parametrize("value", ["\ud800", object(), b"\xff"])
def test_an_answer_that_has_no_json_form_becomes_an_error_for_its_id(value: object) -> None:
    line = json.loads(encode(answer("a", {"deep": [value]})))
    assert line["id"] == "a"
    assert line["error"]["code"] == INTERNAL_ERROR


def test_an_id_that_has_no_json_form_is_answered_without_it() -> None:
    assert json.loads(encode(answer("\ud800", {})))["id"] is None


def test_an_unwritable_notification_is_dropped_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert encode(JSONRPCNotification(jsonrpc="2.0", method="a", params={"text": "\ud800"})) == b""
    assert "no JSON form" in caplog.text


def test_an_unwritable_request_is_its_senders_error() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        encode(JSONRPCRequest(jsonrpc="2.0", id=1, method="a", params={"text": "\ud800"}))
