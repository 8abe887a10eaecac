"""Conversations with something special about them; see also `hostile`, `tongues` and `long_ones`."""

from __future__ import annotations

from typing import Final

from unthread_mcp.sandbox.seed.script import Special, Story

SPECIAL: Final = (
    Special(
        "angry",
        Story(
            "THIRD TIME: figures for the regulator are wrong",
            "Bug,Escalated,Data sync",
            (
                (
                    "> This is the THIRD time I write about this. The delinquency report that goes to our "
                    "regulator shows 4.1 % when the correct figure is 2.7 %. I reported it two weeks ago and "
                    'was told it was "being looked at".'
                ),
                (
                    "< I'm sorry that you had to write again, and I understand what hangs on this report. "
                    "I'm taking this over myself from here. Could you confirm which loans are in the 1.4 % "
                    "too many, or send me one example?"
                ),
                (
                    "> An example?! I sent TWENTY of them on the 3rd. Does nobody read what we send? We pay "
                    "you six figures a year and I'm doing your quality assurance."
                ),
                (
                    "# They did send twenty, in the ticket before this one. Nobody linked the two. Loans in "
                    "forbearance are counted as delinquent since the model update of the 28th."
                ),
                "# Fix is in review. Do NOT promise a time before Tomasz has confirmed it.",
                (
                    "< You're right, the twenty examples are here and I have gone through all of them: loans "
                    "in forbearance are counted as delinquent since an update of ours on the 28th. That's "
                    "our mistake. I'll write again today, whether it is fixed or not."
                ),
                (
                    '> It\'s late, and "today" is nearly over. Our filing is due tomorrow at noon, and if I '
                    "have to file wrong numbers because of you, the next person you hear from is our general "
                    "counsel. Call me."
                ),
            ),
            priority=9,
            kind="Bug report",
            channel="slack",
        ),
        "Ironwood Credit Union",
        "open",
        hours=4.5,
    ),
    Special(
        "outage",
        Story(
            "All connectors failing, production reporting is down",
            "Outage,Data sync",
            (
                (
                    "> <@agent> every connector in our EU workspace turned red within two minutes: "
                    "Snowflake, Postgres, SAP. Our control room runs on this. This is a P1 for us."
                ),
                "> Still down. Status page says all green?",
                "> Any update? Our night shift switches to paper at midnight.",
            ),
            priority=9,
            channel="slack",
        ),
        "Norrvik Energi",
        "open",
        hours=2.5,
        contact=1,
    ),
    Special(
        "html-mail",
        Story(
            "Comparison of two reports",
            "Bug",
            (
                (
                    "> The two reports should agree, but they differ in March and May, see the table.\n\n"
                    "Month | Report A | Report B\nJan | 1,204 | 1,204\nFeb | 1,198 | 1,198\nMar | 1,377 | "
                    "1,341\nApr | 1,102 | 1,102\nMay | 1,420 | 1,398"
                ),
                (
                    "< Thank you, the table helps. Report B leaves out orders without a region. In March and "
                    'May there are 36 and 22 of them. Do you want them in B as well, as "unknown"?'
                ),
                "> Let me ask the controllers, I'll come back to you.",
            ),
            priority=3,
            channel="email",
        ),
        "Meridian Dental Group",
        "in_progress",
        working_days=6,
        contact=1,
    ),
    Special(
        "many-files",
        Story(
            "Layout broken in three browsers",
            "Bug",
            (
                (
                    "> Since Tuesday's release the filter bar covers the first row. Screenshots from Chrome, "
                    "Firefox and Edge. [file: chrome.png] [file: firefox.png] [file: edge.png]"
                ),
                (
                    "< Thank you, that's clear to see. It happens when the browser's zoom is above 110 %. A "
                    "fix is being tested."
                ),
            ),
            priority=5,
            kind="Bug report",
            channel="email",
        ),
        "Oakhurst University",
        "on_hold",
        working_days=5,
    ),
    Special(
        "snoozed",
        Story(
            "Remind us before the certificate expires",
            "SSO,How-to",
            (
                "> Our SAML certificate expires in six weeks. Could you remind us a week before, in case we forget?",
                "< I've set this conversation to wake up then, and will write to you.",
            ),
            priority=3,
            channel="slack",
        ),
        "Zephyr Transit Authority",
        "on_hold",
        working_days=8,
    ),
    Special(
        "triage-1",
        Story(
            "EU queue: who takes the customer updates?",
            "Outage",
            (
                (
                    "< Queue in EU is backed up again since a quarter of an hour. Nine workspaces hit, "
                    "Norrvik and Vela are the loud ones. I'm with the platform team. Who writes to the "
                    "customers?"
                ),
                "< I can take Norrvik and the status page.",
            ),
            priority=9,
            channel="triage",
        ),
        None,
        "open",
        hours=2.0,
    ),
    Special(
        "triage-2",
        Story(
            "Refunds above 500: rule from now on",
            "Billing",
            (
                (
                    "< From this month refunds above 500 need a second name. Please ask in here before you "
                    "promise anything."
                ),
                "< Does that also go for credits on the next invoice?",
                "< Yes, for credits too.",
            ),
            channel="triage",
            fix="Refunds and credits above 500 need a second approval.",
        ),
        None,
        "closed",
        working_days=33,
    ),
    Special(
        "triage-3",
        Story(
            "Ironwood: plan for the executive call",
            "Escalated",
            (
                "< Call with Ironwood's VP is on Friday. I collect open points here until Thursday.",
                (
                    "< Delinquency model, late updates, and the missing link between their tickets. The last "
                    "one is on us."
                ),
            ),
            priority=7,
            channel="triage",
        ),
        None,
        "in_progress",
        working_days=1,
    ),
    Special(
        "empty-text",
        Story(
            "Screenshot",
            "Bug",
            (
                "> [file: IMG_2041.jpg]",
                "< Hi {contact}, the picture shows the connector page. What were you expecting to see?",
                "> It says 0 rows. It should be about 70.",
            ),
            channel="slack",
        ),
        "Cobalt Ridge Mining",
        "open",
        working_days=2,
    ),
    Special(
        "forwarded-by-agent",
        Story(
            "Heads-up about tonight's warehouse maintenance",
            "Data sync",
            (
                (
                    "< Hi {contact}, Snowflake announced maintenance in your region tonight from 23:00 to "
                    "23:30 UTC. Syncs in that window are repeated afterwards, nothing to do for you."
                ),
                "> Thanks for letting us know.",
            ),
            channel="slack",
            fix="Announced maintenance, no action needed.",
        ),
        "Vela Biotech",
        "closed",
        working_days=14,
    ),
)
