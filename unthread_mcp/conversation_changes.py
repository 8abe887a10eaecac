"""A change of one conversation: what is meant, what of it isn't so already, and what became of each part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unthread_mcp.api.allowance import own_allowance
from unthread_mcp.api.endpoints import (
    GET_CONVERSATION,
    TAG_CONVERSATIONS,
    UNTAG_CONVERSATIONS,
    UPDATE_CONVERSATION,
    Endpoint,
)
from unthread_mcp.api.errors import Conflict, InvalidArgument, OutcomeUnknown, UnthreadError
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.conversation_state import (
    MAPS,
    Merge,
    argument_of,
    changed_by_others,
    differing,
    in_words,
    merged_fields,
    merged_metadata,
    not_as_written,
    read_map,
    replaced_notes,
    require_seen,
)
from unthread_mcp.conversation_view import messages_shown
from unthread_mcp.delivery import repeated_note, require_fresh
from unthread_mcp.fields import CONVERSATION, pick
from unthread_mcp.names import Named
from unthread_mcp.render import Answer, number_of
from unthread_mcp.repeated_words import repeated_words
from unthread_mcp.threads import read_thread
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import NOT_SURELY_RETURNED, change, link


async def tag_links(
    workspace: Workspace, add: Sequence[str] | None, remove: Sequence[str] | None
) -> list[tuple[Endpoint, Named]]:
    """The tags to add and to remove, each with the endpoint that does it."""
    adding = [await workspace.names.tag(each) for each in add or ()]
    removing = [await workspace.names.tag(each) for each in remove or ()]
    if both := [tag for tag in adding if tag.id in {each.id for each in removing}]:
        raise InvalidArgument(f"The tag {both[0].name!r} is both added and removed.", "Do one of the two.")
    links = [(TAG_CONVERSATIONS, tag) for tag in adding] + [(UNTAG_CONVERSATIONS, tag) for tag in removing]
    return list(dict.fromkeys(links))


@dataclass(frozen=True, slots=True)
class IntendedChange:
    """What is to be changed of one conversation, and what must not have changed before."""

    conversation_id: str
    body: JsonObject
    fields: Mapping[str, Any]
    metadata: Mapping[str, str]
    ticket_type: Named | None
    links: Sequence[tuple[Endpoint, Named]]
    as_of: str | None
    expected: Mapping[str, Any]

    async def look(self, workspace: Workspace) -> JsonObject:
        """The conversation as it stands. Raises what forbids to change it so."""
        if self.as_of is None:
            current = await workspace.conversation(self.conversation_id)
        else:
            thread = await read_thread(workspace, self.conversation_id, back_to=self.as_of)
            require_fresh(thread, self.as_of, "change", "nothing was changed", messages_shown(workspace))
            current = thread.conversation
        workspace.require_allowed(current.get("customerId"))
        await require_seen(workspace, current, self.expected)
        return current

    async def merges(self, workspace: Workspace, current: JsonObject) -> dict[str, Merge]:
        """What is merged into the conversation's maps. Raises `InvalidArgument` for labels that there aren't."""
        merged: dict[str, Merge] = {}
        if self.fields:
            merged["ticketTypeFields"] = await merged_fields(workspace, current, self.ticket_type, self.fields)
        if self.metadata:
            merged["metadata"] = merged_metadata(current, self.metadata)
        return merged

    async def require_words_of_its_own(self, workspace: Workspace) -> None:
        """Raise `InvalidArgument` if a value that customers may see repeats an internal note.

        The thread is read only for a value that is long enough to repeat one.
        """
        texts = {label: text for label, text in self.fields.items() if isinstance(text, str)}
        long = {label: text for label, text in texts.items() if repeated_words(text, [text], ())}
        if not long:
            return
        with own_allowance():
            thread = await read_thread(workspace, self.conversation_id, whole=True)
        merged = await merged_fields(workspace, thread.conversation, self.ticket_type, long)
        for label, value in merged.public:
            if words := repeated_note(thread, str(value)):
                raise InvalidArgument(
                    f"{label}, which customers may see, would repeat an internal note: “{words}”.",
                    "Say it in other words, or leave it to a person.",
                )

    async def carry_out(self, workspace: Workspace, question: Callable[[JsonObject], str] | None, asked: str) -> Answer:
        """Change what isn't so already. To be called where other writes to the conversation wait.

        Where closing takes a `question`, what was `asked` has to be that of the conversation as it stands now, else
        `Conflict` is raised.
        """
        current = await self.look(workspace)
        merged = await self.merges(workspace, current)
        whole: JsonObject = {**self.body, **{name: merge.after for name, merge in merged.items()}}
        body = differing(current, whole)
        if body.get("status") == "closed" and question and question(current) != asked:
            raise Conflict(
                "The conversation changed meanwhile, and nobody was asked whether it may be closed as it is now.",
                "Nothing was changed. Call again, and the human is asked.",
            )
        tagged = pick(current, "tags.id")
        has = tagged if isinstance(tagged, list) else []
        links = [each for each in self.links if (each[1].id in has) is not (each[0] is TAG_CONVERSATIONS)]
        changed, outcomes = await _written(workspace, self.conversation_id, current, body, merged, links)
        workspace.numbers.remember(changed)
        same = [argument_of(name) for name in whole if name not in body]
        same += [f"tag {each[1].name!r}" for each in self.links if each not in links]
        if same:
            outcomes.append(f"as it was already: {', '.join(same)}")
        outcomes += [remark for each in merged.values() for remark in each.remarks]
        if body.get("status") == "closed":
            outcomes.append("Unthread may send the customer a closing message or survey.")
        return Answer(
            f"{number_of(current)}: " + "\n".join(outcomes) + replaced_notes(current, body),
            {"conversation": changed or current, "outcomes": [*outcomes]},
            "done" if body or links else "already_done",
        )


async def _written(
    workspace: Workspace,
    identity: str,
    current: JsonObject,
    body: JsonObject,
    merged: Mapping[str, Merge],
    links: Sequence[tuple[Endpoint, Named]],
) -> tuple[JsonObject, list[str]]:
    """What the conversation was changed to, and what became of each part.

    Raises what a refused change or parts that all failed come to, and `OutcomeUnknown` for a change that may have
    happened.
    """
    outcomes: list[str] = []
    failures: list[UnthreadError] = []  # without tracebacks, which would hold this call and with it this list
    changed: JsonObject = {}
    if body:
        try:
            written = await change(
                workspace,
                UPDATE_CONVERSATION,
                {"conversation_id": identity},
                body,
                read_back=GET_CONVERSATION,
                select=("id", *CONVERSATION.brief, *(name for name in body if name not in NOT_SURELY_RETURNED)),
            )
            changed = written.body
            parts = [in_words(workspace, current, changed, body)]
            parts += [f"{argument_of(name)} set" for name in body if name in MAPS]
            outcomes.append(", ".join(part for part in parts if part) + written.note)
            outcomes += await _meanwhile(workspace, identity, changed, body, merged)
        except OutcomeUnknown as error:
            failures.append(error.with_traceback(None))
            outcomes.append(f"unknown: whether {', '.join(body)} changed. {one_line(str(error), 300)}")
        except UnthreadError as error:
            if links:
                raise UnthreadError(error.what, f"{error.remedy} The tags were not changed either.") from None
            raise
    lost = bool(failures)
    for endpoint, tag in links:
        verb = "tagged" if endpoint is TAG_CONVERSATIONS else "untagged"
        try:
            await link(workspace, endpoint, tag.id, [identity])
            outcomes.append(f"{verb} {tag.name!r}")
        except UnthreadError as error:
            failures.append(error.with_traceback(None))
            missed = f"unknown: whether it was {verb}" if isinstance(error, OutcomeUnknown) else f"refused: not {verb}"
            outcomes.append(f"{missed} {tag.name!r}. {one_line(str(error), 300)}")
    if lost or (failures and len(failures) == len(outcomes)):
        raise _failed(failures, outcomes)
    return changed, outcomes


def _failed(failures: Sequence[UnthreadError], outcomes: Sequence[str]) -> UnthreadError:
    """The refusal of a call whose parts failed, with all outcomes; unknown if one of them may have happened."""
    if len(outcomes) == 1:
        return failures[0]
    unknown = any(isinstance(each, OutcomeUnknown) for each in failures)
    return (OutcomeUnknown if unknown else UnthreadError)("; ".join(outcomes), "")


async def _meanwhile(
    workspace: Workspace, identity: str, changed: JsonObject, body: JsonObject, merged: Mapping[str, Merge]
) -> list[str]:
    """What was changed by somebody else between our read and now, as far as it shows."""
    said: list[str] = []
    if others := not_as_written(changed, body):
        said.append(f"changed by somebody or something else at the same time: {', '.join(map(argument_of, others))}")
    for name, merge in merged.items():
        if name not in body:
            continue
        shown = await read_map(workspace, identity, changed, name)
        if shown is None:
            said.append(f"{argument_of(name)} could not be read back: whether somebody changed others is not known")
        elif differences := changed_by_others(merge, shown):
            said.append(f"changed by somebody else at the same time: {'; '.join(differences)}")
    return said
