"""Laws over the endpoints of the reference: what tools send, and what the sandbox answers."""

from __future__ import annotations

import pytest

from tests.tools.reach import reach, reached_by
from unthread_mcp.access import ToolDeclaration
from unthread_mcp.api.endpoints import ENDPOINTS
from unthread_mcp.sandbox.calls import HANDLERS
from unthread_mcp.tools import TOOLS

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("tool", TOOLS, ids=[tool.name for tool in TOOLS])
async def test_every_example_works_and_reaches_endpoints_that_do_no_more_than_the_tool(tool: ToolDeclaration) -> None:
    endpoints, answers = await reached_by(tool)
    assert [answer for answer in answers if answer.startswith("failed: ")] == []
    assert endpoints
    effects = {ENDPOINTS[name].effect for name in endpoints}
    match tool.effect:
        case "reads":
            assert effects == {"reads"}
        case "deletes":
            assert "deletes" in effects
        case _:
            assert "deletes" not in effects
            assert effects & {"changes", "creates"}


async def test_every_endpoint_of_the_reference_is_sent_by_some_tool() -> None:
    assert (await reach()).keys() == ENDPOINTS.keys()


def test_every_endpoint_of_the_reference_is_answered_by_exactly_one_function_of_the_sandbox() -> None:
    assert HANDLERS.keys() == set(ENDPOINTS.values())
    assert len(ENDPOINTS) == len(set(HANDLERS.values())) == 56
