"""A tool's signature as the JSON schema that is published, and as the model that validates.

The two are made apart, for start-up time: the schemas of all tools are needed to answer
`tools/list` and cost a fraction of a millisecond here, while pydantic's models cost two
milliseconds each and are built when a tool is first called. A test holds them together:
what the schema allows the model takes.

What is published is plain: no `$ref`, no `anyOf`, no `null`. What is accepted is wider, as
agents err in known ways: null for absent, numbers as strings, one string for a list, JSON
in a string.
"""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, to_jsonable_python

from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.nearest import did_you_mean
from unthread_mcp.untrusted import one_line

JsonSchema = dict[str, Any]

_PLAIN: dict[Any, JsonSchema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Any: {},
}
_PUBLISHED = {"ge": "minimum", "le": "maximum", "pattern": "pattern"}
"""Bounds by pydantic's names. Limits of length guard us, not the agent: they are not worth a token in every request."""
_INTEGER_BITS = 64
_KINDS = {
    "int": "it should be a whole number",
    "float": "it should be a number",
    "finite_number": "it should be a finite number",
    "bool": "it should be true or false",
    "string": "it should be a text",
    "list": "it should be a list",
    "dict": "it should be an object",
    "dataclass": "it should be an object",
    "missing": "it is missing",
    "unexpected_keyword_argument": "there is no such property",
}
"""What is wanted, by how pydantic's names for errors begin."""
_PATTERNS = {
    r"^[A-Za-z0-9_-]{1,64}$": "it should be an id (1 to 64 letters, digits, - and _), not a name",
    r"^[^@\s]+@[^@\s]+$": "it is no e-mail address",
    r"^@?[A-Za-z0-9._-]{1,80}$": "a handle has 1 to 80 letters, digits, dots, - and _",
}
"""What a pattern means, in words."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument that an agent may pass."""

    name: str
    annotation: Any
    default: Any
    """`inspect.Parameter.empty` for a required one."""

    @property
    def required(self) -> bool:
        """Whether it has to be given."""
        return self.default is inspect.Parameter.empty


