"""Where an author's words end and the signature, the advertisement of the device and the legal footer begin.

Built to lose nothing: a paragraph goes only if every line of it reads as part of a signature and something marks the
spot (a delimiter, a closing formula, the author's own name, the mail program's markup). Data below a signature, a
postscript and anything that reads as a sentence stay. Thanks that are more than a formula stay, too: they often say
that it works now.
"""

from __future__ import annotations

from typing import Final

from unthread_mcp.transcript import mail_wording as wording
from unthread_mcp.transcript.html_text import SIGNATURE_LINE

_LONGEST_LINE: Final = 110  # a line of a signature, not a sentence
_LONGEST_SIGNATURE: Final = 20  # lines; what is longer below a "--" is content
_LOOKED_AT: Final = 40  # lines from the end
_LONGEST_SIGNATURE_PARAGRAPH: Final = 40  # words
_NAME_WORDS: Final = 6
_SENTENCE_WORDS: Final = 7
_CONTACT_WORDS: Final = 14
_CONTACT_SENTENCE: Final = 3
_LEGAL_LENGTH: Final = 120  # characters; half of it in scripts that need fewer
_LEGAL_WORDS: Final = 3  # distinct ones, in or below a signature
_CLEARLY_LEGAL_LENGTH: Final = 200  # where nothing else marks a footer
_CLEARLY_LEGAL_WORDS: Final = 5
_REGISTER_WORDS: Final = 2
_DEVICE_SENTENCE: Final = 5  # words
_JUDGED: Final = 1_500  # characters of a paragraph that are looked at; footers say what they are at once

Lines = list[str]


def without_signature(lines: Lines, author: str = "", *, words_above: bool = False) -> Lines:
    """`lines` without what stands below the author's words; the order and the text of the others unchanged.

    `author` is the author's name if it is known: a tail that begins with it is a signature even without a formula.
    A formula above which the author said nothing ("Thanks," as the first line) closes nothing, unless `words_above`:
    these lines only follow others of the same author's.
    """
    lines = _without_marked_signature(lines)
    lines = _without_device_lines(_trimmed(lines))
    names = [name for name in author.casefold().replace(",", " ").split() if len(name) > 1]
    last = len(lines) - 1
    for place in range(last, max(-1, last - _LOOKED_AT), -1):  # upwards: the formula stands above the name
        above = lines[:place]
        kept = _judged_at(lines, place, names) if words_above or _count(above) else None
        if kept is not None:
            lines = above + kept
    return _without_legal_footer(_trimmed(lines))


def _judged_at(lines: Lines, place: int, names: Lines) -> Lines | None:
    """What stays from line `place` on if a signature starts there; nothing (None) if none does."""
    line = lines[place].strip().casefold()
    if not line or len(line) > _LONGEST_LINE:
        return None
    above, below = lines[:place], lines[place + 1 :]
    if wording.SIGNATURE_MARK.fullmatch(line):
        return _unless_all(_below_delimiter(below), below)
    thanks = wording.THANKS_LINE.fullmatch(line)
    if thanks or wording.REGARDS_LINE.fullmatch(line):
        if not _may_sign(below, names, strictly=bool(thanks) and line[-1] != ","):
            return None
        kept = _unless_all(_below_formula(below, names), below)
        # "Thanks," above a name only closes; "Thanks!" and "Thank you." are said to somebody.
        is_said = thanks and (line[-1] in "!.。！" or not _count(below))
        return [lines[place].rstrip(" ,"), *kept] if is_said and kept is not None else kept
    named = wording.REGARDS_AND_NAME_LINE.fullmatch(line) or wording.THANKS_AND_NAME_LINE.fullmatch(line)
    if named and _is_name(named["name"], names):
        return _below_formula(below, names)
    if _is_name(line, names) and _may_begin_signature(above, below):
        return _below_formula([lines[place], *below], names)
    return None


def _unless_all(kept: Lines | None, below: Lines) -> Lines | None:
    """`kept`, or nothing (None) if that is all that stood below: then there was no signature."""
    return None if kept is not None and _count(kept) == _count(below) > 0 else kept


def _count(lines: Lines) -> int:
    return sum(1 for line in lines if line.strip())


def _may_sign(below: Lines, names: Lines, *, strictly: bool) -> bool:
    """Whether the first line below a formula may be the name of who signs; `strictly`, whether it is the author's.

    "Thanks for your answer." also opens mails, and what follows there may look like a signature.
    """
    first = next((line.strip() for line in below if line.strip()), "")
    if not first or _is_name(first.casefold(), names):
        return True
    return not strictly and (_could_be_name(first) or _is_rule(first) or _is_device_line(first.casefold()))


