"""Slack's markup as names and words."""

from __future__ import annotations

import pytest

from unthread_mcp.transcript.slack_markup import slack_to_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("no markup at all", "no markup at all"),
        ("<@U1>", "@Lena"),
        ("<@U9>", "@U9"),
        ("<@U9|carl>", "@carl"),
        ("<#C1|billing-help> <#C2>", "#billing-help #C2"),
        ("<!here> <!channel|channel>", "@here @channel"),
        ("<!subteam^S1|@support> <!subteam^S2>", "@support @S2"),
        ("<!date^1700000000^{date}|14 November>", "14 November"),
        ("<https://a.example/x|the page>", "the page (https://a.example/x)"),
        ("<https://a.example/x>", "https://a.example/x"),
        ("<https://a.example/|a.example>", "https://a.example/"),
        ("<https://a.example|https://a.example>", "https://a.example"),
        ("<mailto:ann@y.example|ann@y.example>", "ann@y.example"),
        ("<mailto:ann@y.example?subject=x|write to Ann>", "write to Ann (ann@y.example)"),
        ("<tel:+4930123|+49 30 123>", "+49 30 123 (+4930123)"),
        ("R&amp;D: 1 &lt; 2 &gt; 0, &amp;lt; stays", "R&D: 1 < 2 > 0, &lt; stays"),
        ("a < b and c > d, <b>not Slack's</b>", "a < b and c > d, <b>not Slack's</b>"),
        ("<@U1", "<@U1"),
    ],
)
def test_markup_reads_as_words(markup: str, text: str) -> None:
    assert slack_to_text(markup, {"U1": "Lena"}) == text
