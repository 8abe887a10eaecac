"""Automations, and the handles of Slack user groups: what the reference lets be written and never read."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from unthread_mcp.api.endpoints import CREATE_AUTOMATION, UPDATE_SLACK_USER_GROUP

from .calls import Call, answers, not_found
from .checks import Check, anything, filled, list_of, map_of, nested, nullable, one_of, record, text
from .encoding import columns
from .listing import one
from .objects import AUTOMATION

SLACK_USER_GROUP: Final = replace(UPDATE_SLACK_USER_GROUP, method="PATCH", path="/sandbox/slack-user-group")
"""Where the sandbox answers it. Nobody knows Unthread's own method and path; these are made up, and look it."""

TRIGGERS: Final = ("event", "manual", "webhook", "slackReaction", "scheduled", "delay")
STEPS: Final = ("action", "branches")


_DATA: Final = map_of(anything)
_AUTOMATION: Final[dict[str, Check]] = {
    "name": filled,
    "description": nullable(text),
    "status": one_of("draft", "active", "inactive"),
    "trigger": nested({"type": one_of(*TRIGGERS), "data": _DATA}, "type", "data"),
    "steps": list_of(nested({"type": one_of(*STEPS), "data": _DATA}, "type", "data")),
    "conditions": nullable(_DATA),
}


@answers(CREATE_AUTOMATION)
def create_automation(call: Call) -> str:
    """A new automation, a draft unless told otherwise. It never runs."""
    store = call.store
    request = record(call.body, _AUTOMATION, "name", "trigger", "steps")
    automation_id, now = store.new_id("automation"), store.stamp()
    defaults = {"id": automation_id, "status": "draft", "createdAt": now, "updatedAt": now}
    store.insert("automations", defaults | columns(request))
    return one(call, AUTOMATION, automation_id)


@answers(UPDATE_SLACK_USER_GROUP)
def update_slack_user_group(call: Call) -> str:
    """The handle of a member of the team, found by address."""
    request = record(call.body, {"email": filled, "slackHandle": filled}, "email", "slackHandle")
    found = call.store.one("SELECT id FROM users WHERE email = ? AND NOT external", request["email"])
    if found is None:
        raise not_found("User")
    values = (found[0], request["slackHandle"])
    call.store.database.execute("INSERT OR REPLACE INTO slack_handles VALUES (?, ?)", values)
    return "{}"
