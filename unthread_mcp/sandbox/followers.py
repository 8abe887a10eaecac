"""Followers and collaborators of conversations: users of the workspace, or groups of them."""

from __future__ import annotations

from typing import Final, Literal

from unthread_mcp.api.endpoints import ADD_FOLLOWER, ASSIGN_COLLABORATOR, LIST_COLLABORATOR_TYPES, REMOVE_FOLLOWER

from .calls import Call, answers, not_found
from .checks import Check, filled, one_of, record
from .listing import one, page
from .objects import COLLABORATOR_TYPE, CONVERSATION
from .store import Store

EntityType = Literal["user", "group"]

_ENTITY: Final[dict[str, Check]] = {"entityId": filled, "entityType": one_of("user", "group")}
_TABLES: Final[dict[str, str]] = {"user": "users", "group": "user_groups"}


@answers(ADD_FOLLOWER)
def add_follower(call: Call) -> str:
    """A further follower; one who follows already goes on."""
    store, conversation_id = call.store, existing_conversation(call)
    request = record(call.body, _ENTITY, "entityId", "entityType")
    entity(store, request["entityId"], request["entityType"])
    values = (conversation_id, request["entityId"], request["entityType"])
    store.database.execute("INSERT OR REPLACE INTO followers VALUES (?, ?, ?)", values)
    return _changed(call, conversation_id)


@answers(REMOVE_FOLLOWER)
def remove_follower(call: Call) -> str:
    """One follower less; whoever doesn't follow stays without."""
    store, conversation_id = call.store, existing_conversation(call)
    request = record(call.body, {"entityId": filled}, "entityId")
    values = (conversation_id, request["entityId"])
    store.database.execute("DELETE FROM followers WHERE conversationId = ? AND entityId = ?", values)
    return _changed(call, conversation_id)


@answers(ASSIGN_COLLABORATOR)
def assign_collaborator(call: Call) -> str:
    """The conversation's collaborator of that type; there is one of each, and another takes their place."""
    store, conversation_id = call.store, existing_conversation(call)
    if not store.exists("collaborator_types", call.ids["collaborator_type_id"]):
        raise not_found("Collaborator type")
    request = record(call.body, _ENTITY, "entityId", "entityType")
    entity(store, request["entityId"], request["entityType"])
    values = (conversation_id, call.ids["collaborator_type_id"], request["entityId"], request["entityType"])
    store.database.execute("INSERT OR REPLACE INTO collaborators VALUES (?, ?, ?, ?)", values)
    return _changed(call, conversation_id)


@answers(LIST_COLLABORATOR_TYPES)
def list_collaborator_types(call: Call) -> str:
    """Collaborator types, by the list conventions."""
    return page(call, COLLABORATOR_TYPE)


def existing_conversation(call: Call) -> str:
    """The id of the conversation in the path, or a refusal."""
    if not call.store.exists("conversations", call.ids["conversation_id"]):
        raise not_found("Conversation")
    return call.ids["conversation_id"]


def entity(store: Store, entity_id: str, kind: str) -> None:
    """Refuse a user or group that does not exist."""
    if not store.exists(_TABLES[kind], entity_id):
        raise not_found(kind.capitalize())


def _changed(call: Call, conversation_id: str) -> str:
    call.store.update("conversations", conversation_id, {"updatedAt": call.store.stamp()})
    return one(call, CONVERSATION, conversation_id)
