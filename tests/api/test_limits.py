"""The figures that SAFETY.md promises, as they are unless somebody says otherwise."""

from __future__ import annotations

import inspect

import pytest

from unthread_mcp.api.client import UnthreadClient
from unthread_mcp.api.endpoints import ID_PATTERN
from unthread_mcp.api.retries import RetryPolicy
from unthread_mcp.api.uninterrupted import uninterrupted


@pytest.mark.parametrize(
    ("name", "promised"),
    [
        ("deadline", 30),
        ("file_deadline", 60),
        ("max_in_flight", 16),
        ("max_json_bytes", 8 * 2**20),
        ("max_file_bytes", 25 * 2**20),
    ],
)
def test_a_client_keeps_within_what_is_promised(name: str, promised: int) -> None:
    assert inspect.signature(UnthreadClient).parameters[name].default == promised


def test_a_read_is_tried_three_times_and_a_write_has_fifteen_seconds_to_end() -> None:
    assert RetryPolicy().attempts == 3
    assert inspect.signature(uninterrupted).parameters["grace"].default == 15


def test_an_id_has_one_to_64_plain_characters() -> None:
    assert all(ID_PATTERN.fullmatch(each) for each in ("x", "A_b-9", "x" * 64))
    assert not any(ID_PATTERN.fullmatch(each) for each in ("", "x" * 65, ".", "..", "a/b", "a%2fb", "a\n", "é"))
