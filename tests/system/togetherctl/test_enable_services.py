# SPDX-License-Identifier: Apache-2.0
"""su where slurmd starts it, cron and its like: enable, disable and doctor."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.ctl_node import BUILD, SECURITY, ctl, ctl_json, write_config
from support.doctor_node import bad, doctor, only
from support.pam_transaction import PAM_PERM_DENIED, PAM_SUCCESS, account_answer

GATE = "account [success=ok ignore=ignore default=die] pam_together.so"
WAY_PAST = "account [success=1 default=ignore] pam_succeed_if.so quiet uid < "
EL_SU = """\
#%PAM-1.0
auth sufficient pam_rootok.so
account sufficient pam_succeed_if.so uid = 0 use_uid quiet
account required pam_permit.so
session required pam_permit.so
"""
CRON = "# of cron\n@include common-account\nsession required pam_permit.so\n"
VENDORS = Path("/usr/lib/pam.d")

pytestmark = pytest.mark.usefixtures("roster")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def block_of(path: Path) -> list[str]:
    lines = path.read_text().splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("# together-access: begin"))
    return lines[begin + 1:lines.index("# together-access: end")]


@pytest.fixture
def slurmd(tmp_path: Path) -> Iterator[Path]:
    """A program of that name that runs as root."""
    program = tmp_path / "slurmd"
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([program, "600"]) as running:
        yield program
        running.kill()


@pytest.fixture
def slurm(tmp_path: Path) -> Path:
    """slurm.conf of a node that has the plug-in for steps."""
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    shutil.copy(BUILD / "spank_together" / "spank_together.so", plugins)
    (plugins / "spank_together.so").chmod(0o644)
    conf = tmp_path / "slurm.conf"
    conf.write_text(f"ClusterName=c\nPluginDir={plugins}\n")
    (tmp_path / "plugstack.conf").write_text("")
    return conf


@pytest.fixture
def without_module() -> Iterator[None]:
    """libpam's folder as it is where our package is not installed."""
    module, away = SECURITY / "pam_together.so", SECURITY / "away"
    module.rename(away)
    yield
    away.rename(module)


# ---- su -----------------------------------------------------------------------------------------


def test_slurm_guards_su_where_slurmd_is(slurm: Path, slurmd: Path, etc_pam: Path) -> None:
    before = contents(etc_pam)
    run = ctl("enable", "slurm", "--file", str(slurm))
    assert run.returncode == 0, run.stderr
    assert block_of(etc_pam / "su") == [WAY_PAST + "1000", GATE]
    assert (etc_pam / "su-l").read_bytes() == before["su-l"]  # it takes over su's
    for service in ("su", "su-l"):
        assert account_answer("alice", service) == PAM_SUCCESS
        assert account_answer("erin", service) == PAM_PERM_DENIED
        assert account_answer("sysacct", service) == PAM_SUCCESS
        assert account_answer("root", service) == PAM_SUCCESS
    enabled = contents(etc_pam)
    assert ctl("enable", "slurm", "--file", str(slurm)).returncode == 0
    assert contents(etc_pam) == enabled
    assert ctl("disable", "slurm", "--file", str(slurm)).returncode == 0
    assert contents(etc_pam) == before


def test_slurm_leaves_su_where_no_slurmd_is(slurm: Path, etc_pam: Path) -> None:
    before = contents(etc_pam)
    assert ctl("enable", "slurm", "--file", str(slurm)).returncode == 0
    assert contents(etc_pam) == before


def test_a_dry_run_shows_su_and_changes_nothing(slurm: Path, slurmd: Path, etc_pam: Path) -> None:
    before = contents(etc_pam)
    run = ctl("enable", "slurm", "--file", str(slurm), "--dry-run")
    assert run.returncode == 0 and contents(etc_pam) == before
    assert f"+++ {etc_pam}/su\n" in run.stdout and f"+{WAY_PAST}1000\n+{GATE}\n" in run.stdout
    assert [Path(file["path"]).name for file in
            ctl_json("enable", "slurm", "--file", str(slurm), "--dry-run")["files"]] == [
                "slurm.conf", "plugstack.conf", "su"][1:]


