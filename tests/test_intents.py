"""What is to happen once happens once: within a process, between processes, and after a kill."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from unthread_mcp.intents import Begun, Intent, Intents, Resolved, Unresolved
from unthread_mcp.intents_file import default_state_file

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

REPLY = Intent("reply", "c1", "100.1", "Hello")
NOTE = Intent("note", "c1", None, "Looked into it")
DAY = 24 * 3600


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "unthread-mcp" / "intents.sqlite3"


@pytest.fixture(params=["memory", "file"])
def intents(request: pytest.FixtureRequest, file: Path, clock: Clock) -> Iterator[Intents]:
    made = Intents("workspace", file if request.param == "file" else None, now=clock)
    yield made
    made.close()


def begun(intents: Intents, intent: Intent) -> str:
    answer = intents.begin(intent)
    assert isinstance(answer, Begun)
    return answer.token


def test_the_same_intent_is_begun_once_and_answers_what_it_answered(intents: Intents, clock: Clock) -> None:
    assert intents.look(REPLY) is None
    token = begun(intents, REPLY)
    started = clock.now
    clock.now += 5
    assert intents.begin(REPLY) == intents.look(REPLY) == Unresolved(started)
    intents.settle(token, "done", {"ts": "100.2"})
    assert intents.begin(REPLY) == intents.look(REPLY) == Resolved({"ts": "100.2"})
    clock.now += 20 * DAY
    assert intents.begin(REPLY) == Resolved({"ts": "100.2"})


@pytest.mark.parametrize(
    "other",
    [
        Intent("note", "c1", "100.1", "Hello"),
        Intent("reply", "c2", "100.1", "Hello"),
        Intent("reply", "c1", "100.2", "Hello"),
        Intent("reply", "c1", None, "Hello"),
        Intent("reply", "c1", "", "Hello"),
        Intent("reply", "c1", "100.1", "Hello!"),
        Intent("reply", "c1", "100.1", "Hello", ("digest",)),
        Intent("reply", "c1", "100.1", "", ("Hello",)),
        Intent("reply", "c1", None, "100.1", ("Hello",)),
        Intent("reply", "c1100.1", None, "Hello"),
        Intent("replyc1", "", "100.1", "Hello"),
        Intent("reply", "c1", "100.1", "Hello\ud800"),
    ],
)
def test_an_intent_that_differs_in_anything_is_another(intents: Intents, other: Intent) -> None:
    begun(intents, REPLY)
    begun(intents, other)


def test_another_workspace_has_intents_of_its_own(file: Path) -> None:
    one, other = Intents("one", file), Intents("other", file)
    begun(one, REPLY)
    begun(other, REPLY)
    one.close()
    other.close()


def test_what_was_refused_may_be_tried_again(intents: Intents) -> None:
    intents.forget(begun(intents, REPLY))
    assert intents.look(REPLY) is None
    begun(intents, REPLY)


def test_an_unknown_outcome_is_never_freed_by_age(intents: Intents, clock: Clock) -> None:
    settled, killed = begun(intents, NOTE), begun(intents, REPLY)
    intents.settle(settled, "unknown", {})
    started = clock.now
    clock.now += 5_000 * DAY
    assert intents.begin(NOTE) == Unresolved(started)
    assert intents.begin(REPLY) == Unresolved(started)
    intents.forget(settled)
    assert intents.begin(NOTE) == Unresolved(started)
    intents.settle(killed, "done", {})
    assert intents.begin(REPLY) == Resolved({})


def test_without_as_of_the_same_text_is_the_same_intent_for_ten_minutes(intents: Intents, clock: Clock) -> None:
    intents.settle(begun(intents, NOTE), "done", {"ts": "1"})
    clock.now += 600
    assert intents.begin(NOTE) == Resolved({"ts": "1"})
    clock.now += 1
    assert intents.look(NOTE) is None
    second = begun(intents, NOTE)
    intents.settle(second, "done", {"ts": "2"})
    clock.now += 600
    assert intents.begin(NOTE) == Resolved({"ts": "2"})


def test_a_clock_set_back_frees_nothing(intents: Intents, clock: Clock) -> None:
    intents.settle(begun(intents, NOTE), "done", {})
    clock.now -= 10 * DAY
    assert intents.begin(NOTE) == Resolved({})


@pytest.mark.parametrize("outcome", ["begun", "unknown"])
def test_what_is_found_to_have_happened_is_done(intents: Intents, outcome: str) -> None:
    token = begun(intents, REPLY)
    if outcome == "unknown":
        intents.settle(token, "unknown", {})
    intents.resolve(REPLY, {"ts": "100.3"})
    assert intents.begin(REPLY) == Resolved({"ts": "100.3"})
    intents.resolve(REPLY, {"ts": "later"})
    intents.settle(token, "unknown", {})
    intents.forget(token)
    assert intents.begin(REPLY) == Resolved({"ts": "100.3"})


def test_what_somebody_else_did_can_be_recorded(intents: Intents, clock: Clock) -> None:
    intents.resolve(NOTE, {"ts": "7"})
    assert intents.begin(NOTE) == Resolved({"ts": "7"})
    clock.now += 601
    intents.resolve(NOTE, {"ts": "8"})
    assert intents.begin(NOTE) == Resolved({"ts": "8"})


def test_the_token_of_an_earlier_round_settles_nothing(intents: Intents, clock: Clock) -> None:
    first = begun(intents, NOTE)
    intents.settle(first, "done", {})
    clock.now += 601
    begun(intents, NOTE)
    intents.settle(first, "done", {"ts": "1"})
    intents.forget(first)
    assert intents.begin(NOTE) == Unresolved(clock.now)


def test_done_intents_are_let_go_after_thirty_days_and_unresolved_ones_never(intents: Intents, clock: Clock) -> None:
    done, killed = Intent("reply", "c", "1", "x"), Intent("reply", "c", "2", "x")
    intents.settle(begun(intents, done), "done", {"ts": "1"})
    intents.settle(begun(intents, NOTE), "unknown", {})
    begun(intents, killed)
    clock.now += 29 * DAY
    assert intents.look(done) == Resolved({"ts": "1"})
    clock.now += 2 * DAY
    assert intents.look(done) is None
    assert isinstance(intents.look(NOTE), Unresolved)
    assert isinstance(intents.look(killed), Unresolved)


def test_the_file_lets_go_of_the_same_when_it_is_opened_again(file: Path, clock: Clock) -> None:
    first = Intents("workspace", file, now=clock)
    first.settle(begun(first, REPLY), "done", {})
    first.settle(begun(first, NOTE), "unknown", {})
    first.close()
    clock.now += 31 * DAY
    second = Intents("workspace", file, now=clock)
    assert second.look(REPLY) is None
    assert isinstance(second.look(NOTE), Unresolved)
    second.close()
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT state FROM intents").fetchall() == [("unknown",)]
    database.close()


def test_nobody_else_can_write_between_looking_and_claiming(file: Path) -> None:
    """The clock is read in between, so this one tries."""
    seen: list[str] = []

    def now() -> float:
        rival = sqlite3.connect(file, timeout=0, isolation_level=None)
        try:
            rival.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            seen.append(str(error))
        finally:
            rival.close()
        return 1_700_000_000.0

    intents = Intents("workspace", file, now=now)
    begun(intents, REPLY)
    assert seen == ["database is locked"] * 2
    intents.close()


def test_intents_outlive_their_process(file: Path, clock: Clock) -> None:
    first = Intents("workspace", file, now=clock)
    assert first.durable
    first.settle(begun(first, REPLY), "done", {"ts": "1"})
    first.settle(begun(first, NOTE), "unknown", {})
    first.close()
    second = Intents("workspace", file, now=clock)
    assert second.begin(REPLY) == Resolved({"ts": "1"})
    assert second.begin(NOTE) == Unresolved(clock.now)
    assert (second.durable, second.problem) == (True, "")
    second.close()


def test_neither_texts_nor_ids_stand_in_the_file(file: Path) -> None:
    intents = Intents("secret-scope", file)
    token = begun(intents, Intent("reply-kind", "conversation-id", "as-of-ts", "the secret text", ("file-digest",)))
    intents.settle(token, "done", {"ts": "receipt-ts"})
    intents.close()
    content = file.read_bytes()
    assert b"receipt-ts" in content
    for secret in (b"secret", b"reply-kind", b"conversation-id", b"as-of-ts", b"file-digest"):
        assert secret not in content


@pytest.mark.skipif(os.name != "posix", reason="Windows guards the user's own directory by other means")
def test_the_file_is_the_users_alone_from_the_start(file: Path) -> None:
    intents = Intents("workspace", file)
    begun(intents, REPLY)
    made = [*file.parent.iterdir()]
    assert len(made) == 3
    assert {stat.S_IMODE(each.stat().st_mode) for each in made} == {0o600}
    assert {stat.S_IMODE(each.stat().st_mode) for each in (file.parent, file.parent.parent)} == {0o700}
    intents.close()


@pytest.mark.skipif(os.name != "posix", reason="Windows guards the user's own directory by other means")
def test_a_file_that_others_could_read_is_closed_to_them(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.touch(mode=0o644)
    intents = Intents("workspace", file)
    assert intents.durable
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    intents.close()


def test_nothing_is_opened_before_it_is_needed(file: Path) -> None:
    intents = Intents("workspace", file)
    assert intents.problem == ""
    assert not file.exists()
    intents.close()


def test_memory_alone_is_said_to_be_that() -> None:
    intents = Intents("workspace", None)
    assert not intents.durable
    assert intents.problem == "No state file is set, so what was sent is forgotten when the process ends."


def unusable(kind: str, file: Path) -> None:
    if kind == "its directory is a file":
        file.parent.parent.mkdir()
        file.parent.write_text("")
        return
    file.parent.mkdir(parents=True)
    if kind == "it is a directory":
        file.mkdir()
    elif kind == "it is something else":
        file.write_bytes(b"not a database, but long enough to look at" * 100)
    else:
        database = sqlite3.connect(file)
        if kind == "a newer version wrote it":
            database.execute("PRAGMA user_version = 99")
        elif kind == "it has another table":
            database.execute("CREATE TABLE intents (other)")
        database.commit()
        database.close()


@pytest.mark.parametrize(
    "kind",
    [
        "its directory is a file",
        "it is a directory",
        "it is something else",
        "a newer version wrote it",
        "it has another table",
    ],
)
def test_a_file_that_cannot_be_used_leaves_memory_and_says_so(kind: str, file: Path, clock: Clock) -> None:
    unusable(kind, file)
    intents = Intents("workspace", file, now=clock)
    token = begun(intents, REPLY)
    assert intents.begin(REPLY) == Unresolved(clock.now)
    assert intents.problem.startswith(f"{file} can't be used, so what was sent is only remembered here: ")
    intents.settle(token, "done", {"ts": "1"})
    assert intents.begin(REPLY) == Resolved({"ts": "1"})
    intents.forget(begun(intents, NOTE))
    assert intents.look(NOTE) is None
    intents.close()


@pytest.mark.parametrize("column", ["receipt", "started"])
def test_a_damaged_row_counts_as_unknown(file: Path, clock: Clock, column: str) -> None:
    intents = Intents("workspace", file, now=clock)
    token = begun(intents, REPLY)
    with sqlite3.connect(file) as database:
        database.execute(f"UPDATE intents SET {column} = '{{'")
    database.close()
    assert isinstance(intents.begin(REPLY), Unresolved)
    assert intents.problem == ""
    intents.settle(token, "done", {"ts": "1"})
    assert intents.begin(REPLY) == Resolved({"ts": "1"})
    intents.close()


@pytest.mark.parametrize(
    "damage",
    ["token = x'ff00'", "receipt = '[1]'", "receipt = 'null'", "receipt = 'NaN'", "receipt = '{\"id\": 7}'"],
)
def test_a_damaged_row_of_what_was_done_is_in_doubt(file: Path, clock: Clock, damage: str) -> None:
    intents = Intents("workspace", file, now=clock)
    intents.settle(begun(intents, REPLY), "done", {"ts": "1"})
    with sqlite3.connect(file) as database:
        database.execute(f"UPDATE intents SET {damage}")
    database.close()
    assert isinstance(intents.look(REPLY), Unresolved)
    assert isinstance(intents.begin(REPLY), Unresolved)
    assert intents.problem == ""
    intents.close()


def test_a_state_that_nobody_knows_counts_as_unknown(file: Path, clock: Clock) -> None:
    intents = Intents("workspace", file, now=clock)
    begun(intents, REPLY)
    with sqlite3.connect(file) as database:
        database.execute("UPDATE intents SET state = 'perhaps', changed = changed + 1")
    database.close()
    assert intents.begin(REPLY) == Unresolved(clock.now)
    assert intents.problem == ""
    intents.close()


def test_what_a_locked_file_missed_is_written_when_it_is_free(file: Path, clock: Clock) -> None:
    intents = Intents("workspace", file, now=clock)
    token = begun(intents, REPLY)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    clock.now += 1
    intents.settle(token, "done", {"ts": "1"})
    assert "locked" in intents.problem
    assert isinstance(intents.begin(NOTE), Begun)
    holder.execute("ROLLBACK")
    holder.close()
    clock.now += 5
    assert intents.begin(REPLY) == Resolved({"ts": "1"})
    assert intents.problem == ""
    assert isinstance(intents.look(NOTE), Unresolved)
    intents.close()
    other = Intents("workspace", file, now=clock)
    assert other.begin(REPLY) == Resolved({"ts": "1"})
    assert isinstance(other.begin(NOTE), Unresolved)
    other.close()


def test_a_claim_that_could_not_be_committed_is_made_again_in_memory(file: Path, clock: Clock) -> None:
    """The claim's own row, written before the commit failed, must not be taken for an earlier one."""
    intents = Intents("workspace", file, now=clock)
    assert intents.durable
    with sqlite3.connect(file) as database:
        database.execute("CREATE TRIGGER full BEFORE INSERT ON intents BEGIN SELECT RAISE(FAIL, 'disk is full'); END")
    database.close()
    begun(intents, REPLY)
    assert "disk is full" in intents.problem
    assert intents.begin(REPLY) == Unresolved(clock.now)
    intents.close()


