# SPDX-License-Identifier: Apache-2.0
"""enable keys: sshd's configuration, what a real sshd makes of it, and out again byte for byte."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import keys_command
from support.ctl_node import ctl, ctl_json
from support.keys_command import ACCOUNTS, COMMAND, SERVED, serve

CONFIG = Path("/etc/ssh/sshd_config")
DROP_INS = Path("/etc/ssh/sshd_config.d")
LINES = [f"AuthorizedKeysCommand {COMMAND} %u", "AuthorizedKeysCommandUser together",
         "AuthorizedKeysFile none"]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    keys_command.install()


@pytest.fixture(autouse=True)
def served() -> Iterator[None]:
    serve({"alice": [KEY]})
    yield
    for path in (SERVED, ACCOUNTS):
        path.unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def sshd_config() -> Iterator[Path]:
    before = CONFIG.read_bytes()
    DROP_INS.mkdir(exist_ok=True)
    yield CONFIG
    CONFIG.write_bytes(before)
    CONFIG.with_name("sshd_config.before-together").unlink(missing_ok=True)
    for file in DROP_INS.iterdir():
        file.unlink()


@pytest.fixture
def homes() -> Iterator[None]:
    """alice and bob, each with a key in a file."""
    passwd = Path("/etc/passwd")
    before = passwd.read_text()
    passwd.write_text(before.replace(":/nonexistent:", ":/home/shared:"))
    folder = Path("/home/shared/.ssh")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "authorized_keys").write_text(KEY + "\n")
    yield
    (folder / "authorized_keys").unlink()
    passwd.write_text(before)


@pytest.fixture
def roots_key() -> Iterator[None]:
    file = Path("/root/.ssh/authorized_keys")
    file.parent.mkdir(exist_ok=True)
    file.write_text(KEY + "\n")
    yield
    file.unlink()


def in_force(*keywords: str) -> list[str]:
    """As sshd wrote it up to OpenSSH 9: keywords in small letters, and `none` where there are no files of keys, of
    which 10.6 says nothing."""
    run = subprocess.run(["/usr/sbin/sshd", "-T"], capture_output=True, text=True, check=True)
    words = [line.split(maxsplit=1) for line in run.stdout.splitlines()]
    lines = [" ".join([line[0].lower(), *line[1:]]) for line in words if line[0].lower() in keywords]
    nothing = "authorizedkeysfile" in keywords and not any(line.startswith("authorizedkeysfile ") for line in lines)
    return lines + ["authorizedkeysfile none"] * nothing


def test_it_says_where_the_gate_is_not_asked() -> None:
    service = Path("/etc/pam.d/sshd")
    before = service.read_bytes()
    said = "/etc/pam.d/sshd does not ask the gate"
    try:
        service.write_text("account required pam_permit.so\n")
        assert said in ctl("enable", "keys", "--dry-run", "--keep-files").stdout
        service.write_text("account required pam_together.so\naccount required pam_permit.so\n")
        assert said not in ctl("enable", "keys", "--dry-run", "--keep-files").stdout
    finally:
        service.write_bytes(before)


def test_sshd_takes_it_and_all_goes_again(sshd_config: Path) -> None:
    before = sshd_config.read_bytes()
    (DROP_INS / "00-first.conf").write_text("AuthorizedKeysFile /etc/ssh/keys/%u\n")
    run = ctl("enable", "keys")
    assert run.returncode == 0, run.stderr
    assert all(f"+{line}" in run.stdout for line in LINES) and "systemctl reload" in run.stdout
    assert sorted(in_force("authorizedkeyscommand", "authorizedkeyscommanduser", "authorizedkeysfile")) == [
        f"authorizedkeyscommand {COMMAND} %u", "authorizedkeyscommanduser together",
        "authorizedkeysfile none"]
    enabled = sshd_config.read_bytes()
    again = ctl("enable", "keys")
    assert again.returncode == 0 and "nothing to change" in again.stdout
    assert sshd_config.read_bytes() == enabled
    assert ctl("disable", "keys").returncode == 0
    assert sshd_config.read_bytes() == before
    assert ctl("disable", "keys").returncode == 0
    assert not sshd_config.with_name("sshd_config.before-together").exists()


def test_what_somebody_wrote_between_our_lines_is_not_lost(sshd_config: Path) -> None:
    assert ctl("enable", "keys").returncode == 0
    edited = sshd_config.read_text().replace("AuthorizedKeysFile none\n", "AuthorizedKeysFile /etc/ssh/keys/%u\n", 1)
    edited = edited.replace("AuthorizedKeysCommandUser together\n",
                            "AuthorizedKeysCommandUser together\nPermitRootLogin no\n", 1)
    sshd_config.write_text(edited)
    for action in ("enable", "disable"):
        run = ctl(action, "keys")
        assert run.returncode == 2 and "move it out of there" in run.stderr
        assert sshd_config.read_text() == edited


def test_files_may_go_on_counting(sshd_config: Path, homes: None) -> None:
    before = sshd_config.read_bytes()
    run = ctl("enable", "keys", "--keep-files")
    assert run.returncode == 0 and "still opens the account" in run.stdout
    assert "AuthorizedKeysFile none" not in sshd_config.read_text()
    assert in_force("authorizedkeysfile") == ["authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2"]
    assert ctl("enable", "keys").returncode == 0
    assert in_force("authorizedkeysfile") == ["authorizedkeysfile none"]
    assert ctl("disable", "keys").returncode == 0
    assert sshd_config.read_bytes() == before
    assert ctl("enable", "ssh", "--keep-files").returncode == 2


def test_a_match_that_overrides_it_is_named(sshd_config: Path) -> None:
    sshd_config.write_text(sshd_config.read_text() +
                           "AuthorizedKeysFile .ssh/a\nMatch User git\n  authorizedkeysfile = /srv/git/keys\n")
    (DROP_INS / "git.conf").write_text("Match Group x\nAuthorizedKeysCommand none\nMatch all\n")
    run = ctl("enable", "keys")
    assert run.returncode == 0, run.stderr
    number = sshd_config.with_name("sshd_config.before-together").read_text().count("\n")
    assert f"{sshd_config}:{number}: AuthorizedKeysFile behind a Match stays in force" in run.stdout
    assert f"{DROP_INS}/git.conf:2: AuthorizedKeysCommand behind a Match stays" in run.stdout


@pytest.mark.parametrize(("line", "why"), [
    ("UsePAM no", 'sshd has "UsePAM no"'),
    ("AuthorizedKeysCommand /usr/bin/sss_ssh_authorizedkeys\nAuthorizedKeysCommandUser nobody",
     "sshd asks another program for keys already (sshd -T): AuthorizedKeysCommand "
     "/usr/bin/sss_ssh_authorizedkeys; it has one"),
    ("Bogus yes", "sshd does not take it"),
])
def test_where_it_would_do_harm_it_is_refused(line: str, why: str, sshd_config: Path) -> None:
    text = line + "\n" + sshd_config.read_text()
    sshd_config.write_text(text)
    run = ctl("enable", "keys", "--force")
    assert run.returncode == 2 and why in run.stderr, run.stderr
    assert sshd_config.read_text() == text


def test_without_the_command_or_its_user_it_is_refused(sshd_config: Path) -> None:
    before = sshd_config.read_bytes()
    COMMAND.chmod(0o775)
    run = ctl("enable", "keys")
    assert run.returncode == 2 and f"{COMMAND} is not installed, or not root's alone" in run.stderr
    COMMAND.chmod(0o755)
    passwd = Path("/etc/passwd")
    accounts = passwd.read_text()
    passwd.write_text(accounts.replace("\ntogether:", "\ntogether-not:"))
    run = ctl("enable", "keys")
    passwd.write_text(accounts)
    assert run.returncode == 2 and "there is no user together" in run.stderr
    assert sshd_config.read_bytes() == before


def test_of_configuration_management_the_lines_are_shown(sshd_config: Path) -> None:
    unmanaged = sshd_config.read_text()
    sshd_config.write_text(managed := "# This file is managed by Puppet.\n" + unmanaged)
    run = ctl("enable", "keys")
    assert run.returncode == 1 and sshd_config.read_text() == managed
    assert 'sshd_config says "This file is managed by Puppet."' in run.stdout
    assert all(f"  {line}\n" in run.stdout for line in LINES)
    document = ctl_json("enable", "keys")
    assert document["managed_elsewhere"] and not document["changed"]
    assert document["files"][0]["lines"] == LINES
    # Our lines stand before the comment that says so.
    sshd_config.write_text(unmanaged)
    assert ctl("enable", "keys").returncode == 0
    sshd_config.write_text(there := sshd_config.read_text().replace(unmanaged, managed))
    assert ctl("enable", "keys").returncode == 0
    run = ctl("disable", "keys")
    assert run.returncode == 1 and sshd_config.read_text() == there
    assert "without the lines that togetherctl enable wrote" in run.stdout


def test_who_has_a_key_in_a_file_alone_is_not_locked_out(sshd_config: Path, homes: None) -> None:
    before = sshd_config.read_bytes()
    bob = {"SUDO_USER": "bob"}
    run = ctl("enable", "keys", environment=bob)
    assert run.returncode == 2 and sshd_config.read_bytes() == before
    assert "you, bob, would be locked out" in run.stderr and "--keep-files" in run.stderr
    assert ctl("enable", "keys", "--keep-files", environment=bob).returncode == 0
    assert ctl("disable", "keys").returncode == 0
    assert ctl("enable", "keys", environment={"SUDO_USER": "alice"}).returncode == 0  # on the roster
    assert ctl("disable", "keys").returncode == 0
    assert ctl("enable", "keys", "--force", environment=bob).returncode == 0


def test_whose_keys_are_the_rosters_alone_does_not_take_them_from_themselves(sshd_config: Path) -> None:
    before = sshd_config.read_bytes()
    assert ctl("enable", "keys").returncode == 0
    enabled = sshd_config.read_bytes()
    alice = {"SUDO_USER": "alice"}
    for arguments in ([], ["--dry-run"]):
        run = ctl("disable", "keys", *arguments, environment=alice)
        assert run.returncode == 2 and sshd_config.read_bytes() == enabled
        assert "you, alice, would be locked out: your keys are the roster's" in run.stderr
        assert "--force does it all the same" in run.stderr and "Nothing was changed" in run.stdout
    assert ctl("disable", "keys", environment={"SUDO_USER": "bob"}).returncode == 0  # no keys there
    assert ctl("enable", "keys").returncode == 0
    assert ctl("disable", "keys", "--force", environment=alice).returncode == 0
    assert sshd_config.read_bytes() == before


def test_who_has_a_key_in_a_file_as_well_keeps_it(sshd_config: Path, homes: None) -> None:
    assert ctl("enable", "keys", environment={"SUDO_USER": "alice"}).returncode == 0
    assert ctl("disable", "keys", environment={"SUDO_USER": "alice"}).returncode == 0
    assert "together-authorized-keys" not in sshd_config.read_text()


def test_root_is_not_locked_out(sshd_config: Path, roots_key: None) -> None:
    run = ctl("enable", "keys")
    assert run.returncode == 2 and "root would be locked out" in run.stderr
    sshd_config.write_text(sshd_config.read_text() + "PermitRootLogin no\n")
    assert ctl("enable", "keys").returncode == 0  # no key of root's counts anyway


def test_before_there_are_keys_nobody_is_locked_out(sshd_config: Path) -> None:
    before = sshd_config.read_bytes()
    SERVED.unlink()
    run = ctl("enable", "keys")
    assert run.returncode == 2 and f"nobody would log in with a key: {SERVED}" in run.stderr
    assert sshd_config.read_bytes() == before
    assert ctl("enable", "keys", "--force").returncode == 0


def test_a_dry_run_names_whose_keys_count_no_more(sshd_config: Path, homes: None) -> None:
    before = sshd_config.read_bytes()
    document = ctl_json("enable", "keys", "--dry-run")
    note = next(note for note in document["notes"] if "count no more" in note)
    names = note.split(": ")[1].split(", ")
    assert "bob" in names and "alice" not in names
    assert document["files"][0]["lines"] == LINES
    assert sshd_config.read_bytes() == before
