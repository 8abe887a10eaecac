"""The log: to standard error, in lines that say when and where from, whole but for the key."""

from __future__ import annotations

import logging
import traceback

from unthread_mcp.api.cleaning import without_key


class _WithoutKey(logging.Formatter):
    """The last step before a line is written: whoever logged it, and whatever it quotes."""

    def __init__(self, key: str | None) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._key = key

    def format(self, record: logging.LogRecord) -> str:
        return without_key(super().format(record), self._key)


def log_to_standard_error(level: str, key: str | None) -> None:
    """Log from `level` on, as this process's only log.

    To be called before the SDK is: it sets up a log of its own unless there is one, which breaks lines at 80 characters
    where the package `rich` happens to be installed.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_WithoutKey(key))
    logging.basicConfig(level=level, handlers=[handler])


def log_crash(logger: logging.Logger, what: str, key: str | None) -> None:
    """Log the exception at hand below `what`. Its text may quote anything, so the key is taken out of it."""
    logger.error("%s\n%s", what, without_key(traceback.format_exc().rstrip(), key))
