"""What we send to customers: what is refused, what is made harmless, and how it is recognised again in a thread.

Facts of Slack's that this rests on (its formatting guide and `chat.postMessage`; Unthread documents none of its own):
`<!channel>`, `<!here>`, `<!everyone>` and `<!subteam^ID>` notify everybody, `@channel` does where names are linked;
links are stored as `<url|label>`, `&`, `<` and `>` as entities, emoji as `:name:`; text ends at 40,000 characters.
"""

from __future__ import annotations

import re
import unicodedata
from html import unescape
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from unthread_mcp.api.cleaning import clean_text, find_hidden, without_hidden
from unthread_mcp.api.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unthread_mcp.api.json_types import JsonValue

Recognised: TypeAlias = Literal["yes", "maybe", "no"]

MAX_CHARACTERS: Final = 40_000
"""Longest text that is sent. Inferred: Slack cuts longer ones off without a word."""

SEND_MARKER: Final = "/unthread send"
"""Mails a message of an e-mail conversation. Only the operator's setting may add it, after `prepare`."""

_MAX_BLOCK_DEPTH: Final = 20

# <!channel>, <!subteam^S012|@oncall>; also as entities, which something between here and Slack may decode.
_BROADCAST = re.compile(
    r"(?:<|&lt;)\s{0,8}!\s{0,8}(channel|here|everyone|group|subteam\^[^|<>&\s]{0,64})"
    r"(?:\|([^<>&|]{0,200}))?\s{0,8}(?:>|&gt;)?",
    re.IGNORECASE,
)
_AT_EVERYBODY = re.compile("[@\uff20](?=(?:channel|here|everyone)(?![a-z0-9]))", re.IGNORECASE)
_MAIL_BEFORE = re.compile(r"[a-z0-9][\w.%+-]*\Z", re.IGNORECASE)
_MAIL_BEHIND = re.compile(r"[a-z0-9-]+\.[a-z0-9-]", re.IGNORECASE)
_URL_END = re.compile(r"""[\s<>|"'()*`\[\]{}]""")

_SLACK_LINK = re.compile(r"<((?:https?|mailto|tel):[^<>|\s]+)(?:\|([^<>]*))?>", re.IGNORECASE)
_SLACK_NAME = re.compile(r"<([@#][A-Za-z0-9]+)(?:\|[^<>]*)?>")
_HTML_LINK = re.compile(
    r"""<a\s[^<>]*?href\s*=\s*["']?([^"'\s<>]+)[^<>]*>.{0,1000}?</a\s*>""", re.IGNORECASE | re.DOTALL
)
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]*)\]\(\s*<?([^()\s<>]+(?:\([^()\s<>]*\)[^()\s<>]*)?)>?[^()]*\)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"</?([a-z][a-z0-9]*)[^<>]*>", re.IGNORECASE)
_WITHIN_A_LINE: Final = frozenset(
    (
        "a",
        "abbr",
        "b",
        "code",
        "del",
        "em",
        "font",
        "i",
        "ins",
        "mark",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "u",
    )
)

_BLANKS = re.compile(r"<(?:br|p)\s*/?>|</p>", re.IGNORECASE)
# With the blanks that Unicode counts among the letters and symbols: of braille, and a filler for Khitan.
_MARKUP_AND_SPACE = re.compile(r"""[\s*_~`|\\\[\](){}<>"'\u2018\u2019\u201c\u201d\u2800\U00016fe4]+""")

_SLASHES = str.maketrans(dict.fromkeys("\u2044\u2215\u29f8\u2571", "/"))
_SQUEEZED_MARKER: Final = SEND_MARKER.replace(" ", "")

