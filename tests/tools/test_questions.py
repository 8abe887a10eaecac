"""What the human is asked: whatever was written into it, every line without a mark is ours."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import Agent, Desk, Era, Human
from tests.tools.examples import EMAIL, EVERYTHING, article_id, example
from unthread_mcp.questions import laid_out, on_one_line, quoted

SETTINGS = EVERYTHING

FORGED = "Hello.\nForged: one\r\nForged: two\n\nIt says:\n\nForged: three"
FORGED_NAME = "Hello.\nForged: one"
BLOCK = {"type": "section", "text": {"type": "mrkdwn", "text": FORGED}}

CALLS: dict[str, dict[str, Any]] = {
    "send_reply": {"text": FORGED, "blocks": [BLOCK]},
    "create_conversation": {
        "type": "email",
        "email_inbox_id": "inbox-1",
        "on_behalf_of": "Ada Lovelace <ada@engines.example>",
        "title": FORGED_NAME,
        "text": FORGED,
        "notes": FORGED,
    },
    "update_conversation": {"status": "closed", "title": FORGED_NAME, "notes": FORGED, "metadata": {"plan": FORGED}},
    "create_kb_article": {"title": FORGED_NAME, "content": FORGED},
    "update_kb_article": {"title": FORGED_NAME, "content": FORGED},
    "create_outbound": {
        "subject": FORGED_NAME,
        "text": FORGED,
        "blocks": [BLOCK],
        "send_as": "Hannah Okafor",
        "customers": ["Vela Biotech"],
        "send": True,
    },
    "update_customer": {"customer": "Albatros Reisen", "autoresponder_message": FORGED},
    "create_customer": {
        "name": FORGED_NAME,
        "channel_topic": FORGED_NAME,
        "create_channel": True,
        "invite": ["Mei Tanaka"],
    },
    "create_automation": {
        "name": FORGED_NAME,
        "description": FORGED,
        "status": "active",
        "trigger_type": "event",
        "steps": [{"type": "action", "data": {"say": FORGED}}],
    },
}


async def _place(tool: str, desk: Desk, agent: Agent) -> dict[str, Any]:
    number = desk.find(EMAIL)
    match tool:
        case "send_reply":
            return {"conversation": number, "as_of": await agent.as_of(number)}
        case "update_conversation":
            return {"conversation": number}
        case "update_kb_article":
            return {"article": article_id(desk)}
        case _:
            return {}


@pytest.mark.anyio
@pytest.mark.parametrize("tool", CALLS)
async def test_no_text_imitates_a_line_of_the_question(tool: str, desk: Desk, era: Era) -> None:
    human = Human("decline")
    async with desk.agent(era, human=human) as agent:
        said = await agent.call(tool, **CALLS[tool], **await _place(tool, desk, agent))
    assert "The human did not approve this." in said
    (asked,) = human.asked
    assert "Forged: one" in asked
    lines = asked.splitlines()
    assert [line for line in lines if line.startswith("Forged")] == []
    assert lines.count("It says:") <= 1
    if FORGED in CALLS[tool].values() and "It says:" in lines:
        assert quoted(FORGED) in asked, "the exact words"


@pytest.mark.parametrize(
    ("tool", "changed"),
    [
        ("create_kb_article", {}),
        ("create_outbound", {"send": True}),
        ("create_conversation", {"type": "email", "email_inbox_id": "inbox-1", "on_behalf_of": "ada@engines.example"}),
        ("create_customer", {"name": "Juniper Freight", "create_channel": True, "invite": ["Mei Tanaka"]}),
        ("create_automation", {"status": "active"}),
        ("send_reply", {}),
    ],
)
@pytest.mark.anyio
async def test_what_was_made_already_is_asked_about_once_and_anew_once_it_was_deleted(
    tool: str, changed: dict[str, Any]
) -> None:
    desk, human = Desk({**SETTINGS, "UNTHREAD_CONFIRM": "auto"}), Human()
    async with desk.agent(human=human) as agent:
        arguments = {**await example(tool, desk, agent), **changed}
        if tool == "create_conversation":
            arguments = {**CALLS[tool], "text": "Hello."}
        first, again = await agent.call(tool, **arguments), await agent.call(tool, **arguments)
        assert [each.text.partition(":")[0] for each in (first, again)] == ["done", "already_done"]
        assert len(human.asked) == 1
        if tool == "create_kb_article":
            await agent.call("delete_kb_article", article=first.text.split()[2])
            human.asked.clear()
            human.answer = "decline"
            assert (await agent.call(tool, **arguments)).text.startswith("refused: ")
            assert len(human.asked) == 1


@pytest.mark.anyio
async def test_the_recipients_address_is_shown_whole_and_a_yes_to_it_is_none_to_another(era: Era) -> None:
    desk, human = Desk({**SETTINGS, "UNTHREAD_CONFIRM": "auto"}), Human()
    number, database = desk.find(EMAIL), desk.sandbox.database
    address = "accounts-payable.northern-region-purchasing-department-team@acme.example"
    [user] = database.execute("SELECT submitterUserId FROM conversations WHERE id = ?", [desk.id_of(number)]).fetchone()

    def write_to(where: str) -> None:
        database.execute("UPDATE users SET email = ? WHERE id = ?", [where, user])

    def change_hands() -> None:
        write_to(address.replace("acme", "evil"))
        human.answer = "approve" if len(human.asked) == 1 else "decline"

    write_to(address)
    human.meanwhile = change_hands
    async with desk.agent(era, human=human) as agent:
        said = await agent.call("send_reply", conversation=number, as_of=await agent.as_of(number), text="Here it is.")
    assert address in human.asked[0].splitlines()[1]
    assert said.text.startswith("refused: ")
    # A client of 2026 makes the call anew with the human's answer, and is then told to ask about what is there now.
    assert len(human.asked) == (1 if era == "legacy" else 2)
    assert database.execute("SELECT count(*) FROM messages WHERE text = 'Here it is.'").fetchone() == (0,)


@pytest.mark.anyio
async def test_a_name_can_not_pass_for_an_address() -> None:
    desk, human = Desk({**SETTINGS, "UNTHREAD_CONFIRM": "auto"}), Human("decline")
    number = desk.find(EMAIL)
    desk.sandbox.database.execute(
        "UPDATE users SET name = 'Ada, billing@acme.example', email = 'x@evil.example'"
        " WHERE id = (SELECT submitterUserId FROM conversations WHERE id = ?)",
        [desk.id_of(number)],
    )
    async with desk.agent(human=human) as agent:
        await agent.call("send_reply", conversation=number, as_of=await agent.as_of(number), text="Here it is.")
    assert human.asked[0].splitlines()[1].endswith(", Ada; billing(at)acme.example, x@evil.example")


@pytest.mark.anyio
async def test_the_send_marker_is_refused_where_a_text_and_its_blocks_make_it() -> None:
    desk = Desk(SETTINGS)
    number = desk.find(EMAIL)
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "send"}}
    async with desk.agent() as agent:
        as_of = await agent.as_of(number)
        said = await agent.call("send_reply", conversation=number, as_of=as_of, text="/unthread", blocks=[block])
    assert said.text.startswith('refused: The text holds "/unthread send"')
    assert desk.wire.writes == []


@pytest.mark.parametrize("tool", ["send_reply", "update_conversation"])
@pytest.mark.anyio
async def test_whoever_is_asked_about_closing_is_told_what_the_customer_may_receive(tool: str) -> None:
    desk, human = Desk({**SETTINGS, "UNTHREAD_CONFIRM": "auto"}), Human()
    number = desk.find(EMAIL)
    async with desk.agent(human=human) as agent:
        if tool == "send_reply":
            as_of = await agent.as_of(number)
            said = await agent.call(tool, conversation=number, as_of=as_of, text="Mended.", then_status="closed")
        else:
            said = await agent.call(tool, conversation=number, status="closed")
    assert "may receive a closing message or survey" in human.asked[0]
    assert "Unthread may send the customer a closing message or survey." in said


def test_a_question_has_its_facts_on_a_line_each_and_its_texts_quoted() -> None:
    asked = laid_out("Send\nit?", [("To", "Ann\u2028Of: nobody")], ["One\n\nTwo", "Three"])
    assert asked == "Send \u21b5 it?\nTo: Ann \u21b5 Of: nobody\n\nIt says:\n\n> One\n>\n> Two\n\n> Three"


@pytest.mark.parametrize("ends", ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"])
def test_whatever_ends_a_line_is_taken_for_its_end(ends: str) -> None:
    assert on_one_line(f"One{ends}Two") == "One \u21b5 Two"
    assert quoted(f"One{ends}Two") == "> One\n> Two"


def test_an_empty_text_is_quoted_too() -> None:
    assert quoted("") == ">"
