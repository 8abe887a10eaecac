"""`server/discover`, answered beside the connection.

The SDK lets the first request choose a connection's protocol era, a probe too, and refuses the other era from then on.
But clients probe first and then use `initialize` on the same pipe. So each probe is served as a connection of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import anyio
from mcp.types import JSONRPCRequest, RequestId

from unthread_mcp.stdio.channel import Channel, IncomingStream

if TYPE_CHECKING:
    from mcp.shared.message import SessionMessage

_PROBE_METHOD: Final = "server/discover"

ServeConnection = Callable[[IncomingStream, Channel], Awaitable[None]]
"""Serves one connection over its two streams until the first ends."""


class ProbeAnswering(IncomingStream):
    """What comes from `channel`, but for probes, which `serve` answers one by one."""

    def __init__(self, channel: Channel, serve: ServeConnection) -> None:
        self._channel = channel
        self._serve = serve

    async def receive(self) -> SessionMessage:
        """The next message that is no probe. Raises `anyio.EndOfStream` after the last one."""
        while True:
            item = await self._channel.receive()
            if not isinstance(item.message, JSONRPCRequest) or item.message.method != _PROBE_METHOD:
                return item
            await self._serve(_OneRequest(item, item.message.id, self._channel), self._channel)


class _OneRequest(IncomingStream):
    """A connection's whole input: one request, and the end once it is answered."""

    def __init__(self, item: SessionMessage, request_id: RequestId, channel: Channel) -> None:
        self._item: SessionMessage | None = item
        self._request_id = request_id
        self._channel = channel

    async def receive(self) -> SessionMessage:
        if item := self._item:
            self._item = None
            return item
        await self._channel.settled(self._request_id)
        raise anyio.EndOfStream
