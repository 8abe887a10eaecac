"""Whether a request is right to the letter of the reference, as `reference.json` has it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import httpx2
from jsonschema import Draft202012Validator

from unthread_mcp.api.endpoints import ID_PATTERN

REFERENCE: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "reference.json").read_text("utf-8"))
ENTRIES: Final[dict[str, dict[str, Any]]] = REFERENCE["endpoints"]
"""What the reference says of each endpoint, by its symbol in `api.endpoints`."""
OBJECTS: Final[dict[str, dict[str, Any]]] = {
    name: each for name, each in REFERENCE["objects"].items() if isinstance(each, dict)
}
WRONG_REQUESTS: Final[list[str]] = []
"""What was wrong with requests that any test's wire saw. A test that leaves something here fails."""
_BASE: Final = b"/api"
_PLACEHOLDER: Final = ":"


class Part(NamedTuple):
    """One part of a multipart form."""

    field: str
    file_name: str | None
    media_type: str | None
    content: bytes


class Checked(NamedTuple):
    """The endpoint that a request is for, and what is wrong with it."""

    endpoint: str
    """Its symbol; empty where there is none."""
    problems: list[str]


class Request:
    """A request beside the reference.

    `operator_endpoint` is the method and path that the operator named for the endpoint of
    which the reference prints neither.
    """

    def __init__(self, request: httpx2.Request, content: bytes, operator_endpoint: str = "") -> None:
        self.method = request.method
        self.headers = request.headers
        self.query = request.url.params
        self.content = content
        self.raw_path = request.url.raw_path.partition(b"?")[0]
        self._operator_endpoint = operator_endpoint.split()

    def checked(self) -> Checked:
        """The endpoint, and everything that is wrong."""
        path = self.raw_path.decode("ascii", "replace")
        candidates = self._of_this_path
        if not candidates:
            return Checked("", [f"there is no path {path}"])
        found = [name for name, (method, _) in candidates.items() if method == self.method]
        if not found:
            return Checked("", [f"{path} takes no {self.method}"])
        (name,) = found
        entry = ENTRIES[name]
        problems = [*self._ids_wrong(candidates[name][1]), *self._query_wrong(entry), *self._headers_wrong(entry)]
        return Checked(name, problems + list(self._body_wrong(entry)))

    @cached_property
    def _of_this_path(self) -> dict[str, tuple[str, list[str]]]:
        """Method and path of each endpoint that the path may mean; one spelled out wins over one with an id."""
        if not self.raw_path.startswith(_BASE + b"/"):
            return {}
        parts = self.raw_path.decode("ascii", "replace").split("/")[2:]
        found = {
            name: (method, pattern)
            for name, method, pattern in self._endpoints()
            if len(pattern) == len(parts)
            and all(
                part == each or (each.startswith(_PLACEHOLDER) and part)
                for each, part in zip(pattern, parts, strict=True)
            )
        }
        return {name: each for name, each in found.items() if each[1] == parts} or found

    def _endpoints(self) -> Iterator[tuple[str, str, list[str]]]:
        for name, entry in ENTRIES.items():
            if entry["path"]:
                yield name, entry["method"], entry["path"].strip("/").split("/")
            elif self._operator_endpoint:
                method, path = self._operator_endpoint
                # Operators write ids in braces.
                yield name, method, path.replace("{", _PLACEHOLDER).replace("}", "").strip("/").split("/")

    def _ids_wrong(self, pattern: list[str]) -> Iterator[str]:
        parts = self.raw_path.decode("ascii", "replace").split("/")[2:]
        for each, part in zip(pattern, parts, strict=True):
            if each.startswith(_PLACEHOLDER) and not ID_PATTERN.fullmatch(part):
                yield f"{each[1:]} is {part!r}, which is no id"

    def _query_wrong(self, entry: Mapping[str, Any]) -> Iterator[str]:
        for name, value in self.query.multi_items():
            if name != "select" or "select" not in entry:
                yield f"the query takes no {name}"
                continue
            for field in value.split(","):
                if not is_known(entry["select"], field):
                    yield f"select names {field!r}, which no {entry['select']} has"

    def _headers_wrong(self, entry: Mapping[str, Any]) -> Iterator[str]:
        for name, pattern in {**REFERENCE["headers"], "Accept": entry.get("accept", "application/json")}.items():
            sent = self.headers.get_list(name)
            wanted = re.escape(pattern) if name == "Accept" else pattern
            if len(sent) != 1 or not re.fullmatch(wanted, sent[0]):
                yield f"the header {name} is {'wrong' if sent else 'missing'}"
        if "authorization" in self.headers:
            yield "the header Authorization is not of this API"

    def _body_wrong(self, entry: Mapping[str, Any]) -> Iterator[str]:
        kind = self.headers.get("content-type")
        if "body" not in entry:
            if self.content or kind is not None:
                yield "it takes no body and no Content-Type"
            return
        text = self.content
        if kind is not None and kind.startswith("multipart/form-data; boundary=") and "files" in entry:
            parts = _parts(self.content, kind.partition("boundary=")[2])
            yield from _form_wrong(parts)
            text = next((part.content for part in parts if part.field == REFERENCE["files"]["json"]), b"")
        elif kind != "application/json":
            yield f"the Content-Type is {kind}"
        try:
            body = json.loads(text)
        except ValueError:
            yield "the body is no JSON"
            return
        yield from _schema_wrong(entry["body"], body)
        if "lists" in entry and isinstance(body, dict):
            yield from _names_wrong(entry["lists"], cast("dict[str, Any]", body))


