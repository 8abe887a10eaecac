"""From the bytes of an answer to JSON, within a cap."""

from __future__ import annotations

import gzip
import json
import random
import tracemalloc
import zlib

import pytest

from unthread_mcp.api.cleaning import clean_json
from unthread_mcp.api.decoding import BodyBuffer, is_plain, parse_json, understand

TEXT = json.dumps({"data": [{"title": f"ticket {number}"} for number in range(50)]}).encode()


def raw_deflate(content: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(content) + deflater.flush()


ENCODED = [
    ("", TEXT),
    ("identity", TEXT),
    ("gzip", gzip.compress(TEXT)),
    ("x-gzip", gzip.compress(TEXT)),
    (" GZip ", gzip.compress(TEXT)),
    ("deflate", zlib.compress(TEXT)),
    ("deflate", raw_deflate(TEXT)),
]


def buffered(encoding: str, *chunks: bytes, limit: int = 10_000, ended: bool = True) -> BodyBuffer:
    body = BodyBuffer(encoding, limit)
    for chunk in chunks:
        if body.wants_more:
            body.feed(chunk)
    if ended and body.wants_more:
        body.end()
    return body


@pytest.mark.parametrize(("encoding", "content"), ENCODED)
def test_a_body_is_decompressed(encoding: str, content: bytes) -> None:
    body = buffered(encoding, content)
    assert (bytes(body.content), body.flaw) == (TEXT, None)


@pytest.mark.parametrize(("encoding", "content"), ENCODED[:-1])
def test_a_body_may_come_byte_by_byte(encoding: str, content: bytes) -> None:
    body = buffered(encoding, *(content[at : at + 1] for at in range(len(content))))
    assert (bytes(body.content), body.flaw) == (TEXT, None)


@pytest.mark.parametrize(("encoding", "content"), ENCODED)
def test_a_body_whose_end_was_not_seen_is_cut(encoding: str, content: bytes) -> None:
    assert buffered(encoding, content, ended=False).flaw == "cut"


@pytest.mark.parametrize(("encoding", "content"), ENCODED[2:])
def test_a_compressed_body_that_ends_too_early_is_cut(encoding: str, content: bytes) -> None:
    assert buffered(encoding, content[:-9]).flaw == "cut"


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "zstd"])
def test_an_encoding_that_was_not_asked_for_is_not_guessed_at(encoding: str) -> None:
    body = buffered(encoding, TEXT)
    assert (bytes(body.content), body.flaw) == (b"", "unknown encoding")


@pytest.mark.parametrize(
    "chunks",
    [
        [b"neither gzip nor zlib"],
        [gzip.compress(TEXT)[:40], b"and then something else"],
        [gzip.compress(TEXT) + b"more"],
        [gzip.compress(TEXT), b"more"],
    ],
)
def test_broken_compression_is_told(chunks: list[bytes]) -> None:
    body = buffered("gzip", *chunks)
    assert (bytes(body.content), body.flaw) == (b"", "broken encoding")


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_body_may_be_exactly_as_large_as_the_limit_and_not_a_byte_larger(encoding: str) -> None:
    noise = random.Random(1).randbytes(100_000)
    sent = gzip.compress(noise) if encoding else noise
    fits = buffered(encoding, sent, limit=100_000)
    assert (bytes(fits.content), fits.flaw) == (noise, None)
    over = buffered(encoding, sent, limit=99_999)
    assert (bytes(over.content), over.flaw) == (b"", "too large")


def test_a_body_that_announces_too_much_is_not_read() -> None:
    body = BodyBuffer("", 1000)
    body.expect("1001")
    assert not body.wants_more
    assert body.flaw == "too large"


@pytest.mark.parametrize("length", ["1000", "", "many", "²"])
def test_an_announced_length_that_fits_or_cannot_be_read_changes_nothing(length: str) -> None:
    body = BodyBuffer("", 1000)
    body.expect(length)
    assert body.wants_more


