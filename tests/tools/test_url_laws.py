"""Whatever addresses a tool is passed or reads, nothing but Unthread is ever contacted."""

from __future__ import annotations

import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import httpx2
import pytest

from tests.support import Desk, Human
from tests.tools.examples import EMAIL, EVERYTHING, article_id, example, further
from unthread_mcp.access import ToolDeclaration
from unthread_mcp.server import SANDBOX_URL
from unthread_mcp.tools import TOOLS

pytestmark = pytest.mark.anyio
SETTINGS = EVERYTHING

URL: Final = "https://elsewhere.example.com/picture.png"
TEXT: Final = f"See {URL}, <{URL}|this>, [that]({URL}) and ![a picture]({URL})."
IMAGE: Final = {"type": "image", "image_url": URL, "alt_text": "A picture"}
ACCESSORY: Final = {"type": "section", "text": {"type": "mrkdwn", "text": TEXT}, "accessory": IMAGE}

WITH_ADDRESSES: Final[dict[str, dict[str, Any]]] = {
    "create_webhook": {"url": URL},
    "update_webhook": {"url": URL, "enabled": True},
    "create_kb_article": {"url": URL, "content": TEXT},
    "update_kb_article": {"url": URL, "content": TEXT},
    "query_knowledge_base": {"question": TEXT},
    "create_account": {"image_url": URL},
    "update_account": {"image_url": URL},
    "send_reply": {"text": TEXT},
    "add_private_note": {"text": TEXT},
    "create_conversation": {"text": TEXT, "title": URL, "notes": TEXT},
    "update_conversation": {"title": URL, "notes": TEXT, "metadata": {"link": URL}},
    "create_outbound": {"text": TEXT, "blocks": [IMAGE, ACCESSORY], "send": True},
    "update_outbound": {"text": TEXT, "blocks": [IMAGE]},
    "create_customer": {"channel_topic": URL},
    "update_customer": {"autoresponder_message": TEXT, "autoresponder_when": "always"},
    "create_automation": {"steps": [{"type": "action", "data": {"url": URL}}]},
    "create_ticket_type": {"description": TEXT},
    "request_approval": {"title": URL},
    "search_conversations": {"text": URL},
}
"""Arguments to pass beside the example's, or in their place."""

_opened: list[str] = []
_listening = False


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _listening and event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"}:
        _opened.append(f"{event} {arguments[-1 if event == 'socket.connect' else 0]!r}")


sys.addaudithook(_hear)


@contextmanager
def network() -> Generator[list[str]]:
    """Every connection and every look-up of a host that this process begins, beside the desk's own wire."""
    global _listening  # noqa: PLW0603 - an audit hook stays for ever, so it has to be told when to listen
    _opened.clear()
    _listening = True
    try:
        yield _opened
    finally:
        _listening = False


def contacted(desk: Desk) -> list[str]:
    """The hosts of the requests that are sent from now on."""
    hosts: list[str] = []

    def note(request: httpx2.Request) -> None:
        hosts.append(request.url.host)

    desk.wire.before = note
    return hosts


def _plant(desk: Desk) -> None:
    """What is read holds addresses, too."""
    database = desk.sandbox.database
    database.execute("UPDATE messages SET text = text || ?", [f" {TEXT}"])
    database.execute("UPDATE articles SET content = content || ?", [f" {TEXT}"])
    database.execute("UPDATE conversations SET title = ?", [URL])


@pytest.mark.parametrize("tool", TOOLS, ids=[tool.name for tool in TOOLS])
async def test_nothing_but_unthread_is_ever_contacted(tool: ToolDeclaration, desk: Desk) -> None:
    async with desk.agent(human=Human()) as agent:
        arguments = {**await example(tool.name, desk, agent), **WITH_ADDRESSES.get(tool.name, {})}
        _plant(desk)
        if "as_of" in arguments:
            arguments["as_of"] = await agent.as_of(arguments["conversation"])
        hosts = contacted(desk)
        with network() as opened:
            for call in [arguments, *further(tool.name, desk)]:
                said = await agent.call(tool.name, **call)
                assert not said.failed, said.text
    assert set(hosts) == {httpx2.URL(SANDBOX_URL).host}
    assert opened == []


async def test_addresses_that_are_refused_are_not_contacted_either(desk: Desk) -> None:
    async with desk.agent(human=Human()) as agent:
        hosts = contacted(desk)
        with network() as opened:
            for url in (
                "http://elsewhere.example.com/",
                "https://127.0.0.1/",
                "https://localhost/",
                "file:///etc/passwd",
            ):
                webhook = await agent.call("create_webhook", url=url)
                article = await agent.call("update_kb_article", article=article_id(desk), url=url)
                link = await agent.call("get_conversation", conversation=f"{url}/{desk.id_of(desk.find(EMAIL))}")
                assert [each.failed for each in (webhook, article, link)] == [True, True, True]
    assert hosts == []
    assert opened == []


def test_the_network_is_listened_to() -> None:
    with network() as opened:
        socket.getaddrinfo("127.0.0.1", 9)
    assert opened == ["socket.getaddrinfo '127.0.0.1'"]
