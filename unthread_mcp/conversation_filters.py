"""The filters that tools over many conversations share, from names and words to the reference's conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.arguments import PRIORITY_NUMBERS, UNASSIGNED, Condition
from unthread_mcp.conversation_conditions import as_compared
from unthread_mcp.times import iso, parse_time
from unthread_mcp.workspace import Workspace


@dataclass(slots=True)
class ConversationFilters:
    """Which conversations are meant. What is None doesn't count."""

    status: Sequence[str] | None = None
    customer: str | None = None
    assignee: str | None = None
    """A person, or `unassigned`."""
    tag: str | None = None
    ticket_type: str | None = None
    priority: str | None = None
    moments: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    """By argument: `created_after`, `created_before`, `updated_after`, `updated_before`."""
    where: Sequence[Condition] | None = None

    @property
    def unassigned(self) -> bool:
        """Whether conversations of nobody are meant: the API's `where` takes no null, so rows are filtered here."""
        return self.assignee is not None and self.assignee.strip().lower() == UNASSIGNED


async def resolved(workspace: Workspace, filters: ConversationFilters) -> tuple[list[JsonObject], JsonObject]:
    """The conditions, and the moments as they have to stand in a cursor. At most two requests a name."""
    names = workspace.names
    found, lasting = await as_compared(workspace, filters.where)

    def add(name: str, value: JsonValue, operator: str = "==") -> None:
        found.append({"field": name, "operator": operator, "value": value})

    if filters.status:
        chosen: list[JsonValue] = [*dict.fromkeys(filters.status)]
        add("status", chosen, "in") if len(chosen) > 1 else add("status", chosen[0])
    if filters.customer:
        add("customerId", (await names.customer(filters.customer)).id)
    if filters.assignee and not filters.unassigned:
        add("assignedToUserId", (await names.user(filters.assignee, deleted=True)).id)
    if filters.tag:
        add("tags.id", (await names.tag(filters.tag)).id)
    if filters.ticket_type:
        add("ticketTypeId", (await names.ticket_type(filters.ticket_type)).id)
    if filters.priority:
        add("priority", PRIORITY_NUMBERS[filters.priority])
    absolute: JsonObject = {"where": lasting} if lasting else {}
    for argument, said in filters.moments.items():
        if said is None:
            continue
        moment = iso(parse_time(said, argument, zone=workspace.settings.timezone, now=workspace.now()))
        absolute[argument] = moment
        when, _, side = argument.partition("_")
        add(f"{when}At", moment, ">" if side == "after" else "<")
    for when in ("created", "updated"):
        after, before = absolute.get(f"{when}_after"), absolute.get(f"{when}_before")
        if isinstance(after, str) and isinstance(before, str) and after >= before:
            raise InvalidArgument(
                f"{when}_after is not before {when}_before, so there can be nothing.", "Exchange them, or pass one."
            )
    return found, absolute
