"""The least that a server on the SDK can be: what starting costs before any tool of ours."""

from __future__ import annotations

from mcp.server import MCPServer

server = MCPServer("hello", version="1.0.0")


@server.tool()
async def greet(name: str) -> str:
    """Greet somebody by name."""
    return f"Hello, {name}!"


if __name__ == "__main__":
    server.run("stdio")
