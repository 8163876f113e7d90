# SPDX-License-Identifier: Apache-2.0
"""doctor: sshd, and the account stack through the real libpam."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.ctl_node import CHECKOUT, ETC, SECURITY, ctl
from support.doctor_node import bad, doctor, only
from support.pam_stacks import STACKS, write_stack
from support.pam_transaction import PAM_PERM_DENIED, PAM_SUCCESS, account_answer

from support.waiting import wait_until

SSHD = Path("/usr/sbin/sshd")
SSHD_CONFIG = Path("/etc/ssh/sshd_config")
GATE = "account [success=ok ignore=ignore default=die] pam_together.so"
ROOTS_WAY = "account [success=1 default=ignore] pam_succeed_if.so quiet uid = 0"


@pytest.fixture(autouse=True)
def service(etc_pam: Path, roster: None) -> Path:
    return etc_pam / "sshd"


def enable() -> None:
    assert ctl("enable", "ssh").returncode == 0


@pytest.mark.parametrize("stack", STACKS)
def test_all_is_well_after_enable(stack: str, etc_pam: Path) -> None:
    write_stack(stack, etc_pam)
    enable()
    found = doctor()
    assert bad(found) == {}
    assert found["pam_line"]["what"] == "/etc/pam.d/sshd asks the gate first"
    assert found["pam_refusal"]["what"].startswith("the gate is asked and its answer kept: nobody and")
    assert found["pam_root"]["what"] == "root gets in, even where the module is missing"


def test_lines_written_by_hand_are_as_good(service: Path) -> None:
    service.write_text(f"{ROOTS_WAY}\n{GATE}\n" + service.read_text())
    assert bad(doctor()) == {}


def test_sshd_does_not_ask_the_gate(service: Path) -> None:
    finding = only(doctor(), "pam_line", "failure", "/etc/pam.d/sshd does not ask the gate")
    assert finding["fix"] == "togetherctl enable ssh"
    enable()
    assert bad(doctor()) == {}


def test_a_file_that_is_included_asks_the_gate(etc_pam: Path) -> None:
    common = etc_pam / "common-account"
    common.write_text(f"{ROOTS_WAY}\n{GATE}\n" + common.read_text())
    assert account_answer("nobody") == PAM_PERM_DENIED
    only(doctor(), "pam_line", "warning", "a file that it includes does")
    common.write_text("account optional pam_together.so\n" + common.read_text().split(GATE)[1])
    only(doctor(), "pam_line", "failure", "/etc/pam.d/sshd does not ask the gate")


def test_neither_line_nor_module() -> None:
    subprocess.run(["mount", "-t", "tmpfs", "none", SECURITY], check=True)
    try:
        (SECURITY / "pam_permit.so").write_bytes(b"")
        only(doctor(), "pam_line", "warning", "does not ask the gate, and ", "is not there")
    finally:
        subprocess.run(["umount", SECURITY], check=True)


# docs/pam-notes.md, "Where in the stack a denial holds": where it does not.
NOT_KEPT = {
    "optional": "account optional pam_together.so\n",
    "success is the end": "account sufficient pam_permit.so\naccount required pam_together.so\n",
    "ignored": "account [default=ignore] pam_together.so\n",
}


@pytest.mark.parametrize("lines", NOT_KEPT.values(), ids=NOT_KEPT)
def test_an_answer_that_is_not_kept(lines: str, service: Path) -> None:
    service.write_text(lines + service.read_text())
    assert account_answer("nobody") == PAM_SUCCESS
    found = doctor()
    assert found["pam_refusal"]["result"] == "failure"
    assert "in, whom the gate refuses" in found["pam_refusal"]["what"]
    assert found["pam_line"]["result"] == "warning"


def test_a_stack_that_ends_before_the_gate(service: Path) -> None:
    service.write_text("account requisite pam_deny.so\n" + f"{ROOTS_WAY}\n{GATE}\n")
    found = doctor()
    assert found["pam_refusal"]["result"] == "failure"
    assert "ends before it asks the gate" in found["pam_refusal"]["what"]


def test_a_line_before_ours(service: Path) -> None:
    enable()
    service.write_text("account sufficient pam_permit.so\n" + service.read_text())
    found = doctor()
    assert found["pam_line"]["result"] == "failure"
    assert "other account lines come before" in found["pam_line"]["what"]
    assert found["pam_refusal"]["result"] == "failure"
    enable()
    assert bad(doctor()) == {}


def test_our_lines_with_another_control(service: Path) -> None:
    enable()
    text = service.read_text()
    service.write_text(text.replace("default=die] pam_together", "default=ignore] pam_together"))
    assert service.read_text() != text
    found = doctor()
    assert found["pam_line"]["result"] == "failure"
    assert "the gate's lines are not as togetherctl wrote them, or" in found["pam_line"]["what"]
    assert found["pam_line"]["fix"] == "togetherctl enable ssh"
    enable()
    assert bad(doctor()) == {}


def test_a_required_line_behind_which_others_are_asked(service: Path) -> None:
    service.write_text("account required pam_together.so\n" + service.read_text())
    assert account_answer("nobody") == PAM_PERM_DENIED
    assert doctor()["pam_refusal"]["result"] == "ok"


def test_another_module_refuses_everybody_else(service: Path) -> None:
    allowed = ETC / "allowed"
    allowed.write_text("alice\nroot\n")
    allowed.chmod(0o644)
    service.write_text("account optional pam_together.so\n"
                       f"account required pam_listfile.so onerr=fail item=user sense=allow file={allowed}\n"
                       "account required pam_permit.so\n")
    found = doctor()
    assert found["pam_refusal"]["result"] == "warning", found
    assert "another module refuses" in found["pam_refusal"]["what"]
    assert found["pam_root"]["result"] == "warning"


def test_another_module_that_speaks_after_the_gate(service: Path) -> None:
    """The code is the same: only the order of what is said tells."""
    message = ETC / "message"
    message.write_text("closed today\n")
    message.chmod(0o644)
    service.write_text("account optional pam_together.so\n"
                       "account [success=1 default=ignore] pam_succeed_if.so quiet uid = 0\n"
                       f"account optional pam_echo.so file={message}\n"
                       "account [success=1 default=ignore] pam_succeed_if.so quiet uid = 0\n"
                       "account [default=die] pam_access.so accessfile=/dev/null nodefgroup\n"
                       "account required pam_deny.so\n")
    assert doctor()["pam_refusal"]["result"] == "warning"


@pytest.fixture
def killer() -> Iterator[Path]:
    """A program that ends who calls it, as a module that crashes does."""
    program = Path("/run/killer")
    program.write_text("#!/bin/sh\nkill -9 $PPID\n")
    program.chmod(0o755)
    yield program
    program.unlink()


@pytest.mark.parametrize("said", ["hello", "0", "A0"])
def test_a_module_that_dies_has_let_nobody_in(said: str, killer: Path, service: Path) -> None:
    message = ETC / "message"
    message.write_text(f"{said}\n")
    message.chmod(0o644)
    service.write_text(f"{ROOTS_WAY}\n{GATE}\naccount optional pam_echo.so file={message}\n"
                       f"account required pam_exec.so {killer}\n")
    found = doctor()
    only(found, "pam_root", "failure", "ended with signal 9")


def test_root_has_no_way_in(service: Path) -> None:
    """Without the line before it: a gate that is missing refuses root."""
    service.write_text(f"{GATE}\n" + service.read_text())
    found = doctor()
    assert bad(found) == {"pam_line": "warning", "pam_root": "warning"}
    assert "root gets in, but not past a gate that is missing" in found["pam_root"]["what"]


def test_root_is_refused(service: Path) -> None:
    enable()
    service.write_text(service.read_text().replace("# together-access: end",
                                                   "# together-access: end\naccount requisite pam_deny.so"))
    only(doctor(), "pam_root", "failure", "the account stack of sshd refuses root")


@pytest.fixture
def module() -> Iterator[Path]:
    path = SECURITY / "pam_together.so"
    kept = path.read_bytes()
    yield path
    path.unlink(missing_ok=True)
    path.write_bytes(kept)
    path.chmod(0o644)


def test_the_module_is_missing(module: Path) -> None:
    enable()
    module.unlink()
    found = doctor()
    assert found["pam_module"]["result"] == "failure" and "No such file" in found["pam_module"]["what"]
    assert found["pam_root"]["result"] == "ok"


def test_the_module_cannot_be_loaded(module: Path) -> None:
    enable()
    module.write_bytes(module.read_bytes()[:5000])
    found = doctor()
    assert found["pam_module"]["result"] == "failure" and "cannot be loaded" in found["pam_module"]["what"]


def test_the_module_is_anybodys(module: Path) -> None:
    enable()
    module.chmod(0o666)
    only(doctor(), "pam_module", "failure", "can be written by others")


def test_the_module_is_of_another_release(module: Path) -> None:
    enable()
    text = module.read_bytes()
    at = text.index(b"@(#)together-access ") + len(b"@(#)together-access ")
    module.write_bytes(text[:at] + b"9" + text[at + 1:])
    only(doctor(), "pam_build", "warning", "is of release 9")
    module.write_bytes(text.replace(b"@(#)together", b"@(#)togehter"))
    only(doctor(), "pam_build", "warning", "is no part of together-access")


def test_a_module_that_hangs_does_not_hang_doctor(service: Path) -> None:
    enable()
    # sleeps: a module that hangs
    service.write_text("account optional pam_exec.so /bin/sleep 1000\n" + service.read_text())
    found = doctor()
    assert found["pam_refusal"]["result"] == "failure"
    assert "did not answer within 10 s" in found["pam_refusal"]["what"]
    assert found["pam_root"]["result"] == "failure"


def test_a_quiet_line_and_another_configuration(service: Path) -> None:
    other = ETC / "other.conf"
    other.write_bytes((ETC / "together.conf").read_bytes())
    service.write_text(f"{ROOTS_WAY}\n{GATE} config={other} quiet\n" + service.read_text())
    assert bad(doctor()) == {}


def test_another_configuration_that_observes(service: Path) -> None:
    """The one that doctor looks at refuses; the one that sshd asks does not."""
    other = ETC / "other.conf"
    other.write_text((ETC / "together.conf").read_text().replace("[gate]", "[gate]\nmode = observe"))
    assert "observe" in other.read_text()
    service.write_text(f"{ROOTS_WAY}\n{GATE} config={other}\n" + service.read_text())
    finding = only(doctor(), "pam_refusal", "warning", "OBSERVE MODE: NOBODY IS REFUSED", str(other))
    assert finding["fix"] == f"set mode = enforce in {other}"


@pytest.mark.parametrize(("change", "result", "words"), [
    (("project = proj_123", "project = proj_456"), "failure", "which has no roster: "),
    (("[roster]", "[roster]\nfresh_for = 1s\nrecheck_after = 1s\nstale_for = 1s"), "warning",
     "whose roster is older than stale_for"),
    (("[roster]", "[rooster]"), "failure", "rooster"),
])
def test_another_configuration_with_which_nobody_gets_in(
    change: tuple[str, str], result: str, words: str, service: Path
) -> None:
    other = ETC / "other.conf"
    other.write_text((ETC / "together.conf").read_text().replace(*change))
    service.write_text(f"{ROOTS_WAY}\n{GATE} config={other}\n" + service.read_text())
    wait_until(lambda: bad(doctor()), "what is wrong")
    only(doctor(), "pam_refusal", result, words, str(other))


def test_wrong_arguments_in_the_line(service: Path) -> None:
    """The gate then refuses everybody, in words of its own."""
    service.write_text(f"{ROOTS_WAY}\n{GATE} nonsense\n" + service.read_text())
    found = doctor()
    assert found["pam_refusal"]["result"] == "failure"
    assert "called with wrong arguments" in found["pam_refusal"]["what"]


# ---- sshd ---------------------------------------------------------------------------------------


@pytest.fixture
def sshd_config() -> Iterator[Path]:
    before = SSHD_CONFIG.read_text()
    yield SSHD_CONFIG
    SSHD_CONFIG.write_text(before)


def test_sshd_does_not_use_pam(sshd_config: Path) -> None:
    enable()
    sshd_config.write_text("UsePAM no\n")
    only(doctor(), "sshd", "failure", 'sshd has "UsePAM no"')


def test_sshd_cannot_be_asked(sshd_config: Path) -> None:
    enable()
    sshd_config.write_text("UsePam perhaps\n")
    only(doctor(), "sshd", "failure", "sshd failed")


def test_sshd_has_a_service_of_its_own(sshd_config: Path, service: Path) -> None:
    """OpenSSH 9.8 and newer."""
    enable()
    said = subprocess.run(["/usr/sbin/sshd", "-T"], capture_output=True, text=True, check=True).stdout
    if "pamservicename" not in said:
        pytest.skip("an older sshd")
    sshd_config.write_text("UsePAM yes\nPAMServiceName other\n")
    only(doctor(), "pam_line", "failure", "/etc/pam.d/other")


@contextmanager
def running_sshd(program: Path, *options: str | Path) -> Iterator[None]:
    key = Path("/run/inside_key")
    if not key.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    ways = ["-h", key, "-p", "2222", "-o", "ListenAddress=127.0.0.1"]
    with subprocess.Popen([program, "-D", *ways, *options], stderr=subprocess.DEVNULL) as sshd:
        try:
            wait_until(lambda: b"[listener]" in Path(f"/proc/{sshd.pid}/cmdline").read_bytes(),
                       "sshd")
            yield
        finally:
            sshd.terminate()


@pytest.mark.parametrize("way", ["-f", "-o"])
def test_an_sshd_that_runs_with_another_configuration(way: str) -> None:
    enable()
    other = ETC / "inside_sshd_config"
    other.write_text("UsePAM no\n")
    with running_sshd(SSHD, way, other if way == "-f" else "UsePAM no"):
        finding = only(doctor(), "sshd", "failure", 'has "UsePAM no"')
        assert (str(other) if way == "-f" else "-o UsePAM no") in finding["what"]
    assert bad(doctor()) == {}


def test_an_sshd_that_was_not_reloaded(tmp_path: Path) -> None:
    enable()
    other, part, pid_file = tmp_path / "config", tmp_path / "part.conf", tmp_path / "pid"
    other.write_text(f"UsePAM yes\nInclude {tmp_path}/*.conf\nPidFile {pid_file}\n")
    part.write_text("X11Forwarding no\n")
    with running_sshd(SSHD, "-f", other):
        wait_until(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"), "a pid")
        assert doctor()["sshd_reload"]["result"] == "ok"
        pid = int(pid_file.read_text())
        for file in (other, part):
            file.touch()
            finding = only(doctor(), "sshd_reload", "warning", f"{file} was changed",
                           f"(process {pid}) was not reloaded since")
            assert finding["fix"].endswith(f"kill -HUP {pid}")
            written = pid_file.stat().st_mtime_ns
            os.kill(pid, signal.SIGHUP)
            wait_until(lambda: pid_file.exists() and pid_file.stat().st_mtime_ns > written, "a reload")
            found = doctor()
            assert bad(found) == {} and "was reloaded since" in found["sshd_reload"]["what"]
        part.touch()
        pid_file.unlink()
        found = doctor()
        assert bad(found) == {} and "cannot be told" in found["sshd_reload"]["what"]
    assert "sshd_reload" not in doctor()


def test_an_sshd_of_another_name_asks_another_service(service: Path) -> None:
    """Before OpenSSH 9.8."""
    enable()
    said = subprocess.run([SSHD, "-T"], capture_output=True, text=True, check=True).stdout
    if "pamservicename" in said.lower():  # 10.6 writes it with capitals
        pytest.skip("a newer sshd")
    inside = Path("/run/inside-sshd")
    shutil.copy(SSHD, inside)
    with running_sshd(inside):
        only(doctor(), "pam_line", "failure", "/etc/pam.d/inside-sshd")
        shutil.copy(service, service.parent / inside.name)
        with running_sshd(SSHD, "-p", "2223"):
            assert bad(doctor()) == {}
        service.unlink()
        assert bad(doctor()) == {}


def test_no_service_file(service: Path) -> None:
    service.unlink()
    only(doctor(), "pam_line", "failure", "/etc/pam.d/sshd")


def test_no_sshd_here() -> None:
    subprocess.run(["mount", "--bind", "/dev/null", "/usr/sbin/sshd"], check=True)
    try:
        found = doctor()
    finally:
        subprocess.run(["umount", "/usr/sbin/sshd"], check=True)
    assert bad(found) == {} and found["sshd"]["what"] == "not on this host"
