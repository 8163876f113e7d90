# SPDX-License-Identifier: Apache-2.0
"""sessions: real connections to a real sshd, of users who are removed meanwhile."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.ctl_node import (CHECKOUT, PLAIN_ENVIRONMENT, PLAIN_USER, ROSTER, TOGETHERCTL, admit, ctl, ctl_json,
                      entry, refresh, write_config, write_roster)

from support.accounts import Account, Accounts
from support.ssh_client import Connection, SshClient
from support.sshd import Sshd
from support.waiting import wait_until

FalseSshd = Callable[..., subprocess.Popen[bytes]]
USERS = {"una": 11001, "ulf": 11002, "uwe": 11003}


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Account]:
    accounts = Accounts(tmp_path_factory.mktemp("keys"))
    return {login: accounts.add(login, uid) for login, uid in USERS.items()}


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshClient]:
    folder = tmp_path_factory.mktemp("sshd")
    with Sshd(folder) as sshd:
        yield SshClient(sshd, Path("/tmp"))


def roster_of(*logins: str) -> None:
    write_roster(*(entry(login, "member", USERS[login]) for login in logins),
                 entry("alice", "admin", 10001))
    refresh()


@pytest.fixture
def connections(ssh: SshClient, users: dict[str, Account]) -> Iterator[dict[str, Connection]]:
    """Everybody is on the roster and connected; then ulf and uwe are removed."""
    roster_of(*USERS)
    open_ones = {login: ssh.connect(account) for login, account in users.items()}
    for connection in open_ones.values():
        assert connection.admitted()
    # sshd gives its process the user's name a moment later.
    wait_until(lambda: ctl_json("sessions")["open_sessions"] == len(USERS), "all sessions")
    roster_of("una")
    yield open_ones
    for connection in open_ones.values():
        connection.__exit__()


@pytest.fixture
def queue(squeue: Path) -> Iterator[Path]:
    """squeue, to be written."""
    before = squeue.read_text()
    yield squeue
    squeue.write_text(before)


# One job, of ulf's, whose name goes on in a second line.
SQUEUE = """#!/bin/sh
format=$(echo "$*" | sed 's/.*--format=//; s/ .*//')
echo "$format" | sed "s/%i/7/; s/%U/11002/; s/%T/RUNNING/; s/%j/x\\\\n8|11001|RUNNING|forged/"
"""


@pytest.mark.skipif(not Path("/usr/bin/squeue").exists(), reason="Slurm's commands are not installed")
def test_a_jobs_name_forges_no_row(users: dict[str, Account], queue: Path) -> None:
    roster_of()
    queue.write_text(SQUEUE)
    document = ctl_json("sessions")
    assert [(job["id"], job["uid"]) for job in document["jobs"]] == [("7", 11002)]


@pytest.mark.skipif(not Path("/usr/bin/squeue").exists(), reason="Slurm's commands are not installed")
def test_jobs_that_cannot_be_listed_are_not_none(users: dict[str, Account], queue: Path) -> None:
    roster_of(*USERS)
    queue.write_text("#!/bin/sh\necho no such host >&2\nexit 1\n")
    run = ctl("sessions")
    assert run.returncode == 2 and "could not be listed" in run.stdout
    assert ctl("sessions", "--end").returncode == 0


def is_open(connection: Connection) -> bool:
    return connection._process.poll() is None


def listed(*arguments: str) -> dict[str, dict[str, object]]:
    return {one["login"]: one for one in ctl_json("sessions", *arguments)["sessions"]}


def test_those_of_removed_ones_are_listed(connections: dict[str, Connection]) -> None:
    run = ctl("sessions")
    assert run.returncode == 1
    assert "Of 3 open SSH sessions 2 belong to logins that the gate refuses now." in run.stdout
    rows = {line.split()[0]: line.split() for line in run.stdout.splitlines()[2:4]}
    assert set(rows) == {"ulf", "uwe"}
    assert rows["ulf"][1] == "11002" and rows["ulf"][-2:] == ["not_a_collaborator", "open"]
    document = listed()
    assert set(document) == {"ulf", "uwe"}
    assert os.readlink(f"/proc/{document['ulf']['pid']}/exe").endswith(("sshd", "sshd-session"))
    assert document["ulf"]["ended"] is document["ulf"]["yours"] is False
    assert all(is_open(connection) for connection in connections.values())


def test_end_ends_these_and_no_others(connections: dict[str, Connection]) -> None:
    run = ctl("sessions", "--end")
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count(" ended") == 2
    wait_until(lambda: not is_open(connections["ulf"]), "the end of ulf's")
    wait_until(lambda: not is_open(connections["uwe"]), "the end of uwe's")
    assert connections["una"].run("id -un").stdout == "una\n"
    assert ctl("sessions").returncode == 0
    assert ctl_json("sessions")["open_sessions"] == 1


def test_a_command_that_goes_on_is_named(connections: dict[str, Connection]) -> None:
    # sleeps: a process that outlives its session
    assert connections["ulf"].run("setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo").status == 0
    run = ctl("sessions", "--end")
    left = subprocess.run(["ps", "-o", "pid=", "-u", "ulf"], capture_output=True, text=True).stdout
    for pid in left.split():
        os.kill(int(pid), 9)
    assert "1 processes of ulf go on" in run.stdout


def test_while_the_authority_is_away(connections: dict[str, Connection]) -> None:
    ROSTER.unlink()
    write_config(roster__refresh_program="/bin/false", roster__fresh_for="0s",
                 roster__recheck_after="0s")
    assert set(listed()) == {"ulf", "uwe"}


def test_exempt_and_admitted_ones_are_left(connections: dict[str, Connection]) -> None:
    write_config(gate__exempt_users="uwe")
    admit("ulf", "2099-01-01T00:00:00Z")
    assert ctl("sessions", "--end").returncode == 0
    assert all(is_open(connection) for connection in connections.values())


def test_in_a_lockdown_it_is_everybody_but_them(connections: dict[str, Connection]) -> None:
    write_config(gate__exempt_users="uwe")
    admit("ulf", "2099-01-01T00:00:00Z")
    assert ctl("lockdown", "--reason", "x").returncode == 0
    found = listed()
    assert set(found) == {"una"} and found["una"]["reason"] == "lockdown"


def test_in_observe_mode_nobodys_is_ended(connections: dict[str, Connection]) -> None:
    write_config(gate__mode="observe")
    assert set(listed()) == {"ulf", "uwe"}
    run = ctl("sessions", "--end")
    assert run.returncode == 1 and "OBSERVE MODE: ulf is not refused, and left" in run.stdout
    assert all(is_open(connection) for connection in connections.values())


def test_nobody_of_whom_the_gate_cannot_tell(connections: dict[str, Connection]) -> None:
    write_config(roster__refresh_program="/bin/false", roster__directory="/var/cache/empty")
    Path("/var/cache/empty").mkdir(exist_ok=True)
    run = ctl("sessions", "--end")
    assert run.returncode == 2 and "the gate cannot tell now" in run.stdout
    assert all(is_open(connection) for connection in connections.values())


def test_ones_own_session_is_left(ssh: SshClient, users: dict[str, Account]) -> None:
    sudoers = Path("/etc/sudoers.d/everybody")
    sudoers.write_text("ALL ALL=(ALL) NOPASSWD: ALL\n")
    sudoers.chmod(0o440)
    roster_of("una")
    result = ssh.run(users["ulf"], f"sudo {TOGETHERCTL} sessions --end")
    sudoers.unlink()
    assert result.status == 1
    assert "your own session (ulf) is left" in result.stdout


def test_ones_own_session_is_left_behind_tmux_too(connections: dict[str, Connection]) -> None:
    """Whose parents are not the session's; sudo still says whose it is."""
    run = ctl("sessions", "--end", environment={"SUDO_USER": "ulf"})
    assert run.returncode == 1 and "your own session (ulf) is left" in run.stdout
    assert is_open(connections["ulf"])
    wait_until(lambda: not is_open(connections["uwe"]), "the end of uwe's")


