"""A sandbox on a day of its own: the same answers every time, whatever the day is outside."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from mcp import Client
from mcp.types import TextContent

from unthread_mcp.server import build_server
from unthread_mcp.settings import read_settings

pytestmark = pytest.mark.anyio


async def newest(**variables: str) -> str:
    """The row of the conversation that was created last."""
    settings = read_settings({"UNTHREAD_SANDBOX": "1", "UNTHREAD_STATE_FILE": "off", **variables})
    server = build_server(settings, now=lambda: datetime(2031, 5, 4, 9, tzinfo=UTC))
    async with Client(server) as client:
        result = await client.call_tool(
            "search_conversations", {"order_by": "createdAt", "limit": 1, "select": ["createdAt"]}
        )
    assert isinstance(result.content[0], TextContent)
    return re.sub(r"\b\d{9}\b", "marker", result.content[0].text)


async def test_it_stands_on_that_day_and_else_on_the_clocks() -> None:
    dated = await newest(UNTHREAD_SANDBOX_DATE="2026-11-20")
    assert "2026-11-19" in dated
    assert await newest(UNTHREAD_SANDBOX_DATE="2026-11-20") == dated
    assert "2031-05-03" in await newest()


async def test_what_is_long_ago_counts_from_that_day() -> None:
    settings = read_settings(
        {"UNTHREAD_SANDBOX": "1", "UNTHREAD_STATE_FILE": "off", "UNTHREAD_SANDBOX_DATE": "2026-11-20"}
    )
    async with Client(build_server(settings)) as client:
        result = await client.call_tool("run_report", {"metric": "totalCount", "start": "7d"})
    assert isinstance(result.content[0], TextContent)
    assert "11-13" in result.content[0].text
