"""All benches, one after the other; takes the same options as each of them."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.client import ROOT

BENCHES = ("start", "calls", "flight", "memory", "many_rows", "tokens", "answers")


def main() -> int:
    """Run each bench in a process of its own; the worst of their exit statuses."""
    statuses = [
        subprocess.run([sys.executable, "-m", f"benchmarks.{bench}", *sys.argv[1:]], cwd=ROOT, check=False).returncode
        for bench in BENCHES
    ]
    return max(statuses)


if __name__ == "__main__":
    sys.exit(main())
