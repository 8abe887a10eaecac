"""Customers: companies with their channels, domains and support settings."""

from __future__ import annotations

from typing import Final

from unthread_mcp.api.endpoints import CREATE_CUSTOMER, DELETE_CUSTOMER, GET_CUSTOMER, LIST_CUSTOMERS, UPDATE_CUSTOMER

from .calls import Call, JsonValue, answers, bad_request, not_found
from .checks import Check, boolean, filled, list_of, nested, nullable, number, one_of, record, text
from .encoding import columns, dumps
from .listing import one, page
from .objects import CUSTOMER
from .store import SqlValue

LONGEST_TOPIC: Final = 250
"""The reference: "max 250 characters"."""


def _topic(name: str, value: JsonValue) -> str:
    if len(text(name, value)) > LONGEST_TOPIC:
        raise bad_request(f'"{name}" must be at most {LONGEST_TOPIC} characters')
    return text(name, value)


_ASSIGNEE_TYPE: Final = nullable(one_of("user", "team"))

_UPDATE: Final[dict[str, Check]] = {
    "name": filled,
    "slackChannelId": nullable(filled),
    "autoresponder": nullable(
        nested(
            {"enabled": boolean, "condition": one_of("always", "outside-working-hours"), "message": text},
            "enabled",
            "condition",
            "message",
        )
    ),
    "supportSteps": nullable(
        list_of(
            nested(
                {
                    "type": one_of("assignment", "escalation", "reminder", "triage"),
                    "assigneeId": filled,
                    "assigneeType": one_of("user", "team"),
                    "minutes": number,
                    "shouldCycleThroughTeamMembers": boolean,
                    "maxCycles": number,
                    "cycleMinutes": number,
                },
                "type",
                "minutes",
            )
        )
    ),
    "defaultTriageChannelId": nullable(filled),
    "disableAutomatedTicketing": nullable(boolean),
    "primarySupportAssigneeId": nullable(filled),
    "primarySupportAssigneeType": _ASSIGNEE_TYPE,
    "secondarySupportAssigneeId": nullable(filled),
    "secondarySupportAssigneeType": _ASSIGNEE_TYPE,
    "replyTimeoutHours": nullable(number),
    "botHandling": nullable(one_of("off", "all")),
    "emailDomains": list_of(text),
}

_CREATE: Final[dict[str, Check]] = {
    "name": filled,
    "slackChannelId": filled,
    "emailDomains": list_of(text),
    "tagIds": list_of(filled),
    "isPrivate": boolean,
    "inviteUserIds": list_of(filled),
    "channelTopic": _topic,
    "createChannel": boolean,
}


@answers(GET_CUSTOMER)
def get_customer(call: Call) -> str:
    """One customer."""
    return one(call, CUSTOMER, call.ids["customer_id"])


@answers(LIST_CUSTOMERS)
def list_customers(call: Call) -> str:
    """Customers, by the list conventions."""
    return page(call, CUSTOMER)


@answers(UPDATE_CUSTOMER)
def update_customer(call: Call) -> str:
    """Changes what is given."""
    store, customer_id = call.store, call.ids["customer_id"]
    _require(call, customer_id)
    request = record(call.body, _UPDATE)
    # The reference writes hours and reads minutes.
    if "replyTimeoutHours" in request:
        hours = request.pop("replyTimeoutHours")
        request["replyTimeoutMinutes"] = None if hours is None else round(hours * 60)
    store.update("customers", customer_id, columns(request) | {"updatedAt": store.stamp()})
    return one(call, CUSTOMER, customer_id)


@answers(CREATE_CUSTOMER)
def create_customer(call: Call) -> str:
    """A new customer, with `createChannel` in a Slack channel of its own."""
    store = call.store
    request = record(call.body, _CREATE, "name")
    for tag_id in request.get("tagIds", []):
        if not store.exists("tags", tag_id):
            raise not_found("Tag")
    customer_id, now = store.new_id("customer"), store.stamp()
    channel_id: str | None = request.get("slackChannelId")
    if request.get("createChannel"):
        channel_id = f"C0{store.count('channel'):08d}"
        slug = "-".join(request["name"].lower().split())
        channel = {"id": channel_id, "name": slug, "isShared": 0, "isPrivate": int(request.get("isPrivate", False))}
        store.insert("slack_channels", channel)
    values: dict[str, SqlValue] = {"id": customer_id, "name": request["name"], "slackChannelId": channel_id}
    lists: dict[str, SqlValue] = {"emailDomains": dumps(request.get("emailDomains", [])), "customFields": "[]"}
    store.insert("customers", values | lists | {"createdAt": now, "updatedAt": now})
    for tag_id in dict.fromkeys(request.get("tagIds", [])):
        store.insert("customer_tags", {"customerId": customer_id, "tagId": tag_id})
    return one(call, CUSTOMER, customer_id)


@answers(DELETE_CUSTOMER)
def delete_customer(call: Call) -> None:
    """Its conversations stay, without a customer."""
    _require(call, call.ids["customer_id"])
    call.store.delete("customers", call.ids["customer_id"])


def _require(call: Call, customer_id: str) -> None:
    if not call.store.exists("customers", customer_id):
        raise not_found("Customer")
