"""A canary key that no log may hold, clients on a fake clock, and a server that answers with raw bytes."""

from __future__ import annotations

import datetime as dt
import ipaddress
import logging
from typing import TYPE_CHECKING, Any

import pytest
from misbehaving import KEY, Clock, Connect, RawServer

from tests.leaks import leaks
from unthread_mcp.api.client import UnthreadClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def no_key_in_any_log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Log everything there is, and look for the key in it; keep this machine's proxies out of the tests."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    caplog.set_level(logging.DEBUG)
    yield
    assert leaks(KEY, caplog.text) == []


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


@pytest.fixture
def certify(tmp_path: Path) -> Callable[[str], Path]:
    """Make a certificate for a host that signed itself, with its key, in one file."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - only where it is installed
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    def make(host: str) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        try:
            subject = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            subject = x509.DNSName(host)
        now = dt.datetime.now(dt.UTC)
        signed = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([subject]), critical=False)
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = tmp_path / f"{host}.pem"
        path.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
        return path

    return make


@pytest.fixture
def certificate(certify: Callable[[str], Path]) -> Path:
    """A certificate for 127.0.0.1."""
    return certify("127.0.0.1")
