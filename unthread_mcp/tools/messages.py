"""Writing into a conversation: internal notes, and replies to customers.

Two tools, and no flag between them: what is a note can't become a reply by a slip.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, cast

from pydantic import Field

from unthread_mcp.access import creates, sends
from unthread_mcp.answers import text_of
from unthread_mcp.api.errors import Conflict, InvalidArgument, NotPermitted, UnthreadError
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.arguments import AsOf, Attachments, ConversationRef, Id, Status, UserRef
from unthread_mcp.attachments import chosen_uploads, described
from unthread_mcp.conversation_view import messages_shown
from unthread_mcp.delivery import Delivery, deliver
from unthread_mcp.gate import Gate
from unthread_mcp.message_drafts import Draft
from unthread_mcp.names import Named
from unthread_mcp.outgoing import SEND_MARKER, prepare, prepare_blocks, refuse_spread_marker
from unthread_mcp.questions import laid_out
from unthread_mcp.render import TITLE_LENGTH, Answer, number_of
from unthread_mcp.threads import (
    PRIVATE_NOTE_CHANNELS,
    Thread,
    channel_of,
    is_ours,
    is_private,
    recipient_of,
    triage_thread,
)
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import set_status

Format = Literal["markdown", "html"]
MessageText = Annotated[str, Field(min_length=1)]


@creates("Add a private note", level="triage")
async def add_private_note(
    workspace: Workspace,
    gate: Gate,
    conversation: ConversationRef,
    text: MessageText,
    as_of: AsOf | None = None,
) -> Answer:
    """Leave a note for the team in a conversation. The customer never sees it.

    With as_of, it is refused if somebody has written since. On Slack it goes into the triage
    thread; a conversation without one is refused.
    """
    identity = await workspace.numbers.identify(conversation)
    prepared = prepare(text)

    def body(thread: Thread) -> JsonObject:
        content: JsonObject = {"body": {"type": "markdown", "value": prepared}}
        if thread.channel in PRIVATE_NOTE_CHANNELS:
            return {**content, "isPrivateNote": True}
        if stamp := triage_thread(thread.conversation):
            return {**content, "triageThreadTs": stamp}
        raise NotPermitted(
            f"This conversation is on {_place(thread)} and has no triage thread, "
            "so a note in it would reach the customer.",
            "Ask a person to triage it in Unthread first, or give the note to the user.",
        )

    draft = Draft(
        "note",
        identity,
        prepared,
        body,
        lambda _thread, _warning: "",
        as_of,
        shows_in_thread=lambda thread: thread.channel in PRIVATE_NOTE_CHANNELS,
    )
    delivery = await deliver(workspace, gate, draft, show=messages_shown(workspace))
    if draft.shows_in_thread(delivery.thread):
        where = "as a private note"
    else:
        where = "in the triage thread, which can't be read back here"
    if delivery.receipt.get("isPrivateNote") is False and draft.shows_in_thread(delivery.thread):
        where = "which Unthread shows as public: tell the user at once"
    return _answer(delivery, f"note on {number_of(delivery.thread.conversation)} {where}.")


@sends("Reply to the customer")
async def send_reply(
    workspace: Workspace,
    gate: Gate,
    conversation: ConversationRef,
    as_of: AsOf,
    text: MessageText | None = None,
    format: Annotated[Format, Field(description="Of text; Slack's markdown")] = "markdown",  # noqa: A002 - the agent's word
    blocks: Annotated[
        list[dict[str, Any]] | None, Field(description="Section blocks after the text", max_length=50)
    ] = None,
    is_autoresponse: Annotated[bool | None, Field(description="Mark as a bot's answer")] = None,
    on_behalf_of: UserRef | None = None,
    attachments: Attachments | None = None,
    survey_id: Annotated[Id | None, Field(description="Survey to append")] = None,
    then_status: Annotated[Status | None, Field(description="Status to set once it is sent")] = None,
) -> Answer:
    """Send a reply that the customer receives. It can't be taken back.

    Read the conversation first and pass its as_of: if anybody has written to the customer or
    from them since, nothing is sent and you get the new messages. Setting then_status to
    closed may send a survey.
    """
    if not text and not blocks and not survey_id:
        raise InvalidArgument("There is nothing to send.", "Pass text or blocks.")
    if on_behalf_of:
        workspace.require_on_behalf_of()
    files = await chosen_uploads(workspace.settings.upload_dir, attachments)
    identity = await workspace.numbers.identify(conversation)
    author = await _author(workspace, on_behalf_of) if on_behalf_of else None
    prepared = prepare(text, html=format == "html") if text else ""
    sections = _sections(blocks or [])
    if survey_id:
        sections.append({"type": "survey", "survey_id": survey_id})
    autoresponse = bool(is_autoresponse) or workspace.settings.autoresponse

    def body(thread: Thread) -> JsonObject:
        if thread.channel == "triage":
            raise NotPermitted(
                "This conversation is for the team alone; nobody outside receives a reply in it.",
                "Use add_private_note.",
            )
        return _reply_body(workspace, thread, prepared, format, sections, autoresponse=autoresponse, author=author)

    texts = [text for block in sections if (text := _block_text(block))]
    refuse_spread_marker([prepared, *texts])

    def question(thread: Thread, warning: str) -> str:
        facts = [
            ("To", recipient_of(thread.conversation)),
            ("Conversation", f"{number_of(thread.conversation)}, by {_place(thread)}"),
            *_title(thread.conversation),
            *([("In the name of", author.name)] if author else []),
            *([("Marked as a bot's auto-response", "yes")] if autoresponse else []),
            *([("With the survey", survey_id)] if survey_id else []),
            *([("With the files", described(files))] if files else []),
            *([("Then the status is set to", _and_what_it_may_do(then_status))] if then_status else []),
            *([("Careful", warning)] if warning else []),
        ]
        return laid_out("Send this reply?", facts, [*([prepared] if prepared else []), *texts])

    draft = Draft(
        "reply",
        identity,
        prepared,
        body,
        question,
        as_of,
        reaches_customer=True,
        author=author.id if author else "",
        extra=sections,
        extra_texts=texts,
        files=files,
    )
    delivery = await deliver(workspace, gate, draft, show=messages_shown(workspace))
    marked = ", marked as auto-response" if autoresponse else ""
    if autoresponse and is_autoresponse is False:
        marked += ": the operator marks every reply, is_autoresponse=false or not"
    said = f"reply to {number_of(delivery.thread.conversation)} by {_place(delivery.thread)}{marked}."
    if channel_of(delivery.thread.conversation) == "e-mail":
        said += " It is posted; the API doesn't confirm that it was mailed."
    answer = _answer(delivery, said)
    if then_status:
        answer.text += "\n" + await _follow_up(workspace, gate, delivery, identity, then_status)
    return answer


def _and_what_it_may_do(status: Status) -> str:
    return f"{status}; the customer may receive a closing message or survey" if status == "closed" else status


async def _author(workspace: Workspace, on_behalf_of: str) -> Named:
    """The person in whose name a reply goes out, with their name even where only an id was given."""
    author = await workspace.names.user(on_behalf_of, external=True)
    return author if author.name != author.id else Named(author.id, await workspace.names.name_of_user(author.id))


def _reply_body(
    workspace: Workspace,
    thread: Thread,
    text: str,
    form: Format,
    sections: list[JsonObject],
    *,
    autoresponse: bool,
    author: Named | None,
) -> JsonObject:
    value = text
    if text and thread.channel == "e-mail" and workspace.settings.email_send_marker:
        value = f"{text}\n\n{SEND_MARKER}"
    body: JsonObject = {"body": {"type": form, "value": value}} if text else {}
    if sections:
        blocks: list[JsonValue] = [*sections]
        body["blocks"] = blocks
    if autoresponse:
        body["isAutoresponse"] = True
    if author:
        body["onBehalfOf"] = {"id": author.id, "name": author.name}
    return body


def _sections(blocks: list[dict[str, Any]]) -> list[JsonObject]:
    """The reference's section blocks, their form checked and their texts prepared."""
    checked: list[JsonValue] = []
    for block in blocks:
        text = block.get("text")
        inner = cast("dict[str, Any]", text) if isinstance(text, dict) else {}
        content, form = inner.get("text"), inner.get("type")
        well_formed = block == {"type": "section", "text": {"type": form, "text": content}}
        if not well_formed or not isinstance(content, str) or form not in {"mrkdwn", "plaintext"}:
            raise InvalidArgument(
                "A block is not of the form that Unthread takes.",
                'Use {"type": "section", "text": {"type": "mrkdwn", "text": "…"}}, and survey_id for a survey.',
            )
        checked.append({"type": "section", "text": {"type": form, "text": prepare(content)}})
    prepared = prepare_blocks(checked)
    return [block for block in prepared if isinstance(block, dict)] if isinstance(prepared, list) else []


