"""How a function becomes a tool: strict arguments in, compact answers out, refusals in words.

This is the one place where errors become text. A tool that may write says in its first
word what became of it: done, already_done, refused (it did not happen) or unknown (it may
have happened); the last two are errors to the host.
"""

from __future__ import annotations

import base64
import inspect
import logging
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from mcp.server.mcpserver import Context
from mcp.types import (
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    InputRequiredResult,
    TextContent,
    ToolAnnotations,
)
from mcp.types import Tool as McpTool

from unthread_mcp.access import ToolDeclaration
from unthread_mcp.api.allowance import own_allowance
from unthread_mcp.api.cleaning import without_key
from unthread_mcp.api.errors import OutcomeUnknown, UnthreadError
from unthread_mcp.confirm import ClientHuman, NeedsAnswer
from unthread_mcp.cursors import read_cursor
from unthread_mcp.gate import Gate
from unthread_mcp.log import log_crash
from unthread_mcp.progress import Progress
from unthread_mcp.render import Answer, FileContent, without_nulls
from unthread_mcp.schemas import Signature
from unthread_mcp.workspace import Workspace

_logger: Final = logging.getLogger(__name__)


def described(docstring: str) -> str:
    """A docstring as a description: its paragraphs, each on one line."""
    return "\n".join(" ".join(part.split()) for part in inspect.cleandoc(docstring).split("\n\n"))


@cache
def _signature_of(function: Callable[..., Any]) -> Signature:
    """A tool's arguments, which are the same for every server of a process."""
    return Signature(function, (Workspace, Gate, Progress))


def _block(file: FileContent) -> ContentBlock:
    """A file as MCP carries it: a picture to be looked at, anything else as a resource."""
    data = base64.b64encode(file.content).decode()
    if file.is_picture:
        return ImageContent(data=data, mime_type=file.media_type)
    return EmbeddedResource(resource=BlobResourceContents(uri=file.uri, mime_type=file.media_type, blob=data))


def published(tool: ToolDeclaration) -> McpTool:
    """What clients are told of a tool; `tool_list` has it from here."""
    return McpTool(
        name=tool.name,
        title=tool.title,
        description=described(tool.function.__doc__ or ""),
        input_schema=_signature_of(tool.function).schema,
        annotations=ToolAnnotations.model_validate(tool.hints),
    )


class OfferedTool:
    """One tool as MCP calls it."""

    def __init__(self, declaration: ToolDeclaration, workspace: Workspace) -> None:
        self.declaration = declaration
        self._workspace = workspace
        self._signature = _signature_of(declaration.function)

    async def call(self, arguments: dict[str, Any], context: Context[Any, Any]) -> CallToolResult | InputRequiredResult:
        """Validate, run, and say what came of it. Raises nothing but cancellation."""
        begun = self._workspace.client.writes_begun
        try:
            with own_allowance():
                answer = await self._run(arguments, context)
        except NeedsAnswer as question:
            return question.result()
        except UnthreadError as error:
            return self._failed(error)
        except Exception:  # noqa: BLE001 - it is logged
            # A bug of ours: the text of an unexpected exception may hold anything, so it stays in the log.
            self._log("failed unexpectedly")
            return self._failed(self._crashed(wrote=self._workspace.client.writes_begun > begun))
        return self._answered(answer)

    async def _run(self, arguments: dict[str, Any], context: Context[Any, Any]) -> Answer:
        signature = self._signature
        if (cursor := arguments.get("cursor")) is not None and "cursor" in signature.parameters:
            others = signature.plain({name: value for name, value in arguments.items() if name != "cursor"})
            arguments = {**read_cursor(str(cursor), others, signature.defaults)}
        validated = signature.validate(arguments)
        makers: dict[type, Callable[[], Any]] = {
            Workspace: lambda: self._workspace,
            Gate: lambda: Gate(self._workspace.settings.confirm, ClientHuman(context)),
            Progress: lambda: Progress(context.report_progress),
        }
        supplied = {name: makers[kind]() for name, kind in signature.supplied.items()}
        answer = await self.declaration.function(**supplied, **validated)
        assert isinstance(answer, Answer)
        return answer

    def _answered(self, answer: Answer) -> CallToolResult:
        text = f"{answer.outcome}: {answer.text}" if answer.outcome else answer.text
        content: list[ContentBlock] = [self._said(text)]
        if answer.file:
            content.append(_block(answer.file))
        if self._workspace.settings.answers == "both":
            try:
                data = answer.data() if callable(answer.data) else answer.data
                structured: Any = without_nulls({**({"outcome": answer.outcome} if answer.outcome else {}), **data})
                result = CallToolResult(content=content, structured_content=structured)
                # What can't be written can't be sent either: that is found out here, not in the SDK.
                result.model_dump_json()
            except Exception:  # noqa: BLE001 - it is logged
                # Any failure (values nested too deeply, for one): the text says it all, and what was done was done.
                self._log("has no structured content for its answer")
            else:
                return result
        return CallToolResult(content=content)

    def _failed(self, error: UnthreadError) -> CallToolResult:
        text = str(error)
        if self.declaration.effect != "reads":
            text = f"{'unknown' if isinstance(error, OutcomeUnknown) else 'refused'}: {text}"
        if error.shown:
            text = f"{text}\n{error.shown}"
        return CallToolResult(content=[self._said(text)], is_error=True)

    def _said(self, text: str) -> TextContent:
        # What was clean in pieces may have come together: a key with a tag in it, once the tags are gone.
        return TextContent(text=without_key(text, self._workspace.settings.api_key))

    def _log(self, what: str) -> None:
        log_crash(_logger, f"{self.declaration.name} {what}", self._workspace.settings.api_key)

    def _crashed(self, *, wrote: bool) -> UnthreadError:
        if not wrote:
            return UnthreadError(
                "Something went wrong inside this server.", "Try another way; the operator finds it in the log."
            )
        return OutcomeUnknown(
            "Something went wrong inside this server, and it is not known whether the write happened.",
            "Don't call again; look at what it would have changed first. The operator finds the cause in the log.",
        )
