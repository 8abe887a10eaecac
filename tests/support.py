"""A desk to test at: the sandbox, the server on it, and an agent with a real MCP client, in both protocol eras."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

import httpx2
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.types import ElicitRequestFormParams, ElicitRequestURLParams, ElicitResult, TextContent

from tests.reference.checker import WRONG_REQUESTS, Request
from unthread_mcp.sandbox import Sandbox
from unthread_mcp.server import SANDBOX_KEY, UnthreadServer, build_server
from unthread_mcp.settings import read_settings

TODAY = date(2026, 11, 20)
Era = Literal["auto", "legacy"]


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that reached the API, and how large the answer to it was."""

    method: str
    path: str
    query: str
    body: Any
    answered: int
    endpoint: str
    """Its symbol in `api.endpoints`; empty where there is none."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Wire(httpx2.AsyncBaseTransport):
    """What passes between the server and the sandbox, and the place where it can go wrong.

    `before` sees a request before the sandbox does, `after` once the sandbox has taken effect; each may
    answer in its place or raise. Every request is held against the reference (`WRONG_REQUESTS`).
    """

    def __init__(self, behind: httpx2.AsyncBaseTransport, operator_endpoint: str = "") -> None:
        self._behind = behind
        self._operator_endpoint = operator_endpoint
        self.sent: list[Sent] = []
        self.before: Callable[[httpx2.Request], httpx2.Response | None] = lambda _: None
        self.after: Callable[[httpx2.Request, httpx2.Response], httpx2.Response] = lambda _, response: response

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        raw = await request.aread()
        path = request.url.path.removeprefix("/api")
        kind = request.headers.get("content-type", "")
        body = json.loads(raw) if raw and kind.startswith("application/json") else raw
        checked = Request(request, raw, self._operator_endpoint).checked()
        WRONG_REQUESTS.extend(f"{request.method} {path}: {problem}" for problem in checked.problems)
        answer = self.before(request)
        if answer is None:
            answer = self.after(request, await self._behind.handle_async_request(request))
        content = await answer.aread()
        query = request.url.query.decode()
        self.sent.append(Sent(request.method, path, query, body, len(content), checked.endpoint))
        return answer

    @property
    def writes(self) -> list[Sent]:
        """The requests that change something."""
        return [
            each
            for each in self.sent
            if each.method not in {"GET", "HEAD"} and not each.path.endswith(("/list", "/query", "/time-series"))
        ]

    def clear(self) -> None:
        """Forget what was sent so far."""
        self.sent.clear()


@dataclass(frozen=True, slots=True)
class Said:
    """A tool's answer."""

    text: str
    failed: bool
    data: Any = None

    def __contains__(self, part: str) -> bool:
        return part in self.text


@dataclass(slots=True)
class Human:
    """The person behind the client: what they answer, and what they were asked."""

    answer: Literal["approve", "decline", "cancel", "untick"] = "approve"
    asked: list[str] = field(default_factory=list[str])
    meanwhile: Callable[[], object] = lambda: None

    async def __call__(
        self, context: ClientRequestContext, params: ElicitRequestFormParams | ElicitRequestURLParams
    ) -> ElicitResult:
        self.asked.append(params.message)
        self.meanwhile()
        if self.answer in {"approve", "untick"}:
            return ElicitResult(action="accept", content={"approve": self.answer == "approve"})
        return ElicitResult(action="decline" if self.answer == "decline" else "cancel")


class Agent:
    """Calls tools as an agent does."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def call(self, tool: str, /, **arguments: Any) -> Said:
        """Call a tool; errors come back as answers."""
        result = await self.client.call_tool(tool, arguments)
        text = "\n".join(part.text for part in result.content if isinstance(part, TextContent))
        return Said(text, result.is_error is True, result.structured_content)

    async def as_of(self, conversation: str) -> str:
        """The as_of that reading a conversation gives."""
        said = await self.call("get_conversation", conversation=conversation)
        return said.text.partition("as_of=")[2].split()[0].rstrip(".,;)")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        """Move it on."""
        self.now += timedelta(**by)

    async def sleep(self, seconds: float) -> None:
        """Wait so long by this clock."""
        self.forward(seconds=seconds)


@cache
def _template() -> Sandbox:
    return Sandbox(today=TODAY)


def seeded(clock: Clock, *, key: str = SANDBOX_KEY, path: Path | None = None) -> Sandbox:
    """A seeded sandbox of its own. Seeding takes a hundred times as long as copying what was seeded."""
    made = Sandbox(path, seeded=False, now=clock, key=key)
    _template().database.backup(made.database)
    return made


class Desk:
    """The sandbox with a server on it."""

    def __init__(self, environment: Mapping[str, str] | None = None, *, sandbox: Sandbox | None = None) -> None:
        self.clock = Clock(datetime(TODAY.year, TODAY.month, TODAY.day, 10, tzinfo=UTC))
        self.sandbox = sandbox or seeded(self.clock)
        self.environment = {"UNTHREAD_SANDBOX": "1", **(environment or {})}
        self.wire = Wire(self.sandbox.transport, self.environment.get("UNTHREAD_SLACK_USER_GROUP_ENDPOINT", ""))
        self.server = self.new_server()

    def new_server(self, **environment: str) -> UnthreadServer:
        """Another server on the same workspace, as after a restart."""
        settings = read_settings({**self.environment, **environment})
        return build_server(settings, transport=self.wire, now=self.clock, sleep=self.clock.sleep)

    @asynccontextmanager
    async def agent(
        self, era: Era = "auto", *, human: Human | None = None, server: UnthreadServer | None = None
    ) -> AsyncGenerator[Agent]:
        """An agent at the desk; with a `human`, its client can ask them."""
        async with Client(server or self.server, mode=era, elicitation_callback=human) as client:
            yield Agent(client)

    def find(self, condition: str, *values: object) -> str:
        """The handle of the first conversation that an SQL condition on the sandbox holds for."""
        sql = f"SELECT friendlyId FROM conversations c WHERE {condition} ORDER BY friendlyId"
        row = self.sandbox.database.execute(sql, values).fetchone()
        assert row is not None, f"the seed has no conversation with {condition}"
        return f"#{row[0]}"

    def id_of(self, handle: str) -> str:
        """The id behind a handle."""
        return self.sandbox.conversation_id(int(handle.lstrip("#")))

    def number(self, landmark: str) -> str:
        """The handle of a conversation that the seed makes special."""
        identity = self.sandbox.landmark(landmark)
        row = self.sandbox.database.execute("SELECT friendlyId FROM conversations WHERE id = ?", [identity]).fetchone()
        return f"#{row[0]}"
