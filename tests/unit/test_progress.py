"""Progress: it only grows, and what becomes of telling it is no matter of what is told of."""

from __future__ import annotations

import pytest

from unthread_mcp.progress import Progress

pytestmark = pytest.mark.anyio


class Client:
    """Takes what it is told, or can't be told anything."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.told: list[tuple[float, float | None, str | None]] = []
        self.fault = fault

    async def report(self, done: float, total: float | None, words: str | None) -> None:
        self.told.append((done, total, words))
        if self.fault:
            raise self.fault


async def test_what_was_told_before_is_not_told_again() -> None:
    client = Client()
    progress = Progress(client.report)
    for done in (1, 3, 3, 2, 4):
        await progress.tell(done, 4, "changes")
    assert client.told == [(1, 4, "1 of 4 changes"), (3, 4, "3 of 4 changes"), (4, 4, "4 of 4 changes")]


async def test_a_client_that_cannot_be_told_fails_nothing() -> None:
    client = Client(ConnectionError("gone"))
    await Progress(client.report).tell(1, 2, "changes")
    assert len(client.told) == 1
