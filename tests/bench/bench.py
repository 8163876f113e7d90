# SPDX-License-Identifier: Apache-2.0
"""What scripts/bench runs in the sandbox: each measurement prints its lines and the budget."""

import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
import accounts
import authorizer
import questions
import removal
import roled
import served_keys
from authority import Authority
from support.accounts import Accounts
from support.node import Node, build_folder
from support.pam_service import PERMIT, PamService, gate_lines
from support.ssh_client import SshClient
from support.sshd import Sshd
from support.syslog_collector import SyslogCollector

BENCH = build_folder() / "tests" / "bench"
ROLED_MEASURED = ((36, 15), (560, 45))  # µs of connecting and of being told, over TCP and over TLS
PAIRS = int(os.environ.get("TOGETHER_BENCH_PAIRS", "500"))


def heading(text: str, *columns: str) -> None:
    print(f"\n{text}")
    if columns:
        print(f"{'':44} " + " ".join(f"{column:>10}" for column in columns), flush=True)


def row(name: str, *values: float, unit: str = "") -> None:
    print(f"{name:44} " + " ".join(f"{value:10.2f}" for value in values) + f" {unit}", flush=True)


def upper_bound(differences: list[float]) -> float:
    """Of the mean, 95 %, by resampling: the differences are not normal."""
    means = sorted(statistics.fmean(random.choices(differences, k=len(differences)))
                   for _ in range(2000))
    return means[int(0.95 * len(means))]


@contextmanager
def node_with_roster(collaborators: int) -> Iterator[Node]:
    node = Node(build_folder())
    node.reset()
    for number in range(collaborators):
        node.roster.add(f"user{number}", "member" if number else "admin", uid=20000 + number)
    node.roster.write()
    node.configure(roster={"fresh_for": "1h"})
    assert node.refresh().returncode == 0
    try:
        yield node
    finally:
        node.reset()


def decision() -> None:
    heading("One decision, everything opened and parsed anew. Budget: 20 µs hot, 100 µs in a new process, "
            "an absent name twice one who is there",
            "p50 µs", "p99 µs")
    subprocess.run([BENCH / "gate_bench", tempfile.mkdtemp()], check=True)


def installed(module: Path, folder: Path) -> Path:
    """A copy as dpkg writes it. How large the pieces are in which a file lies in memory is up to a tenth
    of a transaction: a linker's output lies there in single pages, and so does, until it is written anew,
    a file that was read by being mapped after a boot."""
    copy = folder / module.name
    with module.open("rb") as source, copy.open("wb") as target:
        shutil.copyfileobj(source, target, 32 * 1024)
        target.flush()
        os.fsync(target.fileno())
    return copy


@contextmanager
def on_another_processor() -> Iterator[list[str]]:
    """What to put before a command that shall not share a processor with this process, the reader of its
    log: which would run within the time that is measured, as on a node of many processors it does not."""
    all_of_them = os.sched_getaffinity(0)
    mine = max(all_of_them)
    if len(all_of_them) == 1:
        yield []
        return
    os.sched_setaffinity(0, {mine})
    yield ["taskset", "--cpu-list", ",".join(str(one) for one in all_of_them - {mine})]
    os.sched_setaffinity(0, all_of_them)


def pam() -> None:
    heading("PAM account transactions in new processes, log line included, of modules as dpkg "
            "writes them. Budget: 1.5 of pam_permit",
            "p50 µs", "p99 µs", "ratio", "faults")
    folder = Path(tempfile.mkdtemp())
    names = folder / "names"
    names.write_text("".join(f"user{number}\n" for number in range(1000)))
    rules = folder / "access.conf"
    rules.write_text("+:root:ALL\n+:user1:ALL\n+:user2:ALL\n+:user3:ALL\n+:user50:ALL\n-:ALL:ALL\n")
    system = next(folder for folder in (*Path("/usr/lib").glob("*/security"), Path("/usr/lib64/security"))
                  if (folder / "pam_permit.so").exists())
    stacks = {
        "permit": (system / "pam_permit.so", ""),
        "do_nothing": (BENCH / "do_nothing.so", ""),
        "together": (build_folder() / "pam_together" / "pam_together.so", ""),
        "listfile_1000": (system / "pam_listfile.so", f"item=user sense=allow onerr=fail file={names}"),
        "access_6": (system / "pam_access.so", f"accessfile={rules}"),
    }
    # Without it libpam complains through syslog(3), which loads half of what our own line needs.
    (folder / "other").write_text("account required pam_deny.so\n")
    accounts = Accounts(folder)
    accounts.add("user50", 20050)
    # Not below /tmp: in the sandbox that lies in memory alone.
    with (tempfile.TemporaryDirectory(dir=BENCH) as modules, node_with_roster(1000),
          on_another_processor() as transactions, SyslogCollector()):
        for name, (module, arguments) in stacks.items():
            line = f"account required {installed(module, Path(modules))} {arguments}\n"
            (folder / name).write_text(line)
        subprocess.run([*transactions, BENCH / "pam_bench", folder, "1000", *stacks], check=True)


