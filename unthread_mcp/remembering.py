"""Results remembered for texts that come again and again: agents read a thread before a reply, after it, and later."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Concatenate, Final, ParamSpec, TypeVar

MOST: Final = 256
LONGEST: Final = 4_000
"""Characters of a text whose result is kept; with `MOST` of them, each function keeps a megabyte at most."""

_P = ParamSpec("_P")
_R = TypeVar("_R")


def remembered(
    most: int = MOST,
) -> Callable[[Callable[Concatenate[str, _P], _R]], Callable[Concatenate[str, _P], _R]]:
    """Keep the newest results of a pure function of a text, as long as that is short. The results are shared."""

    def decorate(function: Callable[Concatenate[str, _P], _R]) -> Callable[Concatenate[str, _P], _R]:
        kept = lru_cache(maxsize=most)(function)

        @wraps(function)
        def call(text: str, *more: _P.args, **named: _P.kwargs) -> _R:
            if len(text) > LONGEST:
                return function(text, *more, **named)
            return kept(text, *more, **named)

        return call

    return decorate
