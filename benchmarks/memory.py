"""How much memory a server holds after 1,000 and after 10,000 calls."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from benchmarks import packages, report, servers
from benchmarks.comparing import Race
from benchmarks.contest import CONVERSATION, ROWS, Contestant, contest

_EARLY: Final = 1_000
_LATE: Final = 10_000
_STEP: Final = 500
_PAGES_A_STEP: Final = 50
"""Pages of 100 rows among a step's calls, each up to a megabyte; the rest reads conversations."""
_IN_FLIGHT: Final = 4
_AT_ONCE: Final = 2
"""Servers that work at the same time: memory, unlike time, doesn't depend on it."""
_FLAT_MIB: Final = 1.0
"""What "flat" allows: a few pages of the allocator's, a tenth of a kilobyte a call."""
_AGAIN: Final = tuple(peer for peer in servers.PEERS if peer.name in {servers.OURS, servers.PLAIN})
"""Measured in every round; the slow ones only in the first."""


def run(rounds: int) -> report.Section:
    """Give all servers the same calls."""
    moments = ("idle", f"{_EARLY:,} calls", f"{_LATE:,} calls")
    resident = {moment: Race(f"memory, {moment}", servers.OURS) for moment in moments}
    grown = Race("growth", servers.OURS)
    absent: dict[str, str] = {}
    for number in range(rounds):
        with contest(servers.PEERS if number == 0 else _AGAIN) as match, ThreadPoolExecutor(_AT_ONCE) as pool:
            absent |= match.absent
            for contestant, measured in zip(match.contestants, pool.map(_work_through, match.contestants), strict=True):
                for moment, mebibytes in zip(moments, measured, strict=True):
                    resident[moment].add(contestant.name, [mebibytes])
                grown.add(contestant.name, [measured[2] - measured[1]])
    header = ("server", *moments, "ours ÷ this", "grown between")
    rows = [
        (
            name,
            *(f"{race.middle(name):.1f} MiB" for race in resident.values()),
            resident[moments[2]].cells(name)[0],
            f"{grown.middle(name):.1f} MiB",
        )
        for name in grown.rounds
    ]
    return report.Section(
        name="memory",
        title="Memory",
        method=f"Resident memory of the server's processes, of which there is one each. Of {_STEP} calls, "
        f"{_STEP - _PAGES_A_STEP} read a conversation and {_PAGES_A_STEP} list 100 rows, {_IN_FLIGHT} in flight. Idle "
        f"is after one call of each kind. {rounds} rounds of {servers.OURS} and {servers.PLAIN}, one of the others.",
        header=header,
        rows=[*rows, *report.absent_rows(absent, len(header))],
        bounds=[
            report.Bound(
                f"flat from call {_EARLY:,} to call {_LATE:,} (at most {_FLAT_MIB:g} MiB)",
                grown.middle(servers.OURS),
                "at most",
                _FLAT_MIB,
            )
        ],
        notes=resident[moments[2]].lost(),
        versions=packages.versions(),
    )


def _work_through(contestant: Contestant) -> tuple[float, float, float]:
    """MiB when idle, after the early calls and after the late ones."""
    server = contestant.server

    def mebibytes() -> float:
        return server.resident_bytes() / 2**20

    def go_on(calls: int) -> None:
        for _ in range(0, calls, _STEP):
            server.burst(contestant.work[CONVERSATION], _STEP - _PAGES_A_STEP, _IN_FLIGHT)
            server.burst(contestant.work[ROWS], _PAGES_A_STEP, _IN_FLIGHT)

    idle = mebibytes()
    go_on(_EARLY)
    early = mebibytes()
    go_on(_LATE - _EARLY)
    return idle, early, mebibytes()


if __name__ == "__main__":
    asked = report.options(__doc__, rounds=2)
    if sys.platform != "linux":
        sys.exit("Memory is read from /proc. Run this bench on Linux.")
    report.finish(run(asked.rounds), asked)
