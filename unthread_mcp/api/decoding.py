"""From the bytes of an answer to JSON: within a cap, and without trust."""

from __future__ import annotations

import json
import math
import re
import zlib
from typing import TYPE_CHECKING, Final, Literal

from unthread_mcp.api.allowance import current_allowance, unfolded_size
from unthread_mcp.api.cleaning import is_clean

if TYPE_CHECKING:
    from unthread_mcp.api.faults import BodyKind
    from unthread_mcp.api.json_types import JsonValue

Flaw = Literal["cut", "too large", "too much", "unknown encoding", "broken encoding"]
"""Why a body is not whole. It is too much where it, or what it unfolds to, exceeds the call's allowance."""

ACCEPTED_ENCODINGS: Final = "gzip, deflate"

_EITHER_HEADER: Final = zlib.MAX_WBITS | 32
"""Makes zlib take a gzip or a zlib header, whichever comes."""

_DEEPEST: Final = 100
"""Levels of nesting; far more than any answer of Unthread's has, and few enough to be followed down by recursion
everywhere behind this. How deep json itself goes differs between versions of Python."""

_ESCAPE_BUT_LINE_BREAK: Final = re.compile(rb'\\[^nt"/\\]')


class BodyBuffer:
    """Collects one body, decompressed, and never holds more than `limit` bytes of it.

    Decompressing here, with a cap on every step, keeps a small hostile answer from unfolding into gigabytes before
    anybody can count them. `flaw` is ``cut`` until `end()` has seen the whole body.
    """

    def __init__(self, content_encoding: str, limit: int) -> None:
        encoding = content_encoding.strip().lower()
        deflated = encoding in ("gzip", "x-gzip", "deflate")
        self.content = bytearray()
        self.flaw: Flaw | None = "cut" if deflated or encoding in ("", "identity") else "unknown encoding"
        self._limit = limit
        # Stored blocks make deflated data larger by 5 bytes in 16 KiB at the most, beside the headers (RFC 1951, 1952).
        self._wire_limit = limit + limit // 1000 + 64 if deflated else limit
        self._received = 0
        self._allowance = current_allowance()
        self._taken = 0
        self._inflater = zlib.decompressobj(_EITHER_HEADER) if deflated else None

    @property
    def wants_more(self) -> bool:
        """False once a flaw makes the rest useless."""
        return self.flaw == "cut"

    def expect(self, content_length: str) -> None:
        """Take note of the length that the sender announces, if it does."""
        if content_length.isascii() and content_length.isdigit() and int(content_length[:20]) > self._wire_limit:
            self._give_up("too large")

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes off the wire."""
        first = not self._received
        self._received += len(chunk)
        if self._received > self._wire_limit:
            self._give_up("too large")
        elif self._inflater is None:
            self.content += chunk
        elif not self._inflate(chunk):
            if first:
                # RFC 9110, 8.4.1.2: some senders of "deflate" leave its zlib header out.
                self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            if not first or not self._inflate(chunk):
                self._give_up("broken encoding")
        if len(self.content) > self._taken:
            self._take(len(self.content))

    def end(self) -> None:
        """The body ended where its sender said it would."""
        if self.flaw == "cut" and (self._inflater is None or self._inflater.eof or not self._received):
            self.flaw = None

    def weigh(self) -> None:
        """Take of the allowance what the JSON in the body unfolds to, in place of what its bytes took."""
        if self.flaw is None:
            self._take(unfolded_size(self.content))

    def _take(self, size: int) -> None:
        holds_out = self._allowance.take(size - self._taken)
        self._taken = size
        if not holds_out:
            self._give_up("too much")

    def _inflate(self, chunk: bytes) -> bool:
        """Whether `chunk` continues the compressed data."""
        inflater = self._inflater
        if inflater is None or inflater.eof:
            return False
        try:
            # One byte more than there is room for tells "just fits" from "too large".
            self.content += inflater.decompress(chunk, self._limit - len(self.content) + 1)
        except zlib.error:
            return False
        if len(self.content) > self._limit:
            self._give_up("too large")
        return not inflater.unused_data

    def _give_up(self, flaw: Flaw) -> None:
        self.flaw = flaw
        self.content.clear()
        self._allowance.take(-self._taken)
        self._taken = 0


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("a number out of range")
    return number


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse)


def parse_json(content: bytes | bytearray) -> JsonValue:
    """The JSON value that `content` holds.

    Lone surrogates survive, escaped or not, for the cleaning to remove and count. Raises `ValueError` for everything
    else that strict JSON in UTF-8 is not: other bytes, NaN and infinities, numbers of thousands of digits, values
    nested too deeply, and anything behind the value.
    """
    try:
        value = _DECODER.decode(content.decode("utf-8-sig", "surrogatepass"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    _require_shallow(value)
    return value


def _require_shallow(value: JsonValue) -> None:
    level: list[list[JsonValue] | dict[str, JsonValue]] = [[value]]
    for _ in range(_DEEPEST + 1):
        level = [
            each
            for container in level
            for each in (container.values() if isinstance(container, dict) else container)
            if isinstance(each, list | dict)
        ]
        if not level:
            return
    raise ValueError("nested too deeply")


def is_plain(content: bytes | bytearray) -> bool:
    """Whether nothing within JSON that could be read is to be cleaned, as in most answers.

    One look at the whole costs a tenth of looking at each of its strings. It errs towards False.
    """
    if _ESCAPE_BUT_LINE_BREAK.search(content):
        return False
    try:
        return is_clean(content.decode())
    except UnicodeDecodeError:
        return False


def understand(content_type: str, content: bytes | bytearray, flaw: Flaw | None) -> tuple[BodyKind, JsonValue]:
    """What kind of body a 2xx brought, and its value if it is JSON."""
    content_type = content_type.lower()
    says_json = "json" in content_type
    if not content or content.isspace():
        if flaw is None:
            return "empty", None
    elif "html" in content_type or content[:1000].lstrip().startswith(b"<"):
        return "page", None
    if flaw is not None:
        return ("broken json" if says_json else "cut"), None
    try:
        value = parse_json(content)
    except ValueError:
        if says_json:
            return "broken json", None
    else:
        if says_json or isinstance(value, dict | list):
            return "json", value
    return ("text" if content_type.startswith("text/") or not content_type else "page"), None
