"""`unthread-mcp doctor`: what it looks at, and what it says of each thing that can be wrong."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from unthread_mcp.doctor import Findings, examine, run_doctor
from unthread_mcp.settings import read_settings
from unthread_mcp.tools import TOOLS

pytestmark = pytest.mark.anyio

KEY = "uk_live_0123456789abcdef"


async def _examined(
    environment: dict[str, str], answer: httpx2.Response | None = None, tmp_path: Path | None = None
) -> Findings:
    """The findings, with `answer` as what Unthread answers to everything."""
    remembered = {"UNTHREAD_STATE_FILE": str(tmp_path / "state.sqlite3") if tmp_path else "off"}
    transport = httpx2.MockTransport(lambda _: answer or httpx2.Response(200, json={"data": [], "totalCount": 0}))
    return await examine(read_settings({**remembered, **environment}), transport=transport)


def _names_in(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


async def test_all_is_well_on_the_sandbox() -> None:
    findings = await examine(read_settings({"UNTHREAD_SANDBOX": "1"}))
    assert findings.well
    assert findings.lines[0] == (
        "ok    working on an imitated workspace (in memory), access reply, confirm auto, times in UTC"
    )
    assert findings.lines[1] == "note  what was sent is remembered only while the server runs"
    looked_at = [line.removeprefix("ok    ").partition(":")[0] for line in findings.lines[2:8]]
    assert looked_at == ["conversations", "customers", "users", "tags", "ticket types", "knowledge base articles"]
    assert all(line.endswith(" of them") for line in findings.lines[2:8])


async def test_a_sandbox_in_a_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "try.sqlite3"
    findings = await examine(read_settings({"UNTHREAD_SANDBOX": str(file), "UNTHREAD_STATE_FILE": "off"}))
    assert findings.well
    assert f"an imitated workspace ({file})" in findings.lines[0]
    assert _names_in(tmp_path) == ["try.sqlite3"], "the file was not closed in good order"


async def test_a_sandbox_file_that_holds_something_else_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear customer")
    findings = await examine(read_settings({"UNTHREAD_SANDBOX": str(file), "UNTHREAD_STATE_FILE": "off"}))
    assert not findings.well
    wrong = [line for line in findings.lines if line.startswith("WRONG ")]
    assert wrong[0].startswith("WRONG The sandbox file can't be used")
    assert wrong[0].endswith("Give another file.")


async def test_without_a_key_nothing_is_asked_and_it_is_said_what_to_do() -> None:
    findings = await _examined({}, httpx2.Response(500))
    assert not findings.well
    assert "WRONG No API key is set. Put an Unthread service account's key into UNTHREAD_API_KEY." in findings.lines
    assert not any("conversations:" in line for line in findings.lines)


async def test_with_a_key_it_is_said_what_may_be_read(tmp_path: Path) -> None:
    answer = httpx2.Response(200, json={"data": [], "totalCount": 1234})
    findings = await _examined({"UNTHREAD_API_KEY": KEY}, answer, tmp_path)
    assert findings.well
    assert findings.lines[:4] == [
        "ok    working on https://api.unthread.io/api, access reply, confirm auto, times in UTC",
        "ok    an API key is set (UNTHREAD_API_KEY)",
        f"ok    what was sent is remembered in {tmp_path / 'state.sqlite3'}",
        "ok    conversations: 1,234 of them",
    ]


async def test_a_list_that_is_not_counted_is_called_readable() -> None:
    findings = await _examined({"UNTHREAD_API_KEY": KEY}, httpx2.Response(200, json={"data": []}))
    assert "ok    tags: readable" in findings.lines


ALL = "conversations, customers, users, tags, ticket types, knowledge base articles: "


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx2.Response(401, json={"errors": [{"title": f"bad key {KEY}"}]}), ["Unthread does not accept"]),
        (httpx2.Response(403, json={}), [f"{ALL}Unthread does not let this server's key do this (403)."]),
        (httpx2.Response(404, text="<html>no such page</html>"), [f"{name}: " for name in ALL[:-2].split(", ")]),
        (httpx2.Response(200, text="<html>sign in</html>"), [f"{ALL}Unthread's answer was not JSON"]),
    ],
)
async def test_what_may_not_be_read_is_wrong_said_once_and_the_key_is_not_said(
    answer: httpx2.Response, said: list[str]
) -> None:
    findings = await _examined({"UNTHREAD_API_KEY": KEY}, answer)
    assert not findings.well
    wrong = [line.removeprefix("WRONG ") for line in findings.lines if line.startswith("WRONG ")]
    assert len(wrong) == len(said)
    assert all(line.startswith(start) for line, start in zip(wrong, said, strict=True))
    assert KEY not in "\n".join(findings.lines)


async def test_what_cannot_be_reached_is_asked_and_said_once() -> None:
    asked: list[str] = []

    def unreachable(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        raise httpx2.ConnectError("no route to host")

    settings = read_settings({"UNTHREAD_API_KEY": KEY, "UNTHREAD_STATE_FILE": "off"})
    findings = await examine(settings, transport=httpx2.MockTransport(unreachable))
    (wrong,) = [line for line in findings.lines if line.startswith("WRONG ")]
    assert wrong.startswith("WRONG Unthread could not be reached: ")
    assert set(asked) == {"/api/conversations/list"}


async def test_what_is_wrong_with_one_thing_alone_is_said_beside_what_is_well() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(403 if "users" in request.url.path else 200, json={"data": [], "totalCount": 7})

    settings = read_settings({"UNTHREAD_API_KEY": KEY, "UNTHREAD_STATE_FILE": "off"})
    findings = await examine(settings, transport=httpx2.MockTransport(answer))
    (wrong,) = [line for line in findings.lines if line.startswith("WRONG ")]
    assert wrong.startswith("WRONG users: ")
    assert "ok    tags: 7 of them" in findings.lines


async def test_what_cannot_be_remembered_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    findings = await _examined({"UNTHREAD_API_KEY": KEY, "UNTHREAD_STATE_FILE": str(tmp_path / "file" / "state")})
    assert not findings.well
    (wrong,) = [line for line in findings.lines if line.startswith("WRONG ")]
    assert wrong.startswith("WRONG what was sent can't be remembered: ")


async def test_what_is_odd_about_the_settings_is_noted() -> None:
    findings = await _examined(
        {
            "UNTHREAD_API_KEY": f"Bearer {KEY}",
            "UNTHREAD_CONFIRM": "never",
            "UNTHREAD_ALLOWED_CUSTOMERS": "c2,c1",
            "UNTHREAD_UPLOADS_DIR": "x",
            "UNTHREAD_AUTORESPONSE": "1",
            "UNTHREAD_ON_BEHALF_OF": "1",
            "UNTHREAD_EMAIL_SEND_MARKER": "1",
            "UNTHREAD_ANSWERS": "both",
            "UNTHREAD_WEBHOOK_HOSTS": "hooks.example.com",
        }
    )
    assert findings.well
    notes = [line.removeprefix("note  ") for line in findings.lines if line.startswith("note  ")]
    assert [note.partition(".")[0] for note in notes if not note.startswith("not shown")] == [
        "UNTHREAD_API_KEY began with “Bearer”, which Unthread does not want; it was left out",
        "UNTHREAD_UPLOADS_DIR is no option of this server and has no effect",
        "what was sent is remembered only while the server runs",
        "every reply is marked as an auto-response",
        "agents may write in the name of a person",
        "replies to mails end with /unthread send, which mails them",
        "answers go out as text and as data",
        "webhooks may point at hooks",
        "nobody is asked before something reaches a customer",
        "writing is limited to the customers c1, c2",
    ]


async def test_it_says_that_no_host_is_named_for_webhooks_where_they_could_be_made() -> None:
    environment = {"UNTHREAD_API_KEY": KEY, "UNTHREAD_ACCESS": "admin", "UNTHREAD_TOOLSETS": "workspace"}
    note = "note  webhooks can't be created or enabled: UNTHREAD_WEBHOOK_HOSTS names no host for them"
    assert note in (await _examined(environment)).lines
    assert note not in (await _examined({**environment, "UNTHREAD_WEBHOOK_HOSTS": "hooks.example.com"})).lines
    assert note not in (await _examined({**environment, "UNTHREAD_ACCESS": "reply"})).lines


async def test_an_unknown_toolset_is_wrong() -> None:
    findings = await _examined({"UNTHREAD_API_KEY": KEY, "UNTHREAD_TOOLSETS": "default,reports,-notes"})
    assert not findings.well
    assert "WRONG UNTHREAD_TOOLSETS names '-notes', 'reports': no toolset and no tool" in findings.lines


async def test_every_tool_is_either_shown_or_it_is_said_why_not() -> None:
    findings = await _examined(
        {"UNTHREAD_API_KEY": KEY, "UNTHREAD_ACCESS": "triage", "UNTHREAD_TOOLSETS": "default,-reporting"}
    )
    *_, shown, above, left_out, without = findings.lines
    assert shown.startswith(f"ok    {shown.count(',') + 1} tools: ")
    assert above.startswith("note  not shown, above access level triage: ")
    assert left_out.startswith("note  not shown, not among the chosen toolsets (UNTHREAD_TOOLSETS): ")
    assert "run_report" in left_out
    assert "send_reply" in above
    assert without.startswith("note  not shown, without the option that it needs: update_slack_user_group (")
    said = f"{shown} {above} {left_out} {without}"
    assert all(tool.name in said for tool in TOOLS)


async def test_no_tool_at_all_is_wrong() -> None:
    findings = await _examined({"UNTHREAD_API_KEY": KEY, "UNTHREAD_TOOLSETS": "-all"})
    assert "WRONG No tool would be shown. Check UNTHREAD_TOOLSETS and UNTHREAD_ACCESS." in findings.lines


def test_the_exit_status_says_whether_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_doctor(read_settings({"UNTHREAD_SANDBOX": "1"})) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "All is well."
    assert run_doctor(read_settings({"UNTHREAD_STATE_FILE": "off"})) == 1
    *lines, heading, last = capsys.readouterr().out.splitlines()
    assert heading == "Something has to be put right:"
    assert [last] == [line for line in lines if line.startswith("WRONG")]


async def test_directories_for_files_are_named_and_looked_at(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    here, missing = str(tmp_path), str(tmp_path / "file")
    right = await _examined(
        {"UNTHREAD_SANDBOX": "1", "UNTHREAD_UPLOAD_DIR": here, "UNTHREAD_DOWNLOAD_DIR": here}, tmp_path=tmp_path
    )
    wrong = await _examined(
        {"UNTHREAD_SANDBOX": "1", "UNTHREAD_UPLOAD_DIR": missing, "UNTHREAD_DOWNLOAD_DIR": missing}, tmp_path=tmp_path
    )
    assert f"ok    files to attach are taken from {here}" in right.lines
    assert f"ok    exports and large attachments are put into {here}" in right.lines
    assert f"WRONG files to attach are taken from {missing}, which is no directory" in wrong.lines
    assert f"WRONG exports and large attachments are put into {missing}, which is no directory" in wrong.lines
    assert not wrong.well