def ssh() -> None:
    heading(f"ssh login end to end over pam_permit, {PAIRS} pairs. Budget: upper bound below 2 ms",
            "permit ms", "ours ms", "difference", "95 % upper")
    folder = Path(tempfile.mkdtemp())
    accounts = Accounts(folder)
    account = accounts.add("user51", 20051)
    with node_with_roster(1000) as node, SyslogCollector(), Sshd(folder) as sshd:
        client = SshClient(sshd, folder)
        stacks = {"permit": PERMIT, "ours": gate_lines(node.module)[:2]}
        times: dict[str, list[float]] = {name: [] for name in stacks}
        for _ in range(PAIRS):
            for name in random.sample(list(stacks), 2):
                sshd.account_stack(stacks[name])
                result = client.run(account, "true")
                assert result.status == 0, result
                times[name].append(result.seconds * 1000)
    differences = [ours - permit for ours, permit in zip(times["ours"], times["permit"])]
    row("ssh true", statistics.median(times["permit"]), statistics.median(times["ours"]),
        statistics.median(differences), upper_bound(differences))


def cpu_seconds(*command: str | Path) -> float:
    """User and system time of a command and all that it waited for."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, (command, process.returncode)
    return usage.ru_utime + usage.ru_stime


def cpu_of_family(pid: int) -> float:
    """CPU seconds so far of a process and its children: schedstat counts nanoseconds, not ticks."""
    pids = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    return sum(int(Path(f"/proc/{each}/schedstat").read_text().split()[0]) for each in pids) / 1e9


def refresh() -> None:
    heading("together-refresh over TLS with a ca_file, CPU time. Budget for 10,000: 100, 25 and 2 ms",
            "p50 ms", "max ms")
    for collaborators in (10_000, 100_000):
        with Authority(collaborators) as authority:
            node = Node(build_folder())
            authority.configure(node)
            changed, unchanged, libcurl = [], [], []
            for _ in range(10):
                authority.change()
                changed.append(1000 * cpu_seconds(node.refresh_program))
                unchanged.append(1000 * cpu_seconds(node.refresh_program))
                libcurl.append(1000 * cpu_seconds(
                    BENCH / "curl_bench", f"https://127.0.0.1:{authority.port}/v1",
                    authority.certificate, authority.etag))
            row(f"changed, {collaborators}", statistics.median(changed), max(changed))
            row(f"unchanged, on demand, {collaborators}", statistics.median(unchanged), max(unchanged))
            row("  the same request by libcurl alone", statistics.median(libcurl), max(libcurl))
            row("  ratio", statistics.median(unchanged) / statistics.median(libcurl))
            watch(authority, node, collaborators)
            node.reset()


def watch(authority: Authority, node: Node, collaborators: int) -> None:
    authority.hold_for = 1.05  # below a second a watcher takes it for an authority that holds nothing
    watcher = subprocess.Popen([node.refresh_program, "--watch"], stderr=subprocess.DEVNULL)
    authority.wait_for_requests(3)
    before, requests = cpu_of_family(watcher.pid), authority.requests
    authority.wait_for_requests(15)
    spent = cpu_of_family(watcher.pid) - before
    row(f"unchanged, --watch, {collaborators}", 1000 * spent / (authority.requests - requests))
    watcher.terminate()
    watcher.wait()


def accounts_of_the_roster() -> None:
    heading("Accounts: look-ups through glibc, p50 of each, the median of rounds by turns; getgrnam of a private group "
            "and of a large one, of 10,000.\nBudgets stand behind the names; cache is libnss-cache with its indexes: also its "
            "getgrouplist 500, its large group 2")
    accounts.look_ups(BENCH)
    heading(f"Accounts beside SSSD: the same with {accounts.sssd.NUMBER}, all in one group")
    accounts.beside_sssd(BENCH)
    heading(f"ls -l of {accounts.FILES} files of {accounts.OWNERS} owners, of {accounts.FEW} accounts",
            "p50 ms", "over ours")
    accounts.listings(BENCH)
    heading("The first question of a new process, p50 of each")
    accounts.new_processes(BENCH)
    refresh_with_accounts()
    logins_with_served_keys()


def refresh_with_accounts() -> None:
    heading("A changed roster of 10,000, CPU time of together-refresh. Budget: with accounts 1.4 of without",
            "p50 ms", "max ms")
    with Authority(10_000) as authority:
        node = Node(build_folder())
        authority.configure(node)
        plain = node.config.read_text()
        for what, change in (("another revision alone", authority.change), ("another person", authority.replace_one)):
            without: list[float] = []
            with_accounts: list[float] = []
            for _ in range(20):
                change()
                node.write_config(plain)
                without.append(refresh_beside_accounts(node))
                change()
                node.write_config(plain + "\n[accounts]\nenabled = yes\n")
                with_accounts.append(1000 * cpu_seconds(node.refresh_program))
            row(f"{what}, without accounts", statistics.median(without), max(without))
            row("  with", statistics.median(with_accounts), max(with_accounts))
            row("  ratio", statistics.median(with_accounts) / statistics.median(without))
        node.reset()


def refresh_beside_accounts(node: Node) -> float:
    """Milliseconds of a round without accounts, which would take away those of the round before."""
    folder = accounts.ACCOUNTS.parent
    hidden = folder.rename(folder.with_name("hidden"))
    spent = 1000 * cpu_seconds(node.refresh_program)
    hidden.rename(folder)
    return spent


def logins_with_served_keys() -> None:
    pairs = min(PAIRS, 200)
    heading(f"ssh login with AuthorizedKeysCommand together-authorized-keys over the same with a file of keys, {pairs} pairs; "
            f"{served_keys.PEOPLE} have keys. Budget: upper bound below 2 ms",
            "file ms", "command ms", "difference", "95 % upper")
    account = served_keys.account_with_served_keys(Path(tempfile.mkdtemp()), "user53", 20053)
    times = served_keys.logins(account, pairs)
    differences = [command - file for command, file in zip(times["command"], times["file"])]
    row("ssh true", statistics.median(times["file"]), statistics.median(times["command"]),
        statistics.median(differences), upper_bound(differences))
    heading("  the command alone, which sshd executes twice a login. Budget: 20 ms", "p50 ms", "max ms")
    for name, alone in served_keys.answers(account, pairs).items():
        row(name, statistics.median(alone), max(alone))


def storm() -> None:
    Accounts(Path(tempfile.mkdtemp())).add("user52", 20052)
    heading("200 logins at once on a cold node. Budget: 1 request", "requests", "slowest s")
    with Authority(1000) as authority:
        node = Node(build_folder())
        authority.configure(node)
        slowest = at_once(200, "user52")
        row("cold", authority.requests, slowest)
        node.reset()
    heading("1,000 logins in a row while the authority accepts and says nothing", "p50 ms", "p99 ms", "max ms")
    with Authority(1000) as authority:
        node = Node(build_folder())
        authority.configure(node, roster={"fresh_for": "1s", "recheck_after": "1s"})
        assert node.refresh().returncode == 0
        authority.silent = True
        time.sleep(1.1)  # sleeps: nothing is asked meanwhile, until the roster is older than fresh_for
        times = sorted(1000 * one_login("user52") for _ in range(1000))
        row("the roster grew old", times[500], times[990], times[-1])
        print("for comparison, others' logins while their backend hangs (found by experiment before): "
              "guest-oslogin 5.7 s and denied, duo 22 s, SSSD 12 s once and then 0.13 s")
        node.reset()


def one_login(login: str) -> float:
    start = time.monotonic()
    done = subprocess.run([build_folder() / "togetherctl" / "togetherctl", "check", login],
                          stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == 0, done
    return time.monotonic() - start


def at_once(number: int, login: str) -> float:
    times: list[float] = []
    threads = [threading.Thread(target=lambda: times.append(one_login(login))) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(times) == number
    return max(times)


def slurm() -> None:
    subprocess.run([HERE / "slurm"], check=True)


def role_authority() -> None:
    heading("The role authority while nodes wait. Budget for 10,000 and 1,000 collaborators: the last told within "
            "0.5 s, 40 µs of CPU a node, 100 MiB while they wait and 200 while they are told, a probe within 5 ms; "
            "over TLS all back within 10 s after a restart, others' p99 200 ms meanwhile")
    roled.roled(BENCH)


def questions_to_it() -> None:
    heading("Questions to the role authority, which has one core, the clients the other")
    questions.questions()


def from_a_removal() -> None:
    heading("From a removal at the authority to the beginning of the first that is refused, tried without a pause",
            "p50 ms", "p90 ms", "max ms")
    removal.removal()


def at_scale() -> None:
    heading("100,000 nodes, simulated with what roled measures of one authority: over TCP, then over TLS")
    for connecting, telling in ROLED_MEASURED:
        subprocess.run([BENCH / "scale_simulation", str(connecting), str(telling)], check=True)


def kubernetes_and_proxies() -> None:
    heading("together-authorizer, which has one core, the clients and nginx the other. Budget: 20,000 reviews a second over "
            "kept-alive TLS")
    authorizer.measure()


MEASUREMENTS: dict[str, Callable[[], None]] = {
    "decision": decision, "pam": pam, "ssh": ssh, "refresh": refresh,
    "accounts": accounts_of_the_roster, "storm": storm,
    "roled": role_authority, "questions": questions_to_it, "removal": from_a_removal, "scale": at_scale, "authorizer": kubernetes_and_proxies, "slurm": slurm}


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        sys.exit(f"bench: no such measurement: {unknown[0]} ({', '.join(MEASUREMENTS)})")
    for name in names or MEASUREMENTS:
        MEASUREMENTS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
