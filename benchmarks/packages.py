"""The packages that peers are made of: which versions, and their installation into ``benchmarks/.cache``.

Nothing here is a dependency of the project. Each set of packages gets a directory of its
own, named after what is in it, so that another version is another directory. Whatever
cannot be installed raises `CannotInstallError`, and the benches go on without it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from uv import find_uv_bin

from benchmarks.client import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

FASTMCP: Final = "fastmcp==4.1.2"
"""From PyPI, as are the SDK and httpx in the versions that this project runs with."""
OPENAPI_SERVER: Final = "@ivotoby/openapi-mcp-server@1.16.1"
"""From npm, as are those below."""
TYPESCRIPT: Final = ("@modelcontextprotocol/sdk@1.32.2", "zod@4.6.7")
TOKENIZER: Final = "gpt-tokenizer@4.0.0"

PEERS: Final = ROOT / "benchmarks" / "peers"
_CACHE: Final = ROOT / "benchmarks" / ".cache"
_DONE: Final = ".installed"
"""Written when everything in a directory is there."""


class CannotInstallError(Exception):
    """Something isn't to be had here. The message says what, in a few words that fit into a table."""


def installed(package: str) -> str:
    """A package of this environment as a requirement of exactly its version."""
    return f"{package}=={version(package)}"


def uv(*arguments: str) -> tuple[str, ...]:
    """A command line of uv, which the `dev` extra has."""
    return (find_uv_bin(), *arguments)


def node_program(name: str) -> str:
    """The path of node, npm or npx."""
    found = shutil.which(name)
    if found is None:
        raise CannotInstallError("there is no Node.js with npm here")
    return found


@cache
def python_with(requirement: str) -> Path:
    """A Python of this one's version in an environment with `requirement` alone."""
    directory = _CACHE / _slug([requirement, f"python{sys.version_info.major}.{sys.version_info.minor}"])
    python = directory / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not (directory / _DONE).exists():
        _run(requirement, *uv("venv", "--quiet", "--clear", "--python", sys.executable, str(directory)))
        _run(requirement, *uv("pip", "install", "--quiet", "--python", str(python), requirement))
        (directory / _DONE).touch()
    return python


@cache
def node_modules(*packages: str) -> Path:
    """A ``node_modules`` with `packages`."""
    npm = node_program("npm")
    directory = _CACHE / _slug(packages)
    if not (directory / _DONE).exists():
        directory.mkdir(parents=True, exist_ok=True)
        install = [npm, "install", "--prefix", str(directory), "--no-audit", "--no-fund", "--ignore-scripts"]
        _run(packages[0], *install, *packages)
        (directory / _DONE).touch()
    return directory / "node_modules"


@cache
def own_wheel() -> Path:
    """This project as a wheel, made of the working tree."""
    directory = _CACHE / "wheel"
    shutil.rmtree(directory, ignore_errors=True)
    build = uv("build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable)
    _run("a wheel", *build, "--out-dir", str(directory), str(ROOT))
    return next(directory.glob("*.whl"))


def versions() -> list[str]:
    """The peers' packages as far as they are to be had, with the SDKs that they brought, for a section's first line."""
    said: list[str] = []
    with suppress(CannotInstallError):
        show = "from importlib.metadata import version; print(version('mcp'))"
        said.append(f"{FASTMCP.replace('==', ' ')} (mcp {_output(str(python_with(FASTMCP)), '-c', show)})")
    with suppress(CannotInstallError):
        sdk = json.loads((node_modules(OPENAPI_SERVER) / "@modelcontextprotocol/sdk/package.json").read_text("utf-8"))
        said.append(f"{_spoken(OPENAPI_SERVER)} (SDK {sdk['version']})")
    with suppress(CannotInstallError):
        node_modules(*TYPESCRIPT)
        said += [*map(_spoken, TYPESCRIPT), f"Node.js {_output(node_program('node'), '--version').lstrip('v')}"]
    return said


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _spoken(package: str) -> str:
    name, _, number = package.rpartition("@")
    return f"{name} {number}"


def _slug(packages: Sequence[str]) -> str:
    return "_".join(re.sub(r"[^\w.-]+", "-", package).strip("-") for package in packages)


def _run(what: str, *command: str) -> None:
    # Its errors go to the terminal: they may name hosts, which a page is not to say.
    if subprocess.run(command, stdout=subprocess.DEVNULL, cwd=ROOT, check=False).returncode:
        raise CannotInstallError(f"{what} could not be installed")
