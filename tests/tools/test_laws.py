"""Laws that hold for every tool there is, now and later."""

from __future__ import annotations

import inspect
import json
from typing import Any

import anyio
import pytest

from tests.support import Desk, Era, Human
from tests.tools.conftest import dump
from tests.tools.examples import EVERYTHING as ALL
from tests.tools.examples import example
from unthread_mcp.access import LEVELS, ToolDeclaration, permits
from unthread_mcp.fields import VOCABULARIES
from unthread_mcp.offer import described
from unthread_mcp.tools import TOOLS

pytestmark = pytest.mark.anyio

EVERY_TOOL = pytest.mark.parametrize("tool", TOOLS, ids=[tool.name for tool in TOOLS])
CHARACTERS_PER_TOKEN = 3.8
"""Of a tool as compact JSON, o200k: 4.0 to 4.3 were measured, so this is on the safe side.
`benchmarks.tokens` counts exactly, and CI runs it where npm is there."""
CHARACTERS_PER_TOKEN_OF_A_LIST = 4.2
"""Of `tools/list` whole, where tools even out: 4.25 by default, 4.21 of all were measured."""


@EVERY_TOOL
def test_its_description_says_what_it_is_for_within_600_characters(tool: ToolDeclaration) -> None:
    text = described(tool.function.__doc__ or "")
    assert 20 <= len(text) < 600
    assert "Args:" not in text
    assert text.isascii() or text.isprintable()
    words = [word.strip(".,;:") for word in text.split()]
    shouted = [word for word in words if len(word) > 3 and word.isalpha() and word.isupper()]
    assert not shouted, "descriptions don't shout"


@EVERY_TOOL
async def test_its_arguments_are_flat_and_closed(tool: ToolDeclaration) -> None:
    desk = Desk(ALL)
    (listed,) = [each for each in await desk.server.list_tools() if each.name == tool.name]
    schema = listed.input_schema
    text = json.dumps(schema)
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert "$ref" not in text
    assert "anyOf" not in text
    assert '"null"' not in text
    assert listed.output_schema is None
    assert listed.title
    hints = listed.annotations
    assert hints is not None
    assert None not in (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint)
    desk.sandbox.close()


@EVERY_TOOL
async def test_its_example_works_in_both_eras(tool: ToolDeclaration, era: Era) -> None:
    desk = Desk(ALL)
    async with desk.agent(era) as agent:
        said = await agent.call(tool.name, **await example(tool.name, desk, agent))
    assert not said.failed, said.text
    assert said.text
    if tool.effect != "reads":
        assert said.text.startswith("done: ")
    desk.sandbox.close()


@EVERY_TOOL
async def test_one_that_reads_leaves_the_workspace_byte_for_byte_as_it_was(tool: ToolDeclaration) -> None:
    desk = Desk(ALL)
    before = dump(desk.sandbox.database)
    async with desk.agent() as agent:
        said = await agent.call(tool.name, **await example(tool.name, desk, agent))
    assert not said.failed
    if tool.hints["read_only_hint"]:
        assert dump(desk.sandbox.database) == before
        assert desk.wire.writes == []
    else:
        assert dump(desk.sandbox.database) != before
    desk.sandbox.close()


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool.hints["idempotent_hint"]], ids=lambda tool: tool.name)
async def test_one_that_is_idempotent_changes_nothing_more_the_second_time(tool: ToolDeclaration) -> None:
    desk = Desk(ALL)
    async with desk.agent() as agent:
        arguments = await example(tool.name, desk, agent)
        await agent.call(tool.name, **arguments)
        before = _rows(desk)
        said = await agent.call(tool.name, **arguments)
    assert not said.failed
    assert _rows(desk) == before
    desk.sandbox.close()


NEW = [tool for tool in TOOLS if tool.effect in {"creates", "sends"} and not tool.name.startswith("update_")]


@pytest.mark.parametrize("tool", NEW, ids=lambda tool: tool.name)
async def test_one_that_creates_does_so_once_at_the_same_moment_in_whatever_order_its_arguments_come(
    tool: ToolDeclaration,
) -> None:
    desk, outcomes = Desk(ALL), list[str]()
    async with desk.agent() as agent:
        arguments = await example(tool.name, desk, agent)
        desk.wire.clear()

        async def call(arguments: dict[str, Any]) -> None:
            outcomes.append((await agent.call(tool.name, **arguments)).text.partition(":")[0])

        async with anyio.create_task_group() as calls:
            calls.start_soon(call, arguments)
            calls.start_soon(call, dict(reversed(arguments.items())))
    assert sorted(outcomes) == ["already_done", "done"]
    assert len(desk.wire.writes) == 1
    desk.sandbox.close()


def _rows(desk: Desk) -> list[str]:
    """The database but for the full-text index, whose inner blocks are laid anew at each write."""
    return [line for line in dump(desk.sandbox.database).splitlines() if "article_words" not in line]


@EVERY_TOOL
async def test_an_unknown_argument_is_refused_by_name_and_reaches_no_network(tool: ToolDeclaration, era: Era) -> None:
    desk = Desk(ALL)
    async with desk.agent(era) as agent:
        arguments = await example(tool.name, desk, agent)
        desk.wire.clear()
        said = await agent.call(tool.name, **arguments, surprise=1)
    assert said.failed
    assert f"{tool.name} has no argument 'surprise'." in said
    assert desk.wire.sent == []
    desk.sandbox.close()


