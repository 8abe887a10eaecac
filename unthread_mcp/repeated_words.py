"""Words of internal notes that are about to reach a customer."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote_plus

from unthread_mcp.outgoing import decoded, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Scripts without spaces between words are split into characters. Eight English words say as much as about sixteen
# Japanese or Chinese characters, and as 32 letters of Thai, Lao, Myanmar or Khmer, whose words have about four.
_WEIGHTS: Final = {"word": 4, "han": 2, "unspaced": 1}
_ENOUGH: Final = 8 * _WEIGHTS["word"]
_HAN: Final = r"\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
_UNSPACED: Final = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
# Apostrophes and hyphens stay within a word and are dropped with everything else that is no letter or digit.
_GAP: Final = (
    r"\s!-&(-,./:-@\[-`{-~\xa1-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\u0589\u05be\u060c\u061b\u061f\u06d4\u0964\u0965"
    r"\u0f0b-\u0f14\u1361-\u1368\u2012-\u2018\u201a-\u205e\u3000-\u3040\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40"
    r"\uff5b-\uff65"
)
_CODE_SIGNS = str.maketrans(dict.fromkeys("<>=\"'", " "))


def repeated_words(reply: str, notes: Sequence[str], exempt: Sequence[str]) -> str | None:
    """Find the first eight or more words in a row of `reply` that stand so in one of `notes`, in none of `exempt`.

    Case, punctuation, accents, markup and line breaks make no difference. `exempt` holds what the customer has seen or
    somebody has approved. Returns the words as the reply has them, on one line, or None.
    """
    secret = {row.words for note in notes for row in _rows(readable(note))}
    if not secret:
        return None
    secret.difference_update(row.words for text in exempt for row in _rows(readable(text)))
    # What a program doesn't show stands there all the same: descriptions of pictures, comments, words of an address.
    readings = (readable(reply), unquote_plus(decoded(reply)).translate(_CODE_SIGNS))
    return next((words for shown in readings if (words := _first_row(shown, secret))), None)


def _first_row(shown: str, secret: set[tuple[str, ...]]) -> str | None:
    """The first words in a row of `shown` of which every just long enough row is among `secret`."""
    begin = end = -1
    for row in _rows(shown):
        if row.words in secret:
            if begin < 0:
                begin = row.begin
            elif row.begin > end:
                break
            end = row.end
    return " ".join(shown[begin:end].split()) if begin >= 0 else None


@cache
def _word() -> re.Pattern[str]:
    """A word, compiled on first use: it takes 5 ms, and many processes never write."""
    return re.compile(f"(?P<han>[{_HAN}])|(?P<unspaced>[{_UNSPACED}])|(?P<word>[^{_HAN}{_UNSPACED}{_GAP}]+)")


class _Row(NamedTuple):
    """Just enough words in a row, folded, and where they stand in their text."""

    words: tuple[str, ...]
    begin: int
    end: int


def _rows(text: str) -> Iterator[_Row]:
    """Every row of words in `text` that begins at some word and is just long enough."""
    words: list[tuple[str, int, int, int]] = []
    for match in _word().finditer(text):
        folded = match[0].lower()
        if not (folded.isascii() and folded.isalnum()):
            folded = "".join(filter(str.isalnum, unicodedata.normalize("NFKD", folded).casefold()))
        if folded:
            words.append((folded, _WEIGHTS[match.lastgroup or "word"], match.start(), match.end()))
    first = weight = 0
    for last, (_, added, _, end) in enumerate(words):
        weight += added
        while weight >= _ENOUGH:
            yield _Row(tuple(word for word, *_ in words[first : last + 1]), words[first][2], end)
            weight -= words[first][1]
            first += 1
