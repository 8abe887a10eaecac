"""Attachments: pictures to be looked at, text to be read, everything else as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final

import anyio.to_thread
from pydantic import Field

from unthread_mcp.access import reads
from unthread_mcp.answers import id_of, text_of
from unthread_mcp.api.cleaning import clean_text, without_key
from unthread_mcp.api.client import DownloadedFile
from unthread_mcp.api.endpoints import DOWNLOAD_FILE, ID_PATTERN
from unthread_mcp.api.errors import ApiError, InvalidArgument, NotFound, NotPermitted
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.arguments import ConversationRef
from unthread_mcp.attachments import save_download
from unthread_mcp.file_types import UNKNOWN_TYPE, as_text, image_type, text_encoding, type_by_name
from unthread_mcp.render import MAX_BYTES, SEPARATOR, Answer, FileContent, number_of
from unthread_mcp.sizes import write_size
from unthread_mcp.tokens import estimate_tokens
from unthread_mcp.untrusted import Fence, grapheme_end, one_line
from unthread_mcp.workspace import Workspace

FILE_URI: Final = "unthread://conversations/{id}/files/{file_id}"
LARGEST_INLINE: Final = 2**20
"""Bytes of a file whose content an answer may give."""
LARGEST_ENCODED: Final = 750_000
"""The same where they go as base64, which makes a million of them: Claude Desktop refuses a result of more than
1,048,576 characters ("result exceeds maximum length of 1048576")."""
_WAITS: Final = (1.0, 2.0, 3.0)
"""Seconds between attempts. A file from Unthread's dashboard may not be ready when its message is there: clients
were seen to ask for it every second, up to eight times."""
_NOT_READY: Final = frozenset({404, 409, 425})
_PIECE_TOKENS: Final = 9_000
_PIECE_BYTES: Final = MAX_BYTES - 3_000
"""Of a text, at once: an answer stays under 10,000 tokens."""
_NAMED: Final = 10
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,80}")


@reads("Get an attachment")
async def get_attachment(
    workspace: Workspace,
    conversation: ConversationRef,
    file: Annotated[str, Field(description="Id or name, as the thread shows it", min_length=1, max_length=300)],
    offset: Annotated[int, Field(description="Where to go on in a long text", ge=0)] = 0,
) -> Answer:
    """Read a file of a conversation: pictures are shown, text is given, other files are attached.

    What is too large for an answer is put into the operator's download directory.
    """
    identity = await workspace.numbers.identify(conversation)
    found = await workspace.conversation(identity)
    entry = _entry(found, file)
    directory = workspace.settings.download_dir
    size = entry.get("size")
    if directory is None and isinstance(size, int) and size > LARGEST_INLINE:
        raise _too_large(size)
    downloaded = await _downloaded(workspace, identity, text_of(entry, "id"))
    content, media_type = downloaded.content, _media_type(entry, downloaded)
    shown = _Shown(number_of(found), identity, entry, content, workspace.settings.api_key)
    picture = image_type(content)
    if len(content) <= LARGEST_INLINE:
        if text := as_text(content, media_type):
            return shown.text(offset, *text, media_type)
        is_text = False
    else:  # which takes a while to be looked through
        is_text = await anyio.to_thread.run_sync(text_encoding, content, media_type) is not None
    # What claims to be a picture or text and is none would be shown as one by a host that believes it.
    is_none = not (picture or is_text) and media_type.startswith(("image/", "text/"))
    stated = picture or (UNKNOWN_TYPE if is_none else media_type)
    if len(content) <= LARGEST_ENCODED:
        return shown.attached(offset, stated, is_picture=bool(picture))
    if directory is None:
        raise _too_large(len(content))
    path = await anyio.to_thread.run_sync(save_download, directory, content, text_of(entry, "name"))
    text = f"{shown.heading(stated)}\nIt is too large for an answer and was put into {path}"
    return Answer(text, {**shown.data(stated), "path": str(path)})


class _Shown:
    """One file as an answer says it: facts first, its content behind them."""

    def __init__(self, conversation: str, identity: str, entry: JsonObject, content: bytes, key: str | None) -> None:
        self._conversation = conversation
        self._identity = identity
        self._entry = entry
        self._content = content
        self._key = key

    def heading(self, media_type: str) -> str:
        """Name, type, size and place on one line; the name is a customer's."""
        name = one_line(text_of(self._entry, "name"), 100) or "(no name)"
        size = write_size(len(self._content))
        return SEPARATOR.join([name, media_type, size, f"of {self._conversation}"])

    def data(self, media_type: str) -> JsonObject:
        """The same for programs."""
        known: JsonObject = {name: self._entry[name] for name in ("id", "name") if name in self._entry}
        return {"file": {**known, "size": len(self._content), "mimetype": media_type}}

    def attached(self, offset: int, media_type: str, *, is_picture: bool) -> Answer:
        """The bytes beside the text."""
        if offset:
            raise InvalidArgument(f"This file is no text but {media_type}.", "Leave offset out.")
        uri = FILE_URI.replace("{id}", self._identity).replace("{file_id}", text_of(self._entry, "id"))
        file = FileContent(self._content, media_type, uri, is_picture)
        return Answer(self.heading(media_type), self.data(media_type), file=file)

    def text(self, offset: int, text: str, encoding: str, media_type: str) -> Answer:
        """A piece of the text, fenced, and where the next one begins."""
        text, removed = clean_text(text)
        text = without_key(text, self._key)
        if offset and offset >= len(text):
            raise InvalidArgument(
                f"offset is beyond the text, which has {len(text):,} characters.", "Pass one that an answer named."
            )
        piece = _piece(text, offset)
        end = offset + len(piece)
        lines = [self.heading(media_type)]
        if encoding != "UTF-8":
            lines.append(f"Read as {encoding}.")
        if removed:
            lines.append(f"{removed:,} characters that nobody sees are left out.")
        lines.append(Fence().wrap(piece) or "It holds no text.")
        if offset or end < len(text):
            more = f" Pass offset={end} for the next." if end < len(text) else ""
            lines.append(f"Characters {offset + 1:,} to {end:,} of {len(text):,}.{more}")
        return Answer("\n".join(lines), {**self.data(media_type), "text": piece})