class Signature:
    """A tool function's arguments: those that an agent passes, and those that the server fills in.

    `supplied` are the types that the server fills in, such as `Workspace`.
    """

    def __init__(self, function: Callable[..., Any], supplied: Iterable[type]) -> None:
        self.tool = function.__name__
        self.supplied: dict[str, type] = {}
        self.parameters: dict[str, Parameter] = {}
        kinds = tuple(supplied)
        for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
            if parameter.annotation in kinds:
                self.supplied[name] = parameter.annotation
            else:
                self.parameters[name] = Parameter(name, parameter.annotation, parameter.default)
        self._model: type[BaseModel] | None = None

    @property
    def defaults(self) -> dict[str, Any]:
        """What stands in for the arguments that may be left out."""
        return {each.name: each.default for each in self.parameters.values() if not each.required}

    @cached_property
    def schema(self) -> JsonSchema:
        """The JSON schema to publish. It is the same object every time, to be left as it is."""
        properties: dict[str, JsonSchema] = {}
        for parameter in self.parameters.values():
            published = _schema(parameter.annotation)
            if not parameter.required and parameter.default not in (None, False):
                published = {**published, "default": parameter.default}
            properties[parameter.name] = published
        schema: JsonSchema = {"type": "object", "properties": properties}
        if required := [parameter.name for parameter in self.parameters.values() if parameter.required]:
            schema["required"] = required
        return {**schema, "additionalProperties": False}

    def validate(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """`arguments` in the function's own types; null means absent.

        Raises `InvalidArgument` that names the argument and what it takes.
        """
        given = self._understood(arguments)
        try:
            model = self.model.model_validate(given)
        except ValidationError as problem:
            raise self._in_words(problem) from None
        return {name: getattr(model, name) for name in self.parameters}

    def plain(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Some of the arguments, validated, as they stand in JSON: what two ways to write the same agree on.

        Raises `InvalidArgument` as `validate` does, but for what is missing.
        """
        given = self._understood(arguments)
        model = self.model.model_construct()
        try:
            for name, value in given.items():
                self.model.__pydantic_validator__.validate_assignment(model, name, value)
        except ValidationError as problem:
            raise self._in_words(problem) from None
        return {name: to_jsonable_python(getattr(model, name)) for name in given}

    @property
    def model(self) -> type[BaseModel]:
        """The pydantic model of the arguments, built when first needed."""
        if self._model is None:
            typed: dict[str, Any] = {
                each.name: (each.annotation, ... if each.required else each.default)
                for each in self.parameters.values()
            }
            self._model = create_model(
                self.tool, __config__=ConfigDict(extra="forbid", coerce_numbers_to_str=True), **typed
            )
        return self._model

    def _understood(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """`arguments` without nulls, and with what agents wrote in their own ways put right. Refuses unknown ones."""
        understood: dict[str, Any] = {}
        for name, value in arguments.items():
            if value is None:
                continue
            if name not in self.parameters:
                hint = (
                    did_you_mean(name, self.parameters) or f"It takes: {', '.join(self.parameters) or 'no arguments'}."
                )
                raise InvalidArgument(f"{self.tool} has no argument {name[:60]!r}.", hint)
            schema = _schema(self.parameters[name].annotation)
            if isinstance(value, bool) and schema.get("type") in {"integer", "number"}:
                # Python, and so pydantic, takes true for 1.
                raise InvalidArgument(f"{name} is not acceptable: it should be a number.", "Correct it and call again.")
            if isinstance(value, int) and value.bit_length() > _INTEGER_BITS:
                # Python doesn't even write out one of thousands of digits.
                raise InvalidArgument(f"{name} is not acceptable: it is too large.", "Correct it and call again.")
            understood[name] = _lenient(schema, value)
        return understood

    def _in_words(self, problem: ValidationError) -> InvalidArgument:
        first, *more = problem.errors(include_url=False, include_input=False)
        place = _place(first["loc"])
        if first["type"] == "missing" and len(first["loc"]) == 1:
            described = self.schema["properties"][place].get("description", "")
            return InvalidArgument(
                f"{self.tool} needs {place}.", f"Pass it: {described}." if described else "Pass it and call again."
            )
        others = [other for other in dict.fromkeys(_place(each["loc"]) for each in more) if other != place]
        further = f" and {len(others) - 3} more" if len(others) > 3 else ""
        either = f" Not acceptable either: {', '.join(others[:3])}{further}." if others else ""
        return InvalidArgument(f"{place} is not acceptable: {_wanted(first)}.", f"Correct it and call again.{either}")


def _place(location: tuple[int | str, ...]) -> str:
    """Where in the arguments, from the outside in: `operator of item 2 of where`.

    Below an argument's own name stand words of the agent's.
    """
    named = [f"item {part + 1}" if isinstance(part, int) else part for part in location]
    return one_line(" of ".join(reversed(named)), 80)


def _wanted(error: ErrorDetails) -> str:
    """What an argument should be, in the words of this house instead of pydantic's."""
    context = error.get("ctx", {})
    match error["type"]:
        case "literal_error":
            return f"it takes {context['expected'].replace(chr(39), '')}"
        case "greater_than_equal":
            return f"it should be at least {context['ge']}"
        case "less_than_equal":
            return f"it should be at most {context['le']}"
        case "string_too_short" | "too_short":
            return "it is empty" if context["min_length"] == 1 else f"it should have at least {context['min_length']}"
        case "string_too_long":
            return f"it should have at most {context['max_length']} characters"
        case "too_long":
            return f"it should have at most {context['max_length']} items"
        case "string_pattern_mismatch":
            return _PATTERNS.get(context["pattern"], f"it should look like {context['pattern']}")
        case "value_error":
            return str(context["error"])[:200]
        case kind:
            return next((wanted for start, wanted in _KINDS.items() if kind.startswith(start)), error["msg"][:200])


def _lenient(schema: JsonSchema, value: Any) -> Any:
    """`value` as `schema` wants it, where agents err: JSON in a text, one item for a list, `Open` for `open`."""
    if "enum" in schema:
        return _choice(schema["enum"], value)
    match schema.get("type"):
        case "object":
            said = _from_json(value, dict)
            properties = schema.get("properties")
            if properties is None or not isinstance(said, dict):
                return said
            known = cast("dict[str, Any]", said)
            return {name: _lenient(properties.get(name, {}), each) for name, each in known.items()}
        case "array":
            value = _from_json(value, list)
            if not isinstance(value, str | int | dict | list):
                return value
            items = cast("list[Any]", value if isinstance(value, list) else [value])
            return [_lenient(schema["items"], each) for each in items]
        case _:
            return value


def _choice(words: Sequence[str], value: Any) -> Any:
    """The one of `words` that differs from `value` only in letter case, spaces or hyphens; else `value` as it is."""
    if not isinstance(value, str) or value in words:
        return value
    meant = [word for word in words if plain_word(word) == plain_word(value)]
    return meant[0] if len(meant) == 1 else value


def plain_word(text: str) -> str:
    """`text` as the words of the API are written: in small letters, with underscores."""
    return text.strip().casefold().replace(" ", "_").replace("-", "_")


def _from_json(value: Any, wanted: type) -> Any:
    """What a text that is JSON says, if that is a `wanted`; else `value` as it is."""
    if not isinstance(value, str):
        return value
    try:
        said = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return said if isinstance(said, wanted) else value


def _schema(annotation: Any) -> JsonSchema:
    """The published JSON schema of an argument's type. Raises `TypeError` for a type not in use here."""
    if annotation in _PLAIN:
        return dict(_PLAIN[annotation])
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:])
    if origin in (Union, types.UnionType):
        return _union([each for each in arguments if each is not type(None)])
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": _schema(arguments[0])}
    if origin is dict:
        inner = _schema(arguments[1])
        return {"type": "object", "additionalProperties": inner} if inner else {"type": "object"}
    if is_dataclass(annotation):
        hints = get_type_hints(annotation, include_extras=True)
        names = [each.name for each in fields(annotation)]
        return {
            "type": "object",
            "properties": {name: _schema(hints[name]) for name in names},
            "required": names,
            "additionalProperties": False,
        }
    raise TypeError(f"{annotation!r} has no published schema")


def _union(members: list[Any]) -> JsonSchema:
    # A union of several types has no plain schema that hosts keep: publish it untyped.
    return _schema(members[0]) if len(members) == 1 else {}


def _annotated(annotation: Any, metadata: tuple[Any, ...]) -> JsonSchema:
    schema = _schema(annotation)
    for each in metadata:
        if not isinstance(each, FieldInfo):
            continue
        if each.description:
            schema["description"] = each.description
        for bound in each.metadata:
            for attribute, keyword in _PUBLISHED.items():
                if (value := getattr(bound, attribute, None)) is not None:
                    schema[keyword] = value
    return schema
