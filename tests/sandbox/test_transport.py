"""What stands before the handlers: the key, the route, the body, the error format."""

from __future__ import annotations

import json

import httpx2
import pytest

from tests.sandbox.conftest import Api, Clock
from unthread_mcp.api.endpoints import ENDPOINTS, GET_TAG, LIST_TAGS
from unthread_mcp.sandbox import SANDBOX_KEY, Sandbox
from unthread_mcp.sandbox.calls import HANDLERS, Upload, answers
from unthread_mcp.sandbox.tags import get_tag

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("key", ["", "wrong", f"Bearer {SANDBOX_KEY}"])
async def test_a_request_without_the_bare_key_is_answered_with_401(empty: Sandbox, key: str) -> None:
    headers = {"X-Api-Key": key} if key else {}
    async with httpx2.AsyncClient(transport=empty.transport, headers=headers) as client:
        response = await client.post("https://api.unthread.io/api/tags/list", json={})
    assert response.status_code == 401
    assert response.json()["errors"][0]["title"] == "Unauthorized"


@pytest.mark.parametrize(
    "url",
    [
        "https://api.unthread.io/api/tags/list",
        "https://acme.unthread.io/api/tags/list",
        "http://127.0.0.1:8080/behind/a/proxy/api/tags/list",
    ],
)
async def test_any_host_and_any_prefix_before_api_will_do(bare: Api, url: str) -> None:
    assert (await bare.client.post(url, json={})).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/conversations"),
        ("POST", "/nothing/list"),
        ("DELETE", "/conversations/1"),
        ("GET", "/tags/1/2/3/4"),
        ("GET", ""),
    ],
)
async def test_an_unknown_route_is_answered_as_unthread_does(bare: Api, method: str, path: str) -> None:
    response = await bare.client.request(method, f"https://api.unthread.io/api{path}")
    assert response.status_code == 404
    assert response.json() == {"errors": [{"status": 404, "title": "Not found."}]}


def test_every_endpoint_with_a_path_is_imitated() -> None:
    assert [name for name, endpoint in ENDPOINTS.items() if endpoint.path and endpoint not in HANDLERS] == []


def test_an_endpoint_has_one_handler() -> None:
    with pytest.raises(ValueError, match="already has a handler"):
        answers(GET_TAG)(get_tag)
    assert HANDLERS[GET_TAG] is get_tag
    assert HANDLERS[LIST_TAGS] is not get_tag


@pytest.mark.parametrize("content", [b"{", b"nonsense", b"[" * 100_000, b"\xff\xfe", b"NaN", b'{"a": -Infinity}'])
async def test_a_body_that_is_no_json_is_refused(bare: Api, content: bytes) -> None:
    response = await bare.client.post("/tags/list", content=content)
    assert response.status_code == 400
    assert response.json()["errors"][0]["title"] == "Invalid JSON"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/conversations/list", rb'{"where": [{"field": "title", "operator": "==", "value": "\ud800"}]}'),
        ("/conversations/list", rb'{"where": [{"field": "title", "operator": "contains", "value": "\ud800"}]}'),
        ("/conversations/list", b'{"where": [{"field": "priority", "operator": ">", "value": 1e400}]}'),
        (
            "/conversations/list",
            b'{"where": [{"field": "friendlyId", "operator": "==", "value": 99999999999999999999}]}',
        ),
        ("/conversations", rb'{"type": "slack", "markdown": "x", "status": "open", "customerId": "\ud800"}'),
        ("/knowledge-base/query", rb'{"query": "certificates \ud800 renewal"}'),
    ],
)
async def test_odd_values_are_refused_or_found_nowhere(api: Api, path: str, content: bytes) -> None:
    response = await api.client.post(path, content=content)
    assert response.status_code in {200, 400}
    if response.status_code == 200:
        assert not response.json().get("data")
    else:
        assert response.json()["errors"][0]["title"] == "Invalid value"


async def test_a_list_needs_no_body(bare: Api) -> None:
    assert await bare.ok("POST", "/tags/list") == {
        "data": [],
        "totalCount": 0,
        "cursors": {"hasNext": False, "hasPrevious": False},
    }


