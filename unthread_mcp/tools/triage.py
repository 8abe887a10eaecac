"""The triage brief: everything that a decision about one conversation needs, in one answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from pydantic import Field

from unthread_mcp.access import reads
from unthread_mcp.answers import id_of, text_of
from unthread_mcp.api.errors import UnthreadError
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.arguments import ConversationRef
from unthread_mcp.conversation_view import conversation_head, thread_shown
from unthread_mcp.knowledge_answers import knowledge_lines
from unthread_mcp.mentions import names_remembered
from unthread_mcp.render import (
    NAME_LENGTH,
    SEPARATOR,
    TITLE_LENGTH,
    Answer,
    as_many_as_fit,
    name_of,
    names_of,
    number_of,
    some_of,
)
from unthread_mcp.ticket_fields import fields_of, label_of
from unthread_mcp.times import write_duration
from unthread_mcp.tokens import estimate_tokens
from unthread_mcp.tools.conversations import conversation_line
from unthread_mcp.triage_brief import LOAD, OTHERS, SIMILAR_BY, TriageBrief, read_brief
from unthread_mcp.untrusted import Fence, grapheme_end, one_line
from unthread_mcp.workspace import Workspace

_KNOWLEDGE_SHARE: Final = 0.15
_SIMILAR_SHARE: Final = 0.15
_OTHERS_SHARE: Final = 0.1
_OFFER_SHARE: Final = 0.12
"""Shares of `max_tokens` for what stands beside the thread, which gets all that they leave."""
_TAKERS_SHOWN: Final = 8
_HITS_SHOWN: Final = 3
_ANSWER_LENGTH: Final = 300
_EXCERPT_LENGTH: Final = 140
"""Of the knowledge base: what comes nearest is often beside the point, and query_knowledge_base has it whole."""
_NEAREST: Final = (
    "knowledge base, nearest to the customer's words, may not answer; query_knowledge_base marks restricted ones:"
)
"""Who may see a hit is told only where the answer says it: to look it up would be a request more than the brief has."""
_MOST_MINUTES: Final = 10**9
"""From here on, they are no time-out of anybody's."""
_LARGER: Final = "get_triage_brief with a larger max_tokens shows them"
_LEAST_ABOVE: Final = 300
"""Tokens for the conversation's facts and its thread."""
_LEAST_THREAD: Final = 150
"""Tokens of these, however long the facts are."""
_FIRST_TO_GO: Final = (
    "the knowledge base",
    OTHERS,
    "similar closed ones",
    "tags and ticket types",
    "who could take it",
    "the customer",
)
"""Where even the shares are too much, because names are very long: what a decision needs least goes first."""


@reads("Get a triage brief")
async def get_triage_brief(
    workspace: Workspace,
    conversation: ConversationRef,
    max_tokens: Annotated[int, Field(description="For the whole answer", ge=1_000, le=20_000)] = 3_000,
) -> Answer:
    """Get all that a triage decision needs in one answer.

    The conversation, its customer and their others not closed, similar closed ones and how they ended, knowledge base
    hits, who could take it, and the tags and ticket types on offer. A part that can't be had is named.
    """
    brief = await read_brief(workspace, conversation)
    sections = {
        "the customer": _customer(workspace, brief.customer, brief.account),
        OTHERS: _others(workspace, brief, int(max_tokens * _OTHERS_SHARE)),
        "similar closed ones": _similar(workspace, brief, int(max_tokens * _SIMILAR_SHARE)),
        "who could take it": _takers(brief),
        "the knowledge base": _knowledge(brief, int(max_tokens * _KNOWLEDGE_SHARE)),
        "tags and ticket types": _offer(brief.tags, brief.ticket_types, int(max_tokens * _OFFER_SHARE)),
        "missing": _missing(brief.missing),
    }
    head = await conversation_head(workspace, brief.thread)
    least_above = max(_LEAST_ABOVE, estimate_tokens("\n".join(head)) + _LEAST_THREAD)
    below = _most_needed(sections, max_tokens - least_above)
    room = max(least_above, max_tokens - estimate_tokens(below) - 1)
    names = names_remembered(workspace, brief.thread.messages, brief.thread.conversation)
    above = thread_shown(workspace, brief.thread, head, room, newest_whole=False, names=names)
    data: JsonObject = {
        "conversation": brief.thread.conversation,
        "messages": [*brief.thread.messages],
        "as_of": brief.thread.as_of,
        "customer": brief.customer,
        "account": brief.account,
        "othersOpen": [*brief.others_open.rows],
        "similar": [*brief.similar],
        "knowledgeBase": brief.knowledge,
        "openByPerson": {brief.people[each]: brief.open_by_person[each] for each in brief.people},
        "tags": [*brief.tags],
        "ticketTypes": [*brief.ticket_types],
        "missing": {name: str(error) for name, error in brief.missing.items()},
    }
    return Answer(f"{above}\n{below}", data)


def _most_needed(sections: Mapping[str, Sequence[str]], tokens: int) -> str:
    """The sections, within so many tokens; where some must be left out for that, they are named."""
    text = "\n".join(line for lines in sections.values() for line in lines)
    left_out: list[str] = []
    for name in _FIRST_TO_GO:
        if estimate_tokens(text) <= tokens:
            break
        left_out += [name] if sections[name] else []
        kept = [line for each, lines in sections.items() if each not in left_out for line in lines]
        text = "\n".join([*kept, f"[left out: {', '.join(left_out)}; {_LARGER}]"])
    return text


