"""Every sentence that a fault can end in, as it is read: `sentences.txt` holds them all."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import anyio
import httpx2
import pytest
from misbehaving import JSON, KEY, Chunks, Connect, Script, failure_of, ok

from unthread_mcp.api import endpoints
from unthread_mcp.api.client import RetryPolicy, Upload
from unthread_mcp.api.endpoints import Endpoint

pytestmark = pytest.mark.anyio

SENTENCES = Path(__file__).with_name("sentences.txt")
ID = {"conversation_id": "c-1"}
TITLE = {"errors": [{"status": 400, "title": "priority must be one of 3, 5, 7, 9", "id": 23449693}]}


class Hanging(httpx2.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await anyio.sleep_forever()
        raise AssertionError


def connect_error(origin: BaseException) -> httpx2.ConnectError:
    """As the transports raise it: wrapped three times."""
    error, library = httpx2.ConnectError("x"), OSError("All connection attempts failed")
    error.__cause__, library.__cause__ = library, origin
    return error


def answer(status: int, headers: dict[str, str] | None = None, **content: object) -> httpx2.Response:
    return httpx2.Response(status, headers=headers, **content)  # pyright: ignore[reportArgumentType]


REDIRECT = {"location": "https://store.test/a?signature=secret"}

Step = httpx2.Response | Exception | httpx2.AsyncBaseTransport

READS: dict[str, Step] = {
    "name not found": connect_error(socket.gaierror(-2, "Name or service not known")),
    "connection refused": connect_error(ExceptionGroup("all", [ConnectionRefusedError(111, "refused"), OSError()])),
    "connection failed": connect_error(OSError("no route to host")),
    "certificate": connect_error(ssl.SSLCertVerificationError(1, "self-signed certificate")),
    "TLS": connect_error(ssl.SSLError(1, "wrong version number")),
    "connecting takes too long": httpx2.ConnectTimeout("x"),
    "proxy": httpx2.ProxyError("407 secret"),
    "silence": httpx2.ReadTimeout("x"),
    "reset": httpx2.ReadError("x"),
    "not HTTP": httpx2.RemoteProtocolError("x"),
    "deadline": Hanging(),
    "101": answer(101),
    "302": answer(302, REDIRECT),
    "400": answer(400),
    "400 with a title": answer(400, json=TITLE),
    "400, not found": answer(400, json={"errors": [{"title": "Conversation not found", "id": 23449693}]}),
    "401": answer(401, json={"errors": [{"status": 401, "title": "Unauthorized"}]}),
    "403": answer(403),
    "404": answer(404, json={"errors": [{"status": 404, "title": "Not found."}]}),
    "429": answer(429),
    "429, retry after 40": answer(429, {"retry-after": "40"}),
    "500 with an error id": answer(500, json={"errors": [{"title": "Internal error", "id": "e-77"}]}),
    "501": answer(501),
    "502, a page": answer(502, html="<html>Bad gateway</html>"),
    "503, retry after 90": answer(503, {"retry-after": "90"}),
    "empty": answer(200, JSON),
    "a page": answer(200, html="<html>Sign in</html>"),
    "bare text": answer(200, text="OK"),
    "broken JSON": answer(200, JSON, content=b'{"id": 1'),
    "too large": answer(200, JSON, content=b" " * (2**20 + 1)),
    "unknown compression": answer(200, {**JSON, "content-encoding": "br"}, stream=Chunks(b"?")),
}
WRITES: dict[str, Step] = {
    "name not found": READS["name not found"],
    "connection failed": httpx2.ConnectError("x"),
    "proxy": READS["proxy"],
    "silence": READS["silence"],
    "reset": READS["reset"],
    "deadline": READS["deadline"],
    "307": answer(307, REDIRECT),
    "302": answer(302, REDIRECT),
    "408": answer(408),
    "413": answer(413),
    "422": answer(422, json=TITLE),
    "429, retry after 40": READS["429, retry after 40"],
    "503": answer(503, {"retry-after": "1"}),
    "409 with a title": answer(409, json={"errors": [{"title": "Already exists", "id": 5}]}),
    "empty": answer(204),
    "bare text": READS["bare text"],
    "a page": READS["a page"],
    "cut": answer(200, stream=Chunks(b"{", httpx2.ReadError("x"))),
}
DOWNLOADS: dict[str, list[Step]] = {
    "not found": [answer(404)],
    "empty": [answer(200)],
    "too large": [answer(200, content=bytes(2**21 + 1))],
    "unknown compression": [answer(200, {"content-encoding": "br"}, stream=Chunks(b"?"))],
    "redirected to http": [answer(302, {"location": "http://store.test/a"})],
    "refused by the store": [answer(302, REDIRECT), answer(403, text="<Error>secret</Error>")],
    "store out of reach": [answer(302, REDIRECT), httpx2.ConnectError("x")],
}


def transport_of(*steps: Step) -> httpx2.AsyncBaseTransport:
    [first, *_] = steps
    return first if isinstance(first, httpx2.AsyncBaseTransport) else Script(*steps)  # pyright: ignore[reportArgumentType]


async def test_every_sentence_is_as_it_was_agreed_on(connect: Connect, tmp_path: Path) -> None:
    told: list[str] = []

    def client(*steps: Step):  # noqa: ANN202 - an UnthreadClient
        return connect(
            transport=transport_of(*steps),
            deadline=0.02 if isinstance(steps[0], Hanging) else 30.0,
            max_json_bytes=2**20,
            max_file_bytes=2**21,
            retry=RetryPolicy(attempts=1),
        )

    def tell(heading: str, error: Exception) -> None:
        told.append(f"{heading}\n  {type(error).__name__}: {error}\n")

    tell("no key", await failure_of(connect(key=None).read(endpoints.LIST_TAGS)))
    for name, step in READS.items():
        tell(f"read, {name}", await failure_of(client(step).read(endpoints.GET_CONVERSATION, ID)))
    tell("read, 404 for a list", await failure_of(client(answer(404)).read(endpoints.LIST_OUTBOUNDS)))
    for name, step in WRITES.items():
        tell(f"create, {name}", await failure_of(client(step).write(endpoints.CREATE_MESSAGE, ID)))
    for endpoint in (endpoints.UPDATE_CONVERSATION, endpoints.DELETE_CUSTOMER):
        ids = dict.fromkeys(endpoint.placeholders, "x")
        tell(f"{endpoint.effect[:-1]}, reset", await failure_of(client(WRITES["reset"]).write(endpoint, ids)))
    for name, steps in DOWNLOADS.items():
        file = client(*steps).download(endpoints.DOWNLOAD_FILE, {**ID, "file_id": "F1"})
        tell(f"download, {name}", await failure_of(file))
    for name, body in {"half a character": "\ud83d", "not a number": float("nan")}.items():
        tell(f"sending {name}", await failure_of(client(ok({})).write(endpoints.CREATE_MESSAGE, ID, body=body)))
    for name, upload in {"no name": Upload("", b""), "no type": Upload("a", b"", "?")}.items():
        files = client(ok({})).write(endpoints.CREATE_MESSAGE, ID, files=[upload])
        tell(f"a file of {name}", await failure_of(files))
    text = "\n".join(told)
    assert "secret" not in text
    (tmp_path / SENTENCES.name).write_text(text, "utf-8")
    assert text == SENTENCES.read_text("utf-8"), f"if that is meant, copy {tmp_path / SENTENCES.name} to {SENTENCES}"


async def said_by(connect: Connect, response: httpx2.Response, endpoint: Endpoint = endpoints.LIST_TAGS) -> str:
    return (await failure_of(connect(transport=Script(response)).read(endpoint))).what


QUOTES: dict[str, tuple[httpx2.Response, str]] = {
    "several titles, said once each": (
        answer(400, json={"errors": [{"title": "a"}, {"title": "b"}, {"title": "a", "id": 7}]}),
        '(400, error id 7): "a; b".',
    ),
    "a framework's message": (answer(400, json={"message": "Bad thing."}), '(400): "Bad thing".'),
    "a framework's error": (answer(400, json={"error": "Bad thing"}), '(400): "Bad thing".'),
    "plain text": (answer(400, text="Bad\nthing"), '(400): "Bad thing".'),
    "broken text": (answer(400, {"content-type": "text/plain"}, content=b"Bad\xffthing"), '(400): "Bad\ufffdthing".'),
    "a page": (answer(400, html="Bad thing"), "(400)."),
    "no JSON after all": (answer(400, JSON, content=b"{"), "(400)."),
    "JSON that is no object": (answer(400, json=["Bad thing"]), "(400)."),
    "errors that are no list": (answer(400, json={"errors": "Bad thing"}), "(400)."),
    "errors that are no objects": (answer(400, json={"errors": ["Bad thing", None, {"title": 7}]}), "(400)."),
    "an id that is none": (answer(400, json={"errors": [{"title": "a", "id": "not an id"}]}), '(400): "a".'),
    "no id": (answer(400, json={"errors": [{"title": "a", "id": None}]}), '(400): "a".'),
    "quotes and line breaks": (
        answer(400, json={"errors": [{"title": ' say "hi"\r\n\tIgnore\u2028this '}]}),
        "(400): \"say 'hi' Ignore this\".",
    ),
    "invisible characters": (answer(400, json={"message": "a\u202eb\U000e0041c\x00"}), '(400): "abc".'),
    "the key": (
        answer(400, json={"errors": [{"title": f"bad key {KEY}", "id": KEY}]}),
        '(400, error id [key]): "bad key [key]".',
    ),
    "a compressed body that broke": (answer(400, JSON, stream=Chunks(b"{", httpx2.ReadError("x"))), "(400)."),
    "an endless body": (answer(400, {"content-type": "text/plain"}, stream=Chunks(*[b"x" * 1000] * 70)), "(400)."),
}


@pytest.mark.parametrize("name", QUOTES)
async def test_what_unthread_says_itself_stands_in_quotes_on_one_line(connect: Connect, name: str) -> None:
    response, quote = QUOTES[name]
    assert await said_by(connect, response) == f"Unthread refused the request {quote}"


async def test_a_long_quote_is_cut_and_says_so(connect: Connect) -> None:
    said = await said_by(connect, answer(400, json={"message": "x" * 5000}))
    assert said == f'Unthread refused the request (400): "{"x" * 199}…".'
