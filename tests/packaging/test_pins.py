"""constraints.txt: everything pinned with hashes, and no address in it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PINS = (ROOT / "constraints.txt").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def _name(requirement: str) -> str:
    return re.split(r"[<>=\[ ;]", requirement)[0].lower().replace("_", "-")


def test_each_pin_names_one_version_and_has_a_hash() -> None:
    pins = re.split(r"\n(?=[a-z])", PINS.partition("\n\n")[0] if PINS.startswith("\n") else PINS)
    pins = [pin for pin in pins if re.match(r"[a-z]", pin)]
    assert len(pins) > 40
    for pin in pins:
        assert re.match(r"[a-z0-9.-]+==[0-9][\w.]*( ; .*)? \\\n    --hash=sha256:[0-9a-f]{64}", pin), pin[:100]


def test_all_that_is_needed_and_all_that_working_on_it_takes_is_pinned() -> None:
    pinned = {_name(line) for line in PINS.splitlines() if re.match(r"[a-z]", line)}
    project = PROJECT["project"]
    needed = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
        *PROJECT["build-system"]["requires"],
    ]
    assert {_name(each) for each in needed} <= pinned


def test_it_holds_no_address() -> None:
    assert "://" not in PINS
    assert "--index-url" not in PINS
    assert "--find-links" not in PINS
