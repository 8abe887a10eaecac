"""Stories about exports, reports, alerts and everything that leaves the product."""

from __future__ import annotations

from typing import Final

from unthread_mcp.sandbox.seed.script import Story

STORIES: Final = (
    Story(
        "CSV export ends in the middle",
        "Export,Bug",
        (
            (
                "> The CSV export of our shipments stops at row 500,000. There are 812,000. No error, it "
                "simply ends, and we only noticed because the total was wrong."
            ),
            (
                "< That's the limit of exports made in the browser; the last line of the file says so, but I "
                "agree that it's easy to miss. Choose Export in background: it has no such limit and mails "
                "you a link."
            ),
            "> Background export has all 812,344 rows. A warning in the dialog would be good.",
            "< I've passed that on, with your example.",
        ),
        priority=5,
        fix="Browser exports end at 500,000 rows; use the background export.",
    ),
    Story(
        "Umlauts broken in Excel",
        "Export,How-to",
        (
            "> When I open the exported CSV in Excel, Müller becomes MÃ¼ller.",
            (
                "< The file is UTF-8; a double click makes some versions of Excel guess wrong. Use Data > "
                "From Text/CSV, or choose XLSX when you export."
            ),
            "> XLSX it is. Danke!",
        ),
        fix="Use XLSX, or import the CSV instead of double-clicking it.",
    ),
    Story(
        "Board report came an hour late",
        "Bug",
        (
            "> Our Monday board report arrived at 8:00 instead of 7:00. The meeting starts at 7:30...",
            (
                "< Was the schedule made before your move to Lisbon? It still runs in Central European Time, "
                "and since the clocks changed the two differ again. Edit the schedule and choose "
                "Europe/Lisbon."
            ),
            "> Changed. Fingers crossed for Monday.",
            "> 7:00 on the dot. Thanks.",
        ),
        priority=7,
        fix="The schedule still had its old time zone.",
    ),
    Story(
        "Alert fires every five minutes",
        "Bug",
        (
            (
                '> The "stock below minimum" alert has sent 160 mails since last night. The value goes up '
                "and down around the threshold."
            ),
            (
                "< That's flapping. Set Recovers above to a value somewhat higher than the threshold and "
                "Remind again after to one day. I've muted it for an hour so that you have peace while you "
                "edit."
            ),
            "> Much better. Thank you for the mute :)",
        ),
        priority=5,
        fix="Alert got a recovery threshold and a reminder interval.",
    ),
    Story(
        "PDF export cuts off wide tables",
        "Export,Bug",
        (
            "> In the PDF of our weekly report the last four columns are missing.",
            (
                "< PDF pages are A4 upright unless told otherwise. Report > Layout > Landscape, Fit to "
                "width. It shrinks down to 60 %, below that it breaks over two pages."
            ),
            "> Landscape fits. But the logo is now squeezed. [file: squeezed-logo.png]",
            (
                "< That one is our bug: the logo is scaled with the table. Fixed with the release on "
                "Wednesday; as a stopgap upload the logo as SVG."
            ),
            "> SVG works. Closing.",
        ),
        priority=3,
        kind="Bug report",
        fix="Landscape layout; logo scaling fixed in a release.",
    ),
    Story(
        "Copy a dashboard into another workspace",
        "How-to",
        (
            "> We have a test and a live workspace. How do I move a dashboard from one to the other?",
            (
                "< Dashboard > ... > Download definition, and Import in the other one. It asks which "
                "connector stands for which. Permissions aren't copied."
            ),
            "> Works. Could this be done from our pipeline?",
            (
                "< Yes, GET and PUT /v2/dashboards/{id}/definition. There's an example with GitHub Actions "
                "in the API guide."
            ),
            "> That's what we wanted, thanks.",
        ),
        fix="Definitions can be exported and imported, also by API.",
    ),
    Story(
        "Embedded chart is blank for some visitors",
        "Bug",
        (
            "> The chart on our public page is blank for about one visitor in ten.",
            (
                "< Could those be people with tracker blockers? Embeds load from embed.quayside.example, and "
                'one popular list blocks "embed." on other sites. A CNAME on your own domain avoids it: '
                "Settings > Sharing > Custom domain."
            ),
            "> We set up charts.{domain}, blank reports have stopped.",
        ),
        priority=5,
        fix="Tracker blockers hit the embed host; custom domain set up.",
    ),
    Story(
        "Currency conversion uses last year's rate",
        "Bug",
        (
            "> Our EUR figures are about 3 % too low. I suspect an old exchange rate.",
            (
                "< The rates table in your model ends on 31 December; it was an upload. The rate of the last "
                "day is carried on. You can switch to our daily ECB rates under Models > Currency."
            ),
            "> Switched. Matches Finance now.",
        ),
        priority=5,
        fix="Uploaded exchange rates had ended; switched to daily rates.",
    ),
    Story(
        "Scheduled report to an outside address bounces",
        "Export",
        (
            '> Reports to our tax adviser are not delivered: "recipient not allowed".',
            (
                "< Addresses outside {domain} have to be allowed first: Settings > Sharing > Outside "
                "recipients. An admin can add the single address or the whole domain."
            ),
            "> Admin added the address. Arrived.",
        ),
        fix="Outside recipient allowed.",
    ),
    Story(
        "TV screen signs out at night",
        "How-to",
        (
            "> The screen on our shop floor shows the sign-in page every morning.",
            (
                "< Use a kiosk link instead of somebody's account: Dashboard > Share > Kiosk. It doesn't "
                "expire, shows this dashboard alone, and can be tied to your network."
            ),
            "> Set up on three screens. No more ladder at 6 am.",
        ),
        fix="Kiosk link.",
    ),
    Story(
        "Can alerts go to Teams?",
        "How-to",
        (
            "> We use Teams, not Slack. Can alerts be posted there?",
            (
                "< Yes, through a workflow webhook: Alerts > Channels > Add > Teams. Paste the address that "
                "the workflow gives you."
            ),
            "> First alert arrived. [file: teams-alert.png]",
        ),
        fix="Teams channel through a workflow webhook.",
    ),
    Story(
        "Number of decimals in the API and in the dashboard differ",
        "API,How-to",
        (
            '> API gives 12.3456789, dashboard 12.35. Our partner complains about "different data".',
            (
                "< The API always gives the full value. Add round=display to the query and it gives what the "
                "dashboard shows."
            ),
            "> Partner is satisfied.",
        ),
        fix="round=display.",
    ),
    Story(
        "Training for new colleagues",
        "How-to",
        (
            "> Four new planners start next week. Do you offer an introduction?",
            (
                "< Every Tuesday at 10:00 and 16:00 CET there is a live session of 45 minutes, free: "
                "[quayside.example/learn](https://quayside.example/learn). For a group of your own with your "
                "own data, Aisha can do one for you."
            ),
            "> We'll join on Tuesday at 10, four people.",
            "< Booked. The link comes by mail.",
        ),
        fix="Booked the Tuesday session.",
    ),
    Story(
        "Phone app logs out after update",
        "Bug",
        (
            "> Since the update to 5.4 the phone app asks me to sign in each time I open it.",
            "< 5.4.0 forgets its session on some Android devices. 5.4.1 is in the store since noon and fixes it.",
            "> Updated, stays signed in.",
        ),
        priority=5,
        fix="Fixed in app version 5.4.1.",
    ),
)
