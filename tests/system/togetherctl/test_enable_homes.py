# SPDX-License-Identifier: Apache-2.0
"""enable homes: one line of pam_mkhomedir, taken out byte for byte, and a home by a real session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.ctl_node import ctl, ctl_json
from support.pam_stacks import write_stack
from support.pam_transaction import PAM_SUCCESS, Transaction

LINE = "session optional pam_mkhomedir.so umask=0077"
HOME = Path("/home/frieda")


@pytest.fixture
def frieda() -> Iterator[Path]:
    """An account without a home."""
    passwd = Path("/etc/passwd")
    before = passwd.read_text()
    passwd.write_text(before + f"frieda:x:12345:12345::{HOME}:/bin/sh\n")
    yield HOME
    passwd.write_text(before)


def test_a_first_session_makes_a_home_that_others_cannot_enter(etc_pam: Path, frieda: Path) -> None:
    sshd = etc_pam / "sshd"
    before = sshd.read_bytes()
    run = ctl("enable", "homes")
    assert run.returncode == 0, run.stderr
    assert f"+{LINE}" in run.stdout
    assert sshd.read_text().splitlines()[-2] == LINE
    assert Transaction("frieda", session=True).session == PAM_SUCCESS
    assert (frieda.stat().st_mode & 0o7777, frieda.stat().st_uid) == (0o700, 12345)
    assert ctl("disable", "homes").returncode == 0
    assert sshd.read_bytes() == before
    assert not (etc_pam / "sshd.before-together").exists()


@pytest.mark.parametrize("stack", ["debian", "authselect_sssd", "no_newline_at_the_end"])
def test_out_again_byte_for_byte(stack: str, tmp_path: Path) -> None:
    sshd = write_stack(stack, tmp_path / "pam.d")
    before = sshd.read_bytes()
    arguments = ["homes", "--file", str(sshd)]
    assert ctl("enable", *arguments).returncode == 0
    enabled = sshd.read_bytes()
    again = ctl("enable", *arguments)
    assert again.returncode == 0 and "nothing to change" in again.stdout
    assert sshd.read_bytes() == enabled
    assert ctl("disable", *arguments).returncode == 0
    assert sshd.read_bytes() == before
    assert ctl("disable", *arguments).returncode == 0


@pytest.mark.parametrize("first", ["ssh", "homes"])
def test_beside_the_gate_each_goes_by_itself(first: str, roster: None, tmp_path: Path) -> None:
    sshd = write_stack("debian", tmp_path / "pam.d")
    before = sshd.read_bytes()
    second = "homes" if first == "ssh" else "ssh"
    for target in (first, second):
        run = ctl("enable", target, "--file", str(sshd))
        assert run.returncode == 0, run.stderr
    backup = sshd.with_name("sshd.before-together")
    assert backup.read_bytes() == before
    run = ctl("disable", first, "--file", str(sshd))
    assert run.returncode == 0 and "other lines of togetherctl stay" in run.stdout
    assert (LINE in sshd.read_text()) == (first == "ssh")
    assert ("pam_together.so" in sshd.read_text()) == (first == "homes")
    assert ctl("disable", second, "--file", str(sshd)).returncode == 0
    assert sshd.read_bytes() == before and not backup.exists()


@pytest.mark.parametrize("service", ["sshd", "common-session"])
def test_a_line_that_somebody_wrote_is_enough_and_stays(service: str, tmp_path: Path) -> None:
    sshd = write_stack("debian", tmp_path / "pam.d")
    with (sshd.parent / service).open("a") as file:
        file.write("session required pam_oddjob_mkhomedir.so\n")
    before = sshd.read_bytes()
    for verb in ("enable", "disable"):
        run = ctl(verb, "homes", "--file", str(sshd))
        assert run.returncode == 0, run.stderr
        assert f"{sshd.parent / service}:" in run.stdout and "a line that makes homes stands" in (
            run.stdout.replace("stays", "stands"))
        assert sshd.read_bytes() == before


def test_of_configuration_management_the_line_is_shown(tmp_path: Path) -> None:
    sshd = write_stack("debian", tmp_path / "pam.d")
    unmanaged = sshd.read_text()
    sshd.write_text(managed := "# Ansible managed\n" + unmanaged)
    arguments = ["homes", "--file", str(sshd)]
    run = ctl("enable", *arguments)
    assert run.returncode == 1 and sshd.read_text() == managed
    assert f'{sshd} says "Ansible managed"' in run.stdout and f"  {LINE}\n" in run.stdout
    assert ctl_json("enable", *arguments)["managed_elsewhere"]
    assert ctl("disable", *arguments).returncode == 0  # there is nothing to take out
    sshd.write_text(unmanaged)
    assert ctl("enable", *arguments).returncode == 0
    sshd.write_text(there := "# Ansible managed\n" + sshd.read_text())
    assert ctl("enable", *arguments).returncode == 0  # the line stands there
    assert ctl("disable", *arguments).returncode == 1 and sshd.read_text() == there


def test_a_dry_run_and_json(tmp_path: Path) -> None:
    sshd = write_stack("debian", tmp_path / "pam.d")
    before = sshd.read_bytes()
    document = ctl_json("enable", "homes", "--file", str(sshd), "--dry-run")
    assert document["files"][0]["lines"] == [LINE] and document["files"][0]["changes"]
    assert sshd.read_bytes() == before


def test_what_libpam_would_read_otherwise_is_left(tmp_path: Path) -> None:
    sshd = write_stack("debian", tmp_path / "pam.d")
    sshd.write_text(sshd.read_text() + "session optional \\\n")
    run = ctl("enable", "homes", "--file", str(sshd))
    assert run.returncode == 2 and "ends with a backslash" in run.stderr
