"""What leaves for a customer: refused, made harmless, recognised again."""

from __future__ import annotations

from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unthread_mcp.api.cleaning import find_hidden
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonValue
from unthread_mcp.outgoing import (
    MAX_CHARACTERS,
    canonical,
    exact,
    prepare,
    prepare_blocks,
    recognise,
    refuse_spread_marker,
)
from unthread_mcp.repeated_words import repeated_words

EVERYBODY = ("<!channel", "<!here", "<!everyone", "<!subteam^", "<!group")


@pytest.mark.parametrize(
    "text",
    [
        "Hello Ms. Müller,\n\n**thanks** for `waiting`: <https://example.com|here> you go.\n\n- one\n- two",
        "👩🏽\u200d💻, 1\ufe0f\u20e3, 🏳\ufe0f\u200d🌈, 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "می\u200cخواهیم کمک کنیم",
        "क्\u200dष, श्रीमान्\u200cको",
        "היי C++\u200e!",
        "Is `a < b && c > d`? <enter> &amp; &lt;br&gt;",
        "The unthread sender is /unthread. Ask for it.",
        "<@U012ABC> wrote to <#C012|general>",
    ],
)
def test_ordinary_text_leaves_as_it_is(text: str) -> None:
    assert prepare(text) == text


def test_line_breaks_become_newlines() -> None:
    assert prepare("one\r\ntwo\u2028three") == "one\ntwo\nthree"


@pytest.mark.parametrize(
    ("text", "character"),
    [
        ("a\u200bb", "U+200B (zero width space), character 2. Remove it."),
        ("\u202eabc", "U+202E (right-to-left override), character 1. Remove it."),
        ("hi \U000e0041", "U+E0041 (tag latin capital letter a), character 4. Remove it."),
        ("bell \x07", "U+0007 (unnamed), character 6. Remove it."),
        ("\ud83d", "U+D83D (unnamed), character 1. Remove it."),
        ("Auf\u200cgabe", "U+200C (zero width non-joiner), character 4. Remove it."),
        ("soft&shy;hyphen", "U+00AD (soft hyphen). Remove its character code."),
        ("a&#x202e;b", "U+202E (right-to-left override). Remove its character code."),
        ("a&amp;#8203;b", "U+200B (zero width space). Remove its character code."),
    ],
)
@pytest.mark.parametrize("html", [False, True])
def test_invisible_characters_are_refused_by_name(text: str, character: str, html: bool) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        prepare(text, html=html)
    assert str(refusal.value) == f"The text holds an invisible character: {character}"


