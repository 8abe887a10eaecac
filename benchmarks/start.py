"""How long a server takes from launch to the answer of tools/list."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks import packages, report, servers
from benchmarks.client import Launch, Server, ServerError
from benchmarks.comparing import Race
from benchmarks.packages import CannotInstallError

_BOUND: Final = 0.9
_BY_LAUNCHER: Final = ", by uvx"


@dataclass(frozen=True, slots=True)
class Started:
    """What one start took: seconds on the clock and on the processor, memory then, and how many tools there are."""

    seconds: float
    processor: float
    mebibytes: float
    tools: int


@dataclass(frozen=True, slots=True)
class Starts:
    """The starts of servers that are launched alike, ours among them."""

    launches: dict[str, Launch]
    wall: Race
    processor: Race
    mebibytes: Race
    tools: dict[str, int] = field(default_factory=dict[str, int])
    absent: dict[str, str] = field(default_factory=dict[str, str])


def measure(launch: Launch) -> Started:
    """Start a server once."""
    with Server(launch) as server:
        tools = server.start()
        seconds = time.perf_counter() - server.launched_at
        return Started(seconds, server.processor_seconds(), server.resident_bytes() / 2**20, len(tools))


def prepare(launchers: Mapping[str, servers.Launcher], place: servers.Place, ours: str) -> Starts:
    """Start each once, unmeasured: that installs, compiles and fills caches."""
    starts = Starts(
        {}, Race("start", ours), Race("processor time of the start", ours), Race("memory after the start", ours)
    )
    for name, launcher in launchers.items():
        try:
            launch = launcher(place)
            online = tuple(word for word in launch.command if word != servers.OFFLINE)
            starts.tools[name] = measure(replace(launch, command=online)).tools
        except CannotInstallError as reason:
            starts.absent[name] = str(reason)
        except ServerError as failure:
            if name == servers.OURS:
                raise
            print(failure, file=sys.stderr)
            starts.absent[name] = "it did not start"
        else:
            starts.launches[name] = launch
    return starts


def run(rounds: int) -> report.Section:
    """Launch each server once a round, in shuffled order."""
    with TemporaryDirectory() as directory:
        # Nobody listens there: starting needs no network.
        place = servers.Place("http://127.0.0.1:9/api", Path(directory))
        directly = prepare(servers.DIRECTLY, place, servers.OURS)
        as_users_do = prepare(servers.AS_USERS_DO, place, servers.OURS + _BY_LAUNCHER)
        everyone = [(each, name) for each in (directly, as_users_do) for name in each.launches]
        for _ in range(rounds):
            for starts, name in random.sample(everyone, len(everyone)):
                started = measure(starts.launches[name])
                starts.wall.add(name, [started.seconds])
                starts.processor.add(name, [started.processor])
                starts.mebibytes.add(name, [started.mebibytes])
    header = ("server", "tools", "median", "ours ÷ this", "quartiles", "processor", "ours ÷ this", "memory")
    rows = [
        (
            name,
            str(starts.tools[name]),
            f"{starts.wall.middle(name) * 1000:,.0f} ms",
            *starts.wall.cells(name),
            f"{starts.processor.middle(name) * 1000:,.0f} ms",
            starts.processor.cells(name)[0],
            f"{starts.mebibytes.middle(name):.0f} MiB",
        )
        for starts, name in everyone
    ]
    absent = {**directly.absent, **as_users_do.absent}
    return report.Section(
        name="start",
        title="Start",
        method=f"From process launch to the answer of tools/list, {rounds} rounds, servers in shuffled order; "
        "processor time and memory until then, of all processes. Servers are started by their entry points, and by uvx "
        "or npx as hosts' configurations do, from warm caches and offline.",
        header=header,
        rows=[*rows, *report.absent_rows(absent, len(header))],
        bounds=report.beside(directly.wall, servers.HELLO, _BOUND),
        notes=[*directly.wall.lost(), *as_users_do.wall.lost()],
        versions=packages.versions(),
    )


if __name__ == "__main__":
    asked = report.options(__doc__, rounds=20)
    report.finish(run(asked.rounds), asked)
