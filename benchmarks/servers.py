"""The servers under comparison: how each is started, and its words for the same work."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import packages
from benchmarks.canned_reports import QUESTION
from benchmarks.client import Call, Launch
from benchmarks.openapi import document

if TYPE_CHECKING:
    from unthread_mcp.api.json_types import JsonObject

OURS: Final = "unthread-mcp"
PLAIN: Final = "plain MCPServer + httpx"
BRIDGE: Final = "fastmcp from_openapi"
NODE_BRIDGE: Final = "@ivotoby/openapi-mcp-server"
TYPESCRIPT: Final = "plain TypeScript SDK + fetch"
HELLO: Final = "hello-world MCPServer"

OFFLINE: Final = "--offline"
"""For uvx and npx alike."""
_KEY: Final = "b3c1f0d2a4e84f6f9d57c2f1"
"""Anything that doesn't look like a placeholder: the fake upstream takes every key."""


_OUR_QUESTION: Final[JsonObject] = {
    "metric": QUESTION["metric"],
    "by": QUESTION["dateDimension"],
    "start": QUESTION["startDate"],
    "end": QUESTION["endDate"],
    "dimensions": QUESTION["dimensions"],
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where servers run: the upstream's URL, and a directory for files of theirs."""

    api_url: str
    directory: Path

    def api(self) -> dict[str, str]:
        """The environment that tells a server of the upstream."""
        return {"UNTHREAD_API_URL": self.api_url, "UNTHREAD_API_KEY": _KEY}

    def openapi(self) -> dict[str, str]:
        """The same for a bridge, with the OpenAPI document."""
        path = self.directory / "openapi.json"
        path.write_text(json.dumps(document(self.api_url)), encoding="utf-8")
        return {**self.api(), "OPENAPI_SPEC_PATH": str(path)}


Launcher = Callable[[Place], Launch]
"""Says how to start a server at a place. Raises `CannotInstallError` where it isn't to be had."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a server calls the tools for the same work, and their arguments. What it lacks is empty."""

    get_conversation: str = "get_conversation"
    list_messages: str = ""
    """Empty where `get_conversation` brings the messages."""
    list_conversations: str = "list_conversations"
    report: Call | None = None
    """The report of `canned_reports`."""
    conversation_id: str = "conversation_id"
    selects: bool = True
    """Whether the caller says which fields to answer with."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A server to compare, ours too."""

    name: str
    launch: Launcher
    words: Words


def _ours_env(place: Place) -> dict[str, str]:
    state = str(place.directory / "intents.sqlite3")
    return {**place.api(), "UNTHREAD_CONFIRM": "never", "UNTHREAD_STATE_FILE": state}


def _node_bridge_env(place: Place) -> dict[str, str]:
    headers = {"API_BASE_URL": place.api_url, "API_HEADERS": f"X-Api-Key:{_KEY}"}
    return {**place.openapi(), **headers, "VERBOSE": "false"}


def ours(place: Place) -> Launch:
    """This project's server on the given upstream, remembering what it sent in a file."""
    return Launch(OURS, (sys.executable, "-m", "unthread_mcp"), _ours_env(place))


def plain(place: Place) -> Launch:
    """The plain server on the given upstream."""
    return Launch(PLAIN, (sys.executable, str(packages.PEERS / "plain.py")), place.api())


def hello(_: Place) -> Launch:
    """The hello-world server, which has no upstream."""
    return Launch(HELLO, (sys.executable, str(packages.PEERS / "hello.py")))


def bridge(place: Place) -> Launch:
    """The bridge of fastmcp on the given upstream."""
    python = packages.python_with(packages.FASTMCP)
    return Launch(BRIDGE, (str(python), str(packages.PEERS / "bridge.py")), place.openapi())


def node_bridge(place: Place) -> Launch:
    """The npm package's bridge on the given upstream."""
    program = packages.node_modules(packages.OPENAPI_SERVER) / "@ivotoby/openapi-mcp-server/bin/mcp-server.js"
    return Launch(NODE_BRIDGE, (packages.node_program("node"), str(program)), _node_bridge_env(place))


def typescript(place: Place) -> Launch:
    """The plain server on the TypeScript SDK on the given upstream."""
    modules = packages.node_modules(*packages.TYPESCRIPT)
    # Node looks for what a file imports beside the file.
    program = shutil.copy(packages.PEERS / "plain.mjs", modules.parent)
    return Launch(TYPESCRIPT, (packages.node_program("node"), str(program)), place.api())


PEERS: Final = (
    Peer(
        OURS,
        ours,
        Words(
            list_conversations="search_conversations",
            report=Call("run_report", _OUR_QUESTION),
            conversation_id="conversation",
            selects=False,
        ),
    ),
    Peer(PLAIN, plain, Words()),
    Peer(
        BRIDGE,
        bridge,
        Words(list_messages="list_messages", report=Call("time_series", QUESTION), conversation_id="conversationId"),
    ),
    Peer(
        NODE_BRIDGE,
        node_bridge,
        Words(
            # It shortens names: list becomes lst.
            get_conversation="get-conversation",
            list_messages="lst-messages",
            list_conversations="lst-conversations",
            report=Call("time-series", QUESTION),
            conversation_id="conversationId",
        ),
    ),
    Peer(TYPESCRIPT, typescript, Words()),
)


def _by_uvx(name: str, env: dict[str, str], *what: str) -> Launch:
    command = packages.uv("tool", "run", OFFLINE, "--python", sys.executable, *what)
    return Launch(name, command, env)


def ours_by_uvx(place: Place) -> Launch:
    """This project's server out of a wheel."""
    return _by_uvx(OURS, _ours_env(place), "--from", str(packages.own_wheel()), "unthread-mcp")


def hello_by_uvx(_: Place) -> Launch:
    """The hello-world server, a file run with the SDK."""
    return _by_uvx(HELLO, {}, "--from", packages.installed("mcp"), "python", str(packages.PEERS / "hello.py"))


def plain_by_uvx(place: Place) -> Launch:
    """The plain server, a file run with the SDK and httpx."""
    with_both = ("--from", packages.installed("mcp"), "--with", packages.installed("httpx"))
    return _by_uvx(PLAIN, place.api(), *with_both, "python", str(packages.PEERS / "plain.py"))


def bridge_by_uvx(place: Place) -> Launch:
    """The bridge of fastmcp, a file run with fastmcp."""
    return _by_uvx(BRIDGE, place.openapi(), "--from", packages.FASTMCP, "python", str(packages.PEERS / "bridge.py"))


def node_bridge_by_npx(place: Place) -> Launch:
    """The npm package's bridge, as its documentation starts it."""
    command = (packages.node_program("npx"), OFFLINE, "--yes", packages.OPENAPI_SERVER)
    return Launch(NODE_BRIDGE, command, _node_bridge_env(place))


DIRECTLY: Final[dict[str, Launcher]] = {HELLO: hello, **{peer.name: peer.launch for peer in PEERS}}
"""Every server by its entry point, with nothing in between."""
AS_USERS_DO: Final[dict[str, Launcher]] = {
    f"{HELLO}, by uvx": hello_by_uvx,
    f"{OURS}, by uvx": ours_by_uvx,
    f"{PLAIN}, by uvx": plain_by_uvx,
    f"{BRIDGE}, by uvx": bridge_by_uvx,
    f"{NODE_BRIDGE}, by npx": node_bridge_by_npx,
}
"""As hosts' configurations start them, from the launcher's warm cache."""


def sandbox() -> Launch:
    """This project's server on its own seeded sandbox."""
    env = {"UNTHREAD_SANDBOX": "1", "UNTHREAD_STATE_FILE": "off"}
    return Launch(OURS, (sys.executable, "-m", "unthread_mcp"), env)


def everything() -> Launch:
    """The same with every tool that there is."""
    offered = {
        "UNTHREAD_TOOLSETS": "all",
        "UNTHREAD_ACCESS": "admin",
        "UNTHREAD_SLACK_USER_GROUP_ENDPOINT": "PATCH /slack/user-groups",
    }
    return Launch(OURS, sandbox().command, {**sandbox().env, **offered})
