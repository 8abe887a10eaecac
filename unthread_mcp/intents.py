"""Each create and send, remembered before its first byte leaves, so that nothing is done twice.

An intent is (workspace, what, conversation, `as_of`, text, files). Only its SHA-256 is kept, with small receipts and
times: never text. The memory is a dictionary and one SQLite file (`intents_file.py`), which also keeps several
processes apart and outlives a killed one.

A file that can't be used never stops a tool, not even at the beginning of a send: the dictionary goes on alone, without
trying the file again for five seconds, `problem` says so, and the log does once. Refusing to send would let a backup
that holds the file silence a whole desk; the look-back in the thread guards what another process or an earlier one
sent. Whatever the file lacks is written together with the next thing that it takes, and when the intents are closed:
until then `problem` stays.

Of what the file has as well, the memory (`intents_memory.py`) keeps the newest, so that a process doesn't grow for as
long as it runs.

Otherwise the file is right, whatever the clocks say: what was done earlier or later than something unresolved never
replaces it. An intent that was begun and never settled stays unresolved for ever: either its process died in between,
or it is still running somewhere. If two processes began the same without knowing of each other, it is in doubt until it
is seen to have happened.

Its methods are synchronous on purpose, though they run on the event loop: a transaction takes well under 2 ms
(measured: 0.1), and nothing can be cancelled between a decision and its commit. If another process holds the file, they
wait a quarter of a second, once in five.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar

from unthread_mcp.intents_file import FileUnusableError, IntentsFile, Record
from unthread_mcp.intents_memory import Records

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from unthread_mcp.intents_file import Rows

_T = TypeVar("_T")

Outcome: TypeAlias = Literal["done", "unknown"]

SAME_INTENT_SECONDS: Final = 600
"""Without `as_of`, the same text within this time of the first counts as the same intent."""

KEPT_SECONDS: Final = 30 * 24 * 3600
"""How long a done intent is remembered at least. Unresolved ones are never forgotten."""

MOST_REMEMBERED: Final = 4_000
"""Done intents older than `SAME_INTENT_SECONDS` that are kept in memory beside the file, some 300 bytes each."""

RETRY_SECONDS: Final = 5
"""How long a file that couldn't be used is left alone."""

_PRUNE_SECONDS: Final = 24 * 3600
_logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Intent:
    """Something that shall happen once: a message to one conversation, or the creation of an object.

    `what` names the kind of write, `conversation` the place (an id, or whatever a create belongs to), `as_of` the
    message after which it is meant, `files` the digests of its attachments.
    """

    what: str
    conversation: str
    as_of: str | None
    text: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """This call is the one that does it. `token` goes to `settle` or `forget`, and stands for all that was begun."""

    token: str


@dataclass(frozen=True, slots=True)
class Unresolved:
    """It was begun before and may have happened; `since` is when, in seconds since 1970."""

    since: float


@dataclass(frozen=True, slots=True)
class Resolved:
    """It was done before; `receipt` is what it left."""

    receipt: dict[str, str]


class _View:
    """What one call knows and changes. `known` asks the file or the memory; changes reach both together, afterwards."""

    def __init__(self, known: Callable[[bytes], Record | None]) -> None:
        self._known = known
        self.changes: dict[bytes, Record | None] = {}

    def read(self, key: bytes) -> Record | None:
        return self.changes[key] if key in self.changes else self._known(key)

    def write(self, key: bytes, record: Record | None) -> None:
        self.changes[key] = record


