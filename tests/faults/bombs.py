"""Bad input made to take memory: JSON that unfolds, texts that are taken apart, bodies and lines without an end."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from tests.faults.upstream import Behaviour
from tests.stdio.raw_client import MODERN

LARGEST: Final = 8 * 2**20 - 2**18
"""Bytes of JSON: with the ordinary answer around it, just under the 8 MiB that are read."""
LINE: Final = 4 * 2**20 - 2**10
"""The same of a line from the client."""
_LEVELS: Final = 90
"""Of the hundred that are read."""
_DENSE: Final = 1_050_000
"""Bytes of the shape that takes the most memory for its size, and is just not refused for it."""


def _array(*units: str, size: int = LARGEST) -> bytes:
    unit = ",".join(units).encode()
    return b"[" + b",".join([unit] * (size // (len(unit) + 1) - 1)) + b"]"


def _numbered(write: Callable[[int], str], opening: str, closing: str, size: int = LARGEST) -> bytes:
    def members() -> Iterator[str]:
        left, number = size, 0
        while left > 0:
            yield (member := write(number))
            left, number = left - len(member) - 1, number + 1

    return f"{opening}{','.join(members())}{closing}".encode()


def _text(unit: str, last: str = "", size: int = LARGEST) -> bytes:
    length = len(json.dumps(unit, ensure_ascii=False).encode()) - 2
    return json.dumps(unit * (size // length - len(last)) + last, ensure_ascii=False).encode()


def dense(size: int = _DENSE) -> bytes:
    """Lists within lists, as deep as is read, again and again."""
    return _array("[" * _LEVELS + "]" * _LEVELS, size=size)


SHAPES: Final[dict[str, Callable[[], bytes]]] = {
    "`[[],[],…`": lambda: _array("[]"),
    "`[{},{},…`": lambda: _array("{}"),
    "`[[0],[0],…`": lambda: _array("[0]"),
    "`[[[]],[[]],…`": lambda: _array("[[]]"),
    '`[{"":0},…`': lambda: _array('{"":0}'),
    '`[{"a":{}},…`': lambda: _array('{"a":{}}'),
    "lists 90 deep, one after the other": lambda: dense(LARGEST),
    "the same, just few enough to be read": dense,
    "`[[[[…`, millions deep": lambda: b"[" * (LARGEST // 2) + b"]" * (LARGEST // 2),
    '`{"a":{"a":…`, a million deep': lambda: b'{"a":' * (LARGEST // 6) + b"0" + b"}" * (LARGEST // 6),
    "one object of a million names": lambda: _numbered(lambda each: f'"{each:x}":0', "{", "}"),
    "objects with a name each": lambda: _numbered(lambda each: f'{{"{each:x}":0}}', "[", "]"),
    "rows with an id": lambda: _array('{"id":"a"}'),
    "numbers of one digit": lambda: _array("0"),
    "numbers of four digits": lambda: _array("1000"),
    "fractions": lambda: _array("1e9"),
    "one number of millions of digits": lambda: b"1" * LARGEST,
    "empty strings": lambda: _array('""'),
    "strings of two letters": lambda: _array('"aa"'),
    "strings of one `€`": lambda: _array('"€"'),
    "strings of one emoji": lambda: _array('"😀"'),
    "one string of escapes": lambda: b'"' + rb"\n" * (LARGEST // 2 - 1) + b'"',
    "one string of escaped emoji": lambda: b'"' + rb"\ud83d\ude00" * (LARGEST // 12 - 1) + b'"',
    "one string of lone surrogates": lambda: b'"' + rb"\ud83d" * (LARGEST // 6 - 1) + b'"',
    "one string of zero-width spaces": lambda: _text("\u200b"),
    "one string of letters": lambda: _text("a"),
    "one string of letters with one emoji": lambda: _text("a", "😀"),
    "the same, the emoji escaped": lambda: b'"' + b"a" * (LARGEST - 20) + rb'\ud83d\ude00"',
    "blanks": lambda: b" " * (LARGEST - 2) + b"[]",
}
"""JSON values."""

WIDE: Final = "one string of letters with one emoji"
DENSE: Final = "the same, just few enough to be read"

TEXTS: Final[dict[str, Callable[[], bytes]]] = {
    "`<div>`, never closed": lambda: _text("<div>"),
    "`<a href=x>`, never closed": lambda: _text("<a href=x>"),
    "`<b>x`, never closed": lambda: _text("<b>x", ">"),
    "`<br>`": lambda: _text("<br>"),
    "`<p>a</p>`": lambda: _text("<p>a</p>"),
    "`<blockquote>`, never closed": lambda: _text("<blockquote>a<br>"),
    "tables within tables": lambda: _text("<table><tr><td>", "<br>"),
    "`>`": lambda: _text(">"),
    "lines of `> a`": lambda: _text("> a\n"),
    "quoted mail within quoted mail": lambda: _text("On Mon, Nov 2, 2026 at 1:00 PM A <a@b.c> wrote:\n> x\n"),
    "signatures": lambda: _text("-- \na\n"),
    "mail headers": lambda: _text("From: a\nSent: b\nTo: c\nSubject: d\n\n"),
    "`<@U0123456>`": lambda: _text("<@U0123456>"),
    "`<http://a.b|c>`": lambda: _text("<http://a.b|c>"),
    "addresses": lambda: _text("https://a.bc/d "),
    "`&amp;`": lambda: _text("&amp;"),
    "words": lambda: _text("a "),
    "words and one emoji": lambda: _text("a ", "😀"),
    "line breaks": lambda: _text("\n"),
    "combining characters": lambda: _text("e\u0301"),
    "emoji": lambda: _text("😀"),
    "emoji of several characters": lambda: _text("👩\u200d"),
    "right-to-left marks": lambda: _text("א\u200e"),
}
"""JSON strings, as what somebody wrote."""


def planted(field: str, value: Callable[[], bytes]) -> Callable[[bytes], bytes]:
    """What becomes of an ordinary answer with `value` at `field` of its object, or of its first row."""

    def change(ordinary: bytes) -> bytes:
        answer: dict[str, Any] = json.loads(ordinary)
        data: Any = answer.get("data")
        place: dict[str, Any] = answer
        if isinstance(data, list):
            rows: list[Any] = data or [{"id": "a"}]  # pyright: ignore[reportUnknownVariableType]
            answer["data"], place = rows, rows[0]
        elif isinstance(data, dict):
            place = data  # pyright: ignore[reportUnknownVariableType]
        place[field] = "the value"
        body = json.dumps(answer, ensure_ascii=False).encode().replace(b'"the value"', value(), 1)
        assert len(body) <= 8 * 2**20
        return body

    return change


def many_rows(row: dict[str, Any], count: int) -> Callable[[bytes], bytes]:
    """A page of so many copies of a row, in place of an ordinary one."""
    rows = [{**row, "id": f"{number:x}", "ts": f"{1_760_000_000 + number}.000000"} for number in range(count)]
    body = json.dumps({"data": rows, "totalCount": count}).encode()
    assert len(body) <= 8 * 2**20
    return lambda _: body


def packed(change: Callable[[bytes], bytes]) -> Behaviour:
    """An answer whose body is compressed."""
    return Behaviour(body=lambda ordinary: gzip.compress(change(ordinary), 1), headers=("Content-Encoding: gzip",))


def _head(*headers: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", "Content-Type: application/json", *headers, "", ""]).encode()


def unpacking_to(size: int, encoding: str = "gzip") -> Behaviour:
    """An answer of blanks that unpacks to so many bytes, sent as they are where the encoding is none."""
    if encoding == "br":  # which nobody asked for, and nobody reads
        body = b" " * size
    else:
        body = _packed_again_and_again(b" " * 2**20, size // 2**20, wbits=31 if encoding == "gzip" else 15)
    return Behaviour(body=body, headers=(f"Content-Encoding: {encoding}",))


def _packed_again_and_again(piece: bytes, times: int, *, wbits: int) -> bytes:
    """`piece` so many times, compressed only twice: after a full flush nothing depends on what came before.

    The end with its checksum is missing.
    """
    packer = zlib.compressobj(9, wbits=wbits)
    first, again = (packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + again * (times - 1)


def twice_packed() -> Behaviour:
    """An answer compressed twice over."""
    inner = gzip.compress(b" " * 2**26)
    return Behaviour(body=gzip.compress(inner), headers=("Content-Encoding: gzip, gzip",))


def endless(size: int = 2**26) -> Behaviour:
    """A body without an end; as much of it as anybody would take."""
    return Behaviour(raw=_head("Connection: close") + b" " * size, then="close")


def endless_chunks(size: int = 2**23) -> Behaviour:
    """A body without an end, in chunks of one byte."""
    return Behaviour(raw=_head("Transfer-Encoding: chunked") + b"1\r\n \r\n" * (size // 6), then="close")


def one_chunk() -> Behaviour:
    """A chunk that is announced to be of terabytes."""
    return Behaviour(raw=_head("Transfer-Encoding: chunked") + b"fffffffffff\r\n" + b" " * 2**25, then="close")


def endless_headers(size: int = 2**25) -> Behaviour:
    """A head without an end."""
    return Behaviour(raw=b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * (size // 8), then="close")


def endless_header(size: int = 2**25) -> Behaviour:
    """A header without an end."""
    return Behaviour(raw=b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * size, then="close")


def announced(size: int = 100_000_000) -> Behaviour:
    """A body of which much is announced, and all of it is sent."""
    return Behaviour(raw=_head(f"Content-Length: {size}") + b" " * size, then="close")


def early_answers(count: int = 2**20) -> Behaviour:
    """Interim answers without an end."""
    return Behaviour(raw=b"HTTP/1.1 103 X\r\n\r\n" * count, then="close")


def page(size: int = 2**25) -> Behaviour:
    """A web page in place of JSON."""
    return Behaviour(body=b"<html>" + b"<div>" * (size // 5), content_type="text/html")


def refusal(size: int = 2**25) -> Behaviour:
    """An error with much to say."""
    return Behaviour(status=500, body=b'{"errors":[{"title":"' + b"a" * size + b'"}]}')


def file(content: bytes, content_type: str) -> Behaviour:
    """A file that is downloaded."""
    return Behaviour(body=content, content_type=content_type)


def png(side: int = 30_000) -> bytes:
    """A picture of a megabyte that unpacks to gigabytes."""
    header = b"IHDR" + side.to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    data = b"IDAT" + _packed_again_and_again(bytes(2**20), 1024, wbits=15)
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, (header, data, b"IEND")))


def _chunk(content: bytes) -> bytes:
    return (len(content) - 4).to_bytes(4, "big") + content + zlib.crc32(content).to_bytes(4, "big")


def frame(arguments: bytes, *, after: bytes = b"") -> bytes:
    """A tool call with these arguments, of an id that nothing else has."""
    meta = json.dumps(MODERN["_meta"]).encode()
    head = b'{"jsonrpc":"2.0","id":"bomb","method":"tools/call","params":{"name":"list_tags","arguments":{"text":'
    return head + arguments + b'},"_meta":' + meta + b"}}" + after + b"\n"


def _line(*units: str) -> bytes:
    return _array(*units, size=LINE - 2**10)


FRAMES: Final[dict[str, Callable[[], bytes]]] = {
    "`[[],[],…`": lambda: frame(_line("[]")),
    '`[{"":0},…`': lambda: frame(_line('{"":0}')),
    "lists 90 deep, one after the other": lambda: frame(dense(LINE - 2**10)),
    "`[[[[…`, millions deep": lambda: frame(b"[" * (LINE // 2) + b"]" * (LINE // 2 - 2**10)),
    "objects with a name each": lambda: frame(_numbered(lambda each: f'{{"{each:x}":0}}', "[", "]", size=LINE - 2**11)),
    "strings of two letters": lambda: frame(_line('"aa"')),
    "one string of letters with one emoji": lambda: frame(_text("a", "😀", size=LINE - 2**10)),
    '`[{"":0},…`, and then no JSON': lambda: frame(_line('{"":0}'), after=b"]"),
    '`[{"":0},…`, a batch': lambda: _line('{"":0}') + b"\n",
    '`[{"":0},…`, as an answer': lambda: b'{"jsonrpc":"2.0","id":99,"result":{"a":' + _line('{"":0}') + b"}}\n",
    '`[{"":0},…`, as a notification': lambda: (
        b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"a":' + _line('{"":0}') + b"}}\n"
    ),
}
"""Lines from the client, of JSON that unfolds."""

LINES: Final[dict[str, Callable[[], bytes]]] = {
    "a line of 4 MiB and more": lambda: b"a" * (LINE + 2**12) + b"\n",
    "a line of 64 MiB": lambda: b"a" * 2**26 + b"\n",
    "ten lines of 8 MiB": lambda: (b"a" * 2**23 + b"\n") * 10,
    "a line of bytes that are no UTF-8": lambda: b"\xff" * LINE + b"\n",
    "a JSON string that is no UTF-8": lambda: frame(b'"' + b"\xff" * (LINE - 2**10) + b'"'),
    "a million empty lines": lambda: b"\n" * 2**20,
    "16,000 lines of one byte": lambda: b"x\n" * 2**14,
    "a method of 4 MiB": lambda: b'{"jsonrpc":"2.0","id":"bomb","method":"' + b"a" * (LINE - 2**10) + b'"}\n',
    "an id of 4 MiB": lambda: b'{"jsonrpc":"2.0","method":"ping","id":"' + b"a" * (LINE - 2**10) + b'"}\n',
    "an argument of 4 MiB": lambda: frame(b'"' + b"a" * (LINE - 2**10) + b'"'),
}
"""Other lines."""
