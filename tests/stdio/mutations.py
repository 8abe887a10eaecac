"""Valid frames of both eras, and what can be done to one: bytes flipped, cut, joined, and any value made another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any, Final, cast

from tests.stdio.raw_client import HANDSHAKE, MODERN, Frame
from unthread_mcp.stdio.framing import MAX_LINE_BYTES

CALLS: Final[tuple[tuple[str, Frame], ...]] = (
    ("echo", {"text": "some text \U0001f642", "times": 2}),
    ("list_tags", {"limit": 3}),
    ("search_conversations", {"status": ["open"], "created_after": "30d", "limit": 5}),
    ("search_conversations", {"where": [{"field": "title", "operator": "contains", "value": "x"}], "limit": 1}),
    ("get_conversation", {"conversation": "#1097", "max_tokens": 500}),
    ("update_conversation", {"conversation": "#1097", "priority": "low"}),
    ("add_private_note", {"conversation": "#1097", "text": "Seen."}),
)
REQUESTS: Final[tuple[tuple[str, Frame], ...]] = (
    ("tools/list", {}),
    ("ping", {}),
    ("initialize", HANDSHAKE),
    ("resources/read", {"uri": "unthread://conversations/1097"}),
    ("prompts/list", {}),
    (
        "completion/complete",
        {"ref": {"type": "ref/prompt", "name": "x"}, "argument": {"name": "customer", "value": "No"}},
    ),
    ("logging/setLevel", {"level": "debug"}),
    ("no/such/method", {"a": [1, 2.5, None, True, {"b": "c"}]}),
)

_RAW: Final = {
    "nested": b"[" * 60 + b"]" * 60,
    "nested deeper": b"[" * 400 + b"]" * 400,
    "nested objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "huge": b"9" * 400,
    "endless digits": b"-" + b"9" * 5000,
    "infinite": b"-1e999",
    "no number": b"NaN",
    "surrogate": rb'"\ud83d"',
    "nul": rb'"\u0000"',
    "right to left": '"\u202egnp.exe"'.encode(),
    "no UTF-8": b'"\xff\xc0\xaf"',
    "surrogate's bytes": b'"\xed\xa0\x80"',
    "long": b'"' + b"x" * 70_000 + b'"',
    "blanks": b" " * 70_000 + b"1",
    "twice": b'{"a":1,"a":2}',
}
"""Values that `json.dumps` doesn't write, by a name that stands for each until the frame is written."""
_ODD: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1.5, 2**53, 2**63, -(10**40), 1e308, "", " ", "7", "\n", "__class__", [], {}, [[]]),
    *({"$ref": "#"}, {"jsonrpc": "2.0"}, [{"id": 1}], list(range(500))),
    *(f"@{name}@" for name in _RAW),
)
_SCRAPS: Final = (
    *(b"\n", b"\r\n", b"\0", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\\ud800", b"{", b"}" * 3, b"[" * 300),
    *(b'"', b"\\", b"-1e999", b"NaN", b"9" * 5000, b" " * 70_000, b'"id":1,', b'"id":null,', b"\xe2\x80\xa8"),
    *(b'"method":"server/discover",', b'"io.modelcontextprotocol/protocolVersion":"1999-01-01",'),
)


class Frames:
    """Frames by chance, each with an id of its own before it is broken."""

    def __init__(self, chance: Random, *, modern: bool) -> None:
        self._chance = chance
        self._modern = modern
        self._number = 0

    def some(self) -> bytes:
        """A few frames as they go over the wire: mostly broken, each ended by a newline."""
        chance = self._chance
        written = [self._written(deepcopy(self._message())) for _ in range(chance.randint(1, 8))]
        if chance.random() < 0.2:  # an id that is at work
            written.append(chance.choice(written))
        if chance.random() < 0.2:  # one that nobody waits for any more
            gone = {"requestId": chance.choice([self._number, f"r{self._number}", 10**9, None, 1.5])}
            written.append(_bytes({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": gone}))
        if chance.random() < 0.1:
            chance.shuffle(written)
        if chance.random() < 0.1:  # joined
            return b" ".join(written) + b"\n"
        return b"".join(each + b"\n" for each in written)

    def at_the_limit(self) -> bytes:
        """A frame about as long as a line may be."""
        frame = _bytes({**self._message(), "zz": "@"})
        size = MAX_LINE_BYTES + self._chance.choice([-1, 0, 1, 5000])
        filler = self._chance.choice([b"x", b" ", b"\\", b"["])
        return frame.replace(b"@", filler * (size - len(frame) + 1)) + b"\n"

    def _message(self) -> Frame:
        chance = self._chance
        self._number += 1
        number: Any = self._number if chance.random() < 0.5 else f"r{self._number}"
        kind = chance.random()
        if kind < 0.5:
            tool, arguments = chance.choice(CALLS)
            return self._request(number, "tools/call", {"name": tool, "arguments": arguments})
        if kind < 0.8:
            return self._request(number, *chance.choice(REQUESTS))
        if kind < 0.85:
            return {"jsonrpc": "2.0", "id": number, "method": "server/discover", "params": {**MODERN}}
        if kind < 0.9:
            progress = {"progressToken": number, "progress": 1}
            return {"jsonrpc": "2.0", "method": "notifications/progress", "params": progress}
        if kind < 0.95:
            return {"jsonrpc": "2.0", "id": number, "result": {"action": "accept", "content": {"approve": True}}}
        return {"jsonrpc": "2.0", "id": number, "error": {"code": -32600, "message": "no"}}

    def _request(self, number: Any, method: str, params: Frame) -> Frame:
        meta: Frame = {**MODERN["_meta"], "progressToken": number} if self._modern else {"progressToken": number}
        return {"jsonrpc": "2.0", "id": number, "method": method, "params": {**params, "_meta": meta}}

    def _written(self, message: Frame) -> bytes:
        chance = self._chance
        how = chance.random()
        if how < 0.1:
            return _bytes(message)
        if how < 0.15:
            return _bytes([message, self._message()])
        if how < 0.6:
            for _ in range(chance.randint(1, 2)):
                _change_a_place(message, chance)
        written = _bytes(message)
        if how >= 0.5:
            for _ in range(chance.randint(1, 3)):
                written = chance.choice(_BREAKS)(written, chance) or b"\n"
        return written


def _bytes(value: Any) -> bytes:
    written = json.dumps(value).encode()
    if b'"@' in written:
        for name, raw in _RAW.items():
            written = written.replace(f'"@{name}@"'.encode(), raw)
    return written


def _change_a_place(message: Frame, chance: Random) -> None:
    """Give one place another value, or take it away, or put the message itself there."""
    container, key = chance.choice([*_places(message)])
    what = chance.random()
    if what < 0.7:
        container[key] = deepcopy(chance.choice(_ODD))
    elif what < 0.85:
        del container[key]
    elif what < 0.95 and isinstance(container, dict):
        renamed = cast("Frame", container)
        renamed[f"{key}\u200b"] = renamed.pop(key)
    else:
        container[key] = json.loads(json.dumps(message))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    inside = cast("Frame", value).items() if isinstance(value, dict) else enumerate(value)
    for key, each in [*inside]:
        yield value, key
        if isinstance(each, dict | list):
            yield from _places(each)


def flip(frame: bytes, chance: Random) -> bytes:
    """One bit, turned over."""
    at = chance.randrange(len(frame))
    return frame[:at] + bytes([frame[at] ^ 1 << chance.randrange(8)]) + frame[at + 1 :]


def cut_out(frame: bytes, chance: Random) -> bytes:
    """Without a part."""
    begin, end = sorted(chance.choices(range(len(frame)), k=2))
    return frame[:begin] + frame[end:]


def cut_off(frame: bytes, chance: Random) -> bytes:
    """The beginning alone."""
    return frame[: chance.randrange(len(frame))]


def insert(frame: bytes, chance: Random) -> bytes:
    """With a scrap somewhere in it."""
    at = chance.randrange(len(frame))
    return frame[:at] + chance.choice(_SCRAPS) + frame[at:]


def repeat(frame: bytes, chance: Random) -> bytes:
    """With a part twice."""
    begin, end = sorted(chance.choices(range(len(frame)), k=2))
    return frame[:end] + frame[begin:]


def splice(frame: bytes, chance: Random) -> bytes:
    """The beginning of one and the end of another."""
    other = _bytes({"jsonrpc": "2.0", "method": "tools/list", "params": {**MODERN}, "id": chance.randrange(100)})
    return frame[: chance.randrange(len(frame))] + other[chance.randrange(len(other)) :]


_BREAKS: Final[tuple[Callable[[bytes, Random], bytes], ...]] = (flip, cut_out, cut_off, insert, repeat, splice)
