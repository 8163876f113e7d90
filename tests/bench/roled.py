# SPDX-License-Identifier: Apache-2.0
"""together-roled with many nodes that wait: memory, how soon all are told, what it costs, and who else is
kept waiting. TOGETHER_BENCH_NODES and TOGETHER_BENCH_COLLABORATORS say how many there are."""

import contextlib
import os
import pathlib
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator

from support.certificates import Certificates
from support.roled import Roled
from support.waiting import wait_until

NODES = int(os.environ.get("TOGETHER_BENCH_NODES", "9500"))
COLLABORATORS = int(os.environ.get("TOGETHER_BENCH_COLLABORATORS", "1000"))
# In the field no node runs on the server's machine.
ELSEWHERE = 10
# All come from one address here.
OPTIONS = os.environ.get("TOGETHER_BENCH_ROLED", "--max-unknown-per-address 20000").split()


class Server(Roled):
    """With COLLABORATORS in a project."""

    def fill(self) -> str:
        """All members are in the Default Project. Returns the id of one."""
        return [self.add_user(f"user{number}", uid=20000 + number).id for number in range(COLLABORATORS - 1)][0]

    def cpu(self) -> float:
        return sum(self.cpu_by_thread().values())

    def cpu_of_handshakes(self) -> float:
        return sum(used for name, used in self.cpu_by_thread().items() if name.startswith("handshakes"))

    def cpu_by_thread(self) -> dict[str, float]:
        used: dict[str, float] = {}
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            name = (task / "comm").read_text().strip()
            used[name] = used.get(name, 0) + int((task / "schedstat").read_text().split()[0]) / 1e9
        return used

    def kernel_share(self) -> float:
        """Of all that it has used of the processor, in percent."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return 100 * int(fields[12]) / max(1, int(fields[11]) + int(fields[12]))

    def memory(self, which: str = "VmRSS") -> float:
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split(which + ":")[1].split()[0]) / 1024

    def forget_peak(self) -> None:
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def at_rest(self) -> None:
        """Has done all that there was to do, as far as its use of the processor shows."""
        before = [self.cpu()]

        def rests() -> bool:
            time.sleep(0.2)  # sleeps: what is measured is how much it does meanwhile
            before.append(self.cpu())
            return before[-1] - before[-2] < 0.01

        wait_until(rests, "together-roled to rest", 120)


class Asking(threading.Thread):
    """Asks one thing again and again, on a new connection each time, as a kubelet's probes do."""

    def __init__(self, server: Roled, path: str, token: str | None) -> None:
        super().__init__()
        self.server, self.path, self.token = server, path, token
        self.context = server.tls_context()
        self.asked: list[tuple[float, float]] = []  # when, and when it was answered
        self.refused = 0
        self.over = threading.Event()
        self.start()

    def run(self) -> None:
        while not self.asked or not self.over.wait(0.002):
            began = time.monotonic()
            connection = self.server.connect(context=self.context)
            try:
                answer = self.server.get(self.path, token=self.token, connection=connection)
                self.refused += answer.status != 200
            except OSError:
                self.refused += 1
            finally:
                connection.close()
            self.asked.append((began, time.monotonic()))

    def __enter__(self) -> "Asking":
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join()

    def report(self, name: str, since: float = 0, until: float = float("inf")) -> str:
        """Of those that waited at some time between the two."""
        times = sorted(1000 * (end - began) for began, end in self.asked if end >= since and began <= until)
        if not times:
            return f"  {name}: nobody asked"
        return (f"  {name}: p50 {statistics.median(times):.1f} ms, p99 {times[int(0.99 * (len(times) - 1))]:.1f}, "
                f"max {times[-1]:.1f}, {len(times)} asked, {self.refused} refused")


