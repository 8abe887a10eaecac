"""Slack's message markup turned into names and words.

The markup is Slack's "mrkdwn" (https://docs.slack.dev/messaging/formatting-message-text): users, channels, groups and
links stand in angle brackets, and `&`, `<`, `>` of the text itself are written as entities. Bold, code and lists stay
as they are: they read well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_BRACKETS = re.compile(r"<([@#!]|(?=(?:https?|mailto|tel|ftp|slack):))([^<>|\n]{1,4000})(?:\|([^<>\n]{0,2000}))?>")


_UNLABELLED = re.compile(r"<@([UW][A-Z0-9]{2,30})>")


def mentioned(text: str) -> list[str]:
    """The Slack ids of the users whom `text` mentions without naming them."""
    return _UNLABELLED.findall(text) if "<@" in text else []


def slack_to_text(text: str, names: Mapping[str, str]) -> str:
    """Turn Slack's markup in `text` into plain text.

    `names` maps user ids (Slack's and Unthread's) to names; a user who isn't in it stays `@U123`.
    """
    if "<" in text:
        text = _BRACKETS.sub(lambda found: _spell_out(found, names), text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _spell_out(found: re.Match[str], names: Mapping[str, str]) -> str:
    sigil, target, label = found[1], found[2], found[3] or ""
    if sigil == "@":
        return "@" + (names.get(target) or label or target)
    if sigil == "#":
        return "#" + (label or target)
    if sigil == "!":  # <!here>, <!subteam^S012|@support>, <!date^1700000000^{date}|14 November>
        command, _, argument = target.partition("^")
        return (label or "@" + argument.partition("^")[0]) if argument else "@" + command
    return link_with_label(target, label)


def link_with_label(target: str, label: str) -> str:
    """A link as `label (address)`, or only one of the two where the other adds nothing."""
    label = label.strip()
    scheme, _, address = target.partition(":")
    if scheme in ("mailto", "tel"):
        address = address.partition("?")[0]
        return address if not label or label == address else f"{label} ({address})"
    bare = address.strip("/")
    if not label or label.rstrip("/").removeprefix(f"{scheme}://") == bare:
        return target
    return f"{label} ({target})"
