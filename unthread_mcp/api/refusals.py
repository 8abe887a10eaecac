"""What went wrong with a call, in words: what happened, and what to do.

Unthread's own words stand in quotes, on one line and capped. The key stands nowhere, not even where an answer repeats
it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from unthread_mcp.api.cleaning import clean_json
from unthread_mcp.api.decoding import parse_json
from unthread_mcp.api.errors import (
    AccessDenied,
    AnswerTooLarge,
    ApiError,
    KeyRefused,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RequestRejected,
    Unavailable,
    UnreadableAnswer,
)
from unthread_mcp.api.exchange import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from unthread_mcp.api.calls import Call
    from unthread_mcp.api.endpoints import Effect
    from unthread_mcp.api.exchange import Answer, Cause
    from unthread_mcp.api.faults import BodyKind
    from unthread_mcp.api.json_types import JsonValue

MAX_QUOTE: Final = 200
"""Characters of Unthread's own words in one error."""

_LATER: Final = "Call again in a minute."
_LATER_OR_SETTINGS: Final = "Call again in a minute, or check this server's network and proxy settings."

_UNREACHED: Final[Mapping[Cause, tuple[str, str]]] = {
    "name": ("its name was not found", _LATER_OR_SETTINGS),
    "refused": ("the connection was refused", _LATER_OR_SETTINGS),
    "connect time-out": ("connecting took too long", _LATER_OR_SETTINGS),
    "unreachable": ("the connection failed", _LATER_OR_SETTINGS),
    "proxy": ("the proxy refused to connect", "Check this server's HTTPS_PROXY and NO_PROXY."),
    "tls": ("the secure connection failed", "Check this server's base URL and proxy."),
    "certificate": (
        "its certificate is not trusted on this machine",
        "Add your company's certificate to the system's store, or name its file in SSL_CERT_FILE.",
    ),
}

_LOOK_FIRST: Final[Mapping[Effect, str]] = {
    "changes": "Do not call again: first read it and compare.",
    "deletes": "Do not call again: first look whether it is still there.",
    "creates": "Do not call again: first look whether it is there.",
}


def no_key(problem: str) -> KeyRefused:
    """There is no key to send. `problem` says why, and perhaps in a second sentence what to do."""
    what, _, remedy = (problem or "No API key is set.").partition(". ")
    return KeyRefused(
        what.rstrip(".") + ".",
        remedy or "Put an Unthread service account's key into UNTHREAD_API_KEY, and start this server again.",
    )


def not_answered(call: Call, failure: NoAnswer) -> Unavailable:
    """No answer came; if the call is a write, then nothing was sent."""
    if failure.from_storage:
        return Unavailable("The place where Unthread stores this file did not send it.", _LATER)
    if failure.cause == "queue":
        return Unavailable(
            f"Too many calls at once: this one waited {call.deadline:g} seconds and was not sent.",
            "Make fewer calls at once, and call again.",
        )
    if failure.cause in _UNREACHED or call.is_write:
        why, remedy = _UNREACHED.get(failure.cause, _UNREACHED["unreachable"])
        so = ", so nothing was changed" if call.is_write else ""
        return Unavailable(f"Unthread could not be reached{so}: {why}.", remedy)
    if failure.cause == "broken":
        return Unavailable("The connection to Unthread broke before its answer was complete.", _LATER_OR_SETTINGS)
    if failure.cause == "silence":
        return Unavailable("Unthread took the request but did not answer.", _LATER)
    return Unavailable(
        f"Unthread did not answer within {call.deadline:g} seconds.", "Call again in a minute, or ask for less at once."
    )


def refused(call: Call, answer: Answer, key: str, wait: float | None) -> ApiError:
    """An answer other than a 2xx; if the call is a write, then it did not happen. `wait`: seconds of Retry-After."""
    status = answer.status
    if answer.from_storage:
        return Unavailable(
            f"The place where Unthread stores this file did not send it ({status}).", _LATER, status=status
        )
    quote, error_id = _own_words(answer, key)
    number = f"{status}, error id {error_id}" if error_id else str(status)
    said = f': "{quote}"' if quote else ""
    again = f"Call again in {math.ceil(wait)} seconds." if wait is not None else _LATER
    if status == 401:
        return KeyRefused(
            f"Unthread does not accept this server's key ({number}){said}.",
            "Set UNTHREAD_API_KEY to the key of a service account that is not revoked, and start this server again.",
            status=status,
        )
    if status == 403:
        return AccessDenied(
            f"Unthread does not let this server's key do this ({number}){said}.",
            "Leave it, or use the key of a service account that may.",
            status=status,
        )
    if status == 404 and not call.endpoint.placeholders:
        return NotFound(
            f"Unthread does not know {call.endpoint} ({number}).", "Check this server's base URL.", status=status
        )
    if status == 404 or (status == 400 and "not found" in quote.lower()):
        return NotFound(
            f"Unthread found no such object ({number}){said}.", "Check the id, or search for it.", status=status
        )
    if status == 429:
        return RateLimited(f"Unthread takes no more requests for now ({number}){said}.", again, status=status)
    if 400 <= status < 500:
        return RequestRejected(
            f"Unthread refused the request ({number}){said}.",
            "Change what it names; the same call will be refused again."
            if quote
            else "Check the arguments; the same call will be refused again.",
            status=status,
        )
    if status == 501:
        return Unavailable(
            f"Unthread does not offer {call.endpoint} ({number}){said}.", "Calling again will not help.", status=status
        )
    if status >= 500:
        return Unavailable(f"Unthread failed ({number}){said}.", again, status=status)
    if call.follows_redirect and 300 <= status < 400:
        return Unavailable(
            f"Unthread redirected this file to an address that is not followed ({status}).",
            "Open it in Unthread itself.",
            status=status,
        )
    what = "a redirect, which is not followed" if 300 <= status < 400 else "a status that means nothing here"
    return Unavailable(
        f"Unthread's address answered with {what} ({number}).",
        "Check this server's base URL and proxy.",
        status=status,
    )


