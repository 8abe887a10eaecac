"""What a search says of itself: who can be meant, what was looked for where, and what is near to what isn't known."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import Desk

pytestmark = pytest.mark.anyio
EVERYTHING = {"UNTHREAD_TOOLSETS": "all", "UNTHREAD_ACCESS": "admin"}


async def test_who_has_left_can_be_searched_for_and_counted_but_assigned_nothing() -> None:
    desk = Desk(EVERYTHING)
    (identity,) = desk.sandbox.database.execute("SELECT id FROM users WHERE name = 'Carla Brandt'").fetchone()
    number = desk.find("c.status = 'open'")
    desk.sandbox.database.execute(
        "UPDATE conversations SET assignedToUserId = ? WHERE id = ?", [identity, desk.id_of(number)]
    )
    total = desk.sandbox.database.execute(
        "SELECT count(*) FROM conversations WHERE assignedToUserId = ?", [identity]
    ).fetchone()[0]
    async with desk.agent() as agent:
        for name in ("Carla Brandt", "carla brandt", "carla.brandt@quayside.example"):
            found = await agent.call("search_conversations", assignee=name)
            assert f"{number} " in found
        given = await agent.call(
            "search_conversations",
            where=[{"field": "assignedToUserId", "operator": "==", "value": "Carla Brandt"}],
        )
        counted = await agent.call("count_conversations", assignee="Carla Brandt")
        assigned = await agent.call("update_conversation", conversation=number, assignee="Carla Brandt")
    assert f"{number} " in given
    assert counted.text == f"{total} conversation{'' if total == 1 else 's'}"
    assert assigned.text.startswith("refused: No user is called 'Carla Brandt' any more")
    assert desk.wire.writes == []
    desk.sandbox.close()


async def test_of_two_who_have_left_neither_is_guessed(desk: Desk) -> None:
    desk.sandbox.database.execute("UPDATE users SET name = 'Carla Brandt', deleted = 1 WHERE name = 'Mei Tanaka'")
    async with desk.agent() as agent:
        said = await agent.call("search_conversations", assignee="Carla Brandt")
    assert said.failed
    assert said.text.startswith("Several users are called 'Carla Brandt'. Pass the id of one of them: ")


@pytest.mark.parametrize("nobody", ["none", "Nobody", "null", "no one"])
@pytest.mark.parametrize("tool", ["search_conversations", "count_conversations", "update_conversation"])
async def test_nobody_is_called_unassigned(tool: str, nobody: str) -> None:
    desk = Desk(EVERYTHING)
    number = {"conversation": desk.find("c.status = 'open'")} if tool == "update_conversation" else {}
    async with desk.agent() as agent:
        said = await agent.call(tool, assignee=nobody, **number)
    assert said.text.removeprefix("refused: ") == (
        f"{nobody!r} is no person. assignee=unassigned stands for nobody where conversations are searched, counted or "
        "changed; a report shows those of nobody with the dimension assigneeId."
    )
    assert not [each for each in desk.wire.sent if each.path == "/users/list"]
    desk.sandbox.close()


async def test_a_report_on_the_unassigned_says_what_is_possible() -> None:
    desk = Desk(EVERYTHING)
    async with desk.agent() as agent:
        said = await agent.call("run_report", metric="totalCount", assignee="unassigned")
    assert said.failed
    assert "a report shows those of nobody with the dimension assigneeId" in said
    desk.sandbox.close()


async def test_where_titles_have_the_words_it_is_said_that_first_messages_were_not_searched(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call("search_conversations", text="export", limit=1)
        following = await agent.call("search_conversations", cursor=said.text.rpartition("cursor=")[2])
        everywhere = await agent.call(
            "search_conversations",
            where=[{"field": "initialMessage.text", "operator": "contains", "value": "export"}],
        )
    hint = "titles only; for first messages use where initialMessage.text contains"
    assert said.text.splitlines()[0].endswith(f"; {hint}")
    assert hint not in following
    assert hint not in everywhere
    assert not everywhere.failed


@pytest.mark.parametrize("assignee", [{}, {"assignee": "unassigned"}])
async def test_several_words_that_find_nothing_are_said_to_be_one_phrase(desk: Desk, assignee: dict[str, str]) -> None:
    async with desk.agent() as agent:
        several = await agent.call("search_conversations", text="snowflake key", **assignee)
        one = await agent.call("search_conversations", text="qqqqqqqq", **assignee)
    assert several.text == "No conversations found. text is one phrase; try fewer words."
    assert one.text == "No conversations found."


@pytest.mark.parametrize(
    ("tool", "argument", "hint"),
    [
        ("query_knowledge_base", "query", "Did you mean question?"),
        ("search_conversations", "query", "Did you mean text?"),
        ("search_conversations", "sort", "Did you mean order_by?"),
        ("search_conversations", "tags", "Did you mean tag?"),
        ("search_conversations", "xyzzy", "It takes: status, customer, "),
    ],
)
async def test_an_argument_by_another_word_is_told_its_name(desk: Desk, tool: str, argument: str, hint: str) -> None:
    async with desk.agent() as agent:
        said = await agent.call(tool, **{argument: "x"})
    assert said.failed
    assert hint in said


@pytest.mark.parametrize(
    ("tool", "hint"),
    [
        ("close_conversation", "Did you mean update_conversation?"),
        ("search_tickets", "Did you mean search_conversations?"),
        ("reply_to_conversation", "Did you mean send_reply?"),
        ("make_coffee", "tools/list names the tools."),
    ],
)
async def test_a_tool_by_another_word_is_told_its_name(tool: str, hint: str) -> None:
    desk = Desk(EVERYTHING)
    async with desk.agent() as agent:
        try:
            text = (await agent.call(tool)).text
        except Exception as refusal:  # noqa: BLE001 - a protocol error in one era, an answer in the other
            text = str(refusal)
    assert hint in text
    desk.sandbox.close()


@pytest.mark.parametrize(
    ("said", "role"), [("customers", "customer"), ("Agents", "agent"), ("internal", "note"), ("notes", "note")]
)
async def test_a_role_may_be_said_in_other_words(desk: Desk, said: str, role: str) -> None:
    number = desk.find("c.sourceType = 'email' AND c.status = 'open'")
    arguments: dict[str, Any] = {"conversation": number, "limit": 100}
    async with desk.agent() as agent:
        other = await agent.call("list_messages", by=said, **arguments)
        plain = await agent.call("list_messages", by=role, **arguments)
        nobody = await agent.call("list_messages", by="Nobody Here", **arguments)
    assert other.text.splitlines()[0] == plain.text.splitlines()[0]
    assert f"by {role!r}" in other
    assert nobody.text.startswith("None by 'Nobody Here' (read as a name) among ")
