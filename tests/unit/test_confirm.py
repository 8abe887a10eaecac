"""How a question reaches the human, in both protocol eras."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from mcp.types import (
    ClientCapabilities,
    ElicitationCapability,
    ElicitRequest,
    ElicitResult,
    FormElicitationCapability,
    UrlElicitationCapability,
)
from pydantic import ValidationError

from unthread_mcp.api.errors import NotPermitted
from unthread_mcp.confirm import ClientHuman, NeedsAnswer

pytestmark = pytest.mark.anyio

QUESTION = "Send this reply to Acme?\n\nHello."
YES = ElicitResult(action="accept", content={"approve": True})
NO_YES = [
    ElicitResult(action="accept", content={"approve": False}),
    ElicitResult(action="accept", content={}),
    ElicitResult(action="accept"),
    ElicitResult(action="accept", content={"approve": "true"}),
    ElicitResult(action="decline", content={"approve": True}),
    ElicitResult(action="cancel"),
]


@dataclass
class StubContext:
    """What of a context a human needs."""

    client_capabilities: ClientCapabilities | None = None
    protocol_version: str | None = "2025-11-25"
    input_responses: dict[str, Any] | None = None
    request_state: str | None = None
    answer: Any = field(default_factory=lambda: YES)
    asked: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])

    @property
    def request_context(self) -> SimpleNamespace:
        return SimpleNamespace(request_id="r-1")

    @property
    def session(self) -> StubContext:
        return self

    async def elicit_form(self, *arguments: Any) -> Any:
        self.asked.append(arguments)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def human(context: StubContext) -> ClientHuman:
    return ClientHuman(cast("Context[Any, Any]", context))


@pytest.mark.parametrize(
    ("capabilities", "reachable"),
    [
        (None, False),
        (ClientCapabilities(), False),
        (ClientCapabilities(elicitation=ElicitationCapability()), True),
        (ClientCapabilities(elicitation=ElicitationCapability(form=FormElicitationCapability())), True),
        (ClientCapabilities(elicitation=ElicitationCapability(url=UrlElicitationCapability())), False),
        (
            ClientCapabilities(
                elicitation=ElicitationCapability(form=FormElicitationCapability(), url=UrlElicitationCapability())
            ),
            True,
        ),
    ],
)
def test_a_client_that_shows_forms_reaches_its_human(capabilities: ClientCapabilities | None, reachable: bool) -> None:
    assert human(StubContext(client_capabilities=capabilities)).reachable is reachable


async def test_up_to_2025_the_server_asks_and_waits() -> None:
    context = StubContext()
    assert await human(context).approves(QUESTION)
    ((question, form, request_id),) = context.asked
    assert (question, request_id) == (QUESTION, "r-1")
    assert form["required"] == ["approve"]


@pytest.mark.parametrize("answer", NO_YES)
async def test_only_a_ticked_yes_is_a_yes(answer: ElicitResult) -> None:
    assert not await human(StubContext(answer=answer)).approves(QUESTION)


def malformed() -> ValidationError:
    with pytest.raises(ValidationError) as problem:
        ElicitResult.model_validate({"action": "perhaps"})
    return problem.value


@pytest.mark.parametrize(
    "problem",
    [MCPError(code=-32000, message="Connection closed"), MCPError(code=-32603, message="secret"), malformed()],
)
async def test_a_client_that_fails_to_ask_sends_nothing_and_that_is_said(problem: Exception) -> None:
    with pytest.raises(NotPermitted) as refusal:
        await human(StubContext(answer=problem)).approves(QUESTION)
    assert refusal.value.what == "The client could not put the question to the human."
    assert refusal.value.remedy == "Nothing was done. Tell the user, and call again if they want it."


async def ask_again(question: str = QUESTION) -> NeedsAnswer:
    with pytest.raises(NeedsAnswer) as raised:
        await human(StubContext(protocol_version="2026-07-28")).approves(question)
    return raised.value


async def test_from_2026_on_the_call_ends_with_the_question() -> None:
    result = (await ask_again()).result()
    assert result.input_requests is not None
    request = result.input_requests["approval"]
    assert isinstance(request, ElicitRequest)
    assert request.params.message == QUESTION
    assert result.request_state
    assert (await ask_again()).result() == result, "the SDK asks again if the question changes between rounds"


@pytest.mark.parametrize(("answer", "approved"), [(YES, True), *((answer, False) for answer in NO_YES), ("yes", False)])
async def test_the_call_that_comes_with_the_answer_goes_on(answer: Any, approved: bool) -> None:
    state = (await ask_again()).result().request_state
    context = StubContext(protocol_version="2026-07-28", input_responses={"approval": answer}, request_state=state)
    assert await human(context).approves(QUESTION) is approved
    assert context.asked == []


@pytest.mark.parametrize(
    ("responses", "changed"), [({"approval": YES}, True), ({}, False), ({"other": YES}, False), (None, False)]
)
async def test_an_answer_to_another_question_counts_for_nothing(
    responses: dict[str, Any] | None, changed: bool
) -> None:
    state = (await ask_again("Close the conversation?" if changed else QUESTION)).result().request_state
    context = StubContext(protocol_version="2026-07-28", input_responses=responses, request_state=state)
    with pytest.raises(NeedsAnswer):
        await human(context).approves(QUESTION)


async def test_a_yes_without_the_state_of_a_question_counts_for_nothing() -> None:
    context = StubContext(protocol_version="2026-07-28", input_responses={"approval": YES})
    with pytest.raises(NeedsAnswer, match="Send this reply"):
        await human(context).approves(QUESTION)
