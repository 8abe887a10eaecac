"""Stories about invoices, seats, contracts and privacy."""

from __future__ import annotations

from typing import Final

from unthread_mcp.sandbox.seed.script import Story

STORIES: Final = (
    Story(
        "VAT number missing on invoice",
        "Billing",
        (
            "> Our accounting sends back {invoice} because our VAT number isn't on it. Can you issue it again?",
            (
                "< Of course. I've made a corrected copy with the VAT number; it has the same number with "
                "the suffix -C. Please enter it under Settings > Billing too, then the next ones have it by "
                "themselves. [file: invoice-corrected.pdf]"
            ),
            "> Entered, and the copy was accepted. Thanks, Jonas.",
        ),
        kind="Billing question",
        fix="Corrected invoice with the VAT number.",
    ),
    Story(
        "Charged for 25 seats, we have 19",
        "Billing",
        (
            "> {invoice} says 25 editor seats. I count 19 people. Where do the other six come from?",
            (
                "< Six invitations are open since March; an invitation takes a seat from the day it's sent. "
                "If you withdraw them, the seats are free at once. For the past months I can give you a "
                "credit, as they were never used."
            ),
            "> Withdrawn. A credit would be fair.",
            "# Credit of 6 seats x 2 months approved.",
            "< The credit is on your next invoice.",
        ),
        priority=5,
        kind="Billing question",
        fix="Open invitations took six seats; credit for two months.",
    ),
    Story(
        "Card declined",
        "Billing",
        (
            "> We got a mail that our card was declined. The card is fine, our bank sees no attempt.",
            (
                '< The bank\'s answer to our provider was "3-D Secure required". If you pay once under '
                "Settings > Billing > Pay now, you're asked to confirm, and later charges pass."
            ),
            "> Confirmed in the banking app, paid.",
        ),
        kind="Billing question",
        fix="Confirmed the payment once with 3-D Secure.",
    ),
    Story(
        "Switch from monthly to yearly",
        "Billing",
        (
            "> What do we save if we pay yearly? 14 seats.",
            (
                "< Two months out of twelve, about 16 %. The change takes effect at your next invoice on the "
                "1st. Shall I prepare it?"
            ),
            "> Please, starting on the 1st.",
            "< Prepared; you'll get one order form to sign. [file: order-form.pdf]",
            "> Signed.",
        ),
        kind="Billing question",
        fix="Moved to yearly payment from the 1st.",
    ),
    Story(
        "Purchase order number on invoices",
        "Billing,How-to",
        (
            "> Our procurement needs the PO number 4500081193 on every invoice.",
            "< Settings > Billing > Reference. What stands there is printed on all further invoices.",
            "> Found it, thanks.",
        ),
        kind="Billing question",
        fix="Reference field under billing.",
    ),
    Story(
        "Refund for double payment",
        "Billing",
        (
            "> We paid {invoice} twice, by transfer and by card, on the same day. Please send one back.",
            "< Both arrived. I'm sending the card payment back today, it takes five to ten working days to show up.",
            "> It's there since this morning. Thank you.",
        ),
        priority=5,
        kind="Billing question",
        fix="The second payment was refunded to the card.",
    ),
    Story(
        "Non-profit discount",
        "Billing",
        (
            "> We are a registered charity. Do you have a discount for us?",
            "< 40 % on Team and Business for registered non-profits. Please send the certificate of registration.",
            "> Attached. [file: charity-register.pdf]",
            "< Verified, the discount applies from your next invoice.",
        ),
        kind="Billing question",
        fix="Non-profit discount applied.",
    ),
    Story(
        "We want to leave at the end of the term",
        "Billing",
        (
            "> Please take this as notice: we won't renew in September. Nothing personal, the group has another tool.",
            (
                "< I'm sorry to see you go, and have noted it: your contract ends on 30 September. Until "
                "then everything stays as it is. Would you like help with exporting your models?"
            ),
            "> Yes, a list of what can be exported would be good.",
            (
                "< Attached, with the order I'd go in. After the end the data stays for 60 days, then it's "
                "gone for good. [file: leaving-checklist.csv]"
            ),
            "> Very decent of you, thank you.",
        ),
        priority=5,
        kind="Billing question",
        fix="Non-renewal confirmed; checklist for exporting.",
    ),
    Story(
        "New billing address after merger",
        "Billing",
        (
            "> We have a new legal name and address since the merger on the 1st. What do you need?",
            (
                "< An owner can change the address under Settings > Billing. For the name I need the entry "
                "in the company register, since the contract is with the old company."
            ),
            "> Sent by our legal team. [file: register-extract.pdf]",
            "< Name and contract have been changed. The first invoice with them is the one of next month.",
        ),
        kind="Billing question",
        fix="Contract moved to the new legal name.",
    ),
    Story(
        "Delete a former employee's personal data",
        "Security",
        (
            "> A former employee asks for the deletion of his data under GDPR, article 17. What do we do?",
            (
                "< An owner starts it: Settings > Privacy > Delete a person. It covers his account, comments "
                "and sign-in history; dashboards stay, without his name. You get a confirmation for your "
                "files within 30 days."
            ),
            "> Started. Does that include backups?",
            "< Yes, they roll over within those 30 days.",
            "> Confirmation arrived today, forwarded to our data protection officer.",
        ),
        priority=5,
        fix="Deletion was started by the owner and confirmed.",
    ),
    Story(
        "Data processing agreement, new sub-processor",
        "Security",
        (
            "> Your notice of the new sub-processor for mail: in which country is the data processed?",
            (
                "< In Ireland and Germany, with no transfer outside the EU. The transfer assessment is in "
                "the trust centre, document 14."
            ),
            "> Then we have no objection.",
        ),
        fix="No objection to the new sub-processor.",
    ),
    Story(
        "Trial extension",
        "Billing",
        (
            (
                "> Our trial ends on Friday, and our data engineer is back from leave on Monday only. Could "
                "we have another week?"
            ),
            "< Sure: it now ends a week from Friday. Nothing to do on your side.",
            "> You're great.",
        ),
        fix="Trial extended by a week.",
    ),
    Story(
        "Invoice goes to a person who has left",
        "Billing,How-to",
        (
            "> Invoices still go to our former bookkeeper. I can't find where to change it.",
            (
                "< Only owners see it: Settings > Billing > Contacts. Your owner is the managing director. "
                "He can also make you a billing manager, then you see it yourself."
            ),
            "> He did. Changed to accounts@{domain}.",
        ),
        kind="Billing question",
        fix="Billing contact changed by the owner.",
    ),
    Story(
        "Price increase at renewal",
        "Billing,Escalated",
        (
            (
                "> Our renewal quote is 11 % above last year's. Nobody talked to us about that. I'd like to "
                "speak with someone."
            ),
            (
                "< I understand, that should not come as a surprise. I've asked Hannah, who leads our team, "
                "and your account manager to call you. When would suit you?"
            ),
            "> Tomorrow between 2 and 4 pm.",
            "# Call done: they'd sign for two years at 4 %. Aisha has approval up to 5 %.",
            "< Thank you for the talk. The new quote over two years is attached. [file: renewal-two-years.pdf]",
            "> That's acceptable. Signed copy will follow this week.",
        ),
        priority=7,
        kind="Billing question",
        fix="Two-year renewal at a smaller increase.",
    ),
    Story(
        "Which plan has the audit log?",
        "Billing,How-to",
        (
            "> Is the audit log part of Team? We can't see it.",
            "< It starts with Business, with 13 months; on Enterprise it's seven years.",
            "> Then we have something to discuss here. Thanks for the quick answer.",
        ),
        fix="Audit log is part of Business and Enterprise.",
    ),
    Story(
        "Bank details changed? Is this mail from you?",
        "Billing,Security",
        (
            (
                "> We received a mail with your logo that says your bank account has changed and we should "
                "pay {invoice} to a bank in another country. Is that really you? [file: suspicious-mail.eml]"
            ),
            (
                "< No, that's not us, and thank you for asking first. Our account has not changed. Please "
                "don't pay it, and don't answer that mail."
            ),
            "# Reported the look-alike domain (quayslde, with an l) to the registrar and to our security list.",
            "< We have reported the domain. If anyone in your company has already paid, call your bank at once.",
            "> Nobody paid. We've warned all our colleagues.",
        ),
        priority=9,
        kind="Billing question",
        fix="Fraudulent mail with changed bank details; domain reported, nothing was paid.",
    ),
    Story(
        "Read-only after failed payment",
        "Billing",
        (
            (
                "> Our workspace is read-only since today, a banner says payment overdue. Accounting says "
                "they paid on the 4th."
            ),
            (
                "< The transfer of the 4th has the reference of last year's invoice, so it was booked there. "
                "I've moved it; the workspace is open again."
            ),
            "> Works. I'll have a word with accounting about references.",
        ),
        priority=7,
        kind="Billing question",
        fix="The payment was booked to the wrong invoice and moved.",
    ),
)
