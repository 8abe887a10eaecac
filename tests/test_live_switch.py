"""`pytest --live`: only with a key, and then nothing but the live tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """pytest in a process of its own."""
    without = {name: value for name, value in os.environ.items() if not name.startswith(("UNTHREAD_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env={**without, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_without_a_key_the_live_tests_are_skipped_in_one_line() -> None:
    said = run("--live")
    (line,) = (said.stdout + said.stderr).strip().splitlines()
    assert "The live tests are skipped: UNTHREAD_API_KEY is not set" in line
    assert said.returncode == 0


def test_with_a_key_just_the_live_tests_are_run() -> None:
    said = run("--live", "--collect-only", "tests/live", "tests/test_tokens.py", UNTHREAD_API_KEY="key")
    collected = [line.partition("::")[0] for line in said.stdout.splitlines() if "::" in line]
    assert said.returncode == 0
    assert set(collected) == {f"tests/live/test_live_{name}.py" for name in ("reads", "tools", "writes")}
