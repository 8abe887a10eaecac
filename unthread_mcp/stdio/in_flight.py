"""The client's requests that have been handed on and not been answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mcp.shared.dispatcher import coerce_request_id

if TYPE_CHECKING:
    from mcp.types import JSONRPCRequest, RequestId

MAX_REQUESTS: Final = 1024
"""So many at work make the rest wait in the client's pipe: four times the most that is measured for."""

MAX_REQUEST_BYTES: Final = 64 * 1024 * 1024
"""So many bytes of requests at work make the rest wait: sixteen of the longest."""

_ENDLESS_METHOD: Final = "subscriptions/listen"
"""The one request whose answer is a stream that ends with the connection, so nothing may wait for it."""


class InFlight:
    """Which ids are taken, and how much is at work.

    `"7"` and `7` count as one id, as they do in the SDK's table of what can be cancelled.
    """

    def __init__(self) -> None:
        self._sizes: dict[RequestId, int | None] = {}
        self._requests = 0
        self._bytes = 0

    def __contains__(self, request_id: RequestId) -> bool:
        return coerce_request_id(request_id) in self._sizes

    @property
    def idle(self) -> bool:
        """Whether all that can be answered is."""
        return not self._requests

    @property
    def full(self) -> bool:
        """Whether further requests should wait."""
        return self._requests >= MAX_REQUESTS or self._bytes >= MAX_REQUEST_BYTES

    def add(self, request: JSONRPCRequest, size: int) -> None:
        """Take the id of `request`, whose line had `size` bytes."""
        endless = request.method == _ENDLESS_METHOD
        self._sizes[coerce_request_id(request.id)] = None if endless else size
        if not endless:
            self._requests += 1
            self._bytes += size

    def settle(self, request_id: RequestId) -> None:
        """Free the id of a request that was answered, or never will be; other ids are ignored."""
        size = self._sizes.pop(coerce_request_id(request_id), None)
        if size is not None:
            self._requests -= 1
            self._bytes -= size
