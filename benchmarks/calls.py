"""How long one call takes: a conversation with its thread, and 100 rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks import report, servers

if TYPE_CHECKING:
    from benchmarks.client import Call

_CALLS_A_ROUND: Final = 40
_LATE_CALLS_A_ROUND: Final = 8
"""At 50 ms upstream, where a call takes that long anyhow."""
_LATENCY_MS: Final = 50
_BOUND_GET: Final = 0.7
_BOUND_LIST: Final = 1.0


def run(rounds: int) -> report.Section:
    """Alternate blocks of sequential calls between the servers."""
    work = ("one conversation", "100 rows", f"one conversation, upstream at {_LATENCY_MS} ms")
    seconds: dict[str, dict[str, report.Rounds]] = {what: {servers.OURS: [], servers.PLAIN: []} for what in work}
    processor: dict[str, dict[str, float]] = {what: {servers.OURS: 0, servers.PLAIN: 0} for what in work}

    def block(contestant: servers.Contestant, what: str, call: Call, count: int) -> None:
        before = contestant.server.processor_seconds()
        seconds[what][contestant.name].append(contestant.server.time_calls(call, count))
        processor[what][contestant.name] += contestant.server.processor_seconds() - before

    with servers.match() as contest:
        for contestant in contest.shuffled():  # warms up, unmeasured
            contestant.server.time_calls(contestant.get_conversation, _CALLS_A_ROUND)
            contestant.server.time_calls(contestant.list_100, _CALLS_A_ROUND)
        for _ in range(rounds):
            contest.upstream.reset()
            for contestant in contest.shuffled():
                block(contestant, work[0], contestant.get_conversation, _CALLS_A_ROUND)
                block(contestant, work[1], contestant.list_100, _CALLS_A_ROUND)
            contest.upstream.reset(_LATENCY_MS)
            for contestant in contest.shuffled():
                block(contestant, work[2], contestant.get_conversation, _LATE_CALLS_A_ROUND)
        use = {
            contestant.name: servers.upstream_use(
                contest, contestant, [contestant.get_conversation, contestant.list_100]
            )
            for contestant in (contest.ours, contest.plain)
        }
    rows = [
        (
            f"{what}: {name}",
            f"{report.middle(seconds[what][name]) * 1000:.2f} ms",
            *report.ratio_cells(seconds[what], name, servers.PLAIN),
            f"{1000 * processor[what][name] / sum(map(len, seconds[what][name])):.2f} ms",
            use[name][work.index(what) % 2],
        )
        for what in work
        for name in (servers.PLAIN, servers.OURS)
    ]
    return report.Section(
        name="calls",
        title="One call",
        method=f"Sequential calls over stdio, {rounds} rounds of {_CALLS_A_ROUND} ({_LATE_CALLS_A_ROUND} at "
        f"{_LATENCY_MS} ms), servers alternating in shuffled order on one fake upstream.",
        header=("call", "median", "ratio", "quartiles", "processor", "upstream"),
        rows=rows,
        bounds=[
            report.Bound(
                f"one conversation: at most {_BOUND_GET} × the plain server",
                report.ratio(seconds[work[0]][servers.OURS], seconds[work[0]][servers.PLAIN]),
                "at most",
                _BOUND_GET,
            ),
            report.Bound(
                "100 rows: no slower than the plain server",
                report.ratio(seconds[work[1]][servers.OURS], seconds[work[1]][servers.PLAIN]),
                "at most",
                _BOUND_LIST,
            ),
        ],
    )


if __name__ == "__main__":
    asked = report.options(__doc__, rounds=15)
    report.finish(run(asked.rounds), asked)
