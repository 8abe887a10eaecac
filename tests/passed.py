"""Which tests have passed in this run, by the names that `guarantees.toml` has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pytest

PASSED: Final[set[str]] = set()
"""One that was skipped is not among them; of one with parameters, a single set of them is enough."""
DESELECTED: Final[set[str]] = set()
"""Those that whoever began this run left out."""


def name_of(nodeid: str) -> str:
    """A test as a guarantee names it: its file below `tests/` and its function, without class and parameters."""
    file, _, rest = nodeid.partition("::")
    return f"{file.removeprefix('tests/')}::{rest.partition('[')[0].rpartition('::')[2]}"


def note(report: pytest.TestReport) -> None:
    """Remember a test that has passed."""
    if report.when == "call" and report.passed:
        PASSED.add(name_of(report.nodeid))
