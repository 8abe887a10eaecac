"""Tags and ticket types of the seeded workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from unthread_mcp.sandbox.calls import JsonValue

TAGS: Final = (
    "Bug",
    "Billing",
    "SSO",
    "API",
    "Data sync",
    "Export",
    "Performance",
    "Security",
    "How-to",
    "Feature request",
    "Outage",
    "Escalated",
    "Enterprise",
    "Trial",
    "At risk",
)
"""The last three mark customers, the others conversations."""


def _field(name: str, label: str, kind: str, description: str, **more: JsonValue) -> dict[str, JsonValue]:
    return {
        "id": name,
        "label": label,
        "type": kind,
        "required": False,
        "public": True,
        "description": description,
        **more,
    }


def _shown_if(field: str, value: str) -> JsonValue:
    """Field ids are put in where `@name` stands, once they are known."""
    condition: dict[str, JsonValue] = {
        "leftValueFrom": f"conversation.ticketTypeFields['@{field}']",
        "operator": "equals",
        "rightValue": value,
    }
    return {"type": "simple", "simple": condition}


TICKET_TYPES: Final[dict[str, tuple[str, list[dict[str, JsonValue]]]]] = {
    "Bug report": (
        "Something that worked, or should work, does not.",
        [
            _field(
                "severity",
                "Severity",
                "single-select",
                "How badly work is held up",
                required=True,
                options=["Blocker", "Major", "Minor"],
            ),
            _field(
                "workaround",
                "Workaround until the fix",
                "short-answer",
                "What the customer can do meanwhile",
                public=False,
                conditions=_shown_if("severity", "Blocker"),
            ),
            _field(
                "areas",
                "Affected areas",
                "multi-select",
                "Parts of the product",
                options=["Connectors", "Dashboards", "Exports", "API", "Sign-in", "Alerts"],
            ),
            _field("steps", "Steps to reproduce", "long-answer", "As told by the customer"),
            _field("reproduced", "Reproduced by us", "checkbox", "Seen on our side as well", public=False),
        ],
    ),
    "Access request": (
        "Somebody needs access, another role, or a change to sign-in.",
        [
            _field(
                "role",
                "Requested role",
                "single-select",
                "The role asked for",
                required=True,
                options=["Viewer", "Editor", "Admin", "Owner"],
            ),
            _field(
                "approver",
                "Approved by",
                "short-answer",
                "Owner of the workspace who said yes",
                required=True,
                conditions=_shown_if("role", "Owner"),
            ),
            _field("account manager", "Account manager", "user-select", "Who knows the customer", public=False),
        ],
    ),
    "Billing question": (
        "Invoices, seats, refunds and contracts.",
        [
            _field("invoice", "Invoice number", "short-answer", "Such as INV-20418"),
            _field(
                "reason",
                "Reason",
                "single-select",
                "What it is about",
                required=True,
                options=["Seats", "Refund", "Tax and address", "Payment failed", "Contract"],
            ),
            _field(
                "amount",
                "Refund amount",
                "short-answer",
                "In the invoice's currency",
                public=False,
                conditions=_shown_if("reason", "Refund"),
            ),
        ],
    ),
}
