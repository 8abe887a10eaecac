"""A seeded workspace for each test, planted once and copied; and a client that knows what to expect."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from unthread_mcp.sandbox import SANDBOX_KEY, Sandbox

TODAY = date(2025, 3, 18)
"""A Tuesday; the seed's last working day is the Monday before."""


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2025, 3, 18, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


class Api:
    """A client of the sandbox: `ok` for what it grants, `refused` for what it does not."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.client = httpx2.AsyncClient(
            transport=sandbox.transport, base_url="https://api.unthread.io/api", headers={"X-Api-Key": SANDBOX_KEY}
        )

    async def ok(self, method: str, path: str, json: Any = None, *, status: int = 200, **params: str) -> Any:
        response = await self.client.request(method, path, json=json, params=params)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    async def refused(self, method: str, path: str, json: Any = None, *, status: int = 400) -> str:
        """The refusal's title."""
        response = await self.client.request(method, path, json=json)
        assert response.status_code == status, response.text
        (error,) = response.json()["errors"]
        assert error["status"] == status
        return error["title"]

    async def listed(self, path: str, **body: Any) -> Any:
        return await self.ok("POST", f"{path}/list", body)

    async def rows(self, path: str, **body: Any) -> list[Any]:
        return (await self.listed(path, **body))["data"]

    async def ids(self, path: str, **body: Any) -> list[str]:
        return [row["id"] for row in await self.rows(path, select=["id"], **body)]

    async def where(self, path: str, field: str, operator: str, value: Any) -> Any:
        """One condition; the whole answer with the first hundred ids."""
        condition = {"field": field, "operator": operator, "value": value}
        return await self.listed(path, select=["id"], where=[condition], limit=100)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sandbox") / "planted.db"
    with Sandbox(path, today=TODAY) as sandbox:
        sandbox.database.execute("PRAGMA journal_mode = DELETE")
    return path


@pytest.fixture
def sandbox(planted: Path, tmp_path: Path, clock: Clock) -> Generator[Sandbox]:
    shutil.copy(planted, tmp_path / "workspace.db")
    with Sandbox(tmp_path / "workspace.db", now=clock) as sandbox:
        yield sandbox


@pytest.fixture
def empty(clock: Clock) -> Generator[Sandbox]:
    with Sandbox(seeded=False, now=clock) as sandbox:
        yield sandbox


@pytest.fixture
async def api(sandbox: Sandbox) -> AsyncGenerator[Api]:
    api = Api(sandbox)
    async with api.client:
        yield api


@pytest.fixture
async def bare(empty: Sandbox) -> AsyncGenerator[Api]:
    """The API of an empty workspace."""
    api = Api(empty)
    async with api.client:
        yield api
