"""Frames: bytes to JSON-RPC messages and back, one message a line.

A line that can't be read raises `FrameError`, which carries what there is to say about it; nothing else can go wrong.
"""

from __future__ import annotations

import json
import logging
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from mcp.shared.dispatcher import as_request_id
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
)
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

if TYPE_CHECKING:
    from collections.abc import Iterable

logger = logging.getLogger(__name__)

MAX_LINE_BYTES: Final = 4 * 1024 * 1024
"""The longest line that is read, without its newline: what the SDK's HTTP transport takes as a request's body."""

_REMNANT_BYTES: Final = 1024
"""How much of each end of a longer line is kept, to find the request's id in it."""


class OverlongLine(NamedTuple):
    """What is kept of a line longer than `MAX_LINE_BYTES`: both its ends."""

    head: bytes
    tail: bytes


Line = bytes | OverlongLine


class FrameError(Exception):
    """A line that is no message.

    `request_id` is the id that the line carries, if it could be found. `answers_us` says that the line was meant as
    the answer to a request of ours, so that the error belongs to whoever waits for it and not on the wire.
    """

    def __init__(self, code: int, text: str, *, request_id: RequestId | None, answers_us: bool = False) -> None:
        super().__init__(text)
        self.answers_us = answers_us
        self.answer = error_answer(request_id, code, text)


def error_answer(request_id: RequestId | None, code: int, text: str) -> JSONRPCError:
    """The error answer to the request `request_id`, or to one whose id is not known."""
    return JSONRPCError(jsonrpc="2.0", id=request_id, error=ErrorData(code=code, message=text))


