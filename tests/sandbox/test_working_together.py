"""Approval requests, followers, collaborators, automations, and the Slack handle that is written on a made-up path."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api
from unthread_mcp.sandbox import Sandbox
from unthread_mcp.sandbox.automations import SLACK_USER_GROUP
from unthread_mcp.sandbox.seed.collaboration import COLLABORATOR_TYPES

pytestmark = pytest.mark.anyio


async def agent(api: Api, name: str = "Mei Tanaka") -> str:
    (found,) = await api.ids("/users", where=[{"field": "name", "operator": "==", "value": name}])
    return found


def group(sandbox: Sandbox) -> str:
    return sandbox.database.execute("SELECT id FROM user_groups WHERE name = 'On-call engineers'").fetchone()[0]


class TestApprovals:
    async def test_one_is_asked_for_and_stands_last_in_a_bare_array(self, sandbox: Sandbox, api: Api) -> None:
        url = f"/conversations/{sandbox.landmark('angry')}/approval-requests"
        before = await api.ok("GET", url)
        made = await api.ok("POST", url, {"title": "Refund", "assignedToUserId": await agent(api)})
        assert (made["status"], made["title"], made["approverUser"]["name"]) == ("pending", "Refund", "Mei Tanaka")
        assert (made["conversationId"], made["approverGroup"]) == (sandbox.landmark("angry"), None)
        assert made["createdAt"] == "2025-03-18T10:00:00.000Z"
        assert await api.ok("GET", url) == [*before, made]
        assert {each["status"] for each in before} == {"pending", "approved"}

    async def test_a_group_can_be_asked_and_select_is_heeded(self, sandbox: Sandbox, api: Api) -> None:
        url = f"/conversations/{sandbox.landmark('html-mail')}/approval-requests"
        assert await api.ok("GET", url) == []
        made = await api.ok("POST", url, {"assignedToGroupId": group(sandbox)}, select="status,approverGroup.name")
        assert made == {"status": "pending", "approverGroup": {"name": "On-call engineers"}}

    async def test_what_is_wrong_is_refused(self, sandbox: Sandbox, api: Api) -> None:
        url = f"/conversations/{sandbox.landmark('angry')}/approval-requests"
        assert await api.refused("POST", url, {"assignedToUserId": "nobody"}) == "User not found"
        assert await api.refused("POST", url, {"assignedToGroupId": "none"}) == "Group not found"
        assert await api.refused("POST", url, {"notes": "x"}) == '"notes" is not allowed'
        for method in ("GET", "POST"):
            missing = "/conversations/nope/approval-requests"
            assert await api.refused(method, missing, {}) == "Conversation not found"


class TestFollowersAndCollaborators:
    async def test_users_and_groups_follow_once_and_can_leave(self, sandbox: Sandbox, api: Api) -> None:
        url, user = f"/conversations/{sandbox.landmark('html-mail')}", await agent(api)
        for entity in ({"entityId": user, "entityType": "user"}, {"entityId": group(sandbox), "entityType": "group"}):
            first = await api.ok("POST", f"{url}/add-follower", entity)
            changed = await api.ok("POST", f"{url}/add-follower", entity)
            assert changed["followers"] == first["followers"]
        followers = (await api.ok("GET", url))["followers"]
        assert sorted(each["entityId"] for each in followers) == sorted([user, group(sandbox)])
        assert {each["userId"] for each in followers} == {user, None}
        for _ in range(2):
            assert len((await api.ok("POST", f"{url}/remove-follower", {"entityId": user}))["followers"]) == 1

    async def test_a_type_has_one_collaborator(self, sandbox: Sandbox, api: Api) -> None:
        url = f"/conversations/{sandbox.landmark('html-mail')}"
        (kind,) = await api.ids(
            "/collaborator-types", where=[{"field": "key", "operator": "==", "value": "technical_lead"}]
        )
        user = await agent(api)
        await api.ok("PUT", f"{url}/collaborators/{kind}", {"entityId": user, "entityType": "user"})
        entity = {"entityId": group(sandbox), "entityType": "group"}
        changed = await api.ok("PUT", f"{url}/collaborators/{kind}", entity)
        assert changed["collaborators"] == [
            {"collaboratorTypeId": kind, "entityId": group(sandbox), "userId": None, "groupId": group(sandbox)}
        ]

    async def test_types_are_listed_by_the_conventions(self, api: Api) -> None:
        rows = await api.rows("/collaborator-types", order=["key", "id"], select=["key", "name", "description"])
        assert {row["key"]: (row["name"], row["description"]) for row in rows} == COLLABORATOR_TYPES

    @pytest.mark.parametrize(
        ("path", "body", "title"),
        [
            ("add-follower", {"entityId": "x", "entityType": "user"}, "User not found"),
            ("add-follower", {"entityId": "x", "entityType": "team"}, '"entityType" must be one of [user, group]'),
            ("add-follower", {"entityId": "x"}, '"entityType" is required'),
            ("remove-follower", {}, '"entityId" is required'),
            ("remove-follower", {"entityId": "x", "entityType": "user"}, '"entityType" is not allowed'),
            ("collaborators/nope", {"entityId": "x", "entityType": "user"}, "Collaborator type not found"),
        ],
    )
    async def test_what_is_wrong_is_refused(self, sandbox: Sandbox, api: Api, path: str, body: Any, title: str) -> None:
        method = "PUT" if "collaborators" in path else "POST"
        assert await api.refused(method, f"/conversations/{sandbox.landmark('angry')}/{path}", body) == title
        assert await api.refused(method, f"/conversations/nope/{path}", body) == "Conversation not found"


class TestAutomations:
    async def test_a_draft_unless_told_otherwise(self, bare: Api) -> None:
        trigger = {"type": "event", "data": {"event": "conversation_created"}}
        steps = [{"type": "action", "data": {"anything": [1, None]}}]
        made = await bare.ok("POST", "/automations", {"name": "Greet", "trigger": trigger, "steps": steps})
        assert (made["status"], made["trigger"], made["steps"]) == ("draft", trigger, steps)
        assert (made["description"], made["conditions"]) == (None, None)
        more: dict[str, Any] = {
            "name": "x",
            "trigger": trigger,
            "steps": [],
            "status": "active",
            "conditions": {"a": 1},
        }
        assert (await bare.ok("POST", "/automations", more))["conditions"] == {"a": 1}

    @pytest.mark.parametrize(
        ("change", "title"),
        [  # pyright: ignore[reportUnknownArgumentType] - it is JSON
            ({"trigger": {"type": "event"}}, '"trigger.data" is required'),
            ({"trigger": {"type": "often", "data": {}}}, '"trigger.type" must be one of'),
            ({"steps": [{"type": "loop", "data": {}}]}, '"steps[0].type" must be one of'),
            ({"name": ""}, '"name" is not allowed to be empty'),
            ({"status": "on"}, '"status" must be one of'),
        ],
    )
    async def test_what_is_wrong_is_refused(self, bare: Api, change: Any, title: str) -> None:
        whole: dict[str, Any] = {"name": "x", "trigger": {"type": "manual", "data": {}}, "steps": []}
        assert (await bare.refused("POST", "/automations", whole | change)).startswith(title)


async def test_a_slack_handle_is_written_on_the_sandboxs_own_path(sandbox: Sandbox, api: Api) -> None:
    method, path = SLACK_USER_GROUP.method, SLACK_USER_GROUP.path
    body = {"email": "mei.tanaka@quayside.example", "slackHandle": "mei"}
    assert await api.ok(method, path, body) == {}
    assert [tuple(row) for row in sandbox.database.execute("SELECT * FROM slack_handles")] == [
        (await agent(api), "mei")
    ]
    assert await api.refused(method, path, body | {"email": "nobody@quayside.example"}) == "User not found"
    assert await api.refused(method, path, {"email": "x"}) == '"slackHandle" is required'
