"""A desk for each test, in both protocol eras where a test asks for `era`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from tests.support import Desk, Era


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> Era:
    return request.param


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    try:
        yield made
    finally:
        made.sandbox.close()


def dump(database: sqlite3.Connection) -> str:
    """A database, byte for byte."""
    return "\n".join(database.iterdump())
