"""How a conversation and its messages are shown: facts first, then the thread inside one fence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from unthread_mcp.answers import id_of, text_of
from unthread_mcp.api.decoding import parse_json
from unthread_mcp.api.errors import UnthreadError
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.name_matching import USERS
from unthread_mcp.render import (
    MAX_BYTES,
    NAME_LENGTH,
    SEPARATOR,
    TITLE_LENGTH,
    as_many_as_fit,
    compact,
    name_of,
    names_of,
    number_of,
)
from unthread_mcp.render import priority_of as priority_word
from unthread_mcp.threads import Thread, name_of_message, notes_remark
from unthread_mcp.ticket_fields import fields_of, label_of
from unthread_mcp.times import write_duration
from unthread_mcp.tokens import estimate_tokens
from unthread_mcp.transcript import (
    Entry,
    Fitted,
    FormatPart,
    Gap,
    Part,
    file_words,
    fit,
    line_format,
    read_message,
    read_thread,
    render_thread,
)
from unthread_mcp.transcript.authors import read_people
from unthread_mcp.transcript.entries import objects_at
from unthread_mcp.untrusted import Fence, one_line
from unthread_mcp.workspace import Workspace

_SHOWS_MESSAGES: Final = "list_messages"
_FENCE_TOKENS: Final = 60
"""For the fence, and for what is said of what was left out."""
_THREAD_BYTES: Final = MAX_BYTES - 4_000
"""What the thread may take of an answer, the facts above it left aside."""
_FOR_REMARKS: Final = 400
"""Bytes for the fence and for what is said of what was left out."""
_FIELDS_SHOWN: Final = 30
_FIELDS_TOKENS: Final = 400
"""Ticket type fields in the facts above a thread; workspaces have a handful."""
_FILES_SHOWN: Final = 10
_PEOPLE_NAMED: Final = 3
"""Followers, or collaborators, that are named; of more, their number says enough."""


async def conversation_head(workspace: Workspace, thread: Thread) -> list[str]:
    """The facts of a conversation, each line only if there is something to say."""
    conversation = thread.conversation
    title = text_of(conversation, "title")
    status = SEPARATOR.join(
        [
            one_line(text_of(conversation, "status"), 40) or "-",
            *([priority_word(conversation.get("priority"))] if conversation.get("priority") is not None else []),
            thread.channel,
            f"customer {name_of(conversation, 'customer.name')}",
            f"assignee {name_of(conversation, 'assignedToUser.name')}",
            *([f"tags {tags}"] if (tags := names_of(conversation, "tags.name")) != "-" else []),
        ]
    )
    return [
        f"{number_of(conversation)} {one_line(title, 2 * TITLE_LENGTH) if title else '(no title)'}",
        status,
        _times(workspace, conversation),
        await _ticket_type(workspace, conversation),
        _people(workspace, thread),
        _files(thread),
    ]


def _times(workspace: Workspace, conversation: JsonObject) -> str:
    said = [
        f"created {workspace.date(conversation.get('createdAt'), clock=True)}",
        f"updated {workspace.date(conversation.get('updatedAt'), clock=True)}",
    ]
    moments = (("closedAt", "closed"), ("wakeUpAt", "snoozed until"), ("lockedAt", "locked since"))
    said += [
        f"{words} {workspace.date(conversation.get(name), clock=True)}"
        for name, words in moments
        if conversation.get(name) is not None
    ]
    for name, words in (("responseTime", "first response after"), ("resolutionTime", "resolved after")):
        seconds = conversation.get(name)
        if isinstance(seconds, int | float) and not isinstance(seconds, bool):
            said.append(f"{words} {write_duration(seconds)}")
    return f"{SEPARATOR.join(said)} ({workspace.settings.timezone.key})"


async def _ticket_type(workspace: Workspace, conversation: JsonObject) -> str:
    """The ticket type and its fields by label; by id where the type can't be read."""
    name, values = name_of(conversation, "ticketType.name"), conversation.get("ticketTypeFields")
    filled = (
        {key: value for key, value in values.items() if value not in (None, "")} if isinstance(values, dict) else {}
    )
    identity = id_of(conversation, "ticketTypeId")
    labels: dict[str, str] = {}
    if identity and (filled or name == "-"):
        try:
            definition = await workspace.names.ticket_type_definition(identity)
        except UnthreadError:
            definition = {}
        name = name if name != "-" else name_of(definition)
        labels = {text_of(field, "id"): label_of(field) for field in fields_of(definition)}
    if not identity and not filled:
        return ""
    first = [
        f"{labels.get(key, one_line(key, 40))}: {_value(value)}" for key, value in [*filled.items()][:_FIELDS_SHOWN]
    ]
    shown = as_many_as_fit(first, _FIELDS_TOKENS)
    fields = "; ".join(shown)
    if len(filled) > len(shown):
        fields += f"; {len(filled) - len(shown):,} more fields, which select ticketTypeFields shows"
    return f"ticket type {name}" + (f" ({fields})" if fields else "")


