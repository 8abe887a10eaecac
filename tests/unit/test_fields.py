"""What `select` can name, and what is left of an answer."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.fields import CONVERSATION, EVERYTHING, MESSAGE, TAG, TICKET_TYPE, USER, VOCABULARIES, pick, trim

CONVERSATION_ROW: JsonObject = {
    "id": "c-1",
    "title": "Login fails",
    "customer": {"id": "u-1", "name": "Acme", "tags": [{"name": "VIP"}]},
    "assignedToUser": None,
    "tags": [{"id": "t-1", "name": "Bug"}, {"id": "t-2", "name": "Billing"}],
    "metadata": {"plan": "pro"},
}


@pytest.mark.parametrize("vocabulary", VOCABULARIES.values(), ids=VOCABULARIES.keys())
def test_what_a_listing_shows_by_itself_can_be_selected(vocabulary: object) -> None:
    from unthread_mcp.fields import Vocabulary  # noqa: PLC0415 - for the type alone

    assert isinstance(vocabulary, Vocabulary)
    assert vocabulary.check(vocabulary.brief) == vocabulary.brief
    assert not vocabulary.documented & vocabulary.observed
    assert vocabulary.open_maps <= vocabulary.names


@pytest.mark.parametrize(
    "name",
    [
        "friendlyId",
        "customer.name",
        "initialMessage.user.email",
        "initialMessage.metadata.eventType",
        "initialMessage.sentByUser.name",  # seen in published clients' select
        "sourceType",
        "customer",  # a whole relation
        "initialMessage.user",
        "metadata.anything.below",
        "ticketTypeFields.12345678-1234-1234-1234-123456789abc",
    ],
)
def test_documented_and_observed_fields_and_those_of_open_maps_are_known(name: str) -> None:
    assert CONVERSATION.check([f" {name} ", name]) == (name,)


def test_fields_observed_in_messages_users_and_ticket_types_are_known() -> None:
    MESSAGE.check(["parentId", "botUsername", "triageThreadId", "triageThread.initialMessage.ts"])
    USER.check(["pronoun", "slackTeam"])
    TICKET_TYPE.check(["fields.name", "fields.conditionals"])


def test_a_star_wins_over_everything_beside_it() -> None:
    assert CONVERSATION.check(["title", "*", "nonsense"]) == EVERYTHING


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("assignee.name", r"\?$"),
        ("customerName", r"Did you mean customer\.name\?"),
        ("friendly_id", r"Did you mean friendlyId\?"),
        ("", r"Read unthread://fields/conversation"),
        ("\x00\u202e" * 500, r"Read unthread://fields/conversation"),
        ("tags.name.first", r"Did you mean tags\.name\?"),
    ],
)
def test_an_unknown_field_is_refused_with_the_nearest_one(name: str, hint: str) -> None:
    with pytest.raises(InvalidArgument, match=hint) as refusal:
        CONVERSATION.check(["id", name])
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 400


def test_trimming_keeps_exactly_the_selected_fields_in_their_order() -> None:
    kept = trim(CONVERSATION_ROW, ["tags.name", "customer.name", "id"])
    assert list(kept) == ["tags", "customer", "id"]
    assert kept == {"tags": [{"name": "Bug"}, {"name": "Billing"}], "customer": {"name": "Acme"}, "id": "c-1"}


def test_trimming_goes_through_arrays_and_maps_and_leaves_out_what_is_absent() -> None:
    paths = ["customer.tags.name", "assignedToUser.name", "assignedToUser.id", "metadata.plan", "nowhere.at.all"]
    assert trim(CONVERSATION_ROW, paths) == {
        "customer": {"tags": [{"name": "VIP"}]},
        "assignedToUser": None,
        "metadata": {"plan": "pro"},
    }


@pytest.mark.parametrize("order", [("customer", "customer.name"), ("customer.name", "customer")])
def test_a_whole_beside_a_part_of_it_is_the_whole(order: tuple[str, str]) -> None:
    assert trim(CONVERSATION_ROW, order) == {"customer": CONVERSATION_ROW["customer"]}


@pytest.mark.parametrize("order", [("tags", "tags.name"), ("tags.name", "tags")])
def test_a_whole_array_beside_a_part_of_it_is_the_whole(order: tuple[str, str]) -> None:
    assert trim(CONVERSATION_ROW, order) == {"tags": CONVERSATION_ROW["tags"]}


@pytest.mark.parametrize("value", ["Acme", 7, True, 1.5])
def test_another_type_than_documented_is_shown_as_it_is(value: JsonValue) -> None:
    assert trim({"customer": value}, ["customer.name", "customer.id"]) == {"customer": value}
    assert trim({"tags": [value, {"id": "t", "name": "Bug"}]}, ["tags.name"]) == {"tags": [value, {"name": "Bug"}]}


def test_everything_is_everything() -> None:
    assert trim(CONVERSATION_ROW, EVERYTHING) is CONVERSATION_ROW
    assert trim(CONVERSATION_ROW, ["*"]) is CONVERSATION_ROW


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
PATHS = st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(".".join), min_size=1, max_size=4)


@given(st.dictionaries(st.sampled_from("abc"), JSON, max_size=3), PATHS)
def test_no_shape_from_upstream_breaks_trimming_or_is_changed_by_it(value: JsonObject, paths: list[str]) -> None:
    before = copy.deepcopy(value)
    kept = trim(value, paths)
    assert value == before
    assert trim(kept, paths) == kept
    for path in paths:
        assert pick(kept, path) == pick(value, path)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("id", "c-1"),
        ("customer.name", "Acme"),
        ("tags.name", ["Bug", "Billing"]),
        ("customer.tags.name", ["VIP"]),
        ("assignedToUser.name", None),
        ("title.name", None),
        ("tags.colour", []),
        ("nothing", None),
    ],
)
def test_a_path_leads_to_a_value_to_the_values_of_an_array_or_to_none(path: str, found: JsonValue) -> None:
    assert pick(CONVERSATION_ROW, path) == found


def test_a_path_leads_nowhere_in_what_is_no_object() -> None:
    assert pick(None, "id") is None
    assert pick("text", "id") is None
    assert pick([{"id": 1}, "x", None, {"id": 2}], "id") == [1, 2]


def test_tags_are_named_by_id_and_name() -> None:
    assert TAG.names == {"id", "name", "createdAt", "updatedAt"}
