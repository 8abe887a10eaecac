"""All servers started on one fake upstream, and the same work said to each in its own words."""

from __future__ import annotations

import random
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from benchmarks import canned
from benchmarks.client import Call, Server, Work
from benchmarks.packages import CannotInstallError
from benchmarks.servers import OURS, PEERS, Peer, Place, Words
from benchmarks.upstream import RunningUpstream

if TYPE_CHECKING:
    from unthread_mcp.api.json_types import JsonObject

CONVERSATION: Final = "one conversation"
ROWS: Final = "100 rows"
SAME_ROWS: Final = "100 rows, the same fields"
REPORT: Final = "a report"


@dataclass(frozen=True, slots=True)
class Contestant:
    """A started server and how to ask it for each kind of work that it can do."""

    server: Server
    work: dict[str, Work]

    @property
    def name(self) -> str:
        """The name in the tables."""
        return self.server.launch.name


@dataclass(frozen=True, slots=True)
class Contest:
    """The servers, ours first, on one fake upstream; and why others are not there."""

    upstream: RunningUpstream
    contestants: list[Contestant]
    absent: dict[str, str] = field(default_factory=dict[str, str])

    def shuffled(self, what: str) -> list[Contestant]:
        """Those that can do this work, in an order that is new each time."""
        able = [contestant for contestant in self.contestants if what in contestant.work]
        return random.sample(able, len(able))

    def use(self, contestant: Contestant, what: str) -> str:
        """How many requests and kilobytes a piece of work takes from upstream."""
        self.upstream.reset()
        contestant.server.answer(contestant.work[what])
        state = self.upstream.state()
        return f"{state.requests} request{'s' * (state.requests != 1)}, {state.body_bytes / 1000:.1f} kB"


def work_for(words: Words, our_fields: JsonObject) -> dict[str, Work]:
    """Each kind of work in a server's words.

    `our_fields` is what our server was seen to ask upstream for with 100 rows: `select`,
    and how they are sorted.
    """
    which = {words.conversation_id: str(canned.conversations()[0]["id"])}
    newest = {"descending": True, "limit": 100} if words.selects else {}
    reading = Call(words.get_conversation, {**which, **(newest if not words.list_messages else {})})
    work: dict[str, Work] = {
        CONVERSATION: (reading, Call(words.list_messages, {**which, **newest})) if words.list_messages else (reading,),
        ROWS: (Call(words.list_conversations, {**newest, "limit": 100}),),
        SAME_ROWS: (Call(words.list_conversations, {"limit": 100, **(our_fields if words.selects else {})}),),
    }
    if words.report:
        work[REPORT] = (words.report,)
    return work


@contextmanager
def contest(peers: Sequence[Peer] = PEERS) -> Generator[Contest]:
    """Start `peers`, ours first, on one upstream, and see each do each kind of work once."""
    with ExitStack() as stack:
        upstream = stack.enter_context(RunningUpstream())
        found = Contest(upstream, [])
        our_fields: JsonObject = {}
        for peer in peers:
            directory = Path(stack.enter_context(TemporaryDirectory()))
            try:
                server = stack.enter_context(Server(peer.launch(Place(upstream.url, directory))))
                server.start()
                work = work_for(peer.words, our_fields)
                for each in work.values():
                    server.answer(each)
            except CannotInstallError as reason:
                found.absent[peer.name] = str(reason)
                continue
            if peer.name == OURS:
                seen = upstream.state().first_body("/conversations/list")
                shared = ("select", "order", "descending", "limit")
                our_fields = {key: value for key, value in seen.items() if key in shared}
            found.contestants.append(Contestant(server, work))
        upstream.reset()
        yield found
