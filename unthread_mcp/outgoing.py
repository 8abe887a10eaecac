"""What we send to customers: what is refused, what is made harmless, and how it is recognised again in a thread.

Facts of Slack's that this rests on (its formatting guide and `chat.postMessage`; Unthread documents none of its own):
`<!channel>`, `<!here>`, `<!everyone>` and `<!subteam^ID>` notify everybody, `@channel` does where names are linked;
links are stored as `<url|label>`, `&`, `<` and `>` as entities, emoji as `:name:`; text ends at 40,000 characters.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from unthread_mcp.api.cleaning import clean_text, find_hidden, without_hidden
from unthread_mcp.api.errors import InvalidArgument

if TYPE_CHECKING:
    from unthread_mcp.api.json_types import JsonValue

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
_URL_BEFORE = re.compile(r"""https?://[^\s<>|"'()]*\Z""", re.IGNORECASE)

_SLACK_LINK = re.compile(r"<((?:https?|mailto|tel):[^<>|\s]+)(?:\|([^<>]*))?>", re.IGNORECASE)
_SLACK_NAME = re.compile(r"<([@#][A-Za-z0-9]+)(?:\|[^<>]*)?>")
_HTML_LINK = re.compile(
    r"""<a\s[^<>]*?href\s*=\s*["']?([^"'\s<>]+)[^<>]*>(.{0,1000}?)</a\s*>""", re.IGNORECASE | re.DOTALL
)
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]*)\]\(\s*<?([^()\s<>]+(?:\([^()\s<>]*\)[^()\s<>]*)?)>?[^()]*\)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|code|del|em|font|i|ins|mark|s|small|span|strong|sub|sup|u)(?:\s[^<>]*)?>", re.IGNORECASE
)
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)

_MARKUP_AND_SPACE = re.compile(r"""[\s*_~`|\\\[\](){}<>"'\u2018\u2019\u201c\u201d]+""")
_SLASHES = str.maketrans(dict.fromkeys("\u2044\u2215\u29f8\u2571", "/"))
_SQUEEZED_MARKER: Final = SEND_MARKER.replace(" ", "")


def prepare(text: str) -> str:
    """`text` as it may be sent: line breaks made `\\n`, mentions of everybody made harmless, the rest as it was.

    Markdown and HTML alike. Raises `InvalidArgument` for text that is blank or too long, holds invisible characters
    (emoji sequences and the joiners that scripts need are none, see `api.cleaning`) or `/unthread send` in any disguise,
    or hides a mention of everybody behind character codes.
    """
    _refuse_hidden(text)
    text = _made_harmless(clean_text(text)[0])
    if not _without_tags(_decoded(text)).strip() and "<img" not in text.lower():
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


def _prepared_block(value: JsonValue, texts: list[str], depth: int) -> JsonValue:
    if depth > _MAX_BLOCK_DEPTH:
        raise InvalidArgument(f"The blocks are nested more than {_MAX_BLOCK_DEPTH} levels deep.", "Make them flatter.")
    if isinstance(value, str):
        _refuse_hidden(value)
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


def _refuse_hidden(text: str) -> None:
    decoded = _decoded(text)
    for form in (text, decoded):
        place = find_hidden(form)
        if place is not None:
            name = unicodedata.name(form[place], "control character")
            raise InvalidArgument(
                f"The text holds an invisible character: U+{ord(form[place]):04X}, {name.lower()}.",
                f"Remove it; it is character {place + 1}." if form is text else "Remove its character code.",
            )
    harmless = _made_harmless(text)
    if _made_harmless(_decoded(harmless)) != _decoded(harmless):
        raise InvalidArgument("The text hides a mention of everybody behind character codes.", "Write it without them.")


