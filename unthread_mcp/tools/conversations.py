"""Finding and reading conversations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Annotated, Final, Literal

from pydantic import Field

from unthread_mcp.access import reads
from unthread_mcp.answers import text_of
from unthread_mcp.api.endpoints import LIST_CONVERSATIONS, LIST_MESSAGES
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.arguments import (
    IN_MESSAGE,
    ConversationRef,
    Cursor,
    CustomerRef,
    Limit,
    Name,
    Priority,
    Select,
    Status,
    Text,
    UserRef,
    When,
    Where,
    Words,
)
from unthread_mcp.conversation_filters import ConversationFilters, resolved
from unthread_mcp.conversation_view import conversation_head, thread_shown
from unthread_mcp.fields import CONVERSATION, MESSAGE
from unthread_mcp.listing import Listed, Query, list_matching, list_page
from unthread_mcp.mentions import names_of_mentioned
from unthread_mcp.message_pages import messages_listed
from unthread_mcp.render import (
    SEPARATOR,
    TITLE_LENGTH,
    Answer,
    name_of,
    names_of,
    number_of,
    priority_of,
    selected_object,
)
from unthread_mcp.threads import read_thread
from unthread_mcp.times import iso, parse_time, write_time
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace

OrderBy = Literal["updatedAt", "createdAt", "priority"]
_UNASSIGNED_PAGES: Final = 10
_LEGEND: Final = SEPARATOR.join(["#number status priority", "customer", "assignee", "updated", "tags", "title"])


@reads("Search conversations")
async def search_conversations(
    workspace: Workspace,
    status: list[Status] | None = None,
    customer: CustomerRef | None = None,
    assignee: Annotated[UserRef | None, Field(description="Name, e-mail, id or unassigned")] = None,
    tag: Name | None = None,
    ticket_type: Name | None = None,
    priority: Priority | None = None,
    text: Annotated[
        Words | None, Field(description="A phrase in the title or, if no title has it, in the first message")
    ] = None,
    created_after: Annotated[When | None, Field(description="Date, date-time, or 24h, 7d, 4w ago")] = None,
    created_before: When | None = None,
    updated_after: When | None = None,
    updated_before: When | None = None,
    where: Where | None = None,
    order_by: OrderBy = "updatedAt",
    descending: bool = True,
    select: Select | None = None,
    limit: Limit = 25,
    cursor: Cursor | None = None,
) -> Answer:
    """Find conversations by status, customer, assignee, tag, priority, words or dates.

    One line each; read one with get_conversation. Dates in answers are MM-DD.
    """
    moments = {
        "created_after": created_after,
        "created_before": created_before,
        "updated_after": updated_after,
        "updated_before": updated_before,
    }
    filters = ConversationFilters(status, customer, assignee, tag, ticket_type, priority, moments, where)
    found, absolute = await resolved(workspace, filters)
    if order_by == "priority":
        # Where conversations without a priority stand in this order is the API's choice; first, it would mislead.
        found.append({"field": "priority", "operator": ">", "value": 0})
    arguments: dict[str, JsonValue] = {
        "status": [*status] if status else None,
        "customer": customer,
        "assignee": assignee,
        "tag": tag,
        "ticket_type": ticket_type,
        "priority": priority,
        "text": text,
        **moments,
        "where": [asdict(each) for each in where] if where else None,
        "order_by": order_by if order_by != "updatedAt" else None,
        "descending": None if descending else False,
        "select": [*select] if select else None,
        "limit": limit if limit != 25 else None,
    }
    query = Query(
        LIST_CONVERSATIONS,
        CONVERSATION,
        arguments,
        select=select,
        where=found,
        order=(order_by,),
        descending=descending,
        limit=limit,
        cursor=cursor,
        absolute=absolute,
    )
    page = _unassigned if filters.unassigned else list_page
    listed = await page(workspace, _with_text(query, text))
    hint = ""
    if text and not cursor and not text.startswith(IN_MESSAGE):
        hint = "titles only; for first messages use where initialMessage.text contains"
    if text and not cursor and not text.startswith(IN_MESSAGE) and not listed.page.rows and listed.page.next is None:
        listed = await page(workspace, _with_text(query, IN_MESSAGE + text))
        hint = "no title has these words, these first messages do"
    remark = _order_said(order_by, descending=descending)
    if filters.unassigned:
        remark = f"unassigned, out of {listed.looked_through:,} looked through, {remark}"
    if listed.page.rows and hint:
        remark += f"; {hint}"
    answer = conversations_listed(workspace, listed, remark)
    if text and len(text.split()) > 1 and not listed.page.rows and listed.page.next is None:
        answer.text += " text is one phrase; try fewer words."
    return answer


def _with_text(query: Query, text: str | None) -> Query:
    """`query` with the words looked for in the title, or in the first message where they are marked so."""
    if not text:
        return query
    field = "initialMessage.text" if text.startswith(IN_MESSAGE) else "title"
    condition: JsonObject = {"field": field, "operator": "contains", "value": text.removeprefix(IN_MESSAGE)}
    return replace(query, where=[*query.where, condition], absolute={**query.absolute, "text": text})


def _order_said(order_by: str, *, descending: bool) -> str:
    words = {
        "updatedAt": ("last updated first", "longest not updated first"),
        "createdAt": ("newest first", "oldest first"),
    }
    return words.get(order_by, ("highest priority first, none without one", "lowest priority first, none without one"))[
        0 if descending else 1
    ]


async def _unassigned(workspace: Workspace, query: Query) -> Listed:
    """Conversations without an assignee. The API's `where` takes no null, so pages are read and filtered here."""

    async def nobodys(rows: Sequence[JsonObject]) -> Sequence[JsonObject]:
        return [row for row in rows if row.get("assignedToUserId") is None]

    with_assignees = replace(query, local_fields=("assignedToUserId",))
    return await list_matching(workspace, with_assignees, nobodys, most_pages=_UNASSIGNED_PAGES)


