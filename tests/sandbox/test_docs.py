"""docs/sandbox.md says what is true."""

from __future__ import annotations

import re
from pathlib import Path

from unthread_mcp.api.endpoints import ENDPOINTS
from unthread_mcp.sandbox import Sandbox
from unthread_mcp.sandbox.calls import HANDLERS

LIVE = Path(__file__).parents[1] / "live"
PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")


def quoted(heading: str) -> set[str]:
    """What stands in backticks in the tables' rows under a heading."""
    _, _, rest = PAGE.partition(f"\n## {heading}\n")
    rows = [line for line in rest.split("\n## ")[0].splitlines() if line.startswith("|")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_every_endpoint_that_is_not_imitated_is_named_and_no_other() -> None:
    missing = {str(endpoint) for endpoint in ENDPOINTS.values() if endpoint not in HANDLERS and endpoint.path}
    assert quoted("What it leaves out") == missing


def test_every_guess_that_a_live_test_settles_names_it_and_each_is_named() -> None:
    named = {name for name in quoted("How the guesses become knowledge") if name.startswith("test_")}
    texts = [(LIVE / f"test_live_{part}.py").read_text("utf-8") for part in ("reads", "writes")]
    assert named == {name for text in texts for name in re.findall(r"^async def (test_\w+)", text, re.MULTILINE)}


def test_every_landmark_is_named_and_no_other(sandbox: Sandbox) -> None:
    named = quoted("The seeded workspace") - {"wakeUpAt"}
    twins = {f"twin-{number}-{kind}" for number in range(1, 11) for kind in ("open", "closed")}
    assert {"twin-1-open", "twin-10-closed"} <= named
    assert named | twins == sandbox.landmarks().keys()