def test_a_gzip_bomb_never_occupies_more_than_the_cap() -> None:
    bomb = gzip.compress(bytes(64 * 2**20))
    limit = 2**20
    tracemalloc.start()
    try:
        body = buffered("gzip", bomb, limit=limit)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert body.flaw == "too large"
    # The output of one step, and the buffer that it is added to.
    assert peak < 2.5 * limit


def test_compressed_bytes_that_unfold_to_nothing_are_capped_too() -> None:
    empty_blocks = b"\x00\x00\x00\xff\xff" * 1000
    body = buffered("deflate", zlib.compress(b"")[:2] + empty_blocks, empty_blocks, limit=1000)
    assert body.flaw == "too large"


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
        (b'\xef\xbb\xbf {"a": 1}\n', {"a": 1}),
        ('"grüße 🙂"'.encode(), "grüße 🙂"),
        (b'"\\ud800"', "\ud800"),
        (b'"\xed\xa0\x80"', "\ud800"),
        (b"null", None),
        (b"1e308", 1e308),
    ],
)
def test_json_is_read_and_lone_surrogates_survive_for_the_cleaning(content: bytes, value: object) -> None:
    assert parse_json(content) == value


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"a": 1} {"b": 2}',
        b'{"a": 1}x',
        b"<html>",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e999",
        b"-1e999",
        b"1" * 5000,
        b'"\xff"',
        '{"a": 1}'.encode("utf-16"),
        b'"a\x00b"',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_not_strict_json_in_utf8_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(content)


def test_what_is_plain_is_what_the_cleaning_would_leave_alone() -> None:
    plain = 0
    for code in (*range(0x300), *range(0x2000, 0x2070), 0xFE0F, 0xFEFF, 0x1F600, 0xE0041):
        for text in (f"a{chr(code)}b", f"a\\{chr(code)}b"):
            for content in (json.dumps(text).encode(), json.dumps(text, ensure_ascii=False).encode()):
                if is_plain(content):
                    plain += 1
                    assert clean_json(parse_json(content)) == (text, 0)
    # Each printable character, written both ways; behind a backslash, only the harmless escapes.
    assert plain > 2 * 90


@pytest.mark.parametrize(
    "escape", ["\\u0000", "\\u202e", "\\uD83D", "\\b", "\\f", "\\r", "\x7f", "\\n\\u0007", "\\\\\\u0007"]
)
def test_what_the_cleaning_would_remove_is_not_plain(escape: str) -> None:
    content = f'{{"a": ["x{escape}y"]}}'.encode()
    parsed = parse_json(content)
    assert clean_json(parse_json(content))[0] != parsed
    assert not is_plain(content)


JSON = "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("content_type", "content", "kind"),
    [
        (JSON, b'{"id": 1}', "json"),
        (JSON, b"null", "json"),
        ("application/problem+JSON", b"[]", "json"),
        ("", b'{"id": 1}', "json"),
        ("text/plain", b"[1]", "json"),
        ("text/plain", b'"quoted"', "text"),
        ("text/plain", b"OK", "text"),
        ("", b"OK", "text"),
        ("application/octet-stream", b"OK", "page"),
        (JSON, b'{"id": ', "broken json"),
        (JSON, b"OK", "broken json"),
        (JSON, b"", "empty"),
        ("text/html", b" \r\n", "empty"),
        ("text/html", b"OK", "page"),
        ("text/html", b'{"id": 1}', "page"),
        (JSON, b"\n <!doctype html>", "page"),
    ],
)
def test_what_the_body_of_an_answer_is(content_type: str, content: bytes, kind: str) -> None:
    assert understand(content_type, content, None)[0] == kind


@pytest.mark.parametrize(
    ("content_type", "content", "kind"),
    [
        (JSON, b'{"id": 1}', "broken json"),
        (JSON, b"", "broken json"),
        (JSON, b"<html>", "page"),
        ("", b'{"id": 1}', "cut"),
        ("text/plain", b"O", "cut"),
        ("", b"", "cut"),
        ("text/html", b"<", "page"),
    ],
)
def test_what_the_body_of_an_answer_is_when_it_was_cut(content_type: str, content: bytes, kind: str) -> None:
    assert understand(content_type, content, "cut") == (kind, None)
