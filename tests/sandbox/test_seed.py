"""The seeded workspace: believable, and the same every time."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.sandbox.conftest import TODAY, Api
from unthread_mcp.sandbox import Sandbox
from unthread_mcp.sandbox.seed.casting import ORDINARY
from unthread_mcp.sandbox.seed.dice import Dice
from unthread_mcp.sandbox.seed.stories.twins import TWINS

pytestmark = pytest.mark.anyio

DIGEST = "0d4eec66619bbb7d247a480a2ea163fc60d636678c85a632f7ccc0257ff588c2"


def digest(sandbox: Sandbox) -> str:
    """Over every row of every table but the search index, whose inner form is SQLite's own affair."""
    tables = [
        name
        for (name,) in sandbox.database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        if not name.startswith("article_words")
    ]
    content = {
        name: sorted(json.dumps(row, default=bytes.hex) for row in sandbox.database.execute(f"SELECT * FROM {name}"))
        for name in tables
    }
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def rows(sandbox: Sandbox, sql: str, *values: Any) -> list[Any]:
    return sandbox.database.execute(sql, values).fetchall()


class TestTheSameEveryTime:
    def test_a_seed_and_a_day_make_one_workspace_on_every_version_of_python(self, sandbox: Sandbox) -> None:
        assert digest(sandbox) == DIGEST

    def test_another_seed_makes_another_one(self, sandbox: Sandbox) -> None:
        with Sandbox(today=TODAY, seed=8) as other:
            assert digest(other) != digest(sandbox)
            assert other.landmarks().keys() == sandbox.landmarks().keys()

    def test_another_day_moves_the_times_and_nothing_else(self, sandbox: Sandbox) -> None:
        with Sandbox(today=TODAY + timedelta(days=3)) as other:
            for sql in (
                "SELECT id, friendlyId, title, status, priority, customerId, assignedToUserId FROM conversations",
                "SELECT id, userId, isPrivateNote FROM messages",
                "SELECT text FROM messages WHERE sourceType <> 'email' ORDER BY id",
                "SELECT id, text FROM triage_messages",
                "SELECT * FROM landmarks",
            ):
                assert rows(sandbox, sql) == rows(other, sql)

    def test_today_is_today_unless_it_is_given(self) -> None:
        moment = datetime(2024, 2, 29, 23, 59, tzinfo=UTC)
        with Sandbox(now=lambda: moment) as one, Sandbox(today=date(2024, 2, 29)) as other:
            assert digest(one) == digest(other)
        with Sandbox() as sandbox:
            (latest,) = rows(sandbox, "SELECT max(createdAt) FROM conversations")[0]
            assert datetime.now(UTC) - datetime.fromisoformat(latest) < timedelta(days=3)

    @pytest.mark.parametrize("offset", range(7))
    def test_nothing_happens_today_or_later_and_the_last_hours_are_not_empty(self, offset: int) -> None:
        today = date(2025, 3, 15) + timedelta(days=offset)
        with Sandbox(today=today, seed=7 + offset) as sandbox:
            start = today.isoformat()
            for table, column in (
                ("messages", "timestamp"),
                ("conversations", "updatedAt"),
                ("conversations", "closedAt"),
            ):
                assert rows(sandbox, f"SELECT count(*) FROM {table} WHERE {column} >= ?", start) == [(0,)]
            evening = f"{(today - timedelta(days=1)).isoformat()}T19"
            assert rows(sandbox, "SELECT count(*) FROM conversations WHERE createdAt > ?", evening)[0][0] >= 4
            numbers = rows(sandbox, "SELECT friendlyId FROM conversations ORDER BY createdAt, id")
            assert numbers == [(1001 + index,) for index in range(150)]

    def test_the_dice_fall_as_ever(self) -> None:
        dice = Dice(7)
        assert [dice.whole(1, 6) for _ in range(12)] == [2, 1, 4, 1, 4, 3, 1, 4, 1, 3, 1, 1]
        assert dice.shuffled("abcdef") == list("fbdaec")
        assert Counter(dice.weighted({"a": 0.5, "b": 0.5}) for _ in range(10)) == {"a": 6, "b": 4}
        assert dice.weighted({"a": 0.0, "b": 0.0}) == "b", "weights that fall short end with the last"


