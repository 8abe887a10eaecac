"""Fields of a ticket type: merged without loss, checked, and their conditions in the reference's form and in words."""

from __future__ import annotations

from typing import Any

import pytest

from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.field_conditions import conditions_in_words
from unthread_mcp.field_definitions import MOST_FIELDS, merged_fields

SEVERITY: JsonObject = {
    "id": "f1",
    "label": "Severity",
    "type": "single-select",
    "required": True,
    "options": ["Blocker", "Minor"],
    "somethingNew": 1,
}
WORKAROUND: JsonObject = {
    "id": "f2",
    "label": "Workaround",
    "type": "short-answer",
    "required": False,
    "conditions": {
        "type": "simple",
        "simple": {
            "leftValueFrom": "conversation.ticketTypeFields['f1']",
            "operator": "equals",
            "rightValue": "Blocker",
        },
    },
}
BEFORE = [SEVERITY, WORKAROUND]


def merged(*given: dict[str, Any], before: list[JsonObject] | None = None, remove: list[str] | None = None) -> Any:
    return merged_fields(given, BEFORE if before is None else before, remove=remove or [], scope="scope")


def new(**changes: Any) -> dict[str, Any]:
    return {"label": "Area", "type": "short-answer", **changes}


class TestMerging:
    def test_what_is_not_passed_stays_whatever_it_is(self) -> None:
        assert merged({"label": "severity", "description": "How bad"}) == [
            {**SEVERITY, "description": "How bad"},
            WORKAROUND,
        ]
        assert BEFORE[0] == SEVERITY

    def test_a_field_is_renamed_by_its_id(self) -> None:
        assert merged({"id": "f2", "label": "Meanwhile"})[1] == {**WORKAROUND, "label": "Meanwhile"}

    def test_what_was_odd_before_is_kept_and_stops_no_other_change(self) -> None:
        odd: JsonObject = {
            "id": "f9",
            "label": "Odd",
            "type": "single-select",
            "conditions": {"type": "simple", "simple": {"leftValueFrom": "customer.tier", "operator": "equals"}},
        }
        twin: JsonObject = {"id": "f10", "label": "Odd", "type": "checkbox"}
        assert merged({"id": "f9", "required": True}, before=[odd, twin]) == [{**odd, "required": True}, twin]

    def test_null_takes_options_conditions_and_the_description_away(self) -> None:
        changed = merged(
            {"label": "Severity", "type": "short-answer", "options": None, "description": None},
            {"id": "f2", "conditions": None},
        )
        assert "options" not in changed[0]
        assert changed[0]["description"] == ""
        assert "conditions" not in changed[1]

    def test_a_new_field_comes_last_with_an_id_that_is_the_same_each_time(self) -> None:
        first, again, elsewhere = merged(new()), merged(new()), merged_fields([new()], [], scope="other")
        assert first[:2] == BEFORE
        assert first == again
        assert list(first[2]) == ["id", "label", "required", "type"]
        assert len(first[2]["id"]) == 36
        assert elsewhere[0]["id"] != first[2]["id"]

    def test_an_id_that_an_older_name_has_taken_is_not_given_again(self) -> None:
        (made,) = merged(new(), before=[])
        renamed: JsonObject = {**made, "label": "Region"}
        both = merged(new(), before=[renamed])
        assert len({each["id"] for each in both}) == 2

    def test_an_id_of_ones_own_is_kept_as_in_the_reference(self) -> None:
        assert merged(new(id="12345678-1234-1234-1234-123456789abc"), before=[])[0]["id"].startswith("12345678-")

    def test_the_references_own_example_is_written_as_it_is(self) -> None:
        given = [
            {"id": "a1", "name": "Application", "type": "single-select", "required": True, "options": ["Salesforce"]},
            {
                "id": "a2",
                "name": "Access Level",
                "type": "single-select",
                "required": True,
                "options": ["Admin", "User"],
                "conditions": {
                    "type": "simple",
                    "simple": {
                        "leftValueFrom": "conversation.ticketTypeFields['a1']",
                        "operator": "equals",
                        "rightValue": "Salesforce",
                    },
                },
            },
        ]
        expected = [{("label" if key == "name" else key): value for key, value in each.items()} for each in given]
        assert merged(*given, before=[]) == expected

    def test_fields_are_removed_by_label_or_id(self) -> None:
        assert merged(remove=["workaround"]) == [SEVERITY]
        assert merged(remove=["f1", "f2"]) == []


