"""What came of a soak, judged and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from benchmarks.report import made_with, table
from tests.faults.vitals import Vitals, after_warm_up
from tests.faults.work import SHARES

ROWS: Final = 12
"""Of the curve."""
AT_ONCE: Final = 8
"""Calls in flight at most."""
MOST_GROWN: Final = 6.0
"""MiB by which what is resident may have grown over an hour: an allocator is no ruler."""
MOST_HELD: Final = 4.0
"""MiB by which what is held may have grown over an hour: what was sent lately is remembered in some two of them."""
WRITES: Final = frozenset({"done", "already_done", "refused", "unknown"})
OUTCOMES: Final = ("answered", "done", "already_done", "refused", "unknown", "error", "cancelled", "not answered")


@dataclass(slots=True)
class Tally:
    """What came of the work."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """By kind of request and outcome."""
    dealt: Counter[str] = field(default_factory=Counter[str])
    """Faults, by phase."""
    requests: int = 0
    """To the upstream."""
    texts: int = 0
    """Of messages and articles that shall be there once at most."""
    samples: list[Vitals] = field(default_factory=list[Vitals])
    """While it worked."""
    quiet: list[Vitals] = field(default_factory=list[Vitals])
    """With nothing in flight, at the end of each round."""
    ended_after: float = 0.0
    """Seconds from the end of input."""
    broken: list[str] = field(default_factory=list[str])
    """Promises that were not kept."""

    @property
    def calls(self) -> int:
        """Requests made so far."""
        return self.outcomes.total()

    @property
    def grown(self) -> float:
        """By how many MiB what is resident in the last quarter is above that of the first, by their medians."""
        return _grown([each.memory for each in after_warm_up(self.samples)])

    @property
    def held_grown(self) -> float:
        """The same of what is held at rest."""
        return _grown([each.held for each in after_warm_up(self.quiet)])

    def judge(self) -> None:
        """Note what was held on to. Memory is another matter: it takes longer than seconds to judge."""
        for name in ("tasks", "descriptors"):
            first, *later = [getattr(each, name) for each in self.quiet]
            if any(each != first for each in later):
                self.broken.append(f"{name} were {first} at rest and then {later}")
        # The event loop's, and one that writes a file for each call in flight.
        if (most := max(each.threads for each in self.quiet)) > 1 + AT_ONCE:
            self.broken.append(f"{most} threads")


def report(tally: Tally, minutes: int, seed: int) -> str:
    """What came of the work, as Markdown."""
    made = table(
        ("asked", "number", *(f"`{each}`" if each in WRITES else each for each in OUTCOMES)),
        [
            (
                kind,
                f"{sum(tally.outcomes[kind, each] for each in OUTCOMES):,}",
                *(f"{tally.outcomes[kind, each]:,}" for each in OUTCOMES),
            )
            for kind in SHARES
        ],
    )
    faults = table(("fault", "number"), [(phase, f"{times:,}") for phase, times in tally.dealt.most_common()])
    counted = [each.memory for each in after_warm_up(tally.samples)]
    return (
        f"`python -m tests.faults.soak --minutes {minutes} --seed {seed}`, {made_with()}. "
        f"{tally.calls:,} requests to the server made {tally.requests:,} requests to the upstream, of which "
        f"{tally.dealt.total():,} met a fault. {tally.texts:,} messages and articles were meant; promises broken: "
        f"{len(tally.broken)}. From the median of the first quarter after the warm-up to that of the last, what the "
        f"server holds at rest changed by {tally.held_grown:+.1f} MiB, of {MOST_HELD:g} that it may; what is resident, "
        f"{min(counted):.0f} to {max(counted):.0f} MiB while it works, by {tally.grown:+.1f}, of {MOST_GROWN:g}. After "
        f"the end of its input the server was gone within {tally.ended_after:.1f} s.\n\n"
        f"{_curve(tally, minutes)}\n\n{made}\n\n{faults}\n"
    )


def _grown(values: Sequence[float]) -> float:
    quarter = max(1, len(values) // 4)
    return median(values[-quarter:]) - median(values[:quarter])


def _curve(tally: Tally, minutes: int) -> str:
    """The vitals over time, in at most `ROWS` rows."""
    rounds = len(tally.quiet)
    ends = sorted({-(-rounds * row // ROWS) for row in range(1, ROWS + 1)})
    rows: list[tuple[str, ...]] = []
    calls_before = 0
    for end in ends:
        at_rest = tally.quiet[end - 1]
        memory = [each.memory for each in tally.samples if calls_before < each.calls <= at_rest.calls]
        calls_before = at_rest.calls
        rows.append((
            f"{minutes * end / rounds:g}",
            f"{at_rest.calls:,}",
            f"{at_rest.held:.1f}",
            f"{median(memory or [at_rest.memory]):.1f}",
            str(at_rest.descriptors),
            str(at_rest.threads),
            str(at_rest.tasks),
        ))  # fmt: skip
    return table(
        (
            "minute",
            "requests so far",
            "held at rest (MiB)",
            "resident (MiB)",
            "descriptors at rest",
            "threads at rest",
            "tasks at rest",
        ),
        rows,
    )
