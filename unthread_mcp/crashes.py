"""Exceptions that nobody foresaw: into the log, whole but for the key."""

from __future__ import annotations

import logging
import traceback

from unthread_mcp.api.cleaning import HIDDEN_KEY


def log_crash(logger: logging.Logger, what: str, key: str | None) -> None:
    """Log the exception at hand below `what`. Its text may quote anything, so the key is taken out of it."""
    trace = traceback.format_exc().rstrip()
    logger.error("%s\n%s", what, trace.replace(key, HIDDEN_KEY) if key else trace)
