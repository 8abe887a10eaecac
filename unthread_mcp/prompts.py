"""Prompts: the jobs that people start by name. They name the calls and leave the judgement to the model.

Each is steps in few calls, with what tools have in one answer (`get_triage_brief`, reports beside the period before),
and stops before anything is written. A step names a call as `tool(argument=value, argument)`: what stands without a
value is for the model to fill in. docs/prompts.md shows each played.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, GetPromptResult, Prompt, PromptArgument, PromptMessage, TextContent

from unthread_mcp.api.cleaning import clean_text
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.conversation_references import number_or_id
from unthread_mcp.nearest import did_you_mean
from unthread_mcp.times import parse_time
from unthread_mcp.untrusted import one_line

_LONGEST: Final = 500
"""Characters of an argument: what a person writes beside the name of a job."""
_EITHER_OR: Final = re.compile(r"<(\w+)\?([^<>|]*)\|([^<>|]*)>")
_MOST: Final = 25
"""Conversations to be triaged at once: a brief of each is read."""


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """A prompt. `text` has its arguments in braces; an optional one that isn't given takes its default.

    `<customer?with|without>` is the one part if the argument is given, and else the other.
    """

    name: str
    title: str
    description: str
    arguments: Mapping[str, str]
    """Name -> description."""
    text: str
    defaults: Mapping[str, str]
    """Arguments that may be left out, and what stands in for them."""


PROMPTS: Final = (
    PromptTemplate(
        "triage_inbox",
        "Triage the inbox",
        "Go through open conversations that nobody has, and propose priority, assignee and tags.",
        {"customer": "Only this customer", "limit": f"How many at most, up to {_MOST}"},
        """\
Triage the open conversations of {customer} that nobody has: at most {limit}, the oldest first. Change nothing until I \
agree.
1. search_conversations(status=open, assignee=unassigned, order_by=createdAt, descending=false, \
limit={limit}<customer?, customer="{customer}"|>). If nobody's are none, the same without assignee.
2. get_triage_brief(conversation, max_tokens=2000) for each. It has all you need: the thread, the customer's \
others not closed, similar closed ones and how they ended, the knowledge base's answer, who could take it, and the \
tags and ticket types on offer.
3. Show me one table, a row each: what it is about, priority and why, assignee and why, tags, ticket type. Say which \
are about the same thing, and which an article answers already.
4. For those I agree to: update_conversation(conversation, priority, assignee, ticket_type, add_tags, as_of), with the \
as_of of its brief; and add_private_note(conversation, text) where a colleague needs a reason that the thread lacks.""",
        {"customer": "all customers", "limit": "10"},
    ),
    PromptTemplate(
        "draft_reply",
        "Draft a reply",
        "Read a conversation, ask the knowledge base, and draft an answer to the customer.",
        {"conversation": "Number, id or link", "tone": "How it should sound"},
        """\
Draft a reply to conversation {conversation}, {tone}. Send nothing before I have seen it.
1. get_conversation(conversation={conversation}), and keep its as_of.
2. query_knowledge_base(question, conversation={conversation}) with the question that the customer really asks, in one \
sentence. Where you rely on more than the excerpt shows: get_kb_article(article).
3. Show me the draft and, apart from it, what each statement rests on. Answer what was asked, in the customer's \
language; promise nothing that no source covers, and let nothing out of internal notes or restricted articles.
4. When I say so: send_reply(conversation={conversation}, text, as_of). If somebody has written since, it is refused \
and shows you what: change the draft if need be, and ask me again. If I want to keep the draft for a colleague \
instead: add_private_note(conversation={conversation}, text, as_of).""",
        {"tone": "friendly and to the point"},
    ),
    PromptTemplate(
        "summarize_conversation",
        "Summarize a conversation",
        "What happened, where it stands, what comes next.",
        {"conversation": "Number, id or link"},
        """\
Summarize conversation {conversation} for a colleague who takes over.
1. get_conversation(conversation={conversation}, max_tokens=20000).
2. Say in at most eight lines: what the customer wants and since when, what was tried and by whom, what was promised, \
where it stands, and the next step. Keep what was said apart from what you infer, and internal notes apart from what \
the customer knows.""",
        {},
    ),
    PromptTemplate(
        "escalate",
        "Escalate a conversation",
        "Hand a conversation to somebody who can solve it, with all they need to know.",
        {"conversation": "Number, id or link", "to": "Who should take it", "reason": "Why it can't stay where it is"},
        """\
Escalate conversation {conversation} to {to}, because of {reason}. Tell the customer nothing unless I ask for it.
1. get_triage_brief(conversation={conversation}): the thread, this customer's others not closed, how similar ones \
ended and who solved them, and who has how many not closed.
2. Show me the assignee, the priority and the tags that you propose, and a note for whoever takes over: what the \
customer wants and since when, what was tried, what is known and what only supposed, what was promised and by when, \
and the one question to answer next.
3. When I agree: add_private_note(conversation={conversation}, text, as_of) with the as_of of the brief, then \
update_conversation(conversation={conversation}, assignee<to?="{to}"|>, priority, add_tags). If the note is refused, \
or the brief says "no triage thread", leave the notes field alone and give me the note to pass on.""",
        {"to": "whoever fits best", "reason": "what you find in it"},
    ),
    PromptTemplate(
        "weekly_report",
        "Weekly report",
        "The week's support in numbers, and what stands out.",
        {"customer": "Only this customer", "start": "First day, or so long ago: 7d, 4w"},
        """\
