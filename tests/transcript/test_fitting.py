"""`fit` keeps its promises: what must stay stays, what goes is counted, and the budget holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unthread_mcp.tokens import estimate_tokens
from unthread_mcp.transcript import Entry, Gap, Role, fit, line_format, render_thread

_START = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
_WRITE = line_format(zone=UTC, now=_START, gap_tool="list_messages")
_ROLES: tuple[Role, ...] = ("customer", "agent", "bot", "note", "system")


def _entry(place: int, role: Role, text: str) -> Entry:
    at = _START + timedelta(minutes=7 * place)
    return Entry(ts=f"{at.timestamp():.6f}", at=at, author=f"Person {place % 3}", role=role, text=text)


def _thread(*messages: tuple[Role, str]) -> list[Entry]:
    return [_entry(place, role, text) for place, (role, text) in enumerate(messages)]


def _long(words: int, *, of: str = "report") -> str:
    return " ".join(f"{of} {n} says that it failed." for n in range(words))


def _ordinary(count: int) -> list[Entry]:
    texts = (
        "After her wedding our colleague has two accounts, and her dashboards are in the old one. Can you merge them?",
        "Accounts can't be merged, but content can be moved: Settings > People > old account > Transfer content.",
        "Did that. Two of the boards still show the old owner, does it take a while?",
        "It is done over night; tomorrow morning at eight they should all be hers. Tell me if they aren't.",
    )
    return [_entry(n, ("customer", "agent")[n % 2], texts[n % 4]) for n in range(count)]


def test_twenty_four_ordinary_messages_fit_two_thousand_tokens_with_a_heading_to_spare() -> None:
    fitted = fit(_ordinary(24), 2_000 - 250, format_line=_WRITE)
    assert fitted.left_out == fitted.over_by == 0
    assert estimate_tokens(render_thread(fitted.parts, format_line=_WRITE)) <= fitted.tokens <= 1_750


def test_what_fits_is_left_as_it_is() -> None:
    entries = _ordinary(6)
    fitted = fit(entries, 1_000, format_line=_WRITE)
    assert list(fitted.parts) == entries
    assert (fitted.over_by, fitted.left_out, fitted.shortened) == (0, 0, 0)


def test_nothing_fits_into_nothing() -> None:
    fitted = fit([], 100, format_line=_WRITE)
    assert (fitted.parts, fitted.tokens, fitted.over_by) == ((), 0, 0)


def test_the_newest_customer_message_is_whole_whatever_it_costs_and_the_overrun_is_told() -> None:
    entries = _thread(("customer", "Hello"), ("customer", _long(400)), ("agent", "One moment."))
    fitted = fit(entries, 500, format_line=_WRITE)
    assert entries[1] in fitted.parts
    assert fitted.over_by == fitted.tokens - 500 > 0


def test_the_first_message_every_note_and_the_newest_ones_stay_and_the_middle_goes() -> None:
    entries = _ordinary(100)
    entries[40] = _entry(40, "note", "Waits for the invoice team.")
    fitted = fit(entries, 900, format_line=_WRITE)
    first, gap, note, second_gap, *newest = fitted.parts
    assert (first, note) == (entries[0], entries[40])
    assert newest == entries[-len(newest) :]
    assert len(newest) > 5
    assert isinstance(gap, Gap)
    assert isinstance(second_gap, Gap)
    assert gap.count == 39
    assert (gap.first_ts, gap.last_ts) == (entries[1].ts, entries[39].ts)
    assert gap.by_role == {"customer": 19, "agent": 20}
    assert gap.count + second_gap.count == fitted.left_out == 100 - 2 - len(newest)
    assert 900 - 70 < fitted.tokens <= 900
    assert fitted.over_by == 0


def test_notes_come_before_the_first_message_and_the_newest_notes_before_older_ones() -> None:
    notes: list[tuple[Role, str]] = [("note", _long(12, of=f"note {n}")) for n in range(30)]
    entries = _thread(("customer", _long(300)), *notes, ("customer", "Any news?"))
    fitted = fit(entries, 1_200, format_line=_WRITE)
    kept = [part for part in fitted.parts if isinstance(part, Entry)]
    whole_notes = [entry for entry in kept if entry.role == "note" and not entry.shortened]
    assert entries[-2] in whole_notes
    assert whole_notes == entries[-1 - len(whole_notes) : -1]
    assert kept[0].ts == entries[0].ts
    assert kept[0].shortened > 0
    assert fitted.over_by == 0


@pytest.mark.parametrize("budget", range(500, 1500, 100))
def test_however_many_notes_there_are_the_first_message_is_begun(budget: int) -> None:
    notes: list[tuple[Role, str]] = [("note", _long(6, of=f"note {n}")) for n in range(40)]
    entries = _thread(("customer", _long(300)), *notes, ("customer", "Any news?"))
    fitted = fit(entries, budget, format_line=_WRITE)
    assert isinstance(fitted.parts[0], Entry)
    assert fitted.over_by == 0


def test_the_newest_messages_are_kept_without_holes() -> None:
    entries = _thread(("agent", "ok"), ("agent", "ok"), ("agent", _long(500)), ("customer", _long(8)))
    for budget in range(80, 160, 5):
        parts = fit(entries, budget, format_line=_WRITE).parts
        kept = [entries.index(part) for part in parts if part in entries]
        assert 1 not in kept or any(isinstance(part, Entry) and part.shortened for part in parts)


def test_a_very_long_note_leaves_room_for_those_before_it() -> None:
    older: list[tuple[Role, str]] = [("note", _long(8, of=f"note {n}")) for n in range(3)]
    entries = _thread(("customer", "Hi"), *older, ("note", _long(900)), ("customer", "?"))
    fitted = fit(entries, 760, format_line=_WRITE)
    assert all(entry in fitted.parts for entry in entries[1:4])
    assert fitted.shortened == 1
    assert fitted.left_out == 0
    assert fitted.over_by == 0


def test_a_long_message_is_shortened_in_the_middle_with_the_count_of_what_is_missing() -> None:
    log = "It starts here. " + _long(800) + " It ends there."
    entries = _thread(("customer", "Hi"), ("agent", log), ("customer", "Thanks"))
    fitted = fit(entries, 400, format_line=_WRITE)
    shortened = fitted.parts[1]
    assert isinstance(shortened, Entry)
    assert shortened.text.startswith("It starts here.")
    assert shortened.text.endswith("It ends there.")
    assert f" [… {shortened.shortened:,} characters left out …] " in shortened.text
    head, _, tail = shortened.text.partition(f" [… {shortened.shortened:,} characters left out …] ")
    assert abs(len(head) + len(tail) + shortened.shortened - len(log)) <= 2
    assert 300 < fitted.tokens <= 400  # what the short ones don't need goes to the long one
    assert fitted.shortened == 1


def test_a_long_message_among_many_takes_a_quarter_at_most() -> None:
    entries = [*_ordinary(60), _entry(60, "agent", _long(900)), _entry(61, "customer", "?")]
    fitted = fit(entries, 1_200, format_line=_WRITE)
    shortened = fitted.parts[-2]
    assert isinstance(shortened, Entry)
    assert estimate_tokens(_WRITE(shortened)) <= 300
    assert sum(isinstance(part, Entry) for part in fitted.parts) > 10


def test_a_thread_without_a_customer_message_is_fitted_too() -> None:
    entries = [_entry(n, "agent", _long(10)) for n in range(40)]
    fitted = fit(entries, 500, format_line=_WRITE)
    assert fitted.parts[-1] == entries[-1]
    assert 0 < fitted.tokens <= 500


@pytest.mark.parametrize("budget", [0, 1, 30])
def test_a_budget_for_nothing_still_tells_what_there_is(budget: int) -> None:
    entries = [_entry(n, "agent", _long(10)) for n in range(4)]
    fitted = fit(entries, budget, format_line=_WRITE)
    assert fitted.left_out == 4
    assert fitted.over_by == max(0, fitted.tokens - budget)


def test_stripped_characters_are_summed_over_what_is_shown() -> None:
    entries = [Entry("1", None, "a", "customer", "x", stripped=7), Entry("2", None, "a", "customer", "y", stripped=5)]
    assert fit(entries, 100, format_line=_WRITE).stripped == 12


_TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from([2, 9, 40, 160]).map(_long),
    st.integers(0, 1500).map(lambda n: "xä漢😀"[n % 4] * n),
)


@given(st.lists(st.tuples(st.sampled_from(_ROLES), _TEXTS), max_size=14), st.integers(0, 900))
@settings(max_examples=80, deadline=None)
def test_whatever_the_thread_the_promises_hold(messages: Sequence[tuple[Role, str]], budget: int) -> None:
    entries = _thread(*messages)
    fitted = fit(entries, budget, format_line=_WRITE)
    kept = [part for part in fitted.parts if isinstance(part, Entry)]
    gaps = [part for part in fitted.parts if isinstance(part, Gap)]
    by_ts = {entry.ts: entry for entry in entries}

    # Every message is either shown or counted, in order, and no two gaps touch.
    shown = {entry.ts for entry in kept}
    assert [entry.ts for entry in kept] == [entry.ts for entry in entries if entry.ts in shown]
    assert len(kept) + sum(gap.count for gap in gaps) == len(entries)
    assert all(sum(gap.by_role.values()) == gap.count for gap in gaps)
    assert not any(
        isinstance(a, Gap) and isinstance(b, Gap) for a, b in zip(fitted.parts, fitted.parts[1:], strict=False)
    )

    # The newest customer message is whole; whatever is shortened says so.
    customers = [entry for entry in entries if entry.role == "customer"]
    assert not customers or customers[-1] in kept
    assert all(
        entry == by_ts[entry.ts] or (entry.shortened and "characters left out …]" in entry.text) for entry in kept
    )

    # The budget holds, but for that message and the gaps that must be told.
    assert fitted.tokens == sum(estimate_tokens(_WRITE(part) + "\n") for part in fitted.parts)
    assert fitted.over_by == max(0, fitted.tokens - budget)
    if fitted.over_by:
        assert all(entry == customers[-1] for entry in kept)


def test_where_the_budget_comes_first_the_newest_customer_message_is_shortened_too() -> None:
    entries = _thread(("customer", "It fails."), ("agent", "How?"), ("customer", _long(400)), ("note", "Known bug."))
    whole = fit(entries, 500, format_line=_WRITE)
    assert whole.over_by > 0
    fitted = fit(entries, 500, format_line=_WRITE, newest_whole=False)
    assert fitted.over_by == 0
    assert fitted.tokens <= 500
    (newest,) = [each for each in fitted.parts if isinstance(each, Entry) and each.shortened]
    assert newest.role == "customer"
    assert "characters left out" in newest.text
    assert any(isinstance(each, Entry) and each.role == "note" for each in fitted.parts)
