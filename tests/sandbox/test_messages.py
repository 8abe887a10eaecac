"""Messages: their shapes on each channel, where they go, and who can see them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api, Clock
from unthread_mcp.sandbox import Delivery, Sandbox

pytestmark = pytest.mark.anyio


async def latest(api: Api, conversation: str) -> Any:
    return (await api.rows(f"/conversations/{conversation}/messages", limit=1))[0]


async def say(api: Api, conversation: str, **body: Any) -> Any:
    return await api.ok("POST", f"/conversations/{conversation}/messages", body)


def agent_of(sandbox: Sandbox, name: str = "Priya Nair") -> str:
    return sandbox.database.execute("SELECT id FROM users WHERE name = ? AND NOT external", [name]).fetchone()[0]


class TestList:
    async def test_the_newest_message_comes_first(self, sandbox: Sandbox, api: Api) -> None:
        path = f"/conversations/{sandbox.landmark('longest-thread')}/messages"
        stamps = [row["ts"] for row in await api.rows(path, select=["ts"], limit=100)]
        assert stamps == sorted(stamps, reverse=True)
        assert (await api.listed(path, limit=1))["totalCount"] == 250
        rising = [row["ts"] for row in await api.rows(path, select=["ts"], order=["ts"], limit=100)]
        assert rising == sorted(rising)
        rising = [row["ts"] for row in await api.rows(path, select=["ts"], descending=False, limit=100)]
        assert rising == sorted(rising)

    async def test_it_holds_the_first_message_and_nothing_of_triage_or_other_conversations(
        self, sandbox: Sandbox, api: Api
    ) -> None:
        conversation = sandbox.landmark("angry")
        rows = await api.rows(f"/conversations/{conversation}/messages", order=["ts"])
        whole = await api.ok("GET", f"/conversations/{conversation}")
        assert rows[0] == whole["initialMessage"]
        assert rows[-1] == whole["latestMessage"]
        assert {row["conversationId"] for row in rows} == {conversation}
        assert not any("forbearance" in row["text"] and row["sourceType"] == "triage" for row in rows)
        assert len(sandbox.triage_replies(conversation)) == 2

    async def test_the_list_conventions_hold(self, sandbox: Sandbox, api: Api) -> None:
        path = f"/conversations/{sandbox.landmark('angry')}/messages"
        where = [{"field": "isExternal", "operator": "==", "value": "true"}]
        where.append({"field": "metadata.eventType", "operator": "==", "value": "nope"})
        assert await api.rows(path, where=where[:1], select=["user.name", "conversation.title"], limit=1) == [
            {
                "user": {"name": "Paula Jennings"},
                "conversation": {"title": "THIRD TIME: figures for the regulator are wrong"},
            }
        ]
        assert await api.rows(path, where=where) == []


class TestShapes:
    """What tells authors apart, as clients of the API were seen to rely on it."""

    async def test_slack_customer(self, sandbox: Sandbox, api: Api) -> None:
        conversation = sandbox.landmark("angry")
        ts = sandbox.customer_writes(conversation, "Hello & good-bye")
        message = await latest(api, conversation)
        root = (await api.ok("GET", f"/conversations/{conversation}"))["initialMessage"]["ts"]
        assert (
            message.items()
            >= {
                "ts": ts,
                "threadTs": root,
                "text": "Hello &amp; good-bye",
                "botId": None,
                "botName": None,
                "sentByUser": None,
                "isExternal": True,
                "isPrivateNote": False,
                "metadata": None,
                "sourceType": "slack",
                "timestamp": "2025-03-18T10:00:00.000Z",
            }.items()
        )
        assert message["userTeamId"].startswith("T0") != "T0QUAYSIDE"
        assert message["user"].keys() == {"id", "name", "email", "slackId", "photo"}
        assert message["user"]["id"] == message["userId"]

    async def test_slack_agent(self, sandbox: Sandbox, api: Api) -> None:
        conversation = sandbox.landmark("angry")
        sandbox.agent_writes(conversation, "On it.", agent_of(sandbox))
        message = await latest(api, conversation)
        assert (message["user"]["name"], message["userTeamId"]) == ("Priya Nair", "T0QUAYSIDE")
        assert (message["isExternal"], message["botId"], message["sentByUser"]) == (False, None, None)

    @pytest.mark.parametrize(
        ("landmark", "event"), [("html-mail", "email_received"), ("arabic", "widget_message_received")]
    )
    async def test_mail_and_chat(self, sandbox: Sandbox, api: Api, landmark: str, event: str) -> None:
        conversation = sandbox.landmark(landmark)
        sandbox.customer_writes(conversation, "R&D", html="<p>R&amp;D</p>")
        message = await latest(api, conversation)
        assert message["metadata"] == {"eventType": event}
        assert (message["text"], message["htmlContent"]) == ("R&D", "<p>R&amp;D</p>")
        assert message["botName"] == message["user"]["name"]
        assert (message["isExternal"], message["userTeamId"], message["sentByUser"]) == (True, None, None)
        assert "@" in message["user"]["email"]

        sandbox.agent_writes(conversation, "Seen.", agent_of(sandbox))
        message = await latest(api, conversation)
        assert (message["botId"], message["botName"], message["user"]) == ("B0UNTHREAD", "Unthread", None)
        assert message["sentByUser"] == {
            "id": agent_of(sandbox),
            "name": "Priya Nair",
            "email": "priya.nair@quayside.example",
        }
        sandbox.agent_writes(conversation, "Between us.", agent_of(sandbox), note=True)
        message = await latest(api, conversation)
        assert (message["isPrivateNote"], message["sentByUser"]["name"]) == (True, "Priya Nair")

    async def test_api(self, sandbox: Sandbox, api: Api) -> None:
        made = await say(
            api, sandbox.landmark("angry"), body={"type": "markdown", "value": "Hello"}, isAutoresponse=True
        )
        assert (
            made.items()
            >= {
                "botId": "B0UNTHREAD",
                "botName": "Unthread",
                "subtype": "bot_message",
                "user": None,
                "sentByUser": None,
                "isAutoresponse": True,
                "isExternal": False,
                "metadata": None,
            }.items()
        )
        assert made == await latest(api, sandbox.landmark("angry"))

    @pytest.mark.parametrize(
        ("given", "sent_by", "external"),
        [
            ({"email": "mei.tanaka@quayside.example"}, "Mei Tanaka", False),
            ({"email": "aisha.rahman@quayside.example"}, "Aisha Rahman", False),
            ({"email": "paula.jennings@ironwoodcu.example"}, "Paula Jennings", True),
            ({"id": "no-such-user", "email": "mei.tanaka@quayside.example"}, "Mei Tanaka", False),
        ],
    )
    async def test_on_behalf_of_somebody_known(
        self, sandbox: Sandbox, api: Api, given: Any, sent_by: str, external: bool
    ) -> None:
        made = await say(api, sandbox.landmark("angry"), markdown="Hello", onBehalfOf=given)
        assert (made["sentByUser"]["name"], made["isExternal"]) == (sent_by, external)
        assert made["user"] is None
        by_id = await say(api, sandbox.landmark("angry"), markdown="Hello", onBehalfOf={"id": made["sentByUser"]["id"]})
        assert by_id["sentByUser"] == made["sentByUser"]
        both = {"id": made["sentByUser"]["id"], "email": "jonas.weber@quayside.example"}
        assert (await say(api, sandbox.landmark("angry"), markdown="Hello", onBehalfOf=both))["sentByUser"] == made[
            "sentByUser"
        ]

    async def test_on_behalf_of_somebody_unknown(self, sandbox: Sandbox, api: Api) -> None:
        made = await say(
            api, sandbox.landmark("angry"), markdown="Hello", onBehalfOf={"email": "x@y.example", "name": "X"}
        )
        assert made["sentByUser"] == {"id": None, "name": "X", "email": "x@y.example"}

    async def test_the_seeds_system_messages_have_no_person(self, sandbox: Sandbox, api: Api) -> None:
        for event in ("autoresponder_replied", "post_close_template_sent"):
            (conversation,) = sandbox.database.execute(
                "SELECT conversationId FROM messages WHERE metadata LIKE ?", [f"%{event}%"]
            ).fetchone()
            where = [{"field": "metadata.eventType", "operator": "==", "value": event}]
            (message,) = await api.rows(f"/conversations/{conversation}/messages", where=where)
            assert (message["botId"], message["user"], message["sentByUser"]) == ("B0UNTHREAD", None, None)
            assert message["isAutoresponse"] == (event == "autoresponder_replied")


class TestContent:
    async def test_blocks_come_after_the_text(self, sandbox: Sandbox, api: Api) -> None:
        blocks = [
            {"type": "section", "text": {"type": "mrkdwn", "text": "*Second*"}},
            {"type": "survey", "survey_id": "s-1"},
            {"type": "section", "text": {"type": "plaintext", "text": "Third"}},
        ]
        made = await say(api, sandbox.landmark("arabic"), blocks=blocks, markdown="First")
        assert made["text"] == "First\n\n*Second*\n\nThird"
        assert made["blocks"] == blocks
        survey = await say(api, sandbox.landmark("arabic"), blocks=[blocks[1]])
        assert survey["text"] == ""

    async def test_html_is_kept_beside_its_words(self, sandbox: Sandbox, api: Api) -> None:
        html = "<h1>Hi</h1><p>a &lt; b<br>c</p><ul><li>one</li><li>two <b>bold</b></li></ul>"
        made = await say(api, sandbox.landmark("html-mail"), body={"type": "html", "value": html})
        assert made["htmlContent"] == html
        assert made["text"] == "Hi\n\na < b\nc\n\none\n\ntwo bold"

    async def test_slack_keeps_text_in_its_own_way(self, sandbox: Sandbox, api: Api) -> None:
        text = "  a & b &amp; <@U1> <https://x.example/a?b|label> <!here> 1 < 2 https://y.example/(z). > quote \n"
        made = await say(api, sandbox.landmark("angry"), markdown=text)
        assert made["text"] == (
            "a &amp; b &amp; <@U1> <https://x.example/a?b|label> <!here> 1 &lt; 2 <https://y.example/(z>). &gt; quote"
        )

    async def test_the_send_marker_is_taken_out_of_mail_and_left_in_slack(self, sandbox: Sandbox, api: Api) -> None:
        text = "Hello\n\n/unthread send"
        assert (await say(api, sandbox.landmark("html-mail"), markdown=text))["text"] == "Hello"
        assert (await say(api, sandbox.landmark("angry"), markdown=text))["text"] == text
        assert [delivery.text for delivery in sandbox.delivered()] == ["Hello", text]

    @pytest.mark.parametrize(
        ("body", "title"),
        [
            ({}, 'Either "body", "blocks" or "markdown" must be provided'),
            ({"blocks": []}, 'Either "body", "blocks" or "markdown" must be provided'),
            ({"isPrivateNote": True}, 'Either "body", "blocks" or "markdown" must be provided'),
            ({"markdown": ""}, '"markdown" is not allowed to be empty'),
            ({"body": "text"}, '"body" must be an object'),
            ({"body": {"value": "text"}}, '"body.type" is required'),
            ({"body": {"type": "text", "value": "x"}}, '"body.type" must be one of [html, markdown]'),
            ({"blocks": [{"type": "image"}]}, '"blocks[0].type" must be one of [section, survey]'),
            ({"blocks": [{"type": "section", "text": {"text": "x"}}]}, '"blocks[0].text.type" is required'),
            ({"markdown": "x", "isPrivateNote": "true"}, '"isPrivateNote" must be a boolean'),
            ({"markdown": "x", "onBehalfOf": {}}, '"onBehalfOf" must have "email", "name" or "id"'),
            ({"markdown": "x", "channel": "x"}, '"channel" is not allowed'),
            ({"markdown": "x", "triageThreadTs": "1.0"}, "Triage thread not found"),
        ],
    )
    async def test_a_bad_message_is_refused_by_name(self, sandbox: Sandbox, api: Api, body: Any, title: str) -> None:
        path = f"/conversations/{sandbox.landmark('angry')}/messages"
        before = (await api.listed(path))["totalCount"]
        assert await api.refused("POST", path, body) == title
        assert (await api.listed(path))["totalCount"] == before


class TestWhoSees:
    @pytest.mark.parametrize("landmark", ["html-mail", "arabic"])
    async def test_a_private_note_by_mail_or_chat_never_reaches_the_customer(
        self, sandbox: Sandbox, api: Api, landmark: str
    ) -> None:
        conversation = sandbox.landmark(landmark)
        before = sandbox.messages_to_customer(conversation)
        made = await say(api, conversation, markdown="Between us", isPrivateNote=True)
        assert made["isPrivateNote"]
        assert sandbox.messages_to_customer(conversation) == before
        assert sandbox.delivered() == []

    async def test_a_private_note_in_slack_is_public(self, sandbox: Sandbox, api: Api) -> None:
        conversation = sandbox.landmark("angry")
        made = await say(api, conversation, markdown="Between us?", isPrivateNote=True)
        assert made["isPrivateNote"] is False
        expected = Delivery(made["ts"], "Between us?", "api")
        assert sandbox.delivered(conversation) == [expected]
        assert sandbox.messages_to_customer(conversation)[-1] == expected

    async def test_a_triage_message_stays_in_the_triage_channel(self, sandbox: Sandbox, api: Api) -> None:
        conversation = sandbox.landmark("angry")
        before = await api.ok("GET", f"/conversations/{conversation}")
        root = before["triageMessages"][0]
        made = await say(api, conversation, markdown="Only us", triageThreadTs=root["ts"], isPrivateNote=True)
        assert (made["threadTs"], made["channelId"], made["sourceType"]) == (root["ts"], root["channelId"], "triage")
        assert made["isPrivateNote"]
        assert sandbox.delivered() == []
        assert sandbox.triage_replies(conversation)[-1] == "Only us"
        after = await api.ok("GET", f"/conversations/{conversation}")
        assert after["triageMessages"] == before["triageMessages"], "replies are not shown"
        assert after["latestMessage"] == before["latestMessage"]
        assert after["updatedAt"] > before["updatedAt"]

    async def test_what_is_triaged_in_a_customers_own_channel_reaches_them(self, sandbox: Sandbox, api: Api) -> None:
        sql = "SELECT slackChannelId FROM customers WHERE slackChannelId IS NOT NULL ORDER BY name"
        (channel,) = sandbox.database.execute(sql).fetchone()
        request = {"type": "triage", "status": "open", "title": "Them", "markdown": "They won't like it."}
        await api.ok("POST", "/conversations", request | {"triageChannelId": channel})
        assert [delivery.text for delivery in sandbox.delivered()] == ["They won't like it."]
        await api.ok("POST", "/conversations", request | {"triageChannelId": "C0TRIAGE01"})
        assert len(sandbox.delivered()) == 1

    async def test_a_reply_in_a_triage_thread_opens_no_thread_of_its_own(self, sandbox: Sandbox, api: Api) -> None:
        conversation = sandbox.landmark("angry")
        root = (await api.ok("GET", f"/conversations/{conversation}"))["triageMessages"][0]["ts"]
        reply = await say(api, conversation, markdown="Only us", triageThreadTs=root)
        path = f"/conversations/{conversation}/messages"
        body = {"markdown": "And again", "triageThreadTs": reply["ts"]}
        assert await api.refused("POST", path, body) == "Triage thread not found"
        elsewhere = f"/conversations/{sandbox.landmark('outage')}/messages"
        body = {"markdown": "Wrong door", "triageThreadTs": root}
        assert await api.refused("POST", elsewhere, body) == "Triage thread not found"

    async def test_what_is_said_in_public_is_delivered_once_with_channel_and_recipient(
        self, sandbox: Sandbox, api: Api
    ) -> None:
        for landmark in ("angry", "html-mail", "arabic"):
            await say(api, sandbox.landmark(landmark), markdown=landmark)
        rows = sandbox.database.execute(
            "SELECT text, channel, recipient, via FROM delivered ORDER BY number"
        ).fetchall()
        slack = sandbox.database.execute("SELECT slackChannelId FROM customers WHERE name LIKE 'Ironwood%'").fetchone()[
            0
        ]
        assert rows == [
            ("angry", "slack", slack, "api"),
            ("html-mail", "email", "robert.achebe@meridiandental.example", "api"),
            ("arabic", "widget", "contact1@nahrpay.example", "api"),
        ]

    async def test_in_a_triage_conversation_nobody_outside_hears_anything(self, sandbox: Sandbox, api: Api) -> None:
        conversation = sandbox.landmark("triage-1")
        await say(api, conversation, markdown="I write to Norrvik.")
        sandbox.agent_writes(conversation, "Thanks.", agent_of(sandbox))
        sandbox.agent_writes(conversation, "A note.", agent_of(sandbox), note=True)
        assert sandbox.delivered() == sandbox.messages_to_customer(conversation) == []
        assert (await api.listed(f"/conversations/{conversation}/messages"))["totalCount"] == 4


class TestState:
    async def test_a_message_moves_the_conversation_on(self, sandbox: Sandbox, api: Api, clock: Clock) -> None:
        conversation = sandbox.landmark("outage")
        before = await api.ok("GET", f"/conversations/{conversation}")
        assert before["responseTime"] is None
        made = await say(api, conversation, markdown="We are on it.")
        after = await api.ok("GET", f"/conversations/{conversation}")
        assert after["latestMessage"] == made
        assert after["lastActivityAt"] == after["updatedAt"] == made["timestamp"] == "2025-03-18T10:00:00.000Z"
        assert after["responseTime"] == after["waitingOnAgentTime"] == int(12.5 * 3600)
        assert after["responseTimeWorking"] == 3600
        clock.forward(minutes=10)
        sandbox.customer_writes(conversation, "Thanks")
        again = await api.ok("GET", f"/conversations/{conversation}")
        assert again["waitingOnCustomerTime"] == 600
        clock.forward(minutes=10)
        await say(api, conversation, markdown="Solved.")
        again = await api.ok("GET", f"/conversations/{conversation}")
        assert again["waitingOnAgentTime"] == after["waitingOnAgentTime"] + 600
        assert again["responseTime"] == after["responseTime"]

    async def test_notes_and_autoresponses_answer_nobody(self, sandbox: Sandbox, api: Api) -> None:
        conversation = sandbox.landmark("unknown-sender")
        await say(api, conversation, markdown="Spam, I'd say.", isPrivateNote=True)
        await say(api, conversation, markdown="We got your message.", isAutoresponse=True)
        after = await api.ok("GET", f"/conversations/{conversation}")
        assert after["responseTime"] is None
        assert after["lastActivityAt"] == "2025-03-18T10:00:00.000Z"
        sandbox.customer_writes(conversation, "Are you there?")
        assert (await api.ok("GET", f"/conversations/{conversation}"))["responseTime"] is None

    async def test_timestamps_are_unique_and_rise_though_the_clock_stands_still(
        self, sandbox: Sandbox, api: Api, clock: Clock
    ) -> None:
        conversation = sandbox.landmark("angry")
        stamps = [(await say(api, conversation, markdown=str(number)))["ts"] for number in range(3)]
        assert stamps == ["1742292000.000000", "1742292000.000001", "1742292000.000002"]
        clock.forward(days=-400)
        assert (await say(api, conversation, markdown="earlier?"))["ts"] == "1742292000.000003"

    async def test_a_customer_who_writes_again_opens_a_closed_conversation(self, sandbox: Sandbox, api: Api) -> None:
        conversation = sandbox.landmark("spanish")
        assert (await api.ok("GET", f"/conversations/{conversation}"))["status"] == "closed"
        sandbox.customer_writes(conversation, "¡Otra vez!")
        after = await api.ok("GET", f"/conversations/{conversation}")
        assert (after["status"], after["closedAt"], after["resolutionTime"]) == ("open", None, None)


class TestOutside:
    async def test_a_customer_is_the_one_who_wrote_last_unless_named(self, sandbox: Sandbox, api: Api) -> None:
        conversation = sandbox.landmark("angry")
        derek = sandbox.database.execute("SELECT id FROM users WHERE name = 'Derek Sims'").fetchone()[0]
        sandbox.customer_writes(conversation, "First", user_id=derek)
        sandbox.customer_writes(conversation, "Second")
        message = await latest(api, conversation)
        assert (message["text"], message["user"]["name"]) == ("Second", "Derek Sims")

    async def test_a_conversation_made_by_the_api_is_answered_by_its_submitter(
        self, sandbox: Sandbox, api: Api
    ) -> None:
        made = await api.ok("POST", "/conversations", {"type": "slack", "markdown": "Hi", "status": "open"})
        with pytest.raises(ValueError, match="Nobody on the customer's side"):
            sandbox.customer_writes(made["id"], "Hi!")
        derek = sandbox.database.execute("SELECT id FROM users WHERE name = 'Derek Sims'").fetchone()[0]
        await api.ok("PATCH", f"/conversations/{made['id']}", {"submitterUserId": derek})
        sandbox.customer_writes(made["id"], "Hi!")
        assert (await latest(api, made["id"]))["user"]["name"] == "Derek Sims"

    async def test_an_agents_note_in_slack_goes_to_the_triage_thread(self, sandbox: Sandbox) -> None:
        conversation = sandbox.landmark("angry")
        ts = sandbox.agent_writes(conversation, "Hannah knows.", agent_of(sandbox), note=True)
        assert sandbox.triage_replies(conversation)[-1] == "Hannah knows."
        assert ts == "1742292000.000000"
        assert sandbox.delivered() == []

    async def test_without_a_triage_thread_there_is_no_note_in_slack(self, sandbox: Sandbox, api: Api) -> None:
        made = await api.ok("POST", "/conversations", {"type": "slack", "markdown": "Hi", "status": "open"})
        with pytest.raises(ValueError, match="no triage thread"):
            sandbox.agent_writes(made["id"], "Psst", agent_of(sandbox), note=True)

    async def test_an_agents_answer_is_delivered(self, sandbox: Sandbox) -> None:
        ts = sandbox.agent_writes(sandbox.landmark("html-mail"), "Hello", agent_of(sandbox))
        assert sandbox.delivered() == [Delivery(ts, "Hello", "agent")]

    async def test_what_does_not_exist_raises_lookup_error(self, sandbox: Sandbox) -> None:
        with pytest.raises(LookupError):
            sandbox.customer_writes("nope", "x")
        with pytest.raises(LookupError):
            sandbox.agent_writes(sandbox.landmark("angry"), "x", "nope")
        with pytest.raises(LookupError):
            sandbox.landmark("nope")
        with pytest.raises(LookupError):
            sandbox.conversation_id(1)

    async def test_everything_public_of_the_support_side_is_seen_by_the_customer(
        self, sandbox: Sandbox, api: Api
    ) -> None:
        conversation = sandbox.landmark("angry")
        texts = [message.text for message in sandbox.messages_to_customer(conversation)]
        rows = await api.rows(f"/conversations/{conversation}/messages", order=["ts"])
        assert texts == [row["text"] for row in rows if not row["isExternal"]] != []
        assert {message.via for message in sandbox.messages_to_customer(conversation)} == {"agent"}
