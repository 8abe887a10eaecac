"""docs/adding-a-tool.md: its worked example is a tool that works."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.support import Desk
from unthread_mcp.access import ToolDeclaration, tool_of
from unthread_mcp.offer import published

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).resolve().parents[2] / "docs" / "adding-a-tool.md"


@pytest.fixture
def get_user(monkeypatch: pytest.MonkeyPatch) -> ToolDeclaration:
    """The tool of the page, taken from it as it stands."""
    (code,) = re.findall(r"<!-- example:function -->\n```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    module = ModuleType("the_example")
    monkeypatch.setitem(sys.modules, "the_example", module)  # where its annotations are looked up
    exec(compile("from __future__ import annotations\n" + code, str(PAGE), "exec"), vars(module))
    tool = tool_of(vars(module)["get_user"])
    assert tool is not None
    return tool


async def test_its_schema_is_as_plain_as_every_other(get_user: ToolDeclaration) -> None:
    listed = published(get_user)
    assert listed.description == "Read one person: name, e-mail address and Slack id."
    assert listed.input_schema["required"] == ["user"]
    assert set(listed.input_schema["properties"]) == {"user", "select"}
    assert listed.annotations is not None
    assert listed.annotations.read_only_hint


async def test_it_reads_a_person_of_the_sandbox(get_user: ToolDeclaration) -> None:
    desk = Desk()
    try:
        answer = await get_user.function(desk.server.workspace, "Jonas Lindqvist")
        chosen = await get_user.function(desk.server.workspace, "Jonas Lindqvist", select=["email"])
    finally:
        desk.sandbox.close()
    assert answer.text.startswith("Jonas Lindqvist\n<<")
    assert answer.data["email"].startswith("jonas")
    assert list(chosen.data) == ["email"]
