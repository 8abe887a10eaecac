"""Thousands of sends under faults, each made again by another server: was any doubled, or said to be done and was not?

`python -m tests.faults.sends` makes ten thousand and prints what came of them; `--write` puts it into docs/safety.md.
"""

# ruff: noqa: T201 - it prints what came of it
from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any, Final, Self

import anyio

from benchmarks.client import ROOT
from benchmarks.report import made_with, table, write
from tests.faults.loopback import WRITING, Loopback, outcome_of
from tests.faults.mix import MIX, Dealer
from tests.support import Said
from unthread_mcp.api.client import RetryPolicy
from unthread_mcp.server import UnthreadServer

SCALE: Final = 10
"""How many times faster time passes here than in the defaults: a deadline of 30 s, and 20 s of silence."""
ROUND: Final = 100
"""Sends to one workspace before the next one is begun, so that threads stay short."""
SENDS_PER_SERVER: Final = 25
REPLIES: Final = 0.7
"""The share of replies; the rest are private notes."""
MOST_UNKNOWN: Final = 2.0
"""Percent of the sends, at a fault rate of 10 %."""
SAFETY_PAGE: Final = ROOT / "docs" / "safety.md"


async def _sleep(seconds: float) -> None:
    await asyncio.sleep(seconds / SCALE)


IN_A_HURRY: Final[dict[str, Any]] = {
    "deadline": 30 / SCALE,
    "retry": RetryPolicy(silence_timeout=20 / SCALE, connect_timeout=10 / SCALE),
    "sleep": _sleep,
}


