"""Files to attach: plain files of the operator's directory, and nothing that leads out of it."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from unthread_mcp.api.errors import InvalidArgument, NotPermitted, Unavailable, UnthreadError
from unthread_mcp.attachments import (
    LARGEST_FILE,
    Opener,
    described,
    directory_problem,
    open_below,
    open_resolved,
    read_uploads,
    save_download,
)

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX's links, pipes and devices")


def two_sentences(error: UnthreadError) -> str:
    assert len(re.findall(r"\.(?= |$)", str(error))) == 2, str(error)
    return str(error)


@pytest.fixture(params=["below", "resolved"])
def opener(request: pytest.FixtureRequest) -> Opener:
    """Both ways to open; the first is POSIX's alone."""
    if request.param == "below" and sys.platform == "win32":
        pytest.skip("Windows opens no file relative to a directory")
    return open_below if request.param == "below" else open_resolved


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    directory = tmp_path / "uploads"
    (directory / "logs").mkdir(parents=True)
    (directory / "report.pdf").write_bytes(b"%PDF-1.7 report")
    (directory / "logs" / "today.txt").write_text("all is well")
    (tmp_path / "secret.txt").write_text("nobody's business")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.txt").write_text("nobody's business")
    return directory


def refused(directory: Path | None, *names: str, opener: Opener | None = None) -> str:
    with pytest.raises(UnthreadError) as caught:
        read_uploads(directory, names, opener=opener)
    assert "nobody's business" not in str(caught.value)
    return two_sentences(caught.value)


def test_files_are_read_whole_with_their_base_name_and_type(uploads: Path, opener: Opener) -> None:
    (uploads / "Übersicht für Zoë 📊.csv").write_text("a,b")
    (uploads / "backup.tar.gz").write_bytes(b"\x1f\x8b")
    (uploads / "no ending").write_bytes(b"")
    names = ["report.pdf", "logs/today.txt", "Übersicht für Zoë 📊.csv", "backup.tar.gz", "no ending"]
    found = read_uploads(uploads, names, opener=opener)
    assert [tuple(each.upload) for each in found[:2]] == [
        ("report.pdf", b"%PDF-1.7 report", "application/pdf"),
        ("today.txt", b"all is well", "text/plain"),
    ]
    assert [each.upload.media_type for each in found[2:]] == ["text/csv", *["application/octet-stream"] * 2]


def test_no_names_need_no_directory() -> None:
    assert read_uploads(None, ()) == ()


def test_without_a_directory_nothing_is_attached() -> None:
    assert "the operator named no directory" in refused(None, "report.pdf")
    with pytest.raises(NotPermitted):
        read_uploads(None, ["report.pdf"])


def test_a_directory_that_is_gone_is_the_operators_affair(tmp_path: Path) -> None:
    assert "UNTHREAD_UPLOAD_DIR" in refused(tmp_path / "gone", "report.pdf")
    with pytest.raises(Unavailable):
        read_uploads(tmp_path / "gone", ["report.pdf"])


@pytest.mark.parametrize(
    "name",
    ["../secret.txt", "logs/../../secret.txt", "..", ".", "", "logs//today.txt", "logs/", "./report.pdf", "a\0b"],
)
def test_a_name_that_leads_out_or_nowhere_is_refused(uploads: Path, name: str, opener: Opener) -> None:
    assert "names no file of the upload directory" in refused(uploads, name, opener=opener)


def test_whole_paths_are_refused_even_into_the_directory(uploads: Path, opener: Opener) -> None:
    assert "names no file" in refused(uploads, str(uploads / "report.pdf"), opener=opener)
    assert "names no file" in refused(uploads, str(uploads.parent / "secret.txt"), opener=opener)


@POSIX
def test_no_symbolic_link_is_followed_at_any_place(uploads: Path, opener: Opener) -> None:
    (uploads / "link.txt").symlink_to(uploads.parent / "secret.txt")
    (uploads / "inside.pdf").symlink_to(uploads / "report.pdf")
    (uploads / "away").symlink_to(uploads.parent / "elsewhere", target_is_directory=True)
    (uploads / "logs" / "deeper").symlink_to(uploads.parent, target_is_directory=True)
    for name in ("link.txt", "inside.pdf", "away/secret.txt", "logs/deeper/secret.txt"):
        assert "behind a symbolic link" in refused(uploads, name, opener=opener), name


