"""The people, companies, channels, tags and ticket types of the seed as rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from unthread_mcp.sandbox.authors import Person
from unthread_mcp.sandbox.encoding import dumps
from unthread_mcp.sandbox.store import SqlValue, Store, new_uuid
from unthread_mcp.sandbox.times import iso

from .catalogue import TAGS, TICKET_TYPES
from .people import AGENTS, COMPANIES, COMPANY, DOMAIN, TEAM_ID, Company, mail_address
from .voices import Speaker

if TYPE_CHECKING:
    from unthread_mcp.sandbox.calls import JsonValue

Rows = list[dict[str, SqlValue]]

TRIAGE_CHANNEL: Final = "C0TRIAGE01"
ENTERPRISE_TRIAGE_CHANNEL: Final = "C0TRIAGE02"
DUTY_CHANNEL: Final = "C0DUTYDESK"
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

STRANGER: Final = "Chad Bexley"
"""Writes mail without belonging to any customer."""


@dataclass(slots=True)
class Cast:
    """Everybody and everything that conversations refer to, by index or name."""

    agents: list[Speaker] = field(default_factory=list[Speaker])
    agent_people: list[Person] = field(default_factory=list[Person])
    contacts: list[list[Speaker]] = field(default_factory=list[list[Speaker]])
    contact_people: list[list[Person]] = field(default_factory=list[list[Person]])
    company_ids: list[str] = field(default_factory=list[str])
    channel_ids: list[str | None] = field(default_factory=list["str | None"])
    tag_ids: dict[str, str] = field(default_factory=dict[str, str])
    ticket_types: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict[str, tuple[str, dict[str, str]]])
    """Of each, the id and its fields' ids by their short names."""
    stranger: Speaker = field(init=False)
    stranger_person: Person = field(init=False)


def short_id(name: str, length: int, alphabet: str = _LETTERS) -> str:
    """An id in another alphabet than UUIDs have, always the same for a name."""
    number = int(new_uuid(name).replace("-", ""), 16)
    digits: list[str] = []
    for _ in range(length):
        number, digit = divmod(number, len(alphabet))
        digits.append(alphabet[digit])
    return "".join(digits)


def slack_id(kind: str, name: str) -> str:
    """`U`, `T` or `C` and ten capital letters or digits, as Slack's ids are."""
    return f"{kind}0{short_id(f'slack {kind} {name}', 9, _LETTERS[:36])}"


def introduce(store: Store, seed: int, end: datetime) -> Cast:
    """Write everybody into the database."""
    cast = Cast()
    long_ago = end - timedelta(days=730)
    users: Rows = []
    for index, agent in enumerate(AGENTS):
        email = mail_address(agent.name, DOMAIN, fallback=f"agent{index}")
        speaker = _speaker(agent.name, agent.title, COMPANY, email)
        person = Person(new_uuid(f"{seed} user {email}"), agent.name, email, TEAM_ID, external=False)
        cast.agents.append(speaker)
        cast.agent_people.append(person)
        more = {"title": agent.title, "pronoun": agent.pronoun, "department": "Support", "deleted": int(agent.deleted)}
        users.append(_user(person, speaker, long_ago + timedelta(days=31 * index)) | more)

    teams: Rows = [{"id": TEAM_ID, "name": COMPANY, "icon": f"https://avatars.{DOMAIN}/team.png", "own": 1}]
    channels: Rows = [
        _channel(TRIAGE_CHANNEL, "support-triage"),
        _channel(ENTERPRISE_TRIAGE_CHANNEL, "triage-enterprise", is_private=1),
        _channel(DUTY_CHANNEL, "duty-desk"),
    ]
    customers: Rows = []
    for index, company in enumerate(COMPANIES):
        born = long_ago + timedelta(days=23 * index, hours=index % 9)
        team_id = slack_id("T", company.domain) if company.slack else None
        channel_id = slack_id("C", company.domain) if company.slack else None
        if team_id:
            teams.append({"id": team_id, "name": company.name, "icon": None, "own": 0})
        if channel_id and company.slack:
            channels.append(_channel(channel_id, company.slack, is_shared=1))
        cast.channel_ids.append(channel_id)
        company_id = f"{seed} customer {company.domain}"
        cast.company_ids.append(short_id(company_id, 20) if company.old_id else new_uuid(company_id))
        customers.append(_customer(cast, company, cast.company_ids[-1], team_id, channel_id, born))
        cast.contacts.append([])
        cast.contact_people.append([])
        for number, contact in enumerate(company.contacts):
            email = mail_address(contact.name, company.domain, fallback=f"contact{number + 1}")
            speaker = _speaker(contact.name, contact.title, company.name, email)
            person = Person(new_uuid(f"{seed} user {email}"), contact.name, email, team_id, external=True)
            cast.contacts[-1].append(speaker)
            cast.contact_people[-1].append(person)
            users.append(_user(person, speaker, born + timedelta(days=number)) | {"title": contact.title})

    # One address, two users: the account manager is also a guest in a customer's Slack workspace.
    host = cast.agent_people[7]
    guest = Person(
        new_uuid(f"{seed} guest"), host.name, host.email, cast.contact_people[3][0].slack_team_id, external=True
    )
    users.append(_user(guest, cast.agents[7], long_ago) | {"slackId": slack_id("U", f"guest {host.email}")})
    cast.stranger = _speaker(STRANGER, "Growth Partner", "Leadsplash", "chad@leadsplash.example")
    cast.stranger_person = Person(new_uuid(f"{seed} stranger"), STRANGER, cast.stranger.email, None, external=True)
    users.append(_user(cast.stranger_person, cast.stranger, end - timedelta(days=9)))

    cast.tag_ids = {tag: new_uuid(f"{seed} tag {tag}") for tag in TAGS}
    store.insert_many("slack_teams", teams)
    store.insert_many("slack_channels", channels)
    store.insert_many("users", [_USER | user for user in users])
    store.insert_many("customers", customers)
    store.insert_many("tags", [{"id": tag_id, "name": tag} for tag, tag_id in cast.tag_ids.items()])
    links: Rows = [
        {"customerId": company_id, "tagId": cast.tag_ids[tag]}
        for company_id, company in zip(cast.company_ids, COMPANIES, strict=True)
        for tag in company.tags
    ]
    store.insert_many("customer_tags", links)
    store.insert_many("ticket_types", [_ticket_type(cast, seed, name, long_ago) for name in TICKET_TYPES])
    return cast


