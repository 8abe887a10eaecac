"""fastmcp's bridge: a tool for each operation of an OpenAPI document, as its documentation shows it.

Runs in an environment of its own, with fastmcp, and imports nothing of the benches.
"""

# fastmcp is no dependency of the project, so nothing here is known of it.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx2
from fastmcp import FastMCP

document: dict[str, Any] = json.loads(Path(os.environ["OPENAPI_SPEC_PATH"]).read_text("utf-8"))
api = httpx2.AsyncClient(
    base_url=os.environ["UNTHREAD_API_URL"],
    headers={"X-Api-Key": os.environ["UNTHREAD_API_KEY"]},
    timeout=30,
)

if __name__ == "__main__":
    FastMCP.from_openapi(openapi_spec=document, client=api, name="bridge").run(show_banner=False)
