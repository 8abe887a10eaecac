"""The misbehaving upstream does what it is told: effect and answer apart, and the ledger knows both."""

from __future__ import annotations

import asyncio

import pytest

from tests.api.misbehaving import KEY
from tests.faults.kinds import KINDS
from tests.faults.loopback import Loopback
from tests.faults.upstream import Behaviour, for_endpoints
from unthread_mcp.api import endpoints
from unthread_mcp.api.errors import ApiError, OutcomeUnknown
from unthread_mcp.api.json_types import JsonValue

pytestmark = [
    pytest.mark.anyio,
    # Of a connection that arrives while the upstream goes away, asyncio (from 3.12) leaves the socket to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def tags_named_new(loopback: Loopback) -> int:
    return loopback.sandbox.database.execute("SELECT count(*) FROM tags WHERE name LIKE 'new%'").fetchone()[0]


async def shown(loopback: Loopback) -> int:
    client = loopback.client()
    where: list[JsonValue] = [{"field": "name", "operator": "contains", "value": "new"}]
    answer = await client.read(endpoints.LIST_TAGS, body={"where": where})
    await client.aclose()
    assert isinstance(answer, dict)
    assert isinstance(answer["data"], list)
    return len(answer["data"])


async def create(loopback: Loopback, does: Behaviour, name: str = "new", **options: float) -> object:
    loopback.upstream.plan = for_endpoints(endpoints.CREATE_TAG, does=[does])
    client = loopback.client(**options)
    try:
        return (await client.write(endpoints.CREATE_TAG, body={"name": name})).body
    finally:
        await client.aclose()


async def test_left_alone_it_is_the_sandbox(loopback: Loopback) -> None:
    assert isinstance(await create(loopback, Behaviour()), dict)
    [request] = loopback.upstream.ledger.requests
    assert (request.method, request.path, request.says, request.took_effect) == (
        "POST",
        "/api/tags",
        {"name": "new"},
        True,
    )
    assert f"x-api-key: {KEY}".encode() in request.head.lower()
    assert tags_named_new(loopback) == await shown(loopback) == 1


async def test_an_effect_without_its_answer_and_an_answer_without_its_effect(loopback: Loopback) -> None:
    with pytest.raises(OutcomeUnknown):
        await create(loopback, Behaviour(cut=0, then="reset"))
    assert [each.took_effect for each in loopback.upstream.ledger.writes] == [True]
    assert await create(loopback, Behaviour(effect="never", status=200, body=b'{"id": "made up"}')) == {"id": "made up"}
    assert tags_named_new(loopback) == 1
    assert [each.took_effect for each in loopback.upstream.ledger.writes] == [True, False]


async def test_an_effect_that_comes_later(loopback: Loopback) -> None:
    with pytest.raises(OutcomeUnknown):
        await create(loopback, Behaviour(effect="later", cut=0, then="close"))
    assert (tags_named_new(loopback), loopback.upstream.ledger.effects) == (0, [])
    await loopback.upstream.settle()
    assert (tags_named_new(loopback), len(loopback.upstream.ledger.effects)) == (1, 1)


async def test_an_effect_that_shows_later(loopback: Loopback) -> None:
    await create(loopback, Behaviour(shown=False))
    assert (tags_named_new(loopback), await shown(loopback)) == (1, 0)
    client = loopback.client()
    assert await client.read(endpoints.GET_CONVERSATION, {"conversation_id": loopback.sandbox.landmark("angry")})
    await client.aclose()
    loopback.upstream.reveal()
    assert await shown(loopback) == 1


async def test_an_answer_that_drips_and_one_that_never_comes(loopback: Loopback) -> None:
    assert isinstance(await create(loopback, Behaviour(per_byte=0.00001)), dict)
    with pytest.raises(OutcomeUnknown):
        await create(loopback, Behaviour(then="hang", cut=10), "new too", deadline=0.2)
    assert len(loopback.upstream.ledger.effects) == 2


async def test_a_body_of_another_shape(loopback: Loopback) -> None:
    assert "title" in str(await create(loopback, Behaviour(body=lambda body: body.replace(b'"name"', b'"title"'))))
    assert await create(loopback, Behaviour(body=b"[1]"), "new too") == [1]


async def test_an_upstream_that_goes_away_and_comes_back(loopback: Loopback) -> None:
    upstream = loopback.upstream
    upstream.leave()
    with pytest.raises(ApiError):
        await create(loopback, Behaviour())
    assert not upstream.ledger.requests
    await upstream.come_back()
    await create(loopback, Behaviour(then="away"))
    client = loopback.client(sleep=asyncio.sleep, chance=lambda: 0.5)
    assert await client.read(endpoints.LIST_TAGS)
    await client.aclose()


async def test_what_is_done_twice_stands_in_the_ledger(loopback: Loopback) -> None:
    await create(loopback, Behaviour())
    await create(loopback, Behaviour())
    assert loopback.upstream.ledger.doubled() == ['POST /api/tags b\'{"name":"new"}\'']
    loopback.upstream.ledger.clear()


async def test_a_file_that_is_sent_twice_stands_in_the_ledger_whatever_its_forms_boundary(loopback: Loopback) -> None:
    write, client = KINDS["upload"](loopback.sandbox, 1), loopback.client()
    assert [await write.send(client), await write.send(client)] == ["done", "done"]
    await client.aclose()
    assert len(loopback.upstream.ledger.doubled()) == 1
    loopback.upstream.ledger.clear()
