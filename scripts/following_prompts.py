"""What is done in docs/prompts.md: each prompt, and the calls of an agent that follows its steps to the letter.

What an agent would make of an answer can't be generated. Which conversations it takes, what it asks and what it writes
stands here, beside the prompt that it follows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from scripts.found import as_of_in, found

if TYPE_CHECKING:
    from scripts.examples import Recorder

INTRODUCTION: Final = """\
# The prompts, followed

Each prompt below is shown as a client gets it, and then the calls that follow its steps to the letter. They were made
by the installed server, as it comes, on the seeded sandbox, through an MCP client; every answer is real, and of long
ones the middle is left out where it says so. `python scripts/examples.py` plays them again and writes this page.

What an agent makes of an answer can't be generated: the words between the calls, the questions and what is written are
made up in `scripts/following_prompts.py`. The number in a fence's marker is new in each answer, and the user behind the
client agrees to what the server asks. The weekly report and what follows it are of the workspace as it was before.
"""


async def _one_conversation_after_the_other(page: Recorder) -> None:
    """The prompts in the order in which they are listed, up to the reports."""
    await _triage_inbox(page)
    await _draft_reply(page)
    await _summarize_conversation(page)
    await _escalate(page)


async def _all_of_them(page: Recorder) -> None:
    """The others, which begin with reports."""
    await _weekly_report(page)
    await _find_kb_gaps(page)


async def _triage_inbox(page: Recorder) -> None:
    await page.prompt("triage_inbox", limit="3")
    listed = await page.call(
        "search_conversations",
        status=["open"],
        assignee="unassigned",
        order_by="createdAt",
        descending=False,
        limit=3,
    )
    first, second, third = re.findall(r"(?m)^(#\d+) ", listed)[:3]
    briefs = {
        each: await page.call("get_triage_brief", conversation=each, max_tokens=2000) for each in (first, second, third)
    }
    page.say(
        f"The agent shows its table: for {third} it proposes Tomasz Zieliński, high priority and the article on "
        "deleting personal data, for the deadline is the law's. The user agrees to that one and leaves the others."
    )
    await page.call(
        "update_conversation",
        conversation=third,
        priority="high",
        assignee="Tomasz Zieliński",
        as_of=as_of_in(briefs[third]),
    )
    await page.call(
        "add_private_note",
        conversation=third,
        text="A request to delete personal data: a month at most. The article on deleting personal data has the steps.",
    )


async def _draft_reply(page: Recorder) -> None:
    number = "#1130"
    await page.prompt("draft_reply", conversation=number)
    as_of = as_of_in(await page.call("get_conversation", conversation=number))
    answered = await page.call(
        "query_knowledge_base",
        question="Why is the key pair of a Snowflake service user refused?",
        conversation=number,
    )
    await page.call("get_kb_article", article=found(r"\(article ([0-9a-f-]{36})\)", answered))
    page.say("The agent shows its draft and that it rests on the article. The user says: send it.")
    await page.call(
        "send_reply",
        conversation=number,
        text="Snowflake takes the private key in PKCS#8 form alone, and openssl genrsa may write another one. Please "
        "convert yours, paste the new one into the connection and test it again.",
        as_of=as_of,
    )


async def _summarize_conversation(page: Recorder) -> None:
    number = "#1076"
    await page.prompt("summarize_conversation", conversation=number)
    await page.call("get_conversation", conversation=number, max_tokens=20000)
    page.say("The agent writes its eight lines. Nothing else is called.")


async def _escalate(page: Recorder) -> None:
    number = "#1136"
    await page.prompt(
        "escalate", conversation=number, to="Aisha Rahman", reason="the customer's filing at the regulator"
    )
    brief = await page.call("get_triage_brief", conversation=number, keeping=r"^(?:#|their|similar|who|- Scheduled)")
    page.say("The agent shows its proposal: high priority, Escalated, and the note below. The user agrees.")
    await page.call(
        "add_private_note",
        conversation=number,
        text="For Aisha, who has #1147 of the same customer.\n"
        "They want: Monday's report at the hour it was set for. Since: last Monday.\n"
        "Supposed: the schedule keeps the zone in which it was made (the article on scheduled reports).\n"
        "Promised: nothing yet. Next question: in which time zone was the schedule made?",
        as_of=as_of_in(brief),
    )
    await page.call(
        "update_conversation",
        conversation=number,
        assignee="Aisha Rahman",
        priority="high",
        add_tags=["Escalated"],
    )


async def _weekly_report(page: Recorder) -> None:
    await page.prompt("weekly_report")
    for metric in ("totalCount", "conversationsResolved", "responseTimeMean", "resolutionTimeMean"):
        await page.call("run_report", metric=metric, start="7d", by="day")
    for dimension in ("tagId", "customerId"):
        await page.call("run_report", metric="totalCount", start="7d", dimensions=[dimension])
    await page.call("search_conversations", created_after="7d", order_by="priority", limit=10)
    page.say("The agent writes its fifteen lines. Nothing else is called.")


async def _find_kb_gaps(page: Recorder) -> None:
    await page.prompt("find_kb_gaps")
    rows = r"(?i)row rule|PKCS|key pair|to keys"
    listed = await page.call(
        "search_conversations",
        keeping=rows,
        created_after="90d",
        select=["friendlyId", "title", "summary"],
        limit=100,
    )
    await page.call("search_conversations", keeping=rows, cursor=found(r"cursor=(\S+)", listed))
    await page.call("search_kb_articles", status="active", limit=100)
    page.say(
        "Two of the groups that the agent makes: row rules (#1055, #1096, #1143), and key pairs for Snowflake (#1079, "
        "#1116, #1130)."
    )
    await page.call("query_knowledge_base", question="How do row rules decide which rows of a table somebody sees?")
    await page.call("query_knowledge_base", question="Why is the key pair of a Snowflake service user refused?")
    page.say("The second has its article. The first comes near nothing that answers it: a gap.")
    await page.call("get_conversation", conversation="#1096")
    await page.call("get_conversation", conversation="#1055")
    page.say(
        "The agent shows its table. The user agrees to an article on row rules, from what Jonas and Hannah answered."
    )
    await page.call(
        "create_kb_article",
        title="Row rules: who sees which rows",
        content="Add a rule under Models > Row rules: pick the table, then the condition with a lookup into a table "
        "that says who may see what, matched with user.email. Tick Ignore case if addresses are written differently. "
        "Several lines with the same address are fine. Where a code has changed, add the old one under Aliases: else "
        "tiles are empty. Look at the result with Preview as before you save; admins see everything unless Apply to "
        "admins is on.",
    )


PARTS: Final = (_one_conversation_after_the_other, _all_of_them)
"""Reports are of a new sandbox."""
