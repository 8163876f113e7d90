# SPDX-License-Identifier: Apache-2.0
"""sshd with the roster's keys: together-authorized-keys is asked, no file of a user's counts."""

import dataclasses
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import keys_command
from support.accounts import Account
from support.keys_command import COMMAND, SERVED, public_key, serve
from support.node import Node
from support.pam_service import PERMIT
from support.ssh_client import SshClient
from support.sshd import Sshd
from support.waiting import wait_until

SETTINGS = [*keys_command.SSHD_SETTINGS, "AuthorizedKeysFile none"]


@pytest.fixture(scope="module")
def asking_sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    keys_command.install()
    with Sshd(tmp_path_factory.mktemp("sshd"), SETTINGS) as sshd:
        yield sshd


@pytest.fixture
def sshd(asking_sshd: Sshd) -> Iterator[Sshd]:
    asking_sshd.account_stack(PERMIT)
    asking_sshd.forget_log()
    yield asking_sshd
    print(asking_sshd.log())


@pytest.fixture
def new_key(tmp_path: Path) -> Callable[[Account], Account]:
    """The same account with another key, which stands in no file of the user's."""
    def make(account: Account) -> Account:
        key = tmp_path / f"{account.login}-{os.urandom(4).hex()}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        return dataclasses.replace(account, key=key)
    return make


Keys = Callable[[Account], Account]


def refused(ssh: SshClient, account: Account) -> bool:
    result = ssh.run(account, "true")
    return result.status == 255 and "Permission denied" in result.stderr


def test_a_key_that_is_added_rotated_and_removed(gated: Node, ssh: SshClient, alice: Account,
                                                 new_key: Keys) -> None:
    first, second = new_key(alice), new_key(alice)
    serve({})
    assert refused(ssh, first)
    serve({"alice": [public_key(first.key)]})
    assert ssh.run(first, "id", "-un").stdout == "alice\n"
    assert refused(ssh, second)
    serve({"alice": [public_key(first.key), public_key(second.key)]})
    assert ssh.run(first, "true").status == ssh.run(second, "true").status == 0
    serve({"alice": [public_key(second.key)]})
    assert refused(ssh, first) and ssh.run(second, "true").status == 0
    serve({})
    assert refused(ssh, second)


def test_a_key_is_its_owners_alone_and_no_file_counts(gated: Node, ssh: SshClient, alice: Account,
                                                      bob: Account, new_key: Keys) -> None:
    alices = new_key(alice)
    serve({"alice": [public_key(alices.key)]})
    assert refused(ssh, dataclasses.replace(bob, key=alices.key))
    assert refused(ssh, alice)  # her key in ~/.ssh/authorized_keys


def test_whom_the_gate_refuses_reads_why(gated: Node, ssh: SshClient, mallory: Account, bob: Account,
                                         new_key: Keys) -> None:
    """mallory has an account and a key; the account phase decides, and says so."""
    mallorys, bobs = new_key(mallory), new_key(bob)
    serve({"mallory": [public_key(mallorys.key)], "bob": [public_key(bobs.key)]})
    result = ssh.run(mallorys, "true")
    assert result.status == 255
    assert "mallory is not a collaborator of project proj_123" in result.stderr
    assert gated.ctl("lockdown", "--reason", "a drill").returncode == 0
    result = ssh.run(bobs, "true")
    assert result.status == 255 and "a drill" in result.stderr


@pytest.mark.parametrize(("damage", "why"), [
    (lambda: SERVED.unlink(), "No such file or directory"),
    (lambda: SERVED.write_bytes(b""), "is damaged"),
    (lambda: SERVED.write_bytes(SERVED.read_bytes()[:2100]), "is damaged"),
    (lambda: SERVED.chmod(0o660), "is not root's alone to write"),
    (lambda: SERVED.chmod(0o600), "Permission denied"),
    (lambda: os.chown(SERVED, keys_command.USER, 0), "is not root's alone to write"),
    (lambda: (SERVED.unlink(), os.mkfifo(SERVED, 0o644)), "is not root's alone to write"),
    (lambda: SERVED.rename(SERVED.with_suffix(".real")) and
     SERVED.symlink_to(SERVED.with_suffix(".real")), "Too many levels of symbolic links"),
])
def test_without_a_good_file_nobody_has_a_key_and_the_log_says_why(
    damage: Callable[[], object], why: str, gated: Node, sshd: Sshd, ssh: SshClient, alice: Account,
    new_key: Keys,
) -> None:
    alices = new_key(alice)
    serve({"alice": [public_key(alices.key)]})
    assert ssh.run(alices, "true").status == 0
    damage()
    assert refused(ssh, alices)
    run = asked("alice")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith(f"together-authorized-keys: {SERVED}: ") and why in run.stderr
    assert run.stderr.count("\n") == 1
    assert wait_until(lambda: "together-authorized-keys" in sshd.log(), "sshd's word of it")


