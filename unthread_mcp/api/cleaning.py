r"""One cleaning for every string that comes from upstream, before anything else sees it.

Removed and counted: lone surrogates (one of them kills a process that encodes UTF-8 strictly), control characters,
bidirectional overrides, embeddings and isolates, tag characters, zero-width and other invisible characters, variation
selectors, noncharacters. They show nothing to a person and can carry orders to a model.

Kept byte for byte, because people write with them: the same characters where Unicode gives them work to do. That is a
joiner inside an emoji sequence or beside a letter of a script that joins; one variation selector behind a base that has
variants; the tag sequences of the three flags that have one; a zero-width space in scripts that write no spaces.

Left-to-right, right-to-left and Arabic letter marks stay, one at a time, in text that holds a right-to-left letter:
Hebrew and Arabic keyboards and mail programs put them around numbers and Latin names, and unlike overrides they cannot
reorder what stands around them. Anywhere else they are only a way to hide bits, and go.

Every kind of line break (`\r\n`, `\r`, vertical tab, form feed, U+0085, U+2028, U+2029) becomes `\n`; that loses
nothing and is not counted.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from functools import cache, lru_cache
from io import StringIO
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from unthread_mcp.api.json_types import JsonValue

# Character classes, as they stand between the brackets of a pattern.

_HIDDEN: Final = (
    r"\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters but tab and line breaks
    r"\ud800-\udfff"  # lone surrogates: a pair has become one character long before
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # shown as nothing, or as a blank letter
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"  # zero-width, bidi, annotations
    r"\ufe00-\ufe0f"  # variation selectors
    r"\ufdd0-\ufdef\ufffe\uffff"  # noncharacters
    r"\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # layout of hieroglyphs, shorthand, music
    r"\U000e0000-\U000e0fff"  # tags, and more variation selectors
)
_LINE_BREAK: Final = r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]"
_MARK: Final = r"\u200e\u200f\u061c"
_RIGHT_TO_LEFT: Final = (
    r"\u0590-\u061b\u061d-\u08ff\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
)

# Wider than Unicode's Extended_Pictographic: systems also put a selector behind symbols such as U+2713.
_EMOJI: Final = r"\xa9\xae\u2010-\u2027\u2030-\u205e\u2070-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_HAN: Final = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fffd\U00030000-\U0003fffd"
_MONGOLIAN: Final = r"\u1800-\u180a\u1810-\u18af"
_HIEROGLYPH: Final = r"\U00013000-\U0001342f\U00013440-\U0001345f"
# The bases of Unicode's StandardizedVariants.txt: zero, operators, quotation marks, Myanmar, CJK, Phags-pa, Manichaean.
_VARIANT_BASE: Final = (
    rf"0\u2018-\u201f\u2190-\u22ff\u2a00-\u2aff\u1000-\u109f\u3001\u3002\ua840-\ua877\uaa60-\uaa7f"
    rf"\uff01-\uff1f\U00010ac0-\U00010aff{_HAN}{_HIEROGLYPH}"
)
# Scripts whose letters join or stack, so that a (non-)joiner changes what a reader sees: Arabic, Syriac, N'Ko, Mandaic,
# the scripts of India, Tibet and South-East Asia, Mongolian, and their kin beyond the first plane.
_JOINING: Final = (
    r"\u0600-\u061b\u061d-\u08ff\u0900-\u0fff\u1000-\u109f\u1700-\u17b3\u17b6-\u17ff\u1800-\u180a\u1810-\u1cff"
    r"\ua800-\ua82f\ua840-\ua8ff\ua930-\ua95f\ua980-\uaadf\uaae0-\uaaff\uabc0-\uabff\ufb50-\ufdcf\ufdf0-\ufdff"
    r"\ufe70-\ufefc\U00010a00-\U00010bff\U00010d00-\U00010d3f\U00010f30-\U00010fdf\U00011000-\U00011fff"
    r"\U0001e900-\U0001e95f"
)
# Thai, Lao, Tibetan, Myanmar, Khmer and their neighbours mark where a line may break with a zero-width space.
_UNSPACED: Final = r"\u0e00-\u0fff\u1000-\u109f\u1780-\u17b3\u17b6-\u17ff\u1900-\u1bff\ua980-\ua9ff\uaa00-\uaadf"

_FLAGS: Final = "|".join(
    "".join(f"\\U000e00{ord(letter):02x}" for letter in region) for region in ("gbeng", "gbsct", "gbwls")
)

# What each looks at beside itself is a character that is always kept, so that cleaning twice changes nothing.
_LEGITIMATE: Final = "|".join(
    (
        rf"(?:(?<=[{_EMOJI}])|(?<=[{_EMOJI}]\ufe0f))\u200d(?=[{_EMOJI}])",
        rf"(?<=[{_EMOJI}])[\ufe0e\ufe0f]",
        r"(?<=[0-9#*])\ufe0f(?=\u20e3)",
        rf"(?<=\U0001f3f4)(?:{_FLAGS})\U000e007f",
        rf"(?<=[{_JOINING}])[\u200c\u200d]",
        rf"(?<![\u200c\u200d])[\u200c\u200d](?=[{_JOINING}])",
        rf"(?<=[{_UNSPACED}])\u200b",
        rf"(?<=[{_VARIANT_BASE}])[\ufe00-\ufe06]",
        # VS17 to VS48 are all that Unihan's kMojiJoho, the largest collection for names, uses. Letters hidden as
        # variation selectors, one per byte, would need VS49 and beyond.
        rf"(?<=[{_HAN}])[\U000e0100-\U000e011f]",
        rf"(?<=[{_MONGOLIAN}])[\u180b-\u180f]",
        rf"(?<=[{_MONGOLIAN}][\u180b-\u180d\u180f])[\u180e\u200d]",
        r"(?<=[\u1780-\u17b3])[\u17b4\u17b5]",
        r"(?<=[\u0591-\u05c7])\u034f",  # keeps the order of Hebrew points
        r"(?<=[\u1100-\u115e])\u1160|\u115f(?=[\u1161-\u11ff])",  # old Korean syllables without a vowel or a start
        rf"(?<=[{_HIEROGLYPH}])[\U00013430-\U0001343f]",
    )
)

HIDDEN_KEY: Final = "[key]"
"""Stands where an answer repeats our key."""

_LEAST_CODED: Final = 12
"""Characters below which a key in another code may be any word."""

# Compiling these takes 15 ms together, which a server that only starts should not pay: each on its first use.


@cache
def _plain() -> re.Pattern[str]:
    """A stretch of characters below U+10000 of which none needs a closer look.

    Nearly every string is one such stretch, and counting along one class is what `re` does fastest (measured: 2 ns a
    character, against 15 for a search by all that is hidden).
    """
    return re.compile(
        r"[\t\n\x20-\x7e\xa0-\xac\xae-\u034e\u0350-\u061b\u061d-\u115e\u1161-\u17b3\u17b6-\u180a\u1810-\u200a"
        r"\u2010-\u2027\u202f-\u205f\u2070-\u3163\u3165-\ud7ff\ue000-\ufdcf\ufdf0-\ufdff\ufe10-\ufefe\uff00-\uff9f"
        r"\uffa1-\uffef\ufffc\ufffd]*+"
    )


@cache
def _suspect() -> re.Pattern[str]:
    return re.compile(rf"[{_HIDDEN}\r\x0b\x0c\x85\u2028\u2029]")


@cache
def _parts() -> re.Pattern[str]:
    """(legitimate), (line break), (mark), or hidden: what isn't legitimate takes the hidden ones behind it along."""
    return re.compile(rf"({_LEGITIMATE})|({_LINE_BREAK})|((?<![{_MARK}])[{_MARK}])|[{_HIDDEN}]+")


