"""The corpus: fifty messages in the shapes that mail programs and people give them, with what must stay and go.

Each file in `corpus/` holds the message (`text` or `html`), its `channel`, its `author`, its true count of o200k tokens
(`tokens`), the sentences that the customer `wrote`, texts that must be `gone`, and the quoted words that an answer
needs beside it (`kept_context`). `opening`: it is the first message of its conversation.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from unthread_mcp.api.json_types import JsonObject

_EVENTS = {"email": "email_received", "chat": "widget_message_received"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One message of the corpus."""

    name: str
    channel: str
    author: str
    tokens: int
    wrote: list[str]
    gone: list[str]
    text: str = ""
    html: str = ""
    opening: bool = False
    kept_context: tuple[str, ...] = ()

    @property
    def message(self) -> JsonObject:
        """The message as Unthread returns it."""
        message: JsonObject = {
            "id": f"m-{self.name}",
            "ts": "1773133920.000100",
            "timestamp": "2026-03-10T09:12:00.000Z",
            "text": self.text or None,
            "htmlContent": self.html or None,
            "user": None,
        }
        if self.channel in _EVENTS:
            return {**message, "botName": self.author, "metadata": {"eventType": _EVENTS[self.channel]}}
        return {
            **message,
            "userId": "u-customer",
            "user": {"id": "u-customer", "name": self.author, "slackId": "U0CUSTOMER"},
            "isExternal": True,
            "resolvedContent": [{"type": "link", "id": "U0LENA", "name": "Lena Ortiz"}],
        }

    @property
    def conversation(self) -> JsonObject:
        """The conversation that the message stands in."""
        first = "1773133920.000100" if self.opening else "1773000000.000100"
        return {"id": "c", "sourceType": self.channel, "initialMessage": {"ts": first}}


def read_corpus() -> list[Sample]:
    """Every message of the corpus, by name."""
    samples: list[Sample] = []
    for path in sorted(Path(__file__).with_name("corpus").glob("*.toml")):
        fields = tomllib.loads(path.read_text("utf-8"))
        del fields["about"]
        samples.append(Sample(name=path.stem, **fields))
    return samples
