"""Stories about business applications whose data is late, wrong or missing."""

from __future__ import annotations

from typing import Final

from unthread_mcp.sandbox.seed.script import Story

STORIES: Final = (
    Story(
        "Salesforce sync stopped: INVALID_SESSION_ID",
        "Data sync,Bug",
        (
            (
                '> Our Salesforce connector shows red since Saturday: "INVALID_SESSION_ID: Session expired '
                'or invalid". Numbers on the pipeline board are from Friday.'
            ),
            (
                "< The connector works as the user who authorised it. Did that person change their password, "
                "or did your admins change the session policy?"
            ),
            '> Our Salesforce admin turned on "lock sessions to the IP address". That must be it.',
            "< It is. Please exempt the integration user from it and press Reconnect under Connectors > Salesforce.",
            "> Reconnected, it is catching up now: 18,400 of 52,000 records so far.",
            "< It will get there in about 20 minutes; nothing was lost in between.",
        ),
        priority=7,
        kind="Bug report",
        fix="Salesforce locked sessions to addresses; the integration user was exempted and reconnected.",
    ),
    Story(
        "New Salesforce field doesn't show up",
        "Data sync,How-to",
        (
            (
                '> We added a custom field "Renewal risk" to opportunities two days ago and I can\'t find '
                "it in the model."
            ),
            (
                "< New fields come with the next schema refresh, which runs on Sundays. You can start one by "
                "hand: Connectors > Salesforce > Refresh schema. The integration user also needs to be "
                "allowed to see the field."
            ),
            "> Refresh alone didn't help, field-level security did. It's there now.",
        ),
        fix="The integration user had no right to see the field.",
    ),
    Story(
        "NetSuite connector: too many concurrent requests",
        "Data sync",
        (
            (
                '> The NetSuite connector fails two or three times a week with "SSS_REQUEST_LIMIT_EXCEEDED". '
                "We also run Celigo against the same account."
            ),
            (
                "< NetSuite counts concurrent requests over the whole account, so the two get in each "
                "other's way. You can lower ours: Connectors > NetSuite > Advanced > Parallel requests, from "
                "5 to 2, and move the sync to 02:30, when nothing else runs."
            ),
            "> Done both. I'll watch it for a week.",
            "< I'll keep this open until then.",
            "> No failure in seven days. Please close.",
        ),
        priority=5,
        fix="Two tools shared NetSuite's limit; parallel requests lowered and the sync moved.",
    ),
    Story(
        "Shopify orders missing after refund",
        "Data sync,Bug",
        (
            (
                "> Orders that were refunded completely disappear from our revenue table. They should be "
                "there with a negative line."
            ),
            (
                "< You're right, and I can reproduce it with our test shop: an order whose last line is "
                "refunded is treated as deleted. I've reported it to the connector team."
            ),
            "# Ticket for connectors: refunds as deletions. They plan the fix for Thursday's release.",
            (
                "< The fix goes out on Thursday. Afterwards please run Resync from a date, starting on the "
                "1st, to bring the missing orders back."
            ),
            "> Resync done, the orders are back and the month matches the shop to the cent.",
        ),
        priority=7,
        kind="Bug report",
        fix="A connector bug treated fully refunded orders as deleted; fixed and resynced.",
    ),
    Story(
        "HubSpot contacts appear twice",
        "Data sync,Bug",
        (
            "> Since we merged two HubSpot portals, about 9,000 contacts appear twice in our audience table.",
            (
                "< HubSpot gives merged contacts a new id and keeps the old ones in a list. Our model has a "
                "switch for it: Models > Contacts > Deduplicate by canonical id. It isn't on by default "
                "because it costs a join."
            ),
            "> Switched on. 9,112 duplicates became 3. The three are real twins, would you believe it.",
        ),
        fix="Deduplication by canonical id switched on.",
    ),
    Story(
        "Sync is stuck at 'queued' for hours",
        "Data sync,Outage",
        (
            '> All four of our connectors have been "queued" for hours. Is something wrong on your side?',
            (
                "< Yes: one of the two queues in the EU region is backed up since the small hours; we are "
                "moving jobs over. Updates on [status.quayside.example](https://status.quayside.example). "
                "I'll write here when yours have run."
            ),
            "# Incident 14 Q2. Their jobs are in batch 3.",
            "< Your connectors have run and are current again. I'm sorry for the late numbers today.",
            "> Thanks for the straight answer. Will there be a report about the cause?",
            "< Within five working days, by mail to all workspace owners.",
        ),
        priority=9,
        kind="Bug report",
        fix="EU queue was backed up; jobs were moved to the other queue.",
    ),
    Story(
        "Can you sync a Google Sheet every 15 minutes?",
        "Data sync,How-to",
        (
            '> Our planners keep the targets in a Google Sheet. Is 15 minutes possible? I can only pick "hourly".',
            (
                "< Hourly is the shortest for Sheets since Google limits reads per project. For single "
                "changes there is a Refresh now button in the dashboard, which editors can use up to six "
                "times an hour."
            ),
            "> That will do.",
        ),
        fix="Hourly is the shortest; Refresh now covers the rest.",
    ),
    Story(
        "Connector for Exact Online",
        "Feature request,Data sync",
        (
            "> Is a connector for Exact Online planned? We export CSVs by hand every week and it hurts.",
            (
                "< Not before summer, I'm afraid; I've added your vote (you're number 23). What others do "
                "meanwhile: drop the CSV into an SFTP folder, which we pick up every hour and append."
            ),
            "> SFTP sounds good enough. Can it detect duplicates?",
            "< Yes, name one or more key columns and later rows replace earlier ones.",
        ),
        fix="Vote added; SFTP pickup as a way round.",
    ),
    Story(
        "Why are deleted customers still in our dashboards?",
        "Data sync,How-to",
        (
            "> We delete customers in the CRM but they stay in Quayside forever. Privacy asks why.",
            (
                "< By default deletions are marked and not carried out (column _deleted). To remove them for "
                "good set Deletions: hard under the connector's options; it applies from the next full "
                "comparison, on Sunday night."
            ),
            "> Set. Will check on Monday.",
            "> Monday: they're gone. Privacy is happy.",
        ),
        fix="Deletions were only marked; switched to hard deletions.",
    ),
    Story(
        "Sandbox account connected to production by mistake",
        "Data sync",
        (
            "> An intern connected our production workspace to the Salesforce sandbox. How bad is it?",
            (
                "< Reading only, so nothing was changed over there. On our side the tables hold test records "
                "since the morning. Put the connector back to production and run Resync from a date with "
                "today's date; I'd pause the scheduled reports until it's through."
            ),
            "> Paused, switched, resynced. Reports back on. The intern is fine, he brought cake.",
        ),
        priority=7,
        fix="Switched back and resynced from the day of the mistake.",
    ),
    Story(
        "Excel upload says 'protected view'",
        "Data sync,How-to",
        (
            (
                '> Uploading our price list fails: "file is in protected view or encrypted". It opens fine '
                "here. [file: pricelist-draft.xlsx]"
            ),
            (
                '< The file has a sensitivity label that encrypts it ("Confidential - internal"). Save a '
                "copy with the label General, or put it on SharePoint and use the connector, which is "
                "allowed to read labelled files."
            ),
            "> Copy worked. SharePoint next time.",
        ),
        fix="A sensitivity label encrypted the file.",
    ),
)
