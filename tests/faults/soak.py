"""A server at work for an hour, under faults: does it take more and more of anything?

`python -m tests.faults.soak` works for an hour, the first tenth of which is its warm-up, and prints what came of it;
`--write` puts it into docs/safety.md. Linux only, for its /proc.
"""

# ruff: noqa: T201 - it prints what came of it
from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.client import ROOT
from benchmarks.report import write
from tests.api.misbehaving import KEY
from tests.faults.loopback import Loopback, outcome_of
from tests.faults.mix import WORSE, Dealer
from tests.faults.processes import Gone, Rejected, ServerProcess
from tests.faults.soak_tally import AT_ONCE, MOST_GROWN, MOST_HELD, WRITES, Tally, report
from tests.faults.upstream import Behaviour, Received
from tests.faults.vitals import Patient
from tests.faults.work import SHARES, Asked, Work
from tests.leaks import leaks
from tests.support import Said
from tests.tools.examples import DOWNLOADS, EVERYTHING
from unthread_mcp.sandbox import Sandbox

SAFETY_PAGE: Final = ROOT / "docs" / "safety.md"
RATE: Final = 0.1
"""The probability of a fault, per request to the upstream."""
PER_SECOND: Final = 60
"""Calls at most. With hanging requests and quiet moments among them, it comes to about half."""
PATIENCE: Final = 120.0
"""Seconds: a call may take several requests' deadlines of 30."""
LONGEST_FAULT: Final = 32.0
"""Seconds that a hanging request takes: the client's deadline. None begins so shortly before a quiet moment."""
QUIET_WITHIN: Final = 60.0
"""Seconds within which everything must have come to rest."""
END_WITHIN: Final = 2.0
"""Seconds after the end of input in which an idle server is gone."""


