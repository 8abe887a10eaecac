"""How long a server takes from launch to the answer of tools/list."""

from __future__ import annotations

import random
import time
from tempfile import TemporaryDirectory

from benchmarks import report, servers
from benchmarks.client import Launch, Server

_BOUND = 0.97


def measure(launch: Launch) -> tuple[float, float, int]:
    """Seconds to the answer of tools/list on the clock and on the processor, and the tools listed."""
    with Server(launch) as server:
        tools = server.start()
        seconds = time.perf_counter() - server.launched_at
        return seconds, server.processor_seconds(), len(tools)


def run(rounds: int) -> report.Section:
    """Launch each server once a round, in shuffled order."""
    with TemporaryDirectory() as directory:
        # Nobody listens there: starting needs no network.
        url = "http://127.0.0.1:9/api"
        launches = [servers.ours(url, directory), servers.hello(), servers.plain(url)]
        tools = {launch.name: measure(launch)[2] for launch in launches}  # compiles and caches, unmeasured
        wall: dict[str, report.Rounds] = {launch.name: [] for launch in launches}
        processor: dict[str, report.Rounds] = {launch.name: [] for launch in launches}
        for _ in range(rounds):
            for launch in random.sample(launches, len(launches)):
                seconds, used, _ = measure(launch)
                wall[launch.name].append([seconds])
                processor[launch.name].append([used])
    rows = [
        (
            name,
            str(tools[name]),
            f"{report.middle(wall[name]) * 1000:,.0f} ms",
            *report.ratio_cells(wall, name, servers.HELLO),
            f"{report.middle(processor[name]) * 1000:,.0f} ms",
            report.ratio_cells(processor, name, servers.HELLO)[0],
        )
        for name in (servers.HELLO, servers.PLAIN, servers.OURS)
    ]
    return report.Section(
        name="start",
        title="Start",
        method=f"From process launch to the answer of tools/list, {rounds} rounds, servers in shuffled order; "
        "processor time until then, of all threads.",
        header=("server", "tools", "median", "ratio", "quartiles", "processor", "ratio"),
        rows=rows,
        bounds=[
            report.Bound(
                f"at most {_BOUND} × a hello-world server",
                report.ratio(wall[servers.OURS], wall[servers.HELLO]),
                "at most",
                _BOUND,
            )
        ],
    )


if __name__ == "__main__":
    asked = report.options(__doc__, rounds=25)
    report.finish(run(asked.rounds), asked)
