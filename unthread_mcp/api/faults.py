"""One table: what became of a request, by phase and status, and whether we may send it again.

A request passes three phases. *Before a byte left*: waiting for a slot, finding the name,
connecting, the proxy's CONNECT, TLS, our own encoding. *After the first byte*, until an
answer's status line. *Answered*: the status and the body say the rest.

For a write, ``refused`` means that it did not happen, ``done`` that it did, and ``unknown``
that it may have: such a write is never sent again by us. A read changes nothing, so every
fault of one is ``refused``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from unthread_mcp.api.endpoints import Effect

Outcome = Literal["refused", "unknown", "done"]

BodyKind = Literal["json", "broken json", "empty", "text", "page", "cut"]
"""What the body of a 2xx is: well-formed JSON; JSON that was cut, is broken or too large; nothing; plain text; a web
page (a proxy's or a portal's); or something that is not JSON and did not come whole."""


class Verdict(NamedTuple):
    """What became of a request, and whether we may send the very same one again."""

    outcome: Outcome
    again: bool = False


REFUSED: Final = Verdict("refused")
REFUSED_FOR_NOW: Final = Verdict("refused", again=True)
UNKNOWN: Final = Verdict("unknown")
DONE: Final = Verdict("done")

UNPROCESSED_REDIRECTS: Final = frozenset({301, 307, 308})
"""The redirects that leave the method alone: whoever answered so did not act (RFC 9110, 15.4). A 302 or 303 is what a
server may also answer after it acted."""

UNSURE_REFUSALS: Final = frozenset({408, 409, 425})
"""The 4xx that do not say that nothing happened: a time-out, a conflict (perhaps with ourselves), too early."""

_EMPTY_ANSWER: Final[Mapping[Effect, Verdict]] = {
    "reads": REFUSED,
    "changes": DONE,
    "deletes": DONE,
    "creates": UNKNOWN,
}
_NOT_UNTHREAD: Final[Mapping[Effect, Verdict]] = {
    "reads": REFUSED,
    "changes": UNKNOWN,
    "deletes": UNKNOWN,
    "creates": UNKNOWN,
}
_SUCCESS: Final[Mapping[BodyKind, Mapping[Effect, Verdict]]] = {
    "json": {"reads": DONE, "changes": DONE, "deletes": DONE, "creates": DONE},
    "broken json": {"reads": REFUSED, "changes": DONE, "deletes": DONE, "creates": DONE},
    "empty": _EMPTY_ANSWER,
    # "OK" in plain text is what common web frameworks send for a bare 200: it says as much as an empty answer.
    "text": _EMPTY_ANSWER,
    "page": _NOT_UNTHREAD,
    "cut": _NOT_UNTHREAD,
}


def judge_silence(effect: Effect, *, sent: bool) -> Verdict:
    """No answer came. `sent` says whether the first byte of the request may have left."""
    if sent and effect != "reads":
        return UNKNOWN
    return REFUSED_FOR_NOW


def judge_success(effect: Effect, body: BodyKind) -> Verdict:
    """A 2xx came, with such a body."""
    return _SUCCESS[body][effect]


def judge_status(effect: Effect, status: int) -> Verdict:
    """An answer other than a 2xx came."""
    if status == 429:
        return REFUSED_FOR_NOW
    if effect == "reads":
        return REFUSED_FOR_NOW if status >= 500 and status != 501 else REFUSED
    if status in UNPROCESSED_REDIRECTS or (400 <= status < 500 and status not in UNSURE_REFUSALS):
        return REFUSED
    return UNKNOWN
