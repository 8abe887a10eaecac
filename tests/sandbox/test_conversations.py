"""Conversations: creating, changing, and what follows from a status."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sandbox.conftest import Api, Clock
from unthread_mcp.sandbox import Sandbox

pytestmark = pytest.mark.anyio

NOW = "2025-03-18T10:00:00.000Z"


async def customer_id(api: Api, name: str) -> str:
    (found,) = await api.ids("/customers", where=[{"field": "name", "operator": "==", "value": name}])
    return found


async def user_id(api: Api, name: str) -> str:
    (found,) = await api.ids("/users", where=[{"field": "name", "operator": "==", "value": name}])
    return found


async def test_a_missing_conversation_is_a_400_on_every_route(api: Api) -> None:
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"title": "x"}),
        ("POST", "/messages", {"markdown": "x"}),
        ("POST", "/messages/list", {}),
    ):
        assert await api.refused(method, f"/conversations/nope{path}", body) == "Conversation not found"


class TestUpdate:
    async def test_what_is_given_changes_and_the_rest_stays(self, sandbox: Sandbox, api: Api) -> None:
        url = f"/conversations/{sandbox.landmark('outage')}"
        before = await api.ok("GET", url)
        mei = await user_id(api, "Mei Tanaka")
        after = await api.ok("PATCH", url, {"priority": 5, "assignedToUserId": mei})
        assert after.pop("assignedToUser") == {"id": mei, "name": "Mei Tanaka", "email": "mei.tanaka@quayside.example"}
        changed = {name for name, value in after.items() if value != before[name]}
        assert changed == {"priority", "assignedToUserId", "updatedAt"}
        assert (after["assignedToUserId"], after["updatedAt"]) == (mei, NOW)
        assert await api.ok(("GET"), url) == after | {
            ("assignedToUser"): {("id"): mei, ("name"): ("Mei Tanaka"), ("email"): ("mei.tanaka@quayside.example")}
        }

    async def test_null_empties(self, sandbox: Sandbox, api: Api) -> None:
        url = f"/conversations/{sandbox.landmark('angry')}"
        emptied = dict.fromkeys(
            ("priority", "assignedToUserId", "title", "customerId", "ticketTypeId", "wakeUpAt", "lockedAt")
        )
        after = await api.ok("PATCH", url, emptied)
        assert {name: after[name] for name in emptied} == emptied
        assert (after["customer"], after["assignedToUser"], after["ticketType"]) == (None, None, None)

    async def test_times_are_kept_in_utc(self, sandbox: Sandbox, api: Api) -> None:
        url = f"/conversations/{sandbox.landmark('snoozed')}"
        after = await api.ok("PATCH", url, {"wakeUpAt": "2025-04-01T09:00:00+02:00", "snoozedAt": "2025-03-18"})
        assert (after["wakeUpAt"], after["snoozedAt"]) == ("2025-04-01T07:00:00.000Z", "2025-03-18T00:00:00.000Z")

    @pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows has no way to change a process's time zone")
    async def test_times_without_an_offset_are_utc_wherever_the_machine_stands(
        self, sandbox: Sandbox, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        try:
            after = await api.ok("PATCH", f"/conversations/{sandbox.landmark('snoozed')}", {"wakeUpAt": "2025-04-01"})
        finally:
            monkeypatch.undo()
            time.tzset()
        assert after["wakeUpAt"] == "2025-04-01T00:00:00.000Z"

    async def test_maps_are_replaced_and_not_merged(self, sandbox: Sandbox, api: Api) -> None:
        url = f"/conversations/{sandbox.landmark('angry')}"
        assert len((await api.ok("GET", url))["ticketTypeFields"]) > 1
        values = {"a": "text", "b": 3, "c": ["x", "y"]}
        after = await api.ok("PATCH", url, {"ticketTypeFields": values, "metadata": {"crm": "4711"}})
        assert after["ticketTypeFields"] == values
        assert after["metadata"] == {"crm": "4711"}

    async def test_some_fields_are_taken_and_never_shown(self, sandbox: Sandbox, api: Api) -> None:
        conversation = sandbox.landmark("angry")
        derek = sandbox.database.execute("SELECT id FROM users WHERE name = 'Derek Sims'").fetchone()[0]
        hidden = {"notes": "call her", "submitterUserId": derek, "excludeAnalytics": True}
        after = await api.ok("PATCH", f"/conversations/{conversation}", hidden)
        assert not hidden.keys() & after.keys()
        assert after["submitterUser"]["name"] == "Derek Sims"
        row = sandbox.database.execute(
            "SELECT notes, submitterUserId, excludeAnalytics FROM conversations WHERE id = ?", [conversation]
        ).fetchone()
        assert row == ("call her", derek, 1)

    @pytest.mark.parametrize(
        ("body", "title"),
        [
            ({"status": "resolved"}, '"status" must be one of [open, in_progress, on_hold, closed]'),
            ({"status": None}, '"status" must be one of [open, in_progress, on_hold, closed]'),
            ({"priority": 4}, '"priority" must be one of [3, 5, 7, 9]'),
            ({"priority": "7"}, '"priority" must be one of [3, 5, 7, 9]'),
            ({"priority": True}, '"priority" must be one of [3, 5, 7, 9]'),
            ({"title": 1}, '"title" must be a string'),
            ({"excludeAnalytics": 1}, '"excludeAnalytics" must be a boolean'),
            ({"wakeUpAt": "soon"}, '"wakeUpAt" must be a valid date'),
            ({"ticketTypeFields": []}, '"ticketTypeFields" must be an object'),
            ({"ticketTypeFields": {"a": None}}, '"ticketTypeFields.a" must be a number'),
            ({"ticketTypeFields": {"a": True}}, '"ticketTypeFields.a" must be a number'),
            ({"ticketTypeFields": {"a": [1]}}, '"ticketTypeFields.a[0]" must be a string'),
            ({"metadata": {"a": 1}}, '"metadata.a" must be a string'),
            ({"assignedToUserId": ""}, '"assignedToUserId" is not allowed to be empty'),
            ({"assignedToUserId": "nope"}, "User not found"),
            ({"submitterUserId": "nope"}, "User not found"),
            ({"customerId": "nope"}, "Customer not found"),
            ({"ticketTypeId": "nope"}, "Ticket type not found"),
            ({"friendlyId": 1}, '"friendlyId" is not allowed'),
            ({"tags": []}, '"tags" is not allowed'),
            (None, '"body" must be an object'),
        ],
    )
    async def test_a_bad_change_is_refused_by_name(self, sandbox: Sandbox, api: Api, body: Any, title: str) -> None:
        assert await api.refused("PATCH", f"/conversations/{sandbox.landmark('angry')}", body) == title


class TestStatus:
    async def test_closing_measures_and_reopening_forgets(self, bare: Api, clock: Clock) -> None:
        clock.now = datetime(2025, 3, 7, 12, 14, 6, tzinfo=UTC)  # a Friday
        body = {
            "type": "email",
            "markdown": "Hi",
            "status": "open",
            "emailInboxId": "i",
            "onBehalfOf": {"email": "a@b.example"},
        }
        url = f"/conversations/{(await bare.ok('POST', '/conversations', body))['id']}"
        clock.now = datetime(2025, 3, 18, 10, tzinfo=UTC)
        closed = await bare.ok("PATCH", url, {"status": "closed"})
        assert (closed["closedAt"], closed["statusUpdatedAt"]) == (NOW, NOW)
        assert closed["resolutionTime"] == 11 * 86_400 - (2 * 3600 + 14 * 60 + 6)
        assert closed["resolutionTimeWorking"] == (4 * 3600 + 45 * 60 + 54) + 6 * 8 * 3600 + 3600
        clock.forward(hours=1)
        again = await bare.ok("PATCH", url, {"status": "closed"})
        assert (again["closedAt"], again["updatedAt"]) == (NOW, "2025-03-18T11:00:00.000Z")
        opened = await bare.ok("PATCH", url, {"status": "in_progress"})
        assert (opened["closedAt"], opened["resolutionTime"], opened["resolutionTimeWorking"]) == (None, None, None)
        assert opened["statusUpdatedAt"] == "2025-03-18T11:00:00.000Z"

    async def test_closing_a_slack_conversation_tells_the_customer(self, sandbox: Sandbox, api: Api) -> None:
        conversation = sandbox.landmark("angry")
        before = await api.ok("GET", f"/conversations/{conversation}")
        after = await api.ok("PATCH", f"/conversations/{conversation}", {"status": "closed", "title": "Done"})
        (delivery,) = sandbox.delivered()
        assert delivery.via == "system"
        assert sandbox.messages_to_customer(conversation)[-1] == delivery
        assert after["latestMessage"]["metadata"] == {"eventType": "post_close_template_sent"}
        assert after["latestMessage"]["text"] == delivery.text
        assert (after["title"], after["responseTime"]) == ("Done", before["responseTime"])

    async def test_any_other_change_of_status_is_dated_and_tells_nobody(self, sandbox: Sandbox, api: Api) -> None:
        after = await api.ok("PATCH", f"/conversations/{sandbox.landmark('outage')}", {"status": "on_hold"})
        assert (after["status"], after["statusUpdatedAt"], after["closedAt"]) == ("on_hold", NOW, None)
        assert sandbox.delivered() == []

    @pytest.mark.parametrize("landmark", ["html-mail", "arabic", "triage-3"])
    async def test_closing_any_other_conversation_tells_nobody(self, sandbox: Sandbox, api: Api, landmark: str) -> None:
        await api.ok("PATCH", f"/conversations/{sandbox.landmark(landmark)}", {"status": "closed"})
        assert sandbox.delivered() == []


class TestCreate:
    async def test_a_slack_conversation_goes_to_the_customers_channel(self, sandbox: Sandbox, api: Api) -> None:
        customer = await customer_id(api, "Vela Biotech")
        body = {"type": "slack", "markdown": "Maintenance & <tests>", "status": "open", "customerId": customer}
        made = await api.ok("POST", "/conversations", body | {"channelId": "C123", "priority": 7, "title": "Heads-up"})
        assert made["friendlyId"] == 1151
        assert (made["sourceType"], made["channelId"], made["wasManuallyCreated"]) == ("slack", "C123", True)
        assert made["createdAt"] == made["updatedAt"] == made["lastActivityAt"] == NOW
        assert made["initialMessage"]["text"] == "Maintenance &amp; &lt;tests&gt;"
        assert made["initialMessage"]["botName"] == "Unthread"
        assert made["initialMessage"]["threadTs"] is None
        (root,) = made["triageMessages"]
        assert root["channelId"] == "C0TRIAGE02", "the customer's default"
        assert [delivery.text for delivery in sandbox.delivered()] == [made["initialMessage"]["text"]]

    async def test_without_a_channel_it_goes_on_as_a_direct_message(self, api: Api) -> None:
        made = await api.ok("POST", "/conversations", {"type": "slack", "markdown": "x", "status": "closed"})
        assert made["channelId"].startswith("D0")
        assert (made["closedAt"], made["resolutionTime"], made["triageMessages"]) == (NOW, 0, [])

    async def test_a_mail_conversation_begins_with_the_end_users_words(self, sandbox: Sandbox, api: Api) -> None:
        body: dict[str, Any] = {
            ("type"): ("email"),
            ("markdown"): ("It is broken."),
            ("status"): ("open"),
            ("emailInboxId"): ("inbox"),
        }
        known = await api.ok(
            "POST",
            "/conversations",
            body | {"onBehalfOf": {"email": "zoe.park@lumenyard.example"}, "triageChannelId": "C9"},
        )
        assert known["initialMessage"]["user"]["name"] == "Zoe Park"
        assert known["initialMessage"]["metadata"] == {"eventType": "email_received"}
        assert known["submitterUser"]["name"] == "Zoe Park"
        assert [message["channelId"] for message in known["triageMessages"]] == ["C9"]
        by_id = await api.ok("POST", "/conversations", body | {"onBehalfOf": {"id": known["submitterUser"]["id"]}})
        assert by_id["submitterUser"] == known["submitterUser"]
        stranger = {"email": "new@lumenyard.example", "name": "Nia New"}
        unknown = await api.ok("POST", "/conversations", body | {"onBehalfOf": stranger})
        assert {name: unknown["submitterUser"][name] for name in stranger} == stranger
        nameless = await api.ok("POST", "/conversations", body | {"onBehalfOf": {"email": "z@x.example"}})
        assert nameless["submitterUser"]["name"] == "z@x.example"
        assert sandbox.delivered() == []

    async def test_a_triage_conversation_has_no_customers_side(self, sandbox: Sandbox, api: Api) -> None:
        body = {"type": "triage", "markdown": "Who takes it?", "status": "open", "triageChannelId": "C777"}
        made = await api.ok("POST", "/conversations", body)
        assert (made["sourceType"], made["channelId"]) == ("triage", "C777")
        assert len(made["triageMessages"]) == 1
        await api.ok("POST", f"/conversations/{made['id']}/messages", {"markdown": "I do."})
        assert sandbox.delivered() == sandbox.messages_to_customer(made["id"]) == []
        with pytest.raises(ValueError, match="Nobody on the customer's side"):
            sandbox.customer_writes(made["id"], "hello?")

    @pytest.mark.parametrize(
        ("customer", "hour", "replies"),
        [("Albatros Reisen", 10, 1), ("Fjordlight Media", 10, 0), ("Fjordlight Media", 20, 1), ("Lumen Yard", 20, 0)],
    )
    async def test_the_customers_autoresponder_answers(
        self, sandbox: Sandbox, api: Api, clock: Clock, customer: str, hour: int, replies: int
    ) -> None:
        clock.now = clock.now.replace(hour=hour)
        body = {
            "type": "email",
            "markdown": "Hi",
            "status": "open",
            "emailInboxId": "i",
            "onBehalfOf": {"email": "a@b.example"},
        }
        made = await api.ok("POST", "/conversations", body | {"customerId": await customer_id(api, customer)})
        assert len(sandbox.delivered(made["id"])) == replies
        assert made["latestMessage"]["isAutoresponse"] == bool(replies)
        assert made["responseTime"] is None, "an autoresponse is no answer"

    async def test_the_weekend_is_no_working_time(self, sandbox: Sandbox, api: Api, clock: Clock) -> None:
        clock.forward(days=4)
        body = {
            "type": "email",
            "markdown": "Hi",
            "status": "open",
            "emailInboxId": "i",
            "onBehalfOf": {"email": "a@b.example"},
        }
        made = await api.ok(
            ("POST"), ("/conversations"), body | {("customerId"): await customer_id(api, ("Fjordlight Media"))}
        )
        assert len(sandbox.delivered(made["id"])) == 1

    async def test_numbers_begin_at_1001_in_an_empty_workspace(self, bare: Api) -> None:
        made = await bare.ok("POST", "/conversations", {"type": "slack", "markdown": "x", "status": "open"})
        assert made["friendlyId"] == 1001

    async def test_it_can_be_sent_on_behalf_of_a_colleague(self, api: Api) -> None:
        body = {
            "type": "slack",
            "markdown": "x",
            "status": "open",
            "onBehalfOf": {"email": "mei.tanaka@quayside.example"},
        }
        made = await api.ok("POST", "/conversations", body)
        assert made["initialMessage"]["sentByUser"]["name"] == "Mei Tanaka"

    @pytest.mark.parametrize(
        ("body", "title"),
        [
            ({}, '"type" is required'),
            ({"type": "widget", "markdown": "x", "status": "open"}, '"type" must be one of [slack, email, triage]'),
            ({"type": "slack", "markdown": "", "status": "open"}, '"markdown" is not allowed to be empty'),
            ({"type": "triage", "markdown": "x", "status": "open"}, '"triageChannelId" is required for type "triage"'),
            ({"type": "email", "markdown": "x", "status": "open"}, '"emailInboxId" is required for type "email"'),
            (
                {("type"): ("email"), ("markdown"): ("x"), ("status"): ("open"), ("emailInboxId"): ("i")},
                ('"onBehalfOf" needs "email" or "id" for type "email"'),
            ),
            (
                {
                    ("type"): ("email"),
                    ("markdown"): ("x"),
                    ("status"): ("open"),
                    ("emailInboxId"): ("i"),
                    ("onBehalfOf"): {("name"): ("x")},
                },
                ('"onBehalfOf" needs "email" or "id" for type "email"'),
            ),
            (
                {
                    ("type"): ("email"),
                    ("markdown"): ("x"),
                    ("status"): ("open"),
                    ("emailInboxId"): ("i"),
                    ("onBehalfOf"): {("id"): ("x")},
                },
                ("User not found"),
            ),
            ({"type": "slack", "markdown": "x", "status": "open", "customerId": "x"}, "Customer not found"),
            ({"type": "slack", "markdown": "x", "status": "open", "text": "x"}, '"text" is not allowed'),
            (
                {("type"): ("slack"), ("markdown"): ("x"), ("status"): ("open"), ("onBehalfOf"): {("mail"): ("x")}},
                ('"onBehalfOf.mail" is not allowed'),
            ),
        ],
    )
    async def test_a_bad_request_is_refused_by_name(self, api: Api, body: Any, title: str) -> None:
        assert await api.refused("POST", "/conversations", body) == title
