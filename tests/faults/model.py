"""The model of sending: whatever is called, called again, cut off, put off and written in between, each intent has at
most one effect, and what is said of it is so.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from tests.faults.loopback import outcome_of
from tests.faults.places import End, Place, Which
from tests.faults.upstream import WELL, Behaviour, Received
from unthread_mcp.api.endpoints import CREATE_MESSAGE, LIST_MESSAGES

Tool = Literal["send_reply", "add_private_note"]

_PAGE: Final = b"<html>Bad gateway</html>"

AT_THE_MESSAGE: Final = {
    "well": WELL,
    "429": Behaviour(effect="never", status=429, headers=("Retry-After: 0",)),
    "403": Behaviour(effect="never", status=403),
    "503, nothing happened": Behaviour(effect="never", status=503),
    "reset, nothing happened": Behaviour(effect="never", cut=0, then="reset"),
    "reset, it happened": Behaviour(cut=0, then="reset"),
    "504, it happened": Behaviour(status=504, body=_PAGE, content_type="text/html"),
    "cut within the head": Behaviour(cut=20, then="close"),
    "cut within the body": Behaviour(cut=-4, then="close"),
    "it happens later": Behaviour(effect="later", cut=0, then="close"),
    "it happened, shown later": Behaviour(shown=False),
    "reset, it happened, shown later": Behaviour(shown=False, cut=0, then="reset"),
}
AT_THE_THREAD: Final = {
    "well": WELL,
    "503": Behaviour(effect="never", status=503),
    "reset": Behaviour(cut=0, then="reset"),
    "another shape": Behaviour(body=b'{"data": "none"}'),
}
FAULTS: Final = st.sampled_from([*AT_THE_MESSAGE])
FAULTS_OF_READING: Final = st.sampled_from(["well", "well", "well", "well", *AT_THE_THREAD])
WHICH: Final[st.SearchStrategy[Which]] = st.sampled_from([0, 1])
TOOLS: Final[st.SearchStrategy[Tool]] = st.sampled_from(["send_reply", "send_reply", "add_private_note"])
AFTER: Final = st.integers(0, 60)


@dataclass(frozen=True, slots=True)
class Intent:
    """A message that shall be there at most once."""

    tool: Tool
    conversation: str
    as_of: str | None
    text: str

    @property
    def arguments(self) -> dict[str, Any]:
        """What the tool is called with."""
        given = {"conversation": self.conversation, "as_of": self.as_of, "text": self.text}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(slots=True)
class Played:
    """What all histories of a run came to."""

    histories: int = 0
    meant: int = 0
    """Messages that were to be there at most once."""
    doubled: int = 0
    ends: int = 0
    """Servers that ended, perhaps within a send."""
    outcomes: Counter[str] = field(default_factory=Counter[str])
    """What calls said that were held against what is there."""


class Sending(RuleBasedStateMachine):
    """Agents, people and faults at one conversation."""

    intents: Bundle[Intent] = Bundle("intents")
    texts = 0
    """How many texts all examples have used: none uses another's."""

    def __init__(self, place: Place, played: Played) -> None:
        super().__init__()
        self.place = place
        self.played = played
        self.meant: set[Intent] = set()
        self.conversation = ""
        self.refused: set[int] = set()
        """The numbers of the requests that surely did nothing."""
        self.cancelled: set[str] = set()
        """The texts of sends that were cancelled: what was on the wire may take effect while another call is made."""

    @initialize()
    def arrive(self) -> None:
        """Take a conversation."""
        self.played.histories += 1
        self.conversation = self.place.run(self.place.conversation())
        upstream = self.place.loopback.upstream
        upstream.well()
        upstream.ledger.clear()

    @rule(target=intents, tool=TOOLS, which=WHICH, fault=FAULTS, reading=FAULTS_OF_READING, named=st.booleans())
    def send(self, tool: Tool, which: Which, fault: str, reading: str, *, named: bool) -> Intent:
        """Something new is sent; a note need not say what it was written after."""
        Sending.texts += 1
        as_of = self._newest() if named or tool == "send_reply" else None
        intent = Intent(tool, self.conversation, as_of, f"Message {Sending.texts}: it works again.")
        self._do(intent, which, fault, reading)
        return intent

    @rule(intent=intents, which=WHICH, fault=FAULTS, reading=FAULTS_OF_READING)
    def call_again(self, intent: Intent, which: Which, fault: str, reading: str) -> None:
        """The same call, perhaps by the other server."""
        self._do(intent, which, fault, reading)

    @rule(target=intents, intent=intents, which=WHICH, fault=FAULTS)
    def mean_it_anew(self, intent: Intent, which: Which, fault: str) -> Intent:
        """The same words to the thread as it stands now."""
        anew = Intent(intent.tool, intent.conversation, self._newest(), intent.text)
        self._do(anew, which, fault, "well")
        return anew

    @rule(intent=intents, fault=FAULTS)
    def call_at_once(self, intent: Intent, fault: str) -> None:
        """The same call by both servers at the same moment."""
        self._plan(fault, "well")
        self.meant.add(intent)

        async def both() -> None:
            await asyncio.gather(*(self.place.call(which, intent.tool, intent.arguments) for which in (0, 1)))

        self.place.run(both())

    @rule(intent=intents, which=WHICH, fault=FAULTS, after=AFTER)
    def cancel(self, intent: Intent, which: Which, fault: str, after: int) -> None:
        """The same call, cancelled while it is under way."""
        self._plan(fault, "well")
        self.meant.add(intent)
        self.cancelled.add(intent.text)
        self.place.run(self.place.cancelled(which, intent.tool, intent.arguments, after))

    @rule(target=intents, which=WHICH, fault=FAULTS, after=AFTER)
    def cancel_new(self, which: Which, fault: str, after: int) -> Intent:
        """Something new, cancelled while it is under way."""
        intent = self._new_reply()
        self.cancel(intent, which, fault, after)
        return intent

    @rule(
        target=intents,
        which=WHICH,
        end=st.sampled_from(["in good order", "SIGTERM", "SIGKILL"]),
        fault=FAULTS,
        after=AFTER,
    )
    def start_again(self, which: Which, end: End, fault: str, after: int) -> Intent:
        """A server ends, perhaps within a send, and another one takes its place."""
        intent = self._new_reply()
        self._plan(fault, "well")
        self.meant.add(intent)
        self.played.ends += 1
        self.place.run(self.place.again(which, end, intent.tool, intent.arguments, after))
        return intent

    @rule(which=WHICH, status=st.sampled_from(["open", "in_progress", "on_hold"]))
    def set_status(self, which: Which, status: str) -> None:
        """The agent changes the conversation's status."""
        self._plan("well", "well")
        said = self.place.run(
            self.place.call(which, "update_conversation", {"conversation": self.conversation, "status": status})
        )
        assert outcome_of(said) in {"done", "already_done"}, said.text

    @rule(who=st.sampled_from(["customer", "colleague", "colleague's note"]))
    def somebody_writes(self, who: str) -> None:
        """A human writes in between."""
        sandbox = self.place.loopback.sandbox
        self.place.loopback.clock.forward(seconds=1)
        if who == "customer":
            sandbox.customer_writes(self.conversation, "Any news?")
            return
        [user] = sandbox.database.execute("SELECT id FROM users WHERE NOT external AND NOT deleted").fetchone()
        sandbox.agent_writes(self.conversation, "On it.", user, note=who != "colleague")

    @rule()
    def catch_up(self) -> None:
        """What was put off happens, and what was hidden shows."""
        self.place.run(self.place.loopback.upstream.settle())
        self.place.loopback.upstream.reveal()

    @invariant()
    def nothing_is_there_more_often_than_it_was_meant(self) -> None:
        """The promise."""
        meant: Counter[tuple[Tool, str]] = Counter((intent.tool, intent.text) for intent in self.meant)
        there = {key: self._there(*key) for key in meant}
        doubled = {key: number for key, number in there.items() if number > meant[key]}
        self.played.doubled += len(doubled)
        assert doubled == {}

    def teardown(self) -> None:
        """Everything comes to light, all is called once more, and the promise still holds."""
        if not self.conversation:
            return
        self.catch_up()
        self.played.meant += len(self.meant)
        for intent in sorted(self.meant, key=lambda each: (each.text, each.as_of or "")):
            self._do(intent, 0, "well", "well")
        self.nothing_is_there_more_often_than_it_was_meant()

    def _new_reply(self) -> Intent:
        Sending.texts += 1
        return Intent("send_reply", self.conversation, self._newest(), f"Message {Sending.texts}: it works again.")

    def _do(self, intent: Intent, which: Which, fault: str, reading: str) -> None:
        """Make the call, and compare what is said with what is there."""
        self._plan(fault, reading)
        self.meant.add(intent)
        ledger = self.place.loopback.upstream.ledger
        ledger.clear()
        before = self._there(intent.tool, intent.text)
        said = self.place.run(self.place.call(which, intent.tool, intent.arguments))
        there = self._there(intent.tool, intent.text)
        outcome = outcome_of(said)
        self.played.outcomes[outcome] += 1
        # What was cancelled before may still be sent now, or again after a 429: it is counted by its words.
        may_have_happened = [
            each
            for each in ledger.sent_to(CREATE_MESSAGE)
            if intent.text.encode() in each.body and each.number not in self.refused
        ]
        assert outcome in {"done", "already_done", "refused", "unknown"}, said.text
        assert "inside this server" not in said.text
        assert len(may_have_happened) <= 1
        if outcome in {"done", "already_done"}:
            assert there, said.text
        if outcome in {"refused", "already_done"} and intent.text not in self.cancelled:
            assert there == before, said.text

    def _plan(self, fault: str, reading: str) -> None:
        self.place.loopback.clock.forward(seconds=1)
        # The fault strikes once: what is called again, or read back, is called at a good moment.
        faults = {CREATE_MESSAGE: AT_THE_MESSAGE[fault], LIST_MESSAGES: AT_THE_THREAD[reading]}

        def plan(received: Received) -> Behaviour:
            behaviour = faults.pop(received.endpoint, WELL) if received.endpoint else WELL
            if behaviour.status == 429:
                self.refused.add(received.number)
            return behaviour

        self.place.loopback.upstream.plan = plan

    def _newest(self) -> str:
        database = self.place.loopback.sandbox.database
        return database.execute(
            "SELECT max(ts) FROM messages WHERE conversationId = ?", [self.conversation]
        ).fetchone()[0]

    def _there(self, tool: Tool, text: str) -> int:
        notes = tool == "add_private_note"
        database = self.place.loopback.sandbox.database
        [number] = database.execute(
            "SELECT (SELECT count(*) FROM messages WHERE text = :text AND isPrivateNote = :notes)"
            " + (SELECT count(*) FROM triage_messages WHERE text = :text AND :notes)",
            {"text": text, "notes": notes},
        ).fetchone()
        return number
