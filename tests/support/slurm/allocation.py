# SPDX-License-Identifier: Apache-2.0
"""Work of a user that began while he was let in."""

from datetime import datetime, timedelta, timezone

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


def allocation_of(user: User, hosts: list[Host], script: str = "exec sleep 300") -> int:
    """A running batch job of a user who need not be let in: he is while it starts."""
    cluster: Cluster = user.cluster
    admit(hosts, user.login, user.uid)
    result = user.without_plugstack().sbatch(f"touch started-$SLURM_JOB_ID\n{script}")
    cluster.wait_for(result.job, "RUNNING")
    started = user.home / f"started-{result.job}"
    wait_until(started.exists, "the job's first line")
    started.unlink()
    dismiss(hosts, user.login)
    return result.job
