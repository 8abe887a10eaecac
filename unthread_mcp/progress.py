"""Telling the client how far a long call has come.

Tools know only `Progress`. How it reaches the client is the business of `offer`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

Report = Callable[[float, float | None, str | None], Awaitable[None]]
"""Takes how much is done, of how much, and a few words. Does nothing for a client that doesn't want to know."""


class Progress:
    """One call's progress. It only ever grows, as MCP wants it."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._told = 0

    async def tell(self, done: int, total: int, what: str) -> None:
        """Tell that `done` of `total` are done, unless as much was told before."""
        if done > self._told:
            self._told = done
            # Whatever becomes of the telling: what is told of has happened, and must not end as an error for it.
            with suppress(Exception):
                await self._report(done, total, f"{done} of {total} {what}")
