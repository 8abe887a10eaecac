"""What is in the seeded files: small, of the type that their names say, and the same on every machine."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Final
from zipfile import ZipFile, ZipInfo

from unthread_mcp.sandbox.calls import Upload

MIMETYPES: Final = {
    "csv": "text/csv",
    "eml": "message/rfc822",
    "jpg": "image/jpeg",
    "json": "application/json",
    "pdf": "application/pdf",
    "png": "image/png",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
}
_WIDTH, _HEIGHT = 96, 64


def make_file(name: str, chance: int) -> Upload:
    """The file of that name; `chance` chooses what in it could be otherwise."""
    ending = name.rpartition(".")[2]
    return Upload(name, MIMETYPES[ending], _MAKERS[ending](name, chance))


def _png(_name: str, chance: int) -> bytes:
    """A picture of a window: a bar above rows, in a colour of its own. Stored, since compressors differ."""
    colour = bytes((chance >> shift) % 160 + 40 for shift in (0, 4, 8))
    lines = [colour if y < 12 else b"\xdd" * 3 if y % 8 == 0 else b"\xff" * 3 for y in range(_HEIGHT)]
    pixels = b"".join(b"\0" + each * _WIDTH for each in lines)
    stored = struct.pack("<BHH", 1, len(pixels), len(pixels) ^ 0xFFFF) + pixels
    packed = b"\x78\x01" + stored + struct.pack(">I", zlib.adler32(pixels))
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _jpg(_name: str, _chance: int) -> bytes:
    """A plain grey picture: each of its blocks is two bits, "no change" and "no details"."""

    def segment(marker: int, data: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data

    one_code = bytes((1, *(0,) * 15, 0))
    return b"".join(
        (
            b"\xff\xd8",
            segment(0xDB, b"\0" + b"\1" * 64),
            segment(0xC0, struct.pack(">BHHB", 8, _HEIGHT, _WIDTH, 1) + b"\1\x11\0"),
            segment(0xC4, b"\0" + one_code),
            segment(0xC4, b"\x10" + one_code),
            segment(0xDA, b"\1\1\0\0\x3f\0"),
            bytes(_WIDTH * _HEIGHT // 64 * 2 // 8),
            b"\xff\xd9",
        )
    )


def _pdf(name: str, _chance: int) -> bytes:
    """One page with a line of text."""
    line = name.rpartition(".")[0].replace("-", " ").encode("ascii", "replace").decode()
    content = f"BT /F1 18 Tf 72 720 Td ({line}) Tj ET"
    resources = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources {resources} >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
    )
    written = "%PDF-1.4\n"
    places: list[int] = []
    for number, each in enumerate(objects, start=1):
        places.append(len(written))
        written += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    count = len(objects) + 1
    written += f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<< /Size {count} /Root 1 0 R >>\n"
    return f"{written}startxref\n{written.index('xref')}\n%%EOF\n".encode()


def _csv(_name: str, chance: int) -> bytes:
    began = date(2024, 1, 1) + timedelta(days=chance % 300)
    rows = [f"{number},{began + timedelta(days=number)},{(chance >> number % 8) % 97},done" for number in range(1, 41)]
    return "\n".join(["step,day,minutes,state", *rows, ""]).encode()


def _json(_name: str, chance: int) -> bytes:
    slices = [{"from": 2_000_000 * each, "to": 2_000_000 * (each + 1) - 1} for each in range(chance % 5 + 3)]
    return json.dumps({"slices": slices, "blackout": "22:00-24:00"}, indent=2).encode()


def _xml(_name: str, chance: int) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_{chance:08x}" Version="2.0">\n'
        "  <samlp:Status>\n"
        '    <samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"/>\n'
        "    <samlp:StatusMessage>NotOnOrAfter lies in the past</samlp:StatusMessage>\n"
        "  </samlp:Status>\n</samlp:Response>\n"
    ).encode()


def _eml(_name: str, chance: int) -> bytes:
    return (
        "From: Accounts <accounts@quayside-billing.example>\r\nTo: finance@customer.example\r\n"
        f"Subject: Overdue: transfer {chance % 9000 + 1000} EUR today\r\nContent-Type: text/plain\r\n\r\n"
        "Our bank has changed. Please pay to the new account at once.\r\n"
    ).encode()


def _xlsx(name: str, _chance: int) -> bytes:
    """A zip archive, stored and dated 1980, as far as a spreadsheet needs it to be taken for one."""
    written = BytesIO()
    with ZipFile(written, "w") as archive:
        for inner, text in (("[Content_Types].xml", "<Types/>"), ("xl/workbook.xml", f"<workbook name='{name}'/>")):
            entry = ZipInfo(inner)
            entry.create_system = 3  # said of every machine, as it would differ
            archive.writestr(entry, text)
    return written.getvalue()


_MAKERS: Final[dict[str, Callable[[str, int], bytes]]] = {
    "csv": _csv,
    "eml": _eml,
    "jpg": _jpg,
    "json": _json,
    "pdf": _pdf,
    "png": _png,
    "xlsx": _xlsx,
    "xml": _xml,
}