def unreadable(call: Call, answer: Answer, body: BodyKind) -> UnreadableAnswer:
    """A read was answered by a 2xx that cannot be used."""
    what, remedy = {
        "empty": ("was empty", _LATER),
        "text": ("was bare text, not JSON", "Check this server's base URL and proxy."),
        "page": ("was not JSON but perhaps a web page", "Check this server's base URL and proxy."),
    }.get(body, ("was broken JSON", _LATER))
    if answer.body.flaw in {"too large", "too much"}:
        large = f"was larger than {call.limit / 2**20:g} MiB"
        what = large if answer.body.flaw == "too large" else "would have taken too much memory"
        remedy = "Ask for less: a smaller limit, or fewer fields in select."
        return AnswerTooLarge(f"Unthread's answer {what}.", remedy, status=answer.status)
    if answer.body.flaw:
        what, remedy = "was compressed in a way that cannot be read", _LATER
    return UnreadableAnswer(f"Unthread's answer {what}.", remedy, status=answer.status)


def unusable_file(call: Call, answer: Answer) -> UnreadableAnswer:
    """A download was answered by a 2xx that brought no usable file."""
    if answer.body.flaw == "too large":
        what, remedy = f"The file is larger than {call.limit / 2**20:g} MiB.", "Open it in Unthread itself."
    elif answer.body.flaw:
        what, remedy = "The file was compressed in a way that cannot be read.", "Open it in Unthread itself."
    else:
        # Seen with attachments that are not ready yet.
        what, remedy = "Unthread sent no bytes for this file.", "It is empty, or not ready: call again in a minute."
    return UnreadableAnswer(what, remedy, status=answer.status)


def outcome_unknown(call: Call, came: Answer | NoAnswer, key: str, body: BodyKind | None = None) -> OutcomeUnknown:
    """A write may or may not have happened. `body`: of a 2xx that does not say."""
    if isinstance(came, NoAnswer):
        if came.cause in ("deadline", "silence"):
            what = f"Unthread did not answer within {call.deadline:g} seconds"
        else:
            what = "The connection broke before Unthread answered"
    elif body is None:
        quote, error_id = _own_words(came, key)
        details = [f'"{quote}"'] * bool(quote) + [f"error id {error_id}"] * bool(error_id)
        what = f"Unthread answered {came.status}" + (f" ({', '.join(details)})" if details else "")
    else:
        what = {
            "empty": "Unthread's answer was empty",
            "text": "Unthread's answer was bare text",
            "cut": "Unthread's answer broke off",
        }.get(body, "What answered was not Unthread's API")
    return OutcomeUnknown(f"{what}, so this may or may not have happened.", _LOOK_FIRST[call.endpoint.effect])


def _own_words(answer: Answer, key: str) -> tuple[str, str]:
    """What a refusal says about itself, ready to stand in quotes, and its error id; either may be empty.

    The shape is the API's own, ``{"errors": [{"status", "title", "id"}]}``, or one that a framework or proxy in front
    of it may use; a web page says nothing.
    """
    body = answer.body
    if body.flaw:
        return "", ""
    try:
        value = parse_json(body.content)
    except ValueError:
        is_text = answer.headers.get("content-type", "").lower().startswith("text/plain")
        return (_quotable(body.content.decode("utf-8", "replace"), key) if is_text else ""), ""
    if not isinstance(value, dict):
        return "", ""
    errors = value.get("errors")
    if not isinstance(errors, list):
        errors = [{"title": value.get(name)} for name in ("message", "error")]
    titles: list[str] = []
    ids: list[str] = []
    for error in errors:
        if isinstance(error, dict):
            if isinstance(title := error.get("title"), str):
                titles.append(title.strip())
            error_id = error.get("id")
            if isinstance(error_id, int | str) and _is_error_id(str(error_id)):
                ids.append(str(error_id))
    return _quotable("; ".join(dict.fromkeys(titles)), key), _quotable(" ".join(ids[:1]), key)


def _is_error_id(text: str) -> bool:
    return len(text) <= 64 and text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def _quotable(text: str, key: str) -> str:
    cleaned: JsonValue = clean_json(text, key)[0]
    line = " ".join(str(cleaned).split()).replace('"', "'").rstrip(".")
    return line if len(line) <= MAX_QUOTE else line[: MAX_QUOTE - 1] + "…"
