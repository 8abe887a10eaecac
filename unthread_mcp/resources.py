"""Resources: what can be attached to a chat instead of asked for. Each is a tool's answer, whole within the caps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp.types import Resource, ResourceTemplate

from unthread_mcp.api.cleaning import without_key
from unthread_mcp.api.endpoints import ID_PATTERN
from unthread_mcp.api.errors import InvalidArgument, NotFound, UnthreadError
from unthread_mcp.fields import VOCABULARIES
from unthread_mcp.nearest import did_you_mean
from unthread_mcp.render import Answer
from unthread_mcp.tools.accounts import get_account
from unthread_mcp.tools.attachments import FILE_URI, get_attachment
from unthread_mcp.tools.conversations import get_conversation, list_messages, search_conversations
from unthread_mcp.tools.customers import get_customer
from unthread_mcp.tools.knowledge_base import get_kb_article
from unthread_mcp.workspace import Workspace

SCHEME: Final = "unthread://"
_MIME: Final = "text/plain"
_WHOLE: Final = 20_000
"""Tokens of a conversation attached as a resource; the size cap of every answer still holds."""


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of resource; `read` takes what stands in the place of the braces of its URI."""

    uri: str
    name: str
    title: str
    description: str
    read: Callable[..., Awaitable[Answer]]
    mime_type: str | None = _MIME


async def _conversation(workspace: Workspace, value: str) -> Answer:
    return await get_conversation(workspace, value, max_tokens=_WHOLE)


async def _messages(workspace: Workspace, value: str) -> Answer:
    return await list_messages(workspace, value, limit=100)


async def _file(workspace: Workspace, conversation: str, file: str) -> Answer:
    return await get_attachment(workspace, conversation, file)


async def _customer(workspace: Workspace, value: str) -> Answer:
    return await get_customer(workspace, value)


async def _account(workspace: Workspace, value: str) -> Answer:
    return await get_account(workspace, value)


async def _article(workspace: Workspace, value: str) -> Answer:
    if not ID_PATTERN.fullmatch(value):
        raise InvalidArgument(f"article is {value[:40]!r}, which is no id.", "search_kb_articles shows the ids.")
    return await get_kb_article(workspace, value)


async def _fields(_: Workspace, value: str) -> Answer:
    vocabulary = VOCABULARIES.get(value)
    if vocabulary is None:
        raise NotFound(
            f"There are no fields of {value[:40]!r}.",
            did_you_mean(value, VOCABULARIES) or f"There are: {', '.join(VOCABULARIES)}.",
        )
    lines = [
        f"What select can name in a {value}.",
        f"Documented: {', '.join(sorted(vocabulary.documented))}",
        f"Observed, not documented: {', '.join(sorted(vocabulary.observed)) or 'none'}",
        f"If nothing is selected: {', '.join(vocabulary.brief)}",
    ]
    if vocabulary.open_maps:
        lines.append(f"With any key below: {', '.join(sorted(vocabulary.open_maps))}")
    return Answer("\n".join(lines))


async def _open(workspace: Workspace) -> Answer:
    return await search_conversations(workspace, status=["open", "in_progress", "on_hold"], limit=100)


TEMPLATES: Final = (
    Template(
        f"{SCHEME}conversations/{{id}}",
        "conversation",
        "Conversation",
        "A conversation with its thread, by number or id.",
        _conversation,
    ),
    Template(
        f"{SCHEME}conversations/{{id}}/messages",
        "messages",
        "Messages",
        "A conversation's newest hundred messages.",
        _messages,
    ),
    Template(FILE_URI, "file", "File", "A file of a conversation, by the id that the conversation shows.", _file, None),
    Template(f"{SCHEME}customers/{{id}}", "customer", "Customer", "A customer, by name or id.", _customer),
    Template(f"{SCHEME}accounts/{{id}}", "account", "Account", "An account, by name or id.", _account),
    Template(
        f"{SCHEME}knowledge-base/articles/{{id}}", "article", "Article", "A knowledge base article, by id.", _article
    ),
    Template(f"{SCHEME}fields/{{object}}", "fields", "Fields", "What select can name in a kind of object.", _fields),
)
OPEN: Final = Template(
    f"{SCHEME}conversations",
    "open conversations",
    "Open conversations",
    "The hundred last updated conversations that aren't closed.",
    _open,
)


def listed_resources() -> list[Resource]:
    """Resources with an address of their own."""
    fields = TEMPLATES[-1]
    return [
        Resource(uri=OPEN.uri, name=OPEN.name, title=OPEN.title, description=OPEN.description, mime_type=_MIME),
        *(
            Resource(
                uri=fields.uri.replace("{object}", name),
                name=f"fields of {name}",
                title=f"Fields of a {name.replace('_', ' ')}",
                mime_type=_MIME,
            )
            for name in VOCABULARIES
        ),
    ]


def listed_templates() -> list[ResourceTemplate]:
    """Resources that are addressed by a value."""
    return [
        ResourceTemplate(
            uri_template=each.uri,
            name=each.name,
            title=each.title,
            description=each.description,
            mime_type=each.mime_type,
        )
        for each in TEMPLATES
    ]


async def read(workspace: Workspace, uri: str) -> list[ReadResourceContents]:
    """What stands at `uri`. Raises `ResourceNotFoundError` or `ResourceError` in words."""
    template, values = _matched(uri)
    key = workspace.settings.api_key
    try:
        answer = await template.read(workspace, *values)
    except (NotFound, InvalidArgument) as error:
        raise ResourceNotFoundError(without_key(str(error), key)) from None
    except UnthreadError as error:
        raise ResourceError(without_key(str(error), key)) from None
    if answer.file:
        return [ReadResourceContents(content=answer.file.content, mime_type=answer.file.media_type)]
    return [ReadResourceContents(content=without_key(answer.text, key), mime_type=_MIME)]


def _matched(uri: str) -> tuple[Template, list[str]]:
    parts = uri.removeprefix(SCHEME).split("/")
    for template in (OPEN, *TEMPLATES):
        wanted = template.uri.removeprefix(SCHEME).split("/")
        if uri.startswith(SCHEME) and len(parts) == len(wanted):
            pairs = list(zip(wanted, parts, strict=True))
            if all(want == part or (want.startswith("{") and part) for want, part in pairs):
                return template, [unquote(part) for want, part in pairs if want.startswith("{")]
    raise ResourceNotFoundError(
        f"There is no resource {uri[:100]!r}. resources/list and resources/templates/list name them."
    )
