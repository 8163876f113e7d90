"""The cluster with both adapters in force, and a roster on each host."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from cluster import Cluster
from decision_fields import parse_fields
from host import NOTHING, Host
from node import build_folder
from waiting import wait_until

SETTINGS = {"JobSubmitPlugins": "together"}
PLUGSTACK = "required spank_together.so"
READ = "job_submit/together: configuration read"

DOOR = build_folder() / "spank_together" / "job_submit_together.so"
LOCK = build_folder() / "spank_together" / "spank_together.so"


class World:
    """Everything that happens to all hosts at once, or to some."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.controller = cluster.controller
        self.nodes = list(cluster.hosts.values())
        self.hosts: list[Host] = [self.controller, *self.nodes]

    def reset(self) -> None:
        """alice is a Member, carol an Admin, and nobody else is a collaborator."""
        for host in self.hosts:
            host.reset()
            host.roster.add("alice", "member", uid=20001)
            host.roster.add("carol", "admin", uid=20003)
        self.configure()
        self.refresh()

    def configure(
        self, hosts: Iterable[Host] | None = None, api: Mapping[str, str] = NOTHING,
        roster: Mapping[str, str] = NOTHING, gate: Mapping[str, str] = NOTHING,
    ) -> None:
        for host in hosts or self.hosts:
            before = host.config.read_text() if host.config.exists() else ""
            host.configure(api, roster, gate)
            if host is self.controller and host.config.read_text() != before:
                self.wait_for_the_door()

    def wait_for_the_door(self) -> None:
        """Until slurmctld, if it runs with our plug-in, has read the configuration."""
        if self.cluster.settings.get("JobSubmitPlugins") != "together":
            return
        times = self.cluster.ctld.log().count(READ)
        wait_until(lambda: self.cluster.ctld.log().count(READ) > times, "the door's configuration")

    def refresh(self, hosts: Iterable[Host] | None = None) -> None:
        """The roster as it is now, on each host."""
        for host in hosts or self.hosts:
            host.roster.write()
            host.refresh()

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
        """The decisions that the door or a node logged, with these fields."""
        daemon = (self.cluster.ctld if host is self.controller
                  else self.cluster.slurmd[host.name])
        mark = "job_submit/together: " if host is self.controller else "spank_together: "
        found = [parse_fields(line.split(mark, 1)[1]) for line in daemon.log().splitlines()
                 if mark + "login=" in line]
        return [line for line in found if fields.items() <= line.items()]


def modules() -> tuple[Path, Path]:
    for module in (DOOR, LOCK):
        assert module.exists(), f"build first (TOGETHER_BUILD names the folder): no {module}"
    return DOOR, LOCK