def _missing(missing: Mapping[str, UnthreadError]) -> list[str]:
    """What could not be had, one line for each reason."""
    by_reason: dict[str, list[str]] = {}
    for name, error in missing.items():
        names = by_reason.setdefault(one_line(str(error), 200), [])
        if (part := name.partition(":")[0]) not in names:
            names.append(part)
    return [f"not to be had: {', '.join(sorted(names))}. {reason}" for reason, names in by_reason.items()]


def _within(rows: Sequence[str], tokens: int, more: str, total: int = 0) -> list[str]:
    """As many of `rows` as fit; `more` says where the others are, those of a larger `total` among them."""
    kept = as_many_as_fit(rows, tokens)
    left = max(total, len(rows)) - len(kept)
    return [*kept, *([f"[{left:,} more; {more}]"] if left else [])]


def _customer(workspace: Workspace, customer: JsonObject, account: JsonObject) -> list[str]:
    if not customer:
        return []
    minutes = customer.get("replyTimeoutMinutes")
    facts = [
        f"tags {names_of(customer, 'tags.name')}" if customer.get("tags") else "",
        f"account {name_of(account)}" if account else "",
        f"reply within {write_duration(minutes * 60)}"
        if isinstance(minutes, int | float) and 0 < minutes < _MOST_MINUTES
        else "",
        f"customer since {workspace.date(customer.get('createdAt'))}" if customer.get("createdAt") else "",
    ]
    return [SEPARATOR.join([f"customer {name_of(customer)}", *(fact for fact in facts if fact)])]


def _others(workspace: Workspace, brief: TriageBrief, tokens: int) -> list[str]:
    rows, total = brief.others_open.rows, brief.others_open.total
    if not rows:
        nobodys = not id_of(brief.thread.conversation, "customerId")
        return [] if OTHERS in brief.missing or nobodys else [f"{OTHERS}: none"]
    count = f"{total:,}" if total is not None else f"{len(rows)} or more"
    lines = [conversation_line(row, workspace.date) for row in rows]
    return [
        f"{OTHERS}: {count}",
        *_within(lines, tokens, "search_conversations with the customer shows them", total or 0),
    ]


def _similar(workspace: Workspace, brief: TriageBrief, tokens: int) -> list[str]:
    if not brief.similar:
        looked_for = not any(name.startswith(SIMILAR_BY) for name in brief.missing)
        return ["similar closed ones: none found"] if looked_for else []
    lines: list[str] = []
    for row in brief.similar:
        took = row.get("resolutionTime")
        took_said = f" after {write_duration(took)}" if isinstance(took, int | float) and took >= 0 else ""
        lines.append(
            SEPARATOR.join(
                [
                    f"{number_of(row)} {one_line(text_of(row, 'title'), TITLE_LENGTH) or '(no title)'}",
                    f"closed {workspace.date(row.get('closedAt'))} by {name_of(row, 'assignedToUser.name')}{took_said}",
                    *([one_line(summary, 200)] if (summary := text_of(row, "summary")) else []),
                ]
            )
        )
    return ["similar closed ones, by words, tags and type:", *_within(lines, tokens, _LARGER)]


def _takers(brief: TriageBrief) -> list[str]:
    """Who closed similar ones, then who has the fewest that are not closed."""
    closed = Counter(id_of(row, "assignedToUserId") for row in brief.similar)
    people = sorted(brief.people, key=lambda each: (-closed[each], brief.open_by_person[each], brief.people[each]))
    if not people:
        return []
    load_known = LOAD not in brief.missing
    said: list[str] = []
    for each in people[:_TAKERS_SHOWN]:
        facts = [f"closed {closed[each]} similar"] if closed[each] else []
        facts += [f"{brief.open_by_person[each]} not closed"] if load_known else []
        said.append(one_line(brief.people[each], NAME_LENGTH) + (f" ({'; '.join(facts)})" if facts else ""))
    counted, total = brief.open_counted, brief.open_total
    of = "" if counted >= total else f", counted in the {counted} last updated of {total:,} not closed"
    return [f"who could take it{of}: {', '.join(said)}"]


def _knowledge(brief: TriageBrief, tokens: int) -> list[str]:
    said = brief.knowledge
    lines = (
        knowledge_lines(said, answer_length=_ANSWER_LENGTH, most=_HITS_SHOWN, excerpt_length=_EXCERPT_LENGTH)
        if said is not None
        else []
    )
    if not lines:
        return ["knowledge base: no answer to this"] if brief.question and said is not None else []
    text = "\n".join(lines)
    if (cost := estimate_tokens(text)) > tokens:
        kept = text[: grapheme_end(text, int(len(text) * tokens / cost))]
        kept = kept.rpartition(" ")[0] or kept
        text = f"{kept} …\n[{len(text) - len(kept):,} characters more; query_knowledge_base shows them]"
    return [_NEAREST, Fence().wrap(text)]


def _offer(tags: Sequence[JsonObject], ticket_types: Sequence[JsonObject], tokens: int) -> list[str]:
    names = _fitting([name_of(tag) for tag in tags], tokens // 2, "list_tags")
    kinds = _fitting([_kind(each) for each in ticket_types], tokens // 2, "list_ticket_types")
    return [*([f"tags: {names}"] if names else []), *([f"ticket types: {kinds}"] if kinds else [])]


def _fitting(words: Sequence[str], tokens: int, tool: str) -> str:
    kept = as_many_as_fit(words, tokens)
    more = f" and {len(words) - len(kept)} more ({tool})" if len(kept) < len(words) else ""
    return ", ".join(kept) + more


def _kind(ticket_type: JsonObject) -> str:
    required = [label_of(each) for each in fields_of(ticket_type) if each.get("required") is True]
    return name_of(ticket_type) + (f" (required: {some_of(required)})" if required else "")
