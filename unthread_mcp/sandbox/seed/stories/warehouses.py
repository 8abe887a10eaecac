"""Stories about warehouses, databases and files."""

from __future__ import annotations

from typing import Final

from unthread_mcp.sandbox.seed.script import Story

STORIES: Final = (
    Story(
        "Snowflake: JWT token is invalid",
        "Data sync",
        (
            (
                '> After we moved our Snowflake user to key pair authentication the test says "JWT token is '
                'invalid". Key was made with openssl as in your guide.'
            ),
            (
                "< That's usually the key's form. Does the file begin with BEGIN RSA PRIVATE KEY? Then it is "
                "PKCS#1, and PKCS#8 is needed: openssl pkcs8 -topk8 -nocrypt -in key.pem -out key.p8"
            ),
            "> It did. Converted, same error :(",
            (
                "< Could you compare the fingerprints? In Snowflake: DESC USER QUAYSIDE_SVC, "
                "RSA_PUBLIC_KEY_FP; on our side it stands beneath the key. Please don't paste the key itself "
                "here."
            ),
            "> They differ. Our DBA had set the public key of the test account. Fixed, test is green.",
            "< Glad it's solved. Old password sign-in can be switched off now.",
        ),
        priority=5,
        fix="The wrong public key was set on the Snowflake user.",
    ),
    Story(
        "Row counts differ between warehouse and Quayside",
        "Data sync,Bug",
        (
            (
                "> SELECT count(*) in BigQuery gives 1,204,331 orders for last month. The dashboard says "
                "1,198,077. Which of the two is lying?"
            ),
            (
                "< Neither, I suspect: the dashboard's time zone is Europe/Berlin and your query counts in "
                "UTC, so orders around midnight at both ends of the month move. Could you repeat the query "
                "with DATE(created_at, 'Europe/Berlin')?"
            ),
            "> 1,198,077. To the row. Okay, I owe you a coffee.",
        ),
        fix="Time zone of the dashboard against UTC in the query.",
    ),
    Story(
        "Postgres replica cancels our sync",
        "Data sync",
        (
            (
                '> We sync from a read replica. Every night: "canceling statement due to conflict with '
                "recovery\". During the day it's fine."
            ),
            (
                "< At night your primary vacuums, and the replica has to choose between applying that and "
                "letting our long query run. Please set max_standby_streaming_delay to 15min on the replica, "
                "or hot_standby_feedback = on if you prefer."
            ),
            "> Took the first one. Last three nights were green.",
        ),
        fix="Replica setting max_standby_streaming_delay raised to 15 minutes.",
    ),
    Story(
        "MongoDB: nested arrays come as text",
        "Data sync",
        (
            (
                "> The field items in our orders collection is an array of documents; in Quayside it's one "
                "long text column. How do we get rows?"
            ),
            (
                "< Set Unnest for that field under Connectors > MongoDB > Fields. It makes a child table "
                "orders_items with the parent's _id. The first load after that reads the whole collection."
            ),
            "> 31 million documents, how long will that take?",
            "< About three hours at your cluster's size. I'd start it in the evening.",
            "> Took 2h40. Tables look right.",
        ),
        fix="Unnest makes a child table for the array.",
    ),
    Story(
        "Dates are off by one day in the warehouse export",
        "Data sync,Bug",
        (
            "> Write-back to Snowflake stores delivery dates one day early, but only for sites in Australia.",
            "< Is the column there a DATE or a TIMESTAMP_TZ?",
            "> TIMESTAMP_TZ since last month. Before, it was DATE.",
            (
                "< Then midnight in Sydney becomes the previous day in UTC. Either make it DATE again, or "
                "set Write times as: local in the write-back's options."
            ),
            "> Back to DATE. The carriers will be relieved.",
        ),
        priority=5,
        fix="Column type had changed from DATE to TIMESTAMP_TZ.",
    ),
    Story(
        "Allowlist: which addresses for the US region?",
        "Data sync,How-to",
        (
            "> Our firewall team needs the addresses your connectors come from, US region.",
            (
                "< They stand under Settings > Network, six of them for US. Please allow all six: jobs move "
                "between them without notice."
            ),
            "> All six allowed.",
        ),
        fix="Addresses are listed under Settings > Network.",
    ),
    Story(
        "Historical data before 2021 missing",
        "Data sync",
        (
            "> The board wants ten years. We see orders from January 2021 only.",
            (
                "< When the connector was set up, Start date was left at its default. It can be moved back "
                "under Connectors > Advanced; the older years are then loaded behind the current ones, so "
                "nothing is late meanwhile."
            ),
            "> Loading. 2019 just appeared. Lovely.",
        ),
        fix="The connector's start date was moved back.",
    ),
    Story(
        "Sync error: column 'amount' cannot be cast to decimal",
        "Data sync,Bug",
        (
            (
                "> Since yesterday: \"column amount cannot be cast to decimal (value: '1.204,50 EUR')\". "
                "Somebody upstream changed the format."
            ),
            (
                "< We can read that with a parsing rule: Fields > amount > Parse as number, decimal comma, "
                "ignore currency. The rejected rows wait in quarantine and are tried again with the new rule."
            ),
            "> 412 rows went through after the change. And I have had a word with the upstream people.",
        ),
        fix="A parsing rule reads the new number format; quarantined rows were retried.",
    ),
    Story(
        "Kafka topic lag keeps growing",
        "Data sync,Performance",
        (
            (
                "> Consumer lag on our events topic grows by a million a day. Eight partitions, about 900 "
                "messages per second."
            ),
            (
                "< One reader handles around 700 a second. I can give your connector four readers, one for "
                "every two partitions. Order within a partition stays as it is."
            ),
            "> Please do.",
            "# Scaled to 4 readers, watch cost on their side: none.",
            "< Done. Lag falls by about 90,000 a minute.",
            "> It just reached zero. Thank you!",
        ),
        priority=7,
        fix="Four readers instead of one.",
    ),
    Story(
        "SAP table BSEG too large for a full load",
        "Data sync,Performance",
        (
            "> Full load of BSEG is killed by our basis team after an hour (they're right). Can it be done in pieces?",
            (
                "< Yes, by a range: fiscal year and then document number, in slices of two million rows. "
                "I've prepared a profile for it, please look through it before you switch it on. [file: "
                "bseg-slices.json]"
            ),
            "> Our basis team asks whether it can pause from 22 to 24 h, month-end closing.",
            "< There's a field blackout in the profile; I've put it in.",
            "> Running since Tuesday, at 61 %. No complaints so far, which is the highest praise here.",
        ),
        priority=5,
        fix="Sliced load profile with a blackout window.",
    ),
    Story(
        "Encrypted columns are unreadable",
        "Data sync,Security",
        (
            "> Three columns arrive as gibberish like v1:8f2a... We use column encryption with our own key.",
            (
                "< That's your encryption doing its job: we store them as they come. If we should read them, "
                "the key has to be shared through the key vault integration. Many leave it as it is and join "
                "on a hash instead."
            ),
            "> We will leave it. The hash is a good idea.",
        ),
        fix="Works as intended; join on a hash.",
    ),
    Story(
        "Duplicate rows after region migration",
        "Data sync,Bug",
        (
            "> Since you moved us from US to EU on the weekend, yesterday's rows are in our tables twice.",
            (
                "< Sorry about that. The last run before the move was repeated after it. I can see 40,211 "
                "repeated rows in six tables and can remove them for you, keeping the earlier ones. May I?"
            ),
            "> Yes, please, today if possible.",
            "# Ran dedupe job 3 min, counts match the source in all six tables.",
            "< Removed; all six tables agree with the source again.",
            "> Confirmed. Thanks.",
        ),
        priority=7,
        kind="Bug report",
        fix="The last run was repeated after the move; 40,211 repeated rows were removed.",
    ),
    Story(
        "Certificate of our SFTP server changes on the 15th",
        "Data sync",
        (
            "> Heads-up: the host key of our SFTP server changes on the 15th at noon. What do you need?",
            "< The new key's fingerprint, SHA-256. We can hold both, then it doesn't matter which minute you switch.",
            "> SHA256:Vt0n3wKeYf1ngerPr1ntF0rTheH4rbour0fQuaysideExm",
            "< Both are in place. I'll take the old one out on the 20th.",
        ),
        fix="Both host keys were accepted during the change.",
    ),
)
