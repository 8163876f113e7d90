# SPDX-License-Identifier: Apache-2.0
"""One round: its exit status, what it says, and the files that it leaves."""

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from support.refresher import (CONFIGURATION, ENVIRONMENT, NO_ANSWER, PROGRAM, VALID, Refresher)


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.lstat().st_mode))


def test_a_first_round_writes_the_roster(refresher: Refresher) -> None:
    done = refresher.run()
    assert (done.returncode, done.stdout, done.stderr) == (VALID, "", "")
    stored = refresher.stored()
    assert stored["revision"] == 1 and stored["age_ms"] < 5000
    assert stored["entries"] == {
        "alice": {"uid": 10001, "source": "authority", "role": "admin", "shared": False},
        "bob": {"uid": 10002, "source": "authority", "role": "member", "shared": False},
    }


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_modes_and_owners_whatever_the_umask(refresher: Refresher, umask: int) -> None:
    refresher.refresh(umask=umask)
    assert {path.name.removeprefix("proj_123.roster.v1"): mode(path)
            for path in refresher.folder.iterdir()} == {
        "": "0o644", ".stamp": "0o644", ".spare": "0o600", ".attempt": "0o644", ".lock": "0o600",
        ".spare": "0o600"}
    assert mode(refresher.folder) == "0o755"
    for path in (refresher.folder, *refresher.folder.iterdir()):
        assert (path.stat().st_uid, path.stat().st_gid) == (0, 0)


def test_modes_whatever_the_umask_of_a_caller(refresher: Refresher) -> None:
    refresher.folder.mkdir()
    refresher.ask(1, "777")
    assert refresher.logins() == {"alice", "bob"}
    assert mode(refresher.lock) == "0o600"


def test_a_verbose_round_says_what_it_does(refresher: Refresher) -> None:
    said = refresher.refresh("--verbose").stderr.splitlines()
    assert said == [f"together-refresh: reading {refresher.roster.path}",
                    "together-refresh: a new roster"]
    assert refresher.refresh("--verbose").stderr.endswith("together-refresh: unchanged\n")


def test_what_is_odd_is_said(refresher: Refresher) -> None:
    refresher.roster.add("alice", "member", uid=10001)
    refresher.roster.add("10003", uid=10003)
    refresher.roster.write()
    said = refresher.refresh("--verbose").stderr
    assert "left out, without a usable login: user_10003" in said
    assert "a new roster; the roster has no admin; 1 entries without a usable login" in said
    assert "no admin" in refresher.last_attempt()["message"]


def test_an_unchanged_roster_extends_the_stamp_alone(refresher: Refresher) -> None:
    refresher.refresh()
    before = refresher.snapshot.stat()
    stamp = refresher.stamp.read_bytes()
    refresher.refresh()
    after = refresher.snapshot.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert refresher.stamp.read_bytes() != stamp


def test_a_changed_roster_replaces_the_file(refresher: Refresher) -> None:
    refresher.refresh()
    before = refresher.snapshot.stat().st_ino
    with refresher.snapshot.open("rb"):  # else the inode may be used again
        refresher.roster.remove("bob")
        refresher.roster.write()
        refresher.refresh()
        assert refresher.snapshot.stat().st_ino != before
    assert refresher.logins() == {"alice"}
    assert not refresher.temporary.exists()


def test_the_disk_has_it_before_it_takes_the_old_one_s_place(refresher: Refresher) -> None:
    """No test can pull the plug: the order of the system calls shows it."""
    trace = Path("/run/refresh/trace")
    refresher.refresh(before=("strace", "-y", "-o", str(trace), "-e", "trace=fsync,/rename,pwrite64"))
    calls = [line for line in trace.read_text().splitlines() if refresher.temporary.name in line
             or line.startswith("fsync")]
    names = [line.partition("(")[0] for line in calls]
    at = names.index("rename")
    assert names[at - 1 : at + 2] == ["fsync", "rename", "fsync"] and "pwrite64" in names[: at - 1]
    assert str(refresher.temporary) in calls[at - 1] and f"{refresher.folder}>" in calls[at + 1]