@POSIX
@pytest.mark.parametrize("back", [True, False], ids=["and back", "for good"])
@pytest.mark.parametrize(("name", "swapped"), [("report.pdf", "report.pdf"), ("logs/today.txt", "logs")])
def test_a_link_that_is_swapped_in_during_the_open_leads_nowhere(
    uploads: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch, name: str, swapped: str, *, back: bool
) -> None:
    """Whoever can write into the directory puts a link in place of what was looked at, at each moment there is."""
    kept, outside, opening = uploads.parent / "kept", uploads.parent / "elsewhere", os.open
    (outside / "today.txt").write_text("nobody's business")
    target = outside if swapped == "logs" else outside / "secret.txt"
    read: set[bytes] = set()

    for moment in range(4):
        calls = 0

        def racing(path: str | Path, flags: int, *rest: int, moment: int = moment, **named: int | None) -> int:
            nonlocal calls
            calls += 1
            if calls != moment + 1:
                return opening(path, flags, *rest, **named)
            (uploads / swapped).rename(kept)
            (uploads / swapped).symlink_to(target)
            try:
                return opening(path, flags, *rest, **named)
            finally:
                if back:
                    restore()

        def restore() -> None:
            if kept.exists():
                (uploads / swapped).unlink()
                kept.rename(uploads / swapped)

        with monkeypatch.context() as patched:
            patched.setattr(os, "open", racing)
            with suppress(InvalidArgument):
                read.update(each.upload.content for each in read_uploads(uploads, [name], opener=opener))
        restore()
    assert read <= {b"%PDF-1.7 report", b"all is well"}


@POSIX
def test_the_directory_itself_may_be_a_link_of_the_operators(uploads: Path, tmp_path: Path, opener: Opener) -> None:
    (tmp_path / "linked").symlink_to(uploads, target_is_directory=True)
    assert read_uploads(tmp_path / "linked", ["report.pdf"], opener=opener)[0].upload.name == "report.pdf"


@POSIX
def test_a_pipe_is_refused_without_waiting_for_its_other_end(uploads: Path, opener: Opener) -> None:
    os.mkfifo(uploads / "pipe")
    assert "no plain file" in refused(uploads, "pipe", opener=opener)


