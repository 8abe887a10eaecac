"""A cursor alone is enough, and fits no other query."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.cursors import MAX_TOKENS, read_cursor, write_cursor
from unthread_mcp.tokens import estimate_tokens


def upstream(*values: str) -> str:
    """A cursor as the reference's example has them: base64 of `[true, [value of each order field]]`."""
    return base64.b64encode(json.dumps([True, [*values]], separators=(",", ":")).encode()).decode()


UPSTREAM = upstream("2026-11-15T14:32:21.123Z", "0476bfd0-0c3f-4dfb-b462-d75a4a6908e1")
LONG = {"text": "x" * 200, "customer": "Acme Corporation and Sons of the Great Lakes Region, Incorporated"}

USUAL: dict[str, dict[str, Any]] = {
    "none": {},
    "what is open": {"status": ["open", "in_progress", "on_hold"]},
    "a customer's urgent ones": {"status": ["open"], "customer": "Acme Corporation", "priority": "high", "limit": 50},
    "somebody's queue": {"assignee": "anna.schmidt@example.com", "order_by": "createdAt", "descending": False},
    "a week's": {"status": ["closed"], "updated_after": "2026-11-15T10:00:00.000Z"},
    "between two dates": {"created_after": "2026-10-15T10:00:00.000Z", "created_before": "2026-11-15T10:00:00.000Z"},
    "chosen fields": {"select": ["friendlyId", "title", "customer.name", "tags.name"], "status": ["closed"]},
    "Japanese": {"customer": "株式会社日本電気通信サービス", "text": "請求書が届かない"},
    "Russian": {"customer": "Рога и копыта", "text": "не приходит счёт"},
    "Arabic": {"customer": "شركة المراعي", "text": "الفاتورة"},
    "a condition": {"where": [{"field": "closedAt", "operator": ">", "value": "2026-11-01"}]},
}


@pytest.mark.parametrize("arguments", USUAL.values(), ids=USUAL.keys())
def test_the_usual_queries_travel_in_the_cursor_within_120_tokens(arguments: dict[str, Any]) -> None:
    """Counted with o200k they have 67 to 110; the estimate aims a little higher."""
    cursor = write_cursor(UPSTREAM, arguments)
    assert estimate_tokens(cursor) <= 120 == MAX_TOKENS
    carried = read_cursor(cursor, {})
    assert carried.pop("cursor") == UPSTREAM
    assert carried.keys() == arguments.keys()


def test_absent_arguments_and_empty_lists_are_not_carried() -> None:
    assert write_cursor("up", {"customer": None, "status": []}) == "up~"
    assert read_cursor("up~", {"customer": None, "status": []}) == {"cursor": "up"}


def test_a_list_of_one_is_carried_as_its_item_which_the_tools_take_for_a_list() -> None:
    assert read_cursor(write_cursor("up", {"status": ["open"]}), {}) == {"status": "open", "cursor": "up"}
    assert read_cursor(write_cursor("up", {"status": ["open", "closed"]}), {})["status"] == ["open", "closed"]


def test_so_long_ago_is_carried_as_the_moment_that_it_was() -> None:
    cursor = write_cursor("up", {"updated_after": "7d"}, {"updated_after": "2026-11-13T10:00:00.000Z", "text": None})
    assert read_cursor(cursor, {}) == {"updated_after": "2026-11-13T10:00:00.000Z", "cursor": "up"}


