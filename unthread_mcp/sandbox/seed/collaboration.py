"""Who works together in the seed: groups, followers, collaborators, and what was asked to be approved."""

from __future__ import annotations

from typing import Final, NamedTuple

from unthread_mcp.sandbox.approvals import TENANT_ID
from unthread_mcp.sandbox.store import Store, new_uuid

from .cast import Cast, slack_id
from .people import BILLING, LEAD

SUPPORT, ON_CALL, LEADS = "support", "on-call", "leads"
GROUPS: Final = {SUPPORT: "Support", ON_CALL: "On-call engineers", LEADS: "Support leads"}

_TECHNICAL_LEAD, _ACCOUNT_MANAGER = "technical_lead", "account_manager"
COLLABORATOR_TYPES: Final = {
    _TECHNICAL_LEAD: ("Technical lead", "Knows the customer's set-up and joins for the hard questions"),
    _ACCOUNT_MANAGER: ("Account manager", "Speaks with the customer about contracts"),
    "on_call": ("On-call engineer", None),
}
_SOLUTIONS, _ACCOUNTS = 4, 7
"""Places among the agents."""

FOLLOWERS: Final[dict[str, tuple[int | str, ...]]] = {"angry": (LEAD,), "outage": (ON_CALL, LEAD)}
"""By landmark: agents by their place, groups by name."""
COLLABORATORS: Final = {"outage": (_TECHNICAL_LEAD, _SOLUTIONS), "angry": (_ACCOUNT_MANAGER, _ACCOUNTS)}


class Approval(NamedTuple):
    """Something that was asked to be approved in a conversation with a name."""

    landmark: str
    title: str
    approver: int | str
    status: str = "pending"
    notes: str | None = None


APPROVALS: Final = (
    Approval("angry", "Credit one month for the failed exports", LEAD),
    Approval("angry", "Call her back today", LEADS, "approved", "Yes, and before noon."),
    Approval("orders-1", "Refund the last three invoices", BILLING, "rejected", "Nobody asked for this. Looks odd."),
    Approval("outage", "Post on the status page", ON_CALL),
)


def bring_together(store: Store, seed: int, cast: Cast) -> None:
    """Write it into the database, once the conversations are there."""
    groups = {name: new_uuid(f"{seed} group {name}") for name in GROUPS}
    types = {key: new_uuid(f"{seed} collaborator type {key}") for key in COLLABORATOR_TYPES}

    def entity(who: int | str) -> tuple[str, str]:
        return (groups[who], "group") if isinstance(who, str) else (cast.agent_people[who].id, "user")

    store.insert_many(
        "user_groups",
        [{"id": groups[name], "name": title, "slackId": slack_id("S", name)} for name, title in GROUPS.items()],
    )
    store.insert_many(
        "collaborator_types",
        [
            {"id": types[key], "name": name, "key": key, "description": description}
            for key, (name, description) in COLLABORATOR_TYPES.items()
        ],
    )
    for landmark, several in FOLLOWERS.items():
        conversation_id, _, _ = _landmark(store, landmark)
        for who in several:
            entity_id, kind = entity(who)
            store.insert("followers", {"conversationId": conversation_id, "entityId": entity_id, "entityType": kind})
    for landmark, (key, who) in COLLABORATORS.items():
        conversation_id, _, _ = _landmark(store, landmark)
        entity_id, kind = entity(who)
        store.insert(
            "collaborators",
            {
                "conversationId": conversation_id,
                "collaboratorTypeId": types[key],
                "entityId": entity_id,
                "entityType": kind,
            },
        )
    for approval in APPROVALS:
        conversation_id, created, updated = _landmark(store, approval.landmark)
        entity_id, kind = entity(approval.approver)
        store.insert(
            "approval_requests",
            {
                "id": new_uuid(f"{seed} approval {approval.title}"),
                "tenantId": TENANT_ID,
                "conversationId": conversation_id,
                "status": approval.status,
                "title": approval.title,
                "notes": approval.notes,
                "assignedToUserId": entity_id if kind == "user" else None,
                "assignedToGroupId": entity_id if kind == "group" else None,
                "statusChangedAt": None if approval.status == "pending" else updated,
                "createdAt": created,
            },
        )


def _landmark(store: Store, name: str) -> tuple[str, str, str]:
    """The id of the conversation of that name, and when it was created and last updated."""
    row = store.require(
        "SELECT c.id, c.createdAt, c.updatedAt FROM conversations c JOIN landmarks l ON l.conversationId = c.id"
        " WHERE l.name = ?",
        name,
    )
    conversation_id, created, updated = map(str, row)
    return conversation_id, created, updated
