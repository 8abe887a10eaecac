"""The Unthread support platform for LLM agents, as an MCP server."""

__version__ = "0.1.0"
