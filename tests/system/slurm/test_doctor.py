# SPDX-License-Identifier: Apache-2.0
"""togetherctl doctor, beside a Slurm that runs: what is in force there, not what files say."""

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.node import PROJECT, build_folder
from support.slurm.cluster import PORTS, Cluster
from support.slurm.daemon import Daemon
from support.slurm.world import SUBMIT_CHECK, STEP_CHECK, PLUGSTACK, SETTINGS, World
from support.waiting import wait_until

FETCHED = Path("/run/slurm/conf/plugstack.conf")
CHECKS = ["slurm", "triggers", "job_submit", "job_submit_loaded", "job_submit_module", "job_submit_build",
          "plugstack", "spank_module", "spank_build", "step_filter"]

Found = dict[str, dict[str, Any]]


def doctor(cluster: Cluster, names_conf: bool = True) -> Found:
    """What it says of Slurm."""
    options = ["--slurm-conf", cluster.conf] if names_conf else []
    done = cluster.run(build_folder() / "togetherctl" / "togetherctl", "doctor", "--json", *options,
                       timeout=90)
    return {one["check"]: one for one in json.loads(done.stdout)
            if one["check"] in CHECKS or one["check"] == "watcher"}


def bad(found: Found) -> dict[str, str]:
    return {name: one["result"] for name, one in found.items()
            if name != "watcher" and one["result"] in ("warning", "failure")}


@pytest.fixture
def started(world: World) -> Cluster:
    """slurmctld has loaded the very files that are installed."""
    cluster = world.cluster
    cluster.ctld.stop()
    cluster.start_slurmctld()
    cluster.wait_until_idle()
    return cluster


@pytest.fixture
def another_slurm(started: Cluster) -> Iterator[Cluster]:
    """What a test does to slurm.conf and plug-ins ends with it."""
    yield started
    started.install(SUBMIT_CHECK, STEP_CHECK)
    started.stop()
    started.settings = dict(SETTINGS)
    started.write_conf()
    started.write_plugstack(PLUGSTACK)
    started.start()


def test_all_in_force(started: Cluster) -> None:
    found = doctor(started)
    assert [name for name in found if name != "watcher"] == CHECKS and bad(found) == {}, found
    assert found["slurm"]["what"].startswith("slurmctld answers, Slurm ")
    assert found["job_submit"]["what"] == "slurmctld has JobSubmitPlugins=together"
    assert str(started.plugins / SUBMIT_CHECK.name) in found["job_submit_loaded"]["what"]
    assert found["plugstack"]["what"] == f"{started.plugstack}:1 requires spank_together.so"


def test_the_host_of_slurmctld_needs_a_watcher(started: Cluster, world: World) -> None:
    assert doctor(started)["watcher"]["result"] == "failure"
    with subprocess.Popen([world.controller.refresh_program, "--watch"],
                          stderr=subprocess.DEVNULL) as watcher:
        try:
            assert doctor(started)["watcher"]["result"] == "ok"
        finally:
            watcher.kill()


def test_users_may_set_triggers(another_slurm: Cluster) -> None:
    """A stranger's program would run beside slurmctld: of no use to him without SlurmUser=root."""
    for user, expected in (("slurm", {}), ("root", {"triggers": "failure"})):
        another_slurm.ctld.stop()
        another_slurm.settings = SETTINGS | {"SlurmctldParameters": "allow_user_triggers",
                                             "SlurmUser": user}
        another_slurm.write_conf()
        another_slurm.start_slurmctld()
        found = doctor(another_slurm)
        assert bad(found) == expected, found
    another_slurm.ctld.stop()
    for path in (another_slurm.directory / "state").rglob("*"):
        shutil.chown(path, "slurm", "slurm")


# ---- the submit check ---------------------------------------------------------------------------


def test_job_submit_is_not_in_the_list(another_slurm: Cluster) -> None:
    another_slurm.apply({})
    assert SUBMIT_CHECK.name not in Path(f"/proc/{another_slurm.ctld.pid}/maps").read_text()
    found = doctor(another_slurm)
    assert bad(found) == {"job_submit": "failure"}
    assert "it queues everybody's jobs unasked" in found["job_submit"]["why"]


def test_a_file_says_it_and_slurmctld_does_not(another_slurm: Cluster) -> None:
    another_slurm.apply({})
    another_slurm.settings = dict(SETTINGS)
    another_slurm.write_conf()
    assert bad(doctor(another_slurm)) == {"job_submit": "failure"}


