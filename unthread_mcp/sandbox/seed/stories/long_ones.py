"""Three long ones: a chat of forty messages, a thread of 250, and a message of 25,000 characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unthread_mcp.sandbox.seed.script import Special, Story

if TYPE_CHECKING:
    from unthread_mcp.sandbox.seed.dice import Dice

THREAD_LENGTH: Final = 250
MESSAGE_LENGTH: Final = 25_000

_CHAT: Final = (
    "> hi, can someone help me with row rules",
    "< Hi {contact}! Sure. What would you like to achieve?",
    "> each store manager should see only their store",
    "< Okay. Is there a table that says which manager belongs to which store?",
    '> yes, "managers", with email and store_id',
    "< Perfect. Then go to Models > Row rules and choose Add.",
    "> i'm there",
    '< Pick the table "sales" first.',
    "> done",
    '< Now the condition: sales.store_id is in, and then "lookup".',
    "> lookup wants a table and a key",
    "< Table managers, key email, value store_id. Match it with user.email.",
    '> it says "0 of 42 managers match a user"',
    "< Hm. How are the addresses written in the table?",
    "> FIRST.LAST@TALLOWANDFINCH.EXAMPLE",
    "< In capitals? The match looks at upper and lower case, unless you tick Ignore case below.",
    "> ticked",
    "> 41 of 42 now!",
    "< Nice. Who's the one?",
    "> owen. he has two s in his address in the table. typo",
    "< So fix it at the source, or it will come back with the next sync.",
    "> fixed in the sheet",
    "> 42 of 42 :)",
    "< Before you save: choose Preview as, and take one of the managers.",
    "> ok looking as mary",
    "> she sees store 7 only. correct",
    "< And yourself? Admins see everything unless Apply to admins is on.",
    "> i see all. good",
    "< Then Save. It applies to everybody within a minute.",
    "> saved",
    "> one more thing",
    "> regional managers have several stores",
    "< Several lines in the table with the same address are fine, the rule takes all of them.",
    "> so beatrice gets 3 lines",
    "< Exactly.",
    "> checked with preview, 3 stores",
    "# Nice customer, could be a case study on row rules. Told marketing.",
    "< Anything else?",
    "> no that's it, you saved my day",
    "< Glad to hear it. Have a good one!",
)

_PROBLEMS: Final = (
    "17 rows rejected, posting date empty",
    "3 rows rejected, unknown cost centre 4711-B",
    "212 rows rejected, amount with two decimal points",
    "no rows rejected",
    "41 rows rejected, currency XDR not in the list",
    "8 rows rejected, duplicate document number",
    "1 row rejected, text longer than 255 characters",
)
_ANSWERS: Final = (
    "Thanks, I've put them into the exceptions table. Go ahead with the next one.",
    "That is the old cost centre list again. Mapping extended, please repeat this batch.",
    "Looks good on our side as well, totals agree. Next one can run.",
    "I see the same number here. I've changed the parsing rule, the repeat should pass.",
    "Checked against the trial balance: difference 0.00. Carry on.",
    "Give me ten minutes, the loader is still busy with the index of the last batch.",
)
_REPLIES: Final = (
    "Repeated, went through.",
    "Okay, starting the next one.",
    "Ours agrees too. Short break here, back at 2.",
    "Done. The controllers are watching over my shoulder, no pressure.",
    "Started. This one is larger, December.",
)

_MODULES: Final = ("loader", "mapper", "net.pool", "auth", "scheduler", "writer.parquet", "schema")
_EVENTS: Final = (
    "INFO  batch accepted rows={n} bytes={m}",
    "DEBUG lease renewed ttl=30s holder=worker-{d}",
    "INFO  checkpoint written offset={m}",
    "WARN  slow upstream response took={n}ms threshold=2500ms",
    "DEBUG column cache hit table=gl_lines columns={d}",
    "INFO  retry scheduled attempt={d}/5 in={n}ms",
    "ERROR connection reset by peer host=erp-{d}.internal after={n} bytes",
)


def long_ones(dice: Dice) -> tuple[Special, ...]:
    """The three, as the dice fall."""
    return (
        Special(
            "long-chat",
            Story(
                "Row rules for store managers",
                "How-to,Security",
                _CHAT,
                channel="widget",
                fix="Row rule with a lookup.",
            ),
            "Tallow & Finch",
            "closed",
            working_days=17,
        ),
        Special(
            "longest-thread",
            Story(
                "Migration of the general ledger, all batches",
                "Data sync,Escalated",
                _migration(dice),
                7,
                channel="slack",
            ),
            "Kestrel Insurance",
            "in_progress",
            working_days=30,
        ),
        Special(
            "longest-message",
            Story(
                "Loader keeps losing its connection, full log",
                "Data sync,Bug",
                (_log(dice),),
                7,
                "Bug report",
                channel="email",
            ),
            "Sunda Foods",
            "open",
            working_days=1,
            contact=1,
        ),
    )


def _migration(dice: Dice) -> tuple[str, ...]:
    """Batch by batch: the customer reports, the team answers, now and then a note."""
    lines = [
        (
            "> As agreed we use this thread for the ledger migration: one message for each batch, about 100 "
            "batches in all. First one starts now."
        ),
        "< Thanks, {contact}. We watch the loader from here and answer after each batch.",
    ]
    batch, public = 0, len(lines)
    while public < THREAD_LENGTH:
        batch += 1
        rows = f"{dice.whole(8_000, 96_000):,}"
        lines.append(f"> Batch {batch}: {rows} rows in {dice.whole(3, 19)} min, {dice.pick(_PROBLEMS)}.")
        lines.append(f"< {dice.pick(_ANSWERS)}")
        # In Slack, notes go to the triage thread and are none of the 250.
        if batch % 9 == 0:
            left = dice.whole(2, 9)
            lines.append(f"# Batch {batch} checked against the trial balance by me. {left} exceptions left for Friday.")
        if batch % 2:
            lines.append(f"> {dice.pick(_REPLIES)}")
        public += 2 + batch % 2
    return tuple(lines)


def _log(dice: Dice) -> str:
    """One message of exactly `MESSAGE_LENGTH` characters."""
    text = (
        "> The loader loses its connection several times an hour since Monday. Here is the full log as you asked for:\n"
    )
    second = 0
    while len(text) < MESSAGE_LENGTH:
        second += dice.whole(1, 9)
        clock = f"0{4 + second // 3600}:{second // 60 % 60:02d}:{second % 60:02d}.{dice.whole(0, 999):03d}"
        event = dice.pick(_EVENTS).format(n=dice.whole(40, 9_000), m=dice.whole(100_000, 9_999_999), d=dice.whole(1, 9))
        text += f"\n{clock} [{dice.pick(_MODULES)}] {event}"
    return text[: MESSAGE_LENGTH + len("> ")]