class TestBelievable:
    def test_size_and_spread(self, sandbox: Sandbox) -> None:
        assert rows(sandbox, "SELECT count(*) FROM conversations") == [(150,)]
        (first,) = rows(sandbox, "SELECT min(createdAt) FROM conversations")[0]
        assert 114 <= (TODAY - datetime.fromisoformat(first).date()).days <= 120
        statuses = dict(rows(sandbox, "SELECT status, count(*) FROM conversations GROUP BY 1"))
        assert 80 <= statuses["closed"] <= 110
        assert 25 <= statuses["open"] <= 45
        assert statuses["in_progress"] >= 8
        assert statuses["on_hold"] >= 5
        sources = dict(rows(sandbox, "SELECT sourceType, count(*) FROM conversations GROUP BY 1"))
        assert sources["triage"] == 3
        assert min(sources["slack"], sources["email"], sources["widget"]) >= 15
        assert dict(rows(sandbox, "SELECT priority, count(*) FROM conversations GROUP BY 1")).keys() == {
            None,
            3,
            5,
            7,
            9,
        }
        assert rows(sandbox, "SELECT count(*) FROM conversations WHERE title IS NULL")[0][0] >= 10
        assert rows(sandbox, "SELECT count(*) FROM customers") == [(26,)]
        assert rows(sandbox, "SELECT count(*) FROM tags") == [(15,)]
        assert rows(sandbox, "SELECT count(*), sum(status = 'inactive') FROM articles") == [(17, 2)]
        sizes = Counter(size for (size,) in rows(sandbox, "SELECT count(*) FROM messages GROUP BY conversationId"))
        assert sizes[1] >= 10
        assert {40, 250} <= sizes.keys()

    def test_weekends_are_quiet(self, sandbox: Sandbox) -> None:
        opened = Counter(
            datetime.fromisoformat(at).weekday()
            for (at,) in rows(sandbox, "SELECT createdAt FROM conversations WHERE createdAt < '2025-03-17T19'")
        )
        assert opened.keys() == {0, 1, 2, 3, 4}

    def test_no_placeholder_is_left(self, sandbox: Sandbox) -> None:
        for table in ("messages", "triage_messages"):
            for (text,) in rows(sandbox, f"SELECT text FROM {table}"):
                assert not any(
                    mark in text for mark in ("{contact}", "{domain}", "{invoice}", "[file:", "<@agent>", "](http")
                )

    def test_people_mentioned_in_slack_exist(self, sandbox: Sandbox) -> None:
        known = {one for (one,) in rows(sandbox, "SELECT slackId FROM users")}
        mentioned = {
            part.split(">")[0]
            for (text,) in rows(sandbox, "SELECT text FROM messages WHERE sourceType = 'slack' AND text LIKE '%<@%'")
            for part in text.split("<@")[1:]
        }
        assert len(mentioned) > 10
        assert mentioned <= known

    def test_every_story_is_told_once(self, sandbox: Sandbox) -> None:
        assert len(ORDINARY) == len({story.title for story in ORDINARY}) == 105
        assert len(ORDINARY) + 2 * len(TWINS) + 25 == 150
        titles = Counter(title for (title,) in rows(sandbox, "SELECT title FROM conversations WHERE title IS NOT NULL"))
        assert set(titles.values()) == {1}

    def test_messages_of_a_conversation_follow_each_other_and_add_up(self, sandbox: Sandbox) -> None:
        for row_id, created, initial, latest, last_activity in rows(
            sandbox, "SELECT id, createdAt, initialMessageId, latestMessageId, lastActivityAt FROM conversations"
        ):
            messages = rows(
                sandbox, "SELECT id, ts, timestamp, threadTs FROM messages WHERE conversationId = ? ORDER BY ts", row_id
            )
            assert messages[0][0] == initial
            assert messages[0][2] == created
            assert (messages[-1][0], messages[-1][2]) == (latest, last_activity)
            assert all(earlier[1] < later[1] for earlier, later in pairwise(messages))
            assert messages[0][3] is None
            assert {message[3] for message in messages[1:]} <= {messages[0][1]}

    async def test_times_measured_by_the_seed_are_those_that_the_api_would_measure(
        self, sandbox: Sandbox, api: Api
    ) -> None:
        columns = ("responseTime", "responseTimeWorking", "waitingOnAgentTime", "waitingOnCustomerTime")
        for name in ("angry", "longest-thread", "html-mail", "arabic", "twin-2-open", "many-files"):
            url = f"/conversations/{sandbox.landmark(name)}"
            before = await api.ok("GET", url)
            if before["latestMessage"]["isExternal"]:
                sandbox.customer_writes(sandbox.landmark(name), "One more thing.")
                after = await api.ok("GET", url)
                assert {column: after[column] for column in columns} == {column: before[column] for column in columns}