def test_slurmctld_has_it_in_the_list_and_not_loaded(another_slurm: Cluster) -> None:
    another_slurm.apply({})
    (another_slurm.plugins / SUBMIT_CHECK.name).unlink()
    another_slurm.settings = dict(SETTINGS)
    another_slurm.write_conf()
    another_slurm.run("scontrol", "reconfigure")
    if another_slurm.slurm.reconfigures_anew:
        wait_until(lambda: not another_slurm.ctld.is_running(), "slurmctld's end")
        assert bad(doctor(another_slurm)) == {"slurm": "warning", "job_submit_module": "failure"}
        return
    found = doctor(another_slurm)
    assert found["job_submit"]["result"] == "ok", found
    assert bad(found) == {"job_submit_loaded": "failure", "job_submit_module": "failure"}


@pytest.mark.parametrize("included", [False, True])
def test_slurmctld_is_away_and_would_not_start(included: bool, another_slurm: Cluster) -> None:
    another_slurm.ctld.stop()
    if included:
        text = another_slurm.conf.read_text()
        (another_slurm.directory / "submit.conf").write_text("JobSubmitPlugins=together\n")
        another_slurm.conf.write_text(text.replace("JobSubmitPlugins=together", "Include submit.conf"))
    assert bad(doctor(another_slurm)) == {"slurm": "warning"}
    (another_slurm.plugins / SUBMIT_CHECK.name).unlink()
    assert bad(doctor(another_slurm)) == {"slurm": "warning", "job_submit_module": "failure"}


def test_slurmctld_keeps_the_old_copy(started: Cluster) -> None:
    started.install(SUBMIT_CHECK)
    found = doctor(started)
    assert bad(found) == {"job_submit_loaded": "warning"}
    assert "that was replaced" in found["job_submit_loaded"]["what"]


def of_another_slurm(cluster: Cluster, module: Path) -> None:
    """As if it had been built for the next micro version of another year."""
    other = cluster.directory / module.name
    text = module.read_bytes()
    at = text.index(b" for Slurm ", text.index(b"@(#)together-access ")) + len(b" for Slurm ")
    other.write_bytes(text[:at] + b"19" + text[at + 2:])
    cluster.install(other)


@pytest.mark.parametrize(("module", "kind"), [(SUBMIT_CHECK, "job_submit"), (STEP_CHECK, "spank")])
def test_a_plugin_for_another_slurm(module: Path, kind: str, another_slurm: Cluster) -> None:
    of_another_slurm(another_slurm, module)
    found = doctor(another_slurm)
    found.pop("job_submit_loaded")  # the old copy, once more
    assert bad(found) == {f"{kind}_build": "failure"}
    assert "is for Slurm 19." in found[f"{kind}_build"]["what"]


@pytest.mark.parametrize(("module", "kind"), [(SUBMIT_CHECK, "job_submit"), (STEP_CHECK, "spank")])
def test_a_plugin_of_another_release(module: Path, kind: str, another_slurm: Cluster) -> None:
    other = another_slurm.directory / module.name
    other.write_bytes(module.read_bytes().replace(b"@(#)together-access 0", b"@(#)together-access 9"))
    another_slurm.install(other)
    found = doctor(another_slurm)
    found.pop("job_submit_loaded")
    assert bad(found) == {f"{kind}_build": "warning"}


@pytest.mark.parametrize(("module", "kind"), [(SUBMIT_CHECK, "job_submit"), (STEP_CHECK, "spank")])
def test_a_plugin_that_not_everybody_can_read(module: Path, kind: str, another_slurm: Cluster) -> None:
    (another_slurm.plugins / module.name).chmod(0o700)
    assert bad(doctor(another_slurm)) == {f"{kind}_module": "failure"}


def test_slurmctld_does_not_answer(another_slurm: Cluster) -> None:
    another_slurm.ctld.signal(signal.SIGSTOP)
    try:
        found = doctor(another_slurm)
    finally:
        another_slurm.ctld.signal(signal.SIGCONT)
    assert bad(found) == {"slurm": "failure"} and "does not answer" in found["slurm"]["what"]


