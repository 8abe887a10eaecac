"""Which conversations are about the same thing."""

from __future__ import annotations

from unthread_mcp.similar import Described, most_similar, telling_words

SAML = Described("a", "Login broken after Google renewed its certificate", "The SAML certificate was renewed today.")
SLOW = Described("b", "Slow until half past nine", "Nothing loads in under a minute.", frozenset({"Performance"}))
SEATS = Described("c", "Too many seats on the bill", "You bill us for 12 editors, I see 9 of them.")


def keys(wanted: Described, *candidates: Described, most: int = 5) -> list[str]:
    return [each.key for each, _ in most_similar(wanted, candidates, most)]


def test_what_shares_rare_words_comes_first() -> None:
    wanted = Described("x", "Nobody can log in", "Every login ends with an error of SAML about a certificate.")
    assert keys(wanted, SLOW, SEATS, SAML) == ["a"]


def test_a_shared_label_counts_and_nothing_shared_is_not_similar() -> None:
    wanted = Described("x", "Dashboards crawl", "Please have a look, thanks!", frozenset({"Performance"}))
    assert keys(wanted, SAML, SLOW, SEATS) == ["b"]
    assert keys(Described("x", "", "Hello team, please help us. Thank you!"), SAML, SLOW, SEATS) == []


def test_endings_and_case_do_not_keep_words_apart() -> None:
    wanted = Described("x", "RENEWING certificates", "")
    assert keys(wanted, SAML) == ["a"]
    assert set(most_similar(wanted, [SAML], 1)[0][1]) == {"renew", "certi"}


def test_parts_of_a_code_are_found_in_a_sentence_and_the_other_way_round() -> None:
    code = Described("d", "Connector red", "It says INVALID_SESSION_ID.")
    assert keys(Described("x", "", "Something about a session."), SAML, code) == ["d"]


def test_scripts_without_spaces_are_compared_by_pairs_of_letters() -> None:
    garbled = Described("j", "ダッシュボードが文字化けする", "")
    other = Described("k", "請求書について", "")
    assert keys(Described("x", "PDF出力で文字化けします", ""), other, garbled) == ["j"]


def test_no_more_than_asked_for_come_back() -> None:
    wanted = Described("x", "certificate seats minute", "")
    assert len(keys(wanted, SAML, SLOW, SEATS, most=2)) == 2


def test_codes_are_searched_for_first_then_the_titles_long_words() -> None:
    assert telling_words(
        "Nobody can log in", "An error about SAML since we moved to OAuth2, HTTP 429 and 500,000 rows", 4
    ) == [
        "oauth",
        "saml",
        "http",
        "429",
    ]
    assert telling_words("Dashboards are slow", "Every chart takes minutes.", 3) == ["dashb", "slow", "minut"]
    assert telling_words("Hello", "Thanks, team!", 4) == []


def test_a_mail_of_a_hundred_thousand_words_takes_no_more_than_its_beginning() -> None:
    endless = Described("e", "", "word " * 50_000 + "certificate")
    assert keys(Described("x", "certificate", ""), endless, SAML) == ["a"]
