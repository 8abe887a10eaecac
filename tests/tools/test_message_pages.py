"""Messages page by page: those by somebody alone, and people who are mentioned by their Slack id."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.support import Desk

pytestmark = pytest.mark.anyio


def _messages(desk: Desk, number: str) -> int:
    sql = "SELECT count(*) FROM messages WHERE conversationId = ?"
    return desk.sandbox.database.execute(sql, [desk.id_of(number)]).fetchone()[0]


async def test_limit_counts_the_messages_by_somebody_and_the_answer_says_among_how_many(desk: Desk) -> None:
    number = desk.number("longest-thread")
    async with desk.agent() as agent:
        desk.wire.clear()
        said = await agent.call("list_messages", conversation=number, by="customer", limit=10)
        asked = [each.body["limit"] for each in desk.wire.sent if each.path.endswith("/messages/list")]
    looked_through = asked[-1]
    of = f"among {looked_through} of {_messages(desk, number)} messages looked through"
    assert said.text.count(" (customer): ") == 10
    assert said.text.splitlines()[0] == f"10 by 'customer' {of}, oldest first; older ones follow with the cursor"
    assert 10 < looked_through < 100 == asked[0]


@pytest.mark.parametrize("by", ["customer", "agent"])
@pytest.mark.parametrize("limit", [1, 7, 60, 100])
async def test_with_the_cursor_all_messages_by_somebody_are_met_once(desk: Desk, by: str, limit: int) -> None:
    number = desk.number("longest-thread")
    server = desk.new_server(UNTHREAD_ANSWERS="both")
    async with desk.agent(server=server) as agent:
        whole = await agent.call("list_messages", conversation=number, by=by, limit=100)
        everything, following = whole.data["data"], whole.data.get("cursor")
        if following:
            everything += (await agent.call("list_messages", cursor=following)).data["data"]
        met: list[Any] = []
        said = await agent.call("list_messages", conversation=number, by=by, limit=limit)
        for _ in range(len(everything) + 1):
            assert len(said.data["data"]) <= limit
            met += said.data["data"]
            if "cursor" not in said.data:
                break
            assert len(said.data["data"]) == limit
            said = await agent.call("list_messages", cursor=said.data["cursor"])
    assert met == everything
    assert met


async def test_the_looking_for_messages_of_somebody_ends_after_five_pages_and_says_so(desk: Desk) -> None:
    number = desk.number("longest-thread")
    pages: list[bytes] = []

    def endless(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if not request.url.path.endswith("/messages/list"):
            return answer
        pages.append(answer.content)
        return httpx2.Response(200, content=pages[0], headers={"content-type": "application/json"})

    async with desk.agent() as agent:
        last = await agent.call("list_messages", conversation=number, by="Nobody Here", limit=10)
        desk.wire.after = endless
        desk.wire.clear()
        said = await agent.call("list_messages", conversation=number, by="Nobody Here", limit=10)
        asked = [each for each in desk.wire.sent if each.path.endswith("/messages/list")]
    count = _messages(desk, number)
    assert last.text == f"None by 'Nobody Here' (read as a name) among {count} messages looked through, oldest first"
    assert len(asked) == 5
    assert "no more than 5 pages at a time; older ones follow with the cursor" in said


async def test_the_data_holds_the_messages_by_somebody_alone(desk: Desk) -> None:
    number = desk.number("longest-thread")
    async with desk.agent(server=desk.new_server(UNTHREAD_ANSWERS="both")) as agent:
        said = await agent.call("list_messages", conversation=number, by="customer", limit=10)
    assert said.data is not None
    assert len(said.data["data"]) == said.text.count(" (customer): ")


async def test_by_needs_the_whole_message(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call("list_messages", conversation=desk.number("longest-thread"), by="note", select=["ts"])
    assert said.failed
    assert said.text == "by and select don't go together. Leave one of them out."
    assert not [each for each in desk.wire.sent if each.path.endswith("/messages/list")]


def _pieces(text: str) -> list[str]:
    return [line.rpartition("cursor=")[2] for line in text.splitlines() if " characters more of " in line]


def _fenced(text: str) -> str:
    return text.partition(">>\n")[2].partition("\n<<end")[0]


@pytest.mark.parametrize(
    "letters", ["The log says that nothing failed in line {}.\n", "行{}で失敗しました。\n", "😀{} "]
)
async def test_a_message_of_any_length_is_read_whole_piece_by_piece(desk: Desk, letters: str) -> None:
    number = desk.find("c.sourceType = 'slack' AND c.status = 'open'")
    whole = "".join(letters.format(n) for n in range(55_000 // len(letters))).rstrip()
    desk.sandbox.customer_writes(desk.id_of(number), whole)
    desk.sandbox.customer_writes(desk.id_of(number), "Can you read all of it?")
    async with desk.agent() as agent:
        said = await agent.call("list_messages", conversation=number, limit=2)
        read = _fenced(said.text)
        assert said.text.splitlines()[-1].startswith("more: cursor="), "the page goes on, too"
        calls = 0
        while (cursors := _pieces(said.text)) and calls < 20:
            assert len(said.text.encode()) <= 48_000
            said = await agent.call("list_messages", cursor=cursors[0])
            read, calls = f"{read}\n{_fenced(said.text)}", calls + 1
    _, header, told = read.partition("): ")
    assert header
    # The second message comes at the end of the page, behind the first piece.
    told = "\n".join(line for line in told.splitlines() if not line.endswith("Can you read all of it?"))
    assert "".join(told.split()) == "".join(whole.split())
    assert " characters more of " not in said


async def test_pieces_of_a_mail_fit_together_whatever_it_quotes(desk: Desk) -> None:
    number = desk.find("c.sourceType = 'email' AND c.status = 'open' AND c.title IS NOT NULL")
    quoted = "\n".join(f"> the log of line {n}" for n in range(3_000))
    whole = "\n".join(f"line {n}" for n in range(2_500)) + f"\n\nOn Monday Ann <ann@a.example> wrote:\n{quoted}"
    desk.sandbox.customer_writes(desk.id_of(number), whole)
    async with desk.agent() as agent:
        said = await agent.call("list_messages", conversation=number, limit=2)
        read = _fenced(said.text)
        while (cursors := _pieces(said.text)) and len(read) < 500_000:
            said = await agent.call("list_messages", cursor=cursors[0])
            read += "\n" + _fenced(said.text)
    lines = [line.rpartition("): ")[2].strip() for line in read.splitlines()]
    assert [line for line in lines if line.startswith("line ")] == [f"line {n}" for n in range(2_500)]


async def test_the_rest_of_a_message_that_is_gone_is_refused(desk: Desk) -> None:
    number = desk.find("c.sourceType = 'slack' AND c.status = 'open'")
    desk.sandbox.customer_writes(desk.id_of(number), "x y " * 10_000)
    async with desk.agent() as agent:
        (cursor,) = _pieces((await agent.call("list_messages", conversation=number, limit=1)).text)
        desk.sandbox.database.execute("DELETE FROM messages WHERE length(text) > 30000")
        said = await agent.call("list_messages", cursor=cursor)
    assert said.failed
    assert said.text == "cursor leads to a message that has changed or is gone. List the messages again."


async def test_a_date_stands_once_for_the_lines_below_it(desk: Desk) -> None:
    number = desk.number("long-chat")
    async with desk.agent() as agent:
        said = await agent.call("list_messages", conversation=number, limit=40)
    starts = [line.split()[0] for line in _fenced(said.text).splitlines() if not line.startswith(" ")]
    dates = [start for start in starts if "-" in start]
    assert len(starts) > 30
    assert len(dates) == len(set(dates))


def _mentioning(*identities: str) -> Any:
    """Answers in which the messages' texts mention these Slack ids."""

    def changed(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if not request.url.path.endswith("/messages/list"):
            return answer
        page = answer.json()
        mentions = " ".join(f"<@{identity}>" for identity in identities)
        rows = [{**row, "text": f"{mentions} please"} for row in page["data"]]
        return httpx2.Response(200, json={**page, "data": rows})

    return changed


@pytest.mark.parametrize("tool", ["list_messages", "get_conversation"])
async def test_people_mentioned_by_their_slack_id_are_named_in_one_request(desk: Desk, tool: str) -> None:
    number = desk.find("c.sourceType = 'slack' AND c.status = 'open'")
    strangers = (
        "SELECT slackId, name FROM users WHERE slackId IS NOT NULL AND id NOT IN "
        "(SELECT userId FROM messages WHERE conversationId = ? AND userId IS NOT NULL) ORDER BY name LIMIT 2"
    )
    (one, anna), (two, ben) = desk.sandbox.database.execute(strangers, [desk.id_of(number)]).fetchall()
    desk.wire.after = _mentioning(one, two, "U0GONE000")
    async with desk.agent() as agent:
        said = await agent.call(tool, conversation=number)
        asked = [each for each in desk.wire.sent if each.path == "/users/list"]
        again = await agent.call(tool, conversation=number)
    assert f"@{anna} @{ben} @U0GONE000 please" in said
    assert [(each["operator"], each["value"]) for each in asked[0].body["where"]] == [("in", [one, two, "U0GONE000"])]
    assert f"@{anna} @{ben} @U0GONE000 please" in again
    assert len([each for each in desk.wire.sent if each.path == "/users/list"]) == 1, "it is remembered"


async def test_where_nobody_can_be_asked_mentioned_people_go_by_their_id(desk: Desk) -> None:
    number = desk.find("c.sourceType = 'slack' AND c.status = 'open'")
    desk.wire.after = _mentioning("U0GONE000")
    desk.wire.before = lambda request: (
        httpx2.Response(403, json={}) if request.url.path.endswith("/users/list") else None
    )
    async with desk.agent() as agent:
        said = await agent.call("list_messages", conversation=number)
    assert not said.failed
    assert "@U0GONE000 please" in said
