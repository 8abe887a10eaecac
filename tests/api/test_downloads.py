"""Files: their bytes, their cap, and the one redirect that is followed."""

from __future__ import annotations

import gzip

import httpx2
import pytest
from misbehaving import KEY, Chunks, Connect, Script, failure_of

from unthread_mcp.api.client import DownloadedFile, UnthreadClient
from unthread_mcp.api.endpoints import DOWNLOAD_FILE
from unthread_mcp.api.errors import NotFound, Unavailable, UnreadableAnswer

pytestmark = pytest.mark.anyio

IDS = {"conversation_id": "c-1", "file_id": "F-1"}
PNG = b"\x89PNG\r\n\x00\xff"
STORED = "https://files.store.test/a?signature=s"


async def fetch(client: UnthreadClient) -> DownloadedFile:
    return await client.download(DOWNLOAD_FILE, IDS)


def redirect(to: str, status: int = 302) -> httpx2.Response:
    return httpx2.Response(status, headers={"location": to})


async def test_a_file_is_fetched_as_it_is(connect: Connect) -> None:
    script = Script(httpx2.Response(200, content=PNG, headers={"content-type": "Image/PNG; charset=x"}))
    assert await fetch(connect(transport=script)) == DownloadedFile(PNG, "image/png")
    [request] = script.requests
    assert str(request.url) == "https://api.unthread.test/api/conversations/c-1/files/F-1/full"
    assert request.headers["x-api-key"] == KEY
    assert request.headers["accept-encoding"] == "identity"


async def test_a_file_of_no_stated_type_is_bytes(connect: Connect) -> None:
    client = connect(transport=Script(httpx2.Response(200, content=PNG)))
    assert (await fetch(client)).media_type == "application/octet-stream"


async def test_a_file_that_comes_compressed_all_the_same_is_unpacked(connect: Connect) -> None:
    headers = {"content-encoding": "gzip"}
    client = connect(transport=Script(httpx2.Response(200, stream=Chunks(gzip.compress(PNG)), headers=headers)))
    assert (await fetch(client)).content == PNG


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_one_redirect_to_https_is_followed_without_the_key(connect: Connect, status: int) -> None:
    script = Script(redirect(STORED, status), httpx2.Response(200, content=PNG))
    assert (await fetch(connect(transport=script))).content == PNG
    _, request = script.requests
    assert request.method == "GET"
    assert str(request.url) == STORED
    assert request.headers["host"] == "files.store.test"
    assert KEY not in str(request.headers.raw)


async def test_a_redirect_within_unthread_goes_without_the_key_too(connect: Connect) -> None:
    script = Script(redirect("/files/a"), httpx2.Response(200, content=PNG))
    await fetch(connect(transport=script))
    assert str(script.requests[1].url) == "https://api.unthread.test/files/a"
    assert KEY not in str(script.requests[1].headers.raw)


@pytest.mark.parametrize(
    "to",
    [
        "http://files.store.test/a",
        "ftp://files.store.test/a",
        "file:///etc/passwd",
        "https://user@files.store.test/a",
        "https://[::1/a",
        "https://files.store.test:port/a",
        "",
    ],
)
async def test_no_other_redirect_is_followed(connect: Connect, to: str) -> None:
    script = Script(redirect(to))
    error = await failure_of(fetch(connect(transport=script)))
    assert isinstance(error, Unavailable)
    assert "redirect" in error.what
    assert len(script.requests) == 1


async def test_a_redirect_over_plain_http_on_the_loopback_is_not_followed_either(connect: Connect) -> None:
    script = Script(redirect("/files/a"))
    await failure_of(fetch(connect(transport=script, base_url="http://127.0.0.1:8000/api")))
    assert len(script.requests) == 1


async def test_a_second_redirect_is_not_followed(connect: Connect) -> None:
    script = Script(redirect(STORED))
    assert isinstance(await failure_of(fetch(connect(transport=script))), Unavailable)
    assert len(script.requests) == 2


@pytest.mark.parametrize("answer", [httpx2.Response(403), httpx2.Response(404)])
async def test_a_refusal_of_the_store_is_not_taken_for_unthreads(connect: Connect, answer: httpx2.Response) -> None:
    error = await failure_of(fetch(connect(transport=Script(redirect(STORED), answer))))
    assert type(error) is Unavailable
    assert str(answer.status_code) in error.what


async def test_a_store_that_is_busy_or_gone_is_tried_again_from_the_start(connect: Connect) -> None:
    script = Script(
        redirect(STORED),
        httpx2.Response(503),
        redirect(STORED),
        httpx2.ReadError("x"),
        httpx2.Response(200, content=PNG),
    )
    assert (await fetch(connect(transport=script))).content == PNG


async def test_a_store_that_cannot_be_reached_is_said(connect: Connect) -> None:
    gone = httpx2.ConnectError("x")
    script = Script(redirect(STORED), gone, redirect(STORED), gone, redirect(STORED), gone)
    assert isinstance(await failure_of(fetch(connect(transport=script))), Unavailable)
    assert len(script.requests) == 6


async def test_a_file_that_is_not_there_is_not_found(connect: Connect) -> None:
    assert isinstance(await failure_of(fetch(connect(transport=Script(httpx2.Response(404))))), NotFound)


@pytest.mark.parametrize("announced", [True, False])
async def test_a_file_over_the_cap_is_refused(connect: Connect, *, announced: bool) -> None:
    headers = {"content-length": "2000"} if announced else {}
    script = Script(lambda: httpx2.Response(200, stream=Chunks(b"x" * 500, b"x" * 1500), headers=headers))
    error = await failure_of(fetch(connect(transport=script, max_file_bytes=1999)))
    assert isinstance(error, UnreadableAnswer)
    assert "larger" in error.what
    assert len(script.requests) == 1


async def test_a_redirected_file_over_the_cap_is_refused(connect: Connect) -> None:
    script = Script(redirect(STORED), httpx2.Response(200, content=b"x" * 2000))
    error = await failure_of(fetch(connect(transport=script, max_file_bytes=1999)))
    assert "larger" in error.what


async def test_a_file_without_a_byte_is_said_to_be_so(connect: Connect) -> None:
    assert isinstance(await failure_of(fetch(connect(transport=Script(httpx2.Response(200))))), UnreadableAnswer)


async def test_a_file_in_an_unknown_compression_is_refused(connect: Connect) -> None:
    answer = httpx2.Response(200, stream=Chunks(PNG), headers={"content-encoding": "br"})
    assert "compressed" in (await failure_of(fetch(connect(transport=Script(answer))))).what
