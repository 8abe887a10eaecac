"""A large workspace: the seeded one, and beside it ten thousand customers with fifty thousand conversations."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from unthread_mcp.sandbox import Sandbox

CUSTOMERS: Final = 10_000
CONVERSATIONS: Final = 50_000
ACCOUNTS: Final = 2_000
USERS: Final = 1_000


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_BEGINNINGS: Final = _words("Bal Cor Dra Fel Gar Hol Jun Kal Lor Mar Nor Ors Pel Quin Ras Sol Tor Ul Var Win")
_ENDINGS: Final = _words("ba dan der fin gart heim ix kin lo met nis por quel rik sen tal und vik wyn zar")
_TRADES: Final = _words(
    "Systems Logistics Insurance Energi Media Analytics Foods Shipping Labs Hotels Biotech Mining Payments "
    "Robotics Publishing Brewing Transit University Reisen Works Bank Textiles Software Clinics Farms"
)
_STATUSES: Final = ("open", "in_progress", "on_hold", "closed")
_FIRST_NUMBER: Final = 100_000


def enlarge(sandbox: Sandbox) -> None:
    """Fill a seeded sandbox up, by copying rows of the seed straight into its tables."""
    database = sandbox.database
    database.execute("BEGIN")
    made = datetime(2026, 1, 1, tzinfo=UTC)

    def at(index: int) -> str:
        moment = made + timedelta(minutes=5 * index)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    _copy(
        database,
        "users",
        USERS,
        lambda index: {
            "id": f"u-{index:05}",
            "name": person(index),
            "email": f"{person(index).lower().replace(' ', '.')}@many.example",
            "external": int(index >= 100),
        },
    )
    _copy(database, "customers", CUSTOMERS, lambda index: {"id": f"cu-{index:05}", "name": company(index)})
    _copy(database, "accounts", ACCOUNTS, lambda index: {"id": f"ac-{index:05}", "name": company(index * 3)})
    _copy(
        database,
        "messages",
        CONVERSATIONS,
        lambda index: {
            "id": f"m-{index:05}",
            "conversationId": f"c-{index:05}",
            "ts": f"{1_760_000_000 + 300 * index}.000000",
            "text": f"Request {index} of {company(index % CUSTOMERS)}",
            "timestamp": at(index),
            "files": None,
        },
    )
    _copy(
        database,
        "conversations",
        CONVERSATIONS,
        lambda index: {
            "id": f"c-{index:05}",
            "friendlyId": _FIRST_NUMBER + index,
            "status": _STATUSES[index % len(_STATUSES)],
            "title": f"Request {index}",
            "customerId": f"cu-{index * 11 % CUSTOMERS:05}",
            "assignedToUserId": f"u-{index % 100:05}",
            "initialMessageId": f"m-{index:05}",
            "latestMessageId": f"m-{index:05}",
            **dict.fromkeys(("createdAt", "updatedAt", "lastActivityAt"), at(index)),
        },
    )
    database.execute("COMMIT")


def person(index: int) -> str:
    """The name of a user; all thousand differ."""
    return f"{_word(index)} {_word(index * 7 + index // 400)}son"


def company(index: int) -> str:
    """The name of a customer; all ten thousand differ."""
    return f"{_word(index // len(_TRADES))} {_TRADES[index % len(_TRADES)]}"


def _word(index: int) -> str:
    return _BEGINNINGS[index % len(_BEGINNINGS)] + _ENDINGS[index // len(_BEGINNINGS) % len(_ENDINGS)]


def _copy(database: sqlite3.Connection, table: str, count: int, change: Callable[[int], dict[str, Any]]) -> None:
    """Add `count` copies of a table's first row, each with its own changes."""
    cursor = database.execute(f"SELECT * FROM {table} ORDER BY id LIMIT 1")
    names = [column[0] for column in cursor.description]
    template = list(cursor.fetchone())
    changed = {name: names.index(name) for name in change(0)}
    # The messages come before the conversations that they name.
    database.execute("PRAGMA defer_foreign_keys = ON")

    def rows() -> Iterator[list[Any]]:
        for index in range(count):
            row = template.copy()
            for name, value in change(index).items():
                row[changed[name]] = value
            yield row

    database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows())
