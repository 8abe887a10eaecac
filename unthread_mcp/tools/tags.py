"""Tags: what a workspace sorts its conversations and customers by."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from unthread_mcp.access import changes, creates, deletes, reads
from unthread_mcp.answers import as_object, text_of
from unthread_mcp.api.endpoints import CREATE_TAG, DELETE_TAG, GET_TAG, LIST_TAGS, UPDATE_TAG
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.arguments import Cursor, Limit, Name, Select, Text
from unthread_mcp.fields import TAG
from unthread_mcp.gate import Gate
from unthread_mcp.listing import by_name, list_page
from unthread_mcp.natural_keys import NaturalKey, require_free
from unthread_mcp.outgoing import prepare
from unthread_mcp.questions import of_deletion
from unthread_mcp.render import Answer, name_of, whole_name
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import change, create, delete

TagRef = Annotated[Name, Field(description="Name or id")]


@reads("List tags")
async def list_tags(
    workspace: Workspace,
    text: Annotated[Text | None, Field(description="Part of the name")] = None,
    select: Select | None = None,
    limit: Limit = 100,
    cursor: Cursor | None = None,
) -> Answer:
    """List the tags that conversations and customers can carry."""
    query = by_name(LIST_TAGS, TAG, text=text, select=select, limit=limit, cursor=cursor, usual=100)
    listed = await list_page(workspace, query)
    if listed.chosen:
        return listed.selected("tag")
    names = ", ".join(name for row in listed.rows if (name := name_of(row)) != "-")
    return listed.answer("tag", [names] if names else [])


@reads("Get a tag", shown=False)
async def get_tag(workspace: Workspace, tag: TagRef) -> Answer:
    """Read one tag: its name and id."""
    found = await _tag(workspace, (await workspace.names.tag(tag)).id)
    return Answer(_handle(found), found)


@creates("Create a tag", level="admin", shown=False)
async def create_tag(workspace: Workspace, name: Name) -> Answer:
    """Add a tag to the workspace. One that has this name already is not made again."""
    name = prepare(name).strip()
    created = await create(workspace, CREATE_TAG, {"name": name}, what="tag", key=_key(name), unique=True)
    workspace.names.forget(name)
    identity = one_line(text_of(created.body, "id"), 64) or "its id was not returned"
    return Answer(f"tag {one_line(name, 80)!r} ({identity}).{created.note}", {**created.body}, created.outcome)


@changes("Rename a tag", level="admin", shown=False)
async def update_tag(workspace: Workspace, tag: TagRef, name: Name) -> Answer:
    """Give a tag another name; everything that carries it keeps it."""
    workspace.require_no_limit("a tag stands on the conversations of all")
    name = prepare(name).strip()
    found = await workspace.names.tag(tag)
    await require_free(workspace, "tag", _key(name), but=found.id)
    try:
        changed = await change(workspace, UPDATE_TAG, {"tag_id": found.id}, {"name": name}, read_back=GET_TAG)
    finally:
        workspace.names.forget(found.id, name)
    return Answer(
        f"tag {one_line(found.name, 80)!r} is now {one_line(name, 80)!r}.{changed.note}", changed.body, changed.outcome
    )


@deletes("Delete a tag")
async def delete_tag(workspace: Workspace, gate: Gate, tag: TagRef) -> Answer:
    """Remove a tag from the workspace, and so from every conversation and customer. It can't be taken back."""
    workspace.require_no_limit("a tag is taken off the conversations of all")

    def question(found: JsonObject) -> str:
        return of_deletion(f"tag {whole_name(found)!r}", found, lost="Every conversation and customer loses it.")

    gone = await delete(
        workspace,
        gate,
        DELETE_TAG,
        what="tag",
        asked=tag,
        identify=workspace.names.tag,
        read=lambda identity: _tag(workspace, identity),
        question=question,
    )
    handle = f"{_handle(gone.body)} is deleted" if gone.body else f"tag {one_line(tag, 80)!r}"
    return Answer(f"{handle}.{gone.note}", gone.body, gone.outcome)


async def _tag(workspace: Workspace, identity: str) -> JsonObject:
    return as_object(await workspace.client.read(GET_TAG, {"tag_id": identity}))


def _key(name: str) -> NaturalKey:
    return NaturalKey(LIST_TAGS, "name", name, also=())


def _handle(tag: JsonObject) -> str:
    return f"tag {one_line(text_of(tag, 'name'), 80)!r} ({one_line(text_of(tag, 'id'), 64)})"