@dataclass(slots=True)
class Tally:
    """What came of the sends."""

    sends: int = 0
    outcomes: Counter[str] = field(default_factory=Counter[str])
    again: Counter[str] = field(default_factory=Counter[str])
    """The outcomes of the same call made once more."""
    doubled: list[str] = field(default_factory=list[str])
    not_there: list[str] = field(default_factory=list[str])
    """Said to be done, or to have been done already, and not to be found."""
    there_all_the_same: list[str] = field(default_factory=list[str])
    """Said to be refused, and happened."""
    dealt: Counter[str] = field(default_factory=Counter[str])
    requests: int = 0
    by_fault: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """Of the sends whose own request met a fault: the outcome by fault."""

    def __iadd__(self, other: Tally) -> Self:
        """Take in what another process has found."""
        for name in ("sends", "outcomes", "again", "doubled", "not_there", "there_all_the_same", "dealt", "requests"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.by_fault += other.by_fault
        return self

    @property
    def share_unknown(self) -> float:
        """The share of sends that nobody could tell the fate of, in percent."""
        return 100 * self.outcomes["unknown"] / max(1, self.sends)


class Round:
    """One workspace, its upstream, and servers that come and go over one file of intents."""

    def __init__(self, state_file: Path, random: Random, rate: float, tally: Tally) -> None:
        self._loopback = Loopback(state_file, tools=WRITING)
        self._random = random
        self._dealer = Dealer(random, rate)
        self._tally = tally

    async def run(self, name: str, sends: int) -> None:
        """Make `sends` sends."""
        loopback = self._loopback
        await loopback.upstream.start()
        conversations = loopback.sandbox.database.execute(
            "SELECT c.id FROM conversations c WHERE c.sourceType = 'email'"
            " AND (SELECT count(*) FROM messages m WHERE m.conversationId = c.id) BETWEEN 1 AND 50 ORDER BY c.id"
        ).fetchall()
        servers = [self._new_server() for _ in range(2)]
        for number in range(sends):
            loopback.upstream.plan = self._dealer
            loopback.clock.forward(seconds=1)
            [conversation] = self._random.choice(conversations)
            if number % SENDS_PER_SERVER == 0:
                await loopback.end(servers.pop(0))
                servers.append(self._new_server())
            await self._send(servers, conversation, f"{name}, message {number}: we are looking into it.")
        self._tally.dealt += self._dealer.dealt
        self._tally.requests += len(loopback.upstream.ledger.requests)
        loopback.upstream.well()
        await loopback.upstream.be_there()
        await loopback.aclose()

    def _new_server(self) -> UnthreadServer:
        return self._loopback.new_server(client=IN_A_HURRY, sleep=_sleep)

    async def _send(self, servers: list[UnthreadServer], conversation: str, text: str) -> None:
        loopback, tally = self._loopback, self._tally
        [as_of] = loopback.sandbox.database.execute(
            "SELECT max(ts) FROM messages WHERE conversationId = ?", [conversation]
        ).fetchone()
        tool = "send_reply" if self._random.random() < REPLIES else "add_private_note"
        call: dict[str, str] = {"conversation": conversation, "as_of": as_of, "text": text}
        hits = len(self._dealer.hit_writes)
        outcome = self._judged(await loopback.call(servers[0], tool, **call), text)
        tally.sends += 1
        tally.outcomes[outcome] += 1
        if outcome == "refused" and self._there(text):
            tally.there_all_the_same.append(text)
        for fault in self._dealer.hit_writes[hits:]:
            tally.by_fault[fault.name, outcome] += 1
        if self._random.random() < 0.5:
            loopback.upstream.reveal()
        again = self._judged(await loopback.call(self._random.choice(servers), tool, **call), text)
        tally.again[f"{outcome}, then {again}"] += 1
        loopback.upstream.reveal()

    def _judged(self, said: Said, text: str) -> str:
        outcome, there = outcome_of(said), self._there(text)
        if there > 1:
            self._tally.doubled.append(f"{text} {said.text}")
        if outcome in {"done", "already_done"} and not there:
            self._tally.not_there.append(f"{text} {said.text}")
        return outcome

    def _there(self, text: str) -> int:
        database = self._loopback.sandbox.database
        return database.execute("SELECT count(*) FROM messages WHERE text = ?", [text]).fetchone()[0]


async def make(
    sends: int,
    *,
    rate: float,
    seed: int,
    start: int = 0,
    each: int = ROUND,
    at_once: int = 1,
    progress: bool = False,
) -> Tally:
    """Make `sends` sends at a fault rate of `rate` per request, `each` to a workspace, and in so many at once."""
    tally = Tally()
    rounds = iter(range(start, start + sends, each))
    with tempfile.TemporaryDirectory() as directory:

        async def work() -> None:
            for first in rounds:
                state_file = Path(directory, str(first), "intents.sqlite3")
                here = Round(state_file, Random(f"{seed} {first}"), rate, tally)
                await here.run(f"Round {first}", min(each, start + sends - first))
                if progress:
                    print(f"{tally.sends} sends, {dict(tally.outcomes)}", file=sys.stderr, flush=True)

        async with anyio.create_task_group() as workers:
            for _ in range(at_once):
                workers.start_soon(work)
    return tally


def _made_here(sends: int, rate: float, seed: int, start: int) -> Tally:
    return anyio.run(partial(make, sends, rate=rate, seed=seed, start=start, at_once=8, progress=True))


def made_in_processes(sends: int, *, rate: float, seed: int, processes: int) -> Tally:
    """The same, divided among some processes."""
    each = -(-sends // processes)
    tally = Tally()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        parts = [pool.submit(_made_here, each, rate, seed, number * each) for number in range(processes)]
        for part in parts:
            tally += part.result()
    return tally


def report(tally: Tally, rate: float, seed: int) -> str:
    """What came of the sends, as Markdown."""
    total = sum(tally.outcomes.values())
    summary = table(
        ("of the sends", "number"),
        [
            ("made", f"{tally.sends:,}"),
            ("done twice", str(len(tally.doubled))),
            ("said to be done and not there", str(len(tally.not_there))),
            ("said to be refused and there all the same", str(len(tally.there_all_the_same))),
            *(
                (f"`{name}`", f"{count:,} ({100 * count / total:.2f} %)")
                for name, count in tally.outcomes.most_common()
            ),
        ],
    )
    outcomes = ("done", "refused", "unknown")
    mix = table(
        ("fault", "when", "share of faults", *outcomes),
        [
            (fault.name, fault.phase, f"{fault.share} %", *(str(tally.by_fault[fault.name, each]) for each in outcomes))
            for fault in MIX
        ],
    )
    again = table(
        ("the call, and the same call again", "number"), [(k, f"{v:,}") for k, v in tally.again.most_common()]
    )
    return (
        f"`python -m tests.faults.sends --sends {tally.sends} --seed {seed}`, {made_with()}. "
        f"Of {tally.requests:,} requests {sum(tally.dealt.values()):,} met a fault; {rate:.0%} were meant to.\n\n"
        f"{summary}\n\nThe faults, and what was said of the sends whose own request met them:\n\n{mix}\n\n{again}\n"
    )


def main() -> int:
    """Make the sends, print what came of them, and end with 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sends", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=0.1, help="the probability of a fault, per request")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2, help="how many processes to divide them among")
    parser.add_argument("--write", action="store_true", help="put the result into docs/safety.md, too")
    asked = parser.parse_args()
    tally = made_in_processes(asked.sends, rate=asked.rate, seed=asked.seed, processes=asked.processes)
    text = report(tally, asked.rate, asked.seed)
    print(text)
    if asked.write:
        write("sends", text, SAFETY_PAGE)
    wrong = [*tally.doubled, *tally.not_there, *tally.there_all_the_same]
    print(*wrong, sep="\n", file=sys.stderr)
    return 1 if wrong or tally.share_unknown > MOST_UNKNOWN else 0


if __name__ == "__main__":
    sys.exit(main())
