# SPDX-License-Identifier: Apache-2.0
"""A node whose accounts come from the roster: nsswitch.conf says `files together`. All in the sandbox."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from support.refresher import BUILD, NOTHING, PROGRAM, PROJECT, Refresher

MODULE = BUILD / "nss_together" / "libnss_together.so.2"
ACCOUNTS = Path("/var/lib/together/accounts.v1")
KEYS = Path("/var/lib/together/authorized_keys.v1")
SPARES = [path.with_name(path.name + ".spare") for path in (ACCOUNTS, KEYS)]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXC+Vw7/1Y2vGEJ0H0XnYpM0m1N9d1s0gR0mXcZxq3A"
OTHER_KEY = KEY[:-1] + "B"
KEYS_COMMAND = BUILD / "authorized_keys" / "together-authorized-keys"
ABSENT = 2  # getent's status


def install_module() -> None:
    """Where ld.so finds it for setuid programs, too; /usr is read-only here."""
    folder = Path("/run/nss")
    folder.mkdir(exist_ok=True)
    subprocess.run(["install", "-m", "644", MODULE, folder / MODULE.name], check=True)
    Path("/etc/ld.so.conf.d").mkdir(exist_ok=True)
    Path("/etc/ld.so.conf.d/together.conf").write_text(f"{folder}\n")
    subprocess.run(["ldconfig"], check=True)


def switch(services: str = "files together") -> None:
    path = Path("/etc/nsswitch.conf")
    lines = [line for line in path.read_text().splitlines() if line.split(":")[0] not in ("passwd", "group")]
    new = path.with_suffix(".new")
    new.write_text("\n".join([f"passwd: {services}", f"group: {services}", *lines]) + "\n")
    new.rename(path)


def output(*command: str | Path, status: int = 0, **more: str) -> str:
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, timeout=60,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == status, (command, done.returncode, done.stdout, done.stderr)
    return done.stdout.strip()


def has_account(login: str) -> bool:
    return subprocess.run(["getent", "passwd", login], stdout=subprocess.DEVNULL).returncode == 0


def served(login: str) -> str:
    """What sshd would be given; nothing where the status is not 0."""
    done = subprocess.run([KEYS_COMMAND, login], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 or not done.stdout
    return done.stdout


def as_user(login: str, *command: str) -> list[str]:
    return ["setpriv", "--reuid", login, "--regid", login, "--init-groups", *command]


class AccountsNode(Refresher):
    def __init__(self) -> None:
        super().__init__()
        for path in ACCOUNTS.parent.iterdir():
            path.unlink()
        install_module()
        switch()
        self.roster.group = {"name": "p-lab", "gid": 20000, "admin_gid": 20001}
        self.roster.add("alice", "admin", uid=10001, ssh_keys=[KEY])
        self.roster.add("bob", uid=10002, ssh_keys=[])
        self.set()

    def set(self, api: Mapping[str, str] = NOTHING, **accounts: str) -> None:
        sections = {
            "api": {"base_url": self.roster.path.as_uri(), "project": PROJECT} | dict(api),
            "roster": {"directory": str(self.folder), "refresh_program": str(PROGRAM)},
            "accounts": {"enabled": "yes"} | accounts,
        }
        lines: list[str] = []
        for section, keys in sections.items():
            lines += [f"[{section}]", *(f"{key} = {value}" for key, value in keys.items())]
        self.write_config("\n".join(lines) + "\n")

    def change(self) -> None:
        """The roster as it is now, and a round."""
        self.roster.write()
        self.refresh()
