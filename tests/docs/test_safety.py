"""docs/safety.md: each guarantee names tests, and they are there."""

from __future__ import annotations

import ast
import re

from scripts.generate import ROOT

PAGE = (ROOT / "docs" / "safety.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| (?!---|it holds that)", line)]


def _tests_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_each_guarantee_names_the_tests_that_show_it() -> None:
    assert len(ROWS) > 30
    for row in ROWS:
        said, shown = row.strip("| ").split(" | ")
        assert said
        for name in shown.split("<br>"):
            assert re.fullmatch(r"`[a-z_/]+\.py::test_\w+`", name), row


def test_each_test_that_is_named_exists() -> None:
    named = re.findall(r"`([a-z_/]+\.py)::(\w+)`", PAGE)
    existing = {file: _tests_in(file) for file in {file for file, _ in named}}
    assert [f"{file}::{name}" for file, name in named if name not in existing[file]] == []
