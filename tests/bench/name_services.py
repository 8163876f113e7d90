# SPDX-License-Identifier: Apache-2.0
"""Name services with the same accounts, of which one at a time is asked."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support.accounts_node import ACCOUNTS, switch

FIRST_UID, FIRST_LAB, MEMBERS_OF_A_LAB = 100_000, 60_000, 10_000  # accounts_bench's
PASSWD, GROUP, NSSWITCH = map(Path, ("/etc/passwd", "/etc/group", "/etc/nsswitch.conf"))
OTHERS = ("extrausers", "cache")  # as nsswitch.conf calls them
Contents = Mapping[Path, bytes]


class NameService:
    """Its files' copies stand beside their places, so that they are put there without being written."""

    def __init__(self, service: str, number: int, prefix: str) -> None:
        self.service, self.number, self.prefix = service, number, prefix
        self.copies: dict[Path, Path] = {}

    def copy(self, place: Path) -> Path:
        return self.copies.setdefault(place, place.with_name(f"{place.name}.of-{self.service}-{self.number}"))

    def write(self, contents: Contents) -> "NameService":
        for place, text in contents.items():
            place.parent.mkdir(exist_ok=True)
            self.copy(place).write_bytes(text)
        return self

    def use(self) -> None:
        """From now on it alone is asked, and has its accounts."""
        for place, copy in self.copies.items():
            new = place.with_name(place.name + ".linked")
            new.hardlink_to(copy)
            new.replace(place)
            new.unlink(missing_ok=True)  # where it was there already, replacing did nothing
        switch(self.service)


def login(prefix: str, number: int) -> str:
    return f"{prefix}{number}"


def lines(number: int) -> tuple[bytes, bytes]:
    """passwd and group: each account with its private group, and in one of 10,000."""
    passwd, group = [], []
    for first in range(0, number, MEMBERS_OF_A_LAB):
        logins = {each: login("file", each) for each in range(first, min(number, first + MEMBERS_OF_A_LAB))}
        for each, name in logins.items():
            uid = FIRST_UID + each
            passwd.append(f"{name}:x:{uid}:{uid}::/home/{name}:/bin/sh\n")
            group.append(f"{name}:x:{uid}:\n")
        lab = first // MEMBERS_OF_A_LAB
        group.append(f"file-lab{lab}:x:{FIRST_LAB + lab}:{','.join(logins.values())}\n")
    return "".join(passwd).encode(), "".join(group).encode()


def index(text: bytes, field: int) -> bytes:
    """As nsscache writes it: sorted, each line as long as the longest, KEY NUL OFFSET NUL…"""
    entries, offset = [], 0
    for line in text.splitlines(keepends=True):
        entries.append(line.split(b":", field + 1)[field] + b"\0%d\0" % offset)
        offset += len(line)
    longest = max(map(len, entries))
    return b"".join(entry.ljust(longest, b"\0") + b"\n" for entry in sorted(entries))


def contents_of(service: str, passwd: bytes, group: bytes) -> Contents:
    if service == "extrausers":
        folder = Path("/var/lib/extrausers")
        return {folder / "passwd": passwd, folder / "group": group}
    of_passwd, of_group = "/etc/passwd.cache", "/etc/group.cache"
    # The indexes last: one that is older than its file is not used.
    return {Path(of_passwd): passwd, Path(of_group): group,
            Path(of_passwd + ".ixname"): index(passwd, 0), Path(of_passwd + ".ixuid"): index(passwd, 2),
            Path(of_group + ".ixname"): index(group, 0), Path(of_group + ".ixgid"): index(group, 2)}


def is_installed(service: str) -> bool:
    return f"libnss_{service}.so.2 " in subprocess.check_output(["ldconfig", "-p"], text=True)


def ours(program: Path, number: int) -> NameService:
    service = NameService("together", number, "user")
    subprocess.run([program, "make", service.copy(ACCOUNTS), str(number)], check=True)
    return service


@contextmanager
def name_services(program: Path, numbers: tuple[int, ...]) -> Iterator[list[NameService]]:
    """Ours, files and what else is installed, each with as many accounts; afterwards all is as it was."""
    before = {path: path.read_bytes() for path in (PASSWD, GROUP, NSSWITCH)}
    others = [other for other in OTHERS if is_installed(other)]
    for other in set(OTHERS) - set(others):
        print(f"libnss-{other} is not installed: left out")
    services: list[NameService] = []
    try:
        services += [ours(program, number) for number in numbers]
        for number in numbers:
            passwd, group = lines(number)
            services.append(NameService("files", number, "file").write(
                {PASSWD: before[PASSWD] + passwd, GROUP: before[GROUP] + group}))
            services += [NameService(other, number, "file").write(contents_of(other, passwd, group)) for other in others]
        yield services
    finally:
        for service in services:
            for path in (*service.copies, *service.copies.values()):
                path.unlink(missing_ok=True)
        for path, text in before.items():
            path.write_bytes(text)
