"""Who tells which story, on which channel, when, and how far it has come: the seed's 150 scenes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .people import AGENTS, AT_WORK, BILLING, COMPANIES
from .script import Special, Story
from .stories import (
    billing,
    connectors,
    dashboards,
    hostile,
    programming,
    sharing,
    signing_in,
    special,
    tongues,
    warehouses,
)
from .stories.long_ones import long_ones
from .stories.twins import TWINS

if TYPE_CHECKING:
    from unthread_mcp.sandbox.authors import Channel

    from .dice import Dice

ORDINARY: Final = (
    *signing_in.STORIES,
    *connectors.STORIES,
    *warehouses.STORIES,
    *dashboards.STORIES,
    *sharing.STORIES,
    *billing.STORIES,
    *programming.STORIES,
)
SPECIAL: Final = (*special.SPECIAL, *hostile.SPECIAL, *tongues.SPECIAL)
OLDEST: Final = 83
"""Working days before today; 83 are 116 to 118 days by the calendar."""

_STATUSES_BY_AGE: Final = (
    (10, {"open": 0.4, "in_progress": 0.3, "on_hold": 0.2, "closed": 0.1}),
    (28, {"open": 0.15, "in_progress": 0.3, "on_hold": 0.2, "closed": 0.35}),
    (50, {"open": 0.03, "in_progress": 0.07, "on_hold": 0.1, "closed": 0.8}),
    (len(ORDINARY), {"closed": 0.98, "on_hold": 0.02}),
)
_CARLA: Final = next(index for index, agent in enumerate(AGENTS) if agent.deleted)
_CARLA_LEFT: Final = 55
"""Working days ago."""

_IN_SLACK: Final = [index for index, company in enumerate(COMPANIES) if company.slack]
"""They write more, as they do at real desks."""

_ON_HOLD: Final = (
    (
        "< I've handed this to our engineers, who have to change something on their side. I'll write here as soon as "
        "there is news, by the end of the week at the latest."
    ),
    "< I can see it here as well. It's with the team that owns this part now; I'll keep you posted.",
    (
        "< We need the logs of the next run to be sure, so I'd like to wait until tomorrow morning. I'll come back to "
        "you then."
    ),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A conversation before its words are dressed: people as indexes, lines as in `script`."""

    story: Story
    lines: tuple[str, ...]
    title: str | None
    channel: Channel
    company: int | None
    contact: int
    agent: int
    status: str
    working_days: int
    second: int
    hours: float | None
    landmark: str | None = None

    @property
    def age(self) -> tuple[float, int]:
        """Sorts oldest first, whatever today is: scenes by the hour come after the last working day's evening."""
        return (1, -int(self.hours * 60)) if self.hours is not None else (-self.working_days, self.second)


def cast_scenes(dice: Dice) -> list[Scene]:
    """Every conversation of the seed, oldest first."""
    scenes = [_ordinary(dice, story, index) for index, story in enumerate(dice.shuffled(ORDINARY))]
    for number, (now, earlier) in enumerate(TWINS, start=1):
        first, second = dice.shuffled(range(len(COMPANIES)))[:2]
        recent, past = dice.whole(0, 4), dice.whole(24, 75)
        scenes.append(_scene(dice, now, first, "open", recent, landmark=f"twin-{number}-open"))
        scenes.append(_scene(dice, earlier, second, "closed", past, landmark=f"twin-{number}-closed"))
    scenes += [_placed(dice, one) for one in (*SPECIAL, *long_ones(dice))]
    return sorted(scenes, key=lambda scene: scene.age)


def _ordinary(dice: Dice, story: Story, index: int) -> Scene:
    weights = next(weights for limit, weights in _STATUSES_BY_AGE if index < limit)
    company = dice.pick(_IN_SLACK) if dice.chance(0.3) else dice.whole(0, len(COMPANIES) - 1)
    working_days = index * OLDEST // (len(ORDINARY) - 1)
    return _scene(dice, story, company, dice.weighted(weights), working_days, cut=True)


def _scene(
    dice: Dice,
    story: Story,
    company: int,
    status: str,
    working_days: int,
    *,
    cut: bool = False,
    landmark: str | None = None,
) -> Scene:
    lines, status = _as_far_as(dice, story.lines, status) if cut else (story.lines, status)
    return Scene(
        story=story,
        lines=lines,
        title=None if dice.chance(0.14) else story.title,
        channel=_channel(dice, company),
        company=company,
        contact=dice.whole(0, len(COMPANIES[company].contacts) - 1),
        agent=_agent(dice, story, company, working_days),
        status=status,
        working_days=working_days,
        second=dice.whole(7 * 3600, 18 * 3600),
        hours=None,
        landmark=landmark,
    )


def _placed(dice: Dice, given: Special) -> Scene:
    company = next((index for index, one in enumerate(COMPANIES) if one.name == given.company), None)
    channel = given.story.channel
    assert channel, given.landmark
    return Scene(
        story=given.story,
        lines=given.story.lines,
        title=given.story.title,
        channel=channel,
        company=company,
        contact=given.contact,
        agent=_agent(dice, given.story, company, given.working_days),
        status=given.status,
        working_days=given.working_days,
        second=dice.whole(8 * 3600, 16 * 3600),
        hours=given.hours,
        landmark=given.landmark,
    )


def _channel(dice: Dice, company: int) -> Channel:
    if COMPANIES[company].slack:
        return dice.weighted({"slack": 0.85, "email": 0.15})
    return dice.weighted({"email": 0.5, "widget": 0.5})


def _agent(dice: Dice, story: Story, company: int | None, working_days: int) -> int:
    if working_days > _CARLA_LEFT and dice.chance(0.2):
        return _CARLA
    if story.kind == "Billing question":
        return BILLING
    primary = None if company is None else COMPANIES[company].primary
    return primary if primary is not None and dice.chance(0.5) else dice.pick(AT_WORK)


def _as_far_as(dice: Dice, lines: tuple[str, ...], status: str) -> tuple[tuple[str, ...], str]:
    """The lines up to where a conversation of that status stands: open ones wait for the team, and so on."""
    asked = [index for index, line in enumerate(lines) if line.startswith("> ")]
    answered = [index for index, line in enumerate(lines) if line.startswith("< ")]
    if status == "open":
        return lines[: dice.pick(asked[:-1] or asked) + 1], status
    if status == "in_progress":
        return lines[: dice.pick(answered) + 1], status
    if status == "on_hold":
        return (*lines[: answered[0] + 1], dice.pick(_ON_HOLD)), status
    return lines, status
