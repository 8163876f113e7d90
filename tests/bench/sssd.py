# SPDX-License-Identifier: Apache-2.0
"""SSSD with accounts of files, where it is installed: scripts/setup does not, because its packages write
themselves into the machine's PAM and nsswitch.conf."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from name_services import lines
from support.waiting import wait_until

# Before it answers it writes all of them into its database, which takes seconds; with ten times as many, so
# long that its own processes give each other up. What is in its memory cache costs the same.
NUMBER = 1_000
FOLDER = Path("/run/sssd-bench")
CONFIG = Path("/etc/sssd/sssd.conf")
SETTINGS = f"""[sssd]
services = nss
domains = bench
[domain/bench]
id_provider = files
passwd_files = {FOLDER}/passwd
group_files = {FOLDER}/group
"""


def is_installed() -> bool:
    """With its provider of files, which later releases lack."""
    return any(Path("/usr").glob("lib/*/sssd/libsss_files.so")) or Path("/usr/lib64/sssd/libsss_files.so").exists()


@contextmanager
def sssd() -> Iterator[None]:
    FOLDER.mkdir()
    for name, text in zip(("passwd", "group"), lines(NUMBER)):
        (FOLDER / name).write_bytes(text)
    for folder in (CONFIG.parent, Path("/var/lib/sss/pipes/private")):
        folder.mkdir(mode=0o700, exist_ok=True)
    CONFIG.touch(mode=0o600)
    CONFIG.write_text(SETTINGS)
    with subprocess.Popen(["/usr/sbin/sssd", "--interactive", "--logger=stderr"], stdin=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: knows_all_of_them(process), "SSSD's accounts", timeout=120)
            yield
        finally:
            process.terminate()


def knows_all_of_them(process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, "sssd ended"
    group = subprocess.run(["getent", "--service", "sss", "group", "file-lab0"], stdout=subprocess.PIPE, text=True)
    return group.stdout.count(",") == NUMBER - 1