class LineSplitter:
    """Chunks of bytes in, whole lines out, without their newlines; blank lines are skipped.

    Holds at most `MAX_LINE_BYTES` and one chunk: the rest of a longer line is discarded as it comes.
    """

    def __init__(self, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._max_line_bytes = max_line_bytes
        self._pieces: list[bytes] = []
        self._held_bytes = 0
        self._overlong: OverlongLine | None = None

    def feed(self, chunk: bytes) -> Iterable[Line]:
        """Return the lines that `chunk` completes."""
        *completing, rest = chunk.split(b"\n")
        lines = [line for piece in completing if (line := self._complete(piece))]
        if rest:
            self._hold(rest)
        return lines

    def finish(self) -> Iterable[Line]:
        """Return the line that the end of the input completes, if anything follows the last newline."""
        line = self._complete(b"")
        return (line,) if line else ()

    def _hold(self, piece: bytes) -> None:
        if self._overlong:
            head, tail = self._overlong
            self._overlong = OverlongLine(head, (tail + piece)[-_REMNANT_BYTES:])
            return
        self._pieces.append(piece)
        self._held_bytes += len(piece)
        if self._held_bytes > self._max_line_bytes:
            line = self._take()
            self._overlong = OverlongLine(line[:_REMNANT_BYTES], line[-_REMNANT_BYTES:])

    def _take(self) -> bytes:
        line = b"".join(self._pieces)
        self._pieces.clear()
        self._held_bytes = 0
        return line

    def _complete(self, piece: bytes) -> Line | None:
        self._hold(piece)
        if overlong := self._overlong:
            self._overlong = None
            return overlong
        line = self._take()
        return None if line.isspace() else line


def decode(line: Line) -> JSONRPCMessage:
    """The message in one line.

    Raises `FrameError` if it is too long, no strict UTF-8 or JSON (the escape of a lone surrogate is none), or no
    JSON-RPC message (a batch is none: MCP has had no batches since its revision 2025-06-18).
    """
    if isinstance(line, OverlongLine):
        found = _search_remnants(line.head, line.tail)
        text = f"The message is longer than {MAX_LINE_BYTES} bytes and was not read. Send less in one message."
        raise FrameError(INVALID_REQUEST, text, request_id=found.request_id, answers_us=found.is_response)
    try:
        raw = from_json(line, allow_inf_nan=False)
    except ValueError as error:
        found = _search(line)
        text = f"The message is not valid UTF-8 JSON ({error}). Send one JSON-RPC message a line."
        raise FrameError(PARSE_ERROR, text, request_id=found.request_id, answers_us=found.is_response) from None
    return _validate(raw)


def _validate(raw: Any) -> JSONRPCMessage:
    if not isinstance(raw, dict):
        what = "a batch, which is not supported" if isinstance(raw, list) else "not a JSON object"
        text = f"The message is {what}. Send one JSON-RPC message a line."
        raise FrameError(INVALID_REQUEST, text, request_id=None)
    members = cast("dict[str, Any]", raw)
    # Chosen by its members, not by trying each model in turn: a request whose id is null or fractional would then pass
    # as a notification, and its sender would wait for ever.
    if "method" in members:
        model = JSONRPCRequest if "id" in members else JSONRPCNotification
    else:
        model = JSONRPCResponse if members.get("error") is None else JSONRPCError
    try:
        return model.model_validate(members, by_name=False)
    except ValidationError as error:
        found = _examine(members)
        problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
        text = f"The message is not JSON-RPC 2.0 ({problem['loc'][0]}: {problem['msg']}). Correct it and send it again."
        raise FrameError(INVALID_REQUEST, text, request_id=found.request_id, answers_us=found.is_response) from None


class _Found(NamedTuple):
    """What could be made out in an unreadable line."""

    request_id: RequestId | None = None
    is_response: bool = False


def _examine(members: dict[str, Any]) -> _Found:
    request_id = as_request_id(members.get("id"))
    is_response = request_id is not None and "method" not in members and ("result" in members or "error" in members)
    return _Found(request_id, is_response)


def _search(line: bytes) -> _Found:
    """As much as a more lenient reader makes of it: broken UTF-8, lone surrogates, deeper nesting, NaN."""
    try:
        raw = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return _search_remnants(line[:_REMNANT_BYTES], b"")
    found = _examine(cast("dict[str, Any]", raw)) if isinstance(raw, dict) else _Found()
    # An id that itself is broken is none: nobody waits for an answer to what was put in its place.
    return _Found() if isinstance(found.request_id, str) and _BROKEN.search(found.request_id) else found


_BROKEN: Final = re.compile("[\ufffd\ud800-\udfff]")
_ID = rb'(?P<id>-?[0-9]{1,18}|"[^"\\\x00-\x1f]{0,256}")'
_OPENING: Final = re.compile(rb"\s*\{")
_LEADING_MEMBER: Final = re.compile(
    rb'\s*(?:"jsonrpc"\s*:\s*"2\.0"|(?P<method>"method"\s*:\s*"[^"\\]*")|"id"\s*:\s*' + _ID + rb")\s*[,}]"
)
_LEADING_OUTCOME: Final = re.compile(rb'\s*"(?:result|error)"\s*:')
# An unescaped quote right before `}` or a number there ends a value; so in a line that is JSON, this is the last member
# of the outermost object and no text inside a string.
_TRAILING_ID: Final = re.compile(rb'[,{]\s*"id"\s*:\s*' + _ID + rb'\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*\Z')


def _search_remnants(head: bytes, tail: bytes) -> _Found:
    """The id among the first members, where no nested object can stand before it, or as the very last one."""
    request_id: bytes | None = None
    is_request = False
    position = opening.end() if (opening := _OPENING.match(head)) else 0
    while member := _LEADING_MEMBER.match(head, position):
        request_id = member["id"] or request_id
        is_request = is_request or member["method"] is not None
        position = member.end()
    is_response = not is_request and _LEADING_OUTCOME.match(head, position) is not None
    if request_id is None and (is_request or is_response) and (trailing := _TRAILING_ID.search(tail)):
        request_id = trailing["id"]
    if request_id is None or not (is_request or is_response):
        return _Found()
    try:
        return _Found(from_json(request_id), is_response)
    except ValueError:  # a leading zero, broken UTF-8
        return _Found()


def encode(message: JSONRPCMessage) -> bytes:
    """The line for `message`, with its newline.

    What has no JSON form (a lone surrogate, a foreign type's value) is logged; an answer then becomes an error answer
    to its request, a notification becomes nothing. Raises `ValueError` for a request of ours: its sender can react.
    """
    try:
        return _dump(message)
    except ValueError as error:
        if isinstance(message, JSONRPCRequest):
            raise
        logger.warning("A message has no JSON form and is not sent: %s", error)
    if isinstance(message, JSONRPCNotification):
        return b""
    text = "The answer could not be written as JSON. This is a fault of the server; its log says more."
    try:
        return _dump(error_answer(message.id, INTERNAL_ERROR, text))
    except ValueError:  # it is the id that can't be written
        return _dump(error_answer(None, INTERNAL_ERROR, text))


def _dump(message: JSONRPCMessage) -> bytes:
    return _adapter(type(message)).dump_json(message, by_alias=True, exclude_unset=True, warnings=False) + b"\n"


@cache
def _adapter(model: type[JSONRPCMessage]) -> TypeAdapter[Any]:
    """What gives bytes at once, where `model_dump_json` decodes them to `str` first: a third of the time at 40 kB."""
    return TypeAdapter(model)
