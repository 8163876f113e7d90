# SPDX-License-Identifier: Apache-2.0
"""enable ssh, through the real libpam: whatever the stack, a stranger is refused."""

from pathlib import Path

import pytest

from support.ctl_node import ctl
from support.pam_stacks import STACKS, write_stack
from support.pam_transaction import (PAM_NEW_AUTHTOK_REQD, PAM_PERM_DENIED, PAM_SUCCESS, Transaction,
                             account_answer)

SHADOW = Path("/etc/shadow")


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest, etc_pam: Path, roster: None) -> Path:
    """In /etc/pam.d: libpam looks there for what is included, whatever folder it was started with."""
    return write_stack(request.param, etc_pam)


def test_a_stranger_is_refused_and_a_collaborator_is_not(stack: Path) -> None:
    assert account_answer("erin") == PAM_SUCCESS  # or this shows nothing
    run = ctl("enable", "ssh")
    assert run.returncode == 0, run.stdout + run.stderr
    stranger = Transaction("erin")
    assert stranger.answer == PAM_PERM_DENIED
    assert stranger.messages[0].startswith("Access denied: erin is not a collaborator")
    assert account_answer("alice") == PAM_SUCCESS
    assert account_answer("bob") == PAM_SUCCESS
    assert account_answer("root") == PAM_SUCCESS


def test_a_second_time_changes_no_byte_and_disable_restores_all(stack: Path) -> None:
    before = stack.read_bytes()
    assert ctl("enable", "ssh").returncode == 0
    enabled, inode = stack.read_bytes(), stack.stat().st_ino
    assert enabled != before
    run = ctl("enable", "ssh")
    assert run.returncode == 0 and "nothing to change" in run.stdout
    assert stack.read_bytes() == enabled and stack.stat().st_ino == inode
    assert Path(f"{stack}.before-together").read_bytes() == before
    assert ctl("disable", "ssh").returncode == 0
    assert stack.read_bytes() == before
    assert sorted(path.name for path in stack.parent.iterdir() if "together" in path.name) == []
    assert account_answer("erin") == PAM_SUCCESS


@pytest.fixture
def expired() -> None:
    """Everybody's password must be changed at once."""
    before = SHADOW.read_text()
    SHADOW.write_text(before.replace(":*:19000:", ":*:0:"))
    yield
    SHADOW.write_text(before)


@pytest.mark.parametrize("name", ["debian", "debian_sssd", "authselect_sssd", "slinky"])
def test_an_expired_password_is_no_way_past(
    name: str, expired: None, etc_pam: Path, roster: None
) -> None:
    stack = write_stack(name, etc_pam)
    assert account_answer("erin") == PAM_NEW_AUTHTOK_REQD
    assert ctl("enable", "ssh").returncode == 0
    assert account_answer("erin") == PAM_PERM_DENIED
    assert account_answer("alice") == PAM_NEW_AUTHTOK_REQD


def test_root_gets_in_where_the_module_was_lost(etc_pam: Path, roster: None) -> None:
    stack = write_stack("debian", etc_pam)
    assert ctl("enable", "ssh").returncode == 0
    stack.write_text(stack.read_text().replace("pam_together.so", "/nowhere/pam_together.so"))
    assert account_answer("alice") != PAM_SUCCESS
    assert account_answer("root") == PAM_SUCCESS


@pytest.fixture
def open_to_all(etc_pam: Path, roster: None) -> Path:
    """A service file that others include: it lets everybody in."""
    (etc_pam / "open").write_text("account sufficient pam_permit.so\n")
    return etc_pam / "sshd"


def test_an_include_that_may_be_missing_is_no_way_past(open_to_all: Path) -> None:
    open_to_all.write_text("-@include open\naccount required pam_permit.so\n")
    assert ctl("enable", "ssh").returncode == 0
    assert account_answer("erin") == PAM_PERM_DENIED
    assert account_answer("alice") == PAM_SUCCESS


def test_a_comment_whose_end_libpam_takes_for_a_line(open_to_all: Path) -> None:
    text = "# " + "x" * 1021 + "account sufficient pam_permit.so\naccount required pam_deny.so\n"
    open_to_all.write_text(text)
    run = ctl("enable", "ssh")
    assert run.returncode == 2 and "line 1 is longer than 1022 bytes" in run.stderr
    assert open_to_all.read_text() == text
