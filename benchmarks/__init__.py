"""Benchmarks: this server beside what somebody would otherwise use, on one fake upstream.

Each bench is one command (``python -m benchmarks.start``, ``.calls``, ``.flight``,
``.memory``, ``.many_rows``, ``.tokens``, ``.answers``; ``python -m benchmarks`` runs all) and prints a
Markdown section. Servers take turns in shuffled order within a run, and figures are
compared as ratios from paired rounds: absolute times say more about the machine than
about us. `packages` installs the peers, `servers` says how each is started and what it
calls its tools.
"""
