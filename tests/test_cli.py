"""The command line: what may be said, what is refused and how, and what each command ends with."""

from __future__ import annotations

import gc
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from unthread_mcp import __version__
from unthread_mcp.cli import COMMANDS, CommandLine, main, parse
from unthread_mcp.settings import OPTIONS


@pytest.fixture(autouse=True)
def only_our_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No settings of whoever runs the tests, and no state in their home."""
    for name in [name for name in os.environ if name.startswith("UNTHREAD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UNTHREAD_STATE_FILE", str(tmp_path / "state.sqlite3"))
    yield
    gc.enable()


def run(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """`python -m unthread_mcp` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "unthread_mcp", *arguments],
        input=stdin,
        capture_output=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


def test_without_arguments_it_serves() -> None:
    assert CommandLine().command == "serve"
    assert parse(["--access", "read"]) == CommandLine("serve", {"UNTHREAD_ACCESS": "read"})


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_may_stand_before_or_behind_its_options(command: str) -> None:
    asked = CommandLine(command, {"UNTHREAD_ACCESS": "read", "UNTHREAD_SANDBOX": "1"})
    assert parse([command, "--access", "read", "--sandbox"]) == asked
    assert parse(["--access=read", "--sandbox", command]) == asked


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["--sandbox"], "1"),
        (["--sandbox", "try.sqlite3"], "try.sqlite3"),
        (["--sandbox=try.sqlite3"], "try.sqlite3"),
        (["--sandbox=demo"], "demo"),
        (["--sandbox", "--access", "read"], "1"),
    ],
)
def test_the_sandbox_takes_a_file_but_no_command_for_one(arguments: list[str], value: str) -> None:
    asked = parse(arguments)
    assert asked.command == "serve"
    assert asked.flags["UNTHREAD_SANDBOX"] == value


def test_what_is_to_be_left_out_may_stand_behind_its_option() -> None:
    assert parse(["--toolsets", "-reporting", "tools"]).flags == {"UNTHREAD_TOOLSETS": "-reporting"}


def test_switches_take_no_value() -> None:
    asked = parse(["--autoresponse", "tools"])
    assert asked == CommandLine("tools", {"UNTHREAD_AUTORESPONSE": "1"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "there is no such command. The commands are serve, demo, doctor, tools"),
        (["hunter2"], "there is no such command."),
        (["doctor", "hunter2"], "there is no such command."),
        (["-x"], "unrecognized arguments: -x"),
        (["--frobnicate"], "there is no option --frobnicate."),
        (["--acc", "read"], "there is no option --acc. Did you mean --access?"),
        (["--access"], "argument --access: expected one argument"),
        (["--access", "--sandbox"], "argument --access: expected one argument"),
        (["--api-key", "hunter2"], "there is no option --api-key."),
        (["--api-key=hunter2"], "there is no option --api-key."),
        (["doctor", "--json"], "--json goes with the command tools"),
    ],
)
def test_a_wrong_call_ends_with_2_and_says_what_is_wrong(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert "hunter2" not in printed.err
    assert printed.out == ""


@pytest.mark.parametrize(
    "arguments", [["--access", "root"], ["tools", "--access", "root"], ["doctor", "--access=root"]]
)
def test_an_option_s_wrong_value_ends_with_2_whatever_the_command(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == ("unthread-mcp: --access is 'root'. Use one of: read, triage, reply, admin.\n")


@pytest.mark.parametrize("command", ["serve", "tools"])
def test_an_unknown_toolset_is_refused_before_anything_is_served(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--toolsets", "default,-reports"]) == 2
    assert capsys.readouterr().err.startswith("unthread-mcp: UNTHREAD_TOOLSETS names '-reports', which is no toolset")


def test_help_names_every_command_and_every_option_with_its_variable_and_default(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    for name, meaning in COMMANDS.items():
        assert f"{name} {meaning}" in said
    for option in OPTIONS:
        assert option.variable in said
        if option.flag:
            assert option.flag in said
            assert option.help in said
            assert f"[{option.variable}; default: {option.default or 'none'}]" in said


def test_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"unthread-mcp {__version__}\n"


def test_tools_are_printed_as_a_table_or_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tools", "--access", "read"]) == 0
    assert "send_reply" not in capsys.readouterr().out
    assert main(["tools", "--json"]) == 0
    assert "send_reply" in {tool["name"] for tool in json.loads(capsys.readouterr().out)}


def test_doctor_ends_with_1_if_something_has_to_be_put_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 1
    assert "No API key is set." in capsys.readouterr().out


def test_garbage_is_collected_again_once_a_command_runs() -> None:
    gc.disable()
    assert main(["tools"]) == 0
    assert gc.isenabled()


def test_characters_that_the_terminal_lacks_are_printed_as_question_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.BytesIO()
    with io.TextIOWrapper(printed, encoding="ascii", write_through=True) as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(["tools", "--json", "--toolsets", "run_report"]) == 0
        monkeypatch.undo()
        assert "slack, email, widget, ?" in printed.getvalue().decode("ascii")


def test_a_stream_that_is_no_terminal_is_printed_to_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.StringIO()
    monkeypatch.setattr(sys, "stdout", printed)
    assert main(["tools", "--json", "--toolsets", "run_report"]) == 0
    assert "slack, email, widget, …" in printed.getvalue()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no way to send Ctrl-C to one process")
def test_ctrl_c_ends_a_command_without_a_traceback() -> None:
    # Started in the background of a shell, the tests and so the child would have SIGINT ignored.
    listening = "import signal, runpy; signal.signal(signal.SIGINT, signal.default_int_handler); "
    run_it = "import sys; sys.argv = ['unthread-mcp', 'demo']; runpy.run_module('unthread_mcp', run_name='__main__')"
    command = [sys.executable, "-c", listening + run_it]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert any(line.startswith(b"1. ") for line in process.stdout)  # it is at work
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, b"")


def test_as_a_process_it_serves_until_its_input_ends() -> None:
    ended = run()
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_as_a_process_it_hands_on_the_exit_status() -> None:
    ended = run("tools", UNTHREAD_ACCESS="root")
    assert ended.returncode == 2
    assert ended.stdout == b""
    assert ended.stderr.decode().splitlines() == [
        "unthread-mcp: UNTHREAD_ACCESS is 'root'. Use one of: read, triage, reply, admin."
    ]


def test_the_demo_plays_to_its_end_in_a_terminal_that_knows_only_ascii() -> None:
    ended = run("demo", PYTHONIOENCODING="ascii", UNTHREAD_ACCESS="read")
    assert ended.returncode == 0, ended.stderr.decode()
    said = ended.stdout.decode("ascii")
    assert "8. The week in numbers" in said
    assert ended.stderr == b""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has another error for it, and shells that read to the end")
@pytest.mark.parametrize("arguments", [["tools", "--json"], ["demo"], ["doctor", "--sandbox"]])
def test_a_reader_that_has_seen_enough_ends_a_command_without_a_traceback(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "unthread_mcp", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (141, b"")
