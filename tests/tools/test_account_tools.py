"""Accounts: found, read, made, changed and deleted; custom fields are merged, never replaced."""

from __future__ import annotations

import inspect
import json
from typing import Any

import httpx2
import pytest

from tests.support import Desk, Era
from tests.tools.reach import EVERYTHING
from unthread_mcp.tools.accounts import CLEARABLE, update_account

pytestmark = pytest.mark.anyio
SETTINGS = EVERYTHING


def account_id(desk: Desk, name: str) -> str:
    return desk.sandbox.database.execute("SELECT id FROM accounts WHERE name = ?", [name]).fetchone()[0]


def stored(desk: Desk, column: str) -> Any:
    sql = f"SELECT {column} FROM accounts WHERE name = 'Vela Biotech'"
    return json.loads(desk.sandbox.database.execute(sql).fetchone()[0])


# Reading


async def test_accounts_are_found_by_name_tag_and_address(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        by_name = await agent.call("search_accounts", text="petrichor")
        by_tag = await agent.call("search_accounts", tag="At risk", limit=1)
        more = await agent.call("search_accounts", cursor=by_tag.text.rpartition("cursor=")[2])
        by_address = await agent.call("search_accounts", address="Sofia.Lindgren@velabiotech.example")
        none = await agent.call("search_accounts", text="zzz")
        wrong = await agent.call("search_accounts", address="velabiotech")
    assert by_name.text.splitlines()[:2] == ["2 accounts", "name · primary support · tags · addresses"]
    assert by_tag.text.splitlines()[2].startswith("Ironwood Credit Union · Support leads · At risk, Enterprise · ")
    assert more.text.splitlines()[2].startswith("Tern Shipping · - · At risk · ")
    assert by_address.text.splitlines()[2].startswith("Vela Biotech · Tomasz Zieliński · Enterprise · ")
    assert none.text == "No accounts found."
    assert wrong.text == "address holds 'velabiotech'. Pass a domain such as example.com or an e-mail address."


async def test_everything_about_an_account_with_names_beside_ids(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        said = await agent.call("get_account", account="vela biotech")
        group = await agent.call("get_account", account="Norrvik Energi")
        chosen = await agent.call("get_account", account="Vela Biotech", select=["name", "slackChannels.name"])
    lines = said.text.splitlines()
    assert lines[0] == f"Vela Biotech (account {account_id(desk, 'Vela Biotech')})"
    assert "primary support: Tomasz Zieliński" in lines
    assert "addresses: velabiotech.example, sofia.lindgren@velabiotech.example" in lines
    assert "Slack channels: ext-vela" in lines
    assert "Slack teams: Vela Biotech" in lines
    assert '"label":"Plan","value":"Scale"' in said
    assert "primary support: team On-call engineers (" in group
    assert '{"name":"Vela Biotech","slackChannels":[{"name":"ext-vela"}]}' in chosen


async def test_a_customer_of_the_same_name_is_not_an_account(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call("get_account", account="Tallow & Finch")
    assert said.text == "No account is called 'Tallow & Finch'. search_accounts lists the accounts."


# Creating


async def test_an_account_is_created_once(desk: Desk, era: Era) -> None:
    new: dict[str, Any] = {
        "name": "Juniper Freight",
        "primary_assignee": "Jonas Weber",
        "emails_and_domains": ["Juniper.example", "Ops@Juniper.example"],
        "slack_channel_ids": ["C1"],
        "slack_team_ids": ["T1"],
        "custom_fields": [{"label": "Plan", "value": "Team"}],
        "support_steps": [{"type": "reminder", "minutes": 5, "channel": "C9"}],
        "image_url": "https://logos.example.com/juniper.png",
        "crm_id": "crm-1",
    }
    async with desk.agent(era) as agent:
        said = await agent.call("create_account", **new)
        again = await agent.call("create_account", **new)
    assert said.text == f"done: account 'Juniper Freight' ({account_id(desk, 'Juniper Freight')})."
    assert again.text.startswith("already_done: ")
    (sent,) = desk.wire.writes
    jonas = desk.sandbox.database.execute("SELECT id FROM users WHERE name = 'Jonas Weber'").fetchone()[0]
    assert sent.body == {
        "name": "Juniper Freight",
        "primarySupportAssigneeId": jonas,
        "primarySupportAssigneeType": "user",
        "emailsAndDomains": ["juniper.example", "ops@juniper.example"],
        "slackChannelIds": ["C1"],
        "slackTeamIds": ["T1"],
        "customFields": [{"label": "Plan", "value": "Team"}],
        "supportSteps": [{"type": "reminder", "minutes": 5, "channel": "C9"}],
        "imageUrl": "https://logos.example.com/juniper.png",
        "externalCrmMetadata": {"id": "crm-1"},
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": " "}, "The text is empty."),
        ({"emails_and_domains": ["@"]}, "Pass a domain such as example.com or an e-mail address."),
        ({"emails_and_domains": ["a b@x.example"]}, "emails_and_domains holds 'a b@x.example'."),
        ({"image_url": "http://x.example/a.png"}, "image_url is no https address."),
        ({"slack_channel_ids": ["../x"]}, "item 1 of slack_channel_ids is not acceptable"),
        ({"secondary_assignee": "Jonas"}, "Similar: Jonas Weber"),
        ({"support_steps": [{"assignee": 7}]}, "Support step 1 names its assignee twice, or not by a text."),
    ],
)
async def test_what_can_not_be_created_is_refused_before_anything_is_written(
    desk: Desk, arguments: dict[str, Any], words: str
) -> None:
    async with desk.agent() as agent:
        said = await agent.call("create_account", **{"name": "Juniper Freight", **arguments})
    assert said.text.startswith("refused: ")
    assert words in said
    assert desk.wire.writes == []


async def test_the_channel_of_one_account_becomes_no_others(desk: Desk, era: Era) -> None:
    [[name, identity, channel]] = desk.sandbox.database.execute(
        "SELECT name, accounts.id, value FROM accounts, json_each(slackChannelIds) WHERE name != 'Vela Biotech' LIMIT 1"
    ).fetchall()
    channels = ["C0JUNIPER1", channel]
    async with desk.agent(era) as agent:
        created = await agent.call("create_account", name="Juniper Freight", slack_channel_ids=channels)
        changed = await agent.call("update_account", account="Vela Biotech", slack_channel_ids=channels)
        own = await agent.call("update_account", account=name, slack_channel_ids=channels)
    for said in (created, changed):
        assert said.text.startswith(
            f"refused: slack_channel_ids: {channel} is the channel of the account {name} ({identity})."
        )
    assert not own.failed
    assert len(desk.wire.writes) == 1


async def test_where_accounts_are_not_looked_up_by_their_channels_one_is_created_all_the_same(desk: Desk) -> None:
    desk.wire.before = lambda it: httpx2.Response(400) if it.url.path.endswith("/accounts/list") else None
    async with desk.agent() as agent:
        said = await agent.call("create_account", name="Juniper Freight", slack_channel_ids=["C0JUNIPER1"])
    assert said.text.startswith("done: ")


# Updating


async def test_custom_fields_are_merged_and_the_others_stay(desk: Desk, era: Era) -> None:
    plan, renewal = stored(desk, "customFields")
    changes = [{"label": "Plan", "value": "Enterprise"}, {"label": "Region", "value": "EU"}]
    async with desk.agent(era) as agent:
        said = await agent.call("update_account", account="Vela Biotech", custom_fields=changes)
    assert not said.failed, said.text
    assert stored(desk, "customFields") == [{**plan, "value": "Enterprise"}, renewal, changes[1]]
    assert set(desk.wire.writes[0].body) == {"customFields"}


async def test_only_what_is_passed_is_sent_and_lists_are_replaced(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call(
            "update_account", account="Vela Biotech", emails_and_domains=["vela.example"], crm_id="crm-9"
        )
    assert desk.wire.writes[0].body == {
        "emailsAndDomains": ["vela.example"],
        "externalCrmMetadata": {"id": "crm-9"},
    }
    identity, old = account_id(desk, "Vela Biotech"), "['velabiotech.example','sofia.lindgren@velabiotech.example']"
    assert said.text == (
        f"done: account Vela Biotech ({identity}): emailsAndDomains ['vela.example'] (before: {old}), "
        "externalCrmMetadata {'id':'crm-9'}."
    )


async def test_clear_empties_lists_and_nulls_the_rest(desk: Desk) -> None:
    names = ["primary_assignee", "emails_and_domains", "slack_channel_ids", "slack_team_ids", "custom_fields"]
    async with desk.agent() as agent:
        said = await agent.call(
            "update_account", account="Vela Biotech", clear=[*names, "image_url", "support_steps", "crm_id"]
        )
    assert not said.failed, said.text
    assert desk.wire.writes[0].body == {
        "primarySupportAssigneeId": None,
        "primarySupportAssigneeType": None,
        "emailsAndDomains": [],
        "slackChannelIds": [],
        "slackTeamIds": [],
        "customFields": [],
        "imageUrl": None,
        "supportSteps": [],
        "externalCrmMetadata": None,
    }


def test_clear_takes_the_name_of_any_argument_but_name() -> None:
    others = {"workspace", "account", "name", "clear"}
    assert set(CLEARABLE) == set(inspect.signature(update_account).parameters) - others


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "Nothing to change was passed."),
        ({"clear": ["emails_domains"]}, "Did you mean emails_and_domains?"),
        ({"clear": ["custom_fields"], "custom_fields": [{"label": "x"}]}, "custom_fields is both set and cleared."),
        ({"custom_fields": [{"value": "x"}]}, "A custom field has none of id, key, label, name."),
    ],
)
async def test_what_can_not_be_changed_is_refused(desk: Desk, arguments: dict[str, Any], words: str) -> None:
    async with desk.agent() as agent:
        said = await agent.call("update_account", account="Vela Biotech", **arguments)
    assert said.text.startswith("refused: ")
    assert words in said
    assert desk.wire.writes == []


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ({"Plan": "Scale"}, "This account's custom fields are no list"),
        ([{"label": "Plan", "id": "1"}, {"label": "Plan", "id": "2"}], "Several custom fields have the label 'Plan'."),
    ],
)
async def test_custom_fields_of_another_kind_are_not_guessed_at(desk: Desk, before: Any, words: str) -> None:
    def odd(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json={**json.loads(answer.content), "customFields": before})
        return answer

    async with desk.agent() as agent:
        desk.wire.after = odd
        said = await agent.call("update_account", account="Vela Biotech", custom_fields=[{"label": "Plan"}])
    assert words in said
    assert desk.wire.writes == []


