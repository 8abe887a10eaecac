"""How long calls take beside an earlier commit of this project: ``python -m benchmarks.earlier COMMIT``.

Both versions run on the same interpreter, with the same packages and the same fake
upstream. What is compared is ordinary work that both can do, so it is no part of
``python -m benchmarks``: it needs the history, and a commit whose tools take these arguments.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tarfile
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import sample
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from benchmarks import canned, report, servers
from benchmarks.client import ROOT, Call, Launch, Server
from benchmarks.comparing import Race
from benchmarks.upstream import RunningUpstream

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_CALLS_A_BLOCK: Final = 12
_BOUND: Final = 1.05
_CONVERSATION: Final = 1
"""One that came by e-mail: replies and notes need nothing else there."""


@contextmanager
def package_at(commit: str) -> Generator[Path]:
    """A directory in which the package stands as it was at `commit`."""
    packed = subprocess.run(
        ["git", "archive", "--format=tar", commit, "unthread_mcp"], cwd=ROOT, stdout=subprocess.PIPE, check=True
    ).stdout
    with TemporaryDirectory() as directory, tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(directory, filter="data")
        yield Path(directory)


def version_in(directory: Path, name: str, place: servers.Place) -> Launch:
    """The server of the package that stands in `directory`. Raises `RuntimeError` if another one would start."""
    ours = servers.ours(place)
    # With -P the interpreter doesn't look into the working directory first, where this version stands.
    interpreter = (sys.executable, "-P")
    launch = Launch(name, (*interpreter, "-m", "unthread_mcp"), {**ours.env, "PYTHONPATH": str(directory)})
    told = subprocess.run(
        [*interpreter, "-c", "import unthread_mcp; print(unthread_mcp.__file__)"],
        env=launch.environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    if not Path(told.strip()).is_relative_to(directory):
        raise RuntimeError(f"{told.strip()} would be measured instead of {directory}")
    return launch


def ordinary_work(server: Server) -> dict[str, Callable[[], Call]]:
    """What an agent does all day, as makers of calls: no two writes are the same."""
    conversation = str(canned.conversations()[_CONVERSATION]["id"])
    read = Call("get_conversation", {"conversation": conversation})
    as_of = re.search(r"as_of=([\w.]*\w)", server.text(read))
    assert as_of, "get_conversation shows as_of"
    numbers = count(1)

    def writes(tool: str, **more: Any) -> Call:
        return Call(
            tool, {"conversation": conversation, "text": f"Here is the answer, number {next(numbers)}.", **more}
        )

    return {
        "get_conversation": lambda: read,
        "list_messages": lambda: Call("list_messages", {"conversation": conversation}),
        "search_conversations, 25 rows": lambda: Call("search_conversations", {"status": "open"}),
        "search_conversations, 100 rows": lambda: Call("search_conversations", {"limit": 100}),
        "list_tags": lambda: Call("list_tags", {}),
        "run_report, by customer": lambda: Call("run_report", {"metric": "totalCount", "dimensions": ["customerId"]}),
        "add_private_note": lambda: writes("add_private_note"),
        "send_reply": lambda: writes("send_reply", as_of=as_of[1]),
    }


def run(rounds: int, commit: str) -> report.Section:
    """Alternate blocks of each call between the two versions, in shuffled order."""
    before = f"{servers.OURS} at {commit}"
    wall: dict[str, Race] = {}
    processor: dict[str, Race] = {}
    with (
        package_at(commit) as earlier,
        TemporaryDirectory() as state_now,
        TemporaryDirectory() as state_then,
        RunningUpstream() as upstream,
        Server(version_in(ROOT, servers.OURS, servers.Place(upstream.url, Path(state_now)))) as now,
        Server(version_in(earlier, before, servers.Place(upstream.url, Path(state_then)))) as then,
    ):
        work: dict[str, dict[str, Callable[[], Call]]] = {}
        for server in (now, then):
            server.start()
            work[server.launch.name] = ordinary_work(server)
            for what, call in work[server.launch.name].items():  # warms up, unmeasured, and shows that it works
                first = server.text(call())
                assert not first.startswith("already_done"), first
                wall[what] = Race(what, servers.OURS)
                processor[what] = Race(f"{what}, processor time", servers.OURS)
        for _ in range(rounds):
            for what in sample(list(wall), len(wall)):
                for server in sample([now, then], 2):
                    name = server.launch.name
                    calls = [work[name][what]() for _ in range(_CALLS_A_BLOCK)]
                    used = server.processor_seconds()
                    wall[what].add(name, [seconds for call in calls for seconds in server.time_work((call,), 1)])
                    processor[what].add(name, [(server.processor_seconds() - used) / _CALLS_A_BLOCK])
    rows = [
        (
            what,
            f"{race.middle(before) * 1000:.2f} ms",
            f"{race.middle(servers.OURS) * 1000:.2f} ms",
            *race.cells(before),
            *processor[what].cells(before),
        )
        for what, race in wall.items()
    ]
    typical = median(race.ratio(before) for race in wall.values())
    worst = max(race.ratio(before) for race in processor.values())
    return report.Section(
        name="earlier",
        title="Beside an earlier commit",
        method=f"Both versions on the same interpreter, packages and fake upstream: sequential calls over stdio, "
        f"{rounds} rounds of blocks of {_CALLS_A_BLOCK}, versions alternating in shuffled order. Before is {commit}.",
        header=("call", "before", "now", "now ÷ before", "quartiles", "processor, now ÷ before", "quartiles"),
        rows=rows,
        bounds=[
            report.Bound(f"the median call: at most {_BOUND} × before", typical, "at most", _BOUND),
            report.Bound(f"every call, by processor time: at most {_BOUND} × before", worst, "at most", _BOUND),
        ],
    )


if __name__ == "__main__":
    asked = report.options(__doc__, rounds=30, argument="commit")
    report.finish(run(asked.rounds, asked.argument), asked)
