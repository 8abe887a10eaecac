"""Where everything meets: settings in, an MCP server out."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, time
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import anyio
from mcp.server import CacheHint, MCPServer
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp.types import (
    CallToolResult,
    Completion,
    CompletionArgument,
    CompletionContext,
    GetPromptResult,
    InputRequiredResult,
    Prompt,
    PromptReference,
    Resource,
    ResourceTemplate,
    ResourceTemplateReference,
)
from mcp.types import Tool as McpTool
from pydantic import AnyUrl

from unthread_mcp import __version__, prompts
from unthread_mcp.api.client import UnthreadClient
from unthread_mcp.api.errors import Unavailable
from unthread_mcp.instructions import instructions
from unthread_mcp.intents import Intents
from unthread_mcp.log import log_crash
from unthread_mcp.nearest import did_you_mean
from unthread_mcp.settings import IN_MEMORY, Settings
from unthread_mcp.tool_list import TOOL_LIST
from unthread_mcp.toolsets import choose
from unthread_mcp.workspace import Workspace, utc_now

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx2

    from unthread_mcp.offer import OfferedTool

_logger: Final = logging.getLogger(__name__)
_HOUR = CacheHint(ttl_ms=3_600_000, scope="public")


class UnthreadServer(MCPServer[None]):
    """An MCP server over one workspace, with the tools that the operator chose."""

    def __init__(self, workspace: Workspace) -> None:
        settings = workspace.settings
        super().__init__(
            "unthread",
            title="Unthread",
            version=__version__,
            description="Customer support conversations, knowledge base and reports in Unthread.",
            instructions=instructions(settings),
            log_level=settings.log_level,
            cache_hints={"tools/list": _HOUR, "prompts/list": _HOUR, "resources/templates/list": _HOUR},
            lifespan=self._lifespan,
            subscriptions=False,
        )
        self.workspace = workspace
        chosen = choose(settings.toolsets, settings.access, TOOL_LIST, settings.options)
        self._listed = {tool.name: McpTool.model_validate(tool.published) for tool in chosen}
        self._offered: dict[str, OfferedTool] = {}
        self.completion()(self._complete)

    @asynccontextmanager
    async def _lifespan(self, _: MCPServer[None]) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await self.workspace.close()

    async def list_tools(self) -> list[McpTool]:
        """The tools that the operator chose, in their declared order."""
        return [*self._listed.values()]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[None, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool by name. One that isn't offered is refused, saying why."""
        if name not in self._listed:
            raise ToolError(self._not_offered(name))
        return await self._tool(name).call(arguments, context or Context(mcp_server=self))

    def prepare(self) -> None:
        """Import and open now what calls need, so that none waits for it. May run in a thread."""
        for module in ("offer", "tools", "completions"):
            import_module(f"unthread_mcp.{module}")
        # Whatever is wrong is said to the call that needs it.
        with suppress(Unavailable):
            self.workspace.client.prepare()

    async def list_resources(self) -> list[Resource]:
        """Resources with an address of their own."""
        from unthread_mcp import resources  # noqa: PLC0415 - it imports the tools

        return resources.listed_resources()

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        """Resources that are addressed by a value."""
        from unthread_mcp import resources  # noqa: PLC0415 - it imports the tools

        return resources.listed_templates()

    async def read_resource(
        self,
        uri: AnyUrl | str,
        context: Context[None, Any] | None = None,  # noqa: ARG002 - the SDK passes it
    ) -> list[ReadResourceContents]:
        """What stands at `uri`."""
        from unthread_mcp import resources  # noqa: PLC0415 - it imports the tools

        try:
            return await resources.read(self.workspace, str(uri))
        except ResourceError:
            raise
        except Exception:  # noqa: BLE001 - it is logged, and in words the client is told
            log_crash(_logger, "a resource failed unexpectedly", self.workspace.settings.api_key)
            raise ResourceError(
                "Something went wrong inside this server. Try another way; the operator finds it in the log."
            ) from None

    async def list_prompts(self) -> list[Prompt]:
        """The prompts, in their declared order."""
        return prompts.listed_prompts()

    async def get_prompt(
        self,
        name: str,
        arguments: dict[str, Any] | None = None,
        context: Context[None, Any] | None = None,  # noqa: ARG002 - the SDK passes it
    ) -> GetPromptResult:
        """A prompt filled in."""
        return prompts.get(name, arguments)

    async def _complete(
        self,
        reference: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion | None:
        from unthread_mcp.completions import complete  # noqa: PLC0415 - it imports the tools

        try:
            return await complete(self.workspace, reference, argument, context.arguments if context else None)
        except Exception:  # noqa: BLE001 - it is logged, and what is missing is only a convenience
            log_crash(_logger, "a completion failed unexpectedly", self.workspace.settings.api_key)
            return Completion(values=[])

    def _tool(self, name: str) -> OfferedTool:
        """The code behind a tool that is listed. To list them, none of it is imported: every launch waits for that."""
        if name not in self._offered:
            from unthread_mcp.offer import OfferedTool  # noqa: PLC0415 - see above
            from unthread_mcp.tools import TOOLS  # noqa: PLC0415 - see above

            (declaration,) = [tool for tool in TOOLS if tool.name == name]
            self._offered[name] = OfferedTool(declaration, self.workspace)
        return self._offered[name]

    def _not_offered(self, name: str) -> str:
        settings = self.workspace.settings
        for tool in TOOL_LIST:
            if tool.name == name:
                if tool.needs and tool.needs not in settings.options:
                    return f"{name} is not offered here. The operator has to set {tool.needs} for it."
                if choose({"all"}, settings.access, [tool], settings.options):
                    return f"{name} is not among the tools shown here. The operator can add it with UNTHREAD_TOOLSETS."
                return (
                    f"{name} needs access level {tool.level}, and this server runs at {settings.access}. "
                    "Nothing was done; only the operator can change it, with UNTHREAD_ACCESS."
                )
        hint = did_you_mean(name, self._listed) or "tools/list names the tools."
        return f"There is no tool {name[:60]!r}. {hint}"


def build_workspace(
    settings: Settings,
    *,
    transport: httpx2.AsyncBaseTransport | None = None,
    now: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> Workspace:
    """The workspace that `settings` name. `transport` stands in for the network."""
    key, url, scope = settings.api_key, settings.api_url, settings.api_url
    behind: httpx2.AsyncBaseTransport | Callable[[], httpx2.AsyncBaseTransport] | None = transport
    if settings.sandbox and (day := settings.sandbox_date):
        now = lambda: datetime.combine(day, SANDBOX_TIME)  # noqa: E731 - a name would say no more
    if settings.sandbox and transport is None:
        behind = lambda: _sandbox_transport(settings.sandbox, now)  # noqa: E731 - a name would say no more
    if settings.sandbox:
        key, url, scope = SANDBOX_KEY, SANDBOX_URL, f"sandbox {settings.sandbox}"
    return Workspace(
        settings,
        UnthreadClient(base_url=url, key=key, key_problem=settings.api_key_problem, transport=behind, sleep=sleep),
        Intents(scope, settings.state_file, now=lambda: now().timestamp()),
        hashlib.sha256(f"unthread-mcp workspace {key}".encode()).hexdigest()[:16],
        now,
        sleep,
    )


SANDBOX_KEY = "sandbox-key"
SANDBOX_URL = "https://sandbox.invalid/api"
SANDBOX_TIME = time(10, tzinfo=UTC)
"""The time of day at which a sandbox with a date of its own stands: within office hours nearly everywhere."""


def _sandbox_transport(where: str | None, now: Callable[[], datetime]) -> httpx2.AsyncBaseTransport:
    """A sandbox's transport, with which the sandbox is closed. Raises `Unavailable` for a file that can't be used."""
    import httpx2  # noqa: PLC0415 - imported when first needed

    from unthread_mcp.sandbox import Sandbox, SandboxFileError  # noqa: PLC0415 - see above

    try:
        sandbox = Sandbox(None if where == IN_MEMORY else where, key=SANDBOX_KEY, now=now)
    except SandboxFileError as problem:
        raise Unavailable(str(problem), "") from None

    class OwnSandbox(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            return await sandbox.transport.handle_async_request(request)

        async def aclose(self) -> None:
            sandbox.close()

    return OwnSandbox()


def build_server(
    settings: Settings,
    *,
    transport: httpx2.AsyncBaseTransport | None = None,
    now: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> UnthreadServer:
    """The MCP server that `settings` ask for. Needs neither network nor key."""
    return UnthreadServer(build_workspace(settings, transport=transport, now=now, sleep=sleep))