HOSTILE = [
    "~",
    "~foo=1",
    "a&cursor=evil",
    "a=b",
    "+",
    " a  b ",
    "100%",
    "%7E",
    '"',
    "\\",
    "\n\t",
    "\u202e",
    "!x",
    "é~ü",
    "\u3000",
    "\U0001f600",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_gets_out_of_its_place_in_a_cursor(text: str) -> None:
    cursor = write_cursor(UPSTREAM, {"text": text, "limit": 5})
    assert cursor.isprintable()
    assert " " not in cursor
    assert '"' not in cursor
    assert read_cursor(cursor, {}) == {"text": text, "limit": "5", "cursor": UPSTREAM}


@given(
    st.dictionaries(st.sampled_from(["text", "tag", "customer"]), st.text(min_size=1, max_size=60)),
    st.text("ab~=&!", min_size=1),
)
def test_whatever_is_carried_comes_back(arguments: dict[str, Any], up: str) -> None:
    cursor = write_cursor(up, arguments)
    assert read_cursor(cursor, arguments) == {**arguments, "cursor": up}


def test_a_query_too_long_to_be_carried_must_be_repeated_and_is_checked() -> None:
    cursor = write_cursor(UPSTREAM, LONG)
    assert estimate_tokens(cursor) <= 120
    assert not cursor.endswith("&")
    assert read_cursor(cursor, {**LONG, "tag": None}) == {**LONG, "cursor": UPSTREAM}
    assert read_cursor(cursor, dict(reversed(LONG.items()))) == {**LONG, "cursor": UPSTREAM}
    for others in ({}, {**LONG, "tag": "Bug"}, {**LONG, "text": "y"}):
        with pytest.raises(InvalidArgument, match=r"too long to be carried in it. Repeat the arguments"):
            read_cursor(cursor, others)


def test_a_query_too_long_to_be_carried_keeps_what_it_turned_into() -> None:
    """A search that went on to the first messages must go on there, not in the titles."""
    cursor = write_cursor(UPSTREAM, LONG, {"text": "message:" + LONG["text"]})
    assert read_cursor(cursor, LONG) == {**LONG, "text": "message:" + LONG["text"], "cursor": UPSTREAM}


def test_what_unthread_needs_more_room_for_leaves_less_for_the_query() -> None:
    longer = upstream("A title that somebody sorted by, of some length " * 2, "0476bfd0-0c3f-4dfb-b462-d75a4a6908e1")
    assert "~!" in write_cursor(longer, {"customer": "Acme Corporation", "tag": "Billing", "status": ["open"]})


@pytest.mark.parametrize("cursor", ["", "   ", "~", "~status=open", UPSTREAM, "next", "\x00"])
def test_what_is_no_cursor_of_ours_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidArgument, match=r"not one of this server's. Pass the cursor of the previous answer"):
        read_cursor(cursor, {})


def test_the_arguments_may_be_repeated_beside_the_cursor_if_they_are_the_same() -> None:
    arguments: dict[str, Any] = {"status": ["open"], "priority": "high", "limit": 50, "descending": False}
    cursor = f" {write_cursor('up', arguments)}\n"
    assert read_cursor(cursor, arguments)["cursor"] == "up"
    assert read_cursor(cursor, {"status": "open", "limit": "50"})["cursor"] == "up"


@pytest.mark.parametrize(
    ("others", "name"),
    [
        ({"status": ["closed"]}, "status"),
        ({"status": ["open", "closed"]}, "status"),
        ({"customer": "Acme"}, "customer"),
        ({"limit": 25}, "limit"),
    ],
)
def test_another_query_beside_the_cursor_is_refused_by_name(others: dict[str, Any], name: str) -> None:
    cursor = write_cursor("up", {"status": ["open"], "limit": 50})
    with pytest.raises(InvalidArgument, match=f"another {name}. Pass the cursor alone"):
        read_cursor(cursor, others, {"limit": 25})


def test_an_argument_at_its_default_is_the_same_as_none() -> None:
    defaults = {"limit": 25, "descending": True, "customer": None}
    cursor = write_cursor("up", {"status": ["open"]})
    assert read_cursor(cursor, {"limit": 25, "descending": True}, defaults) == {"status": "open", "cursor": "up"}
    with pytest.raises(InvalidArgument, match="another descending"):
        read_cursor(cursor, {"descending": False}, defaults)
    digest = write_cursor(UPSTREAM, LONG)
    assert read_cursor(digest, {**LONG, "limit": 25}, defaults)["cursor"] == UPSTREAM
