# SPDX-License-Identifier: Apache-2.0
"""enable and disable: what is edited and how, and when they refuse."""

import json
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.ctl_node import (BUILD, CONFIG, ETC, PLAIN_USER, ROSTER, SECURITY, SNAPSHOT, admit, ctl,
                      ctl_json, entry, refresh, write_config, write_roster)
from support.pam_stacks import write_stack
from support.pam_transaction import PAM_PERM_DENIED, PAM_SUCCESS, account_answer
from support.stuck_mount import stuck_mount

SSHD_CONFIG = Path("/etc/ssh/sshd_config")
GATE = "account [success=ok ignore=ignore default=die] pam_together.so"
ROOTS_WAY = "account [success=1 default=ignore] pam_succeed_if.so quiet uid = 0"
# sudo's user can be the target (targetpw in sudoers).
ROOT_CALLERS_WAY = ROOTS_WAY.replace("uid = 0", "ruser = root")
ENABLED = ["enable", "ssh", "--file"]


@pytest.fixture
def sshd(tmp_path: Path, roster: None) -> Path:
    return write_stack("debian", tmp_path / "pam.d")


def block_of(text: str) -> list[str]:
    lines = text.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("# together-access: begin"))
    return lines[begin + 1:lines.index("# together-access: end")]


# ---- the real files ---------------------------------------------------------------------------


def test_the_real_sshd(etc_pam: Path, roster: None) -> None:
    before = (etc_pam / "sshd").read_bytes()
    assert ctl("enable", "ssh").returncode == 0
    assert block_of((etc_pam / "sshd").read_text()) == [ROOTS_WAY, GATE]
    assert account_answer("erin") == PAM_PERM_DENIED
    assert account_answer("alice") == PAM_SUCCESS
    assert ctl("disable", "ssh").returncode == 0
    assert (etc_pam / "sshd").read_bytes() == before


def test_sudo_and_its_login_shell(etc_pam: Path, roster: None) -> None:
    before = {name: (etc_pam / name).read_bytes() for name in ("sudo", "sudo-i")}
    assert ctl("enable", "sudo", "--require", "admin").returncode == 0
    for service in before:
        block = block_of((etc_pam / service).read_text())
        assert block == [ROOT_CALLERS_WAY, GATE + " require=admin"]
        assert account_answer("alice", service) == PAM_SUCCESS
        assert account_answer("bob", service) == PAM_PERM_DENIED
    enabled = (etc_pam / "sudo").read_bytes()
    # What the command line leaves open stays: a second call must not loosen the gate.
    assert ctl("enable", "sudo").returncode == 0
    assert (etc_pam / "sudo").read_bytes() == enabled
    assert ctl("disable", "sudo").returncode == 0
    assert {name: (etc_pam / name).read_bytes() for name in before} == before


def test_a_login_shell_that_takes_over_sudos_lines_is_left(etc_pam: Path, roster: None) -> None:
    text = "auth include sudo\naccount    include      sudo\nsession include sudo\n"
    (etc_pam / "sudo-i").write_text(text)
    assert ctl("enable", "sudo").returncode == 0
    assert (etc_pam / "sudo-i").read_text() == text


@pytest.mark.parametrize("text", [
    "account required pam_unix.so # not include sudo\n",
    "# @include sudo\naccount required pam_unix.so\n",
    "account sufficient pam_permit.so\naccount include sudo\n",
])
def test_a_login_shell_that_has_lines_of_its_own_gets_the_gate(text: str, etc_pam: Path, roster: None) -> None:
    (etc_pam / "sudo-i").write_text(text)
    assert ctl("enable", "sudo").returncode == 0
    assert account_answer("erin", "sudo-i") == PAM_PERM_DENIED


def test_a_login_shell_that_is_a_link_to_sudo(etc_pam: Path, roster: None) -> None:
    (etc_pam / "sudo-i").unlink()
    (etc_pam / "sudo-i").symlink_to("sudo")
    before = (etc_pam / "sudo").read_bytes()
    for verb in ("enable", "disable"):
        run = ctl(verb, "sudo")
        assert run.returncode == 0, run.stderr
    assert (etc_pam / "sudo").read_bytes() == before


