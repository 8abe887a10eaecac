"""A plain server on the SDK and httpx: one shared client, the upstream's bodies as they come.

It sends both requests of a conversation at once, and the `select` that it is asked for, so
that what differs is what happens in between. `structured_output=False` spares it the second copy of every answer
that the SDK would otherwise send for a tool returning `str`.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
from mcp.server import MCPServer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

# Trailing slash: httpx joins relative URLs to it.
api = httpx.AsyncClient(
    base_url=os.environ["UNTHREAD_API_URL"].rstrip("/") + "/",
    headers={"X-Api-Key": os.environ["UNTHREAD_API_KEY"]},
    timeout=30,
)


@asynccontextmanager
async def lifespan(_: MCPServer) -> AsyncGenerator[None]:
    """Close the shared client with the server."""
    async with api:
        yield


server = MCPServer("plain", version="1.0.0", lifespan=lifespan)


@server.tool(structured_output=False)
async def get_conversation(
    conversation_id: str,
    select: list[str] | None = None,
    order: list[str] | None = None,
    descending: bool = True,
    limit: int = 100,
) -> str:
    """Get a conversation and its messages."""
    conversation, messages = await asyncio.gather(
        api.get(f"conversations/{conversation_id}"),
        api.post(
            f"conversations/{conversation_id}/messages/list",
            json=list_request(select, order, descending=descending, limit=limit),
        ),
    )
    conversation.raise_for_status()
    messages.raise_for_status()
    return f"{conversation.text}\n{messages.text}"


@server.tool(structured_output=False)
async def list_conversations(
    select: list[str] | None = None,
    order: list[str] | None = None,
    descending: bool = True,
    limit: int = 100,
) -> str:
    """List conversations, newest first."""
    answer = await api.post("conversations/list", json=list_request(select, order, descending=descending, limit=limit))
    answer.raise_for_status()
    return answer.text


def list_request(
    select: list[str] | None, order: list[str] | None, *, descending: bool, limit: int
) -> dict[str, object]:
    """The body of a list endpoint, without what was not asked for."""
    body: dict[str, object] = {"descending": descending, "limit": limit}
    if select:
        body["select"] = select
    if order:
        body["order"] = order
    return body


if __name__ == "__main__":
    server.run("stdio")
