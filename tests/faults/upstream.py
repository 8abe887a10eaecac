"""Unthread, misbehaving: the sandbox behind a loopback socket that does to each request and answer what a test says.

What a request does to the workspace and what its answer says are two things here, so that a test can set them apart;
the ledger keeps both.
"""

from __future__ import annotations

import asyncio
import gc
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal

import httpx2

from tests.api.misbehaving import RawServer, http, reset
from unthread_mcp.api.endpoints import ENDPOINTS, Endpoint
from unthread_mcp.api.json_types import JsonValue
from unthread_mcp.sandbox import Sandbox

Effect = Literal["now", "never", "later"]
Ending = Literal["keep", "close", "reset", "hang", "away"]

REFUSAL: Final = b'{"errors": [{"status": 0, "title": "Trouble", "id": 1}]}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What becomes of one request, and what its answer looks like. The default is what a good upstream does."""

    effect: Effect = "now"
    """Whether the request takes effect: `later` is when the test says `settle`."""
    shown: bool = True
    """Whether lists show at once what was made; else only after `reveal`."""
    shown_after: float = float("inf")
    """Seconds after which what is not shown at once shows by itself."""
    status: int | None = None
    """None: what the sandbox answers; 503 for a request that doesn't reach it."""
    headers: tuple[str, ...] = ()
    body: bytes | Callable[[bytes], bytes] | None = None
    """Another body, or what becomes of the sandbox's."""
    content_type: str = "application/json"
    raw: bytes | None = None
    """The whole answer, instead of all that."""
    works: float = 0.0
    """Seconds until the request takes effect, whoever still waits for it."""
    wait: float = 0.0
    """Seconds before the answer, after that."""
    until: asyncio.Event | None = None
    """What the answer waits for, beside that."""
    per_byte: float = 0.0
    """Seconds between two of its bytes."""
    cut: int | None = None
    """How many bytes of the answer are sent; negative counts from its end."""
    then: Ending = "keep"
    """How the connection goes on after them. `away`: the upstream takes no connections for `away_for` seconds."""
    away_for: float = 0.02


WELL: Final = Behaviour()


