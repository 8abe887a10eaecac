"""Every status there is, for each kind of write, with and without effect: what is said of it against the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

import pytest

from tests.faults.kinds import KINDS, Outcome, Write
from tests.faults.upstream import Behaviour, Effect, for_endpoints
from unthread_mcp.answers import as_page
from unthread_mcp.api import endpoints
from unthread_mcp.api.errors import ApiError

if TYPE_CHECKING:
    from tests.faults.loopback import Loopback

pytestmark = pytest.mark.anyio

EACH_KIND = pytest.mark.parametrize("kind", KINDS)
EFFECTS: tuple[Effect, ...] = ("now", "never")


def said_by(status: int, write: Write) -> Outcome:
    """What a status says of a write, as SAFETY.md has it: written down a second time, not asked of the code."""
    if 200 <= status < 300:
        return "unknown" if status == 204 and write.endpoint.effect == "creates" else "done"
    if status in {301, 307, 308} or (400 <= status < 500 and status not in {408, 409, 425}):
        return "refused"
    return "unknown"


def behaviours() -> Iterator[tuple[int, Behaviour]]:
    for status in range(100, 600):
        for effect in EFFECTS:
            if (status, effect) != (429, "now"):  # whoever acts and then says so is sent it again, by the standard
                yield status, Behaviour(effect=effect, status=status, then="close" if status < 200 else "keep")


@EACH_KIND
async def test_whatever_the_status_no_write_is_sent_again_unless_it_surely_did_nothing(
    loopback: Loopback, kind: str
) -> None:
    upstream, client = loopback.upstream, loopback.client()
    for number, (status, behaviour) in enumerate(behaviours()):
        write = KINDS[kind](loopback.sandbox, number)
        upstream.plan = for_endpoints(write.endpoint, does=behaviour)
        upstream.ledger.clear()
        outcome = await write.send(client)
        sent = len(upstream.ledger.requests)
        assert (status, outcome) == (status, said_by(status, write))
        assert (status, sent) == (status, sent if status == 429 and sent <= 3 else 1)
        assert (status, write.happened()) == (status, int(behaviour.effect == "now"))
    await client.aclose()


SAYS_IT: Outcome | None = None
"""What depends on the kind: a bare success says enough of what sets a state, and nothing of what makes something."""

BODIES: list[tuple[bytes, str, Outcome | None]] = [
    (b'{"id": "x"}', "application/json", "done"),
    (b'{"id": "x', "application/json", "done"),
    (b"", "application/json", SAYS_IT),
    (b"OK", "text/plain", SAYS_IT),
    (b"<html>Sign in</html>", "text/html", "unknown"),
    (b"<html>Sign in</html>", "application/json", "unknown"),
]


@EACH_KIND
async def test_what_a_success_says_depends_on_its_body(loopback: Loopback, kind: str) -> None:
    client = loopback.client()
    combinations = product((200, 201, 202, 203, 206, 226, 299), BODIES)
    for number, (status, (body, content_type, said)) in enumerate(combinations):
        write = KINDS[kind](loopback.sandbox, number)
        loopback.upstream.plan = for_endpoints(
            write.endpoint, does=Behaviour(status=status, body=body, content_type=content_type)
        )
        loopback.upstream.ledger.clear()
        expected = said or ("unknown" if write.endpoint.effect == "creates" else "done")
        assert (status, body, await write.send(client)) == (status, body, expected)
        assert (len(loopback.upstream.ledger.writes), write.happened()) == (1, 1)
    await client.aclose()


@EACH_KIND
async def test_a_word_in_between_is_waited_past(loopback: Loopback, kind: str) -> None:
    client = loopback.client()
    final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    for status in (100, 102, 103, 199):
        write, interim = KINDS[kind](loopback.sandbox, status), f"HTTP/1.1 {status} X\r\nX-Note: wait\r\n\r\n".encode()
        loopback.upstream.plan = for_endpoints(write.endpoint, does=Behaviour(raw=interim * 2 + final))
        assert (status, await write.send(client), write.happened()) == (status, "done", 1)
    await client.aclose()


async def test_whatever_the_status_a_read_is_right_or_refused_and_sent_three_times_at_most(loopback: Loopback) -> None:
    upstream, client = loopback.upstream, loopback.client()
    for status in range(100, 600):
        tries = 3 if status < 200 or status == 429 or (status >= 500 and status != 501) else 1
        upstream.well()
        for _ in range(10 if tries > 1 else 0):
            await client.read(endpoints.LIST_TAGS, body={"limit": 1})  # ten calls earn two attempts more
        does = Behaviour(status=status, then="close" if status < 200 else "keep")
        upstream.plan = for_endpoints(endpoints.LIST_TAGS, does=does)
        upstream.ledger.clear()
        try:
            answer = await client.read(endpoints.LIST_TAGS, body={"limit": 1})
        except ApiError:
            assert (status, len(upstream.ledger.requests)) == (status, tries)
            assert not 200 <= status < 300 or status == 204
        else:
            assert 200 <= status < 300
            assert as_page(answer).rows
    await client.aclose()


async def test_a_read_that_is_answered_at_the_third_time_is_right(loopback: Loopback) -> None:
    client = loopback.client()
    for status in (429, 500, 503):
        loopback.upstream.plan = for_endpoints(endpoints.GET_TAG, does=[Behaviour(status=status)] * 2)
        tag = KINDS["link"](loopback.sandbox, status).ids["tag_id"]
        assert await client.read(endpoints.GET_TAG, {"tag_id": tag}) == {"id": tag, "name": f"Tag {status}"}
        for _ in range(10):
            await client.read(endpoints.LIST_TAGS, body={"limit": 1})
    await client.aclose()