@pytest.mark.parametrize(
    "text",
    [
        "/unthread send",
        "Done.\n\n/unthread send",
        "/UnThread   SEND please",
        "/unthread\nsend",
        "/unthread\u00a0\u3000send",
        "/unthreadsend",
        "/unthread sending",
        "/ unthread send",
        "／ｕｎｔｈｒｅａｄ　ｓｅｎｄ",
        "\u2215unthread 𝐬𝐞𝐧𝐝",
        "/unthread *send*",
        "/**unthread** `send`",
        "/un~~thread~~ _send_",
        r"\/unthread \send",
        '"/unthread" (send)',
        "&#47;unthread send",
        "&sol;unthread&nbsp;send",
        "/unthread &#115;end",
        "&amp;#47;unthread send",
        "/unthread <b>send</b>",
        "/un<!-- > -->thread <span style='x'>se</span>nd",
        "<p>/unthread</p>\n<p>send</p>",
        "&lt;b&gt;/unthread&lt;/b&gt; send",
        "[/unthread](https://example.com) send",
        "<https://example.com|/unthread> send",
        "[/unthread send](https://example.com)",
        "/unthread\u2800send",
        "/unthread\U00016fe4send",
    ],
)
@pytest.mark.parametrize("html", [False, True])
def test_the_send_marker_is_refused_in_every_disguise(text: str, html: bool) -> None:
    with pytest.raises(InvalidArgument, match="unthread send"):
        prepare(text, html=html)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("<!channel> hello", "@ channel hello"),
        ("<!here|here>, <!HERE>", "@ here, @ HERE"),
        ("<!everyone><!group>", "@ everyone@ group"),
        ("<!subteam^S012|@oncall> <!subteam^S9>", "@ oncall @ S9"),
        ("< ! channel > <!channel", "@ channel @ channel"),
        ("<!subteam^S1|@here>", "@ here"),
        ("&lt;!channel&gt;", "@ channel"),
        ("@channel, @Here! *@everyone* _@here_", "@ channel, @ Here! *@ everyone* _@ here_"),
        ("＠channel @hereです", "@ channel @ hereです"),
        ("<b>@here</b><a href='https://x.io'>@here</a>", "<b>@ here</b><a href='https://x.io'>@ here</a>"),
        ("ask@here or @here.", "ask@ here or @ here."),
        ("here@example.com me@here.com a.b+c@everyone-social.com", None),
        ("@channels @hereby @everyone2 channel here", None),
        ("https://example.com/@here/1 <http://x.io/@channel|x>", None),
        ("see <https://example.com|@here>", "see <https://example.com|@ here>"),
        (
            "**https://a.example**@here `https://a.example`@here",
            "**https://a.example**@ here `https://a.example`@ here",
        ),
        ("_https://a.example_@here [https://a.example]@here", "_https://a.example_@ here [https://a.example]@ here"),
        (
            "https://a.example;@here https://a.example\u3002@here",
            "https://a.example;@ here https://a.example\u3002@ here",
        ),
        ("https://a.example/?to=@here https://me@here.example", None),
        ("<!here| > <!subteam^|>", "@ here @ subteam"),
        ("<!date^1392734382^{date}|today>", None),
    ],
)
def test_mentions_of_everybody_can_be_read_and_notify_nobody(text: str, sent: str | None) -> None:
    assert prepare(text) == (text if sent is None else sent)
    assert prepare(text, html=True) == (text if sent is None else sent)


@pytest.mark.parametrize(
    "text",
    [
        "&#64;here",
        "&commat;channel",
        "<!&#104;ere>",
        "&amp;lt;!here&amp;gt;",
        "@&#104;ere",
        "@<b>here</b>",
        "<span>@</span>channel",
        "@<!-- -->everyone",
        "<!cha<b></b>nnel>",
        "&lt;b&gt;@&lt;/b&gt;here",
    ],
)
def test_a_mention_behind_character_codes_or_tags_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="hides a mention"):
        prepare(text)


@pytest.mark.parametrize("text", ["", " \n\t", "\u3000"])
def test_blank_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="is empty"):
        prepare(text)


def test_html_that_shows_nothing_is_refused_and_a_picture_is_something() -> None:
    with pytest.raises(InvalidArgument, match="is empty"):
        prepare("<p> <br>&nbsp;</p><!-- x -->", html=True)
    assert prepare("<img src='https://x.io/a.png'>", html=True)
    assert prepare("<enter>") == "<enter>"


@pytest.mark.parametrize("text", ["x" * (MAX_CHARACTERS + 1), "x" * (MAX_CHARACTERS - 5) + "@here"])
def test_text_that_would_be_cut_off_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="40,001 characters"):
        prepare(text)
    assert prepare("x" * MAX_CHARACTERS)


PIECES = st.lists(
    st.sampled_from(
        [
            *EVERYBODY,
            *[
                "<!",
                "@",
                "＠",
                "here",
                "channel",
                "everyone",
                "<",
                ">",
                "|",
                "^",
                "!",
                "&lt;",
                "&gt;",
                "&#64;",
                "&amp;",
            ],
            *["/unthread", "send", "*", " ", ".com", "a", "https://", "\u200b", "<b>", "</b>", "[", "](", ")"],
        ]
    ),
    max_size=12,
).map("".join)


@given(PIECES)
@settings(deadline=None, max_examples=400)
def test_whatever_passes_is_inert_and_passes_again_unchanged(text: str) -> None:
    try:
        sent = prepare(text)
    except InvalidArgument:
        return
    assert prepare(sent) == sent
    assert find_hidden(sent) is None
    assert not any(mention in sent.lower() for mention in EVERYBODY)


