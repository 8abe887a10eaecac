"""The records of intents that a process keeps beside its file, each as one piece of bytes.

As a tuple with its strings, numbers and dictionary a record would be ten objects. They are made while large answers
come and go, and each one that stays behind keeps a page of memory that would be given back.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Final

from unthread_mcp.intents_file import Record

if TYPE_CHECKING:
    from collections.abc import KeysView

    from unthread_mcp.intents_file import State

_STATES: Final[tuple[State, ...]] = ("begun", "unknown", "done")
_DONE: Final = _STATES.index("done")
_HEAD: Final = struct.Struct("=Bdd")
"""The state's place in `_STATES`, and the times `started` and `changed`. The token and the receipt follow."""
_CHANGED: Final = struct.Struct("=d")
_CHANGED_AT: Final = _HEAD.size - _CHANGED.size


class Records:
    """Records by the intents' keys, the one that was set last at the end."""

    def __init__(self) -> None:
        self._packed: dict[bytes, bytes] = {}

    def __len__(self) -> int:
        return len(self._packed)

    def __setitem__(self, key: bytes, record: Record) -> None:
        head = _HEAD.pack(_STATES.index(record.state), record.started, record.changed)
        self._packed.pop(key, None)
        self._packed[key] = head + json.dumps([record.token, record.receipt]).encode()

    def __delitem__(self, key: bytes) -> None:
        del self._packed[key]

    def get(self, key: bytes) -> Record | None:
        """The record of `key`, if there is one."""
        packed = self._packed.get(key)
        return None if packed is None else _unpacked(packed)

    def pop(self, key: bytes) -> Record | None:
        """Take the record of `key` out; None if there is none."""
        packed = self._packed.pop(key, None)
        return None if packed is None else _unpacked(packed)

    def keys(self) -> KeysView[bytes]:
        """Those of all records."""
        return self._packed.keys()

    def done_before(self, time: float) -> list[bytes]:
        """The keys of what is done and hasn't changed since `time`."""
        changed = _CHANGED.unpack_from
        packed = self._packed.items()
        return [key for key, each in packed if each[0] == _DONE and changed(each, _CHANGED_AT)[0] < time]


def _unpacked(packed: bytes) -> Record:
    state, started, changed = _HEAD.unpack_from(packed)
    token, receipt = json.loads(packed[_HEAD.size :])
    return Record(token, _STATES[state], started, changed, receipt)
