"""The README: what it shows can be copied as it stands."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

from scripts.generate import EXAMPLE, ROOT
from unthread_mcp.cli import parse
from unthread_mcp.settings import OPTIONS, read_settings

README = (ROOT / "README.md").read_text("utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def _commands(name: str) -> list[str]:
    return re.findall(rf"^<!-- command:{name} -->\n```sh\n(.*)\n```$", README, re.MULTILINE)


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("name", "last"), [("demo", "unthread-mcp demo"), ("test", "python -m pytest -q")])
def test_each_of_the_two_commands_stands_on_one_line_behind_its_mark(name: str, last: str) -> None:
    (command,) = _commands(name)
    assert command.startswith("python3 -m venv .venv && ")
    assert command.endswith(f"&& .venv/bin/{last}")


def _configured() -> list[tuple[str, dict[str, Any]]]:
    servers: list[tuple[str, dict[str, Any]]] = []
    for block in _blocks("json"):
        configuration = json.loads(block)
        servers += (configuration.get("mcpServers") or configuration["servers"]).items()
    return servers


def test_every_configuration_starts_a_server_that_this_version_understands() -> None:
    known = {option.variable for option in OPTIONS}
    configured = _configured()
    assert len(configured) == 4
    for name, server in configured:
        environment = server.get("env", {})
        assert set(environment) <= known
        command, *arguments = [server["command"], *server.get("args", [])]
        if command == "uvx":
            assert arguments.pop(0) == "unthread-mcp"
        else:
            assert command.endswith("/.venv/bin/unthread-mcp")
        settings = read_settings(environment, parse(arguments).flags)
        assert bool(settings.sandbox) == (name == "unthread-sandbox")
        if not settings.sandbox:
            assert settings.api_key is None
            assert "UNTHREAD_API_KEY" in settings.api_key_problem
            assert settings.access == "triage"


def test_the_commands_for_claude_code_say_the_same_as_the_example_configuration() -> None:
    example = json.loads((ROOT / EXAMPLE).read_text("utf-8"))["mcpServers"]
    (block,) = [block for block in _blocks("sh") if block.startswith("claude mcp add")]
    said: dict[str, dict[str, Any]] = {}
    for line in block.splitlines():
        words = shlex.split(line)
        place = words.index("--")
        pairs = [words[at + 1] for at, word in enumerate(words[:place]) if word == "--env"]
        # --env takes all that follows it, so another option has to stand between it and the name.
        assert words[place - 3 : place - 1] == ["--transport", "stdio"]
        server: dict[str, Any] = {"command": words[place + 1], "args": words[place + 2 :]}
        if pairs:
            server["env"] = dict(pair.split("=", 1) for pair in pairs)
        said[words[place - 1]] = server
    assert said == example


def test_each_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    reasons = README.partition("## What it is made of")[2].partition("\n## ")[0]
    for requirement in project["dependencies"]:
        name = re.split(r"[<>=\[]", requirement)[0]
        assert f"| `{name}` |" in reasons or f"| [`{name}`](" in reasons


def test_all_access_levels_and_confirm_modes_are_explained() -> None:
    explained = README.partition("## What an assistant may do")[2].partition("\n## ")[0]
    for word in ("read", "triage", "reply", "admin", "UNTHREAD_CONFIRM=always", "never"):
        assert f"`{word}`" in explained


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, heading = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{page.name} links to {target}"
        if heading:
            titles = re.findall(r"^#+ (.*)$", linked.read_text("utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
