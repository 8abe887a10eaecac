"""Write what is made from the code: tables and lists in the documents, and the contracts of all that is offered.

`python scripts/generate.py` writes; `--check` writes nothing, prints what is stale as a diff and exits with 1 if
anything is. A contract (`tests/contracts/`) pins what a client sees, so that no change to it goes unnoticed: it stands
in the diff for a person to judge.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import anyio

from scripts import guarantees, tool_pages
from tests.tools.reach import reach
from unthread_mcp.api.endpoints import ENDPOINTS
from unthread_mcp.instructions import instructions
from unthread_mcp.offer import published
from unthread_mcp.prompts import PROMPTS, listed_prompts
from unthread_mcp.resources import OPEN, TEMPLATES, listed_resources, listed_templates
from unthread_mcp.settings import OPTIONS, Settings
from unthread_mcp.tool_list import ListedTool
from unthread_mcp.tools import TOOLS
from unthread_mcp.tools_table import markdown_table

ROOT: Final = Path(__file__).resolve().parent.parent
CONTRACTS: Final = Path("tests/contracts")
PAGES: Final = (Path("README.md"), Path("docs/architecture.md"), Path("docs/safety.md"))
"""What has generated blocks."""
TOOLS_PAGE: Final = Path("docs/tools.md")
"""Made as a whole."""
TOOL_LIST_FILE: Final = Path("unthread_mcp/tool_list.json")
"""What the server lists the tools from."""
EXAMPLE: Final = Path("claude_desktop_config.example.json")
SERVER_CONTRACT: Final = CONTRACTS / "server.json"
_KNOWN_FROM: Final = {
    "documented": "the reference",
    "client code": "published clients",
    "convention": "its siblings",
    "operator": "you: see the options",
}

_BLOCK: Final = re.compile(r"<!-- generated:(?P<name>[a-z]+) -->\n(?P<text>.*?)<!-- end -->", re.DOTALL)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a pipe in a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def code(text: str) -> str:
    """`text` as code, or an empty cell."""
    return f"`{text}`" if text else ""


def options_table() -> str:
    """Every option: its variable, its flag, its default and what it means."""
    return table(
        ("variable", "flag", "default", "meaning"),
        (
            (
                code(option.variable),
                code(" ".join((option.flag, _value_of(option.metavar, option.takes_value))).strip()),
                option.default if " " in option.default else code(option.default),
                option.help,
            )
            for option in OPTIONS
        ),
    )


def _value_of(metavar: str, takes_value: str) -> str:
    return f"[{metavar}]" if takes_value == "optional" else metavar


def prompts_table() -> str:
    """Every prompt with its arguments; those that may be left out are in parentheses."""
    return table(
        ("prompt", "arguments", "what it does"),
        (
            (
                code(prompt.name),
                ", ".join(
                    code(name) if name not in prompt.defaults else f"({code(name)})" for name in prompt.arguments
                ),
                prompt.description,
            )
            for prompt in PROMPTS
        ),
    )


def resources_table() -> str:
    """Every kind of resource."""
    return table(("resource", "what it holds"), ((code(each.uri), each.description) for each in (OPEN, *TEMPLATES)))


@cache
def endpoints_table() -> str:
    """Every endpoint of the reference, how surely it is known, and the tools that were seen to send it."""
    reached = anyio.run(reach)
    return table(
        ("endpoint", "known from", "tools"),
        (
            (
                code(str(endpoint)) if endpoint.path else "Update Slack User Group",
                _KNOWN_FROM[endpoint.source],
                ", ".join(map(code, reached.get(name, ()))),
            )
            for name, endpoint in ENDPOINTS.items()
        ),
    )


def modules_list() -> str:
    """Every module of the package with the first sentence of its docstring, packages behind modules."""
    return "\n".join(_modules_below(ROOT / "unthread_mcp", ""))


def _modules_below(directory: Path, indent: str) -> list[str]:
    modules = sorted(each for each in directory.glob("*.py") if each.name != "__init__.py")
    lines = [f"{indent}- `{module.name}`: {_purpose(module)}" for module in modules]
    for package in sorted(each.parent for each in directory.glob("*/__init__.py")):
        purpose = _purpose(package / "__init__.py")
        lines.append(f"{indent}- `{package.name}/`{purpose and ': '}{purpose}")
        lines += _modules_below(package, indent + "  ")
    return lines


def _purpose(module: Path) -> str:
    """The first sentence of a module's docstring, without its full stop."""
    said = " ".join((ast.get_docstring(ast.parse(module.read_text("utf-8"))) or "").split())
    return re.split(r"(?<=[a-z`)])\.(?: |$)", said, maxsplit=1)[0]


