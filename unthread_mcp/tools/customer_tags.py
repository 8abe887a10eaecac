"""Linking tags with many customers: one request a tag, and an outcome for each customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from unthread_mcp.api.endpoints import TAG_CUSTOMERS, Endpoint
from unthread_mcp.api.errors import (
    ApiError,
    NotFound,
    NotPermitted,
    OutcomeUnknown,
    RequestRejected,
    UnthreadError,
)
from unthread_mcp.api.json_types import JsonValue
from unthread_mcp.name_matching import Named
from unthread_mcp.render import Answer
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import link

_REASON: Final = 200
"""Characters of a reason for one customer; a hundred of them have to fit an answer."""


@dataclass(slots=True)
class _Target:
    """One customer as they were named, and what failed."""

    said: str
    found: Named | None = None
    refused: list[str] = field(default_factory=list[str])
    unknown: list[str] = field(default_factory=list[str])
    done: int = 0

    @property
    def outcome(self) -> str:
        """One word for all their tags."""
        if self.unknown:
            return "unknown"
        return "done" if not self.refused else "done in part" if self.done else "refused"

    @property
    def why(self) -> str:
        """What failed, in words."""
        return " ".join([*self.unknown, *self.refused])


class Links:
    """One call's links. Every step leaves its outcome on each customer."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._targets: list[_Target] = []
        self._did: list[str] = []

    async def find(self, customers: Sequence[str]) -> None:
        """Turn names into customers; who is none, or may not be written to, is refused on their own."""
        wanted = list(dict.fromkeys(each.strip() for each in customers))
        seen: set[str] = set()
        for said, found in zip(wanted, await self._workspace.names.customers(wanted), strict=True):
            target = _Target(one_line(said, 60))
            if isinstance(found, Named):
                if found.id in seen:
                    continue
                seen.add(found.id)
                target.found = found
                try:
                    self._workspace.require_allowed(found.id)
                except NotPermitted as refusal:
                    target.refused.append(_reason(refusal))
            else:
                target.refused.append(_reason(found))
            self._targets.append(target)

    async def link(self, endpoint: Endpoint, tag: Named) -> None:
        """Link the tag with those who may have it, or unlink it.

        A request refused as a whole doesn't say for whom, so halves are asked, down to single ones: a refused
        write did not happen. One that may have happened is not asked again.
        """
        self._did.append(f"{tag.name!r} {'added' if endpoint is TAG_CUSTOMERS else 'removed'}")
        groups = [[each for each in self._targets if each.found and not (each.refused and not each.done)]]
        while groups:
            group = groups.pop()
            if not group:
                continue
            try:
                await link(self._workspace, endpoint, tag.id, [each.found.id for each in group if each.found])
            except (RequestRejected, NotFound) as refusal:
                if len(group) > 1:
                    half = len(group) // 2
                    groups += [group[half:], group[:half]]
                else:
                    group[0].refused.append(f"{tag.name!r}: {_reason(refusal)}")
            except OutcomeUnknown as error:
                for each in group:
                    each.unknown.append(f"{tag.name!r}: {_reason(error)}")
            except ApiError as refusal:
                for each in group:
                    each.refused.append(f"{tag.name!r}: {_reason(refusal)}")
            else:
                for each in group:
                    each.done += 1

    def answer(self) -> Answer:
        """Every customer's outcome, equal ones together.

        Raises `OutcomeUnknown` with the same if one may have been changed, and `UnthreadError` if none was.
        """
        groups: dict[tuple[str, str], list[str]] = {}
        for each in self._targets:
            groups.setdefault((each.outcome, each.why), []).append(each.said)
        done = sum(len(names) for (outcome, _), names in groups.items() if outcome.startswith("done"))
        total = len(self._targets)
        lines = [f"{', '.join(self._did)} for {done} of {total} customer{'' if total == 1 else 's'}."]
        if set(groups) != {("done", "")}:
            lines += [
                f"{outcome}: {', '.join(names)}" + (f". {why}" if why else "")
                for (outcome, why), names in groups.items()
            ]
        text = "\n".join(lines)
        if any(outcome == "unknown" for outcome, _ in groups):
            raise OutcomeUnknown(text, "")
        if not done:
            raise UnthreadError(text, "")
        outcomes: list[JsonValue] = [
            {"customer": each.said, "outcome": each.outcome, "why": each.why} for each in self._targets
        ]
        return Answer(text, {"outcomes": outcomes}, "done")


def _reason(error: UnthreadError) -> str:
    return one_line(str(error), _REASON)
