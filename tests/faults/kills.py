"""Servers killed at random moments within a send, each started again and called the same: was anything sent twice?

`python -m tests.faults.kills` kills five hundred and prints what came of them; `--write` puts it into docs/safety.md.
"""

# ruff: noqa: T201 - it prints what came of it
from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.client import ROOT
from benchmarks.report import made_with, table, write
from tests.api.misbehaving import KEY
from tests.faults.loopback import WRITING, Loopback, outcome_of
from tests.faults.processes import ServerProcess
from tests.faults.upstream import Behaviour, for_endpoints
from unthread_mcp.api.endpoints import CREATE_MESSAGE
from unthread_mcp.sandbox import Sandbox

SAFETY_PAGE: Final = ROOT / "docs" / "safety.md"
SLOW: Final = 0.02
"""Seconds at most that the upstream takes before a message takes effect, and again before it answers: time to be
killed in."""


MOMENTS: Final = (
    "1. before any request of the send",
    "2. after the thread was asked for",
    "3. after the message had left, before it was there",
    "4. after it was there, before its answer came",
    "5. after the tool had answered",
)


@dataclass(slots=True)
class Tally:
    """What came of the kills."""

    kills: int = 0
    moments: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """By the moment of the kill, what the same call said afterwards."""
    doubled: list[str] = field(default_factory=list[str])
    not_there: list[str] = field(default_factory=list[str])
    leaked: bool = False


class Killing:
    """One workspace, one file of intents, and one server after the other."""

    def __init__(self, loopback: Loopback, random: Random) -> None:
        self._loopback = loopback
        self._random = random
        self._took = 0.1
        """Seconds that a send takes, as measured."""
        rows = loopback.sandbox.database.execute(
            "SELECT c.id FROM conversations c WHERE c.sourceType IN ('email', 'slack')"
            " AND (SELECT count(*) FROM messages m WHERE m.conversationId = c.id) BETWEEN 1 AND 30"
        ).fetchall()
        self._conversations = [row[0] for row in rows]

    async def run(self, numbers: Iterator[int], tally: Tally, *, progress: bool = False) -> None:
        """Kill a server for each of `numbers`."""
        server = await ServerProcess.start(self._loopback)
        for number in numbers:
            server = await self._kill(server, f"Message {number}: we are looking into it.", tally)
            if progress and tally.kills % 20 == 0:
                print(f"{tally.kills} kills, {dict(tally.moments)}", file=sys.stderr, flush=True)
        await server.end()
        tally.leaked |= any(KEY in each for each in self._loopback.heard)

    async def _kill(self, server: ServerProcess, text: str, tally: Tally) -> ServerProcess:
        loopback, random = self._loopback, self._random
        await self._warm(server)
        call = self._call(text)
        later = random.random() < 0.1
        works, wait = random.uniform(0, SLOW), random.uniform(0, SLOW)
        does = Behaviour(works=works, wait=wait)
        if later:  # nobody says so, and the thread doesn't show it yet
            does = Behaviour(effect="later", works=works, wait=wait, cut=0, then="close")
        loopback.upstream.ledger.clear()
        loopback.upstream.plan = for_endpoints(CREATE_MESSAGE, does=does)
        _, answer = server.ask("send_reply", **call)
        await asyncio.wait([answer], timeout=random.uniform(0, self._took + SLOW))
        moment = self._moment(answered=answer.done())
        await server.end(signal.SIGKILL)
        loopback.upstream.well()
        fresh = await ServerProcess.start(loopback)
        again = outcome_of(await fresh.call("send_reply", **call))
        if again in {"done", "already_done"} and not self._there(text):
            tally.not_there.append(text)
        await loopback.upstream.settle()
        if self._there(text) > 1:
            tally.doubled.append(text)
        tally.kills += 1
        tally.moments[moment + (", the message comes later" if later else ""), again] += 1
        return fresh

    def _moment(self, *, answered: bool) -> str:
        """How far the send had come when the server was killed, by the ledger."""
        ledger = self._loopback.upstream.ledger
        if answered:
            return MOMENTS[4]
        if messages := ledger.sent_to(CREATE_MESSAGE):
            return MOMENTS[3] if messages[0].took_effect else MOMENTS[2]
        return MOMENTS[1] if ledger.requests else MOMENTS[0]

    async def _warm(self, server: ServerProcess) -> None:
        """Have the server send something, so that it has imported and connected, and see how long a send takes."""
        call = self._call(f"Warmed {self._random.random()}.")
        await server.call("send_reply", **call)
        began = asyncio.get_running_loop().time()
        await server.call("send_reply", **self._call(f"Measured {self._random.random()}."))
        self._took = 0.8 * self._took + 0.2 * (asyncio.get_running_loop().time() - began)

    def _call(self, text: str) -> dict[str, str]:
        """The arguments of a reply to one of the conversations as it stands."""
        conversation = self._random.choice(self._conversations)
        [as_of] = self._loopback.sandbox.database.execute(
            "SELECT max(ts) FROM messages WHERE conversationId = ?", [conversation]
        ).fetchone()
        return {"conversation": conversation, "as_of": as_of, "text": text}

    def _there(self, text: str) -> int:
        database = self._loopback.sandbox.database
        return database.execute("SELECT count(*) FROM messages WHERE text = ?", [text]).fetchone()[0]


async def kill(kills: int, *, seed: int, minutes: float = 60.0, at_once: int = 1, progress: bool = False) -> Tally:
    """Kill `kills` servers, or as many as the time allows, in so many workspaces at once."""
    tally, end = Tally(), time.monotonic() + 60 * minutes
    numbers = takewhile(lambda _: time.monotonic() < end, iter(range(kills)))
    with tempfile.TemporaryDirectory() as directory:

        async def work(worker: int) -> None:
            with Sandbox(key=KEY) as sandbox:
                state_file = Path(directory, str(worker), "intents.sqlite3")
                loopback = Loopback(state_file, sandbox=sandbox, tools=WRITING)
                await loopback.upstream.start()
                await Killing(loopback, Random(f"{seed} {worker}")).run(numbers, tally, progress=progress)
                await loopback.aclose()

        await asyncio.gather(*(work(worker) for worker in range(at_once)))
    return tally


def report(tally: Tally, seed: int) -> str:
    """What came of the kills, as Markdown."""
    said = ("done", "already_done", "unknown", "refused")
    rows = [
        (moment, *(f"{tally.moments[moment, each]:,}" for each in said))
        for moment in sorted({moment for moment, _ in tally.moments})
    ]
    return (
        f"`python -m tests.faults.kills --times {tally.kills} --seed {seed}`, {made_with()}. "
        f"{tally.kills:,} servers were killed (SIGKILL) at random moments within a send, each was started again on the "
        f"same file of intents and called the same. Messages sent twice: {len(tally.doubled)}. "
        f"Said to be done and not there: {len(tally.not_there)}. What the same call said after the kill:\n\n"
        f"{table(('killed', *(f'`{each}`' for each in said)), rows)}\n"
    )


def main() -> int:
    """Kill, print what came of it, and end with 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--times", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long it may take at most")
    parser.add_argument("--at-once", type=int, default=2, help="workspaces at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the result into docs/safety.md, too")
    asked = parser.parse_args()
    tally = asyncio.run(kill(asked.times, seed=asked.seed, minutes=asked.minutes, at_once=asked.at_once, progress=True))
    text = report(tally, asked.seed)
    print(text)
    if asked.write:
        write("kills", text, SAFETY_PAGE)
    return 1 if tally.doubled or tally.not_there or tally.leaked else 0


if __name__ == "__main__":
    sys.exit(main())