async def test_a_list_takes_no_array_for_a_body(bare: Api) -> None:
    assert await bare.refused("POST", "/tags/list", []) == '"body" must be an object'


async def test_refusals_bear_an_opaque_number_that_stays_the_same(bare: Api) -> None:
    response = await bare.client.patch("/conversations/nope", json={"title": "x"})
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert (error["status"], error["title"]) == (400, "Conversation not found")
    assert isinstance(error["id"], int)
    assert (await bare.client.patch("/conversations/nope", json={"title": "x"})).json()["errors"] == [error]


async def test_an_id_with_an_escaped_slash_stays_one_id(bare: Api) -> None:
    assert await bare.refused("GET", "/tags/a%2Fb") == "Tag not found"


async def test_a_refused_write_leaves_nothing_behind(sandbox: Sandbox, api: Api) -> None:
    before = list(sandbox.database.iterdump())
    some = (await api.ids("/conversations", limit=1))[0]
    tag = (await api.ids("/tags", limit=1))[0]
    await api.refused("POST", f"/tags/{tag}/conversations/create-links", [some, "nope"])
    await api.refused("POST", "/customers", {"name": "New", "createChannel": True, "tagIds": ["nope"]})
    assert list(sandbox.database.iterdump()) == before


async def test_what_only_reads_leaves_the_database_as_it_is(sandbox: Sandbox, api: Api) -> None:
    before = list(sandbox.database.iterdump())
    some = (await api.ids("/conversations", limit=1))[0]
    await api.ok("GET", f"/conversations/{some}")
    await api.listed(f"/conversations/{some}/messages")
    for path in ("/conversations", "/customers", "/users", "/tags", "/ticket-types", "/knowledge-base/articles"):
        await api.listed(path)
    await api.ok("POST", "/knowledge-base/query", {"query": "certificate renewal"})
    await api.ok(
        "POST", "/reporting/time-series", {"startDate": "2025-01-01", "endDate": "2025-02-01", "metric": "totalCount"}
    )
    assert list(sandbox.database.iterdump()) == before


async def test_closing_a_client_leaves_the_workspace_open(empty: Sandbox) -> None:
    for _ in range(2):
        async with httpx2.AsyncClient(transport=empty.transport, headers={"X-Api-Key": SANDBOX_KEY}) as client:
            assert (await client.post("https://x/api/tags/list")).status_code == 200


async def test_the_key_can_be_chosen() -> None:
    with Sandbox(seeded=False, key="another") as sandbox:
        async with httpx2.AsyncClient(transport=sandbox.transport, headers={"x-api-key": "another"}) as client:
            assert (await client.post("https://x/api/tags/list")).status_code == 200


async def test_lone_surrogates_come_out_as_json_escapes_and_nothing_else_changes(sandbox: Sandbox, api: Api) -> None:
    odd = "cut \ud83d emoji, NUL \x00, bidi \u202e, tag \U000e0041, \u2028 and \x7f"
    conversation = sandbox.landmark("arabic")
    ts = sandbox.customer_writes(conversation, odd)
    response = await api.client.post(f"/conversations/{conversation}/messages/list", json={"limit": 1})
    assert b"\\ud83d" in response.content
    assert json.loads(response.content)["data"][0]["text"] == odd
    assert json.loads(response.content)["data"][0]["ts"] == ts
    await api.client.patch(f"/conversations/{conversation}", content=rb'{"title": "half \udc00"}')
    assert (await api.ok("GET", f"/conversations/{conversation}", None))["title"] == "half \udc00"