def test_su_on_el_asks_before_root_as_the_caller_passes(etc_pam: Path) -> None:
    (etc_pam / "su").write_text(EL_SU)
    before = contents(etc_pam)
    assert account_answer("erin", "su-l") == PAM_SUCCESS
    assert ctl("enable", "su").returncode == 0
    assert account_answer("erin", "su-l") == PAM_PERM_DENIED
    assert account_answer("sysacct", "su-l") == PAM_SUCCESS
    assert ctl("disable", "su").returncode == 0
    assert contents(etc_pam) == before


def test_a_login_shell_with_lines_of_its_own_is_guarded_too(etc_pam: Path) -> None:
    (etc_pam / "su-l").write_text("account required pam_permit.so\naccount include su\n")
    before = contents(etc_pam)
    assert ctl("enable", "su").returncode == 0
    assert block_of(etc_pam / "su-l") == block_of(etc_pam / "su")
    assert ctl("disable", "su").returncode == 0
    assert contents(etc_pam) == before


def test_another_min_uid_takes_its_place(etc_pam: Path) -> None:
    assert ctl("enable", "su").returncode == 0
    write_config(gate__min_uid="400")
    assert ctl("enable", "su").returncode == 0
    assert block_of(etc_pam / "su") == [WAY_PAST + "400", GATE]
    assert account_answer("sysacct", "su") == PAM_PERM_DENIED


def test_an_exempt_user_passes_su(etc_pam: Path) -> None:
    write_config(gate__exempt_users="erin")
    assert ctl("enable", "su").returncode == 0
    assert account_answer("erin", "su") == PAM_SUCCESS


def test_root_and_system_accounts_pass_where_the_module_is_gone(
    etc_pam: Path, request: pytest.FixtureRequest
) -> None:
    assert ctl("enable", "su").returncode == 0
    request.getfixturevalue("without_module")
    assert account_answer("root", "su") == account_answer("sysacct", "su") == PAM_SUCCESS
    assert account_answer("alice", "su") != PAM_SUCCESS


def test_without_the_module_the_step_check_alone_is_put_there_and_said(
    slurm: Path, slurmd: Path, etc_pam: Path, without_module: None
) -> None:
    before = contents(etc_pam)
    for options in (["--dry-run"], []):
        run = ctl("enable", "slurm", "--file", str(slurm), *options)
        assert run.returncode == 1
        assert "a way past Slurm's lock stays open here" in run.stderr
        assert "pam_together.so: No such file" in run.stderr
        assert "Install libpam-together" in run.stderr and "GetEnvTimeout=0" in run.stderr
    assert contents(etc_pam) == before
    assert "required spank_together.so" in (slurm.parent / "plugstack.conf").read_text()
    document = ctl_json("enable", "slurm", "--file", str(slurm))
    assert len(document["still_open"]) == 1 and document["problems"] == []
    run = ctl("enable", "su")
    assert run.returncode == 2 and "pam_together.so: No such file" in run.stderr
    assert contents(etc_pam) == before


def test_su_stays_where_slurmd_never_starts_it(
    slurm: Path, slurmd: Path, etc_pam: Path, without_module: None
) -> None:
    slurm.write_text(slurm.read_text() + "GetEnvTimeout=0\n")
    before = contents(etc_pam)
    run = ctl("enable", "slurm", "--file", str(slurm))
    assert run.returncode == 0 and "su stays as it is: with GetEnvTimeout=0" in run.stdout
    assert contents(etc_pam) == before


def test_a_node_whose_slurmd_fetches_its_configuration(slurmd: Path, etc_pam: Path) -> None:
    assert not Path("/etc/slurm/slurm.conf").exists()
    before = contents(etc_pam)
    run = ctl("enable", "slurm")
    assert run.returncode == 0, run.stderr
    assert "slurmd fetches it" in run.stdout
    assert block_of(etc_pam / "su") == [WAY_PAST + "1000", GATE]
    assert ctl("disable", "slurm").returncode == 0
    assert contents(etc_pam) == before


