"""What a file is, whatever it claims to be."""

from __future__ import annotations

import mimetypes
import struct
from typing import Any

import pytest

from unthread_mcp.file_types import LONGEST_SIDE, as_text, image_type, type_by_name
from unthread_mcp.sandbox.seed.files import make_file

PNG = make_file("a.png", 7).content
JPEG = make_file("a.jpg", 7).content
GIF = b"GIF89a" + struct.pack("<HH", 3, 2) + b"\x80\0\0" + b"\0" * 6 + b",\0\0\0\0\3\0\2\0\0\2\2\x84\x51\0;"
OCTETS = "application/octet-stream"


def webp(kind: bytes, data: bytes) -> bytes:
    chunk = kind + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


WEBP = {
    "lossy": webp(b"VP8 ", b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", 640, 480)),
    "lossless": webp(b"VP8L", b"\x2f" + struct.pack("<I", 639 | 479 << 14)),
    "extended": webp(b"VP8X", b"\0\0\0\0" + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")),
}


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(PNG, "image/png"), (JPEG, "image/jpeg"), (GIF, "image/gif"), *((each, "image/webp") for each in WEBP.values())],
)
def test_whole_pictures_are_known_by_their_bytes(content: bytes, media_type: str) -> None:
    assert image_type(content) == media_type


@pytest.mark.parametrize("content", [PNG, JPEG, GIF, *WEBP.values()])
def test_a_picture_that_was_cut_short_is_none(content: bytes) -> None:
    for length in {*range(40), len(content) // 2, len(content) - 2}:
        assert image_type(content[: min(length, len(content) - 2)]) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"BM" + bytes(60),
        b"GIF8" + bytes(60),
        b"RIFF\x24\0\0\0WAVEfmt " + bytes(60),
        webp(b"ALPH", bytes(30)),
        b"\x89PNG\r\n\x1a\n" + bytes(60),
        b"\xff\xd8\xff" + bytes(60),
        b"\xff\xd8\xff\xe0\xff\xff" + bytes(60),
    ],
)
def test_what_is_no_picture_of_these_types_is_none(content: bytes) -> None:
    assert image_type(content) is None


@pytest.mark.parametrize("sides", [(LONGEST_SIDE + 1, 1), (1, LONGEST_SIDE + 1), (0, 5)])
def test_a_picture_that_no_model_takes_is_none(sides: tuple[int, int]) -> None:
    resized = PNG[:16] + struct.pack(">II", *sides) + PNG[24:]
    assert image_type(resized) is None
    assert image_type(PNG[:16] + struct.pack(">II", LONGEST_SIDE, 1) + PNG[24:]) == "image/png"


@pytest.mark.parametrize("filler", [b"\xff\xff\xff", b"\xff\x01\xff\xd0"])
def test_a_jpeg_may_hold_fillers_between_its_segments(filler: bytes) -> None:
    assert image_type(JPEG[:2] + b"\xff" + filler[1:] + JPEG[2:]) == "image/jpeg"


class Counted(bytes):
    """Bytes that count how often they are looked at."""

    looks = 0

    def __getitem__(self, place: Any) -> Any:
        type(self).looks += 1
        return bytes(self)[place] if isinstance(place, slice) else bytes.__getitem__(self, int(place))


@pytest.mark.parametrize("filling", [b"\xff\xff", b"\xff\xd0", b"\xff\xe0\0\2"])
def test_a_jpeg_of_nothing_but_markers_is_given_up_soon(filling: bytes) -> None:
    Counted.looks = 0
    assert image_type(Counted(b"\xff\xd8\xff" + filling * 100_000)) is None
    assert Counted.looks < 50_000


def test_a_name_tells_the_same_type_on_every_machine() -> None:
    mimetypes.add_type("application/vnd.ms-excel", ".csv")
    try:
        assert [type_by_name(f"a.{ending}") for ending in ("csv", "PDF", "webp", "tar.gz", "strange")] == [
            "text/csv",
            "application/pdf",
            "image/webp",
            OCTETS,
            OCTETS,
        ]
    finally:
        mimetypes.init()


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "text/csv", "application/json", "application/xml", "application/x-yaml", "image/svg+xml", OCTETS],
)
def test_text_is_read_if_its_type_says_so_or_says_nothing(media_type: str) -> None:
    assert as_text("Zoë 📊\tred: \x1b[31m\r\n".encode(), media_type) == ("Zoë 📊\tred: \x1b[31m\r\n", "UTF-8")


@pytest.mark.parametrize("media_type", ["application/pdf", "image/png", "application/zip", "video/mp4"])
def test_what_claims_to_be_no_text_is_not_read_as_text(media_type: str) -> None:
    assert as_text(b"plain words", media_type) is None


def test_byte_order_marks_are_understood_and_left_out() -> None:
    assert as_text(b"\xef\xbb\xbfa,b", "text/csv") == ("a,b", "UTF-8")
    assert as_text("a,ü".encode("utf-16"), "text/csv") == ("a,ü", "UTF-16")


def test_older_encodings_are_read_where_the_type_says_that_it_is_text() -> None:
    assert as_text("Größe 5 €".encode("cp1252"), "text/plain") == ("Größe 5 €", "Windows-1252")
    assert as_text("Größe 5 €".encode("cp1252"), OCTETS) is None


@pytest.mark.parametrize("content", [b"a\0b", b"PK\x03\x04", b"%PDF-1.7 in plain letters", b"\x81\x8d", b"\xff\xfea"])
def test_bytes_are_no_text_whatever_their_type_says(content: bytes) -> None:
    assert as_text(content, OCTETS) is None
    if not content.startswith(b"%"):
        assert as_text(content, "text/plain") is None
