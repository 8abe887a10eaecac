"""A workspace whose client answers from a script and writes down what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from unthread_mcp.api.client import Receipt, UnthreadClient, Upload
from unthread_mcp.api.endpoints import Endpoint
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.intents import Intents
from unthread_mcp.settings import Settings
from unthread_mcp.workspace import Workspace

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    endpoint: Endpoint
    ids: Mapping[str, str]
    body: Any
    select: tuple[str, ...] = ()
    files: tuple[Upload, ...] = ()

    @property
    def where(self) -> list[tuple[str, str, Any]]:
        """Its conditions as (field, operator, value)."""
        return [(each["field"], each["operator"], each["value"]) for each in self.body.get("where", [])]


Answer = JsonValue | Exception
Script = Callable[[Asked], Answer]


@dataclass
class StubClient:
    """Answers requests with what `answer` says, which may be an error to raise."""

    answer: Script = lambda _: {"data": []}
    asked: list[Asked] = field(default_factory=list[Asked])
    complete: bool = True
    writes_begun: int = 0

    async def read(
        self, endpoint: Endpoint, ids: dict[str, str] | None = None, *, body: JsonValue = None, query: object = None
    ) -> JsonValue:
        assert endpoint.effect == "reads"
        assert query is None
        return self._answer(Asked(endpoint, ids or {}, body))

    async def write(
        self,
        endpoint: Endpoint,
        ids: dict[str, str] | None = None,
        *,
        body: JsonValue = None,
        select: Sequence[str] = (),
        files: Sequence[Upload] = (),
    ) -> Receipt:
        assert endpoint.effect != "reads"
        self.writes_begun += 1
        return Receipt(
            self._answer(Asked(endpoint, ids or {}, body, tuple(select), tuple(files))),
            complete=self.complete,
            status=200,
        )

    def _answer(self, asked: Asked) -> JsonValue:
        endpoint_url = asked.endpoint.url(dict(asked.ids))
        assert endpoint_url.startswith("/")
        self.asked.append(asked)
        answer = self.answer(asked)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


def in_turn(*answers: Answer) -> Script:
    """One answer after the other."""
    rest = iter(answers)
    return lambda _: next(rest)


def page(*rows: JsonValue, total: int | None = None, following: str | None = None) -> JsonObject:
    """A list answer; as upstream has it, `next` stands on the last page too."""
    return {
        "data": [*rows],
        "totalCount": len(rows) if total is None else total,
        "cursors": {"hasNext": following is not None, "hasPrevious": False, "next": following or "last"},
    }


def workspace_on(client: StubClient, clock: Callable[[], datetime] | None = None, **options: Any) -> Workspace:
    """A workspace on the stub, with `options` of its settings."""
    return Workspace(
        Settings(**options), cast("UnthreadClient", client), Intents("test", None), "w-1", clock or Clock()
    )


class Register:
    """Rows that `where` finds by its words alone, as the API does."""

    def __init__(self, *rows: JsonObject) -> None:
        self.rows = rows

    def __call__(self, asked: Asked) -> Answer:
        ((field, operator, value),) = asked.where
        found = [row for row in self.rows if row.get(field) == value]
        if operator == "contains":
            found = [row for row in self.rows if str(value).lower() in str(row.get(field)).lower()]
        return page(*found[: asked.body["limit"]])
