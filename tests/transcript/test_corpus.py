"""On fifty messages in real shapes: nothing that the customer wrote is lost, and little else is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.transcript.mail_corpus import Sample, read_corpus
from unthread_mcp.tokens import estimate_tokens
from unthread_mcp.transcript import read_message

_CORPUS = read_corpus()
_MAILS = [sample for sample in _CORPUS if sample.channel == "email"]


def _flat(text: str) -> str:
    return " ".join(text.split())


def _read(sample: Sample) -> str:
    return _flat(read_message(sample.message, sample.conversation).text)


def test_the_corpus_holds_at_least_fifty_messages() -> None:
    assert len(_CORPUS) >= 50
    assert sum(1 for sample in _CORPUS if sample.html) >= 4


@pytest.mark.parametrize("sample", _CORPUS, ids=lambda sample: sample.name)
def test_no_sentence_that_the_customer_wrote_is_lost(sample: Sample) -> None:
    text = _read(sample)
    assert [sentence for sentence in sample.wrote if _flat(sentence) not in text] == []


@pytest.mark.parametrize("sample", _CORPUS, ids=lambda sample: sample.name)
def test_quotes_signatures_and_footers_are_gone(sample: Sample) -> None:
    text = _read(sample)
    assert [noise for noise in sample.gone if _flat(noise) in text] == []


@pytest.mark.parametrize("sample", [s for s in _CORPUS if s.kept_context], ids=lambda sample: sample.name)
def test_an_answer_keeps_the_quoted_words_that_it_speaks_to(sample: Sample) -> None:
    text = _read(sample)
    assert [words for words in sample.kept_context if _flat(words) not in text] == []


@pytest.mark.parametrize("sample", _CORPUS, ids=lambda sample: sample.name)
def test_what_was_left_out_is_counted(sample: Sample) -> None:
    entry = read_message(sample.message, sample.conversation)
    if sample.channel != "email":
        assert entry.stripped == 0
    elif sample.text and "http" not in sample.text:
        lost = len("".join(sample.text.split())) - len("".join(entry.text.split()))
        marks = sample.text.count(">")
        assert lost - marks <= entry.stripped <= lost


@pytest.mark.parametrize("sample", [s for s in _MAILS if s.text], ids=lambda sample: sample.name)
def test_no_sentence_is_lost_either_when_slack_has_escaped_the_mail_or_lines_end_as_on_windows(sample: Sample) -> None:
    escaped = sample.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "\r\n")
    assert _read(replace(sample, text=escaped)) == _read(sample)


def test_the_mails_take_at_least_sixty_percent_fewer_tokens() -> None:
    raw = sum(sample.tokens for sample in _MAILS)
    kept = sum(estimate_tokens(read_message(s.message, s.conversation).text) for s in _MAILS)
    assert kept <= 0.4 * raw


@pytest.mark.parametrize("sample", _CORPUS, ids=lambda sample: sample.name)
def test_the_token_estimate_holds_on_real_mail(sample: Sample) -> None:
    assert 0.97 <= estimate_tokens(sample.text or sample.html) / sample.tokens <= 1.20
