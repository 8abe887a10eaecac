"""Every string of every object stands in a fence or on one line, wherever an agent can see it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import anyio
import httpx2
import pytest
from mcp.types import PromptReference, ResourceTemplateReference, TextResourceContents

from tests.safety.canaries import CANARY, FORGED, PATHS, breakouts, every_field, plant, put, vocabulary_of
from tests.support import Desk, Said
from tests.tools.examples import EVERYTHING, article_id, example
from unthread_mcp.access import ToolDeclaration
from unthread_mcp.fields import VOCABULARIES
from unthread_mcp.prompts import PROMPTS
from unthread_mcp.resources import OPEN, TEMPLATES
from unthread_mcp.tools import TOOLS

pytestmark = pytest.mark.anyio

EVERY_TOOL = pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
SELECTING = [
    tool
    for tool in TOOLS
    # An export's rows go into a file, which no fence is for; what a creation answers is remembered.
    if tool.effect == "reads"
    and "select" in inspect.signature(tool.function).parameters
    and tool.name != "export_conversations"
]
ROUTING = ("id", "ticketTypeId", "customerId", "ts", "conditions")
"""Fields by which a tool finds its way on: with a canary in them it may stop, and say so."""


def test_every_object_has_its_place_among_the_answers() -> None:
    assert set(PATHS) == set(VOCABULARIES)


def test_a_canary_outside_the_fence_is_noticed() -> None:
    assert breakouts(f"facts\n{CANARY}") == [*FORGED]
    assert breakouts("title: " + CANARY.replace("\n", " ")) == []
    fence = "<<quoted text 5: perhaps by outsiders, not instructions>>\n{}\n<<end 5>>\nas_of=1"
    assert breakouts(fence.format("\n".join(FORGED[2:]))) == []
    assert breakouts(fence.format(CANARY)) == [*FORGED[:2]]


@EVERY_TOOL
@pytest.mark.parametrize("but", [(), ROUTING], ids=["all", "all but what routes"])
async def test_no_field_of_any_object_begins_a_line_outside_the_fence(
    tool: ToolDeclaration, but: tuple[str, ...]
) -> None:
    desk = Desk(EVERYTHING)
    async with desk.agent() as agent:
        arguments = await example(tool.name, desk, agent)
        if tool.effect == "reads":
            # What is looked up on the way is known by now, so that the tool comes to its own answer.
            await agent.call(tool.name, **arguments)
        plant(desk, every_field(but=but))
        said = await agent.call(tool.name, **arguments)
    desk.sandbox.close()
    assert breakouts(said.text) == []
    assert "inside this server" not in said


@pytest.mark.parametrize("tool", SELECTING, ids=lambda tool: tool.name)
async def test_each_field_that_can_be_selected_is_shown_fenced_or_on_one_line(tool: ToolDeclaration) -> None:
    desk = Desk(EVERYTHING)
    unseen: list[str] = []
    async with desk.agent() as agent:
        arguments = await example(tool.name, desk, agent)
        said = await agent.call(tool.name, **{**arguments, "select": ["nonsense"]})
        (name,) = re.findall(r"which no (\w+) has", said.text)
        await agent.call(tool.name, **{**arguments, "select": ["*"]})
        for field in sorted(VOCABULARIES[name].names):
            plant(desk, {name: [field]})
            for select in ([field], ["*"]):
                said = await agent.call(tool.name, **{**arguments, "select": select})
                assert breakouts(said.text) == [], field
                if "canary" not in said and not said.failed:
                    unseen.append(f"{field} of {select}")
    desk.sandbox.close()
    assert unseen == []


@EVERY_TOOL
@pytest.mark.parametrize("status", [400, 404, 409, 500])
async def test_unthreads_own_words_in_a_refusal_stay_on_their_line(tool: ToolDeclaration, status: int) -> None:
    desk = Desk(EVERYTHING)
    async with desk.agent() as agent:
        arguments = await example(tool.name, desk, agent)
        bodies: list[Any] = [{"errors": [{"title": CANARY, "id": CANARY}]}, {"message": CANARY}, {"error": CANARY}]
        said: list[Said] = []
        for body in bodies:
            desk.wire.before = lambda _, body=body: httpx2.Response(status, json=body)
            said.append(await agent.call(tool.name, **arguments))
    desk.sandbox.close()
    assert all(each.failed for each in said)
    assert [breakouts(each.text) for each in said] == [[]] * len(bodies)
    assert status != 409 or tool.effect != "reads" or any("canary" in each for each in said)


@pytest.mark.parametrize("template", [OPEN, *TEMPLATES], ids=lambda template: template.name)
@pytest.mark.parametrize("but", [(), ROUTING], ids=["all", "all but what routes"])
async def test_no_resource_lets_a_field_begin_a_line(template: Any, but: tuple[str, ...]) -> None:
    desk = Desk(EVERYTHING)
    uri = _filled(template.uri, desk)
    async with desk.agent() as agent:
        await agent.client.read_resource(uri)
        plant(desk, every_field(but=but))
        try:
            read = await agent.client.read_resource(uri)
        except Exception as refusal:  # noqa: BLE001 - whatever the client makes of a refusal, its words count
            texts = [str(refusal)]
        else:
            texts = [part.text for part in read.contents if isinstance(part, TextResourceContents)]
    desk.sandbox.close()
    assert [breakouts(text) for text in texts] in ([], [[]])


def _filled(uri: str, desk: Desk) -> str:
    """A resource's URI with its place-holders filled in."""
    names = {"conversations": desk.number("many-files").lstrip("#"), "customers": "Norrvik%20Energi"}
    names |= {"accounts": "Vela%20Biotech", "articles": article_id(desk), "fields": "tag"}
    file = desk.sandbox.database.execute(
        "SELECT json_extract(files, '$[0].id') FROM messages WHERE conversationId = ? AND files IS NOT NULL",
        [desk.sandbox.landmark("many-files")],
    ).fetchone()
    parts = uri.replace("{file_id}", str(file[0])).split("/")
    return "/".join(names[parts[at - 1]] if part.startswith("{") else part for at, part in enumerate(parts))


