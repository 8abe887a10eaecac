"""The peers' OpenAPI document has all of the API that this project knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from benchmarks.openapi import document
from unthread_mcp.api import endpoints

_DOCUMENT = document("http://127.0.0.1:9/api")
_SCHEMAS: dict[str, Any] = _DOCUMENT["components"]["schemas"]
_OPERATIONS: list[tuple[str, str, dict[str, Any]]] = [
    (path, method, operation) for path, methods in _DOCUMENT["paths"].items() for method, operation in methods.items()
]


def each_part(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield cast("dict[str, Any]", value)
    if isinstance(value, (dict, list)):
        held = cast("dict[str, Any]", value).values() if isinstance(value, dict) else cast("list[Any]", value)
        for part in held:
            yield from each_part(part)


def test_every_endpoint_with_a_path_is_an_operation_of_its_name() -> None:
    known = {name.lower() for name, each in vars(endpoints).items() if isinstance(each, endpoints.Endpoint)}
    assert {operation["operationId"] for _, _, operation in _OPERATIONS} == known - {"update_slack_user_group"}


def test_methods_and_number_of_ids_are_those_of_the_endpoint_table() -> None:
    for path, method, operation in _OPERATIONS:
        endpoint: endpoints.Endpoint = getattr(endpoints, operation["operationId"].upper())
        assert (method.upper(), path.count("{")) == (endpoint.method, len(endpoint.placeholders))


def test_every_id_in_a_path_is_a_parameter() -> None:
    for path, _, operation in _OPERATIONS:
        assert all(f"{{{each['name']}}}" in path for each in operation.get("parameters", []))
        assert len(operation.get("parameters", [])) == path.count("{")


def test_every_reference_is_to_a_schema_that_is_there() -> None:
    named = [part["$ref"] for part in each_part(_DOCUMENT) if "$ref" in part]
    assert named
    assert {name.removeprefix("#/components/schemas/") for name in named} <= _SCHEMAS.keys()


@pytest.mark.parametrize("name", _SCHEMAS)
def test_every_schema_is_json_schema_without_remarks_of_ours(name: str) -> None:
    Draft202012Validator.check_schema(_SCHEMAS[name])
    assert not any({"$comment", "inferred"} & part.keys() for part in each_part(_SCHEMAS[name]))
