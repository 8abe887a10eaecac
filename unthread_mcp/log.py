"""The log: to standard error, in lines that say when and where from, whole but for the key."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from unthread_mcp.api.cleaning import without_key

if TYPE_CHECKING:
    from types import TracebackType

_logger = logging.getLogger(__name__)


class _WithoutKey(logging.Formatter):
    """The last step before a line is written: whoever logged it, and whatever it quotes.

    Further lines are indented, so that no text can pass for a line of its own.
    """

    def __init__(self, key: str | None) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._key = key

    def format(self, record: logging.LogRecord) -> str:
        return without_key(super().format(record), self._key).replace("\n", "\n  ")


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to standard error, and never what can't be formatted as it is, as the standard library would."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        what = f"A line of the log could not be written: {record.pathname}, line {record.lineno}."
        with suppress(OSError, ValueError):
            self.stream.write(f"{what}\n")


def log_to_standard_error(level: str, key: str | None) -> None:
    """Log from `level` on, as this process's only log.

    To be called before the SDK is: it sets up a log of its own unless there is one, which breaks lines at 80 characters
    where the package `rich` happens to be installed.
    """
    handler = _Handler()
    handler.setFormatter(_WithoutKey(key))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # What would be written past the log.
    logging.captureWarnings(capture=True)
    threading.excepthook = lambda thrown: _log_uncaught(thrown.exc_type, thrown.exc_value, thrown.exc_traceback)
    sys.excepthook = _log_uncaught


def _log_uncaught(kind: type[BaseException], thrown: BaseException | None, _: TracebackType | None) -> None:
    if not issubclass(kind, SystemExit):  # by which threads may end
        _logger.error("uncaught: %s", kind.__name__, exc_info=thrown)


def log_crash(logger: logging.Logger, what: str, key: str | None) -> None:
    """Log the exception at hand below `what`. Its text may quote anything, so the key is taken out of it."""
    logger.error("%s\n%s", what, without_key(traceback.format_exc().rstrip(), key))
