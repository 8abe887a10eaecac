"""A file as a thread shows it: what it is called, how large it is, and the id by which it is read."""

from __future__ import annotations

import re
from typing import Final

from unthread_mcp.answers import id_of
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.sizes import write_size
from unthread_mcp.transcript.authors import short_name
from unthread_mcp.transcript.entries import text_at

_TYPE: Final = re.compile(r"[a-z0-9.+-]{1,60}(?:/[a-z0-9.+-]{1,60})?", re.IGNORECASE)
_LARGEST: Final = 10**12


def file_words(file: JsonObject) -> str:
    """`name (type, size, id)`, each as far as it is known, the type where the name doesn't end in it.

    The name is its sender's choice: on one short line, without signs of our own.
    """
    name = short_name(text_at(file, "name") or text_at(file, "title")) or "unnamed"
    kind = text_at(file, "filetype")
    told = bool(kind) and name.lower().endswith(f".{kind.lower()}")
    media_type = text_at(file, "mimetype") or kind
    size = file.get("size")
    facts = [
        *([media_type] if not told and _TYPE.fullmatch(media_type) else []),
        *([write_size(size)] if isinstance(size, int) and not isinstance(size, bool) and 0 < size < _LARGEST else []),
        *([identity] if (identity := id_of(file)) else []),
    ]
    return f"{name} ({', '.join(facts)})" if facts else name
