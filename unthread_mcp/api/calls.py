"""One call as it will be sent: its URL, headers and body, encoded before anything touches the network."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from unthread_mcp.api.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx2

    from unthread_mcp.api.endpoints import Endpoint
    from unthread_mcp.api.json_types import JsonValue

HeaderList = list[tuple[bytes, bytes]]

_MEDIA_TYPE: Final = r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+"
"""RFC 6838, 4.2, without parameters."""


class Upload(NamedTuple):
    """A file to attach: the name that its readers will see, its bytes, and its media type, such as ``image/png``."""

    name: str
    content: bytes
    media_type: str = "application/octet-stream"


class Call(NamedTuple):
    """Everything about one call that its attempts share."""

    endpoint: Endpoint
    url: str
    headers: HeaderList
    content: bytes | None
    files: Sequence[Upload]
    deadline: float
    """Seconds for the whole call."""
    limit: int
    """Bytes of its answer, decompressed."""
    timeouts: dict[str, float | None]
    follows_redirect: bool = False

    def __repr__(self) -> str:
        """Leave out the headers, which hold the key, and the body."""
        return f"<Call {self.endpoint}>"

    @property
    def is_write(self) -> bool:
        """Whether the call changes anything."""
        return self.endpoint.effect != "reads"

    def request(self) -> httpx2.Request:
        """A request for one attempt. The bytes of files are shared between attempts, not copied."""
        import httpx2  # noqa: PLC0415 - see UnthreadClient.prepare

        extensions = {"timeout": self.timeouts}
        if not self.files:
            return httpx2.Request(
                self.endpoint.method,
                _parsed(self.url),
                content=self.content,
                headers=self.headers,
                extensions=extensions,
            )
        # The reference's multipart form: the usual payload as a field `json`, each file in a field `attachments`.
        return httpx2.Request(
            self.endpoint.method,
            self.url,
            data={"json": b"{}" if self.content is None else self.content},
            files=[("attachments", (file.name, file.content, file.media_type)) for file in self.files],
            headers=self.headers,
            extensions=extensions,
        )


@lru_cache(maxsize=256)
def _parsed(url: str) -> httpx2.URL:
    """`url` taken apart, which costs a tenth of a request; the same ones are sent again and again."""
    import httpx2  # noqa: PLC0415 - see UnthreadClient.prepare

    return httpx2.URL(url)


def encode_body(body: JsonValue) -> bytes:
    """`body` as compact JSON in UTF-8.

    Raises `InvalidArgument` for what JSON or UTF-8 cannot say: lone surrogates, NaN and infinities, or endless nesting.
    """
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except UnicodeEncodeError:
        raise InvalidArgument(
            "The text holds half of a character (a lone surrogate).", "Leave that character out and call again."
        ) from None
    except (ValueError, RecursionError):
        raise InvalidArgument(
            "The arguments hold a value that JSON cannot say.", "Use finite numbers and plain nesting."
        ) from None


def check_upload(upload: Upload) -> None:
    """Raise `InvalidArgument` for a file that a form cannot carry. Quotes and line breaks in its name are fine."""
    if not upload.name:
        raise InvalidArgument("A file to attach has no name.", "Give it one.")
    try:
        upload.name.encode()
    except UnicodeEncodeError:
        raise InvalidArgument("The name of a file to attach cannot be written in UTF-8.", "Rename it.") from None
    if not re.fullmatch(_MEDIA_TYPE, upload.media_type):
        raise InvalidArgument("The media type of a file to attach is not one.", "Use one like image/png.")
