"""Reading conversations: every budget, on the worst threads of the seeded workspace."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import httpx2
import pytest

from tests.support import Desk, Era
from unthread_mcp.tokens import estimate_tokens

pytestmark = pytest.mark.anyio


async def test_every_conversation_is_read_within_its_budget(desk: Desk) -> None:
    handles = [f"#{row[0]}" for row in desk.sandbox.database.execute("SELECT friendlyId FROM conversations")]
    longest = 0
    async with desk.agent() as agent:
        for handle in handles:
            said = await agent.call("get_conversation", conversation=handle)
            assert not said.failed, said.text
            assert said.text.startswith(handle)
            assert "as_of=" in said
            assert len(said.text.encode()) <= 48_000
            tokens = estimate_tokens(said.text)
            if handle != desk.number("longest-message"):
                assert tokens < 4_200, handle
            longest = max(longest, tokens)
    assert longest < 10_000, "the newest customer message is whole, whatever it costs"


async def test_the_longest_thread_shows_its_beginning_its_end_and_how_much_is_left_out(desk: Desk, era: Era) -> None:
    number = desk.number("longest-thread")
    async with desk.agent(era) as agent:
        desk.wire.clear()
        said = await agent.call("get_conversation", conversation=number, max_tokens=1_500)
        pages = [each for each in desk.wire.sent if each.path.endswith("/messages/list")]
        more = await agent.call("get_conversation", conversation=number, max_tokens=12_000)
    count = desk.sandbox.database.execute(
        "SELECT count(*) FROM messages WHERE conversationId = ?", [desk.id_of(number)]
    ).fetchone()[0]
    shown = [line for line in said.text.splitlines() if "): " in line]
    gaps = [line for line in said.text.splitlines() if line.startswith("[") and "left out" in line]
    left_out = sum(int(line.removeprefix("[").split()[0].replace(",", "")) for line in gaps)
    assert len(shown) + left_out == count
    assert "; list_messages with before=2026-" in said
    assert len(pages) == 1, "a page of messages is enough for what fits"
    assert len([line for line in more.text.splitlines() if "): " in line]) == count, "all of it, where it fits"


@pytest.mark.parametrize("tokens", [1_000, 2_000, 4_000, 6_000])
async def test_of_a_long_thread_as_much_is_shown_as_fits(desk: Desk, tokens: int) -> None:
    number = desk.number("longest-thread")
    async with desk.agent() as agent:
        said = await agent.call("get_conversation", conversation=number, max_tokens=tokens)
    assert 0.83 * tokens <= estimate_tokens(said.text) <= tokens


async def test_the_newest_customer_message_is_never_cut(desk: Desk) -> None:
    number = desk.find("c.sourceType = 'email' AND c.status = 'open'")
    words = " ".join(f"line {n} of the log says nothing" for n in range(900))
    desk.sandbox.customer_writes(desk.id_of(number), words)
    async with desk.agent() as agent:
        said = await agent.call("get_conversation", conversation=number, max_tokens=1_000)
    assert words in said


async def test_a_message_beyond_every_size_is_cut_and_says_so(desk: Desk) -> None:
    number = desk.find("c.sourceType = 'email' AND c.status = 'open'")
    desk.sandbox.customer_writes(desk.id_of(number), "x y " * 30_000)
    async with desk.agent() as agent:
        said = await agent.call("get_conversation", conversation=number)
        listed = await agent.call("list_messages", conversation=number, limit=1)
    assert len(said.text.encode()) <= 48_000
    assert "characters more; list_messages shows them]" in said
    assert "<<end" in said
    assert " characters more of " in listed


async def test_ticket_type_fields_are_shown_by_label(desk: Desk) -> None:
    number = desk.find("c.ticketTypeId = (SELECT id FROM ticket_types WHERE name = 'Bug report') AND c.status = 'open'")
    async with desk.agent() as agent:
        said = await agent.call("get_conversation", conversation=number)
        desk.wire.clear()
        await agent.call("get_conversation", conversation=number)
    assert "ticket type Bug report (Severity: " in said
    assert not [each for each in desk.wire.sent if each.path.startswith("/ticket-types")], "it is remembered"


async def test_ticket_type_fields_are_shown_by_id_where_the_type_can_not_be_read(desk: Desk) -> None:
    number = desk.find("c.ticketTypeId = (SELECT id FROM ticket_types WHERE name = 'Bug report') AND c.status = 'open'")
    desk.wire.before = lambda request: (
        httpx2.Response(403, json={}) if request.url.path.startswith("/api/ticket-types") else None
    )
    async with desk.agent() as agent:
        said = await agent.call("get_conversation", conversation=number)
    assert not said.failed
    assert "ticket type Bug report (" in said


async def test_followers_and_collaborators_are_named_where_few_and_known_and_counted_otherwise(desk: Desk) -> None:
    number = desk.find("c.assignedToUserId IS NOT NULL AND c.status = 'open' AND c.sourceType = 'slack'")
    sql = "SELECT u.id, u.name FROM users u JOIN conversations c ON c.assignedToUserId = u.id WHERE c.id = ?"
    assignee, name = desk.sandbox.database.execute(sql, [desk.id_of(number)]).fetchone()
    sql = "SELECT id, name FROM users WHERE NOT external AND name = 'Mei Tanaka'"
    stranger, mei = desk.sandbox.database.execute(sql).fetchone()
    people: dict[str, list[dict[str, str]]] = {}
    desk.wire.after = lambda request, answer: (
        httpx2.Response(200, json={**answer.json(), **people}) if request.method == "GET" else answer
    )
    async with desk.agent() as agent:
        people = {"followers": [{"userId": assignee}], "collaborators": [{"userId": stranger}]}
        first = await agent.call("get_conversation", conversation=number)
        asked = [each for each in desk.wire.sent if each.path == "/users/list"]
        await agent.call("get_triage_brief", conversation=number)
        again = await agent.call("get_conversation", conversation=number)
        people = {"followers": [{"groupId": "g", "entityId": "g"}], "collaborators": [{"userId": assignee}] * 4}
        many = await agent.call("get_conversation", conversation=number)
    assert f" · follower {name} · 1 collaborator\n" in first
    assert not asked, "nobody is asked for a name"
    assert f" · follower {name} · collaborator {mei}\n" in again, "the brief has read the team"
    assert " · 1 follower · 4 collaborators\n" in many


async def test_files_followers_and_times_are_said(desk: Desk) -> None:
    number = desk.find("c.status = 'closed' AND c.sourceType = 'slack'")

    def richer(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method != "GET":
            return answer
        files = [{"id": f"f{n}", "name": f"log {n}.txt"} for n in range(12)]
        extra = {"files": files, "followers": [{"userId": "u"}], "wakeUpAt": "2026-12-24T09:00:00Z", "title": None}
        return httpx2.Response(200, json={**answer.json(), **extra})

    desk.wire.after = richer
    async with desk.agent() as agent:
        said = await agent.call("get_conversation", conversation=number)
    assert said.text.startswith(f"{number} (no title)")
    assert "files: log 0.txt (f0), " in said
    assert "and 2 more" in said
    assert "1 follower" in said
    assert "1 followers" not in said
    assert "closed " in said
    assert "snoozed until 12-24 09:00" in said


async def test_messages_out_of_order_are_put_into_it(desk: Desk) -> None:
    number = desk.find("(SELECT count(*) FROM messages m WHERE m.conversationId = c.id) BETWEEN 4 AND 20")

    def reversed_page(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if not request.url.path.endswith("/messages/list"):
            return answer
        page = answer.json()
        return httpx2.Response(200, json={**page, "data": page["data"][::-1]})

    async with desk.agent() as agent:
        straight = await agent.call("get_conversation", conversation=number)
        desk.wire.after = reversed_page
        turned = await agent.call("get_conversation", conversation=number)
    assert straight.text.rpartition("as_of=")[2] == turned.text.rpartition("as_of=")[2]


async def test_a_thread_too_long_to_be_sorted_is_not_written_to(desk: Desk) -> None:
    number = desk.find("c.sourceType = 'slack' AND c.status = 'open'")

    def endless(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if not request.url.path.endswith("/messages/list"):
            return answer
        rows = [{"ts": f"{1_700_000_000 + n}.000000", "text": "x"} for n in range(2)]
        return httpx2.Response(200, json={"data": rows, "totalCount": 9_999, "cursors": {"hasNext": True, "next": "n"}})

    desk.wire.after = endless
    async with desk.agent() as agent:
        said = await agent.call("send_reply", conversation=number, as_of="1700000001.000000", text="Hello")
    assert said.text.startswith("refused: Unthread gave the messages in another order than asked for")
    assert desk.wire.writes == []


async def test_an_old_as_of_is_found_on_later_pages_and_refused_as_stale(desk: Desk) -> None:
    number = desk.number("longest-thread")
    oldest = desk.sandbox.database.execute(
        "SELECT min(ts) FROM messages WHERE conversationId = ?", [desk.id_of(number)]
    ).fetchone()[0]
    async with desk.agent() as agent:
        said = await agent.call("send_reply", conversation=number, as_of=oldest, text="Hello")
    assert said.text.startswith("refused: ")
    assert "messages came after as_of" in said
    assert desk.sandbox.delivered() == []


async def test_an_empty_thread_says_so(desk: Desk) -> None:
    number = desk.find("c.sourceType = 'slack'")

    def empty(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.url.path.endswith("/messages/list"):
            return httpx2.Response(200, json={"data": [], "totalCount": 0, "cursors": {"hasNext": False}})
        return answer

    desk.wire.after = empty
    async with desk.agent() as agent:
        said = await agent.call("get_conversation", conversation=number)
    assert "The thread is empty." in said


async def test_several_options_of_a_field_stand_with_commas_whether_they_come_as_a_list_or_as_its_text(
    desk: Desk,
) -> None:
    areas = "SELECT id, ticketTypeFields FROM conversations WHERE ticketTypeFields LIKE '%[%Connectors%'"
    identity, fields = desk.sandbox.database.execute(areas).fetchone()
    (field,) = [key for key, value in json.loads(fields).items() if "Connectors" in value]
    number = desk.find("c.id = ?", identity)

    def written(value: object) -> Callable[[httpx2.Request, httpx2.Response], httpx2.Response]:
        def changed(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
            if not request.url.path.endswith(identity):
                return answer
            return httpx2.Response(200, json={**answer.json(), "ticketTypeFields": {field: value}})

        return changed

    shown: list[str] = []
    async with desk.agent() as agent:
        for value in (["Connectors", "API"], '["Connectors", "API"]', "[Connectors", '["Connectors", 1]'):
            desk.wire.after = written(value)
            said = await agent.call("get_conversation", conversation=number)
            shown.append(said.text.partition("Affected areas: ")[2].partition(")")[0])
    assert shown == ["Connectors, API", "Connectors, API", "[Connectors", "['Connectors', 1]"]


async def test_what_is_left_out_of_a_thread_begins_where_the_line_in_its_place_says(desk: Desk) -> None:
    number = desk.number("longest-thread")
    async with desk.agent() as agent:
        said = await agent.call("get_conversation", conversation=number, max_tokens=1_500)
        lines = said.text.splitlines()
        (at,) = [at for at, line in enumerate(lines) if re.match(r"\[\d+ messages left out", line)]
        found = re.search(r"; list_messages with before=(\S+) shows them\]$", lines[at])
        assert found, lines[at]
        page = await agent.call("list_messages", conversation=number, before=found[1])
    following = lines[at + 1].partition("): ")[2]
    newest = [line.partition("): ")[2] for line in page.text.splitlines() if re.search(r"\(\w+\): ", line)][-1]
    assert following == newest, "the line below the gap is the newest of the page: nothing lies between"
