"""What can go wrong, each as two short sentences: what happened, and what to do.

* UnthreadError
  * InvalidArgument: bad input, found here; nothing was sent
    * UnknownName: nothing bears the name that was passed
  * NotPermitted: the operator's access level, gate or allow-list forbids it; nothing was sent
  * Conflict: the conversation moved on, so the write was not sent
  * ApiError: Unthread or the way there said no; for a write: it did not happen
    * KeyRefused: no key, or Unthread doesn't take it (401)
    * AccessDenied: the key may not do this (403)
    * NotFound: no such object (404, or a 400 whose title says so)
    * RequestRejected: any other 4xx
    * RateLimited: 429, and waiting did not fit the deadline
    * Unavailable: no connection, time-outs and 5xx
    * UnreadableAnswer: not JSON, broken or too large
      * AnswerTooLarge: more than one answer, or the answers to one call, may take
  * OutcomeUnknown: a write that may have happened; it must not be sent again blindly
    * DeliveryFailed: Unthread took it and says that delivering it failed, which may have been in part
"""

from __future__ import annotations


class UnthreadError(Exception):
    """Root of everything that this package raises on purpose.

    `what` says what happened and `remedy` what to do about it; `str()` joins them. Neither
    ever holds a key, a traceback, or text that a customer wrote. `shown` is text from
    outside that the caller should see with the refusal, already fenced (or empty).
    """

    def __init__(self, what: str, remedy: str, *, shown: str = "") -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy
        self.shown = shown

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}".strip()


class InvalidArgument(UnthreadError):
    """An argument is not acceptable; nothing was sent."""


class UnknownName(InvalidArgument):
    """Nothing bears the name that was passed; nothing was sent."""


class NotPermitted(UnthreadError):
    """The operator's settings or the human's answer forbid this; nothing was sent."""


class Conflict(UnthreadError):
    """The world moved on since the caller looked; nothing was sent."""


class ApiError(UnthreadError):
    """Unthread, or the way to it, said no. For a write it means that it did not happen."""

    def __init__(self, what: str, remedy: str, *, status: int | None = None) -> None:
        super().__init__(what, remedy)
        self.status = status


class KeyRefused(ApiError):
    """There is no key, or Unthread does not accept it (401)."""


class AccessDenied(ApiError):
    """The key's service account may not do this (403)."""


class NotFound(ApiError):
    """No such object (404, or a 400 whose title says that it was not found)."""


class RequestRejected(ApiError):
    """Unthread refused the request as it was made (any other 4xx)."""


class RateLimited(ApiError):
    """Too many requests (429), and waiting for the next slot did not fit the deadline."""


class Unavailable(ApiError):
    """No connection, a time-out, or a server error (5xx)."""


class UnreadableAnswer(ApiError):
    """The answer was not JSON, was cut short, or was larger than the cap."""


class AnswerTooLarge(UnreadableAnswer):
    """The answer was larger than the cap, or would have taken more memory than the call has left."""


class OutcomeUnknown(UnthreadError):
    """A write left this machine and nobody said what became of it. It may have happened."""


class DeliveryFailed(OutcomeUnknown):
    """Unthread took it, and says that delivering it failed. Some may have received it."""
