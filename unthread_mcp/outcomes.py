"""What became of each of many conversations or customers: one outcome each, equal ones told together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from unthread_mcp.api.errors import OutcomeUnknown, UnthreadError
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.render import Answer
from unthread_mcp.untrusted import one_line

REASON_LENGTH: Final = 200
"""Characters of a reason for one of them; a hundred have to fit an answer."""

State = Literal["done", "already_done", "refused", "unknown", "left"]


@dataclass(slots=True)
class Target:
    """One of them, and what became of it, part by part."""

    handle: str
    id: str = ""
    row: JsonObject | None = None
    """How it stood when the call began; None where it couldn't be read."""
    barred: bool = False
    """Whether it is none that may be changed."""
    parts: list[tuple[State, str]] = field(default_factory=list[tuple[State, str]])

    def note(self, state: State, said: str = "") -> None:
        """What became of one part, with what is to be said of it."""
        self.parts.append((state, said))

    @property
    def state(self) -> State | Literal["partly"]:
        """What became of all parts together."""
        states = {state for state, _ in self.parts}
        if "unknown" in states:
            return "unknown"
        if "left" in states:
            return "left"
        if states == {"refused"}:
            return "refused"
        if "refused" in states:
            return "partly"
        return "already_done" if states == {"already_done"} else "done"

    @property
    def said(self) -> str:
        """What is to be said of its parts."""
        return "; ".join(dict.fromkeys(said for _, said in self.parts if said))


WORDS: Final = {
    "done": "done",
    "already_done": "already_done",
    "partly": "done in part",
    "refused": "refused",
    "unknown": "unknown",
    "left": "not done yet",
}
"""Of each state, in the order in which they are told."""


def reason(error: UnthreadError) -> str:
    """Why one of them is not changed, on one short line."""
    return one_line(str(error), REASON_LENGTH)


def answer(targets: Sequence[Target], what: str, stopped: str = "", *, noun: str = "conversation") -> Answer:
    """The outcome of every target; `stopped` says why some were left, if they were.

    Raises `OutcomeUnknown` with the same if one may have been changed, and `UnthreadError` if
    none was, though it should have been.
    """
    states = [each.state for each in targets]
    changed = sum(state in {"done", "partly"} for state in states)
    there = states.count("already_done")
    had = " had it already" if states and there == len(states) else ""
    text = "\n".join([f"{changed + there} of {len(states)} {noun}s{had}: {what}.", *_groups(targets, stopped)])
    if "unknown" in states:
        raise OutcomeUnknown(text, "")
    if not changed and there < len(states):
        raise UnthreadError(text, "")
    outcomes: list[JsonValue] = [
        {noun: each.handle, "id": each.id, "outcome": WORDS[each.state], "why": each.said} for each in targets
    ]
    return Answer(text, {"outcomes": outcomes}, "done" if changed else "already_done")


def _groups(targets: Sequence[Target], stopped: str) -> list[str]:
    lines: list[str] = []
    for state, word in WORDS.items():
        groups: dict[str, list[str]] = {}
        for target in targets:
            if target.state == state:
                groups.setdefault("" if state == "left" else target.said, []).append(target.handle)
        for said, handles in groups.items():
            why = f"{stopped} Call again with just these." if state == "left" else said
            lines.append(f"{word}: {', '.join(handles)}" + (f". {why}" if why else ""))
    return lines
