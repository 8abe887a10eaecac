"""Accounts: what is known of a company beyond one Slack channel, and who supports it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from unthread_mcp.access import changes, creates, deletes, reads
from unthread_mcp.answers import as_object, text_of
from unthread_mcp.api.endpoints import CREATE_ACCOUNT, DELETE_ACCOUNT, GET_ACCOUNT, LIST_ACCOUNTS, UPDATE_ACCOUNT
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.arguments import AccountRef, Clear, Cursor, Id, Limit, Name, Select, Text
from unthread_mcp.fields import ACCOUNT
from unthread_mcp.gate import Gate
from unthread_mcp.listing import by_name, list_page
from unthread_mcp.natural_keys import NaturalKey, namesakes
from unthread_mcp.outgoing import prepare, prepare_blocks
from unthread_mcp.questions import of_deletion
from unthread_mcp.render import SEPARATOR, Answer, compact, compose, name_of, names_of, selected_object, whole_name
from unthread_mcp.tools.slack_channels import require_no_other_accounts
from unthread_mcp.tools.support_settings import (
    Addresses,
    Steps,
    Support,
    Supporter,
    addresses_to_write,
    changed_answer,
    identity_of,
    name_to_write,
    supporter_of,
    whose,
    with_cleared,
)
from unthread_mcp.untrusted import one_line
from unthread_mcp.urls import public_https_url
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import change, create, creation, delete

CLEARABLE: Final = {
    "primary_assignee": "primarySupportAssigneeId",
    "secondary_assignee": "secondarySupportAssigneeId",
    "emails_and_domains": "emailsAndDomains",
    "slack_channel_ids": "slackChannelIds",
    "slack_team_ids": "slackTeamIds",
    "custom_fields": "customFields",
    "support_steps": "supportSteps",
    "image_url": "imageUrl",
    "crm_id": "externalCrmMetadata",
}
"""What `clear` can empty, and the field behind it."""
_LISTS: Final = frozenset({"emailsAndDomains", "slackChannelIds", "slackTeamIds", "customFields", "supportSteps"})
_KEYS: Final = ("id", "key", "label", "name")
"""What a custom field may be told by. The reference types custom fields as anything, so this is inferred."""

CustomFields = Annotated[
    list[dict[str, Any]],
    Field(description="As get_account shows them; those not passed stay", max_length=200),
]
SlackIds = Annotated[list[Id], Field(max_length=200)]
ImageUrl = Annotated[str, Field(max_length=2_000)]
CrmId = Annotated[str, Field(min_length=1, max_length=200)]


@reads("Search accounts", shown=False)
async def search_accounts(
    workspace: Workspace,
    text: Annotated[Text | None, Field(description="Part of the name")] = None,
    tag: Annotated[Text | None, Field(description="Tag name or id")] = None,
    address: Annotated[Text | None, Field(description="E-mail address or domain")] = None,
    select: Select | None = None,
    limit: Limit = 25,
    cursor: Cursor | None = None,
) -> Answer:
    """Find accounts by name, tag, e-mail address or domain."""
    where: list[JsonObject] = []
    if tag:
        where.append({"field": "tags.id", "operator": "==", "value": (await workspace.names.tag(tag)).id})
    if address:
        (wanted,) = addresses_to_write([address], "address", mail=True)
        where.append({"field": "emailsAndDomains", "operator": "contains", "value": wanted})
    query = by_name(
        LIST_ACCOUNTS,
        ACCOUNT,
        text=text,
        select=select,
        limit=limit,
        cursor=cursor,
        arguments={"tag": tag, "address": address},
        where=where,
    )
    listed = await list_page(workspace, query)
    if listed.chosen:
        return listed.selected("account")
    lines = [
        SEPARATOR.join(
            [
                name_of(row),
                name_of(row, "primarySupportAssignee.name"),
                names_of(row, "tags.name"),
                names_of(row, "emailsAndDomains"),
            ]
        )
        for row in listed.rows
    ]
    legend = SEPARATOR.join(["name", "primary support", "tags", "addresses"])
    return listed.answer("account", lines, legend=legend)


@reads("Get an account", shown=False)
async def get_account(workspace: Workspace, account: AccountRef, select: Select | None = None) -> Answer:
    """Read one account: who supports it, addresses, Slack channels and teams, custom fields, CRM id."""
    chosen = ACCOUNT.check(select) if select else None
    found = await workspace.names.account(account)
    whole = await _account(workspace, found.id)
    if chosen:
        return selected_object(whole, chosen)
    return Answer(await _described(workspace, whole), whole)


@creates("Create an account", level="admin", shown=False)
async def create_account(
    workspace: Workspace,
    name: Name,
    primary_assignee: Supporter | None = None,
    secondary_assignee: Supporter | None = None,
    emails_and_domains: Addresses | None = None,
    slack_channel_ids: SlackIds | None = None,
    slack_team_ids: SlackIds | None = None,
    custom_fields: CustomFields | None = None,
    support_steps: Steps | None = None,
    image_url: ImageUrl | None = None,
    crm_id: CrmId | None = None,
) -> Answer:
    """Add an account. Names need not be unique: search first."""
    workspace.require_no_limit("an account is none of them")
    body = _plain(name, emails_and_domains, slack_channel_ids, slack_team_ids, image_url, crm_id)
    if custom_fields:
        body["customFields"] = [*_prepared(custom_fields)]
    support = Support(primary_assignee, secondary_assignee, support_steps or None)
    body |= await support.to_write(workspace, exact=False)
    if slack_channel_ids and workspace.intents.look(creation(workspace, "account", body)) is None:
        await require_no_other_accounts(workspace, slack_channel_ids, "slack_channel_ids", None)
    key = NaturalKey(LIST_ACCOUNTS, "name", text_of(body, "name"))
    others = await namesakes(workspace, "account", key)
    created = await create(workspace, CREATE_ACCOUNT, body, what="account", key=key)
    workspace.names.forget(key.value)
    said = f"account {one_line(key.value, 80)!r} ({identity_of(created.body)})"
    told = others if created.outcome == "done" else ""
    return Answer(f"{said}.{created.note}{told}", {**created.body}, created.outcome)


@changes("Update an account", level="admin", shown=False)
async def update_account(
    workspace: Workspace,
    account: AccountRef,
    name: Name | None = None,
    primary_assignee: Supporter | None = None,
    secondary_assignee: Supporter | None = None,
    emails_and_domains: Addresses | None = None,
    slack_channel_ids: SlackIds | None = None,
    slack_team_ids: SlackIds | None = None,
    custom_fields: CustomFields | None = None,
    support_steps: Steps | None = None,
    image_url: ImageUrl | None = None,
    crm_id: CrmId | None = None,
    clear: Clear | None = None,
) -> Answer:
    """Change what is passed of an account; the rest stays. Lists but custom_fields are replaced.

    clear takes the name of any argument but name.
    """
    body = _plain(name, emails_and_domains, slack_channel_ids, slack_team_ids, image_url, crm_id)
    support = Support(primary_assignee, secondary_assignee, support_steps)
    later = {*support.fields, *(["customFields"] if custom_fields else [])}
    body = with_cleared(body, clear, CLEARABLE, lists=_LISTS, later=later)
    found = await workspace.names.account(account)
    workspace.require_allowed(found.id)
    if slack_channel_ids:
        await require_no_other_accounts(workspace, slack_channel_ids, "slack_channel_ids", found.id)
    body |= await support.to_write(workspace, exact=False)
    async with workspace.writing_to(found.id):
        before = await _account(workspace, found.id)
        if custom_fields:
            body["customFields"] = _merged(before.get("customFields"), _prepared(custom_fields))
        try:
            written = await change(workspace, UPDATE_ACCOUNT, {"account_id": found.id}, body, read_back=GET_ACCOUNT)
        finally:
            workspace.names.forget(found.id, text_of(body, "name"))
    handle = f"account {name_of({**before, **body})} ({found.id})"
    return await changed_answer(workspace, handle, before, written, body)


@deletes("Delete an account")
async def delete_account(workspace: Workspace, gate: Gate, account: AccountRef) -> Answer:
    """Remove an account with all that is known of it. It can't be taken back."""

    def question(found: JsonObject) -> str:
        lost = "All that is known of it goes with it."
        return of_deletion(f"account {whole_name(found)!r}", found, whose(found, "emailsAndDomains"), lost=lost)

    gone = await delete(
        workspace,
        gate,
        DELETE_ACCOUNT,
        what="account",
        asked=account,
        identify=workspace.names.account,
        read=lambda identity: _account(workspace, identity),
        question=question,
        allow=lambda found: workspace.require_allowed(found.get("id")),
    )
    handle = f"{name_of(gone.body)} ({identity_of(gone.body)})" if gone.body else repr(one_line(account, 80))
    return Answer(f"account {handle} is deleted.{gone.note}", gone.body, gone.outcome)


