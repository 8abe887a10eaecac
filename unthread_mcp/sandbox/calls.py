"""What a handler is: a function that answers one endpoint, and how it says no."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from unthread_mcp.api.endpoints import Endpoint

    from .store import Store

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"


class Refusal(Exception):  # noqa: N818 - it is an answer of the imitated API, not a fault of this program
    """The request is answered with an error status and `{"errors": [{status, title, id}]}`."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(status, title)
        self.status = status
        self.title = title


def bad_request(title: str) -> Refusal:
    """What is wrong with the request, answered as 400."""
    return Refusal(400, title)


def not_found(what: str) -> Refusal:
    """A missing object. Seen in a log for PATCH on a conversation: 400 and not 404; assumed everywhere else."""
    return Refusal(400, f"{what} not found")


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart request."""

    name: str
    mimetype: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Bytes:
    """An answer that is no JSON."""

    content: bytes
    mimetype: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request after routing: `select` is the query parameter's list of paths, or None without one."""

    store: Store
    ids: Mapping[str, str]
    body: JsonValue = None
    select: tuple[str, ...] | None = None
    uploads: tuple[Upload, ...] = ()


Handler = Callable[[Call], "str | Bytes | None"]
"""Answers with JSON text, with bytes, or with None for an empty 204."""

HANDLERS: dict[Endpoint, Handler] = {}
"""The function that answers each imitated endpoint; filled by `answers`."""


def answers(endpoint: Endpoint) -> Callable[[Handler], Handler]:
    """Make the decorated function the one that answers `endpoint`."""

    def register(handler: Handler) -> Handler:
        if endpoint in HANDLERS:
            raise ValueError(f"{endpoint} already has a handler")
        HANDLERS[endpoint] = handler
        return handler

    return register
