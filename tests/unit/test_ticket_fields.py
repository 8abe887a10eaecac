"""Ticket type fields by label, written by id."""

from __future__ import annotations

from typing import Any

import pytest

from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.name_matching import Named
from unthread_mcp.ticket_fields import fields_of, label_of, with_user_ids, written_fields

pytestmark = pytest.mark.anyio


def a_field(identity: str, label: str, kind: str = "short-answer", **more: JsonValue) -> JsonObject:
    return {"id": identity, "label": label, "type": kind, **more}


TYPE: JsonObject = {
    "id": "tt-1",
    "fields": [
        a_field("f-1", "Severity", "single-select", options=["Minor", "Major"]),
        a_field("f-2", "Areas", "multi-select", options=["API", "api", "Größe"]),
        a_field("f-3", "Reproduced", "checkbox"),
        a_field("f-4", "Steps", "long-answer"),
        a_field("f-5", "Owner", "user-select"),
        a_field("f-6", "Reviewers", "multi-user-select"),
        a_field("f-7", "Product", "single-select"),
        {"id": "f-8", "name": "Application", "type": "short-answer"},
        a_field("f-9", "Twice"),
        a_field("f-10", "Twice"),
        a_field("f-11", 'A label with "quotes" that goes on and on for more than sixty characters'),
        {"label": "no id"},
        "no object",
    ],
}


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("Severity", "Major", {"f-1": "Major"}),
        (" severity ", " minor ", {"f-1": "Minor"}),
        ("f-1", "Minor", {"f-1": "Minor"}),
        ("Severity", None, {"f-1": ""}),
        ("Areas", ["API", "größe"], {"f-2": '["API", "Größe"]'}),
        ("Areas", "api", {"f-2": '["api"]'}),
        ("Areas", [], {"f-2": "[]"}),
        ("Reproduced", True, {"f-3": "true"}),
        ("Reproduced", " FALSE ", {"f-3": "false"}),
        ("Steps", "1. Open\r\n2. See <!channel>", {"f-4": "1. Open\n2. See @\u200bchannel"}),
        ("Steps", 7, {"f-4": "7"}),
        ("Owner", "u-1", {"f-5": "u-1"}),
        ("Reviewers", ["u-1", "u-2"], {"f-6": '["u-1", "u-2"]'}),
        ("Reviewers", "u-1", {"f-6": '["u-1"]'}),
        ("Product", "Whatever it offers", {"f-7": "Whatever it offers"}),
        ("Application", "Slack", {"f-8": "Slack"}),
        ("f-10", "x", {"f-10": "x"}),
        ('A label with "quotes" that goes on and on for more than sixty characters', "x", {"f-11": "x"}),
        ("A label with 'quotes' that goes on and on for more than six…", "x", {"f-11": "x"}),
    ],
)
def test_fields_go_by_label_or_id_and_values_by_the_fields_type(name: str, value: Any, written: JsonObject) -> None:
    found = written_fields(TYPE, {name: value})
    assert found.keys() == written.keys()
    for identity, expected in written.items():
        if isinstance(expected, str) and "channel" in expected:
            # How mentions of everybody are made harmless is told elsewhere.
            assert "<!channel>" not in str(found[identity])
        else:
            assert found[identity] == expected


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"Severty": "Minor"}, "The ticket type has no field 'Severty'. Did you mean Severity?"),
        ({"zzzzzz": "x"}, "The ticket type has no field 'zzzzzz'. It has: Severity, Areas, Reproduced, Steps, Owner, "),
        ({"Severity": "Huge"}, "Severity has no option 'Huge'. It takes: Minor, Major."),
        ({"Severity": "Majr"}, "Severity has no option 'Majr'. Did you mean Major?"),
        ({"Severity": ["Minor"]}, "Severity takes one value. Pass a text."),
        ({"Severity": True}, "Severity has no option 'True'."),
        ({"Areas": ["API", "UI"]}, "Areas has no option 'UI'."),
        ({"Areas": "Api"}, "Areas has no option 'Api'."),
        ({"Reproduced": "yes"}, "Reproduced is a checkbox. Pass true or false."),
        ({"Reproduced": 1}, "Reproduced is a checkbox. Pass true or false."),
        ({"Steps": {"a": 1}}, "Steps takes one value. Pass a text."),
        ({"Owner": ["u-1"]}, "Owner takes one value. Pass a text."),
        ({"Reviewers": [["u-1"]]}, "Reviewers takes a list of texts. Pass one text for each."),
        ({"Areas": [{"a": 1}]}, "Areas takes a list of texts. Pass one text for each."),
        ({"Twice": "x"}, "Several fields are called 'Twice'. Pass the id of one of them: f-9, f-10."),
        ({"Severity": "Minor", "f-1": "Major"}, "The field 'Severity' is given twice. Pass it once."),
    ],
)
def test_what_a_field_does_not_take_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        written_fields(TYPE, values)
    assert str(refusal.value).startswith(said)


def test_the_many_options_of_a_field_are_counted_not_poured_out() -> None:
    options: list[JsonValue] = [f"Option\n{number}" for number in range(200)]
    with pytest.raises(InvalidArgument) as refusal:
        written_fields({"fields": [a_field("f", "F", "single-select", options=options)]}, {"F": "zzzzzz"})
    assert str(refusal.value).endswith("Option 18, Option 19 and 180 more.")
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("fields", [None, "x", {}, [], ["x"], [{"label": "no id"}]])
def test_a_type_without_usable_fields_has_none(fields: JsonValue) -> None:
    assert fields_of({"fields": fields}) == []
    with pytest.raises(InvalidArgument, match=r"no field 'F'\. It has: none\."):
        written_fields({"fields": fields}, {"F": "x"})


def test_options_that_are_no_texts_are_compared_as_texts() -> None:
    one_to_three: JsonObject = {"fields": [a_field("f", "F", "single-select", options=[1, 2, 3])]}
    assert written_fields(one_to_three, {"F": 2}) == {"f": "2"}


def test_a_label_is_a_short_line() -> None:
    assert label_of({"label": "A\nb"}) == "A b"
    assert label_of({"name": "N"}) == "N"
    assert label_of({}) == ""


async def test_people_in_fields_may_be_named() -> None:
    asked: list[str] = []

    async def find(name: str) -> Named:
        asked.append(name)
        return Named(f"id of {name}", name)

    values = {"owner": "Anna", "f-6": ["Ben", "Cleo"], "Steps": "Anna", "Reviewers": None}
    found = await with_user_ids(TYPE, values, find)
    assert found == {"owner": "id of Anna", "f-6": ["id of Ben", "id of Cleo"], "Steps": "Anna", "Reviewers": None}
    assert asked == ["Anna", "Ben", "Cleo"]
    odd: dict[str, Any] = {"Owner": 7, "Reviewers": [None], "Nowhere": "x"}
    assert await with_user_ids(TYPE, odd, find) == odd


def test_a_field_without_label_goes_by_its_id_alone() -> None:
    bare: JsonObject = {"fields": [{"id": "f-1", "type": "short-answer"}]}
    assert written_fields(bare, {"f-1": "x"}) == {"f-1": "x"}
    with pytest.raises(InvalidArgument, match="no field ''"):
        written_fields(bare, {"": "x"})
