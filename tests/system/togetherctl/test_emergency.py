# SPDX-License-Identifier: Apache-2.0
"""admit and lockdown: what root writes in an emergency, while the authority is away, too."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from support.ctl_node import (BUILD, CONFIG, ETC, PLAIN_USER, ROSTER, ctl, ctl_json, field, write_config)
from support.waiting import wait_until

ADMISSIONS = ETC / "admit.d"


@pytest.fixture(autouse=True)
def authority_away(roster: None) -> None:
    """The roster stands, old, and nobody answers."""
    ROSTER.unlink()
    write_config(roster__refresh_program="/bin/false", roster__recheck_after="0s")


def seconds_until(time_text: str) -> float:
    until = datetime.strptime(time_text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return until.timestamp() - time.time()


# ---- admit --------------------------------------------------------------------------------------


def test_one_who_is_admitted_gets_in(roster: None) -> None:
    assert ctl("check", "dave").returncode == 1
    run = ctl("admit", "dave", "--for", "2h", "--reason", "incident 4: storage")
    assert run.returncode == 0 and run.stderr == ""
    assert run.stdout.startswith("dave is admitted until 20")
    answer = ctl_json("check", "dave")
    assert (answer["verdict"], answer["reason"], answer["detail"]) == (
        "allow", "admitted", "incident 4: storage")
    assert 7190 < seconds_until(answer["admitted_until"]) <= 7200
    assert ctl("check", "erin").returncode == 1


def test_the_file_is_roots_and_as_the_gate_reads_it() -> None:
    os.umask(0o077)
    assert ctl("admit", "dave", "--for", "30m", "--reason", "on call").returncode == 0
    os.umask(0o022)
    path = ADMISSIONS / "dave"
    lines = path.read_text().splitlines()
    assert (lines[0], lines[1], lines[3]) == ("login = dave", "uid = 10004", "reason = on call")
    assert lines[2].startswith("until = ") and len(lines) == 4
    assert (path.stat().st_uid, path.stat().st_mode & 0o7777) == (0, 0o644)
    assert ADMISSIONS.stat().st_mode & 0o7777 == 0o755
    assert [entry.name for entry in ADMISSIONS.iterdir()] == ["dave"]


def test_status_explain_and_the_log_line_show_it() -> None:
    assert ctl("admit", "dave", "--for", "1d", "--reason", "on call").returncode == 0
    until = ctl_json("check", "dave")["admitted_until"]
    assert field(ctl("status").stdout, "Admissions") == f"dave until {until}: on call"
    text = ctl("explain", "dave").stdout
    assert field(text, "Admitted until") == until and field(text, "Detail") == "on call"
    assert f'admitted_until={until} detail="on call"' in field(text, "Log line")
    assert "reason=admitted" in field(text, "Log line")


def test_slurm_knows_them_by_uid() -> None:
    assert ctl("admit", "frank", "--for", "2h", "--reason", "x", "--uid", "4711").returncode == 0
    assert "uid = 4711\n" in (ADMISSIONS / "frank").read_text()
    run = ctl("admit", "grace", "--for", "2h", "--reason", "x")
    assert run.returncode == 0 and "Slurm, which asks by uid, will not let them in" in run.stdout


@pytest.mark.parametrize(("arguments", "complaint"), [
    (["dave", "--reason", "x"], "--for is missing: an admission has an end"),
    (["dave", "--for", "2h"], "--reason is missing"),
    (["dave", "--for", "31d", "--reason", "x"], "is longer than 30d"),
    (["dave", "--for", "721h", "--reason", "x"], "is longer than 30d"),
    (["dave", "--for", "0s", "--reason", "x"], "is no duration"),
    (["dave", "--for", "forever", "--reason", "x"], "is no duration"),
    (["dave", "--for", "-2h", "--reason", "x"], "is no duration"),
    (["dave", "--for", "2h", "--reason", "a\nlogin = erin"], "one line of text"),
    (["dave", "--for", "2h", "--reason", "a\x1b[2J"], "one line of text"),
    (["dave", "--for", "2h", "--reason", "  "], "the reason is empty"),
    (["dave", "--for", "2h", "--reason", "x" * 161], "longer than 160 bytes"),
    (["dave", "--for", "2h", "--reason", "a ; b"], "cannot be written into an INI file"),
    (["dave", "--for", "2h", "--reason", " a"], "cannot be written into an INI file"),
    (["dave", "--for", "2h", "--reason", "x", "--uid", "10005"], "has the uid 10004 on this node"),
    (["frank", "--for", "2h", "--reason", "x", "--uid", "0"], "uid 0 is root"),
    (["frank", "--for", "2h", "--reason", "x", "--uid", "-1"], "is no uid"),
    (["frank", "--for", "2h", "--reason", "x", "--uid", "4294967296"], "is no uid"),
    (["root", "--for", "2h", "--reason", "x"], "root is always let in"),
    (["../lockdown", "--for", "2h", "--reason", "x"], "is no login"),
    (["10004", "--for", "2h", "--reason", "x"], "is no login"),
    ([], "name a LOGIN, or --list, or --end LOGIN"),
    (["dave", "--list"], "name a LOGIN, or --list, or --end LOGIN"),
    (["--list", "--end", "dave"], "name a LOGIN, or --list, or --end LOGIN"),
    (["--list", "--for", "2h"], "--for goes with a LOGIN"),
    (["--end", "../token"], "is no login"),
])
def test_what_is_no_admission(arguments: list[str], complaint: str) -> None:
    run = ctl("admit", *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert complaint in run.stderr
    assert not ADMISSIONS.exists() or not list(ADMISSIONS.iterdir())


def test_thirty_days_are_the_most() -> None:
    assert ctl("admit", "dave", "--for", "30d", "--reason", "x").returncode == 0


def test_the_list_and_an_early_end() -> None:
    assert ctl("admit", "--list").stdout == "no admissions\n"
    assert ctl("admit", "dave", "--for", "2h", "--reason", "on call").returncode == 0
    (ADMISSIONS / "erin").write_text("login = erin\nuntil = 2020-01-01T00:00:00Z\nreason = old\n")
    (ADMISSIONS / "frank").write_text("login = frank\n")
    rows = ctl("admit", "--list", user=PLAIN_USER).stdout.splitlines()
    dave = next(row for row in rows if row.startswith("dave"))
    assert "10004" in dave and "in force" in dave and dave.endswith("on call")
    assert "past" in next(row for row in rows if row.startswith("erin"))
    assert "until or reason is missing" in rows[-1]
    document = ctl_json("admit", "--list")
    assert {one["login"]: one["in_force"] for one in document["admissions"]} == {
        "dave": True, "erin": False}
    assert len(document["problems"]) == 1
    assert ctl("admit", "--end", "dave").returncode == 0
    assert ctl("check", "dave").returncode == 1
    run = ctl("admit", "--end", "dave")
    assert run.returncode == 1 and "was not admitted" in run.stdout
    assert ctl_json("admit", "--end", "erin") == {"login": "erin", "ended": True}


def test_a_second_one_replaces_the_first() -> None:
    for duration in ("1h", "2h"):
        assert ctl("admit", "dave", "--for", duration, "--reason", duration).returncode == 0
    assert ctl_json("check", "dave")["detail"] == "2h"


def test_only_root_admits() -> None:
    for arguments in (["dave", "--for", "2h", "--reason", "x"], ["--end", "dave"]):
        run = ctl("admit", *arguments, user=PLAIN_USER)
        assert run.returncode == 2 and "needs root" in run.stderr


def test_a_folder_of_somebody_else_is_not_written() -> None:
    os.chown(ETC, PLAIN_USER, -1)
    for arguments in (["admit", "dave", "--for", "2h", "--reason", "x"],
                      ["lockdown", "--reason", "x"]):
        run = ctl(*arguments)
        assert run.returncode == 2 and "belongs neither to root nor to you" in run.stderr
    os.chown(ETC, 0, -1)
    assert not (ETC / "lockdown").exists()


def test_a_link_in_the_way_is_replaced_not_followed(tmp_path: Path) -> None:
    ADMISSIONS.mkdir()
    (tmp_path / "victim").write_text("precious")
    (ADMISSIONS / "dave").symlink_to(tmp_path / "victim")
    (ETC / "lockdown").symlink_to(tmp_path / "victim")
    assert ctl("admit", "dave", "--for", "2h", "--reason", "x").returncode == 0
    assert ctl("lockdown", "--reason", "x").returncode == 0
    assert (tmp_path / "victim").read_text() == "precious"
    assert not (ADMISSIONS / "dave").is_symlink() and not (ETC / "lockdown").is_symlink()


def test_the_end_comes_by_itself() -> None:
    assert ctl("admit", "dave", "--for", "4s", "--reason", "x").returncode == 0
    until = ctl_json("admit", "--list")["admissions"][0]["until"]
    assert ctl("check", "dave").returncode == 0
    wait_until(lambda: seconds_until(until) < 0, "the end")
    assert ctl("check", "dave").returncode == 1


def test_what_keeps_an_admission_from_working_is_said() -> None:
    assert ctl("lockdown", "--reason", "x").returncode == 0
    run = ctl("admit", "dave", "--for", "2h", "--reason", "x")
    assert run.returncode == 0 and "a lockdown is in force, and comes first" in run.stdout
    CONFIG.write_text("nonsense\n")
    run = ctl("admit", "dave", "--for", "2h", "--reason", "x")
    assert run.returncode == 0 and "nobody but root gets in with this configuration" in run.stdout


# ---- lockdown --------------------------------------------------------------------------------------


def test_a_lockdown_and_its_end() -> None:
    run = ctl("lockdown", "--reason", "incident 42")
    assert run.returncode == 0 and run.stdout.startswith("LOCKDOWN IN FORCE on this node: incident 42.")
    assert (ETC / "lockdown").read_text() == "incident 42\n"
    assert (ETC / "lockdown").stat().st_mode & 0o7777 == 0o644
    assert ctl("check", "alice").returncode == 1 and "(incident 42)" in ctl("check", "alice").stdout
    assert ctl("check", "root").returncode == 0
    run = ctl("lockdown", "--off")
    assert (run.returncode, run.stdout) == (0, "The lockdown is over.\n")
    assert ctl("check", "alice").returncode == 0
    run = ctl("lockdown", "--off")
    assert (run.returncode, run.stdout) == (0, "No lockdown was in force.\n")


def test_status_explain_and_the_log_line_show_the_lockdown() -> None:
    assert ctl("lockdown", "--reason", "break-in").returncode == 0
    assert field(ctl("status").stdout, "Lockdown") == "IN FORCE: break-in"
    text = ctl("explain", "alice").stdout
    assert field(text, "Reason") == "lockdown" and field(text, "Detail") == "break-in"
    assert "reason=lockdown" in field(text, "Log line") and "detail=break-in" in field(text, "Log line")


def test_a_lockdown_ends_whatever_its_file_is() -> None:
    (ETC / "lockdown").symlink_to("/nowhere")
    assert ctl("check", "alice").returncode == 1
    assert ctl("lockdown", "--off").returncode == 0
    assert ctl("check", "alice").returncode == 0


@pytest.mark.parametrize(("arguments", "complaint"), [
    ([], "--reason TEXT begins one, --off ends it"),
    (["--off", "--reason", "x"], "--reason TEXT begins one, --off ends it"),
    (["--reason", "a\nb"], "one line of text"),
    (["--reason", " "], "the reason is empty"),
])
def test_what_is_no_lockdown(arguments: list[str], complaint: str) -> None:
    run = ctl("lockdown", *arguments)
    assert run.returncode == 2 and complaint in run.stderr
    assert not (ETC / "lockdown").exists()


def test_only_root_locks_down() -> None:
    for arguments in (["--reason", "x"], ["--off"]):
        assert "needs root" in ctl("lockdown", *arguments, user=PLAIN_USER).stderr


def test_who_locks_himself_out_is_told() -> None:
    run = ctl("lockdown", "--reason", "x", environment={"SUDO_USER": "alice"})
    assert run.returncode == 0 and "alice, who seems to be you, is refused too" in run.stdout
    write_config(gate__exempt_users="alice")
    run = ctl("lockdown", "--reason", "x", environment={"SUDO_USER": "alice"})
    assert "seems to be you" not in run.stdout
    write_config(gate__mode="observe")
    assert "OBSERVE MODE" in ctl("lockdown", "--reason", "x").stdout


def test_the_json_of_a_lockdown() -> None:
    document = ctl_json("lockdown", "--reason", "x")
    assert document["in_force"] is True and document["path"] == str(ETC / "lockdown")
    assert ctl_json("lockdown", "--off")["in_force"] is False


# ---- where sshd's gate has another configuration ------------------------------------------------


@pytest.fixture
def elsewhere(etc_pam: Path) -> Path:
    """The configuration that sshd's line names."""
    other = ETC / "ssh" / "together.conf"
    other.parent.mkdir(mode=0o755)
    other.write_bytes(CONFIG.read_bytes())
    run = ctl("enable", "ssh", "--force", "--config", str(other))
    assert run.returncode == 0, run.stderr
    return other


