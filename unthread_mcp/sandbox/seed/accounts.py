"""The seeded workspace's accounts: of some customers, what sales knows about them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from unthread_mcp.sandbox.encoding import dumps
from unthread_mcp.sandbox.store import SqlValue, Store, new_uuid
from unthread_mcp.sandbox.times import iso

from .cast import Cast, slack_id
from .people import COMPANIES, Company, mail_address

if TYPE_CHECKING:
    from unthread_mcp.sandbox.calls import JsonValue

_ACCOUNT_MANAGER: Final = 7
"""Who wrote them all: a place among the agents."""


class Account(NamedTuple):
    """An account of a company in the cast."""

    company: str
    plan: str
    renewal: str
    group: str | None = None
    """The group that supports it instead of a person."""


ACCOUNTS: Final = (
    Account("Kestrel Insurance", "Scale", "2027-03-31"),
    Account("Norrvik Energi", "Scale", "2026-12-31", "on-call"),
    Account("山彦ロボティクス", "Scale", "2027-06-30"),
    Account("Ironwood Credit Union", "Scale", "2026-12-15", "leads"),
    Account("Zephyr Transit Authority", "Public sector", "2027-09-30"),
    Account("Vela Biotech", "Scale", "2027-01-31"),
    Account("Tern Shipping", "Team", "2026-12-01"),
    Account("Polder Systems", "Team", "2027-02-28"),
    Account("Petrichor Labs", "Team", "2027-04-30"),
    Account("Petrichor Logistics", "Team", "2027-04-30"),
)


def open_accounts(store: Store, seed: int, cast: Cast, end: datetime) -> None:
    """Write them into the database."""
    places = {company.name: place for place, company in enumerate(COMPANIES)}
    ids = {each.company: new_uuid(f"{seed} account {COMPANIES[places[each.company]].domain}") for each in ACCOUNTS}
    rows = [_row(seed, cast, each, places[each.company], ids[each.company], end) for each in ACCOUNTS]
    store.insert_many("accounts", rows)
    links: list[dict[str, SqlValue]] = [
        {"accountId": ids[each.company], "tagId": cast.tag_ids[tag]}
        for each in ACCOUNTS
        for tag in COMPANIES[places[each.company]].tags
    ]
    store.insert_many("account_tags", links)


def _row(seed: int, cast: Cast, account: Account, place: int, account_id: str, end: datetime) -> dict[str, SqlValue]:
    company, channel = COMPANIES[place], cast.channel_ids[place]
    primary = None if company.primary is None else cast.agent_people[company.primary].id
    supporter = new_uuid(f"{seed} group {account.group}") if account.group else primary
    custom: list[JsonValue] = [
        {"id": new_uuid(f"{seed} account field {label}"), "label": label, "value": value}
        for label, value in (("Plan", account.plan), ("Renewal", account.renewal))
    ]
    by = cast.agent_people[_ACCOUNT_MANAGER].id
    made = end - timedelta(days=400 - 11 * place)
    return {
        "id": account_id,
        "name": company.name,
        "primarySupportAssigneeId": supporter,
        "primarySupportAssigneeType": "team" if account.group else "user" if primary else None,
        "emailsAndDomains": dumps(_addresses(company)),
        "slackChannelIds": dumps([channel] if channel else []),
        "slackTeamIds": dumps([slack_id("T", company.domain)] if company.slack else []),
        "customFields": dumps(custom),
        "supportSteps": dumps([{"type": "reminder", "minutes": 30}]),
        "imageUrl": f"https://logos.quayside.example/{company.domain}.png",
        "externalCrmMetadata": dumps({"id": f"crm-{account_id[:8]}"}),
        "createdAt": iso(made),
        "updatedAt": iso(made + timedelta(days=9)),
        "createdBy": by,
        "updatedBy": by,
    }


def _addresses(company: Company) -> list[JsonValue]:
    first = mail_address(company.contacts[0].name, company.domain, fallback="contact1")
    return [company.domain, first]