def test_an_older_revision_needs_a_word(refresher: Refresher) -> None:
    refresher.roster.revision = 6
    refresher.roster.write()
    refresher.refresh()
    refresher.roster.revision = 2
    refresher.roster.remove("bob")
    refresher.roster.write()
    done = refresher.run()
    assert done.returncode == NO_ANSWER
    assert "revision 3 is older than 7" in done.stderr and "--accept-older" in done.stderr
    assert refresher.logins() == {"alice", "bob"}
    refresher.refresh("--accept-older")
    assert refresher.logins() == {"alice"}


@pytest.mark.parametrize("text, problem", [
    ("", "the roster is not JSON"),
    ("{", "the roster is not JSON"),
    ('{"object": "list"}', "project_id is missing"),
    (b'{"object": "\xff"}', "the roster is not UTF-8"),
    (json.dumps({"object": "list", "project_id": "proj_123", "next_cursor": None, "data": []}),
     "the roster is not believed: it has no entries"),
    (json.dumps({"object": "list", "project_id": "proj_999", "next_cursor": None, "data": []}),
     'project_id is not "proj_123"'),
])
def test_a_bad_roster_changes_nothing(refresher: Refresher, text: str | bytes, problem: str) -> None:
    refresher.refresh()
    before = refresher.snapshot.read_bytes(), refresher.stamp.read_bytes()
    refresher.roster.path.write_bytes(text.encode() if isinstance(text, str) else text)
    done = refresher.run()
    assert done.returncode == NO_ANSWER
    assert done.stderr.startswith(f"together-refresh: {refresher.roster.path}: ")
    assert problem in done.stderr
    assert (refresher.snapshot.read_bytes(), refresher.stamp.read_bytes()) == before
    assert problem in refresher.last_attempt()["message"]
    assert refresher.last_attempt()["left_ms"] > 0


def test_a_wrong_configuration_names_file_and_line(refresher: Refresher) -> None:
    refresher.config.write_text("[api]\nbase_url = file:///x\nproject = proj_1\nfoo = 1\n")
    done = refresher.run()
    assert done.returncode == CONFIGURATION
    assert f"{refresher.config}:4" in done.stderr and "foo" in done.stderr
    assert not refresher.folder.exists()


def test_a_missing_configuration_is_named(refresher: Refresher) -> None:
    refresher.config.unlink()
    done = refresher.run()
    assert done.returncode == CONFIGURATION and str(refresher.config) in done.stderr


def test_a_relative_path_of_the_configuration(refresher: Refresher) -> None:
    done = subprocess.run([PROGRAM, "--config", refresher.config.name], cwd=refresher.config.parent,
                          env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert done.returncode == VALID, done.stderr


@pytest.mark.parametrize("arguments, status, output", [
    (("--help",), VALID, "Usage:"), (("--version",), VALID, "together-refresh "),
    (("--wrong",), CONFIGURATION, "unknown argument --wrong; see together-refresh --help"),
    (("--config",), CONFIGURATION, "--config needs a path"),
])
def test_the_command_line(arguments: tuple[str, ...], status: int, output: str) -> None:
    done = subprocess.run([PROGRAM, *arguments], env=ENVIRONMENT, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == status and output in done.stdout + done.stderr


def test_a_plain_user_refreshes_a_folder_of_his_own(refresher: Refresher) -> None:
    refresher.folder.mkdir()
    os.chown(refresher.folder, 12345, 12345)
    before = ("setpriv", "--reuid=12345", "--regid=12345", "--clear-groups")
    assert refresher.run(before=before, umask=0o777).returncode == VALID
    assert {path.name: (path.stat().st_uid, mode(path)) for path in refresher.folder.iterdir()} == {
        refresher.snapshot.name: (12345, "0o644"), refresher.stamp.name: (12345, "0o644"),
        refresher.attempt_file.name: (12345, "0o644"), refresher.lock.name: (12345, "0o600"),
        refresher.spare.name: (12345, "0o600")}


def test_a_plain_user_makes_a_folder_of_his_own(refresher: Refresher) -> None:
    os.chown(refresher.folder.parent, 12345, 12345)
    before = ("setpriv", "--reuid=12345", "--regid=12345", "--clear-groups")
    assert refresher.run(before=before, umask=0o777).returncode == VALID
    assert mode(refresher.folder) == "0o755"
