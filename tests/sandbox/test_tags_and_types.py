"""Tags with their links, and ticket types with their fields."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api
from unthread_mcp.sandbox import Sandbox

pytestmark = pytest.mark.anyio


async def tag_id(api: Api, name: str) -> str:
    (found,) = await api.ids("/tags", where=[{"field": "name", "operator": "==", "value": name}])
    return found


class TestTags:
    async def test_a_tags_life(self, api: Api) -> None:
        made = await api.ok("POST", "/tags", {"name": "Beta"})
        assert made == await api.ok("GET", f"/tags/{made['id']}")
        renamed = await api.ok("PATCH", f"/tags/{made['id']}", {"name": "Gamma"})
        assert renamed == {"id": made["id"], "name": "Gamma"}
        assert await api.ok("DELETE", f"/tags/{made['id']}", status=204) is None
        assert await api.refused("GET", f"/tags/{made['id']}") == "Tag not found"
        assert await api.refused("PATCH", f"/tags/{made['id']}", {"name": "x"}) == "Tag not found"
        assert await api.refused("DELETE", f"/tags/{made['id']}") == "Tag not found"
        assert await api.refused("POST", "/tags", {"name": "x", "colour": "red"}) == '"colour" is not allowed'
        assert await api.refused("POST", "/tags", {}) == '"name" is required'

    async def test_linking_conversations_takes_a_bare_array_and_is_repeatable(self, sandbox: Sandbox, api: Api) -> None:
        tag = await tag_id(api, "Escalated")
        ids = [sandbox.landmark("outage"), sandbox.landmark("html-mail")]
        before = (await api.where("/conversations", "tags.id", "==", tag))["totalCount"]
        for _ in range(2):
            assert await api.ok("POST", f"/tags/{tag}/conversations/create-links", ids) == {}
            assert (await api.where("/conversations", "tags.id", "==", tag))["totalCount"] == before + 2
        after = await api.ok("GET", f"/conversations/{ids[0]}")
        assert [one["name"] for one in after["tags"]] == ["Data sync", "Escalated", "Outage"]
        assert after["updatedAt"] == "2025-03-18T10:00:00.000Z"
        for _ in range(2):
            assert await api.ok("POST", f"/tags/{tag}/conversations/delete-links", ids) == {}
            assert (await api.where("/conversations", "tags.id", "==", tag))["totalCount"] == before

    async def test_linking_customers(self, api: Api) -> None:
        tag, customer = await tag_id(api, "Trial"), (await api.ids("/customers", limit=1))[0]
        url = f"/customers/{customer}"
        before = {one["name"] for one in (await api.ok("GET", url))["tags"]}
        await api.ok("POST", f"/tags/{tag}/customers/create-links", [customer])
        assert {one["name"] for one in (await api.ok("GET", url))["tags"]} == before | {"Trial"}
        await api.ok("POST", f"/tags/{tag}/customers/delete-links", [customer])
        assert {one["name"] for one in (await api.ok("GET", url))["tags"]} == before - {"Trial"}

    @pytest.mark.parametrize(
        "what", ["conversations/create-links", "conversations/delete-links", "customers/create-links"]
    )
    async def test_what_is_missing_is_refused(self, api: Api, what: str) -> None:
        tag = await tag_id(api, "Trial")
        kind = what.split("/", maxsplit=1)[0].removesuffix("s").capitalize()
        assert await api.refused("POST", f"/tags/{tag}/{what}", ["nope"]) == f"{kind} not found"
        assert await api.refused("POST", f"/tags/nope/{what}", []) == "Tag not found"
        assert await api.refused("POST", f"/tags/{tag}/{what}", {"ids": []}) == '"body" must be an array'
        assert await api.refused("POST", f"/tags/{tag}/{what}", [1]) == '"body[0]" must be a string'

    async def test_deleting_a_tag_takes_it_off_everything(self, sandbox: Sandbox, api: Api) -> None:
        tag = await tag_id(api, "Outage")
        await api.ok("DELETE", f"/tags/{tag}", status=204)
        after = await api.ok("GET", f"/conversations/{sandbox.landmark('outage')}")
        assert [one["name"] for one in after["tags"]] == ["Data sync"]


class TestTicketTypes:
    async def test_the_seeded_ones_have_labelled_fields_with_options_and_conditions(self, api: Api) -> None:
        rows = await api.rows("/ticket-types", order=["name"])
        assert [row["name"] for row in rows] == ["Access request", "Billing question", "Bug report"]
        fields = {field["label"]: field for field in rows[2]["fields"]}
        assert {field["type"] for row in rows for field in row["fields"]} == {
            "single-select",
            "multi-select",
            "short-answer",
            "long-answer",
            "checkbox",
            "user-select",
        }
        assert fields["Severity"]["options"] == ["Blocker", "Major", "Minor"]
        condition = fields["Workaround until the fix"]["conditions"]["simple"]
        assert condition["leftValueFrom"] == f"conversation.ticketTypeFields['{fields['Severity']['id']}']"
        assert (condition["operator"], condition["rightValue"]) == ("equals", "Blocker")
        assert "conditions" not in fields["Severity"]

    async def test_a_ticket_types_life(self, sandbox: Sandbox, api: Api) -> None:
        fields = [
            {
                ("id"): ("f-1"),
                ("name"): ("Application"),
                ("type"): ("single-select"),
                ("required"): True,
                ("options"): [("Salesforce"), ("Slack")],
            },
            {
                "label": "Level",
                "type": "single-select",
                "conditions": {
                    "type": "simple",
                    ("simple"): {
                        ("and"): [
                            {
                                ("leftValueFrom"): ("conversation.ticketTypeFields['f-1']"),
                                ("operator"): ("equals"),
                                ("rightValue"): ("Slack"),
                            }
                        ]
                    },
                },
            },
        ]
        made = await api.ok("POST", "/ticket-types", {"name": "Access", "description": "x", "fields": fields})
        first, second = made["fields"]
        assert first == {
            "id": "f-1",
            "label": "Application",
            "required": True,
            "public": False,
            "description": "",
            "type": "single-select",
            "options": ["Salesforce", "Slack"],
        }
        assert (second["label"], second["conditions"]) == ("Level", fields[1]["conditions"])
        assert len(second["id"]) == 36
        assert (second["required"], second["public"]) == (False, False)
        assert made == await api.ok("GET", f"/ticket-types/{made['id']}")
        plain = await api.ok("POST", "/ticket-types", {"name": "Plain"})
        assert (plain["fields"], plain["description"]) == ([], None)

        conversation = f"/conversations/{sandbox.landmark('angry')}"
        typed = await api.ok("PATCH", conversation, {"ticketTypeId": made["id"]})
        assert typed["ticketType"] == {"id": made["id"], "name": "Access"}
        changed = await api.ok("PATCH", f"/ticket-types/{made['id']}", {"description": "y"})
        assert (changed["description"], changed["fields"]) == ("y", made["fields"])
        assert await api.ok("DELETE", f"/ticket-types/{made['id']}") == {"id": made["id"]}
        assert (await api.ok("GET", conversation))["ticketTypeId"] is None
        for method in ("GET", "PATCH", "DELETE"):
            assert await api.refused(method, f"/ticket-types/{made['id']}", {}) == "Ticket type not found"

    @pytest.mark.parametrize(
        ("field", "title"),
        [
            ({"label": "x"}, '"fields[0].type" is required'),
            ({"type": "short-answer"}, 'Each field must have a "label"'),
            ({"label": "x", "type": "text"}, '"fields[0].type" must be one of'),
            ({"label": "x", "type": "checkbox", "colour": 1}, '"fields[0].colour" is not allowed'),
            (
                {("label"): ("x"), ("type"): ("checkbox"), ("conditions"): {("type"): ("simple")}},
                ('"fields[0].conditions.simple" is required'),
            ),
            (
                {("label"): ("x"), ("type"): ("checkbox"), ("conditions"): {("type"): ("simple"), ("simple"): {}}},
                ('"fields[0].conditions.simple.operator" is required'),
            ),
            (
                {
                    ("label"): ("x"),
                    ("type"): ("checkbox"),
                    ("conditions"): {("type"): ("simple"), ("simple"): {("or"): [], ("and"): []}},
                },
                ('"fields[0].conditions.simple.or" is not allowed'),
            ),
            (
                {
                    ("label"): ("x"),
                    ("type"): ("checkbox"),
                    ("conditions"): {("type"): ("simple"), ("simple"): {("or"): [{("operator"): ("is")}]}},
                },
                ('"fields[0].conditions.simple[0].operator" must be one of'),
            ),
        ],
    )
    async def test_a_bad_field_is_refused_by_name(self, api: Api, field: Any, title: str) -> None:
        assert (await api.refused("POST", "/ticket-types", {"name": "x", "fields": [field]})).startswith(title)
