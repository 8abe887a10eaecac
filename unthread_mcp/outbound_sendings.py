"""What outbounds say to whom, remembered customer by customer, so that no other outbound says it to them again.

A sending whose fate nobody knows forbids the same words to each of its customers, in whatever
outbound they stand, until Unthread shows one that went out then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from unthread_mcp.answers import as_page, text_of
from unthread_mcp.api.endpoints import LIST_OUTBOUNDS
from unthread_mcp.api.errors import ApiError, Conflict, DeliveryFailed, OutcomeUnknown
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.intents import Intent, Unresolved
from unthread_mcp.outbound_content import handle_of, recipient_ids, status_of
from unthread_mcp.outgoing import canonical, exact
from unthread_mcp.render import compact
from unthread_mcp.times import read_time
from unthread_mcp.workspace import Workspace

_BEFORE: Final = timedelta(minutes=5)
"""How far Unthread's clock may be behind ours; a guess."""
_AFTERWARDS: Final = timedelta(minutes=15)
"""How long after it was begun a sending may have been set to go out; the rest of the deadline and the same guess."""
_MOST_ALIKE: Final = 20
"""How many outbounds of one subject are looked at."""
_ON_ONE_LINE: Final = frozenset({"rich_text_section", "rich_text_quote", "rich_text_preformatted"})
_MEANT_BY: Final = {
    "link": ("url", "{}"),
    "emoji": ("name", ":{}:"),
    "user": ("user_id", "<@{}>"),
    "channel": ("channel_id", "<#{}>"),
    "date": ("fallback", "{}"),
}
"""Elements of Slack's rich text that need no text, by type: what says what is meant, and how mrkdwn writes it."""


def sendings(outbound: JsonObject) -> list[Intent]:
    """For each customer who receives it: these words to them.

    The subject doesn't count, nor what only looks other, nor in which blocks the words stand: while a
    sending is in doubt, what may be the same to whoever reads it waits. One without words is what its blocks are.
    """
    said = _words(outbound.get("blocks"))
    words = canonical(said) or said or compact(_pictures(outbound))
    return [Intent("words of an outbound", each, None, words) for each in dict.fromkeys(recipient_ids(outbound))]


def exact_content(outbound: JsonObject) -> JsonValue:
    """What an outbound says, for telling whether two are the same one: nothing but white space in words may differ."""
    blocks = outbound.get("blocks")
    return [exact(text_of(outbound, "subject")), exact(_words(blocks)), _without_words(blocks)]


def _words(value: JsonValue) -> str:
    """All that a customer reads in blocks, in order, whatever their kind, parts that stand on one line joined."""
    if isinstance(value, list):
        return "\n".join(said for each in value if (said := _words(each)))
    if not isinstance(value, dict):
        return ""
    text = value.get("text")
    if isinstance(text, str):
        return text
    kind, parts = value.get("type"), value.get("elements")
    if kind in _ON_ONE_LINE and isinstance(parts, list):
        return "".join(map(_words, parts))
    if isinstance(kind, str) and kind in _MEANT_BY:
        name, written = _MEANT_BY[kind]
        return written.format(text_of(value, name))
    # Unthread may show the parts of a block in another order than they were written in.
    return _words([value[name] for name in sorted(value, key=lambda name: (name != "text", name))])


def _without_words(value: JsonValue) -> JsonValue:
    if isinstance(value, list):
        return [_without_words(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without_words(each) for name, each in value.items() if not (name == "text" and isinstance(each, str))
    }


def _pictures(outbound: JsonObject) -> list[JsonValue]:
    blocks = outbound.get("blocks")
    shown = blocks if isinstance(blocks, list) else []
    return [each for each in shown if not (isinstance(each, dict) and each.get("type") == "divider")]


def on_their_way(outbound: JsonObject) -> list[Intent]:
    """What goes out anyway, whether this outbound changes or not."""
    return sendings(outbound) if status_of(outbound) == "scheduled" else []


async def require_unsaid(
    workspace: Workspace, outbound: JsonObject, *, draft: bool = False, but: Iterable[Intent] = ()
) -> None:
    """Raise if the same may have gone out to one of the customers, `but` to those who are to receive it anyway.

    Raises `Conflict` the first time that Unthread shows an outbound which did. As long as it shows none, raises
    `OutcomeUnknown`, or `Conflict` for a `draft`, which surely reached nobody.
    """
    left_out = {*but}
    doubtful = _doubtful(workspace, [each for each in sendings(outbound) if each not in left_out])
    if not doubtful:
        return
    seen = [each for each in await _alike(workspace, outbound) if settle_if_seen(workspace, each)]
    still = _doubtful(workspace, doubtful)
    so = "Nothing was created." if draft else "Nothing was sent."
    if still:
        to = "one of these customers" if len(still) == 1 else f"{len(still)} of these customers"
        raise (Conflict if draft else OutcomeUnknown)(
            f"The same may have been sent to {to} before; nobody said what became of it.",
            f"{so} Don't send it in another outbound either; a person in Unthread can tell, and send it from there.",
        )
    if seen:
        raise Conflict(
            f"{handle_of(seen[0])} says the same to customers of this one; it is {status_of(seen[0])}.",
            f"{so} Call again only if they are to receive it twice.",
        )


def settle_if_seen(workspace: Workspace, shown: JsonObject) -> bool:
    """Settle what was doubtful and `shown`, an outbound as Unthread has it, proves to have gone out."""
    at = read_time(shown.get("runAt"))
    if status_of(shown) not in {"scheduled", "sent"} or at is None:
        return False
    proved = False
    for each in sendings(shown):
        known = workspace.intents.look(each)
        if not isinstance(known, Unresolved):
            continue
        # An older one, or one for later, may be another that says the same.
        since = datetime.fromtimestamp(known.since, UTC)
        if since - _BEFORE <= at <= since + _AFTERWARDS:
            workspace.intents.resolve(each, {"id": text_of(shown, "id")})
            proved = True
    return proved


def require_not_failed(outbound: JsonObject) -> None:
    """Raise `DeliveryFailed` if Unthread says so: the reference doesn't say that a failed one reached nobody."""
    if status_of(outbound) == "failed":
        count = len(recipient_ids(outbound))
        whom = "whether its customer has" if count == 1 else f"which of its {count} customers have"
        raise DeliveryFailed(
            f"Unthread says that sending {handle_of(outbound)} failed, but not {whom} received it.",
            "Don't send it again, nor one like it; tell the user, and let a person look in Unthread.",
        )


def _doubtful(workspace: Workspace, intents: Sequence[Intent]) -> list[Intent]:
    return [each for each in intents if isinstance(workspace.intents.look(each), Unresolved)]


async def _alike(workspace: Workspace, outbound: JsonObject) -> list[JsonObject]:
    """Outbounds of the same subject; none where they can't be read, since only seeing one proves anything."""
    subject = text_of(outbound, "subject")
    where: list[JsonValue] = [{"field": "subject", "operator": "==", "value": subject}]
    body: JsonObject = {
        "select": ["id", "subject", "status", "blocks", "recipients", "runAt"],
        "where": where,
        "limit": _MOST_ALIKE,
    }
    try:
        return as_page(await workspace.client.read(LIST_OUTBOUNDS, {}, body=body)).rows
    except ApiError:
        return []