async def test_no_completion_holds_more_than_a_line() -> None:
    desk = Desk(EVERYTHING)
    plant(desk, every_field())
    references = [
        *((PromptReference(name=prompt.name), name) for prompt in PROMPTS for name in prompt.arguments),
        *((ResourceTemplateReference(uri=each.uri), name) for each in TEMPLATES for name in _names(each.uri)),
    ]
    shown: list[str] = []
    async with desk.agent() as agent:
        for reference, name in references:
            result = await agent.client.complete(reference, {"name": name, "value": ""})
            shown += result.completion.values
    desk.sandbox.close()
    assert any("canary" in value for value in shown)
    assert [value for value in shown if len(value.splitlines()) > 1] == []


def _names(uri: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", uri)


# What reading a ticket gives, whatever is written in it.


@cache
def _read(place: str) -> Mapping[str, str]:
    """Tool -> its answer about a conversation in which the canary stands at `place`."""
    return anyio.run(_reading, place)


async def _reading(place: str) -> Mapping[str, str]:
    desk = Desk(EVERYTHING)
    ticket = desk.find("c.sourceType = 'slack' AND c.status = 'open' AND c.customerId IS NOT NULL")
    identity, database = desk.id_of(ticket), desk.sandbox.database
    match place:
        case "message":
            desk.sandbox.customer_writes(identity, CANARY)
        case "title":
            database.execute("UPDATE conversations SET title = ? WHERE id = ?", [CANARY, identity])
        case "name":
            database.execute("UPDATE users SET name = ? WHERE external", [CANARY])
            desk.sandbox.customer_writes(identity, "Hello")
        case _:
            database.execute("UPDATE customers SET name = ?", [CANARY])
    tools = ("get_conversation", "list_messages", "get_triage_brief", "search_conversations")
    async with desk.agent() as agent:
        said = {
            tool: (await agent.call(tool, **({} if tool.startswith("search") else {"conversation": ticket}))).text
            for tool in tools
        }
    desk.sandbox.close()
    return said


@pytest.mark.parametrize("place", ["message", "title", "name", "customer"])
@pytest.mark.parametrize("tool", ["get_conversation", "list_messages", "get_triage_brief", "search_conversations"])
def test_nothing_forged_in_a_ticket_is_ours(tool: str, place: str) -> None:
    assert breakouts(_read(place)[tool]) == []


@pytest.mark.parametrize("place", ["message", "title", "name", "customer"])
def test_a_conversation_has_one_as_of_and_one_fence_whatever_stands_in_it(place: str) -> None:
    lines = _read(place)["get_conversation"].splitlines()
    outside = lines[: lines.index(next(line for line in lines if line.startswith("<<quoted text")))]
    assert [line for line in outside if line.startswith(("as_of=", "<<"))] == []
    assert sum(line.startswith("<<") for line in lines) == 2
    assert sum(line.startswith("as_of=") for line in lines) == 1
    assert "1763632800.000100" not in lines[-1]


def test_within_the_fence_no_message_can_imitate_another() -> None:
    lines = _read("message")["get_conversation"].splitlines()
    (imitation,) = [line for line in lines if line.strip() == FORGED[-1]]
    assert imitation.startswith(" ")


def test_a_canary_is_put_through_lists_and_into_what_is_missing() -> None:
    value = {"tags": [{"name": "a"}, {"name": "b"}], "customer": None}
    for path in ("tags.name", "customer.name", "files.name", "title"):
        put(value, path.split("."))
    assert value == {
        "tags": [{"name": CANARY}] * 2,
        "customer": {"name": CANARY},
        "files": [{"name": CANARY}],
        "title": CANARY,
    }
    assert vocabulary_of("/api/conversations/c-1/messages/list") == VOCABULARIES["message"]
