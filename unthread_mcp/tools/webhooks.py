"""Webhooks: the addresses that Unthread reports events to.

Everything that happens in the workspace is reported there, customers' words included, so they
can only be pointed at hosts that the operator named. Of what Unthread answers only the fields
below are shown: anything else may be a secret. The secret that events are signed with stands
in Unthread's dashboard (its own documentation says so), so nothing is lost by it.
"""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import Field

from unthread_mcp.access import changes, creates, deletes, reads
from unthread_mcp.answers import as_page, id_of, text_of
from unthread_mcp.api.endpoints import CREATE_WEBHOOK, DELETE_WEBHOOK, LIST_WEBHOOKS, UPDATE_WEBHOOK
from unthread_mcp.api.errors import InvalidArgument, NotFound, NotPermitted, UnknownName
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.gate import Gate
from unthread_mcp.name_matching import Named
from unthread_mcp.natural_keys import NaturalKey
from unthread_mcp.questions import of_deletion
from unthread_mcp.render import SEPARATOR, Answer, compose
from unthread_mcp.untrusted import one_line
from unthread_mcp.urls import host_of, public_https_url
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import Written, change, create, delete

_SHOWN: Final = frozenset({"id", "url", "enabled", "createdAt", "updatedAt"})

WebhookRef = Annotated[str, Field(description="Id or address", min_length=1, max_length=2_000)]
Url = Annotated[str, Field(description="https address", max_length=2_000)]


@reads("List webhooks", level="admin", shown=False)
async def list_webhooks(workspace: Workspace) -> Answer:
    """List the addresses that Unthread reports events to, and whether each is enabled."""
    page = as_page(await workspace.client.read(LIST_WEBHOOKS, {}))
    rows = [_without_secrets(row) for row in page.rows]
    lines = [SEPARATOR.join([id_of(row) or "?", _state(row), one_line(text_of(row, "url"), 300)]) for row in rows]
    head = [f"{len(rows) or 'No'} webhook{'' if len(rows) == 1 else 's'}", _kept_back(page.rows)]
    # This list has no cursor of ours: the reference gives it none.
    tail = ["[Unthread has more of them than it gave here.]"] if page.next else []
    return Answer(compose(head, lines, tail), {"data": [*rows], "totalCount": page.total})


@creates("Create a webhook", level="admin", shown=False)
async def create_webhook(workspace: Workspace, url: Url, enabled: bool = True) -> Answer:
    """Have Unthread report events to an address.

    Unthread calls it at once to verify it, and it has three seconds to answer.
    """
    url = _allowed_url(workspace, url)
    created = await create(
        workspace,
        CREATE_WEBHOOK,
        {"url": url, "enabled": enabled},
        what="webhook",
        key=NaturalKey(LIST_WEBHOOKS, "url", url),
        unique=True,
    )
    return _answer(created, {"url": url, "enabled": enabled})


@changes("Update a webhook", level="admin", shown=False)
async def update_webhook(
    workspace: Workspace, webhook: WebhookRef, url: Url | None = None, enabled: bool | None = None
) -> Answer:
    """Point a webhook at another address, or enable or disable it."""
    if url is None and enabled is None:
        raise InvalidArgument("Nothing to change was passed.", "Pass url or enabled.")
    body: JsonObject = {}
    if url is not None:
        body["url"] = _allowed_url(workspace, url)
    if enabled is not None:
        body["enabled"] = enabled
    before = await _find(workspace, webhook)
    if enabled and url is None:
        _require_allowed(workspace, text_of(before, "url"))
    if all(before.get(name) == value for name, value in body.items()):
        return _answer(Written("already_done", before), before)
    identity = text_of(before, "id")
    changed = await change(
        workspace,
        UPDATE_WEBHOOK,
        {"webhook_id": identity},
        body,
        read_back=lambda: _read(workspace, identity),
    )
    return _answer(changed, {**before, **body})


