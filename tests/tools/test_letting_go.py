"""A tool that fails over a large answer holds none of it afterwards: nothing is left to the garbage collector.

Its full collections are rare, and until the next one the server would be larger by all that the answer became.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from itertools import count

import httpx2
import pytest

from tests.support import Desk
from tests.tools.examples import EVERYTHING, example
from unthread_mcp.tools import TOOLS

pytestmark = pytest.mark.anyio

LISTS = 5_000
LARGE: list[list[None]] = [[] for _ in range(LISTS)]


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Nothing is collected but by the test, and what was there before is not looked at."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.parametrize("well", [0, 1, 4, 7])
@pytest.mark.parametrize("tool", [tool.name for tool in TOOLS])
async def test_what_a_tool_failed_over_is_let_go_of(uncollected: None, tool: str, well: int) -> None:
    desk = Desk(EVERYTHING)
    async with desk.agent() as agent:
        arguments = await example(tool, desk, agent)
    server, numbers = desk.new_server(UNTHREAD_CONFIRM="never"), count()
    desk.wire.after = lambda _, response: response if next(numbers) < well else httpx2.Response(200, json=LARGE)
    gc.collect()
    await server.call_tool(tool, arguments)
    assert gc.collect() < LISTS
