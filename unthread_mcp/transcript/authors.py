"""Who wrote a message, and on which side they stand.

Unthread's reference names the fields of a message but not how to tell a customer from an agent. These rules are
inferred from the reference's event types and from what published clients read; the first that applies decides:

1. `isPrivateNote`: an internal note.
2. `metadata.eventType` says that it came in by e-mail, chat, Teams or a direct message to the bot: the customer.
3. It says that Unthread sent it by itself (auto-reply, closing message, outbound, button): a bot.
   So does `isAutoresponse`.
4. Slack's notices about the channel (`subtype`): the system.
5. `isExternal`: the customer.
6. `sentByUser`: an agent, writing in Unthread's dashboard under the bot's name.
   Of other users, one of a Slack team that is not the workspace's: the customer.
7. The submitter of the conversation: the customer, also when they work in the same Slack workspace.
8. The author of the first message of a conversation that the team did not start: the customer.
9. Any other user: an agent.
10. `botName` without a user: a bot. That is also what our own messages look like.
11. Nothing at all: the system.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.transcript.entries import Role, flag_at, text_at
from unthread_mcp.untrusted import one_line

_FROM_CUSTOMER: Final = frozenset(
    {"email_received", "widget_message_received", "microsoft_teams_message_received", "slack_bot_dm_received"}
)
_FROM_UNTHREAD: Final = frozenset(
    {
        "autoresponder_replied",
        "post_close_template_sent",
        "email_explanation_sent",
        "customer_view_button",
        "unthread_outbound",
    }
)
_SYSTEM_SUBTYPES: Final = (
    "channel_",
    "group_",
    "bot_add",
    "bot_remove",
    "pinned_item",
    "unpinned_item",
    "reminder_add",
)
_OWN_BOT_NAMES: Final = frozenset({"unthread", "unthread bot"})
_LONGEST_NAME: Final = 60
# A name stands before "(role):", so it must not hold a role of its own.
_HEADER_SIGNS: Final = str.maketrans({"(": "[", ")": "]", ":": " ", "（": "[", "）": "]", "：": " "})


@dataclass(frozen=True, slots=True)
class People:
    """What a conversation and its messages tell about the people in it."""

    names: Mapping[str, str] = field(default_factory=dict[str, str])
    """User id (Unthread's and Slack's) to name."""
    workspace_teams: frozenset[str] = frozenset()
    """Slack teams that agents of this workspace belong to."""
    has_outsiders: bool = False
    """Whether somebody in the thread is marked as external."""


def read_people(
    conversation: JsonObject, messages: Sequence[JsonObject], known: Mapping[str, str] | None = None
) -> People:
    """Collect names beside those `known`, the workspace's Slack teams and whether there are outsiders. Never raises."""
    names: dict[str, str] = {identity: short_name(name) for identity, name in (known or {}).items()}
    teams: set[str] = set()
    for name in ("submitterUser", "assignedToUser"):
        _learn_name(conversation.get(name), names)
    teams.add(text_at(conversation, "assignedToUser", "slackTeamId"))
    first = conversation.get("initialMessage")
    for message in (*([first] if isinstance(first, dict) else []), *messages):
        for name in ("user", "sentByUser", "submittedByUser"):
            _learn_name(message.get(name), names)
        content = message.get("resolvedContent")
        for part in content if isinstance(content, list) else ():
            _learn_name(part, names)
        if isinstance(message.get("sentByUser"), dict):
            teams.update((text_at(message, "sentByUser", "slackTeamId"), text_at(message, "userTeamId")))
    return People(names, frozenset(teams - {""}), any(flag_at(message, "isExternal") for message in messages))


def _learn_name(user: JsonValue, names: dict[str, str]) -> None:
    name = text_at(user, "name")
    if name:
        for key in ("id", "slackId"):
            identifier = text_at(user, key)
            if identifier and identifier not in names:
                names[identifier] = short_name(name)


def role_of(message: JsonObject, conversation: JsonObject, people: People) -> Role:
    """On which side the author of `message` stands, by the rules above. Never raises."""
    event = text_at(message, "metadata", "eventType")
    if flag_at(message, "isPrivateNote"):
        return "note"
    if event in _FROM_CUSTOMER:
        return "customer"
    if event in _FROM_UNTHREAD or flag_at(message, "isAutoresponse"):
        return "bot"
    if text_at(message, "subtype").startswith(_SYSTEM_SUBTYPES):
        return "system"
    if flag_at(message, "isExternal"):
        return "customer"
    if isinstance(message.get("sentByUser"), dict):
        return "agent"
    user = text_at(message, "userId") or text_at(message, "user", "id")
    if user:
        return _role_of_user(user, message, conversation, people)
    return "bot" if text_at(message, "botName") or text_at(message, "botId") else "system"


def _role_of_user(user: str, message: JsonObject, conversation: JsonObject, people: People) -> Role:
    team = text_at(message, "userTeamId")
    is_other_team = bool(team and people.workspace_teams and team not in people.workspace_teams)
    is_submitter = user == text_at(conversation, "submitterUserId")
    if is_other_team or is_submitter or _is_asking(user, message, conversation, people):
        return "customer"
    return "agent"


def _is_asking(user: str, message: JsonObject, conversation: JsonObject, people: People) -> bool:
    """Whether `user` started the conversation and is not one of the team.

    In a channel shared with a customer, a colleague may write first; there, only who is marked as external asks.
    """
    first = conversation.get("initialMessage")
    if user != text_at(first, "userId") or user == text_at(conversation, "assignedToUser", "id"):
        return False
    by_team = (
        flag_at(conversation, "wasManuallyCreated")
        or (isinstance(first, dict) and isinstance(first.get("sentByUser"), dict))
        or text_at(first, "metadata", "eventType") in _FROM_UNTHREAD
    )
    is_inside = flag_at(message, "isExternal") is False and (
        people.has_outsiders or bool(text_at(conversation, "customerId") or text_at(conversation, "customer", "id"))
    )
    return not by_team and not is_inside


def author_of(message: JsonObject, role: Role) -> str:
    """The author's name: one line of at most 60 characters. Never raises.

    The dashboard's user, the user, for mail and chat the name that Unthread shows as the bot's, what stands before the
    `@` of the user's address, the bot.
    """
    for user in ("sentByUser", "user"):  # as nearly always
        if name := short_name(text_at(message, user, "name")):
            return name
    bot = text_at(message, "botName")
    shown = bot if role == "customer" and bot.casefold() not in _OWN_BOT_NAMES else ""
    candidates = (
        shown,
        text_at(message, "sentByUser", "email").partition("@")[0],
        text_at(message, "user", "email").partition("@")[0],
        bot,
    )
    return next((name for name in map(short_name, candidates) if name), "unknown")


def on_behalf_of(message: JsonObject, author: str) -> str:
    """For whom `author` wrote, if `submittedByUser` says so (inferred: the reference does not have the field)."""
    name = text_at(message, "submittedByUser", "name")
    return "" if not name or (short := short_name(name)) == author else short


def short_name(name: str) -> str:
    """A name fit to stand before "(role):": cleaned, one line, at most 60 characters, without signs that end it."""
    return one_line(name.translate(_HEADER_SIGNS), _LONGEST_NAME)
