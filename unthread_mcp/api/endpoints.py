"""The endpoints of Unthread's API reference, one line each.

This table states what Unthread *is*. Tools send these symbols, the sandbox answers
them, and the contract tests count them, so "find references" on a line shows all three.

`effect` cannot be guessed from the method, because Unthread lists by POST:

* ``reads``: changes nothing, so it may be tried again after a fault.
* ``changes``: sets a state (PATCH, PUT, links, followers); an empty answer is a success.
* ``deletes``: removes something; an empty answer is a success.
* ``creates``: makes or sends something new; it must never be sent twice, and an empty
  answer says nothing about whether it happened.

`source` says how surely a method and path are known: ``documented`` (printed in the
reference), ``client code`` (the reference names the endpoint and published clients call
this path), ``convention`` (its siblings' pattern alone) or ``operator`` (the reference
prints no path and nobody else does: the operator has to name it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Effect = Literal["reads", "changes", "creates", "deletes"]
Source = Literal["documented", "client code", "convention", "operator"]

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
ID_PATTERN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What an id may look like before it enters a path. Ids are not necessarily UUIDs:
the reference's own customer ids have 20 letters and digits."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: an HTTP method, a path with ``{placeholders}``, and what calling it does."""

    method: str
    path: str
    effect: Effect
    source: Source = "documented"

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Names of the ids in the path, in order."""
        return tuple(_PLACEHOLDER.findall(self.path))

    def url(self, ids: dict[str, str]) -> str:
        """The path with `ids` filled in.

        Raises `ValueError` for an id that may not enter a path, and `KeyError` for one
        that is missing: both are mistakes of ours, since tools check ids first.
        """

        def fill(match: re.Match[str]) -> str:
            value = ids[match[1]]
            if not ID_PATTERN.fullmatch(value):
                raise ValueError(f"{match[1]} is not an id")
            return value

        return _PLACEHOLDER.sub(fill, self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


# Accounts
CREATE_ACCOUNT = Endpoint("POST", "/accounts", "creates", "client code")
GET_ACCOUNT = Endpoint("GET", "/accounts/{account_id}", "reads", "client code")
UPDATE_ACCOUNT = Endpoint("PATCH", "/accounts/{account_id}", "changes")
DELETE_ACCOUNT = Endpoint("DELETE", "/accounts/{account_id}", "deletes")
LIST_ACCOUNTS = Endpoint("POST", "/accounts/list", "reads", "client code")

# Approval requests
CREATE_APPROVAL_REQUEST = Endpoint("POST", "/conversations/{conversation_id}/approval-requests", "creates")
LIST_APPROVAL_REQUESTS = Endpoint("GET", "/conversations/{conversation_id}/approval-requests", "reads")

# Automations
CREATE_AUTOMATION = Endpoint("POST", "/automations", "creates", "convention")

# Conversation management
ADD_FOLLOWER = Endpoint("POST", "/conversations/{conversation_id}/add-follower", "changes")
REMOVE_FOLLOWER = Endpoint("POST", "/conversations/{conversation_id}/remove-follower", "changes")
ASSIGN_COLLABORATOR = Endpoint(
    "PUT", "/conversations/{conversation_id}/collaborators/{collaborator_type_id}", "changes"
)
LIST_COLLABORATOR_TYPES = Endpoint("POST", "/collaborator-types/list", "reads")

# Conversations
CREATE_CONVERSATION = Endpoint("POST", "/conversations", "creates")
GET_CONVERSATION = Endpoint("GET", "/conversations/{conversation_id}", "reads")
UPDATE_CONVERSATION = Endpoint("PATCH", "/conversations/{conversation_id}", "changes")
LIST_CONVERSATIONS = Endpoint("POST", "/conversations/list", "reads")
LIST_MESSAGES = Endpoint("POST", "/conversations/{conversation_id}/messages/list", "reads")
CREATE_MESSAGE = Endpoint("POST", "/conversations/{conversation_id}/messages", "creates")
DOWNLOAD_FILE = Endpoint("GET", "/conversations/{conversation_id}/files/{file_id}/full", "reads")

# Customers
GET_CUSTOMER = Endpoint("GET", "/customers/{customer_id}", "reads")
UPDATE_CUSTOMER = Endpoint("PATCH", "/customers/{customer_id}", "changes")
CREATE_CUSTOMER = Endpoint("POST", "/customers", "creates", "client code")
DELETE_CUSTOMER = Endpoint("DELETE", "/customers/{customer_id}", "deletes")
LIST_CUSTOMERS = Endpoint("POST", "/customers/list", "reads", "client code")

# Knowledge base
QUERY_KNOWLEDGE_BASE = Endpoint("POST", "/knowledge-base/query", "reads")
CREATE_ARTICLE = Endpoint("POST", "/knowledge-base/articles", "creates")
GET_ARTICLE = Endpoint("GET", "/knowledge-base/articles/{article_id}", "reads")
UPDATE_ARTICLE = Endpoint("PATCH", "/knowledge-base/articles/{article_id}", "changes")
DELETE_ARTICLE = Endpoint("DELETE", "/knowledge-base/articles/{article_id}", "deletes")
LIST_ARTICLES = Endpoint("POST", "/knowledge-base/articles/list", "reads")

# Outbound messages
CREATE_OUTBOUND = Endpoint("POST", "/outbounds", "creates", "convention")
# A PATCH that can send: moving a draft to "scheduled" does.
UPDATE_OUTBOUND = Endpoint("PATCH", "/outbounds/{outbound_id}", "changes")
LIST_OUTBOUNDS = Endpoint("POST", "/outbounds/list", "reads", "convention")
GET_OUTBOUND = Endpoint("GET", "/outbounds/{outbound_id}", "reads")

# Reporting
TIME_SERIES = Endpoint("POST", "/reporting/time-series", "reads")

# Slack integration
UPDATE_SLACK_USER_GROUP = Endpoint("", "", "changes", "operator")

# Tags
GET_TAG = Endpoint("GET", "/tags/{tag_id}", "reads", "convention")
UPDATE_TAG = Endpoint("PATCH", "/tags/{tag_id}", "changes", "convention")
CREATE_TAG = Endpoint("POST", "/tags", "creates", "convention")
DELETE_TAG = Endpoint("DELETE", "/tags/{tag_id}", "deletes", "convention")
LIST_TAGS = Endpoint("POST", "/tags/list", "reads", "client code")
TAG_CUSTOMERS = Endpoint("POST", "/tags/{tag_id}/customers/create-links", "changes")
TAG_CONVERSATIONS = Endpoint("POST", "/tags/{tag_id}/conversations/create-links", "changes")
UNTAG_CUSTOMERS = Endpoint("POST", "/tags/{tag_id}/customers/delete-links", "changes")
UNTAG_CONVERSATIONS = Endpoint("POST", "/tags/{tag_id}/conversations/delete-links", "changes")

# Ticket types
CREATE_TICKET_TYPE = Endpoint("POST", "/ticket-types", "creates", "client code")
UPDATE_TICKET_TYPE = Endpoint("PATCH", "/ticket-types/{ticket_type_id}", "changes")
DELETE_TICKET_TYPE = Endpoint("DELETE", "/ticket-types/{ticket_type_id}", "deletes")
LIST_TICKET_TYPES = Endpoint("POST", "/ticket-types/list", "reads")
GET_TICKET_TYPE = Endpoint("GET", "/ticket-types/{ticket_type_id}", "reads")

# Users
LIST_USERS = Endpoint("POST", "/users/list", "reads", "client code")
GET_USER = Endpoint("GET", "/users/{user_id}", "reads", "client code")

# Webhooks
CREATE_WEBHOOK = Endpoint("POST", "/webhook-subscriptions", "creates")
UPDATE_WEBHOOK = Endpoint("PATCH", "/webhook-subscriptions/{webhook_id}", "changes")
DELETE_WEBHOOK = Endpoint("DELETE", "/webhook-subscriptions/{webhook_id}", "deletes")
LIST_WEBHOOKS = Endpoint("GET", "/webhook-subscriptions", "reads")

ENDPOINTS: Final[dict[str, Endpoint]] = {
    name: value for name, value in list(globals().items()) if isinstance(value, Endpoint)
}
"""Every endpoint by its symbol, in the reference's order."""
