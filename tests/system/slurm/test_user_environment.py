# SPDX-License-Identifier: Apache-2.0
"""slurmd's own su: for --get-user-env and --export=NONE it starts the user's login shell on the node
before it asks a plug-in, so that su has to ask the gate."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.node import build_folder
from support.slurm.cluster import Cluster
from support.slurm.slurm_user import User
from support.slurm.slurm_version import installed_slurm
from support.slurm.world import World
from support.waiting import wait_until

SECURITY = next(folder for folder in (Path("/usr/lib/x86_64-linux-gnu/security"),
                                      Path("/usr/lib/aarch64-linux-gnu/security"),
                                      Path("/usr/lib64/security")) if folder.exists())
PAM = Path("/etc/pam.d")
IDLE = {"n1": "idle", "n2": "idle"}


@pytest.fixture(scope="session")
def pam_module(tmp_path_factory: pytest.TempPathFactory) -> None:
    """In libpam's folder, which is read-only here: over it lies a copy, for each slurmd too."""
    folder = tmp_path_factory.mktemp("security")
    folder.chmod(0o755)
    shutil.copytree(SECURITY, folder, dirs_exist_ok=True)
    shutil.copy(build_folder() / "pam_together" / "pam_together.so", folder)
    subprocess.run(["mount", "--bind", folder, SECURITY], check=True)


@pytest.fixture
def unguarded(pam_module: None, world: World) -> World:
    """slurmd sees libpam's folder as it was when it was started."""
    world.cluster.stop()
    world.cluster.start()
    return world


@pytest.fixture
def guarded(unguarded: World) -> Iterator[World]:
    """A node as `togetherctl enable slurm` leaves it."""
    before = {name: (PAM / name).read_bytes() for name in ("su", "su-l")}
    enable(unguarded.cluster, "enable")
    yield unguarded
    enable(unguarded.cluster, "disable")
    assert {name: (PAM / name).read_bytes() for name in before} == before


def enable(cluster: Cluster, verb: str) -> None:
    """As an operator does it on a node. What it writes into slurm.conf and plugstack.conf has been
    there, written by hand, so that disabling names those lines."""
    done = cluster.run(build_folder() / "togetherctl" / "togetherctl", verb, "slurm", "--file",
                       cluster.conf)
    assert done.returncode == (0 if verb == "enable" else 1), done


@pytest.fixture
def traced(alice: User) -> Iterator[Path]:
    """Each time alice's ~/.profile runs, a line more stands there."""
    trace, profile = alice.home / "trace", alice.home / ".profile"
    before = profile.read_bytes() if profile.exists() else None
    profile.write_text(f"echo $0 >>{trace}\nexport FROM_PROFILE=yes\n")
    yield trace
    trace.unlink(missing_ok=True)
    if before is None:
        profile.unlink()
    else:
        profile.write_bytes(before)


def hold_and_remove(world: World, user: User, *options: str) -> int:
    job = user.sbatch("echo ran", "--hold", *options).job
    world.remove(user.login)
    return job


HELD = "user_env_retrieval_failed_requeued_held"
BY_WHICH_SLURMD_STARTS_SU = [
    ("--get-user-env",), ("--export=NONE",),
    pytest.param(("--get-user-env=10S",), marks=pytest.mark.skipif(
        installed_slurm().holds_who_has_no_environment, reason="this Slurm takes no time there"))]


def is_refused(world: World, job: int) -> None:
    """By su, where slurmd minds that; else by the plug-in."""
    if not installed_slurm().holds_who_has_no_environment:
        world.cluster.wait_for(job, "FAILED")
        return
    wait_until(lambda: world.cluster.job(job).get("Reason") == HELD, f"job {job} to be held", 60)
    world.cluster.must("scancel", str(job))


@pytest.mark.parametrize("options", BY_WHICH_SLURMD_STARTS_SU)
def test_a_removed_users_profile_does_not_run(
    guarded: World, alice: User, traced: Path, options: tuple[str, ...]
) -> None:
    job = hold_and_remove(guarded, alice, *options)
    guarded.cluster.must("scontrol", "release", str(job))
    is_refused(guarded, job)
    assert "ran\n" not in alice.output_of(job)
    assert not traced.exists(), traced.read_text()
    assert guarded.cluster.node_states() == IDLE


@pytest.mark.parametrize("options", [("--get-user-env",), ("--export=NONE",)])
def test_without_the_guard_it_runs(
    unguarded: World, alice: User, traced: Path, options: tuple[str, ...]
) -> None:
    """The test above can fail: the step check alone is asked too late."""
    job = hold_and_remove(unguarded, alice, *options)
    unguarded.cluster.must("scontrol", "release", str(job))
    unguarded.cluster.wait_for(job, "FAILED")
    assert "ran\n" not in alice.output_of(job)
    assert traced.exists()


def requeue_after_removal(world: World, user: User, trace: Path) -> int:
    job = user.sbatch("exec sleep 600", "--requeue", "--get-user-env").job
    world.cluster.wait_for(job, "RUNNING")
    wait_until(trace.exists, "the profile of a collaborator to have run", 20)
    world.remove(user.login)
    trace.unlink()
    world.cluster.requeue(job)
    return job


def test_a_requeued_job_of_one_removed_does_not_run_it(
    guarded: World, alice: User, traced: Path
) -> None:
    is_refused(guarded, requeue_after_removal(guarded, alice, traced))
    assert not traced.exists(), traced.read_text()
    assert guarded.cluster.node_states() == IDLE


def test_without_the_guard_a_requeued_job_runs_it(
    unguarded: World, alice: User, traced: Path
) -> None:
    unguarded.cluster.wait_for(requeue_after_removal(unguarded, alice, traced), "FAILED")
    assert traced.exists()


@pytest.mark.parametrize("options", [("--get-user-env",), ("--export=NONE",)])
def test_a_collaborator_has_the_environment(
    guarded: World, alice: User, traced: Path, options: tuple[str, ...]
) -> None:
    job = alice.sbatch("echo from profile: $FROM_PROFILE", *options).job
    guarded.cluster.wait_for(job, "COMPLETED")
    assert alice.output_of(job) == "from profile: yes\n"
    assert traced.exists()


def test_an_exempt_user_has_it(guarded: World, users: dict[str, User]) -> None:
    guarded.configure(gate={"exempt_users": "oscar"})
    profile = users["oscar"].home / ".profile"
    profile.write_text("export FROM_PROFILE=yes\n")
    job = users["oscar"].sbatch("echo from profile: $FROM_PROFILE", "--get-user-env").job
    guarded.cluster.wait_for(job, "COMPLETED")
    assert users["oscar"].output_of(job) == "from profile: yes\n"


def test_su_to_system_accounts_and_root_works(guarded: World) -> None:
    for login, uid in (("daisy", "500"), ("root", "0")):
        done = guarded.cluster.run("su", "-", login, "-c", "id -u")
        assert (done.returncode, done.stdout) == (0, f"{uid}\n"), done
    done = guarded.cluster.run("su", "-", "mallory", "-c", "id -u")
    assert done.returncode != 0 and done.stdout == "" and "Access denied" in done.stderr
    assert guarded.cluster.run("runuser", "-u", "mallory", "--", "id", "-u").stdout == "20004\n"
