"""The reference as the tests have it: the same endpoints as the code's, closed where the text speaks, and strict."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast

import httpx2
import pytest
from jsonschema import Draft202012Validator

from tests.reference.checker import ENTRIES, OBJECTS, REFERENCE, WRONG_REQUESTS, Request, is_known
from tests.support import Desk
from unthread_mcp.api.client import Upload
from unthread_mcp.api.endpoints import CREATE_MESSAGE, ENDPOINTS, GET_TAG
from unthread_mcp.fields import VOCABULARIES

BODIES: dict[str, Any] = REFERENCE["$defs"]


def object_of(vocabulary: str) -> str:
    """The reference's object that one of our vocabularies is for."""
    camel = "".join(word.capitalize() for word in vocabulary.split("_"))
    return {"Approval": "ApprovalRequest"}.get(camel, camel)


def test_it_has_the_56_endpoints_of_the_code_with_the_same_method_path_and_source() -> None:
    assert len(ENTRIES) == 56

    def without_names(path: str) -> str:
        return re.sub(r"\{\w+\}|:\w+", "*", path)

    ours = {name: (each.method, without_names(each.path), each.source) for name, each in ENDPOINTS.items()}
    theirs = {
        name: (each["method"] or "", without_names(each["path"] or ""), each["source"])
        for name, each in ENTRIES.items()
    }
    assert ours == theirs


def test_what_changes_nothing_and_what_creates_take_what_they_should() -> None:
    for name, entry in ENTRIES.items():
        effect = ENDPOINTS[name].effect
        assert ("body" in entry) == (entry["method"] not in {"GET", "DELETE"}), name
        if "lists" in entry:
            assert effect == "reads"
        if "select" in entry:
            assert effect in {"creates", "changes"}