Report on support for {customer} since {start}. Pass customer with each call if it is one.
1. run_report(metric, start={start}, by=day) for totalCount, conversationsResolved, responseTimeMean and \
resolutionTimeMean. Each comes beside the period before, with what it leaves out.
2. run_report(metric=totalCount, start={start}, dimensions=[tagId]) and, unless it is one customer, \
run_report(metric=totalCount, start={start}, dimensions=[customerId]).
3. search_conversations(created_after={start}, order_by=priority, limit=10) for two or three examples.
4. Say in at most fifteen lines what changed and by how much, which customers and topics stand out, and what should be \
looked at, with the examples' numbers. Give figures only as the reports show them.""",
        {"customer": "all customers", "start": "7d"},
    ),
    PromptTemplate(
        "find_kb_gaps",
        "Find gaps in the knowledge base",
        "Questions that are asked again and again and that no article answers.",
        {"customer": "Only this customer", "start": "First day, or so long ago: 30d, 12w"},
        """\
Find what customers have asked again and again since {start} and no article answers: conversations of {customer}. \
Write no article before I agree.
1. search_conversations(created_after={start}, select=[friendlyId, title, summary], \
limit=100<customer?, customer="{customer}"|>), then its cursor, up to five pages. The summary says how a closed \
one was solved; select initialMessage.text, too, where neither says enough.
2. search_kb_articles(status=active, limit=100): what there is.
3. Group the conversations by the question behind them, whatever the words. Leave out single ones and what a title \
among the articles plainly covers, and go on with the five largest groups.
4. query_knowledge_base(question) once for each, its question in one sentence. What comes back is what comes nearest: \
it is a gap unless that answers the question.
5. get_conversation(conversation) for one or two solved ones of each gap: what did colleagues answer?
6. Show me a table, most asked first: the question, the conversations' numbers, the nearest article and what it lacks, \
and what to write. For what I agree to: create_kb_article(title, content), or update_kb_article(article, content) \
where an article nearly fits; from what colleagues answered, without anything that is one customer's own.""",
        {"customer": "all customers", "start": "90d"},
    ),
)


def _a_number_of_conversations(value: str) -> None:
    if not value.isdecimal() or not 1 <= int(value) <= _MOST:
        raise InvalidArgument(f"limit is {one_line(value, 40)!r}.", f"Pass a number from 1 to {_MOST}.")


def _a_moment(value: str) -> None:
    parse_time(value, "start", zone=UTC, now=datetime.now(UTC))


_CHECKS: Final[Mapping[str, Callable[[str], object]]] = {
    "conversation": number_or_id,
    "limit": _a_number_of_conversations,
    "start": _a_moment,
}
"""By argument; the others are words."""


def listed_prompts() -> list[Prompt]:
    """The prompts as MCP lists them."""
    return [
        Prompt(
            name=each.name,
            title=each.title,
            description=each.description,
            arguments=[
                PromptArgument(name=name, description=said, required=name not in each.defaults)
                for name, said in each.arguments.items()
            ],
        )
        for each in PROMPTS
    ]


def get(name: str, arguments: Mapping[str, str] | None) -> GetPromptResult:
    """A prompt filled in. Raises `MCPError` for an unknown prompt or argument, a missing or a malformed one."""
    known = {each.name: each for each in PROMPTS}
    if name not in known:
        raise _wrong(f"There is no prompt {name[:60]!r}. {did_you_mean(name, known) or 'prompts/list names them.'}")
    template, given = known[name], {key: value.strip() for key, value in (arguments or {}).items() if value.strip()}
    for key in given:
        if key not in template.arguments:
            raise _wrong(f"{name} has no argument {key[:60]!r}. It takes: {', '.join(template.arguments)}.")
    for key in template.arguments:
        if key not in given and key not in template.defaults:
            raise _wrong(f"{name} needs {key}. Pass it and try again.")
    given = {key: _checked(key, value) for key, value in given.items()}
    filled = _with_what_applies(template, given).format_map({**template.defaults, **given})
    return GetPromptResult(
        description=template.description, messages=[PromptMessage(role="user", content=TextContent(text=filled))]
    )


def _with_what_applies(template: PromptTemplate, given: Mapping[str, str]) -> str:
    """The prompt's text with the part of each either-or that applies. The default itself counts as not given."""
    return _EITHER_OR.sub(
        lambda found: (
            found[2]
            if given.get(found[1], template.defaults.get(found[1])) != template.defaults.get(found[1])
            else found[3]
        ),
        template.text,
    )


def _checked(key: str, value: str) -> str:
    if len(value) > _LONGEST:
        raise _wrong(f"{key} has {len(value):,} characters. Say it in at most {_LONGEST}.")
    try:
        _CHECKS.get(key, str)(value)
    except InvalidArgument as refusal:
        raise _wrong(str(refusal)) from None
    # In a call, it may stand between quotation marks.
    return " ".join(clean_text(value)[0].split()).replace('"', "'")


def _wrong(message: str) -> MCPError:
    return MCPError(code=INVALID_PARAMS, message=message)
