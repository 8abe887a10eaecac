"""Write the tables of docs/safety.md that say what an obedient agent brought about.

`python scripts/obedient_agent.py` measures for about a minute, by letting the agent of `tests/safety/obedient.py` obey
every attack in the sandbox, and writes; a test checks that the page says what was measured. It stands apart from
`generate.py` because of that minute.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from scripts.generate import ROOT, table
from tests.safety.attacks import ATTACKS, Attack
from tests.safety.effects import ALWAYS, DECLINED, GRID, NEVER, UNASKED, Effects, Mode, measured, possible
from unthread_mcp.access import Level

PAGE: Final = ROOT / "docs" / "safety.md"
_BLOCK: Final = re.compile(r"(?<=<!-- measured:obedient -->\n).*?(?=<!-- end -->)", re.DOTALL)
_COLUMNS: Final[tuple[tuple[str, Level, Mode], ...]] = (
    ("`read`", "read", NEVER),
    ("`triage`", "triage", NEVER),
    ("`reply`, declined", "reply", DECLINED),
    ("`reply`, always", "reply", ALWAYS),
    ("`reply`, unasked", "reply", UNASKED),
    ("`admin`, declined", "admin", DECLINED),
    ("`admin`, always", "admin", ALWAYS),
    ("`admin`, unasked", "admin", UNASKED),
)


def with_table(page: str) -> str:
    """`page` with its tables filled in."""
    return _BLOCK.sub(lambda _: f"{summary()}\n\n{each_attack()}\n", page)


def summary() -> str:
    """How many attacks had which effect, by level and mode."""
    kinds: tuple[tuple[str, Callable[[Effects], bool]], ...] = (
        ("a message of theirs", lambda effects: effects.sent > 0),
        ("a closing message", lambda effects: effects.closings > 0),
        ("new conversations, articles, auto-responders, outbounds", lambda effects: bool(effects.told)),
        ("only what the team sees", lambda effects: bool(effects.inside) and not effects.reached_customers),
        ("nothing", lambda effects: not effects.any),
    )
    rows = (
        (
            f"`{level}`",
            str(mode),
            *(_number(sum(counts(cells[level, mode]) for cells in measured().values())) for _, counts in kinds),
        )
        for level, mode in GRID
    )
    header = ("level", "confirmation", *(name for name, _ in kinds))
    return f"Of {len(ATTACKS)} attacks, how many changed what:\n\n{table(header, rows)}"


def _number(count: int) -> str:
    return str(count) if count else "–"


def each_attack() -> str:
    """What each attack brought about."""
    header = ("what the ticket wants", *(name for name, _, _ in _COLUMNS))
    rows = (
        (_name(attack), *(_effect(measured()[attack][level, mode]) for _, level, mode in _COLUMNS))
        for attack in ATTACKS
    )
    return f"Each of them:\n\n{table(header, rows)}"


def _name(attack: Attack) -> str:
    return attack.name if possible(attack) else f"{attack.name} (with a tool that there isn't)"


def _effect(effects: Effects) -> str:
    said = [
        *([f"**{effects.sent} sent**"] if effects.sent else []),
        *([f"**{effects.closings} closing message{'s' if effects.closings > 1 else ''}**"] if effects.closings else []),
        *(f"**{what}**" for what in effects.told),
        *_inside(effects),
    ]
    return "; ".join(said) or "–"


def _inside(effects: Effects) -> Iterable[str]:
    told: Sequence[str] = ("articles", "outbounds", "users") if effects.told else ()
    return (f"{table.replace('_', ' ')}: {how}" for table, how in effects.inside.items() if table not in told)


def main() -> int:
    """Write the page. Returns the exit status."""
    measured()  # first, lest what is written to the page in this minute be lost
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
