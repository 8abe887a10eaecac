"""A desk for each test, in both protocol eras where a test asks for `era`.

A module that needs other settings than the defaults names them as `SETTINGS`.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator

import pytest

from tests.support import Desk, Era


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> Era:
    return request.param


@pytest.fixture
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    # By the module's name, since pytest gives the module itself no type.
    made = Desk(vars(sys.modules[request.function.__module__]).get("SETTINGS"))
    try:
        yield made
    finally:
        made.sandbox.close()


def dump(database: sqlite3.Connection) -> str:
    """A database, byte for byte."""
    return "\n".join(database.iterdump())
