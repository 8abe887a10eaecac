"""The key is in no output at any log level, plain or encoded, whatever Unthread answers and whatever breaks."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import get_args
from urllib.parse import quote

import anyio
import httpx2
import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import PromptReference, ResourceTemplateReference, TextResourceContents

from tests.api.misbehaving import KEY, RawServer, http, reset
from tests.leaks import forms_of, leaks
from tests.stdio.raw_client import handshake, legacy_call
from tests.support import TODAY, Agent, Clock, Desk, seeded
from tests.tools.examples import EVERYTHING, example
from unthread_mcp import doctor
from unthread_mcp.settings import LogLevel

pytestmark = pytest.mark.anyio

TRIED = (
    "search_conversations",
    "get_conversation",
    "list_tags",
    "get_customer",
    "query_knowledge_base",
    "add_private_note",
    "send_reply",
    "update_conversation",
    "create_kb_article",
    "delete_kb_article",
)
"""Of each kind of reading and writing one."""
Trouble = Callable[[httpx2.Request], httpx2.Response]


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in text)


def _raising(kind: type[httpx2.TransportError]) -> Trouble:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise kind(f"{request.headers}", request=request)

    return fail


def _breaking(request: httpx2.Request) -> httpx2.Response:
    raise RuntimeError(f"a bug beside {request.headers['x-api-key']}")


def _said(status: int, text: str, **headers: str) -> Trouble:
    return lambda _: httpx2.Response(status, text=text, headers={"content-type": "application/json", **headers})


_ERRORS = json.dumps({"errors": [{"title": f"The key {KEY} is wrong", "id": KEY}], "message": KEY, "error": KEY})
TROUBLES: dict[str, Trouble] = {
    **{f"{status} that repeats it": _said(status, _ERRORS) for status in (400, 401, 403, 404, 409, 422, 429, 500, 503)},
    "401 in plain text": _said(401, f"bad key: {KEY}", **{"content-type": "text/plain"}),
    "401 as a page": _said(401, f"<html>{KEY}</html>", **{"content-type": "text/html"}),
    "401 with an escaped one": _said(401, f'{{"errors": [{{"title": "{_escaped(KEY)}"}}]}}'),
    "401 with a hidden character in it": _said(401, json.dumps({"message": f"{KEY[:5]}\u200b{KEY[5:]}"})),
    "a header that repeats it": _said(500, "{}", **{"x-echo": KEY, "retry-after": KEY}),
    "a redirect that carries it": _said(302, "", location=f"https://elsewhere.example/?key={KEY}"),
    "a success that repeats it": _said(200, json.dumps({"id": KEY, "name": KEY, "title": f"<{KEY}>", KEY: [KEY]})),
    "a success with an escaped one": _said(
        200, f'{{"id": "1", "name": "{_escaped(KEY)}", "title": "{_escaped(KEY)}"}}'
    ),
    "a list that repeats it": _said(200, json.dumps({"data": [{"id": KEY, "name": KEY, "title": KEY, "text": KEY}]})),
    "a success cut short": _said(200, f'{{"id": "{KEY}'),
    "a type that repeats it": _said(200, KEY, **{"content-type": KEY}),
    "a failed connection": _raising(httpx2.ConnectError),
    "a reset": _raising(httpx2.ReadError),
    "a refused request": _raising(httpx2.LocalProtocolError),
    "a silence": _raising(httpx2.ReadTimeout),
    "a bug": _breaking,
}


def test_each_form_of_a_secret_is_found() -> None:
    for name, form in forms_of(KEY).items():
        assert name in leaks(KEY, f"x {form} y")
    for before in ("", "a", "ab", "abc", "x-api-key: "):
        assert leaks(KEY, base64.b64encode(f"{before}{KEY} and more".encode()).decode())
    assert leaks(KEY, quote(KEY)) == leaks(KEY, html.escape(KEY)) == ["plain", "URL"]
    assert leaks(KEY, "canary-key canary, c0ffee") == []


def _desk(level: str) -> Desk:
    """A desk whose server goes to Unthread, as far as it can tell, with the canary for a key."""
    environment = {
        **EVERYTHING,
        "UNTHREAD_SANDBOX": "0",
        "UNTHREAD_API_KEY": KEY,
        "UNTHREAD_API_URL": "https://api.unthread.test/api",
        "UNTHREAD_STATE_FILE": "off",
        "UNTHREAD_LOG_LEVEL": level,
        "UNTHREAD_ANSWERS": "both",
    }
    clock = Clock(datetime(TODAY.year, TODAY.month, TODAY.day, 10, tzinfo=UTC))
    return Desk(environment, sandbox=seeded(clock, key=KEY))


@pytest.mark.parametrize("name", TROUBLES)
async def test_no_output_holds_the_key_whatever_unthread_answers(
    name: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    desk = _desk("DEBUG")  # which logs all that the other levels do, and more
    workspace = desk.server.workspace
    said = [repr(desk.server), repr(workspace), repr(workspace.settings), repr(workspace.client)]
    async with desk.agent() as agent:
        calls = {tool: await example(tool, desk, agent) for tool in TRIED}
        caplog.set_level("DEBUG")
        desk.wire.before = TROUBLES[name]
        for tool, arguments in calls.items():
            answer = await agent.call(tool, **arguments)
            said += [answer.text, json.dumps(answer.data)]
        said += [await _resource(agent, uri) for uri in ("unthread://conversations", "unthread://customers/Norrvik")]
        reference = ResourceTemplateReference(uri="unthread://customers/{id}")
        completed = await agent.client.complete(reference, {"name": "id", "value": ""})
        said += completed.completion.values
    if TROUBLES[name] is not _breaking:
        said += (await doctor.examine(workspace.settings, transport=desk.wire)).lines
    desk.sandbox.close()
    printed = capfd.readouterr()
    text = "\n".join([*said, caplog.text, printed.out, printed.err])
    assert leaks(KEY, text) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
async def test_no_text_of_a_file_holds_the_key(encoding: str) -> None:
    desk = _desk("ERROR")
    async with desk.agent() as agent:
        arguments = await example("get_attachment", desk, agent)

        def log(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
            if "/files/" not in request.url.path:
                return answer
            text = f"before {KEY} between {base64.b64encode(KEY.encode()).decode()} after"
            return httpx2.Response(200, content=text.encode(encoding), headers={"content-type": "text/plain"})

        desk.wire.after = log
        answer = await agent.call("get_attachment", **arguments)
    desk.sandbox.close()
    assert "before [key] between [key]" in answer
    assert leaks(KEY, f"{answer.text} {json.dumps(answer.data)}") == []


@pytest.mark.parametrize("between", ["<b></b>", "<!-- -->", "&#8203;"])
async def test_a_key_that_only_comes_together_once_markup_is_gone_is_not_said(between: str) -> None:
    desk = _desk("ERROR")
    number = desk.find("c.sourceType = 'email' AND c.status = 'open'")
    async with desk.agent() as agent:

        def mail(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
            if not request.url.path.endswith("/messages/list"):
                return answer
            page = answer.json()
            broken_up = f"<p>See {KEY[:9]}{between}{KEY[9:]} here</p>"
            rows = [{**row, "text": None, "htmlContent": broken_up} for row in page["data"]]
            return httpx2.Response(200, json={**page, "data": rows})

        desk.wire.after = mail
        said = [
            (await agent.call(tool, conversation=number)).text
            for tool in ("get_conversation", "list_messages", "get_triage_brief")
        ]
        said.append(await _resource(agent, f"unthread://conversations/{number.lstrip('#')}"))
    desk.sandbox.close()
    for text in said:
        assert "See [key] here" in text
        assert leaks(KEY, text) == []


async def test_a_bug_of_ours_in_a_resource_or_completion_stays_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    desk = _desk("ERROR")
    async with desk.agent() as agent:
        desk.wire.before = _breaking
        said = await _resource(agent, "unthread://conversations")
        completed = await agent.client.complete(PromptReference(name="triage_inbox"), {"name": "customer", "value": ""})
    desk.sandbox.close()
    assert said.endswith("Something went wrong inside this server. Try another way; the operator finds it in the log.")
    assert completed.completion.values == []
    assert caplog.text.count("RuntimeError: a bug beside [key]") == 2


async def _resource(agent: Agent, uri: str) -> str:
    try:
        read = await agent.client.read_resource(uri)
    except MCPError as refusal:
        return str(refusal)
    return "".join(part.text for part in read.contents if isinstance(part, TextResourceContents))


@pytest.mark.parametrize("level", get_args(LogLevel))
async def test_a_process_says_nothing_of_the_key_on_either_of_its_outputs(level: str) -> None:
    upstream = RawServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers = [
            http(500, _ERRORS.encode(), f"X-Echo: {KEY}"),
            http(401, _ERRORS.encode()),
            http(200, json.dumps({"data": [{"id": KEY, "name": KEY}]}).encode()),
            http(302, b"", f"Location: https://elsewhere.example/{KEY}"),
        ]
        while True:
            await upstream.receive(reader)
            number = len(upstream.requests)
            if number % 5 == 4:
                reset(writer)
                return
            writer.write(answers[number % 4])
            await writer.drain()

    tools = ["list_tags", "search_customers", "list_users", "search_conversations", "search_kb_articles"]
    calls = [legacy_call(number, tools[number % len(tools)]) for number in range(10)]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("UNTHREAD_")},
        "UNTHREAD_API_KEY": KEY,
        "UNTHREAD_API_URL": await upstream.start(serve),
        "UNTHREAD_LOG_LEVEL": level,
        "UNTHREAD_STATE_FILE": "off",
        "NO_PROXY": "127.0.0.1",
        "PYTHONASYNCIODEBUG": "1",
    }
    with anyio.fail_after(120):
        ended = await anyio.run_process(
            [sys.executable, "-m", "unthread_mcp"], input=handshake() + b"".join(calls), env=environment, check=False
        )
        looked = await anyio.run_process([sys.executable, "-m", "unthread_mcp", "doctor"], env=environment, check=False)
    await upstream.stop()
    assert len(ended.stdout.splitlines()) == 1 + len(calls)
    assert len(upstream.requests) > 8
    text = b"\n".join([ended.stdout, ended.stderr, looked.stdout, looked.stderr]).decode()
    assert leaks(KEY, text) == []
