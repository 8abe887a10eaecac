"""Outbounds: announcements to many customers at once, as drafts, scheduled, or sent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, cast

from unthread_mcp.api.endpoints import CREATE_OUTBOUND, GET_OUTBOUND, LIST_OUTBOUNDS, UPDATE_OUTBOUND

from .calls import Call, JsonValue, answers, bad_request, not_found
from .checks import Check, anything, filled, list_of, map_of, nested, one_of, record, time
from .encoding import columns
from .listing import one, page
from .objects import OUTBOUND, OUTBOUND_STATUS
from .shapes import column
from .store import SqlValue, Store
from .times import slack_ts

_FIELDS: Final[dict[str, Check]] = {
    # "sent" and "failed" are what becomes of one, not what a client can ask for.
    "status": one_of("draft", "scheduled"),
    "deliveryMethod": one_of("slack"),
    "subject": filled,
    "blocks": list_of(map_of(anything)),
    "recipients": list_of(nested({"type": one_of("customer"), "id": filled}, "type", "id")),
    "sendAs": nested({"type": one_of("user", "support-rep"), "id": filled}, "type", "id"),
    "runAt": time,
}


@answers(GET_OUTBOUND)
def get_outbound(call: Call) -> str:
    """One outbound."""
    return one(call, OUTBOUND, call.ids["outbound_id"])


@answers(LIST_OUTBOUNDS)
def list_outbounds(call: Call) -> str:
    """Outbounds, by the list conventions."""
    return page(call, OUTBOUND)


@answers(CREATE_OUTBOUND)
def create_outbound(call: Call) -> str:
    """A new outbound, which is sent unless it is a draft."""
    store = call.store
    request = record(call.body, _FIELDS, "deliveryMethod", "subject", "blocks", "recipients", "sendAs")
    _require_known(store, request)
    outbound_id = store.new_id("outbound")
    defaults: dict[str, SqlValue] = {"id": outbound_id, "status": "scheduled"}
    store.insert("outbounds", defaults | columns(request))
    _schedule(store, outbound_id)
    return one(call, OUTBOUND, outbound_id)


@answers(UPDATE_OUTBOUND)
def update_outbound(call: Call) -> str:
    """Changes what is given, as long as it has not been sent."""
    store, outbound_id = call.store, call.ids["outbound_id"]
    request = record(call.body, _FIELDS)
    _require_known(store, request)
    if not store.exists("outbounds", outbound_id):
        raise not_found("Outbound")
    (status,) = store.require(
        f"SELECT {column('status', OUTBOUND_STATUS, 'outbounds')} FROM outbounds WHERE id = ?",  # noqa: S608 - ours
        outbound_id,
    )
    if status in {"sent", "failed"}:
        raise bad_request(f"Outbound is already {status}")
    store.update("outbounds", outbound_id, columns(request))
    _schedule(store, outbound_id)
    return one(call, OUTBOUND, outbound_id)


def _require_known(store: Store, request: dict[str, Any]) -> None:
    for recipient in request.get("recipients", []):
        if not store.exists("customers", recipient["id"]):
            raise not_found("Customer")
    if "sendAs" in request and not store.exists("users", request["sendAs"]["id"]):
        raise not_found("User")


def _schedule(store: Store, outbound_id: str) -> None:
    """Put what a scheduled outbound will deliver, and when, in the place of what it would have delivered before.

    Nothing has to happen when its time comes: what lies ahead has not been delivered yet.
    """
    store.database.execute("DELETE FROM delivered WHERE messageId = ?", [outbound_id])
    status, blocks, recipients, run_at = cast(
        "tuple[str, str, str, str | None]",
        store.require("SELECT status, blocks, recipients, runAt FROM outbounds WHERE id = ?", outbound_id),
    )
    if status != "scheduled":
        return
    at = max(run_at or "", store.stamp())
    channels = store.all(
        "SELECT slackChannelId FROM json_each(?) recipient"
        " JOIN customers ON customers.id = json_extract(recipient.value, '$.id')"
        " WHERE slackChannelId IS NOT NULL GROUP BY customers.id ORDER BY min(recipient.key)",
        [recipients],
    )
    store.update("outbounds", outbound_id, {"runAt": at, "status": "scheduled" if channels else "failed"})
    text = "\n".join(_texts(json.loads(blocks)))
    for (channel,) in channels:
        delivery: dict[str, SqlValue] = {
            "conversationId": "",
            "messageId": outbound_id,
            "ts": slack_ts(datetime.fromisoformat(at)),
        }
        store.insert(
            "delivered",
            delivery | {"channel": "slack", "recipient": channel, "via": "outbound", "text": text, "at": at},
        )


def _texts(value: JsonValue) -> Iterable[str]:
    """Every text in blocks."""
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key == "text" and isinstance(each, str):
                yield each
            else:
                yield from _texts(each)
