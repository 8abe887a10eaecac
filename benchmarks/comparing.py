"""Measurements of several servers doing the same, and ours as a share of each other's, from paired rounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Final

_SMALL: Final = 0.1
"""Below, a third digit tells shares apart."""

Rounds = list[list[float]]
"""Measurements of one server, by round."""


def middle(rounds: Rounds) -> float:
    """The median over all rounds."""
    return median(value for measured in rounds for value in measured)


def paired(ours: Rounds, theirs: Rounds) -> list[float]:
    """Our median as a share of theirs, for each round that both were in."""
    return [median(mine) / median(other) for mine, other in zip(ours, theirs, strict=False)]


def ratio(ours: Rounds, theirs: Rounds) -> float:
    """The median of the rounds' own ratios, which a machine that slows down meanwhile doesn't move."""
    return median(paired(ours, theirs))


def spread(ours: Rounds, theirs: Rounds) -> str:
    """The quartiles of the rounds' own ratios, which is how far the ratio can be trusted."""
    ratios = paired(ours, theirs)
    if len(ratios) < 2:
        return "–"
    low, _, high = quantiles(ratios, n=4)
    return f"{low:.2f}–{high:.2f}"


@dataclass(frozen=True, slots=True)
class Race:
    """One kind of work as several servers did it, by server. `ours` names ours."""

    what: str
    ours: str
    more_is_better: bool = False
    rounds: dict[str, Rounds] = field(default_factory=dict[str, Rounds])

    def add(self, name: str, measured: list[float]) -> None:
        """Take down one round of a server."""
        self.rounds.setdefault(name, []).append(measured)

    def middle(self, name: str) -> float:
        """A server's median."""
        return middle(self.rounds[name])

    def ratio(self, name: str) -> float:
        """Ours as a share of `name`'s."""
        return ratio(self.rounds[self.ours], self.rounds[name])

    def cells(self, name: str) -> tuple[str, str]:
        """The ratio and its spread; dashes for ours, and where ours isn't there."""
        if name not in self._others():
            return "–", "–"
        share = self.ratio(name)
        return f"{share:.2f}" if share >= _SMALL else f"{share:.3f}", spread(self.rounds[self.ours], self.rounds[name])

    def lost(self) -> list[str]:
        """A sentence for each server that ours does worse than."""
        return [
            f"We lose at {self.what}: {self.ratio(name):.2f} × {name}."
            for name in self._others()
            if (self.ratio(name) < 1 if self.more_is_better else self.ratio(name) > 1)
        ]

    def _others(self) -> list[str]:
        return [name for name in self.rounds if name != self.ours] if self.ours in self.rounds else []
