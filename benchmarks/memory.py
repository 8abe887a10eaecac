"""How much memory a server holds after 1,000 and after 10,000 calls."""

from __future__ import annotations

import sys
from typing import Final

from benchmarks import report, servers

_EARLY: Final = 1_000
_LATE: Final = 10_000
_STEP: Final = 500
_IN_FLIGHT: Final = 4
_FLAT_MIB: Final = 1.0
"""What "flat" allows: a few pages of the allocator's, a tenth of a kilobyte a call."""


def run(rounds: int) -> report.Section:
    """Give both servers the same calls in turns, half conversations and half pages of 100 rows."""
    names = (servers.PLAIN, servers.OURS)
    moments = ("idle", f"{_EARLY:,} calls", f"{_LATE:,} calls")
    resident: dict[str, dict[str, report.Rounds]] = {name: {moment: [] for moment in moments} for name in names}
    for _ in range(rounds):
        with servers.match() as contest:
            both = (contest.plain, contest.ours)
            for contestant in both:
                resident[contestant.name][moments[0]].append([_mebibytes(contestant)])
            for done in range(_STEP, _LATE + 1, _STEP):
                for contestant in both:
                    contestant.server.burst(contestant.get_conversation, _STEP // 2, _IN_FLIGHT)
                    contestant.server.burst(contestant.list_100, _STEP // 2, _IN_FLIGHT)
                    if done in {_EARLY, _LATE}:
                        moment = moments[1] if done == _EARLY else moments[2]
                        resident[contestant.name][moment].append([_mebibytes(contestant)])
    grown = {
        name: report.middle([[late[0] - early[0]] for early, late in zip(by[moments[1]], by[moments[2]], strict=True)])
        for name, by in resident.items()
    }
    return report.Section(
        name="memory",
        title="Memory",
        method=f"Resident memory, {rounds} rounds; half the calls read a conversation, half list 100 rows, "
        f"{_IN_FLIGHT} in flight. Idle is after one call of each kind.",
        header=("server", *moments, "grown between"),
        rows=[
            (
                name,
                *(f"{report.middle(resident[name][moment]):.1f} MiB" for moment in moments),
                f"{grown[name]:.1f} MiB",
            )
            for name in names
        ],
        bounds=[
            report.Bound(
                f"flat from call {_EARLY:,} to call {_LATE:,} (at most {_FLAT_MIB:g} MiB)",
                grown[servers.OURS],
                "at most",
                _FLAT_MIB,
            )
        ],
    )


def _mebibytes(contestant: servers.Contestant) -> float:
    return contestant.server.resident_bytes() / 2**20


if __name__ == "__main__":
    asked = report.options(__doc__, rounds=3)
    if sys.platform != "linux":
        sys.exit("Memory is read from /proc. Run this bench on Linux.")
    report.finish(run(asked.rounds), asked)