async def _account(workspace: Workspace, identity: str) -> JsonObject:
    return as_object(await workspace.client.read(GET_ACCOUNT, {"account_id": identity}))


def _plain(
    name: str | None,
    addresses: list[str] | None,
    channels: list[str] | None,
    teams: list[str] | None,
    image_url: str | None,
    crm_id: str | None,
) -> JsonObject:
    """What needs no looking up, as Unthread takes it."""
    written: JsonObject = {
        "name": name_to_write(name),
        "emailsAndDomains": None
        if addresses is None
        else addresses_to_write(addresses, "emails_and_domains", mail=True),
        "slackChannelIds": None if channels is None else [*channels],
        "slackTeamIds": None if teams is None else [*teams],
        "imageUrl": None if image_url is None else public_https_url(image_url, "image_url"),
        "externalCrmMetadata": None if crm_id is None else {"id": prepare(crm_id)},
    }
    return {field: value for field, value in written.items() if value is not None}


def _prepared(given: list[dict[str, Any]]) -> list[JsonObject]:
    """Custom fields as they may be sent."""
    prepared = prepare_blocks([*given])
    return [each for each in prepared if isinstance(each, dict)] if isinstance(prepared, list) else []


def _merged(before: JsonValue, given: list[JsonObject]) -> list[JsonValue]:
    """Custom fields with `given` in them: each takes the place of the one of the same key and keeps what it lacks.

    The reference doesn't say whether a write replaces the list or adds to it; the whole is right under both
    readings. Raises `InvalidArgument` for one that can't be told from others.
    """
    merged: list[JsonValue] = [*before] if isinstance(before, list) else []
    if before is not None and not isinstance(before, list):
        raise InvalidArgument(
            "This account's custom fields are no list, so nothing can be put beside them.", "Change them in Unthread."
        )
    for entry in given:
        key = next((name for name in _KEYS if isinstance(entry.get(name), str)), None)
        if key is None:
            raise InvalidArgument(f"A custom field has none of {', '.join(_KEYS)}.", "Pass it as get_account shows it.")
        same = [place for place, each in enumerate(merged) if isinstance(each, dict) and each.get(key) == entry[key]]
        if len(same) > 1:
            raise InvalidArgument(
                f"Several custom fields have the {key} {one_line(str(entry[key]), 60)!r}.", "Pass its id."
            )
        if same:
            old = merged[same[0]]
            merged[same[0]] = {**(old if isinstance(old, dict) else {}), **entry}
        else:
            merged.append({**entry})
    return merged


async def _described(workspace: Workspace, account: JsonObject) -> str:
    lines = [f"{name_of(account)} (account {one_line(text_of(account, 'id'), 64)})"]
    crm = account.get("externalCrmMetadata")
    facts = {
        "tags": names_of(account, "tags.name"),
        "primary support": await supporter_of(workspace, account, "primary"),
        "secondary support": await supporter_of(workspace, account, "secondary"),
        "addresses": names_of(account, "emailsAndDomains"),
        "Slack channels": names_of(account, "slackChannels.name"),
        "Slack teams": names_of(account, "slackTeams.name"),
        "CRM id": one_line(text_of(crm, "id"), 64) if isinstance(crm, dict) else "-",
        "image": one_line(text_of(account, "imageUrl"), 300) or "-",
        "since": workspace.date(account.get("createdAt")),
        "updated": workspace.date(account.get("updatedAt")),
    }
    lines += [f"{label}: {value}" for label, value in facts.items() if value not in {"", "-"}]
    for label, name in (("custom fields", "customFields"), ("support steps", "supportSteps")):
        if isinstance(several := account.get(name), list) and several:
            lines.append(f"{label}: {compact(several)}")
    return compose([], lines, [])
