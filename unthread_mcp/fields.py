"""Each object's vocabulary for `select`, and the trimming of answers to it.

The names are Unthread's own: `documented` ones stand in the reference's interfaces; fields
that it doesn't name but that were seen in published clients and logs are `observed`. There
are no response models: a field that is missing is left out, one of another type is shown as
it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.nearest import did_you_mean

EVERYTHING: Final = ("*",)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What `select` can name in one kind of object, in dotted form."""

    object: str
    documented: frozenset[str]
    observed: frozenset[str]
    brief: tuple[str, ...]
    """What a listing selects if nothing is asked for."""
    open_maps: frozenset[str] = frozenset()
    """Fields that are maps with keys of the workspace's own: anything below them is known."""

    @property
    def names(self) -> frozenset[str]:
        """Every name that `select` accepts, but for those below open maps."""
        return self.documented | self.observed

    def check(self, select: Sequence[str]) -> tuple[str, ...]:
        """`select` without repetitions, or `InvalidArgument` naming the nearest field."""
        chosen = tuple(dict.fromkeys(name.strip() for name in select))
        if "*" in chosen:
            return EVERYTHING
        for name in chosen:
            if name in self.names or name.partition(".")[0] in self.open_maps or self._is_parent(name):
                continue
            hint = did_you_mean(name, self.names) or f"Read unthread://fields/{self.object} for the names."
            raise InvalidArgument(f"select names {name[:60]!r}, which no {self.object} has.", hint)
        return chosen

    def _is_parent(self, name: str) -> bool:
        prefix = name + "."
        return any(known.startswith(prefix) for known in self.names)


def _names(text: str) -> frozenset[str]:
    found: set[str] = set()
    for word in text.split():
        head, brace, inner = word.partition("{")
        if brace:
            found |= {head + name for name in inner.rstrip("}").split(",")}
        else:
            found.add(word)
    return frozenset(found)


_MESSAGE_FIELDS = (
    "ts userId userTeamId botId botName text subtype conversationId timestamp threadTs metadata "
    "user.{id,name,email,slackId,photo} metadata.{eventType}"
)
_MESSAGE_OBSERVED = (
    "id htmlContent resolvedContent isPrivateNote isAutoresponse isExternal sentByUserId sentByUser.{id,name,email} "
    "submittedByUser.{id,name,email} sourceType files.{id,name,size,filetype,mimetype} blocks channelId updatedAt "
    "deletedAt emailId reactions teamId parentId botUsername botImage widgetMessageId microsoftTeamsMessageId "
    "slackChannel.{id,name} triageThreadId triageThread.initialMessage.ts"
)


def _below(prefix: str, names: Iterable[str]) -> frozenset[str]:
    return frozenset(f"{prefix}.{name}" for name in names)