class Soak:
    """One server, at work in rounds, with a quiet moment after each."""

    def __init__(self, loopback: Loopback, server: ServerProcess, patient: Patient, work: Work, seed: str) -> None:
        self._loopback = loopback
        self._server = server
        self._patient = patient
        self._work = work
        random = Random(seed)
        self._dealer = Dealer(random, RATE, WORSE)
        self._brief_dealer = Dealer(random, RATE, [each for each in WORSE if not _takes_long(each.does)])
        self._round_ends = 0.0
        self._said: defaultdict[str, list[str]] = defaultdict(list)
        """Of this round's messages, by text: what was said of them."""
        self._untouched = Sandbox(seeded=False, key=KEY)
        loopback.sandbox.database.backup(self._untouched.database)
        self.tally = Tally()

    async def run(self, rounds: int, *, seconds: float, calls: int | None = None, progress: bool = False) -> None:
        """Work: each round is so many seconds or calls long, whichever is over first."""
        for kind in SHARES:  # everything that is opened or imported once, is
            await self._do(self._work.of(kind))
        sampling = asyncio.create_task(self._sample(max(0.2, min(5.0, rounds * seconds / 60))))
        for number in range(rounds):
            self._round_ends = time.monotonic() + seconds
            self._loopback.upstream.plan = self._plan
            drawn = self._draw(calls)
            await asyncio.gather(*(self._keep_working(drawn) for _ in range(AT_ONCE)))
            await self._come_to_rest()
            if progress:
                print(f"{number + 1}: {self.tally.quiet[-1]}, broken: {self.tally.broken}", file=sys.stderr, flush=True)
            self._check()
        sampling.cancel()
        phases = {fault.name: fault.phase for fault in WORSE}
        for name, times in (self._dealer.dealt + self._brief_dealer.dealt).items():
            self.tally.dealt[phases[name]] += times
        await self._end()
        self.tally.judge()
        self._untouched.close()

    def _plan(self, received: Received) -> Behaviour:
        is_time = time.monotonic() < self._round_ends - LONGEST_FAULT
        return (self._dealer if is_time else self._brief_dealer)(received)

    def _draw(self, calls: int | None) -> Iterator[Asked]:
        while time.monotonic() < self._round_ends and calls != 0:
            calls = None if calls is None else calls - 1
            yield self._work.draw()

    async def _keep_working(self, drawn: Iterator[Asked]) -> None:
        loop = asyncio.get_running_loop()
        for asked in drawn:
            next_at = loop.time() + AT_ONCE / PER_SECOND
            await self._do(asked)
            if asked.text and hash(asked.text) % 3 == 0:
                await self._do(asked)
            await asyncio.sleep(next_at - loop.time())

    async def _do(self, asked: Asked) -> None:
        number, answer = self._server.expect(nameless=asked.is_nameless)
        self._server.send(asked.line(number))
        await self._server.sent()
        outcome = await self._outcome(asked, number, answer)
        self.tally.outcomes[asked.kind, outcome] += 1
        if asked.text:
            self._said[asked.text].append(outcome)

    async def _outcome(self, asked: Asked, number: int, answer: asyncio.Future[Said]) -> str:
        if asked.cancel_after is not None:
            await asyncio.wait([answer], timeout=asked.cancel_after)
            if not answer.done():
                self._server.cancel(number)
                return "cancelled"
        try:
            said = await asyncio.wait_for(answer, PATIENCE)
        except Rejected:
            return "error"
        except (TimeoutError, Gone):
            self.tally.broken.append(f"no answer to {asked.line(number)[:200]!r}")
            return "not answered"
        if "inside this server" in said.text:
            self.tally.broken.append(f"crashed: {asked.line(number)[:200]!r}")
        if (first := outcome_of(said)) in WRITES:
            return first
        return "refused" if said.failed else "answered"

    async def _come_to_rest(self) -> None:
        """Let everything end, connections that are kept for a while included, and look at what is left."""
        upstream = self._loopback.upstream
        upstream.well()
        await upstream.be_there()
        await upstream.settle()
        upstream.reveal()
        if not await upstream.raw.all_closed(QUIET_WITHIN):
            self.tally.broken.append("a connection was left open")
        await self._patient.next_beat()
        self.tally.quiet.append(self._patient.look(self.tally.calls))

    def _check(self) -> None:
        """Hold what was said in this round against what is there, and put the workspace back as it was."""
        loopback, tally = self._loopback, self.tally
        heard = "\n".join(loopback.heard)
        loopback.heard.clear()
        tally.broken.extend(f"the key in {form}" for form in leaks(KEY, heard))
        if "Traceback" in heard:
            tally.broken.append(f"a crash: {heard[heard.index('Traceback') :][:2000]}")
        database = loopback.sandbox.database
        for text, outcomes in self._said.items():
            [there] = database.execute(
                "SELECT (SELECT count(*) FROM messages WHERE text = ?1)"
                " + (SELECT count(*) FROM triage_messages WHERE text = ?1)"
                " + (SELECT count(*) FROM articles WHERE title = ?1)",
                [text],
            ).fetchone()
            if there > 1:
                tally.broken.append(f"{there} times: {text} {outcomes}")
            if not there and {"done", "already_done"} & {*outcomes}:
                tally.broken.append(f"said and not there: {text} {outcomes}")
            if there and {*outcomes} == {"refused"}:
                tally.broken.append(f"refused and there: {text}")
        tally.texts += len(self._said)
        self._said.clear()
        ledger = loopback.upstream.ledger
        tally.broken.extend(f"done twice: {each}" for each in ledger.doubled())
        tally.requests += len(ledger.requests)
        ledger.clear()
        self._untouched.database.backup(database)
        for file in Path(DOWNLOADS).iterdir():
            file.unlink()

    async def _sample(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            self.tally.samples.append(self._patient.look(self.tally.calls))

    async def _end(self) -> None:
        tally = self.tally
        if (said := await self._server.call("list_tags")).failed:
            tally.broken.append(f"at the end: {said.text}")
        began = time.monotonic()
        status = await self._server.close_input()
        tally.ended_after = time.monotonic() - began
        if status or tally.ended_after > END_WITHIN:
            tally.broken.append(f"ended with status {status} after {tally.ended_after:.1f} s")
        tally.broken.extend(f"the key in {form}" for form in leaks(KEY, "\n".join(self._loopback.heard)))


def _takes_long(does: Behaviour) -> bool:
    return does.then == "hang" or does.per_byte > 0


async def soak(rounds: int, *, seconds: float, seed: int, calls: int | None = None, progress: bool = False) -> Tally:
    """Have a server work for some rounds of so many seconds, or calls, and watch it."""
    with tempfile.TemporaryDirectory() as directory, Sandbox(key=KEY) as sandbox:
        tasks_file = Path(directory, "tasks")
        loopback = Loopback(Path(directory, "intents.sqlite3"), sandbox=sandbox, tools="all")
        await loopback.upstream.start()
        # Of CPython's own arenas of 1 MiB, one object keeps the whole: what is held would not show.
        environment = {**EVERYTHING, "UNTHREAD_LOG_LEVEL": "DEBUG", "PYTHONMALLOC": "malloc"}
        server = await ServerProcess.start(loopback, "tests.faults.watched", str(tasks_file), **environment)
        try:
            work = await Work.at(sandbox, Random(f"{seed} work"))
            patient = Patient(server.pid, tasks_file)
            here = Soak(loopback, server, patient, work, f"{seed} faults")
            await here.run(rounds, seconds=seconds, calls=calls, progress=progress)
        finally:
            await server.end(signal.SIGKILL)
            await loopback.aclose()
    return here.tally


def main() -> int:
    """Work, print what came of it, and end with 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the result into docs/safety.md, too")
    asked = parser.parse_args()
    os.nice(10)
    tally = asyncio.run(soak(asked.minutes // 2, seconds=120.0, seed=asked.seed, progress=True))
    text = report(tally, asked.minutes, asked.seed)
    print(text)
    if asked.write:
        write("soak", text, SAFETY_PAGE)
    print(*tally.broken, sep="\n", file=sys.stderr)
    return 1 if tally.broken or tally.grown > MOST_GROWN or tally.held_grown > MOST_HELD else 0


if __name__ == "__main__":
    sys.exit(main())
