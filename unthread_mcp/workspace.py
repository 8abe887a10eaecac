"""What every tool works with: one Unthread workspace, seen through one server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import anyio

from unthread_mcp.answers import as_object
from unthread_mcp.api.endpoints import GET_CONVERSATION
from unthread_mcp.api.errors import NotPermitted
from unthread_mcp.conversation_numbers import ConversationNumbers
from unthread_mcp.names import Names
from unthread_mcp.times import write_time

if TYPE_CHECKING:
    from unthread_mcp.api.client import UnthreadClient
    from unthread_mcp.api.json_types import JsonObject, JsonValue
    from unthread_mcp.intents import Intents
    from unthread_mcp.settings import Settings


def utc_now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Workspace:
    """The API client and what the server knows beside it; tools get it as their first argument."""

    settings: Settings
    client: UnthreadClient
    intents: Intents
    identity: str
    """Tells this workspace from others behind the same address; no secret."""
    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    """Waits so many seconds."""
    names: Names = field(init=False)
    numbers: ConversationNumbers = field(init=False)
    _locks: WeakValueDictionary[str, anyio.Lock] = field(
        init=False, default_factory=WeakValueDictionary[str, anyio.Lock]
    )

    def __post_init__(self) -> None:
        self.names = Names(self.client, self.now)
        self.numbers = ConversationNumbers(self.client)

    @asynccontextmanager
    async def writing_to(self, conversation_id: str) -> AsyncGenerator[None]:
        """Writes to one conversation queue within a process."""
        lock = self._locks.get(conversation_id)
        if lock is None:
            lock = self._locks[conversation_id] = anyio.Lock()
        async with lock:
            yield

    def date(self, value: JsonValue, *, clock: bool = False) -> str:
        """A moment of Unthread's as the operator's time zone has it, in few tokens."""
        return write_time(value, zone=self.settings.timezone, now=self.now(), clock=clock)

    async def close(self) -> None:
        """Close connections and the memory of intents."""
        self.intents.close()
        await self.client.aclose()

    @property
    def restricts_customers(self) -> bool:
        """Whether writing is limited to some customers."""
        return bool(self.settings.allowed_customers)

    def require_allowed(self, customer_id: JsonValue) -> None:
        """Raise `NotPermitted` unless the operator allows writing to this customer's conversations."""
        allowed = self.settings.allowed_customers
        if allowed and customer_id not in allowed:
            raise NotPermitted(
                "The operator allows writing only for certain customers, and this is not one of them.",
                "Nothing was done. Leave it to a person.",
            )

    def require_no_limit(self, why: str) -> None:
        """Raise `NotPermitted` if writing is limited to some customers: `why` says how all of them are concerned."""
        if self.restricts_customers:
            raise NotPermitted(
                f"The operator allows writing only for certain customers, and {why}.",
                "Nothing was changed. Leave it to a person.",
            )

    def require_on_behalf_of(self) -> None:
        """Raise `NotPermitted` unless the operator lets agents write in the name of a person."""
        if not self.settings.on_behalf_of:
            raise NotPermitted(
                "Writing in the name of a person is not allowed here.",
                "Leave on_behalf_of out; only the operator can allow it, with UNTHREAD_ON_BEHALF_OF.",
            )

    async def require_allowed_conversation(self, conversation_id: str) -> None:
        """The same for the customer of a conversation, which is read for it only if there is a limit."""
        if self.restricts_customers:
            self.require_allowed((await self.conversation(conversation_id)).get("customerId"))

    async def conversation(self, conversation_id: str) -> JsonObject:
        """One conversation as Unthread has it, its number remembered."""
        found = as_object(await self.client.read(GET_CONVERSATION, {"conversation_id": conversation_id}))
        self.numbers.remember(found)
        return found
