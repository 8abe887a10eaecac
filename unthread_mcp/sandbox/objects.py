"""What Unthread's objects look like: the reference's fields, and those that clients were seen to read."""

from __future__ import annotations

from typing import Final

from .shapes import Document, Field, Opaque, Reader, Related, Scalar, Shape, Shapes, Strings

ID: Final = Scalar(never_null=True)
TEXT: Final = Scalar()
TIME: Final = Scalar("time")
STAMP: Final = Scalar("time", never_null=True)
NUMBER: Final = Scalar("number")
BOOLEAN: Final = Scalar("boolean")

_USER: Final = ("id", "name", "email", "slackId", "photo")
_PERSON: Final = ("id", "name", "email")
_NAMED: Final = ("id", "name")


def _every(fields: dict[str, Field], *without: str) -> tuple[str, ...]:
    return tuple(name for name in fields if name not in without)


def _user(column: str, brief: tuple[str, ...] = _PERSON) -> Related:
    return Related("user", "users {it}", f"{{it}}.id = {{row}}.{column}", brief=brief)


def _message(column: str) -> Related:
    return Related("message", "messages {it}", f"{{it}}.id = {{row}}.{column}")


def _tags(what: str) -> Related:
    return Related(
        "tag",
        f"{what}_tags {{it}}_link JOIN tags {{it}} ON {{it}}.id = {{it}}_link.tagId",
        f"{{it}}_link.{what}Id = {{row}}.id",
        many=True,
        order="{it}.name, {it}.id",
    )


def _listed(shape: str, table: str, column: str) -> Related:
    """The rows whose ids stand in a JSON array, in its order."""
    source = f"json_each({{row}}.{column}) {{it}}_id JOIN {table} {{it}} ON {{it}}.id = {{it}}_id.value"
    return Related(shape, source, "1", many=True, order="{it}_id.key")


def _supporter(column: str) -> Related:
    """A user or a group of them."""
    people = "(SELECT id, name FROM users UNION ALL SELECT id, name FROM user_groups)"
    return Related("support assignee", f"{people} {{it}}", f"{{it}}.id = {{row}}.{column}")


def _element(**kinds: Field) -> dict[str, Field]:
    """Fields of an object inside a JSON array, as `json_each` unrolls it."""
    return {
        name: Scalar(field.kind, f"json_extract({{row}}.value, '$.{name}')") if isinstance(field, Scalar) else field
        for name, field in kinds.items()
    }


_conversation: Final[dict[str, Field]] = {
    "id": ID,
    "friendlyId": Scalar("number", never_null=True),
    "status": Scalar(never_null=True),
    "priority": NUMBER,
    "title": TEXT,
    "summary": TEXT,
    "category": TEXT,
    "sentiment": TEXT,
    "sourceType": Scalar(never_null=True),
    "customerId": TEXT,
    "channelId": TEXT,
    "projectId": TEXT,
    "wasManuallyCreated": BOOLEAN,
    "assignedToUserId": TEXT,
    "ticketTypeId": TEXT,
    "ticketTypeFields": Document(),
    "metadata": Document(),
    "createdAt": STAMP,
    "updatedAt": STAMP,
    "lastActivityAt": STAMP,
    "statusUpdatedAt": TIME,
    "closedAt": TIME,
    "wakeUpAt": TIME,
    "snoozedAt": TIME,
    "lockedAt": TIME,
    "responseTime": NUMBER,
    "responseTimeWorking": NUMBER,
    "resolutionTime": NUMBER,
    "resolutionTimeWorking": NUMBER,
    "waitingOnAgentTime": NUMBER,
    "waitingOnCustomerTime": NUMBER,
    "initialMessageId": TEXT,
    "initialMessage": _message("initialMessageId"),
    "latestMessage": _message("latestMessageId"),
    "customer": Related("customer", "customers {it}", "{it}.id = {row}.customerId"),
    "assignedToUser": _user("assignedToUserId"),
    "submitterUser": _user("submitterUserId"),
    "ticketType": Related("ticket type", "ticket_types {it}", "{it}.id = {row}.ticketTypeId", brief=_NAMED),
    "tags": _tags("conversation"),
    "triageMessages": Related(
        "triage message",
        "triage_messages {it}",
        "{it}.conversationId = {row}.id AND {it}.threadTs IS NULL",
        many=True,
        order="{it}.ts",
    ),
    "followers": Related(
        "follower", "followers {it}", "{it}.conversationId = {row}.id", many=True, order="{it}.entityId"
    ),
    "collaborators": Related(
        "collaborator", "collaborators {it}", "{it}.conversationId = {row}.id", many=True, order="{it}.entityId"
    ),
    "files": Related(
        "file",
        "messages {it}_of, json_each({it}_of.files) {it}",
        "{it}_of.conversationId = {row}.id",
        many=True,
        order="{it}_of.ts, {it}.key",
    ),
}

