"""The key out of the system's keyring: read only where that is asked for, and in words where it can't be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
KEY: Final = "sk_kept_by_the_system"
LOOK: Final = (
    "import json, sys; {before}; from unthread_mcp.settings import read_settings; import os;"
    "s = read_settings({{k: v for k, v in os.environ.items() if k.startswith('UNTHREAD_')}});"
    "print(json.dumps([s.api_key, s.api_key_source, s.api_key_problem, 'keyring' in sys.modules]))"
)
ABSENT: Final = "sys.modules['keyring'] = None"


def looked(backend: str, *, before: str = "pass", **environment: str) -> Any:
    """What a process of its own finds: the key, its source, the problem, and whether it imported the package."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(before=before)],
        cwd=ROOT,
        env={
            **inherited,
            "PYTHON_KEYRING_BACKEND": backend,
            "TEST_ENTRY": f"unthread:api-key:{KEY}",
            **environment,
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_the_key_is_read_by_the_name_that_the_operator_gives() -> None:
    found = looked("tests.keyrings.OneEntry", UNTHREAD_API_KEY_KEYRING="unthread")
    assert found == [KEY, "UNTHREAD_API_KEY_KEYRING", "", True]


def test_a_key_in_the_environment_comes_first_and_the_keyring_is_left_alone() -> None:
    found = looked("tests.keyrings.Locked", UNTHREAD_API_KEY_KEYRING="unthread", UNTHREAD_API_KEY="sk_other")
    assert found == ["sk_other", "UNTHREAD_API_KEY", "", False]


@pytest.mark.parametrize("sandbox", ["", "1"])
def test_nothing_is_imported_where_it_is_not_asked_for(sandbox: str) -> None:
    name = "unthread" if sandbox else ""
    found = looked("tests.keyrings.Locked", UNTHREAD_SANDBOX=sandbox, UNTHREAD_API_KEY_KEYRING=name)
    assert (found[0], found[3]) == (None, False)


@pytest.mark.parametrize(
    ("backend", "before", "name", "problem"),
    [
        ("tests.keyrings.OneEntry", ABSENT, "unthread", "The package keyring, which UNTHREAD_API_KEY_KEYRING needs"),
        ("tests.keyrings.OneEntry", "pass", "other", "The keyring has no key under the name"),
        ("keyring.backends.null.Keyring", "pass", "unthread", "The keyring has no key under the name"),
        ("keyring.backends.fail.Keyring", "pass", "unthread", "This system has no keyring that can be used."),
        ("tests.keyrings.Locked", "pass", "unthread", "The keyring that UNTHREAD_API_KEY_KEYRING asks can't be read."),
    ],
    ids=["no package", "no entry", "an empty keyring", "no keyring", "a locked one"],
)
def test_why_there_is_no_key_is_said_in_two_sentences(backend: str, before: str, name: str, problem: str) -> None:
    key, source, said, _ = looked(backend, before=before, UNTHREAD_API_KEY_KEYRING=name)
    assert (key, source) == (None, "")
    assert said.startswith(problem)
    assert said.count(". ") == 1
    assert "sk_" not in said


def test_a_placeholder_in_the_keyring_is_no_key() -> None:
    found = looked(
        "tests.keyrings.OneEntry", UNTHREAD_API_KEY_KEYRING="unthread", TEST_ENTRY="unthread:api-key:changeme"
    )
    assert found[0] is None
    assert found[2].startswith("UNTHREAD_API_KEY_KEYRING holds a placeholder")
