"""What an outbound holds: checked before it leaves, and in words for the agent and the human.

An outbound is passed on as Unthread has it, whole or in parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from unthread_mcp.answers import as_page, id_of, text_of
from unthread_mcp.api.endpoints import LIST_CUSTOMERS
from unthread_mcp.api.errors import ApiError, Conflict, InvalidArgument, UnreadableAnswer, UnthreadError
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.outgoing import prepare, prepare_blocks
from unthread_mcp.questions import laid_out
from unthread_mcp.render import compact
from unthread_mcp.times import iso, parse_time, read_time
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace

MOST_RECIPIENTS: Final = 500
"""A bound of ours: a human has to read their names."""
LONGEST_SECTION: Final = 3_000
"""Characters that Slack takes in the text of one section block, as its reference of blocks says."""
MOST_BLOCKS: Final = 50
"""Blocks that Slack takes in one message."""
_PAGE: Final = 100
_MOST_PAGES: Final = 20
"""Four times what it takes for as many recipients as there may be."""


def written_blocks(text: str | None, blocks: Sequence[Mapping[str, Any]] | None) -> list[JsonValue]:
    """`text` as a section and `blocks` behind it, their texts made fit to be sent. Raises `InvalidArgument`."""
    written: list[JsonValue] = []
    if text is not None:
        prepared = prepare(text)
        if len(prepared) > LONGEST_SECTION:
            raise InvalidArgument(
                f"The text has {len(prepared):,} characters, and Slack takes {LONGEST_SECTION:,} in one section.",
                "Shorten it, or pass several section blocks.",
            )
        written.append({"type": "section", "text": {"type": "mrkdwn", "text": prepared}})
    for block in blocks or ():
        if not isinstance(block.get("type"), str) or not block["type"]:
            raise InvalidArgument(
                "A block has no type.", 'Use Slack\'s, as {"type": "section", "text": {"type": "mrkdwn", "text": "…"}}.'
            )
        written.append({**block})
    if len(written) > MOST_BLOCKS:
        raise InvalidArgument(f"There are {len(written)} blocks, and Slack takes {MOST_BLOCKS}.", "Pass fewer.")
    prepared_blocks = prepare_blocks(written)
    assert isinstance(prepared_blocks, list)
    return prepared_blocks


def run_time(workspace: Workspace, text: str) -> str:
    """The moment in `text` as Unthread writes it. Raises `InvalidArgument` unless it is a date-time to come.

    Lengths such as 24h are refused: the same call a minute later would mean another moment.
    """
    now = workspace.now()
    if text.strip()[:4].isdecimal():
        moment = parse_time(text, "run_at", zone=workspace.settings.timezone, now=now)
        if moment > now:
            return iso(moment)
        raise InvalidArgument(f"run_at is {text[:40]!r}, which has passed.", "Pass a moment to come.")
    raise InvalidArgument(f"run_at is {text[:40]!r}, which is no date-time.", "Pass one such as 2026-11-23T09:00.")


async def written_sender(
    workspace: Workspace, send_as: str | None, *, as_support_rep: bool | None, before: JsonObject | None = None
) -> JsonObject:
    """In whose name it goes out, in the reference's form; what isn't passed is as `before`."""
    was = (before or {}).get("sendAs")
    sender: JsonObject = {"type": "user", **(was if isinstance(was, dict) else {})}
    if send_as is not None:
        sender["id"] = (await workspace.names.colleague(send_as)).id
    if not id_of(sender):
        raise InvalidArgument("The outbound has no sender yet.", "Pass send_as.")
    if as_support_rep is not None:
        sender["type"] = "support-rep" if as_support_rep else "user"
    return sender


async def found_recipients(
    workspace: Workspace, customers: Sequence[str] | None, tag: str | None
) -> tuple[list[JsonValue], JsonValue]:
    """The customers by name or id and all that carry the tag, each once; and what was asked for, in ids."""
    named: list[str] = []
    for found in await workspace.names.customers(customers or ()):
        if isinstance(found, UnthreadError):
            raise found
        named.append(found.id)
    tag_id = (await workspace.names.tag(tag)).id if tag else None
    ids = [*named, *(await _tagged(workspace, tag_id) if tag_id else ())]
    recipients = list(dict.fromkeys(ids))
    if not recipients:
        raise InvalidArgument("No customer carries the tag.", "Pass customers, or another tag.")
    if len(recipients) > MOST_RECIPIENTS:
        raise InvalidArgument(
            f"There would be more than {MOST_RECIPIENTS} recipients, and a human can't check so many.",
            "Split them, or leave it to a person.",
        )
    for each in recipients:
        workspace.require_allowed(each)
    return [{"type": "customer", "id": each} for each in recipients], [tag_id, *sorted(set(named))]


async def _tagged(workspace: Workspace, tag_id: str) -> list[str]:
    """All customers that carry the tag, or more than `MOST_RECIPIENTS`. Raises `UnreadableAnswer` for endless pages."""
    found: dict[str, None] = {}
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        where: list[JsonValue] = [{"field": "tags.id", "operator": "==", "value": tag_id}]
        body: JsonObject = {"select": ["id"], "where": where, "order": ["id"], "limit": _PAGE}
        page = as_page(
            await workspace.client.read(LIST_CUSTOMERS, {}, body=body | ({"cursor": cursor} if cursor else {}))
        )
        found |= {identity: None for row in page.rows if (identity := id_of(row))}
        cursor = page.next
        if cursor is None or len(found) > MOST_RECIPIENTS:
            return [*found]
    raise UnreadableAnswer(
        "Unthread's pages of customers don't come to an end.", "Pass the customers by name instead of the tag."
    )


def recipient_ids(outbound: JsonObject) -> list[str]:
    """The ids of the customers who receive it."""
    recipients = outbound.get("recipients")
    return [id_of(each) for each in recipients if isinstance(each, dict)] if isinstance(recipients, list) else []


async def recipient_names(workspace: Workspace, outbound: JsonObject) -> list[str]:
    """The names of the customers who receive it, and who has no Slack channel; an id where there is no name."""
    ids = recipient_ids(outbound)
    known: dict[str, str] = {}
    for start in range(0, min(len(ids), MOST_RECIPIENTS), _PAGE):
        where: list[JsonValue] = [{"field": "id", "operator": "in", "value": [*ids[start : start + _PAGE]]}]
        body: JsonObject = {"select": ["id", "name", "slackChannelId"], "where": where, "limit": _PAGE}
        try:
            rows = as_page(await workspace.client.read(LIST_CUSTOMERS, {}, body=body)).rows
        except ApiError:
            # A name is a help; the id says the same.
            rows = []
        known |= {id_of(row): _recipient(row) for row in rows}
    return [known.get(each) or one_line(each, 64) or "?" for each in ids]


def _recipient(customer: JsonObject) -> str:
    name = one_line(text_of(customer, "name") or id_of(customer), 60)
    return f"{name} (no Slack channel)" if customer.get("slackChannelId", "not said") is None else name


async def sender_name(workspace: Workspace, outbound: JsonObject) -> str:
    """In whose name it goes out."""
    sender = outbound.get("sendAs")
    identity = id_of(sender) if isinstance(sender, dict) else ""
    name = await workspace.names.name_of_user(identity) if identity else "nobody"
    if isinstance(sender, dict) and sender.get("type") == "support-rep":
        return f"each customer's own support rep, else {name}"
    return name


def texts_of(outbound: JsonObject) -> list[str]:
    """What its blocks say: the text of sections and headers, and any other block as it is."""
    blocks = outbound.get("blocks")
    return [_said(each) for each in blocks] if isinstance(blocks, list) else []


def _said(block: JsonValue) -> str:
    if isinstance(block, dict) and block.keys() <= {"type", "text", "block_id"}:
        text = block.get("text")
        if isinstance(text, dict) and text.keys() <= {"type", "text", "emoji", "verbatim"} and text_of(text, "text"):
            return text_of(text, "text")
    return compact(block)


def require_sendable(workspace: Workspace, outbound: JsonObject) -> None:
    """Raise `InvalidArgument` unless all is there that is sent, and its time has not passed."""
    missing = [name for name in ("subject", "blocks", "recipients", "sendAs") if not outbound.get(name)]
    if missing:
        raise InvalidArgument(f"The outbound has no {missing[0]} yet.", "Pass it too; nothing was sent.")
    at = read_time(outbound.get("runAt"))
    if at is not None and at <= workspace.now():
        raise InvalidArgument(
            f"The outbound was to go out at {workspace.date(outbound.get('runAt'), clock=True)}, which has passed.",
            "Pass run_at, a moment to come; nothing was sent.",
        )


def require_open(workspace: Workspace, outbound: JsonObject) -> None:
    """Raise `Conflict` if it is out, or may be going out at this moment."""
    status = status_of(outbound)
    if status not in {"draft", "scheduled"}:
        raise Conflict(
            f"{handle_of(outbound)} is {status}, so it can't be changed.",
            "Some customers may have received it; let a person look." if status == "failed" else "Create another one.",
        )
    if status == "scheduled":
        try:
            require_sendable(workspace, outbound)
        except InvalidArgument:
            raise Conflict(
                f"{handle_of(outbound)} is going out at this moment, so it can't be changed.",
                "Read it again in a minute.",
            ) from None


async def question(workspace: Workspace, outbound: JsonObject) -> str:
    """What the human is asked before it goes out: everybody who receives it, when, from whom, and its exact words."""
    names = await recipient_names(workspace, outbound)
    facts = [
        ("To", ", ".join(names)),
        ("When", when(workspace, outbound)),
        ("In the name of", await sender_name(workspace, outbound)),
        ("Subject", text_of(outbound, "subject")),
    ]
    asked = f"Send this to {len(names)} customer{'' if len(names) == 1 else 's'} in Slack?"
    return laid_out(asked, facts, texts_of(outbound))


def when(workspace: Workspace, outbound: JsonObject) -> str:
    """When it goes out, in the operator's time zone."""
    if not outbound.get("runAt"):
        return "at once"
    return f"{workspace.date(outbound.get('runAt'), clock=True)} ({workspace.settings.timezone.key})"


def handle_of(outbound: JsonObject) -> str:
    """What it is called in answers: its id and subject."""
    return f"outbound {id_of(outbound) or '(its id was not returned)'} {subject_of(outbound)!r}"


def subject_of(outbound: JsonObject) -> str:
    """Its subject as one short line."""
    return one_line(text_of(outbound, "subject"), 100)


def status_of(outbound: JsonObject) -> str:
    """Its status as one word."""
    return one_line(text_of(outbound, "status"), 40) or "of unknown status"
