"""Conversations by number, id or link: at most one request for all of a call's, and never another conversation."""

from __future__ import annotations

import pytest
from workspace_stubs import Answer, Asked, Register, StubClient, in_turn, page

from unthread_mcp.api.endpoints import LIST_CONVERSATIONS
from unthread_mcp.api.errors import InvalidArgument, NotFound, RequestRejected
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.conversation_numbers import MAX_NUMBERS, ConversationNumbers

pytestmark = pytest.mark.anyio

UUID = "0476bfd0-0c3f-4dfb-b462-d75a4a6908e1"
REJECTED = RequestRejected("Unthread refused the request (400).", "Change it.", status=400)


def numbers_on(*rows: JsonObject) -> tuple[ConversationNumbers, StubClient]:
    client = StubClient(Register(*rows))
    return numbers_of_stub(client), client


def numbers_of_stub(client: StubClient) -> ConversationNumbers:
    return ConversationNumbers(client)  # pyright: ignore[reportArgumentType] - a stub


@pytest.mark.parametrize(
    ("reference", "identity"),
    [
        (UUID, UUID),
        (f"  {UUID} ", UUID),
        ("some_id-7", "some_id-7"),
        (f"https://app.unthread.io/dashboard/inbox/conversations/{UUID}", UUID),
        (f"https://unthread.io/c/{UUID}/", UUID),
        (f"https://acme.unthread.io/c/{UUID}/messages?tab=1#top", UUID),
        (f"HTTPS://ACME.UNTHREAD.IO/c/{UUID}", UUID),
        ("https://acme.unthread.io/c/abc-12345", "abc-12345"),
    ],
)
async def test_an_id_or_a_link_to_unthread_needs_no_request(reference: str, identity: str) -> None:
    numbers, client = numbers_on()
    assert await numbers.identify(reference) == identity
    assert client.asked == []


@pytest.mark.parametrize(
    "reference",
    [
        f"https://evil.example/{UUID}",
        f"https://unthread.io.evil.example/{UUID}",
        f"https://evilunthread.io/{UUID}",
        f"https://me@unthread.io/{UUID}",
        f"http://acme.unthread.io/{UUID}",
        f"https://acme.unthread.io:8443/{UUID}",
        "../customers",
        "a/b",
    ],
)
async def test_links_to_elsewhere_are_refused(reference: str) -> None:
    numbers, _ = numbers_on()
    with pytest.raises(InvalidArgument, match="a link to somewhere other than Unthread"):
        await numbers.identify(reference)


@pytest.mark.parametrize(
    "path", ["", "/", "/dashboard/inbox", f"/dashboard/inbox?conversationId={UUID}", "/..", "/c/%2e%2e"]
)
async def test_a_link_that_names_no_conversation_is_refused(path: str) -> None:
    numbers, _ = numbers_on()
    with pytest.raises(InvalidArgument, match="link"):
        await numbers.identify(f"https://acme.unthread.io{path}")


@pytest.mark.parametrize(
    "reference", ["", "..", "#", "#12a", "1,2", "x" * 65, "ä", "the login one", "\u202e7", "1" * 13 + "#"]
)
async def test_what_is_no_reference_is_refused(reference: str) -> None:
    numbers, client = numbers_on()
    with pytest.raises(InvalidArgument, match="neither a number nor an id") as refusal:
        await numbers.identify(reference)
    assert str(refusal.value).isprintable()
    assert client.asked == []


@pytest.mark.parametrize(
    "reference", ["1234", "#1234", "1234.0", "# 1234", " #1234 ", "https://acme.unthread.io/t/1234"]
)
async def test_a_number_is_looked_up_once_and_remembered(reference: str) -> None:
    numbers, client = numbers_on({"friendlyId": 1234, "id": "c-1"})
    assert await numbers.identify(reference) == "c-1"
    assert await numbers.identify("#1234") == "c-1"
    (asked,) = client.asked
    assert asked.endpoint is LIST_CONVERSATIONS
    assert asked.body == {
        "select": ["id", "friendlyId", "createdAt"],
        "where": [{"field": "friendlyId", "operator": "==", "value": 1234}],
        "limit": 2,
    }


@pytest.mark.parametrize("reference", ["9" * 13, "#" + "9" * 4_000, f"{10**20}"])
async def test_a_number_that_no_conversation_can_have_is_refused_in_words(reference: str) -> None:
    numbers, client = numbers_on()
    with pytest.raises(InvalidArgument, match="a number too large"):
        await numbers.identify(reference)
    assert client.asked == []


async def test_an_id_is_the_same_in_whatever_letter_case_it_is_given() -> None:
    numbers, client = numbers_on()
    assert await numbers.identify(UUID.upper()) == UUID
    assert await numbers.identify(f"https://app.unthread.io/c/{UUID.upper()}") == UUID
    assert client.asked == []


async def test_a_number_that_a_list_has_shown_needs_no_request() -> None:
    numbers, client = numbers_on()
    numbers.remember({"friendlyId": "77", "id": "c-77"})
    odd_rows: list[JsonObject] = [
        {"friendlyId": True, "id": "c-1"},
        {"friendlyId": 78},
        {"friendlyId": 79, "id": "a/b"},
        {"id": "c-80"},
    ]
    for odd in odd_rows:
        numbers.remember(odd)
    assert await numbers.identify("77") == "c-77"
    for number in ("1", "78", "79"):
        with pytest.raises(NotFound, match=f"No conversation #{number} was found. Check the number, or pass"):
            await numbers.identify(number)
    assert len(client.asked) == 3


