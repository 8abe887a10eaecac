"""A working call of every tool on the seeded workspace; the laws are proved with them."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.support import Agent, Desk
from unthread_mcp.sandbox.automations import SLACK_USER_GROUP

_DOWNLOADS: Final = TemporaryDirectory(prefix="downloads-")
"""Gone when the process ends."""
DOWNLOADS: Final = _DOWNLOADS.name
EVERYTHING: Final = {
    "UNTHREAD_TOOLSETS": "all",
    "UNTHREAD_ACCESS": "admin",
    "UNTHREAD_SLACK_USER_GROUP_ENDPOINT": str(SLACK_USER_GROUP),
    "UNTHREAD_WEBHOOK_HOSTS": "*.example.com",
    "UNTHREAD_DOWNLOAD_DIR": DOWNLOADS,
}
"""Settings under which every tool is offered and its example works."""

EMAIL = "c.sourceType = 'email' AND c.status = 'open'"
ARTICLE = "SELECT id FROM articles WHERE status = 'active' ORDER BY id"


async def example(tool: str, desk: Desk, agent: Agent) -> dict[str, Any]:
    """Arguments that work, as an agent would pass them."""
    number = desk.find(EMAIL)
    match tool:
        case "search_conversations":
            return {"status": ["open"], "priority": "high", "created_after": "30d", "limit": 5}
        case "get_conversation" | "list_messages" | "get_triage_brief":
            return {"conversation": number}
        case "update_conversation":
            return {"conversation": number, "priority": "low", "add_tags": ["Bug"]}
        case "update_conversations":
            chat = desk.find("c.sourceType = 'widget'")
            return {"conversations": [number, chat], "priority": "low", "add_tags": ["Bug"]}
        case "request_approval":
            return {"conversation": number, "title": "Refund the invoice", "approver": "Hannah Okafor"}
        case "list_approvals":
            return {"conversation": desk.number("angry")}
        case "add_follower":
            return {"conversation": number, "user": "Mei Tanaka"}
        case "remove_follower":
            return {"conversation": desk.number("angry"), "user": "Hannah Okafor"}
        case "assign_collaborator":
            return {"conversation": number, "collaborator_type": "technical_lead", "user": "Mei Tanaka"}
        case "create_automation":
            step = {"type": "action", "data": {"action": "greet"}}
            return {"name": "Greet", "trigger_type": "event", "steps": [step]}
        case "update_slack_user_group":
            return {"email": "mei.tanaka@quayside.example", "slack_handle": "mei"}
        case "tag_conversations":
            return {"conversations": [number], "add": ["Escalated"]}
        case "add_private_note":
            return {"conversation": number, "text": "The logs show nothing unusual."}
        case "send_reply":
            return {"conversation": number, "text": "We are on it.", "as_of": await agent.as_of(number)}
        case "create_conversation":
            return {
                "type": "triage",
                "triage_channel_id": "C0DUTYDESK",
                "title": "Who covers Friday?",
                "text": "Who is in?",
            }
        case "get_attachment":
            return {"conversation": desk.number("many-files"), "file": file_id(desk)}
        case "query_knowledge_base":
            return {"question": "How do I renew the SAML certificate?", "conversation": number}
        case "get_kb_article":
            return {"article": article_id(desk)}
        case "create_kb_article":
            return {"title": "Turning it off and on", "content": "Hold the button for five seconds."}
        case "update_kb_article":
            return {"article": article_id(desk), "title": "A better title"}
        case "count_conversations":
            return {"by": "customer", "created_after": "30d"}
        case "export_conversations":
            return {"status": ["open"], "select": ["friendlyId", "title", "customer.name"]}
        case "run_report":
            return {"metric": "totalCount", "dimensions": ["customerId"]}
        case "get_customer":
            return {"customer": "Norrvik Energi"}
        case "get_user":
            return {"user": "Jonas Lindqvist"}
        case "create_customer":
            return {"name": "Juniper Freight", "email_domains": ["juniper.example"], "create_channel": True}
        case "update_customer":
            return {"customer": "Vela Biotech", "primary_assignee": "Mei Tanaka", "reply_timeout_hours": 1.5}
        case "delete_customer":
            return {"customer": "Oakhurst University"}
        case "tag_customers":
            return {"customers": ["Vela Biotech", "Tern Shipping"], "add": ["Escalated"]}
        case "get_account":
            return {"account": "Vela Biotech"}
        case "create_account":
            return {"name": "Juniper Freight", "emails_and_domains": ["juniper.example"]}
        case "update_account":
            return {"account": "Vela Biotech", "custom_fields": [{"label": "Plan", "value": "Enterprise"}]}
        case "delete_account":
            return {"account": "Petrichor Labs"}
        case _:
            return _of_the_workspace(tool, desk)


def _of_the_workspace(tool: str, desk: Desk) -> dict[str, Any]:
    """The same for its definitions: tags, ticket types, outbounds, webhooks."""
    match tool:
        case "get_outbound":
            return {"outbound": outbound_id(desk, "sent")}
        case "create_outbound":
            text = "The export is *faster* now."
            recipients = {"customers": ["Vela Biotech"], "tag": "Trial"}
            return {"subject": "Faster exports", "text": text, "send_as": "Hannah Okafor", **recipients}
        case "update_outbound":
            return {"outbound": outbound_id(desk, "draft"), "subject": "Maintenance on Sunday", "send": True}
        case "create_webhook":
            return {"url": "https://hooks.example.com/unthread"}
        case "update_webhook":
            return {"webhook": "https://hooks.quayside.example/unthread", "enabled": False}
        case "delete_webhook":
            return {"webhook": "https://hooks.quayside.example/unthread-test"}
        case "delete_kb_article":
            return {"article": article_id(desk)}
        case "get_tag":
            return {"tag": "Bug"}
        case "create_tag":
            return {"name": "Beta programme"}
        case "update_tag":
            return {"tag": tag_id(desk, "How-to"), "name": "Questions"}
        case "delete_tag":
            return {"tag": "Trial"}
        case "get_ticket_type":
            return {"ticket_type": "Bug report"}
        case "create_ticket_type":
            severity = {"label": "Urgency", "type": "single-select", "required": True, "options": ["Now", "Later"]}
            shown = {"label": "Why now", "type": "short-answer", "conditions": {"field": "Urgency", "value": "Now"}}
            return {"name": "Data request", "description": "A customer wants data", "fields": [severity, shown]}
        case "update_ticket_type":
            return {"ticket_type": "Bug report", "fields": [{"label": "Severity", "options": ["Blocker", "Minor"]}]}
        case "delete_ticket_type":
            return {"ticket_type": "Access request"}
        case _:
            return {}


def further(tool: str, desk: Desk) -> list[dict[str, Any]]:
    """Further calls that work, each after the one before, of tools that reach more endpoints than one call shows."""
    number = desk.find(EMAIL)
    match tool:
        case "tag_conversations":
            return [{"conversations": [number], "remove": ["Escalated"]}]
        case "tag_customers":
            return [{"customers": ["Vela Biotech"], "remove": ["Escalated"]}]
        case _:
            return []


def article_id(desk: Desk) -> str:
    """The id of an active article."""
    return desk.sandbox.database.execute(ARTICLE).fetchone()[0]


def file_id(desk: Desk) -> str:
    """The id of a picture in the conversation with many files."""
    sql = "SELECT id FROM files WHERE conversationId = ? ORDER BY rowid"
    return desk.sandbox.database.execute(sql, [desk.sandbox.landmark("many-files")]).fetchone()[0]


def tag_id(desk: Desk, name: str) -> str:
    """The id of a tag."""
    return desk.sandbox.database.execute("SELECT id FROM tags WHERE name = ?", [name]).fetchone()[0]


def outbound_id(desk: Desk, status: str) -> str:
    """The id of a seeded outbound."""
    return desk.sandbox.database.execute("SELECT id FROM outbounds WHERE status = ?", [status]).fetchone()[0]