_USER: Final[dict[str, SqlValue]] = dict.fromkeys(
    (
        "id",
        "name",
        "email",
        "slackId",
        "photo",
        "phoneNumber",
        "deleted",
        "slackTeamId",
        "title",
        "pronoun",
        "department",
        "createdAt",
        "updatedAt",
        "external",
    )
)


def _user(person: Person, speaker: Speaker, born: datetime) -> dict[str, SqlValue]:
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "slackId": speaker.slack_id if person.slack_team_id else None,
        "photo": f"https://avatars.{DOMAIN}/{speaker.slack_id}.png" if person.slack_team_id else None,
        "deleted": 0,
        "slackTeamId": person.slack_team_id,
        "createdAt": iso(born),
        "updatedAt": iso(born + timedelta(hours=5)),
        "external": int(person.external),
    }


def _channel(channel_id: str, name: str, *, is_shared: int = 0, is_private: int = 0) -> dict[str, SqlValue]:
    return {"id": channel_id, "name": name, "isShared": is_shared, "isPrivate": is_private, "slackTeamId": TEAM_ID}


def _speaker(name: str, title: str, company: str, email: str) -> Speaker:
    first = name.removeprefix("Prof. ").removeprefix("Captain ").split()[0]
    return Speaker(name, first, title, company, email, slack_id("U", email))


def _customer(
    cast: Cast, company: Company, company_id: str, team_id: str | None, channel_id: str | None, born: datetime
) -> dict[str, SqlValue]:
    primary = None if company.primary is None else cast.agent_people[company.primary].id
    enterprise = "Enterprise" in company.tags
    steps: list[JsonValue] = [{"type": "reminder", "minutes": 30}]
    if primary:
        steps.insert(0, {"type": "assignment", "assigneeId": primary, "assigneeType": "user", "minutes": 0})
    message = "Thank you for your message. Our team is back at 9:00 CET on the next working day."
    if company.autoresponder == "always":
        message = "Thank you for your message, we have received it. You will hear from us within one working day."
    autoresponder: dict[str, JsonValue] = {"enabled": True, "condition": company.autoresponder, "message": message}
    triage_channel = ENTERPRISE_TRIAGE_CHANNEL if enterprise else TRIAGE_CHANNEL
    return {
        "id": company_id,
        "name": company.name,
        "primarySupportAssigneeId": primary,
        "primarySupportAssigneeType": "user" if primary else None,
        "replyTimeoutMinutes": 60 if enterprise else 240,
        "defaultTriageChannelId": triage_channel if company.slack and company.triage else None,
        "disableAutomatedTicketing": 0,
        "botHandling": "off",
        "autoresponder": dumps(autoresponder) if company.autoresponder else None,
        "supportSteps": dumps(steps),
        "slackTeamId": team_id,
        "assignToTaggedUserEnabled": 1,
        "slackChannelId": channel_id,
        "emailDomains": dumps([company.domain]),
        "customFields": "[]",
        "externalCrmMetadata": dumps({"id": f"crm-{short_id(company.domain, 6, _LETTERS[:10])}"})
        if enterprise
        else None,
        "createdAt": iso(born),
        "updatedAt": iso(born + timedelta(days=3)),
    }


def _ticket_type(cast: Cast, seed: int, name: str, born: datetime) -> dict[str, SqlValue]:
    description, fields = TICKET_TYPES[name]
    field_ids = {str(one["id"]): new_uuid(f"{seed} field {name} {one['id']}") for one in fields}
    cast.ticket_types[name] = (new_uuid(f"{seed} ticket type {name}"), field_ids)
    text = dumps([one | {"id": field_ids[str(one["id"])]} for one in fields])
    for short, field_id in field_ids.items():
        text = text.replace(f"@{short}'", f"{field_id}'")
    return {
        "id": cast.ticket_types[name][0],
        "name": name,
        "description": description,
        "fields": text,
        "createdAt": iso(born),
        "updatedAt": iso(born),
    }
