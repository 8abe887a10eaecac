"""Which messages of a thread stay when it must fit a number of tokens.

What decides stays: the newest message of the customer, whole, whatever it costs; then every internal note and the
first message; then the conversation backwards from its end, until the budget is used. What is left out is counted in
gaps, where it stood.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from unthread_mcp.tokens import estimate_tokens
from unthread_mcp.transcript.entries import Entry, Gap, Role
from unthread_mcp.untrusted import grapheme_end

Part = Entry | Gap
FormatPart = Callable[[Part], str]

_LEAST_TOKENS: Final = 60  # kept free for the beginning of the first message
_LEAST_CHARACTERS: Final = 60  # a message shortened to less says nothing
_LARGEST_SHARE: Final = 4  # no message but those that must stay takes more than a quarter of the budget
_NEWEST_SHARE: Final = 0.75  # of the budget, for the newest customer message where it may be shortened
_HEAD_SHARE: Final = 0.6  # of a shortened message: how it begins says more than how it ends
_MARK_TOKENS: Final = 12  # "[… 12,345 characters left out …]"
_LOOKED_AT: Final = 400  # newest messages, and newest notes, that are looked at; older ones can't fit anyway


@dataclass(frozen=True, slots=True)
class Fitted:
    """A thread within its budget, oldest first."""

    parts: tuple[Part, ...]
    tokens: int
    """Estimated tokens of all parts as formatted, one line end each."""
    over_by: int
    """Tokens above the budget, because the newest customer message must stay whole; usually 0."""

    @property
    def left_out(self) -> int:
        """Messages that stand in gaps."""
        return sum(part.count for part in self.parts if isinstance(part, Gap))

    @property
    def shortened(self) -> int:
        """Messages whose middle was left out."""
        return sum(1 for part in self.parts if isinstance(part, Entry) and part.shortened)

    @property
    def stripped(self) -> int:
        """Characters of quoted mail, greetings and signatures that the messages shown lack."""
        return sum(part.stripped for part in self.parts if isinstance(part, Entry))


def fit(entries: Sequence[Entry], max_tokens: int, *, format_line: FormatPart, newest_whole: bool = True) -> Fitted:
    """Choose what of `entries` (oldest first) fits `max_tokens`, as `format_line` writes each entry and gap.

    Everything, if it fits. Else, in this order: the newest customer message, never cut; internal notes, newest first,
    and the first message, each whole if it fits and else shortened in the middle; the other messages from the newest
    backwards, a very long one shortened. Linear in the length of the texts. Without `newest_whole` the budget comes
    first: the newest customer message is shortened, too, where it would take more than three quarters of it.
    """
    return _Fitting(entries, max_tokens, format_line, newest_whole=newest_whole).fitted()


class _Fitting:
    """The state of one `fit`: what is kept, and what is left of the budget once the gaps are paid for."""

    def __init__(
        self, entries: Sequence[Entry], max_tokens: int, format_line: FormatPart, *, newest_whole: bool
    ) -> None:
        self._entries = entries
        self._newest_whole = newest_whole
        self._format = format_line
        self._budget = max_tokens
        self._kept: dict[int, Entry] = {}
        whole = dataclasses.replace(self._gap(0, len(entries)), before=entries[-1].at) if entries else None
        self._gap_cost = self._cost(whole) if whole else 0
        self._left = max_tokens - self._gap_cost  # at first, the whole thread is one gap

    def fitted(self) -> Fitted:
        whole = self._whole_thread()
        if whole is not None:
            return whole
        newest = max((i for i, entry in enumerate(self._entries) if entry.role == "customer"), default=-1)
        if newest >= 0 and self._newest_whole:
            self._keep(newest, self._entries[newest])
        elif newest >= 0:
            self._keep_within(newest, int(self._left * _NEWEST_SHARE))
        self._keep_notes_and_first()
        self._keep_newest()
        return self._result()

    def _whole_thread(self) -> Fitted | None:
        """The whole thread if it fits; counted only as far as the budget goes."""
        total = 0
        for entry in self._entries:
            total += self._cost(entry)
            if total > self._budget:
                return None
        return Fitted(tuple(self._entries), total, 0)

    def _keep_notes_and_first(self) -> None:
        """Notes before the first message, for they are the team's own conclusions; it keeps room for its beginning."""
        notes = [i for i, entry in enumerate(self._entries) if entry.role == "note" and i not in self._kept]
        reserve = 0 if 0 in self._kept or 0 in notes else _LEAST_TOKENS + self._gap_cost
        for place in reversed(notes[-_LOOKED_AT:]):
            room = self._left - reserve
            if self._cost(self._entries[place]) + self._gap_change(place) > room and place != notes[0]:
                room //= 2  # a very long note leaves the other half to the ones before it
            self._keep_within(place, room)
        if 0 not in self._kept:
            self._keep_within(0, self._left)

    def _keep_newest(self) -> None:
        """From the newest backwards; a message gets a quarter of the budget, or what those before it don't need."""
        first = max(0, len(self._entries) - _LOOKED_AT)
        places = [place for place in range(first, len(self._entries)) if place not in self._kept]
        needed = sum(self._cost(self._entries[place]) for place in places)
        for place in reversed(places):
            needed -= self._cost(self._entries[place])
            room = min(self._left, max(self._budget // _LARGEST_SHARE, self._left - needed))
            if not self._keep_within(place, room):
                return

    def _keep_within(self, place: int, tokens: int) -> bool:
        """Keep an entry for at most so many tokens, shortened if need be; False if that is too few."""
        room = tokens - self._gap_change(place)
        entry = self._entries[place]
        if self._cost(entry) > room:
            shorter = self._shortened(entry, room)
            if shorter is None:
                return False
            entry = shorter
        self._keep(place, entry)
        return True

    def _keep(self, place: int, entry: Entry) -> None:
        self._left -= self._cost(entry) + self._gap_change(place)
        self._kept[place] = entry

    def _gap_change(self, place: int) -> int:
        """What keeping an entry adds to the cost of gaps: it splits one, shortens one, or fills the last of one."""
        gaps = sum(0 <= side < len(self._entries) and side not in self._kept for side in (place - 1, place + 1))
        return (gaps - 1) * self._gap_cost

    def _shortened(self, entry: Entry, tokens: int) -> Entry | None:
        """The entry with its middle left out so that it costs at most `tokens`; None if little would remain."""
        text = entry.text
        cost = self._cost(entry)
        keep = len(text)
        while True:
            keep = int(keep * min(0.95, (tokens - _MARK_TOKENS) / cost))  # ever less, so this ends
            if keep < _LEAST_CHARACTERS:
                return None
            head = grapheme_end(text, int(keep * _HEAD_SHARE))
            tail = grapheme_end(text, len(text) - (keep - head))
            shorter = dataclasses.replace(
                entry,
                text=f"{text[:head].rstrip()} [… {tail - head:,} characters left out …] {text[tail:].lstrip()}",
                shortened=tail - head,
            )
            cost = self._cost(shorter)
            if cost <= tokens:
                return shorter

    def _cost(self, part: Part) -> int:
        return estimate_tokens(self._format(part) + "\n")

    def _gap(self, first: int, end: int) -> Gap:
        left_out = self._entries[first:end]
        roles = Counter[Role](entry.role for entry in left_out)
        before = self._entries[end].at if end < len(self._entries) else None
        return Gap(len(left_out), left_out[0].ts, left_out[-1].ts, roles, before)

    def _result(self) -> Fitted:
        parts: list[Part] = []
        after = 0
        for place in [*sorted(self._kept), len(self._entries)]:
            if place > after:
                parts.append(self._gap(after, place))
            if place < len(self._entries):
                parts.append(self._kept[place])
            after = place + 1
        tokens = sum(map(self._cost, parts))
        return Fitted(tuple(parts), tokens, max(0, tokens - self._budget))
