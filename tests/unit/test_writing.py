"""Writes other than messages: done once, and looked up where nobody said what became of them."""

from __future__ import annotations

import anyio
import pytest
from workspace_stubs import Answer, Asked, StubClient, in_turn, page, workspace_on

from unthread_mcp.api.endpoints import (
    CREATE_ARTICLE,
    GET_ARTICLE,
    GET_CONVERSATION,
    LIST_ARTICLES,
    TAG_CONVERSATIONS,
    UPDATE_ARTICLE,
    UPDATE_CONVERSATION,
)
from unthread_mcp.api.errors import (
    InvalidArgument,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RequestRejected,
    Unavailable,
    UnthreadError,
)
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.natural_keys import NaturalKey
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import Written, change, create, link, set_status

pytestmark = pytest.mark.anyio

BODY: JsonObject = {"title": "How to log in", "content": "Like this."}
KEY = NaturalKey(LIST_ARTICLES, "title", "How to log in")
UNKNOWN = OutcomeUnknown("The connection broke, so this may or may not have happened.", "Look first.")


async def create_article(workspace: Workspace, body: JsonObject = BODY) -> Written:
    return await create(workspace, CREATE_ARTICLE, body, what="article", key=KEY)


async def change_article(workspace: Workspace, body: JsonObject) -> Written:
    return await change(workspace, UPDATE_ARTICLE, {"article_id": "a-1"}, body, read_back=GET_ARTICLE)


async def test_a_create_sends_its_body_once_and_gives_what_came_back() -> None:
    client = StubClient(lambda _: {"id": "a-1", "title": "How to log in"})
    workspace = workspace_on(client)
    assert await create_article(workspace) == Written("done", {"id": "a-1", "title": "How to log in"})
    again = await create_article(workspace, dict(reversed(BODY.items())))
    assert again == Written(
        "already_done", {"id": "a-1"}, " The same article was created a moment ago; nothing was sent."
    )
    (asked,) = client.asked
    assert (asked.endpoint, asked.body) == (CREATE_ARTICLE, BODY)


async def test_another_body_is_another_intent() -> None:
    client = StubClient(lambda _: {"id": "a-1"})
    workspace = workspace_on(client)
    await create_article(workspace)
    await create_article(workspace, {**BODY, "content": "Otherwise."})
    assert len(client.asked) == 2


@pytest.mark.parametrize("body", [None, "created", ["a-1"], {}])
async def test_a_receipt_of_any_shape_is_a_receipt(body: JsonValue) -> None:
    client = StubClient(lambda _: body, complete=False)
    written = await create_article(workspace_on(client))
    assert written == Written("done", {}, " Unthread confirmed it, but its receipt was incomplete.")


@pytest.mark.parametrize(
    "refusal",
    [
        RequestRejected("No.", "Change it."),
        RateLimited("Too many.", "Wait."),
        Unavailable("No connection.", "Wait."),
        InvalidArgument("The text holds half of a character.", "Leave it out."),
    ],
)
async def test_what_did_not_happen_may_be_tried_again(refusal: UnthreadError) -> None:
    client = StubClient(in_turn(refusal, {"id": "a-1"}))
    workspace = workspace_on(client)
    with pytest.raises(type(refusal)):
        await create_article(workspace)
    assert (await create_article(workspace)).outcome == "done"


async def test_what_may_have_happened_is_never_sent_again_and_candidates_are_shown_but_not_claimed() -> None:
    rows = page(
        {"id": "a-1", "createdAt": "2026-11-20T09:59:00Z"},
        {"id": "a-2\n\u202e#7", "createdAt": None},
        {"id": "a-3", "createdAt": "2025-01-01T00:00:00Z"},
    )
    client = StubClient(lambda asked: UNKNOWN if asked.endpoint is CREATE_ARTICLE else rows)
    workspace = workspace_on(client)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown) as unknown:
            await create_article(workspace)
        assert unknown.value.what == "It is not known whether the article was created."
        assert unknown.value.remedy == (
            "Don't create it again; look whether the article is there. "
            "With the same title there are: a-1 (11-20 09:59); a-2 #7; a-3 (2025-01-01)."
        )
    sent = [asked.endpoint for asked in client.asked]
    assert sent == [CREATE_ARTICLE, LIST_ARTICLES, LIST_ARTICLES]
    assert client.asked[1].body == {
        "select": ["id", "title", "createdAt"],
        "where": [{"field": "title", "operator": "==", "value": "How to log in"}],
        "limit": 5,
    }


@pytest.mark.parametrize("looked", [Unavailable("No connection.", "Wait."), {"data": []}])
async def test_where_looking_shows_nothing_it_stays_unknown(looked: Answer) -> None:
    client = StubClient(lambda asked: UNKNOWN if asked.endpoint is CREATE_ARTICLE else looked)
    with pytest.raises(OutcomeUnknown, match=r"look whether the article is there\.$"):
        await create_article(workspace_on(client))


async def test_a_bug_after_the_first_byte_leaves_it_unknown() -> None:
    client = StubClient(in_turn(RuntimeError("a bug"), page()))
    workspace = workspace_on(client)
    with pytest.raises(RuntimeError):
        await create_article(workspace)
    with pytest.raises(OutcomeUnknown):
        await create_article(workspace)
    assert [asked.endpoint for asked in client.asked] == [CREATE_ARTICLE, LIST_ARTICLES]


