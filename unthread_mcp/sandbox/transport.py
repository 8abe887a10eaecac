"""HTTP in front of the handlers: the key, the route, JSON in and out, and refusals as error bodies."""

from __future__ import annotations

import json
import zlib
from typing import Final
from urllib.parse import unquote_to_bytes

import anyio.lowlevel
import httpx2

# Imported for what they register: one module per domain of the API.
from . import (
    accounts,
    approvals,
    automations,
    conversations,
    customers,
    files,
    followers,
    knowledge_base,
    messages,
    outbounds,
    reporting,
    tags,
    ticket_types,
    users,
    webhooks,
)
from .automations import SLACK_USER_GROUP
from .calls import HANDLERS, Bytes, Call, JsonValue, Refusal, Upload
from .store import Store
from .uploads import parse_form

DOMAINS: Final = (
    accounts,
    approvals,
    automations,
    conversations,
    customers,
    files,
    followers,
    knowledge_base,
    messages,
    outbounds,
    reporting,
    tags,
    ticket_types,
    users,
    webhooks,
)
"""The modules whose functions answer the API. A further domain is a further module here."""

_ROUTES: Final = [
    (endpoint, tuple(endpoint.path.strip("/").split("/")), handler)
    for endpoint, handler in (
        (SLACK_USER_GROUP if endpoint.source == "operator" else endpoint, handler)
        for endpoint, handler in HANDLERS.items()
    )
]


class SandboxTransport(httpx2.AsyncBaseTransport):
    """Answers requests to `https://<any host>/<any prefix>/api/...` from the store, without any network.

    Closing it, as an HTTP client does with its transport, leaves the workspace open.
    """

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._key = key

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request; only mistakes of this package raise."""
        content = await request.aread()
        # Over a network this is where a caller waits and can be cancelled.
        await anyio.lowlevel.checkpoint()
        try:
            answer = self._answer(request, content)
        except Refusal as refusal:
            return _response(request, refusal.status, _error_body(request, refusal))
        return _response(request, 204 if answer is None else 200, answer)

    def _answer(self, request: httpx2.Request, content: bytes) -> str | Bytes | None:
        if request.headers.get("x-api-key") != self._key:
            raise Refusal(401, "Unauthorized")
        _, _, path = request.url.raw_path.partition(b"?")[0].partition(b"/api/")
        parts = [unquote_to_bytes(part).decode(errors="replace") for part in path.split(b"/")]
        for endpoint, pattern, handler in _ROUTES:
            ids = _matched(pattern, parts) if endpoint.method == request.method else None
            if ids is not None:
                body, uploads = _body(request, content)
                select = request.url.params.get("select") if endpoint.effect != "reads" else None
                call = Call(self._store, ids, body, tuple(select.split(",")) if select else None, uploads)
                try:
                    with self._store.transaction(writes=endpoint.effect != "reads"):
                        return handler(call)
                except (UnicodeEncodeError, OverflowError):
                    # Half a surrogate pair to look for, or a number beyond 64 bits: no column holds such a thing.
                    raise Refusal(400, "Invalid value") from None
        raise Refusal(404, "Not found.")


def _matched(pattern: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    """The ids in the path, or None if it is another one."""
    if len(pattern) != len(parts):
        return None
    ids: dict[str, str] = {}
    for expected, part in zip(pattern, parts, strict=True):
        if expected.startswith("{"):
            ids[expected.strip("{}")] = part
        elif expected != part:
            return None
    return ids


def _body(request: httpx2.Request, content: bytes) -> tuple[JsonValue, tuple[Upload, ...]]:
    uploads: tuple[Upload, ...] = ()
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        content, uploads = parse_form(content_type, content)
    if not content:
        return None, uploads
    try:
        return json.loads(content, parse_constant=_no_number), uploads
    except (ValueError, RecursionError):
        raise Refusal(400, "Invalid JSON") from None


def _no_number(name: str) -> None:
    """Python reads NaN and Infinity as JSON; nobody else does."""
    raise ValueError(name)


def _error_body(request: httpx2.Request, refusal: Refusal) -> str:
    """The body seen in the wild: `id` is an opaque number, and the one for an unknown route has none."""
    error: dict[str, JsonValue] = {"status": refusal.status, "title": refusal.title}
    if refusal.status != 404:
        error["id"] = zlib.crc32(f"{request.method} {request.url.path} {refusal.title}".encode()) % 10**8
    return json.dumps({"errors": [error]})


def _response(request: httpx2.Request, status: int, answer: str | Bytes | None) -> httpx2.Response:
    if answer is None:
        return httpx2.Response(status, request=request)
    if isinstance(answer, Bytes):
        return httpx2.Response(
            status, headers={"content-type": answer.mimetype}, content=answer.content, request=request
        )
    # A lone surrogate leaves as the JSON escape that it is in the wild, since UTF-8 has no form for it.
    content = answer.encode("utf-8", "backslashreplace")
    return httpx2.Response(
        status, headers={"content-type": "application/json; charset=utf-8"}, content=content, request=request
    )
