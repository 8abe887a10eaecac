"""What the server guarantees (`tests/guarantees.toml`), and its tables in docs/safety.md."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).resolve().parent.parent / "tests" / "guarantees.toml"

Table = Callable[[Sequence[str], Iterable[Sequence[str]]], str]


@dataclass(frozen=True, slots=True)
class Guarantee:
    """Something that must hold, and what shows that it does."""

    section: str
    id: str
    holds: str
    shown_by: tuple[str, ...]
    """Tests as `file::function`, the file below `tests/`."""


def guarantees() -> tuple[Guarantee, ...]:
    """All of them, section by section."""
    sections = tomllib.loads(FILE.read_text("utf-8"))["section"]
    return tuple(
        Guarantee(section["title"], each["id"], each["holds"], tuple(each["shown_by"]))
        for section in sections
        for each in section["guarantee"]
    )


def tables(table: Table) -> str:
    """A table for each section, below its heading."""
    held = guarantees()
    return "\n\n".join(
        f"## {section}\n\n"
        + table(
            ("guarantee", "it holds that", "shown by"),
            (
                (f"`{each.id}`", each.holds, "<br>".join(f"`{test}`" for test in each.shown_by))
                for each in held
                if each.section == section
            ),
        )
        for section in dict.fromkeys(each.section for each in held)
    )
