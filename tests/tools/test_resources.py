"""Resources, prompts and completions through a client, in both eras."""

from __future__ import annotations

import json

import httpx2
import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import PromptReference, ResourceTemplateReference, TextContent, TextResourceContents

from tests.support import Agent, Desk, Era
from tests.tools.examples import article_id

pytestmark = pytest.mark.anyio


async def read(agent: Agent, uri: str) -> str:
    (content,) = (await agent.client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    assert content.mime_type == "text/plain"
    return content.text


async def test_what_is_open_is_a_resource(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        listed = [str(each.uri) for each in (await agent.client.list_resources()).resources]
        text = await read(agent, "unthread://conversations")
    assert "unthread://conversations" in listed
    assert "unthread://fields/conversation" in listed
    assert "conversations, last updated first" in text
    assert " closed" not in text


async def test_each_template_reads_as_its_tool_does(desk: Desk, era: Era) -> None:
    number = desk.find("c.sourceType = 'email'")
    async with desk.agent(era) as agent:
        templates = [each.uri_template for each in (await agent.client.list_resource_templates()).resource_templates]
        conversation = await read(agent, f"unthread://conversations/{number[1:]}")
        messages = await read(agent, f"unthread://conversations/%23{number[1:]}/messages")
        customer = await read(agent, "unthread://customers/Vela%20Biotech")
        account = await read(agent, "unthread://accounts/Vela%20Biotech")
        article = await read(agent, f"unthread://knowledge-base/articles/{article_id(desk)}")
    assert len(templates) == 7
    assert conversation.startswith(number)
    assert "message" in messages
    assert customer.startswith("Vela Biotech (customer ")
    assert account.startswith("Vela Biotech (account ")
    assert article_id(desk) in article


async def test_the_fields_of_each_object_are_a_resource(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        text = await read(agent, "unthread://fields/conversation")
    assert "customer.name" in text
    assert "Observed, not documented" in text
    assert "ticketTypeFields" in text


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("unthread://nothing", "There is no resource"),
        ("unthread://conversations/", "There is no resource"),
        ("unthread://conversations/99999", "No conversation #99999 was found."),
        ("unthread://fields/ticket", "Did you mean conversation?"),
        ("https://example.com/", "There is no resource"),
    ],
)
async def test_a_resource_that_is_not_there_is_refused_in_words(desk: Desk, era: Era, uri: str, words: str) -> None:
    async with desk.agent(era) as agent:
        with pytest.raises(MCPError, match=words.replace("?", r"\?")):
            await agent.client.read_resource(uri)


async def test_prompts_are_filled_in(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        listed = {each.name: each for each in (await agent.client.list_prompts()).prompts}
        prompt = await agent.client.get_prompt("draft_reply", {"conversation": "#1001"})
        triage = await agent.client.get_prompt("triage_inbox")
    assert {"triage_inbox", "draft_reply", "summarize_conversation", "weekly_report"} <= set(listed)
    required = {each.name: each.required for each in listed["draft_reply"].arguments or ()}
    assert required == {"conversation": True, "tone": False}
    assert isinstance(prompt.messages[0].content, TextContent)
    assert "conversation #1001, friendly and to the point" in prompt.messages[0].content.text
    assert isinstance(triage.messages[0].content, TextContent)
    assert "all customers" in triage.messages[0].content.text


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("draft_repl", {}, "Did you mean draft_reply"),
        ("draft_reply", {}, "draft_reply needs conversation"),
        ("draft_reply", {"conversation": "1", "style": "x"}, "has no argument 'style'"),
    ],
)
async def test_a_wrong_prompt_call_is_refused(
    desk: Desk, era: Era, name: str, arguments: dict[str, str], words: str
) -> None:
    async with desk.agent(era) as agent:
        with pytest.raises(MCPError, match=words):
            await agent.client.get_prompt(name, arguments)


async def test_names_and_numbers_are_completed(desk: Desk, era: Era) -> None:
    async def values(reference: PromptReference | ResourceTemplateReference, name: str, typed: str) -> list[str]:
        return (await agent.client.complete(reference, {"name": name, "value": typed})).completion.values

    prompt = PromptReference(name="draft_reply")
    conversation = ResourceTemplateReference(uri="unthread://conversations/{id}/messages")
    customer = ResourceTemplateReference(uri="unthread://customers/{id}")
    account = ResourceTemplateReference(uri="unthread://accounts/{id}")
    article = ResourceTemplateReference(uri="unthread://knowledge-base/articles/{id}")
    fields = ResourceTemplateReference(uri="unthread://fields/{object}")
    async with desk.agent(era) as agent:
        numbers = await values(prompt, "conversation", "#11")
        assert numbers
        assert all(each.startswith("11") for each in numbers)
        assert await values(conversation, "id", "zzz") == []
        assert await values(customer, "id", "vela") == ["Vela Biotech"]
        assert await values(account, "id", "petrichor") == ["Petrichor Labs", "Petrichor Logistics"]
        assert await values(prompt, "customer", "Norrvik") == ["Norrvik Energi"]
        assert await values(PromptReference(name="escalate"), "to", "Jonas L") == ["Jonas Lindqvist"]
        assert len(await values(article, "id", "SAML")) == 1
        assert await values(fields, "object", "ta") == ["tag"]
        assert await values(prompt, "tone", "f") == ["friendly and to the point", "formal"]
        assert await values(prompt, "nothing", "") == []


async def test_files_are_completed_once_the_conversation_is_known(desk: Desk, era: Era) -> None:
    reference = ResourceTemplateReference(uri="unthread://conversations/{id}/files/{file_id}")
    number = desk.number("many-files")[1:]

    async def values(typed: str, others: dict[str, str] | None) -> list[str]:
        argument = {"name": "file_id", "value": typed}
        return (await agent.client.complete(reference, argument, others)).completion.values

    async with desk.agent(era) as agent:
        numbers = await agent.client.complete(reference, {"name": "id", "value": number[:2]})
        every = await values("", {"id": number})
        (chrome,) = await values("CHROME", {"id": number})
        assert await values(chrome[:8].upper(), {"id": number}) == [chrome]
        assert await values("zzz", {"id": number}) == []
        assert await values("", None) == []
        assert await values("", {"id": "99999"}) == []
    assert len(every) == 3
    assert every[0] == chrome
    assert numbers.completion.values


async def test_completions_are_empty_while_unthread_is_away(desk: Desk) -> None:
    desk.wire.before = lambda _: httpx2.Response(403, json={})
    async with desk.agent() as agent:
        result = await agent.client.complete(PromptReference(name="weekly_report"), {"name": "customer", "value": "a"})
    assert result.completion.values == []


async def test_a_resource_that_can_not_be_read_now_says_so(desk: Desk, era: Era) -> None:
    desk.wire.before = lambda _: httpx2.Response(403, json={})
    async with desk.agent(era) as agent:
        with pytest.raises(MCPError, match=r"403|may not"):
            await agent.client.read_resource("unthread://conversations")


async def test_the_server_says_what_it_is(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        assert agent.client.server_info is not None
        assert agent.client.server_info.name == "unthread"
        assert agent.client.server_info.version
        instructions = agent.client.instructions
    assert instructions is not None
    assert len(instructions) <= 2_048
    assert "imitated workspace" in instructions
    assert json.dumps(instructions)
