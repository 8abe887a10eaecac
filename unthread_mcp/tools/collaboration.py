"""Working together on conversations: tags, approvals, followers and collaborators."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from unthread_mcp.access import changes, creates, reads
from unthread_mcp.answers import as_page, text_of
from unthread_mcp.api.endpoints import (
    ADD_FOLLOWER,
    ASSIGN_COLLABORATOR,
    CREATE_APPROVAL_REQUEST,
    GET_CONVERSATION,
    LIST_APPROVAL_REQUESTS,
    LIST_COLLABORATOR_TYPES,
    REMOVE_FOLLOWER,
    TAG_CONVERSATIONS,
)
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.arguments import ConversationRef, Conversations, Cursor, Id, Name, TagNames, UserRef
from unthread_mcp.bulk import Bulk
from unthread_mcp.conversation_changes import tag_links
from unthread_mcp.fields import COLLABORATOR_TYPE, pick
from unthread_mcp.listing import Query, list_page
from unthread_mcp.names import Named
from unthread_mcp.natural_keys import NaturalKey
from unthread_mcp.outgoing import prepare
from unthread_mcp.progress import Progress
from unthread_mcp.render import SEPARATOR, TITLE_LENGTH, Answer, compose, name_of, number_of
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import change, create

GroupId = Annotated[Id, Field(description="A group's id instead")]
EntityType = Literal["user", "group"]

_NOTES: Final = 500
"""Characters of an approver's notes in a listing."""


@changes("Tag conversations", level="triage")
async def tag_conversations(
    workspace: Workspace,
    progress: Progress,
    conversations: Conversations,
    add: TagNames | None = None,
    remove: TagNames | None = None,
) -> Answer:
    """Add tags to, or remove them from, up to 100 conversations; one outcome each.

    Call again with those that it names as not done yet.
    """
    links = await tag_links(workspace, add, remove)
    if not links:
        raise InvalidArgument("No tag was passed.", "Pass add or remove.")
    bulk = Bulk(workspace, progress, conversations, steps=len(links))
    await bulk.find()
    for endpoint, tag in links:
        await bulk.link(endpoint, tag)
    said = [f"{tag.name!r} {'added' if endpoint is TAG_CONVERSATIONS else 'removed'}" for endpoint, tag in links]
    return bulk.answer(", ".join(said))


@creates("Request an approval", level="triage")
async def request_approval(
    workspace: Workspace,
    conversation: ConversationRef,
    title: Annotated[str, Field(description="What is to be approved", min_length=1, max_length=200)],
    approver: UserRef | None = None,
    group: GroupId | None = None,
) -> Answer:
    """Ask a colleague, or a group of them, to approve something about a conversation.

    list_approvals shows what they say.
    """
    kind, asked = await _entity(workspace, approver, group, "approver")
    identity = await workspace.numbers.identify(conversation)
    await workspace.require_allowed_conversation(identity)
    body: JsonObject = {
        "title": prepare(title),
        "assignedToUserId" if kind == "user" else "assignedToGroupId": asked.id,
    }
    ids = {"conversation_id": identity}
    key = NaturalKey(LIST_APPROVAL_REQUESTS, "title", text_of(body, "title"), ids=ids)
    written = await create(workspace, CREATE_APPROVAL_REQUEST, body, what="approval request", key=key, ids=ids)
    status = one_line(text_of(written.body, "status"), 40)
    said = f"approval requested from {asked.name}" + (f", {status}" if status else "")
    made = one_line(text_of(written.body, "id"), 64)
    return Answer(f"{said}{f' (id {made})' if made else ''}.{written.note}", written.body, written.outcome)


@reads("List approvals")
async def list_approvals(workspace: Workspace, conversation: ConversationRef) -> Answer:
    """List a conversation's approval requests: who is asked for what, and whether they approved."""
    identity = await workspace.numbers.identify(conversation)
    rows = as_page(await workspace.client.read(LIST_APPROVAL_REQUESTS, {"conversation_id": identity})).rows
    counted = f"{len(rows)} approval request{'' if len(rows) == 1 else 's'}" if rows else "No approval requests found."
    lines = [await _approval_line(workspace, row) for row in rows]
    legend = SEPARATOR.join(("status", "title", "asked", "created", "decided", "notes")) if rows else ""
    return Answer(compose([counted, legend], lines, []), {"data": [*rows]})


async def _approval_line(workspace: Workspace, row: JsonObject) -> str:
    return SEPARATOR.join(
        [
            one_line(text_of(row, "status"), 40) or "-",
            one_line(text_of(row, "title"), TITLE_LENGTH) or "(no title)",
            await _approver(workspace, row),
            workspace.date(row.get("createdAt"), clock=True),
            workspace.date(row.get("statusChangedAt"), clock=True),
            one_line(text_of(row, "notes"), _NOTES) or "-",
        ]
    )


async def _approver(workspace: Workspace, row: JsonObject) -> str:
    for path in ("approverUser.name", "approverGroup.name"):
        if (name := name_of(row, path)) != "-":
            return name
    if identity := text_of(row, "assignedToUserId"):
        return await workspace.names.name_of_user(identity)
    group = one_line(text_of(row, "assignedToGroupId"), 64)
    return f"group {group}" if group else "-"


@changes("Add a follower", level="triage", shown=False)
async def add_follower(
    workspace: Workspace, conversation: ConversationRef, user: UserRef | None = None, group: GroupId | None = None
) -> Answer:
    """Let a colleague or a group follow a conversation."""
    return await _follow(workspace, conversation, user, group, follows=True)


