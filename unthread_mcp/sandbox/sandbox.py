"""The sandbox itself: a workspace on SQLite, its transport, and what people outside the API do."""

# ruff: noqa: S608 - table and column names come from this package, and values are always bound
from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final, Self, cast

from .authors import Person, agent, customer
from .calls import Refusal, Upload
from .files import delay, keep
from .store import Store
from .threads import Thread, find_person, post, post_triage, reopen, thread
from .transport import SandboxTransport

if TYPE_CHECKING:
    import sqlite3
    from types import TracebackType

SANDBOX_KEY: Final = "sandbox-key"
"""The service account key that a sandbox accepts unless it is given another."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something from the support side that a customer can see."""

    ts: str
    text: str
    via: str
    """`api`, `agent`, `system` or `outbound`; for a message that came with the seed, who wrote it is not told apart."""


class Sandbox:
    """An imitated Unthread workspace, in memory or in a file.

    `path` is a file that is made if missing; opened again, it keeps its data and is not seeded
    twice, and several processes may share it. `today` (UTC's today) is the day at whose start the
    seeded history ends, `seed` chooses who has which problem, `seeded=False` leaves the
    workspace empty. `now` is the clock for everything written later.

    Raises `SandboxFileError` for a file that holds something else.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        today: date | None = None,
        seed: int = 7,
        seeded: bool = True,
        key: str = SANDBOX_KEY,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        clock = now or (lambda: datetime.now(UTC))
        self._store = Store(None if path is None else os.fspath(path), clock)
        try:
            self._store.prepare(lambda: self._plant(today, seed) if seeded else None, shared=path is not None)
        except BaseException:
            self._store.close()
            raise
        self.transport: Final = SandboxTransport(self._store, key)

    def _plant(self, today: date | None, seed: int) -> None:
        # Imported here because a file that is opened again needs none of its texts.
        from .seed import plant  # noqa: PLC0415

        plant(self._store, today or self._store.now().date(), seed)

    @property
    def database(self) -> sqlite3.Connection:
        """The connection, for tests that compare the whole database: every line of `database.iterdump()`."""
        return self._store.database

    def close(self) -> None:
        """Close the database; one in memory is gone."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def conversation_id(self, number: int) -> str:
        """The id of the conversation with that `friendlyId`; `LookupError` if there is none."""
        return str(self._store.require("SELECT id FROM conversations WHERE friendlyId = ?", number)[0])

    def landmark(self, name: str) -> str:
        """The id of a seeded conversation by what makes it special; see `landmarks`."""
        return str(self._store.require("SELECT conversationId FROM landmarks WHERE name = ?", name)[0])

    def landmarks(self) -> dict[str, str]:
        """Conversation ids by name: `angry`, `orders-1` to `orders-3`, `twin-1-open`, `longest-thread` and others."""
        return {str(name): str(row_id) for name, row_id in self._store.all("SELECT * FROM landmarks ORDER BY name")}

    def customer_writes(
        self,
        conversation_id: str,
        text: str,
        *,
        user_id: str | None = None,
        html: str | None = None,
        files: Sequence[Upload] = (),
    ) -> str:
        """Someone on the customer's side writes in the conversation's channel; returns the message's `ts`.

        Without `user_id` it is the person who wrote last, else the submitter. The text is kept as it
        is, whatever it holds, save Slack's own escapes. Raises `ValueError` if nobody on the
        customer's side takes part: in triage, say.
        """
        with self._outside(conversation_id) as into:
            author = customer(self._correspondent(into, user_id), into.channel)
            kept = keep(self._store, into.id, files)
            message_id = post(self._store, into, author, text, via="customer", html=html, files=kept)
            reopen(self._store, into)
            return self._ts("messages", message_id)

    def agent_writes(self, conversation_id: str, text: str, user_id: str, *, note: bool = False) -> str:
        """Someone of the support team writes to the customer, or a `note`; returns the message's `ts`.

        A note is private by mail and chat; in Slack it goes to the triage thread, and raises
        `ValueError` if there is none.
        """
        with self._outside(conversation_id) as into:
            author = agent(self._person(user_id), into.channel, private=note)
            if not note or into.channel in ("email", "widget"):
                return self._ts("messages", post(self._store, into, author, text, via="agent"))
            root = self._store.one(
                "SELECT ts, channelId FROM triage_messages WHERE conversationId = ? AND threadTs IS NULL ORDER BY ts",
                into.id,
            )
            if root is None:
                raise ValueError("The conversation has no triage thread.")
            ts, channel_id = str(root[0]), cast("str | None", root[1])
            message_id = post_triage(self._store, into, author, text, channel_id=channel_id, thread_ts=ts, via="agent")
            return self._ts("triage_messages", message_id)

    def delay_file(self, file_id: str, seconds: float) -> None:
        """Let a file be ready only after so many seconds from now; until then it is a 404. `LookupError` without it."""
        with self._store.transaction(writes=True):
            delay(self._store, file_id, seconds)

    def user_leaves(self, user_id: str) -> None:
        """Somebody is deleted; lists go on showing them, marked as such. `LookupError` if there is no such user."""
        with self._store.transaction(writes=True):
            if not self._store.exists("users", user_id):
                raise LookupError("User not found")
            self._store.update("users", user_id, {"deleted": 1, "updatedAt": self._store.stamp()})

    def messages_to_customer(self, conversation_id: str) -> list[Delivery]:
        """Everything from the support side, the API and Unthread itself that the customer can see, oldest first."""
        rows = self._store.all(
            "SELECT m.ts, m.text, COALESCE(d.via, 'agent') FROM messages m LEFT JOIN delivered d ON d.messageId = m.id"
            " WHERE m.conversationId = ? AND m.visible AND NOT (m.isExternal AND m.userId IS NOT NULL) ORDER BY m.ts",
            [conversation_id],
        )
        return [Delivery(str(ts), str(text), str(via)) for ts, text, via in rows]

    def delivered(self, conversation_id: str | None = None) -> list[Delivery]:
        """What has reached customers since the workspace was made, of one conversation or all, oldest first.

        Outbounds belong to no conversation; there is one for each customer who received it.
        """
        rows = self._store.all(
            "SELECT ts, text, via FROM delivered WHERE conversationId = COALESCE(?, conversationId)"
            " AND at <= sandbox_now() ORDER BY at, number",
            [conversation_id],
        )
        return [Delivery(str(ts), str(text), str(via)) for ts, text, via in rows]

    def triage_replies(self, conversation_id: str) -> list[str]:
        """The texts in the conversation's triage threads but for their first messages, oldest first."""
        rows = self._store.all(
            "SELECT text FROM triage_messages WHERE conversationId = ? AND threadTs IS NOT NULL ORDER BY ts",
            [conversation_id],
        )
        return [str(text) for (text,) in rows]

    @contextmanager
    def _outside(self, conversation_id: str) -> Generator[Thread]:
        with self._store.transaction(writes=True):
            try:
                into = thread(self._store, conversation_id)
            except Refusal as refusal:
                raise LookupError(refusal.title) from None
            yield into

    def _person(self, user_id: str) -> Person:
        found = find_person(self._store, "id", user_id)
        if found is None:
            raise LookupError("User not found")
        return found

    def _correspondent(self, into: Thread, user_id: str | None) -> Person:
        if user_id is None:
            row = self._store.one(
                "SELECT userId FROM messages WHERE conversationId = ? AND isExternal AND userId IS NOT NULL"
                " ORDER BY ts DESC",
                into.id,
            ) or self._store.one(
                "SELECT submitterUserId FROM conversations WHERE id = ? AND submitterUserId IS NOT NULL", into.id
            )
            if row is None:
                raise ValueError("Nobody on the customer's side takes part in this conversation.")
            user_id = str(row[0])
        return self._person(user_id)

    def _ts(self, table: str, message_id: str) -> str:
        return str(self._store.require(f"SELECT ts FROM {table} WHERE id = ?", message_id)[0])
