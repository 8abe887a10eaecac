"""What a file is, told by its bytes and not by what it claims: a picture that models can be shown, text, or neither."""

from __future__ import annotations

import codecs
import mimetypes
import re
import struct
from functools import cache
from typing import Final, Literal

Encoding = Literal["UTF-8", "UTF-16", "Windows-1252"]

LONGEST_SIDE: Final = 8_000
"""Pixels. A larger picture makes a model's provider refuse the whole conversation (Anthropic's API: 8,000)."""
UNKNOWN_TYPE: Final = "application/octet-stream"

_TEXTUAL: Final = re.compile(
    r"text/.+|message/rfc822|.+\+(?:json|xml|yaml)"
    r"|application/(?:(?:x-)?(?:json|ndjson|jsonlines|xml|yaml|toml|javascript|sql|sh|csv|httpd-php|log)|json5|graphql)"
)
_MOST_MARKERS: Final = 10_000
"""Of a JPEG before its picture begins. One of nothing but markers, 20 MB of them, would hold up every call for
seconds."""
_CODECS: Final[dict[Encoding, str]] = {"UTF-8": "utf-8-sig", "UTF-16": "utf-16", "Windows-1252": "windows-1252"}
_PIECE: Final = 2**18
_BINARY_CONTROLS: Final = re.compile("[\0-\x06\x0e-\x1a\x1c-\x1f]")
"""What no text holds; a bell, back spaces and terminal colours stand in logs."""


def type_by_name(name: str) -> str:
    """The media type that a file's name tells, the same on every machine; of one that is packed, that it is bytes."""
    kind, packed = _known_types().guess_type(name, strict=False)
    return UNKNOWN_TYPE if packed or not kind else kind


@cache
def _known_types() -> mimetypes.MimeTypes:
    """Python's own table alone: what a machine adds (Windows calls a CSV file Excel's) would go out with files."""
    return mimetypes.MimeTypes()


def image_type(content: bytes) -> str | None:
    """`image/png`, `image/jpeg`, `image/gif` or `image/webp`: the types that models read, if the picture is whole.

    None for everything else, for pictures that were cut short and for those with a side over `LONGEST_SIDE`.
    """
    for begins, media_type, measured in (
        (b"\x89PNG\r\n\x1a\n", "image/png", _png),
        (b"\xff\xd8\xff", "image/jpeg", _jpeg),
        (b"GIF8", "image/gif", _gif),
        (b"RIFF", "image/webp", _webp),
    ):
        if content.startswith(begins):
            try:
                sides = measured(content)
            except (struct.error, IndexError):
                return None
            return media_type if sides and min(sides) > 0 and max(sides) <= LONGEST_SIDE else None
    return None


def as_text(content: bytes, media_type: str) -> tuple[str, str] | None:
    """The text of a file and its encoding, if it has one; see `text_encoding`."""
    encoding = text_encoding(content, media_type)
    return (content.decode(_CODECS[encoding]), encoding) if encoding else None


def text_encoding(content: bytes, media_type: str) -> Encoding | None:
    """A file's encoding, if its type says that it is text, or says nothing and it is UTF-8.

    Text that is neither UTF-8 nor marked as UTF-16 is read as Windows-1252. Looked at piece by piece: as a whole, a
    text may take four times its size in memory.
    """
    declared = bool(_TEXTUAL.fullmatch(media_type))
    if not (declared or media_type == UNKNOWN_TYPE) or content.startswith(b"%PDF-"):
        return None
    is_marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    usual: tuple[Encoding, ...] = ("UTF-8", "Windows-1252") if declared else ("UTF-8",)
    candidates: tuple[Encoding, ...] = ("UTF-16",) if is_marked else usual
    return next((each for each in candidates if _is_written_in(each, content)), None)


def _is_written_in(encoding: Encoding, content: bytes) -> bool:
    decoder = codecs.getincrementaldecoder(_CODECS[encoding])()
    try:
        for start in range(0, len(content), _PIECE):
            if _BINARY_CONTROLS.search(decoder.decode(content[start : start + _PIECE])):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _png(content: bytes) -> tuple[int, int] | None:
    """Width and height from the first chunk, if the last one is there (PNG specification, 5.3)."""
    if content[12:16] != b"IHDR" or b"IEND\xaeB`\x82" not in content:
        return None
    return struct.unpack_from(">II", content, 16)


def _jpeg(content: bytes) -> tuple[int, int] | None:
    """Width and height from the frame's header, if the end's marker is there (ITU T.81, B.1 and B.2)."""
    place = 2
    for _ in range(_MOST_MARKERS):
        if content[place] != 0xFF:
            break
        marker = content[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker in {0x01, *range(0xD0, 0xD8)}:
            place += 2
        elif 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack_from(">HH", content, place + 5)
            return (width, height) if content.rfind(b"\xff\xd9") > place else None
        else:
            place += 2 + struct.unpack_from(">H", content, place + 2)[0]
    return None


def _gif(content: bytes) -> tuple[int, int] | None:
    if content[4:6] not in {b"7a", b"9a"} or not content.rstrip(b"\0").endswith(b";"):
        return None
    return struct.unpack_from("<HH", content, 6)


def _webp(content: bytes) -> tuple[int, int] | None:
    """Width and height from the first chunk of any of the three kinds (RFC 9649, 2.4 to 2.7)."""
    if content[8:12] != b"WEBP" or struct.unpack_from("<I", content, 4)[0] + 8 > len(content):
        return None
    kind = content[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(content[start : start + 3], "little") + 1 for start in (24, 27))
    elif kind == b"VP8L":
        packed = struct.unpack_from("<I", content, 21)[0]
        width, height = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", content, 26))
    else:
        return None
    return width, height