async def test_what_somebody_else_changed_between_read_and_write_is_told(desk: Desk) -> None:
    def meanwhile(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "PATCH":
            desk.sandbox.database.execute("UPDATE accounts SET imageUrl = NULL, slackTeamIds = '[]'")
        return None

    async with desk.agent() as agent:
        desk.wire.before = meanwhile
        said = await agent.call("update_account", account="Vela Biotech", crm_id="1")
        desk.wire.before = lambda _: None
        quiet = await agent.call("update_account", account="Vela Biotech", slack_team_ids=["T1"])
    assert "something else than was written or there before in: imageUrl, slackTeamIds, slackTeams. Read it" in said
    assert "something else" not in quiet


async def test_a_receipt_that_shows_other_than_was_written_is_told(desk: Desk) -> None:
    def other(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "PATCH":
            return httpx2.Response(200, json={**json.loads(answer.content), "name": "Vela"})
        return answer

    async with desk.agent() as agent:
        desk.wire.after = other
        said = await agent.call("update_account", account="Vela Biotech", name="Vela Bio")
    assert said.text.startswith("done: ")
    assert "name Vela." in said
    assert "something else than was written or there before in: name." in said


async def test_two_changes_of_custom_fields_at_once_both_stay(desk: Desk) -> None:
    import anyio  # noqa: PLC0415 - this test alone runs two calls at once

    async with desk.agent() as agent, anyio.create_task_group() as group:
        for label in ("A", "B"):
            group.start_soon(
                lambda label=label: agent.call(
                    "update_account", account="Vela Biotech", custom_fields=[{"label": label, "value": 1}]
                )
            )
    assert {each["label"] for each in stored(desk, "customFields")} == {"Plan", "Renewal", "A", "B"}


# Deleting


async def test_a_deletion_names_what_it_deleted_and_deletes_once(desk: Desk, era: Era) -> None:
    identity = account_id(desk, "Petrichor Labs")
    async with desk.agent(era) as agent:
        said = await agent.call("delete_account", account="Petrichor Labs")
        again = await agent.call("delete_account", account="Petrichor Labs")
        near = await agent.call("delete_account", account="Petrichor")
    assert said.text == f"done: account Petrichor Labs ({identity}) is deleted."
    assert again.text.startswith("already_done: account 'Petrichor Labs' is deleted.")
    assert near.text.startswith("refused: No account is called 'Petrichor'. Similar: Petrichor Logistics")
    assert [str(each) for each in desk.wire.writes] == [f"DELETE /accounts/{identity}"]


async def test_a_namesake_is_told_and_keeps_nobody_from_it(desk: Desk, era: Era) -> None:
    [identity] = desk.sandbox.database.execute("SELECT id FROM accounts WHERE name = 'Vela Biotech'").fetchone()
    async with desk.agent(era) as agent:
        said = await agent.call("create_account", name="Vela Biotech")
        again = await agent.call("create_account", name="Vela Biotech")
        other = await agent.call("create_account", name="Juniper Freight")
    assert said.text.startswith("done: ")
    assert said.text.endswith(f" Another account of this name was there before: {identity}.")
    assert again.text.startswith("already_done: ")
    assert "was there before" not in again
    assert "was there before" not in other


async def test_where_namesakes_can_not_be_looked_for_it_is_created_all_the_same(desk: Desk) -> None:
    async with desk.agent() as agent:
        desk.wire.before = lambda request: httpx2.Response(403) if request.url.path.endswith("/list") else None
        said = await agent.call("create_account", name="Vela Biotech")
    assert said.text.startswith("done: ")
