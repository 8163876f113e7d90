# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, a folder that is not ours to write, files that somebody else left."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.refresher import NO_ANSWER, VALID, Refresher

NOBODY = 65534
FOLDER = "/run/small"


@pytest.fixture
def small(refresher: Refresher) -> Iterator[Refresher]:
    """Its snapshots are on a disk of a few pages."""
    os.makedirs(FOLDER, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k,mode=755", "tmpfs", FOLDER], check=True)
    refresher.configure(directory=FOLDER)
    refresher.folder = Path(FOLDER)
    for name in ("snapshot", "stamp", "attempt_file", "lock", "temporary", "spare"):
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
    assert "No space left" in small.last_attempt()["message"]
    assert small.last_attempt()["left_ms"] <= 1000  # it is our own error: anybody may soon try again


def test_on_a_full_disk_the_stamp_still_extends(small: Refresher) -> None:
    small.configure(directory=FOLDER, fresh_for="0s", recheck_after="0s")
    small.refresh()
    fill(small.folder)
    before = small.stamp.read_bytes()
    small.refresh()
    assert small.stamp.read_bytes() != before
    assert small.stored()["age_ms"] < 2000
    assert small.last_attempt()["outcome"] == VALID


def test_a_full_disk_at_the_first_round(small: Refresher) -> None:
    fill(small.folder)
    done = small.run()
    assert done.returncode == NO_ANSWER and "No space left on device" in done.stderr
    assert small.temporary.name not in small.files()
    (small.folder / "filler").unlink()
    small.refresh()


def use_up_the_inodes() -> None:
    """What somebody does with empty files."""
    status = os.statvfs(FOLDER)
    remount(f"nr_inodes={status.f_files - status.f_ffree}")


@pytest.mark.parametrize("used_up", ["inodes", "blocks", "both"])
def test_a_removal_needs_neither_inode_nor_block(small: Refresher, used_up: str) -> None:
    """One after the other: the spare that was used makes place for another."""
    small.roster.add("carol", uid=10003)
    small.roster.write()
    small.refresh()
    if used_up in ("blocks", "both"):
        fill(small.folder)
    if used_up in ("inodes", "both"):
        use_up_the_inodes()
    small.refresh()  # unchanged
    for left in ({"alice", "carol"}, {"alice"}, {"alice", "bob"}, {"bob"}):
        for login in ("alice", "bob", "carol"):
            small.roster.add(login)
            if login not in left:
                small.roster.remove(login)
        small.roster.write()
        small.refresh()
        assert small.logins() == left
        assert small.temporary.name not in small.files()


def test_what_the_spare_has_no_room_for_is_said(small: Refresher) -> None:
    small.refresh()
    use_up_the_inodes()
    small.roster.remove("bob")
    small.roster.write()
    small.spare.unlink()
    use_up_the_inodes()
    done = small.run()
    assert done.returncode == NO_ANSWER
    assert f"cannot make {small.temporary}: No space left on device" in done.stderr
    assert small.logins() == {"alice", "bob"}
    remount("nr_inodes=1000")
    small.refresh()
    assert small.logins() == {"alice"} and small.spare.exists()


def test_a_round_says_that_there_is_no_room_for_a_spare(small: Refresher) -> None:
    small.refresh()
    small.spare.unlink()
    use_up_the_inodes()
    done = small.run("--verbose")
    assert done.returncode == VALID
    assert f"no room could be reserved for the next roster: {small.spare}: No space" in done.stderr
    assert "no room could be reserved" in small.last_attempt()["message"]


def test_the_spare_grows_with_the_roster(small: Refresher) -> None:
    small.refresh()
    for i in range(100):
        small.roster.add(f"user{i}", uid=20000 + i)
    small.roster.write()
    small.refresh()
    spare = small.spare.stat()
    assert spare.st_size > small.snapshot.stat().st_size and spare.st_blocks * 512 >= spare.st_size
    assert (spare.st_mode & 0o777, spare.st_uid) == (0o600, 0)


@pytest.mark.parametrize("wrong", ["link", "another name", "of another", "folder"])
def test_a_spare_that_is_not_ours_alone_is_not_written(small: Refresher, wrong: str) -> None:
    small.refresh()
    victim = small.folder / "victim"
    victim.write_text("precious")
    small.spare.unlink()
    if wrong == "link":
        small.spare.symlink_to(victim)
    elif wrong == "another name":
        os.link(victim, small.spare)
    elif wrong == "of another":
        small.spare.write_text("his")
        os.chown(small.spare, NOBODY, NOBODY)
    else:
        small.spare.mkdir()
    use_up_the_inodes()
    small.roster.remove("bob")
    small.roster.write()
    assert small.run().returncode == NO_ANSWER
    assert victim.read_text() == "precious" and small.logins() == {"alice", "bob"}


def test_a_spare_is_not_used_while_there_is_room(refresher: Refresher) -> None:
    """A reader may have it open from when it was the snapshot."""
    refresher.refresh()
    spare = refresher.spare.stat().st_ino
    refresher.roster.remove("bob")
    refresher.roster.write()
    refresher.refresh()
    assert refresher.spare.stat().st_ino == spare != refresher.snapshot.stat().st_ino


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


@pytest.mark.parametrize("name", ["stamp", "attempt_file", "lock"])
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
@pytest.mark.parametrize("name", ["snapshot", "stamp", "attempt_file"])
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
    assert refresher.last_attempt() is not None
    if name != "snapshot":  # which was written anew, with its age in its header
        assert refresher.stored()["age_ms"] < refresher.stored()["written_ago_ms"]
