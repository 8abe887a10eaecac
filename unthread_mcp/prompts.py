"""Prompts: the jobs that people start by name. They name tools and leave the judgement to the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, GetPromptResult, Prompt, PromptArgument, PromptMessage, TextContent

from unthread_mcp.nearest import did_you_mean


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """A prompt. `text` has its arguments in braces; an optional one that isn't given takes its default."""

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
        "Go through open conversations and propose priority, assignee and tags.",
        {"customer": "Only this customer", "limit": "How many at most"},
        "Triage the open conversations of {customer}, at most {limit}, those that waited longest first. Find them "
        "with search_conversations (status open, descending false). Ask get_triage_brief about each: it has the thread,"
        " the customer's other open conversations, similar closed ones and how they ended, what the knowledge base "
        "says, who could take it, and the tags and ticket types on offer. For each say in two lines what it is about, "
        "how urgent it is and why, who should take it, and which tags and type fit; say so where two are about the same"
        " thing. Show me all proposals as one table and change nothing until I agree; then use update_conversation and "
        "leave a short add_private_note where a colleague needs the reason.",
        {"customer": "all customers", "limit": "10"},
    ),
    PromptTemplate(
        "draft_reply",
        "Draft a reply",
        "Read a conversation, ask the knowledge base, and draft an answer to the customer.",
        {"conversation": "Number, id or link", "tone": "How it should sound"},
        "Draft a reply to conversation {conversation}, {tone}. Read it with get_conversation. Put the customer's "
        "actual question to query_knowledge_base, and check what it says against the article. Answer what was asked, "
        "in the customer's language, promise nothing that no source covers, and keep internal notes internal. Show me"
        " the draft and what it rests on. Send it with send_reply and the as_of of your reading only when I say so.",
        {"tone": "friendly and to the point"},
    ),
    PromptTemplate(
        "summarize_conversation",
        "Summarize a conversation",
        "What happened, where it stands, what comes next.",
        {"conversation": "Number, id or link"},
        "Summarize conversation {conversation} for a colleague who takes over. Read it with get_conversation, and the"
        " left-out middle with list_messages if it matters. Say in at most eight lines: what the customer wants, what"
        " was tried and by whom, what was promised, where it stands, and the next step. Keep what was said apart from"
        " what you infer.",
        {},
    ),
    PromptTemplate(
        "escalate",
        "Escalate a conversation",
        "Hand a conversation to somebody who can solve it, with all they need to know.",
        {"conversation": "Number, id or link", "to": "Who should take it", "reason": "Why it can't stay where it is"},
        "Escalate conversation {conversation} to {to}, because of {reason}. Ask get_triage_brief about it: it also "
        "shows what else this customer has open, how similar ones ended, and who could take it. Write a note for "
        "whoever takes over: what the customer wants and since when, what was tried, what is known and what is only "
        "supposed, what was promised and by when, and the one question to answer next. Show me the note, the "
        "assignee, the priority and the tags that you propose. When I agree, leave the note with add_private_note, "
        "then set the rest with update_conversation. Tell the customer nothing unless I ask for it.",
        {"to": "whoever fits best", "reason": "what you find in it"},
    ),
    PromptTemplate(
        "weekly_report",
        "Weekly report",
        "The week's support in numbers, and what stands out.",
        {"customer": "Only this customer", "start": "First day, or so long ago"},
        "Report on support for {customer} since {start}. Use run_report for totalCount, conversationsResolved, "
        "responseTimeMean and resolutionTimeMean, by day, each beside the period before; then totalCount by "
        "customerId and by tagId. Say what changed and by how much, which customers and topics stand out, and what "
        "should be looked at, with two or three conversations as examples from search_conversations. Give numbers "
        "only as the reports show them.",
        {"customer": "all customers", "start": "7d"},
    ),
    PromptTemplate(
        "find_kb_gaps",
        "Find gaps in the knowledge base",
        "Questions that are asked again and again and that no article answers.",
        {"customer": "Only this customer", "start": "First day, or so long ago"},
        "Find out what customers ask again and again that our knowledge base doesn't answer. Look at the conversations "
        "of {customer} since {start} with search_conversations, page after page, and group them by the question behind "
        "them. Read one or two of each group of three or more with get_conversation. Put each group's question in one "
        "sentence to query_knowledge_base, and look with search_kb_articles for what nearly fits. Report as a table: "
        "the question, how many conversations (with their numbers), which article comes nearest, and what it lacks. "
        "Then propose what to write or correct, most asked first. Write or change an article with create_kb_article "
        "or update_kb_article only when I say so, from what colleagues answered, without anything that is one "
        "customer's own.",
        {"customer": "all customers", "start": "30d"},
    ),
)


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
    """A prompt filled in. Raises `MCPError` for an unknown prompt or argument, or a missing one."""
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
    filled = template.text.format_map({**template.defaults, **given})
    return GetPromptResult(
        description=template.description, messages=[PromptMessage(role="user", content=TextContent(text=filled))]
    )


def _wrong(message: str) -> MCPError:
    return MCPError(code=INVALID_PARAMS, message=message)
