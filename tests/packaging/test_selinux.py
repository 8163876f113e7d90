# SPDX-License-Identifier: Apache-2.0
"""The SELinux module, as far as a host without SELinux can tell: it compiles, and names what is installed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.programs import CHECKOUT

FOLDER = CHECKOUT / "packaging" / "selinux"
DEVEL = Path("/usr/share/selinux/devel/Makefile")
POLICY = (FOLDER / "together.te").read_text()


def tools() -> None:
    for tool in ("checkmodule", "semodule_package"):
        if not shutil.which(tool):
            pytest.skip(f"no {tool}")


def test_it_compiles(tmp_path: Path) -> None:
    tools()
    run = subprocess.run([FOLDER / "compile", tmp_path], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert (tmp_path / "together.pp").stat().st_size > 0


def test_it_compiles_with_the_policys_makefile(tmp_path: Path) -> None:
    tools()
    if not DEVEL.exists():
        pytest.skip("no selinux-policy-dev")
    for file in FOLDER.glob("together.*"):
        shutil.copy(file, tmp_path)
    run = subprocess.run(["make", "-f", DEVEL, "together.pp"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / "together.pp").exists()


def test_the_paths_are_those_that_are_installed() -> None:
    labelled = dict(re.findall(r"^(/[\w/\\.-]+)(?:\(/\.\*\)\?)?\t.*:(\w+):s0$", (FOLDER / "together.fc").read_text(), re.M))
    assert set(labelled) == {"/etc/together", "/etc/together/token", "/usr/libexec/together/together-refresh",
                             "/var/cache/together", "/var/lib/together", r"/var/lib/together/authorized_keys\.v1",
                             r"/var/lib/together/authorized_keys\.v1\.spare",
                             "/var/log/together", "/run/together"}
    for kind in labelled.values():
        assert f"\ntype {kind};" in POLICY
    tmpfiles = (CHECKOUT / "packaging/tmpfiles/together.conf").read_text()
    template = (CHECKOUT / "packaging/config/together.conf").read_text()
    for folder in ("/var/cache/together", "/var/lib/together", "/var/log/together", "/run/together"):
        assert f"d {folder} " in tmpfiles
    assert "#token_file = /etc/together/token\n" in template
    assert "#refresh_program = /usr/libexec/together/together-refresh\n" in template


def test_only_together_refresh_reads_the_token() -> None:
    rules = [line for line in POLICY.splitlines() if line.startswith("allow") and "together_token_t" in line]
    assert rules and all(line.startswith("allow together_refresh_t ") for line in rules)


def test_whoever_asks_for_names_reads_the_accounts_and_no_keys() -> None:
    assert "\nallow nsswitch_domain together_accounts_t:file { getattr open read };\n" in POLICY
    readers = re.findall(r"^\s*allow (.+?) .*together_keys_t.*$", POLICY, re.M)
    assert sorted(readers) == ["sshd_session_t", "sshd_t", "together_refresh_t"]
    for ending in ("new", "spare"):
        assert f'together_keys_t "authorized_keys.v1.{ending}";' in POLICY


def test_the_version_is_the_projects() -> None:
    project = re.search(r"project\(together-access VERSION (\S+)", (CHECKOUT / "CMakeLists.txt").read_text())
    assert project and f"module together {project[1]};" in POLICY
