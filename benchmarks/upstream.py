"""A fake upstream: the API's lists, gets, messages and reports over HTTP/1.1 keep-alive on 127.0.0.1.

It runs in a process of its own and answers from bytes made once per distinct request, so
that it is never what is measured. It honours `select`, `limit` and `descending`, waits a
set time before each answer, and counts requests, bytes and connections. It ends when its
standard input closes.

``/-/state`` (GET) tells what was counted since the last ``/-/reset`` (POST, body: the new
latency in milliseconds).
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self, cast

from benchmarks import canned, canned_reports

if TYPE_CHECKING:
    from types import TracebackType

    from unthread_mcp.api.json_types import JsonObject, JsonValue

_REMEMBERED_ANSWERS: Final = 4096
_RECORDED_REQUESTS: Final = 64


@dataclass(slots=True)
class Counts:
    """What happened since the last reset: `connections` that were used, and the first requests whole."""

    requests: int = 0
    body_bytes: int = 0
    connections: int = 0
    at_once: int = 0
    most_at_once: int = 0
    recorded: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])


@dataclass(slots=True)
class Upstream:
    """Answers by request, made when first asked for, and counts."""

    latency: float = 0.0
    counts: Counts = field(default_factory=Counts)
    answers: dict[tuple[bytes, bytes, bytes], bytes] = field(default_factory=dict[tuple[bytes, bytes, bytes], bytes])
    conversations: list[JsonObject] = field(default_factory=canned.conversations)

    def answer(self, method: bytes, target: bytes, body: bytes) -> bytes:
        """The whole HTTP answer to a request."""
        if target.startswith(b"/-/"):
            return self.control(target, body)
        counts = self.counts
        counts.requests += 1
        if len(counts.recorded) < _RECORDED_REQUESTS:
            counts.recorded.append((method.decode(), target.decode(), body.decode()))
        key = (method, target, body)
        made = self.answers.get(key)
        if made is None:
            if len(self.answers) >= _REMEMBERED_ANSWERS:
                self.answers.clear()
            made = self.answers[key] = _http(*self.make(method.decode(), target.decode(), body))
        counts.body_bytes += len(made) - made.index(b"\r\n\r\n") - 4
        return made

    def control(self, target: bytes, body: bytes) -> bytes:
        """The bench's own requests, which count nowhere."""
        if target == b"/-/reset":
            self.counts = Counts()
            self.latency = float(body) / 1000
            return _http(200, {})
        counts = self.counts
        return _http(
            200,
            {
                "requests": counts.requests,
                "body_bytes": counts.body_bytes,
                "connections": counts.connections,
                "most_at_once": counts.most_at_once,
                "recorded": [list(request) for request in counts.recorded],
            },
        )

    def make(self, method: str, target: str, body: bytes) -> tuple[int, JsonObject]:
        """Status and body for a request seen for the first time."""
        path = target.partition("?")[0].removeprefix("/api")
        asked = cast("JsonObject", json.loads(body)) if body else {}
        match (method, *path.strip("/").split("/")):
            case ("POST", "conversations", "list"):
                return _page(self.conversations, asked)
            case ("GET", "conversations", conversation_id):
                for conversation in self.conversations:
                    if conversation["id"] == conversation_id:
                        return 200, conversation
                return _missing("Conversation not found", 400)
            case ("POST", "conversations", conversation_id, "messages", "list"):
                # Newest first, as `conversations` is, so that `descending` means one thing.
                return _page(canned.messages(conversation_id)[::-1], asked)
            case ("POST", "conversations", conversation_id, "messages"):
                return 200, canned.written(conversation_id, asked)
            case ("POST", "users", "list"):
                return _page(canned.users(), asked)
            case ("POST", "customers", "list"):
                return _page(canned.customers(), asked)
            case ("POST", "tags", "list"):
                return _page(canned.tags(), asked)
            case ("POST", "ticket-types", "list"):
                return _page(canned.ticket_types(), asked)
            case ("POST", "reporting", "time-series"):
                return 200, canned_reports.time_series(asked)
            case ("GET", "ticket-types", ticket_type_id):
                for ticket_type in canned.ticket_types():
                    if ticket_type["id"] == ticket_type_id:
                        return 200, ticket_type
                return _missing("Not found.", 404)
            case _:
                return _missing("Not found.", 404)


def _missing(title: str, status: int) -> tuple[int, JsonObject]:
    return status, {"errors": [{"status": status, "title": title, "id": 1}]}


