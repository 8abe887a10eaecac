"""What has to be answered of the bytes that a client sends, told by another reader than the server's own."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, cast

from tests.stdio.raw_client import Frame
from unthread_mcp.stdio.framing import MAX_LINE_BYTES

_DEEPEST: Final = 150
"""Levels of nesting that every reader of JSON takes; how much more one takes is its own affair."""
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_OUTCOME: Final = re.compile(rb'"(?:result|error)"')

Verdict = Literal["answered", "refused", "silent", "either"]
"""Answered once under its id; refused once under whatever id was found; not answered; refused or not."""


class Read(NamedTuple):
    """What a line asks for."""

    verdict: Verdict
    id: str = ""
    """As JSON, of what has to be answered."""
    cancels: str = ""
    """The id of what nobody waits for any more."""


def read(line: bytes) -> Read:
    """What has to become of one line, blank ones left out."""
    if len(line) > MAX_LINE_BYTES:
        return Read("either" if _OUTCOME.search(line) or b'"method"' not in line else "refused")
    sure = True

    def number(digits: str) -> Any:
        nonlocal sure
        sure = sure and len(digits) < 400
        return int(digits) if len(digits) < 400 else 0

    def real(digits: str) -> float:
        nonlocal sure
        sure = sure and abs(float(digits)) < 1e300
        return float(digits)

    def no_constant(name: str) -> Any:
        raise ValueError(name)

    try:
        said = json.loads(line.decode(), parse_int=number, parse_float=real, parse_constant=no_constant)
    except RecursionError:
        return Read("either")
    except ValueError:
        return Read("either" if _OUTCOME.search(line) else "refused")
    if _SURROGATE.search(line) or _depth(line) > _DEEPEST:
        sure = False
    found = _read_message(said)
    return found if sure else found._replace(verdict="either")


def _read_message(said: Any) -> Read:
    if not isinstance(said, dict):
        return Read("refused")
    message = cast("Frame", said)
    if "method" not in message:
        return Read("either" if "result" in message or "error" in message else "refused")
    well_formed = (
        message.get("jsonrpc") == "2.0"
        and isinstance(message["method"], str)
        and isinstance(message.get("params"), dict | None)
    )
    if "id" in message:
        taken = isinstance(message["id"], str | int) and not isinstance(message["id"], bool)
        return Read("answered", json.dumps(message["id"])) if taken else Read("refused")
    if not well_formed:
        return Read("refused")
    cancels = ""
    if message["method"] == "notifications/cancelled":
        params = cast("Frame", message.get("params") or {})
        cancels = one_id(params.get("requestId"))
    return Read("silent", cancels=cancels)


def one_id(value: Any) -> str:
    """An id as it counts for cancelling: `"7"` and `7` are one."""
    try:
        return str(int(value)) if isinstance(value, str | int) else ""
    except ValueError:
        return str(value)


def _depth(line: bytes) -> int:
    return max(line.count(b"["), line.count(b"{"))


@dataclass
class Account:
    """What was sent and what came back, held against each other."""

    waiting: dict[str, list[bytes]] = field(default_factory=dict[str, list[bytes]])
    """By id, the lines that have yet to be answered."""
    cancelled: set[str] = field(default_factory=set[str])
    must_be_refused: int = 0
    may_be_refused: int = 0
    others: int = 0
    """Answers under ids that nothing readable had."""
    lines: int = 0

    def sent(self, data: bytes) -> None:
        """Take note of lines."""
        for line in data.split(b"\n"):
            if not line or line.isspace():
                continue
            self.lines += 1
            found = read(line)
            if found.cancels:
                self.cancelled.add(found.cancels)
            if found.verdict == "answered":
                self.waiting.setdefault(found.id, []).append(line)
            self.must_be_refused += found.verdict == "refused"
            self.may_be_refused += found.verdict == "either"

    def answered(self, request_id: Any) -> None:
        """Take note of an answer."""
        lines = self.waiting.get(json.dumps(request_id))
        if not lines:
            self.others += 1
            return
        lines.pop()
        if not lines:
            del self.waiting[json.dumps(request_id)]

    @property
    def missing(self) -> dict[str, list[bytes]]:
        """What was never answered and should have been."""
        return {each: lines for each, lines in self.waiting.items() if one_id(json.loads(each)) not in self.cancelled}

    def settle(self) -> None:
        """See that all is answered, each once, once nothing is at work any more."""
        assert self.missing == {}, "these were not answered"
        given_up = sum(map(len, self.waiting.values()))
        least, most = self.must_be_refused, self.must_be_refused + self.may_be_refused
        assert least <= self.others <= most + given_up, (
            f"{self.others} answers to what can't be read, of which there were {least} to {most}"
        )
        self.may_be_refused += given_up
        self.waiting.clear()
        self.cancelled.clear()
