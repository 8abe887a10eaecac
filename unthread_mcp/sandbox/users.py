"""Users: the support team's own, and on demand the people on the customers' side."""

from __future__ import annotations

from typing import Any

from unthread_mcp.api.endpoints import GET_USER, LIST_USERS

from .calls import Call, answers
from .checks import boolean
from .filters import Filter
from .listing import one, page
from .objects import USER


@answers(GET_USER)
def get_user(call: Call) -> str:
    """One user, of the team or external."""
    return one(call, USER, call.ids["user_id"])


@answers(LIST_USERS)
def list_users(call: Call) -> str:
    """The team's users, with `includeExternalUsers` everybody."""
    return page(call, USER, also={"includeExternalUsers": boolean}, scope=_own_unless_asked)


def _own_unless_asked(given: Filter, request: dict[str, Any]) -> None:
    if not request.get("includeExternalUsers"):
        given.add("NOT it.external")
