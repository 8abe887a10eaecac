"""The human gate: whether a person has to say yes before something reaches a customer, or is deleted for good.

Tools know only `Human`. How a question reaches a person is the business of `confirm`.
"""

from __future__ import annotations

from typing import Protocol

from unthread_mcp.api.errors import NotPermitted
from unthread_mcp.settings import ConfirmMode


class Human(Protocol):
    """The person behind this call."""

    @property
    def reachable(self) -> bool:
        """Whether the client can put a question to them."""
        ...

    async def approves(self, question: str) -> bool:
        """Whether they approve. `question` is a pure function of the arguments and stable facts.

        May end the call instead of returning, to be asked again with the answer: nothing
        that can't be repeated may happen before it.
        """
        ...


class Gate:
    """One call's way through the gate."""

    def __init__(self, mode: ConfirmMode, human: Human) -> None:
        self._mode = mode
        self._human = human

    @property
    def asks(self) -> bool:
        """Whether a person will be asked. `always` asks even if nobody can be: that refuses."""
        return self._mode == "always" or (self._mode == "auto" and self._human.reachable)

    async def pass_through(self, question: str) -> None:
        """Return once the person has said yes, or at once if nobody is to be asked.

        Raises `NotPermitted` if they decline, or must be asked and can't be.
        """
        if not self.asks:
            return
        if not self._human.reachable:
            raise NotPermitted(
                "This server does this only once a human has agreed, and this client can't ask one.",
                "Nothing was done. Tell the user; another client, or the operator (UNTHREAD_CONFIRM), changes it.",
            )
        if not await self._human.approves(question):
            raise NotPermitted(
                "The human did not approve this.", "Nothing was changed. Ask them what to change before you try again."
            )
