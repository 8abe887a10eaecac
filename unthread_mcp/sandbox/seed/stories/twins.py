"""Ten problems told twice: solved earlier for one customer, open now for another, in other words."""

from __future__ import annotations

from typing import Final

from unthread_mcp.sandbox.seed.script import Story

TWINS: Final[tuple[tuple[Story, Story], ...]] = (
    (
        Story(
            "Nobody can log in any more - 'signature' error from SAML",
            "SSO",
            (
                (
                    "> Since 6 this morning every login ends with an error page about a signature. Our "
                    "provider is Entra ID. We have 300 users waiting, please treat this as urgent."
                ),
            ),
            priority=9,
        ),
        Story(
            "Login broken after Google renewed its certificate",
            "SSO",
            (
                (
                    "> Google Workspace mailed us weeks ago that the SAML certificate would be renewed. "
                    "Today it was, and our people can't get into Quayside."
                ),
                (
                    "< The new certificate has to be known here as well. Settings > Sign-in > SAML > Add "
                    "certificate. You are signed in still, aren't you? Then it's a matter of a minute."
                ),
                "> I was, luckily. Added, all good. I'll put the next renewal into the calendar.",
            ),
            priority=9,
            fix="The identity provider's new certificate was added under Settings > Sign-in > SAML.",
        ),
    ),
    (
        Story(
            "Half of our rows are missing in the download",
            "Export",
            (
                (
                    "> I downloaded the parts list as CSV and the file has exactly 500,000 lines. In the web "
                    "page I see 930 thousand. Where is the rest?"
                ),
                "< Thanks for the report, I'm looking into it.",
                "> Any news? I need the complete list for the customs declaration on Thursday.",
            ),
            priority=7,
        ),
        Story(
            "Export stops at half a million",
            "Export",
            (
                "> Exporting tickets for our data lake: the CSV stops after 500k records without any error.",
                (
                    "< The export in the browser ends there. Use Export in background for larger tables: no "
                    "limit, and you get a link by mail that is valid for seven days."
                ),
                "> Complete now: 1.9 million.",
            ),
            priority=5,
            fix="Browser exports end at 500,000 rows; the background export has no limit.",
        ),
    ),
    (
        Story(
            "Report from Monday is sent at the wrong hour",
            "Bug",
            (
                (
                    "> Since the clocks went forward our branch managers get the Monday figures at 6 instead "
                    "of 7. It's set to 7:00 in the schedule!"
                ),
            ),
            priority=5,
        ),
        Story(
            "Schedule is off by one hour since DST",
            "Bug",
            (
                (
                    "> Daylight saving started in the US two weeks before Europe and our scheduled mails "
                    "have been an hour off since then."
                ),
                (
                    "< A schedule keeps the time zone from when it was made, Europe/London for this one. "
                    "Edit it and choose America/Chicago, then it follows your clocks."
                ),
                "> Changed in all eleven schedules. Correct since.",
            ),
            priority=5,
            fix="Schedules keep the zone they were made with; it was changed to the customer's.",
        ),
    ),
    (
        Story(
            "HTTP 429 from your API, our integration is down",
            "API",
            (
                (
                    '> Our warehouse integration fails with "429 Too Many Requests" since we went live with '
                    "the new shop on Tuesday. Could you raise our limit? Orders aren't reaching the pickers."
                ),
                "< Could you tell me which endpoints you call, and how often?",
                "> GET /v2/orders/{id} for each order, after each webhook, and a full comparison every 15 minutes.",
            ),
            priority=9,
        ),
        Story(
            "Rate limit hit by order import",
            "API",
            (
                "> Importing orders one by one we run into your rate limit on busy days.",
                (
                    "< Ask for what changed instead of single orders: "
                    "/v2/orders?updated_since=...&limit=500, once a minute. That's one request instead of "
                    "hundreds, and the limit is far away."
                ),
                "> Rebuilt over the weekend. Peak yesterday was 14 requests a minute.",
            ),
            priority=7,
            fix="One paged request with updated_since instead of a request for each order.",
        ),
    ),
    (
        Story(
            "CRM data frozen since last week",
            "Data sync",
            (
                (
                    "> Account managers complain that deals they closed on Thursday are still open in "
                    "Quayside. The connector page says something about a session."
                ),
            ),
            priority=7,
        ),
        Story(
            "Salesforce connector red after password change",
            "Data sync",
            (
                (
                    "> Our integration user's password was rotated, as it is each quarter, and since then "
                    "the connector says INVALID_SESSION_ID."
                ),
                (
                    "< It has to be authorised again after that: Connectors > Salesforce > Reconnect, signed "
                    "in as the integration user. It then goes on from the last good record."
                ),
                "> Reconnected, up to date after half an hour. We've excluded that user from rotation.",
            ),
            priority=7,
            fix="Reconnect the Salesforce connector as the integration user after its password changed.",
        ),
    ),
    (
        Story(
            "Webhook verification fails in our Java service",
            "API",
            (
                (
                    "> We verify your webhooks with HmacSHA256 over the object as our JSON library writes "
                    "it. About 1 in 4 match. What are we doing wrong?"
                ),
            ),
            priority=5,
        ),
        Story(
            "HMAC of webhook differs when text has accents",
            "API",
            (
                "> The signature matches for most webhooks, but never when a name has an accent. We're in PHP.",
                (
                    "< You re-encode the JSON before hashing, and PHP writes é as \\u00e9. Hash what "
                    "file_get_contents('php://input') gives you, before any decoding."
                ),
                "> That's it. Every one matches.",
            ),
            priority=5,
            fix="The signature is over the raw bytes of the body, before any parsing.",
        ),
    ),
    (
        Story(
            "Why do we pay for 31 users?",
            "Billing",
            (
                (
                    "> The invoice of this month lists 31 seats. We're 24 people. Please explain, and "
                    "correct it if need be."
                ),
                "< Let me look at your user list together with our billing colleague.",
                "> Okay. Please before the 15th, that's when it is debited.",
            ),
            priority=5,
            kind="Billing question",
        ),
        Story(
            "Too many seats on the bill",
            "Billing",
            (
                "> You bill us for 12 editors, I see 9 of them.",
                (
                    "< Three invitations from spring were never accepted; they count from the day they're "
                    "sent. Withdraw them under Settings > People > Invited. I've credited the three months."
                ),
                "> Withdrawn, and thanks for the credit.",
            ),
            priority=5,
            kind="Billing question",
            fix="Open invitations take seats; they were withdrawn and the months credited.",
        ),
    ),
    (
        Story(
            "Morning dashboards crawl",
            "Performance",
            (
                (
                    "> Between 7 and 9 every dashboard takes minutes, the planners go for coffee meanwhile. "
                    "From 10 on it's fast. It began when we added the new plants."
                ),
            ),
            priority=5,
        ),
        Story(
            "Slow until half past nine",
            "Performance",
            (
                "> Until about 9:30 nothing loads in under a minute. Later it's snappy.",
                (
                    "< Your warehouse is busy with its own loads until then: the tiles wait 80 seconds and "
                    "run for 5. With extracts refreshed at 6:00 the dashboards don't need the warehouse in "
                    "the morning."
                ),
                "> Extracts on for the six most used ones. Three seconds at 8 am.",
            ),
            priority=5,
            fix="The warehouse was busy in the morning; extracts take the load off it.",
        ),
    ),
    (
        Story(
            "Snowflake connection fails after switching to keys",
            "Data sync",
            (
                (
                    '> Security made us replace the Snowflake password by a key. Now: "JWT token is invalid '
                    '[0ce9...]". The key file is a normal one from openssl genrsa.'
                ),
            ),
            priority=7,
        ),
        Story(
            "Key pair for Snowflake is not accepted",
            "Data sync",
            (
                "> Trying key pair authentication for Snowflake, your form says that the key is not valid.",
                (
                    "< It has to be in PKCS#8: openssl pkcs8 -topk8 -nocrypt -in old.pem -out new.p8, and "
                    "paste the whole of new.p8 with its first and last line."
                ),
                "> Accepted, sync is running.",
            ),
            priority=5,
            fix="The private key was converted to PKCS#8.",
        ),
    ),
    (
        Story(
            "Colleague who left still gets our reports",
            "Security",
            (
                (
                    "> Someone who left us in spring told me at dinner that he still gets our weekly margin "
                    "report by mail. His account is deactivated. How can that be, and how do we stop it "
                    "today?"
                ),
            ),
            priority=9,
        ),
        Story(
            "Report still goes to deactivated user",
            "Security",
            (
                (
                    "> A deactivated user is still on the list of a scheduled report. I'd have expected that "
                    "to end with the account."
                ),
                (
                    "< Recipients of a schedule are plain addresses and stay until someone takes them out: "
                    "Reports > Schedules > filter by recipient. There's also a switch now, Settings > "
                    "Sharing > Drop deactivated users."
                ),
                "> Removed, and the switch is on.",
            ),
            priority=7,
            fix="Recipients are plain addresses; removed, and Drop deactivated users switched on.",
        ),
    ),
)
