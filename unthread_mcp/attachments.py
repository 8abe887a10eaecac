"""Files of this machine: those that may be attached, and the directory into which attachments are put.

Both directories are the operator's choice. Within them nothing is trusted: names come from an
agent, and whoever can write into the directory may plant links, pipes and devices. So a file is
opened part by part, each relative to the directory before it and none of them a symbolic link
(openat with O_NOFOLLOW), without waiting for a pipe's other end, and only what the open
descriptor shows to be a regular file is read. Where the system can't do that (Windows), the path
is resolved and has to come out as it went in.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import anyio.to_thread

from unthread_mcp.api.calls import Upload
from unthread_mcp.api.cleaning import find_hidden
from unthread_mcp.api.errors import InvalidArgument, NotPermitted, Unavailable
from unthread_mcp.file_types import type_by_name
from unthread_mcp.sizes import write_size

MOST_FILES: Final = 10
LARGEST_FILE: Final = 20_000_000
"""Bytes. The reference: up to 10 files, at most 20 MB each; MB may mean 2^20 bytes, the smaller reading is safe."""

Opener = Callable[[Path, Sequence[str]], int]
"""Opens the file whose path below a directory has these parts; gives its descriptor, or raises `OSError`."""

_CAN_OPEN_BELOW: Final = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW") and hasattr(os, "O_NONBLOCK")
_READING: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_WRITING: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_SEPARATORS: Final = r"[/\\]" if os.name == "nt" else "/"
_WINDOWS_DEVICE: Final = re.compile(
    r"(?i)(con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(\..*)?"
)
_UNFIT_IN_A_NAME: Final = re.compile(r'["\\\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029]')
"""What ends or escapes in a form's header, where readers differ, and what breaks a line."""
_EXTENSION: Final = re.compile(r"[A-Za-z0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as it will be sent, and what tells it from every other: the SHA-256 of its bytes, and its name."""

    upload: Upload
    digest: str


async def chosen_uploads(directory: Path | None, names: Sequence[str] | None) -> tuple[Attachment, ...]:
    """What `read_uploads` gives, read in a thread; without names, there is nothing to wait for."""
    return await anyio.to_thread.run_sync(read_uploads, directory, names) if names else ()


def read_uploads(
    directory: Path | None, names: Sequence[str], *, opener: Opener | None = None
) -> tuple[Attachment, ...]:
    """The files of the upload directory that `names` mean, read whole, so that nothing is sent if one is wrong.

    Blocks while it reads. Raises `NotPermitted` without a directory, `Unavailable` if it can't be
    opened, and `InvalidArgument` for everything that is no plain file in it, is too large or too much.
    """
    if not names:
        return ()
    if directory is None:
        raise NotPermitted(
            "No files can be attached here, because the operator named no directory for them.",
            "Send it without files; only the operator can change it, with UNTHREAD_UPLOAD_DIR.",
        )
    if len(names) > MOST_FILES:
        raise InvalidArgument(
            f"{len(names)} files are to be attached, more than {MOST_FILES}.", "Attach fewer, or send several messages."
        )
    parts = [_parts(name) for name in names]
    if len({tuple(each) for each in parts}) < len(parts):
        raise InvalidArgument("A file is to be attached twice.", "Name each file once.")
    if not directory.is_dir():
        raise Unavailable(
            "The directory for files to attach can't be opened.",
            "Tell the user; the operator set it in UNTHREAD_UPLOAD_DIR.",
        )
    opener = opener or (open_below if _CAN_OPEN_BELOW else open_resolved)
    return tuple(_read(directory, each, opener) for each in parts)


def described(attachments: Sequence[Attachment]) -> str:
    """Files for the person who is asked: names, sizes, and the beginning of each digest.

    With the digest, a yes to one content is none to another that has come under the same name since.
    """
    return ", ".join(
        f"{each.upload.name} ({write_size(len(each.upload.content))}, sha256 {each.digest[:12]}…)"
        for each in attachments
    )


def open_below(directory: Path, parts: Sequence[str]) -> int:
    """Open a file relative to its directory, no part of its path a symbolic link. POSIX alone can."""
    below = os.open(directory, _READING | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _READING | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=below)
            os.close(below)
            below = inner
        return os.open(parts[-1], _READING | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY, dir_fd=below)
    finally:
        os.close(below)


def open_resolved(directory: Path, parts: Sequence[str]) -> int:
    """Open a file whose resolved path is the very path that was asked for, and is still that file once it is open."""
    if any(":" in part or _WINDOWS_DEVICE.fullmatch(part.rstrip(" .")) for part in parts):
        raise OSError("a device or a stream")
    path = directory.resolve(strict=True).joinpath(*parts)
    if path.resolve(strict=True) != path or not stat.S_ISREG(path.lstat().st_mode):
        raise OSError("not a plain file of this name")
    descriptor = os.open(path, _READING | getattr(os, "O_NONBLOCK", 0))
    try:
        if path.resolve(strict=True) == path and os.path.samestat(os.fstat(descriptor), path.lstat()):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    raise OSError("another file by now")


def save_download(directory: Path, content: bytes, name: str) -> Path:
    """Put `content` into a new file of the directory, and say where it is; see `new_download`."""
    with new_download(directory, name) as (path, file):
        file.write(content)
    return path


@contextmanager
def new_download(directory: Path, name: str) -> Generator[tuple[Path, IO[bytes]]]:
    """A new file of the directory, for this user alone, to be written; gone again if the writing fails.

    The name on disk is ours: of `name`, which a customer may have chosen, only a short plain
    extension is kept. Nothing that exists is overwritten or followed. Raises `Unavailable` if it can't be written.
    """
    extension = name.rpartition(".")[2] if "." in name else ""
    ending = f".{extension.lower()}" if _EXTENSION.fullmatch(extension) else ""
    path = directory / f"unthread-{secrets.token_hex(8)}{ending}"
    try:
        # O_EXCL neither overwrites nor follows a symbolic link (POSIX), whatever stands there.
        descriptor = os.open(path, _WRITING, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield path, file
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Unavailable(
            f"The file could not be written into the download directory ({error.strerror or 'error'}).",
            "Tell the user; the operator set it in UNTHREAD_DOWNLOAD_DIR.",
        ) from None


def directory_problem(directory: Path, *, writable: bool) -> str:
    """Why a configured directory can't be used, in a few words; empty if it can."""
    if not directory.is_dir():
        return "is no directory"
    return "" if os.access(directory, os.W_OK | os.X_OK if writable else os.R_OK | os.X_OK) else "may not be used"


def _parts(name: str) -> list[str]:
    """A name's path below the directory, its last part fit to be read by others."""
    said = name[:80]
    parts = re.split(_SEPARATORS, name)
    if Path(name).drive or {"", ".", ".."} & {*parts} or "\0" in name:
        raise InvalidArgument(
            f"{said!r} names no file of the upload directory.",
            "Name it relative to that directory, like report.pdf or logs/today.txt.",
        )
    if find_hidden(parts[-1]) is not None or _UNFIT_IN_A_NAME.search(parts[-1]):
        raise InvalidArgument(
            f"The name {said!r} holds a quote, a backslash or a character that is not seen.", "Rename the file first."
        )
    return parts


def _read(directory: Path, parts: Sequence[str], opener: Opener) -> Attachment:
    shown = "/".join(parts)[:80]
    try:
        descriptor = opener(directory, parts)
    except FileNotFoundError:
        raise InvalidArgument(
            f"There is no file {shown!r} in the upload directory.", "Check its name; it is relative to that directory."
        ) from None
    except (OSError, ValueError):
        raise InvalidArgument(
            f"{shown!r} can't be opened: it is no plain file, or behind a symbolic link, or not readable.",
            "Put the file itself into the upload directory.",
        ) from None
    try:
        return _content(descriptor, parts[-1], shown)
    finally:
        os.close(descriptor)


def _content(descriptor: int, name: str, shown: str) -> Attachment:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise InvalidArgument(f"{shown!r} is no plain file.", "Name a file, not a directory, pipe or device.")
    if found.st_size <= LARGEST_FILE:
        # One that grows while it is read is too large, too.
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) <= LARGEST_FILE:
            digest = f"{hashlib.sha256(content).hexdigest()} {name}"
            return Attachment(Upload(name, content, type_by_name(name)), digest)
    raise InvalidArgument(
        f"{shown!r} is larger than {write_size(LARGEST_FILE)}, the most that Unthread takes.",
        "Make it smaller, or tell the user to send it another way.",
    )
