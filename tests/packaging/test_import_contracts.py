"""The import contracts in pyproject.toml: what they list is all there is."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "unthread_mcp"
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
    "contracts"
]


def _inside(package: Path) -> set[str]:
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    return modules | {path.parent.name for path in package.glob("*/__init__.py")}


def test_the_sandbox_may_import_nothing_of_ours_but_the_endpoint_table() -> None:
    (contract,) = [each for each in CONTRACTS if each.get("source_modules") == ["unthread_mcp.sandbox"]]
    others = {f"unthread_mcp.{name}" for name in _inside(PACKAGE) - {"api", "sandbox", "__main__"}}
    others |= {f"unthread_mcp.api.{name}" for name in _inside(PACKAGE / "api") - {"endpoints"}}
    assert set(contract["forbidden_modules"]) == others


def test_the_layers_name_every_module() -> None:
    (contract,) = [each for each in CONTRACTS if each["type"] == "layers"]
    named = {name.strip() for layer in contract["layers"] for name in layer.split("|")}
    assert named == _inside(PACKAGE)
    assert contract["exhaustive"] is True
