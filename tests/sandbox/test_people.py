"""Customers and users."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api
from unthread_mcp.sandbox import Sandbox

pytestmark = pytest.mark.anyio


async def a_customer(api: Api, name: str = "Vela Biotech") -> Any:
    (found,) = await api.rows("/customers", where=[{"field": "name", "operator": "==", "value": name}])
    return found


class TestCustomers:
    async def test_ids_are_of_two_kinds(self, api: Api) -> None:
        ids = await api.ids("/customers", limit=100)
        assert {len(one) for one in ids} == {20, 36}

    async def test_everything_about_a_customer(self, api: Api) -> None:
        customer = await a_customer(api)
        assert customer == await api.ok("GET", f"/customers/{customer['id']}")
        assert customer["slackChannel"]["name"] == "ext-vela"
        assert [tag["name"] for tag in customer["tags"]] == ["Enterprise"]
        assert customer["emailDomains"] == ["velabiotech.example"]
        assert customer["supportSteps"][-1] == {"type": "reminder", "minutes": 30}
        assert customer["externalCrmMetadata"]["id"].startswith("crm-")

    async def test_changes(self, api: Api) -> None:
        customer = await a_customer(api)
        autoresponder = {"enabled": True, "condition": "always", "message": "Hi"}
        steps = [{"type": "triage", "minutes": 5, "shouldCycleThroughTeamMembers": True}]
        changed = await api.ok(
            "PATCH",
            f"/customers/{customer['id']}",
            {
                "name": "Vela",
                "autoresponder": autoresponder,
                "supportSteps": steps,
                "replyTimeoutHours": 1.5,
                "emailDomains": ["vela.example"],
                "botHandling": "all",
                "disableAutomatedTicketing": True,
                "primarySupportAssigneeType": None,
            },
        )
        assert changed["autoresponder"] == autoresponder
        assert changed["supportSteps"] == steps
        assert changed["replyTimeoutMinutes"] == 90
        assert (changed["name"], changed["emailDomains"]) == ("Vela", ["vela.example"])
        assert (changed["botHandling"], changed["disableAutomatedTicketing"]) == ("all", True)
        assert changed["updatedAt"] == "2025-03-18T10:00:00.000Z"
        renamed = await api.ok("PATCH", f"/customers/{customer['id']}", {"name": "Vela & Co"})
        assert (renamed["name"], renamed["replyTimeoutMinutes"]) == ("Vela & Co", 90)
        emptied = {"autoresponder": None, "supportSteps": None, "replyTimeoutHours": None}
        changed = await api.ok("PATCH", f"/customers/{customer['id']}", emptied)
        assert (changed["autoresponder"], changed["supportSteps"], changed["replyTimeoutMinutes"]) == (None, None, None)

    async def test_a_name_is_enough_for_a_new_one_and_names_are_not_unique(self, api: Api) -> None:
        first = await api.ok("POST", "/customers", {"name": "Vela Biotech"})
        assert first["id"] != (await a_customer_count(api, "Vela Biotech"))[0]
        assert len(await a_customer_count(api, "Vela Biotech")) == 2
        assert (first["tags"], first["slackChannel"], first["createdAt"]) == ([], None, "2025-03-18T10:00:00.000Z")

    async def test_a_new_one_can_come_with_tags_and_a_channel(self, api: Api) -> None:
        tag = (await api.rows("/tags", where=[{"field": "name", "operator": "==", "value": "Trial"}]))[0]
        made = await api.ok(
            "POST",
            "/customers",
            {
                "name": "New Customer",
                "tagIds": [tag["id"], tag["id"]],
                "createChannel": True,
                "isPrivate": True,
                "emailDomains": ["new.example"],
                "channelTopic": "x" * 250,
            },
        )
        assert made["tags"] == [tag]
        assert made["slackChannel"] == {
            "id": made["slackChannelId"],
            "name": "new-customer",
            "isShared": False,
            "isPrivate": True,
        }
        other = await api.ok("POST", "/customers", {"name": "Other", "slackChannelId": "C1"})
        assert (other["slackChannelId"], other["slackChannel"]) == ("C1", None)

    async def test_deleting_one_leaves_its_conversations_without_a_customer(self, sandbox: Sandbox, api: Api) -> None:
        conversation = f"/conversations/{sandbox.landmark('angry')}"
        customer = (await api.ok("GET", conversation))["customerId"]
        assert await api.ok("DELETE", f"/customers/{customer}", status=204) is None
        after = await api.ok("GET", conversation)
        assert (after["customerId"], after["customer"]) == (None, None)
        assert await api.refused("DELETE", f"/customers/{customer}") == "Customer not found"

    @pytest.mark.parametrize(
        ("method", "body", "title"),
        [
            ("POST", {}, '"name" is required'),
            ("POST", {"name": ""}, '"name" is not allowed to be empty'),
            ("POST", {"name": "x", "tagIds": ["nope"]}, "Tag not found"),
            ("POST", {"name": "x", "channelTopic": "x" * 251}, '"channelTopic" must be at most 250 characters'),
            ("POST", {"name": "x", "botHandling": "all"}, '"botHandling" is not allowed'),
            ("PATCH", {"replyTimeoutHours": 10**400}, "Invalid value"),
            ("PATCH", {"botHandling": "some"}, '"botHandling" must be one of [off, all]'),
            ("PATCH", {"replyTimeoutMinutes": 1}, '"replyTimeoutMinutes" is not allowed'),
            ("PATCH", {"autoresponder": {"enabled": True}}, '"autoresponder.condition" is required'),
            ("PATCH", {"supportSteps": [{"type": "x"}]}, '"supportSteps[0].minutes" is required'),
        ],
    )
    async def test_a_bad_request_is_refused_by_name(self, api: Api, method: str, body: Any, title: str) -> None:
        path = "/customers" if method == "POST" else f"/customers/{(await a_customer(api))['id']}"
        assert await api.refused(method, path, body) == title

    async def test_infinity_is_no_number(self, api: Api) -> None:
        url = f"/customers/{(await a_customer(api))['id']}"
        response = await api.client.patch(url, content=b'{"replyTimeoutHours": 1e400}')
        assert response.json()["errors"][0]["title"] == '"replyTimeoutHours" must be a number'

    async def test_a_missing_one_is_a_400(self, api: Api) -> None:
        assert await api.refused("GET", "/customers/nope") == "Customer not found"
        assert await api.refused("PATCH", "/customers/nope", {"name": "x"}) == "Customer not found"


async def a_customer_count(api: Api, name: str) -> list[str]:
    return await api.ids(
        "/customers", where=[{"field": "name", "operator": "==", "value": name}], order=["createdAt", "id"]
    )


class TestUsers:
    async def test_the_teams_own_come_and_others_on_demand(self, api: Api) -> None:
        own = await api.rows("/users", select=["name", "slackTeamId", "deleted"], limit=100)
        assert {user["slackTeamId"] for user in own} == {"T0QUAYSIDE"}
        assert [user["name"] for user in own if user["deleted"]] == ["Carla Brandt"]
        assert len([user for user in own if user["name"].startswith("Jonas ")]) == 2
        everybody = await api.listed("/users", includeExternalUsers=True, limit=100)
        assert everybody["totalCount"] == 66
        assert (await api.listed("/users", includeExternalUsers=False))["totalCount"] == len(own) == 9

    async def test_one_address_can_be_two_users_of_different_slack_teams(self, api: Api) -> None:
        where = [{"field": "email", "operator": "==", "value": "aisha.rahman@quayside.example"}]
        found = await api.rows("/users", where=where, includeExternalUsers=True, select=["slackTeam.name", "id"])
        assert {user["slackTeam"]["name"] for user in found} == {"Quayside", "Kestrel Insurance"}
        assert len(await api.rows("/users", where=where)) == 1

    async def test_a_user_by_id(self, api: Api) -> None:
        (mei,) = await api.rows("/users", where=[{"field": "name", "operator": "==", "value": "Mei Tanaka"}])
        assert mei == await api.ok("GET", f"/users/{mei['id']}")
        assert (mei["title"], mei["department"], mei["slackId"][:2]) == ("Solutions Engineer", "Support", "U0")
        assert mei["photo"].endswith(f"/{mei['slackId']}.png")
        assert "external" not in mei
        assert await api.refused("GET", "/users/nope") == "User not found"

    async def test_the_flag_is_a_boolean(self, api: Api) -> None:
        title = await api.refused("POST", "/users/list", {"includeExternalUsers": "yes"})
        assert title == '"includeExternalUsers" must be a boolean'

    async def test_who_leaves_is_marked_and_stays_in_the_lists(self, api: Api, sandbox: Sandbox) -> None:
        where = [{"field": "name", "operator": "==", "value": "Mei Tanaka"}]
        (mei,) = await api.rows("/users", where=where)
        assert mei["deleted"] is False
        sandbox.user_leaves(mei["id"])
        (mei,) = await api.rows("/users", where=where)
        assert (mei["deleted"], mei["updatedAt"]) == (True, "2025-03-18T10:00:00.000Z")
        with pytest.raises(LookupError, match="User not found"):
            sandbox.user_leaves("nope")