@pytest.mark.parametrize("command", [
    ["lockdown", "--reason", "x"],
    ["lockdown", "--off"],
    ["admit", "dave", "--for", "2h", "--reason", "x"],
])
def test_what_does_not_reach_sshd_is_said(command: list[str], elsewhere: Path) -> None:
    complaint = ("DOES NOT REACH sshd: /etc/pam.d/sshd has config=" + str(elsewhere)
                 + "; do it there, too: --config " + str(elsewhere))
    run = ctl(*command)
    assert run.returncode == 1 and complaint in run.stderr
    run = ctl(*command, "--config", str(elsewhere))
    assert run.returncode == 0 and "DOES NOT REACH" not in run.stderr


def test_what_does_not_reach_su_is_said(elsewhere: Path) -> None:
    assert ctl("enable", "su", "--force", "--config", str(elsewhere)).returncode == 0
    run = ctl("lockdown", "--reason", "x")
    assert run.returncode == 1 and "DOES NOT REACH su: /etc/pam.d/su has config=" in run.stderr


@pytest.fixture
def plugstack() -> Iterator[Path]:
    folder = Path("/etc/slurm")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "plugstack.conf.d").mkdir(parents=True)
    (folder / "plugstack.conf").write_text("include plugstack.conf.d/*.conf\n")
    yield folder / "plugstack.conf.d" / "together.conf"
    shutil.rmtree(folder)


