"""docs/examples.md and docs/prompts.md are what the installed server said, and show a day's work and each prompt's."""

from __future__ import annotations

import re

import pytest

from scripts.examples import ROOT, main
from unthread_mcp.prompts import PROMPTS, PromptTemplate

EXAMPLES = (ROOT / "docs" / "examples.md").read_text("utf-8")
FOLLOWED = (ROOT / "docs" / "prompts.md").read_text("utf-8")
MOST_CALLS = {
    "triage_inbox": 1 + 3 + 2,  # a brief of each of three, and one agreed to
    "draft_reply": 4,
    "summarize_conversation": 2,
    "escalate": 3,
    "weekly_report": 7,
    "find_kb_gaps": 8,  # two pages, the articles, two questions, two threads read, an article written
}


def test_they_are_what_the_installed_server_says_today() -> None:
    assert main(["--check"]) == 0, "run python scripts/examples.py and look at what changed"


def test_at_least_ten_tasks_are_done_and_what_is_refused_is_done_another_way() -> None:
    tasks = re.split(r"(?m)^## \d+\. ", EXAMPLES)[1:]
    assert len(tasks) >= 10
    for task in tasks:
        assert "```text\n→ " in task
        answers = [block.partition("\n")[2] for block in re.findall(r"```text\n→ (.*?)```", task, re.DOTALL)]
        assert not answers[-1].startswith(("refused", "unknown")), task[:60]


def _followed(template: PromptTemplate) -> str:
    return FOLLOWED.partition(f"\n## {template.title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("template", PROMPTS, ids=lambda template: template.name)
def test_each_prompt_is_followed_step_by_step_in_few_calls(template: PromptTemplate) -> None:
    blocks = re.findall(r"```text\n→ (.*?)```", _followed(template), re.DOTALL)
    assert blocks[0].startswith(f"prompt {template.name}(")
    steps = [re.findall(r"\b([a-z]+(?:_[a-z]+)+)\(", step) for step in template.text.splitlines()[1:]]
    called = [block.partition("(")[0] for block in blocks[1:]]
    assert len(called) <= MOST_CALLS[template.name]
    # Each call is of the step that is on, or of a later one; none is passed over.
    on = 0
    for tool in called:
        later = [at for at in range(on, len(steps)) if tool in steps[at]]
        assert later, f"{tool} is called, which no step from {on + 1} on names"
        on = later[0]
    assert all(set(tools) & set(called) for tools in steps if tools)
    for block in blocks[1:]:
        assert not block.partition("\n")[2].startswith(("refused", "unknown")), block


def _totals(page: str) -> dict[str, str]:
    """The total that a page's report has, by its metric and the time that it covers."""
    reports = re.findall(r'→ run_report\(metric="(\w+)", start="(\w+)".*\n.*\n(.+)', page)
    return {f"{metric} {start}": total for metric, start, total in reports}


def test_both_pages_give_the_same_figures_for_the_same_report() -> None:
    day, prompts = _totals(EXAMPLES), _totals(FOLLOWED)
    assert {"totalCount 7d", "responseTimeMean 7d"} <= day.keys() & prompts.keys()
    for report in day.keys() & prompts.keys():
        assert day[report] == prompts[report]


def test_a_gap_in_the_knowledge_base_is_found_and_closed() -> None:
    (template,) = [each for each in PROMPTS if each.name == "find_kb_gaps"]
    followed = _followed(template)
    rows = re.findall(r"(?m)^\[(\d+),.*row rule", followed, re.IGNORECASE)
    assert len(rows) >= 3
    articles = followed.partition("→ search_kb_articles(")[2].partition("```")[0]
    assert "row rule" not in articles.lower()
    assert "done: article " in followed
