"""`unthread-mcp doctor`: whether the configuration holds and, with a key, what Unthread answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from unthread_mcp.access import permits
from unthread_mcp.answers import as_page
from unthread_mcp.api.endpoints import (
    LIST_ARTICLES,
    LIST_CONVERSATIONS,
    LIST_CUSTOMERS,
    LIST_TAGS,
    LIST_TICKET_TYPES,
    LIST_USERS,
    Endpoint,
)
from unthread_mcp.api.errors import KeyRefused, Unavailable, UnthreadError
from unthread_mcp.attachments import directory_problem
from unthread_mcp.server import build_workspace
from unthread_mcp.settings import IN_MEMORY
from unthread_mcp.tools import TOOLS
from unthread_mcp.toolsets import choose, unknown_names

if TYPE_CHECKING:
    import httpx2

    from unthread_mcp.settings import Settings
    from unthread_mcp.workspace import Workspace

_READABLE: Final[tuple[tuple[str, Endpoint], ...]] = (
    ("conversations", LIST_CONVERSATIONS),
    ("customers", LIST_CUSTOMERS),
    ("users", LIST_USERS),
    ("tags", LIST_TAGS),
    ("ticket types", LIST_TICKET_TYPES),
    ("knowledge base articles", LIST_ARTICLES),
)


_WRONG: Final = "WRONG"


@dataclass(slots=True)
class Findings:
    """What was looked at, in lines, and whether all is well."""

    lines: list[str] = field(default_factory=list[str])
    well: bool = True

    def good(self, text: str) -> None:
        """Something that is as it should be."""
        self.lines.append(f"ok    {text}")

    def note(self, text: str) -> None:
        """Something to know; nothing is wrong."""
        self.lines.append(f"note  {text}")

    def bad(self, text: str) -> None:
        """Something that has to be put right."""
        self.lines.append(f"{_WRONG} {text}")
        self.well = False


async def examine(settings: Settings, *, transport: httpx2.AsyncBaseTransport | None = None) -> Findings:
    """Look at everything, in the order in which it would go wrong."""
    findings = Findings()
    workspace = build_workspace(settings, transport=transport)
    try:
        _configuration(settings, workspace, findings)
        if settings.sandbox or settings.api_key:
            await _connection(workspace, findings)
    finally:
        await workspace.close()
    _tools(settings, findings)
    return findings


def _configuration(settings: Settings, workspace: Workspace, findings: Findings) -> None:
    where = settings.api_url
    if settings.sandbox:
        where = f"an imitated workspace ({'in memory' if settings.sandbox == IN_MEMORY else settings.sandbox})"
    findings.good(
        f"working on {where}, access {settings.access}, confirm {settings.confirm}, times in {settings.timezone.key}"
    )
    if not settings.sandbox:
        if settings.api_key:
            source = settings.api_key_source
            findings.good(f"an API key is set{f' ({source})' if source else ''}")
        else:
            findings.bad(settings.api_key_problem)
    for note in settings.notes:
        findings.note(note)
    if unknown := unknown_names(settings.toolsets, TOOLS):
        findings.bad(f"UNTHREAD_TOOLSETS names {', '.join(map(repr, unknown))}: no toolset and no tool")
    if settings.state_file is None:
        findings.note("what was sent is remembered only while the server runs")
    elif workspace.intents.durable:
        findings.good(f"what was sent is remembered in {settings.state_file}")
    else:
        findings.bad(f"what was sent can't be remembered: {workspace.intents.problem}")
    _directories(settings, findings)
    for said, is_set in (
        ("every reply is marked as an auto-response", settings.autoresponse),
        ("agents may write in the name of a person", settings.on_behalf_of),
        ("replies to mails end with /unthread send, which mails them", settings.email_send_marker),
        ("answers go out as text and as data", settings.answers == "both"),
    ):
        if is_set:
            findings.note(said)
    if settings.webhook_hosts:
        findings.note(f"webhooks may point at {', '.join(sorted(settings.webhook_hosts))}")
    if settings.confirm == "never":
        findings.note("nobody is asked before something reaches a customer")
    if settings.allowed_customers:
        findings.note(f"writing is limited to the customers {', '.join(sorted(settings.allowed_customers))}")


def _directories(settings: Settings, findings: Findings) -> None:
    for directory, purpose, writable in (
        (settings.upload_dir, "files to attach are taken from", False),
        (settings.download_dir, "exports and large attachments are put into", True),
    ):
        if directory is None:
            continue
        if problem := directory_problem(directory, writable=writable):
            findings.bad(f"{purpose} {directory}, which {problem}")
        else:
            findings.good(f"{purpose} {directory}")


async def _connection(workspace: Workspace, findings: Findings) -> None:
    """What can be read. What is wrong in the same way with several things is said once."""
    wrong: dict[str, list[str]] = {}
    for name, endpoint in _READABLE:
        try:
            page = as_page(await workspace.client.read(endpoint, {}, body={"select": ["id"], "limit": 1}))
        except UnthreadError as error:
            if isinstance(error, KeyRefused) or (isinstance(error, Unavailable) and error.status is None):
                # Nothing else would fare better, and without a connection each would have to be waited for.
                findings.bad(str(error))
                return
            wrong.setdefault(str(error), []).append(name)
            continue
        counted = f"{page.total:,} of them" if page.total is not None else "readable"
        findings.good(f"{name}: {counted}")
    for problem, names in wrong.items():
        findings.bad(f"{', '.join(names)}: {problem}")


def _tools(settings: Settings, findings: Findings) -> None:
    shown = choose(settings.toolsets, settings.access, TOOLS, settings.options)
    if shown:
        findings.good(f"{len(shown)} tools: {', '.join(tool.name for tool in shown)}")
    else:
        findings.bad("No tool would be shown. Check UNTHREAD_TOOLSETS and UNTHREAD_ACCESS.")
    by_level = [
        tool.name
        for tool in choose({"all"}, "admin", TOOLS, settings.options)
        if not permits(settings.access, tool.level)
    ]
    by_choice = [tool.name for tool in choose({"all"}, settings.access, TOOLS, settings.options) if tool not in shown]
    if by_level:
        findings.note(f"not shown, above access level {settings.access}: {', '.join(by_level)}")
    if by_choice:
        findings.note(f"not shown, not among the chosen toolsets (UNTHREAD_TOOLSETS): {', '.join(by_choice)}")
    if by_option := [tool for tool in TOOLS if tool.needs and tool.needs not in settings.options]:
        said = ", ".join(f"{tool.name} ({tool.needs})" for tool in by_option)
        findings.note(f"not shown, without the option that it needs: {said}")
    if not settings.webhook_hosts and any(tool.name == "create_webhook" for tool in shown):
        findings.note("webhooks can't be created or enabled: UNTHREAD_WEBHOOK_HOSTS names no host for them")


def run_doctor(settings: Settings) -> int:
    """Print the findings. Returns 0 if all is well, else 1."""
    findings = asyncio.run(examine(settings))
    print("\n".join(findings.lines))
    # Among so many lines it would be overlooked.
    wrong = [line for line in findings.lines if line.startswith(_WRONG)]
    print("\n".join(["Something has to be put right:", *wrong]) if wrong else "All is well.")
    return 0 if findings.well else 1
