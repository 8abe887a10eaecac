"""How a question to the human is laid out, so that nothing that an agent or a customer wrote can imitate its lines.

What is asked and each fact stand on one line of their own, line breaks in them visible. What will be read by others is
quoted exactly, each of its lines behind a mark: a line without the mark is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

BREAK: Final = "\u21b5"
"""Stands for a line break on one line: the sign on the Enter key."""


def laid_out(asked: str, facts: Iterable[tuple[str, str]] = (), says: Sequence[str] = ()) -> str:
    """The whole question: `asked`, a line for each of `facts`, and what the texts of `says` say, quoted."""
    lines = [on_one_line(asked), *(f"{name}: {on_one_line(value)}" for name, value in facts)]
    return "\n\n".join(["\n".join(lines), *(["It says:", *map(quoted, says)] if says else [])])


def of_deletion(what: str, found: Mapping[str, object], facts: Iterable[tuple[str, str]] = (), *, lost: str) -> str:
    """The question before what was `found` is deleted for good; `lost` says in a sentence what goes with it.

    With its id, a yes is to this one, whatever others look like.
    """
    asked = laid_out(f"Delete the {what}?", [("Id", str(found.get("id"))), *facts])
    return f"{asked}\n\n{lost} It can't be taken back."


def on_one_line(text: str) -> str:
    """`text` as it is, on one line, a visible sign for each line break (whatever `str.splitlines` takes for one)."""
    return f" {BREAK} ".join(text.splitlines())


def quoted(text: str) -> str:
    """`text` as it is, a mark in front of each line."""
    return "\n".join(f"> {line}" if line else ">" for line in text.splitlines() or [""])
