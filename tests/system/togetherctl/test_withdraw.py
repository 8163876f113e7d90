# SPDX-License-Identifier: Apache-2.0
"""withdraw-lines, which removes an adapter's package's lines, on what `togetherctl enable` wrote."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.ctl_node import BUILD, PLAIN_ENVIRONMENT, TOGETHERCTL, Run, ctl
from support.pam_stacks import write_stack

ETC_SLURM = Path("/etc/slurm")
CONF, PLUGSTACK = ETC_SLURM / "slurm.conf", ETC_SLURM / "plugstack.conf"
BEFORE = {CONF: "ClusterName=c\nSlurmctldHost=h\n", PLUGSTACK: "include /etc/slurm/plugstack.conf.d/*.conf\n"}


@pytest.fixture
def withdraw(tmp_path: Path) -> Path:
    """The script as on a host where togetherctl is installed."""
    programs = tmp_path / "programs"
    programs.mkdir()
    shutil.copy(TOGETHERCTL, programs)
    script = programs / "withdraw-lines"
    text = (BUILD / "packaging" / "withdraw-lines").read_text()
    script.write_text(text.replace("PATH=/usr/sbin", f"PATH={programs}:/usr/sbin"))
    script.chmod(0o755)
    return script


def run_of(script: Path, *arguments: str) -> Run:
    return subprocess.run([script, *arguments], env=PLAIN_ENVIRONMENT, capture_output=True,
                          text=True, timeout=60)


@pytest.fixture
def etc_slurm(tmp_path: Path, roster: None) -> Iterator[Path]:
    """A cluster's folder, of which it has one for all hosts, with both plug-ins in force."""
    shutil.rmtree(ETC_SLURM, ignore_errors=True)
    ETC_SLURM.mkdir()
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    for name in ("job_submit_together.so", "spank_together.so"):
        shutil.copy(BUILD / "spank_together" / name, plugins)
    for file, text in BEFORE.items():
        file.write_text(text)
    CONF.write_text(BEFORE[CONF] + f"PluginDir={plugins}\n")
    yield ETC_SLURM
    shutil.rmtree(ETC_SLURM)


@pytest.mark.parametrize(("what", "own", "other"), [
    ("spank", PLUGSTACK, CONF), ("job_submit", CONF, PLUGSTACK)])
def test_one_adapters_removal_leaves_the_others_file(
    what: str, own: Path, other: Path, etc_slurm: Path, withdraw: Path
) -> None:
    before = own.read_text()
    assert ctl("enable", "slurm").returncode == 0
    kept = other.read_bytes()
    assert b"together-access: begin" in kept
    run = run_of(withdraw, what)
    assert run.returncode == 0, run.stderr
    assert own.read_text() == before
    assert other.read_bytes() == kept


@pytest.mark.parametrize("value", [
    "lua", '"lua"', "lua,\\\nthrottle", '"lua,\\  \nthrottle"', '""', "lua # why", "lua \\ # why"])
def test_whatever_enable_made_of_slurm_conf_goes(
    value: str, etc_slurm: Path, withdraw: Path
) -> None:
    CONF.write_text(CONF.read_text() + f"JobSubmitPlugins={value}\n\nSlurmdPort=1\n")
    if ctl("enable", "slurm").returncode != 0:
        return
    run = run_of(withdraw, "job_submit")
    left = [line for line in CONF.read_text().splitlines() if "together" in line]
    assert [line for line in left if "PluginDir" not in line] == [] or run.returncode == 1


@pytest.mark.parametrize(("stack", "host"), [
    ("debian", "ssh"), ("continued_lines", "ssh"), ("sufficient_first", "sudo"),
    ("no_newline_at_the_end", "ssh"), ("debian", "su"), ("debian", "cron")])
def test_whatever_enable_made_of_a_pam_stack_goes(
    stack: str, host: str, tmp_path: Path, roster: None, etc_pam: Path
) -> None:
    written = write_stack(stack, tmp_path / "pam.d")
    target = etc_pam / "gated"
    before = written.read_text()
    target.write_text(before)
    if ctl("enable", host, "--file", str(target)).returncode != 0:
        return
    assert "pam_together.so" in target.read_text()
    run = run_of(BUILD / "packaging" / "withdraw-lines", "pam")
    assert "pam_together.so" not in target.read_text() or run.returncode == 1
    assert target.read_text().splitlines() == before.splitlines()


def test_what_enable_made_of_su_and_cron_goes_byte_for_byte(
    withdraw: Path, roster: None, etc_pam: Path
) -> None:
    (etc_pam / "cron").write_text("@include common-account")
    before = {path.name: path.read_bytes() for path in etc_pam.iterdir()}
    for host in ("su", "cron"):
        assert ctl("enable", host).returncode == 0
        assert b"pam_together.so" in (etc_pam / host).read_bytes()
    run = run_of(withdraw, "pam")
    assert run.returncode == 0, run.stderr
    assert {path.name: path.read_bytes() for path in etc_pam.iterdir()} == before


@pytest.mark.parametrize("status", [2, 3, 127])
def test_it_goes_on_where_disable_refuses(status: int, withdraw: Path, etc_pam: Path) -> None:
    refusing = withdraw.parent / "togetherctl"
    refusing.write_text(f'#!/bin/sh\n[ "$2" = --help ] || {{ echo "a jump" >&2; exit {status}; }}\n')
    jump = "account [success=2 default=ignore] pam_localuser.so\n"
    rest = "account required pam_deny.so\n"
    (etc_pam / "sshd").write_text(
        jump + "# together-access: begin (x)\n"
        "account [success=1 default=ignore] pam_succeed_if.so quiet uid = 0\n"
        "account [success=ok ignore=ignore default=die] pam_together.so\n# together-access: end\n" + rest)
    run = run_of(withdraw, "pam")
    assert run.returncode == 0 and "togetherctl disable ssh failed; going on" in run.stderr
    neutral = "account [default=ignore] pam_permit.so\n"
    assert (etc_pam / "sshd").read_text() == jump + neutral * 2 + rest
