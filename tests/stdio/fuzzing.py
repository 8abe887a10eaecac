"""Broken frames by the hundred thousand, sent to servers; each answer is held against what was sent.

`python -m tests.stdio.fuzzing` goes on for ten minutes and prints what came of it; `--write` puts it into
docs/safety.md, too.
"""

# ruff: noqa: T201 - it prints what came of it
from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import IO, TYPE_CHECKING, Any, Final

from mcp.types import jsonrpc_message_adapter

from benchmarks.client import ROOT
from benchmarks.report import made_with, table, write
from tests.stdio.expected_answers import Account
from tests.stdio.mutations import Frames
from tests.stdio.raw_client import RawClient, call, handshake, legacy_call, served, workbench

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

SAFETY_PAGE: Final = ROOT / "docs" / "safety.md"
MOST_ROUNDS: Final = 1_000_000
_SETTLED_EVERY: Final = 50
"""Rounds after which all that was sent has to be answered."""

SERVERS: Final = {
    "the server, 2026-07-28": True,
    "the server, with a handshake": False,
    "tools of any kind, over threads": True,
}
"""Who is sent broken frames, and whether it is of the era without a handshake."""


@dataclass(slots=True)
class Tally:
    """What came of the frames for one server."""

    seed: int
    rounds: int = 0
    megabytes_sent: float = 0.0
    account: Account = field(default_factory=Account)
    answers: Counter[str] = field(default_factory=Counter[str])
    """By `a result`, `an error of a tool` or the error's code."""
    at_first: float = 0.0
    """Megabytes of memory after the first fifty rounds."""
    at_most: float = 0.0
    status: int | None = None
    crashes: int = 0
    """Tracebacks in the log."""


def _start(name: str, log: IO[bytes]) -> AbstractContextManager[RawClient]:
    if "threads" in name:
        return workbench("threads", stderr=log)
    environment = {
        "UNTHREAD_SANDBOX": "1",
        "UNTHREAD_STATE_FILE": "off",
        "UNTHREAD_ACCESS": "admin",
        "UNTHREAD_TOOLSETS": "all",
        "UNTHREAD_CONFIRM": "never",
    }
    return served("-m", "unthread_mcp", environment=environment, stderr=log)


class Fuzzing:
    """One server and its client."""

    def __init__(self, name: str, client: RawClient, tally: Tally, chance: Random) -> None:
        self._client = client
        self._tally = tally
        self._chance = chance
        self._modern = SERVERS[name]
        self._frames = Frames(chance, modern=self._modern)
        self._tool = ("echo", {"text": "x"}) if "threads" in name else ("list_tags", {"limit": 1})
        # The first request that can be read decides a connection's era.
        client.send(call("opening", *self._tool) if self._modern else handshake("opening"))
        client.frame()

    def go_on(self, seconds: float) -> None:
        """Send round after round, each with a call behind it that has to be answered well."""
        end = time.monotonic() + seconds
        tally = self._tally
        while time.monotonic() < end and tally.rounds < MOST_ROUNDS:
            tally.rounds += 1
            self._round(f"canary {tally.rounds}")
            if tally.rounds % _SETTLED_EVERY == 0:
                self._settle()

    def finish(self) -> None:
        """Close the input; what is at work must still be answered, and the server end well."""
        self._client.close_input()
        for line in self._client.lines.rest():
            self._heard(line)
        self._tally.status = self._client.wait()
        self._tally.account.settle()

    def _round(self, canary: str) -> None:
        sent = self._frames.at_the_limit() if self._chance.random() < 0.005 else self._frames.some()
        self._tally.account.sent(sent)
        self._tally.megabytes_sent += len(sent) / 1e6
        make = call if self._modern else legacy_call
        self._client.send(sent, b"\n", make(canary, *self._tool))
        while (answer := self._heard(self._client.lines.next())).get("id") != canary:
            pass
        assert not answer.get("result", {"isError": True}).get("isError"), f"{answer} after {sent[:5000]!r}"

    def _settle(self) -> None:
        account, tally = self._tally.account, self._tally
        while account.missing:
            self._heard(self._client.lines.next())
        account.settle()
        now = self._client.resident_megabytes()
        tally.at_first = tally.at_first or now
        tally.at_most = max(tally.at_most, now)

    def _heard(self, line: bytes) -> dict[str, Any]:
        assert line, f"the server has ended, with status {self._client.process.poll()}"
        jsonrpc_message_adapter.validate_json(line, by_name=False)
        frame = json.loads(line)
        if "method" in frame:
            return {}
        if not str(frame["id"]).startswith("canary "):
            self._tally.account.answered(frame["id"])
        if "error" in frame:
            self._tally.answers[str(frame["error"]["code"])] += 1
        else:
            self._tally.answers["an error of a tool" if frame["result"].get("isError") else "a result"] += 1
        return frame


def fuzz(name: str, *, seed: int, seconds: float) -> Tally:
    """Send broken frames to one of `SERVERS` for some seconds. Raises `AssertionError` with what to repeat."""
    tally = Tally(seed)
    with tempfile.TemporaryFile() as log:
        with _start(name, log) as client:
            fuzzing = Fuzzing(name, client, tally, Random(f"{seed} {name}"))
            try:
                fuzzing.go_on(seconds)
                fuzzing.finish()
            except BaseException as error:
                log.seek(0)
                said = log.read()[-3000:].decode(errors="replace")
                error.add_note(f"UNTHREAD_TEST_FUZZ_SEED={seed}, {name}, round {tally.rounds}; it said: {said}")
                raise
        log.seek(0)
        tally.crashes = log.read().count(b"Traceback (most recent call last)")
    return tally


def report(tallies: dict[str, Tally], seconds: float, seed: int) -> str:
    """What came of it, as Markdown."""
    rows = [
        (
            name,
            f"{each.account.lines:,}",
            f"{each.megabytes_sent:,.0f} MB",
            f"{each.answers.total():,}",
            f"{each.answers['a result']:,}",
            f"{each.answers['an error of a tool']:,}",
            f"{each.answers.total() - each.answers['a result'] - each.answers['an error of a tool']:,}",
            f"{each.at_first:.0f} → {each.at_most:.0f} MB",
        )
        for name, each in tallies.items()
    ]
    header = ("sent to", "lines", "bytes", "answers", "results", "tools' errors", "JSON-RPC errors", "memory")
    return (
        f"`python -m tests.stdio.fuzzing --seconds {seconds:.0f} --seed {seed}`, {made_with()}. "
        f"Requests with a readable id that were not answered exactly once: 0. Valid calls in between that were not "
        f"answered well: 0 of {sum(each.rounds for each in tallies.values()):,}. Lines on standard output that were "
        f"no frames: 0. Exceptions in the log: {sum(each.crashes for each in tallies.values())}.\n\n"
        f"{table(header, rows)}\n"
    )


def main() -> int:
    """Fuzz each server, print what came of it, and end with 1 if anything was not as it has to be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6)
    parser.add_argument("--write", action="store_true", help="put the result into docs/safety.md, too")
    asked = parser.parse_args()
    tallies = {name: fuzz(name, seed=asked.seed, seconds=asked.seconds / len(SERVERS)) for name in SERVERS}
    text = report(tallies, asked.seconds, asked.seed)
    print(text)
    for name, each in tallies.items():
        print(name, dict(each.answers), file=sys.stderr)
    if asked.write:
        write("frames", text, SAFETY_PAGE)
    return 1 if any(each.status or each.crashes for each in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
