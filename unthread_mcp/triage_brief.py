"""What a triage decision needs, fetched in at most three round trips and said within a budget.

First the conversation with its thread, and what does not depend on it: the team and who
has how much that is not closed, the tags and the ticket types. Then what follows from the conversation: its customer
and their account, their other conversations not closed, candidates for similar closed ones, and
what the knowledge base says to the question that was asked. At most 15 requests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from unthread_mcp.answers import Page, as_object, as_page, id_of, text_of
from unthread_mcp.api.endpoints import (
    GET_CUSTOMER,
    LIST_ACCOUNTS,
    LIST_CONVERSATIONS,
    LIST_TAGS,
    LIST_TICKET_TYPES,
    LIST_USERS,
    QUERY_KNOWLEDGE_BASE,
    Endpoint,
)
from unthread_mcp.api.errors import UnthreadError
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.concurrency import at_once
from unthread_mcp.fields import CONVERSATION, pick
from unthread_mcp.name_matching import USERS, is_gone
from unthread_mcp.similar import Described, most_similar, telling_words
from unthread_mcp.threads import Thread, read_thread
from unthread_mcp.transcript import Entry
from unthread_mcp.transcript import read_thread as read_entries
from unthread_mcp.workspace import Workspace

OPEN: Final[list[JsonValue]] = ["open", "in_progress", "on_hold"]
"""All that are not closed."""
SIMILAR_SHOWN: Final = 5
LOAD: Final = "who has how many not closed"
OTHERS: Final = "their other conversations not closed"
SIMILAR_BY: Final = "similar ones by their "
"""What parts are called where they are missing; the last one's name goes on."""
_NOTHING: Final = Page([], 0, None)
_WORD_QUERIES: Final = 3
_LABELLED: Final = 50
_WORDED: Final = 20
_QUESTION_LENGTH: Final = 1_000
_LEAST_QUESTION: Final = 40
"""Characters below which a message without a question mark asks nothing: "Thanks!", "Any news?" has one."""


@dataclass(slots=True)
class TriageBrief:
    """Everything fetched. A part that is missing has its reason in `missing`."""

    id: str
    """The conversation's: as it was looked up, whatever the answer says."""
    thread: Thread
    customer: JsonObject = field(default_factory=dict[str, JsonValue])
    account: JsonObject = field(default_factory=dict[str, JsonValue])
    others_open: Page = field(default_factory=lambda: Page([], 0, None))
    """The customer's other conversations that are not closed, last updated first."""
    similar: list[JsonObject] = field(default_factory=list[JsonObject])
    """Closed conversations about the same, the nearest first."""
    knowledge: JsonValue = None
    question: str = ""
    """What the knowledge base was asked."""
    people: dict[str, str] = field(default_factory=dict[str, str])
    """Names by id: the team's, and whoever has or had one of these conversations; nobody who was deleted."""
    open_by_person: Counter[str] = field(default_factory=Counter[str])
    """How many of the conversations looked at, none of them closed, each id has."""
    open_counted: int = 0
    open_total: int = 0
    tags: list[JsonObject] = field(default_factory=list[JsonObject])
    ticket_types: list[JsonObject] = field(default_factory=list[JsonObject])
    missing: dict[str, UnthreadError] = field(default_factory=dict[str, UnthreadError])


