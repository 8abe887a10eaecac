"""What the fake upstream answers with: realistic shapes and sizes, the same every time.

A whole conversation is 6 to 10 kB of JSON, as `GET /conversations/{id}` answers with its
nested customer, users, ticket type, first and latest message; a thread has 24 messages.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from unthread_mcp.api.json_types import JsonObject, JsonValue

CONVERSATIONS: Final = 100
"""One full page: the API's limit."""
MESSAGES: Final = 24

_NOW: Final = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
_COMPANIES: Final = (
    "Acme Logistics",
    "Blue Heron Bank",
    "Cobalt Robotics",
    "Dunder Energy",
    "Étoile Santé",
    "Fjord AS",
)
_AGENTS: Final = ("Priya Natarajan", "Tomás Herrera", "Wen Li", "Sarah O'Neill")
_PEOPLE: Final = ("Jordan Reyes", "Mette Sørensen", "Ibrahim Diallo", "Yuki Tanaka", "Anna Kowalska")
_TOPICS: Final = (
    "CSV export stops at 10,000 rows",
    "SSO login loops back to the sign-in page",
    "Invoice for October shows the wrong VAT number",
    "Webhook deliveries arrive twice since Tuesday",
    "Dashboard widgets are empty after the update",
    "How do we rotate an API key without downtime?",
    "Mobile app crashes when opening attachments",
)
_SENTENCES: Final = (
    "We saw this again this morning on two machines, and it went away after a restart.",
    "The request id is req_8fk20dk2 and the time was 09:14 UTC.",
    "Could you check whether our plan's limit was changed with the renewal?",
    "I attached a screen recording; the error shows at about twenty seconds.",
    "Our team has a board meeting on Thursday, so an answer before then would help a lot.",
    "Nothing changed on our side as far as I can tell.",
    "Thanks for the quick answer, this worked for most of our users but not for all of them.",
    "I looked at the logs and the retries stop after the third attempt.",
)
_QUOTED: Final = "\n\nOn Thu, Nov 19, 2026 at 10:02 AM Support <support@example.com> wrote:\n> " + "\n> ".join(
    _SENTENCES[:4]
)


def conversations() -> list[JsonObject]:
    """All conversations, newest first, each as the API answers without `select`."""
    return [_conversation(index) for index in range(CONVERSATIONS)]


def messages(conversation_id: str) -> list[JsonObject]:
    """The thread of a conversation, oldest first, each as the API answers without `select`."""
    return [_message(conversation_id, index, MESSAGES) for index in range(MESSAGES)]


def written(conversation_id: str, asked: JsonObject) -> JsonObject:
    """What answers the writing of a message; the thread stays as it is, so that a call costs the same every time."""
    message = _message(conversation_id, MESSAGES, MESSAGES)
    return {**message, "id": _id("message", str(asked)), "isPrivateNote": asked.get("isPrivateNote", False)}


def users() -> list[JsonObject]:
    """The support team."""
    return [_user(name) for name in _AGENTS]


def customers() -> list[JsonObject]:
    """The companies that write."""
    return [_customer(name) for name in _COMPANIES]


def tags() -> list[JsonObject]:
    """The tags on offer."""
    return [{"id": _id("tag", name), "name": name} for name in ("bug", "billing", "how-to", "urgent", "sso")]


def ticket_types() -> list[JsonObject]:
    """The ticket types on offer."""
    return [_ticket_type()]


def _id(kind: str, name: object) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://example.com/{kind}/{name}"))


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _prose(start: int, sentences: int) -> str:
    return " ".join(islice(cycle(_SENTENCES), start, start + sentences))


def _user(name: str, domain: str = "example.com") -> JsonObject:
    handle = name.lower().replace(" ", ".").replace("'", "")
    return {
        "id": _id("user", name),
        "name": name,
        "email": f"{handle}@{domain}",
        "slackId": f"U{_id('slack', name)[:10].upper()}",
        "photo": f"https://avatars.example.com/{_id('photo', name)}_192.png",
        "slackTeamId": "T03QWERTY12",
        "title": "",
        "deleted": False,
        "createdAt": _stamp(_NOW - timedelta(days=700)),
        "updatedAt": _stamp(_NOW - timedelta(days=12)),
    }


def _customer(name: str) -> JsonObject:
    return {
        "id": _id("customer", name),
        "name": name,
        "primarySupportAssigneeId": _id("user", _AGENTS[0]),
        "primarySupportAssigneeType": "user",
        "secondarySupportAssigneeId": None,
        "secondarySupportAssigneeType": None,
        "replyTimeoutMinutes": 60,
        "defaultTriageChannelId": "C04TRIAGE001",
        "disableAutomatedTicketing": None,
        "botHandling": "off",
        "autoresponder": {
            "enabled": True,
            "condition": "outside-working-hours",
            "message": "Thanks for writing! Our team is back at 9:00 and will answer you first thing in the morning.",
        },
        "supportSteps": [
            {"type": "assignment", "assigneeId": _id("user", agent), "assigneeType": "user", "minutes": 15 * step}
            for step, agent in enumerate(_AGENTS, start=1)
        ],
        "slackTeamId": "T03QWERTY12",
        "assignToTaggedUserEnabled": True,
        "slackChannelId": f"C{_id('channel', name)[:10].upper()}",
        "emailDomains": [f"{name.split(maxsplit=1)[0].lower()}.example"],
        "externalCrmMetadata": {"id": _id("crm", name)},
        "customFields": {"plan": "enterprise", "region": "eu-west"},
        "createdAt": _stamp(_NOW - timedelta(days=400)),
        "updatedAt": _stamp(_NOW - timedelta(days=3)),
        "tags": [{"id": _id("tag", "enterprise"), "name": "enterprise"}],
        "slackChannel": {
            "id": f"C{_id('channel', name)[:10].upper()}",
            "name": f"ext-{name.lower().replace(' ', '-')}",
            "isShared": True,
            "isPrivate": False,
        },
    }