async def test_a_cancelled_call_does_not_cut_off_the_write() -> None:
    sending, go_on = anyio.Event(), anyio.Event()

    class Slow(StubClient):
        async def write(self, *arguments: object, **options: object) -> object:  # pyright: ignore[reportIncompatibleMethodOverride] - a stub
            sending.set()
            await go_on.wait()
            return await StubClient.write(self, *arguments, **options)  # pyright: ignore[reportArgumentType]

    client = Slow(lambda _: {"id": "a-1"})
    workspace = workspace_on(client)
    async with anyio.create_task_group() as group:
        group.start_soon(create_article, workspace)
        await sending.wait()
        group.cancel_scope.cancel()
        go_on.set()
    assert len(client.asked) == 1
    assert (await create_article(workspace)).outcome == "already_done"


async def test_a_change_is_sent_with_its_selection_and_may_be_made_twice() -> None:
    client = StubClient(lambda _: {"id": "c-1", "status": "open"})
    workspace = workspace_on(client)
    for _ in range(2):
        assert await set_status(workspace, "c-1", "open") == Written("done", {"id": "c-1", "status": "open"})
    assert [(asked.endpoint, asked.ids, asked.body, asked.select) for asked in client.asked] == [
        (UPDATE_CONVERSATION, {"conversation_id": "c-1"}, {"status": "open"}, ("id", "status"))
    ] * 2


async def test_an_incomplete_receipt_of_a_change_is_told() -> None:
    written = await change_article(workspace_on(StubClient(lambda _: None, complete=False)), {"title": "T"})
    assert written.note == " Unthread confirmed it, but its receipt was incomplete."


def lost(shown: Answer) -> StubClient:
    """The answer to the change gets lost; reading back shows `shown`."""

    def answer(asked: Asked) -> Answer:
        return shown if asked.endpoint.effect == "reads" else UNKNOWN

    return StubClient(answer)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"status": "inactive"}, {"status": "inactive"}),
        ({"url": None}, {"url": None}),
        ({"wakeUpAt": "2026-11-22T09:00:00.000Z"}, {"wakeUpAt": "2026-11-22T09:00:00Z"}),
        ({"wakeUpAt": "2026-11-22T09:00:00.000Z"}, {"wakeUpAt": "2026-11-22T10:00:00+01:00"}),
        ({"priority": 7}, {"priority": 7}),
        ({"userGroupIds": ["g-1"]}, {"userGroupIds": ["g-1"]}),
    ],
)
async def test_a_change_whose_answer_got_lost_is_done_if_reading_back_shows_it(
    body: JsonObject, shown: JsonObject
) -> None:
    client = lost({"id": "a-1", **shown})
    written = await change_article(workspace_on(client), body)
    assert written.outcome == "done"
    assert written.note == " The answer got lost, but reading it back shows the change."
    assert [(asked.endpoint, asked.ids) for asked in client.asked] == [
        (UPDATE_ARTICLE, {"article_id": "a-1"}),
        (GET_ARTICLE, {"article_id": "a-1"}),
    ]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"status": "inactive"}, {"status": "active"}),
        ({"status": "inactive"}, {}),
        ({"url": None}, {}),  # what isn't returned proves nothing, not even that it is empty
        ({"status": "inactive", "title": "T"}, {"status": "inactive", "title": "old"}),
        ({"notes": "N"}, {"notes": "N"}),
        ({"excludeAnalytics": True}, {"excludeAnalytics": True}),
        ({"submitterUserId": "u-1"}, {"submitterUserId": "u-1"}),
        ({"wakeUpAt": "2026-11-22T09:00:00.000Z"}, {"wakeUpAt": "2026-11-22T09:01:00Z"}),
        ({"title": "T"}, {"title": ["T"]}),
        ({"status": "inactive"}, NotFound("Unthread found no such object.", "Check the id.")),
        ({"status": "inactive"}, ["inactive"]),
    ],
)
async def test_otherwise_it_stays_unknown(body: JsonObject, shown: Answer) -> None:
    with pytest.raises(OutcomeUnknown) as unknown:
        await change_article(workspace_on(lost(shown)), body)
    assert unknown.value is UNKNOWN


async def test_a_refused_change_is_not_read_back() -> None:
    client = StubClient(lambda _: RequestRejected("No.", "Change it."))
    with pytest.raises(RequestRejected):
        await change(
            workspace_on(client),
            UPDATE_CONVERSATION,
            {"conversation_id": "c-1"},
            {"status": "open"},
            read_back=GET_CONVERSATION,
        )
    assert len(client.asked) == 1


async def test_a_tag_is_linked_with_a_bare_array_of_ids() -> None:
    client = StubClient(lambda _: None)
    await link(workspace_on(client), TAG_CONVERSATIONS, "t-1", ("c-1", "c-2"))
    (asked,) = client.asked
    assert (asked.ids, asked.body) == ({"tag_id": "t-1"}, ["c-1", "c-2"])
