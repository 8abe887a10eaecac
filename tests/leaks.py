"""A secret in every form in which it could get out."""

from __future__ import annotations

import base64
from urllib.parse import quote


def forms_of(secret: str) -> dict[str, str]:
    """How `secret` may be written, by name; compared without regard to letter case but for base64."""
    raw = secret.encode()
    forms = {
        "plain": secret,
        "reversed": secret[::-1],
        "hex": raw.hex(),
        "hex with blanks": raw.hex(" "),
        "URL": quote(secret, safe=""),
        "URL, every character": "".join(f"%{byte:02x}" for byte in raw),
        "JSON, every character": "".join(f"\\u{byte:04x}" for byte in raw),
        "Python, every character": "".join(f"\\x{byte:02x}" for byte in raw),
        "HTML, every character": "".join(f"&#{byte};" for byte in raw),
    }
    for offset in range(3):
        # Within a longer text, base64 looks different for each place modulo 3; what neighbours change is cut off.
        whole = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        core = whole[(0, 2, 3)[offset] : -1]
        forms[f"base64 at {offset}"] = core
        forms[f"base64url at {offset}"] = core.replace("+", "-").replace("/", "_")
    return forms


def leaks(secret: str, text: str) -> list[str]:
    """The forms of `secret` that stand in `text`."""
    folded = text.lower()
    return [
        name
        for name, form in forms_of(secret).items()
        if (form in text if name.startswith("base64") else form.lower() in folded)
    ]
