"""The tests of togetherctl. Start them with `tests/togetherctl/run`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import ctl_node

ACCOUNTS = {"alice": 10001, "bob": 10002, "dave": 10004, "erin": 10005, "sysacct": 500}


def pytest_configure() -> None:
    # Two signs, because these tests write /etc.
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    private_etc = any(line.split()[4] == "/etc" and " - tmpfs " in line for line in mounts)
    if os.environ.get("TOGETHER_SANDBOX") != "1" or not private_etc:
        pytest.exit("these tests change the system: run tests/togetherctl/run", returncode=2)
    missing = [str(program) for program in (ctl_node.TOGETHERCTL, ctl_node.TOGETHER_REFRESH)
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
