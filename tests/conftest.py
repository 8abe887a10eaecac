"""What every test shares."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.passed import DESELECTED, name_of, note
from tests.reference.checker import WRONG_REQUESTS

_TESTS: Final = Path(__file__).parent
_LIVE: Final = _TESTS / "live"
_THOUSANDS: Final = tuple(
    _TESTS / each
    for each in (
        "faults",
        "stdio/test_fuzz.py",
        "safety/test_canaries.py",
        "safety/test_obedient_agent.py",
        "tools/test_random_arguments.py",
    )
)
"""Tests that play thousands of cases. What they reach, others have reached; to count it again takes two thirds more.

They are marked as such, so that a run can leave them out: `-m "not thousands"`.
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--live",
        action="store_true",
        help="run the tests in tests/live alone, on the workspace that UNTHREAD_API_KEY belongs to",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("live") and not os.environ.get("UNTHREAD_API_KEY"):
        pytest.exit("The live tests are skipped: UNTHREAD_API_KEY is not set, so there is no workspace.", returncode=0)


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what is marked
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What judges the other tests comes last. With `--live`: nothing but the live tests."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)
    for item in items:
        if any(item.path.is_relative_to(each) for each in _THOUSANDS):
            item.add_marker("thousands")
            if config.pluginmanager.has_plugin("pytest_cov"):
                item.add_marker("no_cover")
    if config.getoption("live"):
        config.hook.pytest_deselected(items=[item for item in items if not item.path.is_relative_to(_LIVE)])
        items[:] = [item for item in items if item.path.is_relative_to(_LIVE)]


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    DESELECTED.update(name_of(item.nodeid) for item in items)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    note(report)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def only_requests_that_are_right_to_the_letter() -> Iterator[None]:
    """Fail a test that sends what the reference doesn't know."""
    WRONG_REQUESTS.clear()
    yield
    assert WRONG_REQUESTS == []