def test_a_program_of_somebody_that_is_called_slurmctld(another_slurm: Cluster) -> None:
    """With a lower pid than slurmctld's, and without it."""
    fake = another_slurm.directory / "slurmctld"
    shutil.copy("/bin/sleep", fake)
    fake.chmod(0o755)
    somebody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    with subprocess.Popen([*somebody, fake, "600"]) as program:
        try:
            another_slurm.ctld.stop()
            another_slurm.start_slurmctld()
            assert bad(doctor(another_slurm)) == {}
            another_slurm.ctld.stop()
            assert bad(doctor(another_slurm)) == {"slurm": "warning"}
        finally:
            program.kill()


# ---- the step check -----------------------------------------------------------------------------


@pytest.mark.parametrize(("line", "what"), [
    ("requird spank_together.so", ":1: Slurm ignores this line"),
    ("required", " has no line of spank_together.so"),
    ("# required spank_together.so", " has no line of spank_together.so"),
    ("optional spank_together.so", ":1: the plug-in is optional"),
    ("include nowhere.d/*.conf", " has no line of spank_together.so"),
    ("required other.so note=spank_together.so", " has no line of spank_together.so"),
    ("optional other.so note=spank_together.so", " has no line of spank_together.so"),
])
def test_steps_start_unasked(line: str, what: str, started: Cluster) -> None:
    started.write_plugstack(line)
    found = doctor(started)
    assert bad(found) == {"plugstack": "failure"}
    assert found["plugstack"]["what"].startswith(f"{started.plugstack}{what}"), found


def test_a_file_that_is_included(started: Cluster) -> None:
    folder = started.directory / "plugstack.conf.d"
    folder.mkdir(exist_ok=True)
    (folder / "together.conf").write_text("\n  required   spank_together.so # ours config=/x\n")
    started.write_plugstack("include plugstack.conf.d/*.conf")
    found = doctor(started)
    assert bad(found) == {}
    assert found["plugstack"]["what"].startswith(f"{folder}/together.conf:2 requires")


@pytest.mark.parametrize(("arguments", "words"), [
    ("conf=/etc/together/together.conf", "wrong argument: conf=/etc/together/together.conf"),
    ("config=together.conf", "wrong argument: config=together.conf"),
    ("config=/etc/together/gone.conf", "/etc/together/gone.conf"),
])
def test_a_line_with_which_no_step_starts(arguments: str, words: str, started: Cluster) -> None:
    """Beside a good one, too: each of them can refuse."""
    for before in ([], ["required spank_together.so"]):
        started.write_plugstack(*before, f"required spank_together.so {arguments}")
        found = doctor(started)
        assert bad(found) == {"plugstack": "failure"}, found
        assert found["plugstack"]["what"].startswith(f"{started.plugstack}:{len(before) + 1}: ")
        assert words in found["plugstack"]["what"]
        assert "no step starts" in found["plugstack"]["why"]


def test_a_line_that_is_neither_a_name_nor_a_path(started: Cluster) -> None:
    started.write_plugstack("required ./spank_together.so")
    assert bad(doctor(started)) == {"plugstack": "failure"}


def test_a_line_whose_configuration_observes(started: Cluster, world: World) -> None:
    other = started.directory / "observing.conf"
    other.write_text(world.controller.config.read_text().replace("[gate]", "[gate]\nmode = observe"))
    started.write_plugstack(f"required spank_together.so config={other}")
    found = doctor(started)
    assert bad(found) == {"plugstack": "warning"}, found
    assert "NOBODY IS REFUSED" in found["plugstack"]["what"] and str(other) in found["plugstack"]["what"]


def test_a_line_whose_configuration_has_no_roster(started: Cluster, world: World) -> None:
    other = started.directory / "other.conf"
    other.write_text(world.controller.config.read_text().replace(PROJECT, "proj_of_others"))
    started.write_plugstack(f"required spank_together.so config={other}")
    found = doctor(started)
    assert bad(found) == {"plugstack": "failure"}, found
    assert f"{other}, which has no roster: " in found["plugstack"]["what"]