def _refuse_length(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise InvalidArgument(
            f"The text has {len(text):,} characters, more than {MAX_CHARACTERS:,}.", "Shorten it or send it in parts."
        )


def _refuse_marker(text: str) -> None:
    decoded = _decoded(text)
    without_labels = _MARKDOWN_LINK.sub(r"\1", _SLACK_LINK.sub(lambda link: link[2] or link[1], decoded))
    for form in (text, decoded, _without_tags(text), _without_tags(decoded), _without_tags(without_labels)):
        plain = unicodedata.normalize("NFKC", without_hidden(form)).casefold().translate(_SLASHES)
        if _SQUEEZED_MARKER in _MARKUP_AND_SPACE.sub("", plain):
            raise InvalidArgument(
                f'The text holds "{SEND_MARKER}", in whatever spelling.',
                "Leave it out; where it is needed, the operator's setting adds it.",
            )


def _made_harmless(text: str) -> str:
    """`text` whose mentions of everybody are still readable and notify nobody: `@ channel` for `<!channel>`."""

    def broadcast(match: re.Match[str]) -> str:
        name = match[2] or match[1].partition("^")[2] or match[1].partition("^")[0]
        return f"@ {name.strip().lstrip('@')}"

    def at(match: re.Match[str]) -> str:
        place = match.start()
        line = match.string[max(0, place - 2000) : place]
        mail = _MAIL_BEFORE.search(line[-64:]) and _MAIL_BEHIND.match(match.string, match.end())
        return match[0] if mail or _URL_BEFORE.search(line) else "@ "

    return _AT_EVERYBODY.sub(at, _BROADCAST.sub(broadcast, text))


def _decoded(text: str) -> str:
    """`text` with its character entities decoded, those inside decoded ones too."""
    for _ in range(5):
        decoded = html.unescape(text)
        if decoded == text:
            break
        text = decoded
    return text


def _without_tags(text: str) -> str:
    """`text` without HTML comments and tags; tags that begin a block leave a line break."""
    head, end, tail = text.rpartition("-->")
    text = _COMMENT.sub("", head + end) + tail
    return _TAG.sub("\n", _INLINE_TAG.sub("", text))


# Beginnings of lines that markdown, HTML and Slack each write in another way: headings, quotations, lists.
_LINE_START = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-+*\u2022\u25e6\u25aa\u2023][ \t]+|\d{1,3}[.)][ \t]+)+", re.MULTILINE
)
_EMOJI = re.compile(
    r"(?:(?:[\xa9\xae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d"
    r"\u3297\u3299\U0001f000-\U0001faff]|[0-9#*]\u20e3|:(?:[a-z][a-z0-9_+'-]{0,60}|[+-]1|100):)\s*)+"
)
_SHOWN_MARKER = re.compile(SEND_MARKER.replace(" ", r"\s+"), re.IGNORECASE)
_SCHEME = re.compile(r"https?://|mailto:|tel:", re.IGNORECASE)
_EMPHASIS_AND_SPACE = re.compile(r"[\s*_~`\\]+")


def canonical(text: str) -> str:
    """`text` reduced to what stays the same between sending it and reading it back from a thread; empty: not comparable.

    Entities are decoded, links stand for their URLs (without the scheme, which Slack adds), emoji for "some emoji"
    (Slack shows `:tada:`), mentions are made harmless. Markup of markdown, mrkdwn and HTML, `/unthread send` and all
    white space are left out: each channel breaks lines and joins paragraphs in its own way.
    """
    text = _made_harmless(unicodedata.normalize("NFC", without_hidden(_decoded(clean_text(text)[0]))))
    text = _SLACK_NAME.sub(r"\1", _SLACK_LINK.sub(r"\1", text))
    text = _without_tags(_MARKDOWN_LINK.sub(r"\2", _HTML_LINK.sub(r"\1", text)))
    text = _EMOJI.sub("\u263a", _LINE_START.sub("", _SHOWN_MARKER.sub("", text)))
    return _SCHEME.sub("", _EMPHASIS_AND_SPACE.sub("", text))
