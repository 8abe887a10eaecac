"""Tests that a document names as its proof are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.generate import ROOT

NAMED = [
    (page, file, name)
    for page in sorted((ROOT / "docs").glob("*.md"))
    if page.name != "safety.md"  # its tests are looked for, and run, as guarantees
    for file, name in re.findall(r"`([\w/]+\.py)::(test_\w+)`", page.read_text("utf-8"))
]


def test_the_triage_brief_is_proved() -> None:
    assert len({name for page, _, name in NAMED if page.name == "triage-brief.md"}) >= 10


@pytest.mark.parametrize(("page", "file", "name"), NAMED, ids=lambda part: getattr(part, "stem", part))
def test_a_test_that_a_page_names_exists(page: Path, file: str, name: str) -> None:
    text = (ROOT / "tests" / file).read_text("utf-8")
    assert re.search(rf"(?m)^(?:async )?def {name}\(", text), f"{page.name} names {file}::{name}"
