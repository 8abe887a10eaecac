"""Accounts: the object whose fields the reference lists one by one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api
from unthread_mcp.sandbox import Sandbox

pytestmark = pytest.mark.anyio

THE_REFERENCES_LIST = """
id name imageUrl primarySupportAssigneeId primarySupportAssigneeType secondarySupportAssigneeId
secondarySupportAssigneeType primarySupportAssignee.id primarySupportAssignee.name secondarySupportAssignee.id
secondarySupportAssignee.name emailsAndDomains slackChannelIds slackTeamIds customFields supportSteps createdAt
updatedAt createdBy updatedBy slackChannels.id slackChannels.name slackChannels.isPrivate slackChannels.isShared
slackChannels.archivedAt slackChannels.slackTeamId slackTeams.id slackTeams.name slackTeams.icon tags.id
tags.name externalCrmMetadata
"""
LISTED = THE_REFERENCES_LIST.split()


async def an_account(api: Api, name: str = "Vela Biotech") -> Any:
    (found,) = await api.rows("/accounts", where=[{"field": "name", "operator": "==", "value": name}])
    return found


async def test_every_field_of_the_references_list_can_be_selected(api: Api) -> None:
    (first, *_) = await api.rows("/accounts", select=LISTED, order=["name", "id"])
    assert set(first) == {name.partition(".")[0] for name in LISTED}


async def test_everything_about_an_account(api: Api) -> None:
    account = await an_account(api)
    assert account == await api.ok("GET", f"/accounts/{account['id']}")
    assert account["primarySupportAssignee"]["name"] == "Tomasz Zieliński"
    assert [channel["name"] for channel in account["slackChannels"]] == ["ext-vela"]
    assert [team["name"] for team in account["slackTeams"]] == ["Vela Biotech"]
    assert [tag["name"] for tag in account["tags"]] == ["Enterprise"]
    assert account["emailsAndDomains"] == ["velabiotech.example", "sofia.lindgren@velabiotech.example"]
    assert [field["label"] for field in account["customFields"]] == ["Plan", "Renewal"]


async def test_a_group_can_support_an_account(api: Api) -> None:
    account = await an_account(api, "Ironwood Credit Union")
    assert (account["primarySupportAssigneeType"], account["primarySupportAssignee"]["name"]) == (
        "team",
        "Support leads",
    )


async def test_accounts_are_found_by_what_belongs_to_them(api: Api) -> None:
    by_domain = await api.where("/accounts", "emailsAndDomains", "contains", "poldersystems.example")
    by_tag = await api.where("/accounts", "tags.name", "==", "At risk")
    by_person = await api.where("/accounts", "primarySupportAssignee.name", "==", "Tomasz Zieliński")
    assert [each["totalCount"] for each in (by_domain, by_tag, by_person)] == [1, 2, 1]


async def test_a_new_one_needs_a_name_and_nothing_else(api: Api) -> None:
    made = await api.ok("POST", "/accounts", {"name": "Vela Biotech"})
    assert made["id"] != (await api.ids("/accounts", order=["createdAt"]))[0]
    assert (made["emailsAndDomains"], made["customFields"], made["tags"]) == ([], [], [])
    assert made["createdBy"] == made["updatedBy"]
    assert made["createdAt"] == "2025-03-18T10:00:00.000Z"


async def test_what_is_given_changes_and_lists_change_as_a_whole(api: Api) -> None:
    account = await an_account(api)
    url = f"/accounts/{account['id']}"
    changed = await api.ok("PATCH", url, {"emailsAndDomains": ["vela.example"], "primarySupportAssigneeId": None})
    assert (changed["emailsAndDomains"], changed["primarySupportAssignee"]) == (["vela.example"], None)
    assert (changed["name"], changed["customFields"]) == (account["name"], account["customFields"])
    assert changed["updatedBy"] != account["updatedBy"]
    fields = [{"anything": [1, None]}]
    changed = await api.ok("PATCH", url, {"customFields": fields, "externalCrmMetadata": {"id": "x"}})
    assert (changed["customFields"], changed["externalCrmMetadata"]) == (fields, {"id": "x"})


async def test_one_that_was_deleted_is_gone(api: Api, sandbox: Sandbox) -> None:
    account = await an_account(api)
    assert await api.ok("DELETE", f"/accounts/{account['id']}", status=204) is None
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        assert await api.refused(method, f"/accounts/{account['id']}", body) == "Account not found"
    left = sandbox.database.execute("SELECT count(*) FROM account_tags WHERE accountId = ?", [account["id"]])
    assert left.fetchone() == (0,)


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ({}, '"name" is required'),
        ({"name": ""}, '"name" is not allowed to be empty'),
        (
            {"name": "x", "primarySupportAssigneeType": "group"},
            '"primarySupportAssigneeType" must be one of [user, team]',
        ),
        ({"name": "x", "emailsAndDomains": None}, '"emailsAndDomains" must be an array'),
        ({"name": "x", "externalCrmMetadata": {}}, '"externalCrmMetadata.id" is required'),
        ({"name": "x", "tags": []}, '"tags" is not allowed'),
    ],
)
async def test_a_bad_request_is_refused_by_name(api: Api, body: Any, title: str) -> None:
    assert await api.refused("POST", "/accounts", body) == title
