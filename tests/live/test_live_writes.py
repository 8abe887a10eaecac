"""What becomes of what is written, tried on conversations, tags and customers that the tests make themselves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.conftest import Api

pytestmark = pytest.mark.anyio

Object = dict[str, Any]


async def test_a_conversation_among_the_team_is_of_the_source_triage(conversation: Object) -> None:
    assert conversation["sourceType"] == "triage"
    assert conversation["triageMessages"]
    assert isinstance(conversation["friendlyId"], int)


async def test_a_change_answers_with_just_what_was_selected(api: Api, conversation: Object) -> None:
    path = f"/conversations/{conversation['id']}"
    changed = await api.ok("PATCH", path, {"priority": 3}, select="id,friendlyId,priority")
    assert changed == {"id": conversation["id"], "friendlyId": conversation["friendlyId"], "priority": 3}


async def test_null_empties(api: Api, conversation: Object) -> None:
    path = f"/conversations/{conversation['id']}"
    await api.ok("PATCH", path, {"priority": 9})
    assert (await api.ok("PATCH", path, {"priority": None}))["priority"] is None


async def test_writing_metadata_replaces_all_of_it(api: Api, conversation: Object) -> None:
    path = f"/conversations/{conversation['id']}"
    await api.ok("PATCH", path, {"metadata": {"first": "1", "second": "2"}})
    await api.ok("PATCH", path, {"metadata": {"second": "3"}})
    assert (await api.ok("GET", path))["metadata"] == {"second": "3"}


async def test_writing_ticket_type_fields_replaces_all_of_them(api: Api, conversation: Object) -> None:
    for ticket_type in await api.rows("/ticket-types", limit=100):
        fields = [each for each in ticket_type["fields"] if each["type"] in {"short-answer", "long-answer"}]
        if len(ticket_type["fields"]) > 1 and fields:
            break
    else:
        pytest.skip("no ticket type has two fields, one of them for text")
    path = f"/conversations/{conversation['id']}"
    one, other = fields[0]["id"], next(each["id"] for each in ticket_type["fields"] if each["id"] != fields[0]["id"])
    await api.ok("PATCH", path, {"ticketTypeId": ticket_type["id"], "ticketTypeFields": {one: "x", other: "y"}})
    await api.ok("PATCH", path, {"ticketTypeFields": {one: "z"}})
    assert (await api.ok("GET", path))["ticketTypeFields"] == {one: "z"}


async def test_notes_and_the_exclusion_from_analytics_are_taken_and_not_returned(
    api: Api, conversation: Object
) -> None:
    path = f"/conversations/{conversation['id']}"
    changed = await api.ok("PATCH", path, {"notes": "Checked.", "excludeAnalytics": True})
    assert not {"notes", "excludeAnalytics", "submitterUserId"} & (changed.keys() | (await api.ok("GET", path)).keys())


async def test_closing_and_reopening_set_and_clear_the_time_and_every_write_moves_updated_at(
    api: Api, conversation: Object
) -> None:
    path = f"/conversations/{conversation['id']}"
    closed = await api.ok("PATCH", path, {"status": "closed"})
    opened = await api.ok("PATCH", path, {"status": "open"})
    assert closed["closedAt"]
    assert opened["closedAt"] is None
    assert conversation["updatedAt"] <= closed["updatedAt"] <= opened["updatedAt"]


async def test_a_message_in_the_triage_thread_is_shown_by_no_list(api: Api, conversation: Object) -> None:
    path = f"/conversations/{conversation['id']}"
    thread = conversation["triageMessages"][0]["ts"]
    said = {"body": {"type": "markdown", "value": "Looked into it."}, "triageThreadTs": thread}
    sent = await api.ok("POST", f"{path}/messages", said)
    assert sent["ts"]
    shown = [each["text"] for each in await api.rows(f"{path}/messages", limit=100)]
    assert "Looked into it." not in shown
    assert "Looked into it." not in [each["text"] for each in (await api.ok("GET", path))["triageMessages"]]


async def test_a_thread_that_is_none_of_the_conversation_is_a_400(api: Api, conversation: Object) -> None:
    said = {"body": {"type": "markdown", "value": "x"}, "triageThreadTs": "1.000001"}
    assert (await api.send("POST", f"/conversations/{conversation['id']}/messages", said)).status == 400


@pytest.mark.parametrize("body", [{}, {"isPrivateNote": True}, {"body": {"type": "text", "value": "x"}}])
async def test_a_message_of_nothing_or_of_an_unknown_kind_is_a_400(
    api: Api, conversation: Object, body: Object
) -> None:
    assert (await api.send("POST", f"/conversations/{conversation['id']}/messages", body)).status == 400


@pytest.mark.parametrize(
    "body", [{"surprise": 1}, {"priority": 4}, {"status": "resolved"}, {"assignedToUserId": 7}, {"wakeUpAt": "soon"}]
)
async def test_a_change_to_what_is_not_allowed_is_a_400(api: Api, conversation: Object, body: Object) -> None:
    assert (await api.send("PATCH", f"/conversations/{conversation['id']}", body)).status == 400


async def test_tagging_twice_is_tagging_once_and_a_link_may_be_removed_that_is_not_there(
    api: Api, conversation: Object, tag: Object
) -> None:
    path, links = f"/conversations/{conversation['id']}", f"/tags/{tag['id']}/conversations"
    for _ in range(2):
        await api.ok("POST", f"{links}/create-links", [conversation["id"]])
    assert [each["name"] for each in (await api.ok("GET", path))["tags"]] == [tag["name"]]
    for _ in range(2):
        await api.ok("POST", f"{links}/delete-links", [conversation["id"]])
    assert (await api.ok("GET", path))["tags"] == []


async def test_a_tag_is_renamed_deleted_with_an_empty_204_and_gone(api: Api, tag: Object) -> None:
    path = f"/tags/{tag['id']}"
    assert (await api.ok("PATCH", path, {"name": f"{tag['name']} 2"}))["name"] == f"{tag['name']} 2"
    assert await api.send("DELETE", path) == (204, None)
    assert (await api.send("GET", path)).status == 400
    assert (await api.send("DELETE", path)).status == 400


async def test_a_customer_s_reply_time_is_written_in_hours_and_read_in_minutes(api: Api, customer: Object) -> None:
    path = f"/customers/{customer['id']}"
    changed = await api.ok("PATCH", path, {"replyTimeoutHours": 4, "emailDomains": ["live-test.example"]})
    assert changed["replyTimeoutMinutes"] == 240
    assert "replyTimeoutHours" not in changed
    assert changed["emailDomains"] == ["live-test.example"]
    where = [{"field": "emailDomains", "operator": "contains", "value": "live-test.example"}]
    assert customer["id"] in [each["id"] for each in await api.rows("/customers", where=where)]


async def test_two_customers_may_have_one_name(api: Api, customer: Object) -> None:
    second = await api.ok("POST", "/customers", {"name": customer["name"]})
    assert second["id"] != customer["id"]
    await api.ok("DELETE", f"/customers/{second['id']}")


async def test_a_customer_carries_tags_and_leaves_conversations_behind_when_deleted(
    api: Api, conversation: Object, customer: Object, tag: Object
) -> None:
    path = f"/conversations/{conversation['id']}"
    await api.ok("POST", f"/tags/{tag['id']}/customers/create-links", [customer["id"]])
    assert [each["id"] for each in (await api.ok("GET", f"/customers/{customer['id']}"))["tags"]] == [tag["id"]]
    assert (await api.ok("PATCH", path, {"customerId": customer["id"]}))["customerId"] == customer["id"]
    await api.ok("DELETE", f"/customers/{customer['id']}")
    assert (await api.ok("GET", path))["customerId"] is None


async def test_a_file_comes_back_byte_for_byte(api: Api, conversation: Object) -> None:
    path = f"/conversations/{conversation['id']}"
    content = bytes(range(256))
    await api.attach(f"{path}/messages", {"markdown": "A file."}, "bytes.bin", content)
    whole = await api.ok("GET", path)
    (sent,) = [each for each in whole["files"] if each["name"] == "bytes.bin"]
    assert sent.keys() >= {"id", "name", "size", "filetype", "mimetype"}
    assert sent["size"] == len(content)
    assert await api.download(f"{path}/files/{sent['id']}/full") == content


async def test_a_file_that_is_none_of_the_conversation_is_a_404(api: Api, conversation: Object) -> None:
    assert (await api.send("GET", f"/conversations/{conversation['id']}/files/no-such-file/full")).status == 404
