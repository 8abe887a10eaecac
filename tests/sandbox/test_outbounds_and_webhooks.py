"""Outbounds that are drafted, scheduled and sent, and webhook subscriptions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api, Clock
from unthread_mcp.sandbox import Sandbox

pytestmark = pytest.mark.anyio

SOON = "2025-03-18T12:00:00.000Z"


async def outbound(api: Api, **changes: Any) -> dict[str, Any]:
    """A request that works, to two customers with a Slack channel, with changes; None leaves a property out."""
    channel = {"field": "slackChannel.name", "operator": "contains", "value": "-"}
    customers = await api.ids("/customers", where=[channel], limit=2)
    (user,) = await api.ids("/users", limit=1)
    request = {
        "deliveryMethod": "slack",
        "subject": "Maintenance",
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Down at noon."}}],
        "recipients": [{"type": "customer", "id": each} for each in customers],
        "sendAs": {"type": "support-rep", "id": user},
        **changes,
    }
    return {name: value for name, value in request.items() if value is not None}


class TestOutbounds:
    async def test_the_seed_has_one_sent_and_one_draft(self, sandbox: Sandbox, api: Api) -> None:
        rows = await api.rows("/outbounds", order=["subject"])
        assert [(row["subject"], row["status"]) for row in rows] == [
            ("Maintenance on Saturday", "draft"),
            ("New connectors for warehouses", "sent"),
        ]
        assert rows[0]["runAt"] is None
        assert rows[1]["runAt"] < "2025-03-18"
        assert sandbox.delivered() == []

    async def test_a_draft_reaches_nobody(self, sandbox: Sandbox, api: Api) -> None:
        request = await outbound(api, status="draft", runAt="2025-03-01")
        made = await api.ok("POST", "/outbounds", request)
        assert made == {**request, "id": made["id"], "runAt": "2025-03-01T00:00:00.000Z"}
        assert made == await api.ok("GET", f"/outbounds/{made['id']}")
        assert sandbox.delivered() == []

    async def test_without_a_status_it_is_sent_at_once(self, sandbox: Sandbox, api: Api) -> None:
        made = await api.ok("POST", "/outbounds", await outbound(api))
        assert (made["status"], made["runAt"]) == ("sent", "2025-03-18T10:00:00.000Z")
        assert [(each.text, each.via) for each in sandbox.delivered()] == [("Down at noon.", "outbound")] * 2

    async def test_a_scheduled_one_is_sent_when_its_time_has_come(
        self, sandbox: Sandbox, api: Api, clock: Clock
    ) -> None:
        made = await api.ok("POST", "/outbounds", await outbound(api, status="scheduled", runAt=SOON))
        assert made["status"] == "scheduled"
        clock.forward(minutes=119)
        assert sandbox.delivered() == []
        clock.forward(minutes=1)
        assert len(sandbox.delivered()) == 2
        assert await api.where("/outbounds", "status", "==", "scheduled") | {"cursors": None} == {
            "data": [],
            "totalCount": 0,
            "cursors": None,
        }
        assert (await api.ok("GET", f"/outbounds/{made['id']}"))["status"] == "sent"
        assert await api.refused("PATCH", f"/outbounds/{made['id']}", {"subject": "x"}) == "Outbound is already sent"

    async def test_a_draft_that_is_scheduled_is_sent_and_one_that_is_drawn_back_is_not(
        self, sandbox: Sandbox, api: Api, clock: Clock
    ) -> None:
        made = await api.ok("POST", "/outbounds", await outbound(api, status="draft"))
        url = f"/outbounds/{made['id']}"
        text = [{"type": "section", "text": {"type": "mrkdwn", "text": "Later."}}]
        await api.ok("PATCH", url, {"status": "scheduled", "runAt": SOON, "blocks": text})
        await api.ok("PATCH", url, {"status": "draft"})
        clock.forward(hours=3)
        assert sandbox.delivered() == []
        assert (await api.ok("PATCH", url, {"status": "scheduled"}))["status"] == "sent"
        assert [each.text for each in sandbox.delivered()] == ["Later."] * 2

    async def test_one_whose_customers_have_no_channel_fails(self, sandbox: Sandbox, api: Api) -> None:
        customer = await api.ok("POST", "/customers", {"name": "By mail alone"})
        request = await outbound(api, recipients=[{"type": "customer", "id": customer["id"]}])
        made = await api.ok("POST", "/outbounds", request)
        assert made["status"] == "failed"
        assert sandbox.delivered() == []
        assert await api.refused("PATCH", f"/outbounds/{made['id']}", {}) == "Outbound is already failed"

    @pytest.mark.parametrize(
        ("changes", "title"),
        [
            ({"status": "sent"}, '"status" must be one of [draft, scheduled]'),
            ({"deliveryMethod": "email"}, '"deliveryMethod" must be one of [slack]'),
            ({"subject": ""}, '"subject" is not allowed to be empty'),
            ({"subject": None}, '"subject" is required'),
            ({"blocks": None}, '"blocks" is required'),
            ({"recipients": None}, '"recipients" is required'),
            ({"recipients": [{"type": "user", "id": "x"}]}, '"recipients[0].type" must be one of [customer]'),
            ({"recipients": [{"type": "customer", "id": "x"}]}, "Customer not found"),
            ({"sendAs": {"type": "user", "id": "x"}}, "User not found"),
            ({"sendAs": {"type": "bot", "id": "x"}}, '"sendAs.type" must be one of [user, support-rep]'),
            ({"runAt": "tomorrow"}, '"runAt" must be a valid date'),
        ],
    )
    async def test_a_bad_one_is_refused_by_name(self, api: Api, changes: dict[str, Any], title: str) -> None:
        assert await api.refused("POST", "/outbounds", await outbound(api, **changes)) == title

    async def test_one_that_is_missing_is_refused(self, api: Api) -> None:
        assert await api.refused("GET", "/outbounds/nope") == "Outbound not found"
        assert await api.refused("PATCH", "/outbounds/nope", {"status": "scheduled"}) == "Outbound not found"


class TestWebhooks:
    async def test_a_webhooks_life(self, api: Api) -> None:
        before = await api.ok("GET", "/webhook-subscriptions")
        assert [each["enabled"] for each in before] == [True, False]
        made = await api.ok("POST", "/webhook-subscriptions", {"url": "https://hooks.example.com/a"})
        assert made == {"id": made["id"], "url": "https://hooks.example.com/a", "enabled": True}
        url = f"/webhook-subscriptions/{made['id']}"
        assert await api.ok("PATCH", url, {"enabled": False}) == {**made, "enabled": False}
        assert await api.ok("GET", "/webhook-subscriptions") == [*before, {**made, "enabled": False}]
        assert await api.ok("DELETE", url, status=204) is None
        assert await api.ok("GET", "/webhook-subscriptions") == before
        assert await api.refused("DELETE", url) == "Webhook subscription not found"
        assert await api.refused("PATCH", url, {}) == "Webhook subscription not found"
        assert await api.refused("GET", url, status=404) == "Not found."

    async def test_what_is_no_subscription_is_refused(self, api: Api) -> None:
        path = "/webhook-subscriptions"
        assert await api.refused("POST", path, {}) == '"url" is required'
        assert await api.refused("POST", path, {"url": "x"}) == '"url" must be a valid uri'
        assert await api.refused("POST", path, {"url": "https://a.example", "secret": "s"}) == '"secret" is not allowed'
