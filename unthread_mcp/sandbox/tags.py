"""Tags, and linking them with conversations and customers."""

# ruff: noqa: S608 - table and column names come from this package, and values are always bound
from __future__ import annotations

from typing import Final

from unthread_mcp.api.endpoints import (
    CREATE_TAG,
    DELETE_TAG,
    GET_TAG,
    LIST_TAGS,
    TAG_CONVERSATIONS,
    TAG_CUSTOMERS,
    UNTAG_CONVERSATIONS,
    UNTAG_CUSTOMERS,
    UPDATE_TAG,
)

from .calls import Call, answers, not_found
from .checks import Check, filled, list_of, record
from .listing import one, page
from .objects import TAG

_TAG: Final[dict[str, Check]] = {"name": filled}


@answers(GET_TAG)
def get_tag(call: Call) -> str:
    """One tag."""
    return one(call, TAG, call.ids["tag_id"])


@answers(LIST_TAGS)
def list_tags(call: Call) -> str:
    """Tags, by the list conventions."""
    return page(call, TAG)


@answers(CREATE_TAG)
def create_tag(call: Call) -> str:
    """A new tag; two may bear the same name."""
    request = record(call.body, _TAG, "name")
    tag_id = call.store.new_id("tag")
    call.store.insert("tags", {"id": tag_id, "name": request["name"]})
    return one(call, TAG, tag_id)


@answers(UPDATE_TAG)
def update_tag(call: Call) -> str:
    """A new name."""
    tag_id = _existing(call)
    call.store.update("tags", tag_id, {"name": record(call.body, _TAG, "name")["name"]})
    return one(call, TAG, tag_id)


@answers(DELETE_TAG)
def delete_tag(call: Call) -> None:
    """The tag goes, and with it its links."""
    call.store.delete("tags", _existing(call))


@answers(TAG_CONVERSATIONS)
def tag_conversations(call: Call) -> str:
    """Link conversations; those that have the tag keep it."""
    return _link(call, "conversation", linked=True)


@answers(UNTAG_CONVERSATIONS)
def untag_conversations(call: Call) -> str:
    """Unlink conversations; those without the tag stay without."""
    return _link(call, "conversation", linked=False)


@answers(TAG_CUSTOMERS)
def tag_customers(call: Call) -> str:
    """Link customers."""
    return _link(call, "customer", linked=True)


@answers(UNTAG_CUSTOMERS)
def untag_customers(call: Call) -> str:
    """Unlink customers."""
    return _link(call, "customer", linked=False)


def _existing(call: Call) -> str:
    if not call.store.exists("tags", call.ids["tag_id"]):
        raise not_found("Tag")
    return call.ids["tag_id"]


def _link(call: Call, what: str, *, linked: bool) -> str:
    """Link or unlink the tag with every object of the request's bare array; all of them or none."""
    store, tag_id = call.store, _existing(call)
    for object_id in list_of(filled)("body", call.body):
        if not store.exists(f"{what}s", object_id):
            raise not_found(what.capitalize())
        if linked:
            sql = f"INSERT OR IGNORE INTO {what}_tags ({what}Id, tagId) VALUES (?, ?)"
        else:
            sql = f"DELETE FROM {what}_tags WHERE {what}Id = ? AND tagId = ?"
        store.database.execute(sql, (object_id, tag_id))
        store.update(f"{what}s", object_id, {"updatedAt": store.stamp()})
    return "{}"