async def read_brief(workspace: Workspace, reference: str) -> TriageBrief:
    """Fetch the brief of a conversation. Raises what reading the conversation itself raises."""
    load: JsonObject = {
        "select": ["id", "updatedAt", "assignedToUserId", "assignedToUser.name"],
        "where": [_is("status", OPEN, "in")],
        "order": ["updatedAt", "id"],
        "descending": True,
        "limit": 100,
    }
    found: list[TriageBrief] = []

    async def read() -> Page:
        identity = await workspace.numbers.identify(reference)
        found.append(TriageBrief(identity, await read_thread(workspace, identity)))
        return _NOTHING

    first = await at_once(
        {
            "the conversation": read,
            LOAD: _listing(workspace, LIST_CONVERSATIONS, load),
            # Without select: who was deleted is told by a field that the reference doesn't name.
            "the team": _listing(workspace, LIST_USERS, {"order": ["name", "id"], "descending": False, "limit": 100}),
            "tags": _listing(workspace, LIST_TAGS, _by_name("id", "name")),
            "ticket types": _listing(workspace, LIST_TICKET_TYPES, _by_name("id", "name", "fields")),
        }
    )
    if isinstance(failure := first.pop("the conversation"), UnthreadError):
        raise failure
    brief = found[0]
    brief.missing = {name: each for name, each in first.items() if isinstance(each, UnthreadError)}
    pages = {name: each for name, each in first.items() if isinstance(each, Page)}
    team = pages.get("the team", _NOTHING).rows
    _count_open(brief, pages.get(LOAD, _NOTHING))
    brief.tags = pages.get("tags", _NOTHING).rows
    brief.ticket_types = pages.get("ticket types", _NOTHING).rows
    workspace.names.remember_ticket_types(brief.ticket_types)
    for field_ in ("id", "slackId"):  # Slack messages mention people by the second
        workspace.names.remember_names(USERS, team, field_)
    brief.people |= {id_of(row): text_of(row, "name") for row in team if id_of(row)}
    await _read_what_follows(workspace, brief)
    for row in brief.similar:
        _know_assignee(brief, row)
    whole_team = "the team" in pages and pages["the team"].next is None
    there = {id_of(row) for row in team if not is_gone(row)}
    gone = {id_of(row) for row in team if is_gone(row)}
    # Who has conversations may be a customer's person, or nobody any more.
    brief.people = {
        identity: name
        for identity, name in brief.people.items()
        if (identity in there if whole_team else identity not in gone)
    }
    return brief


def _count_open(brief: TriageBrief, page: Page) -> None:
    for row in page.rows:
        if identity := _know_assignee(brief, row):
            brief.open_by_person[identity] += 1
    brief.open_counted = len(page.rows)
    brief.open_total = page.total or len(page.rows)


def _know_assignee(brief: TriageBrief, row: JsonObject) -> str:
    """The id of who has, or had, a conversation, whose name is kept; empty for nobody."""
    identity, name = id_of(row, "assignedToUserId"), pick(row, "assignedToUser.name")
    if identity and isinstance(name, str):
        brief.people[identity] = name
    return identity


async def _read_what_follows(workspace: Workspace, brief: TriageBrief) -> None:
    conversation = brief.thread.conversation
    entries = read_entries(brief.thread.messages, conversation)
    brief.question = question_asked(conversation, entries)
    operations: dict[str, Callable[[], Awaitable[JsonValue]]] = {}
    client = workspace.client
    if customer := id_of(conversation, "customerId"):
        operations["the customer"] = lambda: client.read(GET_CUSTOMER, {"customer_id": customer})
        operations[OTHERS] = _reading(workspace, _others_open(customer))
    if channel := text_of(conversation, "channelId"):
        body: JsonObject = {"select": ["id", "name"], "where": [_is("slackChannels.id", channel)], "limit": 1}
        operations["the account"] = lambda: client.read(LIST_ACCOUNTS, {}, body=body)
    if brief.question:
        asked: JsonObject = {"query": brief.question, "conversationId": brief.id}
        operations["the knowledge base"] = lambda: client.read(QUERY_KNOWLEDGE_BASE, {}, body=asked)
    wanted = _described(conversation, _first_words(entries))
    searches = _searches(conversation, wanted)
    operations |= {f"{SIMILAR_BY}{by}": _reading(workspace, search) for by, search in searches.items()}
    found = await at_once(operations)
    values: dict[str, JsonValue] = {}
    for name, each in found.items():
        if isinstance(each, UnthreadError):
            brief.missing[name] = each
        else:
            values[name] = each
    _take(workspace, brief, values, wanted)


def _take(workspace: Workspace, brief: TriageBrief, values: Mapping[str, JsonValue], wanted: Described) -> None:
    """Put what was fetched in its place; a part of an unexpected shape is missing like one that failed."""

    def page(name: str) -> Page:
        try:
            return as_page(values[name]) if name in values else _NOTHING
        except UnthreadError as error:
            # Its traceback would hold this call, which holds it and whatever nonsense was answered.
            brief.missing[name] = error.with_traceback(None)
            return _NOTHING

    try:
        brief.customer = as_object(values.get("the customer", {}))
    except UnthreadError as error:
        brief.missing["the customer"] = error.with_traceback(None)
    accounts = page("the account").rows
    brief.account = accounts[0] if accounts else {}
    brief.knowledge = values.get("the knowledge base")
    others = page(OTHERS)
    rows = [row for row in others.rows if id_of(row) != brief.id]
    total = None if others.total is None else max(len(rows), others.total - (len(others.rows) - len(rows)))
    brief.others_open = Page(rows, total, others.next)
    candidates: dict[str, JsonObject] = {}
    for name in values:
        if name.startswith(SIMILAR_BY):
            candidates |= {id_of(row): row for row in page(name).rows if id_of(row) not in {"", brief.id}}
    for row in [*rows, *candidates.values()]:
        workspace.numbers.remember(row)
    described = [_described(row, text_of(_initial(row), "text")) for row in candidates.values()]
    nearest = most_similar(wanted, described, SIMILAR_SHOWN)
    brief.similar = [candidates[each.key] for each, _ in nearest]