_message_fields: Final[dict[str, Field]] = {
    "id": ID,
    "ts": Scalar(never_null=True),
    "threadTs": TEXT,
    "conversationId": Scalar(never_null=True),
    "channelId": TEXT,
    "timestamp": STAMP,
    "text": TEXT,
    "content": Scalar(sql="{row}.text"),
    "htmlContent": TEXT,
    "subtype": TEXT,
    "userId": TEXT,
    "userTeamId": TEXT,
    "user": _user("userId", _USER),
    "botId": TEXT,
    "botName": TEXT,
    "sentByUser": Document(frozenset(_PERSON)),
    "isPrivateNote": BOOLEAN,
    "isAutoresponse": BOOLEAN,
    "isExternal": BOOLEAN,
    "metadata": Document(frozenset({"eventType"})),
    "files": Related("file", "json_each({row}.files) {it}", "1", many=True, order="{it}.key", whole="{row}.files"),
    "blocks": Opaque(),
    "sourceType": TEXT,
    "conversation": Related("conversation", "conversations {it}", "{it}.id = {row}.conversationId"),
}
_MESSAGE_BRIEF: Final = _every(_message_fields, "content", "conversation")

_customer: Final[dict[str, Field]] = {
    "id": ID,
    "name": Scalar(never_null=True),
    "emailDomains": Strings(),
    "slackTeamId": TEXT,
    "slackChannelId": TEXT,
    "slackChannel": Related("Slack channel", "slack_channels {it}", "{it}.id = {row}.slackChannelId"),
    "primarySupportAssigneeId": TEXT,
    "primarySupportAssigneeType": TEXT,
    "secondarySupportAssigneeId": TEXT,
    "secondarySupportAssigneeType": TEXT,
    "replyTimeoutMinutes": NUMBER,
    "defaultTriageChannelId": TEXT,
    "disableAutomatedTicketing": BOOLEAN,
    "assignToTaggedUserEnabled": BOOLEAN,
    "botHandling": TEXT,
    "autoresponder": Document(frozenset({"enabled", "condition", "message"})),
    "supportSteps": Opaque(),
    "customFields": Opaque(),
    "externalCrmMetadata": Document(frozenset({"id"})),
    "tags": _tags("customer"),
    "createdAt": STAMP,
    "updatedAt": STAMP,
}

_account: Final[dict[str, Field]] = {
    "id": ID,
    "name": Scalar(never_null=True),
    "imageUrl": TEXT,
    "primarySupportAssigneeId": TEXT,
    "primarySupportAssigneeType": TEXT,
    "secondarySupportAssigneeId": TEXT,
    "secondarySupportAssigneeType": TEXT,
    "primarySupportAssignee": _supporter("primarySupportAssigneeId"),
    "secondarySupportAssignee": _supporter("secondarySupportAssigneeId"),
    "emailsAndDomains": Strings(),
    "slackChannelIds": Strings(),
    "slackTeamIds": Strings(),
    "customFields": Opaque(),
    "supportSteps": Opaque(),
    "createdAt": STAMP,
    "updatedAt": STAMP,
    "createdBy": TEXT,
    "updatedBy": TEXT,
    "slackChannels": _listed("account's Slack channel", "slack_channels", "slackChannelIds"),
    "slackTeams": _listed("account's Slack team", "slack_teams", "slackTeamIds"),
    "tags": _tags("account"),
    "externalCrmMetadata": Document(frozenset({"id"})),
}

_user_fields: Final[dict[str, Field]] = {
    "id": ID,
    "name": Scalar(never_null=True),
    "email": TEXT,
    "slackId": TEXT,
    "photo": TEXT,
    "phoneNumber": TEXT,
    "status": TEXT,
    "deleted": BOOLEAN,
    "backupUserId": TEXT,
    "awayUntil": TIME,
    "slackTeamId": TEXT,
    "slackTeam": Related("Slack team", "slack_teams {it}", "{it}.id = {row}.slackTeamId"),
    "title": TEXT,
    "pronoun": TEXT,
    "department": TEXT,
    "createdAt": STAMP,
    "updatedAt": STAMP,
}

_ticket_type_field: Final = _element(id=TEXT, label=TEXT, type=TEXT, required=BOOLEAN, public=BOOLEAN, description=TEXT)

_ticket_type: Final[dict[str, Field]] = {
    "id": ID,
    "name": Scalar(never_null=True),
    "projectId": TEXT,
    "description": TEXT,
    "fields": Related(
        "ticket type field", "json_each({row}.fields) {it}", "1", many=True, order="{it}.key", whole="{row}.fields"
    ),
    "createdAt": STAMP,
    "updatedAt": STAMP,
}

_article: Final[dict[str, Field]] = {
    "id": ID,
    "title": Scalar(never_null=True),
    "content": TEXT,
    "url": TEXT,
    "status": TEXT,
    "userGroupIds": Strings(),
    "createdAt": STAMP,
    "updatedAt": STAMP,
}

_file: Final = _element(id=TEXT, name=TEXT, size=NUMBER, filetype=TEXT, mimetype=TEXT)

