"""Addresses that may be passed on."""

from __future__ import annotations

import pytest

from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.urls import public_https_url


@pytest.mark.parametrize(
    "url",
    [
        "https://help.example.com/page",
        "https://help.example.com:8443/a?b=c&d=[e]#f",
        "https://example.com.",
        "https://EXAMPLE.com",
        "https://bücher.example/käse",
        "https://xn--bcher-kva.example",
        "https://8.8.8.8/x",
        "https://[2606:4700:4700::1111]/",
        "https://a_b-c.example.com",
    ],
)
def test_public_https_addresses_pass_as_they_are(url: str) -> None:
    assert public_https_url(f"  {url}\n", "url") == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "help.example.com",
        "http://example.com",
        "javascript:alert(1)",
        "https://",
        "https:///x",
        "https://[::1",
        "https://a b.com",
        "https://example.com/\u202e",
        "https://example.com/\x00",
        "https://example.com:port/",
        "https://example.com:99999/",
    ],
)
def test_what_is_no_https_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument, match=r"^url is no https address\. Pass one such as"):
        public_https_url(url, "url")


@pytest.mark.parametrize(
    "host",
    [
        # What browsers read as 127.0.0.1:
        "127.0.0.1\\.example.com",
        "127.0.0.1%2f.example.com",
        "127.0.0.1%00.example.com",
        # What no name looks like:
        "-.com",
        "a..com",
        ".com",
        "x" * 64 + ".com",
        "example.com|evil",
        "loc%61lhost",
        "\ud800.com",
        "[1::2::3]",
    ],
)
def test_what_is_neither_a_name_nor_an_address_is_refused(host: str) -> None:
    with pytest.raises(InvalidArgument, match="is no https address"):
        public_https_url(f"https://{host}/", "url")


@pytest.mark.parametrize(
    "url", ["https://me@example.com", "https://me:secret@example.com", "https://@example.com", "https://:@example.com"]
)
def test_names_and_passwords_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InvalidArgument, match="holds a user name or password") as refusal:
        public_https_url(url, "url")
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost.",
        "intranet",
        "printer.local",
        "db.internal",
        "x.localhost",
        "router.lan",
        "nas.home.arpa",
        "127.0.0.1",
        "127.1",
        "127.0.0.1.",
        "0x7f.1",
        "127.0.0.0x1",
        "2130706433",
        "10.1.2.3",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fe80::1%25eth0]",
        "[fd00::1]",
        "[ff02::1]",
        "example.com:0",
        # What browsers read as 127.0.0.1 or localhost:
        "127。0。0。1",
        "１２７.0.0.1",
        "db。internal",
        "ｌｏｃａｌｈｏｓｔ",
    ],
)
def test_hosts_inside_a_network_and_what_passes_for_one_are_refused(host: str) -> None:
    with pytest.raises(InvalidArgument, match="names a host inside a network"):
        public_https_url(f"https://{host}/", "url")