def _ticket_type() -> JsonObject:
    fields: list[JsonValue] = [
        {
            "id": _id("field", label),
            "label": label,
            "type": "single-select",
            "required": label == "Severity",
            "public": False,
            "description": f"{label} of the problem as the customer describes it",
            "options": ["low", "medium", "high"],
        }
        for label in ("Severity", "Product area", "Environment")
    ]
    return {
        "id": _id("ticket-type", "incident"),
        "name": "Incident",
        "projectId": _id("project", "support"),
        "description": "Something that worked does not work any more",
        "createdAt": _stamp(_NOW - timedelta(days=300)),
        "updatedAt": _stamp(_NOW - timedelta(days=30)),
        "fields": fields,
    }


def _message(conversation_id: str, index: int, count: int) -> JsonObject:
    moment = _NOW - timedelta(hours=3 * (count - index))
    from_agent = index % 3 == 1
    author = (
        _user(_AGENTS[index % len(_AGENTS)]) if from_agent else _user(_PEOPLE[index % len(_PEOPLE)], "acme.example")
    )
    text = f"Hi team,\n\n{_prose(index, 2 + index % 3)}" + (_QUOTED if index % 6 == 5 else "")
    return {
        "id": _id("message", f"{conversation_id}/{index}"),
        "ts": f"{moment.timestamp():.6f}",
        "threadTs": None,
        "text": text,
        "htmlContent": None,
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}],
        "conversationId": conversation_id,
        "channelId": "C04CUSTOMER1",
        "userId": author["id"],
        "userTeamId": "T03QWERTY12",
        "user": author,
        "sentByUser": author,
        "botId": None,
        "botName": None,
        "subtype": None,
        "timestamp": _stamp(moment),
        "updatedAt": _stamp(moment),
        "deletedAt": None,
        "sourceType": "email",
        "isPrivateNote": index % 8 == 6,
        "isAutoresponse": False,
        "isExternal": not from_agent,
        "files": [],
        "metadata": {"eventType": "email_received"} if not from_agent else {},
    }


def _conversation(index: int) -> JsonObject:
    conversation_id = _id("conversation", index)
    created = _NOW - timedelta(hours=7 * index + 1)
    status = ("open", "in_progress", "on_hold", "open", "closed")[index % 5]
    assignee = _user(_AGENTS[index % len(_AGENTS)])
    return {
        "id": conversation_id,
        "status": status,
        "customerId": _id("customer", _COMPANIES[index % len(_COMPANIES)]),
        "channelId": "C04CUSTOMER1",
        "wasManuallyCreated": False,
        "friendlyId": 4200 - index,
        "createdAt": _stamp(created),
        "updatedAt": _stamp(created + timedelta(hours=2)),
        "closedAt": _stamp(created + timedelta(hours=2)) if status == "closed" else None,
        "statusUpdatedAt": _stamp(created + timedelta(hours=1)),
        "lastActivityAt": _stamp(created + timedelta(hours=2)),
        "responseTime": 1860,
        "responseTimeWorking": 1260,
        "resolutionTime": 7200 if status == "closed" else None,
        "resolutionTimeWorking": 5400 if status == "closed" else None,
        "waitingOnAgentTime": 4200,
        "waitingOnCustomerTime": 86400,
        "title": _TOPICS[index % len(_TOPICS)],
        "priority": (None, 3, 5, 7, 9)[index % 5],
        "sourceType": ("slack", "email", "widget")[index % 3],
        "initialMessageId": _id("message", f"{conversation_id}/0"),
        "initialMessage": _message(conversation_id, 0, MESSAGES),
        "latestMessage": _message(conversation_id, MESSAGES - 1, MESSAGES),
        "assignedToUserId": assignee["id"],
        "assignedToUser": assignee,
        "submitterUserId": _id("user", _PEOPLE[index % len(_PEOPLE)]),
        "submitterUser": _user(_PEOPLE[index % len(_PEOPLE)], "acme.example"),
        "tags": [*tags()[index % 3 : index % 3 + 2]],
        "customer": _customer(_COMPANIES[index % len(_COMPANIES)]),
        "wakeUpAt": None,
        "snoozedAt": None,
        "lockedAt": None,
        "summary": _prose(index, 3),
        "sentiment": "neutral",
        "category": "bug",
        "ticketTypeId": _id("ticket-type", "incident"),
        "ticketType": _ticket_type(),
        "ticketTypeFields": {_id("field", "Severity"): "high", _id("field", "Environment"): "production"},
        "metadata": {"region": "eu-west", "release": "2026.11.2"},
        "followers": [{"userId": _id("user", _AGENTS[1]), "entityId": _id("user", _AGENTS[1])}],
        "collaborators": [],
        "triageMessages": [{"ts": f"{created.timestamp():.6f}", "channelId": "C04TRIAGE001"}],
        "files": [],
    }
