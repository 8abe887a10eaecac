"""What tools and answers cost a model, in o200k tokens, beside what it gets from other servers.

Exits with 2 where there is no Node.js or npm to count with. Needs no rounds: the texts
are the same every time.
"""

from __future__ import annotations

from typing import Any, Final

from benchmarks import canned_reports, packages, report, servers
from benchmarks.client import Server
from benchmarks.comparing import Race
from benchmarks.contest import CONVERSATION, REPORT, ROWS, SAME_ROWS, contest
from benchmarks.counting import HOW, compact, count_tokens, run_bench

_TOOLS: Final = "tools/list"
_TOOLS_FOR_MODELS: Final = "tools/list without output schemas"
_API: Final = "the API's own JSON"
_ORDER: Final = (_TOOLS, _TOOLS_FOR_MODELS, ROWS, SAME_ROWS, CONVERSATION, REPORT)
_BOUND_ROWS: Final = 1 / 30
_REPORT_MOST: Final = 1_200


def run() -> report.Section:
    """Ask every server for its tools and for each kind of work."""
    texts: dict[tuple[str, str], str] = {}
    with Server(servers.everything()) as server:
        every_tool = f"{servers.OURS}, all {len(server.start())} tools"
        for what, text in _listed(server).items():
            texts[what, every_tool] = text
    with contest() as match:
        for contestant in match.contestants:
            for what, text in _listed(contestant.server).items():
                texts[what, contestant.name] = text
            for what, work in contestant.work.items():
                texts[what, contestant.name] = contestant.server.answer(work)
    texts[REPORT, _API] = compact(canned_reports.time_series(canned_reports.QUESTION))
    tokens = dict(zip(texts, count_tokens(list(texts.values())), strict=True))
    races = {what: Race(f"tokens of {what}", servers.OURS) for what in _ORDER}
    for (what, name), count in tokens.items():
        races[what].add(name, [count])
    header = ("text", "tokens", "characters", "ours ÷ this")
    rows = [
        (f"{what}: {name}", f"{tokens[what, name]:,}", f"{len(texts[what, name]):,}", race.cells(name)[0])
        for what, race in races.items()
        for name in race.rounds
    ]
    return report.Section(
        name="answers",
        title="Tokens beside the peers",
        method=f"{HOW} The work is that of the other sections; a report is {len(canned_reports.CUSTOMERS)} customers × "
        f"{len(canned_reports.SOURCES)} sources × {canned_reports.DAYS} days. Of an answer its text is counted, and no "
        "structured content, which says the same again.",
        header=header,
        rows=[*rows, *report.absent_rows(match.absent, len(header))],
        bounds=[
            *report.beside(races[ROWS], servers.BRIDGE, _BOUND_ROWS),
            report.Bound(
                f"a report: at most {_REPORT_MOST:,} tokens", tokens[REPORT, servers.OURS], "at most", _REPORT_MOST
            ),
        ],
        notes=[lost for race in races.values() for lost in race.lost()],
        versions=packages.versions(),
    )


def _listed(server: Server) -> dict[str, str]:
    """What tools/list answers, whole and as most hosts hand it to the model."""
    listed: dict[str, Any] = server.request("tools/list", {})
    seen = [{key: value for key, value in tool.items() if key != "outputSchema"} for tool in listed["tools"]]
    return {_TOOLS: compact(listed), _TOOLS_FOR_MODELS: compact({**listed, "tools": seen})}


if __name__ == "__main__":
    run_bench(__doc__, run)
