"""Files: kept as they came in with a message, and sent out again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from unthread_mcp.api.endpoints import DOWNLOAD_FILE

from .calls import Bytes, Call, JsonValue, Refusal, Upload, answers
from .store import SqlValue, Store
from .times import iso

_UNKNOWN_TYPE: Final = "application/octet-stream"


@answers(DOWNLOAD_FILE)
def download_file(call: Call) -> Bytes:
    """A file's bytes. One that is missing or not ready yet is a 404: that is what clients were seen to try again."""
    row = call.store.one(
        "SELECT content, mimetype, readyAt FROM files WHERE id = ? AND conversationId = ?",
        call.ids["file_id"],
        call.ids["conversation_id"],
    )
    if row is None or str(row[2]) > call.store.stamp():
        raise Refusal(404, "Not found.")
    content, mimetype, _ = row
    return Bytes(content if isinstance(content, bytes) else b"", str(mimetype))


def keep(store: Store, conversation_id: str, uploads: Sequence[Upload]) -> list[JsonValue]:
    """Store the files, and describe them as their message does."""
    shown: list[JsonValue] = []
    for upload in uploads:
        row, described = file_row(store.new_id("file"), conversation_id, upload, ready_at=store.stamp())
        store.insert_many("files", [row])
        shown.append(described)
    return shown


def file_row(
    file_id: str, conversation_id: str, upload: Upload, *, ready_at: str
) -> tuple[dict[str, SqlValue], dict[str, JsonValue]]:
    """A file as it stands in `files`, and as a message shows it."""
    mimetype = upload.mimetype if upload.mimetype.isascii() and upload.mimetype.isprintable() else _UNKNOWN_TYPE
    row: dict[str, SqlValue] = {
        "id": file_id,
        "conversationId": conversation_id,
        "content": upload.content,
        "mimetype": mimetype,
        "readyAt": ready_at,
    }
    described: dict[str, JsonValue] = {
        "id": file_id,
        "name": upload.name,
        "size": len(upload.content),
        "filetype": upload.name.rpartition(".")[2].lower(),
        "mimetype": mimetype,
    }
    return row, described


def delay(store: Store, file_id: str, seconds: float) -> None:
    """Let a file be ready only after so many seconds; `LookupError` if there is none of that id."""
    store.require("SELECT 1 FROM files WHERE id = ?", file_id)
    store.update("files", file_id, {"readyAt": iso(store.now() + timedelta(seconds=seconds))})