@POSIX
def test_a_device_a_socket_and_a_directory_are_refused(
    uploads: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no plain file" in refused(Path("/dev"), "null", opener=opener)
    assert "no plain file" in refused(uploads, "logs", opener=opener)
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(uploads)  # a socket's path may have 108 bytes at most
        server.bind("socket")
        assert "no plain file" in refused(uploads, "socket", opener=opener)


def test_a_file_taken_for_a_directory_is_refused(uploads: Path, opener: Opener) -> None:
    assert refused(uploads, "report.pdf/x", opener=opener)


@pytest.mark.parametrize("name", ["NUL", "con.txt", "logs/COM1", "report.pdf:stream", "lpt9 "])
def test_windows_devices_and_streams_are_refused_where_paths_are_resolved(uploads: Path, name: str) -> None:
    assert "can't be opened" in refused(uploads, name, opener=open_resolved)


def test_a_missing_file_is_named(uploads: Path, opener: Opener) -> None:
    assert "no file 'logs/yesterday.txt'" in refused(uploads, "logs/yesterday.txt", opener=opener)


def test_a_file_is_at_most_20_mb_and_one_beyond_is_not_read(uploads: Path, opener: Opener) -> None:
    for name, size in (("most.bin", LARGEST_FILE), ("more.bin", LARGEST_FILE + 1), ("endless.bin", 10**13)):
        with (uploads / name).open("wb") as file:
            file.truncate(size)
    assert len(read_uploads(uploads, ["most.bin"], opener=opener)[0].upload.content) == LARGEST_FILE
    for name in ("more.bin", "endless.bin"):
        assert "larger than 20 MB" in refused(uploads, "report.pdf", name, opener=opener)


def test_at_most_ten_files_and_none_twice(uploads: Path) -> None:
    for number in range(11):
        (uploads / f"{number}.txt").write_text("x")
    names = [f"{number}.txt" for number in range(11)]
    assert len(read_uploads(uploads, names[:10])) == 10
    assert "11 files are to be attached, more than 10." in refused(uploads, *names)
    assert "twice" in refused(uploads, "report.pdf", "0.txt", "report.pdf")


@pytest.mark.parametrize(
    "name", ['quo"te.txt', "two\nlines.txt", "tab\t.txt", "txt\u202egnp.exe", "line\u2028end", "a\u200bb"]
)
def test_a_name_that_its_readers_would_misread_does_not_go_out(uploads: Path, name: str) -> None:
    with_it = uploads / name
    if sys.platform != "win32":
        with_it.write_text("x")
    assert "Rename the file first." in refused(uploads, name)


def test_a_digest_tells_name_and_content_apart(uploads: Path) -> None:
    digests = {read_uploads(uploads, ["report.pdf"])[0].digest}
    (uploads / "copy.pdf").write_bytes((uploads / "report.pdf").read_bytes())
    digests.add(read_uploads(uploads, ["copy.pdf"])[0].digest)
    (uploads / "report.pdf").write_bytes(b"%PDF-1.7 other")
    digests.add(read_uploads(uploads, ["report.pdf"])[0].digest)
    assert len(digests) == 3


def test_files_are_described_with_their_sizes_and_the_beginning_of_their_digests(uploads: Path) -> None:
    (uploads / "a.csv").write_bytes(b"x" * 34_000)
    said = described(read_uploads(uploads, ["a.csv", "report.pdf"]))
    digest = hashlib.sha256(b"x" * 34_000).hexdigest()
    assert said.startswith(f"a.csv (34 kB, sha256 {digest[:12]}…), report.pdf (15 bytes, sha256 ")


@pytest.fixture
def downloads(tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / "downloads"
    directory.mkdir()
    yield directory
    directory.chmod(0o700)


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("photo.JPG", ".jpg"),
        ("../../etc/passwd", ""),
        ("x.tar.gz", ".gz"),
        ("x.p/../y", ""),
        ("none", ""),
        ("evil.exe\u202egnp", ""),
        ("CON.txt", ".txt"),
        (".bashrc", ".bashrc"),
    ],
)
def test_the_name_on_disk_is_ours(downloads: Path, name: str, ending: str) -> None:
    path = save_download(downloads, b"content", name)
    assert path.parent == downloads
    assert path.name.startswith("unthread-")
    assert path.suffix == ending
    assert path.read_bytes() == b"content"
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_download_overwrites_another(downloads: Path) -> None:
    assert len({save_download(downloads, b"x", "a.txt") for _ in range(5)}) == 5


@POSIX
@pytest.mark.parametrize("linked", [True, False])
def test_no_download_is_written_through_what_stands_in_its_place(
    downloads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, linked: bool
) -> None:
    def known(_: int) -> str:
        return "0123456789abcdef"

    monkeypatch.setattr(secrets, "token_hex", known)
    victim, place = tmp_path / "victim", downloads / "unthread-0123456789abcdef.txt"
    victim.write_text("mine")
    if linked:
        place.symlink_to(victim)
    else:
        victim.rename(place)
    with pytest.raises(Unavailable):
        save_download(downloads, b"theirs", "a.txt")
    assert place.read_text() == "mine"


def test_a_download_directory_that_is_gone_is_the_operators_affair(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        save_download(tmp_path / "gone", b"x", "a.txt")
    assert "UNTHREAD_DOWNLOAD_DIR" in two_sentences(caught.value)


def test_a_directory_says_what_is_wrong_with_it(downloads: Path, tmp_path: Path) -> None:
    assert directory_problem(downloads, writable=True) == ""
    assert directory_problem(tmp_path / "gone", writable=False) == "is no directory"
    if sys.platform != "win32" and os.geteuid() != 0:
        downloads.chmod(0o500)
        assert directory_problem(downloads, writable=True) == "may not be used"


def test_refusals_are_about_the_argument(uploads: Path) -> None:
    with pytest.raises(InvalidArgument):
        read_uploads(uploads, ["../secret.txt"])
