"""The file in which intents outlive their process: one SQLite table, and one transaction for each call.

It is in WAL mode, unless its file system can't do that, with `synchronous=NORMAL`. A commit is with the operating
system before a transaction ends, so it survives SIGKILL at any moment. Only a power cut can take the last ones; waiting
for the disk each time would stop every other call for it (measured under load: 8 ms, at times 100).

Whoever holds the file is waited for a quarter of a second, once in a transaction: a commit takes under a millisecond,
so what holds it for longer (a backup, a synchronising folder, a person with `sqlite3`) may hold it for minutes.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator, Mapping

State: TypeAlias = Literal["begun", "unknown", "done"]

_STATES: Final[dict[str, State]] = {"begun": "begun", "done": "done"}  # what isn't surely one of these is unknown
_BUSY_SECONDS: Final = 0.25
_MAKING_SECONDS: Final = 1.0  # once in the life of a file: it is brought to the disk, maybe by several at once
_CACHED_KIB: Final = 256
_MAGIC: Final = b"SQLite format 3\0"
"""What a database begins with (sqlite.org/fileformat.html)."""
_SCHEMA_VERSION: Final = 1
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS intents (key BLOB PRIMARY KEY, token TEXT NOT NULL, state TEXT NOT NULL,"
    " started REAL NOT NULL, changed REAL NOT NULL, receipt TEXT NOT NULL) WITHOUT ROWID"
)


class FileUnusableError(Exception):
    """The file can't be had now, or isn't ours. The message is a reason, without a full stop."""


class Record(NamedTuple):
    """What is known of one intent. `token` names the round that began it, times are in seconds since 1970."""

    token: str
    state: State
    started: float
    changed: float
    receipt: dict[str, str]


class Rows:
    """The file within a transaction, by the intents' keys. `anew` says that it is not the file it was before."""

    def __init__(self, database: sqlite3.Connection, *, anew: bool) -> None:
        self._database = database
        self.anew = anew

    def read(self, key: bytes) -> Record | None:
        """What stands there. A damaged row counts as unknown: something was begun."""
        rows = "SELECT token, state, started, changed, receipt FROM intents WHERE key = ?"
        row = self._database.execute(rows, (key,)).fetchone()
        return _record(*row) if row else None

    def write(self, key: bytes, record: Record | None) -> None:
        """Replace what stands there; None takes it away."""
        if record is None:
            self._database.execute("DELETE FROM intents WHERE key = ?", (key,))
        else:
            row = (key, *record[:4], json.dumps(record.receipt))
            self._database.execute("INSERT OR REPLACE INTO intents VALUES (?, ?, ?, ?, ?, ?)", row)

    def prune(self, oldest: float) -> None:
        """Let go of what was done before `oldest`."""
        self._database.execute("DELETE FROM intents WHERE state = 'done' AND changed < ?", (oldest,))


class IntentsFile:
    """The file at `path`, opened when it is needed. Any number of processes may share it; not safe between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        self._used: tuple[int, int] | None = None
        self._waits: float | None = None

    @contextmanager
    def transaction(self) -> Generator[Rows]:
        """Hold the file alone, and commit what was written. Raises `FileUnusableError`; nothing is written then.

        A file that was deleted or replaced is left for the one that stands at `path` now: others can't see it.
        """
        import sqlite3  # noqa: PLC0415 - costs start-up time, and many processes never write

        try:
            if self._database and self._opened != _identity(self._path):
                self.close()
            until = time.monotonic() + _BUSY_SECONDS
            if opening := self._database is None:
                self._opened, self._database, until = _open(self._path, until)
                self._waits = None
            with self._database as database:
                self._wait(database, until)
                database.execute("BEGIN IMMEDIATE")
                # Without write-ahead logging, a reader can keep the commit waiting as well.
                self._wait(database, until)
                # What was deleted may leave its number to the one that is made in its place.
                made = opening and _set_up(database)
                yield Rows(database, anew=self._used is not None and (made or self._used != self._opened))
            self._used = self._opened
        except (sqlite3.Error, OSError, ValueError) as error:
            self.close()
            raise FileUnusableError(str(error)) from error

    def close(self) -> None:
        """Close the file. Using it again opens it again."""
        if self._database:
            self._database.close()
            self._database = None

    def _wait(self, database: sqlite3.Connection, until: float) -> None:
        """Let what is executed next wait for others until then."""
        left = _left(until)
        if left != self._waits:
            database.execute(f"PRAGMA busy_timeout = {left * 1000:.0f}")
            self._waits = left


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


def _open(path: Path, until: float) -> tuple[tuple[int, int] | None, sqlite3.Connection, float]:
    """Open or create the file, for this user alone from its first moment. SQLite gives its WAL the same permissions.

    Waits for others until then, by `time.monotonic`; longer for a new file, and the time until which is given back.
    """
    import sqlite3  # noqa: PLC0415 - see IntentsFile.transaction

    for missing in reversed([each for each in path.parents if not each.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    _require_ours(path)
    path.touch(mode=0o600)
    path.chmod(0o600)
    # Asked before it is opened: if it is replaced in between, the next transaction sees another one.
    identity = _identity(path)
    if path.stat().st_size == 0:
        until += _MAKING_SECONDS - _BUSY_SECONDS
    database = sqlite3.connect(path, timeout=_left(until), isolation_level=None, check_same_thread=False)
    try:
        # Without write-ahead logging it works as well, only slower. Whatever else is wrong shows again later.
        with suppress(sqlite3.OperationalError):
            database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        # In KiB: a transaction touches a few pages, and by itself SQLite would come to keep 2 MiB of them.
        database.execute(f"PRAGMA cache_size = -{_CACHED_KIB}")
    except BaseException:
        database.close()
        raise
    return identity, database, until


def _require_ours(path: Path) -> None:
    """Raise `ValueError` if something stands at `path` that is no database: it is to be left as it is."""
    if not path.exists():
        return
    if not path.is_file():
        raise ValueError("it is no regular file")
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) not in {b"", _MAGIC}:
            raise ValueError("file is not a database")


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells the file that stands at `path` from one that stood there before; None if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _left(until: float) -> float:
    """Seconds until then, by `time.monotonic`, in whole hundredths."""
    return max(0.0, round(until - time.monotonic(), 2))


def _set_up(database: sqlite3.Connection) -> bool:
    """Make the table, within a transaction; whether the file was new. Raises `ValueError` if it is of a later make."""
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > _SCHEMA_VERSION:
        raise ValueError("a newer version wrote it")
    database.execute(_SCHEMA)
    database.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
    return version == 0


def _record(token: object, state: str, started: float, changed: float, receipt: str) -> Record:
    round_ = token if isinstance(token, str) else ""
    try:
        kept: dict[str, Any] = dict(json.loads(receipt))
        if isinstance(token, str) and all(isinstance(each, str) for each in kept.values()):
            return Record(round_, _STATES.get(state, "unknown"), float(started), float(changed), kept)
    except (TypeError, ValueError):
        pass
    return Record(round_, "unknown", 0.0, 0.0, {})
