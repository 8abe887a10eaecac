"""Unthread's API as three verbs: read, write, download; and what each answer or fault means for them."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import anyio

from unthread_mcp.api import refusals
from unthread_mcp.api.calls import Call, Upload, check_upload, encode_body
from unthread_mcp.api.cleaning import clean_json
from unthread_mcp.api.decoding import ACCEPTED_ENCODINGS, is_plain, understand
from unthread_mcp.api.exchange import Answer, NoAnswer
from unthread_mcp.api.faults import judge_silence, judge_status, judge_success
from unthread_mcp.api.retries import RetryPolicy
from unthread_mcp.api.sending import USER_AGENT, Sender

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from unthread_mcp.api.endpoints import Endpoint
    from unthread_mcp.api.faults import BodyKind
    from unthread_mcp.api.json_types import JsonValue
    from unthread_mcp.api.sending import Transport

__all__ = ["DownloadedFile", "Receipt", "RetryPolicy", "UnthreadClient", "Upload"]


class Receipt(NamedTuple):
    """A write was done. `body` is Unthread's answer, cleaned; None if it was empty, or came broken (not `complete`)."""

    body: JsonValue
    complete: bool
    status: int


class DownloadedFile(NamedTuple):
    """The bytes of a file, and the media type that came with them, such as ``image/png``."""

    content: bytes
    media_type: str


