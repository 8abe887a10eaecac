"""How many calls a second with 1, 16, 64 and 256 in flight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from benchmarks import packages, report, servers
from benchmarks.comparing import Race
from benchmarks.contest import CONVERSATION, contest

_TIMES: Final = 512


@dataclass(frozen=True, slots=True)
class Level:
    """How many conversations are asked for at once, and how long upstream lets wait for each answer."""

    in_flight: int
    latency_ms: int = 0

    def __str__(self) -> str:
        return f"{self.in_flight} in flight" + (f", upstream at {self.latency_ms} ms" if self.latency_ms else "")


_LEVELS: Final = (Level(1), Level(16), Level(64), Level(256), Level(16, 50), Level(256, 50))
_BUSIEST: Final = Level(256)
_BOUND: Final = 2.0


def run(rounds: int) -> report.Section:
    """Alternate bursts between the servers."""
    speed = {level: Race(str(level), servers.OURS, more_is_better=True) for level in _LEVELS}
    processor = {level: Race(f"{level}, processor time", servers.OURS) for level in _LEVELS}
    errors: dict[tuple[Level, str], int] = {}
    with contest() as match:
        for level in [*_LEVELS] * rounds:
            match.upstream.reset(level.latency_ms)
            for contestant in match.shuffled(CONVERSATION):
                before = contestant.server.processor_seconds()
                burst = contestant.server.burst(contestant.work[CONVERSATION], _TIMES, level.in_flight)
                used = contestant.server.processor_seconds() - before
                speed[level].add(contestant.name, [burst.per_second])
                processor[level].add(contestant.name, [used / _TIMES])
                errors[level, contestant.name] = errors.get((level, contestant.name), 0) + burst.errors
    header = ("level", "a second", "ours ÷ this", "quartiles", "processor", "ours ÷ this", "errors")
    rows = [
        (
            f"{level}: {contestant.name}",
            f"{race.middle(contestant.name):,.0f}",
            *race.cells(contestant.name),
            f"{processor[level].middle(contestant.name) * 1000:.2f} ms",
            processor[level].cells(contestant.name)[0],
            str(errors[level, contestant.name]),
        )
        for level, race in speed.items()
        for contestant in match.contestants
    ]
    return report.Section(
        name="flight",
        title="Many calls at once",
        method=f"Conversations a second, {rounds} rounds of {_TIMES} a level, servers alternating in shuffled order on "
        "one fake upstream; here more than 1 is better. Processor time is one conversation's.",
        header=header,
        rows=[*rows, *report.absent_rows(match.absent, len(header))],
        bounds=[
            report.Bound(
                f"256 in flight: at least {_BOUND:g} × the plain server's",
                speed[_BUSIEST].ratio(servers.PLAIN),
                "at least",
                _BOUND,
            ),
            report.Bound("no errors", sum(errors[level, servers.OURS] for level in _LEVELS), "at most", 0),
        ],
        notes=[lost for race in speed.values() for lost in race.lost()],
        versions=packages.versions(),
    )


if __name__ == "__main__":
    asked = report.options(__doc__, rounds=3)
    report.finish(run(asked.rounds), asked)
