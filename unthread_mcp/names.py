"""Names instead of ids: people, customers, accounts, tags, ticket types.

A name is looked up with the list endpoints' `where`, in at most two requests, and
remembered for five minutes. Exactly one match is used; otherwise nothing is called and
the refusal names the candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from unthread_mcp.answers import as_object, as_page, id_of, text_of
from unthread_mcp.api.endpoints import GET_TICKET_TYPE
from unthread_mcp.api.errors import ApiError, InvalidArgument, UnthreadError
from unthread_mcp.name_matching import (
    ACCOUNTS,
    CANDIDATES,
    COLLABORATOR_TYPES,
    CUSTOMERS,
    TAGS,
    TICKET_TYPES,
    USERS,
    Kind,
    Named,
    called,
    is_gone,
    is_uuid,
    looks_like_id,
    may_be_id,
    nothing_found,
    refuse_nobody,
    several_found,
    similar,
    telling_part,
    too_many,
)
from unthread_mcp.untrusted import one_line

if TYPE_CHECKING:
    from unthread_mcp.api.client import UnthreadClient
    from unthread_mcp.api.json_types import JsonObject, JsonValue

REMEMBERED: Final = timedelta(minutes=5)
_RENEWED: Final = timedelta(minutes=1)
"""What is seen again sooner stays as it is: renewed with each answer, it would hold that answer's memory in pieces."""
MAX_NAMES: Final = 5_000
_PAGE: Final = 100


