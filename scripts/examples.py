"""docs/examples.md: a support lead's day, each task done by the installed server through an MCP client over stdio.

`python scripts/examples.py` plays it and writes the page; `--check` plays it and exits with 1 if the page is stale.
The server is `unthread-mcp` as it is installed, on a sandbox in a file, on a day that stays the same; what customers do
in between is done in that file by this script.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import textwrap
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import anyio
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.types import ElicitRequestFormParams, ElicitRequestURLParams, ElicitResult, ImageContent, TextContent

from scripts import day
from scripts.tool_pages import call, shortened
from unthread_mcp.sandbox import Sandbox
from unthread_mcp.server import SANDBOX_KEY, SANDBOX_TIME

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "examples.md"
DATE: Final = date(2026, 11, 20)
_SECONDS: Final = 120
"""For the whole day, which takes a few."""

INTRODUCTION: Final = """\
# A support lead's day

Each task below was done by the installed server on the seeded sandbox, through an MCP client, with the calls that an
agent would make and every answer as it came; `python scripts/examples.py` plays them again and writes this page. The
number in a fence's marker is new in each answer, and the user behind the client agrees to what the server asks.
"""


class Recorder:
    """Plays the tasks and writes down what went in and came out."""

    def __init__(self, client: Client, sandbox: Sandbox, files: Path) -> None:
        self.sandbox = sandbox
        self.files = files
        """Where the server may take attachments from."""
        self.page: list[str] = [INTRODUCTION]
        self.asked: list[str] = []
        self._client = client
        self._tasks = 0

    def task(self, title: str, asked: str) -> None:
        """Begin a task: what the user says to the agent."""
        self._tasks += 1
        self.page += [f"## {self._tasks}. {title}\n", *(f"> {line}" for line in textwrap.wrap(asked, 117)), ""]

    def say(self, text: str) -> None:
        """A remark between two calls."""
        self.page += [*textwrap.wrap(" ".join(text.split()), 119), ""]

    async def call(self, tool: str, /, **arguments: Any) -> str:
        """A call and its answer, which may be a refusal; anything else that fails is a bug of this script."""
        result = await self._client.call_tool(tool, arguments)
        said = [part.text for part in result.content if isinstance(part, TextContent)]
        said += [f"[an image, {part.mime_type}]" for part in result.content if isinstance(part, ImageContent)]
        answer = "\n".join(said)
        lines = [call(tool, arguments), *(f"[the user is asked: {question}]" for question in self.asked)]
        self.asked.clear()
        self.page += ["```text", *lines, *shortened(answer), "```", ""]
        return answer

    async def approves(
        self,
        context: ClientRequestContext,  # noqa: ARG002 - the SDK passes it by this name
        params: ElicitRequestFormParams | ElicitRequestURLParams,
    ) -> ElicitResult:
        """The user behind the client, who agrees."""
        self.asked.append(" ".join(params.message.split()))
        return ElicitResult(action="accept", content={"approve": True})


async def play() -> str:
    """The whole page, played anew."""
    with TemporaryDirectory() as scratch, anyio.fail_after(_SECONDS):
        workspace, files = Path(scratch) / "workspace.sqlite3", Path(scratch) / "files"
        files.mkdir()
        with Sandbox(workspace, today=DATE, key=SANDBOX_KEY, now=_now) as sandbox:
            async with AsyncExitStack() as open_until_the_end:
                recorder: Recorder

                async def approves(
                    context: ClientRequestContext, params: ElicitRequestFormParams | ElicitRequestURLParams
                ) -> ElicitResult:
                    return await recorder.approves(context, params)

                client = Client(stdio_client(_server(workspace, files)), elicitation_callback=approves)
                recorder = Recorder(await open_until_the_end.enter_async_context(client), sandbox, files)
                await day.play(recorder)
    return "\n".join(recorder.page).rstrip() + "\n"


def _now() -> datetime:
    return datetime.combine(DATE, SANDBOX_TIME).astimezone(UTC)


def _server(workspace: Path, files: Path) -> StdioServerParameters:
    """The installed server as an operator starts it."""
    return StdioServerParameters(
        command=str(Path(sys.executable).parent / "unthread-mcp"),
        args=[
            "--sandbox",
            str(workspace),
            "--sandbox-date",
            DATE.isoformat(),
            "--access",
            "admin",
            "--toolsets",
            "all",
        ],
        env={
            "UNTHREAD_STATE_FILE": "off",
            "UNTHREAD_UPLOAD_DIR": str(files),
            "UNTHREAD_WEBHOOK_HOSTS": "hooks.quayside.example",
        },
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or check it. Returns the exit status."""
    parser = argparse.ArgumentParser(description="Play docs/examples.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the page is stale")
    asked = parser.parse_args(arguments)
    fresh, before = anyio.run(play), PAGE.read_text("utf-8") if PAGE.exists() else ""
    if fresh == before:
        return 0
    if not asked.check:
        PAGE.write_text(fresh, "utf-8", newline="\n")
        print("docs/examples.md")
        return 0
    print("\n".join(difflib.unified_diff(before.splitlines(), fresh.splitlines(), "docs/examples.md", "played anew")))
    print("docs/examples.md is stale. Run python scripts/examples.py and look at what changed.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
