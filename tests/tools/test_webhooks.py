"""Webhooks: only to hosts that the operator named, and without secrets in any answer."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.support import Desk, Era, Human
from tests.tools.examples import EVERYTHING

pytestmark = pytest.mark.anyio

URL = "https://hooks.example.com/unthread"
SEEDED = "https://hooks.quayside.example/unthread"
SECRET = "whsec_0123456789"


@pytest.fixture
def desk() -> Desk:
    return Desk(EVERYTHING)


def webhook_id(desk: Desk, url: str) -> str:
    return desk.sandbox.database.execute("SELECT id FROM webhooks WHERE url = ?", [url]).fetchone()[0]


def telling(desk: Desk) -> None:
    """Unthread's answers hold a secret from now on."""

    def add(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if not answer.content:
            return answer
        said: Any = answer.json()
        is_list = answer.content.startswith(b"[")
        rows: list[Any] = said if is_list else [said]
        told = [{**row, "signingSecret": SECRET, "url": row["url"] + f"?token={SECRET}"} for row in rows]
        return httpx2.Response(200, json=told if is_list else told[0])

    desk.wire.after = add


@pytest.mark.parametrize("envelope", [False, True])
async def test_they_are_listed_from_an_array_or_an_envelope(desk: Desk, era: Era, envelope: bool) -> None:
    if envelope:
        desk.wire.after = lambda _, answer: httpx2.Response(200, json={"data": answer.json(), "totalCount": 2})
    async with desk.agent(era) as agent:
        said = await agent.call("list_webhooks")
    assert said.text == (
        "2 webhooks\n"
        f"{webhook_id(desk, SEEDED)} · enabled · {SEEDED}\n"
        f"{webhook_id(desk, SEEDED + '-test')} · disabled · {SEEDED}-test"
    )
    assert [str(sent) for sent in desk.wire.sent] == ["GET /webhook-subscriptions"]


async def test_a_list_that_goes_on_says_so(desk: Desk) -> None:
    more = {"hasNext": True, "next": "abc"}
    desk.wire.after = lambda _, answer: httpx2.Response(200, json={"data": answer.json(), "cursors": more})
    async with desk.agent() as agent:
        said = await agent.call("list_webhooks")
        desk.wire.after = lambda _, answer: httpx2.Response(200, json=[])
        none = await agent.call("list_webhooks")
    assert said.text.endswith("[Unthread has more of them than it gave here.]")
    assert none.text == "No webhooks"


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("https://me:pw@hooks.example.com/x?key=1&b=2#part", "https://hooks.example.com/x?…"),
        ("https://[bad", "(no address)"),
    ],
)
async def test_of_an_address_only_what_can_be_no_secret_is_shown(desk: Desk, stored: str, shown: str) -> None:
    desk.sandbox.database.execute("UPDATE webhooks SET url = ? WHERE enabled", [stored])
    async with desk.agent() as agent:
        said = await agent.call("list_webhooks")
        found = await agent.call("update_webhook", webhook=shown, enabled=False)
    assert said.text.splitlines()[1].endswith(f" · enabled · {shown}")
    assert found.text.endswith(f"{shown}, disabled.")


async def test_no_answer_shows_a_secret(desk: Desk) -> None:
    telling(desk)
    async with desk.agent(server=desk.new_server(UNTHREAD_ANSWERS="both")) as agent:
        answers = [
            await agent.call("list_webhooks"),
            await agent.call("create_webhook", url=URL),
            await agent.call("update_webhook", webhook=webhook_id(desk, URL), enabled=False),
            await agent.call("delete_webhook", webhook=webhook_id(desk, URL)),
        ]
    for said in answers:
        assert not said.failed, said.text
        assert SECRET not in said
        assert SECRET not in str(said.data)
    for said in answers[:3]:
        assert "Not shown, as it may be secret: signingSecret. It stands in Unthread's dashboard." in said


async def test_neither_the_question_nor_a_repeated_deletion_shows_a_secret(desk: Desk, era: Era) -> None:
    """Two that are shown alike: which one is asked about is told by its id."""
    database, shown = desk.sandbox.database, "https://hooks.quayside.example/a?…"
    first, second = (row[0] for row in database.execute("SELECT id FROM webhooks ORDER BY id LIMIT 2").fetchall())
    database.execute("UPDATE webhooks SET url = 'https://hooks.quayside.example/a?token=SECRET1' WHERE id = ?", [first])
    human = Human()
    async with desk.agent(era, human=human) as agent:
        said = [await agent.call("delete_webhook", webhook=shown)]
        database.execute(
            "UPDATE webhooks SET url = 'https://hooks.quayside.example/a?token=SECRET2' WHERE id = ?", [second]
        )
        asked = len(human.asked)
        human.answer = "decline"
        said.append(await agent.call("delete_webhook", webhook=shown))
    assert [each.text.partition(":")[0] for each in said] == ["done", "refused"]
    assert all(f"Id: {first}" in each for each in human.asked[:asked])
    assert all(f"Id: {second}" in each for each in human.asked[asked:])
    assert "SECRET" not in "".join([*human.asked, *(each.text for each in said)])


