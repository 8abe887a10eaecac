"""What the two ways to move bytes, pipes and threads, have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

READ_BYTES: Final = 64 * 1024
"""The most that is read at once: a Linux pipe's whole capacity (pipe(7))."""


class ByteSource(Protocol):
    """Gives its bytes to the `on_data` that it was made with, `b""` at the end; everything happens on the event loop.

    It begins paused. One more chunk may still come after `pause`.
    """

    def resume(self) -> None:
        """Let bytes come; does nothing if they do."""
        ...

    def pause(self) -> None:
        """Let no more come."""
        ...

    def close(self) -> None:
        """Stop for good."""
        ...


class ByteSink(Protocol):
    """Writes in order what it is given, without ever blocking; so its user has to look at `backlog`."""

    @property
    def backlog(self) -> int:
        """Bytes not written yet."""
        ...

    @property
    def broken(self) -> bool:
        """Whether the other side is gone; what is written from then on is dropped."""
        ...

    def write(self, data: bytes) -> None:
        """Write `data` as soon as the other side takes it."""
        ...

    def close(self) -> None:
        """Stop for good; what is not written yet may be lost."""
        ...


OnData = Callable[[bytes], None]
OnProgress = Callable[[], None]
"""Called on the event loop after the backlog shrank, and when the sink broke."""