@EVERY_TOOL
async def test_null_means_absent(tool: ToolDeclaration) -> None:
    desk = Desk(ALL)
    (listed,) = [each for each in await desk.server.list_tools() if each.name == tool.name]
    optional = set(listed.input_schema["properties"]) - set(listed.input_schema.get("required", ()))
    async with desk.agent() as agent:
        arguments = await example(tool.name, desk, agent)
        said = await agent.call(tool.name, **{**dict.fromkeys(optional), **arguments})
    assert not said.failed, said.text
    desk.sandbox.close()


@EVERY_TOOL
@pytest.mark.parametrize("level", LEVELS)
async def test_above_the_access_level_it_is_absent_and_refused(tool: ToolDeclaration, level: str) -> None:
    desk = Desk({**ALL, "UNTHREAD_ACCESS": level})
    allowed = permits(desk.server.workspace.settings.access, tool.level)
    listed = [each.name for each in await desk.server.list_tools()]
    assert (tool.name in listed) == allowed
    if not allowed:
        async with desk.agent() as agent:
            said = await agent.call(tool.name)
        assert said.failed
        assert f"{tool.name} needs access level {tool.level}" in said
        assert desk.wire.sent == []
    desk.sandbox.close()


async def test_a_tool_that_is_not_shown_says_how_it_could_be() -> None:
    desk = Desk({"UNTHREAD_TOOLSETS": "people"})
    async with desk.agent() as agent:
        hidden = await agent.call("list_tags")
        unknown = await agent.call("list_custmers")
        near = await agent.call("list_usrs")
    assert "The operator can add it with UNTHREAD_TOOLSETS." in hidden
    assert unknown.failed
    assert near.text.endswith("Did you mean list_users?")
    desk.sandbox.close()


SELECTING = [
    tool
    for tool in TOOLS
    # What export_conversations selects goes into a file: see test_bulk_reads.
    if "select" in inspect.signature(tool.function).parameters and tool.name != "export_conversations"
]


@pytest.mark.parametrize("tool", SELECTING, ids=lambda tool: tool.name)
async def test_select_returns_just_those_fields(tool: ToolDeclaration) -> None:
    desk = Desk(ALL)
    field = "ts" if tool.name == "list_messages" else "createdAt" if tool.name != "list_users" else "email"
    field = {
        "list_tags": "name",
        "list_outbounds": "subject",
        "get_outbound": "subject",
        "search_kb_articles": "title",
        "get_kb_article": "title",
    }.get(tool.name, field)
    async with desk.agent(server=desk.new_server(UNTHREAD_ANSWERS="both")) as agent:
        arguments = {**await example(tool.name, desk, agent), "select": [field]}
        said = await agent.call(tool.name, **arguments)
        unknown = await agent.call(tool.name, **{**arguments, "select": [f"{field}x"]})
        everything = await agent.call(tool.name, **{**arguments, "select": ["*"]})
    assert not said.failed, said.text
    rows = said.data.get("data", [said.data])
    assert rows
    assert all([name for name in row if name != "outcome"] == [field] for row in rows)
    assert unknown.failed
    assert f"Did you mean {field}?" in unknown
    assert not everything.failed
    desk.sandbox.close()


@pytest.mark.parametrize(("environment", "most"), [({}, 5_000), (ALL, 11_000)], ids=["default", "all"])
async def test_the_default_tools_fit_5000_tokens_all_of_them_11000_and_none_500(
    environment: dict[str, str], most: int
) -> None:
    desk = Desk(environment)
    async with desk.agent("legacy") as agent:
        listed = await agent.client.list_tools()
    whole = listed.model_dump(by_alias=True, exclude_none=True, mode="json")
    characters = len(json.dumps(whole, separators=(",", ":"), ensure_ascii=False))
    assert characters / CHARACTERS_PER_TOKEN_OF_A_LIST < most
    for tool in whole["tools"]:
        text = json.dumps(tool, separators=(",", ":"), ensure_ascii=False)
        assert len(text) / CHARACTERS_PER_TOKEN < 500, tool["name"]
    desk.sandbox.close()


async def test_the_server_lists_what_it_declares_in_the_same_order_every_time(era: Era) -> None:
    desk = Desk()
    async with desk.agent(era) as agent:
        first = [tool.name for tool in (await agent.client.list_tools()).tools]
        second = [tool.name for tool in (await agent.client.list_tools()).tools]
    assert first == second == [tool.name for tool in TOOLS if tool.shown and permits("reply", tool.level)]
    desk.sandbox.close()


@EVERY_TOOL
async def test_answers_for_programs_hold_the_same_and_no_nulls(tool: ToolDeclaration, era: Era) -> None:
    desk = Desk({**ALL, "UNTHREAD_ANSWERS": "both"})
    async with desk.agent(era, human=Human()) as agent:
        said = await agent.call(tool.name, **await example(tool.name, desk, agent))
    assert said.data, said.text
    assert "null" not in json.dumps(said.data).replace('"null"', "")
    desk.sandbox.close()


def test_every_object_has_a_brief_set_of_known_fields() -> None:
    for vocabulary in VOCABULARIES.values():
        assert vocabulary.check(vocabulary.brief) == vocabulary.brief