class TestUploads:
    async def test_files_come_with_the_json_in_a_form(self, sandbox: Sandbox, api: Api) -> None:
        conversation = sandbox.landmark("html-mail")
        response = await api.client.post(
            f"/conversations/{conversation}/messages",
            data={"json": json.dumps({"body": {"type": "markdown", "value": "See the file."}})},
            files=[("attachments", ("notes.TXT", b"--x\r\n\r\nbinary\x00\xff", "text/plain")), ("attachments", b"raw")],
        )
        assert response.status_code == 200, response.text
        first, second = response.json()["files"]
        assert first.pop("id") != second.pop("id")
        assert first == {"name": "notes.TXT", "size": 15, "filetype": "txt", "mimetype": "text/plain"}
        assert (second["size"], second["name"]) == (3, "upload")
        files = (await api.ok("GET", f"/conversations/{conversation}"))["files"]
        assert [file["name"] for file in files] == ["notes.TXT", "upload"]

    async def test_what_came_in_goes_out_byte_for_byte_with_its_type(self, sandbox: Sandbox, api: Api) -> None:
        conversation, content = sandbox.landmark("html-mail"), bytes(range(256)) * 3 + b"\r\n"
        sent = await api.client.post(
            f"/conversations/{conversation}/messages",
            data={"json": json.dumps({"markdown": "See the file."})},
            files=[
                ("attachments", ("Größe.bin", content, "image/x-odd")),
                ("attachments", ("empty", b"", "text/plain")),
            ],
        )
        first, empty = sent.json()["files"]
        assert (first["name"], first["mimetype"], empty["size"]) == ("Größe.bin", "image/x-odd", 0)
        url = f"/conversations/{conversation}/files/{first['id']}/full"
        got = await api.client.get(url)
        assert (got.status_code, got.content, got.headers["content-type"]) == (200, content, "image/x-odd")
        assert (await api.client.get(f"/conversations/{conversation}/files/{empty['id']}/full")).content == b""
        elsewhere = url.replace(conversation, sandbox.landmark("angry"))
        for wrong in (elsewhere, f"/conversations/{conversation}/files/none/full"):
            assert await api.refused("GET", wrong, status=404) == "Not found."

    async def test_a_file_can_be_held_back_for_a_while(self, sandbox: Sandbox, api: Api, clock: Clock) -> None:
        conversation = sandbox.landmark("many-files")
        file = (await api.ok("GET", f"/conversations/{conversation}"))["files"][0]
        url = f"/conversations/{conversation}/files/{file['id']}/full"
        sandbox.delay_file(file["id"], 3)
        assert await api.refused("GET", url, status=404) == "Not found."
        clock.forward(seconds=3)
        assert (await api.client.get(url)).status_code == 200
        with pytest.raises(LookupError):
            sandbox.delay_file("none", 1)

    async def test_a_new_conversation_may_carry_files(self, api: Api) -> None:
        sent = await api.client.post(
            "/conversations",
            data={"json": json.dumps({"type": "slack", "markdown": "See the file.", "status": "open"})},
            files=[("attachments", ("plan.txt", b"first, second", "text/plain"))],
        )
        (file,) = sent.json()["files"]
        got = await api.client.get(f"/conversations/{sent.json()['id']}/files/{file['id']}/full")
        assert got.content == b"first, second"

    async def test_customers_attach_files_too(self, sandbox: Sandbox, api: Api) -> None:
        conversation = sandbox.landmark("angry")
        sandbox.customer_writes(conversation, "Look at this!", files=[Upload("log.txt", "text/plain", b"it broke")])
        (file,) = (await api.ok("GET", f"/conversations/{conversation}"))["files"]
        got = await api.client.get(f"/conversations/{conversation}/files/{file['id']}/full")
        assert got.content == b"it broke"

    async def test_what_is_no_proper_form_is_refused(self, sandbox: Sandbox, api: Api) -> None:
        url = f"/conversations/{sandbox.landmark('html-mail')}/messages"
        no_json = await api.client.post(url, files=[("attachments", b"x")])
        other = await api.client.post(url, data={"json": "{}"}, files=[("file", b"x")])
        no_boundary = await api.client.post(url, content=b"x", headers={"content-type": "multipart/form-data"})
        many = await api.client.post(
            url, data={"json": '{"markdown": "x"}'}, files=[("attachments", b"x") for _ in range(11)]
        )
        large = await api.client.post(
            url, data={"json": '{"markdown": "x"}'}, files=[("attachments", bytes(20 * 1024 * 1024 + 1))]
        )
        responses = (no_json, other, no_boundary, many, large)
        titles = [response.json()["errors"][0]["title"] for response in responses]
        assert titles == [
            'The form has no "json" field',
            "Unexpected field file",
            "The form has no boundary",
            *["Too many or too large attachments"] * 2,
        ]
