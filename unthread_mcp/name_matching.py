"""What a name may mean: kinds of objects that have one, which rows it fits, and the words where not exactly one does.

Nothing here asks anybody; `names` does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from unthread_mcp.answers import id_of, text_of
from unthread_mcp.api.endpoints import (
    LIST_ACCOUNTS,
    LIST_COLLABORATOR_TYPES,
    LIST_CUSTOMERS,
    LIST_TAGS,
    LIST_TICKET_TYPES,
    LIST_USERS,
    Endpoint,
)
from unthread_mcp.api.errors import InvalidArgument, UnknownName
from unthread_mcp.arguments import UNASSIGNED
from unthread_mcp.fields import pick
from unthread_mcp.nearest import nearest
from unthread_mcp.untrusted import one_line

if TYPE_CHECKING:
    from unthread_mcp.api.json_types import JsonObject

CANDIDATES: Final = 5
"""How many a refusal names."""
_ONESELF: Final = frozenset({"me", "myself", "@me", "self"})
_NOBODY: Final = frozenset({"none", "nobody", "no one", "noone", "null", "nil", UNASSIGNED})
_LENGTHS: Final = (40, 60, 80)
"""Where our answers cut names: in lists, in refusals and questions, and in what was done."""
_SHORT_WORD: Final = 4
"""Letters of a word of which a part would say too little, and that is no telling one if it is still shorter."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_FIRESTORE = re.compile(r"(?=.*\d)(?=.*[A-Z])(?=.*[a-z])[A-Za-z0-9]{20}")
"""The reference's own customer ids: 20 letters and digits."""
_ID_LIKE = re.compile(r"(?=.*\d)[A-Za-z0-9_-]{8,64}")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Named:
    """An id and the name it goes by."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of object is looked up by name."""

    word: str
    endpoint: Endpoint
    select: tuple[str, ...]
    """Empty: everything, where what must be known of a row has no documented name."""
    tool: str
    """The tool that lists them, for refusals."""
    plural: str
    besides: tuple[str, str] = ("", "")
    """What refusals add about people from outside: where they can't be meant, and where they can."""


USERS: Final = Kind(
    "user",
    LIST_USERS,
    (),
    "list_users",
    "users",
    ("; customers' people can't be meant here", ", with include_external customers' people too"),
)
"""Whether a user was deleted, and of which Slack team they are, stands in fields that the reference doesn't name."""
CUSTOMERS: Final = Kind("customer", LIST_CUSTOMERS, ("id", "name"), "search_customers", "customers")
ACCOUNTS: Final = Kind("account", LIST_ACCOUNTS, ("id", "name"), "search_accounts", "accounts")
TAGS: Final = Kind("tag", LIST_TAGS, ("id", "name"), "list_tags", "tags")
TICKET_TYPES: Final = Kind("ticket type", LIST_TICKET_TYPES, ("id", "name"), "list_ticket_types", "ticket types")

COLLABORATOR_TYPES: Final = Kind(
    "collaborator type",
    LIST_COLLABORATOR_TYPES,
    ("id", "name", "key"),
    "list_collaborator_types",
    "collaborator types",
)


def looks_like_id(value: str, kind: Kind | None = None) -> bool:
    """Whether `value` has the form of an id that needs no looking up; of customers, there are two forms."""
    return bool(_UUID.fullmatch(value) or (kind in {None, CUSTOMERS, ACCOUNTS} and _FIRESTORE.fullmatch(value)))


def is_uuid(value: str) -> bool:
    """Whether `value` is a UUID."""
    return bool(_UUID.fullmatch(value))


def may_be_id(value: str) -> bool:
    """Whether `value` may be an id or a name."""
    return bool(_ID_LIKE.fullmatch(value))


def refuse_nobody(value: str) -> None:
    """Raise `InvalidArgument` for no person: "none", and "me", since a key belongs to a service account."""
    if value.strip().casefold() in _NOBODY:
        raise InvalidArgument(
            f"{value.strip()!r} is no person.",
            "assignee=unassigned stands for nobody where conversations are searched, counted or changed; "
            "a report shows those of nobody with the dimension assigneeId.",
        )
    if value.strip().casefold() in _ONESELF:
        raise InvalidArgument(
            f"There is no {value.strip()!r} for an API key, which belongs to no person.",
            "Pass the person's name or e-mail address.",
        )


