"""References to conversations: `#1234`, an id, or a pasted Unthread link; read without asking anybody."""

from __future__ import annotations

import re

from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.name_matching import is_uuid, may_be_id
from unthread_mcp.untrusted import one_line

_NUMBER = re.compile(r"#?\s*(\d{1,12})(?:\.0)?")
"""`# 1234` stands in our own lists where a text began so; some clients write numbers as floats."""
_NO_NUMBER = re.compile(r"#?\s*\d{13,}(?:\.0)?")
_LINK = re.compile(r"https://([a-z0-9-]+\.)*unthread\.io/([^\s?#]*)([?#]\S*)?", re.IGNORECASE)


def number_or_id(reference: str) -> int | str:
    """What a reference to a conversation says, nobody asked. Raises `InvalidArgument`."""
    text = reference.strip()
    if link := _LINK.fullmatch(text):
        text = _in_link(link[2])
    elif "/" in text:
        raise InvalidArgument(
            "conversation is a link to somewhere other than Unthread.",
            "Pass its number (#1234), its id, or a link from unthread.io.",
        )
    if number := _NUMBER.fullmatch(text):
        return int(number[1])
    if _NO_NUMBER.fullmatch(text):
        raise InvalidArgument(
            "conversation is a number too large for one.", "Pass its number (#1234), its id, or its link."
        )
    if is_uuid(text):
        # One conversation has one name, by which writes to it queue and are remembered.
        return text.lower()
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise InvalidArgument(
            f"conversation is {one_line(text, 40)!r}, which is neither a number nor an id.",
            "Pass its number (#1234), its id, or a pasted Unthread link.",
        )
    return text


def _in_link(path: str) -> str:
    """The conversation that a link's path names: the last part that has the form of an id, or a number at its end."""
    parts = path.rstrip("/").split("/")
    for part in reversed(parts):
        if is_uuid(part):
            return part
    if _NUMBER.fullmatch(parts[-1]) or may_be_id(parts[-1]):
        return parts[-1]
    raise InvalidArgument(
        "conversation is a link that names no conversation.", "Pass its number (#1234), its id, or the link to it."
    )
