"""What a thread said before a message, to tell quoted mail that stands there from quoted mail that doesn't."""

from __future__ import annotations

import re
from typing import Final

from unthread_mcp.remembering import remembered

_NO_LETTERS = re.compile(r"[\W_]+")
_PROBES: Final = 8
_PROBE_LENGTH: Final = 20
_LONGEST_PROBE: Final = 60
_MOST_COMPARED: Final = 200  # lines of quoted mail that are looked for one by one
_REMEMBERED: Final = 100_000  # letters of earlier messages
_CONTEXT_LENGTH: Final = 180  # characters of the quoted lines kept before an answer

Lines = list[str]


class EarlierText:
    """The text of the messages so far, compared by letters and digits alone."""

    def __init__(self, letters: str = "") -> None:
        self._held = letters
        self._added: list[str] = []  # not read yet: most threads never look for a quote

    def add(self, text: str) -> None:
        """Take in the whole text of the next message."""
        self._added.append(text)

    @property
    def letters(self) -> str:
        """What is kept of them: letters and digits, a line a message."""
        for text in self._added:
            self._held = (self._held + _letters(text) + "\n")[-_REMEMBERED:]
        self._added.clear()
        return self._held

    def has(self, lines: Lines) -> bool:
        """Whether a third of the text (looked at in up to eight places) stands in the earlier messages."""
        text = _letters("".join(lines))
        last = max(0, len(text) - _PROBE_LENGTH)
        probes = [text[at : at + _PROBE_LENGTH] for at in range(0, last + 1, max(_PROBE_LENGTH, last // _PROBES + 1))]
        held = self.letters
        return bool(text) and 3 * sum(probe in held for probe in probes) >= len(probes)

    def without(self, lines: Lines) -> Lines:
        """Those of `lines` that the earlier messages don't hold, each run below the line that it follows, quoted.

        A short line counts as held only in its place: "Yes" may stand anywhere.
        """
        new: Lines = []
        held = self.letters
        before = last_held = ""
        for line in lines[:_MOST_COMPARED]:
            letters = _letters(line)
            if not letters:
                continue
            probe = letters[:_LONGEST_PROBE] if len(letters) >= _PROBE_LENGTH else before[-_PROBE_LENGTH:] + letters
            if probe in held:
                last_held = line.strip()
                before += letters
            else:
                new += ["", f"> {last_sentences(last_held)}", ""] if last_held else []
                new.append(line)
                last_held = ""
        return new


@remembered()
def _letters(text: str) -> str:
    """Letters and digits alone: the same whatever a mail program made of line ends, bold marks and blanks."""
    return _NO_LETTERS.sub("", text).casefold()


def last_sentences(text: str) -> str:
    """The last sentences of `text`, up to 180 characters."""
    if len(text) <= _CONTEXT_LENGTH:
        return text
    tail = text[-_CONTEXT_LENGTH:]
    sentence = re.search(r"(?<=[.!?。！？])\s*(?=\S)", tail[:-1])
    return "… " + (tail[sentence.end() :] if sentence else tail.partition(" ")[2] or tail)
