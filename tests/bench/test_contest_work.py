"""The same work in each server's words, and a run that goes on without a server that isn't to be had."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from benchmarks import packages, report
from benchmarks.client import Call, Launch
from benchmarks.comparing import Race
from benchmarks.contest import CONVERSATION, REPORT, ROWS, SAME_ROWS, work_for
from benchmarks.packages import CannotInstallError
from benchmarks.servers import PEERS, Place, Words
from benchmarks.start import prepare
from unthread_mcp.api.json_types import JsonObject

_FIELDS: JsonObject = {"select": ["id", "title"], "descending": True, "limit": 100}
_BRIDGE = Words(list_messages="list_messages", conversation_id="conversationId")
_OURS = Words(list_conversations="search_conversations", conversation_id="conversation", selects=False)


def test_a_bridge_reads_a_conversation_by_two_calls_at_once() -> None:
    conversation, messages = work_for(_BRIDGE, {})[CONVERSATION]
    assert (conversation.tool, list(conversation.arguments)) == ("get_conversation", ["conversationId"])
    assert messages.tool == "list_messages"
    assert messages.arguments["conversationId"] == conversation.arguments["conversationId"]


def test_a_server_whose_tool_brings_the_messages_is_called_once() -> None:
    assert len(work_for(Words(), {})[CONVERSATION]) == 1


def test_only_the_same_fields_are_asked_for_by_name() -> None:
    work = work_for(Words(), _FIELDS)
    assert work[ROWS] == (Call("list_conversations", {"descending": True, "limit": 100}),)
    assert work[SAME_ROWS] == (Call("list_conversations", _FIELDS),)


def test_a_server_that_chooses_its_fields_is_asked_the_same_both_times() -> None:
    work = work_for(_OURS, _FIELDS)
    assert work[ROWS] == work[SAME_ROWS] == (Call("search_conversations", {"limit": 100}),)


def test_a_server_without_reports_is_asked_for_none() -> None:
    assert REPORT not in work_for(Words(), {})
    assert all(REPORT in work_for(peer.words, {}) for peer in PEERS if peer.words.report)


def test_a_server_that_cannot_be_installed_is_absent_with_the_reason(tmp_path: Path) -> None:
    def launcher(_: Place) -> Launch:
        raise CannotInstallError("there is no Node.js with npm here")

    starts = prepare({"a peer": launcher}, Place("http://127.0.0.1:9/api", tmp_path), "ours")
    assert starts.launches == {}
    assert report.absent_rows(starts.absent, 4) == [
        ("a peer", "not measured: there is no Node.js with npm here", "", "")
    ]


def test_a_server_that_does_not_start_is_absent_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def launcher(_: Place) -> Launch:
        return Launch("a peer", (sys.executable, "-c", "raise SystemExit('no such thing')"))

    starts = prepare({"a peer": launcher}, Place("http://127.0.0.1:9/api", tmp_path), "ours")
    assert starts.absent == {"a peer": "it did not start"}
    assert "no such thing" in capsys.readouterr().err


def test_a_bound_beside_an_absent_server_is_left_out() -> None:
    measured = Race("a call", "ours", rounds={"ours": [[1.0]], "there": [[4.0]]})
    assert report.beside(measured, "absent", 0.5) == []
    assert [bound.met for bound in report.beside(measured, "there", 0.5)] == [True]


@pytest.mark.parametrize(
    "package", [packages.FASTMCP, packages.OPENAPI_SERVER, *packages.TYPESCRIPT, packages.TOKENIZER]
)
def test_every_package_is_pinned(package: str) -> None:
    assert re.fullmatch(r"[@\w./-]+(==|@)\d+\.\d+\.\d+", package)
