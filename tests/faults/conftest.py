"""A misbehaving upstream for each test, and what must hold after every one, whatever happened in it."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.api.misbehaving import KEY
from tests.faults.loopback import Loopback, nothing_left
from tests.leaks import leaks
from unthread_mcp.api import endpoints


@pytest.fixture
async def loopback(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncGenerator[Loopback]:
    """After the test all is well: a read is answered, nothing was done twice, nothing is left, no word of the key."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    caplog.set_level(logging.DEBUG)
    async with nothing_left():
        made = Loopback(tmp_path / "state" / "intents.sqlite3")
        await made.upstream.start()
        yield made
        made.upstream.well()
        await made.upstream.be_there()
        client = made.client()
        assert await client.read(endpoints.LIST_TAGS, body={"limit": 1})
        await client.aclose()
        doubled = made.upstream.ledger.doubled()
        await made.aclose()
    assert not doubled
    written = capfd.readouterr()
    said = "\n".join([*made.heard, caplog.text, written.out, written.err])
    assert leaks(KEY, said) == []
