"""`python -m unthread_mcp`."""

from __future__ import annotations

import sys

from unthread_mcp.cli import main

if __name__ == "__main__":
    sys.exit(main())
