# SPDX-License-Identifier: Apache-2.0
"""fit-to-slurmctld before a start of slurmctld: another Slurm than the plug-in's, by stand-ins that
say a version and note that they were called."""

import subprocess
from pathlib import Path

import pytest

from support.programs import BUILD

FIT = BUILD / "packaging" / "fit-to-slurmctld"


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """Its script looks into this folder only."""
    (tmp_path / "together.conf.d").mkdir()
    text = FIT.read_text()
    for found, replaced in (("/etc/together/", f"{tmp_path}/"),
                            ("PATH=/usr/sbin:", f"PATH={tmp_path}:/usr/sbin:")):
        assert found in text
        text = text.replace(found, replaced)
    for name, script in (("fit", text), ("withdraw-lines", f"#!/bin/sh\ntouch {tmp_path}/withdrawn\n")):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    slurmctld(tmp_path, "99.11.7")
    return tmp_path


def slurmctld(host: Path, version: str) -> None:
    (host / "slurmctld").write_text(f"#!/bin/sh\necho slurm-wlm {version}\n")
    (host / "slurmctld").chmod(0o755)


def fit(host: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([host / "fit"], capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("text", ["", "[gate]\n#without_door = closed\n", "[gate]\nwithout_door = open\n"])
def test_by_default_the_line_goes_and_slurmctld_starts(host: Path, text: str) -> None:
    (host / "together.conf").write_text(text)
    done = fit(host)
    assert done.returncode == 0 and (host / "withdrawn").exists()
    assert "slurmctld is 99.11.7; nobody checks" in done.stderr


@pytest.mark.parametrize("file", ["together.conf", "together.conf.d/door.conf"])
def test_closed_keeps_the_line_and_slurmctld_down(host: Path, file: str) -> None:
    (host / file).write_text("nonsense\n[gate]\nwithout_door = closed\n")
    done = fit(host)
    assert done.returncode == 1 and not (host / "withdrawn").exists()
    assert "slurmctld does not start. Install slurm-job-submit-together for 99.11.7" in done.stderr


@pytest.mark.parametrize("text", [
    "without_door = closed", "without_door = CLOSED\n", "  without_door = closed\n", "without_door = closed\r\n",
    'without_door = "closed"\n', "without_door = closed # x\n", "without_door: closed\n", "without_door\n"])
def test_what_is_not_plainly_open_is_closed(host: Path, text: str) -> None:
    (host / "together.conf").write_text("[gate]\n" + text)
    (host / "together.conf.d/10.conf").write_text("[roster]\nfresh_for = 1m\n")
    assert fit(host).returncode == 1 and not (host / "withdrawn").exists()


def test_the_right_slurm_starts_whatever_is_written(host: Path) -> None:
    (host / "together.conf").write_text("[gate]\nwithout_door = closed\n")
    [line] = [line for line in FIT.read_text().splitlines() if line.startswith("built_for=")]
    slurmctld(host, line.removeprefix("built_for="))
    done = fit(host)
    assert (done.returncode, done.stderr) == (0, "") and not (host / "withdrawn").exists()
