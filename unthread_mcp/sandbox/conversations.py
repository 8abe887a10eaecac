"""Conversations: reading, creating, changing and listing them."""

from __future__ import annotations

from typing import Any, Final, cast

from unthread_mcp.api.endpoints import CREATE_CONVERSATION, GET_CONVERSATION, LIST_CONVERSATIONS, UPDATE_CONVERSATION

from .authors import Channel, Person, api, customer, system
from .calls import Call, JsonValue, answers, bad_request, not_found
from .checks import Check, boolean, filled, list_of, map_of, nullable, number, one_of, record, text, time
from .encoding import columns
from .files import keep
from .listing import one, page
from .messages import ON_BEHALF_OF, on_behalf_of
from .objects import CONVERSATION
from .store import Store
from .threads import Thread, find_person, person, post, post_triage, set_status, thread
from .times import WORK_ENDS, WORK_STARTS

STATUSES: Final = ("open", "in_progress", "on_hold", "closed")
PRIORITIES: Final = (3, 5, 7, 9)

_FIRST_NUMBER: Final = 1001
_SATURDAY: Final = 5


def _field_value(name: str, value: JsonValue) -> JsonValue:
    """A custom field's value: documented as a string; clients write numbers too, and a list fits multi-selects."""
    if isinstance(value, list):
        return list_of(text)(name, value)
    return value if isinstance(value, str) else number(name, value)


_UPDATE: Final[dict[str, Check]] = {
    "status": one_of(*STATUSES),
    "priority": nullable(one_of(*PRIORITIES)),
    "notes": nullable(text),
    "assignedToUserId": nullable(filled),
    "wakeUpAt": nullable(time),
    "snoozedAt": nullable(time),
    "excludeAnalytics": boolean,
    "title": nullable(text),
    "lockedAt": nullable(time),
    "customerId": nullable(filled),
    "ticketTypeId": nullable(filled),
    "ticketTypeFields": map_of(_field_value),
    "submitterUserId": nullable(filled),
    "metadata": map_of(text),
}

_CREATE: Final[dict[str, Check]] = {
    "type": one_of("slack", "email", "triage"),
    "markdown": filled,
    "status": one_of(*STATUSES),
    "assignedToUserId": filled,
    "customerId": filled,
    "channelId": filled,
    "projectId": filled,
    "priority": one_of(*PRIORITIES),
    "triageChannelId": filled,
    "notes": text,
    "title": text,
    "excludeAnalytics": boolean,
    "emailInboxId": filled,
    "ticketTypeId": filled,
    "onBehalfOf": ON_BEHALF_OF,
}

_REFERENCES: Final = {
    "assignedToUserId": ("users", "User"),
    "submitterUserId": ("users", "User"),
    "customerId": ("customers", "Customer"),
    "ticketTypeId": ("ticket_types", "Ticket type"),
}


@answers(GET_CONVERSATION)
def get_conversation(call: Call) -> str:
    """One conversation with everything around it; `select` is ignored."""
    return one(call, CONVERSATION, call.ids["conversation_id"])


@answers(LIST_CONVERSATIONS)
def list_conversations(call: Call) -> str:
    """Conversations, by the list conventions."""
    return page(call, CONVERSATION)


@answers(UPDATE_CONVERSATION)
def update_conversation(call: Call) -> str:
    """Changes what is given; closing a Slack conversation writes to the customer."""
    store, into = call.store, thread(call.store, call.ids["conversation_id"])
    request = record(call.body, _UPDATE)
    _check_references(store, request)
    status: str = request.pop("status", into.status)
    # A map replaces the one before: of the two readings that the reference leaves open, the one that loses data.
    changes = columns(request) | set_status(store, into, status)
    store.update("conversations", into.id, changes | {"updatedAt": store.stamp()})
    return one(call, CONVERSATION, into.id)