class Names:
    """Looks names up and remembers them, for one workspace."""

    def __init__(self, client: UnthreadClient, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._known: dict[tuple[str, str], tuple[Named, datetime]] = {}
        self._types: dict[str, tuple[JsonObject, datetime]] = {}
        self._forgotten = 0

    async def user(self, value: str, *, external: bool = False, deleted: bool = False) -> Named:
        """A user by id, name or e-mail address. Raises `InvalidArgument` with candidates.

        With `deleted`, for filters, those who have left may be meant, if nobody else is.
        """
        refuse_nobody(value)
        field = "email" if "@" in value else "name"
        return await self._find(USERS, value, field, external=external, deleted=deleted)

    async def colleague(self, value: str) -> Named:
        """A user of the team by id, name or e-mail address: who may be given something to do, or be told of it.

        An id is looked up, too, since those of customers' people, whom it would reach, and of deleted users look the
        same. Raises `InvalidArgument` with candidates.
        """
        identity = value.strip()
        if not is_uuid(identity):
            return await self.user(value)
        if known := self._kept(USERS, identity):
            return known
        rows, _ = await self._rows(USERS, "id", "==", identity)
        rows = [row for row in rows if text_of(row, "id") == identity]
        if not (here := [row for row in rows if not is_gone(row)]):
            if rows:
                raise nothing_found(USERS, identity, [], rows)
            raise InvalidArgument(f"{identity} is nobody of the team.", "list_users lists the users.")
        named = _named(here[0], identity)
        self._keep((_key(USERS), identity), named)
        return named

    async def customer(self, value: str) -> Named:
        """A customer by id or name. Raises `InvalidArgument` with candidates."""
        return await self._find(CUSTOMERS, value)

    async def customers(self, values: Sequence[str]) -> list[Named | UnthreadError]:
        """The same for several, each or why there is none; exact names cost one request together."""
        unknown = [
            name
            for name in dict.fromkeys(value.strip() for value in values)
            if name and not looks_like_id(name, CUSTOMERS) and not may_be_id(name) and not self._kept(CUSTOMERS, name)
        ]
        if len(unknown) > 1:
            forgotten = self._forgotten
            rows, are_more = await self._rows(CUSTOMERS, "name", "in", [*unknown], limit=_PAGE)
            for name in unknown if not are_more and forgotten == self._forgotten else ():
                found = [row for row in rows if text_of(row, "name") == name]
                if len(found) == 1:
                    self._keep((_key(CUSTOMERS), name), _named(found[0], name))
        results: list[Named | UnthreadError] = []
        for value in values:
            try:
                results.append(await self.customer(value))
            except InvalidArgument as refusal:
                results.append(refusal)
        return results

    async def account(self, value: str) -> Named:
        """An account by id or name. Raises `InvalidArgument` with candidates."""
        return await self._find(ACCOUNTS, value)

    async def tag(self, value: str) -> Named:
        """A tag by id or name. Raises `InvalidArgument` with candidates."""
        return await self._find(TAGS, value)

    async def ticket_type(self, value: str) -> Named:
        """A ticket type by id or name. Raises `InvalidArgument` with candidates."""
        return await self._find(TICKET_TYPES, value)

    async def collaborator_type(self, value: str) -> Named:
        """A collaborator type by id, key or name: a workspace has a handful, and all of them are looked through.

        Raises `InvalidArgument` with candidates.
        """
        kind, name = COLLABORATOR_TYPES, value.strip()
        if looks_like_id(name):
            return Named(name, name)
        if known := self._kept(kind, name):
            return known
        body: JsonObject = {"select": [*kind.select], "limit": _PAGE}
        page = as_page(await self._client.read(kind.endpoint, {}, body=body))
        rows = [row for row in page.rows if id_of(row)]
        found = [row for row in rows if id_of(row) == name] or called(rows, "key", name) or called(rows, "name", name)
        if len(found) > 1:
            raise several_found(kind, name, found)
        if not found and page.next:
            raise too_many(kind, name, [])
        if not found:
            raise nothing_found(kind, name, similar(rows, "name", name), [])
        named = _named(found[0], name)
        self._keep((_key(kind), name), named)
        return named

    def forget(self, *which: str) -> None:
        """Let go of what is remembered under these ids or names: made, renamed or deleted, they mean something else."""
        self._forgotten += 1
        folded = {each.strip().casefold() for each in which}
        for key, (named, _) in [*self._known.items()]:
            if folded & {key[1].casefold(), named.id.casefold(), named.name.casefold()}:
                del self._known[key]
        for each in which:
            self._types.pop(each, None)

    async def _find(
        self, kind: Kind, value: str, field: str = "name", *, external: bool = False, deleted: bool = False
    ) -> Named:
        name = value.strip()
        if not name:
            raise InvalidArgument(f"An empty {kind.word} was given.", f"{kind.tool} lists the {kind.plural}.")
        if looks_like_id(name, kind):
            return Named(name, name)
        if known := self._kept(kind, name, external=external) or (
            self._kept(kind, name, external=external, deleted=True) if deleted else None
        ):
            return known
        forgotten = self._forgotten
        found = await self._matches(kind, field, name, external=external, deleted=deleted)
        if len(found) > 1:
            raise several_found(kind, name, found)
        named = _named(found[0], name)
        if forgotten == self._forgotten:
            # What was found before something was renamed may be that very thing.
            self._keep((_key(kind, external=external, deleted=is_gone(found[0])), name), named)
        return named

    async def _matches(self, kind: Kind, field: str, name: str, *, external: bool, deleted: bool) -> list[JsonObject]:
        """The rows that `name` may mean, at least one, found in at most two requests."""
        if may_be_id(name):
            rows, _ = await self._rows(kind, "id", "==", name, external=external)
            found, part = [row for row in rows if text_of(row, "id") == name], name
        else:
            rows, _ = await self._rows(kind, field, "==", name, external=external)
            found, part = called(rows, field, name), telling_part(name)
        if here := [row for row in found if not is_gone(row)]:
            return here
        near, are_more = await self._rows(kind, field, "contains", part, external=external, limit=_PAGE)
        others = called([row for row in near if not is_gone(row)], field, name)
        # In other letter case, there may be a second one beyond the page.
        if others and (not are_more or len(others) > 1 or text_of(others[0], field) == name):
            return others
        gone = found or called([row for row in near if is_gone(row)], field, name)
        if deleted and not others and gone and (found or not are_more):
            return gone
        suggested = similar([row for row in near if not is_gone(row)], field, name)
        if are_more and (others or not suggested):
            raise too_many(kind, name, others)
        raise nothing_found(kind, name, suggested, gone, external=external, are_more=are_more)

    def _kept(self, kind: Kind, name: str, *, external: bool = False, deleted: bool = False) -> Named | None:
        # Letter case counts: there may be another one of the same letters.
        known = self._known.get((_key(kind, external=external, deleted=deleted), name))
        return known[0] if known and known[1] > self._now() else None

    def _keep(self, key: tuple[str, str], named: Named) -> None:
        known = self._known.get(key)
        until = self._now() + REMEMBERED
        if known and known[0] == named and until - known[1] < _RENEWED:
            return
        self._known.pop(key, None)
        self._known[key] = (named, until)
        if len(self._known) > MAX_NAMES:
            del self._known[next(iter(self._known))]

    async def _rows(
        self,
        kind: Kind,
        field: str,
        operator: str,
        value: JsonValue,
        *,
        external: bool = False,
        limit: int = 2 * CANDIDATES,
    ) -> tuple[list[JsonObject], bool]:
        """The rows of the first page, and whether there are more."""
        body: JsonObject = {"where": [{"field": field, "operator": operator, "value": value}], "limit": limit}
        if kind.select:
            body["select"] = [*kind.select]
        if external:
            body["includeExternalUsers"] = True
        page = as_page(await self._client.read(kind.endpoint, {}, body=body))
        return [row for row in page.rows if id_of(row)], page.next is not None

    async def name_of_user(self, identity: str) -> str:
        """The name behind a user's id; the id itself where nobody has it, or nobody can be asked."""
        return (await self.names_behind(USERS, [identity])).get(identity) or one_line(identity, 64)

    async def names_behind(self, kind: Kind, values: Sequence[str], field: str = "id") -> dict[str, str]:
        """The names of those whose `field` is one of `values`, as far as they can be told, in at most one request.

        Beyond a hundred that aren't remembered, the others go without. That somebody has no name is remembered, too.
        """
        asked = [*dict.fromkeys(values)]
        unknown = [value for value in asked if self._remembered_behind(kind, field, value) is None][:_PAGE]
        if unknown:
            only = len(unknown) == 1
            wanted: JsonValue = unknown[0] if only else [*unknown]
            try:
                rows, _ = await self._rows(
                    kind, field, "==" if only else "in", wanted, external=kind is USERS, limit=_PAGE
                )
            except ApiError:
                # A name is a help: what it stands beside is answered without it.
                rows, unknown = [], []
            found = {text_of(row, field): one_line(text_of(row, "name"), 60) for row in rows}
            for value in unknown:
                self._keep((f"{kind.word} by {field}", value), Named(value, found.get(value, "")))
        return self.names_known(kind, asked, field)

    def names_known(self, kind: Kind, values: Sequence[str], field: str = "id") -> dict[str, str]:
        """The names of those whose `field` is one of `values`, as far as they are remembered: nobody is asked."""
        return {value: name for value in values if (name := self._remembered_behind(kind, field, value))}

    def remember_names(self, kind: Kind, rows: Sequence[JsonObject], field: str = "id") -> None:
        """Keep the names of objects that were listed, by what stands in their `field`."""
        for row in rows:
            if (value := text_of(row, field)) and (name := one_line(text_of(row, "name"), 60)):
                self._keep((f"{kind.word} by {field}", value), Named(value, name))

    def _remembered_behind(self, kind: Kind, field: str, value: str) -> str | None:
        known = self._known.get((f"{kind.word} by {field}", value))
        return known[0].name if known and known[1] > self._now() else None

    async def ticket_type_definition(self, identity: str) -> JsonObject:
        """A ticket type with its fields, remembered as names are."""
        known = self._types.get(identity)
        if not known or known[1] <= self._now():
            found = as_object(await self._client.read(GET_TICKET_TYPE, {"ticket_type_id": identity}))
            known = self._types[identity] = (found, self._now() + REMEMBERED)
        return known[0]

    def remember_ticket_types(self, definitions: Sequence[JsonObject]) -> None:
        """Keep definitions that were listed whole."""
        for definition in definitions:
            if identity := id_of(definition):
                known = self._types.get(identity)
                kept = known[0] if known and known[0] == definition else definition
                self._types[identity] = (kept, self._now() + REMEMBERED)


def _key(kind: Kind, *, external: bool = False, deleted: bool = False) -> str:
    # Apart, so that who was found for a filter is nobody to give something to.
    return f"{kind.word}{external}{' deleted' if deleted else ''}"


def _named(row: JsonObject, name: str) -> Named:
    return Named(text_of(row, "id"), one_line(text_of(row, "name") or name, 60))
