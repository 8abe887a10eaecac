"""The servers under comparison, and the same work said to each in its own words."""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from benchmarks import canned
from benchmarks.client import Call, Launch, Server
from benchmarks.upstream import RunningUpstream

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

OURS: Final = "unthread-mcp"
PLAIN: Final = "plain MCPServer + httpx"
HELLO: Final = "hello-world MCPServer"

_KEY: Final = "b3c1f0d2a4e84f6f9d57c2f1"
"""Anything that doesn't look like a placeholder: the fake upstream takes every key."""


def hello() -> Launch:
    """The hello-world server."""
    return Launch(HELLO, "benchmarks.peers.hello")


def plain(api_url: str) -> Launch:
    """The plain server on the given upstream."""
    return Launch(PLAIN, "benchmarks.peers.plain", {"UNTHREAD_API_URL": api_url, "UNTHREAD_API_KEY": _KEY})


def ours(api_url: str, directory: str) -> Launch:
    """This project's server on the given upstream, remembering what it sent in a file in `directory`."""
    return Launch(
        OURS,
        "unthread_mcp",
        {
            "UNTHREAD_API_URL": api_url,
            "UNTHREAD_API_KEY": _KEY,
            "UNTHREAD_CONFIRM": "never",
            "UNTHREAD_STATE_FILE": str(Path(directory) / "intents.sqlite3"),
        },
    )


def sandbox() -> Launch:
    """This project's server on its own seeded sandbox."""
    return Launch(OURS, "unthread_mcp", {"UNTHREAD_SANDBOX": "1", "UNTHREAD_STATE_FILE": "off"})


def everything() -> Launch:
    """The same with every tool that there is."""
    offered = {
        "UNTHREAD_TOOLSETS": "all",
        "UNTHREAD_ACCESS": "admin",
        "UNTHREAD_SLACK_USER_GROUP_ENDPOINT": "PATCH /slack/user-groups",
    }
    return Launch(OURS, "unthread_mcp", {**sandbox().env, **offered})


@dataclass(frozen=True, slots=True)
class Contestant:
    """A started server and how to ask it for one conversation and for 100 rows."""

    server: Server
    get_conversation: Call
    list_100: Call

    @property
    def name(self) -> str:
        """The name in the tables."""
        return self.server.launch.name


@dataclass(frozen=True, slots=True)
class Match:
    """Our server and the plain one, started on one fake upstream."""

    upstream: RunningUpstream
    ours: Contestant
    plain: Contestant

    def shuffled(self) -> list[Contestant]:
        """Both, in an order that is new each time."""
        return random.sample([self.ours, self.plain], 2)


@contextmanager
def match() -> Generator[Match]:
    """Start both servers on one upstream and let the plain one send what ours was seen to send."""
    conversation_id = str(canned.conversations()[0]["id"])
    with (
        RunningUpstream() as upstream,
        TemporaryDirectory() as directory,
        Server(ours(upstream.url, directory)) as our_server,
        Server(plain(upstream.url)) as plain_server,
    ):
        our_server.start()
        plain_server.start()
        our_get = Call("get_conversation", {"conversation": conversation_id})
        our_list = Call("search_conversations", {"limit": 100})
        our_server.text(our_get)
        our_server.text(our_list)
        seen = upstream.state()
        shared = ("select", "order", "descending", "limit")
        thread = {key: value for key, value in seen.first_body("/messages/list").items() if key in shared}
        rows = {key: value for key, value in seen.first_body("/conversations/list").items() if key in shared}
        plain_get = Call("get_conversation", {"conversation_id": conversation_id, **thread})
        plain_list = Call("list_conversations", rows)
        plain_server.text(plain_get)
        plain_server.text(plain_list)
        upstream.reset()
        yield Match(
            upstream,
            Contestant(our_server, our_get, our_list),
            Contestant(plain_server, plain_get, plain_list),
        )


def upstream_use(contest: Match, contestant: Contestant, calls: Sequence[Call]) -> list[str]:
    """For each call: how many requests and kilobytes it took from upstream."""
    used: list[str] = []
    for call in calls:
        contest.upstream.reset()
        contestant.server.text(call)
        state = contest.upstream.state()
        used.append(f"{state.requests} requests, {state.body_bytes / 1000:.1f} kB")
    return used
