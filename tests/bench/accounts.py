# SPDX-License-Identifier: Apache-2.0
"""What accounts from the roster cost whoever asks for a name, beside other services."""

import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import sssd
from name_services import FIRST_LAB, FIRST_UID, GROUP, NSSWITCH, PASSWD, NameService, login, name_services, ours
from support.accounts_node import ACCOUNTS, install_module, switch

FEW, MANY = 10_000, 1_000_000
QUESTIONS = ("bare calls", "getpwnam", "absent", "getpwuid", "getgrouplist", "getgrnam", "large group")
OF_THE_BARE_CALLS = 5  # as many questions, with those themselves, ask for one record
OVER_OURS = {"files": "80", "extrausers": "", "cache": "3"}  # the budgets
ROUNDS = 7
FIRST_QUESTIONS, NEW_PROCESSES = ("getpwnam", "absent", "getpwuid", "getgrouplist", "getgrnam"), 300
FILES, OWNERS, LISTINGS = 10_000, 1_000, 11


def look_ups(bench: Path) -> None:
    install_module()
    program = bench / "accounts_bench"
    with name_services(program, (FEW, MANY)) as services:
        report({(service.service, service.number): medians for service, medians in asked(program, services).items()})


def asked(program: Path, services: list[NameService]) -> dict[NameService, list[float]]:
    """Microseconds of each question, by turns."""
    times: dict[NameService, list[list[float]]] = {service: [] for service in services}
    for _ in range(ROUNDS):
        for service in services:
            service.use()
            said = subprocess.check_output([program, "ask", ACCOUNTS, service.prefix, str(service.number)], text=True)
            times[service].append([float(word) for word in said.split()])
    return {service: [statistics.median(column) for column in zip(*rounds)] for service, rounds in times.items()}


def report(medians: dict[tuple[str, int], list[float]]) -> None:
    show_questions()
    for (service, number), values in medians.items():
        show(f"{service}, {number}", values)
    few, many = (medians["together", number] for number in (FEW, MANY))
    for number, ours in ((FEW, few), (MANY, many)):
        show(f"{number}, over bare calls: 2", [value / ours[0] for value in ours[:OF_THE_BARE_CALLS]])
    show(f"{MANY} over {FEW}: 1.2", ratios(many, few)[:OF_THE_BARE_CALLS])
    for (service, number), values in medians.items():
        if service in OVER_OURS:
            show(f"{service} over ours, {number}: {OVER_OURS[service]}", ratios(values, medians["together", number]))
    print(f"{'absent over present: 1':44} {few[2] / few[1]:12.2f} {many[2] / many[1]:12.2f}", flush=True)


def beside_sssd(bench: Path) -> None:
    if not sssd.is_installed():
        print("SSSD is not installed: left out", flush=True)
        return
    install_module()
    program = bench / "accounts_bench"
    with name_services(program, (sssd.NUMBER,)) as services, sssd.sssd():
        ours, its = asked(program, [services[0], NameService("sss", sssd.NUMBER, "file")]).values()
    show_questions()
    show("together", ours)
    show("sss, from its memory cache but the absent", its)
    show("ours over its: 4", ratios(ours, its))


def ratios(ones: list[float], others: list[float]) -> list[float]:
    return [one / other for one, other in zip(ones, others)]


def show_questions(questions: tuple[str, ...] = QUESTIONS) -> None:
    print(f"{'µs':44} " + " ".join(f"{question:>12}" for question in questions))


def show(name: str, numbers: list[float]) -> None:
    print(f"{name:44} " + " ".join(f"{number:12.2f}" for number in numbers), flush=True)


def listings(bench: Path) -> None:
    install_module()
    nobody = NameService("files", 0, "").write({path: path.read_bytes() for path in (PASSWD, GROUP)})
    with tempfile.TemporaryDirectory() as folder, name_services(bench / "accounts_bench", (FEW,)) as services:
        services.append(nobody)
        fill(Path(folder))
        times: dict[NameService, list[float]] = {service: [] for service in services}
        for _ in range(LISTINGS):
            for service in random.sample(services, len(services)):
                service.use()
                times[service].append(listing(Path(folder), service))
    medians = {service: statistics.median(of_one) for service, of_one in times.items()}
    ours = next(value for service, value in medians.items() if service.service == "together")
    for service, value in medians.items():
        name = service.service if service.number else "files without their names"
        print(f"{name:44} {value:10.2f} {value / ours:10.2f}", flush=True)
    print(f"{'together over files without their names: 1.1':44} {ours / medians[nobody]:10.2f}", flush=True)


def fill(folder: Path) -> None:
    for number in range(FILES):
        path = folder / f"file-{number}"
        path.touch()
        os.chown(path, owner(number), FIRST_LAB)


def owner(number: int) -> int:
    return FIRST_UID + number % OWNERS * (FEW // OWNERS)


def listing(folder: Path, service: NameService) -> float:
    """Milliseconds, with the owners' names in it."""
    start = time.monotonic()
    said = subprocess.check_output(["ls", "-l", folder], text=True)
    spent = 1000 * (time.monotonic() - start)
    number = FILES - 1
    name = login(service.prefix, owner(number) - FIRST_UID) if service.number else str(owner(number))
    assert said.count(f" {name} ") == FILES // OWNERS, (service.service, said[:200])
    return spent


def new_processes(bench: Path) -> None:
    install_module()
    folder = Path("/run/nss")
    shutil.copy(bench / "libnss_nothing.so.2", folder)
    subprocess.run(["ldconfig"], check=True)
    program = bench / "accounts_bench"
    before = NSSWITCH.read_text()
    services = [NameService("nothing", 0, "user"), *(ours(program, number) for number in (FEW, MANY))]
    times: dict[NameService, dict[str, list[float]]] = {
        service: {question: [] for question in FIRST_QUESTIONS} for service in services}
    try:
        for _ in range(NEW_PROCESSES):
            for service in services:
                service.use()
                for question, of_one in times[service].items():
                    of_one.append(first_answer(program, question, service))
    finally:
        NSSWITCH.write_text(before)
        for path in (ACCOUNTS, *(copy for service in services for copy in service.copies.values())):
            path.unlink(missing_ok=True)
    nothing, few, many = ([statistics.median(of_one) for of_one in times[service].values()] for service in services)
    show_questions(FIRST_QUESTIONS)
    for name, values in (("a module that does nothing", nothing), (f"together, {FEW}", few), (f"together, {MANY}", many),
                         (f"  ratio, {FEW}; budget 1.25", ratios(few, nothing)),
                         (f"  ratio, {MANY}; budget 1.25", ratios(many, nothing))):
        show(name, values)


def first_answer(program: Path, question: str, service: NameService) -> float:
    """Microseconds, of somebody chosen at random."""
    number = random.randrange(service.number or FEW)
    name, function = login(service.prefix, number), question
    if question == "absent":
        name, function = f"absent{name}", "getpwnam"
    said = subprocess.check_output([program, "first", function, name, str(FIRST_UID + number)], text=True)
    took, found = said.split()
    assert (found == "1") == (service.number > 0 and question != "absent"), (service.service, question, said)
    return float(took)
