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
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.fields import FieldInfo

from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.nearest import did_you_mean

JsonSchema = dict[str, Any]

_PLAIN: dict[Any, JsonSchema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Any: {},
}
_BOUNDS = {
    str: {"min_length": "minLength", "max_length": "maxLength"},
    list: {"min_length": "minItems", "max_length": "maxItems"},
}


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

    def schema(self) -> JsonSchema:
        """The JSON schema to publish."""
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
        given = {name: value for name, value in arguments.items() if value is not None}
        for name in given:
            if name not in self.parameters:
                hint = (
                    did_you_mean(name, self.parameters) or f"It takes: {', '.join(self.parameters) or 'no arguments'}."
                )
                raise InvalidArgument(f"{self.tool} has no argument {name[:60]!r}.", hint)
        lenient = {name: self._lenient(self.parameters[name], value) for name, value in given.items()}
        try:
            model = self.model.model_validate(lenient)
        except ValidationError as problem:
            raise self._in_words(problem) from None
        return {name: getattr(model, name) for name in self.parameters}

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

    def _lenient(self, parameter: Parameter, value: Any) -> Any:
        """Text where a list or an object is wanted: JSON in a string, or one item on its own."""
        wanted = _schema(parameter.annotation).get("type")
        if wanted not in {"array", "object"}:
            return value
        if isinstance(value, str):
            text = value.strip()
            if text[:1] in {"[", "{"}:
                try:
                    return json.loads(text)
                except (ValueError, RecursionError):
                    return [value] if wanted == "array" else value
            return [value] if wanted == "array" else value
        return [value] if wanted == "array" and isinstance(value, int | dict) else value

    def _in_words(self, problem: ValidationError) -> InvalidArgument:
        first, *more = problem.errors(include_url=False, include_input=False, include_context=False)
        place = ".".join(str(part) for part in first["loc"]) or "arguments"
        if first["type"] == "missing" and len(first["loc"]) == 1:
            described = self.schema()["properties"].get(place, {}).get("description", "")
            return InvalidArgument(
                f"{self.tool} needs {place}.", f"Pass it: {described}." if described else "Pass it and call again."
            )
        message = first["msg"][:200].replace("Input should be", "it should be", 1)
        others = f" The same goes for {len(more)} more." if more else ""
        return InvalidArgument(f"{place} is not acceptable: {message}.", f"Correct it and call again.{others}")


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
        return {"type": "object"}
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
        names = _BOUNDS.get(cast("type", get_origin(annotation) or annotation), {})
        for bound in each.metadata:
            for attribute, keyword in {**names, "ge": "minimum", "le": "maximum", "pattern": "pattern"}.items():
                value = getattr(bound, attribute, None)
                # Length limits guard us, not the agent: they are not worth a token in every request.
                if value is not None and keyword not in {"minLength", "maxLength", "minItems", "maxItems"}:
                    schema[keyword] = value
    return schema