def _may_begin_signature(above: Lines, below: Lines) -> bool:
    """Whether the author's name begins a signature: alone at the end or below a gap, and no answer to a colon.

    Below a formula it doesn't: the formula does.
    """
    if above and above[-1].strip() and any(line.strip() for line in below):
        return False
    last = next((line.strip().casefold() for line in reversed(above) if line.strip()), "")[:_LONGEST_LINE]
    openers = (wording.SIGNATURE_MARK, wording.THANKS_LINE, wording.REGARDS_LINE)
    return not last.endswith((":", "：")) and not any(opener.fullmatch(last) for opener in openers)


def _below_delimiter(below: Lines) -> Lines | None:
    """What stays of the lines below a "-- ": by the convention (RFC 3676, 4.3) nothing, if it is a signature at all."""
    if not 0 < _count(below) <= _LONGEST_SIGNATURE:
        return None
    kept: Lines = []
    for paragraph in _paragraphs(below):
        if not _is_furniture(paragraph):
            kept += ["", *paragraph]
    return kept


def _is_furniture(paragraph: Lines) -> bool:
    """Whether a paragraph inside a marked signature may go: no postscript, no question, no long text."""
    text = " ".join(paragraph)[:_JUDGED].casefold()
    if _is_legal(text):
        return True
    if wording.POSTSCRIPT.match(text) or text.rstrip().endswith(("?", "？")):
        return False
    return len(text.split()) < _LONGEST_SIGNATURE_PARAGRAPH


def _below_formula(below: Lines, names: Lines) -> Lines | None:
    """What stays of the lines below a closing formula; nothing (None) if what follows shows that it closes nothing."""
    paragraphs = _paragraphs(below)
    verdicts = [_is_signature_paragraph(p, names, is_first=i == 0) for i, p in enumerate(paragraphs)]
    words_follow = any(
        not verdict and _reads_as_sentence(paragraph) and not wording.POSTSCRIPT.match(paragraph[0].strip().casefold())
        for paragraph, verdict in zip(paragraphs, verdicts, strict=True)
    )
    kept: Lines = []
    for place, (paragraph, verdict) in enumerate(zip(paragraphs, verdicts, strict=True)):
        if place == 0 and not verdict:
            end = _leading_signature(paragraph, names)
            if not end and words_follow:
                return None
            paragraph = paragraph[end:]  # noqa: PLW2901  (the rest of a paragraph whose first lines are the name)
        elif verdict and (not words_follow or any(_is_name(line.strip().casefold(), names) for line in paragraph)):
            continue
        kept += ["", *paragraph]
    return kept


def _leading_signature(paragraph: Lines, names: Lines) -> int:
    """How many lines at the start of a mixed paragraph are surely the signature: names and contacts, no titles.

    A short line that might be a title may be the first of a wrapped sentence.
    """
    lines = [line.strip().casefold() for line in paragraph]
    return next((n for n, line in enumerate(lines) if not (_is_name(line, names) or _is_contact(line))), len(lines))


def _is_signature_paragraph(paragraph: Lines, names: Lines, *, is_first: bool) -> bool:
    if _is_legal(" ".join(paragraph)[:_JUDGED].casefold()):
        return True
    if len(paragraph) > _LONGEST_SIGNATURE or not all(_is_signature_line(line, names) for line in paragraph):
        return False
    # Without a word that only signatures hold, short lines may be the answer ("Firefox", "Windows").
    return _is_strong(paragraph, names) or (is_first and not names and _could_be_name(paragraph[0].strip()))


def _is_strong(paragraph: Lines, names: Lines) -> bool:
    lines = [line.strip().casefold() for line in paragraph]
    return any(_is_name(line, names) or _is_contact(line) or _is_rule(line) or _is_legal(line) for line in lines)


def _is_signature_line(line: str, names: Lines) -> bool:
    line = line.strip()
    folded = line.casefold()
    if wording.POSTSCRIPT.match(folded):
        return False
    if len(line) > _LONGEST_LINE:
        return _is_legal(folded[:_JUDGED])
    return (
        _is_rule(folded)
        or _is_name(folded, names)
        or _is_contact(folded)
        or wording.POSTCODE_LINE.fullmatch(folded) is not None
        or _is_device_line(folded)
        or _is_legal(folded)
        or _could_be_name(line)
    )


def _is_rule(line: str) -> bool:
    return wording.RULE_LINE.fullmatch(line) is not None or wording.SIGNATURE_MARK.fullmatch(line) is not None


def _is_name(line: str, names: Lines) -> bool:
    """Whether a folded line is the author's name: all of its words, or one of them and a title beside it."""
    if not names or not line or len(line.split()) > _NAME_WORDS or wording.INSIDE_SENTENCE.search(line):
        return False
    words = line.replace(",", " ").replace(".", " ").split()
    own = sum(word in names for word in words)
    # Scripts without blanks write the name in one word, or the family name alone.
    return own * 2 >= len(words) or (not line.isascii() and len(line) <= 12 and any(name in line for name in names))


