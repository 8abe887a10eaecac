"""How long one call takes: a conversation with its thread, and 100 rows."""

from __future__ import annotations

from typing import Final

from benchmarks import packages, report, servers
from benchmarks.comparing import Race
from benchmarks.contest import CONVERSATION, ROWS, SAME_ROWS, Contest, Contestant, contest

_LATENCY_MS: Final = 50
_LATE: Final = f"{CONVERSATION}, upstream at {_LATENCY_MS} ms"
_TIMES_A_ROUND: Final = {CONVERSATION: 40, ROWS: 10, SAME_ROWS: 40, _LATE: 8}
"""Fewer of what takes long anyhow: whole rows, and an upstream that lets wait."""
_BOUND_PLAIN: Final = 0.6
_BOUND_PLAIN_ROWS: Final = 1.0
_BOUND_BRIDGE_ROWS: Final = 0.3


def run(rounds: int) -> report.Section:
    """Alternate blocks of sequential work between the servers."""
    wall = {what: Race(what, servers.OURS) for what in _TIMES_A_ROUND}
    processor = {what: Race(f"{what}, processor time", servers.OURS) for what in _TIMES_A_ROUND}

    def block(contestant: Contestant, what: str) -> None:
        count = _TIMES_A_ROUND[what]
        before = contestant.server.processor_seconds()
        wall[what].add(contestant.name, contestant.server.time_work(contestant.work[_done(what)], count))
        processor[what].add(contestant.name, [(contestant.server.processor_seconds() - before) / count])

    with contest() as match:
        _warm_up(match)
        for _ in range(rounds):
            for what in _TIMES_A_ROUND:
                match.upstream.reset(_LATENCY_MS if what == _LATE else 0)
                for contestant in match.shuffled(_done(what)):
                    block(contestant, what)
        use = {
            (contestant.name, what): match.use(contestant, _done(what))
            for contestant in match.contestants
            for what in _TIMES_A_ROUND
        }
    header = ("call", "median", "ours ÷ this", "quartiles", "processor", "ours ÷ this", "upstream")
    rows = [
        (
            f"{what}: {name}",
            f"{race.middle(name) * 1000:.2f} ms",
            *race.cells(name),
            f"{processor[what].middle(name) * 1000:.2f} ms",
            processor[what].cells(name)[0],
            use[name, what],
        )
        for what, race in wall.items()
        for name in (contestant.name for contestant in match.contestants)
    ]
    return report.Section(
        name="calls",
        title="One call",
        method=f"One after the other over stdio, {rounds} rounds of "
        f"{', '.join(f'{count} ({what})' for what, count in _TIMES_A_ROUND.items())}; servers alternating in shuffled "
        "order on one fake upstream.",
        header=header,
        rows=[*rows, *report.absent_rows(match.absent, len(header))],
        bounds=[
            *report.beside(wall[CONVERSATION], servers.PLAIN, _BOUND_PLAIN),
            *report.beside(wall[SAME_ROWS], servers.PLAIN, _BOUND_PLAIN_ROWS),
            *report.beside(wall[ROWS], servers.BRIDGE, _BOUND_BRIDGE_ROWS),
        ],
        notes=[lost for race in wall.values() for lost in race.lost()],
        versions=packages.versions(),
    )


def _done(what: str) -> str:
    return CONVERSATION if what == _LATE else what


def _warm_up(match: Contest) -> None:
    for contestant in match.contestants:
        for what in (CONVERSATION, SAME_ROWS, ROWS):
            contestant.server.time_work(contestant.work[what], _TIMES_A_ROUND[what])


if __name__ == "__main__":
    asked = report.options(__doc__, rounds=15)
    report.finish(run(asked.rounds), asked)