def test_a_file_that_becomes_usable_again_is_used_again(file: Path, clock: Clock) -> None:
    file.mkdir(parents=True)
    intents = Intents("workspace", file, now=clock)
    begun(intents, REPLY)
    assert not intents.durable
    file.rmdir()
    assert intents.durable
    assert isinstance(intents.begin(REPLY), Unresolved)
    intents.close()
    other = Intents("workspace", file, now=clock)
    assert isinstance(other.look(REPLY), Unresolved)
    other.close()


def test_a_file_that_is_held_while_it_is_set_up_is_set_up_the_next_time(file: Path, clock: Clock) -> None:
    """A reader keeps the file from changing to write-ahead logging, and its first transaction from committing."""
    file.parent.mkdir(parents=True)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("CREATE TABLE other (x)")
    holder.execute("BEGIN")
    holder.execute("SELECT * FROM other").fetchall()
    intents = Intents("workspace", file, now=clock)
    answer = intents.look(REPLY)
    holder.execute("ROLLBACK")
    holder.close()
    assert answer is None
    assert "locked" in intents.problem
    clock.now += 5
    begun(intents, REPLY)
    assert intents.problem == ""
    intents.close()


@contextmanager
def held(file: Path) -> Generator[None]:
    """Hold the file as another program may."""
    file.parent.mkdir(parents=True, exist_ok=True)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("CREATE TABLE IF NOT EXISTS other (x)")
    holder.execute("BEGIN IMMEDIATE")
    yield
    holder.execute("ROLLBACK")
    holder.close()


