"""Stories about signing in, roles and security."""

from __future__ import annotations

from typing import Final

from unthread_mcp.sandbox.seed.script import Story

STORIES: Final = (
    Story(
        "SAML: invalid signature since this morning",
        "SSO,Bug",
        (
            (
                "> Nobody here can sign in since early this morning. Okta sends people on to you and then "
                'your page says "SAML response: invalid signature". We changed nothing as far as I know. 140 '
                "people are locked out."
            ),
            (
                "< That message means that the response was signed with a certificate we don't know. Okta "
                "rotates its signing certificate by itself when the old one expires. Could you check in the "
                "Okta app's Sign On tab whether a new one became active today?"
            ),
            '> Yes, "active since today 05:28". So that is it. Where do I put it?',
            (
                "< Settings > Sign-in > SAML > Add certificate, PEM text. As you can't get in either, I have "
                "just mailed the recovery link to the owner address on file."
            ),
            "# Verified by calling the number on the contract. Second pair of eyes: Hannah, approved.",
            "> Link worked, certificate is in, people are coming back. Thank you for being quick.",
            "< Great. Leave the old certificate in place until tonight, then remove it.",
        ),
        priority=9,
        kind="Access request",
        fix="Okta had rotated its signing certificate; the new one was uploaded with a recovery link.",
    ),
    Story(
        "New joiners don't get an account through SCIM",
        "SSO",
        (
            (
                "> Three people started on Monday, they're in the Entra group that is assigned to Quayside, "
                'but no account was created. Provisioning log in Entra says "skipped: user not in scope".'
            ),
            (
                "< \"Not in scope\" is decided on Entra's side. Is the group nested? Entra doesn't look into "
                "groups within groups for provisioning."
            ),
            (
                "> Indeed it's nested since IT reorganised things last week. I assigned the inner group "
                "directly and they appeared ten minutes later."
            ),
            "< Good. Deactivation follows the same rule, so the old outer group can be unassigned.",
        ),
        priority=5,
        kind="Access request",
        fix="The group was nested; assigning the inner group directly fixed provisioning.",
    ),
    Story(
        "Please reset two-factor for a colleague",
        "Security,How-to",
        (
            (
                "> Hello, my colleague dropped her phone into the harbour (really) and can't sign in any "
                "more. I'm not an admin. Can you switch off her second factor?"
            ),
            (
                "< I'm sorry about the phone! We don't reset a second factor at a colleague's request. An "
                "admin of your workspace can do it under Settings > People > her name > Reset second factor. "
                "Has she got her recovery codes somewhere?"
            ),
            "> She has found the codes in her password manager. All fine, thanks!",
        ),
        fix="She used her recovery codes.",
    ),
    Story(
        "Role 'editor' can't share dashboards outside",
        "How-to",
        (
            (
                "> One of our editors tries to share a dashboard with our auditor and the button is greyed "
                "out. For me as admin it works. Is that a bug?"
            ),
            (
                "< It's a setting: Settings > Sharing > Who may share outside, which stands on Admins in "
                "your workspace. You can set it to Editors, or share this one yourself and leave the rule as "
                "it is."
            ),
            "> I'd rather leave it. Shared it myself. Thanks.",
        ),
        kind="Access request",
        fix="Outside sharing is limited to admins by a workspace setting; the admin shared it.",
    ),
    Story(
        "Owner has left the company",
        "Security,Escalated",
        (
            (
                "> The only owner of our workspace left at the end of last month and nobody can change the "
                "billing contact. Please make me the owner."
            ),
            (
                "< We can move ownership once we know that the company wants it. Please have someone with "
                "signing authority send a letter on your letterhead, naming the old and the new owner; I'll "
                "call back on the number in the contract."
            ),
            "> Our managing director will send it today. [file: ownership-letter.pdf]",
            (
                "# Letter received. Called the switchboard, was put through to the MD, confirmed. Waiting "
                "for Hannah's okay."
            ),
            "# Okay from me. HO",
            (
                "< Ownership has been moved to you. Please sign out and in again, and check the list under "
                "Settings > People: the former owner's account is deactivated now."
            ),
            "> Perfect, thank you both.",
        ),
        priority=7,
        kind="Access request",
        fix="Ownership was moved after a letter and a call to the number on the contract.",
    ),
    Story(
        "Login mails arrive after 20 minutes",
        "Bug",
        (
            (
                "> The e-mail codes for signing in take 20 minutes or more to arrive, and by then they have "
                "expired. Other mail is instant."
            ),
            (
                "< Your mail server answers our first attempt with a temporary 451 (greylisting) and we try "
                "again later. Could your mail team let mail from our addresses through? They are listed "
                "under Settings > Network."
            ),
            "> Passed on. They ask for the exact host name in the greeting.",
            "< mail-out-1.quayside.example to mail-out-6.quayside.example, each with matching reverse DNS.",
            "> Done, codes arrive within seconds now.",
        ),
        priority=5,
        fix="Their mail server greylisted us; our senders were put on its allowlist.",
    ),
    Story(
        "Can we restrict sign-in to our office network?",
        "Security,How-to",
        (
            (
                "> Our auditors want access limited to our own addresses. Does Quayside have an IP allowlist "
                "for users, and does it also cover the API?"
            ),
            (
                "< Yes to both: Settings > Security > Allowed networks. It covers people and API tokens "
                "alike, and you can exempt single tokens, for example for a cloud job. Start in report-only "
                "mode: for a week it only writes to the audit log what it would have blocked."
            ),
            "> Report-only mode is exactly what I needed to hear. We'll start with that.",
        ),
        fix="Pointed to allowed networks, starting in report-only mode.",
    ),
    Story(
        "SSO works in Chrome, not in Safari",
        "SSO,Bug",
        (
            (
                "> Two of our directors use Safari on their iPads. After the identity provider they land on "
                "a white page. Chrome on the same iPad is fine."
            ),
            (
                "< Does your portal open Quayside inside a frame? Safari blocks third-party cookies there, "
                "and the session is lost."
            ),
            "> Yes, we embed it in our intranet. Opened directly it works.",
            (
                "< Then please set the intranet tile to open in a new tab. We are working on sign-in that "
                "does not need the cookie; I've added you to the list of people to tell."
            ),
        ),
        kind="Bug report",
        priority=3,
        fix="Safari blocks the session cookie inside frames; open in a new tab.",
    ),
    Story(
        "Who deleted our sales dashboard?",
        "Security,How-to",
        (
            (
                "> Our main sales dashboard is gone since yesterday afternoon. Can you tell me who did it "
                "and bring it back?"
            ),
            (
                "< Deleted dashboards stay in the bin for 30 days: Dashboards > Bin > Restore, with "
                "everything in it. Who deleted it stands in the audit log, Settings > Security, filter on "
                "dashboard.deleted. Both are visible to admins."
            ),
            "> Restored. It was me. I thought I was in the test folder. Let's never speak of this again :)",
            "< Our lips are sealed.",
        ),
        priority=7,
        fix="Restored from the bin; the audit log showed who deleted it.",
    ),
    Story(
        "Suspicious sign-in from another country",
        "Security",
        (
            (
                "> We got your notice about a sign-in from Singapore for one of our users. He's in the "
                "office next to me. What should we do?"
            ),
            (
                "< First: Settings > People > the user > End all sessions, and have him change his password "
                "at your identity provider. I'm looking at the sign-in now."
            ),
            (
                "# Address belongs to a corporate VPN provider's exit in SG. User agent equals his usual "
                "one. Very likely VPN."
            ),
            (
                "< The address is an exit of a commercial VPN, with the same browser and device as always. "
                "Might he have switched on a VPN?"
            ),
            "> He did, for a football match. Sessions ended anyway. Sorry for the alarm.",
            "< No need to be sorry, that's what the notice is for.",
        ),
        priority=9,
        fix="The user had used a VPN; sessions were ended as a precaution.",
    ),
    Story(
        "SOC 2 report and pen test summary",
        "Security",
        (
            (
                "> For our yearly vendor review I need your current SOC 2 Type II report and the summary of "
                "the last penetration test."
            ),
            (
                "< Both are in the trust centre at "
                "[trust.quayside.example](https://trust.quayside.example/documents). They are shared under "
                "NDA; I've approved the address you write from, so the download should open right away."
            ),
            "> Downloaded, thank you. Next year same time :)",
        ),
        fix="Documents shared through the trust centre.",
    ),
    Story(
        "Session ends after 30 minutes",
        "SSO,How-to",
        (
            "> People are thrown out after half an hour even while they're working. Can we have 8 hours?",
            (
                "< Your identity provider sends SessionNotOnOrAfter with 30 minutes, and we respect it. If "
                "it leaves that out, the value under Settings > Sign-in > Session length applies, up to 12 "
                "hours."
            ),
            "> Our identity team says that's policy and stays. Okay, closing this.",
        ),
        fix="The identity provider limits the session; policy stays.",
    ),
    Story(
        "Bulk change of 60 viewers to editors",
        "How-to",
        (
            (
                "> Is there a way to make 60 viewers editors without clicking 60 times? There's a "
                "reorganisation on the 1st."
            ),
            (
                "< Settings > People > Export, change the role column in the CSV, and Import. Rows that are "
                "not in the file stay as they are. Note that 60 editors take 60 seats."
            ),
            "> How many seats do we have left?",
            (
                "< 42. The other 18 would be added and charged by the day until your renewal. Shall I ask "
                "our billing team for the exact figure before you import?"
            ),
            "> Yes please, with a quote I can forward.",
            "# Jonas W., can you make a quote for 18 seats from the 1st until renewal?",
            "< Here is the quote. The import itself takes a minute, any time. [file: quote-18-seats.pdf]",
            "> Approved by my boss. Importing on the 1st.",
        ),
        kind="Access request",
        fix="Roles are changed by CSV import; quote for 18 more seats accepted.",
    ),
    Story(
        "External consultant needs access for two weeks",
        "How-to",
        (
            "> We have a consultant in for two weeks. Can an account expire by itself?",
            (
                "< Yes: when you invite, open More and set Access ends. On that day the account is "
                "deactivated, and the seat is free again."
            ),
            "> Lovely, didn't know that.",
        ),
        kind="Access request",
        fix="Invitation with an end date.",
    ),
    Story(
        "SAML attribute for department isn't taken over",
        "SSO",
        (
            (
                '> We send "department" in the SAML response but it stays empty in Quayside. Row-level rules '
                "depend on it."
            ),
            "< Could you send me a response as captured with a SAML tracer? Please take out the signature.",
            "> Attached. [file: saml-response.xml]",
            (
                "< Your provider sends the attribute as "
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/department; the mapping under "
                'Settings > Sign-in > Attributes expects plain "department". Either name can be entered '
                "there."
            ),
            "> Changed the mapping, next sign-in filled it. The row rules work too.",
        ),
        priority=5,
        fix="Attribute mapping used the wrong claim name.",
    ),
    Story(
        "Two accounts for the same person",
        "How-to",
        (
            (
                "> After her wedding our colleague has two accounts, with the old and the new surname, and "
                "her dashboards are in the old one. Can you merge them?"
            ),
            (
                "< Accounts can't be merged, but content can be moved: Settings > People > old account > "
                "Transfer content. Afterwards deactivate it. At your directory, keep the employee number as "
                "the SCIM id, then a new name doesn't make a new account."
            ),
            "> Transfer did it. We'll look at the SCIM id with IT.",
        ),
        fix="Content was transferred to the new account.",
    ),
    Story(
        "API token of a former employee",
        "Security,API",
        (
            (
                "> A former developer's personal token still runs our nightly job. If we deactivate him, "
                "does the job stop?"
            ),
            (
                "< Yes, personal tokens stop with their user. Create a service token under Settings > API > "
                "Service tokens, with the role viewer for reading, put it into the job, then deactivate him."
            ),
            "> Switched yesterday evening, job ran with the new token, account deactivated. Thank you.",
        ),
        priority=7,
        fix="Moved the job to a service token before deactivating the user.",
    ),
)
