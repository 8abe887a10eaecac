"""From a host's name to a socket that is connected to it, whichever of its addresses answers first."""

from __future__ import annotations

import asyncio
import socket
from itertools import zip_longest
from typing import Any, Final

import anyio

_HEAD_START: Final = 0.25
"""Seconds that each address is given before the next one is tried beside it (RFC 8305, 5: 100 ms to 2 s, 250 ms
recommended)."""


async def connected(host: bytes, port: int) -> socket.socket:
    """A socket connected to `host`, its addresses tried in the system's order, the families in turn.

    asyncio would race them, too, but then tells of several failures in words alone, and not in types. Raises `OSError`:
    `socket.gaierror` for a name that leads nowhere, and a failure of several addresses from a group of theirs.
    """
    # Bytes: the name is in ASCII already, and not to be encoded again.
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    families: dict[int, list[_Address]] = {}
    for family, _, _, _, address in found:
        families.setdefault(family, []).append((family, address))
    race = _Race()
    try:
        await race.run([candidate for row in zip_longest(*families.values()) for candidate in row if candidate])
    except BaseException:
        if race.winner is not None:
            race.winner.close()
        raise
    if race.winner is not None:
        return race.winner
    failures = race.failures or [OSError("the name stands for no address")]
    raise failures[0] if len(failures) == 1 else OSError("no address answered") from ExceptionGroup("each", failures)


_Address = tuple[int, tuple[Any, ...]]


class _Race:
    def __init__(self) -> None:
        self.winner: socket.socket | None = None
        self.failures: list[OSError] = []

    async def run(self, candidates: list[_Address]) -> None:
        async with anyio.create_task_group() as attempts:
            for candidate in candidates:
                failed = anyio.Event()
                attempts.start_soon(self._enter, candidate, failed, attempts.cancel_scope)
                with anyio.move_on_after(_HEAD_START):
                    await failed.wait()

    async def _enter(self, candidate: _Address, failed: anyio.Event, others: anyio.CancelScope) -> None:
        try:
            attempt = await _attempt(*candidate)
        except OSError as error:
            self.failures.append(error)
            failed.set()
            return
        if self.winner is None:
            self.winner = attempt
            others.cancel()
        else:
            attempt.close()


async def _attempt(family: int, address: tuple[Any, ...]) -> socket.socket:
    attempt = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        attempt.setblocking(False)
        await asyncio.get_running_loop().sock_connect(attempt, address)
    except BaseException:
        attempt.close()
        raise
    return attempt
