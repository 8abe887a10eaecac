"""Webhook subscriptions. Nothing is ever sent to them."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from unthread_mcp.api.endpoints import CREATE_WEBHOOK, DELETE_WEBHOOK, LIST_WEBHOOKS, UPDATE_WEBHOOK

from .calls import Call, JsonValue, answers, bad_request, not_found
from .checks import Check, boolean, filled, record
from .encoding import columns
from .listing import one
from .objects import READER, WEBHOOK


def _url(name: str, value: JsonValue) -> str:
    if urlsplit(filled(name, value)).scheme not in {"http", "https"}:
        raise bad_request(f'"{name}" must be a valid uri')
    return filled(name, value)


_FIELDS: Final[dict[str, Check]] = {"url": _url, "enabled": boolean}


@answers(LIST_WEBHOOKS)
def list_webhooks(call: Call) -> str:
    """All of them as a bare array, without the list conventions."""
    rows = call.store.all(
        f"SELECT {READER.select(WEBHOOK, 'it', WEBHOOK.brief)} FROM webhooks it ORDER BY it.number"  # noqa: S608 - ours
    )
    return f"[{','.join(str(row[0]) for row in rows)}]"


@answers(CREATE_WEBHOOK)
def create_webhook(call: Call) -> str:
    """A new subscription, enabled unless told otherwise. The address is not called, so it need not answer."""
    webhook_id = call.store.new_id("webhook")
    defaults = {"id": webhook_id, "enabled": True}
    call.store.insert("webhooks", defaults | columns(record(call.body, _FIELDS, "url")))
    return one(call, WEBHOOK, webhook_id)


@answers(UPDATE_WEBHOOK)
def update_webhook(call: Call) -> str:
    """Changes what is given."""
    webhook_id = _existing(call)
    call.store.update("webhooks", webhook_id, columns(record(call.body, _FIELDS)))
    return one(call, WEBHOOK, webhook_id)


@answers(DELETE_WEBHOOK)
def delete_webhook(call: Call) -> None:
    """The subscription goes."""
    call.store.delete("webhooks", _existing(call))


def _existing(call: Call) -> str:
    if not call.store.exists("webhooks", call.ids["webhook_id"]):
        raise not_found("Webhook subscription")
    return call.ids["webhook_id"]
