"""Sizes of files in words."""

from __future__ import annotations

from typing import Final

_UNITS: Final = ("bytes", "kB", "MB", "GB")


def write_size(size: float) -> str:
    """`size` bytes in few characters: `812 bytes`, `34 kB`, `2.1 MB`; a kB has 1,000 bytes."""
    unit = 0
    while round(size) >= 1_000 and unit < len(_UNITS) - 1:
        size, unit = size / 1_000, unit + 1
    number = f"{size:.1f}" if unit and size < 9.95 else f"{size:,.0f}"
    return f"{number.removesuffix('.0')} {_UNITS[unit]}" if (number, unit) != ("1", 0) else "1 byte"