def stored(file: Path) -> list[str]:
    database = sqlite3.connect(file)
    states = [state for (state,) in database.execute("SELECT state FROM intents ORDER BY state")]
    database.close()
    return states


def many(count: int) -> list[Intent]:
    return [Intent("reply", "c1", str(number), "Hello") for number in range(count)]


def test_a_file_that_is_held_is_waited_for_once(file: Path, clock: Clock) -> None:
    """Waiting stops every other call: a whole second for each of these would be a minute."""
    intents = Intents("workspace", file, now=clock)
    with held(file):
        started = time.monotonic()
        for each in many(30):
            intents.settle(begun(intents, each), "done", {})
        assert time.monotonic() - started < 2
        clock.now += 5
        started = time.monotonic()
        intents.look(REPLY)
        assert 0.2 < time.monotonic() - started < 1
    intents.close()


def test_a_file_that_failed_is_left_alone_for_five_seconds_even_if_the_clock_is_set_back(
    file: Path, clock: Clock
) -> None:
    intents = Intents("workspace", file, now=clock)
    with held(file):
        begun(intents, REPLY)
    clock.now += 4.9
    assert isinstance(intents.look(REPLY), Unresolved)
    assert "locked" in intents.problem
    clock.now -= DAY
    assert isinstance(intents.look(REPLY), Unresolved)
    assert intents.problem == ""
    intents.close()


