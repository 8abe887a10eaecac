"""Addresses that agents pass on: https and public, never fetched by us."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from unthread_mcp.api.errors import InvalidArgument

_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?", re.ASCII)
_INSIDE = (".localhost", ".local", ".internal", ".lan", ".home.arpa")


def public_https_url(url: str, argument: str) -> str:
    """`url`, if it is an https address of a public host without credentials. Raises `InvalidArgument` otherwise."""
    text = url.strip()
    try:
        parts = urlsplit(text)
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme != "https" or not host or not text.isprintable() or " " in text:
        raise InvalidArgument(f"{argument} is no https address.", "Pass one such as https://help.example.com/page.")
    if "@" in parts.netloc:
        raise InvalidArgument(f"{argument} holds a user name or password.", "Pass the address without them.")
    if not _is_public(host) or port == 0:
        raise InvalidArgument(f"{argument} names a host inside a network.", "Pass an address on the public internet.")
    return text


def host_of(url: str) -> str:
    """The host that `url` names, as resolvers see it; empty if there is none."""
    try:
        return _host(urlsplit(url.strip()).hostname or "")
    except ValueError:
        return ""


def _host(host: str) -> str:
    """`host` as resolvers see it: full-width letters and digits plain, ideographic full stops dots.

    Raises `ValueError` for what is neither a name nor an address.
    """
    if ":" in host:
        return str(ipaddress.ip_address(host))
    name = host.encode("idna").decode().lower()
    if not _NAME.fullmatch(name):
        raise ValueError(host)
    return name.rstrip(".")


def _is_public(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # A name whose last part begins with a digit is an IPv4 address in disguise (127.1, 127.0.0x1).
        return "." in host and not host.endswith(_INSIDE) and not host.rpartition(".")[2][0].isdigit()
    return address.is_global and not address.is_multicast
