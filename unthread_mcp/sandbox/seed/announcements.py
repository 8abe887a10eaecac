"""What the seed's support desk announced to its customers, is about to announce, and reports to other systems."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from unthread_mcp.sandbox.encoding import dumps
from unthread_mcp.sandbox.store import Store, new_uuid
from unthread_mcp.sandbox.times import iso

from .people import DOMAIN, LEAD

if TYPE_CHECKING:
    from unthread_mcp.sandbox.calls import JsonValue

    from .cast import Cast


class Announcement(NamedTuple):
    """An outbound to some of the companies, by their places."""

    slug: str
    subject: str
    text: str
    companies: tuple[int, ...]
    days_ago: int | None
    """When it was sent; None for a draft."""


ANNOUNCEMENTS: Final = (
    Announcement(
        "connectors",
        "New connectors for warehouses",
        "Two warehouses more can be connected from today on. Tell us which one you would like next.",
        (0, 1, 2, 3),
        12,
    ),
    Announcement(
        "maintenance",
        "Maintenance on Saturday",
        "On Saturday dashboards will be read-only from 02:00 to 02:30 UTC. *No data is lost.*",
        (0, 3),
        None,
    ),
)
WEBHOOKS: Final = ((f"https://hooks.{DOMAIN}/unthread", True), (f"https://hooks.{DOMAIN}/unthread-test", False))


def announce(store: Store, seed: int, cast: Cast, end: datetime) -> None:
    """Write outbounds and webhook subscriptions. What was announced before the workspace was made is not delivered."""
    for each in ANNOUNCEMENTS:
        blocks: JsonValue = [{"type": "section", "text": {"type": "mrkdwn", "text": each.text}}]
        recipients: JsonValue = [{"type": "customer", "id": cast.company_ids[place]} for place in each.companies]
        store.insert(
            "outbounds",
            {
                "id": new_uuid(f"{seed} outbound {each.slug}"),
                "status": "draft" if each.days_ago is None else "sent",
                "deliveryMethod": "slack",
                "subject": each.subject,
                "blocks": dumps(blocks),
                "recipients": dumps(recipients),
                "sendAs": dumps({"type": "support-rep", "id": cast.agent_people[LEAD].id}),
                "runAt": None if each.days_ago is None else iso(end - timedelta(days=each.days_ago)),
            },
        )
    for url, enabled in WEBHOOKS:
        store.insert("webhooks", {"id": new_uuid(f"{seed} webhook {url}"), "url": url, "enabled": enabled})
