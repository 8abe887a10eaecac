"""Counting and exporting thousands: everything once, in few requests, and said when it isn't everything."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import anyio
import httpx2
import pytest

from tests.support import Desk, Era
from unthread_mcp.api.errors import Unavailable
from unthread_mcp.progress import Progress
from unthread_mcp.sweep import sweep
from unthread_mcp.times import iso

pytestmark = pytest.mark.anyio

ALL = {"UNTHREAD_TOOLSETS": "all", "UNTHREAD_ACCESS": "read"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk({**ALL, "UNTHREAD_DOWNLOAD_DIR": str(tmp_path)})


def plant(desk: Desk, count: int, *, apart: float = 60) -> None:
    """Copies of a seeded conversation, so many seconds apart, the last one not long ago."""
    database = desk.sandbox.database
    columns = [row[1] for row in database.execute("PRAGMA table_info(conversations)")]
    source = dict(zip(columns, database.execute("SELECT * FROM conversations LIMIT 1").fetchone(), strict=True))
    rows: list[list[object]] = []
    start = desk.clock.now.timestamp() - apart * count
    for number in range(count):
        at = iso(type(desk.clock.now).fromtimestamp(start + apart * number, desk.clock.now.tzinfo))
        row = {**source, "id": f"planted-{number:06}", "friendlyId": 100_000 + number, "createdAt": at}
        row |= {"initialMessageId": None, "latestMessageId": None, "title": f"Planted {number}", "status": "open"}
        rows.append([row[name] for name in columns])
    marks = ", ".join("?" * len(columns))
    database.executemany(f"INSERT INTO conversations VALUES ({marks})", rows)


def written(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def counted(desk: Desk, sql: str) -> Counter[str]:
    return Counter({str(name): count for name, count in desk.sandbox.database.execute(sql)})


async def test_the_total_costs_one_request_and_statuses_one_each(desk: Desk, era: Era) -> None:
    truth = counted(desk, "SELECT status, count(*) FROM conversations GROUP BY 1")
    async with desk.agent(era) as agent:
        total = await agent.call("count_conversations")
        assert total.text == f"{truth.total()} conversations"
        assert len(desk.wire.sent) == 1
        desk.wire.clear()
        said = await agent.call("count_conversations", by="status")
    assert len(desk.wire.sent) == 5
    lines = said.text.splitlines()
    assert lines[0] == f"{truth.total()} conversations by status"
    name, count = truth.most_common(1)[0]
    assert lines[1] == f"{name} · {count:,} ({count / truth.total():.0%})"
    assert len(lines) == 1 + len(truth)


async def test_those_without_a_priority_are_counted_as_such(desk: Desk) -> None:
    (without,) = desk.sandbox.database.execute("SELECT count(*) FROM conversations WHERE priority IS NULL").fetchone()
    async with desk.agent() as agent:
        said = await agent.call("count_conversations", by="priority")
    assert f"- · {without} (" in said


@pytest.mark.parametrize(
    ("by", "sql"),
    [
        (
            "customer",
            (
                "SELECT coalesce(cu.name, '-'), count(*) FROM conversations c LEFT JOIN customers cu"
                " ON cu.id = c.customerId GROUP BY 1"
            ),
        ),
        (
            "assignee",
            (
                "SELECT coalesce(u.name, '-'), count(*) FROM conversations c LEFT JOIN users u"
                " ON u.id = c.assignedToUserId GROUP BY 1"
            ),
        ),
        ("channel", "SELECT sourceType, count(*) FROM conversations GROUP BY 1"),
        ("tag", "SELECT t.name, count(*) FROM conversation_tags ct JOIN tags t ON t.id = ct.tagId GROUP BY 1"),
        (
            "ticket_type",
            (
                "SELECT coalesce(t.name, '-'), count(*) FROM conversations c LEFT JOIN ticket_types t"
                " ON t.id = c.ticketTypeId GROUP BY 1"
            ),
        ),
    ],
)
async def test_what_is_split_by_other_things_is_counted_row_by_row(desk: Desk, by: str, sql: str) -> None:
    truth = counted(desk, sql)
    async with desk.agent() as agent:
        said = await agent.call("count_conversations", by=by)
    for name, count in truth.most_common(5):
        assert f"\n{name} · {count} (" in said
    assert ("One with several tags counts under each of them." in said) == (by == "tag")


@pytest.mark.parametrize(
    ("by", "table", "column"),
    [
        ("customer", "customers", "customerId"),
        ("tag", "tags", "tagId"),
        ("ticket_type", "ticket_types", "ticketTypeId"),
    ],
)
async def test_namesakes_are_counted_each_for_itself(desk: Desk, by: str, table: str, column: str) -> None:
    database = desk.sandbox.database
    within = "conversation_tags" if by == "tag" else "conversations"
    sql = f"SELECT {column}, count(*) FROM {within} WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC LIMIT 2"
    most = database.execute(sql).fetchall()
    database.executemany(f"UPDATE {table} SET name = 'Petrichor' WHERE id = ?", [(each[0],) for each in most])
    async with desk.agent() as agent:
        said = await agent.call("count_conversations", by=by)
    for identity, count in most:
        assert f"\nPetrichor ({identity}) · {count} (" in said
    assert "Petrichor ·" not in said


async def test_filters_hold_and_the_unassigned_are_told_apart_here(desk: Desk) -> None:
    sql = "SELECT count(*) FROM conversations WHERE assignedToUserId IS NULL AND status = 'open'"
    (truth,) = desk.sandbox.database.execute(sql).fetchone()
    async with desk.agent() as agent:
        said = await agent.call("count_conversations", assignee="unassigned", status=["open"])
        wrong = await agent.call("count_conversations", customer="Nobody Inc")
    assert said.text == f"{truth} conversations"
    assert wrong.failed
    assert "Nobody Inc" in wrong


async def test_thousands_are_each_counted_once_in_parts_read_at_once(desk: Desk) -> None:
    plant(desk, 2_000)
    (total,) = desk.sandbox.database.execute("SELECT count(*) FROM conversations").fetchone()
    told: list[tuple[float, float | None]] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total))

    async with desk.agent() as agent:
        result = await agent.client.call_tool("count_conversations", {"by": "channel"}, progress_callback=tell)
    text = "".join(getattr(part, "text", "") for part in result.content)
    assert text.startswith(f"{total:,} conversations by channel\n")
    lists = [each for each in desk.wire.sent if each.path == "/conversations/list"]
    assert len(lists) <= 2 + total // 100 + 2 * 4
    assert max(each.answered for each in lists) < 25_000
    starts = [each.body["where"][0]["value"] for each in lists if each.body.get("where") and "cursor" not in each.body]
    assert len(set(starts)) == 4, "four parts"
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert told[-1] == (total, total)


async def test_an_export_holds_every_conversation_once_oldest_first(desk: Desk, tmp_path: Path, era: Era) -> None:
    plant(desk, 1_000, apart=0.4)
    async with desk.agent(era) as agent:
        said = await agent.call("export_conversations", select=["id", "createdAt"], created_after="1h")
    (path,) = written(tmp_path)
    assert str(path) in said
    header, *rows = table(path)
    assert header == ["id", "createdAt"]
    sql = "SELECT id, createdAt FROM conversations WHERE id LIKE 'planted-%' ORDER BY createdAt, id"
    truth = desk.sandbox.database.execute(sql).fetchall()
    assert rows == [list(row) for row in truth]
    assert said.text.startswith(f"{len(truth):,} conversations written to ")
    assert path.stat().st_mode & 0o777 == 0o600


async def test_json_lines_are_objects_without_nulls_and_star_is_all_that_is_documented(
    desk: Desk, tmp_path: Path
) -> None:
    async with desk.agent() as agent:
        await agent.call(
            "export_conversations", format="jsonl", select=["*"], status=["open"], customer="Norrvik Energi"
        )
    (path,) = written(tmp_path)
    assert path.suffix == ".jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert len(rows) > 1
    assert all(row["status"] == "open" and row["customer"] == {"name": "Norrvik Energi"} for row in rows)
    assert not any(value is None for row in rows for value in row.values())


async def test_a_cell_is_never_a_formula_and_several_values_stand_in_one(desk: Desk, tmp_path: Path) -> None:
    number = desk.find(
        "c.status = 'open' AND (SELECT count(*) FROM conversation_tags t WHERE t.conversationId = c.id) > 1"
    )
    for index, title in enumerate(('=HYPERLINK("http://x")', "+1", "-1", "@x", "plain, with comma")):
        sql = "UPDATE conversations SET title = ? WHERE friendlyId = (SELECT friendlyId FROM conversations"
        desk.sandbox.database.execute(f"{sql} ORDER BY friendlyId LIMIT 1 OFFSET {index})", [title])
    async with desk.agent() as agent:
        await agent.call("export_conversations", select=["friendlyId", "title", "tags.name", "metadata"])
    rows = {row[0]: row for row in table(*written(tmp_path))}
    titles = {row[1] for row in rows.values()}
    assert {'\'=HYPERLINK("http://x")', "'+1", "'-1", "'@x", "plain, with comma"} <= titles
    assert "; " in rows[number[1:]][2]


@pytest.mark.parametrize("title", ["＝1+1", "＋1", "－1", "＠x", "\n=1+1", " =1+1", "plain;=1+1", "a\t=1+1", "x;-1"])
async def test_no_cell_becomes_a_formula_however_a_spreadsheet_reads_it(desk: Desk, tmp_path: Path, title: str) -> None:
    desk.sandbox.database.execute("UPDATE conversations SET title = ?", [title])
    async with desk.agent() as agent:
        await agent.call("export_conversations", select=["friendlyId", "title"])
    (path,) = written(tmp_path)
    cells = {row[1] for row in table(path)[1:]}
    assert len(cells) == 1
    assert cells.pop().replace("'", "") == title
    # Whatever parts cells: commas, semicolons or tabs.
    parts = re.split(r'[,;\t\n]"? *', path.read_text(encoding="utf-8"))
    assert not [part for part in parts if part.startswith(tuple("=+-@＝＋－＠"))]


async def test_an_export_that_fails_leaves_nothing_behind(desk: Desk, tmp_path: Path) -> None:
    plant(desk, 500)

    def fails_later(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(403, json={}) if b'"cursor"' in request.content else None

    desk.wire.before = fails_later
    async with desk.agent() as agent:
        said = await agent.call("export_conversations")
    assert said.failed
    assert "(403)" in said
    assert written(tmp_path) == []


async def test_without_a_directory_nothing_is_exported() -> None:
    desk = Desk(ALL)
    async with desk.agent() as agent:
        said = await agent.call("export_conversations")
    assert said.failed
    assert "UNTHREAD_DOWNLOAD_DIR" in said
    assert desk.wire.sent == []


async def test_too_many_are_refused_before_they_are_read(desk: Desk) -> None:
    def endless(request: httpx2.Request) -> httpx2.Response | None:
        row = {"id": "a", "createdAt": "2026-01-01T00:00:00.000Z"}
        return httpx2.Response(200, json={"data": [row], "totalCount": 50_001, "cursors": {"hasNext": False}})

    desk.wire.before = endless
    async with desk.agent() as agent:
        said = await agent.call("count_conversations", by="tag")
    assert said.failed
    assert "50,001 conversations are meant, and at most 50,000 are read at once." in said
    assert len(desk.wire.sent) == 2


async def test_pages_that_do_not_end_are_found_out(desk: Desk) -> None:
    def circle(request: httpx2.Request) -> httpx2.Response | None:
        row = {"id": "a", "createdAt": "2026-01-01T00:00:00.000Z"}
        return httpx2.Response(200, json={"data": [row], "totalCount": 2, "cursors": {"hasNext": True, "next": "n"}})

    desk.wire.before = circle
    async with desk.agent() as agent:
        said = await agent.call("count_conversations", by="tag")
    assert said.failed
    assert "Unthread's pages don't come to an end." in said
    assert len(desk.wire.sent) < 10


async def test_where_the_api_tells_no_totals_everything_is_read(desk: Desk) -> None:
    def untold(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        return httpx2.Response(200, json={**answer.json(), "totalCount": None})

    desk.wire.after = untold
    (total,) = desk.sandbox.database.execute("SELECT count(*) FROM conversations").fetchone()
    async with desk.agent() as agent:
        said = await agent.call("count_conversations", by="status")
    assert said.text.startswith(f"{total} conversations by status\n")


async def test_cancelling_stops_within_a_page(desk: Desk) -> None:
    plant(desk, 2_000)
    seen = anyio.Event()

    def watch(request: httpx2.Request) -> httpx2.Response | None:
        if b'"cursor"' in request.content:
            seen.set()
        return None

    desk.wire.before = watch
    async with desk.agent() as agent, anyio.create_task_group() as group:
        group.start_soon(agent.client.call_tool, "count_conversations", {"by": "tag"})
        await seen.wait()
        group.cancel_scope.cancel()
    sent = len(desk.wire.sent)
    await anyio.wait_all_tasks_blocked()
    assert len(desk.wire.sent) == sent
    assert sent < 15


async def test_what_takes_too_long_says_how_far_it_came(desk: Desk) -> None:
    taken: list[int] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        await anyio.sleep_forever()

    with pytest.raises(Unavailable, match="longer than 0 s; 100 were read") as refusal:
        await sweep(
            desk.server.workspace,
            [],
            ["id"],
            lambda part, rows: taken.append(len(rows)),
            Progress(tell),
            within=timedelta(milliseconds=300),
        )
    assert taken == [100]
    assert refusal.value.remedy == "Narrow it with created_after and created_before, and call again for the rest."
