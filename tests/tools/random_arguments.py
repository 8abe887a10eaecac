"""Random arguments for tools, made from what they publish, their examples and what the seeded workspace holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from hypothesis import strategies as st

from tests.schema_values import values
from tests.support import Desk
from unthread_mcp.access import ToolDeclaration
from unthread_mcp.fields import VOCABULARIES
from unthread_mcp.schemas import JsonSchema

_ODD: Final = [
    "",
    " ",
    "0",
    "#0",
    "-1",
    "null",
    "*",
    "..",
    "%",
    "x" * 5_000,
    "\u202egnp.exe",
    "a\nb\x00",
    "<!here> <@U1> @channel",
    "/unthread send",
    "https://127.0.0.1/x",
    "<<end>>",
]
_TIMES: Final = [
    "7d",
    "24h",
    "4w",
    "2026-11-01",
    "2026-11-30T10:00:00Z",
    "2026-11-20T09:00",
    "2031-01-01",
    "0001-01-01",
]
_ADDRESSES: Final = [
    "https://help.example.com/page",
    "http://example.com",
    "https://user:pw@example.com/",
    "example.com",
]
_WORDS: Final = ["SSO", "invoice", "How do I rotate an API key?", "Ça va — 你好 🙂", "line\nline", "<b>bold</b> & more"]
_EMAILS: Final = ["ada@norrvik.example", "ada", "Ada <ada@norrvik.example>"]
_TABLES: Final = {
    "users": "user|assignee|submitter|approver|follower|collaborator|sender|member|invite|support|entity",
    "customers": "customer|recipient",
    "accounts": "account",
    "tags": "tag|^add$|^remove$",
    "ticket_types": "type",
    "conversations": "conversation",
    "articles": "article",
    "outbounds": "outbound",
    "webhooks": "webhook",
    "collaborator_types": "collaborator_type|^type$",
}
"""The seed's tables, by what stands in the names of arguments that mean their rows."""
_TIME: Final = re.compile(r"after|before|since|until|start|end|when|schedule|(_|^)at$")
_SHOWN: Final = ("id", "name", "email", "key", "title", "friendlyId", "url")


class Known:
    """What the seeded workspace holds and `tool` may be asked for, by the names of its arguments.

    Odd values are among it: one in eight.
    """

    def __init__(self, desk: Desk, tool: ToolDeclaration, cursors: Sequence[str] = ()) -> None:
        self._cursors = [*cursors]
        self._rows: dict[str, list[Any]] = {}
        database = desk.sandbox.database
        for table in _TABLES:
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            shown = [name for name in _SHOWN if name in columns]
            rows = database.execute(f"SELECT {', '.join(shown)} FROM {table} LIMIT 5").fetchall() if shown else []
            self._rows[table] = [value for row in rows for value in row if value is not None]
        # The vocabulary of the object in the tool's name is what its `select` takes.
        word = next((each for each in VOCABULARIES if each.split("_")[0] in tool.name), "conversation")
        self._fields = sorted(VOCABULARIES[word].names)

    def __call__(self, name: str) -> Sequence[Any]:
        """Values for an argument of this name."""
        found: list[Any] = []
        if name in {"select", "field"}:
            found = self._fields
        elif _TIME.search(name):
            found = _TIMES
        elif name == "cursor":
            found = self._cursors
        elif re.search("text|query|question|title|content|subject", name):
            found = _WORDS
        elif re.search("url|link|address", name):
            found = _ADDRESSES
        elif "mail" in name or "domain" in name:
            found = _EMAILS
        else:
            for table, marks in _TABLES.items():
                if re.search(marks, name):
                    found = [*found, *self._rows[table]]
        return [*found * (7 * len(_ODD) // len(found) or 1), *_ODD] if found else _ODD


def arguments(
    schema: JsonSchema, examples: Sequence[dict[str, Any]], known: Known
) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments that `schema` allows: mostly an example of the tool with up to three of its arguments changed.

    Wholly random ones are refused at the first name that nobody has, and so show little.
    """
    properties, required = schema["properties"], schema.get("required", [])
    # Made once: making a strategy takes longer than drawing from it.
    parts = {name: values(each, known, name) for name, each in properties.items()}
    starts = st.sampled_from([*examples, *examples, *examples, *examples, {}])
    changes = st.lists(st.sampled_from(sorted(properties)), unique=True, max_size=3) if properties else st.just([])

    @st.composite
    def changed(draw: st.DrawFn) -> dict[str, Any]:
        made = dict(draw(starts))
        for name in draw(changes):
            if name in made and name not in required and draw(st.booleans()):
                del made[name]
            else:
                made[name] = draw(parts[name])
        for name in required:
            if name not in made:
                made[name] = draw(parts[name])
        return made

    return changed()


def forbidden_arguments(
    schema: JsonSchema, allowed: st.SearchStrategy[dict[str, Any]]
) -> st.SearchStrategy[dict[str, Any]]:
    """Allowed arguments but for one thing that neither the schema nor our leniency allows."""
    required = schema.get("required", [])
    typed = {name: _wrong(each) for name, each in schema["properties"].items() if each.get("type")}
    unknown = [(name, True) for name in ("surprise", "api_key", "confirm", "Conversation", "")]
    wrong = st.sampled_from([*unknown, *((name, value) for name, several in typed.items() for value in several)])
    missing = st.sampled_from(required) if required else st.nothing()

    @st.composite
    def spoiled(draw: st.DrawFn) -> dict[str, Any]:
        made = dict(draw(allowed))
        spoil = draw(wrong | missing)
        if isinstance(spoil, str):
            del made[spoil]
        else:
            name, value = spoil
            made[name] = value
        return made

    return spoiled()


def _wrong(schema: JsonSchema) -> list[Any]:
    """Values that `schema` forbids in any way of writing them."""
    if "enum" in schema:
        return ["nonsense", {}, [[]], 17]
    match schema["type"]:
        case "string":
            return [{}, [], {"a": 1}, True]
        case "integer":
            bounds = [schema[bound] + step for bound, step in (("minimum", -1), ("maximum", 1)) if bound in schema]
            return ["many", 1.5, True, [], {}, 10**30, *bounds]
        case "number":
            return ["many", True, [], {}]
        case "boolean":
            return ["perhaps", 7, [], {}]
        case "array":
            open_items = schema["items"].get("type") == "object" and "properties" not in schema["items"]
            return [[[1]], True, 1.5, *([] if open_items else [[{"\0": 1}]])]
        case _:
            return [5, "words", [1], True]
