# SPDX-License-Identifier: Apache-2.0
"""scripts/sandbox: nothing of what runs in it survives it. A sandbox in our sandbox is tested, so
what would survive is seen here and harms nobody."""

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.node import CHECKOUT
from support.syslog_collector import SyslogCollector
from support.waiting import wait_until

SANDBOX = CHECKOUT / "scripts" / "sandbox"


def run(
    *arguments: str, sandbox: Path = SANDBOX, before: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sandbox, *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )


def processes_with(token: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if token in (folder / "cmdline").read_text():
                found.append(int(folder.name))
        except OSError:  # it has just ended
            continue
    return found


@pytest.fixture
def token() -> str:
    """Marks processes and files of one test."""
    return f"survivor-{secrets.token_hex(8)}"


FOLDERS = ("/etc", "/run", "/home", "/root", "/tmp", "/var/log", "/dev/shm")


@pytest.fixture
def busy(token: str) -> Iterator[subprocess.Popen[bytes]]:
    """A sandbox with a running command, a process in a session of its own that ignores signals, a
    user, a mount, and files."""
    script = f"""
        useradd {token[:20]}
        mount -t tmpfs tmpfs /mnt
        touch {" ".join(f"{folder}/{token}" for folder in FOLDERS)}
        (trap '' TERM HUP INT; exec setsid tail -f /dev/null {token}) &
        exec tail -f /dev/null {token}
    """
    process = subprocess.Popen(
        ["env", "--default-signal=HUP", SANDBOX, "sh", "-c", script],  # whatever nohup did to ours
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    both = f"tail\0-f\0/dev/null\0{token}"
    wait_until(lambda: len(processes_with(both)) == 2, "both processes")
    yield process
    if process.poll() is None:
        process.kill()
    process.wait()


def assert_nothing_survives(token: str, mounts: str) -> None:
    wait_until(lambda: not processes_with(token), "the end of every process")
    assert token[:20] not in Path("/etc/passwd").read_text()
    assert not [folder for folder in FOLDERS if Path(folder, token).exists()]
    assert Path("/proc/self/mountinfo").read_text() == mounts


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_nothing_survives_a_killed_sandbox(
    number: int, busy: subprocess.Popen[bytes], token: str
) -> None:
    mounts = Path("/proc/self/mountinfo").read_text()
    busy.send_signal(number)
    assert busy.wait(30) == (-number if number == signal.SIGKILL else 143)
    assert_nothing_survives(token, mounts)


def test_nothing_survives_a_killed_command(busy: subprocess.Popen[bytes], token: str) -> None:
    mounts = Path("/proc/self/mountinfo").read_text()
    command = next(pid for pid in processes_with(token) if runs_in(busy.pid, pid))
    os.kill(command, signal.SIGKILL)
    assert busy.wait(30) == 128 + signal.SIGKILL
    assert_nothing_survives(token, mounts)


def runs_in(sandbox: int, pid: int) -> bool:
    """sandbox → unshare → process 1 of the namespace → the command"""
    for _ in range(3):
        pid = parent(pid)
    return pid == sandbox


def parent(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if pid else []
    return next((int(line.split()[1]) for line in lines if line.startswith("PPid:")), 0)


def test_nothing_survives_a_command_that_ends(token: str) -> None:
    mounts = Path("/proc/self/mountinfo").read_text()
    result = run(
        "sh", "-c", f"setsid tail -f /dev/null {token} & touch /etc/{token}; useradd {token[:20]}"
    )
    assert result.returncode == 0, result.stderr
    assert_nothing_survives(token, mounts)


@pytest.mark.parametrize("command, status", [
    ("exit 0", 0), ("exit 7", 7), ("kill -KILL $$", 137), ("exec /nonexistent", 127),
])
def test_the_status_is_the_commands(command: str, status: int) -> None:
    assert run("sh", "-c", command).returncode == status


def test_standard_input_reaches_the_command() -> None:
    command = [SANDBOX, "cat"]
    done = subprocess.run(command, input="text", capture_output=True, text=True, timeout=60)
    assert done.stdout == "text"


def test_the_rest_is_read_only(token: str) -> None:
    paths = [f"{folder}/{token}" for folder in ("/usr", "/opt", "/srv", "")]
    assert run("touch", *paths).stderr.count("Read-only file system") == len(paths)


def test_the_logger_outside_is_not_reached(syslog: SyslogCollector) -> None:
    assert run("test", "-e", "/dev/log").returncode == 1
    assert not syslog.messages


def test_the_network_is_loopback_only() -> None:
    interfaces = run("--net", "ip", "-brief", "link").stdout.splitlines()
    assert [line.split()[0] for line in interfaces] == ["lo"]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """The script in another checkout: under /tmp, which the sandbox hides; its path has a space."""
    scripts = tmp_path / "a checkout" / "scripts"
    scripts.mkdir(parents=True)
    (scripts / "sandbox").write_bytes(SANDBOX.read_bytes())
    (scripts / "sandbox").chmod(0o755)
    shutil.copytree(f"{SANDBOX}.etc", scripts / "sandbox.etc")
    return scripts / "sandbox"


def test_a_checkout_under_tmp_stays_visible_and_writable(elsewhere: Path) -> None:
    checkout = elsewhere.parents[1]
    assert run("sh", "-c", "pwd; touch kept", sandbox=elsewhere,
               before=("env", "-C", str(checkout))).stdout == f"{checkout}\n"
    assert (checkout / "kept").exists()


@pytest.mark.parametrize("before, message", [
    (("setpriv", "--reuid=65534", "--clear-groups"), "needs root"),
    (("setpriv", "--bounding-set=-sys_admin"), "refuses new namespaces"),
])
def test_a_refusal_is_explained(before: tuple[str, ...], message: str, elsewhere: Path) -> None:
    for folder in elsewhere.parents:
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o755)
    result = run("true", sandbox=elsewhere, before=before)
    assert result.returncode == 125 and message in result.stderr