def _parts(content: bytes, boundary: str) -> list[Part]:
    parts: list[Part] = []
    for each in content.split(b"--" + boundary.encode())[1:-1]:
        head, _, data = each.partition(b"\r\n\r\n")
        headers = head.decode("utf-8", "replace")
        named: dict[str, str] = dict(re.findall(r'\b(name|filename)="((?:[^"\\]|\\.)*)"', headers, re.IGNORECASE))
        kind = re.search(r"^content-type: *(\S+)", headers, re.IGNORECASE | re.MULTILINE)
        parts.append(Part(named.get("name", ""), named.get("filename"), kind and kind[1], data.removesuffix(b"\r\n")))
    return parts


def _form_wrong(parts: list[Part]) -> Iterator[str]:
    files = REFERENCE["files"]
    texts = [part for part in parts if part.field == files["json"]]
    attached = [part for part in parts if part.field == files["each"]]
    for part in parts:
        if part not in texts and part not in attached:
            yield f"the form has a part {part.field!r}"
    if len(texts) != 1 or texts[0].file_name is not None:
        yield f"the form has {len(texts)} fields {files['json']}, or a file in it"
    if not 1 <= len(attached) <= files["most"]:
        yield f"the form has {len(attached)} files"
    for part in attached:
        if not part.file_name or not part.media_type:
            yield "a file has no name or no Content-Type"
        if len(part.content) > files["largest"]:
            yield "a file is too large"


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": REFERENCE["$defs"]})


def _schema_wrong(name: str, body: Any) -> Iterator[str]:
    for error in cast("Any", _validator(name)).iter_errors(body):  # the package is typed in part
        place = ".".join(str(part) for part in error.absolute_path) or "the body"
        yield f"{place}: {error.message[:300]}"


def _names_wrong(listed: str, body: Mapping[str, Any]) -> Iterator[str]:
    said = {
        "select": body.get("select", []),
        "order": body.get("order", []),
        "where": [each["field"] for each in body.get("where", []) if "field" in each],
    }
    for place, names in said.items():
        for name in names:
            if not is_known(listed, name):
                yield f"{place} names {name!r}, which no {listed} has"


@cache
def is_known(owner: str, path: str, *, documented: bool = False) -> bool:
    """Whether an object has a field at the dotted `path`; `documented`: whether the reference itself says so."""
    fields = OBJECTS[owner]["fields"] if documented else {**OBJECTS[owner]["fields"], **OBJECTS[owner]["observed"]}
    name, _, rest = path.partition(".")
    kind = fields.get(name)
    if kind is None:
        return False
    if not rest:
        return True
    return kind == "map" or (kind in OBJECTS and is_known(kind, rest, documented=documented))
