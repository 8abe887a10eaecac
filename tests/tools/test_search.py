"""Searching and listing: names in, few words out, pages that can't be continued with another query."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from tests.support import Desk, Era
from unthread_mcp.tokens import estimate_tokens

pytestmark = pytest.mark.anyio


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("#") and line[1:2].isdigit()]


async def test_100_conversations_fit_4000_tokens_and_40_kb_from_upstream(desk: Desk) -> None:
    async with desk.agent() as agent:
        desk.wire.clear()
        many = await agent.call("search_conversations", limit=100)
        (sent,) = desk.wire.sent
        few = await agent.call("search_conversations", limit=25)
    assert len(rows(many.text)) == 100
    assert estimate_tokens(many.text) < 4_000
    assert estimate_tokens(few.text) < 1_200
    assert sent.answered < 40_000
    assert sent.body["select"]


async def test_pages_go_on_to_the_end_without_a_gap_or_a_repetition(desk: Desk, era: Era) -> None:
    seen: list[str] = []
    async with desk.agent(era) as agent:
        said = await agent.call("search_conversations", status=["closed"], limit=40)
        for _ in range(10):
            seen += [line.split()[0] for line in rows(said.text)]
            if "more: cursor=" not in said:
                break
            said = await agent.call("search_conversations", cursor=said.text.rpartition("cursor=")[2])
    total = desk.sandbox.database.execute("SELECT count(*) FROM conversations WHERE status = 'closed'").fetchone()[0]
    assert len(seen) == len(set(seen)) == total


async def test_a_cursor_is_refused_with_another_query(desk: Desk) -> None:
    async with desk.agent() as agent:
        first = await agent.call("search_conversations", status=["closed"], limit=5)
        cursor = first.text.rpartition("cursor=")[2]
        other = await agent.call("search_conversations", cursor=cursor, status=["open"])
        same = await agent.call("search_conversations", cursor=cursor, status=["closed"])
        forged = await agent.call("search_conversations", cursor="abc")
    assert other.text.startswith("cursor belongs to a query with another status.")
    assert not same.failed
    assert forged.text == "cursor is not one of this server's. Pass the cursor of the previous answer unchanged."


async def test_a_relative_time_stays_where_it_was_on_later_pages(desk: Desk) -> None:
    async with desk.agent() as agent:
        first = await agent.call("search_conversations", created_after="60d", limit=5)
        desk.clock.forward(days=50)
        desk.wire.clear()
        await agent.call("search_conversations", cursor=first.text.rpartition("cursor=")[2])
    assert desk.wire.sent[0].body["where"] == [
        {"field": "createdAt", "operator": ">", "value": "2026-09-21T10:00:00.000Z"}
    ]


async def test_a_query_too_long_for_a_cursor_has_to_be_repeated(desk: Desk) -> None:
    where = [
        {"field": "title", "operator": "notContains", "value": f"words that no title has, number {n}"} for n in range(8)
    ]
    async with desk.agent() as agent:
        first = await agent.call("search_conversations", where=where, limit=5)
        cursor = first.text.rpartition("cursor=")[2]
        alone = await agent.call("search_conversations", cursor=cursor)
        repeated = await agent.call("search_conversations", cursor=cursor, where=where, limit=5)
    assert alone.failed
    assert "Repeat the arguments of the first page" in alone
    assert not repeated.failed
    assert rows(repeated.text)[0] not in first.text


async def test_every_named_filter_becomes_the_references_condition(desk: Desk) -> None:
    async with desk.agent() as agent:
        desk.wire.clear()
        said = await agent.call(
            "search_conversations",
            status=["open", "on_hold"],
            customer="Vela Biotech",
            assignee="Mei Tanaka",
            tag="Bug",
            ticket_type="Bug report",
            priority=7,
            updated_before="2026-11-01",
            where=[{"field": "friendlyId", "operator": ">", "value": 1000}],
            order_by="createdAt",
            descending=False,
        )
    assert not said.failed, said.text
    body = desk.wire.sent[-1].body
    fields = [(each["field"], each["operator"]) for each in body["where"]]
    assert fields == [
        ("friendlyId", ">"),
        ("status", "in"),
        ("customerId", "=="),
        ("assignedToUserId", "=="),
        ("tags.id", "=="),
        ("ticketTypeId", "=="),
        ("priority", "=="),
        ("updatedAt", "<"),
    ]
    assert body["order"] == ["createdAt", "id"]
    assert body["descending"] is False


@pytest.mark.parametrize("when", ["created", "updated"])
async def test_a_time_that_ends_before_it_begins_is_refused(desk: Desk, when: str) -> None:
    async with desk.agent() as agent:
        said = await agent.call("search_conversations", **{f"{when}_after": "7d", f"{when}_before": "30d"})
    assert (
        said.text == f"{when}_after is not before {when}_before, so there can be nothing. Exchange them, or pass one."
    )
    assert desk.wire.sent == []


@pytest.mark.parametrize(
    ("operator", "value", "numbers"), [("==", "Critical", 9), (">", "medium", 5), ("in", ["high", 3], ["7", "3"])]
)
async def test_a_condition_on_the_priority_may_say_it_in_words(
    desk: Desk, operator: str, value: Any, numbers: Any
) -> None:
    condition = {"field": "priority", "operator": operator}
    async with desk.agent() as agent:
        words = await agent.call("search_conversations", where=[condition | {"value": value}])
        plain = await agent.call("search_conversations", where=[condition | {"value": numbers}])
    assert not words.failed, words.text
    assert rows(words.text) == rows(plain.text) != []


async def test_by_priority_the_highest_come_first_and_those_without_one_are_left_out(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call("search_conversations", status=["open"], order_by="priority", limit=5)
    assert "highest priority first, none without one" in said
    assert all(" open critical · " in line for line in rows(said.text))


async def test_words_are_looked_for_in_first_messages_when_no_title_has_them(desk: Desk) -> None:
    word = desk.sandbox.database.execute(
        "SELECT substr(m.text, 1, 24) FROM conversations c JOIN messages m ON m.id = c.initialMessageId"
        " WHERE m.text NOT LIKE '%&%' AND m.text NOT LIKE '%<%' AND NOT EXISTS"
        " (SELECT 1 FROM conversations o WHERE o.title LIKE '%' || substr(m.text, 1, 24) || '%')"
    ).fetchone()[0]
    async with desk.agent() as agent:
        said = await agent.call("search_conversations", text=word, limit=1)
    assert "no title has these words, these first messages do" in said


async def test_unassigned_is_filtered_here_and_says_how_many_were_looked_through(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call("search_conversations", assignee="unassigned", status=["open"], limit=5)
        following = await agent.call("search_conversations", cursor=said.text.rpartition("cursor=")[2])
    assert "unassigned, out of" in said
    assert all(" · - · " in line for line in rows(said.text))
    assert not set(rows(said.text)) & set(rows(following.text))


@pytest.mark.parametrize(
    ("order_by", "descending"),
    [("createdAt", False), ("createdAt", True), ("updatedAt", True), ("updatedAt", False), ("priority", True)],
)
async def test_pages_of_the_unassigned_are_as_long_as_asked_for_and_hold_each_once(
    desk: Desk, order_by: str, *, descending: bool
) -> None:
    query = {"assignee": "unassigned", "order_by": order_by, "descending": descending}
    without_priority = " AND priority IS NOT NULL" if order_by == "priority" else ""
    sql = f"SELECT count(*) FROM conversations WHERE assignedToUserId IS NULL{without_priority}"
    total = desk.sandbox.database.execute(sql).fetchone()[0]
    async with desk.agent() as agent:
        everything = rows((await agent.call("search_conversations", **query, limit=100)).text)
        for limit in (1, 3, 5, 6, 7, 99):
            met: list[str] = []
            said = await agent.call("search_conversations", **query, limit=limit)
            for _ in range(total + 2):
                page = rows(said.text)
                met += page
                if "more: cursor=" not in said:
                    break
                assert len(page) == limit
                said = await agent.call("search_conversations", cursor=said.text.rpartition("cursor=")[2])
            assert met == everything
    assert len(everything) == total


async def test_what_moves_between_two_pages_of_the_unassigned_takes_none_of_the_others_with_it(desk: Desk) -> None:
    async with desk.agent() as agent:
        everything = rows((await agent.call("search_conversations", assignee="unassigned", limit=100)).text)
        said = await agent.call("search_conversations", assignee="unassigned", limit=4)
        first = rows(said.text)
        for line in first[:3]:
            moved = desk.id_of(line.split()[0])
            desk.sandbox.database.execute(
                "UPDATE conversations SET updatedAt = '2026-11-20T10:00:00.000Z' WHERE id = ?", [moved]
            )
        following = await agent.call("search_conversations", cursor=said.text.rpartition("cursor=")[2])
    assert rows(following.text) == everything[4:8]


async def test_a_page_of_the_unassigned_says_that_it_is_not_all_of_them(desk: Desk) -> None:
    query = {"assignee": "unassigned", "status": ["open"], "order_by": "priority"}
    async with desk.agent() as agent:
        every = await agent.call("search_conversations", **query, limit=100)
        some = await agent.call("search_conversations", **query, limit=1)
        following = await agent.call("search_conversations", cursor=some.text.rpartition("cursor=")[2])
    count = len(rows(every.text))
    assert every.text.startswith(f"{count} conversations, unassigned, out of ")
    assert every.text.splitlines()[0].endswith("highest priority first, none without one")
    assert some.text.startswith("first 1 conversation, unassigned, out of ")
    assert some.text.splitlines()[0].endswith("highest priority first, none without one; more follow")
    assert following.text.startswith("next 1 conversation, unassigned, out of ")


async def test_a_filter_that_the_api_refuses_is_named(desk: Desk) -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response | None:
        if b"tags.id" in request.content:
            return httpx2.Response(400, json={"errors": [{"status": 400, "title": "Unknown field"}]})
        return None

    async with desk.agent() as agent:
        desk.wire.before = refuse
        said = await agent.call("search_conversations", tag="Bug")
    assert said.failed
    assert "tags.id ==" in said
    assert "Leave out or change one" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"limit": 0}, "limit is not acceptable"),
        ({"status": ["opened"]}, "item 1 of status is not acceptable: it takes open, in_progress, on_hold or closed."),
        ({"priority": "urgent"}, "priority is not acceptable"),
        ({"created_after": "yesterday"}, "created_after is 'yesterday', which is no time."),
        ({"where": [{"field": "titel", "operator": "==", "value": "x"}]}, "Did you mean title?"),
        ({"where": [{"field": "title", "operator": "in", "value": "x"}]}, "The operator in takes a list."),
        (
            {"where": [{"field": "title", "operator": "==", "value": ["x"]}]},
            "The operator == takes one value, no list.",
        ),
        (
            {"where": [{"field": "title", "operator": "~", "value": "x"}]},
            "operator of item 1 of where is not acceptable",
        ),
        ({"select": ["customer.nam"]}, "Did you mean customer.name?"),
        ({"order_by": "title"}, "order_by is not acceptable"),
    ],
)
async def test_wrong_arguments_get_two_sentences_and_reach_no_network(
    desk: Desk, arguments: dict[str, object], words: str
) -> None:
    async with desk.agent() as agent:
        desk.wire.clear()
        said = await agent.call("search_conversations", **arguments)
    assert said.failed
    assert words in said
    assert desk.wire.sent == []


async def test_clients_that_send_json_as_text_or_one_value_for_a_list_are_understood(desk: Desk) -> None:
    async with desk.agent() as agent:
        as_text = await agent.call("search_conversations", status='["open", "closed"]', limit="3")
        single = await agent.call("search_conversations", status="open", limit=3)
    assert len(rows(as_text.text)) == 3
    assert len(rows(single.text)) == 3


# Conversations by number, id and link


async def test_a_conversation_goes_by_number_id_or_link(desk: Desk) -> None:
    number = desk.find("c.sourceType = 'email'")
    identity = desk.id_of(number)
    references = [
        number,
        number[1:],
        int(number[1:]),
        identity,
        f"https://acme.unthread.io/dashboard/inbox/{identity}?x=1",
    ]
    async with desk.agent() as agent:
        answers = [await agent.call("get_conversation", conversation=each) for each in references]
    assert all(each.text.startswith(number) for each in answers)


async def test_a_number_is_looked_up_once_and_remembered_from_listings(desk: Desk) -> None:
    async with desk.agent() as agent:
        listed = await agent.call("search_conversations", limit=3)
        number = rows(listed.text)[0].split()[0]
        desk.wire.clear()
        await agent.call("get_conversation", conversation=number)
    asked = [str(each).split("/")[-1] for each in desk.wire.sent if each.path != "/users/list"]  # who is mentioned
    assert sorted(asked) == sorted([desk.id_of(number), "list"])
    assert "/conversations/list" not in [each.path for each in desk.wire.sent]


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("#99999", "No conversation #99999 was found."),
        ("https://evil.example/unthread.io/1001", "a link to somewhere other than Unthread"),
        ("https://unthread.io.evil.example/1001", "a link to somewhere other than Unthread"),
        ("the login one", "neither a number nor an id"),
        ("..", "neither a number nor an id"),
        ("0476bfd0-0c3f-4dfb-b462-d75a4a6908e1", "not found"),
    ],
)
async def test_a_reference_to_nothing_is_refused_in_words(desk: Desk, era: Era, reference: str, words: str) -> None:
    async with desk.agent(era) as agent:
        said = await agent.call("get_conversation", conversation=reference)
    assert said.failed
    assert words in said.text


async def test_where_the_number_filter_is_refused_the_newest_pages_are_looked_through(desk: Desk) -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response | None:
        if request.url.path.endswith("/conversations/list") and b'friendlyId","operator' in request.content.replace(
            b" ", b""
        ):
            return httpx2.Response(400, json={"errors": [{"status": 400, "title": "Invalid field"}]})
        return None

    newest = desk.find("c.createdAt = (SELECT max(createdAt) FROM conversations)")
    async with desk.agent() as agent:
        desk.wire.before = refuse
        found = await agent.call("get_conversation", conversation=newest)
        missing = await agent.call("get_conversation", conversation="#77777")
    assert not found.failed, found.text
    assert "among the newest 150, the only ones that could be looked through" in missing


# Messages


async def test_messages_are_listed_newest_first_and_told_apart(desk: Desk) -> None:
    number = desk.number("longest-thread")
    async with desk.agent() as agent:
        first = await agent.call("list_messages", conversation=number, limit=10)
        second = await agent.call("list_messages", cursor=first.text.rpartition("cursor=")[2])
        customers = await agent.call("list_messages", conversation=number, by="customer", limit=10)
    assert "10 of" in first
    assert first.text != second.text
    assert "(customer)" in customers
    assert "(agent)" not in customers


async def test_messages_can_be_limited_in_time_and_by_words(desk: Desk) -> None:
    number = desk.number("longest-thread")
    async with desk.agent() as agent:
        desk.wire.clear()
        await agent.call("list_messages", conversation=desk.id_of(number), after="7d", before="1d", text="export")
    where = desk.wire.sent[0].body["where"]
    assert [(each["field"], each["operator"]) for each in where] == [
        ("timestamp", ">"),
        ("timestamp", "<"),
        ("text", "contains"),
    ]


async def test_hidden_characters_from_customers_reach_nobody(desk: Desk, era: Era) -> None:
    number = desk.find("c.sourceType = 'email' AND c.status = 'open'")
    desk.sandbox.customer_writes(desk.id_of(number), "a\u202eb\u0007c\U000e0041d\u200be\x00f")

    def surrogate(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        broken = json.dumps(answer.json()).replace("\\u202e", "\\ud83d")
        return httpx2.Response(
            answer.status_code, content=broken.encode(), headers={"content-type": "application/json"}
        )

    desk.wire.after = surrogate
    async with desk.agent(era) as agent:
        said = await agent.call("get_conversation", conversation=number)
        listed = await agent.call("list_messages", conversation=number)
    for answer in (said, listed):
        assert "abcdef" in answer


async def test_among_the_unassigned_words_are_looked_for_in_first_messages_too(desk: Desk) -> None:
    rows = desk.sandbox.database.execute(
        "SELECT c.friendlyId, m.text, c.title FROM conversations c JOIN messages m ON m.conversationId = c.id "
        "WHERE c.assignedToUserId IS NULL AND m.isExternal = 1 GROUP BY c.id HAVING m.ts = min(m.ts)"
    ).fetchall()
    rows_of_titles = desk.sandbox.database.execute("SELECT title FROM conversations WHERE title IS NOT NULL")
    titles = " ".join(row[0] for row in rows_of_titles).lower()
    number, word = next(
        (number, word)
        for number, text, _ in rows
        for word in text.split()
        if len(word) > 7 and word.isalpha() and word.lower() not in titles
    )
    async with desk.agent() as agent:
        said = await agent.call("search_conversations", text=word, assignee="unassigned")
    assert f"#{number} " in said
    assert "unassigned, out of" in said
    assert "no title has these words, these first messages do" in said


@pytest.mark.parametrize("words", ["message: hello", "message:", "content:x"])
async def test_words_that_look_like_a_mark_of_ours_are_just_words(desk: Desk, words: str) -> None:
    async with desk.agent() as agent:
        await agent.call("search_conversations", text=words)
        await agent.call("search_kb_articles", text=words)
    sent = [(each["field"], each["value"]) for one in desk.wire.sent for each in one.body["where"]]
    assert sent == [("title", words), ("initialMessage.text", words), ("title", words), ("content", words)]


@pytest.mark.parametrize("number", [10**20, 10**5_000, 1e20], ids=["large", "huge", "a large float"])
async def test_a_number_beyond_every_conversation_is_refused_in_words(desk: Desk, number: float) -> None:
    async with desk.agent() as agent:
        said = await agent.call("get_conversation", conversation=number)
    assert said.failed
    assert said.text.startswith("conversation is ")
    assert len(said.text) < 300
    assert desk.wire.sent == []


async def test_a_number_written_as_a_float_is_understood(desk: Desk) -> None:
    number = desk.find("c.status = 'open'")
    async with desk.agent() as agent:
        said = await agent.call("get_conversation", conversation=float(number.removeprefix("#")))
    assert said.text.startswith(f"{number} "), said.text


async def test_a_status_in_other_letters_is_understood(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call("search_conversations", status=["Open", "on hold", "In-Progress"], priority="HIGH")
    assert not said.failed, said.text
    assert desk.wire.sent[-1].body["where"][0]["value"] == ["open", "on_hold", "in_progress"]