@deletes("Delete a webhook")
async def delete_webhook(workspace: Workspace, gate: Gate, webhook: WebhookRef) -> Answer:
    """Stop Unthread from reporting events to an address, for good. update_webhook can disable it instead."""

    async def identify(asked: str) -> Named:
        # It goes by what it was asked for by: none goes by nearly another's address, and its own may hold a secret.
        return Named(text_of(await _find(workspace, asked), "id"), asked.strip())

    def question(found: JsonObject) -> str:
        address = text_of(_without_secrets(found), "url")
        return of_deletion(f"webhook to {address!r}", found, lost="Events are not reported there any more.")

    gone = await delete(
        workspace,
        gate,
        DELETE_WEBHOOK,
        what="webhook",
        asked=webhook,
        identify=identify,
        read=lambda identity: _read(workspace, identity),
        question=question,
    )
    return _answer(gone, gone.body or {"url": webhook}, state="deleted")


async def _webhooks(workspace: Workspace) -> list[JsonObject]:
    rows = as_page(await workspace.client.read(LIST_WEBHOOKS, {})).rows
    return [row for row in rows if id_of(row)]


async def _read(workspace: Workspace, identity: str) -> JsonObject:
    """One of them, out of the list: the reference has no endpoint that gets one."""
    for row in await _webhooks(workspace):
        if text_of(row, "id") == identity:
            return row
    raise NotFound(f"There is no webhook {one_line(identity, 64)}.", "list_webhooks shows them.")


async def _find(workspace: Workspace, webhook: str) -> JsonObject:
    """The one of that id, else of that address, as it is or as it is shown."""
    wanted, rows = webhook.strip(), await _webhooks(workspace)
    found = [row for row in rows if text_of(row, "id") == wanted] or [
        row for row in rows if wanted in {text_of(row, "url"), text_of(_without_secrets(row), "url")}
    ]
    if not found:
        raise UnknownName(f"There is no webhook {one_line(_bare(wanted), 80)!r}.", "list_webhooks shows them.")
    if len(found) > 1:
        ids = ", ".join(text_of(row, "id") for row in found[:5])
        raise InvalidArgument("Several webhooks have this address.", f"Pass the id of one of them: {ids}.")
    return found[0]


def _allowed_url(workspace: Workspace, url: str) -> str:
    address = public_https_url(url, "url")
    _require_allowed(workspace, address)
    return address


def _require_allowed(workspace: Workspace, url: str) -> None:
    """Raise `NotPermitted` unless the operator named the address's host, or what it is below (`*.example.com`)."""
    hosts, host = workspace.settings.webhook_hosts, host_of(url)
    if not hosts:
        raise NotPermitted(
            "The operator names no host that webhooks may be pointed at.",
            "Only the operator can, with UNTHREAD_WEBHOOK_HOSTS. Disabling and deleting webhooks is possible.",
        )
    if host not in hosts and not any(each.startswith("*.") and host.endswith(each[1:]) for each in hosts):
        raise NotPermitted(
            f"Webhooks may not be pointed at {one_line(host, 80) or 'this address'}.",
            f"The operator allows: {', '.join(sorted(hosts))}.",
        )


def _answer(written: Written, webhook: JsonObject, state: str = "") -> Answer:
    shown = _without_secrets({**webhook, **written.body})
    said = f"webhook {id_of(shown)} {one_line(text_of(shown, 'url'), 300)}".replace("  ", " ")
    if "enabled" in shown:
        said += f", {state or _state(shown)}"
    kept_back = _kept_back([written.body])
    return Answer(f"{said}.{kept_back and ' ' + kept_back}{written.note}", shown, written.outcome)


def _without_secrets(webhook: JsonObject) -> JsonObject:
    shown: JsonObject = {name: value for name, value in webhook.items() if name in _SHOWN}
    if isinstance(url := shown.get("url"), str):
        shown["url"] = _bare(url)
    return shown


def _bare(url: str) -> str:
    """`url` without what may be a secret: a user with a password, and the values after the question mark."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(no address)"
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query="…" if parts.query else "", fragment="").geturl()


def _kept_back(webhooks: list[JsonObject]) -> str:
    """What of Unthread's answer isn't shown, by name."""
    others = sorted({name for row in webhooks for name, value in row.items() if name not in _SHOWN and value})
    if not others:
        return ""
    return f"Not shown, as it may be secret: {one_line(', '.join(others), 200)}. It stands in Unthread's dashboard."


def _state(webhook: JsonObject) -> str:
    return "enabled" if webhook.get("enabled") is True else "disabled"
