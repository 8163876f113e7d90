# SPDX-License-Identifier: Apache-2.0
"""The tests of togetherctl. Start them with `tests/system/togetherctl/run`."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import ctl_node

ACCOUNTS = {"alice": 10001, "bob": 10002, "dave": 10004, "erin": 10005, "sysacct": 500,
            "together": 990}  # the package's


def pytest_configure() -> None:
    # Two signs, because these tests write /etc.
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    private_etc = any(line.split()[4] == "/etc" and " - tmpfs " in line for line in mounts)
    if os.environ.get("TOGETHER_SANDBOX") != "1" or not private_etc:
        pytest.exit("these tests change the system: run tests/system/togetherctl/run", returncode=2)
    missing = [str(program) for program in (ctl_node.TOGETHERCTL, ctl_node.TOGETHER_REFRESH,
                                                ctl_node.PAM_MODULE)
               if not program.exists()]
    if missing:
        pytest.exit(f"build first (TOGETHER_BUILD names the folder): no {missing}", returncode=2)
    os.umask(0o022)


@pytest.fixture(scope="session", autouse=True)
def accounts() -> None:
    with Path("/etc/passwd").open("a") as passwd:
        for login, uid in ACCOUNTS.items():
            if f"\n{login}:" not in Path("/etc/passwd").read_text():
                passwd.write(f"{login}:x:{uid}:{uid}::/nonexistent:/bin/sh\n")
    with Path("/etc/shadow").open("a") as shadow:
        for login in ACCOUNTS:
            shadow.write(f"{login}:*:19000:0:99999:7:::\n")


@pytest.fixture(scope="session", autouse=True)
def installed_module(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Our module in libpam's folder, which is read-only here: over it lies a copy."""
    folder = tmp_path_factory.mktemp("security")
    folder.chmod(0o755)
    shutil.copytree(ctl_node.SECURITY, folder, dirs_exist_ok=True)
    shutil.copy(ctl_node.PAM_MODULE, folder)
    # In the stead of one that is not installed: it lets everybody in.
    shutil.copy(folder / "pam_permit.so", folder / "pam_slurm_adopt.so")
    subprocess.run(["mount", "--bind", folder, ctl_node.SECURITY], check=True)
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # or sshd -T does not answer


@pytest.fixture(scope="session", autouse=True)
def kubectl() -> None:
    """togetherctl runs none that others could exchange, and a checkout may be anybody's."""
    shutil.copy(ctl_node.CHECKOUT / "tests" / "support" / "fake_kubectl.py", ctl_node.KUBECTL)


@pytest.fixture(scope="session", autouse=True)
def squeue() -> Path:
    """What stands where Slurm's does, if that is installed: an empty queue."""
    fake, real = Path("/run/squeue"), Path("/usr/bin/squeue")
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    if real.exists():
        subprocess.run(["mount", "--bind", fake, real], check=True)
    return fake


@pytest.fixture(scope="session", autouse=True)
def no_slurmd_and_no_vendors_services(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever is installed here: a test that needs one makes it."""
    vendors, slurmd = Path("/usr/lib/pam.d"), Path("/usr/sbin/slurmd")
    if vendors.exists():
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", vendors], check=True)
    if slurmd.exists():
        nothing = tmp_path_factory.mktemp("no") / "slurmd"
        nothing.touch(mode=0o644)
        subprocess.run(["mount", "--bind", nothing, slurmd], check=True)


@pytest.fixture(scope="session")
def pristine_pam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pam")
    shutil.copytree("/etc/pam.d", folder / "pam.d")
    return folder / "pam.d"


@pytest.fixture
def etc_pam(pristine_pam: Path) -> Iterator[Path]:
    """/etc/pam.d; as it was afterwards."""
    folder = Path("/etc/pam.d")
    yield folder
    shutil.rmtree(folder)
    shutil.copytree(pristine_pam, folder)


@pytest.fixture(autouse=True)
def clean_node() -> Iterator[None]:
    ctl_node.reset()
    yield


@pytest.fixture
def roster() -> None:
    """alice is an Admin, bob a Member, carol has no account here; the roster is fresh."""
    ctl_node.write_roster(ctl_node.entry("alice", "admin", 10001),
                          ctl_node.entry("bob", "member", 10002),
                          ctl_node.entry("carol", "developer", 10003, external=True))
    ctl_node.refresh()
