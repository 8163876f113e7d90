# SPDX-License-Identifier: Apache-2.0
"""The cluster with both adapters in force, and a roster on each host."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support.decision_fields import parse_fields
from support.node import build_folder
from support.slurm.cluster import Cluster
from support.slurm.host import NOTHING, Host, finish_refresh
from support.waiting import wait_until

# Without EnforcePartLimits Slurm 24.11 queues a job of somebody whom AllowGroups excludes, for ever.
SETTINGS = {"JobSubmitPlugins": "together", "EnforcePartLimits": "ANY"}
PLUGSTACK = "required spank_together.so"
READ = "job_submit/together: configuration read"

SUBMIT_CHECK = build_folder() / "spank_together" / "job_submit_together.so"
STEP_CHECK = build_folder() / "spank_together" / "spank_together.so"


class World:
    """Everything that happens to all hosts at once, or to some."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.controller = cluster.controller
        self.nodes = list(cluster.hosts.values())
        self.hosts: list[Host] = [self.controller, *self.nodes]

    def reset(self) -> None:
        """alice is a Member, carol an Admin, and nobody else is a collaborator. No host has a
        roster yet, and each the configuration that it had."""
        for host in self.hosts:
            host.reset()
            host.roster.add("alice", "member", uid=20001)
            host.roster.add("carol", "admin", uid=20003)

    def configure(
        self, hosts: Iterable[Host] | None = None, api: Mapping[str, str] = NOTHING,
        roster: Mapping[str, str] = NOTHING, gate: Mapping[str, str] = NOTHING,
    ) -> None:
        chosen = list(hosts or self.hosts)
        for host in chosen:
            if host is self.controller:
                with self.read_by_slurmctld():
                    host.configure(api, roster, gate)
            else:
                host.configure(api, roster, gate)

    @contextmanager
    def read_by_slurmctld(self) -> Iterator[None]:
        """Around a change of the controller's configuration: until slurmctld, if it runs with our
        plug-in, has read it."""
        if self.cluster.settings.get("JobSubmitPlugins") != "together":
            yield
            return
        times, before = self.readings(), self.configuration()
        yield
        if self.configuration() != before:
            wait_until(lambda: self.readings() > times, "the submit check's configuration")

    def readings(self) -> int:
        return self.cluster.ctld.log().count(READ)

    def configuration(self) -> list[str]:
        """What the controller's files say, all of them."""
        config = self.controller.config
        files = [config, *sorted(Path(f"{config}.d").glob("*.conf"))]
        return [file.read_text() for file in files if file.exists()]

    def refresh(self, hosts: Iterable[Host] | None = None) -> None:
        """The roster as it is now, on each host; all at once."""
        started = []
        for host in hosts or self.hosts:
            host.roster.write()
            started.append(host.start_refresh())
        for refresh in started:
            finish_refresh(refresh)

    def add(self, login: str, role: str = "member", uid: int | None = None,
            hosts: Iterable[Host] | None = None) -> None:
        for host in hosts or self.hosts:
            host.roster.add(login, role, uid=uid)
        self.refresh(hosts)

    def remove(self, login: str, hosts: Iterable[Host] | None = None) -> None:
        for host in hosts or self.hosts:
            host.roster.remove(login)
        self.refresh(hosts)

    def answers_of(self, host: Host, **fields: str) -> list[dict[str, str]]:
        """The decisions that the submit check or a node logged, with these fields."""
        daemon = (self.cluster.ctld if host is self.controller
                  else self.cluster.slurmd[host.name])
        prefix = "job_submit/together: " if host is self.controller else "spank_together: "
        found = [parse_fields(line.split(prefix, 1)[1]) for line in daemon.log().splitlines()
                 if prefix + "login=" in line]
        return [line for line in found if fields.items() <= line.items()]


def modules() -> tuple[Path, Path]:
    for module in (SUBMIT_CHECK, STEP_CHECK):
        assert module.exists(), f"build first (TOGETHER_BUILD names the folder): no {module}"
    return SUBMIT_CHECK, STEP_CHECK
