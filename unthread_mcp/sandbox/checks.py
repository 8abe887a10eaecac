"""What a request's body may hold: types, enumerations and unknown properties, refused with 400."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import inf
from typing import Any

from .calls import JsonValue, bad_request
from .times import iso

Check = Callable[[str, JsonValue], Any]
"""Takes a property's name and value, returns the value to store, or raises a `Refusal`."""


def anything(_name: str, value: JsonValue) -> JsonValue:
    """Whatever JSON holds."""
    return value


def text(name: str, value: JsonValue) -> str:
    """Any string."""
    if not isinstance(value, str):
        raise bad_request(f'"{name}" must be a string')
    return value


def filled(name: str, value: JsonValue) -> str:
    """A string that is not empty."""
    if not text(name, value):
        raise bad_request(f'"{name}" is not allowed to be empty')
    return text(name, value)


def boolean(name: str, value: JsonValue) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise bad_request(f'"{name}" must be a boolean')
    return value


def number(name: str, value: JsonValue) -> int | float:
    """A number, whole or not."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) == inf:
        raise bad_request(f'"{name}" must be a number')
    return value


def time(name: str, value: JsonValue) -> str:
    """An ISO date or date-time as UTC with milliseconds; one without an offset is taken as UTC."""
    try:
        at = datetime.fromisoformat(text(name, value))
        return iso(at if at.tzinfo else at.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise bad_request(f'"{name}" must be a valid date') from None


def nullable(check: Check) -> Check:
    """`check`, or null."""
    return lambda name, value: None if value is None else check(name, value)


def one_of(*allowed: str | int) -> Check:
    """One of the given values."""

    def check(name: str, value: JsonValue) -> JsonValue:
        if value not in allowed:
            raise bad_request(f'"{name}" must be one of [{", ".join(map(str, allowed))}]')
        return value

    return check


def list_of(check: Check, *, most: int | None = None) -> Check:
    """An array whose every item passes `check`, with at most so many."""

    def each(name: str, value: JsonValue) -> list[Any]:
        if not isinstance(value, list):
            raise bad_request(f'"{name}" must be an array')
        if most is not None and len(value) > most:
            raise bad_request(f'"{name}" must have at most {most} entries')
        return [check(f"{name}[{index}]", item) for index, item in enumerate(value)]

    return each


def map_of(check: Check) -> Check:
    """An object with any keys whose every value passes `check`."""

    def each(name: str, value: JsonValue) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise bad_request(f'"{name}" must be an object')
        return {key: check(f"{name}.{key}", item) for key, item in value.items()}

    return each


def nested(properties: Mapping[str, Check], *required: str) -> Check:
    """An object of known properties. A property is called by its path; the body itself has no name."""

    def check(name: str, value: JsonValue) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise bad_request(f'"{name or "body"}" must be an object')
        prefix = f"{name}." if name else ""
        for key in value:
            if key not in properties:
                raise bad_request(f'"{prefix}{key}" is not allowed')
        for key in required:
            if key not in value:
                raise bad_request(f'"{prefix}{key}" is required')
        return {key: properties[key](f"{prefix}{key}", item) for key, item in value.items()}

    return check


def record(body: JsonValue, properties: Mapping[str, Check], *required: str) -> dict[str, Any]:
    """The checked body of a request; a property that is not in `properties` is refused."""
    return nested(properties, *required)("", body)
