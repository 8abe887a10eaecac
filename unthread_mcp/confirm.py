"""Putting a question to the human through MCP's elicitation, in both protocol eras.

Up to 2025-11-25 the server sends the question and waits. From 2026-07-28 on there is no
way back to the client: the call ends with the question (`NeedsAnswer`) and the client
calls again with the answer. An answer counts only for the very question that was asked:
its digest travels in the request state, which the SDK seals.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Final

from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from mcp.types import (
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
)
from mcp.types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from unthread_mcp.api.errors import NotPermitted

_KEY: Final = "approval"
_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"approve": {"type": "boolean", "title": "Approve", "description": "Yes, do exactly this"}},
    "required": ["approve"],
}


class NeedsAnswer(Exception):  # noqa: N818 - no error: the call goes on once the human has answered
    """The call can't go on before the human has answered `question`."""

    def __init__(self, question: str) -> None:
        super().__init__(question)
        self.question = question

    def result(self) -> InputRequiredResult:
        """What the client is answered, so that it asks and calls again."""
        request = ElicitRequest(params=ElicitRequestFormParams(message=self.question, requested_schema=_FORM))
        return InputRequiredResult(input_requests={_KEY: request}, request_state=_digest(self.question))


class ClientHuman:
    """The person behind an MCP client, for the length of one call."""

    def __init__(self, context: Context[Any, Any]) -> None:
        self._context = context

    @property
    def reachable(self) -> bool:
        """Whether the client takes form elicitation. A bare `elicitation: {}` counts, as before modes existed."""
        capabilities = self._context.client_capabilities
        elicitation = capabilities.elicitation if capabilities else None
        return elicitation is not None and (elicitation.form is not None or elicitation.url is None)

    async def approves(self, question: str) -> bool:
        """Whether they approve.

        Raises `NeedsAnswer` where the client has to call again for it, and `NotPermitted` if it
        fails to ask.
        """
        context = self._context
        if context.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            try:
                answer = await context.session.elicit_form(question, _FORM, context.request_context.request_id)
            except (MCPError, ValidationError):
                # What the client says about it is not ours to repeat.
                raise NotPermitted(
                    "The client could not put the question to the human.",
                    "Nothing was done. Tell the user, and call again if they want it.",
                ) from None
            return _approved(answer)
        given = (context.input_responses or {}).get(_KEY)
        asked = context.request_state or ""
        if given is None or not hmac.compare_digest(asked.encode(), _digest(question).encode()):
            raise NeedsAnswer(question)
        return isinstance(given, ElicitResult) and _approved(given)


def _approved(answer: ElicitResult) -> bool:
    return answer.action == "accept" and (answer.content or {}).get("approve") is True


def _digest(question: str) -> str:
    return hashlib.sha256(question.encode()).hexdigest()
