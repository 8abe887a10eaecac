"""The SQLite side: opening, transactions, ids, message timestamps, and reading and writing rows."""

# ruff: noqa: S608 - table and column names come from this package, and values are always bound
from __future__ import annotations

import hashlib
import sqlite3
import threading
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from .schema import APPLICATION_ID, STATEMENTS, VERSION
from .times import from_slack_ts, iso, slack_ts

SqlValue = str | int | float | bytes | None
Row = tuple[SqlValue, ...]

_NAMESPACE: Final = uuid.UUID("6f0c3b52-2f0e-5d0e-9d6c-0a3f6e2c9b11").bytes
_BUSY_SECONDS: Final = 15.0
"""How long a process waits for another one's write to the same file."""


class SandboxFileError(Exception):
    """The given file cannot hold the sandbox."""


def new_uuid(name: str) -> str:
    """The id that always belongs to `name`: what `str(uuid.uuid5(...))` gives, in a third of its time."""
    digits = hashlib.sha1(_NAMESPACE + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def storable(value: SqlValue) -> SqlValue:
    """Text that SQLite takes: lone surrogates, which Slack and mail can hold, go in as raw bytes."""
    if not isinstance(value, str):
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


def contains(haystack: SqlValue, needle: str) -> bool | None:
    """SQL function: whether the folded `needle` stands in `haystack`, whatever the case, in any script."""
    return None if haystack is None else needle in str(haystack).casefold()


def _unusable(error: sqlite3.Error) -> SandboxFileError:
    return SandboxFileError(f"The sandbox file can't be used ({error}). Give another file.")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")


class Store:
    """One connection, shared by everything in the process and locked for each request."""

    def __init__(self, path: str | None, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.RLock()
        try:
            self.database: Final = sqlite3.connect(
                path or ":memory:", timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise _unusable(error) from error
        self.database.text_factory = _text
        self.database.create_function("sandbox_now", 0, self.stamp)
        self.database.create_function("folded_contains", 2, contains, deterministic=True)
        self.database.execute("PRAGMA foreign_keys = ON")

    def prepare(self, populate: Callable[[], None], *, shared: bool) -> None:
        """Make and populate the tables unless another process or an earlier run has; `shared` for a file.

        Raises `SandboxFileError` for a file that holds something else.
        """
        try:
            if shared:
                self.database.execute("PRAGMA journal_mode = WAL")
                self.database.execute("PRAGMA synchronous = NORMAL")
            with self.transaction(writes=True):
                if self._make_tables():
                    populate()
        except sqlite3.DatabaseError as error:
            raise _unusable(error) from error

    def _make_tables(self) -> bool:
        (application,) = self.require("PRAGMA application_id")
        (version,) = self.require("PRAGMA user_version")
        if (application, version) == (APPLICATION_ID, VERSION):
            return False
        if application == APPLICATION_ID:
            raise SandboxFileError("This sandbox file was made by another version. Delete it or give another file.")
        if self.one("SELECT 1 FROM sqlite_master"):
            raise SandboxFileError("This SQLite file holds something else. Give another file.")
        for statement in STATEMENTS:
            self.database.execute(statement)
        self.database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self.database.execute(f"PRAGMA user_version = {VERSION}")
        return True

    def close(self) -> None:
        """Close the connection."""
        self.database.close()

    @contextmanager
    def transaction(self, *, writes: bool) -> Generator[None]:
        """All or nothing, and one view of the data."""
        with self._lock:
            self.database.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            try:
                yield
            except BaseException:
                self.database.execute("ROLLBACK")
                raise
            self.database.execute("COMMIT")

    def now(self) -> datetime:
        """Now, in UTC."""
        return self._now().astimezone(UTC)

    def stamp(self) -> str:
        """Now, as the API writes it."""
        return iso(self.now())

    def one(self, sql: str, *values: SqlValue) -> Row | None:
        """The first row, or None."""
        return self.database.execute(sql, values).fetchone()

    def require(self, sql: str, *values: SqlValue) -> Row:
        """The first row of a query that always has one."""
        row = self.one(sql, *values)
        if row is None:
            raise LookupError(sql)
        return row

    def all(self, sql: str, values: Sequence[SqlValue] = ()) -> list[Row]:
        """Every row."""
        return self.database.execute(sql, values).fetchall()

    def exists(self, table: str, row_id: str) -> bool:
        """Whether the table has a row of that id."""
        return self.one(f"SELECT 1 FROM {table} WHERE id = ?", row_id) is not None

    def insert(self, table: str, values: Mapping[str, SqlValue]) -> None:
        """Add a row, whatever its texts hold."""
        stored = [storable(value) for value in values.values()]
        self.database.execute(
            f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(map(_placeholder, stored))})", stored
        )

    def insert_many(self, table: str, rows: Sequence[Mapping[str, SqlValue]]) -> None:
        """Insert rows (at least one) that all have the first one's columns, and no lone surrogates."""
        columns = list(rows[0])
        self.database.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            [tuple(row.values()) for row in rows],
        )

    def update(self, table: str, row_id: str, values: Mapping[str, SqlValue]) -> None:
        """Change columns of a row."""
        stored = [storable(value) for value in values.values()]
        changes = ", ".join(f"{name} = {_placeholder(value)}" for name, value in zip(values, stored, strict=True))
        self.database.execute(f"UPDATE {table} SET {changes} WHERE id = ?", (*stored, row_id))

    def delete(self, table: str, row_id: str) -> None:
        """Remove a row."""
        self.database.execute(f"DELETE FROM {table} WHERE id = ?", (row_id,))

    def count(self, name: str) -> int:
        """The next number of a sequence that outlives the process, from 1."""
        (value,) = self.require(
            "INSERT INTO counters VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value", name
        )
        return int(value or 0)

    def new_id(self, kind: str) -> str:
        """A new UUID: the same in every sandbox for the n-th object of a kind made after the seed."""
        return new_uuid(f"{kind} {self.count(kind)}")

    def new_ts(self, conversation_id: str) -> str:
        """Now as a message timestamp, later than every message that the conversation has."""
        ts = slack_ts(self.now())
        (latest,) = self.require(
            "SELECT max(ts) FROM (SELECT max(ts) AS ts FROM messages WHERE conversationId = ?"
            " UNION ALL SELECT max(ts) FROM triage_messages WHERE conversationId = ?)",
            conversation_id,
            conversation_id,
        )
        if latest is None or ts > str(latest):
            return ts
        return slack_ts(from_slack_ts(str(latest)) + timedelta(microseconds=1))


def _placeholder(value: SqlValue) -> str:
    return "CAST(? AS TEXT)" if isinstance(value, bytes) else "?"
