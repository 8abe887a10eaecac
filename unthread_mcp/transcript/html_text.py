"""HTML mail as plain text, with what its structure says about quotes and signatures kept as marks.

Parsing is selectolax's (the Lexbor HTML5 engine): real mail is seldom valid. What is ours is the reading of mail
programs' markup, which no general converter knows: which `<blockquote>` is a quote and which an indented paragraph,
what is a signature, what was never meant to be seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

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

    body = LexborHTMLParser(html.replace(SIGNATURE_LINE, "")).body
    if body is None:
        return ""
    writer = _Writer()
    stack: list[tuple[LexborNode, bool]] = [(body, False)]
    while stack:  # not recursive: nesting has no limit
        node, is_end = stack.pop()
        if is_end:
            writer.close(node)
            continue
        tag = node.tag or ""
        if tag == "-text":
            writer.text(node.text_content or "")
            continue
        if tag in _SKIPPED or _is_hidden(node):
            continue
        writer.open(node)
        stack.append((node, True))
        child = node.last_child
        while child is not None:
            stack.append((child, False))
            child = child.prev
    return writer.finish()


def _attribute(node: LexborNode, name: str) -> str:
    return node.attributes.get(name) or ""


def _style(node: LexborNode) -> str:
    return _attribute(node, "style").lower().replace(" ", "")


def _is_hidden(node: LexborNode) -> bool:
    style = _style(node)
    return bool(style) and any(hidden in style for hidden in _HIDDEN)


def _has_no_margin(node: LexborNode) -> bool:
    """Outlook writes every line as a paragraph without margins, and an empty paragraph where it means a gap."""
    return "Mso" in _attribute(node, "class") or "margin:0" in _style(node)


def _is_quote(node: LexborNode) -> bool:
    """A `<blockquote>` is a quote unless it looks like the indentation of Gmail's and Outlook's editors."""
    if node.tag != "blockquote":
        return False
    if _attribute(node, "type") == "cite" or "quote" in _attribute(node, "class"):
        return True
    return "border:none" not in _style(node)


def _is_signature(node: LexborNode) -> bool:
    names = f"{_attribute(node, 'class')} {_attribute(node, 'id')}".lower()
    return names != " " and (names.endswith(" signature") or any(name in names for name in _SIGNATURE_NAMES))


class _Writer:
    """Collects lines; knows how deep in quotes, signatures and preformatted text it is."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes = self._signatures = self._preformatted = 0
        self._lists: list[int] = []  # the next number, or 0 for a list of bullets
        self._links: list[tuple[str, int, int]] = []  # address, and where its label begins: line and part

    def text(self, text: str) -> None:
        if self._preformatted:
            first, *others = text.split("\n")
            self._line.append(first)
            for other in others:
                self._end_line()
                self._line.append(other)
            return
        collapsed = re.sub(r"[\s\u00a0]+", " ", text)
        if not self._line or self._line[-1].endswith(" "):
            collapsed = collapsed.lstrip()
        if collapsed:
            self._line.append(collapsed)

    def open(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "br":
            self._end_line(keep_empty=True)
        elif tag == "img":
            self._image(node)
        elif tag == "a":
            self._links.append((_attribute(node, "href"), len(self._lines), len(self._line)))
        elif tag in _BLOCKS:
            self._end_line()
            if tag in _SPACED and not _has_no_margin(node):
                self._blank()
        if _is_quote(node):
            self._quotes += 1
        if _is_signature(node):
            self._end_line()
            self._signatures += 1
        if tag == "pre":
            self._preformatted += 1
        elif tag in ("ul", "ol"):
            self._lists.append(int(tag == "ol"))
        elif tag == "li":
            self._item()

    def close(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in ("td", "th"):
            if node.next is not None and self._line:
                self._line.append(" | ")
        elif tag == "a":
            self._end_link()
        elif tag in _BLOCKS:
            is_empty = not self._line
            self._end_line()
            if tag in _SPACED and (is_empty or not _has_no_margin(node)):
                self._blank()
        if _is_quote(node):
            self._quotes -= 1
        if _is_signature(node):
            self._end_line()
            self._signatures -= 1
        if tag == "pre":
            self._preformatted -= 1
        elif tag in ("ul", "ol"):
            self._lists.pop()

    def finish(self) -> str:
        self._end_line()
        return "\n".join(self._lines).strip("\n")

    def _item(self) -> None:
        number = self._lists[-1] if self._lists else 0
        self._line.append(f"{number}. " if number else "- ")
        if number:
            self._lists[-1] += 1

    def _image(self, node: LexborNode) -> None:
        alt = " ".join(_attribute(node, "alt").split())[:_ALT_LENGTH]
        if alt:
            self.text(f"[image: {alt}]")
        elif _attribute(node, "src").startswith("cid:"):  # a picture inside the mail; others are decoration
            self.text("[image]")

    def _end_link(self) -> None:
        address, line, part = self._links.pop()
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
