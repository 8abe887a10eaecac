"""The nearest known word to one that isn't known, for refusals that help."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], *, most: int = 1, cutoff: float = 0.55) -> list[str]:
    """Up to `most` of `known`, nearest first; fewer where nothing is as near as `cutoff`, of 1 for the same word."""
    import difflib  # noqa: PLC0415 - only refusals need it

    folded: dict[str, str] = {}
    for each in known:
        folded.setdefault(_fold(each), each)
    return [folded[each] for each in difflib.get_close_matches(_fold(word), folded, n=most, cutoff=cutoff)]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`Did you mean x?`, or nothing where nothing is near."""
    found = nearest(word, known)
    return f"Did you mean {found[0]}?" if found else ""


def _fold(word: str) -> str:
    return "".join(filter(str.isalnum, word.casefold()))
