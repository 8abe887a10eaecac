"""How a story is written down.

A line begins with who says it: `> ` the customer, `< ` the support team in public, `# ` the team among
themselves. The first line opens the conversation. `{contact}`, `{domain}` and `{invoice}` are filled in,
`<@agent>` becomes a mention, `[label](url)` a link, and `[file: name]` at a line's end attaches a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from unthread_mcp.sandbox.authors import Channel


class Story(NamedTuple):
    """A problem from its first message to its end. `fix` is how it ended, in a sentence."""

    title: str
    tags: str
    lines: tuple[str, ...]
    priority: int | None = None
    kind: str | None = None
    fix: str | None = None
    channel: Channel | None = None


class Special(NamedTuple):
    """A story with its place: whose it is, its status, and how long ago it began.

    `landmark` is the name under which tests and docs find it. `working_days` counts back from the
    last working day before today (0); with `hours` it began so many hours before the start of today
    instead, whatever the weekday.
    """

    landmark: str
    story: Story
    company: str | None
    status: str
    working_days: int = 0
    hours: float | None = None
    contact: int = 0