def called(rows: Sequence[JsonObject], field: str, name: str) -> list[JsonObject]:
    """The rows of this very name, else those that differ in letter case, or that a list cuts short to it."""
    whole = name.casefold()
    folded = [(text_of(row, field).casefold(), row) for row in rows]
    return (
        [row for row in rows if text_of(row, field) == name]
        or [row for said, row in folded if said == whole]
        or [row for row in rows if whole.endswith("…") and whole in _cut_short(text_of(row, field))]
    )


def _cut_short(name: str) -> set[str]:
    """What our answers make of a name that is too long for them, in small letters."""
    return {one_line(name, length).casefold() for length in _LENGTHS if len(name) > length}


def is_gone(row: JsonObject) -> bool:
    """Whether this is a user who was deleted."""
    return row.get("deleted") is True


def telling_part(name: str) -> str:
    """The part of `name` to search for: what has it is the name in other letter case, or one that it may be meant for.

    It is a beginning, so that a slip behind it doesn't matter: of the first word that is not too short, since companies
    differ in the first and share the last (Systems, Logistics), or of what stands before the `@` of an e-mail address.
    """
    local, at, _ = name.partition("@")
    words: list[str] = [local] if at and local else _WORD.findall(name)
    if not words:
        return name
    word = next((each for each in words if len(each) >= _SHORT_WORD), max(words, key=len))
    return word[: max(_SHORT_WORD, len(word) * 2 // 3)]


def similar(rows: Sequence[JsonObject], field: str, name: str) -> list[JsonObject]:
    """The rows that `name` may be meant for: those that it is a part of, then those spelled nearly so."""
    part = name.removesuffix("…").casefold()
    found = [row for row in rows if part in text_of(row, field).casefold()]
    spelled: dict[str, JsonObject] = {}
    is_word = len(_WORD.findall(name)) == 1
    for row in rows:
        said = text_of(row, field)
        for each in (said, *(_WORD.findall(said) if is_word else ())):
            spelled.setdefault(each, row)
    found += [spelled[each] for each in nearest(name, spelled, most=CANDIDATES)]
    return list({id_of(row): row for row in found}.values())


def described(rows: Sequence[JsonObject]) -> str:
    """The first rows, each with what tells it from others of its name."""
    shown = [_described(row) for row in rows[:CANDIDATES]]
    return "; ".join(shown) + ("; …" if len(rows) > CANDIDATES else "")


def _described(row: JsonObject) -> str:
    email, team = text_of(row, "email"), pick(row, "slackTeam.name")
    facts = [id_of(row)]
    if isinstance(team, str) and team:
        facts.append(f"of {one_line(team, 40)}")
    if is_gone(row):
        facts.append("deleted")
    address = f" <{one_line(email, 60)}>" if email else ""
    return f"{one_line(text_of(row, 'name'), 40)}{address} ({', '.join(facts)})"


def nothing_found(
    kind: Kind,
    name: str,
    near: Sequence[JsonObject],
    gone: Sequence[JsonObject],
    *,
    external: bool = False,
    are_more: bool = False,
) -> UnknownName:
    """Nobody is called so; `gone` were, and `near` are called nearly so, perhaps with more that weren't seen."""
    said = one_line(name, 60)
    if are_more and near:
        return UnknownName(
            f"No {kind.word} is called {said!r} in just these letters.",
            f"Similar among many: {described(near)}. {kind.tool} finds others by a part of the name.",
        )
    if gone:
        return UnknownName(
            f"No {kind.word} is called {said!r} any more: {described(gone)}.", f"{kind.tool} lists the {kind.plural}."
        )
    remedy = f"Similar: {described(near)}." if near else f"{kind.tool} lists the {kind.plural}{kind.besides[external]}."
    return UnknownName(f"No {kind.word} is called {said!r}.", remedy)


def too_many(kind: Kind, name: str, rows: Sequence[JsonObject]) -> InvalidArgument:
    """More have the name's telling part in theirs than one page holds, so that others of this name may be missing."""
    return InvalidArgument(
        f"More {kind.plural} have names like {one_line(name, 60)!r} than could be looked through.",
        f"Pass the name in its own letter case, or the id. One is {described(rows)}."
        if rows
        else f"Pass the name in its own letter case, or the id; {kind.tool} finds it by a part of its name.",
    )


def several_found(kind: Kind, name: str, rows: Sequence[JsonObject]) -> InvalidArgument:
    """More than one is called so."""
    return InvalidArgument(
        f"Several {kind.plural} are called {one_line(name, 60)!r}.", f"Pass the id of one of them: {described(rows)}."
    )