def _piece(text: str, offset: int) -> str:
    """As much of `text` from `offset` on as one answer may hold, up to the end of a line where one is near."""
    piece = text[offset : offset + _PIECE_BYTES]
    while (excess := max(len(piece.encode()) / _PIECE_BYTES, estimate_tokens(piece) / _PIECE_TOKENS)) > 1:
        piece = piece[: int(len(piece) / excess * 0.98)]
    if offset + len(piece) == len(text):
        return piece
    line_end = piece.rfind("\n", len(piece) * 3 // 4)
    return piece[: line_end + 1 if line_end >= 0 else grapheme_end(text, offset + len(piece)) - offset]


def _entry(conversation: JsonObject, file: str) -> JsonObject:
    """What the conversation says of the file that is meant by id or name; of one it doesn't list, the id alone."""
    listed = conversation.get("files")
    known = [each for each in listed if isinstance(each, dict) and id_of(each)] if isinstance(listed, list) else []
    wanted = file.strip()
    if same := [each for each in known if id_of(each) == wanted]:
        return same[0]
    named = [each for each in known if wanted in {text_of(each, "name"), one_line(text_of(each, "name"), 60)}]
    if len(named) == 1:
        return named[0]
    if named:
        raise InvalidArgument(
            f"Several files are called {one_line(wanted, 60)!r}.", f"Pass the id of one: {_described(named)}."
        )
    if ID_PATTERN.fullmatch(wanted) and any(each.isdigit() for each in wanted):
        return {"id": wanted}
    raise InvalidArgument(
        f"The conversation has no file {one_line(wanted, 60)!r}.",
        f"It has: {_described(known)}." if known else "It has none.",
    )


def _described(files: Sequence[JsonObject]) -> str:
    said = [f"{one_line(text_of(each, 'name'), 60)} ({id_of(each)})" for each in files[:_NAMED]]
    return "; ".join(said) + (f"; and {len(files) - _NAMED} more" if len(files) > _NAMED else "")


async def _downloaded(workspace: Workspace, conversation_id: str, file_id: str) -> DownloadedFile:
    """The file, asked for again for some seconds while it isn't ready."""
    ids = {"conversation_id": conversation_id, "file_id": file_id}
    for wait in (*_WAITS, None):
        try:
            return await workspace.client.download(DOWNLOAD_FILE, ids)
        except ApiError as error:
            if error.status not in _NOT_READY:
                raise
            if wait is None:
                break
        await workspace.sleep(wait)
    raise NotFound(
        "Unthread does not have this file, or not yet.",
        "Check the id in the conversation; if it is right, call again in a minute.",
    )


def _media_type(entry: JsonObject, downloaded: DownloadedFile) -> str:
    """What the file claims to be: by its download, else by the conversation, else by its name."""
    name = text_of(entry, "name")
    for claimed in (downloaded.media_type, text_of(entry, "mimetype").lower(), type_by_name(name)):
        if claimed != UNKNOWN_TYPE and _MEDIA_TYPE.fullmatch(claimed):
            return claimed
    return UNKNOWN_TYPE


def _too_large(size: int) -> NotPermitted:
    return NotPermitted(
        f"The file has {write_size(size)}, which is too large for an answer, and there is no directory to put it into.",
        "Open it in Unthread; only the operator can change it, with UNTHREAD_DOWNLOAD_DIR.",
    )
