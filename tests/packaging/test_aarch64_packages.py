# SPDX-License-Identifier: Apache-2.0
"""The Debian packages for aarch64: made in a new Debian by its cross compiler, their tests under qemu-user."""

import subprocess
from pathlib import Path

import pytest

from support.debian_root import DebianRoot, make_base, suite
from support.programs import CHECKOUT

MAKE = r"""
dpkg --add-architecture arm64
apt-get -qq update
cd /checkout
cp -a packaging/debian debian # where apt looks for what a source needs
apt-get -qq -a arm64 build-dep -y --no-install-recommends .
apt-get -qq satisfy -y --no-install-recommends "crossbuild-essential-arm64, qemu-user-static | qemu-user"
DEB_BUILD_OPTIONS= packaging/build-deb --for arm64 /out 2>&1
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the build said, and the folder of its packages."""
    root = DebianRoot(str(make_base(f"{suite()}-bare", ":")), tmp_path_factory.mktemp("aarch64"))
    source = root.layer / "upper/checkout"
    source.mkdir()
    names = subprocess.run([CHECKOUT / "packaging/source-files", CHECKOUT], capture_output=True, check=True).stdout
    archive = subprocess.run(["tar", "-C", CHECKOUT, "--null", "-T", "-", "-c"], input=names, capture_output=True,
                             check=True).stdout
    subprocess.run(["tar", "-C", source, "-x"], input=archive, check=True)
    return root.out(MAKE, timeout=3600), root.layer / "upper/out"


def test_its_tests_pass_under_qemu(built: tuple[str, Path]) -> None:
    log, _ = built
    assert "100% tests passed, 0 tests failed" in log
    for test in ("unit", "role_server_unit", "exports_pam_together"):
        assert f": {test} " in log, test


def test_every_program_and_module_is_of_aarch64(built: tuple[str, Path], tmp_path: Path) -> None:
    _, packages = built
    for package in packages.glob("*_arm64.deb"):
        subprocess.run(["dpkg-deb", "-x", package, tmp_path], check=True)
    found = {path.name for path in tmp_path.rglob("*") if path.is_file() and is_aarch64(path)}
    assert {"togetherctl", "together-refresh", "together-roled", "pam_together.so", "spank_together.so",
            "job_submit_together.so"} <= found


def is_aarch64(path: Path) -> bool:
    """By its ELF header: e_machine is EM_AARCH64, 183."""
    with path.open("rb") as file:
        header = file.read(20)
    return header[:4] == b"\x7fELF" and int.from_bytes(header[18:20], "little") == 183
