# SPDX-License-Identifier: Apache-2.0
"""The harness itself, without our plug-ins: jobs of everybody run, and what goes wrong is seen."""

from pathlib import Path

import pytest

from support.slurm.cluster import Cluster
from support.slurm.slurm_user import User


def test_srun(alice: User) -> None:
    result = alice.srun("id", "-u")
    assert (result.status, result.stdout, result.stderr) == (0, "20001\n", "")


def test_srun_fails_as_its_command(alice: User) -> None:
    assert alice.srun("sh", "-c", "exit 7").status == 7


def test_both_nodes_run_a_step(alice: User) -> None:
    result = alice.srun("-N2", "sh", "-c", "echo $SLURMD_NODENAME")
    assert sorted(result.stdout.split()) == ["n1", "n2"]


def test_sbatch(cluster: Cluster, alice: User) -> None:
    job = alice.sbatch("id -u").job
    shown = cluster.wait_for(job, "COMPLETED")
    assert shown["ExitCode"] == "0:0"
    assert alice.output_of(job) == "20001\n"


def test_a_failed_job_is_seen(cluster: Cluster, alice: User) -> None:
    assert cluster.wait_for(alice.sbatch("exit 3").job, "FAILED")["ExitCode"] == "3:0"


def test_each_node_has_folders_of_its_own(cluster: Cluster, alice: User) -> None:
    for name, host in cluster.hosts.items():
        (host.config_folder / "mark").write_text(name)
    result = alice.srun("-N2", "cat", "/etc/together/mark")
    assert sorted((result.stdout[:2], result.stdout[2:])) == ["n1", "n2"]
    for host in cluster.hosts.values():
        (host.config_folder / "mark").unlink()


def test_slurmctld_runs_as_the_user_slurm(cluster: Cluster) -> None:
    assert Path(f"/proc/{cluster.ctld.pid}").owner() == "slurm"


def test_a_drained_node_is_seen(cluster: Cluster) -> None:
    cluster.must("scontrol", "update", "nodename=n1", "state=drain", "reason=seen")
    assert "seen" in cluster.drain_reasons()
    cluster.must("scontrol", "update", "nodename=n1", "state=resume")
    assert cluster.drain_reasons() == ""


def test_a_job_that_does_not_come_to_a_state_fails(cluster: Cluster, alice: User) -> None:
    job = alice.sbatch("exec sleep 60").job
    with pytest.raises(AssertionError, match="RUNNING"):
        cluster.wait_for(job, "COMPLETED", timeout=1)
