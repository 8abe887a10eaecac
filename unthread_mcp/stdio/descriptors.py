"""The process's standard streams, kept for frames alone."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_STDIN: Final = 0
_STDOUT: Final = 1
_STDERR: Final = 2


def check_standard_streams() -> None:
    """Raise `OSError` if standard input or output is closed; give a closed standard error the null device.

    To be done before anything else is opened: that would take a closed stream's number, and what others print.
    """
    os.fstat(_STDIN)
    os.fstat(_STDOUT)
    try:
        os.fstat(_STDERR)
    except OSError:
        os.open(os.devnull, os.O_WRONLY)  # gets the lowest free number


@contextmanager
def reserved(stdin: int, stdout: int) -> Generator[tuple[int, int]]:
    """Two duplicates that nothing else in the process knows: the bytes in and the bytes out.

    Meanwhile descriptor 0, if it is `stdin`, is the null device, so that no tool or child process takes frames,
    and descriptor 1, if it is `stdout`, is standard error, so that a stray `print` never reaches the client.

    Raises `OSError` if one of them is closed.
    """
    with ExitStack() as stack:
        wire_in = os.dup(stdin)
        stack.callback(os.close, wire_in)
        wire_out = os.dup(stdout)
        stack.callback(os.close, wire_out)
        if stdin == _STDIN:
            stack.enter_context(_diverted(_STDIN, wire_in, _open_null))
        if stdout == _STDOUT:
            stack.enter_context(_diverted(_STDOUT, wire_out, _open_stderr))
            stack.callback(_flush_stdout)  # before the descriptor is put back: it was not printed for the client
        yield wire_in, wire_out


@contextmanager
def _diverted(fd: int, original: int, open_diversion: Callable[[], int]) -> Generator[None]:
    diversion = open_diversion()
    _redirect(diversion, fd)
    os.close(diversion)
    try:
        yield
    finally:
        _redirect(original, fd)


def _redirect(source: int, target: int) -> None:
    os.dup2(source, target)
    if sys.platform == "win32":  # pragma: no cover  # there alone
        # Child processes take their standard handles from another table there.
        from mcp.os.win32.utilities import rebind_std_handle_to_fd  # noqa: PLC0415  # does nothing elsewhere

        with suppress(OSError):
            rebind_std_handle_to_fd(target)


def _open_null() -> int:
    return os.open(os.devnull, os.O_RDONLY)


def _open_stderr() -> int:
    return os.dup(_STDERR)


def _flush_stdout() -> None:
    # None under pythonw; ValueError if somebody closed it.
    with suppress(AttributeError, OSError, ValueError):
        sys.stdout.flush()