_follower: Final[dict[str, Field]] = {
    "entityId": ID,
    "userId": Scalar(sql="CASE {row}.entityType WHEN 'user' THEN {row}.entityId END"),
    "groupId": Scalar(sql="CASE {row}.entityType WHEN 'group' THEN {row}.entityId END"),
}
_collaborator: Final[dict[str, Field]] = {"collaboratorTypeId": ID, **_follower}
_collaborator_type: Final[dict[str, Field]] = {
    "id": ID,
    "name": Scalar(never_null=True),
    "key": Scalar(never_null=True),
    "description": TEXT,
}
_approval_request: Final[dict[str, Field]] = {
    "id": ID,
    "tenantId": TEXT,
    "conversationId": Scalar(never_null=True),
    "status": Scalar(never_null=True),
    "title": TEXT,
    "notes": TEXT,
    "assignedToUserId": TEXT,
    "assignedToGroupId": TEXT,
    "approverUser": _user("assignedToUserId", _USER),
    "approverGroup": Related("user group", "user_groups {it}", "{it}.id = {row}.assignedToGroupId"),
    "statusChangedAt": TIME,
    "createdAt": STAMP,
}
_automation: Final[dict[str, Field]] = {
    "id": ID,
    "name": Scalar(never_null=True),
    "description": TEXT,
    "status": TEXT,
    "trigger": Opaque(),
    "steps": Opaque(),
    "conditions": Opaque(),
    "createdAt": STAMP,
    "updatedAt": STAMP,
}
OUTBOUND_STATUS: Final = Scalar(
    sql="CASE WHEN {row}.status = 'scheduled' AND {row}.runAt <= sandbox_now() THEN 'sent' ELSE {row}.status END",
    never_null=True,
)
"""One whose time has come is sent, without anything having to happen then."""

_outbound: Final[dict[str, Field]] = {
    "id": ID,
    "status": OUTBOUND_STATUS,
    "deliveryMethod": TEXT,
    "subject": TEXT,
    "blocks": Opaque(),
    "recipients": Opaque(),
    "sendAs": Document(frozenset({"type", "id"})),
    "runAt": TIME,
}
_webhook: Final[dict[str, Field]] = {"id": ID, "url": TEXT, "enabled": BOOLEAN}
_named: Final[dict[str, Field]] = {"id": ID, "name": Scalar(never_null=True)}
_slack_channel: Final[dict[str, Field]] = {**_named, "isShared": BOOLEAN, "isPrivate": BOOLEAN}

_account_channel: Final[dict[str, Field]] = {**_slack_channel, "archivedAt": TIME, "slackTeamId": TEXT}


def _shape(name: str, table: str, fields: dict[str, Field], brief: tuple[str, ...] = ()) -> Shape:
    return Shape(name, table, fields, brief or _every(fields))


CONVERSATION: Final = _shape("conversation", "conversations", _conversation)
MESSAGE: Final = _shape("message", "messages", _message_fields, _MESSAGE_BRIEF)
TRIAGE_MESSAGE: Final = _shape("triage message", "triage_messages", _message_fields, _MESSAGE_BRIEF)
CUSTOMER: Final = _shape("customer", "customers", _customer)
ACCOUNT: Final = _shape("account", "accounts", _account)
USER: Final = _shape("user", "users", _user_fields)
TAG: Final = _shape("tag", "tags", _named)
TICKET_TYPE: Final = _shape("ticket type", "ticket_types", _ticket_type)
ARTICLE: Final = _shape("article", "articles", _article)
OUTBOUND: Final = _shape("outbound", "outbounds", _outbound)
WEBHOOK: Final = _shape("webhook subscription", "webhooks", _webhook)
COLLABORATOR_TYPE: Final = _shape("collaborator type", "collaborator_types", _collaborator_type)
APPROVAL_REQUEST: Final = _shape("approval request", "approval_requests", _approval_request)
AUTOMATION: Final = _shape("automation", "automations", _automation)

READER: Final = Reader(
    Shapes(
        (shape.name, shape)
        for shape in (
            CONVERSATION,
            MESSAGE,
            TRIAGE_MESSAGE,
            CUSTOMER,
            ACCOUNT,
            USER,
            TAG,
            TICKET_TYPE,
            ARTICLE,
            OUTBOUND,
            WEBHOOK,
            COLLABORATOR_TYPE,
            APPROVAL_REQUEST,
            AUTOMATION,
            _shape("ticket type field", "", _ticket_type_field),
            _shape("file", "", _file),
            _shape("follower", "followers", _follower),
            _shape("collaborator", "collaborators", _collaborator),
            _shape("user group", "user_groups", {**_named, "slackId": TEXT}),
            _shape("Slack team", "slack_teams", _named),
            _shape("Slack channel", "slack_channels", _slack_channel),
            _shape("account's Slack channel", "slack_channels", _account_channel),
            _shape("account's Slack team", "slack_teams", {**_named, "icon": TEXT}),
            _shape("support assignee", "", _named),
        )
    )
)
"""Reads every object of the imitated workspace."""
