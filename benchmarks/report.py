"""What a bench found, as a Markdown section that says when, on what, and against which bound."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, Literal

from benchmarks.client import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.comparing import Race

CANNOT: Final = 2
"""Exit status where something can't be measured here, told apart from a broken bound."""
PAGE: Final = ROOT / "docs" / "benchmarks.md"
_LOAD_BEFORE: Final = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
"""The machine's load over the minute before the bench (getloadavg(3); there is none on Windows)."""
_BUSY: Final = 0.5
_PACKAGES: Final = ("unthread-mcp", "mcp", "httpx2", "httpx", "pydantic")


@dataclass(frozen=True, slots=True)
class Bound:
    """A promise and what was measured. `promise` says it in words, `limit` as a number."""

    promise: str
    measured: float
    sense: Literal["at most", "at least"]
    limit: float

    @property
    def met(self) -> bool:
        """Whether the promise holds in this run."""
        return self.measured <= self.limit if self.sense == "at most" else self.measured >= self.limit


def beside(race: Race, name: str, limit: float) -> list[Bound]:
    """The promise that ours takes at most `limit` × what `name` does; none where that server isn't there."""
    if not {name, race.ours} <= race.rounds.keys():
        return []
    return [Bound(f"{race.what}: at most {limit:.2g} × {name}", race.ratio(name), "at most", limit)]


@dataclass(frozen=True, slots=True)
class Section:
    """One bench's result. `name` is its module's, `method` how it was measured."""

    name: str
    title: str
    method: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    bounds: Sequence[Bound]
    notes: Sequence[str] = field(default_factory=list[str])
    versions: Sequence[str] = field(default_factory=list[str])
    """The peers' packages, as they are to be named beside ours."""

    @property
    def met(self) -> bool:
        """Whether every bound holds."""
        return all(bound.met for bound in self.bounds)

    def markdown(self) -> str:
        """The section, with the machine and the versions it was measured with."""
        bounds = table(
            ("bound", "measured", "held"),
            [
                (
                    bound.promise,
                    f"{bound.measured:,.4g}" if bound.measured < 1000 else f"{bound.measured:,.0f}",
                    "yes" if bound.met else "**no**",
                )
                for bound in self.bounds
            ],
        )
        notes = "".join(f"\n- {note}" for note in self.notes)
        return (
            f"## {self.title}\n\n`python -m benchmarks.{self.name}`, {made_with(self.versions)}. {self.method}\n\n"
            f"{table(self.header, self.rows)}\n\n{bounds}\n" + (f"{notes}\n" if notes else "")
        )


def absent_rows(absent: Mapping[str, str], width: int) -> list[Sequence[str]]:
    """A row of `width` cells for each server that isn't there, which says why."""
    return [(name, f"not measured: {reason}", *[""] * (width - 2)) for name, reason in absent.items()]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are right-aligned."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def made_with(others: Sequence[str] = ()) -> str:
    """The date, the machine and the versions, those of `others` too, as one sentence's worth."""
    packages = ", ".join([*(f"{package} {version(package)}" for package in _PACKAGES), *others])
    busy = f", busy with other work (load {_LOAD_BEFORE:.1f})" if _LOAD_BEFORE > _BUSY else ""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.python_implementation()} {platform.python_version()}, "
        f"{platform.system()} {platform.machine()} with {os.cpu_count()} cores{busy}; {packages}"
    )


@dataclass(frozen=True, slots=True)
class Options:
    """How a bench was asked to run."""

    rounds: int
    write: bool
    check: bool
    argument: str = ""


def options(module_doc: str | None, *, rounds: int, argument: str | None = None) -> Options:
    """The command line of a bench; `rounds` is how many it makes unless told otherwise, `argument` what it needs."""
    parser = argparse.ArgumentParser(description=(module_doc or "").partition("\n")[0])
    if argument:
        parser.add_argument("argument", metavar=argument.upper())
    parser.add_argument("--rounds", type=int, default=rounds, help=f"rounds to measure ({rounds} unless said)")
    parser.add_argument("--write", action="store_true", help="put the section into docs/benchmarks.md, too")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bound is broken")
    asked = parser.parse_args()
    return Options(max(1, asked.rounds), asked.write, asked.check, asked.argument if argument else "")


def finish(section: Section, asked: Options) -> None:
    """Print the section, write it down if asked to, and end the process with the check's answer."""
    text = section.markdown()
    print(text)
    if asked.write:
        write(section.name, text)
    sys.exit(1 if asked.check and not section.met else 0)


def write(name: str, text: str, page: Path = PAGE) -> None:
    """Replace the section `name` of a page, which marks where it goes."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, found_begin, rest = page.read_text(encoding="utf-8").partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise ValueError(f"{page} has no place for the section {name}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