def _value(value: JsonValue) -> str:
    """A field's value; several options, which come as a list or as JSON text of one, with commas between."""
    several = value
    if isinstance(value, str) and value.startswith("["):
        with suppress(ValueError):
            several = parse_json(value.encode())
    if isinstance(several, list) and all(isinstance(each, str) for each in several):
        return one_line(", ".join(str(each) for each in several), 120)
    return one_line(value if isinstance(value, str) else compact(value), 120)


def _people(workspace: Workspace, thread: Thread) -> str:
    """Who it is from, and who else has to do with it: by name where few and known without asking, else how many."""
    conversation = thread.conversation
    submitter = [name_of(conversation, f"submitterUser.{part}") for part in ("name", "email")]
    known = [each for each in submitter if each != "-"]
    said = [f"from {known[0]}" + (f" <{known[1]}>" if len(known) > 1 else "")] if known else []
    for word in ("follower", "collaborator"):
        people = [*objects_at(conversation, f"{word}s")]
        if not people:
            continue
        names = _names_known(workspace, thread, people) if len(people) <= _PEOPLE_NAMED else []
        plural = "s" if len(people) > 1 else ""
        said.append(f"{word}{plural} {', '.join(names)}" if names else f"{len(people)} {word}{plural}")
    return SEPARATOR.join(said)


def _names_known(workspace: Workspace, thread: Thread, people: Sequence[JsonObject]) -> list[str]:
    """The names of followers or collaborators; empty if one of them isn't known."""
    ids = [text_of(each, "userId") or text_of(each, "entityId") for each in people]
    told = {**read_people(thread.conversation, thread.messages).names, **workspace.names.names_known(USERS, ids)}
    names = [one_line(told.get(each, ""), NAME_LENGTH) for each in ids]
    return names if all(names) else []


def _files(thread: Thread) -> str:
    """The files that no message of the thread shows. That messages have `files` is observed, not documented."""
    shown = {id_of(file) for message in thread.messages for file in objects_at(message, "files")}
    known = [each for each in objects_at(thread.conversation, "files") if id_of(each) not in shown - {""}]
    said = ", ".join(map(file_words, known[:_FILES_SHOWN]))
    more = f" and {len(known) - _FILES_SHOWN} more, which select files shows" if len(known) > _FILES_SHOWN else ""
    return f"files: {said}{more}" if said else ""


def _format(workspace: Workspace) -> FormatPart:
    return line_format(zone=workspace.settings.timezone, now=workspace.now(), gap_tool=_SHOWS_MESSAGES)


