# SPDX-License-Identifier: Apache-2.0
"""together-authorized-keys where sshd executes it, and the file that it reads."""

import os
import shutil
import subprocess
from pathlib import Path

BUILD = Path(os.environ.get("TOGETHER_BUILD",
                            Path(__file__).resolve().parents[2] / "build" / "release")).resolve()
COMMAND = Path("/usr/libexec/together/together-authorized-keys")
SERVED = Path("/var/lib/together/authorized_keys.v1")
ACCOUNTS = SERVED.with_name("accounts.v1")
USER = 64777
SSHD_SETTINGS = [f"AuthorizedKeysCommand {COMMAND} %u", "AuthorizedKeysCommandUser together"]


def install() -> None:
    """In a libexec of the sandbox's own, which is read-only else; and the user as whom it runs."""
    libexec = COMMAND.parents[1]
    if not COMMAND.exists():
        copy = Path("/run/libexec")
        shutil.copytree(libexec, copy, symlinks=True)
        subprocess.run(["mount", "--bind", copy, libexec], check=True)
        COMMAND.parent.mkdir(exist_ok=True)
        shutil.copy(BUILD / "authorized_keys" / COMMAND.name, COMMAND)
        COMMAND.chmod(0o711)
    passwd, group = Path("/etc/passwd"), Path("/etc/group")
    if "\ntogether:" not in group.read_text():
        gid = next((line.split(":")[3] for line in passwd.read_text().splitlines()
                    if line.startswith("together:")), USER)
        group.write_text(group.read_text() + f"together:x:{gid}:\n")
    if "\ntogether:" not in passwd.read_text():
        passwd.write_text(passwd.read_text() + f"together:x:{USER}:{USER}::/:/usr/sbin/nologin\n")
        with Path("/etc/shadow").open("a") as shadow:
            shadow.write("together:*:19000:0:99999:7:::\n")


def public_key(private: Path) -> str:
    """Type and Base64, without the comment."""
    return " ".join(private.with_suffix(".pub").read_text().split()[:2])


def serve(keys: dict[str, list[str]]) -> None:
    """Replaces the files whole, the keys root:together 0640, as together-refresh does."""
    lines = "".join(f"{login} {key}\n" for login, its in keys.items() for key in its)
    new = SERVED.with_name("new")
    new.mkdir()
    subprocess.run([BUILD / "tests" / "support" / "tools" / "together-keys-file", new],
                   input=lines, text=True, check=True)
    os.chown(new / SERVED.name, 0, int(subprocess.run(["getent", "group", "together"], capture_output=True,
                                                      text=True, check=True).stdout.split(":")[2]))
    (new / ACCOUNTS.name).chmod(0o644)
    for path in (SERVED, ACCOUNTS):
        (new / path.name).rename(path)
    new.rmdir()
