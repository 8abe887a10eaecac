"""The people of a workspace: users of the team, and customers, which are companies."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from unthread_mcp.access import reads
from unthread_mcp.answers import as_object, text_of
from unthread_mcp.api.endpoints import GET_CUSTOMER, LIST_CUSTOMERS, LIST_USERS
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.arguments import Cursor, CustomerRef, Limit, Select, Text
from unthread_mcp.fields import CUSTOMER, USER
from unthread_mcp.listing import by_name, list_page
from unthread_mcp.render import SEPARATOR, Answer, compact, compose, name_of, names_of, selected_object
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace


@reads("List users")
async def list_users(
    workspace: Workspace,
    text: Annotated[Text | None, Field(description="Part of the name, or an e-mail address")] = None,
    include_external: Annotated[bool, Field(description="Customers' people too")] = False,
    select: Select | None = None,
    limit: Limit = 25,
    cursor: Cursor | None = None,
) -> Answer:
    """List the team's people, with their e-mail addresses: who conversations can be assigned to."""
    query = by_name(
        LIST_USERS,
        USER,
        text=text,
        select=select,
        limit=limit,
        cursor=cursor,
        arguments={"include_external": include_external or None},
    )
    if text and "@" in text:
        query.where = [{"field": "email", "operator": "==", "value": text}]
    if include_external:
        query.extra = {"includeExternalUsers": True}
    listed = await list_page(workspace, query)
    if listed.chosen:
        return listed.selected("user")
    lines = [
        name_of(row) + SEPARATOR + (one_line(text_of(row, "email"), 80) or one_line(text_of(row, "id"), 64))
        for row in listed.rows
    ]
    return listed.answer("user", lines)


@reads("Search customers")
async def search_customers(
    workspace: Workspace,
    text: Annotated[Text | None, Field(description="Part of the name")] = None,
    tag: Annotated[Text | None, Field(description="Tag name or id")] = None,
    select: Select | None = None,
    limit: Limit = 25,
    cursor: Cursor | None = None,
) -> Answer:
    """Find customers (companies) by name or tag."""
    where: list[JsonObject] = []
    if tag:
        where.append({"field": "tags.id", "operator": "==", "value": (await workspace.names.tag(tag)).id})
    query = by_name(
        LIST_CUSTOMERS,
        CUSTOMER,
        text=text,
        select=select,
        limit=limit,
        cursor=cursor,
        arguments={"tag": tag},
        where=where,
    )
    listed = await list_page(workspace, query)
    if listed.chosen:
        return listed.selected("customer")
    lines = [
        SEPARATOR.join([name_of(row), names_of(row, "tags.name"), name_of(row, "slackChannel.name")])
        for row in listed.rows
    ]
    return listed.answer("customer", lines, legend=f"name{SEPARATOR}tags{SEPARATOR}Slack channel")


@reads("Get a customer")
async def get_customer(workspace: Workspace, customer: CustomerRef, select: Select | None = None) -> Answer:
    """Read one customer: who supports them, tags, Slack channel, reply time-out, auto-responder, e-mail domains."""
    chosen = CUSTOMER.check(select) if select else None
    found = await workspace.names.customer(customer)
    whole = as_object(await workspace.client.read(GET_CUSTOMER, {"customer_id": found.id}))
    if chosen:
        return selected_object(whole, chosen)
    return Answer(await _customer_described(workspace, whole), whole)


async def _customer_described(workspace: Workspace, customer: JsonObject) -> str:
    lines = [f"{name_of(customer)} (customer {one_line(text_of(customer, 'id'), 64)})"]
    facts = {
        "tags": names_of(customer, "tags.name"),
        "Slack channel": name_of(customer, "slackChannel.name"),
        "primary support": await _assignee(workspace, customer, "primarySupport"),
        "secondary support": await _assignee(workspace, customer, "secondarySupport"),
        "reply within": _minutes(customer),
        "bot handling": one_line(text_of(customer, "botHandling"), 40) or "-",
        "e-mail domains": names_of(customer, "emailDomains"),
        "since": workspace.date(customer.get("createdAt")),
    }
    lines += [f"{label}: {value}" for label, value in facts.items() if value != "-"]
    responder = customer.get("autoresponder")
    if isinstance(responder, dict) and responder.get("enabled") is True:
        lines.append(
            f"auto-responder {one_line(text_of(responder, 'condition'), 40)}: "
            f"{one_line(text_of(responder, 'message'), 200)}"
        )
    if customer.get("disableAutomatedTicketing") is True:
        lines.append("automated ticketing is off")
    if isinstance(steps := customer.get("supportSteps"), list) and steps:
        lines.append(f"support steps: {compact(steps)}")
    return compose([], lines, [])


async def _assignee(workspace: Workspace, customer: JsonObject, which: str) -> str:
    kind, identity = text_of(customer, f"{which}AssigneeType"), text_of(customer, f"{which}AssigneeId")
    if not identity:
        return "-"
    return await workspace.names.name_of_user(identity) if kind != "team" else f"team {one_line(identity, 64)}"


def _minutes(customer: JsonObject) -> str:
    minutes = customer.get("replyTimeoutMinutes")
    return f"{minutes} min" if isinstance(minutes, int | float) else "-"
