"""What an agent writes as a time, and what it reads."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.times import (
    iso,
    parse_coming_time,
    parse_day,
    parse_first_day,
    parse_time,
    read_time,
    write_duration,
    write_time,
)

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
UTC_ZONE = ZoneInfo("UTC")


def parsed(text: str, zone: ZoneInfo = UTC_ZONE) -> str:
    return iso(parse_time(text, "after", zone=zone, now=NOW))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("24h", "2026-11-19T10:00:00.000Z"),
        ("7d", "2026-11-13T10:00:00.000Z"),
        ("4w ago", "2026-10-23T10:00:00.000Z"),
        (" 7 D ", "2026-11-13T10:00:00.000Z"),
        ("0h", "2026-11-20T10:00:00.000Z"),
        ("2026-11-01", "2026-11-01T00:00:00.000Z"),
        ("2026-11-01T09:30", "2026-11-01T09:30:00.000Z"),
        ("2026-11-01 09:30:15", "2026-11-01T09:30:15.000Z"),
        ("2026-11-01T09:30:15.250Z", "2026-11-01T09:30:15.250Z"),
        ("2026-11-01T09:30+02:00", "2026-11-01T07:30:00.000Z"),
    ],
)
def test_dates_date_times_and_so_long_ago_are_times(text: str, moment: str) -> None:
    assert parsed(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "7",
        "7m",
        "-7d",
        "100000d",
        "11/20/2026",
        "2026-02-30",
        "2026-11-20T25:00",
        "2026-11-20xx",
        "1711111111111",  # milliseconds since 1970, which would pass for the year 1711
        "20261120",
        "2026-W47-5",
        "9999-12-31T23:59-05:00",
        "7d\x00",
        "x" * 100_000,
    ],
)
def test_what_is_no_time_is_refused_and_not_guessed_at(text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"after is .* which is no time. Use a date") as refusal:
        parsed(text)
    assert len(str(refusal.value)) < 220


def test_the_operators_zone_holds_where_there_is_no_offset() -> None:
    assert parsed("2026-01-15", BERLIN) == "2026-01-14T23:00:00.000Z"
    assert parsed("2026-07-15T12:00", BERLIN) == "2026-07-15T10:00:00.000Z"
    assert parsed("2026-07-15T12:00Z", BERLIN) == "2026-07-15T12:00:00.000Z"


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("2026-03-29T02:30", BERLIN, "2026-03-29T01:30:00.000Z"),  # skipped: read with the offset before
        ("2026-10-25T02:30", BERLIN, "2026-10-25T00:30:00.000Z"),  # there twice: the first
        ("2018-11-04", ZoneInfo("America/Sao_Paulo"), "2018-11-04T03:00:00.000Z"),  # begins at 01:00
        ("2026-10-25", ZoneInfo("Atlantic/Azores"), "2026-10-25T00:00:00.000Z"),  # midnight comes twice
    ],
)
def test_where_clocks_change_a_date_is_its_first_moment(text: str, zone: ZoneInfo, moment: str) -> None:
    assert parsed(text, zone) == moment


def test_so_long_ago_counts_hours_that_passed_not_hours_on_the_wall() -> None:
    after_the_change = datetime(2026, 3, 29, 12, tzinfo=BERLIN)
    moment = parse_time("1d", "after", zone=BERLIN, now=after_the_change)
    assert after_the_change.astimezone(UTC) - moment == timedelta(hours=24)


def test_a_day_is_one_in_the_operators_zone() -> None:
    late = datetime(2026, 11, 20, 3, tzinfo=UTC)
    assert parse_day("0h", "start", zone=NEW_YORK, now=late) == date(2026, 11, 19)
    assert parse_day("7d", "start", zone=UTC_ZONE, now=NOW) == date(2026, 11, 13)
    assert parse_day(" 2026-11-01 ", "start", zone=NEW_YORK, now=NOW) == date(2026, 11, 1)
    assert parse_day("2026-11-01T02:00Z", "start", zone=NEW_YORK, now=NOW) == date(2026, 10, 31)


def test_a_period_of_seven_days_begins_six_days_before_today() -> None:
    late = datetime(2026, 11, 20, 3, tzinfo=UTC)
    assert parse_first_day("7d", "start", zone=UTC_ZONE, now=NOW) == date(2026, 11, 14)
    assert parse_first_day("1d", "start", zone=NEW_YORK, now=late) == date(2026, 11, 19)
    assert parse_first_day(" 2W ago", "start", zone=UTC_ZONE, now=NOW) == date(2026, 11, 7)
    assert parse_first_day("24h", "start", zone=UTC_ZONE, now=NOW) == date(2026, 11, 19)
    assert parse_first_day("0d", "start", zone=UTC_ZONE, now=NOW) == date(2026, 11, 20)
    assert parse_first_day("2026-11-01", "start", zone=NEW_YORK, now=NOW) == date(2026, 11, 1)


@pytest.mark.parametrize("text", ["2026-02-30", "last week", "9999-12-31T23:30Z"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"start is .* which is no time"):
        parse_day(text, "start", zone=ZoneInfo("Asia/Tokyo"), now=NOW)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2023-04-15T14:32:21Z", datetime(2023, 4, 15, 14, 32, 21, tzinfo=UTC)),
        ("2023-04-15T14:32:21.5+02:00", datetime(2023, 4, 15, 12, 32, 21, 500_000, tzinfo=UTC)),
        ("2023-04-15T14:32:21", datetime(2023, 4, 15, 14, 32, 21, tzinfo=UTC)),
        ("2023-04-15", datetime(2023, 4, 15, tzinfo=UTC)),
        ("", None),
        ("soon", None),
        (None, None),
        (1_681_569_141, None),
        (["2023-04-15"], None),
        ("0001-01-01T00:00:00+05:00", None),
    ],
)
def test_what_unthread_wrote_is_read_leniently(value: object, moment: datetime | None) -> None:
    assert read_time(value) == moment


@pytest.mark.parametrize(
    ("value", "clock", "text"),
    [
        ("2026-11-20T09:05:00Z", False, "11-20"),
        ("2026-11-20T09:05:00Z", True, "11-20 09:05"),
        ("2026-11-20T00:00:00Z", True, "11-20"),
        ("2025-11-20T09:05:00Z", True, "2025-11-20 09:05"),
        ("2027-01-01T00:00:00Z", False, "2027-01-01"),
        (None, True, "-"),
        ("never", False, "-"),
    ],
)
def test_a_moment_is_short_and_has_its_year_unless_it_is_this_one(value: object, clock: bool, text: str) -> None:
    assert write_time(value, zone=UTC_ZONE, now=NOW, clock=clock) == text


def test_which_day_and_year_it_is_depends_on_the_zone() -> None:
    new_year = datetime(2027, 1, 1, 2, tzinfo=UTC)
    assert write_time("2027-01-01T02:00:00Z", zone=NEW_YORK, now=new_year, clock=True) == "12-31 21:00"
    assert write_time("2027-01-01T02:00:00Z", zone=UTC_ZONE, now=new_year, clock=True) == "01-01 02:00"


def test_a_moment_at_the_edge_of_the_calendar_does_not_break_an_answer() -> None:
    """Go and .NET write it for "never"."""
    assert write_time("0001-01-01T00:00:00Z", zone=NEW_YORK, now=NOW) == "0001-01-01"
    assert write_time("9999-12-31T23:59:59Z", zone=BERLIN, now=NOW) == "9999-12-31"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (-0.5, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3599.6, "1 h"),
        (3661, "1 h 1 min"),
        (86_400, "1 d"),
        (86_459, "1 d"),
        (187_200, "2 d 4 h"),
        (-90, "-1 min 30 s"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert write_duration(seconds) == text


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), BERLIN])))
def test_reading_back_what_was_written_loses_only_microseconds(moment: datetime) -> None:
    try:
        written = iso(moment)
    except OverflowError:
        return
    back = read_time(written)
    assert back is not None
    assert abs(back - moment) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("24h", "2026-11-21T10:00:00.000Z"),
        (" 2 W ", "2026-12-04T10:00:00.000Z"),
        ("2026-11-21", "2026-11-21T00:00:00.000Z"),
        ("2026-11-20T12:00", "2026-11-20T12:00:00.000Z"),
    ],
)
def test_a_moment_to_come_may_be_so_far_ahead(text: str, moment: str) -> None:
    assert iso(parse_coming_time(text, "snooze_until", zone=UTC_ZONE, now=NOW)) == moment


@pytest.mark.parametrize("text", ["2026-11-20", "2026-11-20T10:00Z", "2020-01-01"])
def test_a_moment_that_has_passed_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"snooze_until is '.*', which has passed\."):
        parse_coming_time(text, "snooze_until", zone=UTC_ZONE, now=NOW)


@pytest.mark.parametrize("text", ["7d ago", "tomorrow", "", "99999999w"])
def test_what_is_no_moment_to_come_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"snooze_until is '.*', which"):
        parse_coming_time(text, "snooze_until", zone=UTC_ZONE, now=NOW)


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01"])
def test_what_is_no_time_to_come_is_refused_with_lengths_from_now(text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"or 24h, 7d, 4w from now\.$"):
        parse_coming_time(text, "snooze_until", zone=UTC_ZONE, now=NOW)
