"""Messages of a conversation: listing them, and writing one to the customer, as a note or into triage."""

from __future__ import annotations

from typing import Any, Final

from unthread_mcp.api.endpoints import CREATE_MESSAGE, LIST_MESSAGES

from .authors import api
from .calls import Call, JsonValue, answers, bad_request, not_found
from .checks import Check, boolean, filled, list_of, nested, one_of, record, text
from .files import keep
from .listing import one, page
from .markup import plain_text
from .objects import MESSAGE, TRIAGE_MESSAGE
from .store import Store
from .threads import find_person, post, post_triage, thread, triage_channel

_BLOCK: Final = nested(
    {
        "type": one_of("section", "survey"),
        "text": nested({"text": text, "type": one_of("mrkdwn", "plaintext")}, "text", "type"),
        "survey_id": filled,
    },
    "type",
)
ON_BEHALF_OF: Final = nested({"email": filled, "name": text, "id": filled})

_MESSAGE_REQUEST: Final[dict[str, Check]] = {
    "body": nested({"type": one_of("html", "markdown"), "value": filled}, "type", "value"),
    "blocks": list_of(_BLOCK),
    "markdown": filled,
    "triageThreadTs": filled,
    "isPrivateNote": boolean,
    "isAutoresponse": boolean,
    "onBehalfOf": ON_BEHALF_OF,
}


@answers(LIST_MESSAGES)
def list_messages(call: Call) -> str:
    """A conversation's messages, newest first unless told otherwise; the triage threads' are none of them."""
    conversation_id = call.ids["conversation_id"]
    if not call.store.exists("conversations", conversation_id):
        raise not_found("Conversation")
    return page(
        call,
        MESSAGE,
        order=("ts",),
        descending=True,
        scope=lambda given, _request: given.add("it.conversationId = ?", conversation_id),
    )


@answers(CREATE_MESSAGE)
def create_message(call: Call) -> str:
    """A message to the customer, a private note, or one in a triage thread."""
    request = record(call.body, _MESSAGE_REQUEST)
    if not any(request.get(name) for name in ("body", "blocks", "markdown")):
        raise bad_request('Either "body", "blocks" or "markdown" must be provided')
    store, into = call.store, thread(call.store, call.ids["conversation_id"])
    words, html = _content(request)
    files = keep(store, into.id, call.uploads)
    triage_ts: str | None = request.get("triageThreadTs")
    behalf, external = on_behalf_of(store, request.get("onBehalfOf"))
    author = api(
        behalf,
        external=external,
        # Documented to apply to e-mail and chat alone: in Slack, a "private" note is a public message.
        private=bool(request.get("isPrivateNote")) and (into.channel in ("email", "widget") or triage_ts is not None),
        autoresponse=bool(request.get("isAutoresponse")),
    )
    blocks: list[JsonValue] | None = request.get("blocks")
    if triage_ts is not None:
        channel_id = triage_channel(store, into.id, triage_ts)
        message_id = post_triage(
            store, into, author, words, channel_id=channel_id, thread_ts=triage_ts, files=files, blocks=blocks
        )
        return one(call, TRIAGE_MESSAGE, message_id)
    message_id = post(store, into, author, words, via="api", html=html, files=files, blocks=blocks)
    return one(call, MESSAGE, message_id)


def _content(request: dict[str, Any]) -> tuple[str, str | None]:
    """The message's text and HTML: `body` or else `markdown`, and the blocks' text after it."""
    body: dict[str, str] | None = request.get("body")
    html = body["value"] if body and body["type"] == "html" else None
    words = plain_text(html) if html else body["value"] if body else request.get("markdown", "")
    sections = [block["text"]["text"] for block in request.get("blocks", []) if "text" in block]
    return "\n\n".join(part for part in (words, *sections) if part), html


def on_behalf_of(store: Store, given: dict[str, str] | None) -> tuple[dict[str, JsonValue] | None, bool]:
    """The person that a message is sent as, by id or address or as given, and whether they are a customer's."""
    if given is None:
        return None, False
    if not given:
        raise bad_request('"onBehalfOf" must have "email", "name" or "id"')
    found = find_person(store, "id", given["id"]) if "id" in given else None
    if found is None and "email" in given:
        found = find_person(store, "email", given["email"])
    if found:
        return found.sent_by(), found.external
    return {"id": None, "name": given.get("name"), "email": given.get("email")}, False
