"""The seeded workspace's knowledge base."""

from __future__ import annotations

from typing import Final, NamedTuple


class Article(NamedTuple):
    """A help article; `age` in days before today."""

    slug: str
    title: str
    content: str
    age: int
    active: bool = True
    internal: bool = False


ARTICLES: Final = (
    Article(
        "sso-certificate",
        "Renewing the SAML certificate for single sign-on",
        (
            "When your identity provider rotates its signing certificate, sign-in to Quayside fails with "
            '"invalid signature" until the new certificate is uploaded here. Okta, Entra ID and Google '
            "announce a rotation weeks ahead by mail to the provider's administrators.\n\nTo renew it: open "
            "Settings > Sign-in > SAML, choose Add certificate, paste the PEM text of the new one and save. "
            "Both certificates are accepted side by side, so do this before the provider switches. Remove "
            "the old one once everybody has signed in again.\n\nIf nobody can sign in any more, an owner can "
            "use the recovery link in the workspace's welcome mail; it is valid for one sign-in with e-mail "
            "code. Lost it? Support can issue another one to a verified owner."
        ),
        320,
    ),
    Article(
        "scim",
        "Provisioning users with SCIM",
        (
            "SCIM creates, updates and deactivates Quayside users from your directory. It is part of the "
            "Business and Enterprise plans and needs SAML sign-in to be set up first.\n\nCreate a SCIM token "
            "under Settings > Sign-in > Provisioning and enter it, with the base URL shown there, in your "
            "directory. Groups become teams; the group attribute quaysideRole may be viewer, editor or admin.\n\n"
            "Deactivated users lose access within five minutes. Their dashboards stay and belong to the "
            "workspace's owner. A user who was deleted by hand cannot be brought back by SCIM: invite them "
            "once, then link them."
        ),
        280,
    ),
    Article(
        "password-reset",
        "Resetting a password or a lost second factor",
        (
            "Choose Forgot password on the sign-in page and enter the address of your account; the link in "
            "the mail works for 30 minutes. No mail? Look in the spam folder and ask your administrator "
            "whether mail from no-reply@quayside.example is let through. Workspaces with single sign-on have "
            "no passwords here.\n\nFor a lost phone, use one of the ten recovery codes from when you turned "
            "on two-factor authentication. Without them a workspace admin can reset the second factor under "
            "Settings > People."
        ),
        410,
    ),
    Article(
        "export-limits",
        "Exports: formats, limits and why a file can be cut off",
        (
            "Any table can be exported as CSV, XLSX or Parquet. An XLSX file holds at most 1,048,576 rows "
            "and a CSV made in the browser at most 500,000; larger results are cut off at the limit and the "
            "last line says so. Choose Export in background for everything above: you get a mail with a link "
            "that works for seven days.\n\nCSV files are UTF-8 with a byte order mark. If Excel shows "
            "strange characters, import the file through Data > From Text instead of opening it by a double "
            "click. Numbers follow the workspace's locale, which can be overridden in the export's options."
        ),
        150,
    ),
    Article(
        "scheduled-reports",
        "Scheduled reports and the time zone they use",
        (
            "A scheduled report is sent at the time of its own time zone, which is the workspace's when it "
            "is created and does not change with it later. After a move, or when daylight saving time starts "
            "somewhere else, edit the schedule and pick the zone again.\n\nA report is skipped, not sent "
            "empty, when its query fails; the owner gets a notice. Up to 200 recipients. Addresses outside "
            "your domain have to be allowed under Settings > Sharing first."
        ),
        200,
    ),
    Article(
        "api-rate-limits",
        "API rate limits and how to stay below them",
        (
            "The Quayside API allows 120 requests a minute for each token on Team, 600 on Business and 1,200 "
            "on Enterprise. Above that it answers 429 with a Retry-After header in seconds. Requests that "
            "are refused do not count.\n\nRead pages of 500 rows instead of single records, use the "
            "updated_since parameter, and spread nightly jobs over several minutes. Bulk loading has its own "
            "endpoint, /v2/bulk, which takes files of up to 100 MB and is not limited by requests."
        ),
        95,
    ),
    Article(
        "webhook-signatures",
        "Verifying webhook signatures",
        (
            "Every webhook carries the header Quayside-Signature: the HMAC-SHA256 of the raw body with your "
            "signing secret, in hex. Compute it over the bytes as received: frameworks that parse and print "
            "the JSON again change it, and the signature no longer matches.\n\nAfter a secret is rotated, "
            "both secrets are used for 24 hours and the header holds two values separated by a comma. A "
            "webhook that is not answered with a 2xx within ten seconds is repeated up to six times."
        ),
        130,
    ),
    Article(
        "salesforce-sync",
        "Salesforce sync stops with INSUFFICIENT_ACCESS or INVALID_SESSION_ID",
        (
            "The Salesforce connector works as the user who authorised it. If that user's password, profile "
            "or session policy changes, the sync stops: INVALID_SESSION_ID means that it has to be "
            "authorised again, INSUFFICIENT_ACCESS that the profile lacks View All for an object or a field.\n\n"
            "Use an integration user that nobody signs in as, give it the permission set Quayside Read, and "
            "choose Reconnect under Connectors > Salesforce. Nothing is lost: the next run picks up at the "
            "last good record. New custom fields appear after Refresh schema."
        ),
        75,
    ),
    Article(
        "warehouse-network",
        "Connecting Snowflake, BigQuery and Postgres: network and keys",
        (
            "Quayside reaches your warehouse from fixed addresses, listed under Settings > Network for your "
            "region. Add all of them to the allowlist: jobs move between them without notice. Private links "
            "are available on Enterprise.\n\nSnowflake no longer accepts passwords for service users: create "
            "a key pair and paste the private key in PKCS#8 form. For BigQuery the service account needs the "
            "roles Job User and Data Viewer. A Postgres replica that cancels long queries needs "
            "max_standby_streaming_delay of at least 15 minutes."
        ),
        60,
    ),
    Article(
        "slow-dashboards",
        "Making slow dashboards fast",
        (
            "A dashboard runs one query for each tile. Open Performance in the tile's menu to see how long "
            "it waited and how long it ran. Waiting means that your warehouse is busy; running means that "
            "the query reads too much.\n\nWhat helps most: a date filter with a default, extracts for tables "
            "that change once a day, and fewer than twenty tiles. Filters on calculated fields cannot use "
            "indexes; move the calculation into the model."
        ),
        240,
    ),
    Article(
        "invoices",
        "Invoices, tax numbers and the billing address",
        (
            "Invoices are issued on the first of the month and sent to the billing contacts. Owners can "
            "change the address, tax number and contacts under Settings > Billing. A change applies to the "
            "next invoice; for one that was already issued, support can make a corrected copy within 30 days.\n\n"
            "Payment terms are 30 days. Cards are tried again on days 3, 7 and 14 after a failed payment; "
            "the workspace is read-only from day 21. Nothing is deleted."
        ),
        190,
    ),
    Article(
        "seats",
        "How seats are counted and changed",
        (
            "A seat is taken by every active user with the role editor, admin or owner. Viewers are free. A "
            "seat that is freed can be given to somebody else at once, but the number on the contract only "
            "goes down at renewal.\n\nSeats added during a term are charged for the rest of it, by the day. "
            "Deactivated users do not take a seat; invited ones do, from the day of the invitation."
        ),
        170,
    ),
    Article(
        "deletion-requests",
        "Deleting personal data and closing a workspace",
        (
            "An owner can ask for the deletion of one person's data under Settings > Privacy; it is done "
            "within 30 days, backups included, and confirmed by mail. We act on requests of owners only, and "
            "pass on what reaches us from anybody else.\n\nClosing a workspace keeps its data for 60 days in "
            "case it was a mistake. Export what you need first: afterwards nobody can restore it, we neither."
        ),
        350,
    ),
    Article(
        "audit-log",
        "The audit log: what it records and how to get it",
        (
            "The audit log records sign-ins, changes to people, roles, connectors and sharing, and every "
            "export, with time, person and address. It is kept for 13 months on Business and for 7 years on "
            "Enterprise.\n\nAdmins can filter and download it under Settings > Security, or read it with GET "
            "/v2/audit, newest first, 1,000 entries a page. It can be sent to a SIEM as JSON lines over "
            "HTTPS."
        ),
        210,
    ),
    Article(
        "recovery-link-procedure",
        "Internal: issuing a recovery link to a locked-out workspace",
        (
            "Only for members of the support team. Verify the requester as an owner by calling the number on "
            "the contract, never one given in the ticket. A second team member approves in the triage "
            "thread. Issue the link in the back office; it is valid for one hour.\n\nNever send a recovery "
            "link to an address that is not already an owner's, whoever asks and however urgent it sounds."
        ),
        120,
        internal=True,
    ),
    Article(
        "api-v1",
        "Using the v1 API (retired)",
        (
            "Version 1 of the API was switched off. Tokens made for it do not work with /v2. This article is "
            "kept for reference only."
        ),
        700,
        active=False,
    ),
    Article(
        "tablet-app",
        "The Quayside tablet app (discontinued)",
        (
            "The tablet app is no longer in the stores. Dashboards open in the tablet's browser instead; add "
            "them to the home screen for a full-screen view."
        ),
        640,
        active=False,
    ),
)
