"""Outbounds: drafts reach nobody; what goes out is approved word for word, and goes out once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from tests.support import Agent, Desk, Era, Human, Said
from tests.tools.examples import EVERYTHING, outbound_id, tag_id

pytestmark = pytest.mark.anyio

TEXT = "Exports are *twice* as fast. Thanks, @channel!"
NEW = {"subject": "Faster exports", "text": TEXT, "send_as": "Hannah Okafor", "customers": ["Vela Biotech"]}
SENT_TEXT = TEXT.replace("@channel", "@ channel")
LATER = "2026-11-21T09:00"
BUTTON: dict[str, Any] = {
    "type": "actions",
    "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Go"}}],
}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [*elements]}]}


@pytest.fixture
def desk() -> Desk:
    return Desk(EVERYTHING)


def status(desk: Desk, identity: str) -> str:
    sql = "SELECT status FROM outbounds WHERE id = ?"
    return desk.sandbox.database.execute(sql, [identity]).fetchone()[0]


def outbounds(desk: Desk) -> int:
    return desk.sandbox.database.execute("SELECT count(*) FROM outbounds").fetchone()[0]


def customer_id(desk: Desk, name: str) -> str:
    return desk.sandbox.database.execute("SELECT id FROM customers WHERE name = ?", [name]).fetchone()[0]


def tagged(desk: Desk, name: str, tag: str) -> None:
    """Somebody tags a customer in Unthread."""
    link = [customer_id(desk, name), tag_id(desk, tag)]
    desk.sandbox.database.execute("INSERT OR IGNORE INTO customer_tags VALUES (?, ?)", link)


def changed(desk: Desk, identity: str, **values: str | None) -> None:
    """Somebody changes it in Unthread."""
    for name, value in values.items():
        desk.sandbox.database.execute(f"UPDATE outbounds SET {name} = ? WHERE id = ?", [value, identity])


def unreachable(desk: Desk, name: str) -> None:
    """The customer's channel is taken away, so that sending to it fails."""
    desk.sandbox.database.execute("UPDATE customers SET slackChannelId = NULL WHERE name = ?", [name])