# Beginnings of lines that markdown, HTML and Slack each write in another way: headings, quotations, lists.
_LINE_START = re.compile(
    r"^[^\S\n]*(?:#{1,6}[^\S\n]+|>[^\S\n]*|[-+*\u2022\u25e6\u25aa\u2023][^\S\n]+|\d{1,3}[.)][^\S\n]+)+", re.MULTILINE
)
_EMOJI = re.compile(
    r"(?:(?:[\xa9\xae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55"
    r"\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]|[0-9#*]\u20e3|:(?:[a-z][a-z0-9_+'-]{0,60}|[+-]1|100):)\s*)+"
)
# What is dropped where a thread is compared closely: no numbers, and no sign before one, which may be a minus.
_BULLET = re.compile(
    r"^[^\S\n]*(?:(?:#{1,6}[^\S\n]+|>[^\S\n]*|[-+*\u2022\u25e6\u25aa\u2023][^\S\n]+)(?!\d))+", re.MULTILINE
)
_NUMBER = re.compile(r"^[^\S\n]*\d{1,3}[.)][^\S\n]+", re.MULTILINE)
_EMOJI_NAME = re.compile(r":(?:[a-z][a-z0-9_+'-]{0,60}|[+-]1|100):")
_EMPHASIS: Final = tuple(
    re.compile(rf"(?<![^\W_])({sign}{{1,3}})(?=\S)([^{sign}\n]++)(?<=\S)\1(?![^\W_])")
    for sign in (r"\*", "_", "~", "`")
)
_ESCAPED = re.compile(r"\\(?=[^\w\s]|_)")
_IDLE_BLANK = re.compile(r"(?<![^\W_]) | (?![^\W_])")
_CLOSED = re.compile(r"</([a-z][a-z0-9]*)\s*>", re.IGNORECASE)
_NEVER_CLOSED: Final = frozenset(("br", "hr", "img", "li", "p", "wbr"))
_SHOWN_MARKER = re.compile(SEND_MARKER.replace(" ", r"\s+"), re.IGNORECASE)
_SCHEME = re.compile(r"https?://|mailto:|tel:", re.IGNORECASE)
_EMPHASIS_AND_SPACE = re.compile(r"[\s*_~`\\]+")


def prepare(text: str, *, html: bool = False) -> str:
    r"""`text` as it may be sent: line breaks made `\n`, mentions of everybody made harmless, the rest as it was.

    Raises `InvalidArgument` for text that is blank (as `html`: shows neither text nor picture) or too long, holds
    invisible characters (emoji sequences and the joiners that scripts need are none, see `api.cleaning`) or
    `/unthread send` in any disguise, or hides a mention of everybody behind character codes. Codes and tags are looked
    through in either format, because markdown may hold them too.
    """
    _refuse_length(text)
    _refuse_disguises(text)
    text = _made_harmless(clean_text(text)[0])
    shown = _without_tags(decoded(text)) if "<img" not in text.lower() else text
    # In markdown a tag may be meant as it stands; a line break or a blank says nothing in either format.
    if not (shown if html else _BLANKS.sub("", decoded(text))).strip():
        raise InvalidArgument("The text is empty.", "Write what is to be sent.")
    _refuse_length(text)
    _refuse_marker(text)
    return text


def prepare_blocks(blocks: JsonValue) -> JsonValue:
    """Slack blocks as they may be sent: a copy in which every text went through the rules of `prepare`.

    Elements of rich text that notify everybody (`broadcast`, `usergroup`) become plain text. Raises `InvalidArgument`
    as `prepare` does, also for `/unthread send` spread over several elements, and for blocks nested too deeply.
    """
    texts: list[str] = []
    prepared = _prepared_block(blocks, texts, 0)
    joined = "".join(texts)
    _refuse_length(joined)
    _refuse_marker(joined)
    return prepared


def exact(text: str) -> str:
    """`text` as it decides whether two writes are the same one: only white space may differ, and how letters are coded.

    For what is remembered. What a thread shows of a text is compared by `canonical`, which takes more for the same.
    """
    return " ".join(unicodedata.normalize("NFC", clean_text(text)[0]).split())