def asked(*arguments: str) -> subprocess.CompletedProcess[str]:
    """As sshd asks: as the user together."""
    return subprocess.run([COMMAND, *arguments], user="together", group="together", extra_groups=[],
                          env={}, capture_output=True, text=True, timeout=10)


def test_a_roster_that_is_old_or_gone_is_the_account_phases_to_refuse(
    gated: Node, ssh: SshClient, alice: Account, new_key: Keys
) -> None:
    alices = new_key(alice)
    serve({"alice": [public_key(alices.key)]})
    gated.configure(roster={"fresh_for": "0s", "recheck_after": "0s", "stale_for": "1h"})
    assert ssh.run(alices, "true").status == 0
    gated.roster.path.unlink()  # the authority is away
    assert ssh.run(alices, "true").status == 0
    gated.snapshot.unlink()
    result = ssh.run(alices, "true")
    assert result.status == 255 and "Access cannot be decided now" in result.stderr


def test_the_command_prints_all_keys_or_nothing(node: Node, asking_sshd: Sshd) -> None:
    blob = "AAAAC3NzaC1lZDI1NTE5AAAAI"
    many = [f"ssh-ed25519 {blob}{number:0>43}" for number in range(100)]
    serve({"alice": many, "bob": many[:1]})
    assert asked("alice").stdout.splitlines() == many
    assert asked("bob").stdout.splitlines() == many[:1]
    for nobody in ("root", "bobby", "bo", "", "-h", "a" * 500):
        run = asked(nobody)
        assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    for arguments in ([], ["alice", "bob"]):
        run = asked(*arguments)
        assert (run.returncode, run.stdout) == (1, "") and "usage" in run.stderr
    with open("/dev/full", "w") as full:
        run = subprocess.run([COMMAND, "bob"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert run.returncode == 1 and "not taken" in run.stderr


def test_it_ends_in_time_whoever_does_not_read(node: Node, asking_sshd: Sshd) -> None:
    blob = "ssh-rsa AAAAB3NzaC1yc2E" + "A" * (16 * 1024 - 23)
    serve({"alice": [blob] * 100})
    reading, writing = os.pipe()
    try:
        run = subprocess.run([COMMAND, "alice"], stdout=writing, stderr=subprocess.PIPE, timeout=30)
    finally:
        os.close(reading), os.close(writing)
    assert run.returncode == -14  # SIGALRM


def test_who_asks_the_network_cannot_trace_it(node: Node, asking_sshd: Sshd) -> None:
    """The user together is together-refresh's child as well: taken over, it would print keys of its own."""
    blob = "ssh-rsa AAAAB3NzaC1yc2E" + "A" * (16 * 1024 - 23)
    serve({"alice": [blob] * 100})
    spy = "import sys; open(f'/proc/{sys.argv[1]}/environ').read()"
    for command, status in ([COMMAND, "alice"], 1), (["/usr/bin/yes"], 0):
        with subprocess.Popen(command, user="together", group="together", extra_groups=[], env={},
                              stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.read(1)  # it is past its beginning
            run = subprocess.run(["/usr/bin/python3", "-c", spy, str(process.pid)], user="together",
                                 group="together", extra_groups=[], capture_output=True, text=True)
            process.kill()
        assert run.returncode == status, run.stderr
        assert ("PermissionError" in run.stderr) == (status == 1)


def test_it_costs_a_login_less_than_twenty_milliseconds(node: Node, asking_sshd: Sshd) -> None:
    """Processor time: the machine is busy with other suites."""
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
    serve({f"user{number}": [key] * 2 for number in range(10_000)})
    assert asked("user9999").stdout == f"{key}\n" * 2
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(20):
        subprocess.run([COMMAND, "user5000"], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent / 20 < 0.020