def losing(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
    """The write takes effect, and its answer gets lost."""
    if request.method == "PATCH" or request.url.path.endswith("/outbounds"):
        raise httpx2.ReadError("reset", request=request)
    return answer


def failing(request: httpx2.Request) -> httpx2.Response | None:
    """The write takes no effect, and nobody can tell."""
    if request.method == "PATCH" or request.url.path.endswith("/outbounds"):
        return httpx2.Response(502)
    return None


class TestReading:
    async def test_they_are_listed_by_status(self, desk: Desk, era: Era) -> None:
        async with desk.agent(era) as agent:
            every = await agent.call("list_outbounds")
            drafts = await agent.call("list_outbounds", status="draft")
        assert every.text.startswith("2 outbounds\nid · status · time · customers · subject\n")
        assert drafts.text.splitlines()[2] == f"{outbound_id(desk, 'draft')} · draft · - · 2 · Maintenance on Saturday"

    async def test_one_is_read_with_the_names_of_its_customers_and_its_words_in_a_fence(
        self, desk: Desk, era: Era
    ) -> None:
        async with desk.agent(era) as agent:
            said = await agent.call("get_outbound", outbound=outbound_id(desk, "sent"))
        head, _, fenced = said.text.partition("<<")
        assert head.splitlines()[1].startswith("sent · 11-")
        assert "to 4 customers: Halvorsen Freight, " in head
        assert "from each customer's own support rep, else Hannah Okafor" in head
        assert "Two warehouses more can be connected" in fenced

    async def test_a_customer_whom_it_can_not_reach_is_marked(self, desk: Desk) -> None:
        human = Human()
        async with desk.agent(human=human) as agent:
            unreachable(desk, "Vela Biotech")
            await agent.call("create_outbound", **{**NEW, "customers": ["Vela Biotech", "Polder Systems"]}, send=True)
        assert "\nTo: Vela Biotech (no Slack channel), Polder Systems\n" in human.asked[0]

    async def test_without_names_there_are_ids(self, desk: Desk) -> None:
        desk.wire.before = lambda request: httpx2.Response(403) if "/customers" in request.url.path else None
        async with desk.agent() as agent:
            said = await agent.call("get_outbound", outbound=outbound_id(desk, "draft"))
        assert customer_id(desk, "Halvorsen Freight") in said


class TestCreating:
    async def test_it_is_a_draft_unless_told_to_send_and_nobody_is_asked(self, desk: Desk, era: Era) -> None:
        human = Human()
        async with desk.agent(era, human=human) as agent:
            said = await agent.call("create_outbound", **NEW, run_at=LATER)
            again = await agent.call("create_outbound", **NEW, run_at=LATER)
        assert said.text.startswith("done: outbound ")
        assert said.text.endswith(" 'Faster exports' is a draft to 1 customer; nothing was sent.")
        assert again.text.startswith("already_done: ")
        assert human.asked == []
        assert [sent.body for sent in desk.wire.writes] == [
            {
                "status": "draft",
                "deliveryMethod": "slack",
                "subject": "Faster exports",
                "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": SENT_TEXT}}],
                "runAt": "2026-11-21T09:00:00.000Z",
                "sendAs": {"type": "user", "id": desk.wire.writes[0].body["sendAs"]["id"]},
                "recipients": [{"type": "customer", "id": customer_id(desk, "Vela Biotech")}],
            }
        ]
        desk.clock.forward(days=2)
        assert desk.sandbox.delivered() == []

    async def test_sending_asks_with_everything_that_matters_and_goes_out_once(self, desk: Desk, era: Era) -> None:
        human = Human()
        async with desk.agent(era, human=human) as agent:
            said = await agent.call("create_outbound", **NEW, send=True)
            again = await agent.call("create_outbound", **NEW, send=True)
        assert said.text.endswith(" 'Faster exports' was sent to 1 customer.")
        assert again.text.startswith("already_done: ")
        assert human.asked[0] == (
            "Send this to 1 customer in Slack?\nTo: Vela Biotech\nWhen: at once\nIn the name of: Hannah Okafor\n"
            f"Subject: Faster exports\n\nIt says:\n\n> {SENT_TEXT}"
        )
        assert [(each.text, each.via) for each in desk.sandbox.delivered()] == [(SENT_TEXT, "outbound")]

    async def test_a_scheduled_one_says_when_and_from_whom(self, desk: Desk) -> None:
        human = Human()
        async with desk.agent(human=human) as agent:
            said = await agent.call(
                "create_outbound", **NEW, blocks=[BUTTON], as_support_rep=True, run_at=LATER, send=True
            )
        assert said.text.endswith("goes out to 1 customer: 11-21 09:00 (UTC).")
        assert "When: 11-21 09:00 (UTC)" in human.asked[0]
        assert "In the name of: each customer's own support rep, else Hannah Okafor" in human.asked[0]
        assert '{"type":"actions","elements":[{"type":"button"' in human.asked[0]
        assert desk.sandbox.delivered() == []
        desk.clock.forward(days=1)
        assert len(desk.sandbox.delivered()) == 1

    @pytest.mark.parametrize("answer", ["decline", "cancel", "untick"])
    async def test_without_a_yes_nothing_is_made(self, desk: Desk, era: Era, answer: Any) -> None:
        async with desk.agent(era, human=Human(answer)) as agent:
            said = await agent.call("create_outbound", **NEW, send=True)
        assert said.text.startswith("refused: The human did not approve this.")
        assert desk.wire.writes == []

    async def test_always_needs_a_human_for_sending_and_none_for_drafts(self) -> None:
        desk = Desk({**EVERYTHING, "UNTHREAD_CONFIRM": "always"})
        async with desk.agent() as agent:
            sent = await agent.call("create_outbound", **NEW, send=True)
            draft = await agent.call("create_outbound", **NEW)
            update = await agent.call("update_outbound", outbound=outbound_id(desk, "draft"), send=True)
        assert sent.text.startswith("refused: This server does this only once a human has agreed")
        assert update.text.startswith("refused: This server does this only once a human has agreed")
        assert draft.text.startswith("done: ")
        assert desk.sandbox.delivered() == []
        desk.sandbox.close()

    async def test_customers_by_name_and_by_tag_receive_it_once_each(self, desk: Desk) -> None:
        sql = "SELECT name FROM customers JOIN customer_tags ON customerId = customers.id WHERE tagId = ? ORDER BY name"
        names = [name for (name,) in desk.sandbox.database.execute(sql, [tag_id(desk, "Trial")])]
        async with desk.agent() as agent:
            said = await agent.call("create_outbound", **{**NEW, "customers": [names[0], names[0]]}, tag="Trial")
        ids = [each["id"] for each in desk.wire.writes[0].body["recipients"]]
        assert sorted(ids) == sorted(customer_id(desk, name) for name in names)
        assert f"to {len(names)} customers" in said

    async def test_the_same_announcement_is_not_sent_again_because_the_tag_has_one_more(self, desk: Desk) -> None:
        arguments = {**NEW, "customers": None, "tag": "Trial", "send": True}
        async with desk.agent() as agent:
            tagged(desk, "Polder Systems", "Trial")
            await agent.call("create_outbound", **arguments)
            tagged(desk, "Vela Biotech", "Trial")
            again = await agent.call("create_outbound", **arguments)
        assert again.text.startswith("already_done: ")
        assert len(desk.wire.writes) == 1

    @pytest.mark.parametrize("other", [{"subject": " Faster  exports"}, {"text": f"{TEXT} "}])
    async def test_the_same_announcement_is_the_same_with_other_blanks(self, desk: Desk, other: dict[str, str]) -> None:
        async with desk.agent() as agent:
            await agent.call("create_outbound", **NEW, send=True)
            again = await agent.call("create_outbound", **{**NEW, **other}, send=True)
        assert again.text.startswith("already_done: ")
        assert len(desk.sandbox.delivered()) == 1

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({"text": "API status: \U0001f534"}, {"text": "API status: \U0001f7e2"}),
            ({"text": "It is now here."}, {"text": "It is nowhere."}),
            ({"text": "The port is *80*."}, {"text": "The port is 80."}),
            ({"subject": "Status \U0001f534"}, {"subject": "Status \U0001f7e2"}),
            ({"blocks": [BUTTON]}, {"blocks": [{**BUTTON, "block_id": "b"}]}),
        ],
        ids=["emoji", "blank", "markup", "subject", "block"],
    )
    async def test_what_differs_in_anything_goes_out_once_the_first_is_out(
        self, desk: Desk, era: Era, first: dict[str, Any], second: dict[str, Any]
    ) -> None:
        human = Human()
        async with desk.agent(era, human=human) as agent:
            said = [await agent.call("create_outbound", **{**NEW, **each}, send=True) for each in (first, second)]
            again = await agent.call("create_outbound", **{**NEW, **second}, send=True)
        assert [each.text.partition(":")[0] for each in (*said, again)] == ["done", "done", "already_done"]
        assert len(desk.sandbox.delivered()) == 2
        assert len(set(human.asked)) == 2

    async def test_a_lost_one_is_unknown_and_never_sent_again(self, desk: Desk) -> None:
        async with desk.agent() as agent:
            desk.wire.after = losing
            said = await agent.call("create_outbound", **NEW, send=True)
            desk.wire.after = lambda _, answer: answer
            desk.clock.forward(days=1)
            again = await agent.call("create_outbound", **NEW, send=True)
        for each in (said, again):
            assert each.text.startswith("unknown: It is not known whether the outbound was created.")
            assert "With the same subject there are: " in each
        assert len(desk.sandbox.delivered()) == 1

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"text": None}, "There is nothing to say."),
            ({"customers": None}, "Nobody would receive it."),
            ({"customers": ["Nobody Ltd"]}, "No customer is called 'Nobody Ltd'."),
            ({"customers": None, "tag": "Outage"}, "No customer carries the tag."),
            ({"tag": "Trail"}, "No tag is called 'Trail'."),
            ({"send_as": "Somebody Else"}, "No user is called 'Somebody Else'."),
            ({"text": " "}, "The text is empty."),
            ({"text": "x" * 3_001}, "The text has 3,001 characters, and Slack takes 3,000 in one section."),
            ({"text": "It\u202es"}, "The text holds an invisible character"),
            ({"subject": "/unthread send"}, 'The text holds "/unthread send"'),
            ({"blocks": [{"text": "x"}]}, "A block has no type."),
            ({"blocks": [{"type": "divider"}] * 50}, "There are 51 blocks, and Slack takes 50."),
            ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "a\u200bb"}}]}, "invisible character"),
            ({"run_at": "24h"}, "run_at is '24h', which is no date-time."),
            ({"run_at": "tomorrow"}, "run_at is 'tomorrow', which is no date-time."),
            ({"run_at": "2026-99-99"}, "run_at is '2026-99-99', which is no time."),
            ({"run_at": "2026-11-20T09:59"}, "run_at is '2026-11-20T09:59', which has passed."),
        ],
    )
    async def test_what_can_t_go_out_is_refused_before_anybody_is_asked(
        self, desk: Desk, changes: dict[str, Any], words: str
    ) -> None:
        human = Human()
        async with desk.agent(human=human) as agent:
            said = await agent.call("create_outbound", **{**NEW, "send": True, **changes})
        assert said.text.startswith("refused: ")
        assert words in said
        assert human.asked == []
        assert desk.wire.writes == []

    @pytest.mark.parametrize("rows", [[{"name": "No id"}], [{"id": "c-1"}], []], ids=["no ids", "the same", "none"])
    async def test_customers_of_a_tag_whose_pages_do_not_end_are_refused(
        self, desk: Desk, rows: list[dict[str, str]]
    ) -> None:
        def endless(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
            assert len(desk.wire.sent) < 200
            if not request.url.path.endswith("/customers/list"):
                return answer
            return httpx2.Response(200, json={"data": rows, "cursors": {"hasNext": True, "next": "again"}})

        desk.wire.after = endless
        async with desk.agent() as agent:
            said = await agent.call("create_outbound", **{**NEW, "customers": None}, tag="Trial", send=True)
        assert said.text.startswith("refused: Unthread's pages of customers don't come to an end.")
        assert desk.wire.writes == []

    async def test_more_recipients_than_a_human_can_check_are_refused(self, desk: Desk) -> None:
        tag = tag_id(desk, "Trial")
        for number in range(501):
            row = [f"c-{number}", f"C{number}", "[]", "[]", "2026", "2026"]
            columns = "id, name, emailDomains, customFields, createdAt, updatedAt"
            desk.sandbox.database.execute(f"INSERT INTO customers ({columns}) VALUES (?, ?, ?, ?, ?, ?)", row)
            desk.sandbox.database.execute("INSERT INTO customer_tags VALUES (?, ?)", [f"c-{number}", tag])
        async with desk.agent() as agent:
            said = await agent.call("create_outbound", **NEW, tag="Trial")
        assert "There would be more than 500 recipients" in said
        assert desk.wire.writes == []

    async def test_a_time_that_passes_while_the_human_thinks_is_refused(self, desk: Desk, era: Era) -> None:
        human = Human(meanwhile=lambda: desk.clock.forward(days=2))
        async with desk.agent(era, human=human) as agent:
            said = await agent.call("create_outbound", **NEW, run_at=LATER, send=True)
        assert said.text.startswith("refused: ")
        assert "which has passed" in said
        assert desk.wire.writes == []


class TestAnUnknownSendingAndOtherOutbounds:
    """What may have been sent is said again to none of its customers by another outbound."""

    OTHERS: Any = pytest.mark.parametrize(
        "other",
        [
            {},
            {"subject": "Faster exports (2)"},
            {"text": f" {TEXT}"},
            {"customers": ["Polder Systems", "Vela Biotech"]},
            {"run_at": LATER},
            {"send_as": "Mei Tanaka"},
        ],
        ids=["the same", "another subject", "another blank", "a customer more", "another time", "another sender"],
    )

    @OTHERS
    async def test_no_draft_of_the_same_is_created(self, desk: Desk, era: Era, other: dict[str, Any]) -> None:
        human = Human()
        async with desk.agent(era, human=human) as agent:
            desk.wire.before = failing
            await agent.call("create_outbound", **NEW, send=True)
            desk.wire.before = lambda _: None
            desk.clock.forward(hours=20)
            desk.wire.clear()
            said = await agent.call("create_outbound", **{**NEW, **other})
        assert said.text.startswith("refused: The same may have been sent to one of these customers before")
        assert "Nothing was created. Don't send it in another outbound either" in said
        assert desk.wire.writes == []
        assert len(human.asked) == 1

    @OTHERS
    async def test_none_that_says_the_same_is_created_and_sent(self, desk: Desk, other: dict[str, Any]) -> None:
        human = Human()
        async with desk.agent(human=human) as agent:
            desk.wire.before = failing
            await agent.call("create_outbound", **NEW, send=True)
            desk.wire.before = lambda _: None
            desk.wire.clear()
            said = await agent.call("create_outbound", **{**NEW, **other}, send=True)
        assert said.text.startswith("unknown: ")
        assert desk.wire.writes == []

    @pytest.mark.parametrize(
        "blocks",
        [
            [section(TEXT), {"type": "divider"}],
            [{**section(TEXT), "expand": True}],
            [section("Exports are"), section("*twice* as fast. Thanks, @channel!")],
            [{"type": "section", "fields": [{"type": "mrkdwn", "text": TEXT}]}],
            [
                {
                    "type": "section",
                    "fields": [{"type": "mrkdwn", "text": " as fast. Thanks, @channel!"}],
                    **section("Exports are *twice*"),
                }
            ],
            [{"type": "context", "elements": [{"type": "mrkdwn", "text": TEXT}]}],
            [{"type": "header", "text": {"type": "plain_text", "text": TEXT}}],
            [section(TEXT), {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A rocket"}],
            [
                rich(
                    {"type": "text", "text": "Exports are "},
                    {"type": "text", "text": "twice", "style": {"bold": True}},
                    {"type": "text", "text": " as fast. Thanks, "},
                    {"type": "broadcast", "range": "channel"},
                    {"type": "text", "text": "!"},
                )
            ],
        ],
        ids=[
            "divider",
            "expand",
            "two sections",
            "fields",
            "text and fields",
            "context",
            "header",
            "image",
            "rich text",
        ],
    )
    @pytest.mark.parametrize("send", [False, True], ids=["draft", "sent"])
    async def test_the_same_words_in_another_shape_are_the_same(
        self, desk: Desk, blocks: list[dict[str, Any]], *, send: bool
    ) -> None:
        async with desk.agent(human=Human()) as agent:
            desk.wire.before = failing
            await agent.call("create_outbound", **NEW, send=True)
            desk.wire.before = lambda _: None
            desk.wire.clear()
            said = await agent.call("create_outbound", **{**NEW, "text": None}, blocks=blocks, send=send)
        assert "The same may have been sent to one of these customers before" in said
        assert desk.wire.writes == []

    async def test_links_emoji_and_people_of_rich_text_are_words_too(self, desk: Desk) -> None:
        text = "Read https://example.com/x :tada: <@U01>"
        blocks = [
            rich(
                {"type": "text", "text": "Read "},
                {"type": "link", "url": "https://example.com/x"},
                {"type": "text", "text": " "},
                {"type": "emoji", "name": "tada"},
                {"type": "text", "text": " "},
                {"type": "user", "user_id": "U01"},
            )
        ]
        async with desk.agent() as agent:
            desk.wire.before = failing
            await agent.call("create_outbound", **{**NEW, "text": text}, send=True)
            desk.wire.before = lambda _: None
            same = await agent.call("create_outbound", **{**NEW, "text": None}, blocks=blocks, send=True)
            blocks[0]["elements"][0]["elements"][1]["url"] = "https://example.com/y"
            other = await agent.call("create_outbound", **{**NEW, "text": None}, blocks=blocks, send=True)
        assert same.text.startswith("unknown: The same may have been sent")
        assert other.text.startswith("done: ")

    async def test_pictures_without_words_are_the_same_only_as_the_same_pictures(self, desk: Desk) -> None:
        def picture(name: str) -> dict[str, Any]:
            return {"type": "image", "image_url": f"https://example.com/{name}.png", "alt_text": "A rocket"}

        new = {**NEW, "text": None, "send": True}
        async with desk.agent() as agent:
            desk.wire.before = failing
            await agent.call("create_outbound", **new, blocks=[picture("a")])
            desk.wire.before = lambda _: None
            same = await agent.call("create_outbound", **new, blocks=[picture("a"), {"type": "divider"}])
            other = await agent.call("create_outbound", **new, blocks=[picture("b")])
        assert same.text.startswith("unknown: The same may have been sent")
        assert other.text.startswith("done: ")

    async def test_what_may_only_look_the_same_waits_while_the_first_is_in_doubt(self, desk: Desk) -> None:
        async with desk.agent() as agent:
            desk.wire.before = failing
            await agent.call("create_outbound", **{**NEW, "text": "API status: \U0001f534"}, send=True)
            desk.wire.before = lambda _: None
            said = await agent.call("create_outbound", **{**NEW, "text": "API status: \U0001f7e2"}, send=True)
        assert said.text.startswith("unknown: The same may have been sent to one of these customers before")
        assert desk.sandbox.delivered() == []

    async def test_no_draft_that_was_there_before_is_sent(self, desk: Desk, era: Era) -> None:
        human = Human()
        async with desk.agent(era, human=human) as agent:
            draft = await agent.call(
                "create_outbound", **{**NEW, "subject": "A draft", "customers": ["Vela Biotech", "Polder Systems"]}
            )
            desk.wire.before = failing
            await agent.call("create_outbound", **NEW, send=True)
            desk.wire.before = lambda _: None
            desk.wire.clear()
            sent = await agent.call("update_outbound", outbound=draft.text.split()[2], send=True)
            to_others = await agent.call(
                "update_outbound", outbound=draft.text.split()[2], customers=["Polder Systems"], send=True
            )
        assert sent.text.startswith("unknown: The same may have been sent to one of these customers before")
        assert "Nothing was sent." in sent
        assert to_others.text.startswith("done: ")
        assert len(desk.wire.writes) == 1
        assert len(desk.sandbox.delivered()) == 1

    async def test_nor_after_a_draft_that_may_have_been_sent(self, desk: Desk) -> None:
        async with desk.agent() as agent:
            one, other = [await agent.call("create_outbound", **{**NEW, "subject": name}) for name in ("One", "Other")]
            desk.wire.before = failing
            await agent.call("update_outbound", outbound=one.text.split()[2], send=True)
            desk.wire.before = lambda _: None
            desk.wire.clear()
            said = await agent.call("update_outbound", outbound=other.text.split()[2], send=True)
            third = await agent.call("create_outbound", **{**NEW, "subject": "Third"})
        assert said.text.startswith("unknown: The same may have been sent")
        assert third.text.startswith("refused: The same may have been sent")
        assert desk.wire.writes == []

    async def test_after_a_restart_neither(self, desk: Desk, tmp_path: Path) -> None:
        servers = [desk.new_server(UNTHREAD_STATE_FILE=str(tmp_path / "intents")) for _ in range(2)]
        desk.wire.before = failing
        async with desk.agent(server=servers[0]) as agent:
            await agent.call("create_outbound", **NEW, send=True)
        desk.wire.before = lambda _: None
        async with desk.agent(server=servers[1]) as agent:
            said = await agent.call("create_outbound", **NEW)
        assert said.text.startswith("refused: The same may have been sent")
        for server in servers:
            server.workspace.intents.close()

    async def test_two_servers_that_send_the_same_in_two_ways_at_the_same_moment_send_it_once(
        self, desk: Desk, tmp_path: Path
    ) -> None:
        said: list[Said] = []
        servers = [desk.new_server(UNTHREAD_STATE_FILE=str(tmp_path / "intents")) for _ in range(2)]
        async with desk.agent(server=servers[0]) as one, desk.agent(server=servers[1]) as other:
            draft = await one.call("create_outbound", **{**NEW, "subject": "A draft"})
            desk.wire.clear()

            async def send(agent: Agent, tool: str, **arguments: Any) -> None:
                said.append(await agent.call(tool, **arguments, send=True))

            async with anyio.create_task_group() as both:
                both.start_soon(partial(send, one, "update_outbound", outbound=draft.text.split()[2]))
                both.start_soon(partial(send, other, "create_outbound", **NEW))
        assert sorted(each.text.partition(":")[0] for each in said) == ["done", "unknown"]
        assert len(desk.wire.writes) == 1
        for server in servers:
            server.workspace.intents.close()

    async def test_once_unthread_shows_it_that_is_told_and_saying_it_again_is_a_decision(
        self, desk: Desk, era: Era
    ) -> None:
        async with desk.agent(era) as agent:
            desk.wire.after = losing
            await agent.call("create_outbound", **NEW, send=True)
            desk.wire.after = lambda _, answer: answer
            told = await agent.call("create_outbound", **NEW)
            draft = await agent.call("create_outbound", **NEW)
        assert told.text.startswith("refused: outbound ")
        assert "says the same to customers of this one; it is sent. Nothing was created." in told
        assert draft.text.startswith("done: ")
        assert len(desk.sandbox.delivered()) == 1

    @pytest.mark.parametrize("apart", [{"hours": -2}, {"hours": 2}], ids=["an older one", "one for later"])
    async def test_another_that_says_the_same_at_another_time_proves_nothing(
        self, desk: Desk, apart: dict[str, float]
    ) -> None:
        async with desk.agent() as agent:
            desk.wire.after = losing
            await agent.call("create_outbound", **NEW, send=True)
            desk.wire.after = lambda _, answer: answer
            at = desk.clock.now + timedelta(**apart)
            desk.sandbox.database.execute(
                "UPDATE outbounds SET runAt = ? WHERE subject = 'Faster exports'", [f"{at:%Y-%m-%dT%H:%M:%S}.000Z"]
            )
            said = await agent.call("create_outbound", **NEW)
        assert said.text.startswith("refused: The same may have been sent")

    async def test_where_outbounds_can_not_be_listed_it_stays_in_doubt(self, desk: Desk) -> None:
        async with desk.agent() as agent:
            desk.wire.after = losing
            await agent.call("create_outbound", **NEW, send=True)
            desk.wire.after = lambda _, answer: answer
            desk.wire.before = lambda request: (
                httpx2.Response(403) if request.url.path.endswith("/outbounds/list") else None
            )
            said = await agent.call("create_outbound", **NEW)
        assert said.text.startswith("refused: The same may have been sent")

    async def test_one_that_was_seen_scheduled_and_drawn_back_can_be_sent(self, desk: Desk) -> None:
        async with desk.agent() as agent:
            desk.wire.after = losing
            await agent.call("create_outbound", **NEW, run_at="2026-11-20T10:05", send=True)
            desk.wire.after = lambda _, answer: answer
            sql = "SELECT id FROM outbounds WHERE subject = 'Faster exports'"
            [identity] = desk.sandbox.database.execute(sql).fetchone()
            edited = await agent.call("update_outbound", outbound=identity, subject="Fast exports")
            await agent.call("update_outbound", outbound=identity, send=False)
            said = await agent.call("update_outbound", outbound=identity, run_at=LATER, send=True)
        assert edited.text.startswith("done: ")
        assert said.text.startswith("done: ")

    async def test_what_goes_out_anyway_can_be_changed(self, desk: Desk) -> None:
        async with desk.agent() as agent:
            desk.wire.after = losing
            await agent.call("create_outbound", **NEW, run_at=LATER, send=True)
            desk.wire.after = lambda _, answer: answer
            sql = "SELECT id FROM outbounds WHERE subject = 'Faster exports'"
            [identity] = desk.sandbox.database.execute(sql).fetchone()
            said = await agent.call("update_outbound", outbound=identity, run_at="2026-11-22T09:00")
        assert said.text.startswith("done: ")

    async def test_other_words_and_other_customers_are_not_held_up(self, desk: Desk) -> None:
        async with desk.agent() as agent:
            desk.wire.before = failing
            await agent.call("create_outbound", **NEW, send=True)
            desk.wire.before = lambda _: None
            words = await agent.call("create_outbound", **{**NEW, "text": "Something else."}, send=True)
            customers = await agent.call("create_outbound", **{**NEW, "customers": ["Polder Systems"]}, send=True)
        assert words.text.startswith("done: ")
        assert customers.text.startswith("done: ")

    async def test_what_was_refused_holds_up_nothing(self, desk: Desk) -> None:
        async with desk.agent() as agent:
            desk.wire.before = lambda request: httpx2.Response(422) if request.url.path.endswith("/outbounds") else None
            refused = await agent.call("create_outbound", **NEW, send=True)
            desk.wire.before = lambda _: None
            said = await agent.call("create_outbound", **NEW, send=True)
        assert refused.text.startswith("refused: ")
        assert said.text.startswith("done: ")


class TestUpdating:
    async def test_a_draft_changes_without_anybody_being_asked(self, desk: Desk, era: Era) -> None:
        identity, human = outbound_id(desk, "draft"), Human()
        async with desk.agent(era, human=human) as agent:
            said = await agent.call(
                "update_outbound",
                outbound=identity,
                subject="Maintenance",
                text="Later.",
                customers=["Vela Biotech"],
                as_support_rep=False,
                run_at=LATER,
            )
        assert said.text == f"done: outbound {identity} 'Maintenance' is a draft to 1 customer; nothing was sent."
        assert human.asked == []
        assert set(desk.wire.writes[0].body) == {"subject", "blocks", "recipients", "sendAs", "runAt"}
        assert desk.wire.writes[0].body["sendAs"]["type"] == "user"

    async def test_a_draft_is_sent_once_with_what_it_holds(self, desk: Desk, era: Era) -> None:
        identity, human = outbound_id(desk, "draft"), Human()
        async with desk.agent(era, human=human) as agent:
            said = await agent.call("update_outbound", outbound=identity, send=True)
            again = await agent.call("update_outbound", outbound=identity, send=True)
        assert said.text == f"done: outbound {identity} 'Maintenance on Saturday' was sent to 2 customers."
        assert again.text == f"already_done: outbound {identity} 'Maintenance on Saturday' is sent already."
        assert len(human.asked) == 1
        assert "To: Halvorsen Freight, " in human.asked[0]
        assert "read-only from 02:00 to 02:30 UTC. *No data is lost.*" in human.asked[0]
        assert [sent.body for sent in desk.wire.writes] == [{"status": "scheduled"}]

    async def test_changed_and_sent_in_one_call_the_new_words_are_asked_about_and_repeating_it_is_harmless(
        self, desk: Desk
    ) -> None:
        identity, human = outbound_id(desk, "draft"), Human()
        async with desk.agent(human=human) as agent:
            said = await agent.call("update_outbound", outbound=identity, text="New words.", send=True)
            again = await agent.call("update_outbound", outbound=identity, text="New words.", send=True)
            other = await agent.call("update_outbound", outbound=identity, text="Other words.", send=True)
        assert said.text.startswith("done: ")
        assert again.text.startswith("already_done: ")
        assert other.text.startswith("refused: ")
        assert "is sent, so it can't be changed. Create another one." in other
        assert human.asked[0].endswith("It says:\n\n> New words.")
        assert {each.text for each in desk.sandbox.delivered()} == {"New words."}

    async def test_a_scheduled_one_is_drawn_back_and_changing_one_is_asked_about(self, desk: Desk) -> None:
        identity, human = outbound_id(desk, "draft"), Human()
        async with desk.agent(human=human) as agent:
            await agent.call("update_outbound", outbound=identity, run_at=LATER, send=True)
            other = await agent.call("update_outbound", outbound=identity, text="Other words.")
            back = await agent.call("update_outbound", outbound=identity, send=False)
            still = await agent.call("update_outbound", outbound=identity, send=False)
            desk.clock.forward(days=3)
            late = await agent.call("update_outbound", outbound=identity, send=True)
        assert other.text.endswith("goes out to 2 customers: 11-21 09:00 (UTC).")
        assert len(human.asked) == 2
        assert back.text.endswith("is a draft to 2 customers; nothing was sent.")
        assert still.text.startswith("already_done: ")
        assert "was to go out at 11-21 09:00, which has passed. Pass run_at" in late
        assert desk.sandbox.delivered() == []

    async def test_one_that_was_drawn_back_can_be_sent_again(self, desk: Desk) -> None:
        identity = outbound_id(desk, "draft")
        async with desk.agent() as agent:
            await agent.call("update_outbound", outbound=identity, run_at=LATER, send=True)
            await agent.call("update_outbound", outbound=identity, send=False)
            said = await agent.call("update_outbound", outbound=identity, send=True)
        assert said.text.startswith("done: ")

    async def test_what_changes_while_the_human_is_asked_is_not_sent(self, desk: Desk) -> None:
        identity = outbound_id(desk, "draft")
        human = Human(meanwhile=lambda: changed(desk, identity, subject="Something else"))
        async with desk.agent("legacy", human=human) as agent:
            said = await agent.call("update_outbound", outbound=identity, send=True)
        assert said.text.startswith("refused: ")
        assert "was changed meanwhile; it is draft now. Nothing was sent." in said
        assert desk.sandbox.delivered() == []

    async def test_a_draft_that_is_scheduled_while_it_is_changed_keeps_the_words_that_were_approved(
        self, desk: Desk
    ) -> None:
        identity, human, said = outbound_id(desk, "draft"), Human(), dict[str, Said]()

        def scheduled(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
            if request.method == "GET" and request.url.path.endswith(identity) and not human.asked:
                desk.wire.after = lambda _, answer: answer
                changed(desk, identity, status="scheduled", runAt="2026-11-21T09:00:00.000Z")
            return answer

        desk.wire.after = scheduled
        async with desk.agent(human=human) as agent:
            said["change"] = await agent.call("update_outbound", outbound=identity, text="Unapproved words.")
        desk.clock.forward(days=3)
        assert said["change"].text.startswith("refused: ")
        assert "was changed meanwhile; it is scheduled now. Nothing was changed." in said["change"]
        assert desk.wire.writes == []
        assert "Unapproved words." not in {each.text for each in desk.sandbox.delivered()}

    async def test_what_somebody_else_sends_meanwhile_is_not_sent_again(self, desk: Desk) -> None:
        identity = outbound_id(desk, "draft")
        human = Human(meanwhile=lambda: changed(desk, identity, status="sent"))
        async with desk.agent("legacy", human=human) as agent:
            said = await agent.call("update_outbound", outbound=identity, send=True)
        assert "was changed meanwhile; it is sent now." in said
        assert desk.wire.writes == []

    async def test_a_lost_sending_is_read_back(self, desk: Desk) -> None:
        identity = outbound_id(desk, "draft")
        desk.wire.after = losing
        async with desk.agent() as agent:
            said = await agent.call("update_outbound", outbound=identity, send=True)
        assert said.text.startswith("done: ")
        assert "The answer got lost, but reading it back shows the change." in said
        assert len(desk.sandbox.delivered()) == 2

    async def test_one_that_may_have_been_sent_is_never_sent_again_until_it_is_seen(self, desk: Desk) -> None:
        identity = outbound_id(desk, "draft")
        async with desk.agent() as agent:
            desk.wire.before = failing
            said = await agent.call("update_outbound", outbound=identity, send=True)
            desk.wire.before = lambda _: None
            desk.clock.forward(days=40)
            desk.wire.clear()
            again = await agent.call("update_outbound", outbound=identity, send=True)
            assert desk.wire.writes == []
            changed(desk, identity, status="scheduled", runAt="2027-01-20T00:00:00.000Z")
            seen = await agent.call("update_outbound", outbound=identity, send=True)
            await agent.call("update_outbound", outbound=identity, send=False)
            anew = await agent.call("update_outbound", outbound=identity, send=True)
            edited = await agent.call("update_outbound", outbound=identity, text="Other words.")
        for each in (said, again):
            assert each.text.startswith(f"unknown: It is not known whether the outbound {identity} was sent.")
        assert seen.text.startswith("already_done: ")
        assert anew.text.startswith("done: ")
        assert edited.text.startswith("done: ")

    async def test_two_servers_that_send_the_same_draft_at_the_same_moment_send_it_once(
        self, desk: Desk, tmp_path: Path
    ) -> None:
        identity = outbound_id(desk, "draft")
        said: list[Said] = []

        async def send(agent: Agent) -> None:
            said.append(await agent.call("update_outbound", outbound=identity, send=True))

        servers = [desk.new_server(UNTHREAD_STATE_FILE=str(tmp_path / "intents")) for _ in range(2)]
        async with (
            desk.agent(server=servers[0]) as one,
            desk.agent(server=servers[1]) as other,
            anyio.create_task_group() as both,
        ):
            both.start_soon(send, one)
            both.start_soon(send, other)
        assert sum(each.text.startswith("done: ") for each in said) == 1
        assert len(desk.wire.writes) == 1
        for server in servers:
            server.workspace.intents.close()

    async def test_what_hides_between_two_readings_is_seen_before_it_is_sent(self, desk: Desk) -> None:
        identity = outbound_id(desk, "draft")
        read: list[str] = []

        def meanwhile(request: httpx2.Request) -> httpx2.Response | None:
            if request.method == "GET":
                read.append(request.url.path)
                if len(read) == 2:
                    changed(desk, identity, subject="Something else")
            return None

        desk.wire.before = meanwhile
        async with desk.agent() as agent:
            said = await agent.call("update_outbound", outbound=identity, send=True)
            again = await agent.call("update_outbound", outbound=identity, send=True)
        assert "was changed meanwhile" in said
        assert again.text.startswith("done: ")

    async def test_one_whose_time_has_come_or_that_failed_is_left_alone(self, desk: Desk) -> None:
        identity = outbound_id(desk, "draft")
        async with desk.agent() as agent:
            changed(desk, identity, status="failed")
            failed = await agent.call("update_outbound", outbound=identity, send=True)
            changed(desk, identity, status="scheduled", runAt="2026-11-20T09:59:59.000Z")
            desk.wire.after = lambda request, answer: (
                httpx2.Response(200, json={**answer.json(), "status": "scheduled"})
                if request.method == "GET"
                else answer
            )
            going = await agent.call("update_outbound", outbound=identity, subject="Other")
        assert "is failed, so it can't be changed. Some customers may have received it" in failed
        assert "is going out at this moment" in going
        assert desk.wire.writes == []

    @pytest.mark.parametrize("updated", [False, True], ids=["created", "updated"])
    async def test_a_failed_delivery_is_unknown_since_some_may_have_received_it_and_never_sent_again(
        self, desk: Desk, era: Era, *, updated: bool
    ) -> None:
        unreachable(desk, "Vela Biotech")
        async with desk.agent(era) as agent:
            if updated:
                draft = await agent.call("create_outbound", **NEW)
                call = {"outbound": draft.text.split()[2], "send": True}
                said = await agent.call("update_outbound", **call)
                again = await agent.call("update_outbound", **call)
            else:
                said = await agent.call("create_outbound", **NEW, send=True)
                again = await agent.call("create_outbound", **NEW, send=True)
            other = await agent.call("create_outbound", **{**NEW, "subject": "Once more"}, send=True)
        assert said.failed
        assert said.text.startswith("unknown: Unthread says that sending outbound ")
        assert "failed, but not whether its customer has received it. Don't send it again" in said
        assert again.failed
        assert again.text.startswith("refused: " if updated else "unknown: ")
        assert other.text.startswith("unknown: The same may have been sent to one of these customers before")
        assert len(desk.wire.writes) == (2 if updated else 1)

    @pytest.mark.parametrize(
        ("stored", "words"),
        [
            ({"subject": ""}, "no subject yet"),
            ({"blocks": "[]"}, "no blocks yet"),
            ({"recipients": "[]"}, "recipients"),
        ],
    )
    async def test_an_incomplete_draft_is_not_sent(self, desk: Desk, stored: dict[str, str], words: str) -> None:
        identity = outbound_id(desk, "draft")
        changed(desk, identity, **stored)
        async with desk.agent() as agent:
            said = await agent.call("update_outbound", outbound=identity, send=True)
        assert said.text.startswith("refused: The outbound has no ")
        assert words in said
        assert desk.wire.writes == []

    async def test_a_draft_without_a_sender_needs_one(self, desk: Desk) -> None:
        identity = outbound_id(desk, "draft")
        changed(desk, identity, sendAs="{}")
        async with desk.agent() as agent:
            refused = await agent.call("update_outbound", outbound=identity, as_support_rep=True)
            nothing = await agent.call("update_outbound", outbound=identity)
            done = await agent.call("update_outbound", outbound=identity, send_as="Mei Tanaka")
        assert refused.text.startswith("refused: The outbound has no sender yet.")
        assert nothing.text.startswith("refused: Nothing to change was passed.")
        assert done.text.startswith("done: ")


async def test_where_writing_is_limited_nobody_else_is_written_to_and_nothing_of_theirs_changed() -> None:
    desk = Desk(EVERYTHING)
    allowed = customer_id(desk, "Vela Biotech")
    server = desk.new_server(UNTHREAD_ALLOWED_CUSTOMERS=allowed)
    identity = outbound_id(desk, "draft")
    async with desk.agent(server=server) as agent:
        mine = await agent.call("create_outbound", **NEW)
        others = await agent.call("create_outbound", **{**NEW, "customers": ["Vela Biotech", "Tern Shipping"]})
        tagged = await agent.call("create_outbound", **NEW, tag="Trial")
        theirs = await agent.call("update_outbound", outbound=identity, customers=["Vela Biotech"])
    assert mine.text.startswith("done: ")
    for said in (others, tagged, theirs):
        assert said.text.startswith("refused: The operator allows writing only for certain customers")
    assert len(desk.wire.writes) == 1
    desk.sandbox.close()
