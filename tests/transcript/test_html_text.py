"""HTML mail as text: what is seen, with quotes and signatures marked."""

from __future__ import annotations

import pytest

from unthread_mcp.transcript.html_text import SIGNATURE_LINE, html_to_text, looks_like_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
        ("<p> many \n\n  blanks&nbsp;&nbsp;in <b> one </b> line </p>", "many blanks in one line"),
        ("the 28<sup>th</sup>, <i>not</i> later", "the 28th, not later"),
        ("&lt;div&gt; &amp; &euro;", "<div> & €"),
        ("<h2>Title</h2>text", "Title\n\ntext"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<ol><li>one<li>two</ol><ul><li>x</ul>", "1. one\n2. two\n\n- x"),
        ("<li>alone</li>", "- alone"),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td></td></tr></table>", "a | b\n1"),
        ("<table><tr><td></td><td>2</td></tr></table>", "2"),
        ("<pre>  keep\n    this\n</pre>", "  keep\n    this"),
        ('<a href="https://a.example/x">the page</a>', "the page (https://a.example/x)"),
        ('<a href="https://a.example/">a.example</a>', "https://a.example/"),
        ('<a href="mailto:a@b.cd">a@b.cd</a>', "a@b.cd"),
        ('<a href="https://a.example"><img src="x.png"></a>', ""),
        ('<a href="javascript:alert(1)">here</a> <a>there</a>', "here there"),
        ('<a href="https://a.example"><div>two</div><div>lines</div></a>', "two\nlines"),
        ('<img src="cid:1"><img alt="a  chart"><img src="https://t.example/open.gif">', "[image][image: a chart]"),
        ("<style>p{}</style><script>x</script><title>t</title><p>seen</p><!-- not -->", "seen"),
        ('<div style="display: none">hidden</div><span style="mso-hide:all">too</span>seen', "seen"),
        ("<head><title>only a head</title></head>", ""),
        ("<frameset><frame></frameset>", ""),
    ],
)  # fmt: skip
def test_html_reads_as_it_looks(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<blockquote type="cite">asked</blockquote>answered', "> asked\n\nanswered"),
        ("<blockquote>asked<blockquote>before</blockquote></blockquote>", "> asked\n>\n> > before"),
        ('<blockquote style="margin:0 0 0 40px;border:none;padding:0px">indented</blockquote>', "indented"),
        ('<blockquote class="gmail_quote" style="border:none">asked</blockquote>', "> asked"),
        ("<blockquote>" * 9 + "deep", "> > > > deep"),
    ],
)
def test_quoted_blocks_are_marked_and_indented_paragraphs_are_not(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    "attributes",
    ['class="gmail_signature"', 'id="Signature"', 'class="moz-signature"', 'id="ms-outlook-mobile-signature"'],
)
def test_blocks_that_the_mail_program_calls_signature_are_marked_line_by_line(attributes: str) -> None:
    html = f"words<div {attributes}>Ann<br>Head of IT</div>more"
    assert html_to_text(html) == f"words\n{SIGNATURE_LINE}Ann\n{SIGNATURE_LINE}Head of IT\nmore"


def test_outlooks_paragraphs_without_margin_are_lines_and_its_empty_ones_gaps() -> None:
    html = '<p class=MsoNormal>one</p><p class=MsoNormal>two</p><p class=MsoNormal>&nbsp;</p><p style="margin: 0">x</p>'
    assert html_to_text(html) == "one\ntwo\n\nx"


def test_nobody_can_mark_a_signature_but_the_mail_program() -> None:
    assert SIGNATURE_LINE not in html_to_text(f"<p>{SIGNATURE_LINE}not a signature</p>")


def test_thousands_of_nested_containers_are_read_down_to_the_last_word() -> None:
    assert html_to_text("<div>" * 3000 + "word" + "</div>" * 3000 + "<p>end</p>").split() == ["word", "end"]


@pytest.mark.parametrize(
    ("text", "is_html"),
    [
        ("<!DOCTYPE html><html><body>x</body></html>", True),
        ("  <div>x</div>\n", True),
        ("<p>x</p>", True),
        ("<b>bold</b> words <i>at the end</i>", True),
        ("our <div> is broken", False),
        ("<div> is broken", False),
        ("<https://a.example|x>", False),
        ("<@U1> look at <https://a.example>", False),
        ("plain", False),
    ],
)
def test_only_a_text_that_is_html_as_a_whole_is_taken_for_html(text: str, *, is_html: bool) -> None:
    assert looks_like_html(text) == is_html
