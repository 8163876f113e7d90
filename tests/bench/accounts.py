# SPDX-License-Identifier: Apache-2.0
"""What accounts from the roster cost whoever asks for a name, beside other services."""

import shutil
import statistics
import subprocess
from pathlib import Path

from support.accounts_node import ACCOUNTS, install_module, switch

FEW, MANY = 10_000, 1_000_000
FIRST_UID, LAB = 100_000, 60_000  # accounts_bench's
EXTRA = Path("/var/lib/extrausers")
QUESTIONS = ("bare system calls", "getpwnam", "absent", "getpwuid", "getgrouplist")
ROUNDS = 7


def lines(number: int) -> tuple[str, str]:
    """/etc/passwd and /etc/group with as many accounts, one in a group of all."""
    logins = [f"file{each}" for each in range(number)]
    passwd = "".join(f"{login}:x:{FIRST_UID + each}:{FIRST_UID + each}::/home/{login}:/bin/sh\n"
                     for each, login in enumerate(logins))
    return passwd, f"files:x:{LAB}:{','.join(logins)}\n"


class Subject:
    """A service with its accounts."""

    def __init__(self, name: str, service: str, number: int, prefix: str, accounts: Path) -> None:
        self.name, self.service, self.number, self.prefix, self.accounts = name, service, number, prefix, accounts
        self.times: list[list[float]] = []

    def measure(self, program: Path) -> None:
        new = ACCOUNTS.with_suffix(".new")
        new.unlink(missing_ok=True)
        new.hardlink_to(self.accounts)
        new.replace(ACCOUNTS)
        switch(self.service)
        said = subprocess.run([program, "ask", ACCOUNTS, self.prefix, str(self.number)], check=True,
                              capture_output=True, text=True).stdout
        self.times.append([float(word) for word in said.split()])

    def medians(self) -> list[float]:
        return [statistics.median(column) for column in zip(*self.times)]


def look_ups(bench: Path) -> None:
    program = bench / "accounts_bench"
    install_module()
    copies = {number: ACCOUNTS.with_name(f"copy-{number}") for number in (FEW, MANY)}
    for number, copy in copies.items():
        subprocess.run([program, "make", copy, str(number)], check=True)
    subjects = [Subject(f"together, {number}", "together", number, "user", copy) for number, copy in copies.items()]
    before = {path: path.read_text() for path in map(Path, ("/etc/passwd", "/etc/group", "/etc/nsswitch.conf"))}
    passwd, group = lines(FEW)
    try:
        for path, text in ((Path("/etc/passwd"), passwd), (Path("/etc/group"), group)):
            path.write_text(before[path] + text)
        subjects.append(Subject(f"files, {FEW} lines", "files", FEW, "file", copies[FEW]))
        if next(Path("/usr/lib").glob("*/libnss_extrausers.so.2"), None):
            shutil.rmtree(EXTRA, ignore_errors=True)
            EXTRA.mkdir()
            (EXTRA / "passwd").write_text(passwd)
            (EXTRA / "group").write_text(group)
            subjects.append(Subject(f"extrausers, {FEW} lines", "extrausers", FEW, "file", copies[FEW]))
        for _ in range(ROUNDS):
            for subject in subjects:
                subject.measure(program)
    finally:
        for path, text in before.items():
            path.write_text(text)
        for copy in copies.values():
            copy.unlink()
    report(subjects)


def report(subjects: list[Subject]) -> None:
    print(f"{'µs':44} " + " ".join(f"{question:>17}" for question in QUESTIONS))
    for subject in subjects:
        show(subject.name, subject.medians())
    few, many, files = (subject.medians() for subject in subjects[:3])
    for number, medians in ((FEW, few), (MANY, many)):
        show(f"{number}, over bare system calls: 2", [time / medians[0] for time in medians])
    show(f"{MANY} over {FEW}: 1.2", [each / one for each, one in zip(many, few)])
    show("files over ours: 80", [each / one for each, one in zip(files, few)])
    print(f"{'absent over present: 1':44} {few[2] / few[1]:17.2f} {many[2] / many[1]:17.2f}", flush=True)


def show(name: str, numbers: list[float]) -> None:
    print(f"{name:44} " + " ".join(f"{number:17.2f}" for number in numbers), flush=True)


def new_processes(bench: Path) -> None:
    install_module()
    folder = Path("/run/nss")
    shutil.copy(bench / "libnss_nothing.so.2", folder)
    subprocess.run(["ldconfig"], check=True)
    program = bench / "accounts_bench"
    subprocess.run([program, "make", ACCOUNTS, str(FEW)], check=True)
    nsswitch = Path("/etc/nsswitch.conf")
    before = nsswitch.read_text()
    times: dict[str, list[float]] = {"nothing": [], "together": []}
    try:
        for number in range(500):
            for service, of_one in times.items():
                switch(service)
                of_one.append(float(subprocess.check_output([program, "first", f"user{number}"])))
    finally:
        nsswitch.write_text(before)
    nothing, together = (statistics.median(of_one) for of_one in times.values())
    for name, value in (("a module that does nothing", nothing), ("together", together),
                        ("  ratio; budget 1.25", together / nothing)):
        print(f"{name:44} {value:10.2f}", flush=True)