def canonical(text: str) -> str:
    """`text` reduced to what stays the same between sending it and reading it back from a thread.

    Entities are decoded, links stand for their URLs (without the scheme, which Slack adds), emoji for "some emoji"
    (Slack shows `:tada:`), mentions are made harmless. Markup of markdown, mrkdwn and HTML, `/unthread send` and all
    white space are left out: each channel breaks lines and joins paragraphs in its own way. For comparing only, and an
    empty one (a text of pictures alone, say) is equal to nothing.
    """
    text = _SLACK_NAME.sub(r"\1", _SLACK_LINK.sub(r"\1", _uncoded(text)))
    text = _without_tags(_MARKDOWN_LINK.sub(r"\2", _HTML_LINK.sub(r"\1", text)))
    text = _EMOJI.sub("\u263a", _LINE_START.sub("", _SHOWN_MARKER.sub("", text)))
    return _SCHEME.sub("", _EMPHASIS_AND_SPACE.sub("", text))


def recognise(sent: str, shown: str) -> Recognised:
    """Whether what a thread shows is `sent`: "maybe" where only emoji tell, and one of the two has them as names.

    Beyond `canonical`, words may not join, and digits, emoji and the labels of links are the same. Numbers of a list
    may become bullets, and links lose their markup.
    """
    if canonical(sent) != canonical(shown) or not canonical(sent):
        return "no"
    texts = [_as_read(sent), _as_read(shown)]
    if len({bool(_NUMBER.search(each)) for each in texts}) > 1:
        texts = [_NUMBER.sub("", each) for each in texts]
    texts = [_IDLE_BLANK.sub("", " ".join(each.split())) for each in texts]
    if texts[0] == texts[1]:
        return "yes"
    named = {bool(_EMOJI_NAME.search(each)) for each in texts}
    texts = [_IDLE_BLANK.sub("", _EMOJI.sub("\u263a", each)) for each in texts]
    return "maybe" if len(named) > 1 and texts[0] == texts[1] else "no"


