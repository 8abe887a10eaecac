"""Files with a reply: checked before anything is sent, shown to the human, part of what is sent once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support import Desk, Era, Human

pytestmark = pytest.mark.anyio

EMAIL = "c.sourceType = 'email' AND c.status = 'open'"
TEXT = "Here is the report that you asked for."


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "report.pdf").write_bytes(b"%PDF-1.7 report")
    (tmp_path / "uploads" / "Übersicht.csv").write_text("a,b")
    (tmp_path / "secret.txt").write_text("nobody's business")
    return tmp_path / "uploads"


@pytest.fixture
def desk(uploads: Path) -> Iterator[Desk]:
    made = Desk({"UNTHREAD_UPLOAD_DIR": str(uploads)})
    try:
        yield made
    finally:
        made.sandbox.close()


def files_of(desk: Desk) -> list[tuple[str, str, bytes]]:
    """The files that came with the last message that has any."""
    (shown,) = desk.sandbox.database.execute(
        "SELECT files FROM messages WHERE files IS NOT NULL ORDER BY rowid DESC"
    ).fetchone()
    ids = [file["id"] for file in json.loads(shown)]
    contents = dict(desk.sandbox.database.execute("SELECT id, content FROM files").fetchall())
    return [(file["name"], file["mimetype"], contents[each]) for each, file in zip(ids, json.loads(shown), strict=True)]


def lost(desk: Desk) -> None:
    """From now on, replies arrive and their answers don't."""

    def away(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "POST" and request.url.path.endswith("/messages"):
            raise httpx2.ReadError("lost")
        return answer

    desk.wire.after = away


async def test_files_go_out_with_the_text_as_the_reference_says(desk: Desk, era: Era) -> None:
    number = desk.find(EMAIL)
    async with desk.agent(era) as agent:
        arguments = {"conversation": number, "as_of": await agent.as_of(number), "text": TEXT}
        said = await agent.call("send_reply", **arguments, attachments=["report.pdf", "Übersicht.csv"])
        shown = await agent.call("get_conversation", conversation=number)
    assert said.text.startswith(f"done: reply to {number}"), said.text
    assert files_of(desk) == [
        ("report.pdf", "application/pdf", b"%PDF-1.7 report"),
        ("Übersicht.csv", "text/csv", b"a,b"),
    ]
    (sent,) = [each for each in desk.wire.writes if each.path.endswith("/messages")]
    assert re.match(rb'--[0-9a-f]+\r\nContent-Disposition: form-data; name="json"\r\n\r\n\{"body":', sent.body)
    assert sent.body.count(b'name="attachments"; filename=') == 2
    assert "report.pdf" in shown


async def test_the_human_sees_names_sizes_and_digests_of_files(desk: Desk, era: Era) -> None:
    number, human = desk.find(EMAIL), Human()
    async with desk.agent(era, human=human) as agent:
        arguments = {"conversation": number, "as_of": await agent.as_of(number), "text": TEXT}
        said = await agent.call("send_reply", **arguments, attachments=["report.pdf", "Übersicht.csv"])
    assert not said.failed
    (asked,) = human.asked
    assert re.search(r"\nWith the files: report\.pdf \(15 bytes, sha256 [0-9a-f]{12}…\), Übersicht\.csv \(3 byt", asked)


async def test_a_yes_to_one_content_is_none_to_another(desk: Desk, uploads: Path, era: Era) -> None:
    number = desk.find(EMAIL)
    human = Human(meanwhile=lambda: (uploads / "report.pdf").write_bytes(b"%PDF-1.7 REPORT"))
    async with desk.agent(era, human=human) as agent:
        arguments = {"conversation": number, "as_of": await agent.as_of(number), "text": TEXT}
        await agent.call("send_reply", **arguments, attachments=["report.pdf"])
    # Where a call waits for the answer, what was read before goes out; where it is made again, they are asked again.
    asked, content = (1, b"%PDF-1.7 report") if era == "legacy" else (2, b"%PDF-1.7 REPORT")
    assert len(human.asked) == asked
    assert files_of(desk)[0][2] == content


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["../secret.txt"], "names no file of the upload directory"),
        (["report.pdf", "missing.pdf"], "no file 'missing.pdf'"),
        (["report.pdf", "report.pdf"], "twice"),
        ([f"{number}.txt" for number in range(11)], "10"),
    ],
)
async def test_wrong_files_are_refused_before_anything_is_sent(desk: Desk, names: list[str], words: str) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        desk.wire.clear()
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text=TEXT, attachments=names)
    assert said.text.startswith("refused: ")
    assert words in said
    assert desk.wire.sent == []


