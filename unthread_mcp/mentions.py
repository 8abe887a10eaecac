"""Whom Slack messages mention by id alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unthread_mcp.answers import text_of
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.name_matching import USERS
from unthread_mcp.transcript.authors import read_people
from unthread_mcp.transcript.slack_markup import mentioned
from unthread_mcp.workspace import Workspace


async def names_of_mentioned(
    workspace: Workspace, messages: Sequence[JsonObject], conversation: JsonObject
) -> Mapping[str, str]:
    """The names of the users whom `messages` mention and don't name, by Slack's id, in at most one request.

    Those that nobody knows, or nobody could be asked for, are left out; their ids stay in the text.
    """
    unknown = _without_name(messages, conversation)
    return await workspace.names.names_behind(USERS, unknown, "slackId") if unknown else {}


def names_remembered(
    workspace: Workspace, messages: Sequence[JsonObject], conversation: JsonObject
) -> Mapping[str, str]:
    """The same, as far as they are remembered: nobody is asked."""
    return workspace.names.names_known(USERS, _without_name(messages, conversation), "slackId")


def _without_name(messages: Sequence[JsonObject], conversation: JsonObject) -> list[str]:
    found = [identity for message in messages for identity in mentioned(text_of(message, "text"))]
    if not found:
        return []
    told = read_people(conversation, messages).names
    return [identity for identity in found if identity not in told]