@cache
def _right_to_left() -> re.Pattern[str]:
    return re.compile(rf"[{_RIGHT_TO_LEFT}]")


@cache
def _hidden_run() -> re.Pattern[str]:
    return re.compile(rf"[{_HIDDEN}]+")


def is_clean(text: str) -> bool:
    """Whether nothing in `text` needs a closer look. False also for text whose hidden characters all belong there."""
    if text.isascii() and text.isprintable():  # most fields: ids, names, one line
        return True
    plain = _plain().match(text)
    end = plain.end() if plain else 0
    return end == len(text) or not _suspect().search(text, end)


def _stays(part: re.Match[str], marks_belong: bool) -> bool:
    return bool(part[1] or (part[3] and marks_belong))


def clean_text(text: str) -> tuple[str, int]:
    """`text` as a person would see it, and how many characters were removed for that."""
    if is_clean(text):
        return text, 0
    marks_belong = _right_to_left().search(text) is not None
    # Not `sub`, which keeps each part until the end: of a mark behind every letter, a hundred bytes a letter.
    kept = StringIO()
    removed = end = 0
    for part in _parts().finditer(text):
        if _stays(part, marks_belong):
            continue
        kept.write(text[end : part.start()])
        end = part.end()
        if part[2]:
            kept.write("\n")
        else:
            removed += len(part[0])
    kept.write(text[end:])
    return kept.getvalue(), removed


