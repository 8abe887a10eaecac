"""Which of many conversations are about the same thing as one, told by the words that carry meaning.

No model and no index: Unthread's API filters by title, first message, tag and ticket type,
so candidates are fetched with those filters and ranked here by the words they share with the
conversation, rare words counting more (tf-idf over the candidates themselves, as in
Manning, Raghavan, Schütze, *Introduction to Information Retrieval*, 6.2).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(r"[^\W_](?:[^\W_]|['-](?=[^\W_]))*")
"""A word; `INVALID_SESSION_ID` is three."""
_WITHOUT_SPACES: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]+")
"""Scripts that don't put spaces between words: kana, Han, Thai. Pairs of letters stand for their words."""
_LEADING: Final = 5
"""Letters of a word that count: enough to tell most words apart, few enough that `scheduled` meets `schedule`."""
_CODE: Final = re.compile(r"(?=.*\d)(?=.*[A-Za-z])\w{3,}|[A-Z]{3,}|[45]\d\d")
"""What looks like a name of something technical: `SAML`, `OAuth2`, `429`."""

_COMMON_WORDS: Final = """
the and for are but not you your our with this that from have has had was were will would can could should there
their they them then than when what which who whom whose why how where here been being does did doing done into
over under again more most some any all both each other such only own same too very just also now since until
after before about above below between through during out off one two get got gets its it's i'm we're don't isn't
is it if in of on or so to up us we be by as at an my me he she his her do no go am every still ever never yet
said say says want wants need needs make made like know see seen use used using work works working
der die das und ist nicht wir sie ich ein eine einen mit auf für von dem den des zu im bei auch wie aber oder
le la les des une est pas nous vous avec pour dans sur qui que plus par ne au aux du et en
el los las una por con para que del como más pero su se lo es y o
het een van niet voor met zijn op te dat de er maar ook
hello hi hey dear team support please thanks thank regards best kind kindly help helps issue issues problem
problems question questions customer ticket conversation message email mail today yesterday week monday tuesday
wednesday thursday friday saturday sunday morning afternoon sent iphone android urgent asap
"""
"""English, then the other languages that support mail is most often written in, then what every such mail says."""
COMMON: Final = frozenset(_COMMON_WORDS.split())
"""Words that carry no meaning of their own."""


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of a conversation: its title, its first message, and the names of its tags and ticket type."""

    key: str
    title: str
    text: str
    labels: frozenset[str] = frozenset()


def telling_words(title: str, text: str, most: int) -> list[str]:
    """The words of a conversation that are worth searching for: codes first, then the longest, the title's before."""
    ranked: dict[str, tuple[int, int, int]] = {}
    for source, words in ((0, _WORD.findall(title)), (1, _WORD.findall(text)[:200])):
        for word in words:
            stem = _stem(word)
            if stem is None or stem in ranked:
                continue
            ranked[stem] = (0 if _CODE.fullmatch(word) else 1, source, -len(word))
    return sorted(ranked, key=lambda stem: ranked[stem])[:most]


def most_similar(wanted: Described, candidates: Sequence[Described], most: int) -> list[tuple[Described, list[str]]]:
    """The candidates nearest to `wanted`, nearest first, each with the words it shares, the rarest first.

    One that shares neither a word nor a label is not similar at all.
    """
    bags = {each.key: _bag(each) for each in candidates}
    frequency = Counter(stem for bag in bags.values() for stem in bag)
    weight = {stem: math.log(1 + len(candidates) / count) for stem, count in frequency.items()}
    own = _bag(wanted)
    scored: list[tuple[float, Described, list[str]]] = []
    for each in candidates:
        bag = bags[each.key]
        shared = sorted(own.keys() & bag.keys(), key=lambda stem: -weight[stem])
        words = sum(weight[stem] * min(own[stem], bag[stem]) for stem in shared)
        # Divided by the square root of the length: a long mail holds more words by chance, but also says more.
        score = words / math.sqrt(_length(bag, weight) or 1) + _LABEL * len(wanted.labels & each.labels)
        if score > 0:
            scored.append((score, each, shared))
    scored.sort(key=lambda entry: -entry[0])
    return [(each, shared) for _, each, shared in scored[:most]]


_LABEL: Final = 1.0
"""What a shared tag or ticket type counts: about a word that one candidate in two has."""


def _length(bag: Mapping[str, float], weight: Mapping[str, float]) -> float:
    return math.sqrt(sum((weight[stem] * count) ** 2 for stem, count in bag.items()))


def _bag(described: Described) -> dict[str, float]:
    """Stems with how much they count: the title's twice, and a word said again a little more."""
    counts: Counter[str] = Counter()
    for text, factor in ((described.title, 2), (described.text[:4_000], 1)):
        for word in _WORD.findall(text):
            for stem in _stems(word):
                counts[stem] += factor
    return {stem: 1 + math.log(count) for stem, count in counts.items()}


def _stems(word: str) -> list[str]:
    if _WITHOUT_SPACES.search(word):
        return [word[index : index + 2] for index in range(len(word) - 1)]
    stem = _stem(word)
    return [stem] if stem else []


def _stem(word: str) -> str | None:
    """The leading letters of a word that carries meaning; None for one that doesn't."""
    low = word.casefold()
    if low in COMMON or len(low) < 3 or (low.isdigit() and not _CODE.fullmatch(low)):
        return None
    if len(low) > 3 and low.endswith("s") and not low.endswith("ss"):
        low = low[:-1]
    return low[:_LEADING]
