"""A disk that is full, a folder that is not ours to write, files that somebody else left."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from refresher import NO_ANSWER, VALID, Refresher

NOBODY = 65534
FOLDER = "/run/small"


@pytest.fixture
def small(refresher: Refresher) -> Iterator[Refresher]:
    """Its snapshots are on a disk of a few pages."""
    os.makedirs(FOLDER, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", FOLDER], check=True)
    refresher.configure(directory=FOLDER)
    refresher.folder = Path(FOLDER)
    for name in ("snapshot", "stamp", "mark_file", "lock", "temporary"):
        setattr(refresher, name, refresher.folder / getattr(refresher, name).name)
    yield refresher
    subprocess.run(["umount", "--lazy", FOLDER], check=True)


def fill(folder: Path) -> None:
    with pytest.raises(OSError), open(folder / "filler", "wb", buffering=0) as filler:
        while True:
            filler.write(b"x" * 4096)


def many_more(refresher: Refresher) -> None:
    for i in range(2000):
        refresher.roster.add(f"user{i}", uid=20000 + i)
    refresher.roster.write()


def remount(options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", FOLDER], check=True)


def test_a_full_disk_keeps_the_old_roster(small: Refresher) -> None:
    small.refresh()
    files = small.files()
    many_more(small)
    done = small.run()
    assert done.returncode == NO_ANSWER
    assert f"{small.temporary}: No space left on device" in done.stderr
    assert small.logins() == {"alice", "bob"}
    assert small.files() == files
    assert "No space left" in small.mark()["message"]
    assert small.mark()["left_ms"] == 0  # it is our own error: anybody may try again


def test_on_a_full_disk_the_stamp_still_extends(small: Refresher) -> None:
    small.configure(directory=FOLDER, fresh_for="0s", recheck_after="0s")
    small.refresh()
    fill(small.folder)
    before = small.stamp.read_bytes()
    small.refresh()
    assert small.stamp.read_bytes() != before
    assert small.stored()["age_ms"] < 2000
    assert small.mark()["outcome"] == VALID


def test_a_full_disk_at_the_first_round(small: Refresher) -> None:
    fill(small.folder)
    done = small.run()
    assert done.returncode == NO_ANSWER and "No space left on device" in done.stderr
    assert small.temporary.name not in small.files()
    (small.folder / "filler").unlink()
    small.refresh()


def test_no_inodes(small: Refresher) -> None:
    small.refresh()
    used = os.statvfs(FOLDER).f_files - os.statvfs(FOLDER).f_ffree
    remount(f"nr_inodes={used}")
    small.refresh()  # unchanged: it needs none
    small.roster.remove("bob")
    small.roster.write()
    done = small.run()
    assert done.returncode == NO_ANSWER
    assert f"cannot make {small.temporary}: No space left on device" in done.stderr
    assert small.logins() == {"alice", "bob"}
    remount("nr_inodes=1000")
    small.refresh()
    assert small.logins() == {"alice"}


def test_a_read_only_folder(small: Refresher) -> None:
    small.refresh()
    remount("ro")
    done = small.run()
    assert done.returncode == NO_ANSWER and "Read-only file system" in done.stderr
    assert small.logins() == {"alice", "bob"}
    remount("rw")
    small.refresh()


def test_a_leftover_of_a_killed_round_is_removed(refresher: Refresher) -> None:
    refresher.folder.mkdir()
    refresher.temporary.write_bytes(b"half a roster")
    refresher.temporary.chmod(0)
    refresher.refresh()
    assert not refresher.temporary.exists() and refresher.logins() == {"alice", "bob"}


def test_a_leftover_that_is_a_link_is_not_followed(refresher: Refresher) -> None:
    refresher.folder.mkdir()
    victim = refresher.folder.parent / "victim"
    victim.write_text("precious")
    for path in (refresher.temporary, refresher.snapshot):
        path.symlink_to(victim)
    refresher.refresh()
    assert victim.read_text() == "precious" and not refresher.snapshot.is_symlink()


@pytest.mark.parametrize("name", ["stamp", "mark_file", "lock"])
def test_a_link_in_place_of_a_file_is_not_followed(refresher: Refresher, name: str) -> None:
    refresher.folder.mkdir()
    victim = refresher.folder.parent / "victim"
    victim.write_text("precious")
    getattr(refresher, name).symlink_to(victim)
    done = refresher.run()
    assert victim.read_text() == "precious" and victim.stat().st_mode & 0o777 == 0o644
    assert done.returncode == (NO_ANSWER if name == "lock" else VALID)
    assert str(getattr(refresher, name)) in done.stderr or name == "stamp"


@pytest.mark.parametrize("owner, mode, problem", [
    (NOBODY, 0o755, "belongs neither to root nor to the user who refreshes"),
    (0, 0o775, "can be written by others than its owner (chmod go-w)"),
    (0, 0o777, "can be written by others than its owner (chmod go-w)"),
    (0, 0o1777, "can be written by others than its owner (chmod go-w)"),
])
def test_a_folder_that_others_write_is_not_used(
    refresher: Refresher, owner: int, mode: int, problem: str
) -> None:
    refresher.folder.mkdir()
    os.chown(refresher.folder, owner, owner)
    refresher.folder.chmod(mode)
    done = refresher.run()
    assert done.returncode == NO_ANSWER
    assert done.stderr == f"together-refresh: {refresher.folder} {problem}\n"
    assert refresher.files() == []


def test_a_folder_that_is_a_file(refresher: Refresher) -> None:
    refresher.folder.write_text("")
    done = refresher.run()
    assert done.returncode == NO_ANSWER and f"{refresher.folder} is not a folder" in done.stderr


def test_a_folder_that_cannot_be_made(refresher: Refresher) -> None:
    refresher.configure(directory="/proc/together")
    done = refresher.run()
    assert done.returncode == NO_ANSWER and "cannot make /proc/together" in done.stderr


def test_a_lock_that_others_can_open_is_not_used(refresher: Refresher) -> None:
    refresher.refresh()
    refresher.lock.chmod(0o644)
    done = refresher.run()
    assert done.returncode == NO_ANSWER
    assert f"{refresher.lock} is open to others (chmod 0600)" in done.stderr


@pytest.mark.parametrize("damage", ["owner", "mode", "empty", "garbage", "long", "missing"])
@pytest.mark.parametrize("name", ["snapshot", "stamp", "mark_file"])
def test_one_round_mends_a_file(refresher: Refresher, name: str, damage: str) -> None:
    """Or else the roster would grow old, and each login would ask, for ever."""
    refresher.refresh()
    path: Path = getattr(refresher, name)
    if damage == "owner":
        os.chown(path, NOBODY, NOBODY)
    elif damage == "mode":
        path.chmod(0o666)
    elif damage == "missing":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "garbage": b"x" * path.stat().st_size,
                          "long": path.read_bytes() + b"x" * 100}[damage])
    refresher.refresh()
    assert path.stat().st_uid == 0 and path.stat().st_mode & 0o777 == 0o644
    assert refresher.stored()["age_ms"] < 5000
    assert refresher.mark() is not None
    if name != "snapshot":  # which was written anew, with its age in its header
        assert refresher.stored()["age_ms"] < refresher.stored()["written_ago_ms"]
