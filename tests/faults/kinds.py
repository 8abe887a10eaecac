"""One write of each kind, as often as wanted, and how the workspace shows whether it happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from unthread_mcp.api import endpoints
from unthread_mcp.api.calls import Upload
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
    files: Sequence[Upload] = ()

    async def send(self, client: UnthreadClient) -> Outcome:
        """What the client says became of it."""
        select = ("id",) if self.endpoint.effect != "deletes" else ()
        try:
            await client.write(self.endpoint, self.ids, body=self.body, select=select, files=self.files)
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


def _message(sandbox: Sandbox, number: int, text: str, extra: JsonObject, files: Sequence[Upload] = ()) -> Write:
    body: JsonObject = {"body": {"type": "markdown", "value": text}, **extra}
    ids = {"conversation_id": _conversation(sandbox, number)}
    return Write(endpoints.CREATE_MESSAGE, ids, body, _count(sandbox, "messages WHERE text = ?", text), files)


def _reply(sandbox: Sandbox, number: int) -> Write:
    return _message(sandbox, number, f"Reply {number}", {})


def _note(sandbox: Sandbox, number: int) -> Write:
    return _message(sandbox, number, f"Note {number}", {"isPrivateNote": True})


def _upload(sandbox: Sandbox, number: int) -> Write:
    return _message(sandbox, number, f"Upload {number}", {}, [Upload("trace.log", b"all is well", "text/plain")])


def _beginning(sandbox: Sandbox, number: int) -> Write:
    text = f"Beginning {number}"
    body: JsonObject = {"type": "triage", "triageChannelId": "C0DUTY", "markdown": text, "status": "open"}
    return Write(endpoints.CREATE_CONVERSATION, {}, body, _count(sandbox, "messages WHERE text = ?", text))


def _outbound(sandbox: Sandbox, number: int) -> Write:
    text = f"Announcement {number}"
    sql = (
        "SELECT (SELECT id FROM customers WHERE slackChannelId IS NOT NULL), (SELECT id FROM users WHERE NOT external)"
    )
    customer, user = sandbox.database.execute(sql).fetchone()
    body: JsonObject = {
        "deliveryMethod": "slack",
        "subject": "News",
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}],
        "recipients": [{"type": "customer", "id": customer}],
        "sendAs": {"type": "user", "id": user},
    }
    return Write(endpoints.CREATE_OUTBOUND, {}, body, _count(sandbox, "delivered WHERE text = ?", text))


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


def _bulk(sandbox: Sandbox, number: int) -> Write:
    tag, conversations = _tag(sandbox, number), [_conversation(sandbox, each) for each in range(3)]
    happened = _count(
        sandbox, "(SELECT tagId FROM conversation_tags WHERE tagId = ? GROUP BY tagId HAVING count(*) = 3)", tag
    )
    return Write(endpoints.TAG_CONVERSATIONS, {"tag_id": tag}, [*conversations], happened)


def _follow(sandbox: Sandbox, number: int) -> Write:
    group, ids = f"group-{number}", {"conversation_id": _conversation(sandbox, number)}
    sandbox.database.execute("INSERT INTO user_groups (id, name) VALUES (?, ?)", [group, f"Group {number}"])
    body: JsonObject = {"entityId": group, "entityType": "group"}
    return Write(endpoints.ADD_FOLLOWER, ids, body, _count(sandbox, "followers WHERE entityId = ?", group))


def _deletion(sandbox: Sandbox, number: int) -> Write:
    tag = _tag(sandbox, number)
    is_there = _count(sandbox, "tags WHERE id = ?", tag)
    return Write(endpoints.DELETE_TAG, {"tag_id": tag}, None, lambda: 1 - is_there())


KINDS: Final[dict[str, Callable[[Sandbox, int], Write]]] = {
    "reply": _reply,
    "note": _note,
    "upload": _upload,
    "beginning": _beginning,
    "outbound": _outbound,
    "creation": _creation,
    "change": _change,
    "link": _link,
    "bulk": _bulk,
    "follow": _follow,
    "deletion": _deletion,
}
