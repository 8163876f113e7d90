# SPDX-License-Identifier: Apache-2.0
"""Somebody whom nobody made an account: roster, together-refresh, togetherctl enable, a real sshd."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import keys_command
from support.accounts import Account
from support.accounts_node import install_module
from support.keys_command import public_key
from support.node import Node
from support.ssh_client import SshClient
from support.sshd import Sshd

NSSWITCH = Path("/etc/nsswitch.conf")


def account(login: str, uid: int, folder: Path) -> Account:
    key = folder / f"key-{login}-{uid}"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    return Account(login, uid, "", key, Path("/home") / login)


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    keys_command.install()
    with Sshd(tmp_path, [*keys_command.SSHD_SETTINGS, "AuthorizedKeysFile none"]) as sshd:
        yield sshd
        print(sshd.log())


@pytest.fixture
def given(node: Node, sshd: Sshd) -> Iterator[Node]:
    """Accounts, keys and homes, as an operator switches them on."""
    before = NSSWITCH.read_bytes()
    install_module()
    node.write_config(node.config.read_text() + "[accounts]\nenabled = yes\nshell = /bin/sh\n")
    node.roster.group = {"name": "p-lab", "gid": 30001, "admin_gid": 30002}
    node.roster.add("owner", "admin", uid=20500)  # an empty roster is not believed
    sshd.account_stack(node.gate())
    for arguments in (["accounts"], ["homes", "--file", str(sshd.service.path)]):
        run = node.ctl("enable", *arguments)
        assert run.returncode == 0, run.stderr
    yield node
    NSSWITCH.write_bytes(before)


def change(node: Node) -> None:
    node.roster.write()
    run = node.refresh()
    assert run.returncode == 0, run.stderr


def test_from_the_roster_into_a_home_and_out_again(given: Node, ssh: SshClient, tmp_path: Path) -> None:
    frieda, new_key = account("frieda", 20501, tmp_path), account("frieda", 20502, tmp_path)
    change(given)
    assert ssh.run(frieda, "true").status == 255
    given.roster.add("frieda", "admin", uid=20501, ssh_keys=[public_key(frieda.key)])
    change(given)
    result = ssh.run(frieda, "pwd; id -un; id -Gn; stat -c %a,%U .")
    assert result.status == 0, result.stderr
    home, login, groups, owner = result.stdout.splitlines()
    assert (home, login, owner) == ("/home/frieda", "frieda", "700,frieda")
    assert set(groups.split()) == {"frieda", "p-lab", "p-lab-admin"}
    given.roster.remove("frieda")
    given.roster.add("frieda", uid=20501, ssh_keys=[public_key(new_key.key)])
    change(given)
    assert ssh.run(frieda, "true").status == 255
    assert ssh.run(new_key, "id", "-Gn").stdout == "frieda p-lab\n"
    given.roster.remove("frieda")
    change(given)
    assert ssh.run(new_key, "true").status == 255
    assert subprocess.run(["id", "frieda"], capture_output=True).returncode != 0
    owner = subprocess.run(["stat", "-c", "%U", "/home/frieda"], capture_output=True, text=True).stdout
    assert owner == "frieda\n"


def test_without_a_watchers_round_or_an_authority_it_goes_on(given: Node, ssh: SshClient, tmp_path: Path) -> None:
    gus = account("gus", 20503, tmp_path)
    given.roster.add("gus", uid=20503, ssh_keys=[public_key(gus.key)])
    change(given)
    given.roster.path.unlink()
    assert ssh.run(gus, "id", "-un").stdout == "gus\n"
    assert given.ctl("lockdown", "--reason", "a drill").returncode == 0
    result = ssh.run(gus, "true")
    assert result.status == 255 and "a drill" in result.stderr