def test_the_backup_of_an_enable_that_was_killed_goes(etc_pam: Path, roster: None) -> None:
    backup = etc_pam / "sshd.before-together"
    backup.write_bytes((etc_pam / "sshd").read_bytes())
    assert ctl("disable", "ssh").returncode == 0
    assert not backup.exists()


# ---- what enable and disable leave alone ---------------------------------------------------------


def test_a_service_without_account_lines(etc_pam: Path, roster: None) -> None:
    """libpam takes those of "other" for it, for root as well; with ours it would not any more."""
    sshd = etc_pam / "sshd"
    sshd.write_text("auth required pam_unix.so\nsession required pam_permit.so\n")
    before = sshd.read_bytes()
    run = ctl("enable", "ssh")
    assert run.returncode == 2 and "it has no account lines: libpam takes those of" in run.stderr
    assert sshd.read_bytes() == before


JUMP = "account [success=2 default=ignore] pam_succeed_if.so quiet user in dave\n"


@pytest.mark.parametrize("include", ["@include common-account", "account include common-account",
                                     "account substack common-account"])
def test_a_line_in_an_included_file_that_disable_leaves_is_named(include: str, sshd: Path) -> None:
    common = sshd.parent / "common-account"
    text = common.read_text()
    sshd.write_text(sshd.read_text().replace("@include common-account", include))
    before = sshd.read_bytes()
    assert ctl(*ENABLED, str(sshd)).returncode == 0
    (sshd.parent / "deeper").write_text(f"{GATE}\n")
    common.write_text(f"{text}@include deeper\n")
    run = ctl("disable", "ssh", "--file", str(sshd))
    assert run.returncode == 1 and sshd.read_bytes() == before
    assert (f"{sshd.parent}/deeper:1: {sshd} includes this file, whose line of pam_together is still in "
            "force; it was written by hand: take it out there") in run.stderr
    common.write_text(text)
    assert ctl(*ENABLED, str(common)).returncode == 0
    run = ctl("disable", "ssh", "--file", str(sshd))
    assert run.returncode == 1
    assert f"togetherctl disable ssh --file {common} takes it out" in run.stderr
    assert ctl("disable", "ssh", "--file", str(common)).returncode == 0
    assert ctl("disable", "ssh", "--file", str(sshd)).returncode == 0


@pytest.mark.parametrize("included", [False, True])
@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_a_jump_over_the_gate(verb: str, included: bool, etc_pam: Path, roster: None) -> None:
    """Somebody lets dave past the gate. Without our two lines it would be past two of another."""
    sshd = etc_pam / "sshd"
    assert ctl("enable", "ssh").returncode == 0
    (etc_pam / "jump").write_text(JUMP)
    sshd.write_text(("# first\n@include jump\n" if included else f"# first\n{JUMP}") + sshd.read_text())
    before = sshd.read_bytes()
    run = ctl(verb, "ssh")
    assert run.returncode == 2 and f"{sshd}:2: a jump stands before togetherctl's lines" in run.stderr
    assert sshd.read_bytes() == before


# ---- how a file is written ---------------------------------------------------------------------


def test_owner_mode_and_attributes_stay(sshd: Path) -> None:
    os.chown(sshd, 0, 12)
    sshd.chmod(0o640)
    os.setxattr(sshd, "trusted.note", b"kept")
    before = sshd.read_bytes()
    assert ctl(*ENABLED, str(sshd)).returncode == 0
    for path in (sshd, Path(f"{sshd}.before-together")):
        status = path.stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (0, 12, 0o640)
        assert os.getxattr(path, "trusted.note") == b"kept"
    assert Path(f"{sshd}.before-together").read_bytes() == before


def test_a_link_stays_a_link(sshd: Path) -> None:
    real = sshd.with_name("real-sshd")
    sshd.rename(real)
    sshd.symlink_to(real.name)
    before = real.read_bytes()
    assert ctl(*ENABLED, str(sshd)).returncode == 0
    assert sshd.is_symlink() and block_of(real.read_text())
    assert Path(f"{real}.before-together").read_bytes() == before
    assert ctl("disable", "ssh", "--file", str(sshd)).returncode == 0
    assert sshd.is_symlink() and real.read_bytes() == before


