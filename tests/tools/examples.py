"""A working call of every tool on the seeded workspace; the laws are proved with them."""

from __future__ import annotations

from typing import Any

from tests.support import Agent, Desk

EMAIL = "c.sourceType = 'email' AND c.status = 'open'"
ARTICLE = "SELECT id FROM articles WHERE status = 'active' ORDER BY id"


async def example(tool: str, desk: Desk, agent: Agent) -> dict[str, Any]:
    """Arguments that work, as an agent would pass them."""
    number = desk.find(EMAIL)
    match tool:
        case "search_conversations":
            return {"status": ["open"], "priority": "high", "created_after": "30d", "limit": 5}
        case "get_conversation" | "list_messages":
            return {"conversation": number}
        case "update_conversation":
            return {"conversation": number, "priority": "low", "add_tags": ["Bug"]}
        case "tag_conversations":
            return {"conversations": [number], "add": ["Escalated"]}
        case "add_private_note":
            return {"conversation": number, "text": "The logs show nothing unusual."}
        case "send_reply":
            return {"conversation": number, "text": "We are on it.", "as_of": await agent.as_of(number)}
        case "query_knowledge_base":
            return {"question": "How do I renew the SAML certificate?", "conversation": number}
        case "get_kb_article":
            return {"article": article_id(desk)}
        case "create_kb_article":
            return {"title": "Turning it off and on", "content": "Hold the button for five seconds."}
        case "update_kb_article":
            return {"article": article_id(desk), "title": "A better title"}
        case "run_report":
            return {"metric": "totalCount", "dimensions": ["customerId"]}
        case "get_customer":
            return {"customer": "Norrvik Energi"}
        case _:
            return {}


def article_id(desk: Desk) -> str:
    """The id of an active article."""
    return desk.sandbox.database.execute(ARTICLE).fetchone()[0]