def question_asked(conversation: JsonObject, entries: Sequence[Entry]) -> str:
    """What the customer wants to know, in their own words: the newest message that asks or tells something.

    Empty if no customer has written.
    """
    written = [entry.text for entry in entries if entry.role == "customer" and entry.text.strip()]
    telling = [text for text in written if len(text) >= _LEAST_QUESTION or "?" in text]
    if not written:
        return ""
    title = text_of(conversation, "title").strip()
    return f"{title}\n{(telling or written)[-1]}".strip()[:_QUESTION_LENGTH]


def _first_words(entries: Sequence[Entry]) -> str:
    return next((entry.text for entry in entries if entry.role == "customer"), entries[0].text if entries else "")


def _described(conversation: JsonObject, text: str) -> Described:
    names = pick(conversation, "tags.name")
    labels = {each for each in names if isinstance(each, str)} if isinstance(names, list) else set[str]()
    kind = text_of(conversation, "ticketTypeId")
    return Described(
        id_of(conversation), text_of(conversation, "title"), text, frozenset(labels | ({kind} if kind else set[str]()))
    )


def _searches(conversation: JsonObject, wanted: Described) -> dict[str, JsonObject]:
    """Where similar ones are looked for: closed, and with a tag, the type or the customer of this one, or its words."""
    tags = pick(conversation, "tags.id")
    ids: list[JsonValue] = [each for each in tags if isinstance(each, str)] if isinstance(tags, list) else []
    searches: dict[str, JsonObject] = {}
    for field_, value, operator in (
        ("tags.id", ids, "in"),
        ("ticketTypeId", id_of(conversation, "ticketTypeId"), "=="),
        ("customerId", id_of(conversation, "customerId"), "=="),
    ):
        if value:
            searches[field_.removesuffix(".id").removesuffix("Id")] = _closed(_is(field_, value, operator), _LABELLED)
            break
    for word in telling_words(wanted.title, wanted.text, _WORD_QUERIES):
        searches[f"words: {word}"] = _closed(_is("initialMessage.text", word, "contains"), _WORDED)
    return searches


def _closed(condition: JsonObject, limit: int) -> JsonObject:
    return {
        "select": [
            *("id", "friendlyId", "title", "createdAt", "closedAt", "resolutionTime", "summary", "ticketTypeId"),
            *("tags.name", "assignedToUserId", "assignedToUser.name", "initialMessage.text"),
        ],
        "where": [_is("status", "closed"), condition],
        "order": ["createdAt", "id"],
        "descending": True,
        "limit": limit,
    }


def _others_open(customer_id: str) -> JsonObject:
    return {
        "select": ["id", *CONVERSATION.brief],
        "where": [_is("customerId", customer_id), _is("status", OPEN, "in")],
        "order": ["updatedAt", "id"],
        "descending": True,
        "limit": 11,
    }


def _by_name(*select: str) -> JsonObject:
    return {"select": [*select], "order": ["name", "id"], "descending": False, "limit": 100}


def _is(field_: str, value: JsonValue, operator: str = "==") -> JsonObject:
    return {"field": field_, "operator": operator, "value": value}


def _initial(row: JsonObject) -> JsonObject:
    initial = row.get("initialMessage")
    return initial if isinstance(initial, dict) else {}


def _listing(workspace: Workspace, endpoint: Endpoint, body: JsonObject) -> Callable[[], Awaitable[Page]]:
    async def read() -> Page:
        return as_page(await workspace.client.read(endpoint, {}, body=body))

    return read


def _reading(workspace: Workspace, body: JsonObject) -> Callable[[], Awaitable[JsonValue]]:
    return lambda: workspace.client.read(LIST_CONVERSATIONS, {}, body=body)