class Intents:
    """The intents of one workspace. `scope` names it (host and key's digest, say); without `path`, memory alone serves.

    `now` gives seconds since 1970. Safe to use from several threads; any number of processes may share the file.
    """

    def __init__(self, scope: str, path: Path | None, *, now: Callable[[], float] = time.time) -> None:
        self._scope = scope
        self._path = path
        self._file = IntentsFile(path) if path else None
        self._now = now
        self._memory = Records()
        self._lacking: set[bytes] = set()
        """Of what the memory holds or has let go of, what the file doesn't know yet."""
        self._over: set[tuple[bytes, str]] = set()
        """Of which intents which rounds have ended, though the file doesn't know it yet."""
        self._lock = threading.Lock()
        self._prune_at = 0.0
        self._let_go_at = 0
        """How many may be in memory before the oldest are looked for."""
        self._failed_at: float | None = None
        self._logged = False
        self._problem = "" if path else "No state file is set, so what was sent is forgotten when the process ends."

    @property
    def durable(self) -> bool:
        """Whether intents outlive this process, found out by opening the file for writing, now."""
        self._run(lambda _: None, at_once=True)
        return self._file is not None and not self._problem

    @property
    def problem(self) -> str:
        """Why the file lacks something or was not used the last time, in a sentence; empty if all is well."""
        return self._problem

    def begin(
        self,
        *once: Intent,
        again: Sequence[Intent] = (),
        another: Callable[[Mapping[str, str]], bool] = lambda _: False,
    ) -> Begun | Unresolved | Resolved:
        """Claim all of these, or none. Of any number of calls, in any number of processes, one gets `Begun`.

        What `once` names must not have been done, unless `another` says of its receipt that it belongs to another one
        of the same kind. What `again` names may have been done. Nothing may be unresolved.
        """
        # What is meant for good is newer than what goes with it, and so is let go of later.
        keys = {each: self._key(each) for each in (*again, *once)}

        def claim(view: _View) -> Begun | Unresolved | Resolved:
            known = {each: self._answer(each, view.read(key)) for each, key in keys.items()}
            for each in once:
                if (found := known[each]) and not (isinstance(found, Resolved) and another(found.receipt)):
                    return found
            for each in again:
                if isinstance(found := known[each], Unresolved):
                    return found
            now = self._now()
            begun = Record(secrets.token_hex(8), "begun", now, now, {})
            for key in keys.values():
                view.write(key, begun)
            return Begun(" ".join((begun.token, *(key.hex() for key in keys.values()))))

        return self._run(claim)

    def look(self, intent: Intent) -> Unresolved | Resolved | None:
        """What is known of `intent`, without claiming it; None if `begin` would be the first."""
        key = self._key(intent)
        return self._run(lambda view: self._answer(intent, view.read(key)))

    def settle(self, token: str, outcome: Outcome, receipt: Mapping[str, str]) -> None:
        """Record what became of what `begin` gave `token` for. "unknown" leaves it unresolved for ever.

        `receipt` holds ids and times, never text.
        """
        round_, keys = _begun_by(token)

        def record(view: _View) -> None:
            now, kept = self._now(), {**receipt}
            for key in keys:
                known = view.read(key)
                if known and known.token == round_ and (outcome == "done" or known.state != "done"):
                    view.write(key, known._replace(state=outcome, changed=now, receipt=kept))

        self._run(record)

    def resolve(self, intent: Intent, receipt: Mapping[str, str]) -> None:
        """Record that `intent` was found to have happened, whoever did it. What is done already keeps its receipt."""
        key = self._key(intent)

        def record(view: _View) -> None:
            known, now = view.read(key), self._now()
            if known and known.state != "done":
                view.write(key, known._replace(state="done", changed=now, receipt={**receipt}))
            elif not self._answer(intent, known):
                view.write(key, Record("", "done", now, now, {**receipt}))

        self._run(record)

    def forget(self, token: str) -> None:
        """Take back a `begin` whose write was refused: it did not happen and may be tried again."""
        round_, keys = _begun_by(token)

        def remove(view: _View) -> None:
            for key in keys:
                known = view.read(key)
                if known and known.token == round_ and known.state == "begun":
                    view.write(key, None)

        self._run(remove)

    def close(self) -> None:
        """Write what the file lacks, and close it. Using the intents again opens it again."""
        if self._lacking:
            self._run(lambda _: None, at_once=True)
        with self._lock:
            if self._lacking and self._file:
                _logger.warning(
                    "%s What it lacks (%d) is forgotten with this process.", self._problem, len(self._lacking)
                )
            if self._file:
                self._file.close()

    def _key(self, intent: Intent) -> bytes:
        """Hash `intent`, lengths with the parts, so that no part can pass for a piece of its neighbour."""
        as_of = () if intent.as_of is None else (intent.as_of,)
        parts = (self._scope, intent.what, intent.conversation, str(len(as_of)), *as_of, intent.text, *intent.files)
        digest = hashlib.sha256()
        for part in parts:
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
        return digest.digest()

    def _answer(self, intent: Intent, record: Record | None) -> Unresolved | Resolved | None:
        if record is None:
            return None
        if record.state != "done":
            return Unresolved(record.started)
        if intent.as_of is None and self._now() - record.started > SAME_INTENT_SECONDS:
            return None
        return Resolved(record.receipt)

    def _run(self, operation: Callable[[_View], _T], *, at_once: bool = False) -> _T:
        """Run `operation` in one transaction; on the memory alone where that fails, or failed a moment ago."""
        with self._lock:
            made: tuple[_View, _T] | None = None
            saved = False
            if self._file and (at_once or not self._rests()):
                try:
                    with self._file.transaction() as rows:
                        view = self._view_of(rows)
                        made = view, operation(view)
                        for key, record in view.changes.items():
                            rows.write(key, record)
                    saved = True
                except FileUnusableError as error:
                    self._failed_at = self._now()
                    self._problem = f"{self._path} can't be used, so what was sent is only remembered here: {error}."
            if made is None:
                self._prune(None)
                view = _View(self._memory.get)
                made = view, operation(view)
            view, result = made
            self._remember(view.changes)
            if saved or not self._file:
                self._nothing_lacks()
                self._let_go()
            elif view.changes:
                self._lacking |= view.changes.keys()
                if not self._logged:
                    _logger.warning("%s", self._problem)
                    self._logged = True
            return result

    def _rests(self) -> bool:
        """Whether the file failed a moment ago. A clock that was set back doesn't make it longer."""
        return self._failed_at is not None and 0 <= self._now() - self._failed_at < RETRY_SECONDS

    def _view_of(self, rows: Rows) -> _View:
        """The file as it is once it has what it lacks."""
        self._prune(rows)
        if rows.anew and self._memory:
            _logger.warning("%s is another file than before; what was sent from here is written to it.", self._path)
            self._lacking |= self._memory.keys()

        def known(key: bytes) -> Record | None:
            ours, stored = self._memory.get(key), rows.read(key)
            if stored is None:
                if ours:
                    view.write(key, ours)
                return ours
            # What another process has only begun, it may yet take back.
            if stored != ours and (stored.state != "begun" or (ours and ours.token == stored.token)):
                self._memory[key] = stored
            return stored

        view = _View(known)
        for key in self._lacking:
            view.write(key, self._merged(key, self._memory.get(key), rows.read(key)))
        return view

    def _merged(self, key: bytes, ours: Record | None, stored: Record | None) -> Record | None:
        """What is known, where the file lacks what became of it here. Nothing unresolved gives way to another round."""
        if stored and stored.state != "done" and (key, stored.token) in self._over:
            return ours
        if ours is None or stored is None:
            return ours or stored
        if ours.token == stored.token:
            return stored if stored.state == "done" else ours
        if ours.state == "done":
            return max(ours, stored, key=lambda each: (each.state != "done", each.started))
        return ours if stored.state == "done" else stored._replace(token="", state="unknown")

    def _remember(self, changes: Mapping[bytes, Record | None]) -> None:
        for key, record in changes.items():
            before = self._memory.pop(key)
            if record:
                self._memory[key] = record
            if before and before.state != "done" and (record is None or record.state == "done"):
                self._over.add((key, before.token))

    def _nothing_lacks(self) -> None:
        self._lacking.clear()
        self._over.clear()
        self._failed_at = None
        self._logged = False
        if self._file:
            self._problem = ""

    def _let_go(self) -> None:
        """Of what the file has as well, keep the newest that are done, and all that are recent or unresolved."""
        if not self._file or len(self._memory) <= self._let_go_at:
            return
        old = self._memory.done_before(self._now() - SAME_INTENT_SECONDS)
        for key in old[:-MOST_REMEMBERED]:
            del self._memory[key]
        # Not to be looked through again with each call, however many must stay.
        self._let_go_at = len(self._memory) + MOST_REMEMBERED // 4

    def _prune(self, rows: Rows | None) -> None:
        """Once a day, let go of what was done long ago."""
        now = self._now()
        if now < self._prune_at:
            return
        oldest = now - KEPT_SECONDS
        if rows:
            rows.prune(oldest)
        for key in self._memory.done_before(oldest):
            del self._memory[key]
        self._prune_at = now + _PRUNE_SECONDS


def _begun_by(token: str) -> tuple[str, list[bytes]]:
    """The round that a token stands for, and the keys that were begun in it."""
    round_, *keys = token.split()
    return round_, [bytes.fromhex(each) for each in keys]