# ---- cron ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", ["cron", "crond", "atd", "systemd-user"])
def test_cron_and_its_like(service: str, etc_pam: Path) -> None:
    (etc_pam / service).write_text(CRON)
    before = contents(etc_pam)
    run = ctl("enable", "cron", "--dry-run")
    assert run.returncode == 0 and f"+{GATE}\n" in run.stdout and contents(etc_pam) == before
    assert ctl("enable", "cron").returncode == 0
    assert block_of(etc_pam / service) == [WAY_PAST + "1000", GATE]
    for login, answer in (("alice", PAM_SUCCESS), ("erin", PAM_PERM_DENIED),
                          ("sysacct", PAM_SUCCESS), ("root", PAM_SUCCESS)):
        assert account_answer(login, service) == answer
    enabled = contents(etc_pam)
    assert ctl("enable", "cron").returncode == 0 and contents(etc_pam) == enabled
    assert ctl("disable", "cron").returncode == 0
    assert contents(etc_pam) == before


def test_where_nothing_of_cron_is_there(etc_pam: Path) -> None:
    run = ctl("enable", "cron")
    assert run.returncode == 2 and "has none of cron, crond, atd and systemd-user" in run.stderr
    assert ctl("disable", "cron").returncode == 0


def test_one_service_of_ones_own(etc_pam: Path) -> None:
    (etc_pam / "fcron").write_text(CRON)
    (etc_pam / "cron").write_text(CRON)
    assert ctl("enable", "cron", "--file", str(etc_pam / "fcron")).returncode == 0
    assert block_of(etc_pam / "fcron") == [WAY_PAST + "1000", GATE]
    assert (etc_pam / "cron").read_text() == CRON


def test_options_that_do_not_fit(etc_pam: Path) -> None:
    for arguments, why in ((["cron", "--require", "admin"], "is for ssh and sudo"),
                           (["su", "--require", "admin"], "is for ssh and sudo"),
                           (["slurm", "--module", "/x"], "is for the services of PAM")):
        run = ctl("enable", *arguments)
        assert run.returncode == 2 and why in run.stderr


@pytest.fixture
def vendors_service() -> Iterator[Path]:
    if not VENDORS.exists():
        pytest.skip("there is no folder of the vendor's here")
    service = VENDORS / "systemd-user"
    service.write_text(CRON)
    yield service
    service.unlink()


def test_a_vendors_file_is_named_and_left(vendors_service: Path, etc_pam: Path) -> None:
    (etc_pam / "cron").write_text(CRON)
    run = ctl("enable", "cron")
    assert run.returncode == 0 and f"cp {vendors_service} /etc/pam.d/" in run.stdout
    assert vendors_service.read_text() == CRON and not (etc_pam / "systemd-user").exists()


# ---- doctor -------------------------------------------------------------------------------------


@pytest.fixture
def node(slurm: Path, slurmd: Path, etc_pam: Path) -> list[str]:
    """What tells doctor of a node with slurmd on which all is well but su."""
    assert ctl("enable", "ssh").returncode == 0
    (slurm.parent / "plugstack.conf").write_text("required spank_together.so\n")
    return ["--slurm-conf", str(slurm), "--accept",
            "watcher,slurm,job_submit,spank_build,spank_module"]


def test_doctor_tells_of_a_su_that_does_not_ask(node: list[str], etc_pam: Path) -> None:
    finding = only(doctor(*node), "su", "failure", "/etc/pam.d/su does not ask the gate")
    assert finding["fix"].startswith("togetherctl enable slurm; or GetEnvTimeout=0 in slurm.conf")
    assert ctl("enable", "su").returncode == 0
    found = doctor(*node)
    assert bad(found) == {} and found["su"]["result"] == "ok"
    write_config(gate__min_uid="400")
    only(doctor(*node), "su", "failure", "another min_uid?")
    assert ctl("enable", "su").returncode == 0
    (etc_pam / "su-l").write_text("account required pam_permit.so\n")
    only(doctor(*node), "su", "failure", "/etc/pam.d/su-l does not ask the gate")
    (etc_pam / "su-l").unlink()
    only(doctor(*node), "su", "failure", "there is no /etc/pam.d/su-l")


def test_doctor_has_nothing_against_a_su_that_is_never_started(node: list[str], slurm: Path) -> None:
    slurm.write_text(slurm.read_text() + "GetEnvTimeout=0\n")
    found = doctor(*node)
    assert bad(found) == {} and "GetEnvTimeout=0" in found["su"]["what"]


