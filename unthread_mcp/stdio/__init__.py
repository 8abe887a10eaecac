"""The stdio transport and its runner: newline-delimited JSON-RPC on standard input and output, and nothing else there.

Above the framing everything is the SDK's. What is ours, and why:

* no thread moves a byte where the event loop can wait for the descriptors (`pipes`), which the SDK's transport spends
  most of its time on; threads elsewhere (`threads`);
* lines are bounded, strictly UTF-8, and each gets an answer, whatever is wrong with it (`framing`);
* what is read ahead and what waits to be written is bounded (`channel`, `in_flight`);
* a `server/discover` probe does not decide which protocol era a connection speaks (`probes`);
* at the end of input what is at work is answered first; a signal cancels it, and clean-up runs (`runner`).
"""

from __future__ import annotations

from unthread_mcp.stdio.runner import DRAIN_SECONDS, StdioServer, run_stdio, serve_stdio

__all__ = ["DRAIN_SECONDS", "StdioServer", "run_stdio", "serve_stdio"]