def test_a_user_who_calls_his_process_sshd_is_no_session() -> None:
    write_roster(entry("alice", "admin", 10001))
    refresh()
    script = "exec -a 'sshd: erin [priv]' sleep 1000"
    decoy = subprocess.Popen(["bash", "-c", script], user=10005, group=10005, extra_groups=[])
    roots = subprocess.Popen(["bash", "-c", script])
    try:
        assert ctl_json("sessions")["sessions"] == []
    finally:
        for process in (decoy, roots):
            process.kill()
            process.wait()


def test_only_root_may_look() -> None:
    assert "needs root" in ctl("sessions", user=PLAIN_USER).stderr


# ---- containers: what cannot be seen, and what is not ours ----------------------------------------

# sshd's two processes of a session, as far as they can be told: argv is the title.
TWO_PROCESSES = """
import os, time
program = {program!r}
if os.fork() == 0:
    os.setresgid(11002, 11002, 11002)
    os.setresuid(11002, 11002, 11002)
    os.execv(program, [{child!r}, "1000"])
os.execv(program, [{monitor!r}, "1000"])
"""


@pytest.fixture
def false_sshd() -> Iterator[FalseSshd]:
    """Starts a session of ulf's, who is on no roster, by a command of its own."""
    write_roster(entry("alice", "admin", 10001))
    refresh()
    program = Path("/run/false/sshd")  # ulf cannot enter tmp_path
    program.parent.mkdir(exist_ok=True)
    shutil.copy("/usr/bin/sleep", program)
    started = []

    def start(*wrapper: str, monitor: str = "sshd: ulf [priv]",
              child: str = "sshd: ulf@pts/0") -> subprocess.Popen[bytes]:
        before = titles()
        code = TWO_PROCESSES.format(program=str(program), monitor=monitor, child=child)
        started.append(subprocess.Popen([*wrapper, "/usr/bin/python3", "-c", code]))
        wait_until(lambda: all(titles().count(one) > before.count(one) for one in (monitor, child)),
                   "ulf's session")
        return started[-1]

    yield start
    for process in started:
        for pid in descent_of(process.pid):
            os.kill(pid, 9)
        process.wait()


