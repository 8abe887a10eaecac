"""How a conversation and its messages are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from unthread_mcp.answers import text_of
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.fields import trim
from unthread_mcp.listing import Listed
from unthread_mcp.render import Answer, compact
from unthread_mcp.threads import Thread
from unthread_mcp.untrusted import Fence
from unthread_mcp.workspace import Workspace


def conversation_head(workspace: Workspace, thread: Thread) -> list[str]:
    return [compact(trim(thread.conversation, ["friendlyId", "title", "status"])), f"as_of={thread.as_of}"]


def selected_object(value: JsonObject, chosen: Sequence[str]) -> Answer:
    trimmed = trim(value, chosen)
    return Answer(Fence().wrap(compact(trimmed)), trimmed)


def thread_shown(workspace: Workspace, thread: Thread, head: list[str], max_tokens: int) -> str:
    return "\n".join([*head, Fence().wrap("\n".join(text_of(m, "text") for m in reversed(thread.messages)))])


def message_lines(workspace: Workspace, listed: Listed, by: str | None) -> Answer:
    return Answer("\n".join(compact(m) for m in listed.rows), listed.data)


def messages_shown(workspace: Workspace) -> Callable[[Thread, Sequence[JsonObject]], str]:
    return lambda thread, messages: Fence().wrap("\n".join(text_of(m, "text") for m in messages))
