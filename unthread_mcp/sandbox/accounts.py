"""Accounts: companies with their addresses, Slack channels and teams, and who supports them."""

from __future__ import annotations

from typing import Final

from unthread_mcp.api.endpoints import CREATE_ACCOUNT, DELETE_ACCOUNT, GET_ACCOUNT, LIST_ACCOUNTS, UPDATE_ACCOUNT

from .calls import Call, JsonValue, answers, not_found
from .checks import Check, anything, filled, list_of, nested, nullable, one_of, record
from .encoding import columns
from .listing import one, page
from .objects import ACCOUNT

SERVICE_ACCOUNT: Final = "c0ffee00-5e11-4acc-8001-0a9100000001"
"""Who stands in `createdBy` and `updatedBy` of what the API wrote."""


_ASSIGNEE_TYPE: Final = nullable(one_of("user", "team"))

_ACCOUNT: Final[dict[str, Check]] = {
    "name": filled,
    "primarySupportAssigneeId": nullable(filled),
    "primarySupportAssigneeType": _ASSIGNEE_TYPE,
    "secondarySupportAssigneeId": nullable(filled),
    "secondarySupportAssigneeType": _ASSIGNEE_TYPE,
    "emailsAndDomains": list_of(filled),
    "slackChannelIds": list_of(filled),
    "slackTeamIds": list_of(filled),
    "customFields": list_of(anything),
    "supportSteps": list_of(anything),
    "imageUrl": nullable(filled),
    "externalCrmMetadata": nullable(nested({"id": filled}, "id")),
}


@answers(CREATE_ACCOUNT)
def create_account(call: Call) -> str:
    """A new account; two may bear the same name."""
    store = call.store
    request = record(call.body, _ACCOUNT, "name")
    account_id, now = store.new_id("account"), store.stamp()
    empty: dict[str, JsonValue] = {
        name: [] for name in ("emailsAndDomains", "slackChannelIds", "slackTeamIds", "customFields", "supportSteps")
    }
    by = {"createdAt": now, "updatedAt": now, "createdBy": SERVICE_ACCOUNT, "updatedBy": SERVICE_ACCOUNT}
    store.insert("accounts", {"id": account_id, **columns(empty | request), **by})
    return one(call, ACCOUNT, account_id)


@answers(GET_ACCOUNT)
def get_account(call: Call) -> str:
    """One account."""
    return one(call, ACCOUNT, call.ids["account_id"])


@answers(UPDATE_ACCOUNT)
def update_account(call: Call) -> str:
    """Changes what is given, lists as a whole."""
    account_id = _existing(call)
    request = record(call.body, _ACCOUNT)
    stamps = {"updatedAt": call.store.stamp(), "updatedBy": SERVICE_ACCOUNT}
    call.store.update("accounts", account_id, columns(request) | stamps)
    return one(call, ACCOUNT, account_id)


@answers(DELETE_ACCOUNT)
def delete_account(call: Call) -> None:
    """The account goes, and with it its tags."""
    call.store.delete("accounts", _existing(call))


@answers(LIST_ACCOUNTS)
def list_accounts(call: Call) -> str:
    """Accounts, by the list conventions."""
    return page(call, ACCOUNT)


def _existing(call: Call) -> str:
    if not call.store.exists("accounts", call.ids["account_id"]):
        raise not_found("Account")
    return call.ids["account_id"]