def test_a_line_with_a_path_of_its_own(started: Cluster) -> None:
    own = started.directory / "own"
    own.mkdir(exist_ok=True)
    path = own / STEP_CHECK.name
    path.unlink(missing_ok=True)
    started.write_plugstack(f"required {path}")
    found = doctor(started)
    assert bad(found) == {"spank_module": "failure"} and str(path) in found["spank_module"]["what"]
    shutil.copy(STEP_CHECK, path)
    found = doctor(started)
    assert bad(found) == {}, found
    assert found["spank_module"]["what"] == f"{path} has a safe owner and mode"
    shutil.copy(build_folder() / "pam_together" / "pam_together.so", path)
    found = doctor(started)
    assert bad(found) == {"spank_module": "failure"}
    assert "is no plug-in for Slurm" in found["spank_module"]["what"]
    assert "not by the gate" in found["spank_module"]["why"]


def test_files_that_include_each_other(started: Cluster) -> None:
    """Slurm's commands crash. We read each once, however many name it, and by whatever name."""
    folder = started.directory / "loop.d"
    folder.mkdir(exist_ok=True)
    for number in range(8):
        (folder / f"{number}.conf").write_text(
            f"include ./*.conf\ninclude {folder}/*.conf\nrequired spank_together.so\n")
    started.write_plugstack(f"include {folder}/*.conf")
    assert started.run("srun", "--help").returncode == -signal.SIGSEGV
    began = time.monotonic()
    found = doctor(started)
    assert time.monotonic() - began < 30
    assert bad(found) == {"plugstack": "failure"}, found
    assert "includes itself" in found["plugstack"]["what"]


def test_a_file_that_is_included_twice(started: Cluster) -> None:
    folder = started.directory / "twice.d"
    folder.mkdir(exist_ok=True)
    (folder / "one.conf").write_text("required spank_together.so\n")
    started.write_plugstack(f"include {folder}/one.conf", f"include {folder}/./one.conf")
    found = doctor(started)
    assert bad(found) == {}
    assert found["plugstack"]["what"] == f"{folder}/one.conf:1 requires spank_together.so"


# ---- configless ---------------------------------------------------------------------------------


@pytest.fixture
def configless(another_slurm: Cluster) -> Iterator[Cluster]:
    """n1's slurmd has no file of its own; Slurm's commands here take what it fetched."""
    conf_server = f"127.0.0.1:{PORTS['slurmctld']}"
    slurmd = Daemon([*another_slurm.hosts["n1"].namespace_of_its_own(), "slurmd", "-D", "-N", "n1",
                     "--conf-server", conf_server], another_slurm.slurmd["n1"].log_file)
    socket, etc_slurm = Path("/run/munge/munge.socket.2"), Path("/etc/slurm")
    shutil.rmtree(etc_slurm, ignore_errors=True)
    etc_slurm.mkdir()
    socket.parent.mkdir(exist_ok=True)
    socket.symlink_to(another_slurm.munge.socket)
    another_slurm.apply(SETTINGS | {"SlurmctldParameters": "enable_configless",
                                    "PlugStackConfig": None})
    another_slurm.slurmd["n1"].stop()
    slurmd.start(lambda: FETCHED.exists() and "idle" in another_slurm.node_states()["n1"])
    yield another_slurm
    slurmd.stop()
    socket.unlink()
    shutil.rmtree(etc_slurm)


def test_what_slurmd_fetched(configless: Cluster) -> None:
    """An old plugstack.conf where the packages have it is not what steps read."""
    for left in (False, True):
        if left:
            Path("/etc/slurm/plugstack.conf").write_text("")
        found = doctor(configless, names_conf=False)
        assert bad(found) == {}, found
        assert found["plugstack"]["what"] == f"{FETCHED}:1 requires spank_together.so"
    Path("/etc/slurm/plugstack.conf").write_text(PLUGSTACK)
    shutil.copy(configless.conf, "/etc/slurm/slurm.conf")
    configless.write_plugstack("# nothing")
    configless.must("scontrol", "reconfigure")

    def seen() -> dict | None:
        """slurmd writes what it fetched file after file, and starts anew meanwhile."""
        found = doctor(configless, names_conf=False)
        return found if bad(found) == {"plugstack": "failure"} else None
    found = wait_until(seen, "the new file, and nothing else, to be found bad")
    assert found["plugstack"]["what"] == f"{FETCHED} has no line of spank_together.so"
    assert "on slurmctld's host" in found["plugstack"]["fix"]


def test_a_plugstack_of_anybody(started: Cluster) -> None:
    started.plugstack.chmod(0o666)
    found = doctor(started)
    assert bad(found) == {"plugstack": "failure"}
    assert "can be written by others" in found["plugstack"]["what"]
