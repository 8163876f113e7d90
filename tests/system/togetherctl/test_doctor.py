# SPDX-License-Identifier: Apache-2.0
"""doctor: configuration, ownership, roster, watcher, emergencies, log. Each finding is produced."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.ctl_node import (CACHE, CONFIG, ETC, LOG, PLAIN_ENVIRONMENT, PLAIN_USER, ROSTER, SNAPSHOT,
                      TOGETHER_REFRESH, admit, ctl, ctl_json, entry, flip_a_byte, refresh,
                      wait_until_old, write_config, write_roster)
from support.doctor_node import bad, doctor, only


@pytest.fixture(autouse=True)
def enabled(etc_pam: Path, roster: None) -> None:
    assert ctl("enable", "ssh").returncode == 0


def state() -> dict[str, tuple[bytes, int]]:
    """All that a command could change."""
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns)
            for folder in (ETC, CACHE, LOG, ROSTER.parent, Path("/etc/pam.d"))
            for path in folder.rglob("*") if path.is_file()}


# ---- all is well --------------------------------------------------------------------------------


def test_a_healthy_node() -> None:
    run = ctl("doctor")
    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    lines = run.stdout.splitlines()
    assert lines[0].startswith("OK: 0 failures, 0 warnings, ")
    assert {line[:4] for line in lines[1:]} == {"ok  ", "info"}
    found = doctor()
    assert found["roster"]["what"].endswith("old, revision 7, 3 collaborators")
    assert found["watcher"]["what"].startswith("none here")
    assert found["slurm"]["what"] == "not on this host"


def test_it_changes_nothing_and_asks_for_no_refresh() -> None:
    write_config(roster__recheck_after="1ms", roster__fresh_for="1s")
    write_roster(entry("zoe", "admin"))  # who refreshes now, sees it
    before = state()
    doctor()
    after = state()
    # Where nobody reads a log, the refusals of its own transactions are appended to the fallback.
    log = str(LOG / "decisions.log")
    text = after.pop(log)[0].decode()
    assert before.pop(log, (b"", 0))[0] == b"" and after == before
    assert text.count("\n") == 2 and text.count("verdict=deny") == 2
    assert "event=refresh" not in text


def test_one_line_for_each_finding() -> None:
    write_config(gate__mode="observe")
    [line] = [line for line in ctl("doctor").stdout.splitlines() if line.startswith("WARN ")]
    assert line == ("WARN  mode                  OBSERVE MODE: NOBODY IS REFUSED; denials are only "
                    f"logged, as would=deny; fix: set mode = enforce in {CONFIG}")


def test_what_is_accepted_does_not_count() -> None:
    write_config(gate__mode="observe")
    found = doctor("--accept", "watcher,mode")
    assert bad(found) == {}
    assert found["mode"]["what"] == "accepted: OBSERVE MODE: NOBODY IS REFUSED"
    assert bad(doctor("--accept", "watcher,mod")) == {"mode": "warning"}


def test_a_plain_user_is_told_what_only_root_can_tell() -> None:
    found = doctor(user=PLAIN_USER)
    assert "only root can ask sshd" in only(found, "sshd", "warning")["what"]


# ---- configuration and ownership ----------------------------------------------------------------


def test_the_configuration_is_wrong() -> None:
    CONFIG.write_text(CONFIG.read_text() + "nonsense = 1\n")
    only(doctor(), "configuration", "failure", f"{CONFIG}:", "nonsense")
    CONFIG.unlink()
    only(doctor(), "configuration", "failure", "No such file")


def test_the_configuration_is_anybodys() -> None:
    CONFIG.chmod(0o666)
    only(doctor(), "configuration", "failure", str(CONFIG))


@pytest.mark.parametrize("folder", [ETC, ETC / "admit.d"])
def test_a_folder_of_the_configuration_is_anybodys(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    try:
        finding = only(doctor(), "configuration_folder", "failure", f"{folder} can be written by others")
    finally:
        folder.chmod(0o755)
    subprocess.run(finding["fix"], shell=True, check=True)
    assert bad(doctor()) == {}


def test_the_roster_directory_is_anybodys() -> None:
    CACHE.chmod(0o777)
    try:
        finding = only(doctor(), "roster_directory", "failure", f"{CACHE} can be written by others")
        subprocess.run(finding["fix"], shell=True, check=True)
        assert bad(doctor()) == {}
    finally:
        CACHE.chmod(0o755)


def other_refresh(text: str) -> Path:
    program = Path("/run/other-refresh")
    program.write_text(text)
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(("program", "result", "words"), [
    (None, "failure", "No such file"),
    ("#!/bin/sh\nexit 3\n", "failure", "failed"),
    ("#!/bin/sh\necho together-refresh 9.9\n", "warning", "says together-refresh 9.9, togetherctl is "),
])
def test_another_refresh_program(program: str | None, result: str, words: str) -> None:
    path = Path("/nowhere/together-refresh") if program is None else other_refresh(program)
    write_config(roster__refresh_program=str(path))
    only(doctor(), "refresh_program", result, words)


def test_a_refresh_program_of_somebody_is_not_executed() -> None:
    path = other_refresh("#!/bin/sh\ntouch /run/executed\n")
    os.chown(path, PLAIN_USER, PLAIN_USER)
    write_config(roster__refresh_program=str(path))
    only(doctor(), "refresh_program", "failure", str(path))
    assert not Path("/run/executed").exists()


def test_observe_mode_is_said_loudly() -> None:
    write_config(gate__mode="observe")
    found = doctor()
    only(found, "mode", "warning", "OBSERVE MODE: NOBODY IS REFUSED")
    assert found["pam_refusal"]["result"] == "information"


# ---- the roster ---------------------------------------------------------------------------------


def test_the_roster_file_is_gone_or_anybodys() -> None:
    ROSTER.chmod(0o666)
    only(doctor(), "authority", "failure", str(ROSTER))
    ROSTER.unlink()
    only(doctor(), "authority", "failure", "No such file")


def test_no_roster() -> None:
    shutil.rmtree(CACHE)
    found = doctor()
    assert found["roster_directory"]["what"].endswith("together-refresh makes it")
    only(found, "roster", "failure", "No such file")


def test_a_damaged_roster() -> None:
    flip_a_byte(SNAPSHOT, SNAPSHOT.stat().st_size // 2)
    only(doctor(), "roster", "failure", "is damaged")


def test_a_roster_that_is_too_old() -> None:
    write_config(roster__fresh_for="1s", roster__stale_for="2s", roster__recheck_after="1s")
    wait_until_old(2)
    only(doctor(), "roster", "warning", "older than stale_for")


def test_an_old_roster_is_no_fault_where_logins_refresh_it() -> None:
    write_config(roster__fresh_for="1s", roster__recheck_after="1s")
    wait_until_old(1)
    assert bad(doctor()) == {}


def test_a_roster_without_an_admin_or_with_entries_left_out() -> None:
    write_roster(entry("bob", "member", 10002))
    refresh()
    only(doctor(), "roster_entries", "warning", "nobody on the roster is an Admin")
    write_roster(entry("alice", "admin", 10001), entry(None))
    refresh()
    only(doctor(), "roster_entries", "warning", "1 entries have no usable login")


def test_the_last_attempts_failed() -> None:
    good = ROSTER.read_text()
    ROSTER.write_text("nonsense")
    for _ in range(2):
        assert ctl("refresh").returncode == 75
    ROSTER.write_text(good)
    only(doctor(), "last_refresh", "warning", "2 failed in a row, the last with: ")


# ---- the watcher --------------------------------------------------------------------------------


@pytest.fixture
def slurmctld() -> Iterator[None]:
    """Something that runs and is called so."""
    shutil.copy("/usr/bin/sleep", "/run/slurmctld")
    process = subprocess.Popen(["/run/slurmctld", "1000"])
    yield
    process.kill()
    process.wait()


@pytest.fixture
def watcher() -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([TOGETHER_REFRESH, "--watch"], env=PLAIN_ENVIRONMENT,
                               stderr=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait()


def test_slurmctld_without_a_watcher(slurmctld: None) -> None:
    found = doctor()
    assert found["watcher"]["result"] == "failure"
    assert "no together-refresh --watch" in found["watcher"]["what"]
    assert found["watcher"]["fix"] == "systemctl enable --now together-refresh.service"


def test_slurmctld_with_a_watcher(slurmctld: None, watcher: object) -> None:
    assert doctor()["watcher"]["what"] == "together-refresh --watch runs"


def test_a_watcher_of_another_configuration_or_of_anybody_does_not_count(slurmctld: None) -> None:
    (ETC / "other.conf").write_bytes(CONFIG.read_bytes())
    for user, arguments in ((0, ["--config", str(ETC / "other.conf")]), (PLAIN_USER, [])):
        process = subprocess.Popen([TOGETHER_REFRESH, "--watch", *arguments], user=user,
                                   env=PLAIN_ENVIRONMENT, stderr=subprocess.DEVNULL)
        try:
            assert doctor()["watcher"]["result"] == "failure"
        finally:
            process.kill()
            process.wait()


def test_a_watcher_that_hangs(watcher: "subprocess.Popen[bytes]") -> None:
    write_config(roster__fresh_for="1s", roster__recheck_after="1s")
    watcher.send_signal(signal.SIGSTOP)
    wait_until_old(1)
    only(doctor(), "roster", "warning", "a watcher should keep it fresh")
    write_config(roster__fresh_for="1s", roster__recheck_after="1s", roster__stale_for="1s")
    only(doctor(), "roster", "failure", "older than stale_for")


# ---- emergencies --------------------------------------------------------------------------------


def test_a_lockdown() -> None:
    assert ctl("lockdown", "--reason", "a leak").returncode == 0
    only(doctor(), "lockdown", "warning", "LOCKDOWN IN FORCE: a leak")


def test_admissions() -> None:
    admit("erin", "2099-01-01T00:00:00Z")
    finding = only(doctor(), "admissions", "warning", "erin IS ADMITTED until 2099-01-01")
    assert finding["fix"] == "togetherctl admit --end erin"
    admit("erin", "tomorrow")
    only(doctor(), "admissions", "warning", "ignored: ")


# ---- the log ------------------------------------------------------------------------------------


@pytest.fixture
def dev_log() -> Iterator[socket.socket]:
    reader = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    reader.bind("/dev/log")
    yield reader
    reader.close()
    Path("/dev/log").unlink()


def test_where_the_log_lines_go(dev_log: socket.socket) -> None:
    found = doctor()
    assert bad(found) == {}
    assert found["log"]["what"] == "decisions go to /dev/log, facility authpriv"


def test_nobody_reads_the_log(dev_log: socket.socket) -> None:
    dev_log.close()
    only(doctor(), "log", "warning", "nobody reads /dev/log; decisions go to /var/log/together/")
    shutil.rmtree(LOG)
    only(doctor(), "log", "warning", "nobody reads /dev/log, and there is no /var/log/together")


def test_nowhere_to_log() -> None:
    LOG.rmdir()
    only(doctor(), "log", "warning", "there is neither /dev/log nor /var/log/together")


def test_dropped_log_lines() -> None:
    (LOG / "dropped").write_text("...")
    only(doctor(), "log_dropped", "warning", "3 log lines were dropped")
