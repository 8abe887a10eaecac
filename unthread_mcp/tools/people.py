"""Users: the people of the team, and on demand those on the customers' side."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from unthread_mcp.access import reads
from unthread_mcp.answers import as_object, text_of
from unthread_mcp.api.endpoints import GET_USER, LIST_USERS
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.arguments import Cursor, Limit, Select, Text, UserRef
from unthread_mcp.fields import USER, pick
from unthread_mcp.listing import by_name, list_page
from unthread_mcp.name_matching import is_gone
from unthread_mcp.render import SEPARATOR, Answer, name_of, selected_object
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
    # Whether somebody was deleted stands in a field that the reference doesn't name: selecting it might be refused.
    query.sends_select = select is not None
    if text and "@" in text:
        query.where = [{"field": "email", "operator": "==", "value": text}]
    if include_external:
        query.extra = {"includeExternalUsers": True}
    listed = await list_page(workspace, query)
    if listed.chosen:
        return listed.selected("user")
    return listed.answer("user", [_listed(row) for row in listed.page.rows])


def _listed(user: JsonObject) -> str:
    address = one_line(text_of(user, "email"), 80) or one_line(text_of(user, "id"), 64)
    return SEPARATOR.join([name_of(user), address, *(["deleted"] if is_gone(user) else [])])


@reads("Get a user", shown=False)
async def get_user(workspace: Workspace, user: UserRef, select: Select | None = None) -> Answer:
    """Read one person, of the team or a customer's: e-mail address, Slack, title, whether they are away or deleted."""
    chosen = USER.check(select) if select else None
    found = await workspace.names.user(user, external=True)
    whole = as_object(await workspace.client.read(GET_USER, {"user_id": found.id}))
    if chosen:
        return selected_object(whole, chosen)
    facts = {
        "e-mail": one_line(text_of(whole, "email"), 120),
        "Slack id": one_line(text_of(whole, "slackId"), 64),
        "Slack team": _team(whole),
        "title": one_line(text_of(whole, "title"), 80),
        "department": one_line(text_of(whole, "department"), 80),
        "pronoun": one_line(text_of(whole, "pronoun"), 40),
        "phone": one_line(text_of(whole, "phoneNumber"), 40),
        "status": one_line(text_of(whole, "status"), 80),
        "away until": workspace.date(whole.get("awayUntil"), clock=True),
    }
    if backup := text_of(whole, "backupUserId"):
        facts["stands in"] = await workspace.names.name_of_user(backup)
    lines = [f"{name_of(whole)} (user {one_line(text_of(whole, 'id'), 64)})"]
    lines += ["deleted: nothing can be assigned to them"] if is_gone(whole) else []
    lines += [f"{label}: {value}" for label, value in facts.items() if value not in {"", "-"}]
    return Answer("\n".join(lines), whole)


def _team(user: JsonObject) -> str:
    team = pick(user, "slackTeam.name")
    return one_line(team if isinstance(team, str) else text_of(user, "slackTeamId"), 80)