def test_blocks_are_prepared_text_by_text_and_the_rest_is_copied() -> None:
    blocks: JsonValue = [
        {"type": "section", "text": {"type": "mrkdwn", "text": "Hi <!channel>\r\n@here"}, "block_id": "b1"},
        {"type": "survey", "survey_id": "s1", "count": 2, "open": True, "none": None},
    ]
    assert prepare_blocks(blocks) == [
        {"type": "section", "text": {"type": "mrkdwn", "text": "Hi @ channel\n@ here"}, "block_id": "b1"},
        {"type": "survey", "survey_id": "s1", "count": 2, "open": True, "none": None},
    ]


def test_rich_text_that_notifies_everybody_becomes_plain_text() -> None:
    elements: JsonValue = [
        {"type": "broadcast", "range": "channel"},
        {"type": "usergroup", "usergroup_id": "S012"},
        {"type": "broadcast"},
    ]
    assert prepare_blocks([{"type": "rich_text_section", "elements": elements}]) == [
        {
            "type": "rich_text_section",
            "elements": [{"type": "text", "text": text} for text in ("@ channel", "@ S012", "@ everyone")],
        }
    ]


@pytest.mark.parametrize(
    ("blocks", "what"),
    [
        ([{"text": {"text": "a\u200bb"}}], "invisible"),
        ([{"text": {"text": "/unthread send"}}], "unthread send"),
        ([{"elements": [{"text": "/unthread "}, {"type": "text", "text": "send"}]}], "unthread send"),
        ([{"text": "x" * 30_000}, {"text": "x" * 30_000}], "60,000 characters"),
    ],
)
def test_blocks_are_refused_for_what_text_is_refused_for(blocks: JsonValue, what: str) -> None:
    with pytest.raises(InvalidArgument, match=what):
        prepare_blocks(blocks)


def test_the_send_marker_is_refused_where_only_texts_together_make_it() -> None:
    refuse_spread_marker(["Type /unthread", "to see what it does."])
    with pytest.raises(InvalidArgument, match="unthread send"):
        refuse_spread_marker(["Done. /unthread", "send"])


def test_blocks_nested_too_deeply_are_refused() -> None:
    blocks: JsonValue = "x"
    for _ in range(2_000):
        blocks = [blocks]
    with pytest.raises(InvalidArgument, match="nested more than 20 levels"):
        prepare_blocks(blocks)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Hello **Ann**,\n\nit _works_ now.", "Hello *Ann*,\nit _works_ now."),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("write &amp; in HTML", "write &amp;amp; in HTML"),
        ("[the docs](https://x.io/a_b?c=1&d=2)", "<https://x.io/a_b?c=1&amp;d=2|the docs>"),
        ("see https://x.io", "see <https://x.io>"),
        ("see x.io", "see <http://x.io|x.io>"),
        ("mail help@x.io", "mail <mailto:help@x.io|help@x.io>"),
        ("call +1 555", "call <tel:+1555|+1 555>"),
        ('<a class="b" href="https://x.io">the <b>docs</b></a>', "<https://x.io|the docs>"),
        ("<p>One</p><p>two<br/>three</p><ul><li>x</li></ul>", "One\n\ntwo\nthree\n• x"),
        ("# Title\n> quoted\n- a\n1. b", "*Title*\n&gt; quoted\n• a\n◦ b"),
        ("![chart](https://x.io/c.png)", "https://x.io/c.png"),
        ("Fixed 🎉🎉 ❤\ufe0f", "Fixed :tada::tada: :heart:"),
        ("<@U1> in <#C1>", "<@U1|ann> in <#C1|general>"),
        ("Done.\n\n/unthread send", "Done."),
        ("@channel please", "@ channel please"),
        ("<!channel> please", "@ channel please"),
        ("می\u200cخواهیم", "میخواهیم"),
        ("Zu\u0308rich", "Z\u00fcrich"),
        ("a\r\n\r\n  b\u00a0c", "a b c"),
        ("Hi<!-- tracking -->!", "Hi!"),
        ("&amp;amp;amp;amp;amp;amp;", "&amp;amp;amp;amp;amp;amp;"),
    ],
)
def test_a_message_is_recognised_in_what_the_thread_shows_of_it(sent: str, shown: str) -> None:
    assert canonical(sent) == canonical(shown) != ""
    assert recognise(sent, shown) == ("maybe" if ":tada:" in shown else "yes")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Identity verified: \u2705", "Identity verified: \u274c"),
        ("Approved :+1:", "Approved :-1:"),
        ("1. is the cause", "2. is the cause"),
        ("1. a\n2. b", "1. a\n3. b"),
        ("- 5 EUR", "5 EUR"),
        ("now here", "nowhere"),
        ("a_b", "ab"),
        ("x*2", "x2"),
        ("`rm -rf /tmp/a b`", "rm -rf /tmp/ab"),
        ("https://x.io", "http://x.io"),
        ("[this](https://x.io)", "[that](https://x.io)"),
        ("<https://x.io|this>", '<a href="https://x.io">that</a>'),
        ("use 5<x>6", "use 56"),
    ],
)
def test_what_a_reader_would_tell_apart_is_not_recognised(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)
    assert recognise(one, other) == "no"


