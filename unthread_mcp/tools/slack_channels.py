"""Whose a Slack channel is: what goes into one that is a customer's is read there."""

from __future__ import annotations

from unthread_mcp.answers import as_page, id_of
from unthread_mcp.api.endpoints import LIST_ACCOUNTS, LIST_CUSTOMERS
from unthread_mcp.api.errors import InvalidArgument, RequestRejected
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.concurrency import both
from unthread_mcp.fields import pick
from unthread_mcp.names import Named
from unthread_mcp.render import name_of
from unthread_mcp.workspace import Workspace


async def customer_in(workspace: Workspace, channel_id: str) -> Named | None:
    """The customer whose Slack channel this is. Raises `RequestRejected` if Unthread doesn't look customers up so."""
    where: list[JsonValue] = [{"field": "slackChannelId", "operator": "==", "value": channel_id}]
    body: JsonObject = {"select": ["id", "name", "slackChannelId"], "where": where, "limit": 1}
    for row in as_page(await workspace.client.read(LIST_CUSTOMERS, {}, body=body)).rows:
        if row.get("slackChannelId") == channel_id:
            return Named(id_of(row), name_of(row))
    return None


async def is_the_teams_own(workspace: Workspace, channel_id: str, argument: str) -> bool:
    """Whether a channel is surely nobody else's; not, if Unthread looks up none by their channels.

    Raises `InvalidArgument`, naming `argument`, for one of a customer or an account: they would read what is for the
    team.
    """
    try:
        customer, account = await both(
            lambda: customer_in(workspace, channel_id), lambda: _account_in(workspace, channel_id)
        )
    except RequestRejected:
        return False
    if found := customer or account:
        kind = "customer" if customer else "account"
        raise InvalidArgument(
            f"{argument} is the channel of the {kind} {found.name}, who would read it.",
            "Pass a channel of the team's own.",
        )
    return True


async def _account_in(workspace: Workspace, channel_id: str) -> Named | None:
    """The account of which this is a Slack channel. Raises `RequestRejected` as `customer_in` does."""
    where: list[JsonValue] = [{"field": "slackChannels.id", "operator": "==", "value": channel_id}]
    body: JsonObject = {"select": ["id", "name", "slackChannels.id"], "where": where, "limit": 1}
    for row in as_page(await workspace.client.read(LIST_ACCOUNTS, {}, body=body)).rows:
        ids = pick(row, "slackChannels.id")
        if isinstance(ids, list) and channel_id in ids:
            return Named(id_of(row), name_of(row))
    return None
