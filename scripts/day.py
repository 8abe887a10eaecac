"""What is done in docs/examples.md: the tasks of a support lead's day, as calls of an agent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from scripts.found import as_of_in, found

if TYPE_CHECKING:
    from scripts.examples import Recorder

INTRODUCTION: Final = """\
# A support lead's day

Each task below was done by the installed server on the seeded sandbox, through an MCP client, with the calls that an
agent would make and every answer as it came; `python scripts/examples.py` plays them again and writes this page. The
number in a fence's marker is new in each answer, and the user behind the client agrees to what the server asks. The
week in numbers, at the end, is of the workspace as it was before that day's work.
"""


async def _work(day: Recorder) -> None:
    """All that changes something."""
    await _morning(day)
    await _triage(day)
    await _handing_over(day)
    await _answering(day)
    await _an_attachment(day)
    await _correcting_an_article(day)
    await _an_approval(day)
    await _after_a_call(day)
    await _a_new_customer(day)
    await _a_ticket_type(day)
    await _an_outbound(day)
    await _webhooks(day)


async def _morning(day: Recorder) -> None:
    day.task("What needs me this morning?", "Which urgent conversations are open? And which are still nobody's?")
    await day.call("search_conversations", status=["open"], priority="critical")
    await day.call("search_conversations", status=["open"], assignee="unassigned", created_after="14d")
    await day.call("get_conversation", conversation="#1147")


async def _triage(day: Recorder) -> None:
    day.task("Triage one of them", "Meridian's CRM data is frozen and nobody has it. Sort it out.")
    await day.call("get_triage_brief", conversation="#1131")
    await day.call(
        "update_conversation",
        conversation="#1131",
        assignee="Aisha Rahman",
        ticket_type="Bug report",
        fields={"Severity": "Major", "Affected areas": ["Connectors"]},
    )
    await day.call(
        "add_private_note",
        conversation="#1131",
        text="Looks like #1041: the Salesforce session ended, and the integration user has to reconnect.",
    )


async def _handing_over(day: Recorder) -> None:
    day.task(
        "Hand over a colleague's work",
        "Jonas Weber is away from today. Give what he has open to Mei, except what is on hold, and tag it Escalated.",
    )
    listed = await day.call("search_conversations", assignee="Jonas Weber", status=["open", "in_progress"])
    numbers = re.findall(r"(?m)^(#\d+) ", listed)
    await day.call("update_conversations", conversations=numbers, assignee="Mei Tanaka", add_tags=["Escalated"])
    await day.call("count_conversations", by="assignee", status=["open", "in_progress"])


async def _answering(day: Recorder) -> None:
    day.task(
        "Answer a customer who keeps writing",
        "Answer Polder's question about the API limit from our articles. Leave the team a note on what you find.",
    )
    number = "#1142"
    as_of = as_of_in(await day.call("get_conversation", conversation=number))
    await day.call(
        "query_knowledge_base", question="What are the API limits and how do we stay below them?", conversation=number
    )
    await day.call(
        "add_private_note", conversation=number, text="The limits are per token; the article on rate limits covers it."
    )
    day.sandbox.customer_writes(
        day.sandbox.conversation_id(1142), "One more thing: our second integration gets the same error since noon."
    )
    day.say("Meanwhile the customer has written again. The reply is refused, with what is new:")
    reply = (
        "The limits hold for each token. With one token for each integration, and pauses as the Retry-After header "
        "says, the errors end; the article on rate limits has examples."
    )
    refused = await day.call("send_reply", conversation=number, text=reply, as_of=as_of)
    day.say("It still fits, and covers the second integration, too:")
    await day.call("send_reply", conversation=number, text=reply, as_of=as_of_in(refused), is_autoresponse=True)


async def _an_attachment(day: Recorder) -> None:
    day.task(
        "Look at what a customer attached, and attach something",
        "Oakhurst sent pictures of the broken layout. Look at the one from Chrome, and send them our style guide.",
    )
    (day.files / "dashboard-style-guide.md").write_text("# Dashboards\n\nCharts keep a width of 320 pixels.\n", "utf-8")
    as_of = as_of_in(await day.call("get_conversation", conversation="#1119"))
    await day.call("get_attachment", conversation="#1119", file="chrome.png")
    await day.call(
        "send_reply",
        conversation="#1119",
        text="Thank you for the pictures: we see it, too. The guide attached says which widths work meanwhile.",
        attachments=["dashboard-style-guide.md"],
        as_of=as_of,
        then_status="on_hold",
    )


async def _correcting_an_article(day: Recorder) -> None:
    day.task(
        "Find the article and correct it",
        "Our articles say somewhere how long a SAML certificate can be renewed ahead. Add that admins are told 30 days "
        "before it ends.",
    )
    listed = await day.call("search_kb_articles", text="SAML certificate")
    article = found(r"\b([0-9a-f]{8}-[0-9a-f-]{27})\b", listed)
    read = await day.call("get_kb_article", article=article)
    content = read.partition(">>\n")[2].partition("\n<<")[0]
    await day.call(
        "update_kb_article",
        article=article,
        content=f"{content}\n\nAdmins get an e-mail 30 days before a certificate ends.",
    )


async def _an_approval(day: Recorder) -> None:
    day.task(
        "Ask for an approval",
        "Norrvik paid twice. Ask Hannah to approve the refund, and let Luis follow it; he is their account manager.",
    )
    await day.call("get_conversation", conversation="#1107", max_tokens=800)
    await day.call(
        "request_approval", conversation="#1107", title="Refund the second payment", approver="Hannah Okafor"
    )
    await day.call("add_follower", conversation="#1107", user="Luis Ferreira")
    await day.call(
        "assign_collaborator", conversation="#1107", collaborator_type="account_manager", user="Luis Ferreira"
    )
    await day.call("list_approvals", conversation="#1107")


async def _after_a_call(day: Recorder) -> None:
    day.task(
        "Write down a call as a conversation",
        "Paula Jennings of Ironwood just called. Open a conversation for the team: she wants the corrected report by "
        "11 tomorrow, Aisha has it.",
    )
    await day.call(
        "create_conversation",
        type="triage",
        triage_channel_id="C0DUTYDESK",
        title="Ironwood: corrected report by 11 tomorrow",
        text="Paula Jennings called: the filing is due at noon, so she needs the corrected report by 11.",
        customer="Ironwood Credit Union",
        assignee="Aisha Rahman",
        priority="critical",
    )


async def _a_new_customer(day: Recorder) -> None:
    day.task(
        "Set up a new customer",
        "Juniper Freight has signed. Set them up: Luis in charge, an answer within two hours, tagged Enterprise.",
    )
    await day.call("search_customers", text="Juniper")
    await day.call("create_customer", name="Juniper Freight", email_domains=["juniper.example"])
    await day.call(
        "update_customer", customer="Juniper Freight", primary_assignee="Luis Ferreira", reply_timeout_hours=2
    )
    await day.call("tag_customers", customers=["Juniper Freight"], add=["Enterprise"])
    await day.call("create_account", name="Juniper Group", emails_and_domains=["juniper.example"])


async def _a_ticket_type(day: Recorder) -> None:
    day.task(
        "Ask for one thing more in bug reports",
        "From now on bug reports should say which browser it was, if it is about dashboards.",
    )
    await day.call("get_ticket_type", ticket_type="Bug report")
    await day.call(
        "update_ticket_type",
        ticket_type="Bug report",
        fields=[
            {
                "label": "Browser",
                "type": "single-select",
                "options": ["Chrome", "Firefox", "Safari", "Edge"],
                "conditions": {"field": "Affected areas", "operator": "contains", "value": "Dashboards"},
            }
        ],
    )


async def _an_outbound(day: Recorder) -> None:
    day.task(
        "Draft an announcement",
        "Draft a message to everybody who is on trial: exports are faster from Monday. Don't send it, I'll look at it.",
    )
    drafted = await day.call(
        "create_outbound",
        subject="Faster exports",
        text="From Monday on exports take a *tenth* of the time.",
        send_as="Hannah Okafor",
        tag="Trial",
    )
    await day.call("get_outbound", outbound=found(r"outbound ([0-9a-f-]{36})", drafted))


async def _webhooks(day: Recorder) -> None:
    day.task(
        "See who is told of what",
        "Which addresses does Unthread report to? Our status page should get it, too.",
    )
    await day.call("list_webhooks")
    await day.call("create_webhook", url="https://status.quayside.example/hooks/unthread")
    day.say("Where webhooks may point is the operator's choice. One of the allowed hosts can pass it on:")
    await day.call("create_webhook", url="https://hooks.quayside.example/status-page")


async def _the_week(day: Recorder) -> None:
    day.task("The week in numbers", "How was our week, by customer? And how quickly did we answer?")
    await day.call("run_report", metric="totalCount", start="7d", by="week", dimensions=["customerId"])
    await day.call("run_report", metric="responseTimeMean", start="7d", by="day")


PARTS: Final = (_work, _the_week)
"""Reports are of a new sandbox."""
