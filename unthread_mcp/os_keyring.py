"""The API key out of the operating system's keyring, through the package `keyring`, which is an extra."""

from __future__ import annotations

from typing import Final

USER_NAME: Final = "api-key"
"""Under which name the key is kept for a service: `keyring set SERVICE api-key` asks for it."""


def stored_key(service: str) -> tuple[str, str]:
    """The key that is kept for `service`, or an empty text and why there is none. Never a word of the key."""
    try:
        import keyring  # noqa: PLC0415 - an extra, wanted only where the operator names a service
        from keyring.errors import NoKeyringError  # noqa: PLC0415 - see above
    except ImportError:
        return "", (
            "The package keyring, which UNTHREAD_API_KEY_KEYRING needs, is not installed. "
            "Install unthread-mcp[keyring]."
        )
    try:
        key = keyring.get_password(service, USER_NAME)
    except NoKeyringError:
        return "", "This system has no keyring that can be used. Put the key into UNTHREAD_API_KEY or a file."
    except Exception:  # noqa: BLE001 - every backend raises what its system does, and starting needs no key
        return "", "The keyring that UNTHREAD_API_KEY_KEYRING asks can't be read. Unlock it, or try `keyring get`."
    if not key:
        return "", (
            "The keyring has no key under the name that UNTHREAD_API_KEY_KEYRING gives. "
            f"Store it with `keyring set NAME {USER_NAME}`."
        )
    return key, ""
