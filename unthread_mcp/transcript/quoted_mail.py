"""The author's own words out of a mail that also carries the mails before it.

A mail is read as a row of parts: own lines, quoted lines (marked with ">"), and lines that introduce what others wrote:
attributions ("On <date>, <name> wrote:"), header blocks (Outlook's From/Sent/To/Subject) and forwarding marks. Below an
attribution or a header block without marks, the rest of the mail is the mail before.

Losing a customer's sentence costs more than keeping a stranger's, so in doubt the text stays: quoted lines that nothing
introduces (Python prompts, "> 5 GB"), a forwarded mail (it is what the customer writes about), the newest mail below
where the author says that the answers stand in it, quoted mail that the thread does not have, and everything if nothing
else would be left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal, NamedTuple

from unthread_mcp.remembering import remembered
from unthread_mcp.transcript import mail_wording as wording
from unthread_mcp.transcript.earlier_text import EarlierText, last_sentences
from unthread_mcp.transcript.greetings import without_greeting
from unthread_mcp.transcript.html_text import SIGNATURE_LINE
from unthread_mcp.transcript.signatures import without_signature

_QUOTE_MARK = re.compile(r"[ \t\u200e\u200f\ufeff]{0,4}>")
_BIDI_MARKS = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_BLANKS_AND_MARKS = re.compile(rf"[\s>{SIGNATURE_LINE}]+")
_ATTRIBUTION_LINES: Final = 4
_ATTRIBUTION_LENGTH: Final = 400
_RULE_SIGNS: Final = "-_=\u2500"
_SHORTEST_MARK: Final = 8  # characters of a forwarding mark or a rule
_HEADER_LINES: Final = 16
_HEADER_LENGTH: Final = 2_000
_MAIL_FIELDS: Final = frozenset({"from", "date", "to", "subject"})
_EXCERPT_LENGTH: Final = 400  # characters kept of quoted mail that the thread doesn't have
_PARTS_ABOVE: Final = 4  # the last two of the author's own before a part
_MOST_PARTS: Final = 300  # a text with more changes between quoted and own lines is no mail

Lines = list[str]
Kind = Literal["own", "quote", "below"]


class ReadMail(NamedTuple):
    """The author's words, and how many characters (blanks aside) of the rest of the mail were left out."""

    text: str
    left_out: int


@dataclass(slots=True)
class _Part:
    kind: Kind
    lines: Lines  # without their marks
    raw: Lines
    introduced: bool = False  # by an attribution, a header block or a forwarding mark
    forwarded: bool = False


def own_words(text: str, *, author: str = "", earlier: EarlierText | None = None) -> ReadMail:
    """The words that `author` wrote in a mail, with just enough of the quoted lines to understand short answers.

    `earlier` holds the messages before this one if they are all known (empty for the first of a conversation); left
    out, quoted mail is taken to stand in the thread. Linear in the length of `text`.
    """
    return _unquoted(text, author) or _among_quotes(text, author, None if earlier is None else earlier.letters)


@remembered(64)  # with up to 100,000 letters each of what was said before
def _among_quotes(text: str, author: str, before: str | None) -> ReadMail:
    earlier = None if before is None else EarlierText(before)
    lines = [line.rstrip("\r") for line in text.split("\n")]
    parts = list(islice(_parts(lines), _MOST_PARTS + 1))
    if len(parts) > _MOST_PARTS:
        return ReadMail(_joined(lines), 0)
    parts = _with_unintroduced_as_own(parts, earlier)
    own: list[Lines] = []
    for part in parts:
        words_above = any(map(_has_words, own[-_PARTS_ABOVE:]))
        own.append(without_signature(part.lines, author, words_above=words_above) if part.kind == "own" else [])
    if not any(map(_has_words, own)):  # nothing but a signature: then that is what the author wrote
        own = [part.lines if part.kind == "own" else [] for part in parts]
    else:
        first_own = next(place for place, words in enumerate(own) if _has_words(words))
        own[first_own] = without_greeting(own[first_own])
    last_own = max((place for place, words in enumerate(own) if _has_words(words)), default=-1)
    if last_own < 0 and not any(part.forwarded for part in parts):
        return ReadMail(_joined(lines), 0)

    answers_inside = parts[-1].kind == "below" and any(
        wording.ANSWERS_INSIDE.search(line.casefold()) for lines_ in own for line in lines_
    )
    kept: Lines = []
    for place, part in enumerate(parts):
        if part.kind == "own":
            kept += ["", *own[place]]
        elif part.kind == "below":
            kept += ["", *_newest_below(part, earlier, keep=answers_inside or last_own < 0)]
        elif part.forwarded:
            kept += ["", *_newest_below(part, earlier, keep=True)]
        elif place < last_own:
            kept += ["", *_context(part.lines, author)]
        elif earlier is not None and not earlier.has(part.lines):
            kept += ["", *_excerpt(part.lines)]
    read = _joined(kept)
    return ReadMail(read, max(0, _length(text) - _length(read)) if read != text else 0)