def test_emoji_of_which_one_is_a_name_can_not_be_told_apart() -> None:
    assert recognise("Approved \U0001f44d", "Approved :+1:") == "maybe"
    assert recognise("Approved \U0001f44d", "Approved :-1:") == "maybe"
    assert recognise("Approved \u2b06\ufe0f", "Approved \u2b06") == "yes"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It works.", "It doesn't work."),
        ("[docs](https://x.io/1)", "[docs](https://x.io/2)"),
        ("Done", "Done 🎉"),
        ("at 10:30:45", "at 10:31:45"),
        ("yes", "Yes"),
    ],
)
def test_other_messages_are_not_taken_for_ours(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("API status: 🔴", "API status: 🟢"),
        ("1. is the cause", "2. is the cause"),
        ("now here", "nowhere"),
        ("a_b", "ab"),
        ("[this](https://x.io)", "[that](https://x.io)"),
        ("https://x.io", "http://x.io"),
    ],
)
def test_what_is_written_differently_is_another_write(one: str, other: str) -> None:
    assert exact(one) != exact(other)


@pytest.mark.parametrize(
    ("one", "other"), [("a\r\n\r\n  b ", "a b"), ("Zu\u0308rich", "Z\u00fcrich"), ("a\u00a0b", "a b")]
)
def test_white_space_and_the_coding_of_letters_make_no_other_write(one: str, other: str) -> None:
    assert exact(one) == exact(other)


@given(PIECES)
@settings(deadline=None)
def test_what_was_sent_is_recognised_with_the_entities_that_slack_puts_in(text: str) -> None:
    try:
        sent = prepare(text)
    except InvalidArgument:
        return
    assert canonical(sent) == canonical(escape(sent, quote=False).replace(" ", "\u00a0 "))


NOTE = "Ann is on the old contract and we must not mention the discount that Bob promised her."


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (
            "Hello! We *must not* mention the <b>discount</b>\nthat Bob &amp; promised. Bye.",
            "We *must not* mention the discount that Bob & promised",
        ),
        ("WE MUST, NOT MENTION – THE DISCOUNT… THAT BOB", "WE MUST, NOT MENTION – THE DISCOUNT… THAT BOB"),
        ("We must not mention the [discount](https://x.io) that Bob", "We must not mention the discount that Bob"),
        ('<img alt="We must not mention the discount that Bob">', "We must not mention the discount that Bob"),
        ("<!-- we must not mention the discount that Bob -->Hi", "we must not mention the discount that Bob"),
        (
            "https://x.io/?q=we%20must%20not+mention&r=the/discount+that+Bob",
            None,
        ),
        ("https://x.io/?q=we%20must%20not+mention+the+discount+that+Bob", "we must not mention the discount that Bob"),
        ("So we must not mention the discount that", None),
        ("Ann is on the new contract and we must not mention the price that Bob promised her.", None),
        ("", None),
    ],
)
def test_eight_words_of_a_note_in_a_row_are_found_in_a_reply(reply: str, words: str | None) -> None:
    assert repeated_words(reply, ["Unrelated.", NOTE], []) == words


