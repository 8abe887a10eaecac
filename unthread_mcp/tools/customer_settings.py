"""Changing a customer: who supports them and how, and what the auto-responder tells them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from unthread_mcp.access import changes
from unthread_mcp.answers import text_of
from unthread_mcp.api.endpoints import GET_CUSTOMER, UPDATE_CUSTOMER
from unthread_mcp.api.errors import Conflict, InvalidArgument
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.arguments import Clear, CustomerRef, Id, Name
from unthread_mcp.gate import Gate
from unthread_mcp.outgoing import prepare
from unthread_mcp.questions import laid_out
from unthread_mcp.render import Answer, name_of
from unthread_mcp.tools.customers import customer_of
from unthread_mcp.tools.slack_channels import is_the_teams_own, require_channel, require_no_other_customers
from unthread_mcp.tools.support_settings import (
    Addresses,
    Steps,
    Support,
    Supporter,
    addresses_to_write,
    changed_answer,
    name_to_write,
    with_cleared,
)
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import change, is_same

CLEARABLE: Final = {
    "primary_assignee": "primarySupportAssigneeId",
    "secondary_assignee": "secondarySupportAssigneeId",
    "email_domains": "emailDomains",
    "reply_timeout_hours": "replyTimeoutHours",
    "bot_handling": "botHandling",
    "slack_channel_id": "slackChannelId",
    "triage_channel_id": "defaultTriageChannelId",
    "autoresponder": "autoresponder",
    "support_steps": "supportSteps",
}
"""What `clear` can empty, and the field behind it."""
_LISTS: Final = frozenset({"emailDomains"})
_ASKED_ABOUT: Final = {"autoresponder": "auto-responder", "slackChannelId": "Slack channel"}
"""What a human is asked about with what there was before."""


@changes("Update a customer", level="admin", shown=False)
async def update_customer(
    workspace: Workspace,
    gate: Gate,
    customer: CustomerRef,
    name: Name | None = None,
    primary_assignee: Supporter | None = None,
    secondary_assignee: Supporter | None = None,
    email_domains: Addresses | None = None,
    reply_timeout_hours: Annotated[
        float | None, Field(description="get_customer shows it in minutes", ge=0, le=100_000)
    ] = None,
    bot_handling: Literal["off", "all"] | None = None,
    slack_channel_id: Id | None = None,
    triage_channel_id: Id | None = None,
    automated_ticketing: bool | None = None,
    autoresponder: Annotated[bool | None, Field(description="On or off")] = None,
    autoresponder_when: Literal["always", "outside-working-hours"] | None = None,
    autoresponder_message: Annotated[str | None, Field(max_length=10_000)] = None,
    support_steps: Steps | None = None,
    clear: Clear | None = None,
) -> Answer:
    """Change what is passed of a customer; the rest stays. Lists are replaced.

    Customers who write get the auto-responder's message. clear takes the name of any argument but
    name and automated_ticketing.
    """
    plain: JsonObject = {
        "name": name_to_write(name),
        "emailDomains": None
        if email_domains is None
        else addresses_to_write(email_domains, "email_domains", mail=False),
        "replyTimeoutHours": reply_timeout_hours,
        "botHandling": bot_handling,
        "slackChannelId": slack_channel_id,
        "defaultTriageChannelId": triage_channel_id,
        "disableAutomatedTicketing": None if automated_ticketing is None else not automated_ticketing,
    }
    responder: JsonObject = {
        "enabled": autoresponder,
        "condition": autoresponder_when,
        "message": None if autoresponder_message is None else prepare(autoresponder_message),
    }
    body: JsonObject = {field: value for field, value in plain.items() if value is not None}
    responder = {field: value for field, value in responder.items() if value is not None}
    support = Support(primary_assignee, secondary_assignee, support_steps)
    later = {*support.fields, *(["autoresponder"] if responder else [])}
    body = with_cleared(body, clear, CLEARABLE, lists=_LISTS, later=later)
    require_channel(slack_channel_id, "slack_channel_id")
    require_channel(triage_channel_id, "triage_channel_id")
    found = await workspace.names.customer(customer)
    workspace.require_allowed(found.id)
    if body.get("slackChannelId") or body.get("emailDomains"):
        workspace.require_no_limit("at another's channel or domains, what this one may be sent would reach them")
    if triage_channel_id and not await is_the_teams_own(workspace, triage_channel_id, "triage_channel_id"):
        workspace.require_no_limit("nothing shows that this channel is the team's own")
        # Internal notes would go there from now on.
        await gate.pass_through(
            f"Triage the conversations of customer {one_line(found.name, 60)} in the Slack channel {triage_channel_id}"
            "? Nothing shows that the team alone reads it."
        )
    body |= await support.to_write(workspace, exact=True)
    before = await customer_of(workspace, found.id)
    if slack_channel_id:
        await require_no_other_customers(workspace, slack_channel_id, "slack_channel_id", found.id)
    if "slackChannelId" in body and (slack_channel_id or "") != text_of(before, "slackChannelId"):
        await gate.pass_through(_channel_question(before, slack_channel_id))
    if responder:
        body["autoresponder"] = _responder(before, responder)
    if "autoresponder" in body:
        await gate.pass_through(_question(before, body["autoresponder"]))

    async with workspace.writing_to(found.id):
        if not body.keys().isdisjoint(_ASKED_ABOUT):
            now = await customer_of(workspace, found.id)
            for field, what in _ASKED_ABOUT.items():
                if field in body and gate.asks and now.get(field) != before.get(field):
                    raise Conflict(
                        f"Somebody else changed the {what} while the human was asked, so nothing was changed.",
                        "Read the customer again, then decide.",
                    )
            if responder and not gate.asks:
                body["autoresponder"] = _responder(now, responder)
            before = now
        try:
            written = await change(
                workspace,
                UPDATE_CUSTOMER,
                {"customer_id": found.id},
                body,
                read_back=GET_CUSTOMER,
                shows=lambda shown: _shows(shown, body),
            )
        finally:
            workspace.names.forget(found.id, text_of(body, "name"))
    handle = f"customer {name_of({**before, **body})} ({found.id})"
    return await changed_answer(workspace, handle, before, written, body, also=_timeout_said(written.body, body))


def _responder(before: JsonObject, given: JsonObject) -> JsonObject:
    """The whole auto-responder, as the reference wants it, with `given` in it. Raises `InvalidArgument` without all."""
    current = before.get("autoresponder")
    whole: JsonObject = {**(current if isinstance(current, dict) else {"enabled": True}), **given}
    missing = [name for name in ("condition", "message") if not text_of(whole, name)]
    if missing:
        wanted = " and ".join(
            {"condition": "autoresponder_when", "message": "autoresponder_message"}[m] for m in missing
        )
        raise InvalidArgument(
            "This customer has no auto-responder yet, and it needs all its parts.", f"Pass {wanted} too."
        )
    return whole


def _channel_question(before: JsonObject, channel_id: str | None) -> str:
    """What a human is asked before what a customer is sent goes elsewhere, or their channel is nobody's any more."""
    old = text_of(before, "slackChannelId")
    named = f"{one_line(old, 64)} ({name_of(before, 'slackChannel.name')})"
    if channel_id is None:
        return laid_out(f"Take the Slack channel {named} away from customer {name_of(before)}?")
    return laid_out(
        f"Send what is for customer {name_of(before)} into the Slack channel {channel_id} from now on?",
        [("Instead of", named)] if old else [],
    )


