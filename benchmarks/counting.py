"""Counting o200k tokens with the npm package gpt-tokenizer, which carries the ranks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import report
from benchmarks.packages import TOKENIZER, CannotInstallError, node_modules, node_program

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HOW: Final = f"o200k, counted by {TOKENIZER}; the texts are what a host gives the model."
_PROGRAM: Final = Path(__file__).parent / "count_tokens.cjs"


def count_tokens(texts: Sequence[str]) -> list[int]:
    """The o200k tokens of each text. Raises `CannotInstallError` where there is no tokenizer to be had."""
    counted = subprocess.run(
        [node_program("node"), str(_PROGRAM), str(node_modules(TOKENIZER).parent)],
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(counted.stdout)


def compact(value: Any) -> str:
    """JSON as it goes over the wire: no spaces, no escapes that needn't be."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def run_bench(module_doc: str | None, run: Callable[[], report.Section]) -> None:
    """Run a bench that counts, and end as `report.finish` does, or with `report.CANNOT` where it can't be counted."""
    asked = report.options(module_doc, rounds=1)
    try:
        section = run()
    except CannotInstallError as reason:
        print(reason, file=sys.stderr)
        sys.exit(report.CANNOT)
    report.finish(section, asked)
