# SPDX-License-Identifier: Apache-2.0
"""A Slurm of our own on loopback: munged, slurmctld as the user slurm, and two slurmd, each in a
mount namespace of its own, so that each has an /etc/together and /var/cache/together of its own."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from support.slurm.daemon import Daemon
from support.slurm.host import Host
from support.slurm.munge import Munge
from support.slurm.slurm_version import Slurm
from support.waiting import wait_until

NODES = ("n1", "n2")
PORTS = {"slurmctld": 16817, "n1": 16821, "n2": 16822}

# Settings that another cluster may replace; None takes one away.
Settings = Mapping[str, str | None]


PROCTRACK = os.environ.get("TOGETHER_PROCTRACK", "proctrack/linuxproc")
FREEZER = Path("/sys/fs/cgroup/freezer")


def remove_control_groups() -> None:
    """What proctrack/cgroup leaves: the sandbox shares them with the machine."""
    for top in FREEZER.glob("slurm_n[0-9]"):
        for folder in sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True):
            folder.rmdir()
        top.rmdir()


class Cluster:
    """Files are made in `directory`; start() and stop() may be called again and again."""

    def __init__(self, directory: Path, slurm: Slurm, settings: Settings | None = None,
                 ports: Mapping[str, int] = PORTS) -> None:
        self.directory = directory
        self.ports = ports
        self.slurm = slurm
        self.conf = directory / "slurm.conf"
        self.bare_conf = directory / "bare" / "slurm.conf"
        self.plugstack = directory / "plugstack.conf"
        self.plugins = directory / "plugins"  # ours go here, before Slurm's own folder
        self.munge = Munge(directory / "munge")
        self.controller = Host("controller", None)
        self.hosts = {name: Host(name, directory / name) for name in NODES}
        self.settings: Settings = settings or {}
        self.environment = {"SLURM_CONF": str(self.conf)}
        self.ctld = Daemon(["slurmctld", "-D", "-f", self.conf], directory / "slurmctld.log")
        self.slurmd = {
            name: Daemon(
                [*host.namespace_of_its_own(), "slurmd", "-D", "-N", name, "-f", self.conf],
                directory / f"{name}.log",
            )
            for name, host in self.hosts.items()
        }
        self._make_folders()
        self.write_plugstack()
        self.write_conf()

    # ---- configuration ----------------------------------------------------------------------

    def _make_folders(self) -> None:
        for name in ("state", "spool-n1", "spool-n2", "plugins", "bare"):
            (self.directory / name).mkdir(mode=0o755)
        shutil.chown(self.directory / "state", "slurm", "slurm")
        (self.directory / "cgroup.conf").write_text(
            "".join(f"{line}\n" for line in self.slurm.cgroup_settings))
        (self.directory / "job_container.conf").write_text(
            f"AutoBasePath=true\nBasePath={self.directory}/containers-%n\n")

    def write_plugstack(self, *lines: str) -> None:
        """Read anew by every command and every step; replaced by rename, so never half read."""
        self._write(self.plugstack, lines)

    def write_conf(self) -> None:
        here, host = self.directory, socket.gethostname()
        settings: dict[str, str | None] = {
            "ClusterName": "together",
            "SlurmctldHost": f"{host}(127.0.0.1)",
            "SlurmctldPort": str(self.ports["slurmctld"]),
            "SlurmUser": "slurm",
            "AuthType": "auth/munge",
            "AuthInfo": f"socket={self.munge.socket}",
            "StateSaveLocation": f"{here}/state",
            "SlurmdSpoolDir": f"{here}/spool-%n",
            "SlurmctldPidFile": f"{here}/slurmctld.pid",
            "SlurmdPidFile": f"{here}/slurmd-%n.pid",
            "SlurmctldLogFile": f"{here}/slurmctld.log",
            "SlurmdLogFile": f"{here}/%n.log",  # slurmstepd's lines come here too
            # Ours first: the machine may have another version of us installed.
            "PluginDir": f"{self.plugins}:{self.slurm.plugins}",
            "PlugStackConfig": str(self.plugstack),
            "ProctrackType": PROCTRACK,
            "TaskPlugin": "task/none",
            "SelectType": "select/cons_tres",
            "SelectTypeParameters": "CR_CPU",
            "SlurmdParameters": "config_overrides",  # more CPUs than this machine has
            "SchedulerParameters": "sched_min_interval=0,batch_sched_delay=0,"
                                   "default_queue_depth=1000,bf_interval=1",
            "ReturnToService": "0",  # a node that goes down stays down, and a test sees it
            "MpiDefault": "none",
            "MaxJobCount": "20000",
            "KillWait": "2",
            "LaunchParameters": "use_interactive_step",
        } | dict(self.settings)
        lines = [f"{key}={value}" for key, value in settings.items() if value is not None]
        lines += [f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={self.ports[name]} "
                  "CPUs=64 RealMemory=1000 State=UNKNOWN" for name in NODES]
        lines += [f"PartitionName=main Nodes={','.join(NODES)} Default=YES MaxTime=INFINITE State=UP"]
        self._write(self.conf, lines)
        # What a user can write himself, to get past plugstack.conf.
        self._write(self.bare_conf, [line for line in lines if "PlugStackConfig" not in line] +
                    ["PlugStackConfig=/dev/null"])

    @staticmethod
    def _write(path: Path, lines: Iterable[str]) -> None:
        new = path.with_suffix(".new")
        new.write_text("".join(f"{line}\n" for line in lines))
        new.chmod(0o644)
        new.rename(path)

    def install(self, *modules: Path) -> None:
        """Puts plug-ins where Slurm looks, by rename, as an installer must."""
        for module in modules:
            new = self.plugins / f".{module.name}.new"
            shutil.copy(module, new)
            new.chmod(0o755)
            new.rename(self.plugins / module.name)

    def apply(self, settings: Settings) -> None:
        """Another slurm.conf, where it differs; all daemons start anew with it."""
        if settings == self.settings:
            return
        self.settings = dict(settings)
        self.stop()
        self.write_conf()
        self.start()

    # ---- daemons ----------------------------------------------------------------------------

    def daemons(self) -> Iterable[Daemon]:
        return [self.ctld, *self.slurmd.values()]

    def start(self) -> None:
        self.munge.start()
        self.start_slurmctld()
        for name in NODES:
            self.start_slurmd(name)
        self.wait_until_idle()

    def start_slurmctld(self, timeout: float = 60) -> None:
        """The nodes say at once that they are there, and not when it asks, three seconds later."""
        self.ctld.start(self.answers, timeout)
        for slurmd in self.slurmd.values():
            if slurmd.is_running():
                slurmd.signal(signal.SIGHUP)

    def start_slurmd(self, name: str) -> None:
        self.slurmd[name].start(lambda: self.listens(self.ports[name]))

    @contextmanager
    def slurmd_within(self, name: str, wrapper: Sequence[str | Path]) -> Iterator[None]:
        """That slurmd, started by the wrapper; then as before."""
        slurmd = self.slurmd[name]
        before = slurmd.command

        def restart(command: Sequence[str | Path]) -> None:
            # Of a step that is just ending slurmctld would not ask a new slurmd soon.
            self.wait_until_idle()
            slurmd.stop()
            slurmd.command = command
            self.start_slurmd(name)
            self.wait_until_idle()

        restart([*wrapper, *before])
        try:
            yield
        finally:
            restart(before)

    def stop(self) -> None:
        for daemon in [*self.slurmd.values(), self.ctld]:
            daemon.stop()
        self.munge.stop()

    def answers(self) -> bool:
        return "is UP" in self.run("scontrol", "ping").stdout

    @staticmethod
    def listens(port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def wait_until_idle(self) -> None:
        wait_until(lambda: set(self.node_states().values()) == {"idle"},
                   "idle nodes", timeout=60)

    # ---- what root sees ---------------------------------------------------------------------

    def run(self, *command: str | Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """As root, with this cluster's SLURM_CONF."""
        return subprocess.run(
            command, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"} | self.environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, cwd="/",
        )

    def must(self, *command: str | Path) -> str:
        done = self.run(*command)
        assert done.returncode == 0, done
        return done.stdout

    def node_states(self) -> dict[str, str]:
        lines = self.run("sinfo", "--noheader", "--Node", "--format=%N %T").stdout.splitlines()
        return dict(line.split()[:2] for line in lines)

    def drain_reasons(self) -> str:
        """What an operator would see of a drained or downed node: nothing, after every test."""
        return self.run("sinfo", "--noheader", "-R").stdout

    def job(self, job: int | str) -> dict[str, str]:
        """scontrol's view: accounting needs a database daemon."""
        text = self.run("scontrol", "show", "job", str(job)).stdout.split("\n\n")[0]
        return dict(re.findall(r"(\S+?)=(\S*)", text))

    def jobs(self) -> list[str]:
        return self.run("squeue", "--noheader", "--format=%i").stdout.split()

    def wait_for(self, job: int | str, *states: str, timeout: float = 60) -> dict[str, str]:
        shown: dict[str, str] = {}

        def there() -> bool:
            nonlocal shown
            shown = self.job(job)
            return shown.get("JobState") in states

        try:
            wait_until(there, f"job {job} to be {' or '.join(states)}", timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {shown}") from error
        return shown

    def requeue(self, job: int) -> None:
        """As root; it starts again soon, not only after the two minutes that Slurm gives a node to
        recover. Nor at once: within the same second slurmd takes it for the one that was killed."""
        self.must("scontrol", "requeue", str(job))
        soon = time.time() + 2
        wait_until(lambda: self.job(job)["JobState"] == "PENDING", "the requeued job", 20)
        wait_until(lambda: time.time() > soon, "the next second but one")
        self.must("scontrol", "update", f"jobid={job}", "starttime=now")

    def cancel_all(self) -> None:
        jobs = self.jobs()
        if not jobs:
            return
        self.run("scancel", "--signal=KILL", "--full", "--state=RUNNING", *jobs)
        self.run("scancel", *jobs)
        wait_until(lambda: not self.jobs(), "an empty queue", timeout=60)

    def forget_logs(self) -> None:
        for daemon in self.daemons():
            daemon.forget_log()

    def logs(self) -> str:
        noise = ("mpi", "MPI", "Recovered", "shutdown", "preparing for", "hardware", "Zero Bytes")
        return "\n".join(
            line for daemon in self.daemons()
            for line in [f"---- {daemon.log_file.name}", *daemon.log().splitlines()]
            if not any(word in line for word in noise))
