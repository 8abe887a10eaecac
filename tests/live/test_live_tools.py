"""The tools on whatever workspace there is: every one that reads, and the triage of a conversation of our own."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.live.conftest import Api
from tests.support import Agent, Said

pytestmark = pytest.mark.anyio


async def answered(agent: Agent, tool: str, **arguments: Any) -> Said:
    said = await agent.call(tool, **arguments)
    assert not said.failed, f"{tool}: {said.text}"
    return said


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("search_conversations", {"status": ["open", "in_progress"], "updated_after": "4w", "limit": 5}),
        ("search_conversations", {"assignee": "unassigned", "limit": 5}),
        ("search_conversations", {"text": "invoice", "limit": 5}),
        ("search_customers", {"limit": 5}),
        ("search_accounts", {"limit": 5}),
        ("search_kb_articles", {"limit": 5}),
        ("query_knowledge_base", {"question": "How do I reset my password?"}),
        ("list_users", {"limit": 5}),
        ("list_users", {"include_external": True, "limit": 5}),
        ("list_tags", {}),
        ("list_ticket_types", {}),
        ("list_collaborator_types", {}),
        ("list_outbounds", {"limit": 5}),
        ("list_webhooks", {}),
        ("run_report", {"metric": "totalCount", "dimensions": ["assigneeId"]}),
        ("run_report", {"metric": "responseTimeMean", "start": "7d", "by": "day"}),
        ("count_conversations", {"by": "status"}),
    ],
)
async def test_a_tool_that_reads_answers(agent: Agent, tool: str, arguments: dict[str, Any]) -> None:
    assert (await answered(agent, tool, **arguments)).text


@pytest.mark.parametrize(
    "tool", ["search_conversations", "search_customers", "list_users", "list_tags", "search_kb_articles"]
)
async def test_the_next_page_goes_on(agent: Agent, tool: str) -> None:
    first = await answered(agent, tool, limit=2)
    if not (cursor := re.search(r"cursor=(\S+)", first.text)):
        pytest.skip("there is only one page")
    second = await answered(agent, tool, cursor=cursor[1])
    again = set(first.text.splitlines()[1:]) & set(second.text.splitlines()[1:])
    assert len(again) <= 1, "but for what the columns mean, no line comes twice"


async def test_a_conversation_is_read_by_number_with_its_thread_and_brief(agent: Agent) -> None:
    listed = await answered(agent, "search_conversations", limit=1)
    number = re.search(r"^#\d+", listed.text, re.MULTILINE)
    if not number:
        pytest.skip("there is no conversation")
    for tool in ("get_conversation", "list_messages", "get_triage_brief", "list_approvals"):
        await answered(agent, tool, conversation=number[0])
    assert "as_of=" in await answered(agent, "get_conversation", conversation=number[0])


async def test_our_own_conversation_is_changed_tagged_and_noted(
    agent: Agent, api: Api, conversation: dict[str, Any], tag: dict[str, Any]
) -> None:
    number = f"#{conversation['friendlyId']}"
    changed = await answered(
        agent, "update_conversation", conversation=number, priority="low", status="on_hold", add_tags=[tag["name"]]
    )
    assert changed.text.startswith("done: ")
    now = await api.ok("GET", f"/conversations/{conversation['id']}")
    assert (now["priority"], now["status"], [each["id"] for each in now["tags"]]) == (3, "on_hold", [tag["id"]])
    noted = await answered(agent, "add_private_note", conversation=number, text="Nothing to see here.")
    assert noted.text.startswith("done: ")
    again = await answered(agent, "add_private_note", conversation=number, text="Nothing to see here.")
    assert again.text.startswith("already_done: ")


async def test_a_reply_where_there_is_nobody_to_reply_to_is_refused(agent: Agent, conversation: dict[str, Any]) -> None:
    number = f"#{conversation['friendlyId']}"
    said = await agent.call("send_reply", conversation=number, text="Hello", as_of=await agent.as_of(number))
    assert said.failed
    assert said.text.startswith("refused: ")