async def test_one_is_made_once_and_not_for_an_address_that_has_one(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        said = await agent.call("create_webhook", url=URL)
        again = await agent.call("create_webhook", url=URL)
        disabled = await agent.call("create_webhook", url=URL, enabled=False)
    assert said.text == f"done: webhook {webhook_id(desk, URL)} {URL}, enabled."
    assert again.text.startswith("already_done: ")
    assert disabled.text.startswith(f"refused: There is a webhook with the url '{URL}' already.")
    assert [sent.body for sent in desk.wire.writes] == [{"url": URL, "enabled": True}]


async def test_a_lost_creation_is_looked_for_in_the_list(desk: Desk) -> None:
    def lose(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "POST":
            raise httpx2.ReadError("reset", request=request)
        return answer

    desk.wire.after = lose
    async with desk.agent() as agent:
        said = await agent.call("create_webhook", url=URL)
    assert said.text.startswith("unknown: It is not known whether the webhook was created.")
    assert said.text.endswith(f"With the same url there are: {webhook_id(desk, URL)}.")


@pytest.mark.parametrize(
    ("hosts", "url", "words"),
    [
        ("", URL, "The operator names no host that webhooks may be pointed at."),
        ("hooks.example.com", "https://example.com/x", "Webhooks may not be pointed at example.com."),
        ("hooks.example.com", "https://a.hooks.example.com/x", "may not be pointed at a.hooks.example.com."),
        ("*.example.com", "https://example.com/x", "may not be pointed at example.com."),
        ("*.example.com", "https://badexample.com/x", "may not be pointed at badexample.com."),
        ("*.example.com", "http://hooks.example.com", "url is no https address."),
        ("*.example.com", "https://me:pw@hooks.example.com", "url holds a user name or password."),
        ("127.0.0.1", "https://127.0.0.1/x", "url names a host inside a network."),
    ],
)
async def test_other_hosts_are_refused_before_anything_is_sent(hosts: str, url: str, words: str) -> None:
    desk = Desk({**EVERYTHING, "UNTHREAD_WEBHOOK_HOSTS": hosts})
    async with desk.agent() as agent:
        made = await agent.call("create_webhook", url=url)
        moved = await agent.call("update_webhook", webhook=SEEDED, url=url)
    for said in (made, moved):
        assert said.text.startswith("refused: ")
        assert words in said
    assert desk.wire.sent == []
    desk.sandbox.close()


@pytest.mark.parametrize("url", ["https://HOOKS.Example.com/x", "https://hooks.example.com:8443/x"])
async def test_a_host_counts_however_it_is_written(desk: Desk, url: str) -> None:
    async with desk.agent() as agent:
        assert (await agent.call("create_webhook", url=url)).text.startswith("done: ")


async def test_one_at_another_host_is_disabled_and_deleted_but_not_enabled(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        disabled = await agent.call("update_webhook", webhook=SEEDED, enabled=False)
        enabled = await agent.call("update_webhook", webhook=SEEDED, enabled=True)
        deleted = await agent.call("delete_webhook", webhook=SEEDED)
        again = await agent.call("delete_webhook", webhook=SEEDED)
    assert disabled.text.endswith(f"{SEEDED}, disabled.")
    assert enabled.text.startswith("refused: Webhooks may not be pointed at hooks.quayside.example.")
    assert deleted.text.startswith("done: webhook ")
    assert deleted.text.endswith(f"{SEEDED}, deleted.")
    assert again.text == f"already_done: webhook {SEEDED}. It was deleted a moment ago."


async def test_what_is_so_already_is_not_written(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call("create_webhook", url=URL)
        again = await agent.call("update_webhook", webhook=URL, url=URL, enabled=True)
    assert said.text.startswith("done: ")
    assert again.text == f"already_done: webhook {webhook_id(desk, URL)} {URL}, enabled."
    assert [sent.method for sent in desk.wire.writes] == ["POST"]


async def test_one_is_moved_and_found_by_its_id_or_address(desk: Desk) -> None:
    identity = webhook_id(desk, SEEDED)
    async with desk.agent() as agent:
        said = await agent.call("update_webhook", webhook=identity, url=URL, enabled=True)
        again = await agent.call("update_webhook", webhook=URL, enabled=False)
        nothing = await agent.call("update_webhook", webhook=URL)
        missing = await agent.call("update_webhook", webhook="https://a.example/?key=1", enabled=False)
    assert said.text == f"done: webhook {identity} {URL}, enabled."
    assert again.text == f"done: webhook {identity} {URL}, disabled."
    assert nothing.text.startswith("refused: Nothing to change was passed.")
    assert missing.text == "refused: There is no webhook 'https://a.example/?…'. list_webhooks shows them."


async def test_a_lost_change_is_looked_for_in_the_list(desk: Desk) -> None:
    def lose(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "PATCH":
            raise httpx2.ReadError("reset", request=request)
        return answer

    desk.wire.after = lose
    async with desk.agent() as agent:
        said = await agent.call("update_webhook", webhook=SEEDED, enabled=False)
    assert said.text.endswith("disabled. The answer got lost, but reading it back shows the change.")


async def test_several_at_one_address_are_told_apart_by_id(desk: Desk) -> None:
    desk.sandbox.database.execute("INSERT INTO webhooks (id, url, enabled) VALUES ('w2', ?, 1)", [SEEDED])
    async with desk.agent() as agent:
        said = await agent.call("delete_webhook", webhook=SEEDED)
    assert said.text.startswith("refused: Several webhooks have this address. Pass the id of one of them: ")


async def test_one_that_is_gone_when_it_is_to_be_deleted_is_already_done(desk: Desk) -> None:
    def first(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "DELETE":
            desk.sandbox.database.execute("DELETE FROM webhooks WHERE url = ?", [SEEDED])
        return None

    desk.wire.before = first
    async with desk.agent() as agent:
        said = await agent.call("delete_webhook", webhook=SEEDED)
    assert said.text.startswith("already_done: ")
    assert said.text.endswith("Somebody else had deleted it.")
