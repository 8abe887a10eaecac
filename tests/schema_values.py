"""Random values that a published schema allows, for hypothesis.

Written here and not taken from a library: what tools publish is flat and of eight keywords (a test holds that), and
values that mean something in the seeded workspace have to be mixed in by the argument's name.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from unthread_mcp.schemas import JsonSchema

WORDS = st.text(string.ascii_letters + string.digits + "äЖ漢🙂 .,'#", min_size=1, max_size=40)
Known = Callable[[str], Sequence[Any]]
"""From an argument's name to values that mean something for it."""


def _nothing(_: str) -> Sequence[Any]:
    return ()


def values(schema: JsonSchema, known: Known = _nothing, name: str = "") -> st.SearchStrategy[Any]:
    """What `schema` allows. Limits of length aren't published: 1 to 40 characters and 1 to 4 items go everywhere.

    Where something is `known` for the argument's `name`, five of six texts are taken from it.
    """
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "string":
            # Python's $ also stands before a last line break, JSON schema's doesn't.
            pattern = str(schema.get("pattern", "")).replace("$", r"\Z")
            return _or_known(st.from_regex(pattern) if pattern else WORDS, known(name))
        case "integer":
            return st.integers(schema.get("minimum", -(2**53)), schema.get("maximum", 2**53))
        case "number":
            return st.floats(schema.get("minimum"), schema.get("maximum"), allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(values(schema["items"], known, name), min_size=1, max_size=4)
        case "object" if "properties" in schema:
            return objects(schema, known)
        case "object":
            below: JsonSchema | None = schema.get("additionalProperties")
            keys = _or_known(WORDS, known(f"{name} keys"))
            return st.dictionaries(keys, values(below, known) if below else WORDS | st.booleans(), max_size=3)
        case _:
            anything = WORDS | st.integers() | st.floats(allow_nan=False) | st.lists(WORDS)
            return _or_known(anything, known(name))


def objects(schema: JsonSchema, known: Known = _nothing) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with all that is required, any of the rest, and null for some of what is left out."""
    required = schema.get("required", [])
    parts = {name: values(each, known, name) for name, each in schema["properties"].items()}
    optional = {name: each | st.none() for name, each in parts.items() if name not in required}
    return st.fixed_dictionaries({name: parts[name] for name in required}, optional=optional)


def _or_known(any_value: st.SearchStrategy[Any], known: Sequence[Any]) -> st.SearchStrategy[Any]:
    if not known:
        return any_value
    one_known = st.sampled_from(known)
    return st.one_of(one_known, one_known, one_known, one_known, one_known, any_value)
