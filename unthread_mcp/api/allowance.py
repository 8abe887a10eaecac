"""How much memory the answers to one call of a tool may take, counted while they come and before they unfold.

JSON of eight megabytes can make four hundred of them once it is read (`[[[[]]]],` and the like), and a call may have
fifteen answers at once.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator

MOST: Final = 56 * 2**20
"""Bytes. Eight megabytes of ordinary rows take fifty at the most; what is made of the values comes on top."""

_SMALL: Final = 64 * 2**10
"""Bytes of JSON that are not looked through: fifteen answers of these take fifty megabytes at the worst."""

# Measured on CPython 3.11, where an object with a member takes 200 bytes, a list with an item 116, a short string 74.
_OBJECT: Final = 200
_LIST: Final = 100
_QUOTE: Final = 32
_ITEM: Final = 48

_ASTRAL: Final = re.compile(rb"[\xf0-\xf4]|\\u[dD][89abAB]")
"""A character beyond U+FFFF: one of them, and every character of its string takes four bytes (PEP 393)."""


class Allowance:
    """What is left of it."""

    def __init__(self, size: int = MOST) -> None:
        self._left = size

    def take(self, size: int) -> bool:
        """Take so many bytes of it, or give them back where it is negative; returns whether it holds out."""
        self._left -= size
        return self._left >= 0


_current: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


def current_allowance() -> Allowance:
    """That of the call at work; outside of one, each answer has its own."""
    return _current.get() or Allowance()


@contextmanager
def own_allowance() -> Generator[None]:
    """What is read within shares an allowance of its own."""
    token = _current.set(Allowance())
    try:
        yield
    finally:
        _current.reset(token)


def unfolded_size(content: bytes | bytearray) -> int:
    """About how many bytes of memory the values take that JSON holds; 0 for little of it. Errs towards more."""
    if len(content) <= _SMALL:
        return 0
    width = 1 if content.isascii() and b"\\u" not in content else 4 if _ASTRAL.search(content) else 2
    return (
        _OBJECT * content.count(b"{")
        + _LIST * content.count(b"[")
        + _QUOTE * content.count(b'"')
        + _ITEM * content.count(b",")
        + width * len(content)
    )
