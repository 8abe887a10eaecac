"""Automations, and the handles of Slack user groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, cast

from pydantic import Field

from unthread_mcp.access import changes, creates
from unthread_mcp.answers import text_of
from unthread_mcp.api.endpoints import CREATE_AUTOMATION
from unthread_mcp.api.errors import InvalidArgument, NotPermitted
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.api.uninterrupted import uninterrupted
from unthread_mcp.arguments import Id, Name
from unthread_mcp.gate import Gate
from unthread_mcp.outgoing import prepare, prepare_blocks
from unthread_mcp.questions import laid_out
from unthread_mcp.render import Answer, compact
from unthread_mcp.settings import SLACK_USER_GROUP_OPTION
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import create

Trigger = Literal["event", "manual", "webhook", "slackReaction", "scheduled", "delay"]
AutomationStatus = Literal["draft", "active", "inactive"]

_STEPS: Final = ("action", "branches")


@creates("Create an automation", level="admin", shown=False)
async def create_automation(
    workspace: Workspace,
    gate: Gate,
    name: Name,
    trigger_type: Trigger,
    steps: Annotated[
        list[dict[str, Any]], Field(description='{"type": "action" or "branches", "data": {}}', max_length=100)
    ],
    trigger_data: dict[str, Any] | None = None,
    description: Annotated[str | None, Field(max_length=2_000)] = None,
    status: AutomationStatus = "draft",
    conditions: dict[str, Any] | None = None,
) -> Answer:
    """Create an automation, if the workspace has custom actions. It can't be read back or changed here.

    Unthread documents no data of triggers and steps.
    """
    workspace.require_no_limit("an automation may act on anybody's conversations")
    body: JsonObject = {
        "name": prepare(name),
        "status": status,
        "trigger": {"type": trigger_type, "data": prepare_blocks(trigger_data or {})},
        "steps": [_step(each) for each in steps],
    }
    if description:
        body["description"] = prepare(description)
    if conditions:
        body["conditions"] = prepare_blocks(conditions)

    async def approve() -> None:
        if status == "active":
            # What runs by itself may write to customers.
            await gate.pass_through(laid_out("Create this automation and let it run?", [("It is", compact(body))]))

    written = await create(workspace, CREATE_AUTOMATION, body, what="automation", key=None, approve=approve)
    identity = one_line(text_of(written.body, "id"), 64) or "(its id was not returned)"
    said = one_line(text_of(written.body, "status"), 40) or status
    return Answer(f"automation {identity} {one_line(name, 80)!r}, {said}.{written.note}", written.body, written.outcome)


def _step(given: Mapping[str, Any]) -> JsonObject:
    """A step as the reference prints it, its texts prepared."""
    data = given.get("data", {})
    if given.get("type") not in _STEPS or not isinstance(data, dict) or set(given) - {"type", "data"}:
        raise InvalidArgument(
            "A step is not of the form that Unthread takes.",
            f'Use {{"type": "action", "data": {{…}}}}; type is {" or ".join(_STEPS)}.',
        )
    return {"type": given["type"], "data": prepare_blocks(cast("JsonValue", data))}


@changes("Update a Slack user group", level="admin", shown=False, needs=SLACK_USER_GROUP_OPTION)
async def update_slack_user_group(
    workspace: Workspace,
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200)],
    slack_handle: Annotated[str, Field(pattern=r"^@?[A-Za-z0-9._-]{1,80}$")],
    group: Annotated[Id | None, Field(description="If the operator's path has an id")] = None,
) -> Answer:
    """Set a user's Slack handle for Slack user groups. It can't be read back."""
    endpoint = workspace.settings.slack_user_group_endpoint
    if endpoint is None:
        raise NotPermitted(
            "The operator has not said where Unthread takes this.", f"Only they can, with {SLACK_USER_GROUP_OPTION}."
        )
    if bool(endpoint.placeholders) != (group is not None):
        raise InvalidArgument(
            f"The operator's path has {'an' if endpoint.placeholders else 'no'} id of a group in it.",
            "Pass group." if endpoint.placeholders else "Leave group out.",
        )
    ids = dict.fromkeys(endpoint.placeholders, group or "")
    handle = slack_handle.removeprefix("@")
    receipt = await uninterrupted(
        lambda: workspace.client.write(endpoint, ids, body={"email": email, "slackHandle": handle})
    )
    note = "" if receipt.complete else " Its receipt was incomplete."
    data: JsonObject = {"email": email, "slackHandle": handle}
    return Answer(f"the Slack handle of {one_line(email, 200)} is set to {handle}.{note}", data, "done")
