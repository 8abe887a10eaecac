"""Stories about the API, webhooks and automation; some of customers who never came back, and very short ones."""

from __future__ import annotations

from typing import Final

from unthread_mcp.sandbox.seed.script import Story

STORIES: Final = (
    Story(
        "429 on nightly job",
        "API",
        (
            "> Our nightly export gets 429 after about two minutes. We send one request for each of 9,000 customers.",
            (
                "< That's 600 a minute on Business, and your job sends about 1,400. Ask for pages instead: "
                "GET /v2/customers?updated_since=...&limit=500 gives the same in 18 requests."
            ),
            "> Rewritten. Job takes 40 seconds instead of two hours. I feel a bit silly.",
            "< Everybody starts with the loop :)",
        ),
        priority=5,
        fix="Pages of 500 instead of single requests.",
    ),
    Story(
        "Webhook signature never matches",
        "API",
        (
            (
                "> We compute HMAC-SHA256 over JSON.stringify(req.body) and it never equals your header. "
                "Secret is right, checked three times."
            ),
            (
                "< It has to be the raw bytes. After parsing and printing again, spaces, the order of keys "
                "and escapes differ. In Express: express.raw({ type: 'application/json' }) for that route."
            ),
            "> Works with the raw body. Thanks & greetings from a humbled developer.",
        ),
        fix="Signature has to be computed over the raw body.",
    ),
    Story(
        "Webhooks arrive twice",
        "API,Bug",
        (
            "> Every third webhook comes twice, some seconds apart.",
            (
                "< Those are repeats: your endpoint took more than ten seconds to answer the first time. "
                "Answer 200 at once, and do the work afterwards. The header Quayside-Delivery is the same "
                "for repeats, so you can also drop them."
            ),
            "> Queue in front, no more doubles.",
        ),
        fix="Endpoint answered too slowly; now it queues.",
    ),
    Story(
        "API returns 403 for service token",
        "API",
        (
            "> GET /v2/models works, GET /v2/models/17/rows gives 403 with the same token.",
            (
                "< Reading rows needs the scope data:read in addition; your token has metadata:read only. "
                "Scopes can't be added later, so please create a new token."
            ),
            "> New token works, old one deleted.",
        ),
        fix="Token lacked the scope data:read.",
    ),
    Story(
        "Terraform provider destroys row rules",
        "API,Bug",
        (
            (
                "> terraform apply removes row rules that were made in the web interface. Is that intended? "
                "It was a bad moment."
            ),
            (
                "< It's how the resource is written today: it owns the whole list. Since 0.9 there is "
                "quayside_row_rule for single rules, which leaves the others alone. Your rules from before "
                "can be restored from the model's history."
            ),
            "> Restored, and moved to the single resource. Please put a warning into the docs.",
            "# Docs change: in review.",
            "< There is a box in red on that page now.",
        ),
        priority=7,
        kind="Bug report",
        fix="The list resource owns all rules; moved to single rules.",
    ),
    Story(
        "Bulk upload: 'invalid UTF-8 in line 40112'",
        "API",
        (
            "> /v2/bulk refuses our file: invalid UTF-8 in line 40112. The line looks fine in the editor.",
            "< It's probably Windows-1252: byte 0x96 for a dash. iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv",
            "> Exactly that. Through.",
        ),
        fix="File was Windows-1252.",
    ),
    Story(
        "Python client: timeout on large query",
        "API",
        (
            "> client.query(...) raises ReadTimeout after 60 s for our two-year query.",
            (
                "< Use client.query_async(...): it starts the query, you poll or wait, and the result is "
                "fetched in chunks. The synchronous call is limited to 60 seconds on purpose."
            ),
            "> query_async it is, 3m20 and 1.1 GB. OK!",
        ),
        fix="query_async for long queries.",
    ),
    Story(
        "How do I page through the audit log?",
        "API,Security",
        (
            "> GET /v2/audit gives 1,000 entries. And then?",
            (
                "< The answer holds next; put it into the parameter after. Newest first. When next is "
                "missing, you're through."
            ),
            "> Clear, thanks.",
        ),
        fix="Use next and after.",
    ),
    Story(
        "Embedding with our own login",
        "API,Feature request",
        (
            (
                "> We want to show dashboards inside our customer portal, each customer seeing only their "
                "rows. Is that possible without Quayside accounts for them?"
            ),
            (
                "< Yes, with signed embeds: your backend signs a short-lived token with the dashboard's id "
                "and the values for the row rules. It's part of Enterprise. Mei can show you a working "
                "example on your test workspace."
            ),
            "> Please. Thursday afternoon?",
            "< Thursday 15:00, invitation is out.",
            "> Great session, we have a prototype running. Two questions on token lifetime will follow next week.",
        ),
        priority=5,
        fix="Signed embeds shown on the test workspace.",
    ),
    Story(
        "GraphQL?",
        "API,Feature request",
        (
            "> Do you have, or plan, a GraphQL API?",
            "< No plans at the moment. If you tell me what you'd use it for, I'll pass it on.",
        ),
    ),
    Story(
        "Test",
        "How-to",
        (
            "> test",
            "< Hi {contact}, this reached us. Is there anything we can do for you?",
        ),
    ),
    Story(
        "Question about row level security",
        "How-to,Security",
        (
            "> Hi, do row rules also apply to exports and to the API, or only on screen?",
            (
                "< To everything: screen, exports, scheduled reports, alerts and the API. There is no way "
                "around them short of an admin changing the rule."
            ),
            "> That's the answer our auditor wanted.",
        ),
        fix="Row rules apply everywhere.",
    ),
    Story(
        "Something is slow",
        "Performance",
        (
            "> everything is slow today",
            (
                "< Sorry to hear that. Is it one dashboard or all of them, and for everybody or just for "
                "you? A screenshot of the tile's performance view would help most."
            ),
        ),
    ),
    Story(
        "Cannot reach you by phone",
        "How-to",
        (
            "> I tried the number on your site three times, it rings and nobody answers.",
            (
                "< I'm sorry. Phone support is open from 8 to 18 CET on working days for Enterprise; here in "
                "writing we answer faster. What can I do for you?"
            ),
            "> It was about the weekly report, but it has solved itself. Thanks anyway.",
        ),
        fix="Solved itself.",
    ),
    Story(
        "Name change of our workspace",
        "How-to",
        (
            (
                "> Our brand is now written in capitals. Can the workspace's name follow, and does the "
                "address change with it?"
            ),
            (
                "< The name: Settings > Workspace, at any time. The address stays, and all links with it, "
                "unless you want a new one; then the old one forwards for a year."
            ),
            "> Just the name, then.",
        ),
        fix="Name can be changed without changing the address.",
    ),
    Story(
        "Maintenance window this weekend?",
        "Outage,How-to",
        (
            "> Do you have maintenance planned this weekend? We run our year-end stocktaking on Saturday.",
            (
                "< Nothing is planned for this weekend. I've also put a note into our calendar so that "
                "nobody plans something on short notice."
            ),
            "> Stocktaking went without a hitch.",
        ),
        fix="No maintenance at that time.",
    ),
    Story(
        "Thank you note",
        "How-to",
        (
            (
                "> No question today. I only wanted to say that the new filter bar is a joy. Please tell the "
                "people who made it."
            ),
            "< You've just made the day of three of them. Thank you, {contact}!",
        ),
        fix="Praise passed on.",
    ),
    Story(
        "Where can I see your SLA?",
        "Billing,How-to",
        (
            "> For our contract review: which response times are promised on Business?",
            (
                "< Four working hours for high, one working day for the rest; on Enterprise one hour around "
                "the clock for critical ones. It's annex B of the agreement."
            ),
            "> Found annex B.",
        ),
        fix="Annex B of the agreement.",
    ),
    Story(
        "Webhook for deleted records",
        "API,Feature request",
        (
            "> There are events for created and updated records, none for deleted ones.",
            (
                "< record.deleted is in beta; I've switched it on for your workspace. It carries the id and "
                "the time, not the former values."
            ),
            "> Received the first ones. id and time is all we need.",
        ),
        fix="Beta event record.deleted switched on.",
    ),
    Story(
        "OData feed for Power BI asks for a password",
        "API",
        (
            "> Power BI asks for user and password for the OData feed. We have single sign-on.",
            (
                "< Choose Basic, leave the user empty and take a service token as the password. Power BI "
                "calls it a password, it isn't one."
            ),
            "> Ha. Works.",
        ),
        fix="A service token goes into the password field.",
    ),
)