@dataclass(slots=True)
class Received:
    """A request that came whole, and what it did."""

    number: int
    method: str
    path: str
    body: bytes
    head: bytes
    endpoint: Endpoint | None
    took_effect: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """Its headers."""
        lines = self.head.decode().split("\r\n")[1:]
        return {name: value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def content(self) -> bytes:
        """Its body, without the boundary of a form, which is another each time."""
        _, _, boundary = self.headers.get("Content-Type", "").partition("boundary=")
        return self.body.replace(boundary.encode(), b"") if boundary else self.body

    @property
    def is_write(self) -> bool:
        """Whether it would change something."""
        return self.endpoint is not None and self.endpoint.effect != "reads"

    @property
    def says(self) -> Any:
        """Its JSON."""
        return json.loads(self.body) if self.body else None


Plan = Callable[[Received], Behaviour]


@dataclass(slots=True)
class Ledger:
    """Every request received, and with it whether it took effect."""

    requests: list[Received] = field(default_factory=list[Received])

    @property
    def writes(self) -> list[Received]:
        """The requests that would change something."""
        return [each for each in self.requests if each.is_write]

    @property
    def effects(self) -> list[Received]:
        """The writes that did."""
        return [each for each in self.requests if each.took_effect]

    def sent_to(self, endpoint: Endpoint) -> list[Received]:
        """The requests to one endpoint."""
        return [each for each in self.requests if each.endpoint == endpoint]

    def doubled(self) -> list[str]:
        """What was created or sent more than once by the very same request."""
        made = [
            f"{each.method} {each.path} {each.content!r}"
            for each in self.effects
            if each.endpoint is not None and each.endpoint.effect == "creates"
        ]
        return sorted({each for each in made if made.count(each) > 1})

    def clear(self) -> None:
        """Begin anew."""
        self.requests.clear()


class Upstream:
    """The sandbox over HTTP on this machine, behaving as `plan` says for each request."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.ledger = Ledger()
        self.plan: Plan = lambda _: WELL
        self.takes: tuple[int, Ending] | None = None
        """If set: how many bytes of each request are taken, and how the connection ends then."""
        self.url = ""
        self.under_way = 0
        """Requests that came whole and whose answers haven't gone out whole."""
        self.most_under_way = 0
        self.raw = RawServer()
        self._hidden: set[str] = set()
        self._parked: list[Received] = []
        self._absences: set[asyncio.Task[None]] = set()
        self._was_away = False

    async def start(self) -> None:
        """Listen on a port of its own; `url` tells where."""
        self.url = await self.raw.start(self._serve)

    async def stop(self) -> None:
        """Be gone, with every connection."""
        for task in self._absences:
            task.cancel()
        await self.raw.stop()
        if self._was_away:
            # What asyncio leaves open when it accepts a connection while its listener is closed shows here, not later.
            gc.collect()

    def leave(self) -> None:
        """Take no connections until `come_back`."""
        self._was_away = True
        self.raw.take_no_more()

    async def come_back(self) -> None:
        """Listen where it listened before."""
        for _ in range(100):
            try:
                await self.raw.start(self._serve, port=httpx2.URL(self.url).port or 0)
            except OSError:  # meanwhile the system has given the port to somebody's outgoing connection
                await asyncio.sleep(0.01)
            else:
                return
        raise OSError("The port is taken for good.")

    async def be_there(self) -> None:
        """Wait until the upstream takes connections again, if it is away."""
        if self._absences:
            await asyncio.wait(self._absences)

    def well(self) -> None:
        """Behave from now on."""
        self.plan, self.takes = lambda _: WELL, None

    def reveal(self) -> None:
        """Show what was made and not shown."""
        self._hidden.clear()

    async def settle(self) -> None:
        """Let what was put off take effect."""
        parked, self._parked = self._parked, []
        for received in parked:
            await self._perform(received)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            if self.takes is not None:
                wanted, ending = self.takes
                await reader.readexactly(wanted)
                await self._end(ending, reader, writer)
                return
            received = _read(await self.raw.receive(reader), len(self.ledger.requests))
            self.raw.requests.clear()
            self.ledger.requests.append(received)
            behaviour = self.plan(received)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            try:
                await self._deal_with(received, behaviour, reader, writer)
            finally:
                self.under_way -= 1
            if behaviour.then != "keep":
                return

    async def _deal_with(
        self, received: Received, behaviour: Behaviour, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await asyncio.sleep(behaviour.works)
        answer = await self._answer(received, behaviour)
        await asyncio.sleep(behaviour.wait)
        if behaviour.until is not None:
            await behaviour.until.wait()
        sent = answer if behaviour.cut is None else answer[: behaviour.cut]
        for piece in [sent[at : at + 1] for at in range(len(sent))] if behaviour.per_byte else [sent]:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(behaviour.per_byte)
        if behaviour.then != "keep":
            await self._end(behaviour.then, reader, writer, behaviour.away_for)

    async def _end(
        self, ending: Ending, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, away_for: float = 0.0
    ) -> None:
        if ending == "reset":
            reset(writer)
        elif ending == "hang":
            while await reader.read(2**16):
                pass
        elif ending == "away" and not self._absences:
            self.leave()
            absence = asyncio.create_task(self._return_after(away_for))
            self._absences.add(absence)
            absence.add_done_callback(self._absences.discard)

    async def _return_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.come_back()

    async def _answer(self, received: Received, behaviour: Behaviour) -> bytes:
        status, body = 503, REFUSAL
        if behaviour.effect == "now":
            status, body = await self._perform(received, hidden_for=0.0 if behaviour.shown else behaviour.shown_after)
        elif behaviour.effect == "later":
            self._parked.append(received)
            status, body = 202, b"{}"
        if behaviour.raw is not None:
            return behaviour.raw
        status = behaviour.status or status
        if callable(behaviour.body):
            body = behaviour.body(body)
        elif behaviour.body is not None:
            body = behaviour.body
        if status < 200:
            return f"HTTP/1.1 {status} X\r\n\r\n".encode()
        if status in {204, 304}:
            return http(status, b"", *behaviour.headers, content_type="")
        return http(status, body, *behaviour.headers, content_type=behaviour.content_type if body else "")

    async def _perform(self, received: Received, *, hidden_for: float = 0.0) -> tuple[int, bytes]:
        request = httpx2.Request(
            received.method, f"http://sandbox{received.path}", headers=received.headers, content=received.body
        )
        response = await self.sandbox.transport.handle_async_request(request)
        body = await response.aread()
        if received.is_write and response.is_success:
            received.took_effect = True
            made: JsonValue = json.loads(body) if body and hidden_for else None
            if isinstance(made, dict) and isinstance(identity := made.get("id"), str):
                self._hidden.add(identity)
                if hidden_for < float("inf"):
                    asyncio.get_running_loop().call_later(hidden_for, self._hidden.discard, identity)
        elif self._hidden and response.headers.get("content-type", "").startswith("application/json"):
            body = self._without_hidden(body)
        return response.status_code, body

    def _without_hidden(self, body: bytes) -> bytes:
        said: JsonValue = json.loads(body)
        rows = said.get("data") if isinstance(said, dict) else None
        if not isinstance(said, dict) or not isinstance(rows, list):
            return body
        shown = [row for row in rows if not isinstance(row, dict) or row.get("id") not in self._hidden]
        return json.dumps({**said, "data": shown}).encode()


def for_endpoints(*endpoints: Endpoint, does: Behaviour | Iterable[Behaviour]) -> Plan:
    """A plan: requests to `endpoints` fare as `does` says, one after the other where it is several; others well."""
    rest = None if isinstance(does, Behaviour) else iter(does)

    def plan(received: Received) -> Behaviour:
        if received.endpoint not in endpoints:
            return WELL
        return next(rest, WELL) if rest is not None else does  # type: ignore[return-value]

    return plan


def _read(request: bytes, number: int) -> Received:
    head, _, body = request.partition(b"\r\n\r\n")
    method, path, _ = head.split(b"\r\n")[0].decode().split(" ")
    return Received(number, method, path, body, head, _endpoint(method, path.partition("?")[0].removeprefix("/api")))


@cache
def _patterns() -> list[tuple[str, re.Pattern[str], Endpoint]]:
    return [
        (each.method, re.compile(re.sub(r"\{\w+\}", "[^/]+", each.path)), each)
        for each in ENDPOINTS.values()
        if each.path
    ]


@cache
def _endpoint(method: str, path: str) -> Endpoint | None:
    # The patterns with fewer placeholders come first: "/tags/list" is not a tag.
    found = [each for of, pattern, each in _patterns() if of == method and pattern.fullmatch(path)]
    return min(found, key=lambda each: len(each.placeholders), default=None)