MESSAGE: Final = Vocabulary(
    "message",
    _names(_MESSAGE_FIELDS + " conversation.{id,friendlyId,title,status,customerId}"),
    _names(_MESSAGE_OBSERVED),
    ("ts", "text", "timestamp"),
    frozenset({"metadata"}),
)
CONVERSATION: Final = Vocabulary(
    "conversation",
    _names(
        "id status customerId channelId wasManuallyCreated friendlyId createdAt updatedAt closedAt statusUpdatedAt "
        "responseTime responseTimeWorking resolutionTime resolutionTimeWorking title priority assignedToUserId "
        "tags.{id,name} customer.{name} wakeUpAt summary snoozedAt lockedAt ticketTypeId ticketTypeFields metadata "
        "followers.{userId,groupId,entityId} collaborators.{collaboratorTypeId,userId,groupId,entityId} "
        "files.{id,name,size,filetype,mimetype}"
    )
    | _below("initialMessage", _names(_MESSAGE_FIELDS)),
    _names(
        "sourceType assignedToUser.{id,name,email} submitterUser.{id,name,email} submitterUserId ticketType.{id,name} "
        "lastActivityAt category sentiment initialMessageId initialMessage.{content} "
        "initialMessage.sentByUser.{id,name,email} latestMessage.{ts,text,content,timestamp} "
        "waitingOnAgentTime waitingOnCustomerTime triageMessages.{ts,channelId,text} excludeAnalytics notes "
        "customer.{id}"
    ),
    ("friendlyId", "title", "status", "priority", "customer.name", "assignedToUser.name", "updatedAt", "tags.name"),
    frozenset({"metadata", "ticketTypeFields"}),
)
CUSTOMER: Final = Vocabulary(
    "customer",
    _names(
        "name primarySupportAssigneeId primarySupportAssigneeType secondarySupportAssigneeId "
        "secondarySupportAssigneeType replyTimeoutMinutes defaultTriageChannelId disableAutomatedTicketing "
        "botHandling autoresponder.{enabled,condition,message} supportSteps slackTeamId assignToTaggedUserEnabled "
        "slackChannelId createdAt updatedAt tags.{id,name} "
        "slackChannel.{id,name,isShared,isPrivate}"
    ),
    _names("id emailDomains customFields externalCrmMetadata.{id}"),
    ("id", "name", "tags.name", "slackChannel.name"),
    frozenset({"customFields"}),
)
ACCOUNT: Final = Vocabulary(
    "account",
    _names(
        "id name imageUrl primarySupportAssigneeId primarySupportAssigneeType secondarySupportAssigneeId "
        "secondarySupportAssigneeType primarySupportAssignee.{id,name} secondarySupportAssignee.{id,name} "
        "emailsAndDomains slackChannelIds slackTeamIds customFields supportSteps createdAt updatedAt createdBy "
        "updatedBy slackChannels.{id,name,isPrivate,isShared,archivedAt,slackTeamId} slackTeams.{id,name,icon} "
        "tags.{id,name} externalCrmMetadata"
    ),
    frozenset(),
    ("id", "name", "primarySupportAssignee.name", "tags.name", "emailsAndDomains"),
)
USER: Final = Vocabulary(
    "user",
    _names("id name email slackId photo"),
    _names(
        "phoneNumber createdAt updatedAt status deleted backupUserId awayUntil slackTeamId slackTeam title pronoun "
        "department"
    ),
    ("id", "name", "email"),
)
TAG: Final = Vocabulary("tag", _names("id name"), _names("createdAt updatedAt"), ("id", "name"))
TICKET_TYPE: Final = Vocabulary(
    "ticket_type",
    _names(
        "id name projectId description createdAt updatedAt "
        "fields.{id,label,type,required,public,description,options,conditions}"
    ),
    _names("defaultSlackChannelId defaultCustomerId fields.{name,conditionals}"),
    ("id", "name", "description", "fields"),
)
ARTICLE: Final = Vocabulary(
    "article",
    _names("id title content url status userGroupIds createdAt updatedAt"),
    frozenset(),
    ("id", "title", "url", "status", "userGroupIds", "updatedAt"),
)
COLLABORATOR_TYPE: Final = Vocabulary(
    "collaborator_type", _names("id name key description"), frozenset(), ("id", "key", "name", "description")
)
OUTBOUND: Final = Vocabulary(
    "outbound",
    _names("id status deliveryMethod subject blocks recipients.{type,id} sendAs.{type,id} runAt"),
    _names("createdAt updatedAt"),
    ("id", "status", "runAt", "recipients", "subject"),
)

VOCABULARIES: Final = {
    each.object: each
    for each in (
        CONVERSATION,
        MESSAGE,
        CUSTOMER,
        ACCOUNT,
        USER,
        TAG,
        TICKET_TYPE,
        ARTICLE,
        COLLABORATOR_TYPE,
        OUTBOUND,
    )
}


def trim(value: JsonObject, select: Sequence[str]) -> JsonObject:
    """`value` with just the dotted fields of `select`, in that order; `*` keeps everything.

    A path through an array applies to each of its elements. What is absent is left out.
    """
    if tuple(select) == EVERYTHING:
        return value
    result: JsonObject = {}
    for path in select:
        _copy(value, path.split("."), result)
    return result


def _copy(source: JsonObject, path: Sequence[str], target: JsonObject) -> None:
    name, rest = path[0], path[1:]
    if name not in source:
        return
    value = source[name]
    if not rest:
        # A whole beside a part of it is the whole.
        target[name] = value
    elif value is None:
        target[name] = None
    elif isinstance(value, dict):
        into = target.setdefault(name, {})
        assert isinstance(into, dict)
        _copy(value, rest, into)
    elif isinstance(value, list):
        into = target.setdefault(name, [{} if isinstance(each, dict) else each for each in value])
        assert isinstance(into, list)
        for each, kept in zip(value, into, strict=True):
            if isinstance(each, dict) and isinstance(kept, dict):
                _copy(each, rest, kept)
    else:
        # Unthread sent something else than documented: show it rather than lose it.
        target.setdefault(name, value)


def pick(value: JsonValue, path: str) -> JsonValue:
    """What stands at the dotted `path`; through an array, the list of what its elements hold; None if absent."""
    if isinstance(value, dict) and "." not in path:
        return value.get(path)
    return _found(value, path.split("."))


def _found(value: JsonValue, names: Sequence[str]) -> JsonValue:
    for index, name in enumerate(names):
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list):
            rest = names[index:]
            return [found for each in value if (found := _found(each, rest)) is not None]
        else:
            return None
    return value
