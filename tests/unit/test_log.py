"""The log: one shape whatever is installed, and never the key."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from tests.leaks import forms_of, leaks
from tests.stdio.raw_client import handshake, legacy_call

KEY = "canary-key/7+Qz==c0ffee"
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?:DEBUG|INFO|WARNING|ERROR) [a-z][\w.]*: \S.*")
LOGS = """
import logging, sys, threading, warnings
from unthread_mcp.log import log_crash, log_to_standard_error
key, *texts = sys.argv[1:]
logging.basicConfig(level="DEBUG", format="before: %(message)s")  # as a tracer may have set it up
log_to_standard_error("INFO", key)
logger = logging.getLogger("some.library")
logger.debug("below the level")
for text in texts:
    logger.info("It said %s", text)
try:
    raise ValueError(f"no key but {key}")
except ValueError:
    logger.exception("It failed")
    log_crash(logger, "It crashed", key)
logger.info("got %d", key)
logger.info("One line\\n2026-01-01 00:00:00,000 ERROR forged.line: another")
warnings.warn(f"A warning with {key}")

def fails():
    raise RuntimeError(f"In a thread with {key}")

def leaves():
    raise SystemExit(key)

for each in (fails, leaves):
    thread = threading.Thread(target=each)
    thread.start()
    thread.join()
raise RuntimeError(f"At the end with {key}")
"""


def test_no_line_of_the_log_holds_the_key_whoever_wrote_it() -> None:
    said = [form for name, form in forms_of(KEY).items() if name in {"plain", "hex", "URL", "base64 at 0"}]
    lower = re.sub("%..", lambda code: code[0].lower(), quote(KEY, safe=""))
    said += [quote(KEY), lower, json.dumps(KEY).replace("/", r"\/")[1:-1]]
    ended = subprocess.run(
        [sys.executable, "-c", LOGS, KEY, *said], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 1
    assert leaks(KEY, ended.stdout + ended.stderr) == []
    said_first = [line.partition(": ")[2] for line in ended.stderr.splitlines() if LINE.fullmatch(line)]
    assert said_first[: len(said)] == ["It said [key]"] * len(said)
    assert [each.partition(" ")[0] for each in said_first[len(said) :]] == [
        "It",
        "It",
        "One",
        "<string>:18:",
        "uncaught:",
        "uncaught:",
    ]
    assert "A line of the log could not be written: " in ended.stderr
    assert ended.stderr.count("[key]") == len(said) + 2 + 3


def test_the_log_is_the_same_where_rich_is_installed(tmp_path: Path) -> None:
    """The SDK would write with it, and break lines at 80 characters."""
    package = tmp_path / "rich"
    package.mkdir()
    (package / "__init__.py").touch()
    for module, name in (("console", "Console"), ("logging", "RichHandler")):
        used = f"class {name}:\n    level = 0\n    def __init__(self, *_, **__): self.used = []\n"
        used += "    def handle(self, record): print('rich wrote it')\n"
        (package / f"{module}.py").write_text(used)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("UNTHREAD_")},
        "UNTHREAD_SANDBOX": "1",
        "UNTHREAD_LOG_LEVEL": "DEBUG",
        "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
    }
    unknown = b'{"jsonrpc":"2.0","method":"notifications/%s"}\n' % (b"unheard-of" * 20)
    ended = subprocess.run(
        [sys.executable, "-m", "unthread_mcp"],
        input=handshake() + unknown + legacy_call(1, "list_tags"),
        capture_output=True,
        env=environment,
        check=True,
        timeout=60,
    )
    lines = ended.stderr.decode().splitlines()
    assert any("unheard-of" * 20 in line for line in lines)
    assert [line for line in lines if not LINE.fullmatch(line)] == []