def _could_be_name(line: str) -> bool:
    """Whether a line may be a name, a title or a department: few words, the first with a capital, no digits."""
    words = line.split()
    if not words or len(words) > _NAME_WORDS or line[-1] in ".?!:;,。？！：" or any(c.isdigit() for c in line):
        return False
    return not line[0].islower() and line[0] not in "-*•>+#" and len(line) <= 60


def _is_contact(line: str) -> bool:
    """Whether a folded line holds an address, a telephone number, a company's form or a street, and no sentence."""
    words = len(line.split())
    if words > _CONTACT_WORDS or line.endswith(("?", "？", "。")):
        return False
    company = wording.COMPANY_WORD.search(line)
    if (company and company.end() >= len(line) - 1) or wording.REGISTER_WORD.search(line):
        return True
    if words > _CONTACT_SENTENCE and line[-1:] in ".!":
        return False
    return (
        company is not None
        or wording.ADDRESS.search(line) is not None
        or wording.CONTACT_LABEL.match(line) is not None
        or line.startswith(("http://", "https://"))
        or wording.PHONE_NUMBER.fullmatch(line) is not None
        or (any(c.isdigit() for c in line) and wording.STREET_WORD.search(line) is not None)
    )


def _reads_as_sentence(paragraph: Lines) -> bool:
    text = " ".join(paragraph).strip()
    words = len(text.split())
    return words >= _SENTENCE_WORDS or text.endswith(("?", "？", "。")) or (words >= 3 and text.endswith((".", "!")))


def _is_legal(text: str, *, words: int = _LEGAL_WORDS, length: int = _LEGAL_LENGTH) -> bool:
    """Whether a folded text is a legal footer, a company's register entry or a plea not to print."""
    if text.rstrip().endswith(("?", "？")):
        return False
    if wording.PRINT_PLEA.search(text) or len(set(wording.REGISTER_WORD.findall(text))) >= _REGISTER_WORDS:
        return True
    if len(text) < (length if text.isascii() else length // 2):
        return False
    hits = len(set(wording.LEGAL_WORD.findall(text)))
    return hits + bool(wording.LEGAL_HEADING.match(text)) >= words


def _without_marked_signature(lines: Lines) -> Lines:
    """Judge the lines that the mail program's own markup calls a signature; unmark those that stay."""
    if not any(line.startswith(SIGNATURE_LINE) for line in lines):
        return lines
    kept: Lines = []
    block: Lines = []
    for line in [*lines, ""]:
        if line.startswith(SIGNATURE_LINE):
            block.append(line.removeprefix(SIGNATURE_LINE))
            continue
        if block:
            for paragraph in _paragraphs(block):
                if any(map(_is_typed, paragraph)) or not _is_furniture(paragraph):
                    kept += paragraph
            block = []
        kept.append(line)
    return kept


def _is_device_line(line: str) -> bool:
    """Whether a folded line is "Sent from my iPhone"; "Sent from my phone it works." is a sentence."""
    if line.endswith(("?", "!")) or (line.endswith(".") and len(line.split()) > _DEVICE_SENTENCE):
        return False
    return wording.DEVICE_LINE.fullmatch(line) is not None


def _is_typed(line: str) -> bool:
    """Whether a line inside a block that is marked as signature is a sentence: some people type there."""
    folded = line.strip().casefold()
    return len(folded.split()) >= _SENTENCE_WORDS and not _is_contact(folded) and not _is_legal(folded[:_JUDGED])


def _without_device_lines(lines: Lines) -> Lines:
    """Without "Sent from my iPhone" among the last lines."""
    first = max(0, len(lines) - _LONGEST_SIGNATURE)
    kept = [line for line in lines[first:] if not _is_device_line(line.strip().casefold()[:_LONGEST_LINE])]
    return _trimmed(lines[:first] + kept)


def _without_legal_footer(lines: Lines) -> Lines:
    """Without closing paragraphs that are unmistakably legal, for mails that have no other signature."""
    paragraphs = _paragraphs(lines)
    while len(paragraphs) > 1:
        text = " ".join(paragraphs[-1])[:_JUDGED].casefold()
        if not _is_legal(text, words=_CLEARLY_LEGAL_WORDS, length=_CLEARLY_LEGAL_LENGTH):
            break
        last = paragraphs.pop()
        lines = _trimmed(lines[: len(lines) - len(last)])
    return lines


def _paragraphs(lines: Lines) -> list[Lines]:
    paragraphs: list[Lines] = []
    is_open = False
    for line in lines:
        if not line.strip():
            is_open = False
        elif is_open:
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
            is_open = True
    return paragraphs


def _trimmed(lines: Lines) -> Lines:
    """Without empty lines at both ends."""
    first, last = 0, len(lines)
    while first < last and not lines[first].strip():
        first += 1
    while last > first and not lines[last - 1].strip():
        last -= 1
    return lines[first:last]