def test_words_that_the_customer_has_seen_are_no_secret() -> None:
    reply = "You are on the old contract and we must not mention the discount, sorry."
    assert repeated_words(reply, [NOTE], []) == "on the old contract and we must not mention the discount"
    seen = "As I said: I am on the old contract and we must not mention the"
    assert repeated_words(reply, [NOTE], [seen]) == "contract and we must not mention the discount"
    assert repeated_words(reply, [NOTE], [seen, NOTE]) is None


def test_only_the_first_of_several_rows_is_named() -> None:
    one, two = "one two three four five six seven eight", "un deux trois quatre cinq six sept huit"
    assert repeated_words(f"{two} and then {one}", [one, two], []) == two


def test_without_notes_there_is_nothing_to_repeat() -> None:
    assert repeated_words("one two three four five six seven eight nine", [], []) is None
    assert repeated_words("one two three four five six seven eight nine", ["short note"], []) is None


@pytest.mark.parametrize(
    ("note", "reply", "words"),
    [
        (
            "この顧客は解約を検討しているため割引を提案してはいけません。",
            "なお、解約を検討しているため、割引をご案内します。",
            None,
        ),
        (
            "この顧客は解約を検討しているため割引を提案してはいけません。",
            "なお、解約を検討しているため割引を提案することにしました。",
            "解約を検討しているため割引を提案",
        ),
        ("该客户正在考虑取消合同请不要提供任何折扣", "您正在考虑取消合同请不要提供任何", None),
        (
            "该客户正在考虑取消合同请不要提供任何折扣",
            "据悉,正在考虑取消合同请不要提供任何折扣",
            "正在考虑取消合同请不要提供任何折扣",
        ),
        (
            "ลูกค้ารายนี้กำลังพิจารณายกเลิกสัญญาห้ามเสนอส่วนลดพิเศษ",
            "ทราบว่ากำลังพิจารณายกเลิกสัญญาห้ามเสนอส่วนลดพิเศษ",
            "กำลังพิจารณายกเลิกสัญญาห้ามเสนอส่วนลดพิเศษ",
        ),
        ("ลูกค้ารายนี้กำลังพิจารณายกเลิกสัญญา", "ทราบว่ากำลังพิจารณา", None),
        (
            "이 고객은 계약 해지를 고려하고 있으므로 할인을 절대 먼저 제안하지 마세요",
            "계약 해지를 고려하고 있으므로 할인을 절대 먼저 제안하지",
            "계약 해지를 고려하고 있으므로 할인을 절대 먼저 제안하지",
        ),
        (
            "यह ग्राहक अनुबंध रद्द करने पर विचार कर रहा है",
            "ग्राहक अनुबंध रद्द करने पर विचार कर रहा।",
            "ग्राहक अनुबंध रद्द करने पर विचार कर रहा",
        ),
        ("यह ग्राहक अनुबंध रद्द करने पर विचार", "ग्राहक अनुबंध रद्द करने पर", None),
        (
            "Kundé dröht mit der Kündigung; don\u2019t mention the E-Mail",
            "KUNDE DROHT mit der Kuendigung Kündigung",
            None,
        ),
        (
            "Kunde droht mit der Kündigung; don\u2019t mention the E-Mail",
            "kunde droht mit der kundigung don't mention the email",
            "kunde droht mit der kundigung don't mention the email",
        ),
    ],
)
def test_rows_of_words_are_found_in_every_script(note: str, reply: str, words: str | None) -> None:
    assert repeated_words(reply, [note], []) == words


HOSTILE = [
    "<",
    "<!",
    "<!--",
    "--><!--",
    "<a href=x>",
    "[a](",
    "@here",
    "https://@here ",
    "&amp;",
    ":a",
    "# ",
    "*a",
    "_a ",
    "<a ",
    "<!here|",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_repetition_is_read_in_linear_time(piece: str) -> None:
    """A pattern that looks further than a bounded stretch makes this take minutes, which is how it fails."""
    assert canonical(piece * (400_000 // len(piece)) + "x").endswith("x")
    text = piece * (MAX_CHARACTERS // len(piece))
    assert repeated_words(text, [text], [text]) is None
    assert recognise(f"{text}x", f"{text} x") != "maybe"
    with pytest.raises(InvalidArgument):
        prepare(text + "/unthread send")
