"""`unthread-mcp demo`: the main job, played by a scripted agent through a real MCP client on an imitated workspace."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from mcp import Client
from mcp.types import ElicitRequestFormParams, ElicitRequestURLParams, ElicitResult, TextContent

from unthread_mcp.server import SANDBOX_KEY, build_server
from unthread_mcp.settings import IN_MEMORY, Settings

if TYPE_CHECKING:
    from mcp.client import ClientRequestContext

    from unthread_mcp.sandbox import Sandbox

WIDTH: Final = 100
_LINES_SHOWN: Final = 16
AS_OF: Final = r"as_of=([\w.]*\w)"


@dataclass(slots=True)
class Screen:
    """Where the demo is shown; colours only on a terminal that takes them."""

    colours: bool

    def say(self, text: str = "") -> None:
        """One line."""
        print(text, flush=True)

    def step(self, number: int, text: str) -> None:
        """What the agent is about to do, in a support person's words."""
        self.say(f"\n{self._paint('1;36', f'{number}. {text}')}")

    def call(self, name: str, arguments: dict[str, Any]) -> None:
        """A tool call as the agent makes it."""
        said = ", ".join(f"{key}={_short(value)}" for key, value in arguments.items())
        for line in textwrap.wrap(f"→ {name}({said})", WIDTH, subsequent_indent="    ", break_long_words=False):
            self.say(self._paint("33", f"  {line}"))

    def answer(self, text: str, *, failed: bool) -> None:
        """What came back, long answers cut in the middle and saying so."""
        lines = [
            part
            for line in text.splitlines()
            for part in (textwrap.wrap(line, WIDTH, subsequent_indent="      ") or [""])
        ]
        if len(lines) > _LINES_SHOWN:
            cut = len(lines) - _LINES_SHOWN
            lines = [*lines[: _LINES_SHOWN - 4], f"[… {cut} lines not shown in this demo …]", *lines[-4:]]
        for line in lines:
            self.say(f"    {self._paint('31', line) if failed else line}")

    def aside(self, text: str) -> None:
        """What happens outside the agent."""
        self.say(self._paint("35", f"  * {text}"))

    def _paint(self, colour: str, text: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self.colours else text


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 160 else text[:150] + "…" + text[-1]


class ScriptedAgent:
    """Calls tools through an MCP client and shows what went in and came out."""

    def __init__(self, client: Client, screen: Screen) -> None:
        self._client = client
        self._screen = screen

    async def call(self, name: str, **arguments: Any) -> str:
        """Call a tool. Returns its text, errors included: an agent reads both."""
        self._screen.call(name, arguments)
        result = await self._client.call_tool(name, arguments)
        text = "\n".join(part.text for part in result.content if isinstance(part, TextContent))
        self._screen.answer(text, failed=result.is_error is True)
        return text


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"the demo's script expected {pattern!r} in the answer")
    return match[1]


async def play(settings: Settings, screen: Screen) -> None:
    """The main job, from the inbox to the weekly report."""
    from unthread_mcp.sandbox import Sandbox  # noqa: PLC0415 - imported when first needed

    sandbox = Sandbox(key=SANDBOX_KEY)
    server = build_server(
        replace(
            settings,
            sandbox=IN_MEMORY,
            state_file=None,
            access="reply",
            toolsets=frozenset({"default"}),
            confirm="auto",
        ),
        transport=sandbox.transport,
    )

    async def human(
        context: ClientRequestContext,  # noqa: ARG001 - the SDK passes it by this name
        params: ElicitRequestFormParams | ElicitRequestURLParams,
    ) -> ElicitResult:
        screen.aside("The server asks the human:")
        screen.answer(params.message, failed=False)
        screen.aside("The human approves.")
        return ElicitResult(action="accept", content={"approve": True})

    try:
        async with Client(server, elicitation_callback=human) as client:
            await _main_job(ScriptedAgent(client, screen), sandbox, screen)
    finally:
        sandbox.close()


async def _main_job(agent: ScriptedAgent, sandbox: Sandbox, screen: Screen) -> None:
    screen.step(1, "What is urgent and open?")
    listed = await agent.call(
        "search_conversations", status=["open"], where=[{"field": "priority", "operator": ">", "value": 6}], limit=12
    )
    number = _found(r"(?m)^#(\d+) .*\b429\b", listed)

    screen.step(2, "Read the one about the API limit")
    read = await agent.call("get_conversation", conversation=f"#{number}")
    as_of = _found(AS_OF, read)

    screen.step(3, "Ask the knowledge base")
    await agent.call(
        "query_knowledge_base",
        question="What are the API rate limits, and how do we stay below them?",
        conversation=f"#{number}",
    )

    screen.step(4, "Leave a note that the customer can't see")
    await agent.call(
        "add_private_note",
        conversation=f"#{number}",
        text="The knowledge base covers this: the limits are per token. Drafting a reply.",
    )

    screen.step(5, "Reply, but the customer has written again in the meantime")
    said = "One more thing: our second integration gets the same error since noon."
    sandbox.customer_writes(sandbox.conversation_id(int(number)), said)
    screen.aside(f"The customer writes: {said}")
    reply = (
        "Thank you for the details, also on the second integration. The limits hold for each token: with one token "
        "for each integration, and pauses as the Retry-After header says, the errors end. The article on rate limits "
        "has examples."
    )
    refused = await agent.call("send_reply", conversation=f"#{number}", as_of=as_of, text=reply)
    as_of = _found(AS_OF, refused)

    screen.step(6, "Read the new message; the reply still fits: send it")
    await agent.call("send_reply", conversation=f"#{number}", as_of=as_of, text=reply, is_autoresponse=True)

    screen.step(7, "Close it")
    await agent.call("update_conversation", conversation=f"#{number}", status="closed")

    screen.step(8, "The week in numbers")
    await agent.call("run_report", metric="totalCount", start="7d", by="day", dimensions=["customerId"])


def run_demo(settings: Settings) -> int:
    """Play the demo. Returns the exit status."""
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    screen = Screen(colours)
    screen.say("unthread-mcp: an agent at work on an imitated support workspace. Nothing leaves this machine.")
    asyncio.run(play(settings, screen))
    screen.say("\nThat was the main job. The README says how to connect it to your own client.")
    return 0