@remembered()
def _unquoted(text: str, author: str) -> ReadMail | None:
    """`own_words` of a mail in which nothing is quoted, like most; None of others."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    parts = list(islice(_parts(lines), 2))
    if len(parts) > 1 or parts[0].kind != "own":
        return None
    words = without_greeting(without_signature(lines, author))
    read = _joined(words if _has_words(words) else lines)
    return ReadMail(read, max(0, _length(text) - _length(read)) if read != text else 0)


def _parts(lines: Lines) -> Iterator[_Part]:
    own: Lines = []
    introduced = False
    at = 0
    while at < len(lines):
        if _QUOTE_MARK.match(lines[at]):
            end = _quote_end(lines, at)
            quoted = [_unmarked(line) for line in lines[at:end]]
            opens, forwards = _introduction(quoted)
            introduced = introduced or opens
            yield from _flushed(own)
            yield _Part("quote", quoted, lines[at:end], introduced, forwards)
            at = end
            continue
        end, forwards = _introduction_end(lines, at)
        if end == at:
            own.append(lines[at])
            at += 1
            continue
        following = end
        while following < len(lines) and not lines[following].strip():
            following += 1
        is_marked = following < len(lines) and _QUOTE_MARK.match(lines[following]) is not None
        if not is_marked and not _stands_alone(lines[at:end], forwards=forwards):
            own += lines[at:end]
            at = end
            continue
        introduced = True
        yield from _flushed(own)
        if not is_marked:
            yield _Part("below", lines[at:], [], introduced=True, forwarded=forwards)
            return
        if forwards:
            quote_end = _quote_end(lines, end)
            quoted = [_unmarked(line) for line in lines[end:quote_end]]
            yield _Part("quote", [*lines[at:end], *quoted], [], introduced=True, forwarded=True)
            at = quote_end
        else:
            at = end
    yield from _flushed(own)


def _flushed(own: Lines) -> Iterator[_Part]:
    if own:
        yield _Part("own", own.copy(), [])
        own.clear()


def _quote_end(lines: Lines, at: int) -> int:
    """Where the run of marked lines that starts at or after `at` ends; empty lines between them belong to it."""
    end = at
    for place in range(at, len(lines)):
        if _QUOTE_MARK.match(lines[place]):
            end = place + 1
        elif lines[place].strip():
            break
    return end


def _unmarked(line: str) -> str:
    found = _QUOTE_MARK.match(line)
    rest = line[found.end() :] if found else line
    return rest.removeprefix(" ")


def _introduction(lines: Lines) -> tuple[bool, bool]:
    """Whether quoted lines begin with an introduction of their own, and whether it is a forwarding mark."""
    first = next((place for place, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return False, False
    end, forwards = _introduction_end(lines, first)
    return end > first, forwards


def _introduction_end(lines: Lines, at: int) -> tuple[int, bool]:
    """Where an introduction that starts at line `at` ends (`at` itself: there is none), and whether it forwards."""
    line = lines[at].strip()
    if not line:
        return at, False
    folded = line[:_ATTRIBUTION_LENGTH].casefold()
    if len(line) >= _SHORTEST_MARK and (line[0] in _RULE_SIGNS or line[-1] in ":："):
        if wording.FORWARD_MARK.fullmatch(folded):
            return _header_end(lines, at + 1, wanted=2) or at + 1, True
        if wording.ORIGINAL_MARK.fullmatch(folded) or wording.HEADER_RULE.fullmatch(line):
            return _header_end(lines, at + 1, wanted=2) or at, False
    if ":" in line or "：" in line:
        header_end = _header_end(lines, at, wanted=3)
        if header_end:
            return header_end, False
    if "@" in line or wording.ATTRIBUTION_START.match(_BIDI_MARKS.sub("", folded)):
        return _attribution_end(lines, at), False
    return at, False  # most lines: neither a field nor the first line of an attribution


def _stands_alone(introduction: Lines, *, forwards: bool) -> bool:
    """Whether an introduction is one even without marks on the lines below it.

    A header block or a forwarding mark is. An attribution must hold the address in brackets, as mail programs write
    it: "On 3 March your colleague wrote:" may be the author's own sentence.
    """
    text = " ".join(introduction)
    return forwards or _header_field(introduction[-1]) is not None or bool(wording.BRACKETED_ADDRESS.search(text))


def _header_field(line: str) -> wording.HeaderField | None:
    head = line.lstrip("* \t\u00a0")[: wording.LONGEST_HEADER_NAME].casefold()
    name, colon, _ = head.replace("：", ":").partition(":")
    return wording.HEADER_FIELD.get(name.strip("* \u00a0\t")) if colon else None


def _header_end(lines: Lines, at: int, *, wanted: int) -> int:
    """Where the header block that starts at line `at` ends (after empty lines at its front); 0 if there is none.

    A block begins with the sender, holds at least `wanted` of sender, date, recipient and subject, the subject among
    them, and an address or a full date: "From: Hamburg, To: Oslo" is an order. A field may be folded, and fields may
    be parted by an empty line.
    """
    while at < len(lines) and not lines[at].strip():
        at += 1
    if at >= len(lines) or _header_field(lines[at]) != "from":
        return 0
    fields: set[wording.HeaderField] = set()
    end = at
    for place in range(at, min(len(lines), at + _HEADER_LINES)):
        field = _header_field(lines[place])
        if field == "from" and fields:
            break
        if field:
            fields.add(field)
            end = place + 1
        elif place > end or (not lines[place].strip() and fields >= _MAIL_FIELDS):
            break  # a second line that is no field, or an empty one below a whole block
    text = " ".join(lines[at:end])[:_HEADER_LENGTH]
    if "subject" not in fields or len(fields & _MAIL_FIELDS) < wanted:
        return 0
    is_mail = wording.ADDRESS.search(text) or (wording.DATE.search(text) and wording.TIME.search(text))
    return end if is_mail else 0


def _attribution_end(lines: Lines, at: int) -> int:
    """Where an attribution that starts at line `at` ends; `at` if there is none."""
    joined = ""
    for place in range(at, min(len(lines), at + _ATTRIBUTION_LINES)):
        line = _BIDI_MARKS.sub("", lines[place]).strip()
        if not line or len(joined) + len(line) > _ATTRIBUTION_LENGTH:
            break
        folded = line.casefold()
        starts = wording.ATTRIBUTION_START.match(folded) is not None
        if place > at and (starts or not wording.ATTRIBUTION_START.match(joined)):
            break  # another attribution, or a line of the author's above one
        joined = f"{joined} {folded}".strip()
        if wording.ATTRIBUTION_END.search(joined):
            # As programs write it: with the bracketed address, or with date and time at its start. "On Monday I asked
            # and you wrote:" is the author's.
            is_dated = wording.ATTRIBUTION_START.match(joined) and wording.TIME.search(joined)
            return place + 1 if is_dated or wording.BRACKETED_ADDRESS.search(joined) else at
    return at


def _with_unintroduced_as_own(parts: list[_Part], earlier: EarlierText | None) -> list[_Part]:
    """Make marked lines the author's own where nothing introduces them and the thread doesn't hold them."""
    joined: list[_Part] = []
    for part in parts:
        is_held = part.introduced or (earlier is not None and earlier.has(part.lines))
        own = part.raw if part.kind == "quote" and not is_held else part.lines if part.kind == "own" else None
        if own is None:
            joined.append(part)
        elif joined and joined[-1].kind == "own":
            joined[-1].lines += own
        else:
            joined.append(_Part("own", own, []))
    return joined


def _newest_below(part: _Part, earlier: EarlierText | None, *, keep: bool) -> Lines:
    """What to keep of the mails that stand below without marks: the newest one, or only what is new in it, or nothing.

    All of it if `keep` or if the thread doesn't hold it; else the lines that the thread doesn't hold, for they may be
    answers typed between its lines.
    """
    lines = [line for line in part.lines if not _QUOTE_MARK.match(line)] if part.kind == "below" else part.lines
    first = next((place for place, line in enumerate(lines) if line.strip()), len(lines))
    start = _introduction_end(lines, first)[0] if first < len(lines) else first
    end = next((place for place in range(start, len(lines)) if _introduction_end(lines, place)[0] > place), len(lines))
    body = without_signature(lines[start:end])
    if keep or part.forwarded or (earlier is not None and not earlier.has(body)):
        return [*lines[first:start], "", *body]
    return [] if earlier is None else earlier.without(body)


def _context(lines: Lines, author: str) -> Lines:
    """The end of quoted lines, which the answer below them most likely speaks to, as one marked line."""
    lines = without_signature([line for line in lines if not _QUOTE_MARK.match(line)], author, words_above=True)
    start, _ = _introduction_end(lines, 0) if lines else (0, False)
    lines = without_signature(lines[start:], words_above=True)
    last = len(lines)
    while last and lines[last - 1].strip():
        last -= 1
    text = " ".join(line.strip() for line in lines[last:])
    return [f"> {last_sentences(text)}"] if text else []


def _excerpt(lines: Lines) -> Lines:
    text = " ".join(line.strip() for line in lines if line.strip())
    if len(text) > _EXCERPT_LENGTH:
        text = f"{text[:_EXCERPT_LENGTH].rpartition(' ')[0] or text[:_EXCERPT_LENGTH]} …"
    return [f"> {text}"] if text else []


def _length(text: str) -> int:
    """Characters without blanks and quote marks, so that taking off marks leaves nothing out."""
    return len(_BLANKS_AND_MARKS.sub("", text))


def _has_words(lines: Lines) -> bool:
    return any(line.strip() for line in lines)


def _joined(lines: Lines) -> str:
    """Lines as a text without blanks at line ends and without more than one empty line in a row."""
    text = "\n".join(line.rstrip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")