BLOCKS: Final = {
    "tools": lambda: markdown_table(TOOLS),
    "options": options_table,
    "prompts": prompts_table,
    "resources": resources_table,
    "endpoints": endpoints_table,
    "modules": modules_list,
    "guarantees": lambda: guarantees.tables(table),
    "example": lambda: f"```json\n{(ROOT / EXAMPLE).read_text('utf-8')}```",
}


def with_blocks(text: str) -> str:
    """`text` with its generated blocks filled in. Raises `KeyError` for a block that nothing generates."""
    return _BLOCK.sub(
        lambda block: f"<!-- generated:{block['name']} -->\n{BLOCKS[block['name']]()}\n<!-- end -->", text
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _dumped(models: Iterable[Any]) -> list[dict[str, Any]]:
    return [model.model_dump(mode="json", by_alias=True, exclude_none=True) for model in models]


@cache
def tool_list() -> list[ListedTool]:
    """Every tool as its own code has it."""
    listed = _dumped(published(tool) for tool in TOOLS)
    return [
        ListedTool(tool.name, tool.toolset, tool.level, tool.shown, tool.needs, told)
        for tool, told in zip(TOOLS, listed, strict=True)
    ]


def _tool_list_file() -> str:
    """One tool a line: compact, and a change of one is a line in the diff."""
    rows = [json.dumps(row._asdict(), ensure_ascii=False, separators=(",", ":")) for row in tool_list()]
    return "[\n" + ",\n".join(rows) + "\n]\n"


def contracts() -> dict[Path, str]:
    """Every contract by its path."""
    made = {
        CONTRACTS / f"{tool.name}.json": _json(
            {**row.published, "access": row.level, "toolset": row.toolset, "shown": row.shown}
        )
        for tool, row in zip(TOOLS, tool_list(), strict=True)
    }
    offered = {
        "instructions": instructions(Settings()),
        "prompts": [
            {**listed, "text": prompt.text} for listed, prompt in zip(_dumped(listed_prompts()), PROMPTS, strict=True)
        ],
        "resources": _dumped(listed_resources()),
        "resourceTemplates": _dumped(listed_templates()),
    }
    return {**made, SERVER_CONTRACT: _json(offered)}


@cache
def tools_page() -> str:
    """docs/tools.md, which takes a call of every tool to make."""
    return anyio.run(tool_pages.page)


def wanted(root: Path) -> Mapping[Path, str | None]:
    """Every generated file below `root` with the text that it should have; None for one that should not exist."""
    files: dict[Path, str | None] = {
        **{root / page: with_blocks((root / page).read_text("utf-8")) for page in PAGES},
        **{root / path: text for path, text in contracts().items()},
        root / TOOLS_PAGE: tools_page(),
        root / TOOL_LIST_FILE: _tool_list_file(),
    }
    for path in sorted((root / CONTRACTS).glob("*.json")):
        files.setdefault(path, None)
    return files


def stale(root: Path) -> dict[Path, str]:
    """A diff for every generated file below `root` that is not as it should be."""
    diffs: dict[Path, str] = {}
    for path, text in wanted(root).items():
        before = path.read_text("utf-8") if path.exists() else ""
        if before != (text or ""):
            name = path.relative_to(root).as_posix()
            lines = difflib.unified_diff(
                before.splitlines(), (text or "").splitlines(), name, f"{name} (fresh)", lineterm=""
            )
            diffs[path] = "\n".join(lines)
    return diffs


def write(root: Path) -> list[Path]:
    """Write what is stale below `root`. Returns what was written or removed."""
    changed: list[Path] = []
    (root / CONTRACTS).mkdir(parents=True, exist_ok=True)
    for path, text in wanted(root).items():
        if text is None:
            path.unlink()
        elif not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8", newline="\n")
        else:
            continue
        changed.append(path)
    return changed


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Write, or check. Returns the exit status."""
    parser = argparse.ArgumentParser(description="Write what is made from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if something is stale")
    if parser.parse_args(arguments).check:
        diffs = stale(root)
        for diff in diffs.values():
            print(diff, end="\n\n")
        if diffs:
            print(f"{len(diffs)} generated files are stale. Run python scripts/generate.py and look at what changed.")
        return 1 if diffs else 0
    for path in write(root):
        print(path.relative_to(root).as_posix())
    return 0


if __name__ == "__main__":
    sys.exit(main())
