"""How something that has no id yet is found again: by its name, title, URL or subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unthread_mcp.answers import as_page, text_of
from unthread_mcp.api.endpoints import Endpoint
from unthread_mcp.api.errors import InvalidArgument, OutcomeUnknown, UnthreadError
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace


@dataclass(frozen=True, slots=True)
class NaturalKey:
    """How something that may have been created is looked for: `field` of the rows of `endpoint` equal to `value`."""

    endpoint: Endpoint
    field: str
    value: str
    also: tuple[str, ...] = ("createdAt",)
    """Further fields to ask for; not every object has a time."""
    ids: Mapping[str, str] | None = None
    """The ids in the path of `endpoint`."""


async def require_free(workspace: Workspace, what: str, key: NaturalKey, *, but: str = "") -> None:
    """Raise `InvalidArgument` if something stands under the natural key, other than the one whose id is `but`."""
    others = [each for row in await _standing(workspace, key) if (each := text_of(row, "id")) != but]
    if others:
        raise InvalidArgument(
            f"There is a {what} with the {key.field} {one_line(key.value, 60)!r} already.",
            f"Use that one, {one_line(', '.join(others), 200)}, or take another {key.field}.",
        )


async def namesakes(workspace: Workspace, what: str, key: NaturalKey) -> str:
    """A sentence with what stands under the natural key before something is created; empty if nothing does.

    For what may share a name. It is only told, so what can't be read is not said.
    """
    try:
        others = [text_of(row, "id") for row in await _standing(workspace, key)]
    except UnthreadError:
        return ""
    named = one_line(", ".join(others), 200)
    return f" Another {what} of this {key.field} was there before: {named}." if others else ""


async def maybe_created(workspace: Workspace, what: str, key: NaturalKey | None) -> OutcomeUnknown:
    """The refusal for something that may exist by now, with what stands under its natural key."""
    if key is None:
        return OutcomeUnknown(
            f"It is not known whether the {what} was created.",
            "Don't create it again; ask a person to look in Unthread, since nothing here lists it.",
        )
    remedy = f"Don't create it again; look whether the {what} is there."
    try:
        rows = await _standing(workspace, key)
    except UnthreadError:
        rows = []
    if rows:
        made = [(text_of(row, "id"), workspace.date(row.get("createdAt"), clock=True)) for row in rows]
        found = "; ".join(identity + (f" ({at})" if at != "-" else "") for identity, at in made)
        remedy += f" With the same {key.field} there are: {one_line(found, 300)}."
    return OutcomeUnknown(f"It is not known whether the {what} was created.", remedy)


async def _standing(workspace: Workspace, key: NaturalKey) -> list[JsonObject]:
    """What stands under the natural key, at most five."""
    body: JsonObject | None = None
    if key.endpoint.method == "POST":
        where: list[JsonValue] = [{"field": key.field, "operator": "==", "value": key.value}]
        body = {"select": ["id", key.field, *key.also], "where": where, "limit": 5}
    rows = as_page(await workspace.client.read(key.endpoint, dict(key.ids or {}), body=body)).rows
    return [row for row in rows if row.get(key.field, key.value) == key.value][:5]
