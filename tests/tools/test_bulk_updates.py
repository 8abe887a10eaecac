"""Many conversations at once: one outcome each, gently, and a way to go on where it stopped."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import Any

import anyio
import httpx2
import pytest

from tests.support import Agent, Desk, Era, Wire
from unthread_mcp.bulk import AT_ONCE, LINK_REQUESTS, TIME

pytestmark = pytest.mark.anyio

ALL = {"UNTHREAD_TOOLSETS": "all", "UNTHREAD_ACCESS": "triage"}


@pytest.fixture
def desk() -> Any:
    made = Desk(ALL)
    yield made
    made.sandbox.close()


def several(desk: Desk, count: int, condition: str = "c.status = 'open' AND c.priority IS NOT 9") -> list[str]:
    sql = f"SELECT friendlyId FROM conversations c WHERE {condition} ORDER BY friendlyId LIMIT ?"
    handles = [f"#{number}" for (number,) in desk.sandbox.database.execute(sql, [count])]
    assert len(handles) == count
    return handles


def column(desk: Desk, name: str, handles: list[str]) -> list[Any]:
    ids = [desk.id_of(handle) for handle in handles]
    sql = f"SELECT {name} FROM conversations WHERE id = ?"
    return [desk.sandbox.database.execute(sql, [each]).fetchone()[0] for each in ids]


def patches(desk: Desk) -> int:
    return sum(each.method == "PATCH" for each in desk.wire.writes)


def refusing(desk: Desk, handle: str, answer: httpx2.Response | Exception) -> None:
    """Let whatever would change that conversation be answered so."""
    identity = desk.id_of(handle)

    def before(request: httpx2.Request) -> httpx2.Response | None:
        concerned = identity in request.url.path or (b"links" in request.url.raw_path and identity in _text(request))
        if request.method == "GET" or request.url.path.endswith("/list") or not concerned:
            return None
        if isinstance(answer, Exception):
            raise answer
        return answer

    desk.wire.before = before


def _text(request: httpx2.Request) -> str:
    return request.content.decode()


async def test_every_conversation_has_its_outcome_and_equal_ones_stand_together(desk: Desk, era: Era) -> None:
    handles = several(desk, 4)
    async with desk.agent(era) as agent:
        said = await agent.call(
            "update_conversations", conversations=[*handles, "#9999"], status="on_hold", priority="critical"
        )
    assert said.text == (
        "done: 4 of 5 conversations: status on_hold, priority critical.\n"
        f"done: {', '.join(handles)}\n"
        "refused: #9999. No conversation #9999 was found. Check the number, or pass the conversation's id or link."
    )
    assert column(desk, "status", handles) == ["on_hold"] * 4
    assert column(desk, "priority", handles) == [9] * 4
    assert not said.failed


async def test_programs_get_one_outcome_each_in_the_order_given(desk: Desk) -> None:
    handles = several(desk, 3)
    async with desk.agent(server=desk.new_server(UNTHREAD_ANSWERS="both")) as agent:
        await agent.call("update_conversations", conversations=handles[1:2], priority="critical")
        said = await agent.call("update_conversations", conversations=[*handles, "#9999"], priority="critical")
    assert [(each["conversation"], each["outcome"]) for each in said.data["outcomes"]] == [
        (handles[0], "done"),
        (handles[1], "already_done"),
        (handles[2], "done"),
        ("#9999", "refused"),
    ]
    assert said.data["outcomes"][0]["id"] == desk.id_of(handles[0])


async def test_what_is_so_already_is_left_alone_and_costs_no_write(desk: Desk) -> None:
    handles = several(desk, 3)
    arguments = {"conversations": handles, "priority": "critical", "assignee": "Mei Tanaka", "add_tags": ["Bug"]}
    async with desk.agent() as agent:
        await agent.call("update_conversations", **arguments)
        desk.wire.clear()
        again = await agent.call("update_conversations", **arguments)
    assert again.text == (
        "already_done: 3 of 3 conversations had it already: priority critical, assignee Mei Tanaka, tagged 'Bug'.\n"
        f"already_done: {', '.join(handles)}"
    )
    assert desk.wire.writes == []


async def test_tags_assignee_and_priority_can_be_taken_away(desk: Desk) -> None:
    handles = several(desk, 2, "c.assignedToUserId IS NOT NULL AND c.priority IS NOT NULL AND c.status = 'open'")
    async with desk.agent() as agent:
        await agent.call("tag_conversations", conversations=handles, add=["Bug"])
        said = await agent.call(
            "update_conversations",
            conversations=handles,
            remove_tags=["Bug"],
            assignee="unassigned",
            clear=["priority", "snooze"],
        )
    assert said.text.startswith("done: 2 of 2 conversations: assignee emptied, priority emptied, snooze emptied, untag")
    assert column(desk, "assignedToUserId", handles) == column(desk, "priority", handles) == [None, None]


async def test_one_that_is_opened_again_is_told(desk: Desk) -> None:
    (closed,) = several(desk, 1, "c.status = 'closed'")
    (other,) = several(desk, 1)
    async with desk.agent() as agent:
        said = await agent.call("update_conversations", conversations=[closed, other], status="on_hold")
    assert said.text.endswith(f"done: {closed}. It was closed.\ndone: {other}") or said.text.endswith(
        f"done: {other}\ndone: {closed}. It was closed."
    )


async def test_closing_is_never_bulk(desk: Desk) -> None:
    handles = several(desk, 2)
    async with desk.agent() as agent:
        said = await agent.call("update_conversations", conversations=handles, status="closed")
    assert said.failed
    assert "closing may reach customers, so it is done one by one, with update_conversation" in said
    assert desk.wire.sent == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "Nothing to change was passed."),
        ({"clear": ["title"]}, "clear can't empty 'title'. It can empty: assignee, priority, snooze."),
        ({"clear": ["priority"], "priority": "low"}, "priority is both set and cleared."),
        ({"add_tags": ["Bug"], "remove_tags": ["bug"]}, "The tag 'Bug' is both added and removed."),
        ({"assignee": "Jonas"}, "Jonas Weber"),
    ],
)
async def test_what_can_not_be_meant_is_refused_before_anything_is_written(
    desk: Desk, arguments: dict[str, Any], words: str
) -> None:
    async with desk.agent() as agent:
        said = await agent.call("update_conversations", conversations=several(desk, 2), **arguments)
    assert said.failed
    assert words in said
    assert desk.wire.writes == []


async def test_one_that_is_refused_keeps_no_other_from_being_changed(desk: Desk) -> None:
    handles = several(desk, 6)
    refusing(desk, handles[2], httpx2.Response(400, json={"errors": [{"title": "Locked"}]}))
    async with desk.agent() as agent:
        said = await agent.call("update_conversations", conversations=handles, priority="critical")
    others = [*handles[:2], *handles[3:]]
    assert said.text.startswith(
        f"done: 5 of 6 conversations: priority critical.\ndone: {', '.join(others)}\nrefused: {handles[2]}. Unthread "
    )
    assert "'Locked'" in said


async def test_if_all_are_refused_so_is_the_call(desk: Desk) -> None:
    handles = several(desk, 3)
    desk.wire.before = lambda request: httpx2.Response(403, json={}) if request.method == "PATCH" else None
    async with desk.agent() as agent:
        said = await agent.call("update_conversations", conversations=handles, priority="critical")
    assert said.failed
    assert said.text.startswith(f"refused: 0 of 3 conversations: priority critical.\nrefused: {', '.join(handles)}. ")


# Where it stops, and going on


@pytest.mark.parametrize(
    "answer",
    [httpx2.Response(429, headers={"retry-after": "3600"}), httpx2.ConnectError("nobody there")],
    ids=["rate limit", "outage"],
)
async def test_what_stands_against_all_stops_it_and_the_same_call_with_the_rest_goes_on(
    desk: Desk, answer: httpx2.Response | Exception
) -> None:
    handles = several(desk, 10)

    def before(request: httpx2.Request) -> httpx2.Response | None:
        if request.method != "PATCH" or patches(desk) < 3:
            return None
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with desk.agent() as agent:
        desk.wire.before = before
        said = await agent.call("update_conversations", conversations=handles, priority="critical")
        left = re.findall(r"#\d+", said.text.partition("not done yet: ")[2])
        done = [handle for handle in handles if handle not in left]
        assert column(desk, "priority", done) == [9] * len(done)
        assert 3 <= len(done) <= 3 + AT_ONCE
        assert said.text.endswith("Call again with just these.")
        desk.wire.before = lambda _: None
        rest = await agent.call("update_conversations", conversations=left, priority="critical")
    assert rest.text.startswith(f"done: {len(left)} of {len(left)}")
    assert column(desk, "priority", handles) == [9] * 10
    assert not said.failed


async def test_an_unknown_outcome_stops_it_and_is_not_tried_again(desk: Desk) -> None:
    handles = several(desk, 12)
    refusing(desk, handles[1], httpx2.Response(502))
    async with desk.agent() as agent:
        said = await agent.call("update_conversations", conversations=handles, priority="critical")
    assert said.failed
    assert said.text.startswith("unknown: ")
    assert f"\nunknown: {handles[1]}. Unthread answered 502" in said
    left = re.findall(r"#\d+", said.text.partition("not done yet: ")[2])
    assert len(left) >= 12 - 2 * AT_ONCE
    assert "An outcome is unknown: look at that first. Call again with just these." in said
    tried = [each for each in desk.wire.writes if desk.id_of(handles[1]) in each.path]
    assert len(tried) == 1
    assert set(column(desk, "priority", left)) != {9}


async def test_nothing_is_begun_that_the_client_would_not_wait_for(desk: Desk) -> None:
    handles = several(desk, 10)

    def slow(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "PATCH":
            desk.clock.forward(seconds=TIME.seconds / 3)
        return answer

    async with desk.agent() as agent:
        desk.wire.after = slow
        said = await agent.call("update_conversations", conversations=handles, priority="critical")
    assert "45 seconds were over" in said
    assert 3 <= patches(desk) <= 3 + AT_ONCE
    assert said.text.count("#") == 10


class Slow(Wire):
    """A wire on which changes wait until they are let through, and which counts those on it."""

    def __init__(self, behind: httpx2.AsyncBaseTransport) -> None:
        super().__init__(behind)
        self.going = self.most = 0
        self.through = anyio.Event()
        self.begun = anyio.Event()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method != "PATCH":
            return await super().handle_async_request(request)
        self.going += 1
        self.most = max(self.most, self.going)
        if self.going == AT_ONCE:
            self.begun.set()
        try:
            await self.through.wait()
            return await super().handle_async_request(request)
        finally:
            self.going -= 1


def slow_desk() -> tuple[Desk, Slow]:
    desk = Desk(ALL)
    desk.wire = wire = Slow(desk.sandbox.transport)
    desk.server = desk.new_server()
    return desk, wire


async def test_four_are_on_the_way_at_once_and_no_more() -> None:
    desk, wire = slow_desk()
    async with desk.agent() as agent, anyio.create_task_group() as calls:
        calls.start_soon(
            partial(agent.call, "update_conversations", conversations=several(desk, 9), priority="critical")
        )
        await wire.begun.wait()
        wire.through.set()
    assert wire.most == AT_ONCE
    assert patches(desk) == 9
    desk.sandbox.close()


async def test_a_cancelled_call_ends_what_it_began_and_the_same_call_goes_on_from_there(era: Era) -> None:
    desk, wire = slow_desk()
    handles = several(desk, 9)
    cancelled = anyio.Event()

    async def let_through_once_the_server_knows() -> None:
        await cancelled.wait()
        await anyio.wait_all_tasks_blocked()
        wire.through.set()

    async with desk.agent(era) as agent:
        async with anyio.create_task_group() as others:
            others.start_soon(let_through_once_the_server_knows)
            async with anyio.create_task_group() as calls:
                calls.start_soon(
                    partial(agent.call, "update_conversations", conversations=handles, priority="critical")
                )
                await wire.begun.wait()
                calls.cancel_scope.cancel()
                cancelled.set()
        await anyio.wait_all_tasks_blocked()
        assert patches(desk) == AT_ONCE
        assert column(desk, "priority", handles).count(9) == AT_ONCE
        again = await agent.call("update_conversations", conversations=handles, priority="critical")
    assert again.text.startswith("done: 9 of 9 conversations")
    assert f"already_done: {', '.join(handles[:AT_ONCE])}" in again
    assert patches(desk) == 9
    desk.sandbox.close()


# Progress


async def test_progress_is_told_as_it_grows(desk: Desk, era: Era) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    handles = several(desk, 6)
    async with desk.agent(era) as agent:
        await agent.client.call_tool(
            "update_conversations",
            {"conversations": handles, "priority": "critical", "add_tags": ["Bug"]},
            progress_callback=hear,
        )
        await anyio.wait_all_tasks_blocked()
    done = [each for each, _, _ in told]
    assert done == sorted(set(done))
    assert done[-1] == 12
    assert {total for _, total, _ in told} == {12}
    assert told[-1][2] == "12 of 12 changes"


# Tags of many


async def linked(desk: Desk, tag: str, handles: list[str]) -> list[str]:
    sql = (
        "SELECT c.friendlyId FROM conversation_tags l JOIN tags t ON t.id = l.tagId "
        "JOIN conversations c ON c.id = l.conversationId WHERE t.name = ?"
    )
    found = {f"#{number}" for (number,) in desk.sandbox.database.execute(sql, [tag])}
    return [handle for handle in handles if handle in found]


def links(desk: Desk) -> list[Any]:
    return [each.body for each in desk.wire.writes if "links" in each.path]


async def test_a_tag_is_linked_with_all_in_one_request(desk: Desk, era: Era) -> None:
    handles = several(desk, 5)
    async with desk.agent(era) as agent:
        said = await agent.call("tag_conversations", conversations=handles, add=["Escalated"])
    assert said.text == f"done: 5 of 5 conversations: 'Escalated' added.\ndone: {', '.join(handles)}"
    assert links(desk) == [[desk.id_of(handle) for handle in handles]], "a bare array, as the reference wants"
    lookups = [each for each in desk.wire.sent if each.path == "/conversations/list"]
    assert len(lookups) == 2, "all numbers at once, and how all of them stand"


async def test_of_ids_that_are_refused_together_it_is_found_which_and_the_others_are_linked(desk: Desk) -> None:
    handles = several(desk, 40, "1")
    gone = "00000000-0000-5000-8000-00000000dead"
    async with desk.agent() as agent:
        said = await agent.call(
            "tag_conversations", conversations=[*handles[:17], gone, *handles[17:]], add=["Enterprise"]
        )
    assert said.text.startswith("done: 40 of 41 conversations: 'Enterprise' added.\n")
    assert f"refused: {gone}. tag 'Enterprise' not added: Unthread found no such object" in said
    assert await linked(desk, "Enterprise", handles) == handles
    assert len(links(desk)) <= 14


async def test_where_too_many_are_refused_the_search_ends_and_says_whom_it_did_not_come_to(desk: Desk) -> None:
    handles = several(desk, 60, "1")
    desk.wire.before = lambda request: (
        httpx2.Response(400, json={}) if request.url.path.endswith("create-links") else None
    )
    async with desk.agent() as agent:
        said = await agent.call("tag_conversations", conversations=handles, add=["Enterprise"])
    assert said.failed
    assert len(links(desk)) == LINK_REQUESTS
    assert "Too many of them are refused to tell which in one call. Call again with just these." in said
    assert sorted(re.findall(r"#\d+", said.text)) == sorted(handles)


async def test_links_whose_answer_got_lost_are_looked_up_and_never_sent_again(desk: Desk) -> None:
    handles = several(desk, 3)

    def lose(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if "links" in request.url.path:
            raise httpx2.ReadError("reset", request=request)
        return answer

    def vanish(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(502) if "links" in request.url.path else None

    sent: list[str] = []

    def count(request: httpx2.Request) -> httpx2.Response | None:
        sent.extend([request.url.path] if "links" in request.url.path else [])
        return None

    async with desk.agent() as agent:
        desk.wire.before, desk.wire.after = count, lose
        done = await agent.call("tag_conversations", conversations=handles, add=["Escalated"])
        stopped = await agent.call("tag_conversations", conversations=handles, add=["SSO", "API"])
        desk.wire.before = vanish
        unknown = await agent.call("tag_conversations", conversations=handles, add=["Trial"])
    assert done.text == f"done: 3 of 3 conversations: 'Escalated' added.\ndone: {', '.join(handles)}"
    assert len(sent) == 2, "after a lost answer nothing more is begun"
    assert f"not done yet: {', '.join(handles)}. An outcome is unknown" in stopped
    assert unknown.failed
    assert unknown.text.startswith("unknown: ")
    assert f"unknown: {', '.join(handles)}. tag 'Trial': Unthread answered 502" in unknown


async def test_tagging_needs_a_tag(desk: Desk) -> None:
    async with desk.agent() as agent:
        none = await agent.call("tag_conversations", conversations=["#1001"])
        near = await agent.call("tag_conversations", conversations=["#1001"], add=["Escalate"])
    assert none.text == "refused: No tag was passed. Pass add or remove."
    assert "Escalated" in near


async def test_a_part_that_is_refused_is_told_beside_what_is_done(desk: Desk) -> None:
    handles = several(desk, 2)
    desk.wire.before = lambda request: httpx2.Response(403, json={}) if "delete-links" in request.url.path else None
    async with desk.agent() as agent:
        await agent.call("tag_conversations", conversations=handles, add=["SSO"])
        said = await agent.call("tag_conversations", conversations=handles, add=["Bug"], remove=["SSO"])
    assert not said.failed
    assert f"done in part: {', '.join(handles)}. tag 'SSO' not removed: Unthread does not let" in said


async def test_a_part_that_is_refused_keeps_no_later_one_from_being_done(desk: Desk) -> None:
    handles = several(desk, 2)
    desk.wire.before = lambda request: httpx2.Response(403, json={}) if "links" in request.url.path else None
    async with desk.agent() as agent:
        said = await agent.call("update_conversations", conversations=handles, add_tags=["SSO"], priority="critical")
    assert f"done in part: {', '.join(handles)}. tag 'SSO' not added: Unthread does not let" in said
    assert column(desk, "priority", handles) == [9, 9]


async def test_where_the_filter_is_refused_all_are_written_unread(desk: Desk) -> None:
    handles = several(desk, 3)

    def refuse(request: httpx2.Request) -> httpx2.Response | None:
        if not request.url.path.endswith("/conversations/list"):
            return None
        body = json.loads(request.content)
        return httpx2.Response(400, json={}) if body["where"][0]["field"] == "id" else None

    async with desk.agent() as agent:
        await agent.call("tag_conversations", conversations=handles, add=["Bug"])
        desk.wire.before = refuse
        said = await agent.call("tag_conversations", conversations=handles, add=["Bug"])
    assert said.text == f"done: 3 of 3 conversations: 'Bug' added.\ndone: {', '.join(handles)}"


async def test_conversations_of_customers_who_are_not_allowed_are_refused_one_by_one(desk: Desk) -> None:
    own, other = several(desk, 2, "c.customerId IS NOT NULL AND c.status = 'open'")
    (customer,) = column(desk, "customerId", [own])
    assert column(desk, "customerId", [other]) != [customer]
    async with desk.agent(server=desk.new_server(UNTHREAD_ALLOWED_CUSTOMERS=customer)) as agent:
        said = await agent.call("tag_conversations", conversations=[own, other], add=["SSO"])
    assert f"done: {own}\nrefused: {other}. The operator allows writing only for certain customers" in said
    assert links(desk) == [[desk.id_of(own)]]


async def test_the_same_conversation_in_several_forms_is_one(desk: Desk) -> None:
    (handle,) = several(desk, 1)
    identity = desk.id_of(handle)
    async with desk.agent() as agent:
        said = await _tag(agent, [handle, handle[1:], identity, f"https://app.unthread.io/x/{identity}", "#x!", "#x!"])
    assert said.startswith("done: 1 of 2 conversations")
    assert said.count("#x!") >= 1


async def _tag(agent: Agent, references: list[str]) -> str:
    return (await agent.call("tag_conversations", conversations=references, add=["SSO"])).text


async def test_one_that_was_moved_meanwhile_to_a_customer_who_is_not_allowed_is_left_alone() -> None:
    desk = Desk({"UNTHREAD_TOOLSETS": "all"})
    sql = "SELECT customerId FROM conversations GROUP BY customerId ORDER BY count(*) DESC"
    (allowed,), (other,) = desk.sandbox.database.execute(sql).fetchmany(2)
    number = desk.find("c.customerId = ? AND c.status = 'open'", allowed)

    def moved(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.url.path.endswith("/conversations/list"):
            sql = "UPDATE conversations SET customerId = ? WHERE id = ?"
            desk.sandbox.database.execute(sql, [other, desk.id_of(number)])
        return answer

    async with desk.agent(server=desk.new_server(UNTHREAD_ALLOWED_CUSTOMERS=allowed)) as agent:
        await agent.call("get_conversation", conversation=number)
        desk.wire.after = moved
        said = await agent.call("update_conversations", conversations=[number], priority="critical")
    assert said.failed
    assert "The operator allows writing only for certain customers" in said
    assert desk.wire.writes == []
    desk.sandbox.close()
