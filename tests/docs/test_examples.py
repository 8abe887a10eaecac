"""docs/examples.md is what the installed server said, and shows a day's work."""

from __future__ import annotations

import re

from scripts.examples import PAGE, main


def test_it_is_what_the_installed_server_says_today() -> None:
    assert main(["--check"]) == 0, "run python scripts/examples.py and look at what changed"


def test_at_least_ten_tasks_are_done_and_what_is_refused_is_done_another_way() -> None:
    tasks = re.split(r"(?m)^## \d+\. ", PAGE.read_text("utf-8"))[1:]
    assert len(tasks) >= 10
    for task in tasks:
        assert "```text\n→ " in task
        answers = [block.partition("\n")[2] for block in re.findall(r"```text\n→ (.*?)```", task, re.DOTALL)]
        assert not answers[-1].startswith(("refused", "unknown")), task[:60]
