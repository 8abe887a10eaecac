"""Every tool under random arguments: valid ones are answered in words and sent by the letter, others go nowhere."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.reference.checker import WRONG_REQUESTS
from tests.support import Agent, Desk, Said, seeded
from tests.tools.examples import example, further
from tests.tools.random_arguments import Known, arguments, forbidden_arguments
from tests.tools.reach import EVERYTHING
from unthread_mcp.access import ToolDeclaration
from unthread_mcp.schemas import JsonSchema
from unthread_mcp.tools import TOOLS

EVERY_TOOL = pytest.mark.parametrize("tool", TOOLS, ids=[tool.name for tool in TOOLS])
REPEATABLE = settings(deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True, slots=True)
class Bench:
    """One tool with all that it takes to call it: made once, since that takes ten times as long as a call."""

    desk: Desk
    schema: JsonSchema
    examples: list[dict[str, Any]]
    cursors: list[str]
    """To second pages."""
    call: Callable[[dict[str, Any]], Said]
    """Call it on the workspace as it was seeded."""


@contextmanager
def bench(tool: ToolDeclaration) -> Generator[Bench]:
    desk = Desk(EVERYTHING)
    fresh = seeded(desk.clock)
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        # A client has to be closed by the task that opened it, and hypothesis calls from outside of any task. In one
        # thread: waking another one for each call would take longer than the call.
        opened: asyncio.Future[Agent] = loop.create_future()
        finished = asyncio.Event()

        async def attend() -> None:
            async with desk.agent() as agent:
                opened.set_result(agent)
                await finished.wait()

        attending = loop.create_task(attend())
        attending.add_done_callback(lambda _: opened.done() or opened.cancel())
        agent = loop.run_until_complete(opened)

        def call(given: dict[str, Any]) -> Said:
            if desk.wire.writes:
                fresh.database.backup(desk.sandbox.database)
            desk.wire.clear()
            WRONG_REQUESTS.clear()
            return loop.run_until_complete(agent.call(tool.name, **given))

        async def prepared() -> tuple[JsonSchema, list[dict[str, Any]], list[str]]:
            (listed,) = [each for each in await desk.server.list_tools() if each.name == tool.name]
            examples = [await example(tool.name, desk, agent), *further(tool.name, desk)]
            pages = [{"limit": 1}, {"limit": 2}] if "cursor" in listed.input_schema["properties"] else []
            answers = [await agent.call(tool.name, **{**examples[0], **page}) for page in pages]
            cursors = [match[1] for said in answers if (match := re.search(r"cursor=(\S+)", said.text))]
            return listed.input_schema, examples, cursors

        yield Bench(desk, *loop.run_until_complete(prepared()), call)
        finished.set()
        loop.run_until_complete(attending)
    fresh.close()
    desk.sandbox.close()


@EVERY_TOOL
def test_what_it_allows_is_answered_and_sent_by_the_letter_and_the_rest_goes_nowhere(
    tool: ToolDeclaration, caplog: pytest.LogCaptureFixture
) -> None:
    with bench(tool) as at:
        allowed = arguments(at.schema, at.examples, Known(at.desk, tool, at.cursors))

        @settings(REPEATABLE, max_examples=200)
        @given(allowed)
        def is_answered(given: dict[str, Any]) -> None:
            said = at.call(given)
            assert "Something went wrong inside this server" not in said, caplog.text
            assert said.text.strip()
            if said.failed and tool.effect != "reads":
                assert said.text.startswith(("refused: ", "unknown: "))
            assert WRONG_REQUESTS == []

        @settings(REPEATABLE, max_examples=40)
        @given(forbidden_arguments(at.schema, allowed))
        def goes_nowhere(given: dict[str, Any]) -> None:
            said = at.call(given)
            assert said.failed, said.text
            assert at.desk.wire.sent == []
            assert "Something went wrong inside this server" not in said, caplog.text
            assert len(said.text) < 1_000

        is_answered()
        goes_nowhere()