def thread_shown(
    workspace: Workspace,
    thread: Thread,
    head: Sequence[str],
    max_tokens: int,
    *,
    newest_whole: bool = True,
    names: Mapping[str, str] | None = None,
) -> str:
    """The whole answer about a conversation, within `max_tokens` and the size of every answer.

    The newest customer message may go beyond `max_tokens`, unless `newest_whole` is false. `names` are those of the
    people whom the messages mention and don't name, by Slack's id.
    """
    write = _format(workspace)
    first, missing = _first_message(thread, names)
    entries = [*([first] if first else []), *read_thread(thread.messages, thread.conversation, names)]
    as_of = f"as_of={one_line(thread.as_of, 200)}" if thread.as_of else "The thread is empty."
    tail = [each for each in (notes_remark(thread.conversation), as_of) if each]
    above = [line for line in head if line]
    budget = max_tokens - sum(estimate_tokens(line) + 1 for line in [*above, *tail]) - _FENCE_TOKENS

    def fitted_to(tokens: int) -> tuple[Fitted, str]:
        chosen = fit(entries, tokens, format_line=write, newest_whole=newest_whole)
        return chosen, render_thread(_with_missing(chosen.parts, first, missing), format_line=write)

    fitted, body = fitted_to(budget)
    if fitted.left_out and (spare := budget - estimate_tokens(body)) > 0:
        # Chosen was as if each line had its date: what repeated ones don't take has room for more lines.
        fuller = fitted_to(budget + spare)
        fitted, body = fuller if estimate_tokens(fuller[1]) <= budget else (fitted, body)
    room = min(_THREAD_BYTES, MAX_BYTES - _FOR_REMARKS - sum(len(line.encode()) + 1 for line in [*above, *tail]))
    while len(body.encode()) > room and budget > _FENCE_TOKENS:
        budget = min(budget - 1, int(budget * 0.9 * room / len(body.encode())))
        fitted, body = fitted_to(budget)
    if fitted.shortened:
        tail.insert(0, _shortened_said(fitted.shortened))
    if fitted.stripped:
        tail.insert(0, f"{fitted.stripped:,} characters of quoted mail, greetings and signatures are left out.")
    return "\n".join([*above, Fence().wrap(_cut(body, room)), *tail])


def _shortened_said(count: int) -> str:
    if count == 1:
        return "1 message is shortened in its middle; list_messages shows it whole."
    return f"{count} messages are shortened in their middle; list_messages shows them whole."


def _first_message(thread: Thread, names: Mapping[str, str] | None) -> tuple[Entry | None, int]:
    """The conversation's first message if the thread was not read back to it, and how many are missing in between."""
    if thread.complete:
        return None, 0
    missing = max(0, (thread.total or 0) - len(thread.messages))
    initial = thread.conversation.get("initialMessage")
    if not isinstance(initial, dict) or name_of_message(initial) in map(name_of_message, thread.messages):
        return None, missing
    return read_message(initial, thread.conversation, names), max(0, missing - 1)


def _with_missing(parts: Sequence[Part], first: Entry | None, missing: int) -> list[Part]:
    """The parts with the messages that were never read as a gap, behind the first message where that is there."""
    if not missing:
        return [*parts]
    behind = 1 if first and parts and isinstance(parts[0], Entry) and parts[0].ts == first.ts else 0
    following = parts[behind] if len(parts) > behind else None
    if isinstance(following, Gap):
        joined = Gap(following.count + missing, "", following.last_ts, before=following.before)
        return [*parts[:behind], joined, *parts[behind + 1 :]]
    before = following.at if following else None
    return [*parts[:behind], Gap(missing, "", "", before=before), *parts[behind:]]


def _cut(text: str, room: int = _THREAD_BYTES) -> str:
    """`text` within the size of an answer, saying what is missing: for a single message beyond it."""
    raw = text.encode()
    if len(raw) <= room:
        return text
    kept = raw[:room].decode(errors="ignore")
    return f"{kept}\n[cut here: {len(text) - len(kept):,} characters more; {_SHOWS_MESSAGES} shows them]"


def messages_shown(workspace: Workspace) -> Callable[[Thread, Sequence[JsonObject]], str]:
    """A function that renders some messages of a thread, fenced: those that came in between."""

    def show(thread: Thread, messages: Sequence[JsonObject]) -> str:
        entries = read_thread(messages, thread.conversation)
        return Fence().wrap(_cut(render_thread(entries, format_line=_format(workspace))))

    return show
