"""The seed's mail threads as the API returns them."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.support import Desk
from unthread_mcp.server import SANDBOX_KEY


async def mail_threads() -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each e-mail conversation of the seed with its messages, as the API returns them."""
    desk = Desk()
    try:
        async with httpx2.AsyncClient(
            transport=desk.sandbox.transport, base_url="https://api.unthread.io/api", headers={"X-API-KEY": SANDBOX_KEY}
        ) as api:
            mails = [{"field": "sourceType", "operator": "==", "value": "email"}]
            listed = (await api.post("/conversations/list", json={"where": mails, "limit": 100})).json()
            assert not listed["cursors"]["hasNext"]
            threads: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
            for row in listed["data"]:
                found = (await api.get(f"/conversations/{row['id']}")).json()
                page = (await api.post(f"/conversations/{row['id']}/messages/list", json={"limit": 100})).json()
                assert not page["cursors"]["hasNext"]
                threads.append((found, page["data"]))
            return threads
    finally:
        desk.sandbox.close()