@changes("Remove a follower", level="triage", shown=False)
async def remove_follower(
    workspace: Workspace, conversation: ConversationRef, user: UserRef | None = None, group: GroupId | None = None
) -> Answer:
    """End that a colleague or a group follows a conversation."""
    return await _follow(workspace, conversation, user, group, follows=False)


async def _follow(
    workspace: Workspace, conversation: str, user: str | None, group: str | None, *, follows: bool
) -> Answer:
    kind, who = await _entity(workspace, user, group, "user", of_the_team=follows)
    identity = await workspace.numbers.identify(conversation)
    current = await _allowed(workspace, identity)
    words = "follows" if follows else "doesn't follow"
    if _is_follower(current, who) is follows:
        return Answer(f"{who.name} {words} {number_of(current)} already.", current, "already_done")
    body: JsonObject = {"entityId": who.id, **({"entityType": kind} if follows else {})}
    written = await change(
        workspace,
        ADD_FOLLOWER if follows else REMOVE_FOLLOWER,
        {"conversation_id": identity},
        body,
        read_back=GET_CONVERSATION,
        shows=lambda found: _is_follower(found, who) is follows,
    )
    said = f"{who.name} now {words} {number_of(current)}{'' if follows else ' any more'}."
    return Answer(said + written.note, written.body or current, "done")


def _is_follower(conversation: JsonObject, who: Named) -> bool | None:
    """Whether they follow it; None where the conversation doesn't say who does."""
    followers = conversation.get("followers")
    if not isinstance(followers, list):
        return None
    return any(who.id in _entities(each) for each in followers if isinstance(each, dict))


def _entities(entry: JsonObject) -> list[str]:
    return [text_of(entry, name) for name in ("entityId", "userId", "groupId")]


@changes("Assign a collaborator", level="triage", shown=False)
async def assign_collaborator(
    workspace: Workspace,
    conversation: ConversationRef,
    collaborator_type: Annotated[Name, Field(description="Key, name or id")],
    user: UserRef | None = None,
    group: GroupId | None = None,
) -> Answer:
    """Make a colleague or a group a conversation's collaborator of some type, in the place of who was it before."""
    kind, who = await _entity(workspace, user, group, "user")
    found = await workspace.names.collaborator_type(collaborator_type)
    identity = await workspace.numbers.identify(conversation)
    current = await _allowed(workspace, identity)
    before = _collaborator(current, found)
    if who.id in before:
        return Answer(f"{who.name} is {found.name} of {number_of(current)} already.", current, "already_done")
    written = await change(
        workspace,
        ASSIGN_COLLABORATOR,
        {"conversation_id": identity, "collaborator_type_id": found.id},
        {"entityId": who.id, "entityType": kind},
        read_back=lambda: workspace.conversation(identity),
        shows=lambda conversation: who.id in _collaborator(conversation, found),
    )
    said = f"{who.name} is now {found.name} of {number_of(current)}"
    if before:
        said += f" (was {await workspace.names.name_of_user(before[0])})"
    return Answer(f"{said}.{written.note}", written.body or current, "done")


def _collaborator(conversation: JsonObject, kind: Named) -> list[str]:
    """The ids of the conversation's collaborator of that type."""
    several = conversation.get("collaborators")
    return [
        identity
        for each in (several if isinstance(several, list) else [])
        if isinstance(each, dict) and pick(each, "collaboratorTypeId") == kind.id
        for identity in _entities(each)
        if identity
    ]


@reads("List collaborator types", shown=False)
async def list_collaborator_types(workspace: Workspace, cursor: Cursor | None = None) -> Answer:
    """List the types of collaborators, with the keys that assign_collaborator takes."""
    query = Query(
        LIST_COLLABORATOR_TYPES,
        COLLABORATOR_TYPE,
        {},
        order=("key",),
        descending=False,
        limit=100,
        cursor=cursor,
    )
    listed = await list_page(workspace, query)
    lines = [
        SEPARATOR.join(
            [one_line(text_of(row, "key"), 60) or "-", name_of(row), one_line(text_of(row, "description"), 200) or "-"]
        )
        for row in listed.rows
    ]
    return listed.answer("collaborator type", lines, legend=SEPARATOR.join(("key", "name", "description")))


async def _entity(
    workspace: Workspace, user: str | None, group: str | None, argument: str, *, of_the_team: bool = True
) -> tuple[EntityType, Named]:
    """The user or the group, whichever is given. Raises `InvalidArgument` for both or neither.

    Names are those of the team; an id may be anybody's, and what a customer's person is asked or told of would reach
    the customer: with `of_the_team`, it is refused.
    """
    if group and not user:
        return "group", Named(group, f"group {group}")
    if not user or group:
        raise InvalidArgument(
            f"{'Both' if user else 'Neither'} {argument} {'and' if user else 'nor'} group {'were' if user else 'was'} "
            "passed.",
            f"Pass {argument}, or the id of a group.",
        )
    found = await (workspace.names.colleague(user) if of_the_team else workspace.names.user(user))
    name = found.name if found.name != found.id else await workspace.names.name_of_user(found.id)
    return "user", Named(found.id, name)


async def _allowed(workspace: Workspace, identity: str) -> JsonObject:
    """The conversation, if it may be written to."""
    current = await workspace.conversation(identity)
    workspace.require_allowed(current.get("customerId"))
    return current
