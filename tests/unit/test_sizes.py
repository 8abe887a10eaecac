"""Sizes in few characters."""

from __future__ import annotations

import pytest

from unthread_mcp.sizes import write_size


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1_000, "1 kB"),
        (2_149, "2.1 kB"),
        (9_949, "9.9 kB"),
        (9_950, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (20_000_000, "20 MB"),
        (12 * 10**12, "12,000 GB"),
    ],
)
def test_a_size_is_written_with_as_many_digits_as_it_needs(size: int, words: str) -> None:
    assert write_size(size) == words
