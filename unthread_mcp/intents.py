"""Each create and send, remembered before its first byte leaves, so that nothing is done twice.

An intent is (workspace, what, conversation, `as_of`, text, files). Only its SHA-256 is kept, with small receipts and
times: never text. The memory is a dictionary and one SQLite file, which also keeps several processes apart and outlives
a killed one. A file that can't be used never stops a tool: the dictionary goes on alone, and `problem` says so.

Its methods are synchronous on purpose, though they run on the event loop: two statements and a commit take well under
2 ms (measured: 0.1), and nothing can be cancelled between a decision and its commit. If another process holds the
file, they wait a second at most.

The file is in WAL mode, unless its file system can't do that, with `synchronous=NORMAL`. A commit is with the operating
system before `begin` returns, so it survives SIGKILL at any moment. Only a power cut can take the last ones, and then
the look-back in the thread is what is left; waiting for the disk each time would stop every other call for it (measured
under load: 8 ms, at times 100). An intent that was begun and never settled stays unresolved for ever: either its
process died in between, or it is still running somewhere.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias, TypeVar

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

_T = TypeVar("_T")

Outcome: TypeAlias = Literal["done", "unknown"]
_State: TypeAlias = Literal["begun", "unknown", "done"]

SAME_INTENT_SECONDS: Final = 600
"""Without `as_of`, the same text within this time of the first counts as the same intent."""

KEPT_SECONDS: Final = 30 * 24 * 3600
"""How long a done intent is remembered at least. Unresolved ones are never forgotten."""

_STATES: Final[dict[str, _State]] = {"begun": "begun", "done": "done"}  # what isn't surely one of these is unknown
_BUSY_SECONDS: Final = 1.0
_PRUNE_SECONDS: Final = 24 * 3600
_SCHEMA_VERSION: Final = 1
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS intents (key BLOB PRIMARY KEY, token TEXT NOT NULL, state TEXT NOT NULL,"
    " started REAL NOT NULL, changed REAL NOT NULL, receipt TEXT NOT NULL) WITHOUT ROWID"
)


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
    """This call is the one that does it. `token` goes to `settle` or `forget`."""

    token: str


@dataclass(frozen=True, slots=True)
class Unresolved:
    """It was begun before and may have happened; `since` is when, in seconds since 1970."""

    since: float


@dataclass(frozen=True, slots=True)
class Resolved:
    """It was done before; `receipt` is what it left."""

    receipt: dict[str, str]


class _Record(NamedTuple):
    token: str
    state: _State
    started: float
    changed: float
    receipt: dict[str, str]


class Intents:
    """The intents of one workspace. `scope` names it (host and key's digest, say); without `path`, memory alone serves.

    `now` gives seconds since 1970. Safe to use from several threads; any number of processes may share the file.
    """

    def __init__(self, scope: str, path: Path | None, *, now: Callable[[], float] = time.time) -> None:
        self._scope = scope
        self._path = path
        self._now = now
        self._memory: dict[bytes, _Record] = {}
        self._database: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self._prune_at = 0.0
        self._problem = "" if path else "No state file is set, so what was sent is forgotten when the process ends."

    @property
    def durable(self) -> bool:
        """Whether intents outlive this process, found out by opening the file for writing."""
        return self._run(b"", lambda database: database is not None)

    @property
    def problem(self) -> str:
        """Why the file was not used the last time, in a sentence; empty if it was, or wasn't needed yet."""
        return self._problem

    def begin(self, intent: Intent, *, repeat: bool = False) -> Begun | Unresolved | Resolved:
        """Claim `intent`. Of any number of calls, in any number of processes, exactly one gets `Begun`.

        With `repeat`, one that was done may be begun anew; an unresolved one never.
        """
        key = self._key(intent)

        def claim(database: sqlite3.Connection | None) -> Begun | Unresolved | Resolved:
            known = self._answer(intent, self._read(database, key))
            if known and not (repeat and isinstance(known, Resolved)):
                return known
            token, now = f"{key.hex()}:{secrets.token_hex(8)}", self._now()
            self._write(database, key, _Record(token, "begun", now, now, {}))
            return Begun(token)

        return self._run(key, claim)

    def look(self, intent: Intent) -> Unresolved | Resolved | None:
        """What is known of `intent`, without claiming it; None if `begin` would be the first."""
        key = self._key(intent)
        return self._run(key, lambda database: self._answer(intent, self._read(database, key)))

    def settle(self, token: str, outcome: Outcome, receipt: Mapping[str, str]) -> None:
        """Record what became of the intent that `begin` gave `token` for. "unknown" leaves it unresolved for ever.

        `receipt` holds ids and times, never text.
        """
        key = _key_of(token)

        def record(database: sqlite3.Connection | None) -> None:
            known = self._read(database, key)
            if known and known.token == token and (outcome == "done" or known.state != "done"):
                self._write(database, key, known._replace(state=outcome, changed=self._now(), receipt={**receipt}))

        self._run(key, record)

    def resolve(self, intent: Intent, receipt: Mapping[str, str]) -> None:
        """Record that `intent` was found to have happened, whoever did it. What is done already keeps its receipt."""
        key = self._key(intent)

        def record(database: sqlite3.Connection | None) -> None:
            known, now = self._read(database, key), self._now()
            if known and known.state != "done":
                self._write(database, key, known._replace(state="done", changed=now, receipt={**receipt}))
            elif not self._answer(intent, known):
                self._write(database, key, _Record("", "done", now, now, {**receipt}))

        self._run(key, record)

    def forget(self, token: str) -> None:
        """Take back a `begin` whose write was refused: it did not happen and may be tried again."""
        key = _key_of(token)

        def remove(database: sqlite3.Connection | None) -> None:
            known = self._read(database, key)
            if known and known.token == token and known.state == "begun":
                self._memory.pop(key, None)
                if database:
                    database.execute("DELETE FROM intents WHERE key = ?", (key,))

        self._run(key, remove)

    def close(self) -> None:
        """Close the file. Using the intents again opens it again."""
        with self._lock:
            self._disconnect()

    def _key(self, intent: Intent) -> bytes:
        """Hash `intent`, lengths with the parts, so that no part can pass for a piece of its neighbour."""
        as_of = () if intent.as_of is None else (intent.as_of,)
        parts = (self._scope, intent.what, intent.conversation, str(len(as_of)), *as_of, intent.text, *intent.files)
        digest = hashlib.sha256()
        for part in parts:
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
        return digest.digest()

    def _answer(self, intent: Intent, record: _Record | None) -> Unresolved | Resolved | None:
        if record is None:
            return None
        if record.state != "done":
            return Unresolved(record.started)
        if intent.as_of is None and self._now() - record.started > SAME_INTENT_SECONDS:
            return None
        return Resolved(record.receipt)

    def _read(self, database: sqlite3.Connection | None, key: bytes) -> _Record | None:
        """The newest that file and memory know of `key`. Memory is ahead of a file that couldn't be written."""
        known = self._memory.get(key)
        if not database:
            return known
        rows = "SELECT token, state, started, changed, receipt FROM intents WHERE key = ?"
        stored = _record(database.execute(rows, (key,)).fetchone())
        if known and (stored is None or (known.started, known.changed) > (stored.started, stored.changed)):
            self._write(database, key, known)
            return known
        return stored

    def _write(self, database: sqlite3.Connection | None, key: bytes, record: _Record) -> None:
        self._memory[key] = record
        if database:
            row = (key, *record[:4], json.dumps(record.receipt))
            database.execute("INSERT OR REPLACE INTO intents VALUES (?, ?, ?, ?, ?, ?)", row)

    def _run(self, key: bytes, operation: Callable[[sqlite3.Connection | None], _T]) -> _T:
        """Run `operation`, which concerns `key` alone, in one transaction; without the file where that fails."""
        with self._lock:
            before = self._memory.get(key)
            if self._path:
                import sqlite3  # noqa: PLC0415 - costs start-up time, and many processes never write

                try:
                    self._database = self._database or _open(self._path)
                    with self._database as database:
                        database.execute("BEGIN IMMEDIATE")
                        self._prune(database)
                        result = operation(database)
                except (sqlite3.Error, OSError, ValueError) as error:
                    self._problem = f"{self._path} can't be used, so what was sent is only remembered here: {error}."
                    self._disconnect()
                    # The transaction is undone; so is what it left in memory.
                    self._memory.pop(key, None)
                    if before:
                        self._memory[key] = before
                else:
                    self._problem = ""
                    return result
            self._prune(None)
            return operation(None)

    def _prune(self, database: sqlite3.Connection | None) -> None:
        """Once a day, let go of what was done long ago."""
        now = self._now()
        if now < self._prune_at:
            return
        oldest = now - KEPT_SECONDS
        if database:
            database.execute("DELETE FROM intents WHERE state = 'done' AND changed < ?", (oldest,))
        self._memory = {
            k: record for k, record in self._memory.items() if record.state != "done" or record.changed >= oldest
        }
        self._prune_at = now + _PRUNE_SECONDS

    def _disconnect(self) -> None:
        if self._database:
            self._database.close()
            self._database = None


def default_state_file(environment: Mapping[str, str], platform: str) -> Path | None:
    """Where the intents of this user stand, by the platform's custom; None if no home directory is known.

    `platform` is `sys.platform`. On Linux and its kin the XDG Base Directory specification counts: a relative
    `XDG_STATE_HOME` is ignored.
    """
    if platform == "win32":
        local, home = environment.get("LOCALAPPDATA"), environment.get("USERPROFILE")
        base = Path(local) if local else Path(home, "AppData", "Local") if home else None
    elif platform == "darwin":
        home = environment.get("HOME")
        base = Path(home, "Library", "Application Support") if home else None
    else:
        state, home = environment.get("XDG_STATE_HOME", ""), environment.get("HOME")
        base = Path(state) if state.startswith("/") else Path(home, ".local", "state") if home else None
    return base / "unthread-mcp" / "intents.sqlite3" if base else None


def _key_of(token: str) -> bytes:
    return bytes.fromhex(token.partition(":")[0])


def _record(row: tuple[str, str, float, float, str] | None) -> _Record | None:
    """Read a row of the file. Raises `ValueError` for one that this module didn't write."""
    if row is None:
        return None
    token, state, started, changed, receipt = row
    return _Record(token, _STATES.get(state, "unknown"), float(started), float(changed), json.loads(receipt))


def _open(path: Path) -> sqlite3.Connection:
    """Open or create the file, for this user alone from its first moment. SQLite gives its WAL the same permissions."""
    import sqlite3  # noqa: PLC0415 - see Intents._run

    for missing in reversed([each for each in path.parents if not each.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _set_up(database)
    except BaseException:
        database.close()
        raise
    return database


def _set_up(database: sqlite3.Connection) -> None:
    import sqlite3  # noqa: PLC0415 - see Intents._run

    # Without write-ahead logging it works as well, only slower. Whatever else is wrong shows again below.
    with suppress(sqlite3.OperationalError):
        database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    with database:
        database.execute("BEGIN IMMEDIATE")
        if database.execute("PRAGMA user_version").fetchone()[0] > _SCHEMA_VERSION:
            raise ValueError("a newer version wrote it")
        database.execute(_SCHEMA)
        database.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