class TestRefusals:
    @pytest.mark.parametrize(
        ("given", "words"),
        [
            (
                [{"label": "Severty", "required": False}],
                "There is no field 'Severty', and a new one needs a type. Did you",
            ),
            ([{"type": "checkbox"}], "A field has no label."),
            ([{"id": "nope", "required": True}], "No field has the id nope."),
            ([{"id": "a/b"}], "'a/b' is no id of a field."),
            ([new(type="dropdown")], "'dropdown' is no type of a field. Use one of: short-answer"),
            ([new(type="single-selct", options=["a"])], "Use one of: short-answer, "),
            ([new(required="yes")], "required of a field is true or false."),
            ([new(colour="red")], "A field has no 'colour'."),
            ([new(option=["red"])], "A field has no 'option'. Did you mean options?"),
            ([new(options=["a"])], "Area is of type short-answer, which takes no options."),
            ([new(type="multi-select")], "Area has no options to choose from."),
            ([new(type="multi-select", options=["a", "a"])], "The option 'a' is given twice."),
            ([new(type="multi-select", options=[1])], "each option of a field is a text."),
            ([new(label=" ")], "A field has no label."),
            ([new(label="Se\u202everity")], "The text holds an invisible character"),
            ([new(), new(required=True)], "The field 'Area' is given twice."),
            ([{"id": "f2", "label": "SEVERITY"}], "Two fields would be called 'SEVERITY'."),
            (
                [{"id": "f1", "options": ["Minor"]}],
                "'Workaround' shows only if Severity equals Blocker, which would be",
            ),
            (
                [{"id": "f2", "required": True}, {"id": "f1", "options": ["Minor"]}],
                "'Workaround' shows only if Severity equals Blocker, which would be",
            ),
            ([{"id": "f1", "type": "short-answer"}], "Severity is of type short-answer, which takes no options."),
            ([new(label=f"{number}") for number in range(MOST_FIELDS)], f"{MOST_FIELDS + 2} fields, more than"),
        ],
    )
    def test_a_field_that_can_t_be(self, given: list[dict[str, Any]], words: str) -> None:
        with pytest.raises(InvalidArgument) as refused:
            merged(*given)
        assert words in str(refused.value)

    def test_removing_what_another_field_depends_on(self) -> None:
        with pytest.raises(InvalidArgument, match="'Workaround' shows only if Severity equals Blocker"):
            merged(remove=["Severity"])

    def test_removing_what_is_not_there(self) -> None:
        with pytest.raises(InvalidArgument, match=r"no field 'Severty'. Did you mean Severity\?"):
            merged(remove=["Severty"])

    def test_what_was_broken_before_does_not_stop_another_change(self) -> None:
        broken: JsonObject = {"id": "f3", "label": "Old", "type": "relic", "conditions": WORKAROUND["conditions"]}
        assert merged(new(), before=[broken])[0] == broken


def shown_if(conditions: Any) -> Any:
    return merged(new(conditions=conditions))[2]["conditions"]