def objects_below(schema: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of an object or an array, with where it stands."""
    if isinstance(schema, dict):
        node = cast("dict[str, Any]", schema)
        kinds = node.get("type", "")
        if any(kind in kinds for kind in ("object", "array")):
            yield place, node
        for name, below in node.items():
            yield from objects_below(below, f"{place}.{name}")
    elif isinstance(schema, list):
        for index, below in enumerate(cast("list[Any]", schema)):
            yield from objects_below(below, f"{place}.{index}")


def test_every_body_is_a_schema_that_is_closed_or_says_why_it_is_open() -> None:
    assert {entry["body"] for entry in ENTRIES.values() if "body" in entry} <= BODIES.keys()
    for name, schema in BODIES.items():
        Draft202012Validator.check_schema(schema)
        for place, node in objects_below(schema, name):
            if "object" in node.get("type", "") and "open" not in node:
                assert "additionalProperties" in node, place
                assert node["additionalProperties"] is not True, place
            if node.get("type") == "array" and "open" not in node and place != "Where.then.properties.value":
                assert "items" in node, place


def test_select_and_lists_name_objects_that_are_described() -> None:
    for name, entry in ENTRIES.items():
        for place in ("select", "lists"):
            assert entry.get(place, "Tag") in OBJECTS, name
    for each in OBJECTS.values():
        kinds = {*each["fields"].values(), *each["observed"].values()}
        assert kinds <= {"text", "number", "boolean", "time", "map", *OBJECTS}


@pytest.mark.parametrize("name", VOCABULARIES)
def test_what_our_vocabularies_call_documented_stands_in_the_reference(name: str) -> None:
    vocabulary, owner = VOCABULARIES[name], object_of(name)
    assert [each for each in sorted(vocabulary.documented) if not is_known(owner, each)] == []
    assert [each for each in sorted(vocabulary.observed) if not is_known(owner, each)] == []
    claimed = [each for each in sorted(vocabulary.documented) if not is_known(owner, each, documented=True)]
    assert claimed == [], "observed, not documented"


# What is wrong is found out.

HEADERS = {"X-Api-Key": "k-1", "User-Agent": "unthread-mcp/1.0", "Accept": "application/json"}
JSON = {**HEADERS, "Content-Type": "application/json"}
ID = "0476bfd0-0c3f-4dfb-b462-d75a4a6908e1"
MESSAGE: dict[str, Any] = {"body": {"type": "markdown", "value": "Hello"}}
EMAIL: dict[str, Any] = {"type": "email", "markdown": "Hi", "status": "open", "emailInboxId": "inbox"}


def problems(
    method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, content: bytes | None = None
) -> list[str]:
    sent = content if content is not None else b"" if body is None else json.dumps(body).encode()
    shown = headers if headers is not None else JSON if sent else HEADERS
    request = httpx2.Request(method, f"https://api.unthread.io/api{path}", content=sent, headers=shown)
    return Request(request, sent).checked().problems


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/tags/{ID}", None),
        ("DELETE", f"/tags/{ID}", None),
        ("POST", "/tags/list", {}),
        ("POST", "/tags/list", {"select": ["id"], "order": ["name", "id"], "limit": 100, "descending": False}),
        ("POST", "/accounts/list", {"select": ["primarySupportAssignee.name", "slackChannels.archivedAt"]}),
        ("POST", "/users/list", {"includeExternalUsers": True}),
        ("POST", "/conversations/list", {"where": [{"field": "tags.id", "operator": "in", "value": [ID]}]}),
        ("POST", "/conversations/list", {"select": ["ticketTypeFields.a-1", "customer.tags.name"]}),
        ("PATCH", f"/conversations/{ID}?select=id,tags.name", {"status": "closed"}),
        ("PATCH", f"/conversations/{ID}", {"assignedToUserId": None, "priority": None}),
        ("POST", f"/tags/{ID}/conversations/create-links", [ID]),
        ("POST", f"/conversations/{ID}/messages", MESSAGE),
        ("POST", "/conversations", {**EMAIL, "onBehalfOf": {"email": "a@b.example"}}),
        ("POST", "/automations", {"name": "x", "trigger": {"type": "event", "data": {"a": 1}}, "steps": []}),
    ],
)
def test_a_right_request_is_right(method: str, path: str, body: Any) -> None:
    assert problems(method, path, body) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("PUT", f"/tags/{ID}", {"name": "x"}, f"/api/tags/{ID} takes no PUT"),
        ("GET", "/tags/list", None, "/api/tags/list takes no GET"),
        ("GET", "/nothing", None, "there is no path /api/nothing"),
        ("GET", f"/tags/{ID}/", None, f"there is no path /api/tags/{ID}/"),
        ("GET", "/tags/a%20b", None, "tagId is 'a%20b', which is no id"),
        ("GET", f"/tags/{ID}?limit=1", None, "the query takes no limit"),
        ("GET", f"/tags/{ID}?select=id", None, "the query takes no select"),
        ("PATCH", f"/tags/{ID}?select=id,nmae", {"name": "x"}, "select names 'nmae', which no Tag has"),
        ("POST", "/tags/list", {"select": ["nmae"]}, "select names 'nmae', which no Tag has"),
        ("POST", "/tags/list", {"order": ["customer.name"]}, "order names 'customer.name', which no Tag has"),
        (
            "POST",
            "/accounts/list",
            {"where": [{"field": "status", "operator": "==", "value": "x"}]},
            "where names 'status', which no Account has",
        ),
        ("POST", "/tags/list", {"offset": 1}, "'offset' was unexpected"),
        ("POST", "/tags/list", {"includeExternalUsers": True}, "'includeExternalUsers' was unexpected"),
        ("POST", "/tags/list", {"limit": 101}, "limit: 101 is greater than"),
        ("POST", "/tags/list", {"limit": "5"}, "limit: '5' is not of type 'integer'"),
        ("POST", "/tags/list", {"descending": 1}, "descending: 1 is not of type 'boolean'"),
        ("POST", "/tags/list", {"where": [{"field": "id", "operator": ">=", "value": "x"}]}, "where.0.operator"),
        ("POST", "/tags/list", {"where": [{"field": "id", "operator": "==", "value": ["x"]}]}, "where.0.value"),
        ("POST", "/tags/list", {"where": [{"field": "id", "operator": "in", "value": "x"}]}, "where.0.value"),
        ("POST", "/tags/list", {"where": [{"field": "id", "operator": "==", "value": None}]}, "where.0.value"),
        ("POST", "/tags", {}, "'name' is a required property"),
        ("POST", "/tags", {"name": " "}, "name: ' ' does not match"),
        ("POST", "/tags", {"name": "x", "colour": "red"}, "'colour' was unexpected"),
        ("POST", f"/tags/{ID}/customers/create-links", {"ids": [ID]}, "is not of type 'array'"),
        ("POST", f"/tags/{ID}/customers/delete-links", [1], "0: 1 is not of type 'string'"),
        ("PATCH", f"/conversations/{ID}", {}, "should be non-empty"),
        ("PATCH", f"/conversations/{ID}", {"priority": 4}, "priority: 4 is not one of"),
        ("PATCH", f"/conversations/{ID}", {"wakeUpAt": "tomorrow"}, "wakeUpAt: 'tomorrow' is not valid"),
        ("PATCH", f"/conversations/{ID}", {"metadata": {"a": 1}}, "metadata.a: 1 is not of type 'string'"),
        ("POST", f"/conversations/{ID}/messages", {"isPrivateNote": True}, "is not valid under any"),
        ("POST", f"/conversations/{ID}/messages", {"body": {"type": "text", "value": "x"}}, "body.type"),
        ("POST", "/conversations", {"type": "triage", "markdown": "x", "status": "open"}, "'triageChannelId' is a req"),
        ("POST", "/conversations", EMAIL, "'onBehalfOf' is a required property"),
        ("POST", "/conversations", {**EMAIL, "onBehalfOf": {"name": "x"}}, "onBehalfOf: "),
        ("POST", "/accounts", {"customFields": []}, "'name' is a required property"),
        ("PUT", f"/conversations/{ID}/collaborators/a", {"entityId": "u", "entityType": "team"}, "entityType"),
        ("POST", "/customers", {"name": "x", "channelTopic": "x" * 251}, "channelTopic: "),
        ("PATCH", "/customers/c1", {"replyTimeoutMinutes": 5}, "'replyTimeoutMinutes' was unexpected"),
        ("POST", "/reporting/time-series", {"startDate": "2026-1-1", "endDate": "2026-01-02"}, "startDate"),
        ("POST", "/webhook-subscriptions", {"url": "ftp://x"}, "url: "),
        ("GET", f"/tags/{ID}", {"a": 1}, "it takes no body and no Content-Type"),
        ("POST", "/tags/list", None, "the Content-Type is None"),
    ],
)
def test_a_wrong_request_is_found_out(method: str, path: str, body: Any, said: str) -> None:
    found = problems(method, path, body)
    assert any(said in each for each in found), found


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"X-Api-Key": ""}, "the header X-Api-Key is wrong"),
        ({"X-Api-Key": "Bearer k-1"}, "the header X-Api-Key is wrong"),
        ({"User-Agent": "python-httpx/0.28"}, "the header User-Agent is wrong"),
        ({"Accept": "*/*"}, "the header Accept is wrong"),
        ({"Authorization": "Bearer k-1"}, "the header Authorization is not of this API"),
        ({"Content-Type": "text/plain"}, "the Content-Type is text/plain"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, "the Content-Type is multipart"),
    ],
)
def test_a_wrong_header_is_found_out(headers: dict[str, str], said: str) -> None:
    assert said in "\n".join(problems("POST", "/tags", {"name": "x"}, headers={**JSON, **headers}))


def test_a_body_that_is_no_json_is_found_out() -> None:
    assert problems("POST", "/tags", content=b"{name: x}") == ["the body is no JSON"]


def form(*parts: tuple[str, str, str], payload: dict[str, Any] | None = MESSAGE) -> list[str]:
    """The problems of a form with these parts: field, file name and media type, beside the payload."""
    texts = [] if payload is None else [("json", "", "")]
    content = b""
    for field, file_name, kind in [*texts, *parts]:
        named = f'; filename="{file_name}"' if file_name else ""
        typed = f"\r\nContent-Type: {kind}" if kind else ""
        data = json.dumps(payload) if field == "json" else "bytes"
        content += f'--x\r\nContent-Disposition: form-data; name="{field}"{named}{typed}\r\n\r\n{data}\r\n'.encode()
    headers = {**HEADERS, "Content-Type": "multipart/form-data; boundary=x"}
    return problems("POST", f"/conversations/{ID}/messages", headers=headers, content=content + b"--x--\r\n")


def test_a_wrong_part_of_a_form_is_found_out() -> None:
    file = ("attachments", "a.png", "image/png")
    assert form(file) == []
    assert form(*[file] * 10) == []
    assert form(*[file] * 11) == ["the form has 11 files"]
    assert form() == ["the form has 0 files"]
    assert "the form has a part 'files'" in form(file, ("files", "a.png", "image/png"))
    assert "the form has a part 'payload_json'" in form(file, ("payload_json", "", ""))
    assert "the body is no JSON" in form(file, payload=None)
    assert "the form has 1 fields json, or a file in it" in form(file, ("json", "a.json", ""), payload=None)
    assert form(("attachments", "a.png", "")) == ["a file has no name or no Content-Type"]
    assert "isNote" in "".join(form(file, payload={**MESSAGE, "isNote": True}))


def test_a_file_larger_than_20_mb_is_found_out() -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="attachments"; filename="a"\r\nContent-Type: a/b\r\n\r\n'
    payload = b'--x\r\nContent-Disposition: form-data; name="json"\r\n\r\n{"markdown":"x"}\r\n'
    headers = {**HEADERS, "Content-Type": "multipart/form-data; boundary=x"}
    for size, found in ((20 * 2**20, []), (20 * 2**20 + 1, ["a file is too large"])):
        content = payload + head + bytes(size) + b"\r\n--x--\r\n"
        assert problems("POST", "/conversations/a/messages", headers=headers, content=content) == found


def test_the_endpoint_without_a_path_is_where_the_operator_says() -> None:
    body = json.dumps({"email": "a@b.example", "slackHandle": "team"}).encode()
    request = httpx2.Request("PATCH", "https://api.unthread.io/api/slack/user-group", content=body, headers=JSON)
    assert Request(request, body).checked().problems == ["there is no path /api/slack/user-group"]
    assert Request(request, body, "PATCH /slack/user-group").checked() == ("UPDATE_SLACK_USER_GROUP", [])


@pytest.mark.anyio
async def test_what_the_client_sends_is_right_and_a_wrong_request_on_the_wire_is_remembered() -> None:
    desk = Desk()
    client = desk.server.workspace.client
    ids = {"conversation_id": desk.id_of(desk.find("c.sourceType = 'email'"))}
    await client.write(
        CREATE_MESSAGE, ids, body=MESSAGE, select=["ts"], files=[Upload('a "b".png', b"\r\n--", "image/png")]
    )
    assert WRONG_REQUESTS == []
    await client.write(CREATE_MESSAGE, ids, body={**MESSAGE, "isPrivateNote": True}, select=["id"])
    assert [each.endpoint for each in desk.wire.sent] == ["CREATE_MESSAGE"] * 2
    (tag,) = desk.sandbox.database.execute("SELECT id FROM tags").fetchone()
    await client.read(GET_TAG, {"tag_id": tag}, query={"select": "name"})
    assert [f"GET /tags/{tag}: the query takes no select"] == WRONG_REQUESTS
    WRONG_REQUESTS.clear()
    desk.sandbox.close()
