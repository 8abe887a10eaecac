"""Benchmarks: this server beside what somebody would otherwise use, on one fake upstream.

Each bench is one command (``python -m benchmarks.start``, ``.calls``, ``.flight``,
``.memory``, ``.tokens``; ``python -m benchmarks`` runs all) and prints a Markdown
section. Servers take turns in shuffled order within a run, and figures are compared as
ratios of medians from that run: absolute times say more about the machine than about us.
"""
