"""A reply or a note to be written: what makes it the same one, and how it is found in a thread."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from unthread_mcp.answers import text_of
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.attachments import Attachment
from unthread_mcp.fields import pick
from unthread_mcp.intents import Intent
from unthread_mcp.outgoing import canonical, exact, recognise
from unthread_mcp.threads import Thread, is_ours, is_private

_TEXTS: Final = ("text", "htmlContent")
_OUTLINE: Final = ("id", "ts", "timestamp", "isPrivateNote", "botId", "botName", "sentByUser", "user", "metadata")


@dataclass(frozen=True)
class Draft:
    """A message to be written. What its text comes to is worked out once: it is asked for several times a send."""

    what: str
    """`reply` or `note`."""
    conversation_id: str
    text: str
    """What is compared with the thread; empty for a message that has no text to match."""
    body: Callable[[Thread], JsonObject]
    """The request's body, once the channel is known. Raises `UnthreadError` where the channel forbids it."""
    question: Callable[[Thread, str], str]
    """What the human is asked; the second argument is a warning to show, or empty."""
    as_of: str | None = None
    reaches_customer: bool = False
    shows_in_thread: Callable[[Thread], bool] = lambda _: True
    """Whether the message can be read back from the thread."""
    extra: Sequence[JsonObject] = ()
    """Blocks beside the text: part of what is intended, though not compared with the thread."""
    extra_texts: Sequence[str] = ()
    """What the blocks say."""
    files: Sequence[Attachment] = ()
    author: str = ""
    """The name, e-mail or id of the person on whose behalf it is written; empty for our own bot."""

    def can_be_found(self, thread: Thread) -> bool:
        """Whether it has a text to match and stands where it can be read."""
        return self.shows_in_thread(thread) and bool(self.canonical_text)

    @cached_property
    def canonical_text(self) -> str:
        """The text as a thread may show it."""
        return canonical(self.text)

    @cached_property
    def intent(self) -> Intent:
        """This message, said after `as_of`: the words that a reader sees, whatever their shape, and what goes along."""
        return Intent(self.what, self.conversation_id, self.as_of, self._content, self._digests)

    @cached_property
    def anywhere(self) -> Intent:
        """The same without its `as_of`."""
        return Intent(f"{self.what} anywhere", self.conversation_id, None, self._content, self._digests)

    @cached_property
    def alike(self) -> Intent:
        """Any message that a thread may show as it shows this one, whatever else goes with it.

        What is done says nothing of this one; what is in doubt may be it.
        """
        return Intent(f"{self.what} alike", self.conversation_id, None, canonical(self._words) or self._content)

    @cached_property
    def _words(self) -> str:
        return exact("\n".join([self.text, *self.extra_texts]))

    @cached_property
    def _content(self) -> str:
        wordless = [block for block in self.extra if block.get("type") != "section"]
        return json.dumps([self._words, *wordless], sort_keys=True) if wordless else self._words

    @property
    def _digests(self) -> tuple[str, ...]:
        return tuple(each.digest for each in self.files)


Closeness = Literal["surely", "maybe", "alike"]


def found_in(
    candidates: Sequence[JsonObject], draft: Draft, thread: Thread, how: Closeness, *, with_files: bool = True
) -> JsonObject | None:
    """The draft among `candidates` of `thread`, with its files unless they don't matter.

    `surely` takes what shows the same words, digits and emoji; `maybe` what can't be told from it because emoji have
    names; `alike` all that a channel may have made of it, for where nothing else can stand there.
    """
    if not draft.can_be_found(thread):
        return None
    ours = [each for each in candidates if is_private(each) != draft.reaches_customer and _written_by(draft, each)]
    for message in ours:
        if how == "alike":
            same = draft.canonical_text in map(canonical, texts_of_message(message))
        else:
            wanted_as = "yes" if how == "surely" else "maybe"
            same = wanted_as in {recognise(draft.text, text) for text in texts_of_message(message)}
        if same and (shows_files(draft, message) or not with_files):
            return message
    return None


def shows_files(draft: Draft, message: JsonObject) -> bool:
    """Whether a message shows the draft's files by name and size; always, if it has none.

    The reference doesn't promise `files` of a message. Where they aren't shown, equal text is no
    proof of them, and what was sent is only remembered.
    """
    files = message.get("files")
    known = [each for each in files if isinstance(each, dict)] if isinstance(files, list) else []
    shown = [(text_of(each, "name"), each.get("size")) for each in known]
    return all((each.upload.name, len(each.upload.content)) in shown for each in draft.files)


def texts_of_message(message: JsonObject) -> list[str]:
    """What a message of a thread says, in each form that it is given in."""
    return [text for name in _TEXTS if (text := text_of(message, name))]


def outline(message: JsonObject) -> JsonObject:
    """What tells where a message stands and whose it is: not what it says, which is nearly all the memory it takes."""
    return {name: message[name] for name in _OUTLINE if name in message}


def _written_by(draft: Draft, message: JsonObject) -> bool:
    if not draft.author:
        return is_ours(message)
    people = [pick(message, f"{who}.{what}") for who in ("sentByUser", "user") for what in ("id", "name", "email")]
    return draft.author in people or is_ours(message)