@contextlib.contextmanager
def waiting(program: pathlib.Path, server: Server, project: str, key: str) -> Iterator[subprocess.Popen[str]]:
    nodes = subprocess.Popen([program, str(server.port), project, key, str(NODES), "tls" if server.tls else "plain"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield nodes
    finally:
        nodes.stdin.close()
        nodes.wait(30)


def told(server: Server, project: str, user: str, role: str, nodes: subprocess.Popen[str]) -> None:
    server.forget_peak()
    cpu, of_handshakes = server.cpu(), server.cpu_of_handshakes()
    with Asking(server, "/healthz", None) as probe, Asking(server, "/v1/whoami", server.owner.token) as whoami:
        began = time.monotonic()
        assert server.patch(f"{server.collaborators(project)}/{user}", {"role": role}).status == 200
        line = nodes.stdout.readline().split()
    assert line[0] == "told", line
    first, last = float(line[1]), float(line[2])
    print(f"  told after {first - began:.2f} s (first) to {last - began:.2f} s (last), "
          f"{1e6 * (server.cpu() - cpu) / NODES:.0f} µs of CPU a node, of these "
          f"{1e6 * (server.cpu_of_handshakes() - of_handshakes) / NODES:.0f} for handshakes of those who ask meanwhile, "
          f"{int(line[3]) / NODES / 1024:.0f} KiB a node, at most {server.memory('VmHWM'):.0f} MiB")
    print(probe.report("GET /healthz while they are told", first, last))
    print(whoami.report("GET /v1/whoami while they are told", first, last), flush=True)


def measure(program: pathlib.Path, filled: Server, user: str, tls: bool) -> None:
    server = filled
    server.tls = certificate(server.directory) if tls else None
    with server:
        project = server.default_project
        key = server.node_key(project)
        print(f"{NODES} nodes × {COLLABORATORS} collaborators over {'TLS' if tls else 'TCP'}; "
              f"{server.memory():.0f} MiB before", flush=True)
        began, cpu = time.monotonic(), server.cpu()
        with waiting(program, server, project, key) as nodes:
            assert nodes.stdout.readline() == "sent\n"
            print(f"  all have asked after {time.monotonic() - began:.1f} s")
            server.at_rest()
            print(f"  {1e6 * (server.cpu() - cpu) / NODES:.0f} µs of CPU a node until all wait; "
                  f"{server.memory():.0f} MiB while they do")
            cpu, began = server.cpu(), time.monotonic()
            time.sleep(3)  # sleeps: what is measured is what it does when there is nothing to do
            print(f"  idle: {100 * (server.cpu() - cpu) / (time.monotonic() - began):.1f} % of a core")
            for role, niceness in (("admin", 0), ("member", 0), ("admin", ELSEWHERE), ("member", ELSEWHERE)):
                print("  nodes that take the processor from the server:" if niceness == 0 else
                      f"  nodes at a lower priority ({niceness}), more as if they were on other machines:")
                os.setpriority(os.PRIO_PROCESS, nodes.pid, niceness)
                told(server, project, user, role, nodes)
                os.setpriority(os.PRIO_PROCESS, nodes.pid, 0)
                cpu = server.cpu()
                nodes.stdin.write("again\n")
                nodes.stdin.flush()
                assert nodes.stdout.readline() == "sent\n"
                server.at_rest()
                print(f"  {1e6 * (server.cpu() - cpu) / NODES:.0f} µs of CPU a node until all wait again; "
                      f"{server.memory():.0f} MiB")
            print(f"  {server.kernel_share():.0f} % of its time in the kernel")
            restart(server, nodes)


def restart(server: Server, nodes: subprocess.Popen[str]) -> None:
    """All connections end, and all nodes come back at once."""
    server.kill()
    began = time.monotonic()
    server.start()
    with Asking(server, "/v1/whoami", server.owner.token) as whoami:
        line = nodes.stdout.readline()
        assert line == "sent\n", line
        asked = time.monotonic() - began
    server.at_rest()
    print(f"  after a restart all had asked again within {asked:.1f} s and waited within "
          f"{time.monotonic() - began:.1f} s, {1e6 * server.cpu() / NODES:.0f} µs of CPU a node")
    print(whoami.report("GET /v1/whoami meanwhile"), flush=True)


def certificate(folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    Certificates(folder).self_signed()
    return folder / "self_signed.pem", folder / "self_signed.key"


def roled(folder: pathlib.Path) -> None:
    server = Server(tempfile.mkdtemp(), options=["--max-waiters", "20000", "--max-per-address", "20000", *OPTIONS])
    server.start()
    user = server.fill()
    server.stop()
    for tls in (False, True):
        measure(folder / "waiting_nodes", server, user, tls)
