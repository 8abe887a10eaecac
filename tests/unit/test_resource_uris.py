"""Resources by their URIs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from workspace_stubs import Answer, Asked, StubClient, page, workspace_on

from unthread_mcp.api.endpoints import (
    GET_ARTICLE,
    GET_CONVERSATION,
    GET_CUSTOMER,
    LIST_CONVERSATIONS,
    LIST_CUSTOMERS,
    LIST_MESSAGES,
)
from unthread_mcp.api.errors import NotFound, Unavailable
from unthread_mcp.fields import VOCABULARIES
from unthread_mcp.resources import OPEN, listed_resources, listed_templates, read

pytestmark = pytest.mark.anyio

UUID = "0476bfd0-0c3f-4dfb-b462-d75a4a6908e1"


def answering(asked: Asked) -> Answer:
    if asked.endpoint is LIST_CUSTOMERS:
        return page({"id": "cu-1", "name": asked.where[0][2]})
    if asked.endpoint is LIST_CONVERSATIONS and "where" in asked.body and asked.where[0][0] == "friendlyId":
        return page({"id": "c-7", "friendlyId": 7})
    if asked.endpoint.path.endswith("/list"):
        return page()
    return {"id": "x", "name": "N", "title": "T", "content": "C"}


async def text_at(uri: str, answer: Callable[[Asked], Answer] = answering) -> tuple[str, list[Asked]]:
    client = StubClient(answer)
    (contents,) = await read(workspace_on(client), uri)
    assert isinstance(contents.content, str)
    assert contents.mime_type == "text/plain"
    return contents.content, client.asked


@pytest.mark.parametrize(
    ("uri", "endpoint", "ids"),
    [
        (f"unthread://conversations/{UUID}", GET_CONVERSATION, {"conversation_id": UUID}),
        ("unthread://conversations/7", GET_CONVERSATION, {"conversation_id": "c-7"}),
        ("unthread://conversations/%237", GET_CONVERSATION, {"conversation_id": "c-7"}),
        ("unthread://conversations/#7", GET_CONVERSATION, {"conversation_id": "c-7"}),
        (f"unthread://conversations/{UUID}/messages", LIST_MESSAGES, {"conversation_id": UUID}),
        ("unthread://customers/cu-1", GET_CUSTOMER, {"customer_id": "cu-1"}),
        ("unthread://customers/Acme%20%26%20S%C3%B6hne", GET_CUSTOMER, {"customer_id": "cu-1"}),
        ("unthread://knowledge-base/articles/a-1", GET_ARTICLE, {"article_id": "a-1"}),
        ("unthread://conversations", LIST_CONVERSATIONS, {}),
    ],
)
async def test_a_uri_leads_to_its_object(uri: str, endpoint: object, ids: dict[str, str]) -> None:
    _, asked = await text_at(uri)
    assert (endpoint, ids) in [(each.endpoint, each.ids) for each in asked]


async def test_the_messages_are_the_newest_hundred() -> None:
    _, asked = await text_at(f"unthread://conversations/{UUID}/messages")
    (body,) = [each.body for each in asked if each.endpoint is LIST_MESSAGES]
    assert (body["limit"], body["descending"]) == (100, True)


async def test_a_name_in_a_uri_is_decoded() -> None:
    _, asked = await text_at("unthread://customers/Acme%20%26%20S%C3%B6hne")
    assert asked[0].where == [("name", "==", "Acme & Söhne")]


async def test_what_is_open_is_a_resource_of_its_own() -> None:
    text, asked = await text_at(OPEN.uri)
    assert text == "No conversations found."
    assert asked[0].where == [("status", "in", ["open", "in_progress", "on_hold"])]
    assert asked[0].body["limit"] == 100


@pytest.mark.parametrize("name", VOCABULARIES)
async def test_the_fields_of_an_object_are_listed(name: str) -> None:
    text, asked = await text_at(f"unthread://fields/{name}")
    assert text.startswith(f"What select can name in a {name}.\nDocumented: ")
    vocabulary = VOCABULARIES[name]
    for field in vocabulary.names:
        assert field in text
    assert ("With any key below: " in text) == bool(vocabulary.open_maps)
    assert asked == []


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("unthread://fields/customers", "There are no fields of 'customers'. Did you mean customer?"),
        ("unthread://fields/zzzzzzz", "There are no fields of 'zzzzzzz'. There are: conversation, message, "),
        ("unthread://fields/%00%E2%80%AE", "There are no fields of"),
        ("unthread://conversations/../customers", "There is no resource"),
        ("unthread://conversations/%2E%2E", "conversation is '..', which is neither a number nor an id."),
        ("unthread://conversations/a%2Fb", "conversation is a link to somewhere other than Unthread."),
        ("unthread://conversations/x?y=1", "conversation is"),
        ("unthread://conversations/", "There is no resource"),
        ("unthread://conversations//messages", "There is no resource"),
        (f"unthread://conversations/{UUID}/", "There is no resource"),
        (f"unthread://conversations/{UUID}/files", "There is no resource"),
        ("unthread://", "There is no resource"),
        ("unthread:conversations", "There is no resource"),
        ("", "There is no resource"),
        ("https://example.com/conversations", "There is no resource"),
        ("conversations", "There is no resource"),
        ("unthread://nothing/\u202e\x00" + "x" * 9_000, "There is no resource"),
        ("unthread://knowledge-base/articles/a%20b", "article is 'a b', which is no id."),
        ("unthread://knowledge-base/articles/..%2F..%2Fusers", "article is '../../users', which is no id."),
        ("unthread://customers/%20", "An empty customer was given."),
        ("unthread://customers/Nobody", "No customer is called 'Nobody'."),
    ],
)
async def test_what_is_not_there_is_said_in_words_and_nothing_odd_is_sent(uri: str, words: str) -> None:
    with pytest.raises(ResourceNotFoundError) as refusal:
        await text_at(uri, lambda _: page())
    assert str(refusal.value).startswith(words)
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 300


async def test_upstream_trouble_is_said_in_words() -> None:
    with pytest.raises(ResourceNotFoundError, match="Unthread found no such object"):
        await text_at(
            "unthread://customers/cu-1", lambda _: NotFound("Unthread found no such object (404).", "Check the id.")
        )
    with pytest.raises(ResourceError, match=r"Unthread failed \(500\)\. Try again later\."):
        await text_at("unthread://conversations", lambda _: Unavailable("Unthread failed (500).", "Try again later."))


def test_what_is_listed_can_be_read() -> None:
    assert [resource.uri for resource in listed_resources()] == [
        "unthread://conversations",
        *(f"unthread://fields/{name}" for name in VOCABULARIES),
    ]
    assert all(
        resource.name and resource.title and resource.mime_type == "text/plain" for resource in listed_resources()
    )
    assert [template.uri_template for template in listed_templates()] == [
        "unthread://conversations/{id}",
        "unthread://conversations/{id}/messages",
        "unthread://conversations/{id}/files/{file_id}",
        "unthread://customers/{id}",
        "unthread://accounts/{id}",
        "unthread://knowledge-base/articles/{id}",
        "unthread://fields/{object}",
    ]


async def test_the_listed_resources_open() -> None:
    for resource in listed_resources():
        await text_at(resource.uri)