class TestConditions:
    def test_the_short_form_becomes_the_references(self) -> None:
        assert shown_if({"field": "Severity", "value": "Blocker"}) == WORKAROUND["conditions"]

    def test_labels_become_ids_in_the_references_form_too(self) -> None:
        simple = {
            "leftValueFrom": "conversation.ticketTypeFields['Severity']",
            "operator": "in",
            "rightValue": ["Blocker", "Minor"],
        }
        written = shown_if({"type": "simple", "simple": simple})
        assert written["simple"] == {**simple, "leftValueFrom": "conversation.ticketTypeFields['f1']"}

    @pytest.mark.parametrize("joint", ["and", "or"])
    def test_several_are_joined(self, joint: str) -> None:
        several = [
            {"field": "Severity", "operator": "notEquals", "value": "Minor"},
            {"field": "Workaround", "operator": "contains", "value": "restart"},
        ]
        written = shown_if({joint: several})
        assert [*written["simple"]] == [joint]
        fields = [*BEFORE, {"id": "f3", "label": "Area", "conditions": written}]
        assert conditions_in_words(fields[2], fields) == (
            f"Severity notEquals Minor {joint} Workaround contains restart"
        )

    def test_either_side_may_be_a_value_or_a_field(self) -> None:
        left = {"leftValue": "Blocker", "operator": "equals", "rightValueFrom": "conversation.ticketTypeFields['f1']"}
        both = {
            "leftValueFrom": "conversation.ticketTypeFields['f1']",
            "operator": "equals",
            "rightValueFrom": "conversation.ticketTypeFields['Workaround']",
        }
        assert shown_if(left)["simple"] == left
        assert shown_if(both)["simple"]["rightValueFrom"] == "conversation.ticketTypeFields['f2']"

    def test_a_field_may_depend_on_one_that_comes_in_the_same_call(self) -> None:
        fields = merged(
            new(conditions={"field": "Kind of area", "value": True}), {"label": "Kind of area", "type": "checkbox"}
        )
        assert fields[3]["id"] in fields[2]["conditions"]["simple"]["leftValueFrom"]

    @pytest.mark.parametrize(
        ("conditions", "words"),
        [
            ("Severity equals Blocker", "conditions of a field are an object."),
            ({"field": "Severty", "value": "Blocker"}, "no field 'Severty'. Did you mean Severity?"),
            ({"field": "Severity", "value": "Bloker"}, "Severity has no option 'Bloker' for a condition. Did you mean"),
            ({"field": "Severity", "operator": "in", "value": ["Blocker", "x"]}, "Severity has no option 'x'"),
            ({"field": "Severity", "operator": "is", "value": "Blocker"}, "'is' is no operator of a field."),
            ({"field": "Severity"}, "not of a form that Unthread takes."),
            ({"field": "Severity", "value": "Blocker", "else": 1}, "not of a form that Unthread takes."),
            ({"field": "Area", "value": "x"}, "A condition of Area names that field itself."),
            ({"leftValue": 1, "operator": "equals", "rightValue": 1}, "A condition of Area names no field."),
            ({"leftValue": 1, "operator": "equals"}, "not of a form that Unthread takes."),
            ({"leftValue": 1, "operator": "equals", "rightValue": 1, "else": 1}, "not of a form that Unthread takes."),
            ({"leftValueFrom": "customer.name", "operator": "equals", "rightValue": 1}, "not of a form that Unthread"),
            ({"and": []}, "not of a form that Unthread takes."),
            ({"and": ["x"]}, "not of a form that Unthread takes."),
            ({"and": [], "or": []}, "not of a form that Unthread takes."),
            ({"type": "complex", "simple": {}}, "not of a form that Unthread takes."),
            ({"type": "simple", "simple": []}, "not of a form that Unthread takes."),
        ],
    )
    def test_one_that_can_t_be(self, conditions: Any, words: str) -> None:
        with pytest.raises(InvalidArgument) as refused:
            shown_if(conditions)
        assert words in str(refused.value)

    def test_a_part_of_an_option_may_be_looked_for(self) -> None:
        assert shown_if({"field": "Severity", "operator": "contains", "value": "Block"})["simple"]["rightValue"]

    def test_whatever_unthread_holds_is_read_in_words(self) -> None:
        odd: list[JsonObject] = [
            {"id": "a", "label": "A", "conditionals": WORKAROUND["conditions"]},
            {"id": "b", "label": "B", "conditions": {"type": "simple", "simple": {"operator": "equals"}}},
            {"id": "c", "label": "C", "conditions": "new"},
            {"id": "d", "label": "D", "conditions": {"simple": {"or": ["x"]}}},
        ]
        assert [conditions_in_words(each, [*BEFORE, *odd]) for each in odd] == [
            "Severity equals Blocker",
            "None equals None",
            "",
            "",
        ]
