"""docs/safety.md: each guarantee names tests, they are there, and they were run and have passed."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Set as AbstractSet
from functools import cache

import pytest

from scripts.generate import ROOT
from scripts.guarantees import Guarantee, guarantees
from tests.passed import DESELECTED, PASSED, name_of
from unthread_mcp.settings import OPTIONS, read_settings

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


def _not_shown(guarantee: Guarantee, collected: AbstractSet[str], passed: AbstractSet[str]) -> list[str]:
    """The tests that a guarantee names and that have not passed in this run, which has others of their file."""
    files = {test.partition("::")[0] for test in collected}
    return [test for test in guarantee.shown_by if test.partition("::")[0] in files and test not in passed]


@pytest.mark.last
@pytest.mark.skipif(sys.platform == "win32", reason="Windows skips what needs POSIX's signals, links and pipes")
@EVERY_GUARANTEE
def test_each_test_that_is_named_was_run_and_has_passed(guarantee: Guarantee, request: pytest.FixtureRequest) -> None:
    collected = {name_of(item.nodeid) for item in request.session.items}
    assert _not_shown(guarantee, collected, PASSED | DESELECTED) == []


def test_one_that_was_not_run_or_was_skipped_is_found_out() -> None:
    guarantee = Guarantee("Keys", "a-promise", "Something holds that these show", ("a.py::test_x", "b.py::test_y"))
    collected = {"a.py::test_x", "b.py::test_y"}
    assert _not_shown(guarantee, collected, collected) == []
    assert _not_shown(guarantee, collected, {"a.py::test_x"}) == ["b.py::test_y"]
    assert _not_shown(guarantee, {"a.py::test_x", "b.py::test_z"}, {"a.py::test_x"}) == ["b.py::test_y"]
    assert _not_shown(guarantee, {"a.py::test_x"}, {"a.py::test_x"}) == [], "a run without a file says nothing of it"


@EVERY_GUARANTEE
def test_the_page_shows_each_with_its_tests(guarantee: Guarantee) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{guarantee.id}` |")]
    for test in guarantee.shown_by:
        assert f"`{test}`" in row


def test_what_only_helps_and_what_can_not_be_promised_is_named_as_such() -> None:
    assert PAGE.count("\n## Mitigations\n") == PAGE.count("\n## Not promised\n") == 1


def test_the_security_policy_names_options_that_there_are_with_their_defaults() -> None:
    policy, settings = (ROOT / "SECURITY.md").read_text("utf-8"), read_settings({})
    assert set(re.findall(r"UNTHREAD_[A-Z_]+", policy)) <= {option.variable for option in OPTIONS}
    for option, default in (
        ("ACCESS", settings.access),
        ("CONFIRM", settings.confirm),
        ("LOG_LEVEL", settings.log_level),
    ):
        assert f"\n| `UNTHREAD_{option}` | `{default}`" in policy
    assert (settings.on_behalf_of, settings.email_send_marker, settings.webhook_hosts) == (False, False, frozenset())
    assert settings.upload_dir is settings.download_dir is settings.slack_user_group_endpoint is None