async def test_without_a_directory_nothing_is_attached(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent(server=desk.new_server(UNTHREAD_UPLOAD_DIR="")) as agent:
        arguments = {"conversation": number, "as_of": await agent.as_of(number), "text": TEXT}
        said = await agent.call("send_reply", **arguments, attachments=["report.pdf"])
    assert said.text.startswith("refused: No files can be attached here")
    assert desk.sandbox.delivered() == []


async def test_files_alone_are_no_message(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, attachments=["report.pdf"])
    assert said.text == "refused: There is nothing to send. Pass text or blocks."


async def _twice(desk: Desk, era: Era, again: dict[str, Any], *, restart: bool = False) -> tuple[str, str]:
    """A reply with a file, and another call with the same as_of."""
    number = desk.find(EMAIL)
    async with desk.agent(era) as agent:
        arguments: dict[str, Any] = {"conversation": number, "as_of": await agent.as_of(number), "text": TEXT}
        first = await agent.call("send_reply", **arguments, attachments=["report.pdf"])
        async with desk.agent(era, server=desk.new_server() if restart else None) as other:
            second = await other.call("send_reply", **{**arguments, **again})
    return first.text, second.text


@pytest.mark.parametrize("restart", [False, True])
async def test_the_same_text_with_the_same_files_is_already_done(desk: Desk, era: Era, restart: bool) -> None:
    first, second = await _twice(desk, era, {"attachments": ["report.pdf"]}, restart=restart)
    assert first.startswith("done: ")
    assert second.startswith("already_done: ")
    assert len(desk.sandbox.delivered()) == 1


async def test_the_same_text_with_other_files_is_not_taken_for_it(desk: Desk, era: Era) -> None:
    first, second = await _twice(desk, era, {"attachments": ["Übersicht.csv"]})
    assert first.startswith("done: ")
    assert second.startswith("refused: 1 message came after as_of")
    assert len(desk.sandbox.delivered()) == 1


async def test_a_lost_answer_is_settled_by_the_thread(desk: Desk, era: Era) -> None:
    lost(desk)
    first, second = await _twice(desk, era, {"attachments": ["report.pdf"]})
    assert first.startswith("done: ")
    assert "The answer got lost, but the message stands in the thread." in first
    assert "files are not shown" not in first
    assert second.startswith("already_done: ")
    assert len(desk.sandbox.delivered()) == 1


async def test_files_that_the_thread_does_not_show_are_not_vouched_for(desk: Desk, era: Era) -> None:
    def away(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "POST" and request.url.path.endswith("/messages"):
            raise httpx2.ReadError("lost")
        if request.url.path.endswith("/messages/list"):
            page = answer.json()
            rows = [{name: value for name, value in row.items() if name != "files"} for row in page["data"]]
            return httpx2.Response(200, json={**page, "data": rows})
        return answer

    desk.wire.after = away
    first, second = await _twice(desk, era, {"attachments": ["report.pdf"]})
    assert first.startswith("done: ")
    assert "Its files are not shown there" in first
    assert second.startswith("already_done: ")
    assert len(desk.sandbox.delivered()) == 1


async def test_blocks_with_a_file_have_no_text_to_match_and_stay_unknown(desk: Desk, era: Era) -> None:
    lost(desk)
    number = desk.find(EMAIL)
    block = {"type": "section", "text": {"type": "mrkdwn", "text": TEXT}}
    async with desk.agent(era) as agent:
        as_of = await agent.as_of(number)
        arguments: dict[str, Any] = {"conversation": number, "as_of": as_of, "blocks": [block]}
        first = await agent.call("send_reply", **arguments, attachments=["report.pdf"])
        desk.wire.after = lambda _, answer: answer
        second = await agent.call("send_reply", **arguments, attachments=["report.pdf"])
    assert first.text.startswith("unknown: ")
    assert second.text.startswith("unknown: The same reply was sent before")
    assert len(desk.sandbox.delivered()) == 1


async def test_a_refused_reply_with_files_may_be_tried_again(desk: Desk) -> None:
    number = desk.find(EMAIL)

    def refuse(request: httpx2.Request) -> httpx2.Response | None:
        is_reply = request.method == "POST" and request.url.path.endswith("/messages")
        return httpx2.Response(413, json={}) if is_reply else None

    async with desk.agent() as agent:
        arguments = {"conversation": number, "as_of": await agent.as_of(number), "text": TEXT}
        desk.wire.before = refuse
        first = await agent.call("send_reply", **arguments, attachments=["report.pdf"])
        desk.wire.before = lambda _: None
        second = await agent.call("send_reply", **arguments, attachments=["report.pdf"])
    assert first.text.startswith("refused: ")
    assert second.text.startswith("done: ")
