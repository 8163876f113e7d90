"""withdraw-lines, which removes an adapter's package's lines, on what `togetherctl enable` wrote."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ctl_node import BUILD, PLAIN_ENVIRONMENT, SECURITY, TOGETHERCTL, Run, ctl

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
        shutil.copy(SECURITY / "pam_permit.so", plugins / name)
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
