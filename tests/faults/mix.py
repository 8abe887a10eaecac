"""The faults that a request can meet, how often each of them is meant to be met, and a plan that deals them out."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.faults.upstream import WELL, Behaviour, Received

PAGE_502: Final = b"<html><body>502 Bad Gateway</body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a request can fail."""

    name: str
    share: int
    """Of a hundred faults (of `MIX`), how many are this one."""
    does: Behaviour
    phase: str


def _lost(**named: object) -> Behaviour:
    return Behaviour(cut=0, **named)  # type: ignore[arg-type]


_BEFORE, _REFUSED = "before a byte left", "refused in words"
_THERE, _BACK, _DAMAGED, _LATE = "lost on the way there", "lost on the way back", "damaged answer", "shown late"

MIX: Final = (
    # These two strike at the request after theirs: nobody listens, or the idle connection is closed.
    Fault("no connection", 12, Behaviour(then="away"), _BEFORE),
    Fault("idle connection closed", 8, Behaviour(then="close"), _BEFORE),
    Fault("429", 15, Behaviour(effect="never", status=429, headers=("Retry-After: 0",)), _REFUSED),
    Fault("422", 5, Behaviour(effect="never", status=422), _REFUSED),
    Fault("503", 5, Behaviour(effect="never", status=503), _THERE),
    Fault("502 page", 2, Behaviour(effect="never", status=502, body=PAGE_502, content_type="text/html"), _THERE),
    Fault("reset, nothing happened", 3, _lost(effect="never", then="reset"), _THERE),
    Fault("time-out, nothing happened", 2, _lost(effect="never", then="hang"), _THERE),
    Fault("reset, it happened", 10, _lost(then="reset"), _BACK),
    Fault("closed, it happened", 5, _lost(then="close"), _BACK),
    Fault("504, it happened", 8, Behaviour(status=504, body=PAGE_502, content_type="text/html"), _BACK),
    Fault("time-out, it happened", 7, _lost(then="hang"), _BACK),
    Fault("cut within the body", 6, Behaviour(cut=-5, then="close"), _DAMAGED),
    Fault("broken JSON", 2, Behaviour(body=lambda body: body[:-2]), _DAMAGED),
    Fault("page with status 200", 2, Behaviour(status=200, body=PAGE_502, content_type="text/html"), _DAMAGED),
    Fault("empty with status 200", 2, Behaviour(status=200, body=b""), _DAMAGED),
    Fault("slow answer", 3, Behaviour(wait=0.02), _DAMAGED),
    # In `sends`, where time passes ten times faster, a tenth of a second is one: the second look finds it.
    Fault("reset, it happened, shown soon", 2, _lost(shown=False, shown_after=0.1, then="reset"), _LATE),
    Fault("reset, it happened, shown late", 1, _lost(shown=False, then="reset"), _LATE),
)

_SLOW, _ODD = "slow, or without an end", "bombs and nonsense"
WORSE: Final = (
    *MIX,
    Fault("answer after two seconds", 6, Behaviour(wait=2.0), _SLOW),
    Fault("answer in drips", 3, Behaviour(per_byte=0.002), _SLOW),
    Fault("it happens later", 2, Behaviour(effect="later", cut=0, then="reset"), _THERE),
    Fault("gzip bomb", 2, Behaviour(body=gzip.compress(bytes(2**26)), headers=("Content-Encoding: gzip",)), _ODD),
    Fault("too large", 1, Behaviour(body=b'"' + b"x" * 9 * 2**20 + b'"'), _ODD),
    Fault("a million bytes of empty lists", 1, Behaviour(body=b"[" + b"[]," * 333_333 + b"[]]"), _ODD),
    Fault("no HTTP", 1, Behaviour(raw=b"SSH-2.0-OpenSSH_9.6\r\n", then="close"), _ODD),
    Fault("redirect", 1, Behaviour(effect="never", status=307, headers=("Location: http://127.0.0.1:9/",)), _ODD),
)
"""The same, and faults that hold on to memory or to a connection."""


class Dealer:
    """A plan under which each request, read or write, meets a fault with a probability of `rate`."""

    def __init__(self, random: Random, rate: float, mix: Sequence[Fault] = MIX) -> None:
        self._mix = mix
        self._random = random
        self._rate = rate
        self.dealt: Counter[str] = Counter()
        self.hit_writes: list[Fault] = []
        """The faults that struck at writes, in order."""

    def __call__(self, received: Received) -> Behaviour:
        """Well, or one of the faults."""
        if self._random.random() >= self._rate:
            return WELL
        [fault] = self._random.choices(self._mix, [each.share for each in self._mix])
        self.dealt[fault.name] += 1
        if received.is_write:
            self.hit_writes.append(fault)
        return fault.does
