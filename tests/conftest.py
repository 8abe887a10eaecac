"""What every test shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.reference.checker import WRONG_REQUESTS


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def only_requests_that_are_right_to_the_letter() -> Iterator[None]:
    """Fail a test that sends what the reference doesn't know."""
    WRONG_REQUESTS.clear()
    yield
    assert WRONG_REQUESTS == []
