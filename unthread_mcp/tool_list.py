"""The tools as clients are told of them, read from a file: listing them takes none of their code.

Listing them is what every launch waits for, and the tools with all that they call are a
tenth of what it would import. `tool_list.json` is written by ``scripts/generate.py`` from
the tools themselves, and a test holds it to them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

from unthread_mcp.access import Level


class ListedTool(NamedTuple):
    """What is known of a tool without its code; see `ToolDeclaration` for all but `published`."""

    name: str
    toolset: str
    level: Level
    shown: bool
    needs: str
    published: dict[str, Any]
    """Itself in the answer to tools/list, as JSON."""


PATH: Final = Path(__file__).with_suffix(".json")
TOOL_LIST: Final = tuple(ListedTool(**row) for row in json.loads(PATH.read_bytes()))
"""Every tool there is, in the order in which they are listed."""