def titles() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes().split(b"\0")[0].decode())
    return found


def descent_of(pid: int) -> list[int]:
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [pid] + [one for child in children.stdout.split() for one in descent_of(int(child))]


WITHOUT_PTRACE = ["setpriv", "--bounding-set=-sys_ptrace"]


def confined(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*WITHOUT_PTRACE, TOGETHERCTL, *arguments], env=PLAIN_ENVIRONMENT,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def test_in_a_container_a_users_process_is_seen(false_sshd: FalseSshd) -> None:
    false_sshd(*WITHOUT_PTRACE)
    run = confined("sessions")
    assert run.returncode == 1 and "Of 1 open SSH sessions 1 belong" in run.stdout, run.stdout


def test_what_cannot_be_seen_is_not_taken_for_none(false_sshd: FalseSshd) -> None:
    false_sshd()
    run = confined("sessions")
    assert run.returncode == 2 and "1 more may be open" in run.stdout, run.stdout
    assert confined("sessions", "--end").returncode == 2
    assert ctl("sessions").returncode == 1


def test_a_title_that_is_cut_off_is_not_taken_for_none(false_sshd: FalseSshd) -> None:
    """As sshd writes it when it was started with an empty environment."""
    false_sshd(monitor="sshd: a-login-of-s", child="sshd: a-login-of-so")
    run = ctl("sessions")
    assert run.returncode == 2 and "1 more are open of whom the title" in run.stdout, run.stdout


def test_sessions_in_containers_are_left(false_sshd: FalseSshd) -> None:
    container = false_sshd("unshare", "--pid", "--mount", "--fork", "--kill-child")
    run = ctl("sessions", "--end")
    assert "Of 0 open SSH sessions" in run.stdout, run.stdout
    assert "1 SSH sessions in containers of this host are left out" in run.stdout
    assert container.poll() is None


# ---- one's own, as audit knows it ------------------------------------------------------------------

# pam_loginuid's doing, and a shell that left the session (setsid, and its parent ended): it asks when
# it is told to. Then the command that follows.
LEAVES_A_SHELL = """
import os, subprocess, sys
from pathlib import Path
control, ctl = Path(sys.argv[1]), sys.argv[2]
Path("/proc/self/loginuid").write_text("0")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        (control / "go").read_text()
        run = subprocess.run([ctl, "sessions", "--end"], capture_output=True, text=True)
        (control / "part").write_text(run.stdout + run.stderr)
        (control / "part").rename(control / "said")
    os._exit(0)
os.wait()
os.execv(sys.argv[3], sys.argv[3:])
"""


def audit_sets_sessions() -> bool:
    return subprocess.run(["sh", "-c", "echo 0 >/proc/self/loginuid"], stderr=subprocess.DEVNULL).returncode == 0


@pytest.mark.skipif(not audit_sets_sessions(), reason="a kernel without audit")
def test_ones_own_session_is_left_that_audit_knows(false_sshd: FalseSshd, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go")
    false_sshd("/usr/bin/python3", "-c", LEAVES_A_SHELL, str(tmp_path), str(TOGETHERCTL))
    (tmp_path / "go").write_text("go")
    said = tmp_path / "said"
    wait_until(said.exists, "what the shell was told")
    assert "your own session (ulf) is left" in said.read_text()