def test_only_our_lines_go_where_it_was_changed_meanwhile(sshd: Path) -> None:
    assert ctl(*ENABLED, str(sshd)).returncode == 0
    before = Path(f"{sshd}.before-together").read_text()
    sshd.write_text(sshd.read_text() + "session optional pam_umask.so\n")
    run = ctl("disable", "ssh", "--file", str(sshd))
    assert run.returncode == 0 and "changed meanwhile" in run.stdout
    assert sshd.read_text() == before + "session optional pam_umask.so\n"
    assert Path(f"{sshd}.before-together").read_text() == before


def test_lines_by_hand_are_named_and_stay(sshd: Path) -> None:
    text = f"{ROOTS_WAY}\n{GATE}\n" + sshd.read_text()
    sshd.write_text(text)
    run = ctl(*ENABLED, str(sshd))
    assert run.returncode == 0 and "sshd:2: the gate's line stands there already" in run.stdout
    assert sshd.read_text() == text
    run = ctl("disable", "ssh", "--file", str(sshd))
    assert run.returncode == 1 and "sshd:2: a line of pam_together that was written by hand" in run.stderr
    assert sshd.read_text() == text


def test_a_line_by_hand_in_the_wrong_place_does_not_count(sshd: Path) -> None:
    sshd.write_text(sshd.read_text() + GATE + "\n")
    run = ctl(*ENABLED, str(sshd))
    assert run.returncode == 0 and "stays; take it out" in run.stdout
    assert block_of(sshd.read_text()) == [ROOTS_WAY, GATE]


def test_half_a_block_is_left_alone(sshd: Path) -> None:
    text = "# together-access: begin\n" + sshd.read_text()
    sshd.write_text(text)
    for verb in ("enable", "disable"):
        run = ctl(verb, "ssh", "--file", str(sshd))
        assert run.returncode == 2 and "stands without its end" in run.stderr
    assert sshd.read_text() == text


@pytest.mark.parametrize("line", ["account required pam_access.so", "# why we have this"])
@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_a_line_of_an_admin_in_our_block_is_not_lost(verb: str, line: str, sshd: Path) -> None:
    assert ctl(*ENABLED, str(sshd)).returncode == 0
    text = sshd.read_text().replace(GATE + "\n", f"{GATE}\n{line}\n")
    sshd.write_text(text)
    number = text.splitlines().index(line) + 1
    run = ctl(verb, "ssh", "--file", str(sshd))
    assert run.returncode == 2
    assert f"line {number} stands between togetherctl's comments" in run.stderr
    assert sshd.read_text() == text


