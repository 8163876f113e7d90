# SPDX-License-Identifier: Apache-2.0
"""What is in the packages, and what they depend on."""

import re
import subprocess
from pathlib import Path

import pytest

from support.debian_root import DEBS, field, packages
from support.programs import CHECKOUT

ARCH = subprocess.run(["dpkg-architecture", "-qDEB_HOST_MULTIARCH"], capture_output=True, text=True,
                      check=True).stdout.strip()
UNITS = "/lib/systemd/system"

# Without /usr/share/doc.
CONTENTS = {
    "together-access-common": [
        "/etc/logrotate.d/together",
        "/etc/together/together.conf",
        f"{UNITS}/together-refresh.service",
        "/usr/lib/sysusers.d/together.conf",
        "/usr/lib/tmpfiles.d/together.conf",
        "/usr/libexec/together/together-refresh",
        "/usr/libexec/together/withdraw-lines",
        "/usr/share/man/man5/together.conf.5.gz",
        "/usr/share/man/man8/together-refresh.8.gz",
    ],
    "together-access-tools": [
        "/usr/bin/togetherctl",
        "/usr/libexec/together/together-authorized-keys",
        "/usr/libexec/together/withdraw-settings",
        "/usr/share/bash-completion/completions/togetherctl",
        "/usr/share/man/man8/together-authorized-keys.8.gz",
        "/usr/share/man/man8/togetherctl.8.gz",
    ],
    "together": [
        "/usr/bin/together",
        "/usr/share/bash-completion/completions/together",
        "/usr/share/man/man1/together.1.gz",
    ],
    "libpam-together": [
        f"/usr/lib/{ARCH}/security/pam_together.so",
        "/usr/share/man/man8/pam_together.8.gz",
    ],
    "libnss-together": [
        "/etc/apparmor.d/abstractions/nameservice.d/together",
        f"/usr/lib/{ARCH}/libnss_together.so.2",
        "/usr/share/man/man8/nss_together.8.gz",
    ],
    "slurm-spank-together": [
        f"/usr/lib/{ARCH}/slurm-wlm/spank_together.so",
        f"/usr/lib/{ARCH}/slurm/spank_together.so",
        "/usr/share/man/man8/spank_together.8.gz",
    ],
    "slurm-job-submit-together": [
        f"{UNITS}/slurmctld.service.d/together.conf",
        f"/usr/lib/{ARCH}/slurm-wlm/job_submit_together.so",
        f"/usr/lib/{ARCH}/slurm/job_submit_together.so",
        "/usr/libexec/together/fit-to-slurmctld",
        "/usr/share/man/man8/job_submit_together.8.gz",
    ],
    "together-roled": [
        "/etc/together/roled.conf",
        f"{UNITS}/together-roled.service",
        "/usr/lib/sysusers.d/together-roled.conf",
        "/usr/lib/tmpfiles.d/together-roled.conf",
        "/usr/sbin/together-roled",
        "/usr/share/man/man8/together-roled.8.gz",
    ],
    "together-authorizer": [
        f"{UNITS}/together-authorizer.service",
        "/usr/lib/sysusers.d/together-authorizer.conf",
        "/usr/sbin/together-authorizer",
        "/usr/share/man/man8/together-authorizer.8.gz",
    ],
}
EXAMPLES = {
    "libpam-together": ["pam-sshd.example"],
    "slurm-spank-together": ["plugstack.conf.example"],
    "together-authorizer": ["admission-policy.yaml", "authorization.yaml", "control-plane.map", "metadata-address.yaml",
                            "namespace.yaml", "together-authorizer.yaml"],
}


def listing(package: str) -> list[list[str]]:
    """Mode, owner, path of each entry."""
    text = subprocess.run(["dpkg-deb", "-c", packages()[package]], capture_output=True, text=True,
                          check=True).stdout
    return [[line.split()[0], line.split()[1], line.split()[5].lstrip(".")] for line in text.splitlines()]


def test_there_are_these_packages_and_no_other() -> None:
    assert set(packages()) == set(CONTENTS)


@pytest.mark.parametrize("package", CONTENTS)
def test_contents(package: str) -> None:
    files = [path.replace("/usr/lib/systemd", "/lib/systemd") for mode, _, path in listing(package)
             if not mode.startswith("d") and "/usr/share/doc/" not in path and "/lintian/" not in path]
    assert sorted(files) == sorted(CONTENTS[package])


