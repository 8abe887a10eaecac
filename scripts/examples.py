"""The pages that are played: each call made to the installed server through an MCP client over stdio.

docs/examples.md is a support lead's day (`day`), docs/prompts.md each prompt with the calls that follow its steps
(`following_prompts`). `python scripts/examples.py` plays them and writes the pages; `--check` plays them and exits with
1 if a page is stale. The server is `unthread-mcp` as it is installed, on a sandbox in a file, on a day that stays the
same; what customers do in between is done in that file by this script. A page's reports are of a sandbox in which
nothing was done before, so that no two pages differ in them.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import textwrap
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import anyio
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.types import ElicitRequestFormParams, ElicitRequestURLParams, ElicitResult, ImageContent, TextContent

from scripts import day, following_prompts
from scripts.tool_pages import call, shortened
from unthread_mcp.sandbox import Sandbox
from unthread_mcp.server import SANDBOX_KEY, SANDBOX_TIME

ROOT: Final = Path(__file__).resolve().parent.parent
DATE: Final = date(2026, 11, 20)
_SECONDS: Final = 120
"""For a part of a page, which takes a few."""


class Recorder:
    """Plays the tasks and writes down what went in and came out."""

    sandbox: Sandbox
    files: Path
    """Where the server may take attachments from."""
    _client: Client

    def __init__(self, introduction: str) -> None:
        self.page: list[str] = [introduction]
        self.asked: list[str] = []
        self._tasks = 0

    def begin(self, client: Client, sandbox: Sandbox, files: Path) -> None:
        """Begin a part of the page, on a sandbox of its own."""
        self._client, self.sandbox, self.files = client, sandbox, files

    def task(self, title: str, asked: str) -> None:
        """Begin a task: what the user says to the agent."""
        self._tasks += 1
        self.page += [f"## {self._tasks}. {title}\n", *(f"> {line}" for line in textwrap.wrap(asked, 117)), ""]

    async def prompt(self, name: str, /, **arguments: str) -> str:
        """Begin a prompt: what the client gets when the user starts it."""
        listed = {each.name: each for each in (await self._client.list_prompts()).prompts}
        got = await self._client.get_prompt(name, arguments)
        (message,) = got.messages
        assert isinstance(message.content, TextContent)
        self.page += [f"## {listed[name].title}\n", "```text", call(name, arguments, "prompt "), "```", ""]
        for line in message.content.text.splitlines():
            self.page += [f"> {part}" for part in textwrap.wrap(line, 117)]
            self.page.append(">")
        self.page[-1] = ""
        return message.content.text

    def say(self, text: str) -> None:
        """A remark between two calls."""
        self.page += [*textwrap.wrap(" ".join(text.split()), 119), ""]

    async def call(self, tool: str, /, *, keeping: str = "", **arguments: Any) -> str:
        """A call and its answer, which may be a refusal; anything else that fails is a bug of this script.

        Of a long answer the page shows the lines in which the pattern `keeping` is found, too.
        """
        result = await self._client.call_tool(tool, arguments)
        said = [part.text for part in result.content if isinstance(part, TextContent)]
        said += [f"[an image, {part.mime_type}]" for part in result.content if isinstance(part, ImageContent)]
        answer = "\n".join(said)
        lines = [call(tool, arguments), *(f"[the user is asked: {question}]" for question in self.asked)]
        self.asked.clear()
        self.page += ["```text", *lines, *shortened(answer, keeping), "```", ""]
        return answer

    async def approves(
        self,
        context: ClientRequestContext,  # noqa: ARG002 - the SDK passes it by this name
        params: ElicitRequestFormParams | ElicitRequestURLParams,
    ) -> ElicitResult:
        """The user behind the client, who agrees."""
        self.asked.append(" ".join(params.message.split()))
        return ElicitResult(action="accept", content={"approve": True})


@dataclass(frozen=True, slots=True)
class Played:
    """A page that is played."""

    path: Path
    introduction: str
    parts: tuple[Callable[[Recorder], Awaitable[None]], ...]
    """Each is played on a new sandbox."""
    flags: tuple[str, ...]
    """What the operator says beside the sandbox."""


PAGES: Final = (
    Played(ROOT / "docs" / "examples.md", day.INTRODUCTION, day.PARTS, ("--access", "admin", "--toolsets", "all")),
    Played(ROOT / "docs" / "prompts.md", following_prompts.INTRODUCTION, following_prompts.PARTS, ()),
)


async def play(page: Played) -> str:
    """A whole page, played anew."""
    recorder = Recorder(page.introduction)
    for part in page.parts:
        with TemporaryDirectory() as scratch, anyio.fail_after(_SECONDS):
            workspace, files = Path(scratch) / "workspace.sqlite3", Path(scratch) / "files"
            files.mkdir()
            with Sandbox(workspace, today=DATE, key=SANDBOX_KEY, now=_now) as sandbox:
                server = stdio_client(_server(workspace, files, page.flags))
                async with Client(server, elicitation_callback=recorder.approves) as client:
                    recorder.begin(client, sandbox, files)
                    await part(recorder)
    return "\n".join(recorder.page).rstrip() + "\n"


def _now() -> datetime:
    return datetime.combine(DATE, SANDBOX_TIME).astimezone(UTC)


def _server(workspace: Path, files: Path, flags: Sequence[str]) -> StdioServerParameters:
    """The installed server as an operator starts it."""
    return StdioServerParameters(
        command=str(Path(sys.executable).parent / "unthread-mcp"),
        args=["--sandbox", str(workspace), "--sandbox-date", DATE.isoformat(), *flags],
        env={
            "UNTHREAD_STATE_FILE": "off",
            "UNTHREAD_UPLOAD_DIR": str(files),
            "UNTHREAD_WEBHOOK_HOSTS": "hooks.quayside.example",
        },
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or check them. Returns the exit status."""
    parser = argparse.ArgumentParser(description="Play docs/examples.md and docs/prompts.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is stale")
    asked = parser.parse_args(arguments)
    status = 0
    for page in PAGES:
        fresh, before = anyio.run(play, page), page.path.read_text("utf-8") if page.path.exists() else ""
        if fresh == before:
            continue
        name = page.path.relative_to(ROOT).as_posix()
        if not asked.check:
            page.path.write_text(fresh, "utf-8", newline="\n")
            print(name)
            continue
        print("\n".join(difflib.unified_diff(before.splitlines(), fresh.splitlines(), name, "played anew")))
        print(f"{name} is stale. Run python scripts/examples.py and look at what changed.")
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