def _block_text(block: JsonObject) -> str:
    text = block.get("text")
    return text_of(text, "text") if isinstance(text, dict) else ""


def _place(thread: Thread) -> str:
    return "an unknown channel" if thread.channel == "unknown" else thread.channel


def _answer(delivery: Delivery, said: str) -> Answer:
    again = f" as_of={delivery.as_of}" if delivery.as_of else ""
    data: JsonObject = {"as_of": delivery.as_of, "message": delivery.receipt}
    return Answer(f"{said}{delivery.note}{again}", data, delivery.outcome)


async def _follow_up(workspace: Workspace, gate: Gate, delivery: Delivery, conversation_id: str, status: Status) -> str:
    """Set the status after the reply went out. Its failure is told, and never turns the reply into an error.

    A reply that was there already is not what the human was asked about now: somebody may have
    answered it since, and closing has a gate of its own.
    """
    if delivery.outcome == "already_done" and text_of(delivery.thread.conversation, "status") == status:
        return f"as it was already: status {status}."
    try:
        if delivery.outcome == "already_done":
            _require_last_word(delivery)
            if status == "closed" and gate.asks:
                await gate.pass_through(closing_question(delivery.thread.conversation))
        changed = await set_status(workspace, conversation_id, status)
    except UnthreadError as error:
        why = one_line(str(error), 300)
        return f"The status was not surely set to {status}: {why} The reply is out; don't send it again."
    closing = " Unthread may send the customer a closing message or survey." if status == "closed" else ""
    return f"{changed.outcome}: status {status}.{changed.note}{closing if changed.outcome == 'done' else ''}"


def _require_last_word(delivery: Delivery) -> None:
    """Raise `Conflict` if somebody has written to or from the customer after our reply."""
    after = delivery.thread.after(delivery.as_of) if delivery.as_of else []
    newer = [each for each in after if not is_private(each) and not is_ours(each)]
    if newer:
        raise Conflict(
            f"{len(newer)} message{'s' if len(newer) > 1 else ''} came after the reply.",
            "Read the conversation again before you change its status.",
        )


def closing_question(conversation: JsonObject, also: Iterable[tuple[str, str]] = ()) -> str:
    """What the human is asked before a conversation is closed; `also` says what else changes."""
    which = [("Conversation", number_of(conversation)), *_title(conversation), ("Of", recipient_of(conversation))]
    return laid_out("Close this conversation? The customer may receive a closing message or survey.", [*which, *also])


def _title(conversation: JsonObject) -> list[tuple[str, str]]:
    """By which a human tells a customer's conversations apart."""
    title = one_line(text_of(conversation, "title"), TITLE_LENGTH)
    return [("Title", title)] if title else []