def test_all_that_the_file_lacks_is_written_with_the_next_thing_it_takes(file: Path, clock: Clock) -> None:
    intents = Intents("workspace", file, now=clock)
    before = begun(intents, NOTE)
    with held(file):
        intents.settle(begun(intents, REPLY), "unknown", {})
        intents.settle(before, "done", {"ts": "1"})
    assert intents.problem
    clock.now += 5
    assert intents.look(many(1)[0]) is None
    assert intents.problem == ""
    assert stored(file) == ["done", "unknown"]
    intents.close()


def test_what_the_file_lacks_is_written_when_it_is_closed(
    file: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    intents = Intents("workspace", file, now=clock)
    with held(file):
        begun(intents, REPLY)
    told = intents.problem
    intents.close()
    assert stored(file) == ["begun"]
    assert (intents.problem, caplog.messages) == ("", [told])


def test_what_can_be_written_nowhere_is_told_once_and_again_at_the_end(
    file: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    intents = Intents("workspace", file, now=clock)
    with held(file):
        assert intents.look(REPLY) is None
        assert caplog.messages == []
        for each in many(3):
            begun(intents, each)
            clock.now += 5
        assert caplog.messages == [intents.problem]
        caplog.clear()
        intents.close()
    assert caplog.messages == [f"{intents.problem} What it lacks (3) is forgotten with this process."]


def test_what_was_taken_back_while_the_file_was_held_is_free(file: Path, clock: Clock) -> None:
    intents = Intents("workspace", file, now=clock)
    token = begun(intents, REPLY)
    with held(file):
        intents.forget(token)
    clock.now += 5
    assert intents.look(REPLY) is None
    assert stored(file) == []
    token = begun(intents, REPLY)
    with held(file):
        intents.forget(token)
        intents.settle(begun(intents, REPLY), "done", {"ts": "2"})
    clock.now += 5
    assert intents.look(REPLY) == Resolved({"ts": "2"})
    assert stored(file) == ["done"]
    intents.close()


def test_a_round_that_ended_while_the_file_was_held_gives_way_to_the_next(file: Path, clock: Clock) -> None:
    intents = Intents("workspace", file, now=clock)
    token = begun(intents, NOTE)
    with held(file):
        intents.settle(token, "done", {"ts": "1"})
        clock.now += 601
        intents.settle(begun(intents, NOTE), "done", {"ts": "2"})
    clock.now += 5
    assert intents.look(NOTE) == Resolved({"ts": "2"})
    intents.close()


@pytest.mark.parametrize("theirs", ["begun", "unknown", "done"])
@pytest.mark.parametrize("ours", ["begun", "unknown", "done"])
def test_of_two_that_began_the_same_unknowingly_the_doubt_stays(
    file: Path, clock: Clock, ours: str, theirs: str
) -> None:
    one, other = Intents("workspace", file, now=clock), Intents("workspace", file, now=clock)
    for intents, outcome in ((other, theirs), (one, ours)):
        token = begun(intents, REPLY)
        if outcome != "begun":
            intents.settle(
                token, "done" if outcome == "done" else "unknown", {"by": "us" if intents is one else "them"}
            )
        if intents is other:
            # Only the one goes on without the file: the other's is in it.
            other.close()
            with held(file):
                assert not one.durable
    clock.now += 5
    expected = Resolved if ours == theirs == "done" else Unresolved
    assert isinstance(one.look(REPLY), expected)
    assert isinstance(other.look(REPLY), expected)
    one.resolve(REPLY, {"ts": "1"})
    assert isinstance(other.look(REPLY), Resolved)
    one.close()
    other.close()


def test_an_older_memory_never_replaces_what_is_unresolved_in_the_file(file: Path, clock: Clock) -> None:
    one, other = Intents("workspace", file, now=clock), Intents("workspace", file, now=clock)
    one.settle(begun(one, REPLY), "done", {})
    clock.now -= 1000
    again = other.begin(again=[REPLY])
    assert isinstance(again, Begun)
    other.settle(again.token, "unknown", {})
    assert isinstance(one.look(REPLY), Unresolved)
    assert isinstance(one.begin(again=[REPLY]), Unresolved)
    assert isinstance(other.look(REPLY), Unresolved)
    one.close()
    other.close()


def test_what_another_process_took_back_is_free(file: Path, clock: Clock) -> None:
    one, other = Intents("workspace", file, now=clock), Intents("workspace", file, now=clock)
    token = begun(other, REPLY)
    assert isinstance(one.begin(REPLY), Unresolved)
    other.forget(token)
    begun(one, REPLY)
    one.close()
    other.close()


def test_what_was_done_here_is_still_done_if_another_process_began_it_anew_and_took_it_back(
    file: Path, clock: Clock
) -> None:
    one, other = Intents("workspace", file, now=clock), Intents("workspace", file, now=clock)
    one.settle(begun(one, REPLY), "done", {"ts": "1"})
    again = other.begin(again=[REPLY])
    assert isinstance(again, Begun)
    assert isinstance(one.look(REPLY), Unresolved)
    other.forget(again.token)
    assert one.look(REPLY) == other.look(REPLY) == Resolved({"ts": "1"})
    one.close()
    other.close()


def test_what_was_seen_unresolved_in_the_file_stays_so_without_it(file: Path, clock: Clock) -> None:
    first, second = Intents("workspace", file, now=clock), Intents("workspace", file, now=clock)
    first.settle(begun(first, REPLY), "unknown", {})
    assert isinstance(second.look(REPLY), Unresolved)
    with held(file):
        assert isinstance(second.begin(REPLY), Unresolved)
        assert second.problem
    first.close()
    second.close()


@pytest.mark.skipif(os.name != "posix", reason="Windows doesn't delete a file that is open")
@pytest.mark.parametrize("left", ["nothing", "its log", "another file"])
def test_a_file_that_is_deleted_is_made_again_with_what_is_known_here(
    file: Path, clock: Clock, left: str, caplog: pytest.LogCaptureFixture
) -> None:
    intents = Intents("workspace", file, now=clock)
    token = begun(intents, REPLY)
    intents.settle(begun(intents, NOTE), "unknown", {})
    for each in [*file.parent.iterdir()]:
        if left != "its log" or each == file:
            each.unlink()
    other = Intents("workspace", file, now=clock)
    if left == "another file":
        begun(other, many(1)[0])
    intents.settle(token, "done", {"ts": "1"})
    assert caplog.messages == [f"{file} is another file than before; what was sent from here is written to it."]
    assert other.begin(REPLY) == Resolved({"ts": "1"})
    assert isinstance(other.begin(NOTE), Unresolved)
    assert isinstance(intents.look(many(1)[0]), Unresolved if left == "another file" else type(None))
    assert (intents.durable, intents.problem, other.problem) == (True, "", "")
    intents.close()
    other.close()


def test_what_else_a_write_does_is_begun_and_settled_with_it(intents: Intents, clock: Clock) -> None:
    beside = many(3)
    intents.settle(begun(intents, beside[0]), "done", {})
    answer = intents.begin(REPLY, again=[*beside, beside[0]])
    assert isinstance(answer, Begun)
    assert [intents.look(each) for each in (REPLY, *beside)] == [Unresolved(clock.now)] * 4
    intents.forget(answer.token)
    assert [intents.look(each) for each in (REPLY, *beside)] == [None] * 4
    answer = intents.begin(REPLY, again=beside)
    assert isinstance(answer, Begun)
    intents.settle(answer.token, "unknown", {})
    assert [intents.look(each) for each in (REPLY, *beside)] == [Unresolved(clock.now)] * 4


def test_nothing_is_begun_where_something_beside_it_is_in_doubt(intents: Intents, clock: Clock) -> None:
    beside = many(3)
    begun(intents, beside[1])
    started = clock.now
    clock.now += 1
    assert intents.begin(REPLY, again=beside) == Unresolved(started)
    assert [intents.look(each) for each in (REPLY, *beside)] == [None, None, Unresolved(started), None]


def test_what_must_not_have_been_done_is_told_from_what_may_have_been(intents: Intents) -> None:
    first, second, third = many(3)
    intents.settle(begun(intents, second), "done", {"ts": "2"})
    assert intents.begin(first, second, again=[third]) == Resolved({"ts": "2"})
    assert intents.begin(second, again=[second]) == Resolved({"ts": "2"})
    assert [intents.look(each) for each in (first, third)] == [None, None]  # all or none
    answer = intents.begin(first, again=[second, third])
    assert isinstance(answer, Begun)
    intents.settle(answer.token, "done", {"ts": "3"})
    assert [intents.look(each) for each in (first, second, third)] == [Resolved({"ts": "3"})] * 3


def test_what_the_file_has_as_well_is_let_go_from_memory_but_for_the_newest_and_the_unresolved(
    file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unthread_mcp.intents.MOST_REMEMBERED", 40)
    intents = Intents("workspace", file, now=clock)
    unresolved, *rest = many(221)
    old, recent = rest[:200], rest[200:]
    begun(intents, unresolved)
    for each in old:
        intents.settle(begun(intents, each), "done", {})
    clock.now += 601
    for each in recent:
        intents.settle(begun(intents, each), "done", {})
    assert all(isinstance(intents.look(each), Resolved) for each in rest)
    with held(file):  # now memory alone serves
        known = [intents.look(each) for each in old]
        assert isinstance(intents.look(unresolved), Unresolved)
        assert all(intents.look(each) for each in recent)
    assert 40 <= sum(each is not None for each in known) <= 50
    assert all(known[-40:])
    intents.close()


def test_what_is_recent_is_not_let_go_from_memory_however_much_it_is(
    file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unthread_mcp.intents.MOST_REMEMBERED", 4)
    intents, asked = Intents("workspace", file, now=clock), many(60)
    for each in asked:
        intents.settle(begun(intents, each), "done", {})
    with held(file):
        assert all(isinstance(intents.look(each), Resolved) for each in asked)
    intents.close()


def test_what_must_not_have_been_done_may_have_been_done_as_another_one(intents: Intents) -> None:
    intents.settle(begun(intents, NOTE), "done", {"ts": "1"})
    assert intents.begin(NOTE, another=lambda receipt: receipt == {"ts": "2"}) == Resolved({"ts": "1"})
    answer = intents.begin(NOTE, another=lambda receipt: receipt == {"ts": "1"})
    assert isinstance(answer, Begun)
    assert isinstance(intents.begin(NOTE, another=lambda _: True), Unresolved)


def test_of_several_begun_together_one_that_was_found_takes_no_doubt_from_the_others(file: Path, clock: Clock) -> None:
    first, second, another = many(3)
    one, other = Intents("workspace", file, now=clock), Intents("workspace", file, now=clock)
    answer = other.begin(first, second)
    assert isinstance(answer, Begun)
    other.settle(answer.token, "unknown", {})
    assert isinstance(one.look(first), Unresolved)
    with held(file):
        one.resolve(first, {"ts": "1"})
        # Of the second one nothing is known here while the file can't be had.
        begun_anew = one.begin(another, second)
        assert isinstance(begun_anew, Begun)
        one.settle(begun_anew.token, "done", {})
    clock.now += 6
    assert one.look(first) == other.look(first) == Resolved({"ts": "1"})
    assert isinstance(one.look(second), Unresolved)
    assert isinstance(other.look(second), Unresolved)
    one.close()
    other.close()


def test_what_the_file_lacks_is_not_let_go_from_memory(
    file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unthread_mcp.intents.MOST_REMEMBERED", 4)
    intents, only_here = Intents("workspace", file, now=clock), Intents("workspace", None, now=clock)
    asked = many(60)
    with held(file):
        for each in asked:
            intents.settle(begun(intents, each), "done", {})
            only_here.settle(begun(only_here, each), "done", {})
        assert all(isinstance(intents.look(each), Resolved) for each in asked)
    assert all(isinstance(only_here.look(each), Resolved) for each in asked)
    clock.now += 60
    assert intents.durable
    other = Intents("workspace", file, now=clock)
    assert all(isinstance(other.look(each), Resolved) for each in asked)
    intents.close()
    other.close()


@pytest.mark.parametrize("what", ["a directory", "a text", "a pipe"])
@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_what_is_no_database_is_left_as_it_is(tmp_path: Path, clock: Clock, what: str) -> None:
    path = tmp_path / "it"
    match what:
        case "a directory":
            path.mkdir()
        case "a text":
            path.write_text("Notes of mine, which are no database.")
        case _:
            os.mkfifo(path)
    path.chmod(0o755)
    intents = Intents("workspace", path, now=clock)
    assert not intents.durable
    assert ("is not a database" if what == "a text" else "it is no regular file") in intents.problem
    assert isinstance(intents.begin(REPLY), Begun)
    intents.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert what != "a text" or path.read_text().startswith("Notes of mine")


CHILD = """
import sys
from pathlib import Path
from unthread_mcp.intents import Begun, Intent, Intents

intents = Intents("workspace", Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[2])):
    answer = intents.begin(Intent("reply", "c1", str(number), "Hello"))
    print(type(answer).__name__, intents.problem, flush=True)
sys.stdin.readline()
intents.close()
"""


def start(file: Path, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(file), str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def say(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_of_several_processes_exactly_one_may_begin_an_intent(file: Path) -> None:
    """They also create the file at the same moment."""
    count = 25
    processes = [start(file, count) for _ in range(4)]
    try:
        assert [heard(process) for process in processes] == ["ready"] * 4
        for process in processes:
            say(process)
        answers = [[heard(process) for _ in range(count)] for process in processes]
        for number in range(count):
            assert sorted(each[number] for each in answers) == ["Begun", "Unresolved", "Unresolved", "Unresolved"]
        for process in processes:
            say(process)
            assert process.wait(30) == 0
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_a_process_killed_before_it_settled_leaves_its_intent_unresolved(file: Path) -> None:
    process = start(file, 1)
    try:
        assert heard(process) == "ready"
        say(process)
        assert heard(process) == "Begun"
    finally:
        process.kill()
        process.communicate()
    intents = Intents("workspace", file)
    intent = Intent("reply", "c1", "0", "Hello")
    assert isinstance(intents.begin(intent), Unresolved)
    intents.resolve(intent, {"ts": "1"})
    assert intents.begin(intent) == Resolved({"ts": "1"})
    intents.close()


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({"HOME": "/home/a"}, "linux", "/home/a/.local/state/unthread-mcp/intents.sqlite3"),
        ({"HOME": "/home/a", "XDG_STATE_HOME": "/s"}, "linux", "/s/unthread-mcp/intents.sqlite3"),
        ({"HOME": "/home/a", "XDG_STATE_HOME": "s"}, "linux", "/home/a/.local/state/unthread-mcp/intents.sqlite3"),
        ({"HOME": "/Users/a"}, "darwin", "/Users/a/Library/Application Support/unthread-mcp/intents.sqlite3"),
        ({"LOCALAPPDATA": "/L", "USERPROFILE": "/U"}, "win32", "/L/unthread-mcp/intents.sqlite3"),
        ({"USERPROFILE": "/U"}, "win32", "/U/AppData/Local/unthread-mcp/intents.sqlite3"),
    ],
)
def test_the_state_file_stands_where_the_platform_keeps_state(
    environment: dict[str, str], platform: str, expected: str
) -> None:
    assert default_state_file(environment, platform) == Path(expected)


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_without_a_home_there_is_no_state_file(platform: str) -> None:
    assert default_state_file({}, platform) is None
