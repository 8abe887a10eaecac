"""A conversation's source may be said in any word that answers show for it, wherever one is taken."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support import Desk
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.threads import SOURCES, source_of

pytestmark = pytest.mark.anyio

WORDS = [
    ("e-mail", "email"),
    ("E-Mail", "email"),
    ("email", "email"),
    ("chat", "widget"),
    ("widget", "widget"),
    ("Slack", "slack"),
]
NO_SOURCE = "There is no source 'fax'. Pass one of: email, widget, slack, microsoft_teams, triage."


@pytest.mark.parametrize(("word", "source"), WORDS)
async def test_a_report_of_a_source_takes_its_words(desk: Desk, word: str, source: str) -> None:
    sql = (
        "SELECT count(*) FROM conversations WHERE sourceType = ? AND NOT excludeAnalytics AND createdAt >= '2026-10-22'"
    )
    (count,) = desk.sandbox.database.execute(sql, [source]).fetchone()
    async with desk.agent() as agent:
        said = await agent.call("run_report", metric="totalCount", start="30d", source=[word])
    assert count
    assert f"\ntotal {count}; " in said.text


def _exported(directory: Path) -> list[JsonObject]:
    (file,) = directory.iterdir()
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("word", "source"), [("e-mail", "email"), ("chat", "widget")])
async def test_an_export_of_a_source_takes_its_words(tmp_path: Path, word: str, source: str) -> None:
    desk = Desk({"UNTHREAD_DOWNLOAD_DIR": str(tmp_path), "UNTHREAD_TOOLSETS": "all", "UNTHREAD_ACCESS": "read"})
    condition = {"field": "sourceType", "operator": "in", "value": [word]}
    async with desk.agent() as agent:
        said = await agent.call("export_conversations", format="jsonl", select=["sourceType"], where=[condition])
    desk.sandbox.close()
    assert not said.failed
    rows = _exported(tmp_path)
    assert rows
    assert [row for row in rows if row["sourceType"] != source] == []


async def test_what_is_no_source_is_refused_with_those_there_are_before_anything_is_sent(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call("run_report", metric="totalCount", customer="Norrvik Energi", source=["email", "fax"])
    assert said.failed
    assert NO_SOURCE in said.text
    assert not [each for each in desk.wire.sent if each.method == "POST"]


@pytest.mark.parametrize("by", ["source", "sourceType", "channel"])
async def test_conversations_are_counted_by_source_under_each_of_its_names(desk: Desk, by: str) -> None:
    async with desk.agent(server=desk.new_server(UNTHREAD_TOOLSETS="all", UNTHREAD_ACCESS="read")) as agent:
        said = await agent.call("count_conversations", by=by)
    assert re.search(r"(?m)^email · \d+ ", said.text)


def test_what_answers_call_a_source_means_one_that_they_call_so() -> None:
    for source, channel in SOURCES.items():
        assert SOURCES[source_of(channel) or ""] == channel
        assert SOURCES[source_of(source) or ""] == channel
