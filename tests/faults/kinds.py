"""One write of each kind, as often as wanted, and how the workspace shows whether it happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from unthread_mcp.api import endpoints
from unthread_mcp.api.client import UnthreadClient
from unthread_mcp.api.endpoints import Endpoint
from unthread_mcp.api.errors import ApiError, OutcomeUnknown
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.sandbox import Sandbox

Outcome = Literal["done", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Write:
    """A write that nobody has made before."""

    endpoint: Endpoint
    ids: dict[str, str]
    body: JsonValue
    happened: Callable[[], int]
    """How often the workspace shows that it happened."""

    async def send(self, client: UnthreadClient) -> Outcome:
        """What the client says became of it."""
        select = ("id",) if self.endpoint.effect != "deletes" else ()
        try:
            await client.write(self.endpoint, self.ids, body=self.body, select=select)
        except OutcomeUnknown:
            return "unknown"
        except ApiError:
            return "refused"
        return "done"


def _count(sandbox: Sandbox, sql: str, *values: object) -> Callable[[], int]:
    return lambda: sandbox.database.execute(f"SELECT count(*) FROM {sql}", values).fetchone()[0]


def _conversation(sandbox: Sandbox, number: int) -> str:
    """One of the e-mail conversations, in turn, so that no thread grows long."""
    rows = sandbox.database.execute("SELECT id FROM conversations WHERE sourceType = 'email' ORDER BY id").fetchall()
    return rows[number % len(rows)][0]


def _tag(sandbox: Sandbox, number: int) -> str:
    sandbox.database.execute("INSERT INTO tags (id, name) VALUES (?, ?)", [f"tag-{number}", f"Tag {number}"])
    return f"tag-{number}"


def _message(sandbox: Sandbox, number: int, text: str, extra: JsonObject) -> Write:
    body: JsonObject = {"body": {"type": "markdown", "value": text}, **extra}
    ids = {"conversation_id": _conversation(sandbox, number)}
    return Write(endpoints.CREATE_MESSAGE, ids, body, _count(sandbox, "messages WHERE text = ?", text))


def _reply(sandbox: Sandbox, number: int) -> Write:
    return _message(sandbox, number, f"Reply {number}", {})


def _note(sandbox: Sandbox, number: int) -> Write:
    return _message(sandbox, number, f"Note {number}", {"isPrivateNote": True})


def _creation(sandbox: Sandbox, number: int) -> Write:
    title = f"Article {number}"
    body: JsonObject = {"title": title, "content": "How it is done."}
    return Write(endpoints.CREATE_ARTICLE, {}, body, _count(sandbox, "articles WHERE title = ?", title))


def _change(sandbox: Sandbox, number: int) -> Write:
    title, ids = f"Title {number}", {"conversation_id": _conversation(sandbox, number)}
    happened = _count(sandbox, "conversations WHERE title = ?", title)
    return Write(endpoints.UPDATE_CONVERSATION, ids, {"title": title}, happened)


def _link(sandbox: Sandbox, number: int) -> Write:
    tag, conversation = _tag(sandbox, number), _conversation(sandbox, number)
    happened = _count(sandbox, "conversation_tags WHERE tagId = ?", tag)
    return Write(endpoints.TAG_CONVERSATIONS, {"tag_id": tag}, [conversation], happened)


def _deletion(sandbox: Sandbox, number: int) -> Write:
    tag = _tag(sandbox, number)
    is_there = _count(sandbox, "tags WHERE id = ?", tag)
    return Write(endpoints.DELETE_TAG, {"tag_id": tag}, None, lambda: 1 - is_there())


KINDS: Final[dict[str, Callable[[Sandbox, int], Write]]] = {
    "reply": _reply,
    "note": _note,
    "creation": _creation,
    "change": _change,
    "link": _link,
    "deletion": _deletion,
}
