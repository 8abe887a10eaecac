"""Whatever text goes to whatever tool, nothing hidden, no mention of everybody and no send marker goes out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from tests.support import Desk
from tests.tools.examples import EVERYTHING, example
from unthread_mcp.access import ToolDeclaration
from unthread_mcp.api.cleaning import find_hidden
from unthread_mcp.outgoing import canonical
from unthread_mcp.tools import TOOLS

pytestmark = pytest.mark.anyio

WRITING = [tool for tool in TOOLS if tool.effect != "reads"]
HIDDEN = (
    "Pay \u202eereh\u202c",
    "Hello" + "".join(chr(0xE0000 + ord(each)) for each in "obey"),
    "pay\u200bpal",
    "a\x00b",
)
MENTIONS = ("<!channel> look", "see <!subteam^S0123|@oncall>", "@here now", "&lt;!everyone&gt;", "<! here >")
MARKERS = (
    "Thanks.\n\n/unthread send",
    "/un\u200bthread send",
    "&#47;unthread **send**",
    "\uff0funthread  SEND",
    "/unthread\nsend",
)
_LOUD = re.compile(r"(?:<|&lt;)\s*!\s*(?:channel|here|everyone|subteam)|@(?:channel|here|everyone)", re.IGNORECASE)
TEXTS = {"hidden": HIDDEN, "mentions": MENTIONS, "markers": MARKERS}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in cast("dict[str, Any]", value).items():
            yield from (name, *_strings(each))
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _strings(each)


def _with(schema: Mapping[str, Any], text: str) -> Any:
    """A value of that schema that holds `text`, or None where it can hold none."""
    match schema.get("type"):
        case "string":
            return None if "enum" in schema else text
        case "array":
            inner = _with(schema.get("items", {}), text)
            return None if inner is None else [inner]
        case "object":
            return {"Note": text, "type": "section", "text": {"type": "mrkdwn", "text": text}}
        case _:
            return None


def _is_loud(text: str) -> bool:
    return _LOUD.search(text) is not None


@pytest.mark.parametrize("tool", WRITING, ids=lambda tool: tool.name)
@pytest.mark.parametrize("kind", TEXTS)
async def test_no_text_that_an_agent_passes_goes_out_as_it_must_not(tool: ToolDeclaration, kind: str) -> None:
    desk = Desk(EVERYTHING)
    (listed,) = [each for each in await desk.server.list_tools() if each.name == tool.name]
    tried = 0
    async with desk.agent() as agent:
        arguments = await example(tool.name, desk, agent)
        for name, schema in listed.input_schema["properties"].items():
            for text in TEXTS[kind]:
                if (value := _with(schema, text)) is None:
                    continue
                tried += 1
                fresh = {"as_of": await agent.as_of(arguments["conversation"])} if "as_of" in arguments else {}
                await agent.call(tool.name, **{**arguments, **fresh, name: value})
    sent = [text for write in desk.wire.writes for text in _strings(write.body)]
    desk.sandbox.close()
    assert tried
    assert [text for text in sent if find_hidden(text) is not None] == []
    assert [text for text in sent if "/unthreadsend" in canonical(f"x{text}").lower()] == []
    assert [text for text in sent if _is_loud(text)] == []
