"""Progress only ever grows, as MCP wants it."""

from __future__ import annotations

import pytest

from unthread_mcp.progress import Progress

pytestmark = pytest.mark.anyio


async def test_what_was_told_before_is_not_told_again_nor_less() -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def hear(done: float, total: float | None, words: str | None) -> None:
        told.append((done, total, words))

    progress = Progress(hear)
    for done in (0, 1, 1, 3, 2, 4):
        await progress.tell(done, 4, "conversations")
    assert told == [
        (1, 4, "1 of 4 conversations"),
        (3, 4, "3 of 4 conversations"),
        (4, 4, "4 of 4 conversations"),
    ]


async def test_a_client_that_cannot_be_told_fails_nothing() -> None:
    asked: list[float] = []

    async def report(done: float, total: float | None, words: str | None) -> None:
        asked.append(done)
        raise ConnectionError(f"gone: {total} {words}")

    await Progress(report).tell(1, 2, "changes")
    assert asked == [1]