def _page(newest_first: list[JsonObject], asked: JsonObject) -> tuple[int, JsonObject]:
    rows = newest_first if asked.get("descending") else newest_first[::-1]
    limit = asked.get("limit")
    rows = rows[: limit if isinstance(limit, int) else 100]
    select = asked.get("select")
    data: list[JsonValue] = (
        [_pick(row, [str(name).split(".") for name in select]) for row in rows] if isinstance(select, list) else [*rows]
    )
    # `next` stands even on the last page: `hasNext` decides.
    cursors: JsonObject = {
        "hasNext": len(rows) < len(newest_first),
        "hasPrevious": False,
        "next": "W3RydWUsWyIwNTU4MTc5Zi1kYTJkLTQxZjItOTZlYy1iZGY2YzkzZGQ1MjIiXV0=",
        "previous": "W2ZhbHNlLFsiMDI4ZDg3NzMtY2I5Ni00MDQzLTlmYjYtMGZhOWUzYmFmY2MzIl1d",
    }
    return 200, {"data": data, "totalCount": len(newest_first), "cursors": cursors}


def _pick(value: JsonValue, names: list[list[str]]) -> JsonValue:
    """`value` with only the dotted `names`, through arrays."""
    if isinstance(value, list):
        return [_pick(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    picked: JsonObject = {}
    for name in dict.fromkeys(path[0] for path in names):
        if name in value:
            deeper = [path[1:] for path in names if path[0] == name and len(path) > 1]
            picked[name] = _pick(value[name], deeper) if deeper else value[name]
    return picked


_REASONS: Final = {200: "OK", 400: "Bad Request", 404: "Not Found"}


def _http(status: int, body: JsonObject) -> bytes:
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\n"
        "Content-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


class _Connection(asyncio.Protocol):
    """One keep-alive connection; requests on it come one at a time."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._counted_in: Counts | None = None

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        end = received.find(b"\r\n\r\n")
        while end >= 0:
            head = bytes(received[:end])
            length = _content_length(head)
            if len(received) < end + 4 + length:
                return
            body = bytes(received[end + 4 : end + 4 + length])
            del received[: end + 4 + length]
            method, target, _ = head.split(b" ", 2)
            control = target.startswith(b"/-/")
            if not control:
                self._count()
            self._respond(self._upstream.answer(method, target, body), control=control)
            end = received.find(b"\r\n\r\n")

    def _count(self) -> None:
        counts = self._upstream.counts
        if self._counted_in is not counts:
            self._counted_in = counts
            counts.connections += 1

    def _respond(self, answer: bytes, *, control: bool) -> None:
        if not self._upstream.latency or control:
            self._transport.write(answer)
            return
        counts = self._upstream.counts
        counts.at_once += 1
        counts.most_at_once = max(counts.most_at_once, counts.at_once)
        asyncio.get_running_loop().call_later(self._upstream.latency, self._respond_late, answer, counts)

    def _respond_late(self, answer: bytes, counts: Counts) -> None:
        counts.at_once -= 1
        self._transport.write(answer)


def _content_length(head: bytes) -> int:
    """The length that the head announces; 0 without one, as for GET. Chunked bodies are not understood."""
    lowered = head.lower()
    at = lowered.find(b"\r\ncontent-length:")
    if at < 0:
        if b"\r\ntransfer-encoding:" in lowered:
            raise ValueError("a chunked request; the fake upstream wants a Content-Length")
        return 0
    return int(lowered[at + 17 :].split(b"\r\n", 1)[0])


async def _serve(port: int, latency_ms: float) -> None:
    upstream = Upstream(latency=latency_ms / 1000)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(upstream), "127.0.0.1", port, backlog=1024)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    # Ends with whoever started it: their end of the pipe closes even if they crash.
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


@dataclass(frozen=True, slots=True)
class State:
    """What the upstream counted since the last reset."""

    requests: int
    body_bytes: int
    connections: int
    most_at_once: int
    recorded: list[tuple[str, str, str]]

    def first_body(self, path_end: str) -> JsonObject:
        """The body of the first recorded request whose path ends so; empty if there was none."""
        for _, target, body in self.recorded:
            if target.partition("?")[0].endswith(path_end) and body:
                return cast("JsonObject", json.loads(body))
        return {}


class RunningUpstream:
    """The fake upstream in a process of its own, as a context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.upstream"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._port = int(json.loads(self._process.stdout.readline())["port"])
        self.url = f"http://127.0.0.1:{self._port}/api"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def reset(self, latency_ms: float = 0) -> None:
        """Forget the counts and set the time that each answer waits."""
        self._control("POST", "/-/reset", str(latency_ms))

    def state(self) -> State:
        """What was counted since the last reset."""
        told = self._control("GET", "/-/state", "")
        return State(
            requests=told["requests"],
            body_bytes=told["body_bytes"],
            connections=told["connections"],
            most_at_once=told["most_at_once"],
            recorded=[(method, target, body) for method, target, body in told["recorded"]],
        )

    def _control(self, method: str, path: str, body: str) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request(method, path, body)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The fake upstream, by itself.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0)
    options = parser.parse_args()
    asyncio.run(_serve(options.port, options.latency_ms))
