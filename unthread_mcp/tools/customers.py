"""Customers: companies with their channels, domains, support settings and auto-responder."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from unthread_mcp.access import changes, creates, deletes, reads
from unthread_mcp.answers import as_object, text_of
from unthread_mcp.api.endpoints import (
    CREATE_CUSTOMER,
    DELETE_CUSTOMER,
    GET_CUSTOMER,
    LIST_CUSTOMERS,
    TAG_CUSTOMERS,
    UNTAG_CUSTOMERS,
)
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.arguments import Cursor, CustomerRef, Id, Limit, Name, Select, TagNames, Text, UserRef
from unthread_mcp.fields import CUSTOMER
from unthread_mcp.gate import Gate
from unthread_mcp.listing import by_name, list_page
from unthread_mcp.natural_keys import NaturalKey, namesakes
from unthread_mcp.outgoing import prepare
from unthread_mcp.questions import laid_out, of_deletion
from unthread_mcp.render import SEPARATOR, Answer, compact, compose, name_of, names_of, selected_object, whole_name
from unthread_mcp.tools.customer_tags import Links
from unthread_mcp.tools.slack_channels import require_channel, require_no_other_customers
from unthread_mcp.tools.support_settings import (
    Addresses,
    addresses_to_write,
    identity_of,
    supporter_of,
    whose,
)
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import create, delete

LONGEST_TOPIC: Final = 250
"""The reference: "max 250 characters"."""


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
    whole = await customer_of(workspace, found.id)
    if chosen:
        return selected_object(whole, chosen)
    return Answer(await _described(workspace, whole), whole)


@creates("Create a customer", level="admin", shown=False)
async def create_customer(
    workspace: Workspace,
    gate: Gate,
    name: Name,
    email_domains: Addresses | None = None,
    tags: TagNames | None = None,
    slack_channel_id: Id | None = None,
    create_channel: Annotated[bool, Field(description="Make a new Slack channel for them")] = False,
    is_private: bool | None = None,
    channel_topic: Annotated[str | None, Field(max_length=LONGEST_TOPIC)] = None,
    invite: Annotated[
        list[UserRef] | None, Field(description="Users to invite to the new channel", max_length=50)
    ] = None,
) -> Answer:
    """Add a customer (a company), on request with a Slack channel. Names need not be unique: search first."""
    workspace.require_no_limit("a new one is none of them")
    if create_channel and slack_channel_id:
        raise InvalidArgument("A channel is both given and to be made.", "Do one of the two.")
    if not create_channel and (is_private is not None or channel_topic is not None or invite):
        raise InvalidArgument(
            "is_private, channel_topic and invite are about a new channel.",
            "Pass create_channel too, or leave them out.",
        )
    require_channel(slack_channel_id, "slack_channel_id")
    body: JsonObject = {"name": (name := prepare(name).strip())}
    if email_domains:
        body["emailDomains"] = addresses_to_write(email_domains, "email_domains", mail=False)
    if slack_channel_id:
        body["slackChannelId"] = slack_channel_id
    if create_channel:
        body["createChannel"] = True
    if is_private is not None:
        body["isPrivate"] = is_private
    if channel_topic is not None:
        body["channelTopic"] = prepare(channel_topic)
    if tags:
        body["tagIds"] = [(await workspace.names.tag(each)).id for each in tags]
    invited = [await workspace.names.user(each, external=True) for each in invite or []]
    if invited:
        body["inviteUserIds"] = [each.id for each in invited]

    async def approve() -> None:
        if invited:
            people = ", ".join(each.name for each in invited)
            channel = f"{'private ' if is_private else ''}Slack channel"
            topic = [("Its topic", text_of(body, "channelTopic"))] if channel_topic else []
            asked = f"Create the customer {name!r} with a {channel}, and invite people to it?"
            await gate.pass_through(laid_out(asked, [("Whom", people), *topic]))
        if slack_channel_id:
            await require_no_other_customers(workspace, slack_channel_id, "slack_channel_id", None)
            asked = (
                f"Create the customer {name!r}, and send what is for them into the Slack channel {slack_channel_id}?"
            )
            await gate.pass_through(laid_out(asked))

    key = NaturalKey(LIST_CUSTOMERS, "name", name)
    others = await namesakes(workspace, "customer", key)
    created = await create(workspace, CREATE_CUSTOMER, body, what="customer", key=key, approve=approve)
    workspace.names.forget(name)
    said = f"customer {one_line(name, 80)!r} ({identity_of(created.body)})"
    if create_channel and created.outcome == "done":
        said += f", Slack channel {name_of(created.body, 'slackChannel.name')}"
    told = others if created.outcome == "done" else ""
    return Answer(f"{said}.{created.note}{told}", {**created.body}, created.outcome)


@deletes("Delete a customer")
async def delete_customer(workspace: Workspace, gate: Gate, customer: CustomerRef) -> Answer:
    """Remove a customer. What becomes of their conversations is not documented; it can't be taken back."""

    def question(found: JsonObject) -> str:
        lost = "What becomes of their conversations is not documented."
        return of_deletion(f"customer {whole_name(found)!r}", found, whose(found, "emailDomains"), lost=lost)

    gone = await delete(
        workspace,
        gate,
        DELETE_CUSTOMER,
        what="customer",
        asked=customer,
        identify=workspace.names.customer,
        read=lambda identity: customer_of(workspace, identity),
        question=question,
        allow=lambda found: workspace.require_allowed(found.get("id")),
    )
    handle = f"{name_of(gone.body)} ({identity_of(gone.body)})" if gone.body else repr(one_line(customer, 80))
    return Answer(f"customer {handle} is deleted.{gone.note}", gone.body, gone.outcome)


@changes("Tag customers", level="admin", shown=False)
async def tag_customers(
    workspace: Workspace,
    customers: Annotated[list[CustomerRef], Field(description="Names or ids", min_length=1, max_length=100)],
    add: TagNames | None = None,
    remove: TagNames | None = None,
) -> Answer:
    """Add tags to, or remove them from, up to 100 customers; one outcome each."""
    if not add and not remove:
        raise InvalidArgument("No tag was passed.", "Pass add or remove.")
    tags = [(TAG_CUSTOMERS, await workspace.names.tag(each)) for each in add or ()]
    untags = [(UNTAG_CUSTOMERS, await workspace.names.tag(each)) for each in remove or ()]
    if both := [tag for _, tag in tags if tag.id in {each.id for _, each in untags}]:
        raise InvalidArgument(f"The tag {both[0].name!r} is both added and removed.", "Do one of the two.")
    links = Links(workspace)
    await links.find(customers)
    for endpoint, tag in [*tags, *untags]:
        await links.link(endpoint, tag)
    return links.answer()


async def customer_of(workspace: Workspace, identity: str) -> JsonObject:
    """The customer of an id, as Unthread has it, and with the id: the reference's interface lacks it."""
    return {"id": identity} | as_object(await workspace.client.read(GET_CUSTOMER, {"customer_id": identity}))


async def _described(workspace: Workspace, customer: JsonObject) -> str:
    lines = [f"{name_of(customer)} (customer {one_line(text_of(customer, 'id'), 64)})"]
    facts = {
        "tags": names_of(customer, "tags.name"),
        "Slack channel": name_of(customer, "slackChannel.name"),
        "primary support": await supporter_of(workspace, customer, "primary"),
        "secondary support": await supporter_of(workspace, customer, "secondary"),
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


def _minutes(customer: JsonObject) -> str:
    minutes = customer.get("replyTimeoutMinutes")
    return f"{minutes} min" if isinstance(minutes, int | float) else "-"
