"""Addresses that agents pass on: https and public, never fetched by us."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from unthread_mcp.api.errors import InvalidArgument


def public_https_url(url: str, argument: str) -> str:
    """`url`, if it is an https address of a public host without credentials. Raises `InvalidArgument` otherwise."""
    text = url.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme != "https" or not host or not text.isprintable() or " " in text:
        raise InvalidArgument(f"{argument} is no https address.", "Pass one such as https://help.example.com/page.")
    if parts.username or parts.password:
        raise InvalidArgument(f"{argument} holds a user name or password.", "Pass the address without them.")
    if not _is_public(host) or port == 0:
        raise InvalidArgument(f"{argument} names a host inside a network.", "Pass an address on the public internet.")
    return text


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        name = host.rstrip(".").lower()
        inside = name == "localhost" or name.endswith((".localhost", ".local", ".internal", ".lan", ".home.arpa"))
        # A name whose last part is a number is an IPv4 address in disguise (127.1, 0x7f.1).
        last = name.rpartition(".")[2]
        return "." in name and not inside and not last[:1].isdigit()