def _question(before: JsonObject, responder: Any) -> str:
    """What a human is asked before an auto-responder changes."""
    whose = f"the auto-responder of customer {name_of(before)}"
    if not isinstance(responder, dict):
        return f"Take {whose} away?"
    asked: JsonObject = {**responder}
    state = "on" if asked.get("enabled") is True else "off"
    facts = [("It will be", state), ("When", text_of(asked, "condition"))]
    return laid_out(f"Change {whose}?", facts, [text_of(asked, "message")])


def _as_read(body: JsonObject) -> JsonObject:
    """What is written as it is read: the reference writes a reply time-out in hours and reads it in minutes.

    That one is sixty of the other is inferred.
    """
    hours = body.get("replyTimeoutHours")
    shown = {name: value for name, value in body.items() if name != "replyTimeoutHours"}
    if "replyTimeoutHours" in body:
        shown["replyTimeoutMinutes"] = round(hours * 60) if isinstance(hours, int | float) else None
    return shown


def _shows(found: JsonObject, body: JsonObject) -> bool:
    return all(name in found and is_same(found[name], value) for name, value in _as_read(body).items())


def _timeout_said(changed: JsonObject, body: JsonObject) -> str:
    """How the hours written came out in minutes, if the receipt shows it."""
    wanted = _as_read(body).get("replyTimeoutMinutes")
    shown = changed.get("replyTimeoutMinutes")
    if wanted is None or shown is None:
        return ""
    if is_same(shown, wanted):
        return f" Unthread shows the reply time-out as {wanted} min."
    return f" Unthread shows the reply time-out as {shown} min, where {wanted} were meant: correct it there."