@pytest.mark.parametrize("command", [
    ["lockdown", "--reason", "x"], ["admit", "dave", "--for", "2h", "--reason", "x"]])
def test_what_does_not_reach_the_steps_is_said(command: list[str], plugstack: Path) -> None:
    other = ETC / "slurm" / "together.conf"
    other.parent.mkdir(mode=0o755)
    other.write_bytes(CONFIG.read_bytes())
    plugstack.write_text(f"required spank_together.so config={other}\n")
    run = ctl(*command)
    assert run.returncode == 1
    assert f"DOES NOT REACH Slurm's steps: {plugstack}:1 has config={other}; do it" in run.stderr
    run = ctl(*command, "--config", str(other))
    assert run.returncode == 0 and "DOES NOT REACH" not in run.stderr
    plugstack.write_text("required spank_together.so\n")
    assert ctl(*command).returncode == 0


@pytest.fixture
def slurmctld(tmp_path: Path) -> Iterator[None]:
    """Something that is called so and has our plug-in in its memory."""
    program = tmp_path / "slurmctld"
    shutil.copy("/usr/bin/python3", program)
    plugin = BUILD / "spank_together" / "job_submit_together.so"
    maps = "import mmap, sys; f = open(sys.argv[1], 'rb'); m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)"
    process = subprocess.Popen([program, "-c", maps + "; print(flush=True); sys.stdin.read()", plugin],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline()
    yield
    process.communicate()


def test_what_does_not_reach_slurmctld_is_said(slurmctld: None) -> None:
    other = ETC / "slurm" / "together.conf"
    other.parent.mkdir(mode=0o755)
    other.write_bytes(CONFIG.read_bytes())
    run = ctl("lockdown", "--reason", "x", "--config", str(other))
    assert run.returncode == 1
    assert ("DOES NOT REACH slurmctld: job_submit_together always reads /etc/together; do it there, too: "
            f"--config {CONFIG}") in run.stderr
    run = ctl("lockdown", "--reason", "x")
    assert run.returncode == 0 and "DOES NOT REACH" not in run.stderr


def test_a_configuration_in_the_same_folder_is_no_other(etc_pam: Path) -> None:
    other = ETC / "ssh.conf"
    other.write_bytes(CONFIG.read_bytes())
    assert ctl("enable", "ssh", "--force", "--config", str(other)).returncode == 0
    assert ctl("lockdown", "--reason", "x").returncode == 0


# ---- a folder that is managed by something else, as a ConfigMap --------------------------------------------


@pytest.fixture
def read_only_etc() -> Iterator[None]:
    for command in (["--bind", ETC, ETC], ["-o", "remount,bind,ro", ETC]):
        subprocess.run(["mount", *command], check=True)
    yield
    subprocess.run(["umount", ETC], check=True)


@pytest.mark.parametrize("folder_is_there", [False, True])
def test_an_admission_that_cannot_be_written_is_shown(
    folder_is_there: bool, roster: None, request: pytest.FixtureRequest
) -> None:
    if folder_is_there:
        ADMISSIONS.mkdir(exist_ok=True)
    request.getfixturevalue("read_only_etc")
    run = ctl("admit", "dave", "--for", "2h", "--reason", "incident 4: storage")
    assert run.returncode == 2
    assert f"put the file {ADMISSIONS}/dave there, with these lines:" in run.stderr
    assert "reason = incident 4: storage" in run.stdout.splitlines(), run.stdout


def test_what_is_not_there_is_not_in_the_way_of_its_end(roster: None, read_only_etc: None) -> None:
    run = ctl("lockdown", "--off")
    assert run.returncode == 0 and "No lockdown was in force." in run.stdout
    run = ctl("admit", "--end", "dave")
    assert run.returncode == 1 and "dave was not admitted" in run.stdout
