"""What our tools and their answers cost a model, in o200k tokens, against their budgets.

Exits with 2 where there is no Node.js or npm to count with. Counts are the same on every
machine, so ``--check`` can stand in CI. ``benchmarks.answers`` has the peers' beside ours.
"""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks import canned, report, servers
from benchmarks.client import Call, Server
from benchmarks.counting import HOW, compact, count_tokens, run_bench
from benchmarks.upstream import RunningUpstream

_TOOLS_LIST: Final = 5_000
_ALL_TOOLS: Final = 11_000
_ONE_TOOL: Final = 500
_ROWS_25: Final = 1_200
_ROWS_100: Final = 4_000
_THREAD: Final = 2_000
_ANSWER: Final = 10_000
"""Any answer, unless more is asked for. get_conversation aims at 4,000, but never cuts the newest customer message."""
_FETCHED_KB: Final = 40.0


def run() -> report.Section:
    """Ask the sandbox's server and, for what was fetched, one on the fake upstream."""
    with Server(servers.everything()) as server:
        everything = server.start()
        listed_all = compact(server.request("tools/list", {}))
    with Server(servers.sandbox()) as server:
        tools = server.start()
        listed = compact(server.request("tools/list", {}))
        page_25 = server.text(Call("search_conversations", {}))
        page_100 = server.text(Call("search_conversations", {"limit": 100}))
        numbers = dict.fromkeys(re.findall(r"#(\d+)", page_100))
        read = {number: server.text(Call("get_conversation", {"conversation": number})) for number in numbers}
    with (
        RunningUpstream() as upstream,
        TemporaryDirectory() as directory,
        Server(servers.ours(servers.Place(upstream.url, Path(directory)))) as server,
    ):
        server.start()
        fetched_100 = server.text(Call("search_conversations", {"limit": 100}))
        fetched_kb = upstream.state().body_bytes / 1000
        thread = server.text(Call("get_conversation", {"conversation": str(canned.conversations()[0]["id"])}))
    tool_texts = [compact(tool) for tool in everything]
    counts = count_tokens(
        [
            *(listed, listed_all, page_25, page_100, fetched_100, thread),
            *tool_texts,
            *read.values(),
        ]
    )
    in_list, in_all, in_25, in_100, in_fetched_100, in_thread = counts[:6]
    by_tool = dict(zip((tool["name"] for tool in everything), counts[6:], strict=False))
    by_conversation = sorted(counts[6 + len(everything) :])
    dearest = max(by_tool, key=lambda name: by_tool[name])
    bounds = [
        report.Bound(f"tools/list: at most {_TOOLS_LIST:,} tokens", in_list, "at most", _TOOLS_LIST),
        report.Bound(f"all tools at admin: at most {_ALL_TOOLS:,} tokens", in_all, "at most", _ALL_TOOLS),
        report.Bound(f"the largest tool ({dearest}): at most {_ONE_TOOL}", by_tool[dearest], "at most", _ONE_TOOL),
        report.Bound(f"25 conversations: at most {_ROWS_25:,}", in_25, "at most", _ROWS_25),
        report.Bound(f"100 conversations: at most {_ROWS_100:,}", max(in_100, in_fetched_100), "at most", _ROWS_100),
        report.Bound(f"100 conversations: at most {_FETCHED_KB:g} kB fetched", fetched_kb, "at most", _FETCHED_KB),
        report.Bound(f"a thread of 24 messages: at most {_THREAD:,}", in_thread, "at most", _THREAD),
        report.Bound(
            f"the longest of 100 conversations read: at most {_ANSWER:,}", by_conversation[-1], "at most", _ANSWER
        ),
    ]
    rows = [
        (f"tools/list, {len(tools)} tools", f"{in_list:,}", f"{len(listed):,}"),
        (f"tools/list, all {len(everything)} tools", f"{in_all:,}", f"{len(listed_all):,}"),
        ("25 conversations of the sandbox", f"{in_25:,}", f"{len(page_25):,}"),
        (f"{len(numbers)} conversations of the sandbox", f"{in_100:,}", f"{len(page_100):,}"),
        ("100 conversations of the fake upstream", f"{in_fetched_100:,}", f"{len(fetched_100):,}"),
        ("one conversation with 24 messages", f"{in_thread:,}", f"{len(thread):,}"),
        ("one conversation of the sandbox, median", f"{by_conversation[len(by_conversation) // 2]:,}", ""),
        ("one conversation of the sandbox, longest", f"{by_conversation[-1]:,}", ""),
    ]
    tool_table = ", ".join(f"{name} {tokens}" for name, tokens in sorted(by_tool.items(), key=lambda item: -item[1]))
    return report.Section(
        name="tokens",
        title="Tokens",
        method=HOW,
        header=("text", "tokens", "characters"),
        rows=rows,
        bounds=bounds,
        notes=[f"By tool: {tool_table}."],
    )


if __name__ == "__main__":
    run_bench(__doc__, run)
