"""The seeded workspace: the support desk of Quayside, a company that does not exist.

About 150 conversations over the 120 days before `today`; the same for the same seed and day, down
to every id, on every version of Python. Nothing in it happens on `today` or later.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from unthread_mcp.sandbox.encoding import dumps
from unthread_mcp.sandbox.store import Store, new_uuid
from unthread_mcp.sandbox.times import iso

from .accounts import open_accounts
from .announcements import announce
from .articles import ARTICLES
from .cast import introduce
from .casting import OLDEST, cast_scenes
from .collaboration import bring_together
from .dice import Dice
from .people import DOMAIN
from .telling import Teller
from .timeline import began, horizon, pace, working_days_before

FIRST_NUMBER: Final = 1001
"""The `friendlyId` of the oldest conversation."""


def plant(store: Store, today: date, seed: int) -> None:
    """Write the seeded workspace into empty tables."""
    end = horizon(today)
    dice = Dice(seed)
    cast = introduce(store, seed, end)
    teller = Teller(dice, cast, seed)
    days = working_days_before(today, OLDEST + 1)
    for number, scene in enumerate(cast_scenes(dice), start=FIRST_NUMBER):
        teller.tell(scene, number, pace(dice, scene, began(scene, today, days), end))
    told = teller.told
    store.insert_many("conversations", told.conversations)
    store.insert_many("messages", told.messages)
    store.insert_many("triage_messages", told.triage_messages)
    store.insert_many("files", told.files)
    store.insert_many("conversation_tags", told.conversation_tags)
    store.insert_many("landmarks", told.landmarks)
    bring_together(store, seed, cast)
    open_accounts(store, seed, cast, end)
    announce(store, seed, cast, end)
    store.insert_many(
        "articles",
        [
            {
                "id": new_uuid(f"{seed} article {article.slug}"),
                "title": article.title,
                "content": article.content,
                "url": None if article.internal else f"https://help.{DOMAIN}/{article.slug}",
                "status": "active" if article.active else "inactive",
                "userGroupIds": dumps([new_uuid(f"{seed} group support")] if article.internal else []),
                "createdAt": iso(end - timedelta(days=article.age)),
                "updatedAt": iso(end - timedelta(days=article.age // 3)),
            }
            for article in ARTICLES
        ],
    )
