"""Requests with files: multipart/form-data with the JSON in `json` and each file in `attachments`."""

from __future__ import annotations

import re
from email.message import Message
from typing import Final

from .calls import Upload, bad_request

MOST_FILES: Final = 10
LARGEST_FILE: Final = 20 * 1024 * 1024
"""The reference: "Up to 10 files can be attached ... the maximum file size is 20MB"."""

_PART_HEADERS: Final = re.compile(rb"^([\w-]+):[ \t]*(.*)$", re.MULTILINE)


def parse_form(content_type: str, content: bytes) -> tuple[bytes, tuple[Upload, ...]]:
    """The `json` field and the files of a form."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str):
        raise bad_request("The form has no boundary")
    payload: bytes | None = None
    uploads: list[Upload] = []
    for part in content.split(b"--" + boundary.encode())[1:-1]:
        head, _, data = part.partition(b"\r\n\r\n")
        headers = Message()
        for name, value in _PART_HEADERS.findall(head.replace(b"\r\n", b"\n")):
            headers[name.decode().lower()] = value.decode(errors="replace")
        field = headers.get_param("name", header="content-disposition")
        data = data.removesuffix(b"\r\n")
        if field == "json":
            payload = data
        elif field == "attachments":
            uploads.append(Upload(headers.get_filename("file"), headers.get_content_type(), data))
        else:
            raise bad_request(f"Unexpected field {field}")
    if payload is None:
        raise bad_request('The form has no "json" field')
    if len(uploads) > MOST_FILES or any(len(upload.content) > LARGEST_FILE for upload in uploads):
        raise bad_request("Too many or too large attachments")
    return payload, tuple(uploads)
