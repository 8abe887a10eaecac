"""Beside an earlier commit: it is that commit's package which is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.client import ROOT
from benchmarks.earlier import version_in
from benchmarks.servers import Place


def test_a_version_is_started_from_its_own_directory(tmp_path: Path) -> None:
    place = Place("http://127.0.0.1:9/api", tmp_path)
    assert version_in(ROOT, "now", place).env["PYTHONPATH"] == str(ROOT)
    with pytest.raises(RuntimeError, match="would be measured instead"):
        version_in(tmp_path, "then", place)
