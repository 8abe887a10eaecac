"""Stories about dashboards and charts, and wishes."""

from __future__ import annotations

from typing import Final

from unthread_mcp.sandbox.seed.script import Story

STORIES: Final = (
    Story(
        "Dashboard takes two minutes to load",
        "Performance",
        (
            '> "Network overview" takes about two minutes in the morning, ten seconds in the afternoon.',
            (
                "< In the tiles' performance view I see 95 seconds of waiting and 8 of running: your "
                "warehouse is busy with the nightly load until half past nine. Either give it a second "
                "cluster for that hour, or use an extract for the three big tiles."
            ),
            "> Extracts are fine, data from the night is good enough.",
            "< They are refreshed at 6:15 now. How does it feel?",
            "> Four seconds. People think we bought a new computer.",
        ),
        priority=5,
        fix="The warehouse was busy in the morning; extracts for the three largest tiles.",
    ),
    Story(
        "How do I show a moving average?",
        "How-to",
        (
            "> I want a 7-day moving average line over the daily bars.",
            (
                "< Measures > Add > Window > Average, 7 rows, ordered by date. Put it into the same chart "
                "and set its type to line."
            ),
            "> Beautiful.",
        ),
        fix="Window measure.",
    ),
    Story(
        "Dark mode?",
        "Feature request",
        (
            (
                "> Any chance of a dark mode? Our control room is dark at night and the dashboards glow like "
                "a lighthouse."
            ),
            "< It's in beta: Profile > Appearance > Dark. For a wall screen add ?theme=dark to the address.",
            "> Oh nice. Night shift says thank you!",
        ),
        fix="Dark theme is in beta.",
    ),
    Story(
        "Map shows our depot in the sea",
        "Bug",
        (
            "> The depot in Bergen is drawn about 40 km out at sea.",
            (
                "< Latitude and longitude have both been rounded to one decimal. Is the column a short "
                "number in your model?"
            ),
            '> Yes, someone set "1 decimal" for display, apparently it applies to the map as well.',
            "< It shouldn't. Please set it back for now; I've reported that the map uses the displayed value.",
        ),
        priority=3,
        kind="Bug report",
        fix="Rounded display values were used by the map; rounding taken off.",
    ),
    Story(
        "Totals row adds percentages",
        "Bug",
        (
            "> The totals row shows a margin of 412 %. It adds the rows' percentages.",
            (
                "< For ratios set Total > Recalculate in the measure, then it's computed from the totals. "
                "It's the default since last year, but older measures keep the sum."
            ),
            "> Found six more of those. All fixed.",
        ),
        fix="Measure's total set to recalculate.",
    ),
    Story(
        "Week starts on Sunday",
        "How-to",
        (
            "> Our weeks start on Monday. Where's the setting?",
            '< Settings > Workspace > First day of the week. Charts follow at once, saved filters "this week" too.',
            "> Found it.",
        ),
        fix="Workspace setting.",
    ),
    Story(
        "Comments vanish when a tile is edited",
        "Bug",
        (
            "> Whenever somebody edits a tile, the comments on it are gone.",
            (
                "< I can see that here too, when the tile's chart type changes. The comments still exist, "
                "but belong to the tile's former version. I've reported it and asked for yours to be carried "
                "over."
            ),
            "# Dev: fix merged, script for stray comments runs tonight.",
            "< Comments follow edits since this morning's release, and yours are back.",
            "> All 31 are there. Nice.",
        ),
        priority=5,
        kind="Bug report",
        fix="Comments follow edited tiles since a release; lost ones were restored.",
    ),
    Story(
        "Undo for deleted filter",
        "Feature request",
        (
            "> I removed a filter with 80 hand-picked articles by accident. No undo. Please add one!",
            (
                "< That hurts. Version history can bring it back: Dashboard > ... > History, pick the "
                "version before and restore it. Your wish for an undo is noted with the product team."
            ),
            "> History saved my afternoon.",
        ),
        fix="Restored from version history.",
    ),
    Story(
        "Chart colours for red-green blindness",
        "Feature request",
        (
            "> Our production manager can't tell the green from the red bars. Are there other palettes?",
            (
                '< Settings > Workspace > Palette has two that were made for it, "Harbour" and "Signal '
                'safe". Or per chart, under Style, with patterns on top.'
            ),
            '> "Harbour" for the whole workspace. He noticed at once. Thank you!',
        ),
        fix="Accessible palette.",
    ),
    Story(
        "Filter remembers the last person's choice",
        "Bug",
        (
            (
                "> If a colleague filters on her region and I open the same dashboard, I see her region. "
                "Shouldn't everybody have their own?"
            ),
            (
                "< Everybody does, unless Shared filter state is on, which is meant for wall screens. It's "
                "on for this dashboard since the 3rd."
            ),
            "> Who... never mind. Off now.",
        ),
        fix="Shared filter state was on.",
    ),
    Story(
        "Forecast line looks absurd",
        "Bug",
        (
            "> Forecast says we'll sell minus 400 units in August.",
            (
                "< It learned from the weeks when the shop was closed. Mark them as exceptions in the "
                "chart's forecast settings, and set Never below to 0."
            ),
            "> Plus 2,900 now, which sounds like August.",
        ),
        priority=3,
        fix="Closed weeks marked as exceptions.",
    ),
    Story(
        "Long names overlap in the legend",
        "Bug",
        (
            "> Our product names are long and overlap in the chart's legend so that nobody can read them.",
            (
                "< Put the legend to the right, then names break over two lines. For charts on a phone "
                "there's Short name in the model."
            ),
            "> To the right is fine.",
        ),
        priority=3,
        fix="Legend moved to the right.",
    ),
    Story(
        "Dashboard is empty for one team only",
        "Bug",
        (
            "> The Antwerp team sees empty tiles, everybody else sees data. Same dashboard.",
            (
                '< Row rules: the dashboard filters on user.site, and for the Antwerp people that\'s "ANT" '
                'since Tuesday while the data says "ANR".'
            ),
            "> HR changed the site code without telling anyone. We'll map both.",
            "< A small mapping table does it; see Models > Row rules > Aliases.",
            "> Done. Antwerp is back.",
        ),
        priority=7,
        fix="The site code had changed in HR; aliases added in the row rules.",
    ),
)