async def test_a_number_that_two_conversations_carry_is_refused() -> None:
    numbers, client = numbers_on()
    client.answer = lambda _: page({"friendlyId": 7, "id": "c-1"}, {"friendlyId": 7, "id": "c-2"})
    with pytest.raises(InvalidArgument, match=r"Several conversations have the number #7\. Pass the conversation's id"):
        await numbers.identify("#7")
    refusal, other = await numbers.identify_all(["#7", "c-9"])
    assert isinstance(refusal, InvalidArgument)
    assert other == "c-9"
    assert len(client.asked) == 1


async def test_a_number_that_a_later_list_shows_on_another_conversation_is_refused_from_then_on() -> None:
    numbers, _ = numbers_on()
    for identity in ("c-1", "c-1", "c-2", "c-1"):
        numbers.remember({"friendlyId": 7, "id": identity})
    with pytest.raises(InvalidArgument, match="Several conversations have the number"):
        await numbers.identify("7")


async def test_a_row_with_another_number_is_not_taken_for_it() -> None:
    numbers, client = numbers_on()
    client.answer = lambda _: page({"friendlyId": 8, "id": "c-8"})
    with pytest.raises(NotFound, match="No conversation #7 was found"):
        await numbers.identify("7")


@pytest.mark.parametrize("refusal", [REJECTED, NotFound("Unthread found no such object (400).", "Check.", status=400)])
async def test_if_the_filter_is_refused_the_newest_pages_are_looked_through(refusal: Exception) -> None:
    first = page({"friendlyId": 9, "id": "c-9"}, following="second")
    client = StubClient(in_turn(refusal, first, page({"friendlyId": 7, "id": "c-7"}, following="third")))
    assert await numbers_of_stub(client).identify("7") == "c-7"
    assert client.asked[1].body == {
        "select": ["id", "friendlyId", "createdAt"],
        "order": ["createdAt", "id"],
        "descending": True,
        "limit": 100,
    }
    assert client.asked[2].body["cursor"] == "second"


@pytest.mark.parametrize("pages", [1, 9])
async def test_looking_through_ends_after_five_pages_and_says_so(pages: int) -> None:
    def answer(asked: Asked) -> Answer:
        if "where" in asked.body:
            return REJECTED
        count = len(client.asked) - 1
        return page({"friendlyId": 100 + count, "id": f"c-{count}"}, following="more" if count < pages else None)

    client = StubClient(answer)
    seen = min(pages, 5)
    with pytest.raises(NotFound, match=f"No conversation #7 was found among the newest {seen}, the only ones"):
        await numbers_of_stub(client).identify("7")
    assert len(client.asked) == 1 + seen


async def test_several_numbers_cost_one_request() -> None:
    rows: list[JsonObject] = [{"friendlyId": number, "id": f"c-{number}"} for number in (1, 2, 3)]
    client = StubClient(lambda _: page(*rows))
    numbers = numbers_of_stub(client)
    numbers.remember({"friendlyId": 4, "id": "c-4"})
    references = ["#1", "2", "c-9", "3", "#2", "#4", " 1 "]
    assert await numbers.identify_all(references) == ["c-1", "c-2", "c-9", "c-3", "c-2", "c-4", "c-1"]
    (asked,) = client.asked
    assert asked.where == [("friendlyId", "in", ["1", "2", "3"])]
    assert asked.body["limit"] == 6


async def test_the_missing_ones_of_several_each_have_their_reason() -> None:
    client = StubClient(lambda _: page({"friendlyId": 1, "id": "c-1"}))
    found = await numbers_of_stub(client).identify_all(["1", "2", "https://elsewhere.example/3", "4"])
    assert [str(each).partition(".")[0] for each in found] == [
        "c-1",
        "No conversation #2 was found",
        "conversation is a link to somewhere other than Unthread",
        "No conversation #4 was found",
    ]
    assert len(client.asked) == 1


async def test_the_memory_of_numbers_is_bounded_and_the_oldest_goes_first() -> None:
    numbers, client = numbers_on()
    for number in range(MAX_NUMBERS):
        numbers.remember({"friendlyId": number, "id": f"c-{number}"})
    numbers.remember({"friendlyId": 0, "id": "c-0"})
    numbers.remember({"friendlyId": MAX_NUMBERS, "id": "c-new"})
    assert await numbers.identify("0") == "c-0"
    assert client.asked == []
    with pytest.raises(NotFound):
        await numbers.identify("1")


async def test_a_hundred_numbers_fit_one_request() -> None:
    rows: list[JsonObject] = [{"friendlyId": number, "id": f"c-{number}"} for number in range(1, 101)]
    client = StubClient(lambda _: page(*rows))
    found = await numbers_of_stub(client).identify_all([f"#{number}" for number in range(1, 101)])
    assert len(found) == 100
    assert len(client.asked) == 1
    assert client.asked[0].body["limit"] == 100