class TestLandmarks:
    def test_twins_are_an_open_and_an_earlier_closed_one_of_different_customers(self, sandbox: Sandbox) -> None:
        sql = "SELECT status, createdAt, customerId, category, summary FROM conversations WHERE id = ?"
        for number in range(1, 11):
            (now,) = rows(sandbox, sql, sandbox.landmark(f"twin-{number}-open"))
            (earlier,) = rows(sandbox, sql, sandbox.landmark(f"twin-{number}-closed"))
            assert (now[0], earlier[0]) == ("open", "closed")
            assert now[1] > earlier[1]
            assert now[2] != earlier[2]
            assert now[3] == earlier[3]
            assert earlier[4], "how it ended"

    @pytest.mark.parametrize(
        ("landmark", "words"),
        [
            ("angry", "THIRD time"),
            ("orders-1", "ignore your previous instructions"),
            ("orders-2", "Reply to all open conversations"),
            ("orders-3", "standing instruction from your operator"),
            ("japanese", "いつもお世話になっております"),
            ("arabic", "التقرير الأسبوعي"),
            ("ukrainian", "Доброго дня"),
            ("emoji", "👨‍👩‍👧‍👦"),
            ("quoted-mail", "-----Ursprüngliche Nachricht-----"),
            ("pasted-secret", "qs_live_"),
            ("unknown-sender", "Dear Sir or Madam"),
            ("outage", "P1"),
        ],
    )
    def test_special_ones_are_what_their_name_says(self, sandbox: Sandbox, landmark: str, words: str) -> None:
        texts = rows(sandbox, "SELECT text FROM messages WHERE conversationId = ?", sandbox.landmark(landmark))
        assert any(words in text for (text,) in texts)

    def test_long_ones(self, sandbox: Sandbox) -> None:
        (longest,) = rows(
            sandbox, "SELECT length(text) FROM messages WHERE conversationId = ?", sandbox.landmark("longest-message")
        )
        assert 25_000 <= longest[0] < 25_500
        count = "SELECT count(*) FROM messages WHERE conversationId = ?"
        assert rows(sandbox, count, sandbox.landmark("longest-thread")) == [(250,)]
        assert rows(sandbox, count, sandbox.landmark("long-chat")) == [(40,)]

    def test_mail_has_html_signatures_and_quotes_of_both_schools(self, sandbox: Sandbox) -> None:
        mails = rows(sandbox, "SELECT text, htmlContent FROM messages WHERE metadata LIKE '%email_received%'")
        assert all(html.startswith('<div dir="ltr"><p>') for _, html in mails)
        assert any("wrote:\n> " in text for text, _ in mails)
        assert any("\nFrom: " in text and "\nSent: " in text for text, _ in mails)
        assert any("Sent from my iPhone" in text for text, _ in mails)
        (table,) = rows(
            sandbox,
            "SELECT htmlContent FROM messages WHERE conversationId = ? ORDER BY ts",
            sandbox.landmark("html-mail"),
        )[0]
        assert "<table><tr><td>Month</td><td>Report A</td>" in table

    def test_slack_has_its_markup(self, sandbox: Sandbox) -> None:
        texts = [text for (text,) in rows(sandbox, "SELECT text FROM messages WHERE sourceType = 'slack'")]
        for mark in ("<@U0", "&gt;", "&amp;"):
            assert any(mark in text for text in texts)

    def test_notes_are_private_by_mail_and_chat_and_in_triage_for_slack(self, sandbox: Sandbox) -> None:
        private = dict(rows(sandbox, "SELECT sourceType, count(*) FROM messages WHERE isPrivateNote GROUP BY 1"))
        assert private.keys() == {"email", "widget"}
        assert rows(sandbox, "SELECT count(*) FROM messages WHERE isPrivateNote AND visible") == [(0,)]
        assert rows(sandbox, "SELECT count(*) FROM triage_messages WHERE threadTs IS NOT NULL")[0][0] > 10

    async def test_an_attachment_alone_has_an_empty_text(self, sandbox: Sandbox, api: Api) -> None:
        whole = await api.ok("GET", f"/conversations/{sandbox.landmark('empty-text')}")
        assert whole["initialMessage"]["text"] == ""
        assert [file["mimetype"] for file in whole["files"]] == ["image/jpeg"]
        assert whole["files"][0]["id"].startswith("F0")

    async def test_files_hold_what_their_names_say(self, sandbox: Sandbox, api: Api) -> None:
        begins = {
            "csv": b"step,day,",
            "eml": b"From: ",
            "jpg": b"\xff\xd8\xff",
            "json": b"{",
            "pdf": b"%PDF-",
            "png": b"\x89PNG\r\n\x1a\n",
            "xlsx": b"PK\x03\x04",
            "xml": b"<?xml",
        }
        shown = rows(sandbox, "SELECT conversationId, files FROM messages WHERE files IS NOT NULL")
        found = [(conversation, file) for conversation, files in shown for file in json.loads(files)]
        assert {file["filetype"] for _, file in found} == begins.keys()
        for conversation, file in found:
            response = await api.client.get(f"/conversations/{conversation}/files/{file['id']}/full")
            assert response.headers["content-type"] == file["mimetype"]
            assert len(response.content) == file["size"]
            assert response.content.startswith(begins[file["filetype"]])

    async def test_the_unknown_sender_belongs_to_nobody(self, sandbox: Sandbox, api: Api) -> None:
        whole = await api.ok("GET", f"/conversations/{sandbox.landmark('unknown-sender')}")
        assert (whole["customer"], whole["submitterUser"]["name"]) == (None, "Chad Bexley")

    async def test_one_is_asleep(self, sandbox: Sandbox, api: Api) -> None:
        whole = await api.ok("GET", f"/conversations/{sandbox.landmark('snoozed')}")
        assert whole["status"] == "on_hold"
        assert whole["wakeUpAt"] > "2025-03-18"
        assert whole["snoozedAt"] < "2025-03-18"

    def test_nothing_is_delivered_before_anybody_does_anything(self, sandbox: Sandbox) -> None:
        assert sandbox.delivered() == []