@pytest.fixture
def read_only(sshd: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The folder mounted read-only, or the file itself mounted, as Docker and subPath do."""
    what = sshd if request.param == "file" else sshd.parent
    subprocess.run(["mount", "--bind", what, what], check=True)
    if request.param == "folder":
        subprocess.run(["mount", "-o", "remount,bind,ro", what], check=True)
    yield sshd
    subprocess.run(["umount", what], check=True)


@pytest.mark.parametrize("read_only", ["folder", "file"], indirect=True)
def test_a_file_that_is_made_elsewhere(read_only: Path) -> None:
    before = read_only.read_bytes()
    run = ctl(*ENABLED, str(read_only))
    assert run.returncode == 1
    assert f"{read_only}, as its first account lines:\n  {ROOTS_WAY}\n  {GATE}\n" in run.stdout
    assert "managed by something else" in run.stdout
    assert read_only.read_bytes() == before
    document = ctl_json(*ENABLED, str(read_only))
    assert document["managed_elsewhere"] and document["files"][0]["lines"] == [ROOTS_WAY, GATE]
    assert not [path for path in read_only.parent.iterdir() if "together" in path.name]


@pytest.mark.parametrize("spoil", [
    lambda path: os.chown(path.parent, PLAIN_USER, -1),
    lambda path: os.chown(path, PLAIN_USER, -1),
    lambda path: path.parent.chmod(0o777),
    lambda path: path.chmod(0o666),
    lambda path: (path.unlink(), os.mkfifo(path)),
    lambda path: path.unlink(),
])
def test_a_file_that_others_could_exchange_is_not_edited(spoil: object, sshd: Path) -> None:
    spoil(sshd)  # type: ignore[operator]
    run = ctl(*ENABLED, str(sshd))
    assert run.returncode == 2 and run.stderr.startswith("togetherctl: enable: ")
    assert not Path(f"{sshd}.before-together").exists()


def test_a_link_of_a_user_is_not_followed(sshd: Path, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    os.chown(folder, PLAIN_USER, PLAIN_USER)
    (folder / "sshd").symlink_to(sshd)
    run = ctl(*ENABLED, str(folder / "sshd"))
    assert run.returncode == 2 and "belongs neither to root nor to you" in run.stderr


@pytest.mark.parametrize("folder_is_safe", [True, False])
def test_a_link_that_is_named_without_a_folder(
    folder_is_safe: bool, sshd: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "sshd").symlink_to(sshd)
    if not folder_is_safe:
        os.chown(folder, PLAIN_USER, PLAIN_USER)
    run = ctl(*ENABLED, "sshd", folder=folder)
    if folder_is_safe:
        assert run.returncode == 0 and block_of(sshd.read_text())
    else:
        assert run.returncode == 2 and "belongs neither to root nor to you" in run.stderr


def test_a_plain_user_may_only_look(sshd: Path, tmp_path: Path) -> None:
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    assert "needs root" in ctl(*ENABLED, str(sshd), user=PLAIN_USER).stderr
    assert "needs root" in ctl("disable", "ssh", "--file", str(sshd), user=PLAIN_USER).stderr
    run = ctl("enable", "ssh", "--dry-run", user=PLAIN_USER)
    assert run.returncode == 2 and "locked out. nobody would read" in run.stderr
    assert f"+{GATE}" in run.stdout


# ---- when it refuses ----------------------------------------------------------------------------


def refused(run: subprocess.CompletedProcess[str], sshd: Path, complaint: str) -> None:
    assert run.returncode == 2, run.stdout
    assert complaint in run.stderr
    assert "together" not in sshd.read_text()
    assert not Path(f"{sshd}.before-together").exists()


def test_without_the_module(sshd: Path) -> None:
    refused(ctl(*ENABLED, str(sshd), "--module", "/usr/lib/nowhere.so"), sshd,
            "/usr/lib/nowhere.so: No such file")


def test_with_a_module_that_cannot_be_loaded(sshd: Path, tmp_path: Path) -> None:
    broken = tmp_path / "pam_together.so"
    broken.write_bytes((SECURITY / "pam_together.so").read_bytes()[:20000])
    refused(ctl(*ENABLED, str(sshd), "--module", str(broken)), sshd,
            "cannot be loaded: it ended with signal")
    broken.write_bytes(b"")
    refused(ctl(*ENABLED, str(sshd), "--module", str(broken)), sshd,
            "cannot be loaded: " + str(broken))


def test_with_a_library_that_is_no_module(sshd: Path) -> None:
    refused(ctl(*ENABLED, str(sshd), "--module", "/usr/lib/x86_64-linux-gnu/libpam.so.0"), sshd,
            "it has no pam_sm_acct_mgmt")


def test_with_a_module_that_others_can_write(sshd: Path, tmp_path: Path) -> None:
    module = tmp_path / "pam_together.so"
    shutil.copy(SECURITY / "pam_together.so", module)
    module.chmod(0o777)
    refused(ctl(*ENABLED, str(sshd), "--module", str(module)), sshd, "can be written by others")


@pytest.mark.parametrize("text", ["", "[api]\nbase_url = file:///r\nproject = proj_123\ntokn = x\n"])
def test_with_a_wrong_configuration(text: str, sshd: Path) -> None:
    CONFIG.write_text(text)
    refused(ctl(*ENABLED, str(sshd)), sshd, "with this configuration nobody but root would get in")


@pytest.fixture
def sshd_config() -> Iterator[Path]:
    before = SSHD_CONFIG.read_text()
    yield SSHD_CONFIG
    SSHD_CONFIG.write_text(before)


def test_where_sshd_does_not_use_pam(sshd: Path, sshd_config: Path, etc_pam: Path) -> None:
    sshd_config.write_text("UsePAM no\n")
    refused(ctl(*ENABLED, str(sshd)), sshd, 'sshd has "UsePAM no"')
    assert ctl("enable", "sudo").returncode == 0  # sudo does not care


@pytest.fixture
def sshd_of_another_service(tmp_path: Path) -> Iterator[str]:
    """As OpenSSH 9.8 and later answer to -T."""
    program, stub = Path("/usr/sbin/sshd"), tmp_path / "sshd"
    stub.write_text("#!/bin/sh\necho usepam yes\necho pamservicename corp-ssh\n")
    stub.chmod(0o755)
    subprocess.run(["mount", "--bind", stub, program], check=True)
    yield "corp-ssh"
    subprocess.run(["umount", program], check=True)


def test_where_sshd_has_another_service(sshd: Path, sshd_of_another_service: str) -> None:
    refused(ctl(*ENABLED, str(sshd)), sshd,
            'sshd asks PAM for the service "corp-ssh" (PAMServiceName, sshd -T), and never reads '
            f"{sshd}; use --file /etc/pam.d/corp-ssh")
    service = sshd.with_name(sshd_of_another_service)
    sshd.rename(service)
    assert ctl(*ENABLED, str(service)).returncode == 0 and block_of(service.read_text())


def test_where_sshd_cannot_be_asked_it_is_said(sshd: Path, sshd_config: Path) -> None:
    sshd_config.write_text("UsePam perhaps\n")
    run = ctl(*ENABLED, str(sshd))
    assert run.returncode == 0 and "whether sshd uses PAM could not be asked" in run.stdout


def test_where_the_caller_would_be_locked_out(sshd: Path) -> None:
    run = ctl(*ENABLED, str(sshd), environment={"SUDO_USER": "erin"})
    refused(run, sshd, "you would be locked out. erin would read: Access denied: erin is not a "
                       "collaborator")
    assert ctl(*ENABLED, str(sshd), "--dry-run",
               environment={"SUDO_USER": "erin"}).returncode == 2
    run = ctl(*ENABLED, str(sshd), "--force", environment={"SUDO_USER": "erin"})
    assert run.returncode == 0 and block_of(sshd.read_text())


@pytest.mark.parametrize("kind", ["none", "too old"])
def test_where_all_would_be_locked_out(sshd: Path, kind: str) -> None:
    if kind == "none":
        SNAPSHOT.unlink()
    else:
        subprocess.run([BUILD / "tests" / "support" / "tools" / "together-stamp", "--config", CONFIG,
                        "--age", "25h"], check=True)
    ROSTER.unlink()
    run = ctl(*ENABLED, str(sshd))
    refused(run, sshd, "nobody but root would get in, there is no usable roster yet: cannot open")
    write_config(gate__mode="observe")
    assert ctl(*ENABLED, str(sshd)).returncode == 0
    write_config()
    assert ctl("disable", "ssh", "--file", str(sshd)).returncode == 0
    assert ctl(*ENABLED, str(sshd), "--force").returncode == 0 and block_of(sshd.read_text())


@pytest.mark.parametrize("caller", ["alice", "root", "../etc", ""])
def test_where_the_caller_would_not(caller: str, sshd: Path) -> None:
    assert ctl(*ENABLED, str(sshd), environment={"SUDO_USER": caller}).returncode == 0


def test_a_member_would_be_locked_out_of_sudo_for_admins(etc_pam: Path, roster: None) -> None:
    bob = {"SUDO_USER": "bob"}
    run = ctl("enable", "sudo", "--require", "admin", environment=bob)
    assert run.returncode == 2 and "this needs the role admin" in run.stderr
    assert ctl("enable", "sudo", environment=bob).returncode == 0


def test_nobody_is_locked_out_in_observe_mode(sshd: Path) -> None:
    write_config(gate__mode="observe")
    run = ctl(*ENABLED, str(sshd), environment={"SUDO_USER": "erin"})
    assert run.returncode == 0 and "OBSERVE MODE" in run.stdout


def test_the_caller_is_found_without_sudos_word(sshd: Path) -> None:
    """sudo env -u SUDO_USER, or su: the process above that is not root's tells."""
    sudoers = Path("/etc/sudoers.d/everybody")
    sudoers.write_text("ALL ALL=(ALL) NOPASSWD: ALL\n")
    sudoers.chmod(0o440)
    from support.ctl_node import PLAIN_ENVIRONMENT, TOGETHERCTL
    command = f"sudo env -u SUDO_USER {TOGETHERCTL} enable ssh --file {sshd}; exit $?"
    run = subprocess.run(["sh", "-c", command], user=10005, group=10005, extra_groups=[], cwd="/",
                         env=PLAIN_ENVIRONMENT, capture_output=True, text=True, timeout=60)
    sudoers.unlink()
    refused(run, sshd, "you would be locked out. erin")


# ---- the dry run ----------------------------------------------------------------------------------


def people(run: dict[str, object]) -> dict[str, dict[str, object]]:
    return {person["login"]: person for person in run["would_be_refused"]}


def test_a_dry_run_changes_nothing_and_names_the_refused(sshd: Path) -> None:
    before = {path: path.read_bytes() for path in sshd.parent.iterdir()}
    run = ctl(*ENABLED, str(sshd), "--dry-run")
    assert run.returncode == 0
    assert f"+{ROOTS_WAY}\n+{GATE}\n" in run.stdout and f"--- {sshd}\n" in run.stdout
    assert "Nothing was changed (--dry-run)." in run.stdout
    assert {path: path.read_bytes() for path in sshd.parent.iterdir()} == before
    lines = run.stdout.splitlines()
    erin = next(line for line in lines if line.startswith("erin "))
    assert "10005" in erin and "shell" in erin and "not_a_collaborator" in erin
    assert "erin is not a collaborator of project proj_123" in erin
    assert not [line for line in lines if line.startswith(("alice ", "bob ", "root ", "nobody "))]


def test_the_dry_run_as_json(sshd: Path) -> None:
    document = ctl_json(*ENABLED, str(sshd), "--dry-run")
    assert (document["changed"], document["problems"]) == (False, [])
    erin = people(document)["erin"]
    assert erin == {"login": "erin", "uid": 10005, "known_by": ["shell"], "verdict": "deny",
                    "reason": "not_a_collaborator", "message": erin["message"]}
    assert document["known_logins"] > len(document["would_be_refused"])


@pytest.fixture
def passwd() -> Iterator[Path]:
    path = Path("/etc/passwd")
    before = path.read_text()
    yield path
    path.write_text(before)


def test_keys_count_where_there_is_no_shell(sshd: Path, passwd: Path, tmp_path: Path) -> None:
    with passwd.open("a") as file:
        for login in ("service1", "service2"):
            file.write(f"{login}:x:2000:2000::{tmp_path}/{login}:/usr/sbin/nologin\n")
    (tmp_path / "service1" / ".ssh").mkdir(parents=True)
    (tmp_path / "service1" / ".ssh" / "authorized_keys").write_text("ssh-ed25519 AAAA x\n")
    found = people(ctl_json(*ENABLED, str(sshd), "--dry-run"))
    assert found["service1"]["known_by"] == ["keys"] and "service2" not in found


def test_homes_that_do_not_answer_are_named(sshd: Path, passwd: Path, tmp_path: Path) -> None:
    stuck = tmp_path / "stuck"
    (tmp_path / "service2" / ".ssh").mkdir(parents=True)
    (tmp_path / "service2" / ".ssh" / "authorized_keys").write_text("ssh-ed25519 AAAA x\n")
    (tmp_path / "service3" / ".ssh").mkdir(parents=True)
    os.mkfifo(tmp_path / "service3" / ".ssh" / "authorized_keys")
    stuck.mkdir()
    with passwd.open("a") as file:
        for login, home in (("service1", stuck / "service1"), ("service2", tmp_path / "service2"),
                            ("service3", tmp_path / "service3")):
            file.write(f"{login}:x:2000:2000::{home}:/usr/sbin/nologin\n")
    with stuck_mount(stuck):
        document = ctl_json(*ENABLED, str(sshd), "--dry-run")
    assert ("the keys of service1: no answer in time (is the server of their homes dead?)"
            in document["not_looked_at"])
    found = people(document)
    assert found["service2"]["known_by"] == ["keys"] and not {"service1", "service3"} & set(found)


def test_the_key_files_are_those_of_sshd(
    sshd: Path, passwd: Path, tmp_path: Path, sshd_config: Path
) -> None:
    sshd_config.write_text(f"UsePAM yes\nAuthorizedKeysFile {tmp_path}/%u.keys\n")
    with passwd.open("a") as file:
        file.write("service1:x:2000:2000::/nonexistent:/bin/false\n")
    (tmp_path / "service1.keys").write_text("ssh-ed25519 AAAA x\n")
    assert people(ctl_json(*ENABLED, str(sshd), "--dry-run"))["service1"]["known_by"] == ["keys"]


def utmp(login: str, days_ago: float, kind: int = 7) -> bytes:
    when = int(time.time() - days_ago * 86400)
    return struct.pack("hxxi32s4s32s256shhiii4i20s", kind, 1, b"pts/0", b"", login.encode(), b"", 0,
                       0, 0, when, 0, 0, 0, 0, 0, b"")


def lastlog(path: Path, uid: int, days_ago: float) -> None:
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.seek(uid * 292)
        file.write(struct.pack("i32s256s", int(time.time() - days_ago * 86400), b"", b""))


def test_logins_of_the_last_thirty_days(sshd: Path, passwd: Path) -> None:
    with passwd.open("a") as file:
        file.write("frank:x:3000001:2000::/nonexistent:/usr/sbin/nologin\n"
                   "grace:x:3000002:2000::/nonexistent:/usr/sbin/nologin\n")
    wtmp, last, rotated = (Path("/var/log") / name for name in ("wtmp", "lastlog", "wtmp.1"))
    wtmp.write_bytes(utmp("heidi", 2) + utmp("ivan", 31) + utmp("judy", 1, kind=8)
                     + utmp("heidi", 5) + utmp("alice", 1))
    rotated.write_bytes(utmp("kim", 29))
    lastlog(last, 3000001, 3)
    lastlog(last, 3000002, 40)
    found = people(ctl_json(*ENABLED, str(sshd), "--dry-run"))
    for path in (wtmp, last, rotated):
        path.unlink()
    assert found["heidi"]["known_by"] == ["login 2d ago"]
    assert found["frank"]["known_by"] == ["login 3d ago"]
    assert found["kim"]["known_by"] == ["login 29d ago"]
    assert not {"ivan", "judy", "grace", "alice"} & set(found)


def test_admitted_ones_and_exempt_ones_would_not_be_refused(sshd: Path) -> None:
    admit("erin", "2099-01-01T00:00:00Z")
    write_config(gate__exempt_users="root, dave")
    assert not {"erin", "dave"} & set(people(ctl_json(*ENABLED, str(sshd), "--dry-run")))


def test_observe_mode_still_tells_who_would_be(sshd: Path) -> None:
    write_config(gate__mode="observe")
    assert people(ctl_json(*ENABLED, str(sshd), "--dry-run"))["erin"]["verdict"] == "deny"


# ---- options ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("arguments", "complaint"), [
    (["telnet"], 'unknown target "telnet"; there are ssh, sudo, su, cron, slurm'),
    (["ssh", "--require", "member"], "--require knows one role, admin"),
    (["slurm", "--require", "admin"], "--require is for ssh and sudo"),
    (["ssh", "--module", "pam_together.so"], "--module needs an absolute path"),
    (["ssh", "--module", "/a b.so"], "--module needs an absolute path"),
    (["ssh", "--config", "/a b"], "neither PAM nor Slurm takes a path with blanks"),
])
def test_wrong_options(arguments: list[str], complaint: str) -> None:
    run = ctl("enable", *arguments)
    assert run.returncode == 2 and complaint in run.stderr


def test_another_configuration_is_named_in_the_line(sshd: Path) -> None:
    other = ETC / "other.conf"
    other.write_bytes(CONFIG.read_bytes())
    CONFIG.unlink()
    assert ctl(*ENABLED, str(sshd), "--config", str(other)).returncode == 0
    assert block_of(sshd.read_text())[1] == f"{GATE} config={other}"
    assert account_answer("alice", folder=sshd.parent) == PAM_SUCCESS
    # It is part of how the gate is called from now on.
    assert "nothing to change" in ctl(*ENABLED, str(sshd)).stdout
