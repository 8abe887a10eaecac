"""What is published of a tool's arguments, and what is accepted: the second holds the first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Optional, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field

from tests.schema_values import objects
from unthread_mcp.access import ToolDeclaration
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.arguments import Condition, Id
from unthread_mcp.gate import Gate
from unthread_mcp.progress import Progress
from unthread_mcp.schemas import JsonSchema, Signature
from unthread_mcp.tools import TOOLS
from unthread_mcp.workspace import Workspace

EVERY_TOOL = pytest.mark.parametrize("tool", TOOLS, ids=[tool.name for tool in TOOLS])


class Supplied:
    """Stands for what the server fills in."""


@dataclass(frozen=True, slots=True)
class Pair:
    left: str
    right: int


async def tool(
    supplied: Supplied,
    name: Annotated[str, Field(description="Whose", min_length=1, max_length=20)],
    count: Annotated[int, Field(ge=1, le=100)] = 25,
    colours: list[Literal["red", "green"]] | None = None,
    pairs: Annotated[list[Pair] | None, Field(description="Some", min_length=1, max_length=3)] = None,
    notes: dict[str, str] | None = None,
    anything: dict[str, Any] | None = None,
    really: bool = False,
    surely: bool = True,
    share: Optional[float] = None,  # noqa: UP045 - the older spelling means the same
    where: list[Condition] | None = None,
    id: Id | None = None,  # noqa: A002 - as in tools
    code: Annotated[str | None, Field(pattern="^[0-9]+$")] = None,
) -> None:
    """Do nothing."""


@pytest.fixture
def signature() -> Signature:
    return Signature(tool, (Supplied,))


def of(declaration: ToolDeclaration) -> Signature:
    return Signature(declaration.function, (Workspace, Gate, Progress))


def test_what_the_server_fills_in_is_not_published(signature: Signature) -> None:
    assert signature.supplied == {"supplied": Supplied}
    assert "supplied" not in signature.schema["properties"]


def test_the_schema_is_plain(signature: Signature) -> None:
    assert signature.schema == {
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "Whose"},
            "count": {"type": "integer", "minimum": 1, "maximum": 100, "default": 25},
            "colours": {"type": "array", "items": {"type": "string", "enum": ["red", "green"]}},
            "pairs": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"left": {"type": "string"}, "right": {"type": "integer"}},
                    "required": ["left", "right"],
                    "additionalProperties": False,
                },
                "description": "Some",
            },
            "notes": {"type": "object", "additionalProperties": {"type": "string"}},
            "anything": {"type": "object"},
            "really": {"type": "boolean"},
            "surely": {"type": "boolean", "default": True},
            "share": {"type": "number"},
            "where": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "field": {"type": "string"},
                        "operator": {
                            "type": "string",
                            "enum": ["==", "!=", ">", "<", "in", "notIn", "contains", "notContains", "like"],
                        },
                        # Text, number or list of texts: no plain schema says so.
                        "value": {},
                    },
                    "required": ["field", "operator", "value"],
                    "additionalProperties": False,
                },
            },
            "id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
            "code": {"type": "string", "pattern": "^[0-9]+$"},
        },
        "required": ["name"],
        "additionalProperties": False,
    }


def test_a_type_that_has_no_plain_schema_is_a_mistake_of_ours() -> None:
    async def odd(_when: complex) -> None: ...

    with pytest.raises(TypeError, match="has no published schema"):
        _ = Signature(odd, ()).schema


def nodes(schema: JsonSchema) -> Iterator[JsonSchema]:
    yield schema
    for below in (*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")):
        if isinstance(below, dict):
            yield from nodes(cast("JsonSchema", below))


@EVERY_TOOL
def test_every_published_schema_is_flat_and_without_noise(tool: ToolDeclaration) -> None:
    schema = of(tool).schema
    assert (
        {"type", "properties", "additionalProperties"}
        <= schema.keys()
        <= {"type", "properties", "required", "additionalProperties"}
    )
    words = {"type", "properties", "required", "additionalProperties", "items", "enum", "description", "default"}
    for node in nodes(schema):
        assert node.keys() <= words | {"minimum", "maximum", "pattern"}, node
        assert isinstance(node.get("type", ""), str)
        assert node.get("type") != "null"
    for name, published in schema["properties"].items():
        assert published.get("properties") is None, f"{name} is not flat"
        assert ("default" in published) <= (name not in schema.get("required", []))
    assert json.loads(json.dumps(schema)) == schema


@EVERY_TOOL
def test_every_published_pattern_is_explained_in_words(tool: ToolDeclaration) -> None:
    signature = of(tool)
    for name, published in signature.schema["properties"].items():
        if "pattern" in published:
            with pytest.raises(InvalidArgument) as refusal:
                signature.plain({name: "no / such\nthing"})
            assert "it should look like" not in refusal.value.what


@EVERY_TOOL
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_what_the_schema_allows_the_model_takes(tool: ToolDeclaration, data: st.DataObject) -> None:
    signature = of(tool)
    arguments = data.draw(objects(signature.schema))
    validated = signature.validate(arguments)
    assert validated.keys() == signature.parameters.keys()
    for name, value in arguments.items():
        if value is not None and isinstance(value, str | bool | int):
            assert validated[name] == value
    # Written as text, as some agents do, it means the same.
    assert (
        signature.validate(
            {
                name: value if isinstance(value, str) else json.dumps(value)
                for name, value in arguments.items()
                if value is not None
            }
        )
        == validated
    )


@EVERY_TOOL
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_what_a_cursor_carries_of_the_arguments_stands_for_them(tool: ToolDeclaration, data: st.DataObject) -> None:
    signature = of(tool)
    arguments = data.draw(objects(signature.schema))
    plain = signature.plain(arguments)
    assert plain.keys() == {name for name, value in arguments.items() if value is not None}
    assert json.loads(json.dumps(plain)) == plain
    assert signature.validate(plain) == signature.validate(arguments)


@pytest.mark.parametrize(
    ("given_", "meant"),
    [
        ({"count": "50"}, {"count": 50}),
        ({"count": 50.0}, {"count": 50}),
        ({"count": None}, {"count": 25}),
        ({"name": 1234}, {"name": "1234"}),
        ({"really": "true"}, {"really": True}),
        ({"surely": "false"}, {"surely": False}),
        ({"share": "0.5"}, {"share": 0.5}),
        ({"colours": "red"}, {"colours": ["red"]}),
        ({"colours": ["Red", " GREEN"]}, {"colours": ["red", "green"]}),
        ({"colours": "Red"}, {"colours": ["red"]}),
        ({"where": {"field": "a", "operator": "NotIn", "value": ["x"]}}, {"where": [Condition("a", "notIn", ["x"])]}),
        ({"colours": '["red", "green"]'}, {"colours": ["red", "green"]}),
        ({"notes": '{"a": "b"}'}, {"notes": {"a": "b"}}),
        ({"notes": {"a": 7}}, {"notes": {"a": "7"}}),
        ({"pairs": {"left": "a", "right": "7"}}, {"pairs": [Pair("a", 7)]}),
        ({"pairs": '{"left": "a", "right": 7}'}, {"pairs": [Pair("a", 7)]}),
        ({"pairs": ['{"left": "a", "right": 7}', {"left": "b", "right": 8}]}, {"pairs": [Pair("a", 7), Pair("b", 8)]}),
        (
            {"where": {"field": "priority", "operator": "in", "value": [7, "9"]}},
            {"where": [Condition("priority", "in", ["7", "9"])]},
        ),
        ({"where": [{"field": "priority", "operator": "==", "value": 7}]}, {"where": [Condition("priority", "==", 7)]}),
        (
            {"where": [{"field": "priority", "operator": "==", "value": "7"}]},
            {"where": [Condition("priority", "==", "7")]},
        ),
    ],
)
def test_the_ways_in_which_agents_err_are_understood(
    signature: Signature, given_: dict[str, Any], meant: dict[str, Any]
) -> None:
    validated = signature.validate({"name": "x", **given_})
    for name, value in meant.items():
        assert validated[name] == value
        assert type(validated[name]) is type(value)


@pytest.mark.parametrize("text", ["[Bug] login", "{x}", "[1", "[" * 100_000])
def test_a_text_that_only_looks_like_json_is_a_text(text: str) -> None:
    async def tagging(tags: list[str]) -> None: ...

    assert Signature(tagging, ()).validate({"tags": text}) == {"tags": [text]}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "tool needs name. Pass it: Whose."),
    ({"name": None}, "tool needs name. Pass it: Whose."),
    ({"name": ""}, "name is not acceptable: it is empty."),
    ({"name": True}, "name is not acceptable: it should be a text."),
    ({"name": ["x"]}, "name is not acceptable: it should be a text."),
    ({"name": "x", "count": 101}, "count is not acceptable: it should be at most 100."),
    ({"name": "x", "count": True}, "count is not acceptable: it should be a number."),
    ({"name": "x", "share": False}, "share is not acceptable: it should be a number."),
    ({"name": "x", "count": 1.5}, "count is not acceptable: it should be a whole number."),
    ({"name": "x", "colours": "blue"}, "item 1 of colours is not acceptable: it takes red or green."),
    ({"name": "x", "colours": 7}, "item 1 of colours is not acceptable: it takes red or green."),
    ({"name": "x", "notes": "text"}, "notes is not acceptable: it should be an object."),
    ({"name": "x", "notes": "[1"}, "notes is not acceptable: it should be an object."),
    ({"name": "x", "pairs": [{"left": "a"}]}, "right of item 1 of pairs is not acceptable: it is missing."),
    ({"name": "x", "pairs": "{"}, "item 1 of pairs is not acceptable: it should be an object."),
    (
        {"name": "x", "where": [{"field": "a", "operator": "==", "value": {}}]},
        "value of item 1 of where is not acceptable: it should be a text, a number or a list of texts.",
    ),
    (
        {"name": "x", "where": [{"field": "a", "operator": "in", "value": [[]]}]},
        "value of item 1 of where is not acceptable: it should be a text, a number or a list of texts.",
    ),
    (
        {"name": "x", "where": [{"field": "a", "operator": "==", "value": None}]},
        "value of item 1 of where is not acceptable",
    ),
    ({"name": "x", "nmae": 1}, "tool has no argument 'nmae'. Did you mean name?"),
    ({"name": "x", "zzz": 1}, "tool has no argument 'zzz'. It takes: name, count,"),
    ({"name": "x" * 21}, "name is not acceptable: it should have at most 20 characters."),
    ({"name": "x", "count": 0}, "count is not acceptable: it should be at least 1."),
    ({"name": "x", "count": "many"}, "count is not acceptable: it should be a whole number."),
    ({"name": "x", "share": "much"}, "share is not acceptable: it should be a number."),
    ({"name": "x", "really": "perhaps"}, "really is not acceptable: it should be true or false."),
    ({"name": "x", "colours": 1.5}, "colours is not acceptable: it should be a list."),
    ({"name": "x", "colours": [{}]}, "item 1 of colours is not acceptable: it takes red or green."),
    (
        {"name": "x", "pairs": [{"left": "a", "right": 1}] * 4},
        "pairs is not acceptable: it should have at most 3 items.",
    ),
    ({"name": "x", "pairs": []}, "pairs is not acceptable: it is empty."),
    (
        {"name": "x", "where": [{"field": "a", "operator": "is", "value": "b"}]},
        "operator of item 1 of where is not acceptable: it takes ==, !=, >, <, in, notIn, contains, notContains or",
    ),
    (
        {"name": "x", "where": [{"field": "a", "operator": "==", "value": "b", "not": 1}]},
        "not of item 1 of where is not acceptable: there is no such property.",
    ),
    (
        {"name": "x", "id": "a b"},
        "id is not acceptable: it should be an id (1 to 64 letters, digits, - and _), not a name.",
    ),
    ({"name": "x", "code": "a"}, "code is not acceptable: it should look like ^[0-9]+$."),
    ({"name": "\ud800"}, "name is not acceptable: it should be a text"),
]


@pytest.mark.parametrize(("given_", "said"), REFUSED)
def test_what_is_not_understood_is_refused_in_two_sentences(
    signature: Signature, given_: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        signature.validate(given_)
    text = str(refusal.value)
    assert text.startswith(said)
    assert refusal.value.remedy
    assert "pydantic" not in text


def test_a_tool_without_arguments_says_so() -> None:
    async def alone() -> None: ...

    assert Signature(alone, ()).schema == {"type": "object", "properties": {}, "additionalProperties": False}
    with pytest.raises(InvalidArgument, match=r"It takes: no arguments."):
        Signature(alone, ()).validate({"zzz": 1})


def test_a_required_argument_without_description_is_asked_for_plainly() -> None:
    async def bare(thing: str) -> None: ...

    with pytest.raises(InvalidArgument, match=r"^bare needs thing. Pass it and call again.$"):
        Signature(bare, ()).validate({})


def test_everything_else_that_is_wrong_is_named_too(signature: Signature) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        signature.validate({"name": "x", "count": 0, "colours": ["blue"], "really": "perhaps"})
    assert refusal.value.remedy == "Correct it and call again. Not acceptable either: item 1 of colours, really."
    with pytest.raises(InvalidArgument) as refusal:
        signature.validate({"name": "x", "colours": ["blue"] * 9})
    assert refusal.value.remedy.endswith("item 2 of colours, item 3 of colours, item 4 of colours and 5 more.")


@pytest.mark.parametrize("name", ["\ud800", "a\nb", "\u202e", "x" * 5_000, "<<end 123>>"])
def test_hostile_names_do_not_get_into_a_refusal(signature: Signature, name: str) -> None:
    pair: dict[str, Any] = {"left": "a", "right": 1, name: 1}
    notes: dict[str, Any] = {name: {}}
    for arguments in ({name: 1}, {"name": "x", "pairs": [pair]}, {"name": "x", "notes": notes}):
        with pytest.raises(InvalidArgument) as refusal:
            signature.validate(arguments)
        text = str(refusal.value)
        assert text.isprintable()
        assert len(text) < 400
        text.encode()


def test_arguments_for_a_cursor_are_refused_as_ever(signature: Signature) -> None:
    assert signature.plain({"count": "50", "colours": "red", "name": None}) == {"count": 50, "colours": ["red"]}
    with pytest.raises(InvalidArgument, match="no argument 'nmae'"):
        signature.plain({"nmae": "x"})
    with pytest.raises(InvalidArgument, match="count is not acceptable"):
        signature.plain({"count": 0})


def test_defaults_are_as_a_cursor_has_them(signature: Signature) -> None:
    assert signature.defaults == {
        "count": 25,
        "colours": None,
        "pairs": None,
        "notes": None,
        "anything": None,
        "really": False,
        "surely": True,
        "share": None,
        "where": None,
        "id": None,
        "code": None,
    }


@pytest.mark.parametrize("name", ["name", "count", "colours"])
def test_a_number_of_thousands_of_digits_is_refused_in_words(signature: Signature, name: str) -> None:
    with pytest.raises(InvalidArgument, match=f"^{name} is not acceptable: it is too large"):
        signature.validate({"name": "x", name: 10**5_000})
    condition: dict[str, Any] = {"field": "a", "operator": "in", "value": [10**5_000]}
    with pytest.raises(InvalidArgument, match=r"^value of item 1 of where is not acceptable"):
        signature.validate({"name": "x", "where": [condition]})
