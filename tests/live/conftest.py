"""What the live tests run on: the sandbox or, with `--live`, the workspace that UNTHREAD_API_KEY belongs to.

They read what is there, and write to nothing but what they made themselves and marked.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import AsyncGenerator
from typing import Any, Final, NamedTuple

import anyio
import httpx2
import pytest
from mcp import Client

from tests.support import TODAY, Agent
from unthread_mcp.sandbox import Sandbox
from unthread_mcp.server import SANDBOX_KEY, build_server
from unthread_mcp.settings import read_settings

API: Final = "https://api.unthread.io/api"
MARK: Final = "unthread-mcp live test"
PATIENCE: Final = 8
"""Seconds that clients were seen to wait for a file."""
CHANNEL: Final = "UNTHREAD_LIVE_TRIAGE_CHANNEL"
"""The variable with the Slack channel in which conversations may be made: the API has no list of channels."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for a module, which shares what it made."""
    return "asyncio"


class Reply(NamedTuple):
    """What came back: the status, and the JSON, or None if there was none."""

    status: int
    body: Any


class Api:
    """A workspace spoken to directly, without anything of ours in between."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def send(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **query: str
    ) -> Reply:
        response = await self._client.request(method, path, json=body, params=query, headers=headers)
        try:
            return Reply(response.status_code, response.json())
        except ValueError:
            return Reply(response.status_code, response.text or None)

    async def ok(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """The body of a success."""
        reply = await self.send(method, path, body, headers=None, **query)
        assert 200 <= reply.status < 300, reply
        return reply.body

    async def attach(self, path: str, payload: Any, name: str, content: bytes) -> Any:
        """The body of the answer to a form with one file."""
        files = [("attachments", (name, content, "application/octet-stream"))]
        response = await self._client.post(path, data={"json": json.dumps(payload)}, files=files)
        assert response.is_success, response.text
        return response.json()

    async def download(self, path: str) -> bytes:
        """The bytes of a file, which may come late (404, 409 or 425) when it was sent a moment ago."""
        response = await self._client.get(path)
        for _ in range(PATIENCE):
            if response.status_code not in {404, 409, 425}:
                break
            await anyio.sleep(1)
            response = await self._client.get(path)
        if response.has_redirect_location:
            # Elsewhere, where the key has no business.
            async with httpx2.AsyncClient() as without_key:
                response = await without_key.get(response.headers["location"])
        assert response.is_success, response.text
        return response.content

    async def page(self, path: str, **body: Any) -> Any:
        return await self.ok("POST", f"{path}/list", body)

    async def rows(self, path: str, **body: Any) -> list[Any]:
        return (await self.page(path, **body))["data"]

    async def some(self, path: str, needed: str, **body: Any) -> Any:
        """The first of the newest hundred rows that has something in the field `needed`."""
        for row in await self.rows(path, **{"limit": 100, "order": ["createdAt", "id"], "descending": True, **body}):
            if row.get(needed):
                return row
        return pytest.skip(f"nothing among the newest of {path} has {needed}")


class Place(NamedTuple):
    """The workspace that is worked in."""

    transport: httpx2.AsyncBaseTransport | None
    """None is the network."""
    key: str
    url: str
    channel: str
    """Where conversations among the team may be made; empty where none may."""


@pytest.fixture(scope="module")
async def place(request: pytest.FixtureRequest) -> AsyncGenerator[Place]:
    if request.config.getoption("live"):
        url = os.environ.get("UNTHREAD_API_URL", API)
        yield Place(None, os.environ["UNTHREAD_API_KEY"], url, os.environ.get(CHANNEL, ""))
    else:
        with Sandbox(today=TODAY) as sandbox:
            channel = sandbox.database.execute("SELECT channelId FROM triage_messages").fetchone()[0]
            yield Place(sandbox.transport, SANDBOX_KEY, API, channel)


@pytest.fixture(scope="module")
async def api(place: Place) -> AsyncGenerator[Api]:
    async with httpx2.AsyncClient(
        transport=place.transport, base_url=place.url, headers={"X-Api-Key": place.key}, timeout=30
    ) as client:
        yield Api(client)


@pytest.fixture(scope="module")
async def agent(place: Place) -> AsyncGenerator[Agent]:
    """An agent with every tool."""
    settings = read_settings(
        {
            "UNTHREAD_API_KEY": place.key,
            "UNTHREAD_API_URL": place.url,
            "UNTHREAD_ACCESS": "admin",
            "UNTHREAD_TOOLSETS": "all",
            "UNTHREAD_STATE_FILE": "off",
        }
    )
    async with Client(build_server(settings, transport=place.transport)) as client:
        yield Agent(client)


@pytest.fixture
def mark() -> str:
    """A name that nothing else has, and that says where it comes from."""
    return f"{MARK} {secrets.token_hex(4)}"


@pytest.fixture(scope="module")
async def conversation(api: Api, place: Place) -> AsyncGenerator[dict[str, Any]]:
    """A conversation of our own among the team, closed at the end, since the API deletes none."""
    if not place.channel:
        pytest.skip(f"{CHANNEL} names no Slack channel to make a conversation in")
    said = {"type": "triage", "markdown": f"{MARK}: please ignore", "status": "open", "title": MARK}
    made = await api.ok("POST", "/conversations", {**said, "triageChannelId": place.channel})
    yield await api.ok("GET", f"/conversations/{made['id']}")
    await api.ok("PATCH", f"/conversations/{made['id']}", {"status": "closed"})


@pytest.fixture
async def tag(api: Api, mark: str) -> AsyncGenerator[dict[str, Any]]:
    """A tag of our own, deleted at the end."""
    made = await api.ok("POST", "/tags", {"name": mark})
    yield made
    await api.send("DELETE", f"/tags/{made['id']}")


@pytest.fixture
async def customer(api: Api, mark: str) -> AsyncGenerator[dict[str, Any]]:
    """A customer of our own, deleted at the end."""
    made = await api.ok("POST", "/customers", {"name": mark})
    yield made
    await api.send("DELETE", f"/customers/{made['id']}")
