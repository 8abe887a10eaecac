"""Start the servers of the example configuration exactly as they are written there, as a host does.

`python scripts/check_example_config.py WHEELS` offers the wheels in that directory (this package's and those of all
that it needs) to `uvx` in place of an index, so that what is tried is this code and not what was published. Each
server is spoken to by the SDK's own client over its standard input and output: the handshake, the list of tools, and
one call. The real server has to say that its key is a placeholder; the sandbox has to find conversations.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import anyio
import uv
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.types import TextContent

EXAMPLE: Final = Path(__file__).resolve().parent.parent / "claude_desktop_config.example.json"
_SECONDS: Final = 120
"""For one server, the installation by uvx included."""

EXPECTED: Final[dict[str, tuple[bool, str]]] = {
    "unthread": (True, "UNTHREAD_API_KEY holds a placeholder, not a key."),
    "unthread-sandbox": (False, "conversations"),
}
"""For each server: whether a search fails, and words of its answer."""


def launch(server: dict[str, Any], wheels: Path, scratch: Path) -> StdioServerParameters:
    """`server` as a host starts it, but for where uvx finds packages and leaves its own files."""
    uv_bin = Path(uv.find_uv_bin()).parent
    settings = scratch / "uv.toml"
    settings.write_text(f"no-index = true\nfind-links = [{json.dumps(str(wheels.resolve()))}]\n", "utf-8")
    offered = {
        "UV_CONFIG_FILE": str(settings),
        "UV_CACHE_DIR": str(scratch / "cache"),
        "UV_TOOL_DIR": str(scratch / "tools"),
        "UV_PYTHON": sys.executable,
        "PATH": os.pathsep.join([str(uv_bin), os.environ["PATH"]]),
        "XDG_STATE_HOME": str(scratch / "state"),
    }
    return StdioServerParameters(
        command=server["command"], args=server["args"], env={**offered, **server.get("env", {})}
    )


async def answers(name: str, server: dict[str, Any], wheels: Path, scratch: Path) -> str:
    """What was seen of one server, in a line. Raises `AssertionError` if it was not what is expected."""
    fails, words = EXPECTED[name]
    with anyio.fail_after(_SECONDS):
        async with Client(stdio_client(launch(server, wheels, scratch)), mode="legacy") as client:
            tools = (await client.list_tools()).tools
            assert "search_conversations" in {tool.name for tool in tools}, f"{name} shows {len(tools)} tools"
            said = await client.call_tool("search_conversations", {"limit": 3})
    text = "\n".join(part.text for part in said.content if isinstance(part, TextContent))
    assert (said.is_error is True, words in text) == (fails, True), f"{name} answered: {text}"
    return f"{name}: {len(tools)} tools; {text.splitlines()[0]}"


def main(arguments: Sequence[str]) -> int:
    """Try every server of the example. Returns the exit status."""
    (wheels,) = arguments
    servers: dict[str, dict[str, Any]] = json.loads(EXAMPLE.read_text("utf-8"))["mcpServers"]
    assert set(servers) == set(EXPECTED), "the example has other servers than are expected here"
    with TemporaryDirectory() as scratch:
        for name, server in servers.items():
            print(anyio.run(answers, name, server, Path(wheels), Path(scratch)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
