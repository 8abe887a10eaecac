"""What is made from the code: fresh here, and found out where it isn't."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from scripts.generate import (
    CONTRACTS,
    PAGES,
    ROOT,
    TOOL_LIST_FILE,
    TOOLS_PAGE,
    main,
    modules_list,
    stale,
    with_blocks,
    write,
)
from unthread_mcp.access import ToolDeclaration
from unthread_mcp.tools import TOOLS


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The generated files of this project, to be spoiled."""
    for page in (*PAGES, TOOLS_PAGE, TOOL_LIST_FILE):
        (tmp_path / page).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / page, tmp_path / page)
    shutil.copytree(ROOT / CONTRACTS, tmp_path / CONTRACTS)
    return tmp_path


def test_everything_generated_is_fresh() -> None:
    assert "\n".join(stale(ROOT).values()) == "", "run python scripts/generate.py and look at what changed"


def test_a_check_of_what_is_fresh_writes_nothing_and_ends_with_0(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(copy)
    before = {path: path.read_bytes() for path in copy.rglob("*.*")}
    assert main(["--check"], copy) == 0
    assert {path: path.read_bytes() for path in copy.rglob("*.*")} == before
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("file", "before", "after", "diff"),
    [
        ("README.md", "| ★ `send_reply` |", "| `send_reply` |", "-| `send_reply` |"),
        ("docs/architecture.md", "- `cli.py`", "- `command_line.py`", "-- `command_line.py`"),
        ("tests/contracts/send_reply.json", '"destructiveHint": true', '"destructiveHint": false', '-    "destructive'),
        ("docs/safety.md", "| `never-again` |", "| `sometimes-again` |", "-| `sometimes-again` |"),
        ("docs/tools.md", "→ search_conversations(", "→ find_conversations(", "-→ find"),
        ("unthread_mcp/tool_list.json", '"Reply to the customer"', '"Reply"', '-{"name":"send_reply"'),
        ("tests/contracts/server.json", "unthread://customers/{id}", "unthread://customer/{id}", "-      "),
    ],
)
def test_what_is_stale_is_shown_as_a_diff_and_ends_with_1(
    copy: Path, capsys: pytest.CaptureFixture[str], file: str, before: str, after: str, diff: str
) -> None:
    write(copy)
    text = (copy / file).read_text("utf-8")
    assert before in text
    (copy / file).write_text(text.replace(before, after), "utf-8")
    assert main(["--check"], copy) == 1
    said = capsys.readouterr().out
    assert said.startswith(f"--- {file}\n+++ {file} (fresh)\n")
    assert diff in said
    assert "Run python scripts/generate.py" in said
    assert main([], copy) == 0
    assert capsys.readouterr().out == f"{file}\n"
    assert main(["--check"], copy) == 0


def test_a_contract_of_a_tool_that_is_gone_is_stale_and_removed(copy: Path) -> None:
    write(copy)
    gone = copy / CONTRACTS / "send_fax.json"
    gone.write_text("{}\n")
    assert set(stale(copy)) == {gone}
    assert write(copy) == [gone]
    assert not gone.exists()


def test_a_block_that_nothing_generates_is_an_error() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        with_blocks("<!-- generated:nonsense -->\n<!-- end -->")


@pytest.mark.parametrize("name", [tool.name for tool in TOOLS])
def test_a_contract_says_what_clients_see_and_who_may_call(name: str) -> None:
    contract = json.loads((ROOT / CONTRACTS / f"{name}.json").read_text("utf-8"))
    assert contract["name"] == name
    assert set(contract) == {
        "name",
        "title",
        "description",
        "inputSchema",
        "annotations",
        "access",
        "toolset",
        "shown",
    }


@pytest.mark.parametrize("tool", TOOLS, ids=[tool.name for tool in TOOLS])
def test_every_tool_is_shown_at_work(tool: ToolDeclaration) -> None:
    _, _, section = (ROOT / TOOLS_PAGE).read_text("utf-8").partition(f"`{tool.name}`\n")
    example = section.partition("```text\n")[2].partition("\n```")[0]
    called, *answer = example.splitlines()
    assert called.startswith(f"→ {tool.name}(")
    assert answer
    assert not any(line.startswith(("refused", "unknown:")) for line in answer)


def test_every_module_is_named_with_what_it_is_for() -> None:
    listed = modules_list()
    modules = [path for path in (ROOT / "unthread_mcp").rglob("*.py") if path.name != "__init__.py"]
    assert len(modules) > 50
    for module in modules:
        assert f"- `{module.name}`: " in listed
    for line in listed.splitlines():
        if line.strip().startswith("- `") and not line.rstrip().endswith("/`"):
            assert " " in line.partition("`: ")[2], line