class UnthreadClient:
    """Unthread's API, at most `max_in_flight` requests at a time, each call within its total `deadline` in seconds.

    Without a `transport` it speaks to the network, through the proxies and the trust store that the environment names;
    a `transport`, or a function that makes one when it is first needed, can stand in for it. `key_problem` says why
    there is no key, in one sentence or with a second one that says what to do. The clocks, `sleep` and `chance` (a
    random number from 0 to 1) can be replaced in tests.

    Calls raise `ApiError` for what did not work, `OutcomeUnknown` for writes that may have, and `InvalidArgument` for
    what cannot be sent. The key is in none of them.
    """

    def __init__(
        self,
        *,
        base_url: str,
        key: str | None,
        key_problem: str = "",
        transport: Transport | None = None,
        deadline: float = 30.0,
        file_deadline: float = 60.0,
        max_in_flight: int = 16,
        max_json_bytes: int = 8 * 2**20,
        max_file_bytes: int = 25 * 2**20,
        retry: RetryPolicy | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.characters_removed = 0
        """How many characters the cleaning has taken out of answers so far."""
        self.writes_begun = 0
        """How many writes may have left so far: one that stops before it counts here did not happen."""
        self._base_url = base_url.rstrip("/")
        self._key = key or ""
        self._key_problem = key_problem
        self._deadline = deadline
        self._file_deadline = file_deadline
        self._max_json_bytes = max_json_bytes
        self._max_file_bytes = max_file_bytes
        retry = retry or RetryPolicy()
        self._sender = Sender(
            transport=transport,
            max_in_flight=max_in_flight,
            retry=retry,
            monotonic=monotonic,
            wall_clock=wall_clock,
            sleep=sleep,
            chance=chance,
        )
        if not (self._key.isascii() and self._key.isprintable()):
            # Such a key cannot stand in a header.
            self._key = ""
            self._key_problem = key_problem or "The API key holds characters that no key has. Copy the key again."
        sign = [(b"X-Api-Key", self._key.encode()), USER_AGENT]
        self._headers = [*sign, (b"Accept", b"application/json"), (b"Accept-Encoding", ACCEPTED_ENCODINGS.encode())]
        self._json_headers = [*self._headers, (b"Content-Type", b"application/json")]
        self._file_headers = [*sign, (b"Accept", b"*/*"), (b"Accept-Encoding", b"identity")]
        connecting = {"connect": retry.connect_timeout, "pool": None}
        self._read_timeouts = {**connecting, "read": retry.silence_timeout, "write": retry.silence_timeout}
        self._write_timeouts = {**connecting, "read": None, "write": None}

    async def read(
        self,
        endpoint: Endpoint,
        ids: dict[str, str] | None = None,
        *,
        body: JsonValue = None,
        query: Mapping[str, str] | None = None,
    ) -> JsonValue:
        """The JSON that an endpoint answers with, cleaned, from one that only reads."""
        call = self._call(endpoint, ids, reads=True, body=body, query=query)
        answer = self._read_answer(call, await self._sender.send(call))
        kind, value = _understood(answer)
        if kind != "json":
            raise refusals.unreadable(call, answer, kind)
        return self._clean(value, answer)

    async def write(
        self,
        endpoint: Endpoint,
        ids: dict[str, str] | None = None,
        *,
        body: JsonValue = None,
        select: Sequence[str] = (),
        files: Sequence[Upload] = (),
    ) -> Receipt:
        """Change, create or delete something; `select` names the fields that the receipt's body should have.

        Raises `ApiError` if it did not happen and `OutcomeUnknown` if it may have. One that is cancelled may have
        happened, too: see `uninterrupted`.
        """
        query = {"select": ",".join(select)} if select else None
        call = self._call(endpoint, ids, reads=False, body=body, query=query, files=files)
        self.writes_begun += 1
        came = await self._sender.send(call)
        if isinstance(came, NoAnswer):
            if judge_silence(endpoint.effect, sent=came.sent).outcome == "refused":
                raise refusals.not_answered(call, came)
            raise refusals.outcome_unknown(call, came, self._key)
        if not came.is_success:
            if judge_status(endpoint.effect, came.status).outcome == "refused":
                raise refusals.refused(call, came, self._key, self._sender.wait_asked(came))
            raise refusals.outcome_unknown(call, came, self._key)
        kind, value = _understood(came)
        if judge_success(endpoint.effect, kind).outcome == "unknown":
            raise refusals.outcome_unknown(call, came, self._key, kind)
        return Receipt(self._clean(value, came), complete=kind != "broken json", status=came.status)

    async def download(self, endpoint: Endpoint, ids: dict[str, str]) -> DownloadedFile:
        """The bytes of a file. One redirect is followed if it is to https, and without the key."""
        call = self._call(endpoint, ids, reads=True, downloads=True)
        answer = self._read_answer(call, await self._sender.send(call))
        if answer.body.flaw or not answer.body.content:
            raise refusals.unusable_file(call, answer)
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        return DownloadedFile(bytes(answer.body.content), media_type or "application/octet-stream")

    def prepare(self) -> None:
        """Import the HTTP library and load the trust store now, not with the first call. May run in a thread."""
        self._sender.open()

    async def aclose(self) -> None:
        """Close every connection. Calls after this are refused."""
        await self._sender.aclose()

    def _call(
        self,
        endpoint: Endpoint,
        ids: dict[str, str] | None,
        *,
        reads: bool,
        body: JsonValue = None,
        query: Mapping[str, str] | None = None,
        files: Sequence[Upload] = (),
        downloads: bool = False,
    ) -> Call:
        if reads != (endpoint.effect == "reads"):
            raise ValueError(f"{endpoint} {endpoint.effect}")
        if not self._key:
            raise refusals.no_key(self._key_problem)
        for file in files:
            check_upload(file)
        url = self._base_url + endpoint.url(ids or {})
        if query:
            # A comma, which separates the names in `select`, stands for itself in a query.
            url += "?" + urlencode(query, safe=",")
        content = None if body is None else encode_body(body)
        headers = self._headers if files or content is None else self._json_headers
        return Call(
            endpoint=endpoint,
            url=url,
            headers=self._file_headers if downloads else headers,
            content=content,
            files=files,
            deadline=self._file_deadline if downloads or files else self._deadline,
            limit=self._max_file_bytes if downloads else self._max_json_bytes,
            timeouts=self._read_timeouts if reads else self._write_timeouts,
            follows_redirect=downloads,
        )

    def _read_answer(self, call: Call, came: Answer | NoAnswer) -> Answer:
        """The 2xx that `came` is. Raises `ApiError` for anything else."""
        if isinstance(came, NoAnswer):
            raise refusals.not_answered(call, came)
        if not came.is_success:
            raise refusals.refused(call, came, self._key, self._sender.wait_asked(came))
        return came

    def _clean(self, value: JsonValue, answer: Answer) -> JsonValue:
        content = answer.body.content
        if is_plain(content) and self._key.encode() not in content:
            return value
        cleaned, removed = clean_json(value, self._key)
        self.characters_removed += removed
        return cleaned


def _understood(answer: Answer) -> tuple[BodyKind, JsonValue]:
    """What kind of body a 2xx brought, and its value if it is JSON that unfolds to no more than a call may hold."""
    answer.body.weigh()
    return understand(answer.headers.get("content-type", ""), answer.body.content, answer.body.flaw)