def _prepared_block(value: JsonValue, texts: list[str], depth: int) -> JsonValue:
    if depth > _MAX_BLOCK_DEPTH:
        raise InvalidArgument(f"The blocks are nested more than {_MAX_BLOCK_DEPTH} levels deep.", "Make them flatter.")
    if isinstance(value, str):
        _refuse_length(value)
        _refuse_disguises(value)
        _refuse_marker(value)
        return _made_harmless(clean_text(value)[0])
    if isinstance(value, list):
        return [_prepared_block(item, texts, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") in {"broadcast", "usergroup"}:
        value = {"type": "text", "text": f"@ {value.get('range') or value.get('usergroup_id') or 'everyone'}"}
    prepared = {key: _prepared_block(item, texts, depth + 1) for key, item in value.items()}
    text = prepared.get("text")
    if isinstance(text, str):
        texts.append(text)
    return prepared


def _refuse_length(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise InvalidArgument(
            f"The text has {len(text):,} characters, more than {MAX_CHARACTERS:,}.", "Shorten it or send it in parts."
        )


def _refuse_disguises(text: str) -> None:
    """Refuse what a person would not see, written out or as a character code."""
    for form, remedy in ((text, "Remove it."), (decoded(text), "Remove its character code.")):
        place = find_hidden(form)
        if place is not None:
            name = unicodedata.name(form[place], "unnamed").lower()
            where = f", character {place + 1}" if form is text else ""
            raise InvalidArgument(
                f"The text holds an invisible character: U+{ord(form[place]):04X} ({name}){where}.", remedy
            )
    codes = decoded(_made_harmless(text))
    for shown in (codes, _without_tags(codes)):
        if _made_harmless(shown) != shown:
            raise InvalidArgument(
                "The text hides a mention of everybody behind character codes or tags.", "Write it without them."
            )


def refuse_spread_marker(texts: Sequence[str]) -> None:
    """Refuse `/unthread send` that texts which go out together only make when read one after the other."""
    _refuse_marker("\n".join(texts))


def _refuse_marker(text: str) -> None:
    uncoded = decoded(text)
    labels = _MARKDOWN_LINK.sub(r"\1", _SLACK_LINK.sub(lambda link: link[2] or link[1], uncoded))
    for form in (text, uncoded, _without_tags(text), _without_tags(uncoded), _without_tags(labels)):
        plain = unicodedata.normalize("NFKC", without_hidden(form)).casefold().translate(_SLASHES)
        if _SQUEEZED_MARKER in _MARKUP_AND_SPACE.sub("", plain):
            raise InvalidArgument(
                f'The text holds "{SEND_MARKER}", in whatever spelling.',
                "Leave it out; where it is needed, the operator's setting adds it.",
            )


def _made_harmless(text: str) -> str:
    """`text` whose mentions of everybody are still readable and notify nobody: `@ channel` for `<!channel>`."""

    def broadcast(match: re.Match[str]) -> str:
        kind, _, group = match[1].partition("^")
        return f"@ {(match[2] or '').strip().lstrip('@') or group or kind}"

    def at(match: re.Match[str]) -> str:
        before = _URL_END.split(match.string[max(0, match.start() - 300) : match.start()])[-1].lower()
        mail = _MAIL_BEFORE.search(before[-64:]) and _MAIL_BEHIND.match(match.string, match.end())
        # An address in which it may stand: what ends the address for a reader would end it for Slack.
        address = ("http://" in before or "https://" in before) and (before[-1] in "/=" or before[-1].isalnum())
        return match[0] if mail or address else "@ "

    return _AT_EVERYBODY.sub(at, _BROADCAST.sub(broadcast, text))


def _as_read(text: str) -> str:
    """`text` without the markup that a thread may show in another way, line by line."""

    def link(url: str, label: str | None) -> str:
        bare = _SCHEME.sub("", url)
        return label if label and "".join(label.split()) in {url, bare} else f"{label} {url}" if label else url

    text = _SLACK_NAME.sub(r"\1", _SLACK_LINK.sub(lambda found: link(found[1], found[2]), _uncoded(text)))
    text = _HTML_LINK.sub(lambda found: f"{_inside(found[0])} {found[1]}", text)
    text = _MARKDOWN_LINK.sub(lambda found: link(found[2], None if found[0][0] == "!" else found[1]), text)
    text = _ESCAPED.sub("", _SHOWN_MARKER.sub("", _without_tags(text, _markup(text)))).replace("\ufe0f", "")
    text = _BULLET.sub("", text)
    for sign in _EMPHASIS * 2:  # one within the other
        text = sign.sub(r"\2", text)
    return text


def _inside(tag: str) -> str:
    return tag[tag.index(">") + 1 : tag.rindex("<")]


def _markup(text: str) -> set[str]:
    """The names of the tags that are markup: those that end somewhere. Others are words in angle brackets."""
    return {name.lower() for name in _CLOSED.findall(text)} | _NEVER_CLOSED


def _uncoded(text: str) -> str:
    """`text` as a reader's program has it: entities decoded, mentions harmless, letters coded in one way."""
    return _made_harmless(unicodedata.normalize("NFC", without_hidden(decoded(clean_text(text)[0]))))


def decoded(text: str) -> str:
    """`text` with its character entities decoded, those inside decoded ones too."""
    for _ in range(5):
        less = unescape(text)
        if less == text:
            break
        text = less
    return text


def readable(text: str) -> str:
    """`text` as a reader sees it: entities decoded, links as their labels, no tags, no hidden characters."""
    text = without_hidden(decoded(clean_text(text)[0]))
    text = _MARKDOWN_LINK.sub(r"\1", _SLACK_LINK.sub(lambda link: link[2] or link[1], text))
    return _without_tags(text)


def _without_tags(text: str, names: set[str] | None = None) -> str:
    """`text` without HTML comments and tags, or those of `names`; one that may begin a block leaves a line break."""

    def replaced(tag: re.Match[str]) -> str:
        name = tag[1].lower()
        if names is not None and name not in names:
            return tag[0]
        return "" if name in _WITHIN_A_LINE else "\n"

    head, end, tail = text.rpartition("-->")  # so that comments without an end are not searched for one again and again
    return _TAG.sub(replaced, _COMMENT.sub("", head + end) + tail)
