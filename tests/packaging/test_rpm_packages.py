# SPDX-License-Identifier: Apache-2.0
"""The RPM packages, as far as Debian can tell. Nobody has installed them on EL yet."""

import os
import subprocess
from pathlib import Path

import pytest

from support.programs import CHECKOUT

RPMS = Path(os.environ.get("TOGETHER_RPMS", "/nonexistent"))

CONTAINS = {
    "together-access-common": ["/usr/libexec/together/together-refresh", "/usr/libexec/together/withdraw-lines",
                               "/etc/together/together.conf", "/usr/share/man/man5/together.conf.5"],
    "together-access-tools": ["/usr/bin/togetherctl", "/usr/libexec/together/together-authorized-keys",
                              "/usr/libexec/together/withdraw-settings"],
    "together": ["/usr/bin/together", "/usr/share/man/man1/together.1"],
    "together-access-selinux": ["/usr/share/selinux/packages/together.pp"],
    "pam_together": ["/security/pam_together.so"],
    "libnss_together": ["/libnss_together.so.2", "/usr/share/man/man8/nss_together.8"],
    "slurm-spank-together": ["/spank_together.so"],
    "slurm-job-submit-together": ["/job_submit_together.so", "/slurmctld.service.d/together.conf"],
    "together-roled": ["/usr/sbin/together-roled", "/etc/together/roled.conf"],
    "together-authorizer": ["/usr/sbin/together-authorizer", "/together-authorizer.service", "/control-plane.map",
                            "/admission-policy.yaml", "/authorization.yaml", "/metadata-address.yaml", "/namespace.yaml",
                            "/together-authorizer.yaml"],
}


def query(package: str, *what: str) -> str:
    paths = list(RPMS.glob(f"{package}-[0-9]*.rpm"))
    assert len(paths) == 1
    return subprocess.run(["rpm", "-qp", *what, paths[0]], capture_output=True, text=True, check=True).stdout


def test_there_are_these_packages() -> None:
    names = {path.name.rsplit("-", 2)[0] for path in RPMS.glob("*.rpm")}
    assert {name for name in names if "debug" not in name} == set(CONTAINS)


@pytest.mark.parametrize("package", CONTAINS)
def test_contents(package: str) -> None:
    files = query(package, "-l").splitlines()
    for wanted in CONTAINS[package]:
        assert any(path.removesuffix(".gz").endswith(wanted) for path in files), wanted


@pytest.mark.parametrize("file", ["together.conf", "roled.conf"])
def test_a_changed_configuration_survives(file: str) -> None:
    package = {"together.conf": "together-access-common", "roled.conf": "together-roled"}[file]
    assert f"/etc/together/{file}" in query(package, "-c")
    flags = query(package, "--qf", "[%{FILENAMES} %{FILEFLAGS:fflags}\n]")
    assert f"/etc/together/{file} cn" in flags


def test_slurm_versions() -> None:
    version = subprocess.run([CHECKOUT / "packaging/slurm-version"], capture_output=True, text=True,
                             check=True).stdout.strip()
    year, minor, micro = version.split(".")
    requires = query("slurm-spank-together", "--requires").splitlines()
    assert f"slurm >= {year}.{minor}" in requires
    assert f"slurm < {year}.{int(minor) + 1:02}" in requires
    requires = query("slurm-job-submit-together", "--requires").splitlines()
    assert f"slurm-slurmctld >= {version}" in requires
    assert f"slurm-slurmctld < {year}.{minor}.{int(micro) + 1}" in requires


@pytest.mark.parametrize(("package", "what"), [("pam_together", "pam"), ("slurm-spank-together", "spank"),
                                               ("slurm-job-submit-together", "job_submit")])
def test_the_lines_go_when_the_last_one_goes(package: str, what: str) -> None:
    assert f'[ "$1" -gt 0 ] || /usr/libexec/together/withdraw-lines {what}' in query(package, "--scripts")


def test_the_settings_go_when_the_tools_go() -> None:
    assert '[ "$1" -gt 0 ] || /usr/libexec/together/withdraw-settings' in query("together-access-tools", "--scripts")


def test_rpmlint() -> None:
    files = [path for path in RPMS.glob("*.rpm") if "debug" not in path.name]
    run = subprocess.run(["rpmlint", "-c", CHECKOUT / "packaging/rpm/rpmlint.toml", *files,
                          CHECKOUT / "packaging/rpm/together-access.spec"], capture_output=True, text=True)
    findings = [line for line in run.stdout.splitlines() if ": E: " in line or ": W: " in line]
    assert (run.returncode, findings) == (0, [])
