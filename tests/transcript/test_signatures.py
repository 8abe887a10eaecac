"""What is a signature, and what only looks like one."""

from __future__ import annotations

import pytest

from unthread_mcp.transcript.html_text import SIGNATURE_LINE
from unthread_mcp.transcript.signatures import without_signature

_LEGAL = (
    "This message is confidential and intended only for the addressee. If you received it in error, please notify the "
    "sender and delete it. Any disclosure is strictly prohibited and unauthorised copying is unlawful."
)
_SHORT_LEGAL = (
    "This message is confidential and only meant for the addressee. Please delete it if it has reached you by some "
    "mistake of ours."
)
_TYPED = "I typed this sentence into the wrong place."


def _kept(text: str, author: str = "Ann Lee") -> str:
    return "\n".join(without_signature(text.split("\n"), author))


@pytest.mark.parametrize(
    "tail",
    [
        "\n-- \nAnn Lee\nHead of IT\nWe make the world a bluer place, one shoe at a time.",
        "\n--\nAnn Lee",
        "\n—\nAnn",
        "\nBest regards,\nAnn Lee",
        "\nBest regards",
        "\nKind regards,\n\nAnn Lee\n\nHead of IT\nShoes & More Ltd\n\nT +44 20 7946 0123\nwww.shoes.example",
        "\nMit freundlichen Grüßen\nAnn Lee\nMusterstraße 12\n80331 München\nTel.: 089 1234567",
        "\nCordialement,\nAnn Lee\nResponsable des achats",
        "\nThanks,\nAnn",
        "\nThanks, Ann",
        "\nBest, Ann Lee",
        "\nVielen Dank im Voraus,\nAnn Lee",
        "\nAnn",
        "\nAnn Lee\nHead of IT\n+44 20 7946 0123",
        "\nLee, Ann",
        "\nRegards,\nAnn Lee\n\n" + _LEGAL,
        f"\nRegards,\nAnn Lee\n\n{_SHORT_LEGAL}",
        "\nRegards,\nAnn Lee\n\nPlease consider the environment before you print this e-mail.",
        "\nRegards,\nAnn Lee\n\nSitz der Gesellschaft: Ulm, Amtsgericht Ulm HRB 12, Geschäftsführer: A. Lee",
        "\nRegards,\nAnn Lee\n****************\n" + _LEGAL,
        "\n-- \nAnn Lee\n\n" + _LEGAL + " " + _LEGAL,
        "\n" + _LEGAL,
        "\nSent from my iPhone",
        "\nSent from my Galaxy.",
        "\nGet Outlook for Android<https://aka.ms/AAb9ysg>",
        "\nVon meinem iPhone gesendet",
        "\nRegards,\nAnn Lee\nSent from Yahoo Mail on Android",
        f"\n{SIGNATURE_LINE}Ann Lee\n{SIGNATURE_LINE}\n{SIGNATURE_LINE}ann@shoes.example is where you always reach me",
    ],
)  # fmt: skip
def test_a_signature_goes(tail: str) -> None:
    assert _kept("It is 4711.\n" + tail) == "It is 4711."


@pytest.mark.parametrize(
    "text",
    [
        "Thanks!\n\nFirefox\nWindows\nMac\n\nall show the same error, please check.",
        "It still crashes.\n\nThanks\n\nVersions:\napp 3.2\nserver 1.9",
        "Our contact person is:\n\nAnn Lee\nTel. 0171 5550123",
        "This file is confidential and was sent to the addressee in error. Can you delete it and notify the sender?",
        "Hello,\n\nplease delete the confidential file, notify the sender and tell the addressee about it.",
        "Sent from my office on Monday, nobody has picked it up.\nSent from my phone it works.\nSent from my iPhone?",
        "- one\n- two\n--\n" + "three\n" * 25 + "four",
        "--",
        "Thank you!",
        "Thanks,\n\nRed\nGreen\nBlue\n\nTel: 030 1234567",
        "Ok.\n\nThanks for your answer.\n\nTel: 030 1234567\nFirefox",
        "Ok.\n\nRegards\n\nanna@shoes.example is the right address.",
        "It works.\n\nThanks a lot.",
        "Who is it?\nAnn Lee\nis my name.",
        "It is\n\nAnn!",
        "Best shoes ever, Ann",
        "x" * 200,
    ],
)
def test_what_only_looks_like_a_signature_stays(text: str) -> None:
    assert _kept(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("It works now.\n\nThank you!\nAnn", "It works now.\n\nThank you!"),
        ("Fine.\n\nRegards\nAnn\n\nPS: the button\nis grey.", "Fine.\n\n\nPS: the button\nis grey."),
        ("Ok.\n-- \nAnn\n\nP.S. one more thing", "Ok.\n\nP.S. one more thing"),
        ("Ok.\n-- \nAnn\n\nAre you there?", "Ok.\n\nAre you there?"),
        ("Ok.\nRegards,\nAnn\n\nP.S. Call 0171 5550123", "Ok.\n\nP.S. Call 0171 5550123"),
        ("Ok.\nRegards,\nAnn\n\nWhen will it be fixed?", "Ok.\n\nWhen will it be fixed?"),
        ("Ok.\nThanks,\nAnn\nAnd the bill of last\nmonth is wrong.", "Ok.\n\nAnd the bill of last\nmonth is wrong."),
        ("Ok.\nThanks,\nAnn Lee\n+1 212 555 0107\n\nOrder 5-10", "Ok.\n\nOrder 5-10"),
        ("Ok.\nRegards,\nAnn Lee\n\nFirefox\n\nOnly this one fails.", "Ok.\n\nFirefox\n\nOnly this one fails."),
        ("Ok.\nRegards,\nAnn\n\n" + "many words " * 15, "Ok.\n\n" + "many words " * 15),
        (f"Ok.\n{SIGNATURE_LINE}Ann\n{SIGNATURE_LINE}\n{SIGNATURE_LINE}{_TYPED}", f"Ok.\n{_TYPED}"),
    ],
)  # fmt: skip
def test_words_below_a_signature_stay(text: str, kept: str) -> None:
    assert _kept(text) == kept


def test_without_a_known_author_a_formula_and_a_likely_name_are_enough() -> None:
    assert _kept("Ok.\n\nRegards,\nZoe Park\nFounder", author="") == "Ok."
    assert _kept("Ok.\n\nZoe Park\nFounder", author="") == "Ok.\n\nZoe Park\nFounder"


def test_lines_that_follow_others_of_the_author_may_be_a_signature_alone() -> None:
    assert without_signature(["Regards,", "Ann"], "Ann", words_above=True) == []
    assert without_signature(["Regards,", "Ann"], "Ann") == ["Regards,", "Ann"]


def test_names_in_scripts_without_blanks_are_known_by_their_parts() -> None:
    assert _kept("了解しました。\n\n山田", author="山田 花子") == "了解しました。"
    assert _kept("확인했습니다.\n\n감사합니다,\n김민수 드림", author="김민수") == "확인했습니다."


def test_a_marked_signature_in_the_middle_goes_where_it_stands() -> None:
    text = f"above\n{SIGNATURE_LINE}Ann\nbelow"
    assert _kept(text) == "above\nbelow"
