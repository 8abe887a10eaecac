"""Text as the channels keep it: Slack's escapes, mail's send marker, HTML as plain text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_SLACK_MARKUP: Final = re.compile(r"(<(?:[@#!][^<>\s]+|(?:https?://|mailto:)[^<>]+)>)")
_BARE_AMPERSAND: Final = re.compile(r"&(?!(?:amp|lt|gt);)")
_BARE_URL: Final = re.compile(r"https?://[^\s<>|]+[^\s<>|.,;:!?)\]'\"]")
_SEND_MARKER: Final = re.compile(r"\s*/unthread send\b")
_BLOCK_TAGS: Final = frozenset({"p", "div", "br", "li", "tr", "blockquote", "h1", "h2", "h3", "ul", "ol", "table"})


def slack_text(text: str) -> str:
    """`text` as Slack gives it back after it was posted: escaped, and bare links in angle brackets."""
    parts = _SLACK_MARKUP.split(text.strip())
    parts[::2] = [_slack_plain(part) for part in parts[::2]]
    return "".join(parts)


def _slack_plain(text: str) -> str:
    escaped = _BARE_AMPERSAND.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")
    return _BARE_URL.sub(lambda match: f"<{match[0]}>", escaped)


def without_send_marker(text: str) -> str:
    """Mail without the `/unthread send` that makes a Slack reply leave as mail."""
    return _SEND_MARKER.sub("", text).strip()


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _BLOCK_TAGS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCK_TAGS - {"br"}:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def plain_text(html: str) -> str:
    """The words of an HTML body, a line for each block."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    lines = [" ".join(line.split()) for line in "".join(parser.parts).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
