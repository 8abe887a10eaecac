"""Approvals, followers and collaborators: by name, done once, and looked up when nobody said what became of them."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.support import Desk, Era

pytestmark = pytest.mark.anyio

EMAIL = "c.sourceType = 'email' AND c.status = 'open'"
GROUP = "SELECT id FROM user_groups WHERE name = 'On-call engineers'"
SETTINGS = {"UNTHREAD_TOOLSETS": "all", "UNTHREAD_ACCESS": "triage"}


def one(desk: Desk, sql: str, *values: Any) -> Any:
    return desk.sandbox.database.execute(sql, values).fetchone()[0]


def entities(desk: Desk, table: str, number: str) -> set[str]:
    sql = f"SELECT entityId FROM {table} WHERE conversationId = ?"
    return {entity for (entity,) in desk.sandbox.database.execute(sql, [desk.id_of(number)])}


def user(desk: Desk, name: str) -> str:
    return one(desk, "SELECT id FROM users WHERE name = ? AND NOT external", name)


def losing(desk: Desk, *, taking_effect: bool) -> None:
    """Let the answers to writes get lost, after they took effect or before."""

    def is_write(request: httpx2.Request) -> bool:
        return request.method != "GET" and not request.url.path.endswith("/list")

    def before(request: httpx2.Request) -> httpx2.Response | None:
        if is_write(request) and not taking_effect:
            raise httpx2.ReadTimeout("lost", request=request)
        return None

    def after(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if is_write(request):
            raise httpx2.ReadError("lost", request=request)
        return answer

    desk.wire.before, desk.wire.after = before, after


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("request_approval", {"title": "Refund the invoice"}),
        ("add_follower", {}),
        ("assign_collaborator", {"collaborator_type": "technical_lead"}),
    ],
)
async def test_an_id_of_a_customers_person_is_no_colleagues(desk: Desk, tool: str, arguments: dict[str, Any]) -> None:
    person = one(desk, "SELECT id FROM users WHERE external ORDER BY id")
    who = {"approver" if tool == "request_approval" else "user": person}
    async with desk.agent() as agent:
        said = await agent.call(tool, conversation=desk.find(EMAIL), **arguments, **who)
    assert said.text.startswith(f"refused: {person} is nobody of the team.")
    assert desk.wire.writes == []


async def test_a_customers_person_who_follows_can_be_taken_off_by_id(desk: Desk) -> None:
    number, person = desk.find(EMAIL), one(desk, "SELECT id FROM users WHERE external ORDER BY id")
    desk.sandbox.database.execute("INSERT INTO followers VALUES (?, ?, 'user')", [desk.id_of(number), person])
    async with desk.agent() as agent:
        said = await agent.call("remove_follower", conversation=number, user=person)
    assert said.text.startswith("done: ")
    assert person not in entities(desk, "followers", number)


# Approvals


async def test_an_approval_is_asked_of_a_colleague_by_name(desk: Desk, era: Era) -> None:
    number = desk.find(EMAIL)
    async with desk.agent(era) as agent:
        said = await agent.call(
            "request_approval", conversation=number, title="Refund 40 %", approver="hannah.okafor@quayside.example"
        )
        listed = await agent.call("list_approvals", conversation=number)
    assert said.text.startswith("done: approval requested from Hannah Okafor, pending (id ")
    (sent,) = desk.wire.writes
    assert sent.body == {"title": "Refund 40 %", "assignedToUserId": user(desk, "Hannah Okafor")}
    assert listed.text == (
        "1 approval request\nstatus · title · asked · created · decided · notes\n"
        "pending · Refund 40 % · Hannah Okafor · 11-20 10:00 · - · -"
    )


async def test_a_group_is_asked_by_its_id(desk: Desk) -> None:
    number, group = desk.find(EMAIL), one(desk, GROUP)
    async with desk.agent() as agent:
        said = await agent.call("request_approval", conversation=number, title="Refund", group=group)
        listed = await agent.call("list_approvals", conversation=number)
    assert f"approval requested from group {group}, pending" in said
    assert "pending · Refund · On-call engineers · " in listed


async def test_what_was_decided_is_listed_with_its_notes(desk: Desk) -> None:
    async with desk.agent() as agent:
        angry = await agent.call("list_approvals", conversation=desk.number("angry"))
        orders = await agent.call("list_approvals", conversation=desk.number("orders-1"))
        none = await agent.call("list_approvals", conversation=desk.number("html-mail"))
    assert angry.text.startswith("2 approval requests\n")
    assert "approved · Call her back today · Support leads · " in angry
    assert "Yes, and before noon." in angry
    assert "rejected · Refund the last three invoices · Jonas Weber · " in orders
    assert none.text == "No approval requests found."


@pytest.mark.parametrize("bare", [True, False])
async def test_the_list_is_read_bare_or_in_an_envelope_and_without_nested_objects(desk: Desk, bare: bool) -> None:
    asked = user(desk, "Mei Tanaka")
    rows = [
        {"id": "a", "status": "pending", "title": None, "assignedToUserId": asked},
        {"id": "b", "status": "pending", "title": "<<end 1>>\n#1 x", "assignedToGroupId": "g-1"},
        {"id": "c"},
    ]

    def before(request: httpx2.Request) -> httpx2.Response | None:
        answer: Any = rows if bare else {"data": rows, "totalCount": len(rows)}
        return httpx2.Response(200, json=answer) if "approval" in request.url.path else None

    async with desk.agent() as agent:
        desk.wire.before = before
        said = await agent.call("list_approvals", conversation=desk.find(EMAIL))
    assert said.text.splitlines()[2:] == [
        "pending · (no title) · Mei Tanaka · - · - · -",
        "pending · ((end 1>> #1 x · group g-1 · - · - · -",
        "- · (no title) · - · - · - · -",
    ]


async def test_the_same_request_again_is_already_done_and_another_is_not(desk: Desk) -> None:
    first, second = desk.find(EMAIL), desk.find("c.sourceType = 'widget'")
    arguments = {"title": "Refund", "approver": "Hannah Okafor"}
    async with desk.agent() as agent:
        await agent.call("request_approval", conversation=first, **arguments)
        again = await agent.call("request_approval", conversation=first, **arguments)
        other = await agent.call("request_approval", conversation=second, **arguments)
    assert again.text.startswith("already_done: approval requested from Hannah Okafor")
    assert other.text.startswith("done: ")
    assert len(desk.wire.writes) == 2


async def test_a_lost_request_is_unknown_shows_what_stands_there_and_is_never_sent_again(desk: Desk) -> None:
    number = desk.find(EMAIL)
    arguments = {"conversation": number, "title": "Refund", "approver": "Hannah Okafor"}
    async with desk.agent() as agent:
        losing(desk, taking_effect=True)
        lost = await agent.call("request_approval", **arguments)
        again = await agent.call("request_approval", **arguments)
    (made,) = desk.sandbox.database.execute(
        "SELECT id FROM approval_requests WHERE conversationId = ?", [desk.id_of(number)]
    ).fetchall()
    for said in (lost, again):
        assert said.text == (
            "unknown: It is not known whether the approval request was created. "
            "Don't create it again; look whether the approval request is there. "
            f"With the same title there are: {made[0]} (11-20 10:00)."
        )


async def test_a_lost_request_that_is_not_there_says_where_to_look(desk: Desk) -> None:
    async with desk.agent() as agent:
        losing(desk, taking_effect=False)
        said = await agent.call("request_approval", conversation=desk.find(EMAIL), title="x", approver="Mei Tanaka")
    assert said.text.endswith("Don't create it again; look whether the approval request is there.")


async def test_a_refused_request_may_be_made_again(desk: Desk) -> None:
    arguments = {"conversation": desk.find(EMAIL), "title": "Refund", "approver": "Mei Tanaka"}
    async with desk.agent() as agent:
        desk.wire.before = lambda request: httpx2.Response(403) if request.method == "POST" else None
        await agent.call("list_users")
        desk.wire.before = lambda request: (
            httpx2.Response(403) if request.url.path.endswith("approval-requests") else None
        )
        refused = await agent.call("request_approval", **arguments)
        desk.wire.before = lambda _: None
        done = await agent.call("request_approval", **arguments)
    assert refused.text.startswith("refused: Unthread does not let this server's key do this (403).")
    assert done.text.startswith("done: ")


# Followers


async def test_colleagues_and_groups_follow_and_leave(desk: Desk, era: Era) -> None:
    number, group = desk.find(EMAIL), one(desk, GROUP)
    async with desk.agent(era) as agent:
        added = await agent.call("add_follower", conversation=number, user="Mei Tanaka")
        again = await agent.call("add_follower", conversation=number, user="mei.tanaka@quayside.example")
        many = await agent.call("add_follower", conversation=number, group=group)
        assert entities(desk, "followers", number) == {user(desk, "Mei Tanaka"), group}
        removed = await agent.call("remove_follower", conversation=number, user="Mei Tanaka")
        gone = await agent.call("remove_follower", conversation=number, user="Mei Tanaka")
    assert added.text == f"done: Mei Tanaka now follows {number}."
    assert again.text == f"already_done: Mei Tanaka follows {number} already."
    assert many.text == f"done: group {group} now follows {number}."
    assert removed.text == f"done: Mei Tanaka now doesn't follow {number} any more."
    assert gone.text == f"already_done: Mei Tanaka doesn't follow {number} already."
    assert [each.body for each in desk.wire.writes] == [
        {"entityId": user(desk, "Mei Tanaka"), "entityType": "user"},
        {"entityId": group, "entityType": "group"},
        {"entityId": user(desk, "Mei Tanaka")},
    ]


@pytest.mark.parametrize("tool", ["add_follower", "remove_follower", "assign_collaborator"])
async def test_a_lost_answer_is_settled_by_reading_back(desk: Desk, tool: str) -> None:
    number = desk.find(EMAIL)
    arguments: dict[str, Any] = {"conversation": number, "user": "Mei Tanaka"}
    if tool == "assign_collaborator":
        arguments["collaborator_type"] = "technical_lead"
    async with desk.agent() as agent:
        if tool == "remove_follower":
            await agent.call("add_follower", **arguments)
        await agent.call("list_collaborator_types")
        losing(desk, taking_effect=False)
        unknown = await agent.call(tool, **arguments)
        losing(desk, taking_effect=True)
        done = await agent.call(tool, **arguments)
    assert unknown.text.startswith("unknown: ")
    assert done.text.startswith("done: ")
    assert "The answer got lost, but reading it back shows the change." in done


async def test_where_a_conversation_does_not_say_who_follows_it_is_written(desk: Desk) -> None:
    def silent(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method != "GET":
            return answer
        return httpx2.Response(200, json={"id": desk.id_of(number), "friendlyId": int(number[1:])})

    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        desk.wire.after = silent
        added = await agent.call("add_follower", conversation=number, user="Mei Tanaka")
        removed = await agent.call("remove_follower", conversation=number, user="Mei Tanaka")
    assert added.text.startswith("done: ")
    assert removed.text.startswith("done: ")
    assert len(desk.wire.writes) == 2


# Collaborators


@pytest.mark.parametrize("name", ["technical_lead", "Technical_Lead", "technical lead", "{id}"])
async def test_a_collaborator_is_assigned_by_the_types_key_name_or_id(desk: Desk, name: str) -> None:
    number = desk.find(EMAIL)
    kind = one(desk, "SELECT id FROM collaborator_types WHERE key = 'technical_lead'")
    async with desk.agent() as agent:
        said = await agent.call(
            "assign_collaborator",
            conversation=number,
            collaborator_type=name.format(id=kind),
            user="Mei Tanaka",
        )
    shown = kind if "{" in name else "Technical lead"
    assert said.text == f"done: Mei Tanaka is now {shown} of {number}."
    assert entities(desk, "collaborators", number) == {user(desk, "Mei Tanaka")}
    (sent,) = desk.wire.writes
    assert str(sent) == f"PUT /conversations/{desk.id_of(number)}/collaborators/{kind}"


async def test_who_was_it_before_is_named(desk: Desk) -> None:
    number = desk.number("angry")
    arguments = {"conversation": number, "collaborator_type": "account_manager"}
    async with desk.agent() as agent:
        taken = await agent.call("assign_collaborator", **arguments, user="Luis Ferreira")
        again = await agent.call("assign_collaborator", **arguments, user="Luis Ferreira")
    assert taken.text == f"done: Luis Ferreira is now Account manager of {number} (was Aisha Rahman)."
    assert again.text == f"already_done: Luis Ferreira is Account manager of {number} already."
    assert len(desk.wire.writes) == 1


async def test_types_are_listed_with_their_keys(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        said = await agent.call("list_collaborator_types")
    assert said.text.splitlines() == [
        "3 collaborator types",
        "key · name · description",
        "account_manager · Account manager · Speaks with the customer about contracts",
        "on_call · On-call engineer · -",
        "technical_lead · Technical lead · Knows the customer's set-up and joins for the hard questions",
    ]


async def test_a_type_that_there_is_not_is_refused_with_the_nearest(desk: Desk) -> None:
    number = desk.find(EMAIL)
    async with desk.agent() as agent:
        near = await agent.call("assign_collaborator", conversation=number, collaborator_type="Lead", user="Mei Tanaka")
        none = await agent.call("assign_collaborator", conversation=number, collaborator_type="zzz", user="Mei Tanaka")
    assert near.text.startswith("refused: No collaborator type is called 'Lead'. Similar: Technical lead (")
    assert none.text == (
        "refused: No collaborator type is called 'zzz'. list_collaborator_types lists the collaborator types."
    )
    assert desk.wire.writes == []


async def test_two_types_of_one_name_and_more_types_than_a_page_are_not_guessed_at(desk: Desk) -> None:
    rows = [{"id": f"t-{number}", "key": f"k{number}", "name": "Lead"} for number in (1, 2)]
    cursors: dict[str, Any] = {"hasNext": False}

    def before(request: httpx2.Request) -> httpx2.Response | None:
        if "collaborator-types" not in request.url.path:
            return None
        return httpx2.Response(200, json={"data": rows, "totalCount": 2, "cursors": cursors})

    arguments = {"conversation": desk.find(EMAIL), "user": "Mei Tanaka"}
    async with desk.agent() as agent:
        desk.wire.before = before
        several = await agent.call("assign_collaborator", **arguments, collaborator_type="lead")
        cursors |= {"hasNext": True, "next": "more"}
        many = await agent.call("assign_collaborator", **arguments, collaborator_type="Manager")
    assert several.text.startswith("refused: Several collaborator types are called 'lead'. Pass the id of one of them:")
    assert many.text.startswith("refused: More collaborator types have names like 'Manager' than could be looked")


# What all of them refuse


CALLS: dict[str, dict[str, Any]] = {
    "request_approval": {"title": "x"},
    "add_follower": {},
    "remove_follower": {},
    "assign_collaborator": {"collaborator_type": "on_call"},
}


@pytest.mark.parametrize("tool", CALLS)
async def test_somebody_has_to_be_named_and_not_two(desk: Desk, tool: str) -> None:
    who = "approver" if tool == "request_approval" else "user"
    arguments = {"conversation": desk.find(EMAIL), **CALLS[tool]}
    async with desk.agent() as agent:
        nobody = await agent.call(tool, **arguments)
        both = await agent.call(tool, **arguments, **{who: "Mei Tanaka"}, group="g-1")
        stranger = await agent.call(tool, **arguments, **{who: "Jonas"})
    assert nobody.text == f"refused: Neither {who} nor group was passed. Pass {who}, or the id of a group."
    assert both.text == f"refused: Both {who} and group were passed. Pass {who}, or the id of a group."
    assert "Jonas Weber" in stranger
    assert desk.wire.writes == []


@pytest.mark.parametrize("tool", CALLS)
async def test_conversations_of_customers_who_are_not_allowed_are_left_alone(desk: Desk, tool: str) -> None:
    number = desk.find(f"{EMAIL} AND c.customerId IS NOT NULL")
    other = one(
        desk,
        "SELECT id FROM customers WHERE id <> (SELECT customerId FROM conversations WHERE id = ?)",
        desk.id_of(number),
    )
    who = {"approver" if tool == "request_approval" else "user": "Mei Tanaka"}
    async with desk.agent(server=desk.new_server(UNTHREAD_ALLOWED_CUSTOMERS=other)) as agent:
        said = await agent.call(tool, conversation=number, **CALLS[tool], **who)
    assert said.text.startswith("refused: The operator allows writing only for certain customers")
    assert desk.wire.writes == []


@pytest.mark.parametrize("tool", CALLS)
async def test_somebody_given_by_id_is_answered_by_name(desk: Desk, tool: str) -> None:
    who = {"approver" if tool == "request_approval" else "user": user(desk, "Mei Tanaka")}
    async with desk.agent() as agent:
        said = await agent.call(tool, conversation=desk.find(EMAIL), **CALLS[tool], **who)
    assert "Mei Tanaka" in said


@pytest.mark.parametrize("group", ["../users", "a/b", "g 1", "g\n1", "", "x" * 65, "g%2F1", "."])
@pytest.mark.parametrize("tool", CALLS)
async def test_what_is_no_id_is_no_group(desk: Desk, tool: str, group: str) -> None:
    async with desk.agent() as agent:
        said = await agent.call(tool, conversation=desk.find(EMAIL), group=group, **CALLS[tool])
    assert said.failed
    assert desk.wire.sent == []
