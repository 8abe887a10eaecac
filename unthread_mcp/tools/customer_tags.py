"""Linking tags with many customers: one request a tag, and an outcome for each customer."""

from __future__ import annotations

from collections.abc import Sequence

from unthread_mcp.api.endpoints import TAG_CUSTOMERS, Endpoint
from unthread_mcp.api.errors import ApiError, NotFound, NotPermitted, OutcomeUnknown, RequestRejected
from unthread_mcp.bulk import FOR_ALL, LINK_REQUESTS, TIME
from unthread_mcp.name_matching import Named
from unthread_mcp.outcomes import Target, answer, reason
from unthread_mcp.render import Answer
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import link


class Links:
    """One call's links. Every step leaves its outcome on each customer."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._targets: list[Target] = []
        self._did: list[str] = []
        self._until = workspace.now() + TIME
        self._stopped = ""

    async def find(self, customers: Sequence[str]) -> None:
        """Turn names into customers; who is none, or may not be written to, is refused on their own."""
        wanted = list(dict.fromkeys(each.strip() for each in customers))
        for said, found in zip(wanted, await self._workspace.names.customers(wanted), strict=True):
            target = Target(one_line(said, 60))
            if not isinstance(found, Named):
                target.barred = True
                target.note("refused", reason(found))
            elif any(each.id == found.id for each in self._targets):
                continue
            else:
                target.id = found.id
                try:
                    self._workspace.require_allowed(found.id)
                except NotPermitted as refusal:
                    target.barred = True
                    target.note("refused", reason(refusal))
            self._targets.append(target)

    async def link(self, endpoint: Endpoint, tag: Named) -> None:
        """Link the tag with those who may have it, or unlink it.

        A request refused as a whole doesn't say for whom, so halves are asked, down to single ones: a refused
        write did not happen. One that may have happened is not asked again. What stands against all, an unknown
        outcome, `LINK_REQUESTS` and `TIME` end it; who is left is named.
        """
        self._did.append(f"{tag.name!r} {'added' if endpoint is TAG_CUSTOMERS else 'removed'}")
        groups = [[each for each in self._targets if not each.barred]]
        sent = 0
        while groups:
            group = groups.pop()
            if not group:
                continue
            if sent >= LINK_REQUESTS:
                self._stop("Too many of them are refused to tell which in one call.")
            if self._workspace.now() >= self._until:
                self._stop(f"{TIME.seconds} seconds were over, and clients don't wait much longer.")
            if self._stopped:
                for each in group:
                    each.note("left")
                continue
            sent += 1
            try:
                await link(self._workspace, endpoint, tag.id, [each.id for each in group])
            except (RequestRejected, NotFound) as refusal:
                if len(group) > 1:
                    half = len(group) // 2
                    groups += [group[half:], group[:half]]
                else:
                    group[0].note("refused", f"{tag.name!r}: {reason(refusal)}")
            except OutcomeUnknown as error:
                self._stop("An outcome is unknown: look at that first.")
                for each in group:
                    each.note("unknown", f"{tag.name!r}: {reason(error)}")
            except FOR_ALL as error:
                self._stop(str(error))
                for each in group:
                    each.note("left")
            except ApiError as refusal:
                for each in group:
                    each.note("refused", f"{tag.name!r}: {reason(refusal)}")
            else:
                for each in group:
                    each.note("done")

    def _stop(self, why: str) -> None:
        self._stopped = self._stopped or why

    def answer(self) -> Answer:
        """Every customer's outcome, see `outcomes.answer`."""
        return answer(self._targets, ", ".join(self._did), self._stopped, noun="customer")
