# SPDX-License-Identifier: Apache-2.0
"""base_url = file://…: what stands at that path, and how it got there."""

import json
import os
import resource
import subprocess
import time
from pathlib import Path

import pytest

from support.refresher import NO_ANSWER, Refresher

PLAIN_USER = 12345


def refused(refresher: Refresher) -> str:
    """What it says of a roster file that it does not take; the stored roster still stands."""
    started = time.monotonic()
    done = refresher.run()
    assert time.monotonic() - started < 5
    assert done.returncode == NO_ANSWER
    assert refresher.logins() == {"alice", "bob"}
    assert not refresher.temporary.exists()
    assert refresher.last_attempt()["left_ms"] == 0, "it is our own error: anybody may try again"
    assert str(refresher.roster.path) in done.stderr
    return done.stderr


@pytest.fixture
def stored(refresher: Refresher) -> Refresher:
    refresher.refresh()
    refresher.roster.remove("bob")
    refresher.roster.write()
    return refresher


def test_missing(stored: Refresher) -> None:
    stored.roster.path.unlink()
    assert "No such file or directory" in refused(stored)


def test_a_folder(stored: Refresher) -> None:
    stored.roster.path.unlink()
    stored.roster.path.mkdir()
    assert "is not a regular file" in refused(stored)


def test_a_fifo_without_a_writer(stored: Refresher) -> None:
    stored.roster.path.unlink()
    os.mkfifo(stored.roster.path)
    assert "is not a regular file" in refused(stored)


def test_a_device(stored: Refresher) -> None:
    stored.roster.path.unlink()
    stored.roster.path.symlink_to("/dev/zero")
    assert "is not a regular file" in refused(stored)


def test_a_link_to_itself(stored: Refresher) -> None:
    stored.roster.path.unlink()
    stored.roster.path.symlink_to(stored.roster.path)
    assert "Too many levels of symbolic links" in refused(stored)


@pytest.mark.parametrize("mode", [0o666, 0o664, 0o646])
def test_one_that_others_write(stored: Refresher, mode: int) -> None:
    stored.roster.path.chmod(mode)
    assert "can be written by others than its owner (chmod go-w)" in refused(stored)


def test_another_owner(stored: Refresher) -> None:
    os.chown(stored.roster.path, PLAIN_USER, PLAIN_USER)
    assert "belongs neither to root nor to the user who reads it" in refused(stored)


def test_a_plain_user_takes_root_s_and_his_own_and_no_other(refresher: Refresher) -> None:
    refresher.folder.mkdir()
    os.chown(refresher.folder, PLAIN_USER, PLAIN_USER)
    user = ("setpriv", f"--reuid={PLAIN_USER}", f"--regid={PLAIN_USER}", "--clear-groups")
    refresher.refresh(before=user)
    os.chown(refresher.roster.path, PLAIN_USER, PLAIN_USER)
    refresher.refresh(before=user)
    os.chown(refresher.roster.path, PLAIN_USER + 1, PLAIN_USER)
    assert refresher.run(before=user).returncode == NO_ANSWER


def test_one_that_nobody_else_may_read(stored: Refresher) -> None:
    """The parent opens it; its child reads what was opened."""
    stored.roster.path.chmod(0o400)
    stored.refresh()
    assert stored.logins() == {"alice"}


def test_more_than_a_gibibyte(stored: Refresher) -> None:
    with stored.roster.path.open("r+b") as file:
        file.truncate((1 << 30) + 1)
    assert "it is larger than 1 GiB" in refused(stored)


def test_a_file_that_becomes_shorter(stored: Refresher) -> None:
    stored.roster.path.write_text(stored.roster.path.read_text()[:-20])
    done = stored.run()
    assert done.returncode == NO_ANSWER and "the roster is not JSON" in done.stderr
    assert stored.logins() == {"alice", "bob"}


def test_a_file_that_is_replaced_by_rename(stored: Refresher) -> None:
    stored.refresh()
    assert stored.logins() == {"alice"}


def test_a_link_as_kubernetes_swaps_it(stored: Refresher) -> None:
    """A ConfigMap: roster.json → ..data/roster.json, ..data → a folder that changes."""
    mount = stored.roster.path.parent / "mounted"
    mount.mkdir()
    text = stored.roster.path.read_text()

    def version(name: str, content: str) -> None:
        (mount / name).mkdir()
        (mount / name / "roster.json").write_text(content)
        (mount / "..new").symlink_to(name)
        (mount / "..new").rename(mount / "..data")

    version("..1", text.replace("alice", "first"))
    (mount / "roster.json").symlink_to("..data/roster.json")
    stored.configure({"base_url": (mount / "roster.json").as_uri()})
    stored.refresh()
    assert stored.logins() == {"first"}
    version("..2", text.replace("alice", "second").replace('"revision": 2', '"revision": 3'))
    stored.refresh()
    assert stored.logins() == {"second"}


def cpu_seconds() -> float:
    """Of all that we waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_a_hundred_thousand_collaborators_within_the_deadline(refresher: Refresher) -> None:
    """Within an adapter's three seconds, on a machine that does nothing else: CPU time counts."""
    for i in range(100_000):
        refresher.roster.add(f"user{i}", uid=20_000 + i)
    refresher.roster.write_text(json.dumps(refresher.roster.document()))
    times = []
    for _ in range(2):
        before = cpu_seconds()
        refresher.refresh()
        times.append(cpu_seconds() - before)
    print(f"\n100,000: first {times[0]:.2f} s, unchanged {times[1]:.2f} s of CPU time", end=" ")
    assert max(times) < 2.7, "the deadline of an adapter, less what its helper keeps back"
    assert refresher.probe("show")["count"] == 100_002


def test_more_than_a_million_collaborators(stored: Refresher) -> None:
    """The smallest entries that there are: refused for their number, and said as it is."""
    document = {**stored.roster.document(), "revision": 9, "data": []}
    entries = ",".join('{"object":"project.collaborator","user_id":"%x","login":"u%x","role":"member"}' % (i, i) for i in range(1_000_001))
    stored.roster.write_text(json.dumps(document).replace("[]", f"[{entries}]"))
    done = stored.run()
    assert done.returncode == NO_ANSWER
    assert "the roster is refused: it has more than 1000000 entries, the most that a node takes" in done.stderr
    assert stored.logins() == {"alice", "bob"}


def test_somebody_who_holds_the_file_does_not_hold_us(stored: Refresher) -> None:
    """A lease on the roster file: opening it would wait for its holder."""
    script = ("import fcntl, sys; f = open(sys.argv[1]); "
              "fcntl.fcntl(f, fcntl.F_SETLEASE, fcntl.F_WRLCK); print('held', flush=True); "
              "sys.stdin.read()")
    holder = stored.started(subprocess.Popen(
        ["/usr/bin/python3", "-c", script, str(stored.roster.path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    assert holder.stdout and holder.stdout.readline() == "held\n"
    started = time.monotonic()
    stored.run()
    assert time.monotonic() - started < 3
    assert Path(stored.snapshot).exists()
