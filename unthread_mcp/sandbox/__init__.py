"""Unthread imitated on SQLite, behind an HTTP transport: a workspace without an account or a network.

What it imitates, guesses and leaves out stands in docs/sandbox.md. It knows the endpoint table
and nothing else of this package, so that it imitates Unthread and not our assumptions.
"""

from __future__ import annotations

from .sandbox import SANDBOX_KEY, Delivery, Sandbox
from .store import SandboxFileError

__all__ = ["SANDBOX_KEY", "Delivery", "Sandbox", "SandboxFileError"]
