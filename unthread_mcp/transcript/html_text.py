"""HTML mail as plain text, with what its structure says about quotes and signatures kept as marks.

Parsing is selectolax's (the Lexbor HTML5 engine): real mail is seldom valid. What is ours is the reading of mail
programs' markup, which no general converter knows: which `<blockquote>` is a quote and which an indented paragraph,
what is a signature, what was never meant to be seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from unthread_mcp.transcript.slack_markup import link_with_label

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

SIGNATURE_LINE: Final = "\x02"
"""Starts each line of a block that the mail program marked as signature. Never part of upstream text: the boundary
removes control characters."""

_LOOKS_LIKE_HTML = re.compile(
    r"\s*<(?:!doctype|html|head|body|meta|style|div|p|table|span|font|center|br|h[1-6]|ul|ol|b|strong|i|em|a)\b[^>]*>"
    r".*>\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_BLANKS = re.compile(r"\s+")
_SKIPPED = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "object", "-comment"})
_BLOCKS = frozenset({
    "address", "article", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table",
    "tbody", "tfoot", "thead", "tr", "ul",
})  # fmt: skip
_SPACED = frozenset({"p", "ul", "ol", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"})
_HIDDEN = ("display:none", "visibility:hidden", "mso-hide:all", "font-size:0px", "font-size:0;")
_SIGNATURE_NAMES = (
    "gmail_signature",
    "moz-signature",
    "applemailsignature",
    "ms-outlook-mobile-signature",
    "ms-outlook-ios-signature",
    "divtagdefaultwrapper_signature",
    "protonmail_signature_block",
    "zm_signature",
)
_DEEPEST_QUOTE = 4  # deeper levels say nothing more, and a mail of 5,000 of them must not cost 5,000 marks a line
_DEEPEST_CONTAINER = 128
_CONTAINER_TAG = re.compile(
    r"<(/?)(?:address|article|blockquote|center|details|div|dl|fieldset|figure|footer|form|header|main|menu|nav|ol|pre|"
    r"section|table|ul)\b[^<>]*>",
    re.IGNORECASE,
)
_ALT_LENGTH = 80


def looks_like_html(text: str) -> bool:
    """Whether all of `text` is one HTML document or fragment; a sentence that mentions `<div>` is not."""
    return _LOOKS_LIKE_HTML.match(text) is not None


def html_to_text(html: str) -> str:
    """The visible text of `html`: a line a block, cells parted by ` | `, links as `label (address)`.

    Quoted blocks get `> ` before each line; lines that the mail program marked as signature start with
    `SIGNATURE_LINE`. Linear in the length of `html`, at any depth of nesting.
    """
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415  (18 ms that most calls don't need)

    body = LexborHTMLParser(_flattened(html.replace(SIGNATURE_LINE, ""))).body
    if body is None:
        return ""
    writer = _Writer()
    stack: list[LexborNode | _Element] = [body]
    while stack:  # not recursive: nesting has no limit
        item = stack.pop()
        if isinstance(item, _Element):
            writer.close(item)
            continue
        tag = item.tag or ""
        if tag == "-text":
            writer.text(item.text_content or "")
            continue
        if tag in _SKIPPED:
            continue
        element = _element(tag, item)
        if element.is_hidden:
            continue
        writer.open(element)
        stack.append(element)
        child = item.last_child
        while child is not None:
            stack.append(child)
            child = child.prev
    return writer.finish()


def _flattened(html: str) -> str:
    """`html` with the containers below the 128th level as line breaks.

    The algorithm that HTML5 prescribes looks through all open containers at each block, which for thousands of levels
    takes seconds. Browsers stop at 512 levels.
    """
    if html.count("<") <= _DEEPEST_CONTAINER:
        return html
    depth = 0

    def keep(tag: re.Match[str]) -> str:
        nonlocal depth
        is_too_deep = depth >= _DEEPEST_CONTAINER + (tag[1] == "/")
        depth = max(0, depth - 1) if tag[1] else depth + 1
        return "<br>" if is_too_deep else tag[0]

    return _CONTAINER_TAG.sub(keep, html)


class _Element(NamedTuple):
    """What the rendering needs to know of an element."""

    tag: str
    is_hidden: bool = False
    is_quote: bool = False
    is_signature: bool = False
    is_spaced: bool = False
    """Whether an empty line stands before and after it."""
    has_next: bool = False
    words: str = ""
    """The address of a link, the description of a picture."""


def _element(tag: str, node: LexborNode) -> _Element:
    attributes = node.attributes
    has_next = node.next is not None
    if not attributes:
        return _Element(tag, is_quote=tag == "blockquote", is_spaced=tag in _SPACED, has_next=has_next)

    def get(name: str) -> str:
        return attributes.get(name) or ""

    style = get("style").lower().replace(" ", "")
    names = f"{get('class')} {get('id')}".lower()
    words = ""
    if tag == "a":
        words = get("href")
    elif tag == "img":  # a picture inside the mail has no description; others without one are decoration
        words = " ".join(get("alt").split())[:_ALT_LENGTH] or ("image" if get("src").startswith("cid:") else "")
    # Outlook writes every line as a paragraph without margins, and an empty paragraph where it means a gap.
    has_no_margin = "mso" in names or "margin:0" in style
    return _Element(
        tag,
        is_hidden=any(hidden in style for hidden in _HIDDEN),
        is_quote=tag == "blockquote" and (get("type") == "cite" or "quote" in names or "border:none" not in style),
        is_signature=names.endswith(" signature") or any(name in names for name in _SIGNATURE_NAMES),
        is_spaced=tag in _SPACED and not has_no_margin,
        has_next=has_next,
        words=words,
    )


class _Writer:
    """Collects lines; knows how deep in quotes, signatures and preformatted text it is."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes = self._signatures = self._preformatted = 0
        self._lists: list[int] = []  # the next number, or 0 for a list of bullets
        self._labels: list[tuple[int, int]] = []  # where the labels of open links begin: line and part

    def text(self, text: str) -> None:
        """Text between two tags."""
        if self._preformatted:
            first, *others = text.split("\n")
            self._line.append(first)
            for other in others:
                self._end_line()
                self._line.append(other)
            return
        collapsed = _BLANKS.sub(" ", text)
        if not self._line or self._line[-1].endswith(" "):
            collapsed = collapsed.lstrip()
        if collapsed:
            self._line.append(collapsed)

    def open(self, element: _Element) -> None:
        """The start of an element."""
        tag = element.tag
        if tag == "br":
            self._end_line(keep_empty=True)
        elif tag == "img":
            if element.words:
                self.text("[image]" if element.words == "image" else f"[image: {element.words}]")
        elif tag == "a":
            self._labels.append((len(self._lines), len(self._line)))
        elif tag in _BLOCKS or element.is_signature:
            self._end_line()
            if element.is_spaced:
                self._blank()
        self._quotes += element.is_quote
        self._signatures += element.is_signature
        self._preformatted += tag == "pre"
        if tag in ("ul", "ol"):
            self._lists.append(int(tag == "ol"))
        elif tag == "li":
            self._item()

    def close(self, element: _Element) -> None:
        """The end of an element."""
        tag = element.tag
        if tag in ("td", "th"):
            if element.has_next and self._line:
                self._line.append(" | ")
        elif tag == "a":
            self._end_link(element.words)
        elif tag in _BLOCKS or element.is_signature:
            is_empty_paragraph = tag == "p" and not self._line
            self._end_line()
            self._quotes -= element.is_quote
            if element.is_spaced or is_empty_paragraph:
                self._blank()
        self._signatures -= element.is_signature
        self._preformatted -= tag == "pre"
        if tag in ("ul", "ol"):
            self._lists.pop()

    def finish(self) -> str:
        """All lines as one text."""
        self._end_line()
        while self._lines and not self._lines[-1].strip(f"> {SIGNATURE_LINE}"):
            self._lines.pop()
        return "\n".join(self._lines).strip("\n")

    def _item(self) -> None:
        number = self._lists[-1] if self._lists else 0
        self._line.append(f"{number}. " if number else "- ")
        if number:
            self._lists[-1] += 1

    def _end_link(self, address: str) -> None:
        line, part = self._labels.pop()
        if line != len(self._lines) or not address.startswith(("http://", "https://", "mailto:")):
            return
        label = "".join(self._line[part:]).strip()
        if label:  # none: a linked picture
            del self._line[part:]
            self._line.append(link_with_label(address, label))

    def _end_line(self, *, keep_empty: bool = False) -> None:
        text = "".join(self._line)
        self._line.clear()
        text = text.rstrip() if self._preformatted else text.strip(" ")
        text = text.rstrip(" |") if text.endswith("|") else text
        if text or keep_empty:
            self._lines.append(self._prefix() + text)

    def _blank(self) -> None:
        if self._lines and self._lines[-1].strip(f"> {SIGNATURE_LINE}"):
            self._lines.append(self._prefix().rstrip(" "))

    def _prefix(self) -> str:
        return (SIGNATURE_LINE if self._signatures else "") + "> " * min(self._quotes, _DEEPEST_QUOTE)
