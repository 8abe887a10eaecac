"""docs/safety.md: each guarantee names tests, and they are there."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from scripts.generate import ROOT
from scripts.guarantees import Guarantee, guarantees

PAGE = (ROOT / "docs" / "safety.md").read_text("utf-8")
GUARANTEES = guarantees()
EVERY_GUARANTEE = pytest.mark.parametrize("guarantee", GUARANTEES, ids=lambda guarantee: guarantee.id)

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def _tests_in(file: str) -> set[str]:
    path = ROOT / "tests" / file
    tree = ast.parse(path.read_text("utf-8")) if path.is_file() else ast.Module([], [])
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test")]
    functions = [node for scope in (tree, *classes) for node in scope.body if isinstance(node, _FUNCTIONS)]
    return {each.name for each in functions if each.name.startswith("test_")}


def _missing(guarantee: Guarantee) -> list[str]:
    """The tests that a guarantee names and that aren't there."""
    named = [test.partition("::") for test in guarantee.shown_by]
    return [f"{file}::{name}" for file, _, name in named if name not in _tests_in(file)]


def test_each_guarantee_has_an_id_of_its_own() -> None:
    assert len({each.id for each in GUARANTEES}) == len(GUARANTEES) > 60
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", each.id) for each in GUARANTEES)


@EVERY_GUARANTEE
def test_each_guarantee_says_what_holds_and_names_the_tests_that_show_it(guarantee: Guarantee) -> None:
    assert len(guarantee.holds) > 20
    assert guarantee.shown_by
    assert len(set(guarantee.shown_by)) == len(guarantee.shown_by)


@EVERY_GUARANTEE
def test_each_test_that_is_named_exists(guarantee: Guarantee) -> None:
    assert _missing(guarantee) == []


@pytest.mark.parametrize(
    "named", ["tools/test_laws.py::test_nothing", "tools/test_nothing.py::test_x", "tools/test_laws.py::_rows", "x"]
)
def test_one_that_is_not_there_is_found_out(named: str) -> None:
    assert _missing(Guarantee("Keys", "a-promise", "Something holds that nobody shows", (named,))) != []


@EVERY_GUARANTEE
def test_the_page_shows_each_with_its_tests(guarantee: Guarantee) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{guarantee.id}` |")]
    for test in guarantee.shown_by:
        assert f"`{test}`" in row


def test_what_only_helps_and_what_can_not_be_promised_is_named_as_such() -> None:
    assert PAGE.count("\n## Mitigations\n") == PAGE.count("\n## Not promised\n") == 1
