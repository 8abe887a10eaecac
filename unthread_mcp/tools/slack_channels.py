"""Whose a Slack channel is: what goes into one that is a customer's is read there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from unthread_mcp.answers import as_page, id_of
from unthread_mcp.api.endpoints import LIST_ACCOUNTS, LIST_CONVERSATIONS, LIST_CUSTOMERS, Endpoint
from unthread_mcp.api.errors import InvalidArgument, RequestRejected, UnthreadError
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.concurrency import at_once
from unthread_mcp.fields import pick
from unthread_mcp.names import Named
from unthread_mcp.render import name_of
from unthread_mcp.workspace import Workspace

_CHANNEL: Final = re.compile(r"[CG][A-Z0-9]+")
"""Slack's ids of channels; those that begin with a D are direct messages, with a U or a W people.

Source: Slack's reference of the conversation object, which says no length.
"""
_MOST: Final = 100
"""The reference: "The limit per page is 100"."""


def require_channel(value: str | None, argument: str) -> None:
    """Raise `InvalidArgument` for what is no Slack channel's id: a person's would be written to directly."""
    if value and not _CHANNEL.fullmatch(value):
        raise InvalidArgument(
            f"{argument} is {value[:40]!r}, which is no Slack channel's id.", "Pass one that begins with C or G."
        )


async def customer_in(workspace: Workspace, channel_id: str) -> Named | None:
    """The customer whose Slack channel this is. Raises `RequestRejected` if Unthread doesn't look customers up so."""
    return next(iter(await _customers_in(workspace, channel_id)), None)


async def is_the_teams_own(workspace: Workspace, channel_id: str, argument: str) -> bool:
    """Whether a channel is surely the team's: it triages there, and it is no customer's or account's.

    That nobody has it says nothing: a customer's channel may have been taken from them, and people of whom Unthread
    knows nothing may read it. Raises `InvalidArgument`, naming `argument`, for one of a customer or an account: they
    would read what is for the team.
    """
    found = await at_once(
        {
            "customer": lambda: _customers_in(workspace, channel_id),
            "account": lambda: _with(workspace, LIST_ACCOUNTS, "slackChannels.id", channel_id),
            "customer triaged there": lambda: _with(workspace, LIST_CUSTOMERS, "defaultTriageChannelId", channel_id),
            "conversation": lambda: _with(workspace, LIST_CONVERSATIONS, "triageMessages.channelId", channel_id),
        }
    )
    known: dict[str, list[Named]] = {kind: each for kind, each in found.items() if isinstance(each, list)}
    for kind in ("customer", "account"):
        for holder in known.get(kind, ()):
            raise InvalidArgument(
                f"{argument} is the channel of the {kind} {holder.name}, who would read it.",
                "Pass a channel of the team's own.",
            )
    for each in found.values():
        if isinstance(each, UnthreadError) and not isinstance(each, RequestRejected):
            raise each
    told = "customer" in known and "account" in known
    return told and any(known.get(kind) for kind in ("customer triaged there", "conversation"))


async def require_no_other_customers(workspace: Workspace, channel_id: str, argument: str, own: str | None) -> None:
    """Raise `InvalidArgument` for the channel of another customer than `own`, as far as Unthread says."""
    try:
        holders = await _customers_in(workspace, channel_id)
    except RequestRejected:
        return
    for holder in holders:
        if holder.id != own:
            raise _others(argument, channel_id, "customer", holder)


async def require_no_other_accounts(
    workspace: Workspace, channel_ids: Sequence[str], argument: str, own: str | None
) -> None:
    """Raise `InvalidArgument` for a channel of another account than `own`, as far as Unthread says."""
    wanted: list[JsonValue] = [*channel_ids]
    where: list[JsonValue] = [{"field": "slackChannels.id", "operator": "in", "value": wanted}]
    body: JsonObject = {"select": ["id", "name", "slackChannels.id"], "where": where, "limit": _MOST}
    try:
        rows = as_page(await workspace.client.read(LIST_ACCOUNTS, {}, body=body)).rows
    except RequestRejected:
        return
    for row in rows:
        theirs = pick(row, "slackChannels.id")
        shared = [each for each in channel_ids if isinstance(theirs, list) and each in theirs]
        if shared and id_of(row) != own:
            raise _others(argument, shared[0], "account", Named(id_of(row), name_of(row)))


def _others(argument: str, channel_id: str, kind: str, holder: Named) -> InvalidArgument:
    return InvalidArgument(
        f"{argument}: {channel_id} is the channel of the {kind} {holder.name} ({holder.id}).",
        f"Take it from that {kind} first, if it is to be another's.",
    )


async def _customers_in(workspace: Workspace, channel_id: str) -> list[Named]:
    return await _with(workspace, LIST_CUSTOMERS, "slackChannelId", channel_id)


async def _with(workspace: Workspace, endpoint: Endpoint, field: str, channel_id: str) -> list[Named]:
    """Up to two objects whose `field` is, or holds, this channel. Raises `RequestRejected` if none are looked up so."""
    where: list[JsonValue] = [{"field": field, "operator": "==", "value": channel_id}]
    name = "title" if endpoint is LIST_CONVERSATIONS else "name"
    body: JsonObject = {"select": ["id", name, field], "where": where, "limit": 2}
    found: list[Named] = []
    for row in as_page(await workspace.client.read(endpoint, {}, body=body)).rows:
        value = pick(row, field)
        if value == channel_id or (isinstance(value, list) and channel_id in value):
            found.append(Named(id_of(row), name_of(row, name)))
    return found