def conversations_listed(workspace: Workspace, listed: Listed, remark: str = "") -> Answer:
    """A page of conversations, one line each."""
    for row in listed.page.rows:
        workspace.numbers.remember(row)
    if listed.chosen:
        return listed.selected("conversation", remark=remark)
    date = partial(write_time, zone=workspace.settings.timezone, now=workspace.now())
    lines = [conversation_line(row, date) for row in listed.page.rows]
    return listed.answer("conversation", lines, remark=remark, legend=_LEGEND)


def conversation_line(row: JsonObject, date: Callable[[JsonValue], str]) -> str:
    """One conversation on one line, its title last since it is free text."""
    title = row.get("title")
    priority = priority_of(row.get("priority"))
    status = row.get("status")
    return SEPARATOR.join(
        [
            " ".join(
                [
                    number_of(row),
                    one_line(status, 40) if isinstance(status, str) else "-",
                    *([priority] if priority != "-" else []),
                ]
            ),
            name_of(row.get("customer")),
            name_of(row.get("assignedToUser")),
            date(row.get("updatedAt")),
            names_of(row.get("tags"), "name"),
            one_line(title, TITLE_LENGTH) if isinstance(title, str) and title.strip() else "(no title)",
        ]
    )


@reads("Get a conversation")
async def get_conversation(
    workspace: Workspace,
    conversation: ConversationRef,
    max_tokens: Annotated[
        int, Field(description="For the answer, but the customer's newest message is whole", ge=500, le=20_000)
    ] = 4_000,
    select: Annotated[Select | None, Field(description="Fields of the conversation instead of its thread")] = None,
) -> Answer:
    """Read a conversation: what it is about, and its thread with customers, agents, bots and internal notes told apart.

    Quoted mail, greetings and signatures are left out; of a long thread the middle is. Gives as_of, which send_reply
    needs.
    """
    identity = await workspace.numbers.identify(conversation)
    if select:
        chosen = CONVERSATION.check(select)
        return selected_object(await workspace.conversation(identity), chosen)
    thread = await read_thread(workspace, identity)
    if not thread.complete and sum(len(text_of(each, "text")) for each in thread.messages) < 3 * max_tokens:
        # Many short messages: more of them fit than one page has.
        thread = await read_thread(workspace, identity, whole=True)
    head = await conversation_head(workspace, thread)
    names = await names_of_mentioned(workspace, thread.messages, thread.conversation)
    text = thread_shown(workspace, thread, head, max_tokens, names=names)
    return Answer(text, {"conversation": thread.conversation, "messages": [*thread.messages], "as_of": thread.as_of})


@reads("List messages")
async def list_messages(
    workspace: Workspace,
    conversation: ConversationRef,
    after: When | None = None,
    before: When | None = None,
    by: Annotated[Text | None, Field(description="customer, agent, bot, note, or a name")] = None,
    text: Annotated[Text | None, Field(description="Words in the message")] = None,
    select: Select | None = None,
    limit: Limit = 25,
    cursor: Cursor | None = None,
) -> Answer:
    """Read a conversation's messages page by page, newest first, each up to 20,000 characters."""
    if by and select:
        raise InvalidArgument("by and select don't go together.", "Leave one of them out.")
    identity = await workspace.numbers.identify(conversation)
    where: list[JsonObject] = []
    absolute: JsonObject = {}
    for argument, said, operator in (("after", after, ">"), ("before", before, "<")):
        if said is not None:
            moment = parse_time(said, argument, zone=workspace.settings.timezone, now=workspace.now())
            absolute[argument] = iso(moment)
            where.append({"field": "timestamp", "operator": operator, "value": iso(moment)})
    if text:
        where.append({"field": "text", "operator": "contains", "value": text})
    query = Query(
        LIST_MESSAGES,
        MESSAGE,
        {
            "conversation": conversation,
            "after": after,
            "before": before,
            "by": by,
            "text": text,
            "select": [*select] if select else None,
            "limit": limit if limit != 25 else None,
        },
        ids={"conversation_id": identity},
        select=select,
        where=where,
        order=("ts",),
        limit=limit,
        cursor=cursor,
        absolute=absolute,
        # Without select, the answer tells internal notes from messages; see threads.read_thread.
        sends_select=select is not None,
    )
    if select:
        return (await list_page(workspace, query)).selected("message")
    return await messages_listed(workspace, query, identity, by)
