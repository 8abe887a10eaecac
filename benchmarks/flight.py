"""How many calls a second with 1, 16, 64 and 256 in flight."""

from __future__ import annotations

from typing import Final

from benchmarks import report, servers

_IN_FLIGHT: Final = (1, 16, 64, 256)
_LATENCIES_MS: Final = (0, 50)
_CALLS: Final = 512
_LATE_SINGLE_CALLS: Final = 32
"""One at a time at 50 ms takes that long anyhow."""
_BOUND: Final = 2.0


def run(rounds: int) -> report.Section:
    """Alternate bursts of `get_conversation` between the servers."""
    levels = [(latency, in_flight) for latency in _LATENCIES_MS for in_flight in _IN_FLIGHT]
    speed: dict[tuple[int, int], dict[str, report.Rounds]] = {
        level: {servers.OURS: [], servers.PLAIN: []} for level in levels
    }
    processor = {level: {servers.OURS: 0.0, servers.PLAIN: 0.0} for level in levels}
    errors = {level: {servers.OURS: 0, servers.PLAIN: 0} for level in levels}
    with servers.match() as contest:
        for latency, in_flight in [*levels] * rounds:
            contest.upstream.reset(latency)
            count = _LATE_SINGLE_CALLS if latency and in_flight == 1 else _CALLS
            for contestant in contest.shuffled():
                before = contestant.server.processor_seconds()
                burst = contestant.server.burst(contestant.get_conversation, count, in_flight)
                used = contestant.server.processor_seconds() - before
                processor[latency, in_flight][contestant.name] += used / burst.calls / rounds
                speed[latency, in_flight][contestant.name].append([burst.per_second])
                errors[latency, in_flight][contestant.name] += burst.errors
    rows = [
        (
            f"{in_flight} in flight, upstream at {latency} ms",
            f"{report.middle(found[servers.PLAIN]):,.0f}",
            f"{report.middle(found[servers.OURS]):,.0f}",
            *report.ratio_cells(found, servers.OURS, servers.PLAIN),
            *(f"{processor[latency, in_flight][name] * 1000:.2f} ms" for name in (servers.PLAIN, servers.OURS)),
            *(str(errors[latency, in_flight][name]) for name in (servers.PLAIN, servers.OURS)),
        )
        for (latency, in_flight), found in speed.items()
    ]
    busiest = speed[0, _IN_FLIGHT[-1]]
    return report.Section(
        name="flight",
        title="Many calls at once",
        method=f"Calls of get_conversation a second, {rounds} rounds of {_CALLS} calls a level, servers alternating "
        f"in shuffled order on one fake upstream; processor time is a call's. *plain* is the {servers.PLAIN}.",
        header=("level", "plain", "ours", "ratio", "quartiles", "plain's processor", "ours", "plain's errors", "ours"),
        rows=rows,
        bounds=[
            report.Bound(
                f"256 in flight: at least {_BOUND:g} × the plain server's calls a second",
                report.ratio(busiest[servers.OURS], busiest[servers.PLAIN]),
                "at least",
                _BOUND,
            ),
            report.Bound("no errors", sum(by_name[servers.OURS] for by_name in errors.values()), "at most", 0),
        ],
    )


if __name__ == "__main__":
    asked = report.options(__doc__, rounds=5)
    report.finish(run(asked.rounds), asked)
