"""A canary key that no log may hold, clients on a fake clock, and a server that answers with raw bytes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from misbehaving import KEY, Clock, Connect, RawServer

from unthread_mcp.api.client import UnthreadClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(autouse=True)
def no_key_in_any_log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Log everything there is, and look for the key in it; keep this machine's proxies out of the tests."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    caplog.set_level(logging.DEBUG)
    yield
    assert KEY not in caplog.text


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def connect(clock: Clock) -> AsyncIterator[Connect]:
    """Make clients on the fake clock, with full delays instead of random ones; they are closed after the test."""
    clients: list[UnthreadClient] = []

    def make(**options: Any) -> UnthreadClient:
        settings: dict[str, Any] = {
            "base_url": "https://api.unthread.test/api",
            "key": KEY,
            "monotonic": clock.monotonic,
            "wall_clock": lambda: 1_700_000_000.0,
            "sleep": clock.sleep,
            "chance": lambda: 1.0,
        }
        client = UnthreadClient(**(settings | options))
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    raw = RawServer()
    yield raw
    await raw.stop()
