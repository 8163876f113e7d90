# SPDX-License-Identifier: Apache-2.0
"""Work of a user that began while he was let in."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from support.slurm.cluster import Cluster
from support.slurm.host import Host
from support.slurm.slurm_user import User
from support.waiting import wait_until


def admit(hosts: list[Host], login: str, uid: int,
          ends_in: timedelta = timedelta(hours=1)) -> None:
    """As `togetherctl admit` does, on these hosts."""
    until = (datetime.now(timezone.utc) + ends_in).strftime("%Y-%m-%dT%H:%M:%SZ")
    for host in hosts:
        folder = host.config_folder / "admit.d"
        folder.mkdir(exist_ok=True)
        (folder / login).write_text(
            f"login = {login}\nuid = {uid}\nuntil = {until}\nreason = a test\n")


def dismiss(hosts: list[Host], login: str) -> None:
    for host in hosts:
        (host.config_folder / "admit.d" / login).unlink()


def running_job(user: User, script: str = "exec sleep 300", *options: str) -> int:
    """A batch job that has begun: file_of_its_start() was there, and is removed."""
    job = user.sbatch(f"touch started-$SLURM_JOB_ID\n{script}", *options).job
    cluster: Cluster = user.cluster
    cluster.wait_for(job, "RUNNING")
    started = file_of_its_start(user, job)
    wait_until(started.exists, "the job's first line")
    started.unlink()
    return job


def file_of_its_start(user: User, job: int) -> Path:
    return user.home / f"started-{job}"


@dataclass(frozen=True)
class HeldJob:
    user: User
    number: int

    def go(self) -> None:
        (self.user.home / f"go-{self.number}").touch()


def held_job(user: User, then: str = "") -> HeldJob:
    """A running batch job that does `then` when it is told to go."""
    go = "go-$SLURM_JOB_ID"
    return HeldJob(user, running_job(
        user, f"while [ ! -e {go} ]; do sleep 0.1; done; rm -f {go}\n{then}"))


def allocation_of(user: User, hosts: list[Host], script: str = "exec sleep 300") -> int:
    """A running batch job of a user who need not be let in: he is while it starts."""
    admit(hosts, user.login, user.uid)
    job = running_job(user.without_plugstack(), script)
    dismiss(hosts, user.login)
    return job