@answers(CREATE_CONVERSATION)
def create_conversation(call: Call) -> str:
    """A new conversation with its first message, and what follows: triage, autoresponder."""
    store = call.store
    request = record(call.body, _CREATE, "type", "markdown", "status")
    channel: Channel = request["type"]
    if channel == "triage" and "triageChannelId" not in request:
        raise bad_request('"triageChannelId" is required for type "triage"')
    if channel == "email" and "emailInboxId" not in request:
        raise bad_request('"emailInboxId" is required for type "email"')
    behalf: dict[str, str] = request.get("onBehalfOf", {})
    if channel == "email" and not behalf.keys() & {"email", "id"}:
        raise bad_request('"onBehalfOf" needs "email" or "id" for type "email"')
    _check_references(store, request)
    submitter = _end_user(store, behalf) if channel == "email" else None
    into = _insert(store, request, channel, submitter)

    if submitter:
        author = customer(submitter, "email")
    else:
        sent_by, external = on_behalf_of(store, request.get("onBehalfOf"))
        author = api(sent_by, external=external, private=False, autoresponse=False)
    post(store, into, author, request["markdown"], via="api", files=keep(store, into.id, call.uploads))
    into = thread(store, into.id)
    triage_channel_id = request.get("triageChannelId") or _default_triage_channel(store, request.get("customerId"))
    if triage_channel_id:
        author = api(None, external=False, private=False, autoresponse=False)
        post_triage(store, into, author, request["markdown"], channel_id=triage_channel_id, thread_ts=None)
    if channel != "triage":
        _autorespond(store, into, request.get("customerId"))
    return one(call, CONVERSATION, into.id)


def _insert(store: Store, request: dict[str, Any], channel: Channel, submitter: Person | None) -> Thread:
    now = store.stamp()
    (latest,) = store.require("SELECT max(friendlyId) FROM conversations")
    conversation_id = store.new_id("conversation")
    copied = ("priority", "title", "customerId", "projectId", "assignedToUserId", "ticketTypeId", "notes")
    channel_id = request.get("triageChannelId") if channel == "triage" else request.get("channelId")
    if channel == "slack" and channel_id is None:
        channel_id = f"D0{store.count('direct message'):08d}"
    store.insert(
        "conversations",
        {name: request.get(name) for name in (*copied, "emailInboxId")}
        | {
            "id": conversation_id,
            "friendlyId": _FIRST_NUMBER if latest is None else int(latest) + 1,
            "sourceType": channel,
            "status": request["status"],
            "channelId": channel_id,
            "wasManuallyCreated": 1,
            "submitterUserId": submitter.id if submitter else None,
            "ticketTypeFields": "{}",
            "metadata": "{}",
            "excludeAnalytics": int(request.get("excludeAnalytics", False)),
            "createdAt": now,
            "updatedAt": now,
            "lastActivityAt": now,
            "statusUpdatedAt": now,
            "closedAt": now if request["status"] == "closed" else None,
            "resolutionTime": 0 if request["status"] == "closed" else None,
            "resolutionTimeWorking": 0 if request["status"] == "closed" else None,
            "waitingOnAgentTime": 0,
            "waitingOnCustomerTime": 0,
        },
    )
    return thread(store, conversation_id)


def _check_references(store: Store, request: dict[str, Any]) -> None:
    for name, (table, what) in _REFERENCES.items():
        if request.get(name) is not None and not store.exists(table, request[name]):
            raise not_found(what)


def _end_user(store: Store, behalf: dict[str, str]) -> Person:
    """Whom a mail conversation is with; an unknown address becomes a new external user."""
    if "id" in behalf:
        return person(store, behalf["id"])
    found = find_person(store, "email", behalf["email"])
    if found:
        return found
    user_id, now = store.new_id("user"), store.stamp()
    name = behalf.get("name") or behalf["email"]
    stranger = {"id": user_id, "name": name, "email": behalf["email"], "deleted": 0, "external": 1}
    store.insert("users", stranger | {"createdAt": now, "updatedAt": now})
    return Person(user_id, name, behalf["email"], None, external=True)


def _default_triage_channel(store: Store, customer_id: str | None) -> str | None:
    row = store.one("SELECT defaultTriageChannelId FROM customers WHERE id = ?", customer_id)
    return cast("str | None", row[0]) if row else None


def _autorespond(store: Store, into: Thread, customer_id: str | None) -> None:
    """The customer's autoresponder answers a new conversation."""
    row = store.one(
        "SELECT json_extract(autoresponder, '$.message'), json_extract(autoresponder, '$.condition') FROM customers"
        " WHERE id = ? AND json_extract(autoresponder, '$.enabled')",
        customer_id,
    )
    if row is None:
        return
    now = store.now()
    working = now.weekday() < _SATURDAY and WORK_STARTS <= now.timetz() < WORK_ENDS
    if row[1] == "always" or not working:
        post(store, into, system("autoresponder_replied"), str(row[0]), via="system")
