# SPDX-License-Identifier: Apache-2.0
"""slurmctld never waits for a name service, whatever strangers make the gate ask it."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.slow_names import NEVER, SlowNames
from support.slurm.slurm_user import Result, User
from support.slurm.world import World
from support.waiting import wait_until

LATER = "--begin=now+1hour"
SLOW = 30  # seconds that a look-up takes
PROMPT = 10.0  # a command with none in its way, on a busy machine
STRANGERS = range(20071, 20076)  # without accounts
TRY_AGAIN = "still asking its name service who uid"


def submit(user: User) -> Result:
    return user.run("sbatch", LATER, "--output=/dev/null", "--chdir=/tmp", "--wrap=true",
                    cwd=Path("/tmp"))


@pytest.fixture
def restored(world: World) -> Iterator[World]:
    """Afterwards slurmctld has the host's own name service again."""
    ctld = world.cluster.ctld
    command = ctld.command
    yield world
    ctld.kill()
    ctld.command = command
    world.cluster.start_slurmctld()


@pytest.fixture(params=[SLOW, NEVER], ids=["slow", "never"])
def slow(request: pytest.FixtureRequest, restored: World, tmp_path: Path) -> SlowNames:
    """One entry has no uid, because its account is nowhere."""
    restored.add("ghost")
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if folder == Path("/tmp"):
            break
        folder.chmod(0o755)
    names = SlowNames(tmp_path, request.param)
    ctld = restored.cluster.ctld
    ctld.stop()
    ctld.command = [*names.before(), *ctld.command]
    restored.cluster.forget_logs()
    restored.cluster.start_slurmctld()
    restored.cluster.wait_until_idle()
    return names


def strangers_submit(world: World) -> list["subprocess.Popen[str]"]:
    started = []
    for uid in STRANGERS:
        stranger = User(f"uid{uid}", uid, world.cluster, has_plugstack=False)
        started.append(subprocess.Popen(
            stranger.command("sbatch", LATER, "--output=/dev/null", "--wrap=true"), cwd="/tmp",
            env=stranger.environment(), text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE))
    return started


def test_nobody_waits_for_the_names_of_strangers(
    restored: World, slow: SlowNames, users: dict[str, User]
) -> None:
    alice = users["alice"].without_plugstack()
    job = submit(alice).job
    started = time.monotonic()
    strangers = strangers_submit(restored)
    for stranger in strangers:
        _, error = stranger.communicate(timeout=30)
        assert stranger.returncode == 1 and TRY_AGAIN in error, error
    assert slow.lookups() > 0
    assert submit(alice).status == 0
    restored.cluster.must("scontrol", "update", f"jobid={job}", "priority=1")
    assert alice.run("scancel", str(job)).status == 0
    assert time.monotonic() - started < PROMPT


def test_slurmctld_ends_while_a_name_is_looked_up(restored: World, slow: SlowNames) -> None:
    ctld = restored.cluster.ctld
    for stranger in strangers_submit(restored):
        stranger.communicate(timeout=30)
    wait_until(lambda: slow.lookups() > 0, "a look-up")
    started = time.monotonic()
    ctld.stop()
    assert time.monotonic() - started < PROMPT
    assert "uid=20071" in ctld.log()


def test_an_exempt_login_holds_up_nothing(
    restored: World, slow: SlowNames, users: dict[str, User]
) -> None:
    """Neither that a changed configuration is read nor that slurmctld starts."""
    ctld = restored.cluster.ctld
    restored.configure(gate={"exempt_users": "nobody-knows"})
    ctld.stop()
    restored.cluster.start_slurmctld(timeout=SLOW / 2)
    told = "exempt_users: the name service is still being asked for nobody-knows"
    assert ctld.log().count(told) >= 2
    assert submit(users["alice"].without_plugstack()).status == 0
