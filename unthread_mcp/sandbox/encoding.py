"""JSON as it is kept in columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, cast

from .calls import JsonValue
from .store import SqlValue

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dumps(value: JsonValue) -> str:
    """Compact JSON text."""
    return _ENCODER.encode(value)


def columns(checked: Mapping[str, Any]) -> dict[str, SqlValue]:
    """A checked request as columns: objects and arrays become JSON text."""
    return {
        name: dumps(cast("JsonValue", value)) if isinstance(value, (dict, list)) else value
        for name, value in checked.items()
    }
