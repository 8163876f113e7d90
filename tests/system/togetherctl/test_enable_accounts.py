# SPDX-License-Identifier: Apache-2.0
"""enable accounts: nsswitch.conf, and out again byte for byte."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.ctl_node import BUILD, CONFIG, TOGETHER_REFRESH, ctl, ctl_json, write_config

NSSWITCH = Path("/etc/nsswitch.conf")
STUBS = {"LD_LIBRARY_PATH": str(BUILD / "tests" / "support" / "tools" / "name_services")}
DEBIAN = """\
# /etc/nsswitch.conf
passwd:         files systemd
group:          files [SUCCESS=merge] systemd
shadow:         files systemd
hosts:          files dns
"""


@pytest.fixture(autouse=True)
def nsswitch() -> Iterator[Path]:
    before = NSSWITCH.read_bytes()
    NSSWITCH.write_text(DEBIAN)
    yield NSSWITCH
    NSSWITCH.unlink(missing_ok=True)
    NSSWITCH.write_bytes(before)
    NSSWITCH.with_name("nsswitch.conf.before-together").unlink(missing_ok=True)


def test_the_real_nsswitch(nsswitch: Path) -> None:
    run = ctl("enable", "accounts")
    assert run.returncode == 0, run.stderr
    assert "+passwd:         files together systemd" in run.stdout
    assert "+group:          files [SUCCESS=merge] together systemd" in run.stdout
    enabled = nsswitch.read_bytes()
    assert subprocess.run(["getent", "passwd", "root"], capture_output=True).returncode == 0
    again = ctl("enable", "accounts")
    assert (again.returncode, nsswitch.read_bytes()) == (0, enabled)
    assert "nothing to change" in again.stdout
    assert nsswitch.with_name("nsswitch.conf.before-together").read_text() == DEBIAN
    assert ctl("disable", "accounts").returncode == 0
    assert nsswitch.read_text() == DEBIAN
    assert not nsswitch.with_name("nsswitch.conf.before-together").exists()
    assert ctl("disable", "accounts").returncode == 0


def test_a_dry_run_shows_it(nsswitch: Path) -> None:
    document = ctl_json("enable", "accounts", "--dry-run")
    assert document["files"][0]["lines"] == ["passwd:         files together systemd",
                                             "group:          files [SUCCESS=merge] together systemd"]
    assert nsswitch.read_text() == DEBIAN


@pytest.mark.parametrize(("line", "why"), [
    ("passwd: compat", '"files" does not stand there'),
    ("passwd: sss files", '"sss" stands before "files"'),
    ("passwd: files [NOTFOUND=return] sss", "ends or changes the look-up"),
])
def test_where_nobody_can_tell_the_line_is_shown(line: str, why: str, nsswitch: Path) -> None:
    nsswitch.write_text(f"{line}\ngroup: files\n")
    run = ctl("enable", "accounts")
    assert run.returncode == 2
    assert f"{nsswitch}: line 1: " in run.stderr and why in run.stderr and f'"{line}"' in run.stderr
    assert nsswitch.read_text() == f"{line}\ngroup: files\n"


def test_of_authselect_the_lines_are_shown(nsswitch: Path) -> None:
    folder = Path("/etc/authselect")
    folder.mkdir(exist_ok=True)
    (folder / "nsswitch.conf").write_text(DEBIAN)
    nsswitch.unlink()
    nsswitch.symlink_to(folder / "nsswitch.conf")
    run = ctl("enable", "accounts")
    assert run.returncode == 1
    assert "/etc/authselect/user-nsswitch.conf" in run.stdout
    assert "  passwd:         files together systemd\n" in run.stdout
    assert nsswitch.read_text() == DEBIAN
    nsswitch.write_text("passwd: files together\ngroup: files together\n")
    assert ctl("enable", "accounts").returncode == 0  # they stand there


def test_of_another_program_the_lines_are_shown(nsswitch: Path) -> None:
    text = "# This file is managed by Puppet.\n" + DEBIAN
    nsswitch.write_text(text)
    for verb, there in (("enable", text), ("disable", text)):
        run = ctl(verb, "accounts")
        assert run.returncode == (1 if verb == "enable" else 0), run.stderr
        assert nsswitch.read_text() == there
    document = ctl_json("enable", "accounts")
    assert document["managed_elsewhere"] and not document["changed"]


def test_what_is_missing_is_told(roster: None) -> None:
    notes = "\n".join(ctl_json("enable", "accounts", "--dry-run")["notes"])
    assert f"[accounts] enabled is not yes in {CONFIG}" in notes
    assert "no together-refresh --watch runs here" in notes
    write_config(accounts__enabled="yes")
    watcher = subprocess.Popen([TOGETHER_REFRESH, "--watch", "--config", str(CONFIG)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        notes = "\n".join(ctl_json("enable", "accounts", "--dry-run")["notes"])
    finally:
        watcher.terminate()
        watcher.wait(20)
    assert "enabled" not in notes and "--watch" not in notes


def test_who_would_be_somebody_else_is_not_locked_out(nsswitch: Path) -> None:
    """zoe's account is a directory's; the roster has another zoe."""
    nsswitch.write_text(before := "passwd: files directory\ngroup: files\n")
    zoe = STUBS | {"SUDO_USER": "zoe"}
    run = ctl("enable", "accounts", environment=zoe)
    assert run.returncode == 2 and nsswitch.read_text() == before
    assert ("you would be locked out. zoe has the uid 30001 now, and would have the uid 20001 "
            "(--force does it all the same)") in run.stderr
    assert ctl("enable", "accounts", environment=STUBS | {"SUDO_USER": "root"}).returncode == 0
    assert ctl("disable", "accounts").returncode == 0
    assert ctl("enable", "accounts", "--force", environment=zoe).returncode == 0


def test_who_has_an_account_of_the_rosters_does_not_take_it_from_themselves(nsswitch: Path) -> None:
    nsswitch.write_text(before := "passwd: files together\ngroup: files together\n")
    zoe = STUBS | {"SUDO_USER": "zoe"}
    for arguments in ([], ["--dry-run"]):
        run = ctl("disable", "accounts", *arguments, environment=zoe)
        assert run.returncode == 2 and nsswitch.read_text() == before
        assert ("you would be locked out. zoe has the uid 20001 now, and would have no account "
                "(--force does it all the same)") in run.stderr
    assert ctl("disable", "accounts", "--force", environment=zoe).returncode == 0
    assert nsswitch.read_text() == "passwd: files\ngroup: files\n"


def test_an_image_elsewhere(tmp_path: Path) -> None:
    image = tmp_path / "nsswitch.conf"
    image.write_text(DEBIAN)
    os.chmod(tmp_path, 0o755)
    assert ctl("enable", "accounts", "--file", str(image)).returncode == 0
    assert "files together" in image.read_text()
    assert ctl("disable", "accounts", "--file", str(image)).returncode == 0
    assert image.read_text() == DEBIAN
