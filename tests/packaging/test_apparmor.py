# SPDX-License-Identifier: Apache-2.0
"""The rule for AppArmor, as its parser reads it: a profile that may ask for names may read the accounts."""

import shutil
import subprocess
from pathlib import Path

import pytest

from support.programs import CHECKOUT

PROFILE = "include <tunables/global>\nprofile confined /usr/bin/confined {\n  include <abstractions/nameservice>\n}\n"


def test_a_profile_with_names_reads_the_accounts(tmp_path: Path) -> None:
    if not shutil.which("apparmor_parser"):
        pytest.skip("no apparmor_parser")
    base = tmp_path / "apparmor.d"
    for folder in ("abstractions", "tunables", "abi"):
        shutil.copytree(Path("/etc/apparmor.d") / folder, base / folder)
    (base / "abstractions/nameservice.d").mkdir(exist_ok=True)
    shutil.copy(CHECKOUT / "packaging/apparmor/nameservice", base / "abstractions/nameservice.d/together")
    (base / "confined").write_text(PROFILE)

    def parser(*options: str) -> str:
        run = subprocess.run(["apparmor_parser", "--base", base, "--config-file", "/dev/null", *options,
                              base / "confined"], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return run.stdout

    parser("--skip-kernel-load", "--skip-cache")
    assert "/var/lib/together/accounts.v1 r," in parser("--preprocess")
