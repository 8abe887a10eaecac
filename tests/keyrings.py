"""Keyrings for tests, chosen by `PYTHON_KEYRING_BACKEND`."""

from __future__ import annotations

import os
from typing import Any

from keyring.backend import KeyringBackend


class OneEntry(KeyringBackend):
    """Holds what the variable `TEST_ENTRY` says, as service:user name:password."""

    priority: Any = 1

    def get_password(self, service: str, username: str) -> str | None:
        """The password, if both names are right."""
        *names, password = os.environ["TEST_ENTRY"].split(":")
        return password if names == [service, username] else None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Nothing is stored."""
        raise NotImplementedError


class Locked(KeyringBackend):
    """Can't be read, and says so in an error of its own."""

    priority: Any = 1

    def get_password(self, service: str, username: str) -> str | None:
        """Raise what a system's own library might, with a secret in it."""
        raise RuntimeError("locked: sk_secret")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Nothing is stored."""
        raise NotImplementedError
