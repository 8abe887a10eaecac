"""Changing many conversations at once, in what only the team sees."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator

from unthread_mcp.access import changes
from unthread_mcp.api.endpoints import GET_CONVERSATION, TAG_CONVERSATIONS, UPDATE_CONVERSATION
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.arguments import PRIORITY_NUMBERS, UNASSIGNED, Clear, Conversations, Priority, TagNames, UserRef
from unthread_mcp.bulk import Bulk
from unthread_mcp.conversation_changes import tag_links
from unthread_mcp.conversation_state import emptied_fields
from unthread_mcp.outcomes import State, Target
from unthread_mcp.progress import Progress
from unthread_mcp.render import Answer
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import change, is_same

_CLEARABLE: Final = {"assignee": "assignedToUserId", "priority": "priority", "snooze": "wakeUpAt"}


def _not_closed(value: Any) -> Any:
    if str(value).strip().lower() == "closed":
        # Closing can reach the customer, and nothing is bulk that does.
        raise ValueError("closing may reach customers, so it is done one by one, with update_conversation")
    return value


OpenStatus = Annotated[Literal["open", "in_progress", "on_hold"], BeforeValidator(_not_closed)]


@changes("Update many conversations", level="triage", shown=False)
async def update_conversations(
    workspace: Workspace,
    progress: Progress,
    conversations: Conversations,
    status: OpenStatus | None = None,
    priority: Priority | None = None,
    assignee: UserRef | None = None,
    add_tags: TagNames | None = None,
    remove_tags: TagNames | None = None,
    clear: Clear | None = None,
) -> Answer:
    """Make the same change to up to 100 conversations; one outcome each.

    clear empties: assignee, priority, snooze. Call again with those that it names as not done yet.
    """
    unassigned = assignee is not None and assignee.strip().lower() == UNASSIGNED
    emptied = emptied_fields([*(clear or ()), *(["assignee"] if unassigned else ())], _CLEARABLE)
    body: JsonObject = dict.fromkeys(emptied)
    said = [f"{name} emptied" for name, field in _CLEARABLE.items() if field in body]
    given: JsonObject = {}
    if status:
        given["status"] = status
        said.append(f"status {status}")
    if priority:
        given["priority"] = PRIORITY_NUMBERS[priority]
        said.append(f"priority {priority}")
    if assignee and not unassigned:
        found = await workspace.names.colleague(assignee)
        given["assignedToUserId"] = found.id
        said.append(f"assignee {found.name}")
    if both := sorted(given.keys() & body.keys()):
        raise InvalidArgument(f"{both[0]} is both set and cleared.", "Do one of the two.")
    body |= given
    links = await tag_links(workspace, add_tags, remove_tags)
    if not (body or links):
        raise InvalidArgument("Nothing to change was passed.", "Pass what is to change, or name fields in clear.")
    said += [f"{'tagged' if endpoint is TAG_CONVERSATIONS else 'untagged'} {tag.name!r}" for endpoint, tag in links]

    async def perform(target: Target) -> tuple[State, str]:
        row = target.row or {}
        if all(name in row and is_same(row[name], value) for name, value in body.items()):
            return "already_done", ""
        async with workspace.writing_to(target.id):
            # How it stood was read when the call began, up to a minute ago.
            await workspace.require_allowed_conversation(target.id)
            ids = {"conversation_id": target.id}
            select = ("id", "friendlyId", *body)
            written = await change(workspace, UPDATE_CONVERSATION, ids, body, read_back=GET_CONVERSATION, select=select)
        reopened = "status" in body and row.get("status") == "closed"
        return "done", ("It was closed." if reopened else "") + written.note

    bulk = Bulk(workspace, progress, conversations, steps=len(links) + bool(body))
    await bulk.find()
    for endpoint, tag in links:
        await bulk.link(endpoint, tag)
    if body:
        await bulk.each(perform)
    return bulk.answer(", ".join(said))
