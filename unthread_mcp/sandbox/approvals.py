"""Approval requests of conversations."""

from __future__ import annotations

from typing import Final

from unthread_mcp.api.endpoints import CREATE_APPROVAL_REQUEST, LIST_APPROVAL_REQUESTS

from .calls import Call, answers
from .checks import Check, filled, record, text
from .followers import entity, existing_conversation
from .listing import every, one
from .objects import APPROVAL_REQUEST

TENANT_ID: Final = "quayside"

_APPROVAL_REQUEST: Final[dict[str, Check]] = {"title": text, "assignedToUserId": filled, "assignedToGroupId": filled}


@answers(CREATE_APPROVAL_REQUEST)
def create_approval_request(call: Call) -> str:
    """A pending request; none of its fields has to be given, as the reference requires none."""
    store, conversation_id = call.store, existing_conversation(call)
    request = record(call.body, _APPROVAL_REQUEST)
    for name, kind in (("assignedToUserId", "user"), ("assignedToGroupId", "group")):
        if name in request:
            entity(store, request[name], kind)
    request_id = store.new_id("approval request")
    store.insert(
        "approval_requests",
        {
            "id": request_id,
            "tenantId": TENANT_ID,
            "conversationId": conversation_id,
            "status": "pending",
            "createdAt": store.stamp(),
            **request,
        },
    )
    return one(call, APPROVAL_REQUEST, request_id)


@answers(LIST_APPROVAL_REQUESTS)
def list_approval_requests(call: Call) -> str:
    """A bare array, oldest first; whether it comes in an envelope nobody says."""
    return every(call, APPROVAL_REQUEST, "conversationId", existing_conversation(call), order="createdAt, id")
