"""A workspace in a file: kept, shared by processes, and nothing else's file touched."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox.conftest import TODAY, Api
from unthread_mcp.sandbox import Sandbox, SandboxFileError

pytestmark = pytest.mark.anyio

WRITE = """
import sys
from datetime import date
from unthread_mcp.sandbox import Sandbox

with Sandbox(sys.argv[1], today=date(2025, 3, 18)) as sandbox:
    conversation = sandbox.landmark("angry")
    for number in range(20):
        sandbox.customer_writes(conversation, f"{sys.argv[2]} {number}")
"""


async def test_opened_again_it_keeps_its_data_and_is_not_seeded_twice(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    with Sandbox(path, today=TODAY) as sandbox:
        sandbox.customer_writes(sandbox.landmark("angry"), "Still here?")
        before = list(sandbox.database.iterdump())
    with Sandbox(str(path), seed=99) as sandbox:
        assert list(sandbox.database.iterdump()) == before
        api = Api(sandbox)
        async with api.client:
            assert (await api.listed("/conversations"))["totalCount"] == 150


async def test_an_unseeded_workspace_is_empty_and_stays_so(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "empty.db", seeded=False):
        pass
    with Sandbox(tmp_path / "empty.db") as sandbox:
        assert sandbox.landmarks() == {}
        api = Api(sandbox)
        async with api.client:
            for path in (
                "/conversations",
                "/customers",
                "/users",
                "/tags",
                "/ticket-types",
                "/knowledge-base/articles",
            ):
                assert (await api.listed(path))["totalCount"] == 0


def test_processes_share_a_file_from_its_first_moment(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITE, str(path), name], stderr=subprocess.PIPE) for name in "abc"
    ]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, b"")
    with Sandbox(path) as sandbox:
        assert sandbox.database.execute("SELECT count(*) FROM conversations").fetchone() == (150,)
        (count,) = sandbox.database.execute(
            "SELECT count(DISTINCT ts) FROM messages WHERE text GLOB '[abc] [0-9]*' AND conversationId = ?",
            [sandbox.landmark("angry")],
        ).fetchone()
        assert count == 60


def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    other, text = tmp_path / "other.db", tmp_path / "text.db"
    database = sqlite3.connect(other)
    database.execute("CREATE TABLE mine (x)")
    database.close()
    text.write_text("not a database, just a text that is long enough to be read as one" * 20)
    content = text.read_bytes()
    with pytest.raises(SandboxFileError, match=r"holds something else\. Give another file\."):
        Sandbox(other)
    with pytest.raises(SandboxFileError, match=r"can't be used .* Give another file\."):
        Sandbox(text)
    with pytest.raises(SandboxFileError, match=r"can't be used .* Give another file\."):
        Sandbox(tmp_path / "no such directory" / "x.db")
    assert text.read_bytes() == content
    database = sqlite3.connect(other)
    assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("mine",)]
    database.close()


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with Sandbox(path, seeded=False) as sandbox:
        sandbox.database.execute("PRAGMA user_version = 999")
    with pytest.raises(SandboxFileError, match=r"another version\. Delete it or give another file\."):
        Sandbox(path)