def test_doctor_warns_where_a_failed_su_drains_the_node(node: list[str], slurm: Path) -> None:
    slurm.write_text(slurm.read_text() + "SchedulerParameters=defer,requeue_setup_env_fail\n")
    assert ctl("enable", "su").returncode == 0
    only(doctor(*node), "su_failure", "warning", "requeue_setup_env_fail")


def test_doctor_does_not_look_at_su_where_no_step_starts(slurm: Path, etc_pam: Path) -> None:
    assert "su" not in doctor("--slurm-conf", str(slurm))


def test_doctor_tells_of_a_sudo_that_was_enabled(etc_pam: Path) -> None:
    assert ctl("enable", "ssh").returncode == 0
    sudo, login_shell = etc_pam / "sudo", etc_pam / "sudo-i"
    for file in (sudo, login_shell):
        file.write_text("@include common-account\n")
    found = doctor()
    assert bad(found) == {} and found["sudo"]["result"] == "information"
    assert "togetherctl enable sudo" in found["sudo"]["what"]
    assert ctl("enable", "sudo").returncode == 0
    found = doctor()
    assert bad(found) == {} and found["sudo"]["what"] == "sudo and sudo -i ask the gate first"
    enabled = sudo.read_text()
    for jump in ("account sufficient pam_permit.so\n", "account [success=2 default=ignore] pam_permit.so\n"):
        sudo.write_text(jump + enabled)
        finding = only(doctor(), "sudo", "failure", "/etc/pam.d/sudo: ", "another account line comes before")
        assert finding["fix"] == "togetherctl enable sudo"
    sudo.write_text(enabled)
    login_shell.write_text("@include common-account\n")
    only(doctor(), "sudo", "failure", "/etc/pam.d/sudo-i does not ask the gate")
    login_shell.write_text("account include sudo\n")
    assert bad(doctor()) == {}


@pytest.mark.parametrize("include", ["@include sshd", "account include sshd"])
def test_a_service_that_jumps_into_the_gate_is_named(include: str, etc_pam: Path) -> None:
    other = etc_pam / "other-service"
    lines = "auth required pam_permit.so\naccount [success={} default=ignore] pam_localuser.so\n"
    passing = lines.format(1) + "account required pam_permit.so\n" + include + "\n"
    other.write_text(lines.format(2) + include + "\n")
    run = ctl("enable", "ssh")
    assert run.returncode == 0
    assert f"Note: {other}:2: a jump that counts lines of /etc/pam.d/sshd" in run.stdout
    finding = only(doctor(), "pam_jump", "warning", f"{other}:2 jumps over the gate's lines in /etc/pam.d/sshd")
    assert '"account substack sshd"' in finding["fix"]
    for text in (passing, lines.format(2) + "account substack sshd\n"):
        other.write_text(text)
        found = doctor()
        assert bad(found) == {} and found["pam_jump"]["result"] == "ok"
        assert "a jump that counts" not in ctl("enable", "ssh").stdout


def test_doctor_tells_of_cron(etc_pam: Path) -> None:
    assert ctl("enable", "ssh").returncode == 0
    assert doctor()["cron"]["result"] == "information"
    (etc_pam / "cron").write_text(CRON)
    (etc_pam / "atd").write_text(CRON)
    finding = only(doctor(), "cron", "warning", "/etc/pam.d/cron does not", "/etc/pam.d/atd does not")
    subprocess.run([finding["fix"].replace("togetherctl", str(BUILD / "togetherctl/togetherctl"))],
                   shell=True, check=True, capture_output=True)
    assert bad(doctor()) == {}


def test_doctor_tells_of_a_vendors_file(vendors_service: Path, etc_pam: Path) -> None:
    assert ctl("enable", "ssh").returncode == 0
    finding = only(doctor(), "cron", "warning", f"{vendors_service} does not ask the gate")
    subprocess.run([finding["fix"].replace("togetherctl", str(BUILD / "togetherctl/togetherctl"))],
                   shell=True, check=True, capture_output=True)
    assert bad(doctor()) == {}
    assert (etc_pam / "systemd-user").exists()