@pytest.mark.parametrize("package", CONTENTS)
def test_examples(package: str) -> None:
    folder = f"/usr/share/doc/{package}/examples/"
    files = [path.removeprefix(folder) for _, _, path in listing(package) if path.startswith(folder)]
    assert sorted(filter(None, files)) == EXAMPLES.get(package, [])


@pytest.mark.parametrize("package", CONTENTS)
def test_everything_is_roots_and_nobody_else_writes(package: str) -> None:
    for mode, owner, path in listing(package):
        assert owner == "root/root", path
        assert mode.startswith("l") or (mode[5] != "w" and mode[8] != "w"), path
        assert "s" not in mode, path


def test_who_asks_the_network_cannot_read_what_gives_sshd_keys() -> None:
    modes = {Path(path).name: mode for mode, _, path in listing("together-access-tools")}
    assert modes["together-authorized-keys"] == "-rwx--x--x"


def test_links_between_the_documents(tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "-x", packages()["together-access-common"], tmp_path], check=True)
    pages = list((tmp_path / "usr/share/doc").rglob("*.md"))
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)[)#]", page.read_text())]
    assert len(pages) > 10 and len(links) > 10
    assert [link for page, link in links if not (page.parent / link).exists()] == []


def slurm_version() -> tuple[str, str]:
    version = subprocess.run([CHECKOUT / "packaging/slurm-version"], capture_output=True, text=True,
                             check=True).stdout.strip()
    return version, version.rsplit(".", 1)[0]


def test_slurm_versions() -> None:
    version, series = slurm_version()
    year, minor, micro = version.split(".")
    after = f"{year}.{int(minor) + 1:02}~"
    spank = field(packages()["slurm-spank-together"], "Depends")
    assert f"slurm-wlm-basic-plugins (>= {series}) | slurm-smd (>= {series})" in spank
    assert f"slurm-wlm-basic-plugins (<< {after}) | slurm-smd (<< {after})" in spank
    after = f"{series}.{int(micro) + 1}~"
    depends = field(packages()["slurm-job-submit-together"], "Depends")
    assert f"slurmctld (>= {version}) | slurm-smd-slurmctld (>= {version})" in depends
    assert f"slurmctld (<< {after}) | slurm-smd-slurmctld (<< {after})" in depends


@pytest.mark.parametrize("package", CONTENTS)
def test_slurmctld_is_never_deconfigured_by_us(package: str) -> None:
    # Debian's slurmctld cancels all jobs in its prerm then.
    for name in ("Breaks", "Conflicts", "Replaces"):
        assert field(packages()[package], name) == ""


def test_libraries() -> None:
    """The adapters bring their C++ runtime; libcdb and libinih are nobody's dependency."""
    for package in CONTENTS:
        depends = field(packages()[package], "Depends")
        assert "libcdb" not in depends and "libinih" not in depends, package
        assert ("libstdc++" in depends) == (package in ("together-access-common", "together-access-tools", "together",
                                                        "together-roled", "together-authorizer")), package
        assert ("libcurl" in depends) == (package in ("together-access-common", "together"))


def test_adapters_depend_on_what_their_removal_calls() -> None:
    version = field(packages()["together-access-common"], "Version")
    for package in ("libpam-together", "slurm-spank-together", "slurm-job-submit-together"):
        depends = field(packages()[package], "Depends")
        assert f"together-access-common (= {version})" in depends
        assert f"together-access-tools (= {version})" in depends


def test_one_version_everywhere() -> None:
    project = re.search(r"VERSION (\S+)", (CHECKOUT / "CMakeLists.txt").read_text().split("project(")[1])
    spec = re.search(r"^Version: *(\S+)", (CHECKOUT / "packaging/rpm/together-access.spec").read_text(), re.M)
    assert project and spec
    for path in packages().values():
        assert field(path, "Version").rsplit("-", 1)[0] == project[1] == spec[1]


def test_lintian() -> None:
    changes = list(DEBS.glob("*.changes"))
    assert len(changes) == 1
    run = subprocess.run(["lintian", "--allow-root", "--info", "--fail-on", "error,warning", changes[0]],
                         capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, ""), run.stdout
