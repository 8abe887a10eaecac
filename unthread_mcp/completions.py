"""Completions for what has a name: the arguments of prompts and the values of resource templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mcp.types import Completion, CompletionArgument, PromptReference, ResourceTemplateReference

from unthread_mcp.answers import as_page, friendly_number, id_of, text_of
from unthread_mcp.api.endpoints import (
    LIST_ACCOUNTS,
    LIST_ARTICLES,
    LIST_CONVERSATIONS,
    LIST_CUSTOMERS,
    LIST_USERS,
    Endpoint,
)
from unthread_mcp.api.errors import UnthreadError
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.fields import VOCABULARIES
from unthread_mcp.resources import TEMPLATES
from unthread_mcp.transcript.entries import objects_at
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace

MOST: Final = 20
_FIXED: Final[dict[str, tuple[str, ...]]] = {
    "object": tuple(VOCABULARIES),
    "limit": ("5", "10", "25"),
    "start": ("7d", "14d", "30d", "90d"),
    "tone": ("friendly and to the point", "formal", "apologetic"),
}


async def complete(
    workspace: Workspace,
    reference: PromptReference | ResourceTemplateReference,
    argument: CompletionArgument,
    others: Mapping[str, str] | None = None,
) -> Completion | None:
    """Values that begin with, or contain, what was typed so far. An API that can't be reached completes nothing.

    `others` are the values that the reference's other arguments have already.
    """
    kind = _kind(reference, argument.name)
    if kind in _FIXED:
        return _completion([each for each in _FIXED[kind] if each.startswith(argument.value)])
    try:
        if kind == "conversation":
            return _completion(await _conversations(workspace, argument.value))
        if kind == "customer":
            return _completion(await _named(workspace, LIST_CUSTOMERS, "name", "name", argument.value))
        if kind == "to":
            return _completion(await _named(workspace, LIST_USERS, "name", "name", argument.value))
        if kind == "account":
            return _completion(await _named(workspace, LIST_ACCOUNTS, "name", "name", argument.value))
        if kind == "file_id":
            return _completion(await _files(workspace, (others or {}).get("id", ""), argument.value))
        if kind == "article":
            return _completion(await _named(workspace, LIST_ARTICLES, "title", "id", argument.value))
    except UnthreadError:
        return _completion([])
    return None


def _kind(reference: PromptReference | ResourceTemplateReference, argument: str) -> str:
    """What is to be completed: for a template, its name says what its `id` is of."""
    if isinstance(reference, PromptReference) or argument != "id":
        return argument
    name = next((each.name for each in TEMPLATES if each.uri == reference.uri), "")
    return "conversation" if name in {"messages", "file"} else name


async def _conversations(workspace: Workspace, typed: str) -> list[str]:
    """Numbers of conversations that aren't closed, those last updated first."""
    body: JsonObject = {
        "select": ["id", "friendlyId", "updatedAt"],
        "where": [{"field": "status", "operator": "in", "value": ["open", "in_progress", "on_hold"]}],
        "order": ["updatedAt", "id"],
        "descending": True,
        "limit": 100,
    }
    rows = as_page(await workspace.client.read(LIST_CONVERSATIONS, {}, body=body)).rows
    for row in rows:
        workspace.numbers.remember(row)
    numbers = [str(number) for row in rows if (number := friendly_number(row.get("friendlyId"))) is not None]
    return [number for number in numbers if number.startswith(typed.strip().lstrip("#"))]


async def _files(workspace: Workspace, conversation: str, typed: str) -> list[str]:
    """Ids of a conversation's files, by id or by what stands in their names."""
    if not conversation:
        return []
    found = await workspace.conversation(await workspace.numbers.identify(conversation))
    wanted = typed.strip().casefold()
    return [
        identity
        for each in objects_at(found, "files")
        if (identity := id_of(each))
        and (identity.casefold().startswith(wanted) or wanted in text_of(each, "name").casefold())
    ]


async def _named(workspace: Workspace, endpoint: Endpoint, field: str, shown: str, typed: str) -> list[str]:
    where: list[JsonValue] = [{"field": field, "operator": "contains", "value": typed}] if typed.strip() else []
    body: JsonObject = {"select": ["id", field], "order": [field, "id"], "limit": MOST}
    rows = as_page(await workspace.client.read(endpoint, {}, body={**body, **({"where": where} if where else {})})).rows
    return [one_line(text_of(row, shown), 200) for row in rows if text_of(row, shown)]


def _completion(values: list[str]) -> Completion:
    return Completion(values=values[:MOST], total=len(values), has_more=len(values) > MOST)
