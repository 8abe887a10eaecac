"""The API as an OpenAPI document, for peers that make their tools of one.

Made from ``tests/reference/reference.json``, so it says what this project knows itself:
every endpoint with a path, its ids, its body's schema, the objects it answers with.
Operations are named after the endpoints' symbols: ``list_conversations``.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, cast

from benchmarks.client import ROOT

_REFERENCE: Final = ROOT / "tests" / "reference" / "reference.json"
_OWN_WORDS: Final = frozenset({"$comment", "open", "inferred"})
"""Remarks of the reference file's own, which are no JSON Schema."""
_PLACEHOLDER: Final = re.compile(r":(\w+)")
_KINDS: Final[dict[str, dict[str, Any]]] = {
    # The file says of what kind a field is, not whether it is one or many: either is right.
    "text": {"type": ["string", "array", "null"]},
    "number": {"type": ["number", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "time": {"type": ["string", "null"]},
    "map": {},
}
_LIST_DESCRIPTION: Final = (
    "`select` names the fields to answer with, `order` those to sort by, both as dotted paths; `where` filters; "
    "`limit` is at most 100; `cursor` goes on from the page before."
)


def document(api_url: str) -> dict[str, Any]:
    """The whole document, as OpenAPI 3.1, for the API at `api_url`."""
    reference: dict[str, Any] = json.loads(_REFERENCE.read_text("utf-8"))
    paths: dict[str, dict[str, Any]] = {}
    for symbol, entry in reference["endpoints"].items():
        if entry["path"]:
            path = _PLACEHOLDER.sub(r"{\1}", entry["path"])
            paths.setdefault(path, {})[entry["method"].lower()] = _operation(symbol, entry)
    bodies = {name: _schema(each) for name, each in reference["$defs"].items()}
    objects = {f"{name}Object": _object(each) for name, each in reference["objects"].items() if name != "$comment"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Unthread", "version": "1.0.0"},
        "servers": [{"url": api_url}],
        "security": [{"apiKey": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}},
            "schemas": bodies | objects,
        },
    }


def _operation(symbol: str, entry: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": symbol.lower(),
        "summary": symbol.replace("_", " ").capitalize(),
        "responses": {"200": {"description": "Done.", **_answer(entry)}},
    }
    if "lists" in entry:
        operation["description"] = _LIST_DESCRIPTION
    ids = _PLACEHOLDER.findall(entry["path"])
    if ids:
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": _reference("Id")} for name in ids
        ]
    if "body" in entry:
        operation["requestBody"] = {"required": True, "content": _json(_reference(entry["body"]))}
    return operation


def _answer(entry: dict[str, Any]) -> dict[str, Any]:
    if "lists" in entry:
        data = {"type": "array", "items": _reference(f"{entry['lists']}Object")}
        properties = {"data": data, "totalCount": {"type": "number"}, "cursors": {"type": "object"}}
        return {"content": _json({"type": "object", "properties": properties})}
    if "select" in entry:
        return {"content": _json(_reference(f"{entry['select']}Object"))}
    return {}


def _object(each: dict[str, dict[str, str]]) -> dict[str, Any]:
    fields = each["fields"] | each["observed"]
    return {"type": "object", "properties": {name: _field(kind) for name, kind in fields.items()}}


def _field(kind: str) -> dict[str, Any]:
    if kind in _KINDS:
        return _KINDS[kind]
    one = _reference(f"{kind}Object")
    return {"anyOf": [one, {"type": "array", "items": one}, {"type": "null"}]}


def _schema(value: Any) -> Any:
    """A schema without the file's remarks, its references pointing into the document."""
    if isinstance(value, list):
        return [_schema(each) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    return {
        name: each.replace("#/$defs/", "#/components/schemas/") if name == "$ref" else _schema(each)
        for name, each in cast("dict[str, Any]", value).items()
        if name not in _OWN_WORDS
    }


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
