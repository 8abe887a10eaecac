"""Outbounds: announcements to many customers at once, in Slack.

A draft reaches nobody. Whatever sends one, or changes one that is scheduled, passes the human
gate with everything that the customers will see, and is done once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from unthread_mcp.access import reads, sends
from unthread_mcp.answers import as_object, id_of, text_of
from unthread_mcp.api.endpoints import CREATE_OUTBOUND, GET_OUTBOUND, LIST_OUTBOUNDS, UPDATE_OUTBOUND
from unthread_mcp.api.errors import Conflict, InvalidArgument, OutcomeUnknown
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.arguments import Cursor, Id, Limit, Name, Select, When
from unthread_mcp.fields import OUTBOUND
from unthread_mcp.gate import Gate
from unthread_mcp.intents import Intent, Unresolved
from unthread_mcp.listing import Query, list_page
from unthread_mcp.natural_keys import NaturalKey
from unthread_mcp.outbound_content import (
    found_recipients,
    handle_of,
    question,
    recipient_ids,
    recipient_names,
    require_open,
    require_sendable,
    run_time,
    sender_name,
    status_of,
    subject_of,
    texts_of,
    when,
    written_blocks,
    written_sender,
)
from unthread_mcp.outbound_sendings import (
    exact_content,
    on_their_way,
    require_not_failed,
    require_unsaid,
    sendings,
    settle_if_seen,
)
from unthread_mcp.outgoing import prepare
from unthread_mcp.render import SEPARATOR, Answer, compose, selected_object, some_of
from unthread_mcp.untrusted import Fence, one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import Written, change, create, is_same, once

Subject = Annotated[str, Field(min_length=1, max_length=300)]
Blocks = Annotated[list[dict[str, Any]], Field(min_length=1, max_length=50)]
Customers = Annotated[list[Name], Field(min_length=1, max_length=500)]
Person = Annotated[str, Field(min_length=1, max_length=200)]

_CONTENT: Final = ("status", "subject", "blocks", "recipients", "sendAs", "runAt")


@reads("List outbounds", shown=False)
async def list_outbounds(
    workspace: Workspace,
    status: Literal["draft", "scheduled", "sent", "failed"] | None = None,
    select: Select | None = None,
    limit: Limit = 25,
    cursor: Cursor | None = None,
) -> Answer:
    """List announcements to customers: drafts, scheduled, sent and failed ones."""
    query = Query(
        LIST_OUTBOUNDS,
        OUTBOUND,
        {
            "status": status,
            "select": [*select] if select else None,
            "limit": limit if limit != 25 else None,
        },
        select=select,
        where=[{"field": "status", "operator": "==", "value": status}] if status else [],
        # The only field that surely has an order: the reference names no time but runAt, which drafts may lack.
        order=("id",),
        descending=False,
        limit=limit,
        cursor=cursor,
    )
    listed = await list_page(workspace, query)
    if listed.chosen:
        return listed.selected("outbound")
    lines = [
        SEPARATOR.join(
            [
                id_of(row) or "?",
                status_of(row),
                workspace.date(row.get("runAt"), clock=True),
                str(len(recipient_ids(row))),
                subject_of(row),
            ]
        )
        for row in listed.rows
    ]
    legend = SEPARATOR.join(["id", "status", "time", "customers", "subject"])
    return listed.answer("outbound", lines, legend=legend)


@reads("Get an outbound", shown=False)
async def get_outbound(workspace: Workspace, outbound: Id, select: Select | None = None) -> Answer:
    """Read one announcement to customers: its words, who receives it, when, and from whom."""
    chosen = OUTBOUND.check(select) if select else None
    found = await _read(workspace, outbound)
    if chosen:
        return selected_object(found, chosen)
    names = await recipient_names(workspace, found)
    head = [
        handle_of(found),
        SEPARATOR.join([status_of(found), when(workspace, found)]),
        f"to {len(names)} customer{'' if len(names) == 1 else 's'}: {some_of(names, 60) or '-'}",
        f"from {one_line(await sender_name(workspace, found), 200)}",
    ]
    return Answer(compose(head, texts_of(found), [], fence=Fence()), found)


@sends("Create an outbound", level="admin", shown=False)
async def create_outbound(
    workspace: Workspace,
    gate: Gate,
    subject: Subject,
    send_as: Annotated[Person, Field(description="Name, e-mail or id")],
    text: Annotated[str | None, Field(description="Slack's markdown")] = None,
    blocks: Annotated[Blocks | None, Field(description="Slack blocks, after text")] = None,
    customers: Annotated[Customers | None, Field(description="Names or ids")] = None,
    tag: Annotated[Name | None, Field(description="All customers with this tag")] = None,
    as_support_rep: Annotated[bool, Field(description="From each customer's own, else send_as")] = False,
    run_at: Annotated[When | None, Field(description="Date-time to come; else at once")] = None,
    send: bool = False,
) -> Answer:
    """Announce something to several customers in Slack: a draft, which reaches nobody, unless send is true.

    send sends it to all of them, at once or at run_at, and can't be taken back.
    """
    if text is None and not blocks:
        raise InvalidArgument("There is nothing to say.", "Pass text or blocks.")
    if not customers and not tag:
        raise InvalidArgument("Nobody would receive it.", "Pass customers or tag.")
    body: JsonObject = {
        "status": "scheduled" if send else "draft",
        "deliveryMethod": "slack",
        "subject": prepare(subject),
        "blocks": written_blocks(text, blocks),
    }
    if run_at is not None:
        body["runAt"] = run_time(workspace, run_at)
    body["sendAs"] = await written_sender(workspace, send_as, as_support_rep=as_support_rep)
    recipients, asked = await found_recipients(workspace, customers, tag)
    # Who carries a tag may change from call to call: the same announcement is the same all the same.
    intended: JsonValue = [{**body, "subject": None, "blocks": exact_content(body)}, asked]
    body["recipients"] = recipients

    async def approve() -> None:
        await require_unsaid(workspace, body, draft=not send)
        if send and gate.asks:
            await gate.pass_through(await question(workspace, body))
            require_sendable(workspace, body)

    created = await create(
        workspace,
        CREATE_OUTBOUND,
        body,
        what="outbound",
        key=NaturalKey(LIST_OUTBOUNDS, "subject", text_of(body, "subject"), also=("status", "runAt")),
        intended=intended,
        also=sendings(body) if send else (),
        verify=require_not_failed,
        approve=approve,
    )
    return _answer(workspace, body, created)


@sends("Update an outbound", level="admin", shown=False)
async def update_outbound(
    workspace: Workspace,
    gate: Gate,
    outbound: Id,
    subject: Subject | None = None,
    text: str | None = None,
    blocks: Blocks | None = None,
    customers: Customers | None = None,
    tag: Name | None = None,
    send_as: Person | None = None,
    as_support_rep: bool | None = None,
    run_at: When | None = None,
    send: bool | None = None,
) -> Answer:
    """Change an announcement that is not out yet; what is passed, as in create_outbound, replaces what was there.

    send true sends a draft to all its customers, which can't be taken back; false makes a draft
    of a scheduled one.
    """
    body: JsonObject = {}
    if subject is not None:
        body["subject"] = prepare(subject)
    if text is not None or blocks:
        body["blocks"] = written_blocks(text, blocks)
    if run_at is not None:
        body["runAt"] = run_time(workspace, run_at)
    if send is not None:
        body["status"] = "scheduled" if send else "draft"
    before = await _read(workspace, outbound)
    if send_as is not None or as_support_rep is not None:
        body["sendAs"] = await written_sender(workspace, send_as, as_support_rep=as_support_rep, before=before)
    if customers or tag:
        body["recipients"], _ = await found_recipients(workspace, customers, tag)
    if not body:
        raise InvalidArgument("Nothing to change was passed.", "Pass what is to change, or send.")
    whole = {**before, **body}
    for each in recipient_ids(before) + recipient_ids(whole):
        workspace.require_allowed(each)
    if status_of(before) in {"scheduled", "sent"} and isinstance(
        workspace.intents.look(_sending(outbound)), Unresolved
    ):
        # Nobody had said whether it was sent; now that it is seen so, it is known.
        for each in (_sending(outbound), *sendings(before)):
            workspace.intents.resolve(each, {"id": outbound})
    settle_if_seen(workspace, before)
    if "status" in body and _shows(before, body):
        return Answer(f"{handle_of(before)} is {status_of(before)} already.", before, "already_done")
    require_open(workspace, before)
    goes_out = whole.get("status") == "scheduled"
    if goes_out:
        require_sendable(workspace, whole)
        if not isinstance(workspace.intents.look(_sending(outbound)), Unresolved):
            await require_unsaid(workspace, whole, but=on_their_way(before))
        if gate.asks:
            await gate.pass_through(await question(workspace, whole))
            require_sendable(workspace, whole)
    async with workspace.writing_to(outbound):
        if goes_out:
            written = await _send(workspace, outbound, before, body)
        else:
            await _require_as_before(workspace, outbound, before, ("status", *body), "Nothing was changed.")
            written = await _change(workspace, outbound, body)
    return _answer(workspace, whole, written)


async def _send(workspace: Workspace, outbound: str, before: JsonObject, body: JsonObject) -> Written:
    """Change it into something that goes out: what was seen and approved, and once."""

    async def send() -> Written:
        await _require_as_before(workspace, outbound, before, _CONTENT, "Nothing was sent.")
        written = await _change(workspace, outbound, body)
        require_not_failed({**before, **body, **written.body})
        return written

    async def unresolved() -> OutcomeUnknown:
        return OutcomeUnknown(
            f"It is not known whether the outbound {outbound} was sent.",
            "Don't send it again, nor one like it; get_outbound or a person in Unthread can tell.",
        )

    also = [each for each in sendings({**before, **body}) if each not in on_their_way(before)]
    return await once(workspace, _sending(outbound), send, unresolved=unresolved, also=also)


async def _require_as_before(
    workspace: Workspace, outbound: str, before: JsonObject, names: Iterable[str], so: str
) -> None:
    """Raise `Conflict` if one of these fields changed: a draft may be on its way by now, with words not approved."""
    found = await _read(workspace, outbound)
    if any(found.get(name) != before.get(name) for name in names):
        raise Conflict(
            f"{handle_of(found)} was changed meanwhile; it is {status_of(found)} now.",
            f"{so} Read it, and call again if it still fits.",
        )


async def _change(workspace: Workspace, outbound: str, body: JsonObject) -> Written:
    return await change(
        workspace,
        UPDATE_OUTBOUND,
        {"outbound_id": outbound},
        body,
        read_back=GET_OUTBOUND,
        shows=lambda found: _shows(found, body),
    )


def _shows(found: JsonObject, body: JsonObject) -> bool:
    """Whether `found` is what `body` makes of it. What is to go out at once is sent by the time that it is read."""
    sent = body.get("status") == "scheduled" and status_of(found) == "sent"
    return all(
        (name == "status" and sent) or (name in found and is_same(found[name], value)) for name, value in body.items()
    )


def _sending(outbound: str) -> Intent:
    return Intent("sending of an outbound", outbound, None, "")


async def _read(workspace: Workspace, outbound: str) -> JsonObject:
    return as_object(await workspace.client.read(GET_OUTBOUND, {"outbound_id": outbound}))


def _answer(workspace: Workspace, intended: JsonObject, written: Written) -> Answer:
    """What became of it, by the receipt where it says so."""
    now = {**intended, **written.body}
    count = len(recipient_ids(now))
    to = f"{count} customer{'' if count == 1 else 's'}"
    match status_of(now):
        case "draft":
            said = f"{handle_of(now)} is a draft to {to}; nothing was sent"
        case "sent":
            said = f"{handle_of(now)} was sent to {to}"
        case "scheduled":
            said = f"{handle_of(now)} goes out to {to}: {when(workspace, now)}"
        case other:
            said = f"{handle_of(now)} to {to}: Unthread says that it is {other}; tell the user"
    return Answer(f"{said}.{written.note}", now, written.outcome)