def find_hidden(text: str) -> int | None:
    """Where in `text` the first character stands that `clean_text` would remove, or None."""
    if is_clean(text):
        return None
    marks_belong = _right_to_left().search(text) is not None
    return next((part.start() for part in _parts().finditer(text) if not (part[2] or _stays(part, marks_belong))), None)


def without_hidden(text: str) -> str:
    """`text` without any invisible character, legitimate or not: for comparing, never for showing."""
    return _hidden_run().sub("", text)


def without_key(text: str, key: str | None) -> str:
    """`text` with `[key]` for `key`, also in base64, hex, %-codes or escapes: the last step before it is said."""
    for form in _forms_of(key or ""):
        if form in text:
            text = text.replace(form, HIDDEN_KEY)
    return text


def _lower_codes(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), text)


@lru_cache(maxsize=1)
def _forms_of(key: str) -> tuple[str, ...]:
    if not key:
        return ()
    raw = key.encode()
    forms = [key, repr(key)[1:-1], json.dumps(key)[1:-1], json.dumps(key)[1:-1].replace("/", r"\/")]
    forms += [form for safe in ("", "/") for form in (quote(key, safe=safe), _lower_codes(quote(key, safe=safe)))]
    if len(key) >= _LEAST_CODED:
        forms += [raw.hex(), raw.hex().upper(), *("".join(f"%{byte:{how}}" for byte in raw) for how in ("02x", "02X"))]
        for offset, first in ((0, 0), (1, 2), (2, 3)):
            # Within a longer text, base64 looks different for each place modulo 3; what neighbours change is cut off.
            core = b64encode(b"\0" * offset + raw).decode().rstrip("=")[first:-1]
            forms += [core, core.replace("+", "-").replace("/", "_")]
    return tuple(dict.fromkeys(forms))


def clean_json(value: JsonValue, secret: str = "") -> tuple[JsonValue, int]:
    """`value` with every string in it cleaned, keys too, and how many characters were removed.

    `secret` becomes `[key]` wherever it stands once the rest is clean, since hidden characters may have broken it up.
    Lists and objects are changed in place: they are the parser's, and nobody else holds them yet. Keys that become
    equal are never merged: the later one gets a number behind it. Any depth is fine.
    """
    root: list[JsonValue] = [value]
    removed = 0
    waiting: list[list[JsonValue] | dict[str, JsonValue]] = [root]
    while waiting:
        container = waiting.pop()
        if isinstance(container, dict):
            removed += _clean_keys(container, secret)
            entries = container.items()
        else:
            entries = enumerate(container)
        for place, item in entries:
            if isinstance(item, str):
                cleaned, count = clean_text(item)
                if secret and secret in cleaned:
                    cleaned = cleaned.replace(secret, HIDDEN_KEY)
                if cleaned is not item:
                    container[place] = cleaned  # pyright: ignore[reportArgumentType, reportCallIssue] - its own place
                    removed += count
            elif isinstance(item, list | dict):
                waiting.append(item)
    return root[0], removed


def _clean_keys(members: dict[str, JsonValue], secret: str) -> int:
    """Clean the keys of one object in place, in their order; returns how many characters were removed."""
    cleaned = {key: clean_text(key) for key in members if not (key.isascii() and key.isprintable())}
    if secret:
        known = {key: cleaned.get(key, (key, 0)) for key in members}
        cleaned |= {key: (new.replace(secret, HIDDEN_KEY), n) for key, (new, n) in known.items() if secret in new}
    if all(key == new for key, (new, _) in cleaned.items()):
        return 0
    taken = {key for key in members if key not in cleaned or cleaned[key][0] == key}
    renamed: dict[str, JsonValue] = {}
    for key, item in members.items():
        new = name = cleaned[key][0] if key in cleaned else key
        number = 1
        while name != key and name in taken:
            number += 1
            name = f"{new} ({number})"
        taken.add(name)
        renamed[name] = item
    members.clear()
    members.update(renamed)
    return sum(count for _, count in cleaned.values())
